"""The learning rate itself: it is next to zero, it jumps, or has no warm-up that was asked for."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.learning_rate import DEAD, LAST_PART
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Severity

    Array = NDArray[np.float64]

# So many zeros, in this part of the run, are no accident ...
ZEROS = 5
ZERO_PART = 0.05
# ... and where the rate had come down by itself, so many are no end of a schedule.
ENDED_PART = 0.2
# A rate that had come to this part of its peak was at the end of its schedule.
ENDED = 0.02
# A rate that is so many times what it was has jumped.
JUMP = 3.0
# One that fell so far at a restart, and stays below this part of what it was for as long as a
# warm-up may take, was computed anew.
STAYS_LOW = 0.5
# Within rounding a rate that was there before.
KNOWN = 1.1
# Up to here, or so many points, a rate may still be warming up.
WARM_UP = 0.15
WARM_UP_POINTS = 5
# More jumps are a schedule.
JUMPS = 3
# Fewer points do not tell that a rate never changes.
LEAST_POINTS = 10
# Standard errors by which a loss still falls.
FALLS = 5.0
# What is in the names of hyperparameters that say how long a rate warms up.
HPARAMS = ("warmup",)


def find(
    rates: Sequence[ScalarSeries],
    loss: ScalarSeries | None,
    declared: Callable[[], Mapping[str, Any]],
) -> Iterator[Finding]:
    """Looks at the learning rates of one run.

    Args:
        rates: Those of all groups of parameters that it logs.
        loss: What training minimises, which falls as long as the rate is not zero.
        declared: Gives its hyperparameters, which say whether there is a warm-up.
    """
    zero = _zero(rates, loss) or _dead(rates)
    if zero is not None:
        yield zero
    yield from islice(filter(None, map(_jump, rates)), 1)
    if zero is None and (constant := _without_warm_up(rates[0], declared)) is not None:
        yield constant


def _zero(rates: Sequence[ScalarSeries], loss: ScalarSeries | None) -> Finding | None:
    """All rates are zero while training goes on: one that is may belong to what is frozen."""
    series = rates[0]
    begin, end = _longest((series.value <= 0) & np.isfinite(series.value))
    n = len(series.value)
    peak = _peak(series)
    ended = end == n and begin > 0 and bool(series.value[begin - 1] <= ENDED * peak)
    least = max(ZEROS, (ENDED_PART if ended else ZERO_PART) * n)
    if end - begin < least or (begin == 0 and end < n):
        return None
    first, last = int(series.step[begin]), int(series.step[end - 1])
    for other in rates[1:]:
        if (other.value[(other.step >= first) & (other.step <= last)] > 0).any():
            return None
    place = place_of(series, begin)
    is_so = "is negative or 0" if (series.value[begin:end] < 0).any() else "is 0"
    text = f"{is_so} in all {n:,} points" if begin == 0 else f"{is_so} from {place} on"
    if begin and end < n:
        text = f"{is_so} from {place} to {place_of(series, end - 1)}"
    text += f", {(end - begin) / n:.0%} of the run" if begin else ""
    falls = loss is not None and _falls(loss, first, last)
    severity: Severity = "warning"
    if falls:
        severity = "info"
        text += "; the loss still falls: it was rounded, or is not the rate that is in use"
    elif ended:
        text += ": training goes on after the end of the schedule"
    else:
        text += ": nothing is learned"
    return Finding.of_points(
        series,
        begin,
        end - 1,
        ongoing=end == n,
        kind="learning_rate",
        severity=severity,
        message=text,
        evidence={"zeros": end - begin, "points": n, "peak": peak, "loss_falls": falls},
        last_good=begin - 1 if begin else None,
    )


def _dead(rates: Sequence[ScalarSeries]) -> Finding | None:
    """All rates are next to zero for longer than schedules have it: they were cut too often.

    A loss may still fall, by weights that are averaged or by what no rate is logged of: an info.
    """
    series = rates[0]
    low = [np.isfinite(one.value) & (one.value <= KNOWN * DEAD * _peak(one)) for one in rates]
    begin, end = _longest(low[0])
    n = len(series.value)
    if end < n or n - begin < max(LEAST_POINTS, LAST_PART * n) or not begin:
        return None
    first = int(series.step[begin])
    if not all(flags[one.step >= first].all() for one, flags in zip(rates, low, strict=True)):
        return None
    peak, last = _peak(series), float(series.value[-1])
    return Finding.of_points(
        series,
        begin,
        n - 1,
        ongoing=True,
        kind="learning_rate",
        severity="info",
        message=f"is less than a thousandth of its peak of {peak:.4g} since "
        f"{place_of(series, begin)}, {(n - begin) / n:.0%} of the run, and {last:.4g} at the end: "
        "next to nothing is learned",
        evidence={"peak": peak, "level_after": last, "points_since": n - begin},
        last_good=begin - 1,
    )


def _peak(series: ScalarSeries) -> float:
    return float(series.value[np.isfinite(series.value)].max())


def _longest(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """The longest stretch that is true: its first index, and that after its last."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    if not len(edges):
        return 0, 0
    longest = int(np.argmax(edges[1::2] - edges[::2]))
    return int(edges[2 * longest]), int(edges[2 * longest + 1])


def _falls(loss: ScalarSeries, first: int, last: int) -> bool:
    """Whether a loss gets better between two steps."""
    value = loss.value[(loss.step >= first) & (loss.step <= last) & np.isfinite(loss.value)]
    third = len(value) // 3
    if third < 3:
        return False
    error = robust.noise_of_points(value) * (np.pi / third) ** 0.5
    fell = robust.median(value[:third]) - robust.median(value[-third:])
    return bool(fell > FALLS * error)


def _jump(series: ScalarSeries) -> Finding | None:
    """A rate that went up at once, and not as warm restarts or a warm-up do."""
    points = np.flatnonzero(np.isfinite(series.value) & (series.value > 0))
    value, session = series.value[points], series.session[points]
    if len(value) < LEAST_POINTS or series.steps_go_back:
        return None
    up = np.flatnonzero(value[1:] > JUMP * value[:-1]) + 1
    resumed = np.flatnonzero(session[1:] != session[:-1]) + 1
    for index in resumed[:JUMPS].tolist():
        if _begins_anew(value, index, int(np.searchsorted(resumed, index, "right")), resumed):
            return _jumped(series, points, value, index, restarted=True)
        if _falls_once(value, index, resumed):
            return _jumped(series, points, value, index, restarted=True, fell=True)
    up = up[up > max(WARM_UP_POINTS, WARM_UP * len(value))]
    if not 0 < len(up) <= JUMPS:
        return None
    index = int(up[0])
    if index in resumed or value[index] <= KNOWN * value[:index].max():
        return None
    return _jumped(series, points, value, index, restarted=False)


def _begins_anew(value: Array, index: int, later: int, resumed: NDArray[np.intp]) -> bool:
    """Whether a session goes on at, or soon climbs to, a rate that is none of the one before.

    Args:
        value: The rates.
        index: The first one of the session.
        later: Which of the sessions comes after it,
        resumed: of those that begin at these indices.
    """
    before, peak = float(value[index - 1]), float(value[:index].max())
    end = int(resumed[later]) if later < len(resumed) else len(value)
    if before <= ENDED * peak:
        return False  # that schedule was at its end
    if value[index] > JUMP * before and index > 1:
        return bool(before < peak / KNOWN or value[index] > KNOWN * peak)
    came_down = before * JUMP < peak
    return bool(came_down and value[index:end].max() > JUMP * before)


def _falls_once(value: Array, index: int, resumed: NDArray[np.intp]) -> bool:
    """Whether a session goes on at a part of the rate of the one before, as no step of a schedule.

    Args:
        value: The rates.
        index: The first one of the session.
        resumed: Where sessions begin.
    """
    before, peak = float(value[index - 1]), float(value[:index].max())
    soon = value[index : index + max(WARM_UP_POINTS, int(WARM_UP * len(value)))]
    if before <= ENDED * peak or len(soon) < WARM_UP_POINTS:
        return False
    falls = np.flatnonzero(value[1:] * JUMP < value[:-1]) + 1
    low = value[index] * JUMP < before and soon.max() < STAYS_LOW * before
    return bool(low and np.isin(falls, resumed).all())


def _jumped(
    series: ScalarSeries,
    points: NDArray[np.intp],
    value: Array,
    index: int,
    *,
    restarted: bool,
    fell: bool = False,
) -> Finding:
    onset = int(points[index])
    before, after = float(value[index - 1]), float(value[index])
    place = place_of(series, onset)
    if fell:
        text = f"fell {before / after:,.3g}-fold at the restart at {place}, from {before:.4g} to "
        text += f"{after:.4g}: the schedule was computed anew, or another rate was asked for"
    elif restarted and after <= JUMP * before:
        text = f"warms up again after the restart at {place}: it was {before:.4g} before"
    elif restarted:
        text = f"jumped {after / before:,.3g}-fold at the restart at {place}, from {before:.4g} to "
        text += f"{after:.4g}"
        if after <= KNOWN * value[:index].max():
            text += ": the schedule began anew"
    else:
        text = f"jumped {after / before:,.3g}-fold at {place}, from {before:.4g} to {after:.4g}, "
        text += "beyond all rates before"
    return Finding.of_points(
        series,
        onset,
        int(points[-1]),
        ongoing=True,
        kind="learning_rate",
        severity="warning" if restarted and not fell else "info",
        message=text,
        evidence={"level_before": before, "level_after": after, "at_restart": restarted},
        last_good=int(points[index - 1]),
    )


def _without_warm_up(
    series: ScalarSeries, declared: Callable[[], Mapping[str, Any]]
) -> Finding | None:
    """A rate that never changes, where the hyperparameters ask for a warm-up."""
    value = series.value
    if len(value) < LEAST_POINTS or not (value == value[0]).all() or value[0] <= 0:
        return None
    for name, amount in declared().items():
        steps = _steps_of_warm_up(name, amount, int(series.step.max()))
        # Two points within it would have shown it.
        if steps is not None and np.count_nonzero(series.step < steps) >= 2:
            return Finding.of_points(
                series,
                0,
                len(value) - 1,
                ongoing=True,
                kind="learning_rate",
                severity="warning",
                message=f"is {value[0]:.4g} from the first point on and never changes, though "
                f"{name} is {amount:g}: there is no warm-up",
                evidence={"level": float(value[0]), "hparam": name, "declared": float(amount)},
            )
    return None


def _steps_of_warm_up(name: str, amount: object, last_step: int) -> float | None:
    """How many steps a hyperparameter says that the warm-up takes; None where it says nothing."""
    known = name.lower().replace("_", "").replace("-", "")
    if HPARAMS[0] not in known or isinstance(amount, bool) or not isinstance(amount, (int, float)):
        return None
    if known.endswith(("steps", "iters", "iterations", "updates")):
        return float(amount)
    if known.endswith(("ratio", "fraction", "proportion", "frac", "pct")) and amount < 1:
        return float(amount) * last_step
    return None
