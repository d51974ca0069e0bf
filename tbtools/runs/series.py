"""Time series of scalars as arrays: the one form in which every analysis and picture gets them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.runs.columns import is_within
from tbtools.runs.numbers import distinct
from tbtools.vocabulary import AXES, FORMER_AXES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.selection import Selection


@dataclass(eq=False)  # not frozen: making one takes a quarter of the time
class ScalarSeries:
    """One time series of scalars, in the order of its run's timeline.

    Attributes:
        run: Name of the run.
        tag: Its tag.
        dtype: How the values are stored (``float32``); ``mixed`` for several ways.
        step: int64, shape (n,); may repeat and go back, see `tbtools.runs.timeline`.
        wall_time: float64, shape (n,), seconds since the epoch; NaN where it is not known.
        value: float64, shape (n,); NaN and infinities are values.
        session: int64, shape (n,): the number of the writer session that wrote each point.
        restarts: int64: the points with which a session goes on that began after those before it
            had ended; the time before such a point is a pause, not a stall.
        start_time: Wall time of the run's first event, from which relative time is counted; NaN
            where it is not known.
        pauses: When no session of the run ran, in order: wall times of both ends.
    """

    run: str
    tag: str
    dtype: str
    step: NDArray[np.int64]
    wall_time: NDArray[np.float64]
    value: NDArray[np.float64]
    session: NDArray[np.int64]
    restarts: NDArray[np.int64]
    start_time: float
    pauses: tuple[tuple[float, float], ...] = ()

    @classmethod
    def from_arrays(
        cls, run: str, tag: str, step: Any, value: Any, wall_time: Any = None
    ) -> ScalarSeries:
        """A series that comes from no event file, of one session.

        Args:
            run: A name for the run.
            tag: A tag.
            step: Shape (n,), whole numbers.
            value: Shape (n,).
            wall_time: Shape (n,), seconds since the epoch; None where it is not known.

        Raises:
            InvalidArgument: The arrays differ in length.
        """
        steps = np.asarray(step).astype(np.int64)
        values = np.asarray(value, np.float64)
        times = np.full(steps.size, np.nan) if wall_time is None else np.asarray(wall_time, float)
        if not steps.size == times.size == values.size:
            raise InvalidArgument(
                f"step, wall_time and value of {tag!r} differ in length: "
                f"{steps.size}, {times.size}, {values.size}"
            )
        finite = times[np.isfinite(times)]
        return cls(
            run=run,
            tag=tag,
            dtype="float64",
            step=steps,
            wall_time=times,
            value=values,
            session=np.zeros(steps.size, np.int64),
            restarts=np.empty(0, np.int64),
            start_time=float(finite.min()) if finite.size else float("nan"),
        )

    @property
    def relative_time(self) -> NDArray[np.float64]:
        """Seconds since the run's first event, shape (n,); NaN where a wall time is not known."""
        seconds: NDArray[np.float64] = self.wall_time - self.start_time
        return np.where(np.isfinite(seconds), seconds, np.nan)

    @property
    def active_time(self) -> NDArray[np.float64]:
        """Relative time without the pauses between sessions, shape (n,); NaN likewise."""
        seconds = self.relative_time
        for start, end in self.pauses:
            seconds = seconds - np.clip(self.wall_time - start, 0.0, end - start)
        return seconds

    @cached_property
    def steps_go_back(self) -> bool:
        """Whether a step does not tell which point came first."""
        return bool((self.step[1:] < self.step[:-1]).any())

    def within(self, selection: Selection) -> ScalarSeries:
        """The same series, only with the steps that are selected."""
        if selection.steps is None:
            return self
        kept = is_within(self.step, *selection.steps)
        return self if kept.all() else self.at(np.flatnonzero(kept))

    def at(self, points: NDArray[np.int64]) -> ScalarSeries:
        """The same series, only with some points.

        Args:
            points: Their indices, rising.
        """
        restarts: NDArray[np.int64] = np.searchsorted(points, self.restarts)
        return replace(
            self,
            step=self.step[points],
            wall_time=self.wall_time[points],
            value=self.value[points],
            session=self.session[points],
            restarts=distinct(restarts[(restarts > 0) & (restarts < points.size)]),
        )

    def find(self, step: int, wall_time: float | None = None) -> int:
        """Index of a point.

        Args:
            step: Its step; the nearest step where there is none such.
            wall_time: Its wall time, which tells points of one step apart; None for the first.
        """
        at = np.flatnonzero(self.step == step)
        if not at.size:
            return int(np.abs(self.step.astype(np.float64) - step).argmin())
        if wall_time is not None and at.size > 1:
            distance = np.abs(self.wall_time[at] - wall_time)
            return int(at[np.argmin(np.where(np.isnan(distance), np.inf, distance))])
        return int(at[0])


@dataclass(frozen=True, slots=True, eq=False)
class RunScalars:
    """Selected scalars of one run.

    Attributes:
        run: Its name.
        start_time: Wall time of its first event, seconds since the epoch; NaN where it is not
            known.
        series: By tag, in natural order.
        all_tags: The tags of all its scalars, whether selected or not: what one means may depend on
            the others.
        axis: The series along which the others are looked at, where the axis is one.
    """

    run: str
    start_time: float
    series: dict[str, ScalarSeries]
    all_tags: frozenset[str]
    axis: ScalarSeries | None = None

    def places(self, tag: str, x: str) -> NDArray[np.int64] | NDArray[np.float64]:
        """Where the points of a series lie on an axis.

        Args:
            tag: The tag of the series.
            x: ``step``, ``relative`` (seconds since the run's first event), ``active`` (the same
                without the pauses between sessions), ``wall`` (seconds since the epoch), or the tag
                of the axis.

        Returns:
            int64 for steps, else float64; NaN where the axis has no value: at the step of a point,
            or on the line between the steps around it.
        """
        series = self.series[tag]
        x = axis_name(x)
        if x == "step":
            return series.step
        if x == "wall":
            return series.wall_time
        if x == "relative":
            return series.relative_time
        if x == "active":
            return series.active_time
        assert self.axis is not None
        return along(series.step, self.axis.step, self.axis.value)


def axis_name(x: str) -> str:
    """The axis by its present name.

    Raises:
        InvalidArgument: It is no name at all.
    """
    if not isinstance(x, str):
        raise InvalidArgument(f"axis {x!r} is neither {', '.join(AXES)} nor a tag")
    return FORMER_AXES.get(x, x)


def along(
    steps: NDArray[np.int64], axis_steps: NDArray[np.int64], axis: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where points lie on an axis that is another scalar.

    Args:
        steps: Of the points, shape (n,).
        axis_steps: Of the axis, in the order written; at least one.
        axis: Its values.

    Returns:
        Shape (n,): the axis's value at the step of each point, or on the line between the steps
        around it; NaN outside.
    """
    known = last_of_each(axis_steps)
    step, value = axis_steps[known], axis[known]
    places = np.interp(steps, step, value, left=np.nan, right=np.nan)
    at = np.minimum(np.searchsorted(step, steps), step.size - 1)
    # Between two points the line is right within rounding; at a point the value is the value.
    result: NDArray[np.float64] = np.where(step[at] == steps, value[at], places)
    return result


def last_of_each(x: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Which points to take, so that x increases: of several at one x the last one written.

    Args:
        x: Shape (n,), int64 or float64; points whose x is not finite are not taken.

    Returns:
        Their indices, in the order of x.
    """
    order = np.argsort(x, kind="stable")
    order = order[np.isfinite(x)[order]]
    in_order = x[order]
    last = np.ones(order.size, bool)
    last[:-1] = in_order[1:] != in_order[:-1]
    kept: NDArray[np.int64] = order[last]
    return kept
