"""A time series made fit for judging."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective


# A loss that goes through two orders of magnitude has its noise in proportion to its level, not in
# proportion to where it began; its logarithm has the same noise throughout.
LOG_RANGE = 100.0
# Squares of larger values overflow, and no loss is worse than this.
HUGE = 1e100


def place_of(series: ScalarSeries, index: int) -> str:
    """Where a point is, for a message: its step, and where steps go back its number too."""
    step = f"step {int(series.step[index]):,}"
    if not series.steps_go_back:
        return step
    return f"{step} (point {index + 1:,} of {series.step.size:,})"


def points_before(
    other: ScalarSeries, series: ScalarSeries, index: int, side: Literal["left", "right"]
) -> int:
    """How many points of another series were written before a point.

    Steps tell where they rise in both series. Where they go back, as those of a batch in an epoch
    do, wall times tell; and where there are none, the part of its points that a series has behind
    it.

    Args:
        other: The series whose points are counted.
        series: The series of the point.
        index: Its index.
        side: Whether points of the same step or wall time are not counted (``left``) or are.
    """
    if not (other.steps_go_back or series.steps_go_back):
        return int(np.searchsorted(other.step, series.step[index], side))
    time = series.wall_time[index]
    latest = np.fmax.accumulate(other.wall_time)
    if np.isfinite(time) and latest.size and np.isfinite(latest[-1]):
        return int(np.searchsorted(latest, time, side))
    before = index if side == "left" else index + 1
    return round(before / series.step.size * other.step.size)


def finite_or_none(number: float) -> float | None:
    """The number; None where it is not finite."""
    return float(number) if np.isfinite(number) else None


class Judged:
    """A series with an objective: its finite points, turned so that lower is better.

    Attributes:
        series: The series as it was given.
        points: int64 indices of the finite points in the series.
        y: float64 values of these points, lower is better; logarithms where `log` says so.
        log: Whether `y` is logarithmic.
    """

    def __init__(self, series: ScalarSeries, objective: Objective) -> None:
        self.series = series
        self.objective = objective
        finite = np.isfinite(series.value)
        whole = bool(finite.all())
        self.points = np.arange(len(finite)) if whole else np.flatnonzero(finite)
        raw = series.value if whole else series.value[self.points]
        self.log = objective == "min" and _is_logarithmic(raw)
        self.y = np.log(raw) if self.log else _turned(raw, objective)

    def __len__(self) -> int:
        return len(self.y)

    def step(self, index: int) -> int:
        """The step of the point ``y[index]``."""
        return int(self.series.step[self.points[index]])

    def time(self, index: int) -> float | None:
        """The wall time of the point ``y[index]``; None where it is not known."""
        return finite_or_none(self.series.wall_time[self.points[index]])

    def place(self, index: int) -> str:
        """Where the point ``y[index]`` is, for a message."""
        return place_of(self.series, int(self.points[index]))

    def value(self, index: int) -> float:
        """The value as it was logged at ``y[index]``."""
        return float(self.series.value[self.points[index]])

    def logged(self, y: float) -> float:
        """Turns a level of `y` back to what was logged."""
        if self.log:
            return float(np.exp(min(y, 709.0)))
        return float(-y if self.objective == "max" else y)

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the noise of single points, as robust.noise_of_points gives it."""
        return robust.noise_of_points(self.y)

    @cached_property
    def best(self) -> int:
        """Index of the best point: the extreme of what was logged, spikes to the good included."""
        return int(np.argmin(self.y))


def _is_logarithmic(raw: NDArray[np.float64]) -> bool:
    if len(raw) == 0 or raw.min() <= 0:
        return False
    levels = robust.window_medians(raw, -(-len(raw) // 128), 128)
    return bool(levels.max() / LOG_RANGE > levels.min())


def _turned(raw: NDArray[np.float64], objective: Objective) -> NDArray[np.float64]:
    y = -raw if objective == "max" else raw
    if len(y) and (y.max() > HUGE or y.min() < -HUGE):
        return np.clip(y, -HUGE, HUGE)
    return y
