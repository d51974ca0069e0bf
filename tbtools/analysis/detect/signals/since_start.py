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
from tbtools.analysis.detect.signals.excursion import BEFORE, PERSISTENT, Excursion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# So many points tell what they are means of; of more, rounding leaves too little.
LEAST_POINTS, MOST_POINTS = 24, 64
# Draws that differ by less than this part of the largest mean are one value, for means are rounded
# when they are written; there are no more values than these.
SAME = 0.05
VALUES = 5
# What is measured itself is its own draw: nearly all draws are farther than that from their mean.
APART = 0.9
# Later on a mean moves by no more than such draws move it, but for rounding.
ROUNDING = 1.1
# Standard errors by which draws are worse from the point on at which they are by the most. Of some
# hundred that are no worse one series in 250 has so many.
CONFIDENCE = 4.0


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
    same = SAME * float(np.abs(first).max())
    few = len(np.unique(np.round(draws / same))) <= VALUES
    apart = np.abs(draws - first) > SAME * np.maximum(np.abs(draws), np.abs(first))
    if not few or apart[int(np.argmax(first != first[0])) :].mean() < APART:
        return False
    later = np.abs(np.diff(y)) * np.arange(2, len(y) + 1)
    return bool(later.max() <= ROUNDING * np.ptp(draws))


def got_worse(y: Array) -> Excursion | None:
    """Looks for the point from which on the draws are worse, up to the end.

    Args:
        y: Means since the start, lower is better.
    """
    draws = _draws(y)
    count = np.arange(1, len(draws))
    before = draws.cumsum()[:-1] / count
    after = (draws.sum() - draws.cumsum()[:-1]) / (len(draws) - count)
    error = float(np.std(draws)) * (1 / count + 1 / (len(draws) - count)) ** 0.5
    worse = ((after - before) / error)[BEFORE - 1 : -PERSISTENT]
    if not len(worse) or worse.max() <= CONFIDENCE:
        return None
    low = BEFORE - 1 + int(np.argmax(worse))
    base, end = float(y[low]), float(y[-1])
    progress = max(0.0, robust.quantile(y[: low + 1], 0.75) - base)
    return Excursion(end - base, base, low, len(y) - 1, 1, float(error[low]), progress)


def _draws(y: Array) -> Array:
    return np.diff(np.arange(1, len(y) + 1) * y, prepend=0.0)
