"""Histograms, distributions and PR curves of many runs as one table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tbtools.render.batches import Batch
from tbtools.render.chosen import chosen_values
from tbtools.render.files import is_stream
from tbtools.render.tables import require_format, write_table
from tbtools.runs.inputs import require_points
from tbtools.runs.plugins.table import EXPORTED_FRAMES, function_at
from tbtools.runs.plugins.values import readable
from tbtools.runs.reading import read_each
from tbtools.runs.selection import EVERYTHING, Selection, Selector

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from tbtools.render.batches import Kind
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.run import Run


def export_frames(
    runs: Mapping[str, Run],
    path: str | os.PathLike[str],
    data: str,
    *,
    selection: Selection = EVERYTHING,
    format: str | None = None,  # noqa: A002 - the option's name
    force: bool = False,
    csv_safe: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int, list[tuple[str, Undecodable]]]:
    """Writes the frames of one kind of data of all runs as one table, with the run in front.

    Memory holds one run at a time.

    Args:
        runs: The runs.
        path: The file; ``-`` for standard output.
        data: One of `EXPORTED_FRAMES`.
        selection: Which tags and steps.
        format: As for `export_scalars`.
        force: Whether a file that is there may be replaced.
        csv_safe: As for `write_table`.
        progress: As for `Experiment.scan`.

    Returns:
        How many rows there are, of how many runs, and what is in none because it cannot be
        decoded, with the run's name.

    Raises:
        InvalidArgument: The ending says no format, or there is nothing to write.
        UnknownTag: No run has the tag.
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written; then nothing is left behind.
    """
    require_format(path, format)
    plugin, function = EXPORTED_FRAMES[data]
    frame_of = function_at(function)
    selector = Selector(replace(selection, plugins=(plugin,)), scalars=False)
    if is_stream(path):  # which holds bytes before the last run is read
        for _, run in read_each(runs, progress):
            for part in run.data.parts:
                selector.choose(part)
        require_points(runs.values(), selector)
    problems: list[tuple[str, Undecodable]] = []
    rows: dict[str, int] = {}

    def batches() -> Iterator[Batch]:
        for name, run in read_each(runs, progress):
            undecodable: list[Undecodable] = []
            values = readable(chosen_values(run, plugin, selector, selection), undecodable)
            frame = frame_of(values, undecodable)
            problems.extend((name, each) for each in undecodable)
            if len(frame):
                rows[name] = len(frame)
                yield _batch(name, frame)
        require_points(runs.values(), selector)

    schema = _schema(frame_of([]))
    write_table(path, schema, batches(), format=format, force=force, csv_safe=csv_safe)
    return sum(rows.values()), len(rows), problems


def _schema(frame: pd.DataFrame) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {"i": "integer", "f": "number"}
    own = {str(name): kinds.get(column.dtype.kind, "text") for name, column in frame.items()}
    return {"run": "text", **own}


def _batch(run: str, frame: pd.DataFrame) -> Batch:
    columns = {
        str(name): column.to_list() if name == "tag" else column.to_numpy()
        for name, column in frame.items()
    }
    return Batch(len(frame), {"run": run, **columns})
