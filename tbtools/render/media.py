"""Pictures, sounds and texts as files of their own, with a list of what they are."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import astuple, dataclass, fields, replace
from typing import TYPE_CHECKING

from tbtools.errors import InvalidArgument
from tbtools.render.chosen import chosen_values
from tbtools.render.csv_text import CsvText
from tbtools.render.directories import directory_whole
from tbtools.render.names import DistinctPaths, run_paths, step_file
from tbtools.render.tables import is_table
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.inputs import require_points
from tbtools.runs.plugins.table import PLUGINS, function_at
from tbtools.runs.plugins.values import decoded, readable
from tbtools.runs.reading import read_each
from tbtools.runs.selection import EVERYTHING, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tbtools.render.directories import NewDirectory
    from tbtools.runs.plugins.values import StoredValue, Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection

_INDEX = "index.csv"


def export_media(
    runs: Mapping[str, Run],
    directory: str | os.PathLike[str],
    kind: str,
    *,
    selection: Selection = EVERYTHING,
    csv_safe: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int, list[tuple[str, Undecodable]]]:
    """Writes each picture, sound or text as it was stored, one file each.

    They lie at ``<run>/<tag>/<step>.png``, names made safe, and distinct where they would meet;
    ``index.csv`` has the names as they were. Of several at a step the later ones have a number
    behind it.

    Args:
        runs: The runs, read one by one.
        directory: The directory, which is made; it is never one that holds something.
        kind: A plugin of `PLUGINS` that makes files: ``images``, ``audio``, ``text``.
        selection: Which tags and steps.
        csv_safe: Whether no text in the list may be a formula to a spreadsheet.
        progress: As for `Experiment.scan`.

    Returns:
        How many files there are, of how many runs, and what could not be written because it cannot
        be decoded, with the run's name.

    Raises:
        InvalidArgument: The path means a file, no run has such data, or none in these steps.
        UnknownTag: A glob matches no tag of this kind.
        NoEventFiles: Not one event could be read.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written; then nothing is left behind.
    """
    if is_table(directory):
        raise InvalidArgument(f"{kind} make a directory; {os.fspath(directory)} would be a file")
    problems: list[tuple[str, Undecodable]] = []
    index: list[_File] = []
    folders, paths = run_paths(runs), DistinctPaths()
    selector = Selector(replace(selection, plugins=(kind,)), scalars=False)
    inputs = dict.fromkeys(run.data.read_path for run in runs.values())
    with directory_whole(directory, inputs=tuple(inputs)) as made:
        for name, run in read_each(runs, progress):
            within = "" if folders[name] == "." else folders[name]
            places = {tag: paths.add(tag, within) for tag in _tags(run, kind)}
            undecodable: list[Undecodable] = []
            values = readable(chosen_values(run, kind, selector, selection), undecodable)
            index += _export_run(name, values, places, made, kind, undecodable)
            problems += [(name, each) for each in undecodable]
        require_readable(runs)
        require_points(runs.values(), selector)
        if index:
            with made.file(_INDEX) as file:
                rows = [[each.name for each in fields(_File)], *map(astuple, index)]
                text = "".join(map(CsvText(safe=csv_safe).line, rows))
                file.write(text.encode(errors="backslashreplace"))
    return len(index), len({each.run for each in index}), problems


@dataclass(frozen=True, slots=True)
class _File:
    """A row of the index."""

    file: str
    run: str
    tag: str
    step: int
    wall_time: float
    index: int


def _export_run(
    run: str,
    values: Iterator[StoredValue],
    places: Mapping[str, str],
    made: NewDirectory,
    kind: str,
    undecodable: list[Undecodable],
) -> Iterator[_File]:
    files_of = function_at(PLUGINS[kind].files)
    seen: Counter[tuple[str, int]] = Counter()
    for value, files in decoded(values, files_of, undecodable):
        for number, (ending, content) in enumerate(files):
            seen[value.tag, value.step] += 1
            again = seen[value.tag, value.step]
            name = f"{places[value.tag]}/{step_file(value.step, again, ending)}"
            with made.file(name) as file:
                file.write(content)
            yield _File(name, run, *value.point, number)


def _tags(run: Run, kind: str) -> list[str]:
    """All tags of a kind, so that the name of a file is the same whatever is selected."""
    series = [
        part.shown_tag(each.tag)
        for part in run.data.parts
        for each in part.columns.series
        if each.plugin == kind
    ]
    return list(dict.fromkeys(series))
