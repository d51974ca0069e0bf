"""A time series made fit for judging."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from tbtools.analysis.detect.batches import batches
from tbtools.analysis.detect.findings import finite_or_none
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.objective import bound, role_of, worst
from tbtools.extensions import compiled_or_python
from tbtools.runs.numbers import distinct
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from tbtools.analysis.detect._screen_python import Measure
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective


# A loss that goes through two orders of magnitude has its noise in proportion to its level, not in
# proportion to where it began; its logarithm has the same noise throughout.
LOG_RANGE = 100.0
# Squares of larger values overflow, and no loss is worse than this.
HUGE = 1e100
# Losses follow the rate and the task within this part of the run, or so many points.
_NEAR = 0.02
_NEAR_POINTS = 3
# A term that is zero until it is turned on is so at so many points; it begins there.
_TURNED_ON = 5
# How many points an average remembers; of such that remember less too few are of its rise.
MEMORIES = tuple(int(4 * 1.25**power) for power in range(26))
# The rise of an average fits one that starts at zero but for this part ...
_LIKE_AN_AVERAGE = 0.15
# ... and a hundredth of it is left after so many times what it remembers.
_FORGOTTEN = 4.6
# So many evaluations may be averaged.
_EVALUATIONS = 64
# Outcomes that differ from the usual one in a block of points.
OUTCOMES = 4
# Won, lost and drawn: scores that mostly repeat have more, and a usual one that says how good they
# are.
KINDS = 3
# What is won or lost makes at least this part of all that a score can be, or is.
FAR = 0.5
# Points of outcomes repeat the one before at least as often as this, half as often as the flip of a
# coin ...
REPEATED = 0.4
# ... and change at least so often as a part of what a random order does.
SCATTERED = 0.5
# The best and the worst of so many levels is what a series had been; its end is this part of the
# rest.
_LEVELS = 16
_END_PART = 4

# Behind the constants, which it asks for.
_loops: ModuleType = compiled_or_python("tbtools.analysis.detect._screen")


def measured(values: Sequence[NDArray[np.float64]]) -> list[Measure]:
    """What tells how series are made fit; see `_screen_python.measure`.

    Args:
        values: Those of each series.
    """
    found: list[Measure] = []
    for value, ends in batches(values):
        found += _loops.measure(value, ends)
    return found


def fold_text(factor: float) -> str:
    """How many times something grew: ``614-fold``, and no digits that nobody counts."""
    return f"{factor:,.0f}-fold" if factor < 1e6 else f"{factor:.2g}-fold"


def place_of(series: ScalarSeries, index: int) -> str:
    """Where a point is, for a message: its step, and where steps go back its number too."""
    step = f"step {int(series.step[index]):,}"
    if not series.steps_go_back:
        return step
    return f"{step} (point {index + 1:,} of {series.step.size:,})"


def points_before(
    other: ScalarSeries,
    series: ScalarSeries,
    index: NDArray[np.intp],
    side: Literal["left", "right"],
) -> NDArray[np.intp]:
    """How many points of another series were written before each of some points.

    Steps tell where they rise in both series. Where they go back, as those of a batch in an epoch
    do, wall times tell; and where there are none, the part of its points that a series has behind
    it.

    Args:
        other: The series whose points are counted.
        series: The series of the points.
        index: Their indices.
        side: Whether points of the same step or wall time are not counted (``left``) or are.
    """
    if not (other.steps_go_back or series.steps_go_back):
        return np.searchsorted(other.step, series.step[index], side)
    time = series.wall_time[index]
    latest = np.fmax.accumulate(other.wall_time)
    if np.isfinite(time).all() and latest.size and np.isfinite(latest[-1]):
        return np.searchsorted(latest, time, side)
    before = index if side == "left" else index + 1
    return np.rint(before / series.step.size * other.step.size).astype(np.intp)


def points_near(count: int) -> int:
    """How far from where a witness changed a series of so many points may still follow it."""
    return max(_NEAR_POINTS, int(_NEAR * count))


@dataclass(frozen=True, slots=True)
class Scale:
    """How levels of a series are turned so that lower is better.

    Attributes:
        log: Whether they are logarithms.
        objective: Which way is better of what was logged.
    """

    log: bool
    objective: Objective

    def logged(self, y: float) -> float:
        """Turns a level back to what was logged."""
        if self.log:
            return float(np.exp(min(y, 709.0)))
        # No -0.0: a reward of zero turned round twice.
        return float(-y if self.objective == "max" else y) + 0.0


class Judged:
    """A series with an objective: its finite points, turned so that lower is better.

    Attributes:
        series: The series as it was given.
        points: int64 indices in the series of the finite points; of blocks of them the first.
        ends: The same, but of blocks the last.
        y: float64 values of these points, lower is better; logarithms where `log` says so.
        log: Whether `y` is logarithmic.
        width: How many finite points make one value of `y`: 1, or as many as a block of outcomes
            has, whose mean it is.
    """

    def __init__(
        self, series: ScalarSeries, objective: Objective, measure: Measure | None = None
    ) -> None:
        """Makes it fit.

        Args:
            series: The series.
            objective: Which way is better.
            measure: What `measured` says of its values, where that is known already.
        """
        self.series = series
        self.objective = objective
        raw = np.ascontiguousarray(series.value)
        [(whole, repeated, low, high)] = [measure] if measure else measured([raw])
        if not whole:
            self.points = np.flatnonzero(np.isfinite(raw))
            raw = raw[self.points]
            [(_, repeated, low, high)] = measured([raw])
        begin = _not_yet_a_loss(raw, series) if objective == "min" and 0 <= low < high else 0
        if begin >= _TURNED_ON:
            self.points, raw = self.points[begin:], raw[begin:]
            [(_, repeated, low, high)] = measured([raw])
        often = len(raw) > 1 and repeated / (len(raw) - 1) >= REPEATED
        often = often and _is_all_or_nothing(series.tag, objective, low, high)
        self.width = _outcomes_in_a_block(raw) if often else 1
        if self.width > 1:
            self._take_blocks()
            raw = raw[len(raw) % self.width :].reshape(-1, self.width).mean(axis=1)
        wide = 0 < low < high / LOG_RANGE
        self.log = self.width == 1 and objective == "min" and wide and _is_logarithmic(raw)
        self.y = np.log(raw) if self.log else -raw if objective == "max" else raw
        if max(-low, high) > HUGE:
            self.y = np.clip(self.y, -HUGE, HUGE)

    @cached_property
    def points(self) -> NDArray[np.intp]:
        """Those of a series that is finite throughout, which few ask for."""
        return np.arange(len(self.series.value))

    @cached_property
    def ends(self) -> NDArray[np.intp]:
        """Those of single points."""
        return self.points

    def _take_blocks(self) -> None:
        self._finite = self.points
        whole = self.points[len(self.points) % self.width :].reshape(-1, self.width)
        self.points, self.ends = whole[:, 0], whole[:, -1]

    def __len__(self) -> int:
        return len(self.y)

    def count(self, values: int) -> int:
        """How many finite points some values of `y` are."""
        return values * self.width

    def step(self, index: int) -> int:
        """The step of the point ``y[index]``, of a block of the first."""
        return int(self.series.step[self.points[index]])

    def last_step(self, index: int) -> int:
        """The same, but of a block of the last."""
        return int(self.series.step[self.ends[index]])

    def time(self, index: int) -> float | None:
        """The wall time of the point ``y[index]``; None where it is not known."""
        return finite_or_none(self.series.wall_time[self.points[index]])

    def place(self, index: int) -> str:
        """Where the point ``y[index]`` is, for a message."""
        return place_of(self.series, int(self.points[index]))

    def value(self, index: int) -> float:
        """The value as it was logged at ``y[index]``, of a block the mean."""
        if self.width > 1:
            return self.logged(float(self.y[index]))
        return float(self.series.value[self.points[index]])

    def logged(self, y: float) -> float:
        """Turns a level of `y` back to what was logged."""
        return self.scale.logged(y)

    @property
    def scale(self) -> Scale:
        """How `y` was turned."""
        return Scale(self.log, self.objective)

    def count_before(self, series: ScalarSeries, index: int) -> int:
        """How many of its values were written before a point of another series.

        Args:
            series: The other series.
            index: That of the point.
        """
        [points] = points_before(self.series, series, np.array([index]), "left")
        return int(np.searchsorted(self.points, points))

    def gain_from(self, first: int) -> tuple[float, float]:
        """How much better its level at the end is than what it had been before a point.

        Args:
            first: The index of the point, neither the first nor behind the last.

        Returns:
            By how much the end is better than the best level before, and than the worst.
        """
        before, after = self.y[:first], self.y[first:]
        levels = robust.window_medians(before, max(1, first // _LEVELS), _LEVELS)
        end = robust.median(after[-max(1, len(after) // _END_PART) :])
        return float(levels.min()) - end, float(levels.max()) - end

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the noise of single points, as robust.noise_of_points gives it.

        Of blocks that of the mean of so many outcomes: where all are lost they have none.
        """
        if self.width > 1:
            outcomes = np.clip(self.series.value[self._finite], -HUGE, HUGE)
            return float(np.std(outcomes) / self.width**0.5)
        return robust.noise_of_points(self.y)

    @cached_property
    def best(self) -> int:
        """Index of the best point: the extreme of what was logged, spikes to the good included."""
        return int(np.argmin(self.y))

    def best_until(self, index: int) -> int:
        """Index of the best point, of equal ones of the last up to some point.

        Args:
            index: That of the point.
        """
        equal = np.flatnonzero(self.y[: index + 1] == self.y[self.best])
        return int(equal[-1]) if len(equal) else self.best


class AsItIs(Judged):
    """A series of which `screen.first_look` says that all its points count, but for their sign.

    Most series are such and have nothing to tell, so that their values are not made until somebody
    asks for them.

    Attributes:
        seen: What it may have, as the first look says.
    """

    width = 1
    log = False

    def __init__(self, series: ScalarSeries, objective: Objective, seen: int) -> None:
        """Notes what is known.

        Args:
            series: The series.
            objective: Which way is better.
            seen: What the first look says.
        """
        self.series = series
        self.objective = objective
        self.seen = seen

    @cached_property
    def y(self) -> NDArray[np.float64]:  # type: ignore[override]
        """Its values, lower is better."""
        raw = np.ascontiguousarray(self.series.value)
        return -raw if self.objective == "max" else raw

    def __len__(self) -> int:
        """As many as the series has."""
        return len(self.series.value)


def _not_yet_a_loss(raw: NDArray[np.float64], series: ScalarSeries) -> int:
    """How many points come before a loss: zeros, until it is turned on, or the rise of an average.

    A moving average that starts at zero is what it averages times 1 - exp(-k / t) after k points,
    and the first point is about as far from zero as the second from the first. Nobody averages a
    few evaluations: these rise.
    """
    if raw[0] == 0:
        return int(np.argmax(raw != 0))
    if len(raw) < MEMORIES[0] or not 1.3 * raw[0] < raw[1] < raw[2] < 5 * raw[0]:
        return 0
    if len(raw) < _EVALUATIONS and role_of(series.tag, series.run) in EVALUATIONS:
        return 0
    for memory in reversed(MEMORIES):
        some = np.clip(raw[: int(1.5 * memory)], -HUGE, HUGE)
        level = some / -np.expm1(-np.arange(1, len(some) + 1) / memory)
        if float(np.std(level)) < _LIKE_AN_AVERAGE * float(np.mean(level)):
            return min(int(_FORGOTTEN * memory), len(raw) - 1)
    return 0


def _is_all_or_nothing(tag: str, objective: Objective, low: float, high: float) -> bool:
    """Whether values may be of what is won or lost: a score's reach far across what it can be.

    A loss written with few digits has few values, too; they are nearer to each other than to zero.
    """
    if objective == "min":
        return high - low >= FAR * max(abs(low), abs(high))
    best, least = bound(tag, high), worst(tag)
    return best is None or least is None or high - low >= FAR * abs(best - least)


def _outcomes_in_a_block(raw: NDArray[np.float64]) -> int:
    """How many points make one level: more than one of outcomes, won or lost.

    The median of such points is the usual outcome whatever the share of the others is, and its
    noise by any robust measure zero. A block has as many points as hold `OUTCOMES` others on
    average, so that its mean is nearly normal. Others that stand together, as before a series stops
    to move, are no outcomes: in a random order (Wald and Wolfowitz) they change with the usual one
    2 n p (1 - p) times.
    """
    if len(distinct(raw)) > KINDS:
        return 1
    other = raw != robust.median(raw)
    share = float(other.mean())
    changes = int(np.count_nonzero(other[1:] != other[:-1]))
    if not 0 < share <= 0.5 or changes < SCATTERED * 2 * len(raw) * share * (1 - share):
        return 1
    return math.ceil(OUTCOMES / share)


def _is_logarithmic(raw: NDArray[np.float64]) -> bool:
    levels = robust.window_medians(raw, -(-len(raw) // 128), 128)
    return bool(levels.max() / LOG_RANGE > levels.min())
