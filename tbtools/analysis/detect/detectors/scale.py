"""Explosion and collapse: the scale of a series changed for good, whatever its objective is.

Asked of the logarithm of absolute values: from a point on all of them, smoothed, lie beyond all
before it. So nothing that comes and goes is one, nor what grows all the time: it has never been in
one place, and then in another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import HUGE, place_of, points_before
from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import locate
from tbtools.runs.numbers import distinct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Array = NDArray[np.float64]

# Two orders of magnitude from level to level, of what happens at once a fifth of that ...
FACTOR = np.log(100.0)
SUDDEN_FACTOR = np.log(20.0)
# ... one of them between the extremes on both sides.
APART = np.log(10.0)
# The scale before was there for this part of the series and so many points ...
LEAST_PART = 0.05
LEAST_POINTS = 20
# ... from its first point on, or from where a beginning of another scale was over, at the latest.
BEGINNINGS = (0.0, 0.05, 0.1, 0.2)
# From the one to the other it takes no more than this part of the series: what grows may take
# longer, for what falls that slowly may be learned.
TRANSITIONS = {1: (0.0, 0.02, 0.05, 0.1, 0.2, 0.4), -1: (0.0, 0.02, 0.05, 0.1)}
# Where it was there for a shorter time, or the change took longer, it was in one place: it drifted
# no faster than this part of the pace of the change.
LONG_PART = 0.2
SUDDEN_PART = 0.1
STEADY = 0.15
# At once is in no more than this part of the series.
AT_ONCE = 0.02
# So near its new level a change is as good as over.
NEAR = np.log(3.0)
# Levels of a reward that tell whether it improves.
ENDS = 16
# So many zeros to the end are no chance; before them are as many points that are none.
ZEROS = excursion.PERSISTENT
# What came down to zero step by step was less than this part of its usual level before ...
SUDDENLY = 0.1
# ... or no more than so many of the smallest steps that the series makes.
GRAINS = 5
# A schedule repeats its values, or its steps differ by no more than this part of them.
REPEATED = 0.5
SMOOTH = 0.1


@dataclass(frozen=True)
class Change:
    """A change of scale.

    Attributes:
        index: Of the first point of the new scale, among the finite ones.
        before: The level of absolute values before.
        after: The same at the end.
        gradual: Whether it takes more than `SUDDEN_PART` of the series to come near the new scale.
    """

    index: int
    before: float
    after: float
    gradual: bool = False


@dataclass(frozen=True)
class Step:
    """A step from one scale to another.

    Attributes:
        begin: Index of its first point that is above all before it.
        gradual: As of a `Change`.
    """

    begin: int
    gradual: bool


def find(
    series: ScalarSeries, objective: Objective, rewards: Iterable[Judged] = ()
) -> Finding | None:
    """Looks for a scale that changed for good, or a series that became exactly zero at once.

    Args:
        series: Any series.
        objective: Which way is better; of a series that has one the scale may change.
        rewards: What the agent of its run gets: values and their losses grow with it.
    """
    if objective == "max" or (objective == "min" and _ends_above_zero(series.value)):
        return None
    finite = np.flatnonzero(np.isfinite(series.value))
    value = np.minimum(np.abs(series.value[finite]), HUGE)
    if not len(value):
        return None
    change = _to_zero(value)
    if change is None and objective == "none":
        change = _changed(value)
    if change is None:
        return None
    onset = int(finite[change.index])
    foretells = change.gradual and change.after > change.before
    if foretells and any(_improves(reward, series, onset) for reward in rewards):
        return None
    return _finding(series, finite, change, objective)


def _ends_above_zero(value: Array) -> bool:
    last = float(value[-1]) if len(value) else 0.0
    return last != 0 and math.isfinite(last)


def _to_zero(value: Array) -> Change | None:
    """Zero from one point to the next, and to the end."""
    if len(value) < 2 * ZEROS or value[-1] != 0:
        return None
    some = np.flatnonzero(value)
    index = int(some[-1]) + 1 if len(some) else 0
    before = value[:index]
    if len(value) - index < ZEROS or len(some) < max(ZEROS, 0.99 * index):
        return None
    last = robust.median(before[-ZEROS:])
    levels = distinct(before)
    grain = float(np.diff(levels).min()) if len(levels) > 1 else 0.0
    if last < max(SUDDENLY * robust.median(before), GRAINS * grain if _is_coarse(before) else 0.0):
        return None
    return Change(index, last, 0.0)


def _is_coarse(value: Array) -> bool:
    """Whether most values occur more than once: counts, or what was rounded."""
    return len(distinct(value)) < REPEATED * len(value)


def _changed(value: Array) -> Change | None:
    if len(value) < LEAST_POINTS + excursion.PERSISTENT:
        return None
    least, most = float(value.min()), float(value.max())
    if least > most / np.exp(SUDDEN_FACTOR) or most == 0:
        return None
    floor = least if least > 0 else float(value[value > 0].min()) / 100
    points = np.log(np.maximum(value, floor))
    level = robust.running_median(points, 5)
    for sign in TRANSITIONS:
        for begin in sorted({int(part * len(value)) for part in BEGINNINGS}):
            step = _step(sign * level, begin, TRANSITIONS[sign])
            if step is not None and not _is_scheduled(value[begin:], step.begin - begin):
                onset = begin + _onset(sign * points[begin:], step.begin - begin)
                before, after = value[begin : step.begin], value[step.begin :]
                return Change(
                    onset, robust.median(before), robust.median(after), gradual=step.gradual
                )
    return None


def _improves(reward: Judged, series: ScalarSeries, onset: int) -> bool:
    """Whether it is better at the end than ever before a point of another series."""
    points = int(points_before(reward.series, series, np.array([onset]), "left")[0])
    first = int(np.searchsorted(reward.points, points))
    before, after = reward.y[:first], reward.y[first:]
    if not len(before) or not len(after):
        return False
    levels = robust.window_medians(before, max(1, len(before) // ENDS), ENDS)
    return bool(robust.median(after[-max(1, len(after) // 4) :]) < levels.min())


def _onset(points: Array, index: int) -> int:
    """Where a step up begins that takes some points: before the first one beyond all before it.

    Args:
        points: Logarithms of the values.
        index: The first point beyond all before.
    """
    base, top = robust.median(points[:index]), robust.median(points[index:])
    low = int(np.flatnonzero(points[:index] <= base)[-1])
    noise = robust.noise_of_levels(points[:index])
    rise = excursion.Excursion(top - base, base, low, index, 1, noise, 0.0)
    return min(index, locate(points, rise).index or index)


def _step(level: Array, begin: int, transitions: Iterable[float]) -> Step | None:
    """A step up by orders of magnitude; None where there is none.

    Args:
        level: Smoothed logarithms.
        begin: The first of them that counts: those before are of another scale.
        transitions: How long a step may take, as parts of the series.
    """
    n = len(level)
    least = begin + max(LEAST_POINTS, int(LEAST_PART * n))
    highest = np.maximum.accumulate(level[begin:])
    lowest = np.minimum.accumulate(level[::-1])[::-1]
    for width in sorted({int(part * n) for part in transitions}):
        splits = np.arange(least, n - excursion.PERSISTENT - width + 1)
        if not len(splits):
            return None
        apart = lowest[splits + width] - highest[splits - 1 - begin]
        long = min(int(np.searchsorted(splits, begin + LONG_PART * n)), len(splits) - 1)
        candidates = (np.argmax(apart >= APART), np.argmax(apart), long + np.argmax(apart[long:]))
        for best in map(int, candidates):
            split = int(splits[best])
            if apart[best] >= APART and _is_step(level, begin, split, split + width):
                first = split + int(np.argmax(level[split:] > highest[split - 1 - begin]))
                top = robust.median(level[split + width :]) - NEAR
                return Step(first, gradual=int(np.argmax(level[first:] > top)) > SUDDEN_PART * n)
    return None


def _is_step(level: Array, begin: int, split: int, end: int) -> bool:
    """Whether the scale was in one place before a step that ends at some point."""
    before = level[begin:split]
    base = robust.median(before)
    gap = robust.median(level[end:]) - base
    if gap < (SUDDEN_FACTOR if end - split <= AT_ONCE * len(level) else FACTOR):
        return False
    half = base + gap / 2
    # The scale at first was one beyond, too, and has been left for good.
    if begin and not _is_left(level[:begin], base + gap / 4, half):
        return False
    if split - begin >= LONG_PART * len(level) and end - split <= SUDDEN_PART * len(level):
        return True
    # Where it takes long it does not come back on the way.
    up = int(np.argmax(level[split:] > half))
    if (level[split + up :] <= base + gap / 4).any():
        return False
    middle = len(before) // 2
    drift = robust.median(before[middle:]) - robust.median(before[:middle])
    return abs(drift) / middle <= STEADY * gap / (end - split + middle)


def _is_left(beginning: Array, low: float, high: float) -> bool:
    down = int(np.argmax(beginning <= low)) if beginning.min() <= low else len(beginning)
    return beginning[0] > high and bool((beginning[down:] <= high).all())


def _is_scheduled(value: Array, index: int) -> bool:
    """Whether a series moves as nothing that is measured does.

    It repeats its values before, or its way to values that it repeats has no noise. What is
    measured and has collapsed repeats its least value, too: one code, no unit that is alive.
    """
    before = value[:index]
    return _repeats(before) or (_repeats(value[index:]) and _is_smooth(before))


def _repeats(value: Array) -> bool:
    return len(value) > 1 and bool(np.mean(np.diff(value) == 0) > REPEATED)


def _is_smooth(value: Array) -> bool:
    steps = robust.median(np.abs(np.diff(value)))
    return robust.median(np.abs(np.diff(value, 2))) <= SMOOTH * steps


def _finding(
    series: ScalarSeries, finite: NDArray[np.intp], change: Change, objective: Objective
) -> Finding:
    onset = int(finite[change.index])
    last_good = int(finite[change.index - 1])
    grew = change.after > change.before
    points = len(finite) - change.index
    place = place_of(series, onset)
    if change.after == 0:
        text = f"is exactly 0 from {place} on, in {points:,} points; before it was about "
        text += f"{change.before:.4g}"
    else:
        times = change.after / change.before if grew else change.before / change.after
        text = f"{'grew' if grew else 'fell'} {times:,.0f}-fold at {place}, from about "
        text += f"{change.before:.4g} to {change.after:.4g}, and stayed there for {points:,} points"
    if objective == "min":
        text += ": look at the labels, the mask and the precision of the weights"
    return Finding.of_points(
        series,
        onset,
        int(finite[-1]),
        ongoing=True,
        kind="explosion" if grew else "collapse",
        severity="error" if objective == "min" else "warning",
        message=text,
        evidence={
            "level_before": change.before,
            "level_after": change.after,
            "points_since": points,
        },
        last_good=last_good,
    )
