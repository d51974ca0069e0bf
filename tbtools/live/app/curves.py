"""The scalars that the charts show, each smoothed once as long as it stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tbtools.render.terminal.chart import Line, Look
from tbtools.runs.series import along
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.live.app.samples import Curve
    from tbtools.runs.series import ScalarSeries

    Key = tuple[str, str]


class _Drawn(NamedTuple):
    curve: Curve
    kind: tuple[float, str]
    line: Line | None
    faint: Line | None


class Curves:
    """Makes lines of curves."""

    def __init__(self) -> None:
        self._curves: Mapping[Key, Curve] = {}
        self._drawn: dict[Key, _Drawn] = {}

    def give(self, curves: Mapping[Key, Curve]) -> None:
        """Takes over what was read."""
        self._curves = curves
        self._drawn = {key: kept for key, kept in self._drawn.items() if key in curves}

    def lines(self, runs: Sequence[str], tag: str, look: Look) -> list[Line]:
        """The lines of some runs that have points of a tag, and on the axis."""
        found = [each.line for each in self._of(runs, tag, look)]
        return [line for line in found if line is not None]

    def faint(self, runs: Sequence[str], tag: str, look: Look) -> list[Line]:
        """What of them was superseded."""
        found = [each.faint for each in self._of(runs, tag, look)]
        return [line for line in found if line is not None]

    def _of(self, runs: Sequence[str], tag: str, look: Look) -> list[_Drawn]:
        return [self._one((run, tag), look) for run in runs if (run, tag) in self._curves]

    def _one(self, key: Key, look: Look) -> _Drawn:
        curve, kind = self._curves[key], (look.smoothing, look.x)
        kept = self._drawn.get(key)
        if kept is None or kept.curve is not curve or kept.kind != kind:
            line, faint = (_line(curve, each, look) for each in (curve.series, curve.superseded))
            kept = self._drawn[key] = _Drawn(curve, kind, line, faint)
        return kept


def _line(curve: Curve, series: ScalarSeries | None, look: Look) -> Line | None:
    if series is None or not series.step.size:
        return None
    if look.x in AXES:
        return Line(series, look)
    if curve.axis is None or curve.axis.tag != look.x:
        return None
    line = Line(series, look, along(series.step, curve.axis.step, curve.axis.value))
    return line if line.x.size else None
