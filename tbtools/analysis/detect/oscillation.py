"""Oscillation that grows: the median stays where it was, but the points leave it on both sides.

It is an excursion again, not of the values but of the logarithm of their distance from the local
mean. What counts as growing noise is therefore judged by the same rule as what counts as rising
loss: beyond what noise does by itself, for good, and without precedent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect import excursion, robust
from tbtools.analysis.detect.onset import locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.excursion import Excursion
    from tbtools.analysis.detect.onset import Onset

    Array = NDArray[np.float64]

# Blocks over the series: a wave is seen if its period is no longer than two of them.
BLOCKS = 24
# Fewer points in a block have no spread.
LEAST_POINTS = 4
# Fewer blocks have no trend.
LEAST_BLOCKS = 8
# The distance grows at least to three times what it was.
LEAST = float(np.log(3.0))
# The worse side has to get worse too: a standard error less will do.
CONFIDENCE = excursion.CONFIDENCE - 1
# The worse side is where a quarter of the points are worse: a sine is there at 0.71 of its height,
# and isolated spikes do not reach it.
WORSE_SIDE = 0.75


@dataclass(frozen=True)
class Oscillation:
    """An oscillation that grows to the end.

    Attributes:
        onset: Where it begins.
        before: The worse side of the points at its best, before.
        after: The worse side at the end.
        times: By how much the points' distance from their local mean has grown.
        standard_errors: How far that is beyond the noise.
    """

    onset: Onset
    before: float
    after: float
    times: float
    standard_errors: float


def find(y: Array, noise: float) -> Oscillation | None:
    """Looks for an oscillation that grows until the worse side of the points is worse for good.

    Args:
        y: Values, lower is better.
        noise: Noise of single points.
    """
    width = max(LEAST_POINTS, len(y) // BLOCKS)
    if len(y) < LEAST_BLOCKS * width:
        return None
    worse = robust.window_quantiles(y, width, len(y) // width, WORSE_SIDE)
    better = robust.window_quantiles(y, width, len(y) // width, 1 - WORSE_SIDE)
    swings = worse - better
    swing = robust.median(swings[-3:])
    if swing < 2 * excursion.smoothed(swings).min():
        return None
    distance = _log_distance(y, width, noise)
    growth = excursion.find(distance, LEAST, confidence=CONFIDENCE)
    if growth is None:
        return None
    onset = locate(np.exp(distance), _in_linear_units(growth))
    first = max(1, (onset.index - (len(y) - len(worse) * width)) // width)
    before, after = float(worse[:first].min()), robust.median(worse[-3:])
    achieved = excursion.progress(worse[:first], before)
    on_both_sides = (worse[-3:] > before + noise) & (better[-3:] < before)
    least = max(3 * noise, 2 * excursion.EFFECT * achieved)
    if np.count_nonzero(on_both_sides) < 2 or swing < least:
        return None
    return Oscillation(onset, before, after, float(np.exp(growth.gap)), growth.gap / growth.noise)


def _in_linear_units(growth: Excursion) -> Excursion:
    """The same growth of the distance itself, which begins to grow where its logarithm leaps."""
    base = float(np.exp(growth.base))
    return replace(growth, base=base, gap=float(np.expm1(growth.gap)) * base)


def _log_distance(y: Array, width: int, noise: float) -> Array:
    """Logarithm of each point's distance from the mean of its block; noise keeps it finite.

    The mean and not the median, which of points that swing between two sides is on either.
    """
    blocks = robust.window_means(y, width)
    ahead = len(y) - len(blocks) * width
    local = np.concatenate([np.full(ahead, blocks[0]), np.repeat(blocks, width)])
    return np.asarray(np.log(np.abs(y - local) + 0.1 * noise + robust.TINY))
