"""Pictures, sounds and texts as files of their own, with a list of what they are."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from tbtools.errors import InvalidArgument, UndecodablePayload
from tbtools.render.directories import directory_whole
from tbtools.render.names import distinct_paths, run_paths
from tbtools.render.tables import is_table
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.inputs import require_points
from tbtools.runs.plugins.table import PLUGINS, function_at
from tbtools.runs.plugins.values import naming
from tbtools.runs.reading import read_each
from tbtools.runs.selection import EVERYTHING, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from tbtools.render.directories import NewDirectory
    from tbtools.runs.plugins.values import StoredValue
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection

_INDEX = "index.csv"
_COLUMNS = ("file", "run", "tag", "step", "wall_time", "index")


def export_media(
    runs: Mapping[str, Run],
    directory: str | os.PathLike[str],
    kind: str,
    *,
    selection: Selection = EVERYTHING,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int, list[str]]:
    """Writes each picture, sound or text as it was stored, one file each.

    They lie at ``<run>/<tag>/<step>.png``, names made safe; ``index.csv`` has the names as they
    were. Of several at a step the later ones have a number behind it.

    Args:
        runs: The runs, read one by one.
        directory: The directory, which is made; it is never one that holds something.
        kind: A plugin of `PLUGINS` that makes files: ``images``, ``audio``, ``text``.
        selection: Which tags and steps.
        progress: As for `Experiment.scan`.

    Returns:
        How many files there are, of how many runs, and what could not be written because it cannot
        be decoded.

    Raises:
        InvalidArgument: The path means a file, no run has such data, or none in these steps.
        UnknownTag: A glob matches no tag of this kind.
        NoEventFiles: Not one event could be read.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written; then nothing is left behind.
    """
    if is_table(directory):
        raise InvalidArgument(f"{kind} make a directory; {os.fspath(directory)} would be a file")
    problems: list[str] = []
    index: list[tuple[object, ...]] = []
    paths = run_paths(runs)
    selector = Selector(replace(selection, plugins=(kind,)), scalars=False)
    inputs = dict.fromkeys(run.data.read_path for run in runs.values())
    with directory_whole(directory, inputs=tuple(inputs)) as made:
        for name, run in read_each(runs, progress):
            tags = _chosen_tags(run, selector)
            written = _export_run(run, name, paths[name], made, kind, tags, selection, problems)
            index += written
        require_readable(runs)
        require_points(runs.values(), selector)
        if index:
            with made.file(_INDEX) as file:
                text = io.StringIO()
                csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *index])
                file.write(text.getvalue().encode(errors="backslashreplace"))
    return len(index), len({run for _, run, *_ in index}), problems


def _export_run(
    run: Run,
    shown_run: str,
    folder: str,
    made: NewDirectory,
    kind: str,
    tags: Collection[str],
    selection: Selection,
    problems: list[str],
) -> Iterator[tuple[object, ...]]:
    series = [
        part.shown_tag(each.tag)
        for part in run.data.parts
        for each in part.columns.series
        if each.plugin == kind
    ]
    paths = distinct_paths(series)
    files_of = function_at(PLUGINS[kind].files)
    seen: Counter[tuple[str, int]] = Counter()
    for value in _chosen(run, kind, tags, selection):
        try:
            with naming(value):
                files = files_of(value)
        except UndecodablePayload as error:
            problems.append(f"run {shown_run}: {error}")
            continue
        for number, (ending, content) in enumerate(files):
            seen[value.tag, value.step] += 1
            again = seen[value.tag, value.step]
            suffix = f"-{again}" if again > 1 else ""
            name = f"{folder}/{paths[value.tag]}/{value.step:08d}{suffix}.{ending}"
            with made.file(name) as file:
                file.write(content)
            shown = name.removeprefix("./")
            yield shown, shown_run, value.tag, value.step, value.wall_time, number


def _chosen_tags(run: Run, selector: Selector) -> set[str]:
    return {
        part.shown_tag(each.tag)
        for whole in run.data.parts
        for part, chosen in [selector.choose(whole)]
        for each in chosen
    }


def _chosen(
    run: Run, kind: str, tags: Collection[str], selection: Selection
) -> Iterator[StoredValue]:
    for value in run.values(kind):
        if value.tag in tags and selection.has_step(value.step):
            yield value
