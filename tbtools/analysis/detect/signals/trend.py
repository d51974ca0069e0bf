"""Trends of window levels, and their memory of one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_loops: ModuleType = compiled_or_python("tbtools.analysis.detect._levels")


def trend(levels: Array, spread: float) -> tuple[float, float]:
    """Improvement over a stretch and its standard error.

    The slope is Sen's, the median of the slopes of all pairs. Its error is that of a least-squares
    slope, spread * sqrt(12 / m^3) per window, times the factor sqrt((1 + r) / (1 - r)) by which
    autocorrelation r of the residuals makes it larger.

    Args:
        levels: Levels of m windows.
        spread: Their noise.
    """
    improvement, error = _loops.trend(levels, spread)
    return improvement, error


def lag_one(residuals: Array) -> float:
    """Autocorrelation from one window to the next, between 0 and 0.9."""
    return float(_loops.lag_one(residuals))


def autocorrelation(x: Array) -> Array:
    """Autocorrelation of ranks at the lags from 1 to a third of the length.

    Of ranks, so that outliers do not make or hide it.
    """
    found: Array = _loops.autocorrelation(x)
    return found
