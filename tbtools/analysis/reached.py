"""What a series has reached: at its end, last, at its best, or up to a step.

`best` ranks by it, and tables of hyperparameters have it beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.level import Level, level_in_time
from tbtools.runs.levels import window_start

if TYPE_CHECKING:
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective


@dataclass(frozen=True, slots=True)
class Reached:
    """A level, and the point of the series where it had it.

    Attributes:
        level: The level.
        series: The series.
        point: The index of the point.
        first: That of the first point of which the level is.
    """

    level: Level
    series: ScalarSeries
    point: int
    first: int

    @property
    def dtype(self) -> str:
        """How the level is stored, where it is a value that is stored: that of a constant is."""
        is_stored = self.level.count == 1 or self.level.mean == self.series.value[self.point]
        return self.series.dtype if is_stored else "float64"


def reached(
    series: ScalarSeries, direction: Objective, at: str, step: int | None = None
) -> Reached | None:
    """What a series has reached.

    Args:
        series: At least one point.
        direction: Which way is better; the best value is the first of those that are, of the finite
            ones, and the last value where none is finite.
        at: ``end``, ``last`` or ``best``, as `best` takes it.
        step: The last value up to this step, in place of the last one.

    Returns:
        None where the series begins after the step.
    """
    value = series.value
    point = value.size - 1
    if at == "end":
        first = window_start(value.size)
        return Reached(level_in_time(value[first:]), series, point, first)
    if at == "best" and np.isfinite(value).any():
        turned = value if direction == "min" else -value
        point = int(np.argmin(np.where(np.isfinite(turned), turned, np.inf)))
    elif step is not None:
        before = np.flatnonzero(series.step <= step)
        if not before.size:
            return None
        point = int(before[-1])
    return Reached(Level(float(value[point]), None, 1), series, point, point)
