"""Fewer points of a time series for the screen, so that it looks the same and can be smoothed.

MinMaxLTTB (Van Der Donckt, Van Der Donckt & Van Hoecke, "MinMaxLTTB: Leveraging MinMax-Preselection
to Scale LTTB", IEEE VIS 2023) chooses the points, by the package tsdownsample: of each stretch of
equally many points the one that spans the largest triangle with its neighbours. To these are added
the smallest and the greatest value of all, and the ends of every stretch of values that are not
finite.

What lies between two kept points goes into two numbers, how many finite values and their mean. From
these the page smooths the curve almost as if all points were there: n values between two kept
points are taken as if each were their mean, so that n steps of the exponential moving average
become one, s ← s wⁿ + (1 - wⁿ) mean. Where no gap holds more than one point, this is the smoothing
of all points; elsewhere it errs by what their order inside a gap matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.prominent import prominent
from tbtools.errors import InvalidArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So many kept points, at most, are ends of stretches that are not finite, as a part of all kept.
_NONFINITE_PART = 4


@dataclass(frozen=True, slots=True, eq=False)
class Thinned:
    """The points that are kept of a series, and what lies before each of them.

    Attributes:
        kept: int64 indices into the series, increasing; shape (n,).
        gap_count: int64, how many finite values lie between a kept point and the one kept before.
        gap_mean: float64, their mean; 0 where there are none.
    """

    kept: NDArray[np.int64]
    gap_count: NDArray[np.int64]
    gap_mean: NDArray[np.float64]


def thin(values: NDArray[np.float64], points: int) -> Thinned:
    """Chooses the points of a series that are worth drawing.

    Args:
        values: The series, float64; NaN and infinities are kept where they begin and end.
        points: How many points there may be, about: the first, the last, the extremes and the ends
            of non-finite stretches come on top. At least 16.

    Raises:
        InvalidArgument: `points` is less than 16.
    """
    if points < 16:
        raise InvalidArgument(f"a series is thinned to 16 points at least, not {points}")
    if len(values) <= points:
        kept = np.arange(len(values))
    else:
        finite = np.isfinite(values)
        nonfinite = _nonfinite_ends(finite, points // _NONFINITE_PART)
        kept = np.union1d(nonfinite, prominent(values, finite, points - len(nonfinite)))
    return Thinned(kept, *gap_means(values, kept))


def _nonfinite_ends(finite: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """The first and last point of each non-finite stretch; of too many stretches, evenly many."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], finite, [True]]).astype(np.int8)))
    first, last = edges[::2], edges[1::2] - 1
    if 2 * len(first) > most:
        chosen = np.unique(np.linspace(0, len(first) - 1, most // 2).astype(np.int64))
        first, last = first[chosen], last[chosen]
    ends: NDArray[np.int64] = np.union1d(first, last)
    return ends


def gap_means(
    values: NDArray[np.float64], kept: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count and mean of the finite values between each kept point and the one before it.

    Args:
        values: float64, shape (m,).
        kept: int64 indices into them, increasing, shape (n,).

    Returns:
        int64 and float64, shape (n,); the mean is 0 where there are none.
    """
    others = np.isfinite(values)
    others[kept] = False
    count = np.diff(np.concatenate([[0], np.cumsum(others)[kept]]))
    mean = np.zeros(len(kept))
    filled = count > 0
    if filled.any():
        # The others, one behind the other, begin anew for each kept point that has some.
        firsts = (np.cumsum(count) - count)[filled]
        mean[filled] = _stretch_means(values[others], firsts, count[filled])
    return count, mean


def _stretch_means(
    values: NDArray[np.float64], firsts: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Means of neighbouring stretches, the last of which may end before the values do."""
    part = values[: firsts[-1] + counts[-1]] / np.repeat(counts, counts)  # a sum may overflow
    means: NDArray[np.float64] = np.add.reduceat(part, firsts)
    return means
