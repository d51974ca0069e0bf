"""What can be counted of every series in one pass: numbers for tables, without pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.numbers import DTYPE_NAMES, json_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.runs.columns import RunColumns, SeriesRows


@dataclass(frozen=True, slots=True)
class SeriesStatistics:
    """One series in numbers; the values only where it is one of scalars.

    Attributes:
        tag: Its tag.
        plugin: The plugin that shows it; "" where none is declared.
        count: How many points it has.
        first_step: The lowest step.
        last_step: The highest step.
        first_time: Wall time of the first point written, seconds since the epoch.
        last_time: Wall time of the last point written.
        dtype: How its values are stored (``float32``); "" for other data, ``mixed`` for several.
        first: Value of the first point, maybe not finite; None for other data.
        last: Value of the last point, maybe not finite; None for other data.
        min: Least finite value; None where there is none.
        min_step: Where it was reached first.
        max: Greatest finite value; None where there is none.
        max_step: Where it was reached first.
        nonfinite: How many values are NaN or infinite.
    """

    tag: str
    plugin: str
    count: int
    first_step: int
    last_step: int
    first_time: float
    last_time: float
    dtype: str = ""
    first: float | None = None
    last: float | None = None
    min: float | None = None
    min_step: int | None = None
    max: float | None = None
    max_step: int | None = None
    nonfinite: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them: None for what is not finite, float32 as meant."""
        return {
            "tag": self.tag,
            "plugin": self.plugin,
            "dtype": self.dtype,
            "count": self.count,
            "first_step": self.first_step,
            "last_step": self.last_step,
            "first": json_number(self.first, self.dtype),
            "last": json_number(self.last, self.dtype),
            "min": json_number(self.min, self.dtype),
            "min_step": self.min_step,
            "max": json_number(self.max, self.dtype),
            "max_step": self.max_step,
            "nonfinite": self.nonfinite,
        }


def series_statistics(columns: RunColumns) -> list[SeriesStatistics]:
    """The statistics of all series of a run, in the order of its series."""
    numbers = _scalar_statistics(columns)
    present = [series for series in columns.series if series.count]
    # One access for all series: a number of an array by itself costs as much as a hundred.
    firsts = columns.order[np.array([series.first for series in present], np.int64)]
    lasts = columns.order[np.array([series.end - 1 for series in present], np.int64)]
    low, high = step_ranges(columns, present)
    first_times, last_times = (columns.rows.wall_time[rows].tolist() for rows in (firsts, lasts))
    return [
        SeriesStatistics(
            tag=series.tag,
            plugin=series.plugin,
            count=series.count,
            first_step=low[i],
            last_step=high[i],
            first_time=first_times[i],
            last_time=last_times[i],
            **numbers.get((series.tag_id, series.plugin), {}),
        )
        for i, series in enumerate(present)
    ]


def step_ranges(columns: RunColumns, series: Sequence[SeriesRows]) -> tuple[list[int], list[int]]:
    """The lowest and the highest step of some series that have points."""
    if not series:
        return [], []
    step = columns.rows.step[columns.order]
    bounds = np.array([(each.first, each.end) for each in series], np.int64).ravel()
    # reduceat takes what lies between two bounds; every other stretch is one of the series.
    bounds = bounds[:-1] if bounds[-1] == step.size else bounds
    low = np.minimum.reduceat(step, bounds)[::2]
    high = np.maximum.reduceat(step, bounds)[::2]
    return low.tolist(), high.tolist()


def _scalar_statistics(
    columns: RunColumns,
) -> dict[tuple[int, str], dict[str, Any]]:
    chosen = [series for series in columns.scalars() if series.count]
    if not chosen:
        return {}
    rows = scalar_rows(columns, chosen)
    counts = np.array([series.count for series in chosen])
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    value, step = columns.rows.values.numbers(rows), columns.rows.step
    finite = np.isfinite(value)
    nonfinite = counts - np.add.reduceat(finite, firsts, dtype=np.int64)
    lowest = _first_extreme(np.where(finite, value, np.inf), np.minimum, firsts, counts)
    highest = _first_extreme(np.where(finite, value, -np.inf), np.maximum, firsts, counts)
    names = (
        "dtype", "first", "last", "min", "min_step", "max", "max_step", "nonfinite"
    )  # fmt: skip
    numbers = (
        _dtype_names(columns.rows.values.dtypes(rows), firsts),
        value[firsts].tolist(),
        value[firsts + counts - 1].tolist(),
        value[lowest].tolist(),
        step[rows[lowest]].tolist(),
        value[highest].tolist(),
        step[rows[highest]].tolist(),
        nonfinite.tolist(),
    )
    found = {
        (series.tag_id, series.plugin): dict(zip(names, row, strict=True))
        for series, row in zip(chosen, zip(*numbers, strict=True), strict=True)
    }
    for series in chosen:
        statistics = found[series.tag_id, series.plugin]
        if statistics["nonfinite"] == series.count:
            statistics |= dict.fromkeys(("min", "min_step", "max", "max_step"))
    return found


def _dtype_names(dtype: NDArray[np.uint8], firsts: NDArray[np.int64]) -> list[str]:
    """The name of the type that all values of a stretch have, or ``mixed``."""
    names = [DTYPE_NAMES[code] for code in dtype[firsts].tolist()]
    if (dtype == dtype[0]).all():
        return names
    same = np.minimum.reduceat(dtype, firsts) == np.maximum.reduceat(dtype, firsts)
    return [name if alike else "mixed" for name, alike in zip(names, same.tolist(), strict=True)]


def scalar_rows(columns: RunColumns, chosen: list[SeriesRows]) -> NDArray[np.int64]:
    """The rows of several series, one behind the other."""
    if len(chosen) == len(columns.series):
        return columns.order
    return np.concatenate([columns.of(series) for series in chosen] or [columns.order[:0]])


def _first_extreme(
    value: NDArray[np.float64],
    extreme: np.ufunc,
    firsts: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Where each stretch first reaches its extreme."""
    hits = np.flatnonzero(value == np.repeat(extreme.reduceat(value, firsts), counts))
    found: NDArray[np.int64] = hits[np.searchsorted(hits, firsts)]
    return found
