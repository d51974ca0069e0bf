"""Results as files: event files in a directory, or a table by the ending of its name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.aggregated import Aggregate
from tbtools.analysis.compacted import Compaction
from tbtools.analysis.edit.results import Edit
from tbtools.analysis.ensemble import runs_needed
from tbtools.analysis.importing import Import
from tbtools.analysis.merge import Merge
from tbtools.analysis.repair import Repair
from tbtools.analysis.scored import Scores
from tbtools.errors import InvalidArgument, UnsupportedType
from tbtools.render.batches import Batch
from tbtools.render.compacted import write_compaction
from tbtools.render.directories import require_free_directory
from tbtools.render.edited import write_edit
from tbtools.render.event_files import (
    write_aggregate,
    write_import,
    write_repair,
    write_runs,
)
from tbtools.render.files import require_free
from tbtools.render.frame_points import frame_points
from tbtools.render.merged import write_merge
from tbtools.render.names import run_paths
from tbtools.render.tables import is_table, means_table, require_format, write_table
from tbtools.vocabulary import TABLE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from tbtools.render.batches import Column, Kind


def write(
    result: Merge | Repair | Edit | Compaction | Import | Aggregate | Scores | pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    force: bool = False,
    csv_safe: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Writes a result, whole or not at all.

    A `Merge` becomes the event file of a run, a `Repair`, an `Edit`, a `Compaction` and an `Import`
    a directory of event files. An `Aggregate`, or a frame of scalars, becomes a table where the
    path ends in ``.csv``, ``.jsonl``, ``.json``, ``.parquet``, ``.feather`` or ``.xlsx``, or in
    ``.csv.gz`` and the like, else a log directory of event files, in which values are float32. A
    frame is long, such as `smooth` gives, or wide, such as `Experiment.scalars` gives: with a step
    a row, as a column or the index, and a column a tag or a pair of run and tag. Where it has no
    wall_time, all points have the time of this call. Of `Scores` the performance profiles become a
    table.

    Args:
        result: What.
        path: Where.
        force: Whether a file that is there may be replaced; a directory, if all in it is a result
            of tbtools.
        csv_safe: Whether no text in CSV may be a formula to a spreadsheet; see `tbtools.export`.
        inputs: What else was read for it: no log directory is written inside one of these.

    Raises:
        InvalidArgument: A frame for a directory has no step, or one that is no whole number, or
            values that are no numbers; or the ending is that of a file of another kind, or of
            none; a directory of such a name is given with ``/`` behind it.
        OutputExists: Something is there.
        OutputInsideInput: The directory would become part of what was read.
        UnsupportedType: The result is none of these.
        FileError: It cannot be written; then nothing is left behind.

    Examples:
        >>> frame = tbtools.smooth(tbtools.load("examples/logs")["plateau"], weight=0.9)
        >>> tbtools.write(frame, "smoothed.csv")
    """
    import pandas as pd

    if isinstance(result, Repair | Edit | Compaction):
        # Records of others, which are never replaced.
        require_free_run(path, force=None, inputs=result.read_paths)
        _write_records(result, path)
    elif isinstance(result, Merge | Import):
        require_free_run(path, force=force, inputs=result.read_paths)
        if isinstance(result, Merge):
            write_merge(result, path, force=force)
        else:
            write_import(result, path, force=force)
    elif isinstance(result, Scores):
        require_table(path)
        _write_frame(result.profiles(), path, force=force, csv_safe=csv_safe)
    elif isinstance(result, Aggregate) and means_table(path):
        schema, batches = aggregate_schema(result), aggregate_batches(result)
        write_table(path, schema, batches, force=force, csv_safe=csv_safe)
    elif isinstance(result, Aggregate):
        write_aggregate(result, path, force=force, inputs=inputs)
    elif isinstance(result, pd.DataFrame):
        _write_scalars(result, path, force=force, csv_safe=csv_safe, inputs=inputs)
    else:
        raise UnsupportedType(
            f"cannot write {type(result).__name__}: no plan, Aggregate, Scores or frame"
        )


def _write_records(plan: Repair | Edit | Compaction, path: str | os.PathLike[str]) -> None:
    if isinstance(plan, Repair):
        write_repair(plan, path)
    elif isinstance(plan, Edit):
        write_edit(plan, path)
    else:
        write_compaction(plan, path)


def _write_scalars(
    frame: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    force: bool,
    csv_safe: bool,
    inputs: Sequence[str | os.PathLike[str]],
) -> None:
    if means_table(path):
        _write_frame(frame, path, force=force, csv_safe=csv_safe)
        return
    points = frame_points(frame)
    paths = run_paths(points)
    runs = ((paths[run], [series]) for run, series in points.items())
    write_runs(runs, path, command="write", force=force, inputs=inputs)


def _write_frame(
    frame: pd.DataFrame, path: str | os.PathLike[str], *, force: bool, csv_safe: bool
) -> None:
    frame = frame.rename(columns=str)
    write_table(path, _frame_schema(frame), [_frame_batch(frame)], force=force, csv_safe=csv_safe)


def require_free_target(
    path: str | os.PathLike[str],
    *,
    force: bool,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Refuses what `write` would, before any work is done.

    Args:
        path: A table, by its ending, or a directory; ``-`` for standard output.
        force: Whether what is there may be replaced.
        inputs: What is read.

    Raises:
        TbtoolsError: It is not free; see `require_free` and `require_free_directory`.
        MissingExtra: A table of its ending needs pyarrow.
        FileError: It cannot be written.
    """
    if means_table(path):
        require_format(path)
        if os.fspath(path) != "-":
            require_free(path, force=force)
    else:
        require_free_directory(path, force=force, inputs=inputs)


def require_table(path: str | os.PathLike[str]) -> None:
    """Refuses a directory for what is a table.

    Raises:
        InvalidArgument: The name does not end as that of a table.
    """
    if not is_table(path):
        endings = ", ".join(f".{each}" for each in TABLE_FORMATS)
        raise InvalidArgument(f"profiles are a table: {os.fspath(path)} ends in none of {endings}")


def require_free_run(
    path: str | os.PathLike[str],
    *,
    force: bool | None,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Refuses what `write` would of a plan, before any work is done.

    Args:
        path: The directory.
        force: Whether an earlier result may be replaced; None where none ever is.
        inputs: What is read.

    Raises:
        InvalidArgument: The path means a file.
        TbtoolsError: It is not free; see `require_free_directory`.
        FileError: It cannot be written.
    """
    if is_table(path):
        raise InvalidArgument(f"event files make a directory; {os.fspath(path)} would be a file")
    require_free_directory(path, force=force, inputs=inputs)


def aggregate_schema(aggregate: Aggregate) -> dict[str, Kind]:
    """The columns of an aggregate's table, as its frame has them."""
    series = aggregate.series
    whole = all(each.x.dtype.kind == "i" for each in series)
    schema: dict[str, Kind] = {"group": "text", "tag": "text"}
    schema[aggregate.axis_column] = "integer" if whole else "number"
    schema |= dict.fromkeys(("runs", "interpolated", "nonfinite"), "integer")
    schema |= dict.fromkeys(series[0].statistics if series else (), "number")
    return schema | {"wall_time": "number"}


def aggregate_batches(aggregate: Aggregate) -> Iterator[Batch]:
    """The rows of an aggregate's table; a spread of one run is no value, and a NaN is one."""
    for series in aggregate.series:
        columns: dict[str, Column] = {
            "group": series.group,
            "tag": series.tag,
            "wall_time": series.wall_time,
            "runs": series.runs,
            "interpolated": series.interpolated,
            "nonfinite": series.nonfinite,
        }
        for name, values in series.statistics.items():
            missing = series.runs < runs_needed(name)
            # A mask costs more than all else of a short series.
            columns[name] = np.ma.masked_array(values, missing) if missing.any() else values
        columns[aggregate.axis_column] = series.x
        # The least and the greatest value are values that were stored, others are computed.
        stored = "float64" if series.interpolated.any() else series.dtype
        yield Batch(series.x.size, columns, dict.fromkeys(("min", "max"), stored))


def _frame_schema(frame: pd.DataFrame) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {"i": "integer", "u": "integer", "f": "number"}
    return {
        str(name): kinds.get(getattr(column.dtype, "kind", "O"), "text")
        for name, column in frame.items()
    }


def _frame_batch(frame: pd.DataFrame) -> Batch:
    columns = {
        name: (_texts(frame[name]) if kind == "text" else frame[name].to_numpy())
        for name, kind in _frame_schema(frame).items()
    }
    return Batch(len(frame), columns)


def _texts(column: pd.Series[Any]) -> list[str | None]:
    cells = zip(column.to_list(), column.isna().to_list(), strict=True)
    return [None if missing else str(cell) for cell, missing in cells]
