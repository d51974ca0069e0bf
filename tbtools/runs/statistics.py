"""What can be counted of every series in one pass: numbers for tables, without pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.loops import loops
from tbtools.runs.numbers import DTYPE_NAMES, json_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.runs.columns import RunColumns, SeriesRows, Stretches

# One series in numbers, as `SeriesStatistics` has them; dtype is TensorFlow's number.
NUMBERS = np.dtype(
    [
        *((name, np.int64) for name in ("count", "first_step", "last_step")),
        *((name, np.float64) for name in ("first_time", "last_time")),
        ("dtype", np.uint8),
        *((name, np.float64) for name in ("first", "last", "min")),
        ("min_step", np.int64),
        ("max", np.float64),
        *((name, np.int64) for name in ("max_step", "nonfinite")),
    ]
)
MIXED = 255  # no dtype of TensorFlow


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


def statistics_of(tag: str, plugin: str, numbers: tuple[Any, ...]) -> SeriesStatistics:
    """A row of `measured` as an object.

    Args:
        tag: Its tag.
        plugin: Its plugin.
        numbers: The row, as a tuple.
    """
    count, first_step, last_step, first_time, last_time, dtype, *values, nonfinite = numbers
    if not dtype:
        return SeriesStatistics(tag, plugin, count, first_step, last_step, first_time, last_time)
    first, last, *extremes = values
    least, least_step, most, most_step = extremes if nonfinite < count else [None] * 4
    return SeriesStatistics(
        tag, plugin, count, first_step, last_step, first_time, last_time,
        dtype_name(dtype), first, last, least, least_step, most, most_step, nonfinite,
    )  # fmt: skip


def dtype_name(dtype: int) -> str:
    """What people call the dtype of a row of `measured` that is one of scalars."""
    return "mixed" if dtype == MIXED else DTYPE_NAMES[dtype]


def measured(
    columns: RunColumns, chosen: Sequence[SeriesRows], stretches: Stretches
) -> NDArray[np.void]:
    """The numbers of some series of a run that have points: a row each, of dtype `NUMBERS`.

    Args:
        columns: The run.
        chosen: The series.
        stretches: Where their rows are.
    """
    numbers = np.zeros(len(chosen), NUMBERS)
    values = columns.rows.values
    loops.measure(
        *stretches,
        np.array([series.scalar for series in chosen], np.uint8),
        values.step, values.wall_time, values.number, values.shape, values.shapes.dtype,
        MIXED, numbers,
    )  # fmt: skip
    return numbers


def series_statistics(columns: RunColumns) -> list[SeriesStatistics]:
    """The statistics of all series of a run that have points, in their order."""
    present = [series for series in columns.series if series.count]
    numbers = measured(columns, present, columns.stretches(present))
    return [
        statistics_of(series.tag, series.plugin, row)
        for series, row in zip(present, numbers.tolist(), strict=True)
    ]
