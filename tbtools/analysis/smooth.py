"""Smoothing of what users have in hand: a Series, a frame, runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, overload

import numpy as np

from tbtools.analysis.frames import column_numbers, has_step_column, tag_columns
from tbtools.analysis.smoothers import check_smoothing, smooth_values
from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.runs.diagnostics import Provenance, require_readable
from tbtools.runs.frames import ScalarTable
from tbtools.runs.inputs import open_inputs, require_points
from tbtools.runs.reading import read_ahead
from tbtools.runs.run import Run
from tbtools.runs.selection import EVERYTHING, Selector
from tbtools.runs.series import along, axis_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.series import RunScalars, ScalarSeries
    from tbtools.vocabulary import SmoothingMethod

# The one method that measures distances.
_ALONG_AN_AXIS = "time_weighted_ema"


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How to smooth: the arguments of `smooth`.

    Attributes:
        method: The method.
        weight: The smoothing weight.
        window: Points in a window, instead of what the weight says.
        by: On which axis ``time_weighted_ema`` measures distances: ``step``, ``relative``,
            ``active``, ``wall``, or the tag of another scalar.

    Raises:
        InvalidArgument: There is no such method, weight or window, or the method has no axis.
    """

    method: SmoothingMethod = "ema"
    weight: float = 0.6
    window: float | None = None
    by: str = "step"

    def __post_init__(self) -> None:
        check_smoothing(self.method, self.weight, self.window)
        axis_name(self.by)
        if self.by != "step" and self.method != _ALONG_AN_AXIS:
            raise InvalidArgument(
                f"{self.method} takes points in their order; by={self.by!r} is for {_ALONG_AN_AXIS}"
            )

    def smoothed(self, run: RunScalars, tag: str) -> ScalarSeries:
        """A smoothed series of a run that was read with `by` as its axis."""
        series = run.series[tag]
        places = run.places(tag, self.by).astype(np.float64)
        return replace(series, value=self.values(series.value, places), dtype="float64")

    def values(
        self, values: NDArray[np.float64], places: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        """Smoothed values; see `tbtools.analysis.smoothers.smooth_values`."""
        return smooth_values(
            values, places, method=self.method, weight=self.weight, window=self.window
        )


@overload
def smooth(
    x: pd.Series[Any],
    weight: float = ...,
    method: SmoothingMethod = ...,
    *,
    by: str = ...,
    window: float | None = ...,
) -> pd.Series[Any]: ...
@overload
def smooth(
    x: pd.DataFrame | RunsLike,
    weight: float = ...,
    method: SmoothingMethod = ...,
    *,
    by: str = ...,
    window: float | None = ...,
) -> pd.DataFrame: ...
def smooth(
    x: Any,
    weight: float = 0.6,
    method: SmoothingMethod = "ema",
    *,
    by: str = "step",
    window: float | None = None,
) -> pd.Series[Any] | pd.DataFrame:
    """Smooths each time series for itself.

    The methods:

    - ``ema``: TensorBoard's, an exponential moving average in the order written, debiased.
    - ``time_weighted_ema``: W&B's, for unevenly spaced points.
    - ``gaussian``, ``median``, ``rolling`` (the mean), ``savgol``: centred windows.

    NaN and infinities stay where they are, and the other points are smoothed as if they were not
    there. ``docs/smooth.md`` has the formulas.

    Args:
        x: One of

            - a Series of values,
            - a long frame with the columns ``step`` and ``value``, and where there are such also
              ``run``, ``tag`` and ``wall_time``,
            - a wide frame, every column a series but for those that `detect` takes for steps, runs
              and wall times; a NaN in it stands for no point,
            - a path, a Run, an Experiment, or several of them.
        weight: TensorBoard's slider value, 0 (nothing changes) to below 1. It means as much
            smoothing in every method: windows are as wide as to leave the same noise.
        method: How.
        by: On which axis ``time_weighted_ema`` measures distances: ``step``, ``wall``,
            ``relative`` (the same distances), ``active`` (not of a frame), or another scalar, by
            its tag; of a long frame also another column. For a Series and a wide frame it is
            their index or their column ``step``, whatever this says.
        window: Points in a window, instead of what the weight says.

    Returns:
        The like of `x` with smoothed values; for runs the long frame, as `scalars` gives it, with
        superseded, problems and notes in its `attrs`.

    Raises:
        InvalidArgument: There is no such method, weight or window, or the method has no axis.
        UnknownTag: There is no such axis.
        MissingExtra: ``gaussian`` and ``savgol`` need scipy.
        NoEventFiles: There is nothing to read under a path, or not one event could be read.
        UnsupportedType: `x` is none of these.

    Examples:
        >>> import pandas as pd
        >>> tbtools.smooth(pd.Series([1.0, 0.0, 1.0]), weight=0.5).round(3).tolist()
        [1.0, 0.333, 0.714]
    """
    import pandas as pd

    smoothing = Smoothing(method, weight, window, by)

    def smoothed(values: NDArray[np.float64], places: Any) -> NDArray[np.float64]:
        return smoothing.values(values, _places(places) if method == _ALONG_AN_AXIS else None)

    if isinstance(x, pd.Series):
        return pd.Series(smoothed(column_numbers(x), x.index), index=x.index, name=x.name)
    frame: pd.DataFrame = x if isinstance(x, pd.DataFrame) else scalars_of(x)
    if {"step", "value"} <= set(map(str, frame.columns)):
        values = column_numbers(frame["value"]).copy()
        places = _axis(frame, by)
        for rows in series_rows(frame):
            values[rows] = smoothed(values[rows], places.iloc[rows])
        return frame.assign(value=values)
    result = frame.copy()
    with_steps = has_step_column(frame)
    axis = frame["step"] if with_steps else frame.index.to_series()
    runs = (
        list(series_rows(frame[frame.columns.intersection(["run"])]))
        if with_steps
        else [slice(None)]
    )
    for number in tag_columns(frame) if with_steps else range(frame.shape[1]):
        values = column_numbers(frame.iloc[:, number]).copy()
        for rows in runs:
            values[rows] = smoothed(values[rows], axis.iloc[rows])
        result.isetitem(number, values)
    return result


def scalars_of(given: RunsLike) -> pd.DataFrame:
    """The scalars of runs as one long frame; with a column for the run unless it is one `Run`.

    Raises:
        NoEventFiles: There is nothing to read under a path, or not one event could be read.
        UnsupportedType: It is none of what stands for runs.
        InvalidArgument: There are no scalars.
    """
    selector = Selector(EVERYTHING)
    inputs = open_inputs(given)
    runs = inputs.runs
    if isinstance(given, Run):
        frame = given.scalars()
    elif inputs.experiment is not None:
        frame = inputs.experiment.scalars()
    else:
        for _ in read_ahead(list(runs.values())):
            pass
        parts = [replace(part, run=name) for name, run in runs.items() for part in run.data.parts]
        table = ScalarTable([selector.choose(part) for part in parts])
        frame = table.long(run=True)
        about = Provenance.of(runs, inputs.unreadable).to_dict()
        about["superseded"] = {name: run.superseded for name, run in runs.items()}
        frame.attrs |= about
    require_readable(runs)
    if frame.empty:
        require_points(runs.values(), selector)
    return frame


def _axis(frame: pd.DataFrame, by: str) -> pd.Series[Any]:
    """Where the rows of a long frame lie on an axis."""
    import pandas as pd

    if by not in frame.columns and axis_name(by) in ("relative", "wall"):
        by = "wall_time"
    if by not in frame.columns and axis_name(by) == "active":
        raise InvalidArgument("a frame does not say when no session ran: by='active' is for runs")
    if by in frame.columns:
        return frame[by]
    is_axis = (
        (frame["tag"] == by).to_numpy() if "tag" in frame.columns else np.zeros(len(frame), bool)
    )
    if not is_axis.any():
        raise UnknownTag(by, [*frame.columns, *frame.get("tag", pd.Series()).unique()])
    step, value = frame["step"].to_numpy(np.int64), frame["value"].to_numpy(np.float64)
    places = np.full(len(frame), np.nan)
    for rows in series_rows(frame.drop(columns="tag")):  # run by run
        own = np.arange(len(frame))[rows]
        axis = own[is_axis[own]]
        if not axis.size:
            raise UnknownTag(by, frame["tag"].iloc[own].unique())
        places[own] = along(step[own], step[axis], value[axis])
    return pd.Series(places, index=frame.index)


def series_rows(frame: pd.DataFrame) -> Iterator[slice | NDArray[np.int64]]:
    """The rows of each time series of a long frame, in their order."""
    names = [name for name in ("run", "tag") if name in frame.columns]
    if not names:
        yield slice(0, len(frame))
        return
    number = (
        frame.groupby(names, sort=False, observed=True, dropna=False).ngroup().to_numpy(np.int64)
    )
    if bool((np.diff(number) >= 0).all()):  # gathered by series, as our own frames are
        edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(number)]
        yield from (slice(*pair) for pair in pairwise(edges))
        return
    order = np.argsort(number, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(number[order])) + 1)


def _places(index: Any) -> NDArray[np.float64]:
    """Where the points lie on an axis: numbers as they are, dates in seconds.

    Raises:
        InvalidArgument: They are neither.
    """
    import pandas as pd

    if isinstance(index.dtype, np.dtype) and index.dtype.kind in "mM":
        nanoseconds = pd.Index(index).to_numpy().astype(f"{index.dtype.kind}8[ns]")
        seconds: NDArray[np.float64] = nanoseconds.astype(np.int64) / 1e9
        return np.where(np.isnat(nanoseconds), np.nan, seconds)
    if not pd.api.types.is_numeric_dtype(index.dtype):
        raise InvalidArgument(f"an index of {index.dtype} has no distances; steps or times have")
    places: NDArray[np.float64] = index.to_numpy(dtype=np.float64)
    return places
