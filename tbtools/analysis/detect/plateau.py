"""No improvement beyond the noise: flat since an onset, from the start or later.

A plateau is claimed only where the data can tell it from slow improvement, as in a test for
equivalence: the upper confidence limit of the improvement since the onset has to lie below a small
part of what was improved just before the onset. A power law that still falls fails
this however slow it is; so does noise that is too large to tell.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect import robust
from tbtools.analysis.detect.excursion import students

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Windows over the whole series: onsets are good to one or two of them.
WINDOWS = 64
# Circles of two players are seen in windows four times as fine.
FINE_WINDOWS = 4 * WINDOWS
# A plateau lasts at least this part of the series and at least so many windows.
LEAST_PART = 0.1
LEAST_WINDOWS = 10
# Less than so many standard deviations of a level before the onset is no improvement at all; then
# the stretch must begin within this first part of the series, and is taken to have no onset.
IMPROVED = 4.0
START = 0.15
# Never learnt: fewer points prove nothing.
LEAST_POINTS = 20
# One-sided 99.9 %: an improvement beyond this many standard errors is significant.
SIGNIFICANT = 3.09
# One-sided 95 % for the limit that has to lie below RATIO of the improvement before.
LIMIT = 1.64
RATIO = 0.3
# ... or below so many standard deviations of a point where nothing was ever improved.
NEVER = 2.5
# A stretch whose beginning lies so many standard errors above its median has not yet begun.
DEPARTURE = 3.5
# A flat stretch is a step of a staircase if an earlier one, overcome since, was longer than this
# part of it.
PRECEDENT = 0.6
# An earlier step ends with an improvement of this part of the last one, or three times the noise.
RECORD = 0.1


@dataclass(frozen=True)
class Plateau:
    """A flat stretch that lasts to the end.

    Attributes:
        onset: Index of its first point.
        level: Its median.
        improvement: Improvement from its first to its last point by the robust trend.
        error: Standard error of that, autocorrelation counted.
        before: What was improved before the onset, in a stretch of the same ratio of steps; 0 where
            nothing was ever improved.
    """

    onset: int
    level: float
    improvement: float
    error: float
    before: float


def find(y: Array) -> Plateau | None:
    """Looks for a flat stretch that lasts to the end.

    Args:
        y: Values, lower is better.
    """
    if len(y) < LEAST_POINTS:
        return None
    width = max(1, len(y) // WINDOWS)
    level = robust.window_means(y, width)
    start = len(y) - len(level) * width
    spread = _spread(level)
    onset = _onset(level, spread)
    if onset == len(level):
        return None
    before = _improved_before(level, onset)
    if before >= IMPROVED * spread:
        bend = _bend(level, onset)
        onset = max(onset, bend)
        small = RATIO * _improved_before(level, onset)
    elif onset <= START * len(level):
        # Nothing was ever improved: flat from the start, or no plateau at all.
        onset, bend, before = 0, 0, 0.0
        small = NEVER * _scatter(y)
    else:
        return None
    tail = level[onset:]
    if len(tail) < max(LEAST_WINDOWS, LEAST_PART * len(level)):
        return None
    descent = float(level[: onset + 1].max() - robust.median(tail))
    if _wanders(y[start + onset * width :], tail, descent):
        return None
    improvement, error = trend(tail, spread)
    if not -small <= improvement <= small - LIMIT * error:
        return None
    # What was never learnt is judged as a whole: it has no descent that could reach into it.
    recent = tail[len(tail) // 2 :] if before > 0 else tail
    least = max(3 * spread, RECORD * before)
    if _still_improves(recent, spread) or _is_a_step(level, onset, least):
        return None
    point = start + bend * width if bend > 0 else 0
    return Plateau(point, robust.median(tail), improvement, error, before)


def _scatter(y: Array) -> float:
    """Standard deviation of the points about their median, correlated noise included."""
    some = y[:: max(1, len(y) // robust.ENOUGH_DIFFERENCES)]
    return robust.sigma(some - robust.median(some))


def _spread(level: Array) -> float:
    """Noise of the levels of the later half; never zero, so that it can be divided by."""
    tiny = 1e-9 * float(np.abs(level).max()) + robust.TINY
    return max(robust.noise_of_levels(level[len(level) // 2 :]), tiny)


def _onset(level: Array, spread: float) -> int:
    """The first window of the flat stretch at the end; the number of windows where there is none.

    It is the earliest window from which on nothing improves: no beginning of the stretch, of
    whatever length up to half of it, lies significantly above its median.

    Args:
        level: Levels of windows.
        spread: Their noise.
    """
    limits = DEPARTURE * spread * np.sqrt(np.arange(1, len(level) // 2 + 2))
    for onset, middle in enumerate(_medians_to_the_end(level)[: 1 - LEAST_WINDOWS]):
        beginning = level[onset : onset + (len(level) - onset + 1) // 2] - middle
        excess = np.minimum(np.maximum(beginning, -4 * spread), 4 * spread).cumsum()
        if (excess <= limits[: len(excess)]).all():
            return onset
    return len(level)


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


def _bend(level: Array, onset: int) -> int:
    """The window at which a line bends into a constant, by least squares, near an onset.

    `_onset` errs to the early side by as much as noise hides of the descent. The line starts where
    the stretch starts whose improvement is compared; the constant is the flat stretch's median.

    Args:
        level: Levels of windows.
        onset: What `_onset` found.
    """
    begin = onset * onset // len(level)
    excess = robust.running_median(level[begin:], 3) - robust.median(level[onset:])
    at = np.arange(1, len(excess) - LEAST_WINDOWS // 2)
    # A row a bend: how far before it each window lies.
    before = np.clip(at[:, None] - np.arange(len(excess)), 0, None).astype(float)
    slope = np.clip(before @ excess, 0, None)
    explained = slope**2 / np.sum(before**2, axis=1)
    return begin + int(at[np.argmax(explained)])


def _still_improves(recent: Array, spread: float) -> bool:
    """Whether the later half of a stretch has a significant trend to the better.

    The whole may have one although it is flat: its beginning may reach into the end of the descent.
    """
    improvement, error = trend(recent, spread)
    # The median absolute deviation of m levels knows as much as a standard deviation of 0.37 m.
    return improvement > students(SIGNIFICANT, 0.37 * len(recent)) * error


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
    slope = robust.median((levels[second] - levels[first]) / (second - first))
    residuals = levels - slope * np.arange(m)
    residuals = residuals - robust.median(residuals)
    r = lag_one(np.clip(residuals, -3 * spread, 3 * spread))
    error = spread * np.sqrt(12 / m) * np.sqrt((1 + r) / (1 - r))
    return -slope * (m - 1), float(error)


def lag_one(residuals: Array) -> float:
    """Autocorrelation from one window to the next, between 0 and 0.9."""
    square = float(np.sum(residuals**2))
    if square == 0:
        return 0.0
    return min(0.9, max(0.0, float(np.sum(residuals[1:] * residuals[:-1])) / square))


def _wanders(y: Array, tail: Array, descent: float) -> bool:
    """Whether levels move by themselves: not flat, whatever it is.

    Noise, even where it is correlated from one window to the next, has lost its memory two windows
    later, and swings back no more than it swings on; the latter is looked at in finer windows too.

    Args:
        y: The values of the stretch.
        tail: Levels of its windows.
        descent: What was improved before: next to it small movements are flat.
    """
    if robust.quantile(tail, 0.9) - robust.quantile(tail, 0.1) < 0.1 * descent:
        return False
    correlation = autocorrelation(tail)
    fine = autocorrelation(robust.window_means(y, max(1, len(y) // FINE_WINDOWS)))
    limit = max(0.5, 3 / len(tail) ** 0.5)
    return bool(correlation[1] > limit or min(correlation.min(), fine.min()) < -limit)


def autocorrelation(x: Array) -> Array:
    """Autocorrelation of ranks at the lags from 1 to a third of the length.

    Of ranks, so that outliers do not make or hide it.
    """
    ranks = np.argsort(np.argsort(x)).astype(float)
    ranks -= ranks.mean()
    square = float(np.sum(ranks**2))
    return np.correlate(ranks, ranks, "full")[len(x) : len(x) + len(x) // 3] / square


def _improved_before(level: Array, onset: int) -> float:
    """What was improved in a stretch before the onset that is as long as the one after it, in log.

    The stretch after goes from o to n windows; the one before, from o * o / n to o, spans the same
    ratio. A power law improves by the factor (o / n) ** power less in the second than in the first,
    wherever o is; a stretch of equal length would reach into the steep beginning of any curve.
    """
    begin = onset * onset // len(level)
    end = max(begin + 1, min(begin + 3, onset))
    return robust.median(level[begin:end]) - robust.median(level[onset:])


def _is_a_step(level: Array, onset: int, least: float) -> bool:
    """Whether an earlier flat stretch, overcome since, was about as long as the one at the end.

    Args:
        level: Levels of windows.
        onset: Where the stretch at the end begins.
        least: Less than this is no improvement.
    """
    smooth = robust.running_median(level, 5)[: onset + 3].tolist()
    records = [0]
    best = smooth[0]
    for i, value in enumerate(smooth):
        if value < best - least:
            best = value
            records.append(i)
    waits = np.diff(records)[1:]
    return bool(waits.max(initial=0) >= PRECEDENT * (len(level) - onset))
