"""Noise with a memory: how far a running mean is carried by the noise that it is a mean of.

The values of a moving average, of a mean since the start or of the returns of the last hundred
episodes differ little from point to point, and yet wander: what noise they have from one point to
the next says nothing of how far they go in fifty. Such a series is known by its turning points. Of
independent noise two points in three are one, of noise whose *changes* are independent one in two
(Bienaymé 1874; Kendall and Stuart, The Advanced Theory of Statistics, chapter 45); a smooth curve
has next to none, and is none of these.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import START
from tbtools.analysis.detect.signals.since_start import draws_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.signals.excursion import Excursion
    from tbtools.analysis.detect.signals.onset import Onset

    Array = NDArray[np.float64]

# Fewer points do not tell independent noise from other noise.
LEAST_POINTS = 64
# Standard errors by which turning points are fewer than those of independent noise.
FEWER = 3.0
# The same for what is left beside a trend, of which less is asked.
FEWER_STILL = 1.0
# A smaller share of turning points is that of a curve with little noise.
LEAST_TURNING = 0.35
# Changes at four times the lag are so many times as large while a memory lasts: twice, if they are
# independent.
GROWS = 1.3
# Windows of so many times its length have no memory.
AVERAGED = 8
# The changes of so many points tell how large they are there: a mean since the start moves less and
# less.
BLOCK = 16
# With no more than this part of the points a mean begins.
BEGINNING = 4
# A rise of which so much is behind so many points is none of the first ones.
MOSTLY = 0.75
BEGINNING_POINTS = 8
# Turning points half-way between those of independent noise and of independent changes.
FEW_TURNING = 0.6
# Standard deviations of what changes add up to: where they were looked for all over the series, and
# of the first ones.
CONFIDENCE = 3.0
LUCKY = 2.0
# The same of what had learned by more than that, and has lasted for so many times as long as its
# memory before, in which it had time to come back.
LASTED = 2.0
LASTS = 2
# Changes that become smaller by this factor, where a quarter is what they are of a mean since the
# start, ask for so many times as much.
SHRINKS = 2.5
SINCE_THE_START = 2.0
# Where next to nothing was achieved before a rise, as a part of it, it is worth the name from this
# part of the level on.
NOTHING = 0.1
SMALL = 0.2


def carries(y: Array, rise: Excursion) -> bool:
    """Whether a rise may be no farther than noise with a memory goes.

    Args:
        y: Values, lower is better.
        rise: A rise.
    """
    if _turns_as_noise(robust.window_medians(y, rise.width, len(y))):
        return False
    wander = _wander(y, rise)
    reach = CONFIDENCE * _caution(y) * wander
    if _outlasts_memory(y, rise) and robust.median(y[:BEGINNING_POINTS]) - rise.base > reach:
        reach *= LASTED / CONFIDENCE
    return wander > 0 and rise.gap <= reach


def began(y: Array, rise: Excursion, onset: Onset) -> bool:
    """Whether a rise may be no more than the few lucky draws with which a running mean began.

    Args:
        y: Values, lower is better.
        rise: A rise.
        onset: Where it begins.
    """
    since_the_start = _caution(y) > 1 and onset.index <= START * len(y)
    beginning = min(BLOCK, max(excursion.BEFORE + 1, len(y) // BEGINNING))
    if onset.index >= beginning and not since_the_start:
        return False
    # Of a drift all over the run the beginning was a level.
    soon = bool((y[:BLOCK] > rise.base + rise.gap / 2).any())
    small = rise.progress <= NOTHING * rise.gap < NOTHING * SMALL * abs(rise.base)
    if small and soon and onset.index <= excursion.BEFORE and not _goes_on(y, rise):
        return True
    if not _may_have_memory(y):
        return False
    # What drifts on when all draws of a mean have been replaced is none of these.
    early = bool((excursion.smoothed(y)[:LEAST_POINTS] > rise.base + rise.gap / 2).any())
    reach = LUCKY * _caution(y) * _changes(y[:BLOCK], 1) * BLOCK**0.5
    lucky = soon and rise.gap <= max(reach, CONFIDENCE * _draws(y) / max(1, onset.index) ** 0.5)
    return lucky or (small and (early or since_the_start))


def _goes_on(y: Array, rise: Excursion) -> bool:
    """Whether a rise goes on for longer than first points are few: these are no draw of luck."""
    high = np.flatnonzero(excursion.smoothed(y) > rise.base + MOSTLY * rise.gap)
    return bool(high.size and high[0] >= max(BEGINNING_POINTS, len(y) // BEGINNING))


def _draws(y: Array) -> float:
    """Standard deviation of what a mean since the start is of, by its first points.

    From one to the next, for what goes somewhere is no draw.
    """
    return robust.sigma(np.diff(draws_of(y[:BLOCK])[1:])) / 2**0.5


def _caution(y: Array) -> float:
    """How many times as far a rise has to go: of a mean since the start what is late tells little.

    Its changes become smaller in proportion to the points so far: from one stretch to the next that
    is four times as long, to a quarter.
    """
    count = len(y)
    early, late = y[count // 16 : count // 4], y[count // 4 :]
    if len(early) < BLOCK:
        return 1.0
    return SINCE_THE_START if _changes(early, 1) > SHRINKS * _changes(late, 1) else 1.0


def _wander(y: Array, rise: Excursion) -> float:
    """How far noise alone carries a series along a rise, as a standard deviation.

    It goes as far as the changes add up to, and no farther than changes at such a distance do, for
    a memory has an end. They are those before, for a rise brings swings of its own; only where
    there are too few, those of the rise as well. Without a memory it is nothing, and where there is
    hardly any noise; nor where windows are so much longer than the memory that their levels have
    averaged it out, whose noise is known.
    """
    low, high = rise.low, rise.high
    if _is_known_before(rise):
        y = y[:low]
        near = y[low // 2 :]
    else:
        begin = max(0, min(low, len(y) - BLOCK))
        near = y[begin : max(high, begin + BLOCK)]
    if not _has_memory(y):
        return 0.0
    apart = max(1, high - low)
    growth, length = _growth(y, apart)
    if rise.averaged >= AVERAGED * length:
        return 0.0
    changes = [_changes(each, 1) for each in np.array_split(near, len(near) // BLOCK)]
    usual = math.sqrt(float(np.mean(np.square(changes))))
    return usual * min(math.sqrt(apart), growth)


def _is_known_before(rise: Excursion) -> bool:
    """Whether the points before a rise are enough to tell what memory they have."""
    return rise.low > LEAST_POINTS + 2


def _outlasts_memory(y: Array, rise: Excursion) -> bool:
    """Whether a rise is there for longer than the memory of what was before it lasts."""
    if not _is_known_before(rise):
        return False
    _, length = _growth(y[: rise.low], rise.low)
    return len(y) - rise.high >= LASTS * length


def _has_memory(y: Array) -> bool:
    """Whether the changes of a series from point to point are those of a running mean.

    On a steep descent noise turns less often: both it and its trend have to say so.
    """
    share, count = _turning_points(y)
    error = (8 / 45 / max(count, 1)) ** 0.5
    if not (count >= LEAST_POINTS and LEAST_TURNING < share < 2 / 3 - FEWER * error):
        return False
    rest = _without_trend(y[-robust.ENOUGH_DIFFERENCES :])
    return bool(_turning_points(rest)[0] < 2 / 3 - FEWER_STILL * error)


def _turns_as_noise(level: Array) -> bool:
    """Whether the levels of windows turn as often as independent noise: they are without memory.

    Those of independent changes do in three standard errors less, of enough windows.

    Args:
        level: Their levels.
    """
    share, count = _turning_points(level)
    return count >= LEAST_POINTS and share > 2 / 3 - FEWER_STILL * (8 / 45 / count) ** 0.5


def _without_trend(y: Array) -> Array:
    """What is left of at least two blocks of points about the line through their medians."""
    count = len(y) // BLOCK
    y = y[len(y) - count * BLOCK :]
    centres = (np.arange(count) + 0.5) * BLOCK - 0.5
    rest = y - np.interp(np.arange(len(y)), centres, robust.window_medians(y, BLOCK, count))
    return np.asarray(rest[BLOCK // 2 : -(BLOCK // 2)])


def _may_have_memory(y: Array) -> bool:
    """The same where few points do not say: it has to go farther in four points than in one."""
    share, count = _turning_points(y)
    if count < BLOCK or not LEAST_TURNING < share < FEW_TURNING:
        return False
    return _changes(y, 4) > GROWS * _changes(y, 1)


def _turning_points(y: Array) -> tuple[float, int]:
    """The share of points that are turning points, and of how many; repetitions are left out."""
    turning, count = robust.turning_points(y[-robust.ENOUGH_DIFFERENCES :])
    return (turning / count if count else 0.0), count


def _growth(y: Array, apart: int) -> tuple[float, int]:
    """How much farther than from point to point a series goes, and in how many points.

    It grows up to the length of the memory. What grows again at longer lags is the bend of a trend.
    """
    changes = [_changes(y, 1)]
    if changes[0] == 0:
        return 1.0, 1
    lag = 2
    while lag <= min(2 * apart, len(y) // 4):
        changes.append(_changes(y, lag))
        if changes[-1] < GROWS * changes[-3:][0]:
            break
        lag *= 2
    return max(changes) / changes[0], lag


def _changes(y: Array, lag: int) -> float:
    """Standard deviation of a change over some points, from second differences: without trend."""
    some = y[-robust.ENOUGH_DIFFERENCES :]
    return robust.sigma(some[2 * lag :] - 2 * some[lag:-lag] + some[: -2 * lag]) / 2**0.5
