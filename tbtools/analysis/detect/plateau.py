"""No improvement beyond the noise: flat since an onset, from the start or later.

A plateau is claimed only where the data can tell it from slow improvement, as in a test for
equivalence: the upper confidence limit of the improvement since the onset has to lie below a small
part of what was improved in as long a time before the onset. A power law that still falls fails
this however slow it is; so does noise that is too large to tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect import robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Windows over the whole series: onsets are good to one or two of them.
WINDOWS = 64
# A plateau lasts at least this part of the series and at least so many windows.
LEAST_PART = 0.1
LEAST_WINDOWS = 8
# Never learnt: fewer points prove nothing.
LEAST_POINTS = 20
# One-sided 99 %: an improvement beyond this many standard errors is significant.
SIGNIFICANT = 2.33
# One-sided 95 % for the limit that has to lie below RATIO of the improvement before.
LIMIT = 1.64
RATIO = 0.2
# A flat stretch is a step of a staircase if an earlier one, overcome since, was longer than this
# part of it.
PRECEDENT = 0.6


@dataclass(frozen=True)
class Plateau:
    """A flat stretch that lasts to the end.

    Attributes:
        onset: Index of its first point.
        level: Its median.
        improvement: Improvement from its first to its last point by the robust trend.
        error: Standard error of that, autocorrelation counted.
        before: What was improved in as long a time before the onset; 0 where there was none.
        noise: Noise of single points.
    """

    onset: int
    level: float
    improvement: float
    error: float
    before: float
    noise: float


def find(y: Array, noise: float) -> Plateau | None:
    """Looks for a flat stretch that lasts to the end.

    Args:
        y: Values, lower is better.
        noise: Noise of single points.
    """
    if len(y) < LEAST_POINTS:
        return None
    width = max(1, len(y) // WINDOWS)
    level = robust.window_medians(y, width, len(y) // width)
    start = len(y) - len(level) * width
    spread = max(
        robust.noise_of_levels(level[len(level) // 2 :]), 1e-9 * float(np.abs(level).max())
    )
    onset = _onset(level, spread)
    tail = level[onset:]
    if len(tail) < max(LEAST_WINDOWS, LEAST_PART * len(level)):
        return None
    improvement, error = trend(tail, spread)
    if improvement > SIGNIFICANT * error or _wanders(tail, noise, level, onset):
        return None
    before = _improved_before(level, onset)
    never = onset <= 0.1 * len(level) or before < 4 * spread
    if not never and improvement + LIMIT * error > RATIO * before:
        return None
    if _is_a_step(level, onset, spread):
        return None
    return Plateau(
        0 if onset <= 1 else start + onset * width,
        float(np.median(tail)),
        improvement,
        error,
        0.0 if never else before,
        noise,
    )


def _onset(level: Array, spread: float) -> int:
    """The first window after which levels stay within noise of the last quarter's median."""
    end = float(np.median(level[3 * len(level) // 4 :]))
    # Medians of five vary by sqrt(pi / 2 / 5) = 0.56 of what single levels do.
    above = np.flatnonzero(robust.running_median(level, 5) > end + 2.5 * 0.56 * spread)
    return int(above[-1]) + 1 if len(above) else 0


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
    first, second = np.triu_indices(m, 1)
    slope = float(np.median((levels[second] - levels[first]) / (second - first)))
    residuals = levels - slope * np.arange(m)
    residuals = residuals - np.median(residuals)
    r = lag_one(np.clip(residuals, -3 * spread, 3 * spread))
    error = spread * np.sqrt(12 / m) * np.sqrt((1 + r) / (1 - r))
    return -slope * (m - 1), float(error)


def lag_one(residuals: Array) -> float:
    """Autocorrelation from one window to the next, between 0 and 0.9."""
    square = float(np.sum(residuals**2))
    if square == 0:
        return 0.0
    return min(0.9, max(0.0, float(np.sum(residuals[1:] * residuals[:-1])) / square))


def _wanders(tail: Array, noise: float, level: Array, onset: int) -> bool:
    """Whether levels move by much more than points do: not flat, whatever it is."""
    smooth = robust.running_median(tail, 5)
    span = float(np.quantile(smooth, 0.9) - np.quantile(smooth, 0.1))
    return span > max(2.0 * noise, 0.1 * (float(level[: onset + 1].max()) - float(tail.min())))


def _improved_before(level: Array, onset: int) -> float:
    """From as long before the onset as the stretch after it is long, or from the start."""
    begin = max(0, onset - (len(level) - onset))
    return float(np.median(level[begin : begin + 3]) - np.median(level[onset:]))


def _is_a_step(level: Array, onset: int, spread: float) -> bool:
    """Whether an earlier flat stretch, overcome since, was about as long as this one."""
    smooth = robust.running_median(level, 5)
    records = [0]
    best = smooth[0]
    for i, value in enumerate(smooth[:onset].tolist()):
        if value < best - 3 * spread:
            best = value
            records.append(i)
    waits = np.diff(records)[1:]
    return bool(waits.max(initial=0) >= PRECEDENT * (len(level) - onset))
