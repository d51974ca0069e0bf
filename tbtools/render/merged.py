"""Merged runs written: records copied byte for byte, but for those whose tag gets another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.edit.followers import Followers
from tbtools.analysis.edit.records import Changes
from tbtools.analysis.edit.runs import RunEdit
from tbtools.analysis.pieces import result_name
from tbtools.errors import FileError
from tbtools.eventfile.scan import scan_open
from tbtools.eventfile.source import open_file
from tbtools.render.copying import Inputs
from tbtools.render.directories import directory_whole
from tbtools.render.edited import write_asset, write_changed
from tbtools.render.event_files import write_piece, write_version
from tbtools.runs.timeline.rows import readable_tag

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import BinaryIO

    from tbtools.analysis.edit.records import ValueChange
    from tbtools.analysis.merge import Merge
    from tbtools.eventfile.scan import FileColumns


def write_merge(merge: Merge, directory: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes the merged run: one event file.

    Args:
        merge: The plan.
        directory: The run's directory, which is made.
        force: Whether an earlier result that is there may be replaced.

    Raises:
        InputChanged: An event file was replaced or cut short since the plan was made.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written; then nothing is left behind.
    """
    with directory_whole(directory, force=force, inputs=merge.read_paths) as made:
        with made.file(result_name(merge.start_time)) as file:
            if merge.same_names:
                with made.scratch() as unnamed:
                    _write_pieces(merge, unnamed)
                    unnamed.flush()
                    _write_renamed(merge, unnamed.name, file)
            else:
                _write_pieces(merge, file)
        for asset in merge.assets:
            with made.file(asset.output) as file:
                write_asset(asset, file)


def _write_pieces(merge: Merge, file: BinaryIO) -> None:
    with Inputs() as inputs:
        write_version(file, "merge", merge.start_time)
        for piece in merge.pieces:
            write_piece(file, piece, inputs)


def _write_renamed(merge: Merge, path: str, file: BinaryIO) -> None:
    """Writes a file with the new names of its tags, which layouts and metrics follow."""
    try:
        with open_file(path) as opened, Inputs() as inputs:
            columns = scan_open(opened)
            changes = Changes(
                kept=np.ones(columns.values.count, bool),
                marks=np.ones(columns.mark_kind.size, bool),
                tags={
                    tag: merge.same_names[name]
                    for tag, name in enumerate(columns.tag_names)
                    if name in merge.same_names
                },
                values=dict(_followed(merge, columns)),
            )
            write_changed(columns, changes, inputs, file)
    except FileError as error:  # which names what is there for the time being
        raise OSError(error.errno, error.strerror) from error


def _followed(merge: Merge, file: FileColumns) -> Iterator[tuple[int, ValueChange]]:
    """Rows whose values name tags, and what becomes of them."""
    names = {
        each.decode(errors="surrogateescape"): merge.same_names.get(each, each).decode(
            errors="surrogateescape"
        )
        for each in file.tag_names
    }
    followers = Followers(names, lambda name: name)
    plugins = dict(zip(file.tag_names, map(readable_tag, file.tag_plugins), strict=True))
    every = np.ones(file.values.count, bool)
    for row, _, _, which in RunEdit(files=(), plugins=plugins).followed(file, every):
        yield row, getattr(followers, which)
