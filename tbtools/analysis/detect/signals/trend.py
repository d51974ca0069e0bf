"""Trends of window levels, and their memory of one another."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def trend(levels: Array, spread: float) -> tuple[float, float]:
    """Improvement over a stretch and its standard error.

    The slope is Sen's, the median of the slopes of all pairs. Its error is that of a least-squares
    slope, spread * sqrt(12 / m^3) per window, times the factor sqrt((1 + r) / (1 - r)) by which
    autocorrelation r of the residuals makes it larger.

    Args:
        levels: Levels of m windows.
        spread: Their noise.
    """
    m = len(levels)
    first, second = _pairs(m)
    slope = robust.median((levels[second] - levels[first]) / (second - first))
    residuals = levels - slope * np.arange(m)
    residuals = residuals - robust.median(residuals)
    r = lag_one(np.clip(residuals, -3 * spread, 3 * spread))
    error = spread * np.sqrt(12 / m) * np.sqrt((1 + r) / (1 - r))
    return -slope * (m - 1), float(error)


@lru_cache(maxsize=32)
def _pairs(m: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of m windows; series of one run have the same numbers of them."""
    first, second = np.triu_indices(m, 1)
    return first, second


def lag_one(residuals: Array) -> float:
    """Autocorrelation from one window to the next, between 0 and 0.9."""
    square = float(np.sum(residuals**2))
    if square == 0:
        return 0.0
    return min(0.9, max(0.0, float(np.sum(residuals[1:] * residuals[:-1])) / square))


def autocorrelation(x: Array) -> Array:
    """Autocorrelation of ranks at the lags from 1 to a third of the length.

    Of ranks, so that outliers do not make or hide it.
    """
    # Equal values share a rank: the order in which they came would look like memory.
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2)[place]
    ranks -= ranks.mean()
    square = float(np.sum(ranks**2)) + robust.TINY
    return np.correlate(ranks, ranks, "full")[len(x) : len(x) + len(x) // 3] / square
