"""Smoothing of one series as an array: what each method computes.

Non-finite points pass through all of them as they are, and the points around them are smoothed as
if they were not there. A series whose values are all the same is left unchanged.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import InvalidArgument, MissingExtra
from tbtools.extensions import compiled_or_python
from tbtools.runs.numbers import is_number
from tbtools.vocabulary import SMOOTHING_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from tbtools.vocabulary import SmoothingMethod

    Floats = NDArray[np.float64]


# W&B counts its axis in this many units from the first x to the last (docs.wandb.ai, "Smooth line
# plots": VIEWPORT_SCALE), and lets no weight exceed the second number.
_VIEWPORT = 1000.0
_GREATEST_WANDB_WEIGHT = 0.999
_SAVGOL_DEGREE = 2


_loops = compiled_or_python("tbtools.analysis._ema")


def window_of(weight: float) -> float:
    """How many points a plain mean takes that leaves as much noise as a moving average.

    Of independent noise, an exponential moving average leaves the fraction (1 - w) / (1 + w) of the
    variance, a mean over N points 1 / N.

    Args:
        weight: The smoothing weight w, 0 to 1.

    Returns:
        N, at least 1.
    """
    return (1.0 + weight) / (1.0 - weight)


def smooth_values(
    values: Floats,
    x: Floats | None = None,
    *,
    method: SmoothingMethod = "ema",
    weight: float = 0.6,
    window: float | None = None,
) -> Floats:
    """Smooths one series.

    Args:
        values: float64, shape (n,), in the order written.
        x: float64, shape (n,): where the points lie, for ``time_weighted_ema`` alone; evenly spaced
            where not given.
        method: One of `SMOOTHING_METHODS`.
        weight: The smoothing weight, 0 (none) to below 1.
        window: How many points a window has, for the methods that have one: by default as many as
            leave the noise that the weight leaves (`window_of`).

    Returns:
        float64, shape (n,).

    Raises:
        InvalidArgument: There is no such method, weight or window.
        MissingExtra: ``gaussian`` and ``savgol`` need scipy.
    """
    check_smoothing(method, weight, window)
    finite = np.isfinite(values)
    whole = bool(finite.all())
    points = np.ascontiguousarray(values if whole else values[finite], np.float64)
    if points.size == 0 or bool((points == points[0]).all()):
        return values.astype(np.float64)
    if method == "ema":
        smoothed = _ema(points, weight)
    elif method == "time_weighted_ema":
        places = np.arange(len(values), dtype=np.float64) if x is None else x
        smoothed = _time_weighted_ema(points, places[finite], weight)
    else:
        smoothed = _WINDOWED[method](points, window_of(weight) if window is None else window)
    if whole:
        return smoothed
    result = values.astype(np.float64)
    result[finite] = smoothed
    return result


def check_smoothing(method: str, weight: float, window: float | None) -> None:
    """Refuses what makes no sense, before anything is read.

    Raises:
        InvalidArgument: There is no such method, weight or window.
    """
    if method not in SMOOTHING_METHODS:
        raise InvalidArgument(f"no method {method!r}; there are {', '.join(SMOOTHING_METHODS)}")
    if not (is_number(weight) and 0.0 <= weight < 1.0):
        raise InvalidArgument(f"weight {weight} is not at least 0 and below 1")
    if window is None:
        return
    if method not in _WINDOWED:
        raise InvalidArgument(f"{method} has a weight and no window")
    if not (is_number(window) and window >= 1.0 and math.isfinite(window)):
        raise InvalidArgument(f"window {window} is not at least 1 point")


def _ema(points: Floats, weight: float) -> Floats:
    smoothed = np.empty_like(points)
    _loops.debiased(points, float(weight), smoothed)
    return smoothed


def _time_weighted_ema(points: Floats, x: Floats, weight: float) -> Floats:
    """W&B's time-weighted moving average: the memory decays with the distance to the last point.

    Points are taken in the order written. What x rises by from one point to the next is their
    distance; where it falls, as the steps of a counter do that restarts each epoch, and where it is
    not known, there is none. All distances together count as 1,000 units (where x never falls that
    is the reach from its first to its last value), and from one unit to the next the memory decays
    by the square root of the weight.
    """
    known = np.flatnonzero(np.isfinite(x))
    distance = np.zeros(len(x))
    distance[known[1:]] = np.maximum(np.diff(x[known]), 0.0)
    reach = float(distance.sum())
    if reach > 0.0:
        distance *= _VIEWPORT / reach
    decays = np.power(min(math.sqrt(weight), _GREATEST_WANDB_WEIGHT), distance)
    smoothed = np.empty_like(points)
    _loops.decaying(points, decays, smoothed)
    return smoothed


def _gaussian(points: Floats, window: float) -> Floats:
    """A Gaussian kernel that leaves the noise of a mean over the window: sigma = N / (2 √π).

    At the ends, the weights of points that do not exist go to those that do.
    """
    ndimage = _scipy("gaussian smoothing", "ndimage")
    sigma = window / (2.0 * math.sqrt(math.pi))
    options = {"sigma": sigma, "mode": "constant", "cval": 0.0}
    total: Floats = ndimage.gaussian_filter1d(points, **options)
    weights: Floats = ndimage.gaussian_filter1d(np.ones_like(points), **options)
    return total / weights


def _odd(window: float, count: int) -> int:
    """The nearest odd number of points, and no more than there are."""
    nearest = 2 * round((window - 1.0) / 2.0) + 1
    return min(nearest, count if count % 2 else count - 1)


def _rolling(points: Floats, window: float) -> Floats:
    return _centred(points, window, "mean")


def _median(points: Floats, window: float) -> Floats:
    return _centred(points, window, "median")


def _centred(points: Floats, window: float, reduction: str) -> Floats:
    """A centred window, of which at the ends only the points that exist count."""
    import pandas as pd

    rolling = pd.Series(points).rolling(_odd(window, len(points)), center=True, min_periods=1)
    smoothed: Floats = getattr(rolling, reduction)().to_numpy()
    return smoothed


def _savgol(points: Floats, window: float) -> Floats:
    """Savitzky and Golay: the middle of a parabola fitted to each window; the last one's ends."""
    size = _odd(window, len(points))
    if size <= _SAVGOL_DEGREE:
        return points
    signal = _scipy("savgol smoothing", "signal")
    smoothed: Floats = signal.savgol_filter(points, size, _SAVGOL_DEGREE, mode="interp")
    return smoothed


def _scipy(purpose: str, module: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(f"scipy.{module}")
    except ModuleNotFoundError as error:
        raise MissingExtra(purpose, "analysis") from error


_WINDOWED: dict[str, Callable[[Floats, float], Floats]] = {
    "gaussian": _gaussian,
    "median": _median,
    "rolling": _rolling,
    "savgol": _savgol,
}
