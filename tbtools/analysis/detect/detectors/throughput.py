"""Throughput: training became slower for good, by what it logs of its speed or by its wall times.

What makes a slowdown is in `signals.slowdown`; here is of what it is asked, and how it is told.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from tbtools.analysis.detect.detectors.stall import gaps_of, is_stall
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals import robust, slowdown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

# Steps that take so much longer are worth a word, for a shared machine varies by less ...
SLOWER = 1.15
# ... or so much, where its levels vary by little beside that ...
A_LITTLE_SLOWER = 1.1
# ... by wall times, in which all that a script does beside training counts too, so much ...
SLOWER_BY_CLOCK = 1.3
# ... and so much longer a warning.
MUCH_SLOWER = 1.5
# What is less has no reciprocal, and no step is so slow.
LEAST = float(np.finfo(np.float64).tiny)
# By wall times fewer points are no warning.
LASTING_BY_CLOCK = 20
# A session that began so few points from the onset is what made it slower.
NEAR = 2
# Edges of the stretches of the first look.
STRETCHES = 9

Measured = Literal["speed", "step_time", "clock"]


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
    lasting = min(slowdown.LASTING, max(slowdown.LASTING_IN_FEW, len(seconds) // 10))
    found = slowdown.find(seconds, SLOWER, lasting, A_LITTLE_SLOWER) or slowdown.ever_more(seconds)
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
    found = slowdown.find(seconds, MUCH_SLOWER, max(slowdown.LASTING_IN_FEW, len(seconds) // 10))
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
    if (added < 0).any() or 2 * np.count_nonzero(added) <= len(added):
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
    found = slowdown.find(seconds, SLOWER_BY_CLOCK, slowdown.LASTING)
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
    gaps = gaps_of(series)
    gaps[is_stall(gaps)] = np.nan  # in which nothing was done
    points = np.flatnonzero((steps > 0) & (gaps > 0))
    # Points that were held back and written together say when they were written.
    if len(points) < 0.9 * len(gaps):
        points = points[:0]
    return points, gaps[points] / steps[points]


def _may_be_slower(series: ScalarSeries) -> bool:
    """A first look at some stretches of the run: whether the last ones are slower than others."""
    if len(series.step) <= slowdown.LEAST_POINTS:
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


def _finding(
    series: ScalarSeries,
    points: NDArray[np.intp],
    seconds: Array,
    found: slowdown.Slowdown,
    measured: Measured,
    of: Literal["steps", "evaluations"] = "steps",
) -> Finding:
    onset = int(points[found.index])
    near = max(NEAR, len(points) // 100)
    begins = np.flatnonzero(np.diff(series.session[max(0, onset - near) : onset + near + 1]))
    restarted = bool(len(begins))
    if restarted:
        onset = max(0, onset - near) + int(begins[0]) + 1
    before = robust.median(slowdown.before(seconds, found.index))
    after = robust.median(slowdown.after(seconds, found.index))
    has_doubt = of == "steps" and measured != "clock"
    doubt = _doubt(series, onset, found.times) if has_doubt else None
    place = place_of(series, onset)
    since = f"since the restart at {place}" if restarted else f"since {place}"
    if found.now_and_then:
        text = f"steps take {found.times:.3g} times as long on average {since}: ever more of them "
        text += "are slow, or ever slower; the usual ones are not"
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
    if min(len(before), len(after)) < slowdown.LASTING:
        return None
    before = slowdown.before(before, len(before))
    # Pauses between steps, as for evaluations, hide in the mean what the median shows.
    usual = robust.median(after) / robust.median(before)
    by_clock = float(max(after.mean() / before.mean(), usual))
    return by_clock if by_clock < times**0.5 else None


def _amounts(before: float, after: float, measured: Measured) -> str:
    if measured == "speed":
        return f"from {1 / before:.4g} to {1 / after:.4g}"
    unit = " s a step, by the wall times" if measured == "clock" else ""
    return f"from {before:.3g} to {after:.3g}{unit}"
