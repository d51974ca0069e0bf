"""A level that was in one place, and from a point on is in another, for good.

From that point on all levels lie beyond all before it. So nothing that comes and goes is a change,
nor what moves all the time: it has never been in one place, and then in another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import least_squares_bend, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Fewer points were no level.
LEAST_POINTS = excursion.BEFORE + excursion.PERSISTENT
# From the one to the other it takes no more than one of these parts of the series.
TRANSITIONS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6)
# The level before was there from the first point on, or from where a beginning at another level was
# over, at the latest.
BEGINNINGS = (0.0, 0.05, 0.1, 0.2)
# Where it was there for a shorter time, or the change took longer, it was in one place: it drifted
# no faster than this part of the pace of the change.
LONG_PART = 0.2
SUDDEN_PART = 0.1
STEADY = 0.15
# Extremes so far apart, in logarithms, need no proof of that where the change was quick.
CLEAR = float(np.log(10.0))
# Points that make one level.
SMOOTH = 5
# At once is in no more than this part of the series.
AT_ONCE = 0.02
# Its beginning is sought in so many times what half of it takes before, which may drift by this
# part of its pace.
AHEAD = 2
DRIFTS = 0.25
# A bend is located to so many times the scale that noise and slope make.
KNOWN = 2.0


@dataclass(frozen=True)
class Least:
    """What makes a change.

    Attributes:
        gap: From the level before to that after.
        at_once: The same, of what takes no more than `AT_ONCE` of the series.
        apart: Between the extremes on both sides.
        near: So near to its new level a change is as good as over.
        longest: The part of the series that a change may take.
        part: The part of the series for which the level before was there.
        from_below: Whether it may have been reached from below, as what is learned is.
    """

    gap: float
    at_once: float
    apart: float
    near: float
    longest: float
    part: float
    from_below: bool = False


@dataclass(frozen=True)
class Step:
    """A step up from one level to another.

    Attributes:
        begin: Index of its first point that is above all before it.
        gradual: Whether it takes more than `SUDDEN_PART` of the series to come near the new level.
    """

    begin: int
    gradual: bool


def find(level: Array, begin: int, least: Least) -> Step | None:
    """Looks for a step up.

    Args:
        level: Smoothed levels of points.
        begin: The first of them that counts: those before are at another level.
        least: What makes one.
    """
    n = len(level)
    first = begin + max(LEAST_POINTS, int(least.part * n))
    # Of most series the ends tell that there is none: they are before any split, and behind it.
    if level[-excursion.PERSISTENT :].min() - level[begin:first].max() < least.apart:
        return None
    if begin and not least.from_below and level[0] - level[begin:].min() < least.at_once / 2:
        return None  # the beginning is no other level
    highest = np.maximum.accumulate(level[begin:])
    lowest = np.minimum.accumulate(level[::-1])[::-1]
    for width in sorted({int(part * n) for part in TRANSITIONS if part <= least.longest}):
        splits = np.arange(first, n - excursion.PERSISTENT - width + 1)
        if not len(splits):
            return None
        apart = lowest[first + width : n - excursion.PERSISTENT + 1]
        apart = apart - highest[first - 1 - begin : n - excursion.PERSISTENT - width - begin]
        if apart.max() < least.apart:
            continue
        long = min(int(np.searchsorted(splits, begin + LONG_PART * n)), len(splits) - 1)
        candidates = (
            np.argmax(apart >= least.apart),
            np.argmax(apart),
            long + np.argmax(apart[long:]),
        )
        for best in map(int, candidates):
            split = int(splits[best])
            if apart[best] < least.apart:
                continue
            clear = apart[best] >= CLEAR
            if _is_step(level, begin, split, split + width, least, clear=clear):
                above = split + int(np.argmax(level[split:] > highest[split - 1 - begin]))
                top = robust.median(level[split + width :]) - least.near
                return Step(above, gradual=int(np.argmax(level[above:] > top)) > SUDDEN_PART * n)
    return None


def _is_step(level: Array, begin: int, split: int, end: int, least: Least, *, clear: bool) -> bool:
    """Whether the level was in one place before a step that ends at some point."""
    before = level[begin:split]
    base = robust.median(before)
    gap = robust.median(level[end:]) - base
    if gap < (least.at_once if end - split <= AT_ONCE * len(level) else least.gap):
        return False
    half = base + gap / 2
    # The level at first may have been one beyond, too, which has been left for good.
    beginning = level[:begin]
    if beginning.max(initial=-np.inf) > half and not _is_left(beginning, base + gap / 4, half):
        return False
    quick = end - split <= SUDDEN_PART * len(level)
    if clear and quick and split - begin >= LONG_PART * len(level):
        return True
    # Where it takes long it does not come back on the way.
    up = int(np.argmax(level[split:] > half))
    if (level[split + up :] <= base + gap / 4).any():
        return False
    later = before[len(before) // 2 :]
    return _is_at_rest(before, gap, end - split) or (
        # What is learned comes to rest.
        least.from_below and len(later) >= LEAST_POINTS and _is_at_rest(later, gap, end - split)
    )


def _is_at_rest(before: Array, gap: float, width: int) -> bool:
    """Whether levels drift at a small part of the pace of a step of some points behind them."""
    middle = len(before) // 2
    drift = robust.median(before[middle:]) - robust.median(before[:middle])
    # It may drift by as much more as noise hides.
    hidden = 2 * robust.sigma(before - robust.median(before)) * (SMOOTH / middle) ** 0.5
    return bool((abs(drift) + hidden) / middle <= STEADY * gap / (width + middle))


def _is_left(beginning: Array, low: float, high: float) -> bool:
    down = int(np.argmax(beginning <= low)) if beginning.min() <= low else len(beginning)
    return beginning[0] > high and bool((beginning[down:] <= high).all())


def begins(points: Array, index: int) -> int:
    """Where a step up begins that takes some points: before the first one beyond all before it.

    Args:
        points: Values, smoothed or not.
        index: The first point beyond all before.
    """
    base, top = robust.median(points[:index]), robust.median(points[index:])
    if top <= base:
        return index  # so coarse are the values that only their levels tell
    low = int(np.flatnonzero(points[:index] <= base)[-1])
    noise = robust.noise_of_levels(points[:index])
    rise = excursion.Excursion(top - base, base, low, index, 1, noise, 0.0)
    drift = robust.sigma(points[:index] - base)
    onset = locate(points, rise, least_noise=drift)
    # Medians of many points are beyond all before by half as many points too early.
    begin = onset.index if onset.sudden else min(index, onset.index or index)
    bend = _bend(points, begin, base + (top - base) / 2)
    return _behind_level(points, bend, base, (top - base) / 2)


def _bend(points: Array, begin: int, half: float) -> int:
    """Where a rise begins that may do so from a slope: by as much before it as it takes, twice.

    No earlier than where it was thought to begin: a rise that slows down bends before it begins.

    Args:
        points: Values, smoothed or not.
        begin: About where it begins.
        half: Half-way up.
    """
    up = robust.running_median(points[begin:], SMOOTH) > half
    span = int(np.argmax(up)) if up.any() else 0
    if span <= excursion.BEFORE:
        return begin
    part = points[max(0, begin - AHEAD * span) : begin + span + 1]
    width = -(-len(part) // excursion.VIEW)
    levels = robust.window_means(part, width)
    bend = least_squares_bend(levels, DRIFTS)
    return max(begin, begin + span + 1 - (len(levels) - bend) * width + width // 2)


def _behind_level(points: Array, bend: int, base: float, half: float) -> int:
    """The point behind the last one that is no higher than the level before, if that is near.

    A bend of slope b in noise of s is known to some (s / b)^(2/3) points, whatever is fitted.

    Args:
        points: Values, smoothed or not.
        bend: Where they bend upwards.
        base: The level before.
        half: How far above it half-way up is.
    """
    above = points[bend:] - base
    span = max(1, int(np.argmax(above > half)))
    noise = robust.sigma(points[:bend] - base)
    near = int(np.ceil(KNOWN * (noise * span / half) ** (2 / 3)))
    at_level = np.flatnonzero(above[: min(near, span)] <= 0)
    return bend + (int(at_level[-1]) + 1 if len(at_level) else 0)
