"""Robust statistics on blocks of points: what outliers, heavy tails and trends do not move.

Everything here is linear in the number of points, and the later stages see at most some hundred
window medians, so that ten million points cost little more than one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_loops: ModuleType = compiled_or_python("tbtools.analysis.detect._levels")

# The median of |x| of a standard normal variable is 0.6745.
MAD_TO_SIGMA = 1.482602218505602
# Less than any noise: a divisor instead of zero, to which the largest value has a finite ratio.
TINY = 1e-100
# Points of a window that make its median good enough.
SAMPLE = 1024
# As many differences give the noise to one part in a hundred.
ENOUGH_DIFFERENCES = 20_000


def median(x: Array) -> float:
    """The median of at least one value: np.median without its overhead, which is most of a run's.

    Args:
        x: Values, none of them NaN.
    """
    return float(_loops.median(x))


def quantile(x: Array, q: float) -> float:
    """The value below which a part of the others lies, without interpolation.

    Args:
        x: Values, at least one, none of them NaN.
        q: The part, from 0 to 1.
    """
    return float(_loops.quantile(x, int(q * (len(x) - 1) + 0.5)))


def row_medians(rows: Array) -> Array:
    """Medians along the last axis of an array that may be changed.

    Args:
        rows: Values, none of them NaN.
    """
    width = rows.shape[-1]
    half = width // 2
    if width % 2:
        rows.partition(half, axis=-1)
        return rows[..., half].copy()
    rows.partition([half - 1, half], axis=-1)
    return np.asarray(rows[..., half - 1] / 2 + rows[..., half] / 2)


def _blocks(y: Array, width: int, count: int) -> Array:
    """The last windows as rows of a new matrix; of long windows an even sample of the points.

    The sample makes a median no noisier than a thirtieth of a point's noise, and ten million points
    no slower than one.
    """
    points = y.shape[-1]
    whole = min(count, points // width)
    stride = max(1, width // SAMPLE) | 1
    windows = y[..., points - whole * width :].reshape(*y.shape[:-1], whole, width)
    return windows[..., ::stride].copy()


def window_medians(y: Array, width: int, count: int) -> Array:
    """Medians of the last `count` windows of `width` points; the last window ends with the data.

    Args:
        y: Values along the last axis, of one series or of many.
        width: Points in a window.
        count: How many windows at most.

    Returns:
        At most `count` medians, the oldest first; points before the first whole window are left
        out.
    """
    if width == 1:
        return y[..., max(0, y.shape[-1] - count) :]
    return row_medians(_blocks(y, width, count))


def window_means(y: Array, width: int) -> Array:
    """Winsorised means of all windows of `width` points that fit, the last ending with the data.

    Points farther from their window's median than nine in ten are, count as if they were as far as
    these. That is nearly as quiet as a mean, and as hard to move by spikes as a median; and it
    follows a series of two outcomes, won or lost, whose mix changes, which a median does not.

    Args:
        y: Values.
        width: Points in a window.
    """
    count = len(y) // width
    medians = window_medians(y, width, count)
    if width == 1:
        return medians
    distances = y[len(y) - count * width :].reshape(count, width) - medians[:, None]
    some = distances.ravel()[:: max(1, distances.size // ENOUGH_DIFFERENCES)]
    low, high = quantile(some, 0.05), quantile(some, 0.95)
    return np.asarray(medians + np.clip(distances, low, high).mean(axis=1))


def window_quantiles(y: Array, width: int, count: int, q: float) -> Array:
    """The same as `window_medians` for another quantile."""
    blocks = _blocks(y, width, count)
    at = min(blocks.shape[1] - 1, int(q * blocks.shape[1]))
    blocks.partition(at, axis=1)
    return blocks[:, at].copy()


def running_median(y: Array, width: int) -> Array:
    """Centred running median of odd width; the ends repeat the first and last values.

    Args:
        y: Values, at least one.
        width: Odd number of points.
    """
    found: Array = _loops.running_median(y, width)
    return found


def first_level(level: Array, spread: float, departure: float, least: int) -> int:
    """The earliest window from which on levels stay about their median: see `_levels_python`."""
    return int(_loops.first_level(level, spread, departure, least))


def sigma(residuals: Array) -> float:
    """Standard deviation of noise about zero, from the median of its absolute values."""
    return MAD_TO_SIGMA * median(np.abs(residuals)) if len(residuals) else 0.0


def noise_of_points(y: Array) -> float:
    """Noise of single points: from second differences, in which a trend does not show.

    Where more than half of them are zero (accuracies of few classes, rewards at a cap) their root
    mean square is taken instead of their median, without the largest twentieth.

    Args:
        y: Values.
    """
    if len(y) < 3:
        return 0.0
    starts = np.arange(0, len(y) - 2, max(1, len(y) // ENOUGH_DIFFERENCES))
    differences = np.abs(y[starts] - 2 * y[starts + 1] + y[starts + 2])
    # The second difference of white noise has six times its variance.
    robust = MAD_TO_SIGMA * median(differences) / 6**0.5
    if robust > 0:
        return robust
    kept = np.sort(differences)[: max(1, int(0.95 * len(differences)))]
    return float(np.sqrt(np.mean(kept**2) / 6))


def noise_of_levels(levels: Array) -> float:
    """Noise of window levels, correlated noise included.

    The larger of two estimates. Residuals from a running median show noise that is correlated over
    some windows; but where a trend is steep they vanish, for a monotone series is its own running
    median. Second differences show noise under any trend, but not its slow part.

    Args:
        levels: Levels of windows, at least one.
    """
    width = max(5, len(levels) // 5 | 1)
    # Of fewer levels the ends, where the running median stands still, would be most.
    slow = sigma(levels - running_median(levels, width)) if len(levels) >= 16 else 0.0
    fast = sigma(np.diff(levels, 2)) / 6**0.5
    return max(slow, fast)
