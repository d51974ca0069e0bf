"""What detection judges: one time series as arrays, and the same made fit for judging."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect import robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.objective import Objective


def _no_sessions() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Series:
    """One time series.

    Attributes:
        run: The run's name.
        tag: The tag.
        step: int64 array of n steps, in the order in which they were written.
        wall_time: float64 array of n wall times, in seconds since the epoch; NaN where unknown.
        value: float64 array of n values; NaN and infinities are judged, not dropped.
        sessions: int64 indices of the points with which a later writer session begins. The time
            before such a point is a restart and no stall.
    """

    run: str
    tag: str
    step: NDArray[np.int64]
    wall_time: NDArray[np.float64]
    value: NDArray[np.float64]
    sessions: NDArray[np.int64] = field(default_factory=_no_sessions)

    def __post_init__(self) -> None:
        if not len(self.step) == len(self.wall_time) == len(self.value):
            lengths = f"{len(self.step)}, {len(self.wall_time)}, {len(self.value)}"
            raise ValueError(
                f"step, wall_time and value of {self.tag!r} differ in length: {lengths}"
            )

    def in_order(self) -> Series:
        """The same series in order of step; points of one step stay as they were written.

        Two writers at a time leave one file after the other, each from the first step on: in the
        order of writing the second would look like a relapse.
        """
        if len(self.step) < 2 or bool((self.step[1:] >= self.step[:-1]).all()):
            return self
        order = np.argsort(self.step, kind="stable")
        return Series(
            self.run, self.tag, self.step[order], self.wall_time[order], self.value[order]
        )


# A loss that goes through two orders of magnitude has its noise in proportion to its level, not in
# proportion to where it began; its logarithm has the same noise throughout.
LOG_RANGE = 100.0
# Squares of larger values overflow, and no loss is worse than this.
HUGE = 1e100


class Judged:
    """A series with an objective: its finite points, turned so that lower is better.

    Attributes:
        series: The series as it was given.
        points: int64 indices of the finite points in the series.
        y: float64 values of these points, lower is better; logarithms where `log` says so.
        log: Whether `y` is logarithmic.
    """

    def __init__(self, series: Series, objective: Objective) -> None:
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
