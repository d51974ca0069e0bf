"""Trends of window levels, and their memory of one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import robust
from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Circles of two players are seen in windows so fine.
FINE_WINDOWS = 256
# Levels of which each tells so much of the next are no more than so many that tell anything.
INDEPENDENT = 5

# Standard deviations, and part of all pairs, by which what goes one way exceeds what does not.
ORDERED, ONE_WAY = 1.64, 0.5

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


def least_squares(y: Array) -> tuple[float, float]:
    """The same by least squares, for of what mostly has one value the median slope is zero.

    Args:
        y: Values.
    """
    others = y - robust.median(y)
    along = np.linspace(-0.5, 0.5, len(y))
    square = float(along @ along)
    return -float(along @ others) / square + 0.0, float(np.std(others)) / square**0.5


def goes_one_way(y: Array) -> bool:
    """Whether more pairs of points are in the order of what improves than chance has it.

    Kendall's test, one-sided 95 %; of few points half as many more than in the other order will do.

    Args:
        y: Values, lower is better.
    """
    n = len(y)
    pairs = n * (n - 1) / 2
    improves = -float(np.sign(np.triu(y[None, :] - y[:, None])).sum())
    by_chance = (pairs * (2 * n + 5) / 9) ** 0.5
    return bool(improves > min(ONE_WAY * pairs, ORDERED * by_chance))


def wanders(y: Array, tail: Array, descent: float) -> bool:
    """Whether levels move by themselves: not flat, whatever it is.

    Noise, even where it is correlated from one window to the next, has lost its memory two windows
    later and finds it at no later time, as cycles do; and it swings back no more than it swings on,
    which is looked at in finer windows too.

    Args:
        y: The values of the stretch.
        tail: Levels of its windows.
        descent: What was improved before: next to it small movements are flat.
    """
    if robust.quantile(tail, 0.9) - robust.quantile(tail, 0.1) <= 0.1 * descent:
        return False
    correlation = fine = autocorrelation(tail)
    finer = robust.window_means(y, max(1, len(y) // FINE_WINDOWS))
    if len(finer) != len(tail):
        fine = autocorrelation(finer)
    limit = max(0.5, 3 / len(tail) ** 0.5)
    if len(tail) * (1 - correlation[0]) < INDEPENDENT * (1 + correlation[0]):
        return True
    return bool(correlation[1:].max() > limit or min(correlation.min(), fine.min()) < -limit)
