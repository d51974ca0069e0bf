"""Edited logs written: records that stay are copied byte for byte, the others made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.edit.records import DROPPED, REWRITTEN, records_of
from tbtools.analysis.edit.rewriting import Rewriter
from tbtools.analysis.pieces import Copy
from tbtools.analysis.stretches import ScannedFile
from tbtools.eventfile.records import FRAME_SIZE, HEADER_SIZE, framed
from tbtools.eventfile.source import open_file
from tbtools.render.copying import BLOCK, Inputs
from tbtools.render.directories import directory_whole
from tbtools.render.event_files import write_version

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

    from tbtools.analysis.edit.records import Changes, Records
    from tbtools.analysis.edit.results import Asset, Edit, FileEdit
    from tbtools.eventfile.scan import FileColumns


def write_edit(edit: Edit, directory: str | os.PathLike[str]) -> None:
    """Writes edited logs.

    Args:
        edit: The plan.
        directory: The log directory, which is made.

    Raises:
        InputChanged: An event file was replaced or cut short since the plan was made.
        TbtoolsError: The directory is not free; see `directory_whole`.
        FileError: It cannot be written; then nothing is left behind.
    """
    with directory_whole(directory, inputs=edit.read_paths) as made:
        for each in edit.files:
            if each.output is not None:
                with made.file(each.output) as file:
                    write_edited(each, file)
        for asset in edit.assets:
            with made.file(asset.output) as file:
                write_asset(asset, file)


def write_asset(asset: Asset, file: BinaryIO) -> None:
    """Writes a file that goes with event files."""
    if asset.text is not None:
        file.write(asset.text.encode(errors="surrogateescape"))
        return
    with open_file(asset.file) as source:
        offset = 0
        while data := source.read_at(offset, BLOCK):
            file.write(data)
            offset += len(data)


def write_edited(edit: FileEdit, file: BinaryIO) -> None:
    """Writes what an event file becomes to the end of a file."""
    scanned = edit.edit.files[edit.number]
    with Inputs() as inputs:
        if edit.is_whole:
            inputs.copy(_stretch(scanned, 0, scanned.position), file)
            return
        columns = edit.edit.columns(edit.number)
        changes = edit.edit.changes(edit.number, columns)
        version_time = edit.edit.part.version_time(edit.number)
        if version_time is not None:
            write_version(file, "edit", version_time + changes.seconds)
        write_changed(columns, changes, inputs, file)


def write_changed(columns: FileColumns, changes: Changes, inputs: Inputs, file: BinaryIO) -> None:
    """Writes what changes make of an event file to the end of a file."""
    records = records_of(columns, changes)
    rewriter = Rewriter(columns, records, changes, inputs.read)
    _write_records(ScannedFile.of(columns), records, rewriter, inputs, file)


def _stretch(file: ScannedFile, start: int, end: int) -> Copy:
    return Copy((file,), np.zeros(1, np.int64), np.array([start]), np.array([end]))


def _write_records(
    scanned: ScannedFile, records: Records, rewriter: Rewriter, inputs: Inputs, file: BinaryIO
) -> None:
    """Copies neighbouring records at once, and makes the others anew, in their order."""
    staying = np.flatnonzero(records.state != DROPPED)
    start, end = records.start[staying], records.end[staying]
    alone = records.state[staying] == REWRITTEN
    begins = alone.copy()
    begins[1:] |= alone[:-1] | (start[1:] != end[:-1])
    begins[:1] = True
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], staying.size)[: firsts.size] - 1
    start, end = start[firsts], end[lasts]
    number = np.where(alone[firsts], staying[firsts], -1)
    at = 0
    while at < firsts.size:
        base = int(start[at])
        behind = max(int(np.searchsorted(end, base + BLOCK, side="right")), at + 1)
        if behind == at + 1 and number[at] < 0:
            inputs.copy(_stretch(scanned, base, int(end[at])), file)
        else:
            block = inputs.read(scanned, base, int(end[behind - 1]) - base)
            here = slice(at, behind)
            anew = number[here][number[here] >= 0]
            alike = rewriter.alike(anew, np.frombuffer(block, np.uint8), base) if anew.size else {}
            stretches = zip(
                (start[here] - base).tolist(), (end[here] - base).tolist(), number[here].tolist(),
                strict=True,
            )  # fmt: skip
            file.writelines(_made(block, stretches, rewriter, alike))
        at = behind


def _made(
    block: bytes,
    stretches: Iterable[tuple[int, int, int]],
    rewriter: Rewriter,
    alike: Mapping[int, bytes],
) -> Iterator[bytes | memoryview]:
    """What becomes of the stretches of a block: where they begin and end, and which record it is.

    One that is copied has the number -1.
    """
    view = memoryview(block)
    for first, behind, number in stretches:
        if number < 0:
            yield view[first:behind]
        elif number in alike:
            yield alike[number]
        else:
            event = block[first + HEADER_SIZE : behind - (FRAME_SIZE - HEADER_SIZE)]
            yield from map(framed, rewriter.events(number, event))
