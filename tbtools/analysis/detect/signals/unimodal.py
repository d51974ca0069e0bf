"""Falls, and then rises: the least-squares fit of a curve with one valley, for few points.

Isotonic regression fits the best falling curve, and the best that falls up to some point and rises
from there, whatever their shapes are (Barlow et al., Statistical Inference under Order
Restrictions, 1972). How much of the squares the rise explains says whether there is one, and
whether it fell before is no matter. Of pure noise some of it is explained, too: of few points
nearly all. `LEAST_EXPLAINED` is what noise does not reach. A rise along a straight line explains
less of noise, and says more where points scatter; a rise of few points that do not scatter is
large beside their second differences (von Neumann 1941).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.excursion import Excursion
from tbtools.analysis.detect.signals.onset import least_squares_bend
from tbtools.analysis.detect.signals.trend import lag_one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Longer series are looked at in as many windows.
MOST = 128
# By number of points: the sum of squares that the rise explains, as a multiple of what is left,
# which noise of a constant level exceeds in one series of a hundred
# (`python -m benchmarks.detection thresholds`). It is correlated from point to point, by 0.5, of
# which few points do not show anything, and from 64 points on, where correlation shows, by 0.3.
# Between them logarithms are interpolated.
LEAST_EXPLAINED = {
    8: 25_000.0,
    10: 240.0,
    12: 56.0,
    14: 23.0,
    16: 15.0,
    20: 8.2,
    24: 5.8,
    32: 3.6,
    48: 2.0,
    64: 0.82,
    96: 0.54,
    128: 0.4,
}
# The same of a rise along a line, in one of two hundred, for it is asked beside the other.
LEAST_OF_A_LINE = {
    8: 140.0,
    10: 40.0,
    12: 20.0,
    14: 12.0,
    16: 8.7,
    20: 5.6,
    24: 4.0,
    32: 2.7,
    48: 1.5,
    64: 0.66,
    96: 0.43,
    128: 0.32,
}
# And of the rise itself, in standard deviations of points by their second differences: of any
# number of points up to so many.
LEAST_RISE = 6.6
MOST_OF_A_RISE = 32
# What never falls is farther than this from where it began.
AWAY = 1.2
# Noise that is seen to be correlated by more explains more.
CORRELATION = 0.3
# The rise is this part of the fall before it; of the smaller part where it explains so many times
# what it has to ...
EFFECT = 0.35
SURE_EFFECT = 0.2
SURE = 4.0
# ... and has this part of the points, and so many.
LEAST_PART = 0.2
LEAST_POINTS = 3
# A jump is all of a rise, and no step of many, if it is more than this part of it: then so many
# points will do.
LEAP = 0.5
LEAST_OF_A_JUMP = 4
# Fewer points are no valley.
FEWEST = 6
# A point farther than so many standard deviations from those about it is a stray one.
STRAY = 4.0


@dataclass(frozen=True)
class Valley:
    """A series that falls and rises.

    Attributes:
        onset: Index of the point at which it begins to rise.
        base: The level there.
        gap: By how much the end is worse.
        fall: By how much the upper quartile of what was before is worse.
        noise: Standard deviation of the points about the fit.
        sure: How many times what it has to explain the valley explains.
        leap: The part of the gap that its largest step is.
        high: Index of the first point behind that step.
    """

    onset: int
    base: float
    gap: float
    fall: float
    noise: float
    sure: float
    leap: float
    high: int

    def as_rise(self, points: int) -> Excursion:
        """The same as a rise that lasts to the last of so many points."""
        return Excursion(
            self.gap, self.base, self.onset, points - 1, 1, self.noise, progress=self.fall
        )


def find(y: Array) -> Valley | None:
    """Looks for a rise at the end that falling curves and noise do not explain.

    Args:
        y: Values, lower is better.
    """
    if len(y) < min(LEAST_EXPLAINED):
        return None
    width = -(-len(y) // MOST)
    level = without_strays(robust.window_means(y, width))
    smooth = robust.running_median(level, 3)
    if not _may_rise(smooth):
        return None
    # Once more from the smoothed levels: one stray point is no rise.
    fit, explained = _fit(level)
    smooth_fit, _ = _fit(smooth)
    bottom = _bottom(fit)
    lowest = _bottom(smooth_fit)
    base = float(smooth_fit[lowest])
    gap = float(smooth_fit[-1]) - base
    fall = robust.quantile(smooth[: lowest + 1], 0.75) - base
    risen = len(level) - 1 - min(bottom, lowest)
    sure = _how_sure(level, fit, explained[0])
    if sure < 1 or gap <= (SURE_EFFECT if sure > SURE else EFFECT) * fall:
        return None
    steps = np.diff(fit[bottom:])
    leap = min(float(steps.max(initial=0.0)), float(np.diff(smooth_fit[lowest:]).max())) / gap
    least = max(LEAST_POINTS, LEAST_PART * len(level))
    if risen < (min(least, LEAST_OF_A_JUMP) if leap > LEAP else least):
        return None
    noise = float(np.sqrt(np.mean((level - fit) ** 2)))
    onset = (bottom + _bend(level, lowest, base + fall / 2)) // 2
    # What is above the bottom by more than noise has not come there yet.
    onset += int(np.argmax(fit[onset : bottom + 1] <= fit[bottom] + noise)) if onset < bottom else 0
    before = len(y) - len(level) * width - 1
    high = bottom + 1 + int(np.argmax(steps)) if len(steps) else len(level) - 1
    return Valley(
        onset=before + (onset + 1) * width,
        base=float(fit[bottom]),
        gap=gap,
        fall=fall,
        noise=noise,
        sure=sure,
        leap=leap,
        high=before + high * width + 1,
    )


def unevenness(y: Array) -> float:
    """How much more the higher points of a valley scatter than the lower, as a logarithm.

    Args:
        y: Values, lower is better.
    """
    if len(y) < min(LEAST_EXPLAINED):
        return 0.0
    level = without_strays(robust.window_means(y, -(-len(y) // MOST)))
    fit, _ = _fit(level)
    rest = (level - fit)[np.argsort(fit, kind="stable")] ** 2
    half = len(rest) // 2
    low, high = float(rest[:half].mean()), float(rest[half:].mean())
    return abs(float(np.log((high + robust.TINY) / (low + robust.TINY))))


def without_strays(level: Array) -> Array:
    """Levels, of which single ones far from all about them are moved to these.

    The bottom of a valley is as far from them as its sides rise in two steps.
    """
    near = STRAY * robust.noise_of_points(level) + 2 * robust.median(np.abs(np.diff(level)))
    middle = robust.running_median(level, 5)
    return np.clip(level, middle - near, middle + near)


def _how_sure(level: Array, fit: Array, explained: float) -> float:
    """How many times what noise reaches there is, by that of three tests which says most.

    Args:
        level: The levels.
        fit: Their best fit with one valley.
        explained: What its rise explains.
    """
    count = len(level)
    caution = _caution(level - fit)
    valley = explained / (least_explained(count) * caution)
    line = explained_by_a_line(level) / (least_explained(count, LEAST_OF_A_LINE) * caution)
    apart = rise_in_noise(level) / LEAST_RISE if count <= MOST_OF_A_RISE else 0.0
    return float(max(valley, line, apart))


def explained_by_a_line(y: Array) -> float:
    """What a rise along a straight line to the end explains, as a multiple of what is left.

    Args:
        y: Values, more than `LEAST_POINTS`.
    """
    y = y - y.mean()
    at = np.arange(len(y), dtype=np.float64)
    count = np.arange(len(y), 0, -1)
    along, level, squares = _to_the_end(at), _to_the_end(y), _to_the_end(y * y)
    both = _to_the_end(at * y) - along * level / count
    length = _to_the_end(at * at) - along * along / count
    lines = squares - level * level / count
    lines -= np.clip(both, 0, None) ** 2 / np.maximum(length, robust.TINY)
    falls = _squares_left(y)
    left = np.append(lines[0], falls[:-1] + lines[1:])[: 1 - LEAST_POINTS]
    least = max(0.0, float(left.min())) + 1e-12 * float(y @ y) + robust.TINY
    return float((falls[-1] - left.min()) / least)


def _to_the_end(x: Array) -> Array:
    """The sum of each value and all behind it."""
    return np.cumsum(x[::-1])[::-1]


def rise_in_noise(y: Array) -> float:
    """The rise from the best three points in a row to the last, in noise of second differences.

    Args:
        y: Values, at least six.
    """
    means = np.convolve(y, np.full(3, 1 / 3), "valid")
    noise = float(np.sqrt(np.mean(np.diff(y, 2) ** 2) / 6))
    return float(means[-1] - means[:-3].min()) / max(noise, robust.TINY)


def of_few(y: Array) -> Valley | None:
    """The same where points are too few for a fit: each lies below or above the one before.

    Of six or seven points in no order one series in fifty is like that; of those that fall and come
    to rest one in three hundred, for the rise is half as high as the fall. After a single fall it
    takes one point more. What never falls is a loss that grows by half, but for one point in order.

    Args:
        y: Values, lower is better.
    """
    if not FEWEST <= len(y) < min(LEAST_EXPLAINED):
        return None
    lowest = int(np.argmin(y))
    fall, gap = float(y[0] - y[lowest]), float(y[-1] - y[lowest])
    change = np.diff(y)
    plain = bool((change[:lowest] < 0).all() and (change[lowest:] > 0).all())
    least = LEAST_POINTS if lowest > 1 else LEAST_POINTS + 1
    if lowest == 0:
        if y[0] <= 0 or np.sum(change < 0) > 1 or y[1:].min() < AWAY * y[0] or gap < y[0] / 2:
            return None
    elif not plain or len(change) - lowest < least or gap < fall / 2:
        return None
    high = lowest + 1 + int(np.argmax(change[lowest:]))
    return Valley(lowest, float(y[lowest]), gap, fall, 0.0, 1.0, float(change.max()) / gap, high)


def least_explained(points: int, table: Mapping[int, float] = LEAST_EXPLAINED) -> float:
    """`LEAST_EXPLAINED` of any number of points.

    Args:
        points: How many, at least eight.
        table: That, or the one of a line.
    """
    known = np.log(list(table)), np.log(list(table.values()))
    return float(np.exp(np.interp(np.log(points), *known)))


def _caution(rest: Array) -> float:
    """How many times as much a rise has to explain: means of correlated noise vary by as much.

    Args:
        rest: What the fit leaves.
    """
    return max(1.0, _variance_of_means(lag_one(rest)) / _variance_of_means(CORRELATION))


def _variance_of_means(correlation: float) -> float:
    """How many times as large as of independent noise it is."""
    return (1 + correlation) / (1 - correlation)


def explained_by_a_valley(y: Array) -> tuple[float, float]:
    """What the rise explains, and what the fall before it does, as multiples of what is left.

    Args:
        y: Values, at least two.
    """
    return _fit(y)[1]


def may_rise(y: Array, *, logarithmic: bool = False) -> bool:
    """Whether the end is above the bottom at all: most series are none for this reason.

    Args:
        y: Values, lower is better.
        logarithmic: Whether their logarithms are asked, too.
    """
    if len(y) < min(LEAST_EXPLAINED):
        return False
    smooth = robust.running_median(robust.window_means(y, -(-len(y) // MOST)), 3)
    return _may_rise(smooth) or (logarithmic and _may_rise(np.log(smooth)))


def _may_rise(smooth: Array) -> bool:
    lowest = int(np.argmin(smooth))
    base = float(smooth[lowest])
    fall = robust.quantile(smooth[: lowest + 1], 0.75) - base
    return float(smooth[lowest:].max()) - base >= SURE_EFFECT * fall


def _bend(level: Array, lowest: int, half: float) -> int:
    """Where a broken line bends that begins half-way down: noise wanders along a flat bottom."""
    above = np.flatnonzero(level[: lowest + 1] > half)
    begin = int(above[-1]) if len(above) else 0
    return begin + least_squares_bend(level[begin:])


def _bottom(fit: Array) -> int:
    """The last point at the lowest level."""
    return int(np.flatnonzero(fit == fit.min())[-1])


def _fit(y: Array) -> tuple[Array, tuple[float, float]]:
    """The best fit with one valley, and what its rise and its fall explain."""
    centred = y - y.mean()
    falls, rises = _squares_left(centred), _squares_left(centred[::-1])[::-1]
    left = falls[:-1] + rises[1:]
    at = int(np.argmin(left)) + 1
    least = left[at - 1] + 1e-12 * float(np.sum(centred**2)) + robust.TINY
    fit = np.concatenate([falling(y[:at]), falling(y[at:][::-1])[::-1]])
    return fit, (
        float((falls[-1] - left[at - 1]) / least),
        float((rises[0] - left[at - 1]) / least),
    )


def falling(y: Array) -> Array:
    """The least-squares fit that never rises: neighbours that do are pooled to their mean.

    Args:
        y: Values.
    """
    sums: list[float] = []
    counts: list[int] = []
    for value in y.tolist():
        total, count = value, 1
        while counts and sums[-1] * count <= total * counts[-1]:
            total += sums.pop()
            count += counts.pop()
        sums.append(total)
        counts.append(count)
    return np.repeat(np.divide(sums, counts), counts)


def _squares_left(y: Array) -> Array:
    """Of each beginning of a series the sum of squares about its best falling fit."""
    blocks: list[tuple[float, int, float]] = []
    left = []
    whole = 0.0
    for value in y.tolist():
        total, count, squares = value, 1, value * value
        while blocks and blocks[-1][0] * count <= total * blocks[-1][1]:
            before, number, square = blocks.pop()
            whole -= square - before * before / number
            total, count, squares = total + before, count + number, squares + square
        blocks.append((total, count, squares))
        whole += squares - total * total / count
        left.append(max(0.0, whole))
    return np.array(left)
