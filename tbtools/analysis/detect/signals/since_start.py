"""Means since the start of draws: the share of games won so far, logged after each.

Such a mean is carried by its first draws, and hardly moves later on: neither its level nor its
noise says whether anything changed. The draws do, and are known: the mean of n and that of n - 1
tell the n-th. That they are what is measured is seen where they have few values: of any other
series differences of n times a value are all over the place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.excursion import Excursion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# So many points tell what they are means of.
LEAST_POINTS = 24
# Draws have no more values than these, and so many are not the usual one: what was once something
# else, at first, is a mean of nothing.
VALUES = 5
UNUSUAL = 3
# Draws that differ do by so many times what rounding makes of one.
APART = 100.0
# Means are rounded when they are written: to so many digits behind the point, or else by float32.
DIGITS = range(2, 7)
FLOAT32 = 2.0**-23
# Standard errors by which draws are worse from the point on at which they are by the most. Of level
# draws one series in 200 has so many at the most, of up to a thousand draws.
CONFIDENCE = 4.0
# So many draws on each side of it, and so many that vary by their whole range: a few are luck.
LEAST_DRAWS = 10
LEAST_VARIANCE = 2.0


def is_mean(y: Array) -> bool:
    """Whether the values of a series are means since the start of draws of few values.

    Args:
        y: Values.
    """
    # Of most series the first points tell that they are none.
    if len(y) < LEAST_POINTS or not _are_few(*_draws_and_width(y[:LEAST_POINTS])):
        return False
    # What mostly stands still is no mean: it leaps.
    if robust.repeats(y):
        return False
    draws, width = _draws_and_width(y)
    unusual = np.abs(draws - robust.median(draws)) > width
    return bool(np.count_nonzero(unusual) >= UNUSUAL) and _are_few(draws, width)


def got_worse(y: Array) -> Excursion | None:
    """Looks for the point from which on the draws are worse than some before it, up to the end.

    They are compared with the last few, with twice, four times, ... as many before, half as many as
    they are at the least, and with all: they may have become better first.

    Args:
        y: Means since the start, lower is better.
    """
    draws = draws_of(y)
    count = len(draws)
    scatter = float(np.std(draws))
    if scatter <= 0:
        return None
    least = max(LEAST_DRAWS, int(LEAST_VARIANCE * (np.ptp(draws) / scatter) ** 2))
    if count < 2 * least:
        return None
    total = np.concatenate([[0.0], draws.cumsum()])
    splits = np.arange(least, count - least + 1)
    after = (total[-1] - total[splits]) / (count - splits)
    best, low = CONFIDENCE, None
    for length in _lengths(least, count):
        begin = np.maximum(splits - length, 0)
        before = (total[splits] - total[begin]) / (splits - begin)
        error = scatter * (1 / (splits - begin) + 1 / (count - splits)) ** 0.5
        # What is the best of many short stretches was lucky, or the crest of a wave.
        long = 2 * (splits - begin) >= count - splits
        worse = np.where(long, (after - before) / error, 0.0)
        place = int(np.argmax(worse))
        if worse[place] > best:
            best, low = float(worse[place]), int(splits[place]) - 1
    if low is None or not _ends_worse(draws, low + 1):
        return None
    base = float(y[low])
    gap = float(y[-1]) - base
    progress = max(0.0, robust.quantile(y[: low + 1], 0.75) - base)
    return Excursion(gap, base, low, count - 1, 1, gap / best, progress) if gap > 0 else None


def is_luck(y: Array, best: int) -> bool:
    """Whether what was best was the mean of a few draws so far, of which one or two were lucky.

    The mean of the last hundred is one since the start until there are a hundred.

    Args:
        y: Values.
        best: The index of the best of them.
    """
    first = y[: max(LEAST_POINTS, best + 1)]
    if len(first) < LEAST_POINTS:
        return False
    draws, width = _draws_and_width(first)
    usual = robust.median(draws) - width
    if np.ptp(draws) < APART * width or y[best] >= usual:
        return False  # all nearly the same, or no better than what is usual
    lucky = np.count_nonzero(draws[: best + 1] < usual)
    return bool(0 < lucky < UNUSUAL) and _are_few(draws, width)


def draws_of(y: Array) -> Array:
    """The draws of which values are the means since the first.

    Args:
        y: Means.
    """
    return np.diff(np.arange(1, len(y) + 1) * y, prepend=0.0)


def _lengths(least: int, count: int) -> list[int]:
    return [*(least << doubling for doubling in range((count // least).bit_length())), count]


def _ends_worse(draws: Array, split: int) -> bool:
    """Whether the later half of what comes behind a point is worse than as many draws before it."""
    late = draws[(split + len(draws)) // 2 :]
    before = draws[max(0, split - len(late)) : split]
    error = float(np.std(draws)) * (1 / len(late) + 1 / len(before)) ** 0.5
    return bool(late.mean() - before.mean() > CONFIDENCE / 2 * error)


def _draws_and_width(y: Array) -> tuple[Array, float]:
    """The draws, and how much rounding makes of one value."""
    return draws_of(y), 2 * len(y) * _unit(y)


def _unit(y: Array) -> float:
    """The step in which values are rounded, before they were written as float32."""
    exact = FLOAT32 * float(np.abs(y).max())
    for digits in DIGITS:
        if np.abs(y - np.round(y, digits)).max() <= exact:
            return 10.0**-digits
    return exact


def _are_few(draws: Array, width: float) -> bool:
    """Whether draws have few values: groups that are no wider than so much, and as far apart."""
    ordered = np.sort(draws)
    begins = np.concatenate([[0], np.flatnonzero(np.diff(ordered) > width) + 1])
    ends = np.concatenate([begins[1:], [len(ordered)]]) - 1
    return len(begins) <= VALUES and bool((ordered[ends] - ordered[begins] <= width).all())
