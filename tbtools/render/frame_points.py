"""The points of DataFrames, long and wide, as event files have them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.smooth import series_rows
from tbtools.errors import InvalidArgument

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.render.event_files import Points

    Runs = dict[str, dict[str, Points]]

_RUN, _TAG, _STEP, _TIME, _VALUE = "run", "tag", "step", "wall_time", "value"
_PAIR = 2  # run and tag, in columns of two levels


def frame_points(frame: pd.DataFrame) -> Runs:
    """Run to tag to points.

    Args:
        frame: Long: a row a point, with step and value, perhaps run, tag and wall_time. Wide: a row
            a step, which is a column or the index, and a column a tag, or a pair of run and tag, or
            a run where the columns are called so; perhaps run and wall_time. A NaN of a wide frame
            is no point. Without wall times all points have the time of this call.

    Raises:
        InvalidArgument: There is no step, a step is no whole number, or a value no number.
    """
    named = frame if _STEP in frame.columns else _with_step(frame)
    if _is_long(named):
        return _long(named)
    if not named.columns.is_unique:
        raise InvalidArgument(f"several columns are called {_repeated(named)}; rename them")
    return _wide(named)


def _with_step(frame: pd.DataFrame) -> pd.DataFrame:
    if frame.index.name != _STEP:
        raise InvalidArgument(
            "a frame without step, as a column or the index, makes no event files"
        )
    named = frame.reset_index()
    named.columns.names = frame.columns.names
    return named


def _is_long(frame: pd.DataFrame) -> bool:
    names = set(frame.columns)
    return _VALUE in names and (_TAG in names or names <= {_RUN, _STEP, _TIME, _VALUE})


def _repeated(frame: pd.DataFrame) -> object:
    return frame.columns[frame.columns.duplicated()][0]


def _long(frame: pd.DataFrame) -> Runs:
    step, wall_time = _steps(frame[_STEP]), _times(frame)
    value = _numbers(frame[_VALUE])
    runs: Runs = {}
    for rows in series_rows(frame):
        if not step[rows].size:
            continue
        first = frame.iloc[rows].iloc[0]
        run, tag = str(first.get(_RUN, ".")), str(first.get(_TAG, _VALUE))
        runs.setdefault(run, {})[tag] = (step[rows], wall_time[rows], value[rows])
    return runs


def _wide(frame: pd.DataFrame) -> Runs:
    steps, times = _steps(_column(frame, _STEP)), _times(frame)
    of_row = _column(frame, _RUN).astype(str).to_numpy() if _holds(frame, _RUN) else None
    runs: Runs = {}
    names: list[Any] = list(frame.columns)
    for name in names:
        first = name[0] if isinstance(name, tuple) else name
        if first in (_STEP, _TIME) or (first == _RUN and of_row is not None):
            continue
        values = _numbers(frame[name])
        there = ~np.isnan(values)
        for run in [None] if of_row is None else dict.fromkeys(of_row.tolist()):
            rows = there if run is None else there & (of_row == run)
            if rows.any():
                place, tag = _place(frame, name)
                points = (steps[rows], times[rows], values[rows])
                runs.setdefault(place if run is None else run, {})[tag] = points
    return runs


def _place(frame: pd.DataFrame, name: Any) -> tuple[str, str]:
    """The run and tag of a column."""
    if isinstance(name, tuple):
        if len(name) != _PAIR:
            raise InvalidArgument(f"columns of {len(name)} levels; run and tag are two")
        return str(name[0]), str(name[1])
    return (str(name), _VALUE) if frame.columns.name == _RUN else (".", str(name))


def _holds(frame: pd.DataFrame, name: str) -> bool:
    return name in frame.columns and frame.columns.name != name


def _column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    column: Any = frame[name]
    first: pd.Series[Any] = column.iloc[:, 0] if column.ndim > 1 else column  # of two levels
    return first


def _steps(column: pd.Series[Any]) -> NDArray[np.int64]:
    if column.dtype.kind in "iu" and not column.isna().any() and column.max() < 2**63:
        return column.to_numpy(np.int64)
    numbers = _numbers(column)
    whole = numbers == np.floor(numbers)  # not so where it is NaN
    if not (whole & (np.abs(numbers) < 2.0**63)).all():
        raise InvalidArgument("a step that is no whole number makes no event file")
    return numbers.astype(np.int64)


def _times(frame: pd.DataFrame) -> NDArray[np.float64]:
    if _TIME in frame.columns:
        return _numbers(_column(frame, _TIME))
    return np.full(len(frame), time.time())


def _numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    try:
        return column.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"column {column.name}: {error}") from error
