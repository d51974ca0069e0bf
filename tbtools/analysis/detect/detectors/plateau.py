"""No improvement beyond the noise: flat since an onset, from the start or later.

A plateau is claimed only where the data can tell it from slow improvement, as in a test for
equivalence: the upper confidence limit of the improvement since the onset has to lie below a small
part of what was improved just before the onset. A power law that still falls fails
this however slow it is; so does noise that is too large to tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import rest, robust
from tbtools.analysis.detect.signals.excursion import students
from tbtools.analysis.detect.signals.trend import least_squares, trend, wanders
from tbtools.runs.numbers import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Windows over the whole series: onsets are good to one or two of them.
WINDOWS = 64
# A plateau lasts at least this part of the series and at least so many windows.
LEAST_PART = 0.1
# Less than so many standard deviations of a level before the onset is no improvement at all, and
# less than so many may be none. Then the stretch must begin within this first part of the series,
# and is taken to have no onset.
IMPROVED, SURELY = 3.0, 4.0
START = 0.15
# Of a descent in so many windows noise hides where it ends.
FIRST_WINDOWS = 2
# Fewer points of noise prove nothing.
LEAST_POINTS = 8
# Behind a descent fewer than so many make more than half of the run; and in all, fewer of no more
# than so many values tell nothing: they are coarse.
ENOUGH = 12
COARSE = 3
# One-sided 99.9 %: an improvement beyond this many standard errors is significant.
SIGNIFICANT = 3.09
# One-sided 99 %: what improved by more since the start may well be learning.
SUGGESTIVE = 2.33
# One-sided 95 % for the limit that has to lie below RATIO of the improvement before.
LIMIT = 1.64
RATIO = 0.3
# Of few points so much of what is left would be learning.
RATIO_OF_FEW = 0.1
# ... or below this part of that where there is an improvement, two-sided 95 % ...
SMALLER = 0.5
IMPROVES = 1.96
# ... and below this part of what is left up to the best value there can be.
LEFT = 0.5
# ... or below so many standard deviations of a point where nothing was ever improved.
NEVER = 2.5
# A significant trend that moves the level by this part of it, or for the worse by this part of what
# was improved before, is no plateau.
MOVED = 0.05
WORSENED = 0.1
# An earlier step ends with an improvement of this part of the last one, or three times the noise.
RECORD = 0.1


@dataclass(frozen=True)
class Plateau:
    """A flat stretch.

    Attributes:
        onset: Index of its first point.
        end: Index after its last point: the length of the series where it is ongoing.
        level: Its median.
        improvement: Improvement from its first to its last point by the robust trend.
        error: Standard error of that, autocorrelation counted.
        before: What was improved before the onset, in a stretch of the same ratio of steps; 0 where
            nothing was ever improved.
    """

    onset: int
    end: int
    level: float
    improvement: float
    error: float
    before: float


@dataclass(frozen=True)
class _Stretch:
    """What may be flat.

    Attributes:
        onset: The window from which on its improvement is compared.
        began: The first window of its level.
        spread: Noise of levels.
        small: An improvement of less than this is none.
        learnt: What was improved before it; 0 where nothing worth the name ever was.
        before: The same, be it worth the name or not.
    """

    onset: int
    began: int
    spread: float
    small: float
    learnt: float
    before: float


@dataclass(frozen=True)
class Windows:
    """A series as the levels of windows, with their noise.

    Attributes:
        level: A level per window; the last window ends with the data.
        start: Index of the first point of the first window.
        width: Points in a window.
        spread: Noise of the levels.
    """

    level: Array
    start: int
    width: int
    spread: float

    def point(self, window: int) -> int:
        """Index of the first point of a window; points before the first window belong to it."""
        return self.start + window * self.width if window > 0 else 0


def windows(y: Array) -> Windows:
    """Cuts a series into some hundred windows.

    Args:
        y: Values, at least one.
    """
    width = max(1, len(y) // WINDOWS)
    level = robust.window_means(y, width)
    return Windows(level, len(y) - len(level) * width, width, _spread(level))


def find(
    y: Array,
    whole: Windows,
    *,
    overcome: bool = False,
    scale: float | None = None,
    ideal: float | None = None,
) -> Plateau | None:
    """Looks for a flat stretch that lasts to the end.

    Args:
        y: Values, lower is better.
        whole: Their windows.
        overcome: Whether the series went on to improve after them: then it was a plateau even if it
            was a step of a staircase.
        scale: As for `_has_moved`: of a logarithm what is worth the name.
        ideal: The best value there can be, where it is known.
    """
    if len(y) < ENOUGH and len(distinct(y)) <= COARSE:
        return None
    level, spread = whole.level, whole.spread
    first = rest.first_window(level, max(spread, rest.end_of_descent(level) / rest.DEPARTURE))
    if first > 0 and rest.only_got_quieter(level, spread):
        first, spread = 0, rest.early_noise(level, spread)
    before = rest.improved_before(level, first) if first < len(level) else 0.0
    if before < SURELY * spread and robust.is_mostly_one(y):
        return _of_one_value(y, ideal)
    if first == len(level):
        return None
    flat = None
    if before < SURELY * spread and first <= START * len(level):
        never = _never_learned(y, level, first, spread, before, ideal)
        flat = _flat(y, whole, never, overcome=overcome, scale=scale)
    if flat is None and before >= IMPROVED * spread:
        learned = _behind_descent(level, first, spread, before, ideal)
        flat = _flat(y, whole, learned, overcome=overcome, scale=scale)
    return flat


def _behind_descent(
    level: Array, first: int, spread: float, before: float, ideal: float | None
) -> _Stretch:
    """The stretch behind a descent."""
    onset = max(first, rest.bend(level, first, spread, shaped=False))
    # Where the first windows alone are higher, noise places the bend behind them.
    since = first if first <= FIRST_WINDOWS else onset
    # The shapes end where most of a descent was done, and of a high one some may be left.
    began = max(first, rest.bend(level, first, spread, shaped=True))
    return _Stretch(onset, began, spread, _worth_the_name(level, since, ideal), before, before)


def _never_learned(
    y: Array, level: Array, first: int, spread: float, before: float, ideal: float | None
) -> _Stretch | None:
    """All of a series in which nothing worth the name was ever improved; a little at first may be.

    Flat as a whole, or no plateau at all.
    """
    if still_improves(level[first:], spread, SUGGESTIVE):
        return None
    scatter = max(_scatter(y), rest.tiny(level))
    before = max(before, 0.0) if first > 0 else 0.0
    part = RATIO if len(y) >= ENOUGH else RATIO_OF_FEW
    small = _worth_learning(level, scatter, ideal, part)
    # What all points scatter is no less than the noise of levels.
    return _Stretch(0, first, min(spread, scatter), small, 0.0, before)


def _flat(
    y: Array, whole: Windows, stretch: _Stretch | None, *, overcome: bool, scale: float | None
) -> Plateau | None:
    """A stretch as a plateau, if it is one."""
    if stretch is None:
        return None
    level, spread, learnt = whole.level, stretch.spread, stretch.learnt
    onset = stretch.onset
    if not _is_flat(y[whole.point(onset) :], level, onset, spread, stretch.small, learnt):
        return None
    if not overcome and rest.is_a_step(level, onset, max(3 * spread, RECORD * learnt)):
        return None
    tail = level[stretch.began :]
    improvement, error = trend(tail, spread if spread > rest.tiny(level) else 0.0)
    middle = robust.median(tail)
    point = _first_point(y, whole, stretch.began, middle)
    moved = abs(improvement) > SIGNIFICANT * error
    moved = moved and _has_moved(improvement, stretch.before, middle, scale)
    if moved or (learnt > 0 and not _is_long(len(y) - point, len(y))):
        return None
    return Plateau(point, len(y), middle, improvement, error, stretch.before)


def _is_long(points: int, of: int) -> bool:
    """Whether what is level behind a descent is more than the end of a run that is done."""
    return points >= rest.LEAST_WINDOWS and (points >= ENOUGH or 2 * points > of)


def _worth_the_name(level: Array, onset: int, ideal: float | None) -> float:
    """What is no improvement any more: by what was improved before, and by what is left."""
    small = RATIO * rest.improved_before(level, onset)
    if ideal is None:
        return small
    return min(small, max(LEFT * (robust.median(level[onset:]) - ideal), rest.tiny(level)))


def _worth_learning(
    level: Array, scatter: float, ideal: float | None, part: float = RATIO
) -> float:
    """What is no improvement where none ever was: by the scatter, and by what is left."""
    small = NEVER * max(scatter, rest.tiny(level))
    if ideal is None:
        return small
    return min(small, max(part * (robust.median(level) - ideal), NEVER * rest.tiny(level)))


def _of_one_value(y: Array, ideal: float | None) -> Plateau | None:
    """The plateau of a series of mostly one value: the others are no more, or better, later on."""
    improvement, error = least_squares(y)
    small = _worth_learning(y, float(np.std(y)), ideal)
    if abs(improvement) + LIMIT * error > small or improvement > SUGGESTIVE * error:
        return None
    return Plateau(0, len(y), robust.median(y), improvement, error, 0.0)


def _first_point(y: Array, whole: Windows, window: int, level: float) -> int:
    """The first point of a stretch: where it is the end of a step, that is inside of a window.

    Args:
        y: Values.
        whole: Their windows.
        window: The first of the stretch.
        level: Its level.
    """
    if window == 0 or whole.width == 1:
        return whole.point(window)
    begin = whole.point(window - 1)
    around = y[begin : whole.point(window + 1)]
    step = robust.least_squares_split(around)
    apart = robust.median(around[:step]) - level
    if apart > rest.DEPARTURE * robust.noise_of_points(around):
        return begin + step
    return whole.point(window)


def _has_moved(improvement: float, before: float, middle: float, scale: float | None) -> bool:
    """Whether an improvement, or a worsening, is worth the name.

    Args:
        improvement: From the first to the last point of the stretch.
        before: What was improved before it.
        middle: Its level.
        scale: A difference that is worth the name whatever the level is; of a logarithm.
    """
    part = MOVED * abs(middle) if scale is None else scale
    return abs(improvement) > part or -improvement > WORSENED * before > 0


def _is_flat(
    y: Array, level: Array, onset: int, spread: float, small: float, before: float
) -> bool:
    """Whether a stretch is shown to be flat.

    Args:
        y: The values of the stretch.
        level: Levels of the windows of the whole series.
        onset: The first of the stretch.
        spread: Their noise.
        small: An improvement of less than this is none.
        before: What was improved before; 0 where nothing ever was.
    """
    tail = level[onset:]
    if len(tail) < max(rest.LEAST_WINDOWS, LEAST_PART * len(level)):
        return False
    if wanders(y, tail, descent=float(level[: onset + 1].max() - robust.median(tail))):
        return False
    improvement, error = trend(tail, spread)
    # What never was better has not improved, be it level or a little worse.
    may_be_level = before == 0 and improvement + LIMIT * error > 0
    if improvement - LIMIT * error < -small and not may_be_level:
        return False
    if before > 0 and _was_better(tail, spread, small):
        return False
    if before > 0 and improvement > _students(IMPROVES, tail) * error:
        small *= SMALLER
    if improvement + LIMIT * error > small:
        return False
    # What was never learnt is judged as a whole: it has no descent that could reach into it.
    recent = tail[len(tail) // 2 :] if before > 0 else tail
    return not still_improves(recent, spread, SIGNIFICANT, rest.END * before)


def _was_better(tail: Array, spread: float, small: float) -> bool:
    """Whether three levels of a stretch in a row were better than it by what is an improvement."""
    best = float(robust.running_median(tail, 3).min())
    return robust.median(tail) - best > max(small, rest.DEPARTURE * spread)


def _scatter(y: Array) -> float:
    """Standard deviation of the points about their median, correlated noise included."""
    some = y[:: max(1, len(y) // robust.ENOUGH_DIFFERENCES)]
    return robust.sigma(some - robust.median(some))


def _spread(level: Array) -> float:
    """Noise of the levels of the later half; never zero, so that it can be divided by."""
    return max(robust.noise_of_levels(level[len(level) // 2 :]), rest.tiny(level))


def still_improves(recent: Array, spread: float, errors: float, end: float = 0.0) -> bool:
    """Whether a stretch has a significant trend to the better, beyond an end.

    After a descent the later half is asked: the beginning may reach into the descent's end.

    Args:
        recent: Levels of the windows of the stretch.
        spread: Their noise.
        errors: Standard errors that are significant where the noise is known.
        end: Less than this is no improvement.
    """
    improvement, error = trend(recent, spread)
    return improvement > max(end, _students(errors, recent) * error)


def _students(errors: float, level: Array) -> float:
    """So many standard errors where the noise of few levels is not known well.

    The median absolute deviation of m levels knows as much as a standard deviation of 0.37 m.
    """
    return students(errors, 0.37 * len(level))
