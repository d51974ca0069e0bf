"""Smaller logs written, and proven: every value that was to stay is read back and compared."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.stretches import open_unchanged
from tbtools.errors import FileError, OutputDiffers
from tbtools.eventfile.scan import scan_open
from tbtools.eventfile.source import open_file
from tbtools.eventfile.wire import without_metadata
from tbtools.render.copying import BLOCK, Inputs
from tbtools.render.directories import directory_whole
from tbtools.render.edited import write_asset
from tbtools.render.event_files import write_piece, write_version

if TYPE_CHECKING:
    import os
    from typing import BinaryIO

    from numpy.typing import NDArray

    from tbtools.analysis.compacted import Compaction, RunCompaction
    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source import SourceFile

_ALL = (1 << 128) - 1


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
                wanted += _digest(columns, source, rows)
    try:
        with open_file(file.name) as written:
            columns = scan_open(written)
            count = columns.values.count
            got = _digest(columns, written, np.arange(count))
    except FileError as error:  # which names what is there for the time being
        raise OSError(error.errno, error.strerror) from error
    if columns.problems or count != run.kept or got != wanted & _ALL:
        raise OutputDiffers(run.run)


def _digest(columns: FileColumns, file: SourceFile, rows: NDArray[np.int64]) -> int:
    """A sum over values of digests of tag, step, wall time and bytes, but for their metadata."""
    total = 0
    names = columns.tag_names
    tag_id, step, wall_time = columns.tag_id[rows], columns.step[rows], columns.wall_time[rows]
    offset, length = columns.offset[rows], columns.length[rows].astype(np.int64)
    first = 0
    while first < rows.size:
        base = int(offset[first])
        end = max(int(np.searchsorted(offset, base + BLOCK)), first + 1)
        here = slice(first, end)
        block = file.read_at(base, int(offset[end - 1] + length[end - 1]) - base)
        for tag, at_step, at_time, start, size in zip(
            tag_id[here].tolist(), step[here].tolist(), wall_time[here].tolist(),
            (offset[here] - base).tolist(), length[here].tolist(), strict=True,
        ):  # fmt: skip
            value = without_metadata(block[start : start + size])
            digest = hashlib.blake2b(struct.pack("<qd", at_step, at_time), digest_size=16)
            digest.update(names[tag])
            digest.update(value)
            total += int.from_bytes(digest.digest(), "little")
        first = end
    return total & _ALL
