"""The rise that was never made good: the one question behind divergence and overfitting.

At a split of the series in time, the *gap* is the best level after it less the best level before
it: how much worse things are for good. It is looked for at every scale, in windows of 1, 2, 4, ...
points counted from the end, so that a fault of five points is seen as well as a drift over half the
run.

A gap counts when it is larger than noise can make it, larger than a part of what training had
achieved, and when the series has no *precedent* for it: an earlier excursion of like height and
length that it came back from. The precedent is what tells the last wave of a cyclical learning
rate, of two networks that chase each other, or of slow noise, from a divergence, without a word
about any of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Windows looked at per scale; each scale sees twice as far back as the one before.
VIEW = 128
# So many windows must stand on the far side of the split: an excursion of fewer is a spike.
PERSISTENT = 5
# So many before it make a level to compare with.
BEFORE = 3
# Standard deviations of a window's level. Among some thousand splits of noise with heavy tails and
# correlation, fewer than one in a thousand series has a gap of this size
# (docs/detection_methods.md).
CONFIDENCE = 5.0
# Where there is other evidence too, such as a twin that still improves, one less will do.
LEAST_CONFIDENCE = CONFIDENCE - 1
# From fewer levels before the split the noise is estimated from those after it as well.
FEW = 16
# Less than this part of the level is rounding.
TINY = 1e-9
# A worsening of less than this part of what training had achieved is no divergence.
EFFECT = 0.2
# Half of that is worth the name where enough levels before it are known, and it is so many times as
# far beyond the noise as it has to be.
PLAIN = 2.0
# Standard errors by which good points are more frequent before than after, in so many before.
HELD = 2.5
LEAST_BEFORE = 16
# An earlier excursion is a precedent if it reached this part of the height ...
PRECEDENT = 0.5
# ... for this part of the time.
PRECEDENT_LENGTH = 1 / 4


@dataclass(frozen=True)
class Excursion:
    """A rise that lasts to the end.

    Attributes:
        gap: Best level after the split less best level before it.
        base: Best level before the split.
        low: Index of the last point of the window with the best level before the split.
        high: Index of the first point from which the whole gap is there.
        width: Points in a window of the scale that shows it.
        noise: Standard deviation of a window's level at that scale.
        progress: What training had achieved before, in the same unit as the gap.
    """

    gap: float
    base: float
    low: int
    high: int
    width: int
    noise: float
    progress: float

    @property
    def averaged(self) -> int:
        """Of how many points each of its levels is known."""
        return self.width


@dataclass(frozen=True)
class Scale:
    """Windows of one width, counted from the end of the series.

    Attributes:
        level: A level per window.
        start: Index of the first point of the first window.
        width: Points in a window.
    """

    level: Array
    start: int
    width: int

    def point(self, window: int) -> int:
        """Index of the first point of a window."""
        return self.start + window * self.width


def scales(y: Array) -> Iterator[Scale]:
    """Windows of 1, 2, 4, ... points, while at least 16 of them fit.

    Args:
        y: Values.
    """
    width = 1
    points = len(y)
    while points // width >= (BEFORE + PERSISTENT if width == 1 else 16):
        level = robust.window_medians(y, width, VIEW)
        yield Scale(level, points - len(level) * width, width)
        width *= 2


def smoothed(level: Array) -> Array:
    """Running median of three: one stray window is neither a best level nor a recovery."""
    return robust.running_median(level, 3)


def split(scale: Scale) -> tuple[float, int, float] | None:
    """The largest gap of a scale: (gap, first window after the split, best level before it)."""
    if len(scale.level) < BEFORE + PERSISTENT:
        return None
    return robust.split(scale.level, BEFORE, PERSISTENT)


def progress(level: Array, base: float) -> float:
    """What training achieved up to its best level: from the upper quartile of the levels before.

    The quartile and not the first level: a loss that falls from a million in its first ten steps
    has not achieved a million in any sense that matters a thousand steps later.

    Args:
        level: Levels of windows over the whole series.
        base: The best level.
    """
    reached = int(np.argmin(np.abs(level - base)))
    return max(0.0, robust.quantile(level[: reached + 1], 0.75) - base)


def is_worth(gap: float, achieved: float, effect: float, least: float, levels: int) -> bool:
    """Whether a worsening is worth the name beside what training had achieved.

    Args:
        gap: By how much it is worse.
        achieved: What had been achieved.
        effect: What part of that is asked for where noise just allows it.
        least: The least gap that the noise allows.
        levels: How many are known before.
    """
    plain = levels >= FEW and gap > PLAIN * least
    return gap > (EFFECT / 2 if plain else effect) * achieved


def _achieved(widest: Array, own: Array, base: float) -> float:
    """The same, in the windows of a finer scale where the first of the widest has the best level.

    That window has more of what came after the best level than of what was before.
    """
    first = abs(float(widest[0]) - base) <= float(np.abs(widest - base).min())
    return progress(own if first else widest, base)


def students(z: float, levels: float) -> float:
    """How many standard errors a gap must have if its noise was estimated from few levels.

    Student's quantile instead of the normal one, by the first term of its expansion in the degrees
    of freedom: z + (z^3 + z) / (4 df) (Abramowitz and Stegun, 26.7.5).

    Args:
        z: The quantile of the normal distribution.
        levels: How many levels the noise was estimated from, or the equivalent.
    """
    return z + (z**3 + z) / (4 * levels)


def has_precedent(
    scale: Scale,
    gap: float,
    before: int,
    length: int,
    height: float = PRECEDENT,
    part: float = PRECEDENT_LENGTH,
) -> bool:
    """Whether the series came back from an excursion of like height and length before a point.

    Args:
        scale: Windows that reach far back.
        gap: Height of the excursion in question.
        before: Index of the point at which it began.
        length: How many points it has lasted.
        height: What part of its height an earlier one had to reach,
        part: and for what part of its time.
    """
    windows = int((before - scale.start) // scale.width)
    if windows <= 0:
        return False
    # Half a window less: an excursion of one window may be as short as that.
    longest = robust.longest_excursion(scale.level, windows, height * gap) - 0.5
    return longest * scale.width > part * length


def find(
    y: Array,
    floor: float,
    effect: float = EFFECT,
    confidence: float = CONFIDENCE,
    *,
    white: bool = False,
    but: Callable[[Excursion], bool] | None = None,
) -> Excursion | None:
    """Looks for a rise that lasts to the end.

    Args:
        y: Values, lower is better.
        floor: A gap of less than this is never one: the noise of single points.
        effect: Least gap as a part of what training had achieved.
        confidence: Least gap in standard errors; fewer will do where there is other evidence too.
        white: Whether that is all the noise there is, as of means of outcomes.
        but: Says of a rise that it is none.

    Returns:
        The excursion at the widest scale that shows it, the one that looks farthest back, or None.
    """
    every = list(scales(y))
    for scale in reversed(every):
        found = _at_scale(y, scale, every, floor, effect, confidence, white=white)
        if found is not None and not (but and but(found)):
            return found
    return None


def _at_scale(
    y: Array,
    scale: Scale,
    every: list[Scale],
    floor: float,
    effect: float,
    confidence: float,
    *,
    white: bool,
) -> Excursion | None:
    candidate = split(scale)
    if candidate is None:
        return None
    gap, window, base = candidate
    # Most gaps are none for this reason already; the noise costs more to know.
    if gap <= max(floor, TINY * abs(base)):
        return None
    achieved = _achieved(every[-1].level, scale.level[:window], base)
    if gap <= min(effect, EFFECT / 2) * achieved:
        return None
    noise = floor / scale.width**0.5
    if not white:
        noise = max(noise, _noise_before(scale, window))
        confidence = students(confidence, window)
    if gap <= confidence * noise:
        return None
    if not is_worth(gap, achieved, effect, confidence * noise, window):
        return None
    begin = scale.point(_leaves(scale, base, gap, window))
    length = scale.point(len(scale.level)) - begin
    if not _is_held(y, begin, base + PRECEDENT * gap):
        return None
    wider = [other for other in every if other.width >= scale.width]
    if any(has_precedent(other, gap, begin, length) for other in wider):
        return None
    low = scale.point(int(np.argmin(smoothed(scale.level)[:window])) + 1) - 1
    high = scale.point(window)
    return Excursion(gap, base, low, high, scale.width, noise, achieved)


def _noise_before(scale: Scale, window: int) -> float:
    """Noise of the levels before a window; where they are few, of those after it as well."""
    noise = robust.noise_of_levels(scale.level[:window])
    return max(noise, robust.noise_of_levels(scale.level)) if window < FEW else noise


def _is_held(y: Array, begin: int, half: float) -> bool:
    """Whether good points were more frequent before a rise than they are after it.

    Of two outcomes, won and lost, a few good ones in a row make a level that noise cannot tell from
    the others. The shares of good points, in as many points before the rise as after it, differ by
    a test of two proportions.

    Args:
        y: All values.
        begin: Index of the first point of the rise.
        half: Better than half-way up is good.
    """
    after = y[begin:] < half
    before = y[max(0, begin - max(len(after), LEAST_BEFORE)) : begin] < half
    if not len(before):
        return True
    good_before, good_after = int(np.count_nonzero(before)), int(np.count_nonzero(after))
    share = (good_before + good_after) / (len(before) + len(after))
    error = math.sqrt(share * (1 - share) * (1 / len(before) + 1 / len(after)))
    return good_before / len(before) - good_after / len(after) > HELD * error


def _leaves(scale: Scale, base: float, gap: float, window: int) -> int:
    """The first window after the last one before the split that was not half-way up."""
    below = np.flatnonzero(smoothed(scale.level)[:window] < base + PRECEDENT * gap)
    return int(below[-1]) + 1 if len(below) else 0
