"""Spikes: jumps to the worse side that recovered, of a point or of many.

Single points are compared with a line through the medians of the blocks around them, and then the
medians of 4, 16, 64, ... points in the same way: so a spike that decays over hundreds of points is
as plain as one of a single point, and one on a steep descent as one on the level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.signals import excursion, robust

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged

    Array = NDArray[np.float64]

# Windows whose median is a point of the line; a spike is shorter than half of them. Fewer windows
# than FEW have shorter blocks.
BLOCK = 16
SHORT_BLOCK = 8
FEW = 64
LEAST_WINDOWS = 20
# Local standard deviations. Noise whose own tail reaches farther has to be beaten by FAR times.
HEIGHT = 8.0
# So many will do where nothing else, on either side, goes farther than such a part of them; not
# among many windows, of which some have quiet neighbours by chance.
LEAST_HEIGHT = 6.0
ALONE = 2 / 3
ENOUGH = 1024
# How far beyond what one point in a hundred of the others does a spike is.
FAR = 3.0
# Where a spike is no more than 8 times this part beyond the usual point of its block, it is a bend.
BLUNT = 0.2
# Of logarithms a record is twice the worst before.
RECORD = float(np.log(2.0))
# More spikes than one in so many windows are how the series is.
SELDOM = 16
MANY = 256
# In fewer windows than that a point, neither of the first two nor the last, is so many times as far
# above all others but the first as these are apart, or as such a part of them.
FEWEST = 6
# Of more than a few points fewer times, for of these all are seldom near each other by chance.
TIMES, TIMES_OF_MORE, MORE = 10.0, 4.0, 12
CLOSE = 0.02
# What has no objective has one where it is so many times what is usual, or half as many times in
# three points or more.
TENFOLD = 10.0
# More of them are how it is: the loss of a critic where rewards are rare.
AT_MOST = 3
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


def may_be_tenfold(value: Array) -> bool:
    """Whether a series that is never negative has a value far beyond its usual ones.

    Args:
        value: Its values.
    """
    finite = value[np.isfinite(value)]
    if len(finite) < FEWEST or finite.min() < 0:
        return False
    return bool(finite.max() >= TENFOLD / 2 * robust.median(finite) > 0)


def find_tenfold(judged: Judged) -> Finding | None:
    """Looks for spikes of what has no objective but may not grow, such as a gradient norm.

    Args:
        judged: The series, as if less of it were better.
    """
    found = find(judged, len(judged))
    if found is None or found.evidence["count"] > NAMED:
        return None
    least = TENFOLD * judged.logged(robust.median(judged.y))
    tops = zip(found.evidence["values"], found.evidence["points"], strict=True)
    high = [(value, points) for value, points in tops if value >= least / 2]
    if not 0 < len(high) <= AT_MOST:
        return None
    if not any(value >= least or points >= excursion.BEFORE for value, points in high):
        return None
    return replace(found, best_step=None, best_value=None)


def find(judged: Judged, end: int) -> Finding | None:
    """Looks for spikes; all of a series are one finding, whose onset is the first.

    Args:
        judged: A series with an objective.
        end: Index of the first point that is part of something else.
    """
    if len(judged) < LEAST_WINDOWS:
        spans = list(_apart(np.exp(judged.y) if judged.log else judged.y))
    else:
        spans = _merged([*_every_span(judged.y), *(_records(judged.y) if judged.log else ())])
    spans = [span for span in spans if span.last < end and not _begins_anew(judged, span)]
    if not spans:
        return None
    first, last = spans[0].first, max(span.last for span in spans)
    tops = [span.first + int(np.argmax(judged.y[span.first : span.last + 1])) for span in spans]
    highest = int(np.argmax(judged.y[tops]))
    worst, height = tops[highest], spans[highest].height
    count = len(spans)
    what, farthest = ("dip", "deepest") if judged.objective == "max" else ("spike", "highest")
    many = f"a {what}"
    if count > 1:
        many = f"{count:,} {what}s from {judged.place(first)} on, the {farthest}"
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


def _apart(y: Array) -> Iterator[Span]:
    """A single point of few that stands out from all others but the first."""
    if len(y) < FEWEST:
        return
    at = 1 + int(np.argmax(y[1:]))
    others = np.delete(y[1:], at - 1)
    apart = float(others.max() - others.min())
    usual = max(apart, CLOSE * float(np.abs(others).max()))
    height = float(y[at] - others.max()) / (usual + robust.TINY)
    if 1 < at < len(y) - 1 and height > (TIMES if len(y) < MORE else TIMES_OF_MORE):
        yield Span(at, at, height)


def _every_span(y: Array) -> Iterator[Span]:
    for scale in scales(y):
        yield from _spans(y, *scale)


def may_be_records(y: Array) -> bool:
    """Whether a logarithm is beyond all before it as a spike of the values themselves is.

    Args:
        y: Logarithms of values, one at least.
    """
    return bool(np.any(y[1:] - np.maximum.accumulate(y)[:-1] > RECORD))


def _records(y: Array) -> Iterator[Span]:
    """Spikes of what was judged in logarithms that are worse than ever before.

    Where a loss falls by decades its logarithm is noisy for some points, and hides what nobody
    overlooks in the values.
    """
    if not may_be_records(y):
        return
    spans = list(_every_span(np.exp(y)))
    if spans:
        worst = y[: spans[0].first].max(initial=-np.inf) + RECORD
        yield from (span for span in spans if y[span.first : span.last + 1].max() > worst)


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
        y: Values.
    """
    width, level = 1, y
    while len(level) >= LEAST_WINDOWS:
        yield width, level
        width, level = width * 4, robust.window_medians(level, 4, len(level) // 4)


def _spans(y: Array, width: int, level: Array) -> Iterator[Span]:
    """The spikes that are seen in windows of some width."""
    start = len(y) - len(level) * width
    # Of millions of points some block of medians is half as noisy as the others by chance.
    heights = heights_of(level, robust.noise_of_points(level) * (1 if width == 1 else 2))
    least = LEAST_HEIGHT if len(level) < ENOUGH else HEIGHT
    spikes = np.flatnonzero(heights > least)
    if not len(spikes):
        return
    # Where that makes too many, what is near them counts as usual, too.
    near = np.abs(heights[:: max(1, len(level) // robust.ENOUGH_DIFFERENCES)])
    for usual, lowest in (
        (_elsewhere(heights, spikes, block_of(level) // 2), least),
        (near[near <= HEIGHT], HEIGHT),
    ):
        found = _beyond(level, width, heights, usual, lowest)
        if np.count_nonzero(np.diff(found) > 1) + 1 <= max(2, len(level) // SELDOM):
            break
    else:
        return
    for group in np.split(found, np.flatnonzero(np.diff(found) > 1) + 1):
        if len(group):
            first, last = int(group[0]), int(group[-1])
            height = float(heights[group].max())
            if width == 1:
                yield Span(start + first, start + last, height)
            else:
                yield _in_points(y, level, start, width, first, last, height)


def _beyond(
    level: Array, width: int, heights: Array, usual: Array, least: float
) -> NDArray[np.intp]:
    """The windows that lie farther off the line than usual ones explain, and came back."""
    block = block_of(level)
    # Of few windows one in a hundred is the last of all; medians have no heavy tails.
    many = width == 1 and len(level) >= MANY
    far = FAR * robust.quantile(usual, 0.99 if many else 0.9) if len(usual) else np.inf
    alone = min(HEIGHT, float(usual.max()) / ALONE) if len(usual) else HEIGHT
    # What is as far on the better side is no spike, and one on the worse side is none then.
    least = max(least, alone, far, -heights[block : len(level) - block].min())
    high = np.flatnonzero(heights > least)
    return np.array([at for at in high.tolist() if _came_back(level, at)], np.intp)


def _elsewhere(heights: Array, spikes: NDArray[np.intp], near: int) -> Array:
    """How far windows lie off the line that are not near what may be a spike, on either side."""
    apart = np.ones(len(heights), bool)
    for at in spikes.tolist():
        apart[max(0, at - near) : at + near + 1] = False
    some = np.abs(heights[apart])
    return some[:: max(1, len(some) // robust.ENOUGH_DIFFERENCES)]


def _in_points(
    y: Array, level: Array, start: int, width: int, first: int, last: int, height: float
) -> Span:
    """A spike of windows to the point: from where half of its height is there to where not."""
    block = block_of(level)
    half = (robust.median(level[max(0, first - block) : first]) + level[first : last + 1].max()) / 2
    begin = start + max(0, first - block) * width
    inside = robust.running_median(y[begin : start + (last + 1 + block) * width], 3)
    top = (first - max(0, first - block)) * width
    top += int(np.argmax(inside[top : top + (last + 1 - first) * width]))
    below = np.flatnonzero(inside <= half)
    before, after = below[below < top], below[below > top]
    from_point = begin + (int(before[-1]) + 1 if len(before) else 0)
    to_point = begin + (int(after[0]) if len(after) else len(inside)) - 1
    return Span(from_point, to_point, height)


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
    block = block_of(y)
    before, after = y[max(0, at - block) : at], y[at + 1 : at + 1 + block]
    if min(len(before), len(after)) < excursion.BEFORE:
        return False
    low, high = sorted([robust.median(before), robust.median(after)])
    return bool(y[at] - high > 0.5 * (y[at] - low))


def block_of(level: Array) -> int:
    """How many windows make a block."""
    return BLOCK if len(level) >= FEW else SHORT_BLOCK


def heights_of(level: Array, noise: float) -> Array:
    """How far each window lies above the line through the blocks' medians, in local noise.

    The noise of a block is the median of its own and of those of its neighbours: a spike is no
    noise. Where all of the block lies off the line, as at a bend, it counts as a part of that.
    Where it is zero that of the series is taken, so that the one odd value in a constant
    stretch of accuracies is no infinite spike.

    Args:
        level: Levels of windows, two blocks of them at least.
        noise: Noise of single ones.
    """
    block = block_of(level)
    count = len(level) // block
    ahead = len(level) - count * block
    medians = robust.running_median(robust.window_medians(level, block, count), 3)
    # The line goes on beyond the centres of the first and of the last block.
    first, last = 3 * medians[0] - 2 * medians[1], 3 * medians[-1] - 2 * medians[-2]
    centres = ahead + (np.array([-2, *range(count), count + 1]) + 0.5) * block - 0.5
    medians = np.concatenate([[first], medians, [last]])
    distance = level - np.interp(np.arange(len(level)), centres, medians)
    spread = robust.MAD_TO_SIGMA * robust.window_medians(np.abs(distance), block, count)
    local = np.maximum(robust.running_median(spread, 3), BLUNT * spread)
    of_each = np.concatenate([np.full(ahead, local[0]), np.repeat(local, block)])
    return np.asarray(distance / np.maximum(of_each, 0.5 * noise + robust.TINY))
