"""What is asked of levels again and again, with NumPy; `_levels.pyx` is the same, compiled."""

from __future__ import annotations

import bisect
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.numbers import stretches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# The median of |x| of a standard normal variable is 0.6745.
MAD_TO_SIGMA = 1.482602218505602
# Less than any noise: a divisor instead of zero, to which the largest value has a finite ratio.
TINY = 1e-100
# Points of a window that make its median good enough.
SAMPLE = 1024
# As many differences give the noise to one part in a hundred.
ENOUGH_DIFFERENCES = 20_000
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


def medians_of_windows(y: Array, width: int, count: int) -> Array:
    """Medians of the last `count` windows of `width` points; the last window ends with the data.

    Of long windows an even sample of the points is taken: that makes a median no noisier than a
    thirtieth of a point's noise, and ten million points no slower than one.

    Args:
        y: Values, none of them NaN.
        width: Points in a window.
        count: How many windows at most.
    """
    whole = min(count, len(y) // width)
    windows = y[len(y) - whole * width :].reshape(whole, width)
    if width == 1:
        return windows[:, 0]
    rows = windows[:, :: max(1, width // SAMPLE) | 1].copy()
    half = rows.shape[1] // 2
    if rows.shape[1] % 2:
        rows.partition(half, axis=1)
        return rows[:, half].copy()
    rows.partition([half - 1, half], axis=1)
    return np.asarray(rows[:, half - 1] / 2 + rows[:, half] / 2)


def means_of_windows(y: Array, width: int) -> Array:
    """Winsorised means of all windows of `width` points that fit, the last ending with the data.

    Args:
        y: Values, none of them NaN.
        width: Points in a window.
    """
    count = len(y) // width
    medians = medians_of_windows(y, width, count)
    if width == 1:
        return medians
    distances = y[len(y) - count * width :].reshape(count, width) - medians[:, None]
    some = distances.ravel()[:: max(1, distances.size // ENOUGH_DIFFERENCES)]
    low, high = (quantile(some, int(q * (len(some) - 1) + 0.5)) for q in (0.05, 0.95))
    return np.asarray(medians + np.clip(distances, low, high).mean(axis=1))


def sigma(residuals: Array) -> float:
    """Standard deviation of noise about zero, from the median of its absolute values."""
    return MAD_TO_SIGMA * median(np.abs(residuals)) if len(residuals) else 0.0


def point_noise(y: Array) -> float:
    """Noise of single points, from second differences.

    Args:
        y: Values, none of them NaN.
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


def level_noise(levels: Array) -> float:
    """Noise of levels: the larger one of their residuals and of their second differences.

    Args:
        levels: Levels of windows, none of them NaN.
    """
    width = max(5, len(levels) // 5 | 1)
    # Of fewer levels the ends, where the running median stands still, would be most.
    slow = sigma(levels - running_median(levels, width)) if len(levels) >= 16 else 0.0
    fast = sigma(np.diff(levels, 2)) / 6**0.5
    return max(slow, fast)


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


def records(level: Array, least: float) -> list[int]:
    """The levels that are better than all before by more than a least improvement.

    Args:
        level: Levels, the first of which is the first record.
        least: Less than this is no improvement.
    """
    found = [0]
    best = float(level[0])
    for i, value in enumerate(level.tolist()):
        if value < best - least:
            best = value
            found.append(i)
    return found


def longest_excursion(level: Array, count: int, height: float) -> int:
    """How many levels in a row, smoothed, were high at most, before they came back.

    Args:
        level: Levels of windows.
        count: How many of them, from the first on, are looked at; at least one.
        height: What lies so far above the best level before it is high.
    """
    smooth = running_median(level, 3)[:count]
    high = smooth - np.minimum.accumulate(smooth) > height
    begins, ends = stretches(high)
    lengths = ends - begins
    return int((lengths[:-1] if high[-1] else lengths).max(initial=0))


def turning_points(y: Array) -> tuple[int, int]:
    """At how many points values go the other way, and at how many they might.

    Args:
        y: Values, of which repetitions are left out.
    """
    change = np.diff(y)
    rises = change[change != 0] > 0
    return int(np.count_nonzero(rises[1:] != rises[:-1])), max(0, len(rises) - 1)


def least_squares_split(y: Array) -> int:
    """The index at which two constants fit a series best, by least squares.

    Args:
        y: At least two values.

    Returns:
        Index of the first value of the second part.
    """
    n = len(y)
    sums = np.cumsum(y - y.mean())[:-1]
    sizes = np.arange(1, n)
    # With the mean removed, the sum of squares explained by a split after k values is
    # s_k^2 (1/k + 1/(n - k)).
    return int(np.argmax(sums**2 * (1 / sizes + 1 / (n - sizes)))) + 1


def split(level: Array, before: int, after: int) -> tuple[float, int, float]:
    """The split of some levels, smoothed, at which the best one after it is worst.

    Args:
        level: Levels of windows.
        before: How many are before it at least,
        after: and how many after.

    Returns:
        By how much that is worse than the best one before, the first window after, and that best.
    """
    smooth = running_median(level, 3)
    splits = slice(before, len(smooth) - after + 1)
    best_after = np.minimum.accumulate(smooth[::-1])[::-1][splits]
    best_before = np.minimum.accumulate(smooth)[before - 1 : splits.stop - 1]
    gaps = best_after - best_before
    at = int(np.argmax(gaps))
    return float(gaps[at]), before + at, float(best_before[at])


def bend(level: Array, centre: float, last: int, worth: float) -> int:
    """Where a descent to a constant ends, by least squares.

    Args:
        level: Levels of windows, smoothed by a running median of three here.
        centre: The constant.
        last: How many windows the descent may have at most.
        worth: By how much of the squares a step, or a parabola, which meets the constant without a
            bend, must be better than a line; infinity for a line.
    """
    excess = running_median(level, 3) - centre
    at = np.arange(1, last + 1)
    # For each bend the products of what came before it with a step, a line and a parabola that end
    # there are running sums, running sums of these, and so on: k^2 = 2 (1 + 2 + ... + k) - k.
    step = np.cumsum(excess)
    line = np.cumsum(step)
    parabola = 2 * np.cumsum(line) - line
    explained = _explained(line, at, at * (at + 1) * (2 * at + 1) / 6)
    best, found = explained.max(), int(np.argmax(explained))
    fourth = at * (at + 1) * (2 * at + 1) * (3 * at**2 + 3 * at - 1) / 30
    for model, squares in ((step, at), (parabola, fourth)):
        explained = _explained(model, at, squares)
        if explained.max() > best + worth:
            best, found = explained.max(), int(np.argmax(explained))
    return found + 1


def _explained(product: Array, at: NDArray[np.intp], squares: NDArray[Any]) -> Array:
    """The sum of squares that a positive multiple of a model explains, for each of its ends.

    Args:
        product: Of the values with the model that ends after each of them.
        at: The ends that are asked for.
        squares: The sum of the squares of the models.
    """
    return np.asarray(np.maximum(product[at - 1], 0) ** 2 / squares)


def trend(levels: Array, spread: float) -> tuple[float, float]:
    """Improvement over a stretch and its standard error: see `signals.trend`.

    Args:
        levels: Levels of windows, at least two.
        spread: Their noise.
    """
    m = len(levels)
    first, second = _pairs(m)
    slope = median((levels[second] - levels[first]) / (second - first))
    residuals = levels - slope * np.arange(m)
    residuals = residuals - median(residuals)
    r = lag_one(np.clip(residuals, -3 * spread, 3 * spread))
    error = spread * np.sqrt(12 / m) * np.sqrt((1 + r) / (1 - r))
    return 0.0 - slope * (m - 1), float(error)  # never -0.0


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
    """Autocorrelation of ranks at the lags from 1 to a third of the length."""
    # Equal values share a rank: the order in which they came would look like memory.
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2)[place]
    ranks -= ranks.mean()
    square = float(np.sum(ranks**2)) + TINY
    return np.correlate(ranks, ranks, "full")[len(x) : len(x) + len(x) // 3] / square


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
