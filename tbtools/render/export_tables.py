"""The scalars and hyperparameters of many runs as one table."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.align import union
from tbtools.errors import InvalidArgument
from tbtools.eventfile.discover import natural_key
from tbtools.render.batches import NULL, Batch
from tbtools.render.files import is_stream
from tbtools.render.hparams_pages import column_label, page_format, write_page
from tbtools.render.tables import require_format, write_table
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.inputs import require_points
from tbtools.runs.scalars import stream_scalars
from tbtools.runs.selection import EVERYTHING, Selection, Selector
from tbtools.runs.series import last_of_each
from tbtools.runs.tables import free_name
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tbtools.analysis.smooth import Smoothing
    from tbtools.render.batches import Column, Kind
    from tbtools.runs.plugins.hparams import HParamValue
    from tbtools.runs.plugins.hparams_table import HParamsTable
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.series import RunScalars, ScalarSeries

    Progress = Callable[[int, int], None] | None

LONG_SCHEMA: dict[str, Kind] = {
    "run": "text",
    "tag": "text",
    "step": "integer",
    "wall_time": "number",
    "value": "number",
}


@dataclass(frozen=True, slots=True)
class Beside:
    """Columns that a long table has behind those of `LONG_SCHEMA`.

    Attributes:
        x: An axis: a column of its name, but for ``step`` and ``wall``, which are there anyway.
        smoothing: How values are smoothed in the column ``smoothed``; None for no such column.
    """

    x: str = "step"
    smoothing: Smoothing | None = None

    @property
    def schema(self) -> dict[str, Kind]:
        """The columns, none of which is called like another."""
        schema: dict[str, Kind] = {} if self.smoothing is None else {"smoothed": "number"}
        if self.x not in ("step", "wall"):
            taken = {*LONG_SCHEMA, *schema}
            schema[free_name(self.x, taken, "x") if self.x in taken else self.x] = "number"
        return schema

    def added(self, batch: Batch, run: RunScalars, tag: str) -> Batch:
        """The rows of one series with these columns."""
        found: list[Column] = []
        if self.smoothing is not None:
            found.append(self.smoothing.smoothed(run, tag).value)
        if self.x not in ("step", "wall"):
            found.append(run.places(tag, self.x))
        columns = dict(zip(self.schema, found, strict=True))
        dtypes = {name: "float32" for name, cells in columns.items() if _is_float32(cells)}
        return Batch(batch.rows, {**batch.columns, **columns}, {**batch.dtypes, **dtypes})


def _is_float32(cells: Any) -> bool:
    """Whether no digit is lost, as of an axis that is read where it was written."""
    with np.errstate(over="ignore"):
        narrow = cells.astype(np.float32)
    return bool(np.array_equal(narrow, cells, equal_nan=True))


def long_batch(run: str, tag: str, curve: ScalarSeries) -> Batch:
    """The rows of one series in a table of the columns `LONG_SCHEMA`."""
    columns: dict[str, Column] = {
        "run": run,
        "tag": tag,
        "step": curve.step,
        "wall_time": curve.wall_time,
        "value": curve.value,
    }
    return Batch(curve.step.size, columns, {"value": curve.dtype})


def require_scalars(
    runs: Mapping[str, Run], selection: Selection, x: str = "step", progress: Progress = None
) -> None:
    """Refuses what selects nothing; for streams, which hold bytes before the last run is read.

    Reads no more runs than it takes.

    Args:
        runs: The runs.
        selection: Which tags and steps.
        x: The axis; all runs must have it where it is a tag.
        progress: As for `Experiment.scan`.

    Raises:
        UnknownTag: A name or glob matches no tag, or a run does not have the axis.
        InvalidArgument: There is no point in the steps, or there are no scalars.
        NoEventFiles: Not one event could be read.
    """
    selector = Selector(selection)
    for _ in stream_scalars(runs, selector, x, progress):
        if selector.all_matched and x in AXES:
            return
    require_points(runs.values(), selector)


def export_scalars(
    runs: Mapping[str, Run],
    path: str | os.PathLike[str],
    *,
    selection: Selection = EVERYTHING,
    wide: bool = False,
    beside: Beside | None = None,
    format: str | None = None,  # noqa: A002 - the option's name
    force: bool = False,
    csv_safe: bool = False,
    progress: Progress = None,
) -> tuple[int, int, int]:
    """Writes every point of every run and tag as one table, run by run.

    Memory holds one run at a time.

    Args:
        runs: The runs.
        path: The file; ``-`` for standard output.
        selection: Which tags and steps.
        wide: One row a run and step, one column a tag, instead of one row a point; of several
            points at one step the last.
        beside: Further columns of a long table.
        format: ``csv``, ``jsonl``, ``parquet`` or ``feather``; by default what the ending says.
        force: Whether a file that is there may be replaced.
        csv_safe: As for `write_table`.
        progress: As for `Experiment.scan`.

    Returns:
        How many rows there are, of how many runs, and how many points are in none of them, because
        a wide table has one cell for several.

    Raises:
        InvalidArgument: The ending says no format, or there is nothing to write.
        UnknownTag: No run has the tag.
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written; then nothing is left behind.
    """
    beside = beside or Beside()
    require_format(path, format)
    if is_stream(path):
        require_scalars(runs, selection, beside.x, progress)
    table = _Scalars(runs, selection, progress, beside)
    schema = table.wide_schema() if wide else LONG_SCHEMA | beside.schema
    batches = table.wide(schema) if wide else table.long()
    write_table(path, schema, batches, format=format, force=force, csv_safe=csv_safe)
    return table.rows, len(table.runs), table.left_out


class _Scalars:
    """The scalars of an experiment as batches of rows."""

    def __init__(
        self, runs: Mapping[str, Run], selection: Selection, progress: Progress, beside: Beside
    ) -> None:
        self._known = runs
        self._selector = Selector(selection)
        self._progress = progress
        self._beside = beside
        self.rows = 0
        self.runs: set[str] = set()
        self.left_out = 0
        self._names: dict[str, str] = {}

    def _runs(self) -> Iterator[RunScalars]:
        for run in stream_scalars(self._known, self._selector, self._beside.x, self._progress):
            if run.series:
                self.runs.add(run.run)
                yield run
        require_points(self._known.values(), self._selector)

    def long(self) -> Iterator[Batch]:
        """One row a point, series by series."""
        for run in self._runs():
            for tag, curve in run.series.items():
                self.rows += curve.step.size
                yield self._beside.added(long_batch(run.run, tag, curve), run, tag)

    def wide_schema(self) -> dict[str, Kind]:
        """The columns; all runs are read for them."""
        tags = {tag for run in self._runs() for tag in run.series}
        schema: dict[str, Kind] = {"run": "text", "step": "integer"}
        # A tag may be called like a column of ours.
        self._names = {
            tag: free_name(tag, {*schema, *tags}, "tag") if tag in schema else tag
            for tag in sorted(tags, key=natural_key)
        }
        return schema | dict.fromkeys(self._names.values(), "number")

    def wide(self, schema: Mapping[str, Kind]) -> Iterator[Batch]:
        """One row a step of each run."""
        for run in self._runs():
            steps = union([curve.step for curve in run.series.values()])
            columns: dict[str, Column] = {
                name: np.ma.MaskedArray(np.zeros(steps.size), mask=True)
                for name, kind in schema.items()
                if kind == "number"
            }
            dtypes = {}
            for tag, curve in run.series.items():
                taken = last_of_each(curve.step)
                self.left_out += curve.step.size - taken.size
                name = self._names[tag]
                cells: Any = columns[name]
                cells[np.searchsorted(steps, curve.step[taken])] = curve.value[taken]
                dtypes[name] = curve.dtype
            self.rows += steps.size
            yield Batch(steps.size, {"run": run.run, "step": steps, **columns}, dtypes)


def export_hparams(
    runs: Mapping[str, Run],
    table: HParamsTable,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    force: bool = False,
    csv_safe: bool = False,
) -> tuple[int, list[tuple[str, Undecodable]]]:
    """Writes one row a run: its hyperparameters, and the final values of its metrics.

    Args:
        runs: The runs.
        table: Their hyperparameters.
        path: The file; ``-`` for standard output.
        format: As for `export_scalars`.
        csv_safe: As for `write_table`.
        force: Whether a file that is there may be replaced.

    Returns:
        How many runs have hyperparameters, and what of them cannot be decoded, with the run's name.

    Raises:
        InvalidArgument: The ending says no format, or there is nothing to write.
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written; then nothing is left behind.
    """
    page = page_format(path, format)
    if page is None:
        require_format(path, format)
    elif csv_safe:
        raise InvalidArgument(f"{os.fspath(path)}: only CSV has cells that may be formulas")
    require_readable(runs)
    if not table.rows and not table.problems:
        require_points(runs.values(), Selector(Selection(plugins=("hparams",))))
    if page is not None:
        write_page(table, path, page, force=force)
        return len(table.rows), list(table.problems)
    columns: dict[str, Column] = {"run": list(table.rows)}
    schema: dict[str, Kind] = {"run": "text"}
    dtypes = {}
    names = (*table.hparams, *table.metrics)
    for name in names:
        label = column_label(name, names)
        cells = [_cell(row, name) for row in table.rows.values()]
        schema[label], columns[label] = _typed(cells)
        dtypes[label] = table.dtypes.get(name, "float64")
    batch = Batch(len(table.rows), columns, dtypes)
    write_table(path, schema, [batch], format=format, force=force, csv_safe=csv_safe)
    return len(table.rows), list(table.problems)


def _cell(row: Mapping[str, HParamValue], name: str) -> Any:
    return NULL if name in row and row[name] is None else row.get(name)


def _typed(cells: Sequence[Any]) -> tuple[Kind, Column]:
    """The column's kind, of which all its values are; json where they differ or are lists."""
    types = {type(cell) for cell in cells if cell is not None and cell is not NULL}
    if types == {float} and NULL not in cells:
        missing = [cell is None for cell in cells]
        numbers = [0.0 if cell is None else cell for cell in cells]
        return "number", np.ma.masked_array(numbers, missing)
    kinds: dict[type, Kind] = {float: "number", bool: "boolean", str: "text"}
    return (kinds.get(types.pop(), "json") if len(types) == 1 else "json"), cells
