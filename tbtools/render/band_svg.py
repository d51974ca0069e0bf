"""A small picture of curves and the bands of accepted ones, for pull requests: SVG, no scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

from tbtools.render.colors import RUN_COLORS, SEVERITY_COLORS
from tbtools.render.format import format_count, format_rounded, printable
from tbtools.render.thinning import thin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.diff import BandCurve, TagRegression

    Floats = NDArray[np.float64]

_WIDTH, _HEIGHT, _MARGIN, _TITLE = 480, 110, 8, 22
_POINTS = 300
_PANELS = 6
# Readable on light pages and dark ones.
_GREY = "#8b949e"
_NAME_LENGTH = 60


def band_svg(tags: Sequence[TagRegression]) -> Iterator[str]:
    """The lines of a picture with one panel a tag, those that fail first, six at most.

    Args:
        tags: What was judged; those without a curve are left out.
    """
    drawn = sorted((each for each in tags if each.curve), key=lambda each: not each.fails)[:_PANELS]
    height = max(len(drawn), 1) * (_HEIGHT + _TITLE) + _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="11">'
    )
    for number, tag in enumerate(drawn):
        yield f'<g transform="translate(0 {number * (_HEIGHT + _TITLE)})">'
        yield from _panel(tag)
        yield "</g>"
    if not drawn:
        yield f'<text x="{_MARGIN}" y="16" fill="{_GREY}">nothing was judged</text>'
    yield "</svg>"


def _panel(tag: TagRegression) -> Iterator[str]:
    curve = tag.curve
    assert curve is not None
    yield f'<text x="{_MARGIN}" y="16" fill="{_GREY}">{escape(_title(tag))}</text>'
    scale = _Scale(curve)
    band = thin(curve.center, _POINTS)
    edge = [*scale.points(curve.step[band], curve.high[band])]
    edge += [*scale.points(curve.step[band], curve.low[band])][::-1]
    blue, red = RUN_COLORS[0], SEVERITY_COLORS["error"]
    yield f'<polygon points="{" ".join(edge)}" fill="{blue}" fill-opacity="0.25"/>'
    center = " ".join(scale.points(curve.step[band], curve.center[band]))
    yield f'<polyline points="{center}" fill="none" stroke="{blue}"/>'
    color = red if tag.fails else _GREY
    for stretch in _finite_stretches(curve.value):
        kept = stretch[thin(curve.value[stretch], _POINTS)]
        line = " ".join(scale.points(curve.step[kept], curve.value[kept]))
        yield f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.5"/>'
    if tag.since_step is not None:
        x = scale.x(np.array([tag.since_step]))[0]
        top, bottom = _TITLE, _TITLE + _HEIGHT - _MARGIN
        yield (
            f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="{red}" '
            'stroke-dasharray="3 3"/>'
        )


def _title(tag: TagRegression) -> str:
    name = printable(tag.tag if tag.run == "." else f"{tag.run}: {tag.tag}")
    if len(name) > _NAME_LENGTH:
        name = name[: _NAME_LENGTH - 1] + "…"
    if tag.since_step is None:
        return f"{name}: {tag.verdict}"
    deviations = format_rounded(tag.z, 3)
    return f"{name}: {tag.verdict} since step {format_count(tag.since_step)} (z {deviations})"


def _finite_stretches(values: Floats) -> Iterator[NDArray[np.int64]]:
    places = np.flatnonzero(np.isfinite(values))
    yield from (
        each for each in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if each.size
    )


class _Scale:
    """Where steps and values lie in a panel; what lies far outside the band is cut off."""

    def __init__(self, curve: BandCurve) -> None:
        self._first, self._last = float(curve.step[0]), float(curve.step[-1])
        low, high = float(curve.low.min()), float(curve.high.max())
        finite = curve.value[np.isfinite(curve.value)]
        room = high - low
        if finite.size:
            low = min(low, max(float(finite.min()), low - room))
            high = max(high, min(float(finite.max()), high + room))
        self._low, self._high = low, high

    def x(self, steps: NDArray[np.int64]) -> Floats:
        """Pixels from the left."""
        share = (steps.astype(np.float64) - self._first) / ((self._last - self._first) or 1.0)
        result: Floats = _MARGIN + share * (_WIDTH - 2 * _MARGIN)
        return result

    def points(self, steps: NDArray[np.int64], values: Floats) -> Iterator[str]:
        """Points of a path."""
        share = (self._high - values) / ((self._high - self._low) or 1.0)
        height = _HEIGHT - _MARGIN
        y: Floats = np.asarray(_TITLE + np.clip(share, 0.0, 1.0) * height, np.float64)
        for left, top in zip(self.x(steps).tolist(), y.tolist(), strict=True):
            yield f"{left:.1f},{top:.1f}"
