"""Time series in the pandas objects that users have in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray


def series_of_frame(x: pd.Series | pd.DataFrame) -> Iterator[ScalarSeries]:
    """The time series of a pandas Series, of a long frame, or of a wide one.

    Args:
        x: One of

            - a Series of values with the steps as its index and the tag as its name,
            - a long frame with the columns ``step`` and ``value``, and where there are such also
              ``run``, ``tag`` and ``wall_time``,
            - a wide frame with the steps as its index and a column a tag, or a column a
              (run, tag) pair.

    Returns:
        Each series, its points in the order of the rows; run ``.`` where none is named.
    """
    import pandas as pd

    if isinstance(x, pd.Series):
        tag = "series" if x.name is None else str(x.name)
        yield ScalarSeries.from_arrays(".", tag, x.index.to_numpy(), x.to_numpy(np.float64))
    elif {"step", "value"} <= set(map(str, x.columns)):
        yield from _long(x)
    else:
        yield from _wide(x)


def _long(frame: pd.DataFrame) -> Iterator[ScalarSeries]:
    names = [name for name in ("run", "tag") if name in frame.columns]
    if not names:
        yield _rows(frame, ".", "value")
        return
    for key, part in frame.groupby(names, sort=False, observed=True):
        found = dict(zip(names, key, strict=True))
        yield _rows(part, str(found.get("run", ".")), str(found.get("tag", "value")))


def _rows(frame: pd.DataFrame, run: str, tag: str) -> ScalarSeries:
    wall_time = frame["wall_time"].to_numpy() if "wall_time" in frame.columns else None
    return ScalarSeries.from_arrays(
        run, tag, frame["step"].to_numpy(), frame["value"].to_numpy(), wall_time
    )


def _wide(frame: pd.DataFrame) -> Iterator[ScalarSeries]:
    for name, column in frame.items():
        values = column.to_numpy(np.float64)
        run, tag = name if isinstance(name, tuple) else (".", name)
        logged = _logged(values)
        steps = frame.index.to_numpy()[logged]
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
