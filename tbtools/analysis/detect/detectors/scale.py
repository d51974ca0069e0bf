"""Explosion and collapse: the scale of a series changed for good, whatever its objective is.

Asked of the logarithm of absolute values: from a point on all of them, smoothed, lie beyond all
before it. So nothing that comes and goes is one, nor what grows all the time: it has never been in
one place, and then in another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import HUGE, place_of
from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import locate
from tbtools.runs.numbers import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Array = NDArray[np.float64]

# Two orders of magnitude from level to level ...
FACTOR = np.log(100.0)
# ... one of them between the extremes on both sides.
APART = np.log(10.0)
# The scale before was there for this part of the series and so many points.
LEAST_PART = 0.2
LEAST_POINTS = 20
# From the one to the other it takes no more than this part of the series.
TRANSITIONS = (0.0, 0.02, 0.05, 0.1)
# So many zeros to the end are no chance; before them are as many points that are none.
ZEROS = excursion.PERSISTENT
# What came down to zero step by step was less than this part of its usual level before ...
SUDDENLY = 0.1
# ... or no more than so many of the smallest steps that the series makes.
GRAINS = 5
# A schedule repeats its values, or moves by equal steps.
REPEATED = 0.5


@dataclass(frozen=True)
class Change:
    """A change of scale.

    Attributes:
        index: Of the first point of the new scale, among the finite ones.
        before: The level of absolute values before.
        after: The same at the end.
    """

    index: int
    before: float
    after: float


def find(series: ScalarSeries, objective: Objective) -> Finding | None:
    """Looks for a scale that changed for good, or a series that became exactly zero at once.

    Args:
        series: Any series.
        objective: Which way is better; of a series that has one the scale may change.
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
    if least > most / np.exp(FACTOR) or most == 0:
        return None
    floor = least if least > 0 else float(value[value > 0].min()) / 100
    points = np.log(np.maximum(value, floor))
    level = robust.running_median(points, 5)
    for sign in (1, -1):
        index = _step(sign * level)
        if index is not None and not _is_scheduled(value, index):
            return replace(_between(value, index), index=_onset(sign * points, index))
    return None


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


def _step(level: Array) -> int | None:
    """The first point of a step up by orders of magnitude; None where there is none."""
    n = len(level)
    least = max(LEAST_POINTS, int(LEAST_PART * n))
    highest, lowest = np.maximum.accumulate(level), np.minimum.accumulate(level[::-1])[::-1]
    for width in sorted({int(part * n) for part in TRANSITIONS}):
        begins = np.arange(least, n - excursion.PERSISTENT - width + 1)
        if not len(begins):
            return None
        apart = lowest[begins + width] - highest[begins - 1]
        best = int(np.argmax(apart))
        if apart[best] < APART:
            continue
        begin = int(begins[best])
        before, after = robust.median(level[:begin]), robust.median(level[begin + width :])
        if after - before >= FACTOR:
            # The first point of the rise that is above all before it.
            return begin + int(np.argmax(level[begin:] > highest[begin - 1]))
    return None


def _is_scheduled(value: Array, index: int) -> bool:
    """Whether a series moves as nothing that is measured does: it repeats its values."""
    parts = [part for part in (value[:index], value[index:]) if part.any()]
    return any(np.mean(np.diff(part) == 0) > REPEATED for part in parts if len(part) > 1)


def _between(value: Array, index: int) -> Change:
    return Change(index, robust.median(value[:index]), robust.median(value[index:]))


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
