"""Robust statistics on blocks of points: what outliers, heavy tails and trends do not move.

Everything here is linear in the number of points, and the later stages see at most some hundred
window medians, so that ten million points cost little more than one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect import _levels_python
from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_loops: ModuleType = compiled_or_python("tbtools.analysis.detect._levels")

MAD_TO_SIGMA = _levels_python.MAD_TO_SIGMA
TINY = _levels_python.TINY
SAMPLE = _levels_python.SAMPLE
ENOUGH_DIFFERENCES = _levels_python.ENOUGH_DIFFERENCES


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


def is_mostly_one(y: Array) -> bool:
    """Whether most points have one value: by medians the others do not exist.

    Args:
        y: Values.
    """
    return bool(2 * np.count_nonzero(y == median(y)) > len(y))


def repeats(y: Array) -> bool:
    """Whether most points have the value of the one before, as schedules and what stands still do.

    Args:
        y: Values.
    """
    return len(y) > 1 and bool(np.mean(np.diff(y) == 0) > 0.5)


def window_medians(y: Array, width: int, count: int) -> Array:
    """Medians of the last `count` windows of `width` points; the last window ends with the data.

    Args:
        y: Values, none of them NaN.
        width: Points in a window.
        count: How many windows at most.

    Returns:
        At most `count` medians, the oldest first; points before the first whole window are left
        out.
    """
    if width == 1:
        return y[max(0, len(y) - count) :]
    found: Array = _loops.medians_of_windows(np.ascontiguousarray(y), width, count)
    return found


def window_means(y: Array, width: int) -> Array:
    """Winsorised means of all windows of `width` points that fit, the last ending with the data.

    Points farther from their window's median than nine in ten are, count as if they were as far as
    these. That is nearly as quiet as a mean, and as hard to move by spikes as a median; and it
    follows a series of two outcomes, won or lost, whose mix changes, which a median does not.

    Args:
        y: Values.
        width: Points in a window.
    """
    if width == 1:
        return y
    found: Array = _loops.means_of_windows(np.ascontiguousarray(y), width)
    return found


def window_quantiles(y: Array, width: int, count: int, q: float) -> Array:
    """The same as `window_medians` for another quantile."""
    whole = min(count, len(y) // width)
    stride = max(1, width // SAMPLE) | 1
    blocks = y[len(y) - whole * width :].reshape(whole, width)[:, ::stride].copy()
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


def records(level: Array, least: float) -> list[int]:
    """The windows that are better than all before by more than a least improvement.

    Args:
        level: Levels, the first of which is the first record.
        least: Less than this is no improvement.
    """
    found: list[int] = _loops.records(level, least)
    return found


def longest_excursion(level: Array, count: int, height: float) -> int:
    """The longest that levels were high and came back: see `_levels_python`."""
    return int(_loops.longest_excursion(level, count, height))


def turning_points(y: Array) -> tuple[int, int]:
    """How many points a series turns at, and of how many: see `_levels_python`."""
    turning, count = _loops.turning_points(y)
    return turning, count


def least_squares_split(y: Array) -> int:
    """The index at which two constants fit a series best: see `_levels_python`."""
    return int(_loops.least_squares_split(np.ascontiguousarray(y)))


def split(level: Array, before: int, after: int) -> tuple[float, int, float]:
    """The split of levels at which things get worst for good: see `_levels_python`."""
    gap, window, base = _loops.split(level, before, after)
    return gap, window, base


def bend(level: Array, centre: float, last: int, worth: float) -> int:
    """The window at which a descent to a constant ends: see `_levels_python`."""
    return int(_loops.bend(level, centre, last, worth))


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
    return float(_loops.point_noise(np.ascontiguousarray(y)))


def noise_of_levels(levels: Array) -> float:
    """Noise of window levels, correlated noise included.

    The larger of two estimates. Residuals from a running median show noise that is correlated over
    some windows; but where a trend is steep they vanish, for a monotone series is its own running
    median. Second differences show noise under any trend, but not its slow part.

    Args:
        levels: Levels of windows, at least one.
    """
    return float(_loops.level_noise(levels))
