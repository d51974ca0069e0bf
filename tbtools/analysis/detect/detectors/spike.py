"""Spikes: jumps to the worse side that recovered, of a point or of many.

Single points are compared with those around them, and then the medians of 4, 16, 64, ... points in
the same way: so a spike that decays over hundreds of points is as plain as one of a single point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.signals import excursion, robust

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged

    Array = NDArray[np.float64]

# Windows to whose median and spread a window is compared; a spike is shorter than half of them.
BLOCK = 32
# Local standard deviations. Noise whose own tail reaches farther has to be beaten by FAR times.
HEIGHT = 8.0
# How far beyond what one point in a hundred of the series does a spike is.
FAR = 3.0
# So many of them are named one by one.
NAMED = 10


@dataclass(frozen=True)
class Span:
    """One spike.

    Attributes:
        first: Index of its first point.
        last: Index of its last point.
        height: How far it lies above its surroundings, in their noise.
    """

    first: int
    last: int
    height: float


def find(judged: Judged) -> Finding | None:
    """Looks for spikes; all of a series are one finding, whose onset is the first.

    Args:
        judged: A series with an objective.
    """
    spans = _merged(span for scale in scales(judged.y) for span in _spans(judged.y, *scale))
    spans = [span for span in spans if not _begins_anew(judged, span)]
    if not spans:
        return None
    first, last = spans[0].first, max(span.last for span in spans)
    tops = [span.first + int(np.argmax(judged.y[span.first : span.last + 1])) for span in spans]
    highest = int(np.argmax(judged.y[tops]))
    worst, height = tops[highest], spans[highest].height
    count = len(spans)
    many = "a spike" if count == 1 else f"{count:,} spikes, the highest"
    points = judged.count(spans[highest].last + 1 - spans[highest].first)
    long = f", and back after {points:,} points" if points > 1 else ", and back"
    return Finding(
        run=judged.series.run,
        tag=judged.series.tag,
        kind="spike",
        severity="info",
        onset_step=judged.step(first),
        onset_time=judged.time(first),
        end_step=judged.last_step(last),
        ongoing=False,
        best_step=judged.step(judged.best),
        best_value=judged.value(judged.best),
        last_good_step=judged.step(first - 1) if first else None,
        message=f"{many} to {judged.value(worst):.4g} at {judged.place(worst)}{long} "
        f"({min(height, 1e6):,.0f} times the local noise)",
        evidence={
            "count": count,
            "steps": [judged.step(span.first) for span in spans[:NAMED]],
            "values": [judged.value(top) for top in tops[:NAMED]],
            "points": [judged.count(span.last + 1 - span.first) for span in spans[:NAMED]],
            "highest_step": judged.step(worst),
            "noise_ratio": float(min(1e9, height)),
        },
    )


def _begins_anew(judged: Judged, span: Span) -> bool:
    """Whether steps go back right before a spike: the descent of another training is none."""
    back = 4 * (span.last + 1 - span.first)
    near = judged.series.step[judged.points[max(0, span.first - back) : span.first + 2]]
    return bool((np.diff(near) < 0).any())


def scales(y: Array) -> Iterator[tuple[int, Array]]:
    """The points in a window and the levels of the windows, scale by scale.

    A level is the median of four of the scale before, so that all scales cost little more than the
    first.

    Args:
        y: Values along the last axis, of one series or of many.
    """
    width, level = 1, y
    while level.shape[-1] >= BLOCK:
        yield width, level
        width, level = width * 4, robust.window_medians(level, 4, level.shape[-1] // 4)


def _spans(y: Array, width: int, level: Array) -> Iterator[Span]:
    """The spikes that are seen in windows of some width."""
    start = len(y) - len(level) * width
    # Of millions of points some block of medians is half as noisy as the others by chance.
    heights = heights_of(level, robust.noise_of_points(level) * (1 if width == 1 else 2))
    spikes = np.flatnonzero(heights > HEIGHT)
    if len(spikes):
        some = np.abs(heights[:: max(1, len(level) // robust.ENOUGH_DIFFERENCES)])
        # Of few windows a spike is more than one in a hundred; their medians have no heavy tails.
        spikes = spikes[heights[spikes] > FAR * robust.quantile(some, 0.99 if width == 1 else 0.9)]
    spikes = np.array([i for i in spikes.tolist() if _came_back(level, i)], np.int64)
    for group in np.split(spikes, np.flatnonzero(np.diff(spikes) > 1) + 1):
        if len(group):
            first, last = int(group[0]), int(group[-1])
            height = float(heights[group].max())
            if width == 1:
                yield Span(start + first, start + last, height)
            else:
                yield _in_points(y, level, start, width, first, last, height)


def _in_points(
    y: Array, level: Array, start: int, width: int, first: int, last: int, height: float
) -> Span:
    """A spike of windows to the point: from where half of its height is there to where not."""
    around = level[max(0, first - BLOCK // 2) : first]
    half = (robust.median(around) + float(level[first : last + 1].max())) / 2
    begin, end = start + (first - 1) * width, start + (last + 2) * width
    above = np.flatnonzero(robust.running_median(y[begin:end], 3) > half)
    if not len(above):
        return Span(begin + width, end - width - 1, height)
    return Span(begin + int(above[0]), begin + int(above[-1]), height)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spikes that overlap are one, as of one that is seen at several scales."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.first, each.last)):
        if merged and span.first <= merged[-1].last + 1:
            before = merged.pop()
            last, height = max(before.last, span.last), max(before.height, span.height)
            span = Span(before.first, last, height)
        merged.append(span)
    return merged


def _came_back(y: Array, at: int) -> bool:
    """Whether a point stands out from those before it and from those after it: no step."""
    before, after = y[max(0, at - BLOCK // 2) : at], y[at + 1 : at + 1 + BLOCK // 2]
    if len(before) < excursion.BEFORE or len(after) < excursion.PERSISTENT:
        return False
    low, high = sorted([robust.median(before), robust.median(after)])
    return bool(y[at] - high > 0.5 * (y[at] - low))


def heights_of(level: Array, noise: float | Array) -> Array:
    """How far each point lies above the median of its block, in the block's noise.

    Where a block's noise is zero the series' is taken, so that the one odd value in a constant
    stretch of accuracies is no infinite spike.
    """
    points = level.shape[-1]
    count = points // BLOCK
    ahead = points - count * BLOCK
    blocks = level[..., ahead:].reshape(*level.shape[:-1], count, BLOCK)
    distance = blocks - robust.row_medians(blocks.copy())[..., None]
    local = robust.MAD_TO_SIGMA * robust.row_medians(np.abs(distance))
    least = 0.5 * np.asarray(noise)[..., None] + robust.TINY
    heights = np.zeros(level.shape)
    heights[..., ahead:] = (distance / np.maximum(local, least)[..., None]).reshape(
        *level.shape[:-1], -1
    )
    return heights
