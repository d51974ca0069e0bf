"""Swings that grow, or that never come all the way back, whatever their period and shape.

What `excursion` forgives is a rise like one that the series came back from before. Where each crest
is higher than the one before, none is like those before it; and where it never is again what it
was, it has not come back. The run is cut into crests and the floors between them. That crests get
worse is asked of their order alone, by the rank test of Mann and Kendall: five, each higher than
the last, are the least that chance does not make, once in 120. That floors do is asked of how far
the best of them is above the level before, beside how far they scatter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.excursion import Excursion
from tbtools.analysis.detect.signals.onset import Onset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Windows over the series, as of `excursion`.
WINDOWS = excursion.VIEW
# Crests stand above the floors beside them by these parts of the highest rise,
PARTS = (2, 4, 8, 16)
# and by so many standard deviations of a window's level.
CLEAR = 6.0
# Fewer crests have no order.
LEAST_CRESTS = 3
# Standard deviations of the rank statistic: those of five crests in order.
ORDER = 2.44
# The last third of the crests is so many times as high above the first floor as the first third.
GROWN = 1.8
# A level that is better than the first floor by this part of the last crests improves.
IMPROVES = 0.25
# Floors behind the first, so many at least, are all above it, by as many times as far as they
# scatter as a rise has standard errors, and by this part of the crests; and the mean of all levels
# is by this part.
LEAST_FLOORS = 3
LEAST_ABOVE = 0.05
MEAN_ABOVE = 0.5
# Lower crests that came before are looked for down to this part of it.
FAINT = 1 / 32
# where they come as soon, but for this factor.
SOON = 1.5
# They begin behind the last level that is, but for so many standard deviations, as good as ever.
NEARLY = 3.0
# What is half-way up to the first crest so many windows later leaps.
LEAP = 2
# Fewer levels before do not tell the noise.
LEAST_BEFORE = 16


@dataclass(frozen=True)
class Crests:
    """Swings that are worse to the end.

    Attributes:
        onset: Where the first crest begins to rise.
        before: The floor before it.
        after: The level of the last crests, or of all since where these are no higher.
        count: How many crests there are.
        grow: Whether the crests are ever higher; else all floors are above the first.
        standard_errors: How far that is above the floor beside the noise of levels, if any.
        rise: The way from the floor to the highest crest, as a rise.
    """

    onset: Onset
    before: float
    after: float
    count: int
    grow: bool
    standard_errors: float | None
    rise: Excursion


class _Turns(NamedTuple):
    """Where levels turn: floors and crests by turns, a floor first."""

    floors: list[int]
    crests: list[int]


def find(y: Array) -> Crests | None:
    """Looks for swings whose crests grow until the end, or whose floors all are worse.

    Args:
        y: Values, lower is better.
    """
    width = window_width(len(y))
    level = robust.window_medians(y, width, WINDOWS)
    if len(level) < excursion.BEFORE + excursion.PERSISTENT:
        return None
    noise = robust.noise_of_points(level)
    rise = float((level - np.minimum.accumulate(level)).max())
    if rise <= excursion.TINY * float(np.abs(level).max()):
        return None
    every = [
        turns
        for part in PARTS
        if rise / part >= CLEAR * noise
        for turns in _suffixes(_turns(level, rise / part))
    ]
    found, grow = _highest(level, every, noise), True
    if found is None:
        found, grow = next((one for one in every if _stays_above(level, one, noise)), None), False
    if found is None:
        return None
    first = _first_point(y, level, *_begins(level, found, noise, rise * FAINT))
    before = float(level[found.floors[0]])
    after = _last(level[found.crests]) if grow else robust.median(level[found.crests[0] :])
    errors = min(1e9, (after - before) / noise) if noise > 0 else None
    onset = Onset(first, sudden=False)
    way = _way(level, found, noise, len(y))
    return Crests(onset, before, after, len(found.crests), grow, errors, way)


def begins(y: Array, onset: Onset) -> int | None:
    """The first point of crests that grow of which a rise is one; None where it begins by itself.

    Args:
        y: Values, lower is better.
        onset: Where the rise begins.
    """
    growing = find(y)
    if growing is None or not growing.grow or growing.onset.index >= onset.index:
        return None
    return growing.onset.index


def window_width(points: int) -> int:
    """How many points make a window.

    Args:
        points: Points of a series.
    """
    return max(1, -(-points // WINDOWS))


def _turns(level: Array, height: float) -> _Turns:
    """The floors and crests between which levels go by so much; the last may not be over yet."""
    floors, crests = [], []
    low = high = 0
    rising = False
    for i, value in enumerate(level.tolist()):
        if rising:
            high = i if value > level[high] else high
            if level[high] - value >= height:
                crests.append(high)
                rising, low = False, i
        else:
            low = i if value < level[low] else low
            if value - level[low] >= height:
                floors.append(low)
                rising, high = True, i
    # A crest that is not over may still be the highest, and says nothing until it is.
    if rising and (not crests or level[high] > level[crests[-1]]):
        crests.append(high)
    elif not rising:
        floors.append(low)
    return _Turns(floors, crests)


def _suffixes(turns: _Turns) -> Iterator[_Turns]:
    """The turns from each floor on that has crests enough behind it."""
    for first in range(len(turns.crests) - LEAST_CRESTS + 1):
        yield _Turns(turns.floors[first:], turns.crests[first:])


def _highest(level: Array, every: list[_Turns], noise: float) -> _Turns | None:
    """Those turns of which it is surest that their crests grow, if any do."""
    found, order = None, ORDER
    for turns in every:
        sure = _in_order(level[turns.crests], level[turns.floors], noise)
        if sure > order and _have_grown(level, turns):
            found, order = turns, sure
    return found


def _stays_above(level: Array, turns: _Turns, noise: float) -> bool:
    """Whether no floor comes back to the first, which is as good as ever."""
    at = turns.floors[0]
    later, since = level[turns.floors[1:]], level[turns.crests[0] :]
    if at < excursion.BEFORE or len(later) < LEAST_FLOORS:
        return False
    # One stray level is no floor.
    base = float(excursion.smoothed(level)[at])
    if base > float(excursion.smoothed(level[:at]).min()) + NEARLY * noise:
        return False
    height = float(level[turns.crests].mean()) - base
    above = float(later.min()) - base
    sure = excursion.students(excursion.CONFIDENCE, len(later))
    if above < max(sure * max(float(later.std(ddof=1)), noise), LEAST_ABOVE * height):
        return False
    achieved = excursion.progress(level[: at + 1], base)
    return float(since.mean()) - base > max(MEAN_ABOVE * height, excursion.EFFECT * achieved)


def _in_order(crests: Array, floors: Array, noise: float) -> float:
    """How surely crests get worse with time, and the floors between them, too, if they do."""
    of_crests, of_floors = _concordance(crests, noise), _concordance(floors, noise)
    if of_crests <= 0:
        return 0.0
    alone = _variance(len(crests))
    both = (of_crests + of_floors) / math.sqrt(alone + _variance(len(floors)))
    return max(of_crests / math.sqrt(alone), both if of_floors > 0 else 0.0)


def _concordance(x: Array, noise: float) -> int:
    """Mann's and Kendall's statistic: pairs of which the later is larger, less the others."""
    apart = (x[None, :] - x[:, None])[np.triu_indices(len(x), 1)]
    return int(np.count_nonzero(apart > noise)) - int(np.count_nonzero(apart < -noise))


def _variance(count: int) -> float:
    return count * (count - 1) * (2 * count + 5) / 18


def _have_grown(level: Array, turns: _Turns) -> bool:
    """Whether crests have grown by so much that it is worth the name, and nothing was learned."""
    crests, base = level[turns.crests], float(level[turns.floors[0]])
    first, last = float(np.mean(crests[: _third(crests)])) - base, _last(crests) - base
    achieved = excursion.progress(level[: turns.floors[0] + 1], base)
    if last < max(GROWN * first, excursion.EFFECT * achieved):
        return False
    # What is better than ever between its crests has learnt something.
    recent = level[turns.crests[-LEAST_CRESTS] :]
    return robust.median(recent) >= base - IMPROVES * last


def _third(crests: Array) -> int:
    return max(1, len(crests) // 3)


def _last(crests: Array) -> float:
    """The level of the last third of the crests."""
    return float(np.mean(crests[-_third(crests) :]))


def _way(level: Array, turns: _Turns, noise: float, points: int) -> Excursion:
    """The way from the first floor to the highest crest."""
    width = window_width(points)
    low, highest = turns.floors[0], max(turns.crests, key=lambda at: float(level[at]))
    base = float(level[low])
    return Excursion(
        gap=float(level[highest]) - base,
        base=base,
        low=points - (len(level) - low) * width,
        high=points - (len(level) - highest) * width,
        width=width,
        noise=noise,
        progress=excursion.progress(level[: low + 1], base),
    )


def _begins(level: Array, turns: _Turns, noise: float, least: float) -> tuple[int, int]:
    """The last window that is as good as any before the first crest, and that crest.

    Args:
        level: Levels.
        turns: The turns that show it.
        noise: Noise of levels.
        least: The least height of a lower crest that comes before these, as soon as they follow
            each other.
    """
    floor, first, second = turns.floors[0], turns.crests[0], turns.crests[1]
    if floor >= LEAST_BEFORE:
        # That of all levels is mostly that of the swings themselves.
        noise = min(noise, robust.noise_of_points(level[:floor]))
    earlier = [at for at in _turns(level, max(least, CLEAR * noise)).crests if at < first]
    while earlier and level[earlier[-1]] < level[first]:
        if first - earlier[-1] > SOON * (second - first):
            break
        first, second = earlier.pop(), first
    before = level[:first]
    return int(np.flatnonzero(before <= before.min() + NEARLY * noise)[-1]), first


def _first_point(y: Array, level: Array, begin: int, crest: int) -> int:
    """The point with which the rise to the first crest begins; of what leaps the leap.

    Args:
        y: Values.
        level: Levels of windows of them.
        begin: The last window before.
        crest: The window of the crest.
    """
    width = window_width(len(y))
    first, soon = (len(y) - (len(level) - at) * width for at in (begin, begin + LEAP + 1))
    middle = float(level[begin] + level[crest]) / 2
    if level[min(begin + LEAP, crest)] <= middle:
        return first
    high = robust.running_median(y[first:soon], 3) > middle
    return first + int(np.argmax(high)) if high.any() else first
