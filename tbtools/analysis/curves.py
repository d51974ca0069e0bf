"""Time series of scalars as arrays, and the axes that they can be looked at along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.inputs import require_selection
from tbtools.errors import UnknownTag
from tbtools.eventfile.discover import natural_key
from tbtools.runs.numbers import DTYPE_NAMES
from tbtools.runs.reading import read_ahead
from tbtools.runs.select import as_globs, matches
from tbtools.runs.timeline.sessions import find_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.experiment import Experiment
    from tbtools.runs.frames import Part, Steps
    from tbtools.runs.run import Run

# What an axis can be besides the tag of another scalar.
AXES = ("step", "wall_time", "relative_time")


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One time series of scalars, in the order written.

    Attributes:
        step: int64, shape (n,).
        wall_time: float64, shape (n,), seconds since the epoch.
        value: float64, shape (n,).
        session: int64, shape (n,): numbers of the writer sessions that the points are of.
        dtype: How the values are stored (``float32``); ``mixed`` for several ways.
    """

    step: NDArray[np.int64]
    wall_time: NDArray[np.float64]
    value: NDArray[np.float64]
    session: NDArray[np.int64]
    dtype: str


@dataclass(frozen=True, slots=True, eq=False)
class RunCurves:
    """The scalars of a run.

    Attributes:
        run: Its name.
        start_time: Wall time of its first point of any kind, seconds since the epoch; NaN where
            none is known.
        curves: Those that were chosen, by tag, in natural order.
        axis: The curve along which the others are looked at, where it is one.
    """

    run: str
    start_time: float
    curves: dict[str, Curve]
    axis: Curve | None = None

    def places(self, tag: str, x: str) -> NDArray[np.int64] | NDArray[np.float64]:
        """Where the points of a curve lie on an axis.

        Args:
            tag: The curve's tag.
            x: ``step``, ``wall_time``, ``relative_time`` (seconds since the run's first point), or
                the tag of the axis.

        Returns:
            int64 for steps, else float64; NaN where the axis has no value: at the step of a point,
            or on the line between the steps around it.
        """
        curve = self.curves[tag]
        if x == "step":
            return curve.step
        if x == "wall_time":
            return curve.wall_time
        if x == "relative_time":
            return curve.wall_time - self.start_time
        assert self.axis is not None
        return along(curve.step, self.axis.step, self.axis.value)


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


def read_curves(
    run: Run, tags: str | Sequence[str] | None = None, steps: Steps = None, x: str = "step"
) -> RunCurves:
    """The scalars of a run as arrays.

    Args:
        run: The run.
        tags: Globs; only tags that one of them matches, all where there are none.
        steps: First and last step, both included; None for no bound.
        x: The axis they will be looked at along.

    Raises:
        UnknownTag: The axis is a tag that the run does not have.
    """
    globs = as_globs(tags)
    parts = [part.within(steps) for part in run.parts]
    found: dict[str, list[Curve]] = {}
    axis: list[Curve] = []
    for part in parts:
        sessions = find_sessions(part.columns.rows)
        session_rows = np.array([session.first_row for session in sessions], np.int64)
        for series in part.columns.scalars():
            tag = part.shown_tag(series.tag)
            chosen = matches(tag, globs) and series.count > 0
            if tag == x or chosen:
                curve = _curve(part, part.columns.of(series), session_rows)
                if tag == x:
                    axis.append(curve)
                if chosen:
                    found.setdefault(tag, []).append(curve)
    if x not in AXES and not axis:
        known = {part.shown_tag(each.tag) for part in parts for each in part.columns.scalars()}
        raise UnknownTag(x, sorted(known, key=natural_key))
    return RunCurves(
        run=run.name,
        start_time=_start_time(parts),
        curves={tag: _joined(curves) for tag, curves in found.items()},
        axis=_joined(axis) if axis else None,
    )


def read_all_curves(
    runs: Mapping[str, Run],
    tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    x: str = "step",
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[str, RunCurves]]:
    """`read_curves` of many runs, of which the next ones are read meanwhile on all cores.

    Of a run that had not been read before, only the curves stay in memory.

    Args:
        runs: Name to run; the arguments that follow are those of `read_curves`.
        tags: Globs.
        steps: First and last step.
        x: The axis.
        progress: As for `Experiment.scan`.
    """
    unread = [not run.is_read for run in runs.values()]
    read = read_ahead(list(runs.values()), progress)
    for name, run, forget in zip(runs, read, unread, strict=True):
        yield name, read_curves(run, tags, steps, x)
        if forget:
            run.release()


def stream_curves(
    experiment: Experiment,
    tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    progress: Callable[[int, int], None] | None = None,
    x: str = "step",
) -> Iterator[RunCurves]:
    """`read_curves` of all runs of an experiment, one at a time in memory.

    Args:
        experiment: The runs.
        tags: Globs.
        steps: First and last step.
        progress: As for `Experiment.scan`.
        x: The axis they will be looked at along.

    Raises:
        UnknownTag: A run does not have the tag that is the axis; or, at the end, a glob matched no
            tag.
        InvalidArgument: Likewise, if there was no point in the steps.
    """
    found: set[str] = set()
    for run in experiment.each_run(progress):
        curves = read_curves(run, tags, steps, x)
        found |= curves.curves.keys()
        yield curves
    require_selection(experiment, as_globs(tags), steps, found)


def _curve(part: Part, chosen: NDArray[np.int64], session_rows: NDArray[np.int64]) -> Curve:
    rows = part.columns.rows
    codes = np.flatnonzero(np.bincount(rows.dtype[chosen]))
    return Curve(
        step=rows.step[chosen],
        wall_time=rows.wall_time[chosen],
        value=rows.value[chosen],
        session=np.searchsorted(session_rows, chosen, side="right"),
        dtype=DTYPE_NAMES[int(codes[0])] if codes.size == 1 else "mixed",
    )


def _joined(curves: list[Curve]) -> Curve:
    """One curve of several that are shown under one tag."""
    if len(curves) == 1:
        return curves[0]
    dtypes = {curve.dtype for curve in curves}
    return Curve(
        step=np.concatenate([curve.step for curve in curves]),
        wall_time=np.concatenate([curve.wall_time for curve in curves]),
        value=np.concatenate([curve.value for curve in curves]),
        session=np.concatenate([curve.session for curve in curves]),
        dtype=dtypes.pop() if len(dtypes) == 1 else "mixed",
    )


def _start_time(parts: Sequence[Part]) -> float:
    times = [part.columns.rows.wall_time[part.columns.order] for part in parts]
    finite = [float(each[np.isfinite(each)].min()) for each in times if np.isfinite(each).any()]
    return min(finite, default=float("nan"))


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
