"""Event files that were compressed with gzip, as if they were not."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tbtools.eventfile.content import GZIP_MAGIC
from tbtools.eventfile.source import open_file
from tbtools.eventfile.source_types import SourceFile

if TYPE_CHECKING:
    import gzip

    from tbtools.eventfile.source_types import Status

_BLOCK = 1 << 20


class _Raw(io.RawIOBase):
    """A file of a source with a position, as `gzip` wants it."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.read_into(memoryview(buffer), self._position)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only from the beginning")
        self._position = offset
        return offset


class GunzippedFile(SourceFile):
    """What a compressed file holds, up to where it cannot be decompressed.

    It is decompressed once to know its size, and again where bytes in front of those before are
    read; nothing of it is kept, in memory or on a disk.

    Attributes:
        path: The compressed file, as it was given.
        broken: Why it cannot be decompressed to its end; "" where it can.
    """

    def __init__(self, file: SourceFile) -> None:
        """Takes over an open file, which it closes."""
        self.path = file.path
        self.broken = ""
        self._file = file
        self._stream = self._from_the_beginning()
        self._size = self._measured()
        self._stream = self._from_the_beginning()

    def _from_the_beginning(self) -> gzip.GzipFile:
        import gzip

        raw: Any = io.BufferedReader(_Raw(self._file), _BLOCK)
        return gzip.GzipFile(fileobj=raw, mode="rb")

    def _measured(self) -> int:
        import gzip
        import zlib

        size = 0
        try:
            while count := len(self._stream.read1(_BLOCK)):
                size += count
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.broken = str(error)
        return size

    def status(self) -> Status:
        """That of the compressed file, but for its size."""
        return replace(self._file.status(), size=self._size)

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """The bytes from an offset on; in front of the last ones read they are costly."""
        wanted = buffer[: max(self._size - offset, 0)]
        if not wanted:
            return 0
        if offset < self._stream.tell():
            self._stream = self._from_the_beginning()
        while behind := offset - self._stream.tell():
            self._stream.read1(min(behind, _BLOCK))
        count = 0
        while count < len(wanted):
            data = self._stream.read1(len(wanted) - count)
            wanted[count : count + len(data)] = data
            count += len(data)
        return count

    def close(self) -> None:
        """Closes the compressed file."""
        self._file.close()


def open_scanned(path: str, *, compressed: bool) -> SourceFile:
    """Opens an event file.

    Args:
        path: The file.
        compressed: Whether to decompress it.

    Raises:
        FileError: It cannot be opened, or not be read.
    """
    if not compressed:
        return open_file(path)
    with contextlib.ExitStack() as stack:
        opened = GunzippedFile(stack.enter_context(open_file(path)))
        stack.pop_all()
    return opened


def is_compressed(path: str) -> bool:
    """Whether a file begins as gzip's files do.

    Raises:
        FileError: It cannot be opened, or not be read.
    """
    with open_file(path) as file:
        return file.read_at(0, len(GZIP_MAGIC)) == GZIP_MAGIC
