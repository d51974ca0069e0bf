"""Where a rise begins: behind the last moment at which the level was as good as before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.onset import LOCAL, Onset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.signals.excursion import Excursion

    Array = NDArray[np.float64]

# What is above the level by noise, and no more than this part of the rise, is as good as there.
STILL_GOOD = 0.05
# Standard errors up to which the mean of a stretch may be the level.
RISEN = 2.0
# Fewer points are no level.
LEAST_POINTS = 5
# Of a part of the rise that comes before its bend so much is surely there, beyond so many standard
# deviations of the best level, and by so many standard errors of its mean.
STAIR = 0.1
BEYOND = 3.0
SURELY = 4.0


def behind_the_last_as_good(y: Array, bend: Onset, rise: Excursion) -> Onset:
    """Moves the bend of a rise to where what comes before has not risen, and what follows has.

    A bend is extrapolated from a line: where a rise becomes slower it lies too early, and of stairs
    it may be that of a later one. The sum of how far points are above the level before has its
    minimum where they begin to be above it (Page 1954).

    Args:
        y: Values, lower is better.
        bend: Where `onset.locate` has found the beginning.
        rise: The rise.
    """
    low = min(rise.low, bend.index)
    if bend.sudden or low < LEAST_POINTS:
        return bend
    y = np.clip(y, rise.base - 0.5 * rise.gap, rise.base + 1.5 * rise.gap)
    half = low + _begins(y[low:], rise.base + rise.gap / 2)
    earlier = _stair(y[low : bend.index], rise)
    if earlier is not None:
        return replace(bend, index=low + earlier)
    later = _still_good(y[:half], bend.index, rise.gap)
    return replace(bend, index=bend.index + later)


def _stair(y: Array, rise: Excursion) -> int | None:
    """Where a part of a rise begins from its best level to its bend; None where there is none."""
    level = rise.base + max(STAIR * rise.gap, BEYOND * rise.noise)
    begin = _begins(y, level)
    part = y[begin:]
    if len(part) < LEAST_POINTS:
        return None
    error = robust.noise_of_levels(part) / len(part) ** 0.5
    return begin if part.mean() - level > SURELY * error else None


def _still_good(y: Array, bend: int, gap: float) -> int:
    """How many points behind the bend of a rise are as good as the best about it."""
    before, y = y[:bend], y[bend:]
    noise = robust.noise_of_levels(before[-LOCAL:])
    good = min(noise, STILL_GOOD * gap)
    some = np.arange(LEAST_POINTS, len(before) + 1)
    means = np.cumsum(before[::-1])[LEAST_POINTS - 1 :] / some
    best = int(np.argmin(means + noise / np.sqrt(some)))
    level, points = float(means[best]), int(some[best])
    begin = _begins(y, level + noise / points**0.5 + good)
    error = noise * (1 / max(1, begin) + 1 / points) ** 0.5
    if not begin or y[:begin].mean() - level > RISEN * error:
        return 0
    # Behind a descent they are better: the rise begins behind the best of them.
    points = min(bend, max(points, begin // 2))
    part = np.concatenate([before[-points:], y[:begin]])
    sums = np.concatenate([[0.0], np.cumsum(part)])
    means = (sums[points:] - sums[:-points]) / points
    best = int(np.argmin(means))
    first = max(0, best - points)
    return first + _begins(y[first:], float(means[best]) + noise / points**0.5 + good)


def _begins(y: Array, level: float) -> int:
    """The point at which values begin to be above a level."""
    return int(np.argmin(np.concatenate([[0.0], np.cumsum(y - level)])))
