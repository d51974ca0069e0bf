"""Two curves of one tag, point by point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.align import MISSING, align, union
from tbtools.analysis.diff.results import CurveSide, PointDifference
from tbtools.runs.levels import mean_level, window_start
from tbtools.runs.series import axis_name, last_of_each

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.align import Axis
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Floats = NDArray[np.float64]

# The end of a training: the last quarter of what all runs span.
_END = 0.25
# Of a sparkline, as `tbtools summarize` has it.
SPARKLINE_BINS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A curve along an axis.

    Attributes:
        curve: At least one point.
        x: int64 or float64, as many: where its points lie, NaN where that is not known.
    """

    curve: ScalarSeries
    x: Axis


def limits(x: Axis) -> tuple[float, float]:
    """The least and the greatest x that is known; there has to be one."""
    known = x[np.isfinite(x)]
    return known.min().item(), known.max().item()


def twins(
    a: NDArray[np.int64], b: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which points belong together: the k-th at a step in one, and the k-th in the other.

    Args:
        a: Steps of the one, in the order written.
        b: Steps of the other.

    Returns:
        Indices into a and into b, as many of each, in the order of the steps.
    """
    if np.array_equal(a, b) and _rises(a):
        return np.arange(a.size), np.arange(a.size)
    places, keys = [], []
    steps = union([a, b])
    for own in (a, b):
        order = np.argsort(own, kind="stable")
        number = np.searchsorted(steps, own[order])
        first = np.searchsorted(number, number)
        places.append(order)
        keys.append(number * np.int64(max(a.size, b.size, 1)) + np.arange(own.size) - first)
    _, in_a, in_b = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    return places[0][in_a], places[1][in_b]


def _rises(x: Axis) -> bool:
    """Whether each x is finite and greater than the one before it."""
    return bool((x[1:] > x[:-1]).all() and np.isfinite(x[:1]).all() and np.isfinite(x[-1:]).all())


def compare_points(a: Placed, b: Placed, rtol: float, atol: float) -> PointDifference:
    """Compares two curves at the steps that they have in common, and the area between them.

    The area is along their axis; points belong together by their steps whatever that is.

    Args:
        a: The one, by which relative tolerance is measured.
        b: The other.
        rtol: Values are the same that differ by no more than `rtol` times that of a,
        atol: plus this.
    """
    at_a, at_b = twins(a.curve.step, b.curve.step)
    step, left, right = a.curve.step[at_a], a.curve.value[at_a], b.curve.value[at_b]
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(left - right)
        close = (distance <= atol + rtol * np.abs(left)) & np.isfinite(left)
    same = close | (left == right) | (np.isnan(left) & np.isnan(right))
    differing = np.flatnonzero(~same)
    first = int(differing[0]) if differing.size else None
    finite = np.flatnonzero(np.isfinite(distance))
    largest = int(finite[np.argmax(distance[finite])]) if finite.size else None
    area, mean_gap = _between(a, b)
    return PointDifference(
        common_steps=int(step.size),
        differing=int(differing.size),
        first_step=None if first is None else int(step[first]),
        first_values=None if first is None else (float(left[first]), float(right[first])),
        max_difference=None if largest is None else float(distance[largest]),
        max_step=None if largest is None or not distance[largest] else int(step[largest]),
        area=area,
        mean_gap=mean_gap,
    )


def aligned_pair(a: Placed, b: Placed) -> tuple[Axis, Floats, Floats]:
    """Both curves wherever either has a point and both span, straight lines between points.

    Returns:
        x, the values of a, the values of b.
    """
    if np.array_equal(a.x, b.x) and _rises(a.x):
        return a.x, a.curve.value, b.curve.value
    in_a, in_b = last_of_each(a.x), last_of_each(b.x)
    aligned = align([a.x[in_a], b.x[in_b]], "interpolate")
    left, right = aligned.values([a.curve.value[in_a], b.curve.value[in_b]])
    both = (aligned.state != MISSING).all(axis=0)
    return aligned.x[both], left[both], right[both]


def _between(a: Placed, b: Placed) -> tuple[float | None, float | None]:
    """The area between two curves, and how far b lies above a on average.

    Both are piecewise linear, and so is their difference: between two points it makes a trapezium,
    or, where the curves cross, two triangles. Stretches with values that are not finite are left
    out.
    """
    x, left, right = aligned_pair(a, b)
    width = np.diff(x).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        gap = right - left
        first, last = gap[:-1], gap[1:]
        total = np.abs(first) + np.abs(last)
        crossing = first * last < 0
        triangles = np.divide(first**2 + last**2, total, out=np.zeros_like(total), where=crossing)
        areas = np.where(crossing, triangles, total) * width / 2
        signed = (first + last) * width / 2
    counted = np.isfinite(areas) & np.isfinite(signed)
    span = float(width[counted].sum())
    if not span:
        return None, None
    with np.errstate(over="ignore", invalid="ignore"):  # of huge values the sums may be infinite
        return float(areas[counted].sum()), float(signed[counted].sum()) / span


def describe(
    side: Placed,
    other: Placed | None,
    objective: Objective,
    start_time: float,
    at_steps: Collection[int] = (),
) -> CurveSide:
    """What one curve is by itself, and when it was as good as the other's best.

    Args:
        side: The curve.
        other: The other curve; None where the other run has none.
        objective: Which way is better.
        start_time: Wall time of the run's first event.
        at_steps: The steps of which the values are told.
    """
    curve, x = side.curve, side.x
    finite = np.isfinite(curve.value)
    best = _best(curve, objective)
    target = _best(other.curve, objective) if other is not None else None
    reached = None
    if target is not None and other is not None:
        goal = other.curve.value[target]
        with np.errstate(invalid="ignore"):
            good = curve.value <= goal if objective == "min" else curve.value >= goal
        hits = np.flatnonzero(good & finite)
        reached = int(hits[0]) if hits.size else None
    return CurveSide(
        count=curve.step.size,
        nonfinite=int((~finite).sum()),
        dtype=curve.dtype,
        final=float(curve.value[-1]),
        final_step=int(curve.step[-1]),
        best=None if best is None else float(curve.value[best]),
        best_step=None if best is None else int(curve.step[best]),
        reaches_step=None if reached is None else int(curve.step[reached]),
        reaches_seconds=(None if reached is None else float(curve.wall_time[reached]) - start_time),
        reaches_x=(None if reached is None or not np.isfinite(x[reached]) else x[reached].item()),
        steps_per_second=_speed(curve),
        end=mean_level(curve.value[window_start(curve.value.size) :]) or 0.0,
        at={step: _at(curve, step) for step in at_steps},
        sparkline=_sparkline(x, curve.value, [x] if other is None else [x, other.x]),
    )


def _at(curve: ScalarSeries, step: int) -> float | None:
    """The last value up to a step; None where the curve begins later or ends earlier."""
    before = np.flatnonzero(curve.step <= step)
    return float(curve.value[before[-1]]) if before.size and curve.step.max() >= step else None


def _spacing(x: Axis) -> float:
    """What usually lies between neighbouring points; 0 for fewer than two."""
    gaps = np.diff(union([x[np.isfinite(x)]]))
    return float(np.median(gaps)) if gaps.size else 0.0


def _best(curve: ScalarSeries, objective: Objective) -> int | None:
    """Index of the best finite value, the first of several."""
    finite = np.isfinite(curve.value)
    if objective == "none" or not finite.any():
        return None
    turned = curve.value if objective == "min" else -curve.value
    return int(np.argmin(np.where(finite, turned, np.inf)))


@np.errstate(over="ignore", invalid="ignore")
def _speed(curve: ScalarSeries) -> float | None:
    """Steps by seconds, over neighbouring points of one session."""
    steps, seconds = np.diff(curve.step), np.diff(curve.wall_time)
    counted = (np.diff(curve.session) == 0) & (steps > 0) & (seconds >= 0)
    total = float(seconds[counted].sum())
    return float(steps[counted].sum()) / total if total > 0 else None


def _sparkline(x: Axis, values: Floats, both: Sequence[Axis]) -> tuple[float | None, ...]:
    """Means of the finite values in equal stretches of the axis, from its first x to its last."""
    ends = [limits(each) for each in both if np.isfinite(each).any()]
    if not ends:
        return (None,) * SPARKLINE_BINS
    low, high = min(first for first, _ in ends), max(last for _, last in ends)
    finite = np.isfinite(values) & np.isfinite(x)
    share = (x[finite].astype(np.float64) - low) / ((high - low) or 1)
    bins = np.minimum((share * SPARKLINE_BINS).astype(np.int64), SPARKLINE_BINS - 1)
    count = np.bincount(bins, minlength=SPARKLINE_BINS)
    # Means as sums of shares: a sum of large values might be infinite.
    mean = np.bincount(bins, weights=values[finite] / count[bins], minlength=SPARKLINE_BINS)
    cells = zip(mean.tolist(), count.tolist(), strict=True)
    return tuple(each if many else None for each, many in cells)


def span(a: Sequence[Placed], b: Sequence[Placed], x: str) -> dict[str, Any]:
    """Where both sides end on the axis, and which ends before the other, as `TagDiff` has them.

    Of several curves the first to end counts. Along times it is asked of the steps: a faster run is
    no shorter one.

    Args:
        a: The curves of the one side.
        b: Those of the other.
        x: The axis.
    """
    timed = axis_name(x) in ("wall", "relative", "active")
    places = [[line.curve.step if timed else line.x for line in side] for side in (a, b)]
    known = [[each for each in side if np.isfinite(each).any()] for side in places]
    if not all(known):
        return {}
    ends = [min(limits(each)[1] for each in side) for side in known]
    apart = max(_spacing(each) for side in known for each in side) / 2
    shorter = None if abs(ends[0] - ends[1]) <= apart else "b" if ends[1] < ends[0] else "a"
    return {"end_a": ends[0], "end_b": ends[1], "shorter": shorter}


def levels(a: Sequence[Placed], b: Sequence[Placed]) -> tuple[list[float], list[float]]:
    """For each run its mean over the last quarter of what all runs span."""
    ends = [limits(line.x) for line in (*a, *b)]
    if not ends:
        return [], []
    first, last = max(low for low, _ in ends), min(high for _, high in ends)
    start = last - (last - first) * _END
    return [_level(line, start, last) for line in a], [_level(line, start, last) for line in b]


def _level(line: Placed, start: float, last: float) -> float:
    x = line.x
    inside = (x >= start) & (x <= last)
    if not inside.any():
        # No point there: the last one before, or, of a run that only began later, its first.
        before = x[np.isfinite(x) & (x <= last)]
        inside = x == (before.max() if before.size else limits(x)[0])
    return float(mean_level(line.curve.value[inside]) or 0.0)
