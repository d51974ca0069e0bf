"""What can be counted of every series in one pass: numbers for tables, without pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.numbers import DTYPE_NAMES, json_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.columns import RunColumns, Series


@dataclass(frozen=True, slots=True)
class SeriesStatistics:
    """One series in numbers; the values only where it is one of scalars.

    Attributes:
        tag: Its tag.
        plugin: The plugin that shows it; "" where none is declared.
        count: How many points it has.
        first_step: The step of the first point written.
        last_step: The step of the last point written.
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
    step, wall_time = columns.rows.step, columns.rows.wall_time
    result = []
    for series in columns.series:
        if not series.count:
            continue
        first, last = columns.order[series.first], columns.order[series.end - 1]
        result.append(
            SeriesStatistics(
                tag=series.tag,
                plugin=series.plugin,
                count=series.count,
                first_step=int(step[first]),
                last_step=int(step[last]),
                first_time=float(wall_time[first]),
                last_time=float(wall_time[last]),
                **numbers.get((series.tag, series.plugin), {}),
            )
        )
    return result


def _scalar_statistics(
    columns: RunColumns,
) -> dict[tuple[str, str], dict[str, Any]]:
    chosen = [series for series in columns.scalars() if series.count]
    if not chosen:
        return {}
    rows = scalar_rows(columns, chosen)
    counts = np.array([series.count for series in chosen])
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    value, step = columns.rows.value[rows], columns.rows.step[rows]
    dtype = columns.rows.dtype[rows]
    finite = np.isfinite(value)
    nonfinite = counts - np.add.reduceat(finite, firsts, dtype=np.int64)
    lowest = _first_extreme(np.where(finite, value, np.inf), np.minimum, firsts, counts)
    highest = _first_extreme(np.where(finite, value, -np.inf), np.maximum, firsts, counts)
    lasts = firsts + counts - 1
    same_dtype = np.minimum.reduceat(dtype, firsts) == np.maximum.reduceat(dtype, firsts)
    return {
        (series.tag, series.plugin): {
            "dtype": DTYPE_NAMES[int(dtype[firsts[i]])] if same_dtype[i] else "mixed",
            "first": float(value[firsts[i]]),
            "last": float(value[lasts[i]]),
            "min": float(value[lowest[i]]) if nonfinite[i] < counts[i] else None,
            "min_step": int(step[lowest[i]]) if nonfinite[i] < counts[i] else None,
            "max": float(value[highest[i]]) if nonfinite[i] < counts[i] else None,
            "max_step": int(step[highest[i]]) if nonfinite[i] < counts[i] else None,
            "nonfinite": int(nonfinite[i]),
        }
        for i, series in enumerate(chosen)
    }


def scalar_rows(columns: RunColumns, chosen: list[Series]) -> NDArray[np.int64]:
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
