"""Smaller logs written, and proven: every value that was to stay is read back and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.stretches import open_unchanged
from tbtools.errors import FileError, OutputDiffers
from tbtools.eventfile.scan import scan_open
from tbtools.eventfile.source import open_file
from tbtools.render.copying import Inputs
from tbtools.render.directories import directory_whole
from tbtools.render.edited import write_asset
from tbtools.render.event_files import write_piece, write_version
from tbtools.render.value_digests import DIGESTS, values_digest

if TYPE_CHECKING:
    import os
    from typing import BinaryIO

    from tbtools.analysis.compacted import Compaction, RunCompaction


def write_compaction(compaction: Compaction, directory: str | os.PathLike[str]) -> int:
    """Writes smaller logs, and compares what it has written with what was to stay.

    Args:
        compaction: The plan.
        directory: The log directory, which is made.

    Returns:
        The bytes of the event files.

    Raises:
        OutputDiffers: What was written is not what was to stay; then nothing is left behind.
        InputChanged: An event file was replaced or cut short since the plan was made.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written; then nothing is left behind.
    """
    size = 0
    with directory_whole(directory, inputs=compaction.read_paths) as made:
        for run in compaction.runs:
            if run.output is None:
                continue
            with made.file(run.output) as file:
                with Inputs() as inputs:
                    write_version(file, "compact", run.start_time)
                    for piece in run.pieces:
                        write_piece(file, piece, inputs)
                size += file.tell()
                _prove(run, file)
        for asset in compaction.assets:
            with made.file(asset.output) as file:
                write_asset(asset, file)
    return size


def _prove(run: RunCompaction, file: BinaryIO) -> None:
    """Compares the values that were written with those that were to stay, in whatever order.

    Raises:
        OutputDiffers: They are not the same.
    """
    file.flush()
    wanted = 0
    for scanned, rows in zip(run.files, run.rows, strict=True):
        if rows.size:
            with open_unchanged(scanned) as source:
                columns = scan_open(source, most=scanned.position)
                wanted += values_digest(columns, source, rows)
    try:
        with open_file(file.name) as written:
            columns = scan_open(written)
            count = columns.values.count
            got = values_digest(columns, written, np.arange(count))
    except FileError as error:  # which names what is there for the time being
        raise OSError(error.errno, error.strerror) from error
    if columns.problems or count != run.kept or got != wanted % DIGESTS:
        raise OutputDiffers(run.run)
