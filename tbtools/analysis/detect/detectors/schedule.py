"""The learning rate itself: it is next to zero, ends too early, or has no warm-up as asked for.

What it does from one point to the next is judged in `rate_changes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.detectors import rate_changes, warm_up
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.learning_rate import CHANGED, DEAD, ENDED, LAST_PART, peak_of
from tbtools.analysis.detect.signals import robust
from tbtools.runs.numbers import stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Severity

    Array = NDArray[np.float64]

# Less than this part of its peak is as good as zero, for single precision loses such steps.
LOST = 2.0**-24
# A rate that was never higher teaches nothing: in a day what a usual one does in a second.
NEVER_HIGHER = 1e-8
# So many zeros, in this part of the run, are no accident ...
ZEROS = 3
ZERO_PART = 0.05
# ... and where the rate had come down by itself, so many are no end of a schedule: a warning from
# the second on.
ENDED_PART = 0.1
MUCH_ENDED_PART = 0.2
# So many rates below zero, by more than this part of the peak, are neither: each step goes uphill.
NEGATIVE = 2
ROUNDING = 1e-3
# Zeros at first, before a rate that is none, are a fault of the warm-up if they last so long.
ZEROS_AT_FIRST = 5
ZERO_AT_FIRST_PART = 0.1
# A schedule that ended at this part of its peak or below, so early, was computed for a shorter run;
# beyond that, and up to this part, it may also have been forgotten.
LOW = 0.12
EARLY = 0.25
BELOW_PEAK = 0.9
EARLY_AND_HIGH = 0.4
# It came down there in so many moves, or in fewer at most of the points: no staircase as planned.
# Only such a one may be at a hundredth for the last two fifths, as on ImageNet.
MANY_MOVES = 8
MOVES = 3
LAST_PART_OF_A_SLOPE = 0.4
# Of the way that a rate came down this part is as good as nothing ...
LEFT = 0.01
ROUNDED = 1.01
# ... but a schedule that is wholly over within this part of the way that it took to there ends to
# the point: a line takes 0.01, a cosine 0.07, a parabola 0.1.
SOON = 0.15
# It is still at its peak there.
AT_PEAK = 0.99
# Fewer points do not tell that a rate never changes.
LEAST_POINTS = 10
LEAST_DEAD = 4
# Standard errors by which a loss still falls.
FALLS = 5.0


def find(
    rates: Sequence[ScalarSeries],
    loss: Judged | None,
    declared: Callable[[], Mapping[str, Any]],
) -> Iterator[Finding]:
    """Looks at the learning rates of one run.

    Args:
        rates: Those of all groups of parameters that it logs.
        loss: What training minimises, which falls as long as the rate is not zero.
        declared: Gives its hyperparameters, which say whether there is a warm-up.
    """
    # A group of parameters that is frozen from the first point to the last says nothing.
    rates = [one for one in rates if peak_of(one) > 0] or rates
    zero = _zero(rates, loss.series if loss else None) or _dead(rates) or _ended_early(rates)
    if zero is not None:
        yield zero
    changed = next(filter(None, map(rate_changes.find, rates)), None)
    if changed is not None:
        yield changed
    if zero is None and (found := warm_up.find(rates[0], loss, declared)) is not None:
        yield found


def _zero(rates: Sequence[ScalarSeries], loss: ScalarSeries | None) -> Finding | None:
    """All rates are zero while training goes on: one that is may belong to what is frozen."""
    series = rates[0]
    begin, end = _longest(_is_zero(series))
    n = len(series.value)
    peak = peak_of(series)
    begin -= _count_last(_is_zero(series, LOST)[:begin])
    ended = end == n and begin > 0 and bool(series.value[begin - 1] <= ENDED * peak)
    at_first = begin == 0 and end < n
    uphill = np.count_nonzero(series.value[begin:end] < -ROUNDING * abs(peak)) >= NEGATIVE
    if at_first:
        least = max(ZEROS_AT_FIRST, ZERO_AT_FIRST_PART * n)
    else:
        least = NEGATIVE if uphill else max(ZEROS, (ENDED_PART if ended else ZERO_PART) * n)
    if end - begin < least:
        return None
    if begin and end == n and not uphill:
        begin = min(begin, _end_of_way(series)) if peak > 0 else begin
    first, last = int(series.step[begin]), int(series.step[end - 1])
    for other in rates[1:]:
        if not _is_zero(other, LEFT)[(other.step >= first) & (other.step <= last)].all():
            return None
    text = _where_it_is_so(series, begin, end)
    falls = loss is not None and _falls(loss, first, last)
    severity: Severity = "warning"
    if falls:
        severity = "info"
        text += "; the loss still falls: it was rounded, or is not the rate that is in use"
    elif at_first:
        severity = "info"
        text += ": it begins late"
    elif uphill:
        text += ": steps go uphill"
    elif ended:
        severity = "warning" if end - begin >= MUCH_ENDED_PART * n else "info"
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


def _count_last(are_so: NDArray[np.bool_]) -> int:
    """How many of the last ones are true."""
    return len(are_so) - 1 - int(np.flatnonzero(~are_so).max(initial=-1))


def _is_zero(series: ScalarSeries, part: float = 0.0) -> NDArray[np.bool_]:
    """Where a rate is zero or below, or no more than a part of its peak: bool [points].

    One that was never high enough to teach is zero throughout.
    """
    peak = max(0.0, peak_of(series))
    most = peak if peak <= NEVER_HIGHER else part * peak
    return np.isfinite(series.value) & (series.value <= most)


def _where_it_is_so(series: ScalarSeries, begin: int, end: int) -> str:
    n = len(series.value)
    place = place_of(series, begin)
    values = series.value[begin:end]
    is_so = "is negative or 0" if (values < 0).any() else "is 0"
    if 0 < peak_of(series) <= NEVER_HIGHER:
        is_so = f"is as good as 0, {peak_of(series):.4g} at most,"
    elif (values > 0).any():
        is_so = f"is 0, or next to nothing beside its peak of {peak_of(series):.4g},"
    if begin == 0 and end < n:
        return f"{is_so} until {place_of(series, end - 1)}, {end / n:.0%} of the run"
    if begin == 0:
        return f"{is_so} in all {n:,} points"
    until = f" to {place_of(series, end - 1)}" if end < n else " on"
    return f"{is_so} from {place}{until}, {(end - begin) / n:.0%} of the run"


def _dead(rates: Sequence[ScalarSeries]) -> Finding | None:
    """Rates are next to zero for longer than schedules have it: they were cut too often.

    All of them, or one that came down by itself, or to zero, while others are high. A loss may
    still fall, by weights that are averaged or by what no rate is logged of: an info.
    """
    dead = [(one, begin) for one in rates if (begin := _dead_since(one)) is not None]
    if not dead:
        return None
    series, begin = dead[0]
    n, peak, last = len(series.value), peak_of(series), float(series.value[-1])
    text = f"is a hundredth of its peak of {peak:.4g} or less since {place_of(series, begin)}, "
    text += (
        f"{(n - begin) / n:.0%} of the run, and {last:.4g} at the end: next to nothing is learned"
    )
    if len(dead) < len(rates):
        # At the end the others may have come down, too, as planned.
        at_end, half_way = (int(series.step[at]) for at in (n - 1, (begin + n) // 2))
        least = LOW if last else LEFT
        part, other = _highest(rates, at_end)
        when = ""
        if part <= least:
            part, other = _highest(rates, half_way)
            when = " half-way from there"
        if part <= least:
            return None
        # The rate of biases may warm up from far above its schedule, as Ultralytics has it.
        fades = last <= CHANGED * DEAD * peak and _came_down(series.value[: begin + 1])
        if last and not fades:
            return None
        text += f" by it, while {other.tag} is at {part:.2g} of its peak{when}"
    return Finding.of_points(
        series,
        begin,
        n - 1,
        ongoing=True,
        kind="learning_rate",
        severity="info",
        message=text,
        evidence={"peak": peak, "level_after": last, "points_since": n - begin},
        last_good=begin - 1,
    )


def _highest(rates: Sequence[ScalarSeries], step: int) -> tuple[float, ScalarSeries]:
    """The rate that is at the largest part of its peak at a step, and that part."""

    def part(one: ScalarSeries) -> float:
        at = min(int(np.searchsorted(one.step, step)), len(one.value) - 1)
        return float(one.value[at]) / peak_of(one)

    return max(((part(one), one) for one in rates), key=lambda each: each[0])


def _dead_since(series: ScalarSeries) -> int | None:
    """The first point since which a rate is next to zero, if that is long and was not always so."""
    peak = peak_of(series)
    n = len(series.value)
    if peak <= 0 or np.isnan(series.value[-1]):
        return None
    dead, low = (_since(series.value <= CHANGED * part * peak) for part in (DEAD, LEFT))
    is_slope = _came_down(series.value[: low + 1]) and n - low >= LAST_PART_OF_A_SLOPE * n
    begin = low if is_slope else dead
    if n - begin < max(LEAST_DEAD, LAST_PART * n) or not begin:
        return None
    return _end_of_way(series)


def _since(flags: NDArray[np.bool_]) -> int:
    """The first of the last ones that are true; the number of all where there is none."""
    return len(flags) - _count_last(flags)


def _end_of_way(series: ScalarSeries) -> int:
    """The first point since which nothing is left of the way that a rate came down, in practice.

    That is the end itself of what has one. What comes near nothing ever more slowly, or in stairs,
    has done so where a hundredth is left.

    Args:
        series: A rate that came down, and ends lower than it was.
    """
    known = np.where(np.isfinite(series.value), series.value, 0.0)
    left = known - max(0.0, float(known[-1]))
    peak, low, end = (_since(left <= part * left.max()) for part in (AT_PEAK, ROUNDED * LEFT, LOST))
    return end if end - low <= SOON * (low - peak) else low


def _ended_early(rates: Sequence[ScalarSeries]) -> Finding | None:
    """All rates came down smoothly, and stay where they came to for the later part of the run."""
    ends = [_end_of_schedule(one) for one in rates]
    if None in ends:
        return None
    series, begin = rates[0], ends[0]
    assert begin is not None
    n = len(series.value)
    peak, last = peak_of(series), float(series.value[-1])
    why = "the schedule was made for a shorter one"
    if last > LOW * peak:
        why += ", or is not asked any more"
    return Finding.of_points(
        series,
        begin,
        n - 1,
        ongoing=True,
        kind="learning_rate",
        severity="info",
        message=f"has come to its end at {place_of(series, begin)}, and stays at {last:.4g}, "
        f"{last / peak:.2g} of its peak, for {(n - begin) / n:.0%} of the run: {why}",
        evidence={"peak": peak, "level_after": last, "points_since": n - begin},
        last_good=begin - 1,
    )


def _end_of_schedule(series: ScalarSeries) -> int | None:
    """Where a rate came to the value at which it stays to the end, having come down to it."""
    value = series.value
    n = len(value)
    moves = np.flatnonzero(value[1:] != value[:-1])
    last, peak = float(value[-1]), peak_of(series)
    if n < LEAST_POINTS or not len(moves) or not 0 < last <= BELOW_PEAK * peak:
        return None
    begin = int(moves[-1]) + 1
    early = EARLY if last <= LOW * peak else EARLY_AND_HIGH
    if n - begin < early * n or not _came_down(value[:begin]):
        return None
    return _end_of_way(series)


def _came_down(way: Array) -> bool:
    """Whether a rate came down from its peak in many moves, or at most of its points."""
    peak = int(np.flatnonzero(way >= AT_PEAK * np.nanmax(way))[-1])
    falls = np.diff(way[peak:]) < 0
    least = MOVES if 2 * np.count_nonzero(falls) > len(falls) else MANY_MOVES
    return bool(np.count_nonzero(falls) >= least)


def _longest(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """The longest stretch that is true: its first index, and that after its last."""
    begins, ends = stretches(flags)
    if not len(begins):
        return 0, 0
    longest = int(np.argmax(ends - begins))
    return int(begins[longest]), int(ends[longest])


def _falls(loss: ScalarSeries, first: int, last: int) -> bool:
    """Whether a loss gets better between two steps."""
    value = loss.value[(loss.step >= first) & (loss.step <= last) & np.isfinite(loss.value)]
    third = len(value) // 3
    if third < 3:
        return False
    error = robust.noise_of_points(value) * (np.pi / third) ** 0.5
    fell = robust.median(value[:third]) - robust.median(value[-third:])
    return bool(fell > FALLS * error)
