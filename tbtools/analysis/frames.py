"""Time series in the pandas objects that users have in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import pandas as pd
    from numpy.typing import NDArray

# What NumPy makes numbers of that mean something else: dates are nanoseconds then, and of complex
# numbers only one half is left.
_NO_NUMBERS = "mMc"
# Columns beside a column of steps that tell whose value it is and when it was written.
_PLACES = ("run", "step", "wall_time")


def series_of_frame(x: pd.Series | pd.DataFrame) -> Iterator[ScalarSeries]:
    """The time series of a pandas Series, of a long frame, or of a wide one.

    Args:
        x: One of

            - a Series of values with the steps as its index and the tag as its name,
            - a long frame with the columns ``step`` and ``value``, and where there are such also
              ``run``, ``tag`` and ``wall_time``,
            - a wide frame with a column a tag, or a column a (run, tag) pair, and with the steps as
              its index; or as a column ``step``, beside which ``run`` and ``wall_time`` are no tags
              either.

    Returns:
        Each series, its points in the order of the rows; run ``.`` where none is named.

    Raises:
        InvalidArgument: Values or wall times are no numbers, or steps no whole ones.
    """
    import pandas as pd

    if isinstance(x, pd.Series):
        tag = "series" if x.name is None else str(x.name)
        yield ScalarSeries.from_arrays(".", tag, _steps(x.index, tag), column_numbers(x))
    elif {"step", "value"} <= set(map(str, x.columns)):
        yield from _long(x)
    elif has_step_column(x):
        yield from _wide_with_steps(x)
    else:
        yield from _wide(x)


def has_step_column(frame: pd.DataFrame) -> bool:
    """Whether a wide frame has its steps in a column; beside an index of that name it is a tag."""
    return frame.columns.nlevels == 1 and "step" in frame.columns and frame.index.name != "step"


def tag_columns(frame: pd.DataFrame) -> list[int]:
    """Which columns of a wide frame hold values, where `has_step_column`."""
    return [number for number, name in enumerate(frame.columns) if name not in _PLACES]


def _long(frame: pd.DataFrame) -> Iterator[ScalarSeries]:
    names = [name for name in ("run", "tag") if name in frame.columns]
    if not names:
        yield _rows(frame, ".", "value")
        return
    for key, part in frame.groupby(names, sort=False, observed=True):
        found = dict(zip(names, key, strict=True))
        yield _rows(part, str(found.get("run", ".")), str(found.get("tag", "value")))


def _rows(frame: pd.DataFrame, run: str, tag: str) -> ScalarSeries:
    wall_time = column_numbers(frame["wall_time"]) if "wall_time" in frame.columns else None
    values = column_numbers(frame["value"])
    return ScalarSeries.from_arrays(run, tag, _steps(frame["step"], tag), values, wall_time)


def _wide_with_steps(frame: pd.DataFrame) -> Iterator[ScalarSeries]:
    if "run" not in frame.columns:
        yield from _wide_run(frame, ".", tag_columns(frame))
        return
    # What only other runs have logged is no series of NaN.
    missing = frame.isna().groupby(frame["run"], sort=False, observed=True).all()
    for run, part in frame.groupby("run", sort=False, observed=True):
        absent = (missing.loc[run] & ~missing.all()).to_numpy()
        yield from _wide_run(part, str(run), [n for n in tag_columns(frame) if not absent[n]])


def _wide_run(frame: pd.DataFrame, run: str, tags: list[int]) -> Iterator[ScalarSeries]:
    wall_time = column_numbers(frame["wall_time"]) if "wall_time" in frame.columns else None
    for number in tags:
        column = frame.iloc[:, number]
        values, tag = column_numbers(column), str(column.name)
        logged = _logged(values)
        times = None if wall_time is None else wall_time[logged]
        yield ScalarSeries.from_arrays(
            run, tag, _steps(frame["step"][logged], tag), values[logged], times
        )


def _wide(frame: pd.DataFrame) -> Iterator[ScalarSeries]:
    for name, column in frame.items():
        values = column_numbers(column)
        run, tag = name if isinstance(name, tuple) else (".", name)
        logged = _logged(values)
        steps = _steps(frame.index[logged], str(tag))
        yield ScalarSeries.from_arrays(str(run), str(tag), steps, values[logged])


def _logged(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of a wide frame's column were logged: NaN stands for both "NaN" and "nothing".

    A column that has numbers in most rows up to its last one is taken to have been logged in every
    row; the NaNs of a sparser one are rows at which only other columns were.
    """
    here = ~np.isnan(values)
    if not here.any():
        return np.ones(len(values), bool)
    last = int(np.flatnonzero(here)[-1])
    dense = bool(here[: last + 1].mean() > 0.5)
    return np.ones(len(values), bool) if dense else here


def column_numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """The values of a column; NaN where there is none.

    Raises:
        InvalidArgument: They are no numbers.
    """
    name = "the Series" if column.name is None else repr(column.name)
    if column.dtype.kind in _NO_NUMBERS:
        raise InvalidArgument(f"{name} holds {column.dtype}, no real numbers")
    try:
        return column.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"{name} holds no numbers: {error}") from error


def _steps(given: pd.Index[Any] | pd.Series[Any], tag: str) -> NDArray[np.int64]:
    """Steps, which also stand as floats where a table has gaps.

    Raises:
        InvalidArgument: There is one that is no whole number.
    """
    found = given.to_numpy()
    try:
        with np.errstate(invalid="ignore"):  # of NaN
            steps = found.astype(np.int64)
        odd = found[steps != found]
    except (TypeError, ValueError):  # texts, pairs, nothing
        odd = found
    if odd.size or given.dtype.kind in _NO_NUMBERS:
        raise InvalidArgument(
            f"the steps of {tag!r} are no whole numbers: {(odd if odd.size else found)[0]}; "
            "reset_index(drop=True) numbers the rows"
        )
    return steps
