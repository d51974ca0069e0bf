"""Falls, and then rises: the least-squares fit of a curve with one valley, for few points.

Isotonic regression fits the best falling curve, and the best that falls up to some point and rises
from there, whatever their shapes are (Barlow et al., Statistical Inference under Order
Restrictions, 1972). How much of the squares the rise explains says whether there is one, and
whether it fell before is no matter. Of pure noise some of it is explained, too: of few points
nearly all. What noise does not reach, `chance` knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import chance, robust
from tbtools.analysis.detect.signals.excursion import Excursion
from tbtools.analysis.detect.signals.isotonic import falling, squares_left
from tbtools.analysis.detect.signals.onset import CROSSING, least_squares_bend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Longer series are looked at in as many windows.
MOST = 128
# What never falls is farther than this from where it began.
AWAY = 1.2
# The rise is this part of the fall before it; of the smaller part where it explains so many times
# what it has to; of a larger one beside a twin, where less evidence will do ...
EFFECT = 0.35
EFFECT_BESIDE = 0.5
SURE_EFFECT = 0.2
SURE = 4.0
# ... and has this part of the points, and so many; beside a twin more, for correlated noise rises
# for a while.
LEAST_PART = 0.2
LEAST_PART_BESIDE = 0.4
LEAST_POINTS = 3
# A jump is all of a rise, and no step of many, if it is more than this part of it: then so many
# points will do.
LEAP = 0.5
LEAST_OF_A_JUMP = 4
# Fewer points are no valley; beside a twin that goes on falling fewer are.
FEWEST = 6
# Up to so many the order of the points is asked, too: of more a fit shows as much.
MOST_IN_ORDER = 14
# Of what is in order one step may go back by this part of the rise.
BACK = 0.25
FEWEST_BESIDE = 3
# There a rise by so much of the best is worth the name.
WORTH = 0.2
# ... and of one in order, in steps none of which is more than such a part of it, by so much.
WORTH_BEHIND_A_FALL, EVEN = 0.1, 0.6
# A point farther than so many standard deviations from those about it is a stray one.
STRAY = 4.0
# What is above the bottom by noise, and by no more than this part of the rise, is as good as there.
STILL_GOOD = 0.05


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


def find(y: Array, *, beside: bool = False) -> Valley | None:
    """Looks for a rise at the end that falling curves and noise do not explain.

    Args:
        y: Values, lower is better.
        beside: Whether a twin goes on falling, so that less evidence will do.
    """
    if len(y) < min(chance.LEAST_EXPLAINED):
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
    if beside:
        sure, effect = chance.how_sure_beside_a_twin(level), EFFECT_BESIDE
    else:
        sure = chance.how_sure(level, fit, explained[0])
        effect = SURE_EFFECT if sure > SURE else EFFECT
    if sure < 1 or gap <= effect * fall:
        return None
    steps = np.diff(fit[bottom:])
    leap = min(float(steps.max(initial=0.0)), float(np.diff(smooth_fit[lowest:]).max())) / gap
    part = LEAST_PART_BESIDE if beside else LEAST_PART
    least = max(LEAST_POINTS, part * len(level))
    if risen < (min(least, LEAST_OF_A_JUMP) if leap > LEAP and not beside else least):
        return None
    noise = float(np.sqrt(np.mean((level - fit) ** 2)))
    begin = _in_noise(fit, noise) if beside else _half_way(level[: lowest + 1], base + fall / 2)
    onset = (bottom + begin + least_squares_bend(level[begin:])) // 2
    # What is above the bottom by more than noise has not come there yet.
    onset += int(np.argmax(fit[onset : bottom + 1] <= fit[bottom] + noise)) if onset < bottom else 0
    # What is above it by noise, and by next to nothing of the rise, has not left it yet.
    good = fit[bottom] + min(noise, STILL_GOOD * gap)
    onset += int(np.argmax(level[onset + 1 :] > good))
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
    if len(y) < min(chance.LEAST_EXPLAINED):
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


def of_few(y: Array) -> Valley | None:
    """The same where points are too few for a fit: each lies below or above the one before.

    Of six or seven points in no order one series in fifty is like that; of those that fall and come
    to rest one in three hundred, for the rise is half as high as the fall. After a single fall it
    takes one point more. From eight points on it takes one more as well, and yet one for a step
    back of up to a quarter of the rise: of so many about a level one series in two hundred is like
    that. What never falls is a loss that grows by half, but for one point in order.

    Args:
        y: Values, lower is better.
    """
    if not FEWEST <= len(y) <= MOST_IN_ORDER:
        return None
    lowest = int(np.argmin(y))
    fall, gap = float(y[0] - y[lowest]), float(y[-1] - y[lowest])
    if gap <= 0:
        return None
    change = np.diff(y)
    back = change[lowest:][change[lowest:] <= 0]
    fits = len(y) >= min(chance.LEAST_EXPLAINED)
    plain = bool((change[:lowest] < 0).all() and len(back) <= fits and -back.sum() <= BACK * gap)
    least = LEAST_POINTS + (lowest <= 1) + fits + len(back)
    if lowest == 0:
        if y[0] <= 0 or np.sum(change < 0) > 1 or y[1:].min() < AWAY * y[0] or gap < y[0] / 2:
            return None
    elif not plain or len(change) - lowest < least or gap < fall / 2:
        return None
    high = lowest + 1 + int(np.argmax(change[lowest:]))
    return Valley(lowest, float(y[lowest]), gap, fall, 0.0, 1.0, float(change.max()) / gap, high)


def of_few_beside(y: Array) -> Valley | None:
    """The same where a twin goes on falling, so that less evidence will do.

    Args:
        y: Values, lower is better.
    """
    if not FEWEST_BESIDE <= len(y) < min(chance.LEAST_EXPLAINED) or y[0] <= 0:
        return None
    if np.argmin(y) > 0:
        return _in_two_ways(y) if len(y) >= FEWEST else None
    return _never_better(y)


def _in_two_ways(y: Array) -> Valley | None:
    """What falls in order and rises in order, in even steps, by a tenth of the best.

    The rise may be next to nothing beside the fall: the first value is that of a model that has
    learned nothing. Of seven points that come to rest in noise of 3 % of their level two series in
    ten thousand are like that, in noise of 5 % three in a thousand.
    """
    lowest = int(np.argmin(y))
    change = np.diff(y)
    down, up = change[:lowest], change[lowest:]
    gap = float(y[-1] - y[lowest])
    ordered = len(up) >= LEAST_POINTS and bool((down < 0).all() and (up > 0).all())
    if not ordered or y[lowest] <= 0 or gap <= WORTH_BEHIND_A_FALL * y[lowest]:
        return None
    leap = float(up.max()) / gap
    if leap > EVEN:
        return None
    high = lowest + 1 + int(np.argmax(up))
    return Valley(lowest, float(y[lowest]), gap, float(y[0] - y[lowest]), 0.0, 1.0, leap, high)


def _never_better(y: Array) -> Valley | None:
    """What never was better than at the first.

    Each is worse than the one before, of six and more but for one, and the last by a fifth of the
    best. Of five points in no order one series in 120 is like that, of six one in 120, too; of
    three one in six, which only noise of a tenth of the level takes so far.
    """
    change = np.diff(y)
    back = 1 if len(y) >= FEWEST else 0
    gap = float(y[-1] - y[0])
    if np.count_nonzero(change <= 0) > back or gap <= WORTH * y[0]:
        return None
    high = 1 + int(np.argmax(change))
    return Valley(0, float(y[0]), gap, 0.0, 0.0, 1.0, float(change.max()) / gap, high)


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
    if len(y) < min(chance.LEAST_EXPLAINED):
        return False
    smooth = robust.running_median(robust.window_means(y, -(-len(y) // MOST)), 3)
    return _may_rise(smooth) or (logarithmic and _may_rise(np.log(smooth)))


def _may_rise(smooth: Array) -> bool:
    lowest = int(np.argmin(smooth))
    base = float(smooth[lowest])
    fall = robust.quantile(smooth[: lowest + 1], 0.75) - base
    return float(smooth[lowest:].max()) - base >= SURE_EFFECT * fall


def _half_way(before: Array, half: float) -> int:
    """From where a broken line is fitted: noise wanders along a flat bottom."""
    above = np.flatnonzero(before > half)
    return int(above[-1]) if len(above) else 0


def _in_noise(fit: Array, noise: float) -> int:
    """The same where the rise is in the noise: from where the descent nearly is."""
    return int(np.argmax(fit <= fit.min() + CROSSING * noise))


def _bottom(fit: Array) -> int:
    """The last point at the lowest level."""
    return int(np.flatnonzero(fit == fit.min())[-1])


def _fit(y: Array) -> tuple[Array, tuple[float, float]]:
    """The best fit with one valley, and what its rise and its fall explain."""
    centred = y - y.mean()
    falls, rises = squares_left(centred), squares_left(centred[::-1])[::-1]
    left = falls[:-1] + rises[1:]
    at = int(np.argmin(left)) + 1
    least = left[at - 1] + 1e-12 * float(np.sum(centred**2)) + robust.TINY
    fit = np.concatenate([falling(y[:at]), falling(y[at:][::-1])[::-1]])
    return fit, (
        float((falls[-1] - left[at - 1]) / least),
        float((rises[0] - left[at - 1]) / least),
    )
