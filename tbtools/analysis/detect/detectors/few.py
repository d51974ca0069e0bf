"""What robust levels do not show: a rise in few points, an end at zero, a start never met again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tbtools.analysis.detect.signals import contrast, excursion, jump, memory, robust, unimodal
from tbtools.analysis.detect.signals.onset import Onset
from tbtools.runs.numbers import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged

    Array = NDArray[np.float64]

Rise = TypeVar("Rise", bound=excursion.Excursion)

# What was never better than at the start is worth the name from this part of the level on.
SMALL = 0.05
# More values than those of what is won or lost, and no more than so many, are steps of one sample.
OUTCOMES, VALUES = 2, 5
LEAST_TURNS = 2
# A loss so many times as large as that of a model that has learned nothing is of none that learns.
BEYOND = 10.0
# It is asked of so many points: of more a level at first is known, and what it rises by.
FEWEST, MOST = 8, 64
# A first value is a loss, too, where all others are so many times as large, and as large as this.
EXPLODED = 1000.0
# A loss is twice that of so many points before, and farther above them than it scatters, at least
# half of the run long. Of noise whose logarithm has a standard deviation of a half, independent or
# correlated by as much, two or seven series of ten points in a thousand do.
TWICE, NEXT, APART = 2.0, 2, 2.5
# Of one that is ten times that of as many points as make a level so many are enough.
LASTING = 3
# What is so many times as large as ever before needs one, if its logarithm leapt so many times the
# noise of those before.
FAR_BEYOND, LEAPS = 100.0, 5.0


def valley(judged: Judged, *, beside: bool = False) -> unimodal.Valley | None:
    """The rise at the end of a series, in its own unit.

    Of noise in proportion to the level the logarithm has the same everywhere: where that of the
    logarithm is the more even, it is asked first.

    Args:
        judged: The series.
        beside: Whether its twin goes on falling, so that less evidence will do; then both are.
    """
    y = judged.y
    positive = _is_positive(judged)
    if not unimodal.may_rise(y, logarithmic=positive):
        return None
    logs = positive and (beside or _is_even_in_logarithms(y))
    found = _by_logarithms(y, beside=beside) if logs else None
    found = found or unimodal.find(y, beside=beside)
    small = found is not None and _is_small(found.as_rise(len(y)), judged)
    return None if found is None or small or found.gap <= floor(judged) else found


def floor(judged: Judged) -> float:
    """What a rise has to be larger than: the noise of a point, or the one step that it makes.

    A share of few samples near its bound has a few values, each one sample from the next, and goes
    to and fro between them.

    Args:
        judged: The series.
    """
    y = judged.y
    few_points = judged.width == 1 and len(y) <= MOST
    if not few_points or not OUTCOMES < len(distinct(y)) <= VALUES:
        return judged.noise
    change = np.diff(y)
    turns = min(np.count_nonzero(change > 0), np.count_nonzero(change < 0))
    if turns < LEAST_TURNS:
        return judged.noise
    return max(judged.noise, robust.median(np.abs(change[change != 0])))


def contrast_of(judged: Judged) -> tuple[contrast.Contrast, Onset] | None:
    """A rise that all points behind it show together, in the unit of the series.

    Args:
        judged: The series.
    """
    y = judged.y
    if len(y) < contrast.FEWEST or not contrast.may_rise(y, judged.noise):
        return None
    if _is_positive(judged) and _is_even_in_logarithms(y):
        logs = np.log(y)
        found = contrast.find(logs, robust.noise_of_points(logs))
        if found is not None:
            scatter = float(np.expm1(found[0].scatter)) * float(np.exp(found[0].base))
            found = replace(_without_logarithms(found[0]), scatter=scatter), found[1]
    else:
        found = contrast.find(y, floor(judged))
    if found is None:
        return None
    rise, onset = found
    if _is_small(replace(rise, noise=rise.gap), judged) or memory.carries(y, rise):
        return None
    return rise, onset


def _is_positive(judged: Judged) -> bool:
    y = judged.y
    return judged.objective == "min" and not judged.log and len(y) > 0 and bool(y.min() > 0)


def _is_even_in_logarithms(y: Array) -> bool:
    return unimodal.unevenness(np.log(y)) < unimodal.unevenness(y)


def begins(found: unimodal.Valley) -> Onset:
    """Where it begins: at its jump, where that is most of it.

    Args:
        found: The rise.
    """
    if found.leap > unimodal.LEAP:
        return Onset(found.high, sudden=True)
    return Onset(found.onset, sudden=False)


def to_zero(judged: Judged) -> excursion.Excursion | None:
    """A score that fell to zero from one point to the next, and stayed there.

    Args:
        judged: The series.
    """
    y = judged.y
    at = jump.to_zero(y) if judged.objective == "max" and judged.width == 1 else None
    if at is None:
        return None
    base = robust.median(y[at - jump.BEFORE : at])
    achieved = excursion.progress(y[:at], base)
    return excursion.Excursion(-base, base, at - 1, at, 1, judged.noise, achieved)


def beyond(judged: Judged) -> excursion.Excursion | None:
    """A loss that is ten times what it was at first, and all the while since it got there.

    Whatever its noise is. One point alone may be no loss yet; two that rise are on their way.

    Args:
        judged: The series.
    """
    raw = judged.series.value[judged.points]
    if judged.objective != "min" or not FEWEST <= len(raw) <= MOST:
        return None
    later = excursion.smoothed(raw[excursion.PERSISTENT :])
    lowest = float(later.min())
    rises = 0 < raw[0] < raw[1] < (raw[0] * lowest) ** 0.5 and lowest >= BEYOND * raw[0]
    if not rises and not (raw[0] > 0 and raw[1:].min() >= EXPLODED * max(1.0, raw[0])):
        return None
    y = judged.y
    high = int(np.argmax(raw >= lowest))
    return excursion.Excursion(float(y[high] - y[0]), float(y[0]), 0, high, 1, judged.noise, 0.0)


def above(judged: Judged) -> excursion.Excursion | None:
    """A loss all of whose last points are several times any of those right before.

    Args:
        judged: The series.
    """
    raw = judged.series.value[judged.points]
    n = len(raw)
    outcomes = judged.objective != "min" or judged.width > 1
    if outcomes or not FEWEST <= n <= MOST or raw.min() <= 0:
        return None
    if raw[-LASTING:].min() < TWICE * raw.min():
        return None
    logs = np.log(raw)
    lowest = np.minimum.accumulate(logs[::-1])[::-1]
    for at in range(NEXT, n - LASTING + 1):
        times, some = (TWICE, NEXT) if 2 * (n - at) >= n else (BEYOND, excursion.BEFORE)
        gap = lowest[at] - logs[max(0, at - some) : at].max()
        far = at >= some and gap >= np.log(times)
        if far and gap >= APART * float(np.std(logs[at:])):
            return _jump_at(judged, at, some)
    return None


def at_the_end(judged: Judged) -> excursion.Excursion | None:
    """A loss that is a hundred times as large as ever before, from one point on to the last.

    A batch in which a loss blows up does not go as far, and where one does there are others. Of
    many points these may be too few to make a level.

    Args:
        judged: The series.
    """
    y = judged.y
    if judged.objective != "min" or judged.width > 1 or len(y) <= FEWEST:
        return None
    if judged.logged(float(y[-1])) < FAR_BEYOND * judged.logged(float(y[:FEWEST].max())):
        return None
    raw = np.exp(y) if judged.log else y
    if raw.min() <= 0:
        return None
    most = np.maximum.accumulate(raw)[FEWEST - 1 : -1]
    least = np.minimum.accumulate(raw[::-1])[::-1][FEWEST:]
    far = np.flatnonzero(least >= FAR_BEYOND * most)
    if not len(far):
        return None
    at = FEWEST + int(far[0])
    usual = robust.noise_of_points(np.log(raw[:at]))
    leap = float(np.log(least[far[0]] / most[far[0]]))
    return _jump_at(judged, at) if leap > LEAPS * usual else None


def _jump_at(judged: Judged, at: int, before: int = excursion.BEFORE) -> excursion.Excursion:
    """The rise of all points from an index on above so many before."""
    y = judged.y
    base = robust.median(y[at - before : at])
    achieved = excursion.progress(y[:at], base)
    rise = robust.median(y[at:]) - base
    return excursion.Excursion(rise, base, at - 1, at, 1, judged.noise, achieved)


def _by_logarithms(y: Array, *, beside: bool) -> unimodal.Valley | None:
    found = unimodal.find(np.log(y), beside=beside)
    if found is None:
        return None
    rise = _without_logarithms(found.as_rise(len(y)))
    return replace(found, base=rise.base, gap=rise.gap, fall=rise.progress, noise=rise.noise)


def _without_logarithms(rise: Rise) -> Rise:
    """A rise of logarithms as one of what they are of."""
    base = float(np.exp(rise.base))
    gap, noise, progress = (
        base * float(np.expm1(part)) for part in (rise.gap, rise.noise, rise.progress)
    )
    return replace(rise, base=base, gap=gap, noise=noise, progress=progress)


def _is_small(rise: excursion.Excursion, judged: Judged) -> bool:
    """Whether next to nothing was lost, and nothing achieved before that it is a part of."""
    level = 1.0 if judged.log else abs(rise.base)
    return rise.progress <= rise.noise and rise.gap <= SMALL * level
