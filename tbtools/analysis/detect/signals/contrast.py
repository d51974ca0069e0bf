"""A rise seen from all points behind it: their mean against that of those right before.

`excursion` compares the best level after a split with the best one before it, which says much where
levels are known, and little where points scatter as far as things got worse. Here all points from a
split to the end are one level, and any number of those right before it are the other. Of all splits
and numbers the two are taken that are farthest apart in standard errors (the scan of Siegmund and
Venkatraman 1995, one-sided and bound to the end). What only improves, or is level, has none below
zero by more than its noise, whatever its shape is: no other such series has a larger one than one
that is level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust, unimodal
from tbtools.analysis.detect.signals.excursion import Excursion, Scale
from tbtools.analysis.detect.signals.isotonic import falling
from tbtools.analysis.detect.signals.onset import Onset
from tbtools.analysis.detect.signals.trend import lag_one
from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Longer series are looked at in as many windows.
MOST = 128
# By number of levels: standard errors that a gap has in fewer than one in a hundred level series of
# independent noise, in one of noise correlated by 0.3, and in one or two of noise correlated by a
# half, but for some thirty points of it, which hide that, in three or four
# (`python -m benchmarks.detection thresholds`). Between them they are interpolated.
CONFIDENCE = {20: 5.0, 24: 5.5, 40: 5.5, 56: 5.0}
# A first look takes so many blocks of points: a rise has one before it that is better than all
# behind by so many standard errors, of which independent noise alone has none in most series.
BLOCKS = 32
FIRST = 3.0
# A second one takes the noise by second differences, of which a logarithm may need no more than
# this part.
SECOND = 0.6
# Fewer points are no series with two levels.
FEWEST = excursion.BEFORE + excursion.PERSISTENT
# No noise has a longer memory that these few points would show.
MOST_CORRELATION = 0.9
# What came after a split in this last part of it has not come half-way back.
LAST_PART = 3
# A gap of so many standard deviations of points is seen to be there from one to the next.
SUDDEN = 4.0
# Windows that tell whether there was a like rise before have this part of it as their noise.
PRECISE = 0.25

_fits: ModuleType = compiled_or_python("tbtools.analysis.detect._fits")


@dataclass(frozen=True)
class Contrast(Excursion):
    """A rise that all points behind it show together.

    Attributes:
        scatter: Standard deviation of one level, where `noise` is that of the gap.
        points: How many each of the two levels has at least.
    """

    scatter: float
    points: int

    @property
    def scatters(self) -> bool:
        """Whether a level alone would not show it."""
        return self.gap < SUDDEN * self.scatter

    @property
    def averaged(self) -> int:
        """All points of a level make it."""
        return self.points


class _Split(NamedTuple):
    """Two levels: `many` windows before the window `at`, and all from there on.

    Attributes:
        at: The first window of the second level.
        many: How many windows make the first.
        base: That level,
        gap: and how far above it the second is.
        error: The standard error of the gap, by noise of one.
    """

    at: int
    many: int
    base: float
    gap: float
    error: float


def find(
    y: Array,
    floor: float,
    effect: float = excursion.EFFECT,
) -> tuple[Contrast, Onset] | None:
    """Looks for a rise that lasts to the end, and where it begins.

    Args:
        y: Values, lower is better.
        floor: A gap of less than this is never one: the noise of single points.
        effect: Least gap as a part of what training had achieved.
    """
    if robust.is_mostly_one(y):
        return None
    width = -(-len(y) // MOST)
    level = unimodal.without_strays(robust.window_means(np.ascontiguousarray(y), width))
    found = _farthest_apart(level)
    if found.gap <= max(floor, excursion.TINY * abs(found.base)):
        return None
    noise = _noise(level, found.at)
    least = least_errors(len(level)) * noise * found.error
    if found.gap <= least or not _stays(level[found.at :], found):
        return None
    achieved = excursion.progress(excursion.smoothed(level)[: found.at], found.base)
    if not excursion.is_worth(found.gap, achieved, effect, least, found.at):
        return None
    if _has_precedent(level, found, noise):
        return None
    begin = len(y) - len(level) * width
    high = begin + found.at * width
    rise = Contrast(
        gap=found.gap,
        base=found.base,
        low=high - (found.many * width + 1) // 2,
        high=high,
        width=width,
        noise=noise * found.error,
        progress=achieved,
        scatter=noise,
        points=min(found.many, len(level) - found.at) * width,
    )
    first = max(0, begin + (found.at - found.many) * width)
    return rise, _onset(y, first, high, width, sudden=not rise.scatters)


def least_errors(points: int) -> float:
    """`CONFIDENCE` of any number of levels."""
    return float(np.interp(points, list(CONFIDENCE), list(CONFIDENCE.values())))


def standard_errors(level: Array) -> float:
    """How many standard errors lie between the two levels that are farthest apart.

    Args:
        level: Levels, at least `FEWEST` and no more than `MOST`.
    """
    found = _farthest_apart(unimodal.without_strays(level))
    return found.gap / (_noise(level, found.at) * found.error + robust.TINY)


def may_rise(y: Array, noise: float) -> bool:
    """Whether the mean of all points behind some block is worse than a block before by enough.

    Args:
        y: Values, lower is better.
        noise: That of single points.
    """
    width = max(1, len(y) // BLOCKS)
    begin = np.arange(0, len(y) - width + 1, width)
    sums = np.add.reduceat(y, begin)
    behind = len(y) - begin
    after = np.cumsum(sums[::-1])[::-1] / behind
    best = np.minimum.accumulate(sums[:-1] / width)
    least = FIRST * noise * np.sqrt(1 / width + 1 / behind)
    return bool((after[1:] - best > least[1:]).any()) and _is_apart(y)


def _is_apart(y: Array) -> bool:
    """The second look: whether levels are far apart beside the second differences of points."""
    level = robust.window_means(np.ascontiguousarray(y), -(-len(y) // MOST))
    found = _farthest_apart(level)
    noise = math.sqrt(float(np.mean(np.diff(level, 2) ** 2)) / 6)
    return found.gap > SECOND * least_errors(len(level)) * noise * found.error


def _onset(y: Array, first: int, split: int, width: int, *, sudden: bool) -> Onset:
    """Where a rise begins: at the split, or where a ramp to another level does.

    A ramp has a number more than two levels have, which costs twice what it does in Schwarz's
    criterion: where noise bends a jump, its onset would be too early.

    Args:
        y: All values.
        first: Where the level before begins.
        split: Where that behind it does.
        width: Points in a window.
        sudden: Whether noise lets one see that it is there at once.
    """
    part = y[first:]
    _, _, levels, _ = _fits.two_levels(part)
    begin, squares = _fits.ramp(part, len(part) ** (1 / len(part)))
    if levels <= squares * len(part) ** (2 / len(part)):
        return Onset(_to_the_point(y, split, width) if sudden else split, sudden=sudden)
    return Onset(first + int(begin), sudden=False)


def _to_the_point(y: Array, split: int, width: int) -> int:
    """The point of a jump that windows show."""
    if width == 1:
        return split
    begin = max(0, split - 2 * width)
    return begin + robust.least_squares_split(y[begin : split + 2 * width])


def _farthest_apart(level: Array) -> _Split:
    """The split whose levels are farthest apart in standard errors."""
    n = len(level)
    total = np.concatenate([[0.0], np.cumsum(level - level[-1])])
    at, begin, error = _splits(n)
    after = (total[n] - total[at]) / (n - at)
    before = (total[at] - total[begin]) / (at - begin)
    best = int(np.argmax((after - before) / error))
    base = float(before[best] + level[-1])
    gap = float(after[best] - before[best])
    return _Split(int(at[best]), int(at[best] - begin[best]), base, gap, float(error[best]))


@lru_cache(maxsize=256)
def _splits(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Each split of so many levels, where its level before begins, and the error of their gap."""
    at, begin = np.tril_indices(n + 1, -excursion.BEFORE)
    some = at <= n - excursion.PERSISTENT
    at, begin = at[some], begin[some]
    return at, begin, np.sqrt(1 / (at - begin) + 1 / (n - at))


def _noise(level: Array, at: int) -> float:
    """Standard deviation of levels, times as much as their correlation adds to that of a mean.

    They scatter about the best fit that falls before the split, and about a line behind it, or by
    their second differences, whichever says more.
    """
    before = falling(level[:at])
    along = np.arange(len(level) - at) - (len(level) - at - 1) / 2
    after = level[at:] - level[at:].mean()
    rest = np.concatenate([level[:at] - before, after - along * (along @ after) / (along @ along)])
    fitted = np.count_nonzero(np.diff(before)) + 3
    scatter = float(rest @ rest) / max(2, len(level) - int(fitted))
    scatter = max(scatter, float(np.mean(np.diff(level, 2) ** 2)) / 6)
    # Of n points it is estimated too low, by (1 + 4 r) / n (Marriott and Pope 1954).
    least_biased = (len(level) * lag_one(rest) + 1) / (len(level) - 4)
    correlation = min(MOST_CORRELATION, least_biased)
    return float((scatter * (1 + correlation) / (1 - correlation)) ** 0.5)


def _stays(after: Array, found: _Split) -> bool:
    """Whether it has not come half-way back."""
    return robust.median(after[-max(excursion.BEFORE, len(after) // LAST_PART) :]) > (
        found.base + found.gap / 2
    )


def _has_precedent(level: Array, found: _Split, noise: float) -> bool:
    """Whether the series came back from a like rise, in windows that tell one from noise."""
    width = int(np.ceil((noise / found.gap / PRECISE) ** 2))
    before = level[: found.at]
    if len(before) < excursion.BEFORE * width:
        return False
    wide = robust.window_means(np.ascontiguousarray(before), max(1, width))
    scale = Scale(wide, len(before) - len(wide) * width, max(1, width))
    return excursion.has_precedent(scale, found.gap, found.at, len(level) - found.at)
