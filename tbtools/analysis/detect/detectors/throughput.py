"""Throughput: training became slower for good, by what it logs of its speed or by its wall times.

The logarithm of the time that a step takes is asked the question of `excursion`: a rise that was
never made good. First that of all steps, then that of those now and then that take longer than
usual, which may take ever longer. What was slow and came back before is a precedent: evaluations,
busy hours and checkpoints are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from tbtools.analysis.detect.detectors.stall import handovers
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import locate_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

# Fewer points have no rhythm: so many before, and so many that are slower.
LEAST_POINTS = excursion.BEFORE + excursion.PERSISTENT
# What is less has no reciprocal, and no step is so slow.
LEAST = float(np.finfo(np.float64).tiny)
# Steps that take so much longer are worth a word, for a shared machine varies by less ...
SLOWER = 1.15
# ... or so much, where levels of a tenth of the points vary by no more than this part of it, before
# and after ...
A_LITTLE_SLOWER = 1.1
VARIES = 0.4
# ... in a log of so few points so much ...
FEW_POINTS = 30
SLOWER_IN_FEW = 1.3
# ... by wall times, in which all that a script does beside training counts too, so much ...
SLOWER_BY_CLOCK = 1.3
# ... and so much longer a warning.
MUCH_SLOWER = 1.5
# What has lasted for fewer points, or a smaller part of the series, may be over soon.
LASTING = 10
LASTING_IN_FEW = excursion.PERSISTENT
LASTING_BY_CLOCK = 20
LASTING_PART = 0.05
# What is slow after less than this part of the run was fast only until it had warmed up. A speed
# that is counted from the start of the run falls there, too, as soon as there is more to do.
WARM_UP = 0.1
WARM_UP_POINTS = 10
# Only what goes on to get slower by so much after that has been slowing from the start.
STILL_SLOWER = 1.3
# ... or by so much, where that is this part of all that it slowed: half of a straight line.
STEADILY_SLOWER = 1.15
STEADILY = 0.45
# Steps that take half as long again as the usual one, and stand so far out of the noise, are spikes
# of which so many are needed to see whether they grow.
SPIKE = np.log(1.5)
HEIGHT = 6.0
LEAST_SPIKES = 12
# A session that began so few points from the onset is what made it slower.
NEAR = 2
# Levels of a series that tell how much it varies.
LEVELS = 10
# Pieces of a series whose medians are levels between which there may be a step.
PIECES = 20
# So many standard errors of their difference: halves of a straight line without noise have 7.7.
STEP = 8.0
# Fewer points before a rise are no level from which it began.
LEAST_LEVEL = 4
# What slows down from the start on comes back by no more than this part of it on its way.
BACK = 0.25
# No quarter brings more than this part of it.
EVEN = 2 / 3
# Spikes up to this width are no levels, and hide none.
SPIKES = 5
# Edges of the stretches of the first look.
STRETCHES = 9

Measured = Literal["speed", "step_time", "clock"]


@dataclass(frozen=True)
class Slowdown:
    """A lasting rise of the time that a step takes.

    Attributes:
        index: Its first point.
        times: How many times as long a step takes.
        now_and_then: Whether only some steps do, and their mean.
    """

    index: int
    times: float
    now_and_then: bool


def of_tag(series: ScalarSeries, measured: Measured) -> Finding | None:
    """Looks at a speed or at the time of a step, as it was logged.

    Args:
        series: The series.
        measured: Which of the two it is.
    """
    points = np.flatnonzero(np.isfinite(series.value) & (series.value >= LEAST))
    value = series.value[points]
    if measured == "step_time" and _is_clock(series, points):
        return None
    seconds = 1 / value if measured == "speed" else value
    found = _slowdown(seconds, SLOWER, min(LASTING, max(LASTING_IN_FEW, len(seconds) // 10)))
    return None if found is None else _finding(series, points, seconds, found, measured)


def of_evaluations(series: ScalarSeries, measured: Literal["speed", "step_time"]) -> Finding | None:
    """Looks at how fast evaluations go, or how long one takes: an info, for they may grow.

    Args:
        series: The series.
        measured: Which of the two it is.
    """
    points = np.flatnonzero(np.isfinite(series.value) & (series.value >= LEAST))
    value = series.value[points]
    seconds = 1 / value if measured == "speed" else value
    found = _slowdown(seconds, MUCH_SLOWER, max(LASTING_IN_FEW, len(seconds) // 10))
    if found is None or found.now_and_then:
        return None
    return _finding(series, points, seconds, found, measured, of="evaluations")


def _is_clock(series: ScalarSeries, points: NDArray[np.intp]) -> bool:
    """Whether what is named as the time of a step is the time since the start: it never falls.

    So does that of steps which take ever longer, if they are few; then the wall times go on as the
    values do from point to point, in whatever unit, and not as the differences of these.
    """
    value = series.value[points]
    added = np.diff(value)
    if (added < 0).any():
        return False
    gaps = np.diff(series.wall_time[points])
    is_sound = (gaps > 0) & np.isfinite(gaps) & (added > 0)
    if 2 * np.count_nonzero(is_sound) <= len(gaps):
        return True
    gaps, added, value = gaps[is_sound], added[is_sound], value[1:][is_sound]
    off_clock, off_time = (np.log(each) - np.log(gaps) for each in (added, value))
    return _spread(off_clock) <= _spread(off_time)


def _spread(x: Array) -> float:
    return robust.sigma(x - robust.median(x))


def of_clock(series: ScalarSeries) -> Finding | None:
    """Looks at the wall time from point to point, in seconds for each step.

    Args:
        series: The series of the run that was written most often in training.
    """
    if not _may_be_slower(series):
        return None
    points, seconds = _by_clock(series)
    found = _slowdown(seconds, SLOWER_BY_CLOCK, LASTING)
    if found is None:
        return None
    if len(seconds) - found.index < LASTING_BY_CLOCK and found.times < MUCH_SLOWER:
        return None
    steps = np.diff(series.step)[points]
    before, after = steps[: found.index], steps[found.index :]
    if np.median(before) != np.median(after):
        # What a script does each time that it logs is spread over other numbers of steps.
        return None
    return _finding(series, points + 1, seconds, found, "clock")


def _by_clock(series: ScalarSeries) -> tuple[NDArray[np.intp], Array]:
    """The points after which a step took so many seconds; none where wall times do not tell."""
    steps = np.diff(series.step)
    gaps = np.diff(series.wall_time)
    gaps[handovers(series.session) - 1] = np.nan
    points = np.flatnonzero((steps > 0) & (gaps > 0))
    # Points that were held back and written together say when they were written.
    if len(points) < 0.9 * len(gaps):
        points = points[:0]
    return points, gaps[points] / steps[points]


def _may_be_slower(series: ScalarSeries) -> bool:
    """A first look at some stretches of the run: whether the last ones are slower than others."""
    if len(series.step) <= LEAST_POINTS:
        return False
    edges = _edges(len(series.step))
    steps, times = series.step[edges].tolist(), series.wall_time[edges].tolist()
    ends = zip(pairwise(steps), pairwise(times), strict=True)
    stretches = [(after - before, until - since) for (before, after), (since, until) in ends]
    if not all(steps > 0 and seconds > 0 for steps, seconds in stretches):
        return False
    each = [seconds / steps for steps, seconds in stretches]
    return bool(each[-1] > SLOWER_BY_CLOCK**0.5 * min(each))


@lru_cache(maxsize=64)
def _edges(points: int) -> NDArray[np.intp]:
    """Where stretches of a series of so many points begin and end."""
    return np.linspace(0, points - 1, STRETCHES).astype(np.intp)


def _slowdown(seconds: Array, least: float, lasting: int) -> Slowdown | None:
    if len(seconds) < LEAST_POINTS:
        return None
    clearly = A_LITTLE_SLOWER if least == SLOWER else least
    if len(seconds) < FEW_POINTS:
        clearly, least, lasting = least, max(least, SLOWER_IN_FEW), LASTING_IN_FEW
    y = np.log(seconds)
    found = _rise(y)
    if found is not None and len(y) - found >= max(lasting, LASTING_PART * len(y)):
        before, after = _before(y, found), _after(y, found)
        times = float(np.exp(robust.median(after) - robust.median(before)))
        on_average = seconds[found:].mean() / _before(seconds, found).mean()
        needed = clearly if clearly <= times < least and _is_steady(y, found, times) else least
        if times >= needed and on_average >= needed**0.5:
            return Slowdown(found, times, now_and_then=False)
    return _growing_spikes(seconds, y, least)


def _is_steady(y: Array, index: int, times: float) -> bool:
    """Whether levels vary by little beside a step, before it and after it."""
    width = max(1, len(y) // LEVELS)
    parts = (y[min(WARM_UP_POINTS, index // 2) : index], y[index + width :])
    levels = [robust.window_medians(part, width, LEVELS) for part in parts if len(part) >= width]
    return len(levels) == 2 and all(
        float(np.ptp(level)) <= VARIES * np.log(times) for level in levels
    )


def _growing_spikes(seconds: Array, y: Array, least: float) -> Slowdown | None:
    """Steps now and then that take ever longer, until all take longer on average.

    Args:
        seconds: The time of each step.
        y: Its logarithm.
        least: How many times as long they take on average, at least.
    """
    usual = robust.median(y)
    spikes = np.flatnonzero(y > usual + max(SPIKE, HEIGHT * robust.noise_of_points(y)))
    if len(spikes) < LEAST_SPIKES:
        return None
    heights = np.log(seconds[spikes] - np.exp(usual))
    first = _rise(heights)
    if first is None:
        return None
    if robust.median(_after(heights, first)) - robust.median(_before(heights, first)) < SPIKE:
        return None
    index = int(spikes[first])
    times = float(_after(seconds, index).mean() / _before(seconds, index).mean())
    return Slowdown(index, times, now_and_then=True) if times >= least else None


def _rise(y: Array) -> int | None:
    """The first value of a rise that lasts; None where there is none, or it is in the warm-up."""
    noise = robust.noise_of_points(y)
    rise = excursion.find(y, noise)
    if rise is None:
        return _step(y) or _climbs(y)
    index = locate_level(y, rise)
    first = min(WARM_UP_POINTS, max(LEAST_LEVEL, len(y) // 8))
    if index >= max(int(WARM_UP * len(y)), first):
        return index
    if not _slows_on(y):
        return None
    return index if index >= first and not _rises_before(y, index) else 1


def _rises_before(y: Array, index: int) -> bool:
    """Whether steps got slower before a point by half as much as in as many steps after it."""
    third = max(1, index // 3)
    before, after = (
        robust.median(part[-third:]) - robust.median(part[:third])
        for part in (y[:index], y[index : 2 * index])
    )
    return bool(before > after / 2)


def _step(y: Array) -> int | None:
    """A step between two levels which noise, pauses, or few points, hide from `excursion`."""
    y = _without_spikes(y)
    index = robust.least_squares_split(y)
    width = max(1, len(y) // PIECES)
    before, after = (robust.window_medians(part, width, PIECES) for part in (y[:index], y[index:]))
    if len(before) < excursion.BEFORE or len(after) < excursion.PERSISTENT:
        return None
    if len(y) < FEW_POINTS:  # whose noise is hardly known: beyond all that they vary by
        return index if after.min() - before.max() > max(np.ptp(before), np.ptp(after)) else None
    apart = after.mean() - before.mean()
    squares = len(before) * before.var() + len(after) * after.var()
    alike = max(1.0, SPIKES / width)  # so many windows have the same points
    error = squares / (len(before) + len(after) - 2) * (1 / len(before) + 1 / len(after))
    error = (alike * error) ** 0.5
    lasts = robust.median(after[-excursion.BEFORE :]) > before.mean() + apart / 2
    return index if apart > STEP * error and lasts else None


def _without_spikes(y: Array) -> Array:
    """Running medians, of which those at both ends have as many points as the others."""
    half = SPIKES // 2
    level = robust.running_median(y, SPIKES)
    level[:half], level[-half:] = level[half], level[-half - 1]
    return level


def _climbs(y: Array) -> int | None:
    """The second value where all of a series rises, from which `excursion` has no level."""
    quarters = robust.window_medians(y, len(y) // 4, 4)
    rises = np.diff(quarters)
    if rises.min() <= 0:
        return None
    error = robust.noise_of_points(y) / (len(y) // 4) ** 0.5
    clear = rises.min() > 2 * error and rises.sum() > 2 * STEP * error
    # What is slow for some hours, and then for some more, comes back in between, or rises at once.
    back = -np.diff(robust.window_medians(y, len(y) // 8, 8)).clip(max=0).sum()
    is_even = back < BACK * rises.sum() and rises.max() < EVEN * rises.sum()
    return 1 if clear and is_even and _slows_on(y) else None


def _slows_on(y: Array) -> bool:
    """Whether steps take ever longer also after the first quarter of the run."""
    late = y[len(y) // 4 :]
    third = len(late) // 3
    slower = robust.median(late[-third:]) - robust.median(late[:third])
    steadily = slower > STEADILY * (
        robust.median(late[-third:]) - robust.median(y[: max(1, len(y) // 10)])
    )
    return bool(slower > np.log(STEADILY_SLOWER if steadily else STILL_SLOWER))


def _before(x: Array, index: int) -> Array:
    """The later half of what was before a point, which is past the warm-up, where there is any."""
    return x[index // 2 : index] if index >= LASTING else x[: LASTING // 2]


def _after(x: Array, index: int) -> Array:
    """The later half of what came after it: where it went."""
    return x[index + (len(x) - index) // 2 :]


def _finding(
    series: ScalarSeries,
    points: NDArray[np.intp],
    seconds: Array,
    found: Slowdown,
    measured: Measured,
    of: Literal["steps", "evaluations"] = "steps",
) -> Finding:
    onset = int(points[found.index])
    near = max(NEAR, len(points) // 100)
    begins = np.flatnonzero(np.diff(series.session[max(0, onset - near) : onset + near + 1]))
    restarted = bool(len(begins))
    if restarted:
        onset = max(0, onset - near) + int(begins[0]) + 1
    before = robust.median(_before(seconds, found.index))
    after = robust.median(_after(seconds, found.index))
    has_doubt = of == "steps" and measured != "clock"
    doubt = _doubt(series, onset, found.times) if has_doubt else None
    place = place_of(series, onset)
    since = f"since the restart at {place}" if restarted else f"since {place}"
    if found.now_and_then:
        text = f"steps take {found.times:.3g} times as long on average {since}: some take ever "
        text += "longer, the usual ones do not"
    else:
        text = f"{of} take {found.times:.3g} times as long {since}"
        text += f": {_amounts(before, after, measured)}"
    if doubt is not None:
        text += f"; by the wall times only {doubt:.2g} times"
    pauses = measured == "clock" and found.now_and_then  # evaluations may be meant to take longer
    quiet = found.times < MUCH_SLOWER or restarted or doubt is not None or pauses
    quiet = quiet or of == "evaluations"  # which may have more to do
    return Finding.of_points(
        series,
        onset,
        int(points[-1]),
        ongoing=True,
        kind="throughput",
        severity="info" if quiet else "warning",
        message=text,
        evidence={
            "times_as_long": found.times,
            "level_before": 1 / before if measured == "speed" else before,
            "level_after": 1 / after if measured == "speed" else after,
            "measured": measured,
            "at_restart": restarted,
            "now_and_then": found.now_and_then,
            "points_since": len(points) - found.index,
        },
        last_good=onset - 1,
    )


def _doubt(series: ScalarSeries, onset: int, times: float) -> float | None:
    """How many times as long steps take by wall times, where that is much less than is logged.

    Fewer samples in a second are then fewer samples in a step, or the speed is of something else.
    """
    points, seconds = _by_clock(series)
    before, after = seconds[points < onset], seconds[points >= onset]
    if min(len(before), len(after)) < LASTING:
        return None
    before = _before(before, len(before))
    # Pauses between steps, as for evaluations, hide in the mean what the median shows.
    usual = robust.median(after) / robust.median(before)
    by_clock = float(max(after.mean() / before.mean(), usual))
    return by_clock if by_clock < times**0.5 else None


def _amounts(before: float, after: float, measured: Measured) -> str:
    if measured == "speed":
        return f"from {1 / before:.4g} to {1 / after:.4g}"
    unit = " s a step, by the wall times" if measured == "clock" else ""
    return f"from {before:.3g} to {after:.3g}{unit}"
