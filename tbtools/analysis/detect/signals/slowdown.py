"""Steps that take longer for good.

The logarithm of the time that a step takes is asked the question of `excursion`: a rise that was
never made good. First that of all steps, then that of those now and then that take longer than
usual, which may take ever longer, or become more. What was slow and came back is a precedent:
evaluations, busy hours and checkpoints are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import locate_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Fewer points have no rhythm: so many before, and so many that are slower.
LEAST_POINTS = excursion.BEFORE + excursion.PERSISTENT
# Levels of a tenth of the points vary by no more than this part of a clear step, before and after.
VARIES = 0.4
# The last stretch is so many times as slow as the fastest, at least.
WORTH_A_LOOK = 1.05
# In a log of so few points so much longer.
FEW_POINTS = 30
SLOWER_IN_FEW = 1.3
# All together, where only some steps do.
SLOWER_ON_AVERAGE = 1.3
# What has lasted for fewer points, or a smaller part of the series, may be over soon.
LASTING = 10
LASTING_IN_FEW = excursion.PERSISTENT
LASTING_PART = 0.05
# What is slow after less than this part of the run was fast only until it had warmed up. A speed
# that is counted from the start of the run falls there, too, as soon as there is more to do.
WARM_UP = 0.1
WARM_UP_POINTS = 10
# Only what goes on to get slower by so much after that has been slowing from the start.
STILL_SLOWER = 1.3
# ... or by so much, where that is this part of all that it slowed: half of a straight line.
STEADILY_SLOWER = 1.15
STEADILY = 0.45
# Steps that take half as long again as the usual one, and stand so far out of the noise, are spikes
# of which so many are needed to see whether they grow, in as many places whether they become more.
SPIKE = np.log(1.5)
HEIGHT = 6.0
LEAST_SPIKES = 12
# Stretches of a series whose means tell of it.
BLOCKS = 40
# Levels of a series that tell how much it varies.
LEVELS = 10
# Pieces of a series whose medians are levels between which there may be a step.
PIECES = 20
# So many standard errors of their difference: halves of a straight line without noise have 7.7.
STEP = 8.0
# Fewer points before a rise are no level from which it began.
LEAST_LEVEL = 4
# What slows down from the start on comes back by no more than this part of it on its way.
BACK = 0.25
# No quarter brings more than this part of it.
EVEN = 2 / 3
# Spikes up to this width are no levels, and hide none.
SPIKES = 5


@dataclass(frozen=True)
class Slowdown:
    """A lasting rise of the time that a step takes.

    Attributes:
        index: Its first point.
        times: How many times as long a step takes.
        now_and_then: Whether only some steps do, and their mean.
    """

    index: int
    times: float
    now_and_then: bool


def find(
    seconds: Array, least: float, lasting: int, clearly: float | None = None
) -> Slowdown | None:
    """Looks for steps that take longer for good.

    Args:
        seconds: The time of each step.
        least: How many times as long they take, at least.
        lasting: For how many points, at least.
        clearly: The same as `least` where levels vary by little beside that; None for no less.
    """
    if len(seconds) < LEAST_POINTS or not _may_be_slower(seconds):
        return None
    clearly = clearly or least
    if len(seconds) < FEW_POINTS:
        clearly, least, lasting = least, max(least, SLOWER_IN_FEW), LASTING_IN_FEW
    y = np.log(seconds)
    found = _rise(y)
    if found is not None and len(y) - found >= max(lasting, LASTING_PART * len(y)):
        times = float(np.exp(robust.median(after(y, found)) - robust.median(before(y, found))))
        on_average = seconds[found:].mean() / before(seconds, found).mean()
        needed = clearly if clearly <= times < least and _is_steady(y, found, times) else least
        if len(y) < FEW_POINTS and found > 1:  # of which nothing before was nearly as slow
            on_average = min(on_average, after(seconds, found).mean() / seconds[1:found].max())
        if times >= needed and on_average >= needed**0.5:
            return Slowdown(found, times, now_and_then=False)
    return _growing_spikes(seconds, y, least)


def _may_be_slower(seconds: Array) -> bool:
    """A first look at levels of stretches: whether the last one is slower than others."""
    width = max(excursion.PERSISTENT, len(seconds) // LEVELS)
    count = len(seconds) // width
    stretches = seconds[len(seconds) - count * width :].reshape(count, width)
    levels = (robust.window_medians(seconds, width, count), stretches.mean(axis=1))
    return count < 2 or any(bool(each[-1] > WORTH_A_LOOK * each.min()) for each in levels)


def _is_steady(y: Array, index: int, times: float) -> bool:
    """Whether levels vary by little beside a step, before it and after it."""
    width = max(1, len(y) // LEVELS)
    parts = (y[min(WARM_UP_POINTS, index // 2) : index], y[index + width :])
    levels = [robust.window_medians(part, width, LEVELS) for part in parts if len(part) >= width]
    return len(levels) == 2 and all(
        float(np.ptp(level)) <= VARIES * np.log(times) for level in levels
    )


def _growing_spikes(seconds: Array, y: Array, least: float) -> Slowdown | None:
    """Steps now and then that take ever longer, until all take longer on average.

    Args:
        seconds: The time of each step.
        y: Its logarithm.
        least: How many times as long they take on average, at least.
    """
    usual = robust.median(y)
    spikes = np.flatnonzero(y > usual + max(SPIKE, HEIGHT * robust.noise_of_points(y)))
    if len(spikes) < LEAST_SPIKES:
        return None
    heights = np.log(seconds[spikes] - np.exp(usual))
    first = _rise(heights)
    if first is None:
        return None
    if robust.median(after(heights, first)) - robust.median(before(heights, first)) < SPIKE:
        return None
    index = int(spikes[first])
    times = float(after(seconds, index).mean() / before(seconds, index).mean())
    return Slowdown(index, times, now_and_then=True) if times >= least else None


def ever_more(seconds: Array) -> Slowdown | None:
    """Looks for steps of which ever more take longer, until all do on average.

    Args:
        seconds: The time of each step; by wall times these may be evaluations, which begin late.
    """
    width = max(excursion.PERSISTENT, len(seconds) // BLOCKS)
    count = len(seconds) // width
    if count < BLOCKS // 2 or not _may_be_slower(seconds):
        return None
    y = np.log(seconds)
    means = np.log(seconds[len(y) - count * width :].reshape(count, width).mean(axis=1))
    first = _rise(means)
    if first is None:
        return None
    longer = robust.median(after(means, first)) - robust.median(before(means, first))
    if longer < np.log(SLOWER_ON_AVERAGE):
        return None
    usual = y[: len(y) - (count - first) * width]
    slow = y > robust.median(usual) + max(SPIKE, HEIGHT * robust.noise_of_points(usual))
    split = robust.least_squares_split(slow.astype(float))
    if np.count_nonzero(np.diff(slow[split:])) < 2 * LEAST_SPIKES:
        return None  # all steps of some hours are slow
    return Slowdown(split + int(np.argmax(slow[split:])), float(np.exp(longer)), now_and_then=True)


def _rise(y: Array) -> int | None:
    """The first value of a rise that lasts; None where there is none, or it is in the warm-up."""
    for level in (y, _without_spikes(y)):
        rise = excursion.find(level, robust.noise_of_points(level))
        if rise is not None:
            break
    else:
        return _step(y) or _climbs(y)
    index = locate_level(level, rise)
    first = min(WARM_UP_POINTS, max(LEAST_LEVEL, len(y) // 8))
    if index >= max(int(WARM_UP * len(y)), first):
        return index
    if not _slows_on(y):
        return None
    return index if index >= first and not _rises_before(y, index) else 1


def _rises_before(y: Array, index: int) -> bool:
    """Whether steps got slower before a point by half as much as in as many steps after it."""
    third = max(1, index // 3)
    before, after = (
        robust.median(part[-third:]) - robust.median(part[:third])
        for part in (y[:index], y[index : 2 * index])
    )
    return bool(before > after / 2)


def _step(y: Array) -> int | None:
    """A step between two levels which noise, pauses, or few points, hide from `excursion`."""
    y = _without_spikes(y)
    index = robust.least_squares_split(y)
    width = max(1, len(y) // PIECES)
    before, after = (robust.window_medians(part, width, PIECES) for part in (y[:index], y[index:]))
    if len(before) < excursion.BEFORE or len(after) < excursion.PERSISTENT:
        return None
    if len(y) < FEW_POINTS:  # whose noise is hardly known: beyond all that they vary by
        return index if after.min() - before.max() > max(np.ptp(before), np.ptp(after)) else None
    apart = after.mean() - before.mean()
    squares = len(before) * before.var() + len(after) * after.var()
    alike = max(1.0, SPIKES / width)  # so many windows have the same points
    error = squares / (len(before) + len(after) - 2) * (1 / len(before) + 1 / len(after))
    error = (alike * error) ** 0.5
    lasts = robust.median(after[-excursion.BEFORE :]) > before.mean() + apart / 2
    return index if apart > STEP * error and lasts else None


def _without_spikes(y: Array) -> Array:
    """Running medians, of which those at both ends have as many points as the others."""
    half = SPIKES // 2
    level = robust.running_median(y, SPIKES)
    level[:half], level[-half:] = level[half], level[-half - 1]
    return level


def _climbs(y: Array) -> int | None:
    """The second value where all of a series rises, from which `excursion` has no level."""
    quarters = robust.window_medians(y, len(y) // 4, 4)
    rises = np.diff(quarters)
    if rises.min() <= 0:
        return None
    error = robust.noise_of_points(y) / (len(y) // 4) ** 0.5
    clear = rises.min() > 2 * error and rises.sum() > 2 * STEP * error
    # What is slow for some hours, and then for some more, comes back in between, or rises at once.
    back = -np.diff(robust.window_medians(y, len(y) // 8, 8)).clip(max=0).sum()
    is_even = back < BACK * rises.sum() and rises.max() < EVEN * rises.sum()
    return 1 if clear and is_even and _slows_on(y) else None


def _slows_on(y: Array) -> bool:
    """Whether steps take ever longer also after the first quarter of the run."""
    late = y[len(y) // 4 :]
    third = len(late) // 3
    slower = robust.median(late[-third:]) - robust.median(late[:third])
    steadily = slower > STEADILY * (
        robust.median(late[-third:]) - robust.median(y[: max(1, len(y) // 10)])
    )
    return bool(slower > np.log(STEADILY_SLOWER if steadily else STILL_SLOWER))


def before(x: Array, index: int) -> Array:
    """The later half of what was before a point, past the warm-up, or else the first points.

    Args:
        x: Values.
        index: The point.
    """
    if index >= LEAST_LEVEL:
        return x[index // 2 : index]
    return x[1 : 1 + max(LASTING // 2, len(x) // PIECES)]


def after(x: Array, index: int) -> Array:
    """The later half of what came after a point: where it went.

    Args:
        x: Values.
        index: The point.
    """
    return x[index + (len(x) - index) // 2 :]
