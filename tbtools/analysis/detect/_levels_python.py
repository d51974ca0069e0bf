"""What is asked of levels again and again, with NumPy; `_levels.pyx` is the same, compiled."""

from __future__ import annotations

import bisect
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Fewer values are sorted faster than a partition is set up.
SORTED = 256


def median(x: Array) -> float:
    """The median of at least one value: np.median without its overhead.

    Args:
        x: Values, none of them NaN.
    """
    half = len(x) // 2
    ordered = np.sort(x) if len(x) < SORTED else np.partition(x, [half - 1, half])
    # Halved first: the sum of two large values may not be finite.
    return float(ordered[half] if len(x) % 2 else ordered[half - 1] / 2 + ordered[half] / 2)


def quantile(x: Array, place: int) -> float:
    """The value at some place when all are in order.

    Args:
        x: Values, none of them NaN.
        place: From 0 on.
    """
    return float((np.sort(x) if len(x) < SORTED else np.partition(x, place))[place])


def running_median(x: Array, width: int) -> Array:
    """Centred running median; the ends repeat the first and last values.

    Args:
        x: Values, at least one.
        width: Odd number of points.
    """
    half = width // 2
    padded = np.concatenate([np.full(half, x[0]), x, np.full(half, x[-1])])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width).copy()
    windows.partition(half, axis=1)
    return windows[:, half].copy()


def first_level(level: Array, spread: float, departure: float, least: int) -> int:
    """The earliest window from which on no beginning lies well above the median to the end.

    Args:
        level: Levels of windows.
        spread: Their noise.
        departure: How far the sum of so many levels may lie above, in noise times their root.
        least: How many windows are left at least.

    Returns:
        Its index, or how many there are where there is none.
    """
    middles = _medians_to_the_end(level)[: 1 - least]
    if not middles:
        return len(level)
    windows, outside = _beginnings(len(level), least)
    excess = level[windows] - np.array(middles)[:, None]
    # A row a window: sums that are small enough, or beyond the half of what is left.
    sums = np.minimum(np.maximum(excess, -4 * spread), 4 * spread).cumsum(axis=1)
    limits = departure * spread * np.sqrt(np.arange(1, sums.shape[1] + 1))
    flat = ((sums <= limits) | outside).all(axis=1)
    return int(np.argmax(flat)) if flat.any() else len(level)


@lru_cache(maxsize=32)
def _beginnings(count: int, least: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Of each window those of the first half of what is left, and which lie beyond that."""
    onsets = np.arange(count + 1 - least)[:, None]
    places = np.arange((count + 1) // 2)
    outside = places >= (count - onsets + 1) // 2
    return np.where(outside, 0, onsets + places), outside


def _medians_to_the_end(level: Array) -> list[float]:
    """The median of the levels from each window to the last."""
    ordered: list[float] = []
    medians = []
    for value in level[::-1].tolist():
        bisect.insort(ordered, value)
        half = len(ordered) // 2
        medians.append(
            ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
        )
    return medians[::-1]
