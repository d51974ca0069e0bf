"""Bytes of event files copied into others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools import system
from tbtools.analysis.stretches import open_unchanged
from tbtools.errors import InputChanged

if TYPE_CHECKING:
    from typing import BinaryIO, Self

    from tbtools.analysis.pieces import Copy
    from tbtools.analysis.stretches import ScannedFile
    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source_types import SourceFile

# What is read at once. A longer stretch is copied by the operating system, where it does that.
BLOCK = 1 << 20
# Of each of many files that take turns.
_LEAST_BLOCK = 1 << 14
# To open a file is to decompress it, or to ask a server; a process may open 256 and more.
_MOST_OPEN = 16


class Inputs:
    """The event files that are copied from; a few are open at a time, those used last."""

    def __init__(self) -> None:
        self._open: dict[str, SourceFile] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()

    def opened(self, columns: FileColumns | ScannedFile) -> SourceFile:
        """A file that is still the one that was scanned."""
        file = self._open.pop(columns.path, None)
        if file is None:
            if len(self._open) == _MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            file = open_unchanged(columns)
        self._open[columns.path] = file
        return file

    def read(self, columns: FileColumns | ScannedFile, offset: int, length: int) -> bytes:
        """Bytes of a file.

        Raises:
            InputChanged: They are no longer there.
        """
        data = self.opened(columns).read_at(offset, length)
        if len(data) < length:
            raise InputChanged(columns.path)
        return data

    def copy(self, piece: Copy, file: BinaryIO) -> None:
        """Copies stretches to the end of a file; short ones are read many at a time."""
        if len(piece.files) > 1:
            self._copy_in_turns(piece, file)
            return
        [columns], start, end = piece.files, piece.start, piece.end
        at = 0
        while at < start.size:
            base = int(start[at])
            last = int(np.searchsorted(end, base + BLOCK, side="right"))
            if last == at:
                self._copy_long(columns, base, int(end[at]) - base, file)
                at += 1
                continue
            block = memoryview(self.read(columns, base, int(end[last - 1]) - base))
            bounds = zip(
                (start[at:last] - base).tolist(), (end[at:last] - base).tolist(), strict=True
            )
            file.writelines([block[first:behind] for first, behind in bounds])
            at = last

    def _copy_in_turns(self, piece: Copy, file: BinaryIO) -> None:
        """Copies stretches of files that take turns, of each of which a block is held."""
        room = max(BLOCK // len(piece.files), _LEAST_BLOCK)
        blocks = [(0, memoryview(b""))] * len(piece.files)
        turns = (piece.file.tolist(), piece.start.tolist(), piece.end.tolist())
        for number, first, behind in zip(*turns, strict=True):
            base, block = blocks[number]
            if behind > base + len(block) or first < base:
                columns = piece.files[number]
                if behind - first > room:
                    self._copy_long(columns, first, behind - first, file)
                    continue
                count = min(room, columns.position - first)
                base, block = first, memoryview(self.read(columns, first, count))
                blocks[number] = base, block
            file.write(block[first - base : behind - base])

    def _copy_long(
        self, columns: FileColumns | ScannedFile, offset: int, left: int, file: BinaryIO
    ) -> None:
        file.flush()
        while left:
            copied = self._copied_by_system(columns, offset, left, file)
            if not copied:
                data = self.read(columns, offset, min(left, BLOCK))
                file.write(data)
                copied = len(data)
            offset += copied
            left -= copied

    def _copied_by_system(
        self, columns: FileColumns | ScannedFile, offset: int, length: int, file: BinaryIO
    ) -> int:
        """How many bytes the operating system has copied, which it may do without reading them."""
        descriptor = self.opened(columns).fileno()
        if descriptor is None:
            return 0
        return system.copy_range(descriptor, file.fileno(), length, offset)
