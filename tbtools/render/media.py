"""Pictures, sounds, texts and the like as files of their own, with a list of what they are."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import astuple, dataclass, fields, replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from tbtools.errors import InvalidArgument
from tbtools.render.csv_text import CsvText
from tbtools.render.directories import directory_whole
from tbtools.render.names import DistinctPaths, run_paths, step_file
from tbtools.render.payload_files import is_plain, payloads_of, plugin_of
from tbtools.render.tables import is_table
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.inputs import require_points
from tbtools.runs.reading import read_each
from tbtools.runs.selection import EVERYTHING, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tbtools.render.directories import NewDirectory
    from tbtools.render.payload_files import Payload
    from tbtools.runs.plugins.values import Undecodable
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Selection

_INDEX = "index.csv"
# What is meant for one picture, and cannot be a directory's name by mistake.
_PICTURES = frozenset((".png", ".gif", ".jpg", ".jpeg", ".webp", ".svg", ".pdf", ".mp4", ".webm"))


def export_media(
    runs: Mapping[str, Run],
    directory: str | os.PathLike[str],
    kind: str,
    *,
    selection: Selection = EVERYTHING,
    csv_safe: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int, list[tuple[str, Undecodable]]]:
    """Writes each picture, sound or text as it was stored, one file each; and what is like them.

    They lie at ``<run>/<tag>/<step>.png``, names made safe, and distinct where they would meet;
    ``index.csv`` has the names as they were. A graph lies at ``<run>/graph.pb``. Of several at a
    step the later ones have a number behind it.

    Args:
        runs: The runs, read one by one.
        directory: The directory, which is made; it is never one that holds something.
        kind: ``tensors``, ``meshes``, ``graphs``, or a plugin of `PLUGINS` that makes files:
            ``images``, ``audio``, ``text``.
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
    if PurePath(os.fspath(directory)).suffix.lower() in _PICTURES:
        name = os.fspath(directory)
        raise InvalidArgument(f"{name}: images become one .png or .gif, or a directory of files")
    if is_table(directory):
        raise InvalidArgument(f"{kind} make a directory; {os.fspath(directory)} would be a file")
    problems: list[tuple[str, Undecodable]] = []
    index: list[_File] = []
    folders, paths = run_paths(runs), DistinctPaths()
    plugins = () if kind in ("tensors", "graphs") else (plugin_of(kind),)
    selector = Selector(replace(selection, plugins=plugins), scalars=False)
    inputs = dict.fromkeys(run.data.read_path for run in runs.values())
    with directory_whole(directory, inputs=tuple(inputs)) as made:
        for name, run in read_each(runs, progress):
            within = "" if folders[name] == "." else folders[name]
            places = {tag: paths.add(tag, within) for tag in _tags(run, kind)}
            undecodable: list[Undecodable] = []
            payloads = payloads_of(run, kind, selector, selection, undecodable)
            place_of = partial(_place, places, paths, within)
            index += _export_run(name, payloads, place_of, made)
            problems += [(name, each) for each in undecodable]
        require_readable(runs)
        if kind != "graphs":
            require_points(runs.values(), selector)
        if not index and not problems:
            raise InvalidArgument(f"there are no {kind}")
        if index:
            with made.file(_INDEX) as file:
                rows = [[each.name for each in fields(_File)], *map(astuple, index)]
                text = "".join(map(CsvText(safe=csv_safe).line, rows))
                file.write(text.encode(errors="backslashreplace"))
    return len(index), len({each.run for each in index}), problems


def _place(places: dict[str, str], paths: DistinctPaths, within: str, tag: str) -> str:
    """Where the files of a tag lie; a mesh is called otherwise than the tags of its parts."""
    if tag not in places:
        places[tag] = paths.add(tag, within)
    return places[tag]


@dataclass(frozen=True, slots=True)
class _File:
    """A row of the index."""

    file: str
    run: str
    tag: str
    step: int | None
    wall_time: float | None
    index: int
    shape: str


def _export_run(
    run: str,
    payloads: Iterator[Payload],
    place_of: Callable[[str], str],
    made: NewDirectory,
) -> Iterator[_File]:
    seen: Counter[tuple[str, int]] = Counter()
    for each in payloads:
        name = place_of(each.tag)
        if each.step is None:
            name += f".{each.ending}"
        else:
            seen[each.tag, each.step] += 1
            again = seen[each.tag, each.step]
            name += f"/{step_file(each.step, again, each.ending)}"
        with made.file(name) as file:
            file.write(each.content)
        yield _File(name, run, each.tag, each.step, each.wall_time, each.index, each.shape)


def _tags(run: Run, data: str) -> list[str]:
    """All tags of a kind, so that the name of a file is the same whatever is selected."""
    series = [
        part.shown_tag(each.tag)
        for part in run.data.parts
        for each in part.columns.series
        if (is_plain(each.plugin, scalar=each.scalar) if data == "tensors" else each.plugin == data)
    ]
    return list(dict.fromkeys(series))
