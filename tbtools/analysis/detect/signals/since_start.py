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

# So many points tell what they are means of; of more, rounding leaves too little.
LEAST_POINTS, MOST_POINTS = 24, 40
# Draws are one value within this part of the usual mean, for means are rounded when they are
# written; there are no more values than these.
SAME = 0.1
VALUES = 5
# What is measured itself is its own draw: nearly all draws are farther from their mean than this
# part of them.
APART, OFF = 0.9, 0.05
# Later on a mean moves by no more than such draws move it, but for rounding.
ROUNDING = 1.1
# Standard errors by which draws are worse from the point on at which they are by the most. Of level
# draws one series in 250 has so many, of up to 300; of a thousand one in 40.
CONFIDENCE = 4.5
# So many draws on each side of it, and so many that vary by their whole range: a few are luck.
LEAST_DRAWS = 10
LEAST_VARIANCE = 2.0


def is_mean(y: Array) -> bool:
    """Whether the values of a series are means since the start of draws of few values.

    Args:
        y: Values.
    """
    first = y[:MOST_POINTS]
    # What mostly stands still is no mean: it leaps.
    if len(y) < LEAST_POINTS or robust.repeats(first):
        return False
    draws = _draws(first)
    apart = np.abs(draws - first) > OFF * np.maximum(np.abs(draws), np.abs(first))
    if apart[int(np.argmax(first != first[0])) :].mean() < APART:
        return False
    if not _are_few(draws, SAME * robust.median(np.abs(first))):
        return False
    later = np.abs(np.diff(y)) * np.arange(2, len(y) + 1)
    return bool(later.max() <= ROUNDING * np.ptp(draws))


def got_worse(y: Array) -> Excursion | None:
    """Looks for the point from which on the draws are worse than some before it, up to the end.

    They are compared with the last few, with twice, four times, ... as many before, and with all:
    they may have become better first.

    Args:
        y: Means since the start, lower is better.
    """
    draws = _draws(y)
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
        worse = (after - before) / error
        place = int(np.argmax(worse))
        if worse[place] > best:
            best, low = float(worse[place]), int(splits[place]) - 1
    if low is None:
        return None
    base = float(y[low])
    gap = float(y[-1]) - base
    progress = max(0.0, robust.quantile(y[: low + 1], 0.75) - base)
    return Excursion(gap, base, low, count - 1, 1, gap / best, progress) if gap > 0 else None


def _lengths(least: int, count: int) -> list[int]:
    doublings = range(max(0, (count // least).bit_length()))
    return [*(least << doubling for doubling in doublings), count]


def _are_few(draws: Array, width: float) -> bool:
    """Whether draws have few values: groups that are no wider than so much, and as far apart."""
    ordered = np.sort(draws)
    begins = np.concatenate([[0], np.flatnonzero(np.diff(ordered) > width) + 1])
    ends = np.concatenate([begins[1:], [len(ordered)]]) - 1
    return len(begins) <= VALUES and bool((ordered[ends] - ordered[begins] <= width).all())


def _draws(y: Array) -> Array:
    return np.diff(np.arange(1, len(y) + 1) * y, prepend=0.0)
