"""Smoothing of what users have in hand: a Series, a frame, a Run, an Experiment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol, overload

import numpy as np

from tbtools.analysis.smoothers import check_smoothing, smooth_values
from tbtools.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.analysis.curves import Curve
    from tbtools.analysis.smoothers import SmoothingMethod

SmoothingAxis = Literal["step", "wall_time"]


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How to smooth: the arguments of `smooth`.

    Attributes:
        method: The method.
        weight: The smoothing weight.
        window: Points in a window, instead of what the weight says.
        by: On which axis ``time_weighted_ema`` measures distances.

    Raises:
        InvalidArgument: There is no such method, axis, weight or window.
    """

    method: SmoothingMethod = "ema"
    weight: float = 0.6
    window: float | None = None
    by: SmoothingAxis = "step"

    def __post_init__(self) -> None:
        check_smoothing(self.method, self.weight, self.window)
        if self.by not in ("step", "wall_time"):
            raise InvalidArgument(f"by={self.by!r} is neither 'step' nor 'wall_time'")

    def curve(self, curve: Curve) -> Curve:
        """A smoothed curve."""
        places = curve.step if self.by == "step" else curve.wall_time
        smoothed = self.values(curve.value, places.astype(np.float64))
        return replace(curve, value=smoothed, dtype="float64")

    def values(
        self, values: NDArray[np.float64], places: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        """Smoothed values; see `tbtools.analysis.smoothers.smooth_values`."""
        return smooth_values(
            values, places, method=self.method, weight=self.weight, window=self.window
        )


class HasScalars(Protocol):
    """A Run or an Experiment."""

    def scalars(self) -> pd.DataFrame:
        """All scalars as a long frame."""


@overload
def smooth(
    x: pd.Series[Any],
    weight: float = ...,
    method: SmoothingMethod = ...,
    *,
    by: SmoothingAxis = ...,
    window: float | None = ...,
) -> pd.Series[Any]: ...
@overload
def smooth(
    x: pd.DataFrame | HasScalars,
    weight: float = ...,
    method: SmoothingMethod = ...,
    *,
    by: SmoothingAxis = ...,
    window: float | None = ...,
) -> pd.DataFrame: ...
def smooth(
    x: Any,
    weight: float = 0.6,
    method: SmoothingMethod = "ema",
    *,
    by: SmoothingAxis = "step",
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
            - a wide frame, every column a series; a NaN in it stands for no point,
            - a Run or an Experiment.
        weight: TensorBoard's slider value, 0 (nothing changes) to below 1. It means as much
            smoothing in every method: windows are as wide as to leave the same noise.
        method: How.
        by: On which axis ``time_weighted_ema`` measures distances. For a Series and a wide frame
            it is their index, whatever this says.
        window: Points in a window, instead of what the weight says.

    Returns:
        The like of `x` with smoothed values; for a Run or an Experiment the long frame.

    Raises:
        InvalidArgument: There is no such method, axis, weight or window.
        MissingExtra: ``gaussian`` and ``savgol`` need scipy.
        TypeError: `x` is none of these.
    """
    import pandas as pd

    smoothing = Smoothing(method, weight, window, by)

    def smoothed(values: NDArray[np.float64], places: Any) -> NDArray[np.float64]:
        return smoothing.values(values, _places(places) if method == "time_weighted_ema" else None)

    if isinstance(x, pd.Series):
        return pd.Series(
            smoothed(x.to_numpy(np.float64, na_value=np.nan), x.index), index=x.index, name=x.name
        )
    if not isinstance(x, pd.DataFrame):
        if not hasattr(x, "scalars"):
            raise TypeError(f"cannot smooth {type(x).__name__}: no Series, frame, Run, Experiment")
        x = x.scalars()
    frame: pd.DataFrame = x
    if {"step", "value"} <= set(map(str, frame.columns)):
        if by not in frame.columns:
            raise InvalidArgument(f"by={by!r}: the frame has no such column")
        values = frame["value"].to_numpy(np.float64, na_value=np.nan).copy()
        places = frame[by]
        for rows in series_rows(frame):
            values[rows] = smoothed(values[rows], places.iloc[rows])
        return frame.assign(value=values)
    result = frame.copy()
    for number in range(frame.shape[1]):
        column = frame.iloc[:, number].to_numpy(np.float64, na_value=np.nan)
        result.isetitem(number, smoothed(column, frame.index))
    return result


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
