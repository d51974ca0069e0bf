"""What a learning rate does from one point to the next that no schedule does.

Schedules have no noise, so that a restart shows to the point whether the session that goes on goes
on where the one before was: it leaps, falls, warms up again or stands still there. Within a session
a rate that rises beyond all before once it had settled is told, too, and one that rises again from
the end of its schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.learning_rate import CHANGED, ENDED, is_adapted, leap_that_stays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Severity

    Array = NDArray[np.float64]

LEAST_POINTS = 8
# What is so many times as much is the same but for rounding.
EXACT = 1.0001
# A rate that is so many times what it was has leapt for certain; at a restart so many are enough,
# for nothing else happens there.
LEAP = 3.0
LEAP_AT_RESTART = 1.15
CLIMBS_AT_RESTART = 1.4
FALL_AT_RESTART = 1.8
# Beyond all rates before, so many, or so many at once.
BEYOND = 2.0
AT_ONCE = 1.5
# A schedule moves so many times while it settles, at each point or in stairs.
MOVES = 3
# It leaps up from more than this part of its peak, for lower a cycle may end.
HIGH = 0.15
# What stood still falls in steps as schedules have them, but not by so many.
CUT = 30.0
# So many points, and this part of the series, are no end of a schedule.
LASTING = 3
LASTING_PART = 0.05
# A schedule that had come to this part of its peak was over, and the next one may begin.
OVER = 0.008
# A rate that changes elsewhere by such a power of what it does at a restart has that schedule.
LIKE = 0.6
# One that fell at a restart, and soon is at this part of what it was, was warmed up again.
BACK = 0.8
# As long as that may take, and up to where a rate may still be warming up at first.
WARM_UP = 0.15
WARM_UP_POINTS = 5
# More leaps are a schedule.
LEAPS = 3
# What leaps back to its peak from above this part of it was not at the end of a cycle.
HALF_WAY = 0.3
# Two schedules make so many leaps at least.
MANY_LEAPS = 10
# What leaps to and fro does so at this part of its points.
MOST = 0.8
# Restarts that are looked at, the first ones.
RESTARTS = 10
# So many points, and this part of the series, tell that a rate stands still or has settled.
STILL_POINTS = 8
STILL_PART = 0.1
STOOD = 3
# A rate that came down for this part of the series, to the end of its schedule, and is so many
# times as high again.
CAME_DOWN = 0.25
CLIMBED = 5.0
ROUND = 3.0


@dataclass(frozen=True)
class Change:
    """Where a rate changed.

    Attributes:
        index: Its first point, among those that count.
        text: What happened there.
        at_restart: Whether a session begins there.
        severity: How bad that is.
    """

    index: int
    text: str
    at_restart: bool
    severity: Severity


def find(series: ScalarSeries) -> Finding | None:
    """Looks for the first change that no schedule makes, at a restart if there is one.

    Args:
        series: A learning rate.
    """
    points = np.flatnonzero(np.isfinite(series.value) & (series.value > 0))
    value, session = series.value[points], series.session[points]
    if len(value) < LEAST_POINTS or series.steps_go_back or value.min() == value.max():
        return None
    resumed = np.flatnonzero(session[1:] != session[:-1]) + 1
    change = _at_restarts(value, resumed) or _to_and_fro(value)
    change = change or _within_session(value, resumed)
    return None if change is None else _finding(series, points, value, change)


def _within_session(value: Array, resumed: NDArray[np.intp]) -> Change | None:
    peak = int(np.argmax(value))
    if peak <= WARM_UP_POINTS and (value[peak + 1 :] <= value[peak:-1]).all():
        return _drops(value, resumed)  # it never rises
    if is_adapted(value):
        return None
    change = _beyond(value, resumed) or _leaps_up(value, resumed) or _leaps_back(value, resumed)
    return change or _drops(value, resumed) or _climbs_again(value)


def _to_and_fro(value: Array) -> Change | None:
    """A rate that goes its way, and from some point on leaps to and fro to the end.

    Two schedulers set it, or two optimizers write it. What adapts a rate does so by less.
    """
    moves = np.diff(np.log(value))
    turns = moves[1:] * moves[:-1] < 0
    leaps = turns & (np.minimum(np.abs(moves[1:]), np.abs(moves[:-1])) > np.log(AT_ONCE))
    first = int(np.argmax(leaps)) + 1
    settled = max(WARM_UP_POINTS, int(WARM_UP * len(value)))
    if first < settled or np.count_nonzero(leaps) < MANY_LEAPS or leaps[first - 1 :].mean() < MOST:
        return None
    low, high = sorted(value[first - 1 : first + 1].tolist())
    text = f"leaps to and fro since {{place}}, between {low:.4g} and {high:.4g} at first: two "
    return Change(first, text + "schedules set it", False, "info")


def _at_restarts(value: Array, resumed: NDArray[np.intp]) -> Change | None:
    ends = [*resumed[1:].tolist(), len(value)]
    moves = np.diff(np.log(value))
    # What is left of a slope falls ever faster by its logarithm.
    moves[1:][(moves[:-1] != 0) & (value[2:] <= ENDED * value.max())] = 0
    # Without the warm-up at first, and without that of a session, which is what is in question.
    long = max(WARM_UP_POINTS, int(WARM_UP * len(value)))
    for index in resumed.tolist():
        moves[index - 1 : index + long] = 0
    first = value[: resumed[0]] if len(resumed) else value
    within = moves[int(np.argmax(CHANGED * first >= first.max())) :]
    for index, end in zip(resumed.tolist()[:RESTARTS], ends, strict=False):
        if value[index - 1] <= OVER * value[:index].max():
            continue  # that schedule was at its end
        change = (
            _leaps(value, index, within)
            or _warms_up_again(value, index, end)
            or _falls(value, index, end, within)
            or _stands_still(value, index, end)
        )
        if change is not None:
            return change
    return None


def _leaps(value: Array, index: int, within: Array) -> Change | None:
    """A session that goes on at a higher rate, and not as the warm-up before went on."""
    before, after = float(value[index - 1]), float(value[index])
    times = after / before
    if index < 2 or times <= LEAP_AT_RESTART or _is_usual(before, after, within):
        return None
    if after - before <= 2 * np.diff(value[:index]).max() and before == value[:index].max():
        return None
    text = f"jumped {times:,.3g}-fold at the restart at {{place}}, from {before:.4g} to {after:.4g}"
    peak = float(value[:index].max())
    anew = peak <= CHANGED * after and after <= CHANGED * peak
    if anew:
        text += ": the schedule began anew"
    return Change(index, text, True, "warning" if anew or times > LEAP else "info")


def _is_usual(before: float, after: float, within: Array) -> bool:
    """Whether a rate changes like that, up or down, where no session begins."""
    moves = within if after > before else -within
    return bool(len(moves) and moves.max() >= LIKE * abs(np.log(after) - np.log(before)))


def _warms_up_again(value: Array, index: int, end: int) -> Change | None:
    """A session whose rate climbs again to what the one before had left behind, or was at."""
    before, peak = float(value[index - 1]), float(value[:index].max())
    way = value[int(np.argmax(value[:index])) : index]
    is_falling = bool((way[1:] <= way[:-1]).all())
    if value[index] > (LEAP_AT_RESTART if is_falling else 1) * before:
        return None
    climb = value[index : index + int(np.argmax(value[index:end])) + 1]
    highest = float(climb[-1])
    after = value[index + len(climb) - 1 : end]
    if (climb[1:] < climb[:-1]).any() or any(
        _climbed(each, highest / before) for each in (way, after)
    ):
        return None  # the schedule went on, in cycles
    came_down = CHANGED * before < peak
    fell = before > FALL_AT_RESTART * value[index]
    beyond = highest > (CHANGED if fell else CLIMBS_AT_RESTART) * before
    text = f"warms up again after the restart at {{place}}: it was {before:.4g} before"
    if came_down and beyond:
        return Change(index, f"{text}, and is {highest:.4g} then", True, "warning")
    settled = not came_down and int(np.argmax(value[:index])) < index - 1
    if settled and fell and BACK * before <= highest <= CHANGED * before:
        return Change(index, text, True, "info")
    return None


def _climbed(way: Array, times: float) -> bool:
    """Whether a rate that had come down went up by itself, about so many times."""
    return bool((way / np.minimum.accumulate(way)).max() >= max(EXACT, times**LIKE))


def _falls(value: Array, index: int, end: int, within: Array) -> Change | None:
    """A session that goes on at a part of the rate, and stays below for longer than a warm-up."""
    before, after = float(value[index - 1]), float(value[index])
    soon = value[index : min(end, index + max(WARM_UP_POINTS, int(WARM_UP * len(value))))]
    fell = before > FALL_AT_RESTART * after and not _is_usual(before, after, within)
    if not fell or len(soon) < WARM_UP_POINTS or soon.max() >= BACK * before:
        return None
    text = f"fell {before / after:,.3g}-fold at the restart at {{place}}, from {before:.4g} to "
    text += f"{after:.4g}: the schedule was computed anew, or another rate was asked for"
    return Change(index, text, True, "info")


def _stands_still(value: Array, index: int, end: int) -> Change | None:
    """A session in which a rate no longer changes, where it never stood for a third as long."""
    long = max(STILL_POINTS, int(STILL_PART * len(value)))
    if end < len(value) or end - index < long or (value[index:end] != value[index]).any():
        return None
    moves = np.flatnonzero(np.diff(value[:index], prepend=np.nan, append=np.nan))
    came_down = value[index] < value[:index].max()
    if len(moves) <= MOVES or not came_down or STOOD * np.diff(moves).max() > end - index:
        return None
    text = f"stands still at {value[index]:.4g} since the restart at {{place}}: it changed all "
    return Change(index, text + "along before", True, "info")


def _beyond(value: Array, resumed: NDArray[np.intp]) -> Change | None:
    """A rate that rises far beyond all before, at once or by and by, once it had settled."""
    highest = np.maximum.accumulate(value)
    rising = np.flatnonzero(highest[1:] > highest[:-1]) + 1
    settled = max(WARM_UP_POINTS, int(WARM_UP * len(value)))
    begins = np.flatnonzero(np.diff(rising, prepend=0) > settled)
    # A warm-up goes on at each point, or in stages; what comes after it has had time to settle.
    later = [int(rising[at]) for at in begins if rising[at] > settled]
    # So had what came down to half.
    lowest = np.minimum.reduceat(value, rising)[:-1] if len(rising) else rising
    later += rising[1:][BEYOND * lowest < highest[rising[:-1]]].tolist()
    leaps = np.flatnonzero(value[1:] > LEAP * value[:-1]) + 1
    if len(leaps) <= LEAPS:
        later += [at for at in leaps.tolist() if at > settled and at in rising]
    if not later:
        return None
    index = min(later)
    before, after = float(highest[index - 1]), float(value[index:].max())
    at_once = bool(value[index] * EXACT >= AT_ONCE * before)
    if index in resumed or after * EXACT < (AT_ONCE if at_once else BEYOND) * before:
        return None
    text = f"jumped {value[index] / value[index - 1]:,.3g}-fold at" if at_once else "rises since"
    text += f" {{place}}, from {value[index - 1]:.4g} to {value[index] if at_once else after:.4g}, "
    return Change(index, text + "beyond all rates before", False, "info")


def _leaps_up(value: Array, resumed: NDArray[np.intp]) -> Change | None:
    """A rate that leaps up in the middle of a schedule, or after it had stood."""
    settled = max(WARM_UP_POINTS, int(WARM_UP * len(value)))
    ups = np.flatnonzero(value[1:] > EXACT * value[:-1]) + 1
    ups = ups[(ups > settled) & ~_is_near(ups, resumed, settled)]
    highest = np.maximum.accumulate(value)
    is_leap = (value[ups] * EXACT >= AT_ONCE * value[ups - 1]) & (ups <= _end(len(value)))
    leaps = ups[is_leap & (value[ups - 1] > HIGH * highest[ups - 1])]
    if len(leaps) > LEAPS and value[leaps - 1].min() < HALF_WAY * value.max():
        return None
    if not len(leaps) and len(ups) == 1 and is_leap.all():
        leaps = ups[[len(set(value[at - settled : at].tolist())) == 1 for at in ups.tolist()]]
    sudden = [at for at in leaps.tolist() if not _is_on_its_way(value, at, settled)]
    if not sudden:
        return None
    index = sudden[0]
    text = f"jumped {value[index] / value[index - 1]:,.3g}-fold at {{place}}, from "
    text += f"{value[index - 1]:.4g} to {value[index]:.4g}, "
    if len(sudden) > 1:
        text += f"and so {len(sudden) - 1} times more, "
    return Change(index, text + "in the middle of its schedule", False, "info")


def _leaps_back(value: Array, resumed: NDArray[np.intp]) -> Change | None:
    """A rate that had come down, leaps back to about its peak and does not come down again."""
    index = leap_that_stays(value)
    if index is None or index in resumed:
        return None
    before, after = float(value[index - 1]), float(value[index])
    text = f"jumped {after / before:,.3g}-fold at {{place}}, from {before:.4g} to {after:.4g}, and "
    return Change(index, text + "has not come down since, as a warm restart does", False, "info")


def _drops(value: Array, resumed: NDArray[np.intp]) -> Change | None:
    """A rate that moves, and falls once by far more than elsewhere; or that stood, by very much."""
    settled = max(WARM_UP_POINTS, int(WARM_UP * len(value)))
    falls = -np.diff(np.log(value))[: _end(len(value))]
    falls[_is_near(np.arange(1, len(falls) + 1), resumed, settled)] = 0
    largest = float(falls.max(initial=0))
    if largest <= np.log(AT_ONCE) or (falls > LIKE * largest).sum() > 1:
        return None
    index = int(np.argmax(falls)) + 1
    if index <= settled or _is_on_its_way(value, index, settled):
        return None
    before, after = float(value[index - 1]), float(value[index])
    if not _moves(value[index - 1 - settled : index]) and before < CUT * after:
        return None
    text = f"fell {before / after:,.3g}-fold at once at {{place}}, from {before:.4g} to {after:.4g}"
    return Change(index, text + ", as it does nowhere else", False, "info")


def _end(points: int) -> int:
    """How many of so many points are not of the end."""
    return points - max(LASTING, int(LASTING_PART * points))


def _is_near(index: NDArray[np.intp], resumed: NDArray[np.intp], settled: int) -> NDArray[np.bool_]:
    """Which points come so soon after a restart: what happens there is judged apart."""
    near = np.zeros(len(index), bool)
    for first in resumed.tolist():
        near |= (index >= first) & (index < first + settled + 1)
    return near


def _is_on_its_way(value: Array, index: int, settled: int) -> bool:
    """Whether a rate moved as much at the points before: a line's logarithm falls ever faster."""
    move = abs(float(value[index] - value[index - 1]))
    return bool(move <= 2 * np.abs(np.diff(value[index - 1 - settled : index])).max(initial=0))


def _moves(value: Array) -> bool:
    """Whether a rate moves all along, at each point or in stairs."""
    return bool(np.count_nonzero(np.diff(value)) >= MOVES)


def _climbs_again(value: Array) -> Change | None:
    """A rate that had come to the end of its schedule, once, and rises again by and by.

    A cosine that is asked beyond its last step does that.
    """
    peak = int(np.argmax(value))
    lowest = peak + int(np.argmin(value[peak:]))
    down, up = np.diff(value[peak : lowest + 1]), np.diff(value[lowest:])
    long = max(STILL_POINTS, int(STILL_PART * len(value)))
    if len(down) < CAME_DOWN * len(value) or len(up) < long:
        return None
    if (down > 0).any() or (up < 0).any() or value[lowest] > ENDED * value[peak]:
        return None
    # A cosine turns smoothly, a triangle at once.
    if value[-1] <= CLIMBED * value[lowest] or up[0] * ROUND > up.max():
        return None
    text = (
        f"rises again since {{place}}, from {value[lowest]:.4g} to {value[-1]:.4g}: the schedule "
    )
    return Change(lowest + 1, text + "is asked beyond its end", False, "info")


def _finding(
    series: ScalarSeries, points: NDArray[np.intp], value: Array, change: Change
) -> Finding:
    first = points[change.index - 1] + 1 if change.at_restart else points[change.index]
    onset = int(first)  # at a restart it may be zero at first, which does not count
    return Finding.of_points(
        series,
        onset,
        int(points[-1]),
        ongoing=True,
        kind="learning_rate",
        severity=change.severity,
        message=change.text.format(place=place_of(series, onset)),
        evidence={
            "level_before": float(value[change.index - 1]),
            "level_after": float(value[change.index]),
            "at_restart": change.at_restart,
        },
        last_good=int(points[change.index - 1]),
    )
