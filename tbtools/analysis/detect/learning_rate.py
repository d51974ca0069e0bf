"""The learning rate of a run as a witness: what it explains of another series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from tbtools.analysis.detect.judged import points_before, points_near
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.objective import machinery_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries

# A rate that is this many times what it was is another one.
CHANGED = 1.1
# The worst that a series has been at such a rate before, but for this part of its points.
WORST = 0.95
# Lower than this part of its peak nothing is learnt any more ...
DEAD = 1e-3
# ... which schedules save for the last part of a run: before, it is a fault.
LAST_PART = 1 / 3
# A rate that had come to this part of its peak was at the end of its schedule.
ENDED = 0.02
# What turns more often, at more than this part of its moves and at no regular distance, is no
# schedule. A move changes it by this part at the least.
TURNS = 10
TURNS_PART = 1 / 3
MOVE = 0.02
# A rate that had come down leaps back to this part of its peak at the least.
BACK = 0.5
# From more than this part of its peak it has not come down.
DOWN = 0.1
# It stays there if it comes down by less than it did in so many times fewer points of its descent,
# for a cycle may be that many times as long as the one before, ...
LONGER = 8
# ... in so many points, and in this part of the series.
STAYS_POINTS = 8
STAYS_PART = 0.1


def learning_rates(series: Iterable[ScalarSeries]) -> dict[str, ScalarSeries]:
    """The learning rate of each run that logs one with a schedule, known by its tag.

    One that is adapted to what training does explains nothing of it.

    Args:
        series: All series.
    """
    found: dict[str, ScalarSeries] = {}
    for one in series:
        if one.run in found or machinery_of(one.tag) != "learning_rate":
            continue
        values = one.value[np.isfinite(one.value)]
        if len(values) and not is_adapted(values):
            found[one.run] = one
    return found


def is_adapted(values: NDArray[np.float64]) -> bool:
    """Whether a rate goes up and down with what training does, as by PPO's divergence.

    Cycles of a few points turn as often, and so do two rates written to one tag, but as a clock
    does.

    Args:
        values: Its values, finite.
    """
    change = np.diff(values)
    at = np.flatnonzero(np.abs(change) > MOVE * np.maximum(np.abs(values[1:]), np.abs(values[:-1])))
    rises = change[at] > 0
    turns = np.flatnonzero(rises[1:] != rises[:-1])
    if len(turns) <= max(TURNS, TURNS_PART * len(at)):
        return False
    return bool(np.ptp(np.diff(at[turns[::2]])) > 1)


def leap_that_stays(values: NDArray[np.float64]) -> int | None:
    """Where a rate leaps back up, once, and from there on does not come down as it did before.

    A warm restart comes down again. What stands at the peak of each cycle does so from the first
    one on, and what was at the end of its schedule, or had come to rest above it, may get another.

    Args:
        values: Its values, finite and positive.
    """
    rises = np.flatnonzero(values[1:] > values[:-1]) + 1
    if not len(rises):
        return None
    at = int(rises[-1])
    peak = int(np.argmax(values[:at]))
    since = len(values) - at
    if since < max(STAYS_POINTS, STAYS_PART * len(values)) or (rises[:-1] > peak).any():
        return None
    before = values[peak:at]
    came_down = ENDED < before[-1] / before[0] < DOWN
    if not came_down or values[at] < BACK * before[0] or _rests(before):
        return None
    as_soon = before[min(since // LONGER, len(before) - 1)]
    return at if values[at] * as_soon < values[-1] * before[0] else None


def _rests(descent: NDArray[np.float64]) -> bool:
    """Whether a rate hardly moves any more at the end of its descent."""
    last, whole = (np.log(descent[first] / descent[-1]) for first in (-2, 0))
    return bool(2 * last * (len(descent) - 1) < whole)


def peak_of(rate: ScalarSeries) -> float:
    """The highest rate.

    Args:
        rate: A learning rate with a value that is finite.
    """
    return float(rate.value[np.isfinite(rate.value)].max())


def rate_along(rate: ScalarSeries, judged: Judged) -> NDArray[np.float64]:
    """The rate at each point of a series: the last one written before it.

    Args:
        rate: The learning rate.
        judged: The series.
    """
    finite = np.flatnonzero(np.isfinite(rate.value))
    before = points_before(rate, judged.series, judged.points, "right")
    at = np.searchsorted(finite, before) - 1
    return rate.value[finite[np.maximum(at, 0)]]


def restarts_within(rate: ScalarSeries | None, judged: Judged, onset: int, end: int) -> bool:
    """Whether the rate came down, and was raised again in a stretch, which is its own doing.

    Args:
        rate: The run's learning rate, if it logs one.
        judged: A series.
        onset: Index of the first point of the stretch.
        end: Index after its last.
    """
    if rate is None:
        return False
    along = rate_along(rate, judged)[:end]
    lowest = onset + int(np.argmin(along[onset:]))
    least = CHANGED * along[lowest]
    return bool(along[-1] > least and along[: lowest + 1].max() > least)


def restart(
    rate: ScalarSeries | None, judged: Judged, onset: int, level: float
) -> Literal["explains", "goes on"] | None:
    """What a rate that was raised has to do with a rise of the loss.

    It *explains* a rise at whose onset it went up, to a rate at which the run has trained before,
    as long as it has not come down again and the level is none that the series has not had. A rise
    beyond that may still be of the restart: it *goes on*, and so it does where no schedule raised
    the rate.

    Args:
        rate: The run's learning rate, if it logs one.
        judged: The series that got worse.
        onset: Where it did.
        level: Its level now, lower is better.
    """
    if rate is None or onset == 0:
        return None
    along = rate_along(rate, judged)
    near = points_near(len(along))
    lowest = float(along[max(0, onset - near) : onset + near].min())
    if along[-1] <= CHANGED * lowest:
        return None
    known = along[-1] <= CHANGED * along[: max(1, onset - near)].max()
    if not known or not is_usual(judged, onset, level):
        return "goes on"
    values = rate.value[np.isfinite(rate.value) & (rate.value > 0)]
    return "explains" if leap_that_stays(values) is None else "goes on"


def swings_as_often(rate: ScalarSeries | None, judged: Judged, onset: int, times: int) -> bool:
    """Whether the rate goes up again and again, too: cycles of a rate are waves of the loss.

    Args:
        rate: The run's learning rate, if it logs one.
        judged: The series that swings.
        onset: Where it begins to.
        times: How many times it has come up since.
    """
    if rate is None:
        return False
    rises = np.diff(rate_along(rate, judged)[onset:]) > 0
    return int(np.count_nonzero(np.diff(rises, prepend=False) & rises)) >= times - 1


def is_usual(judged: Judged, onset: int, level: float) -> bool:
    """Whether a series was at such a level before a point.

    Args:
        judged: A series.
        onset: Index of the point; before the first it was nowhere.
        level: The level, lower is better.
    """
    before = judged.y[:onset]
    return len(before) > 0 and level <= robust.quantile(before, WORST) + judged.noise
