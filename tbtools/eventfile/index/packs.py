"""Packs: files of entries, which never change once they have their names.

Entries, each at a multiple of eight bytes; then the table: the names, and for each entry offset,
bytes, bytes of its first piece (int64) and the checksum of that (uint32); then a footer of fixed
size with where the table lies and its checksum. What is not whole is no pack.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tbtools import system
from tbtools.eventfile.index.cache import PACK_SUFFIX, PART_SUFFIX
from tbtools.eventfile.index.checksum import crc32c

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAGIC = b"tbtpack\n"
# Checksum of what follows, of the table; the magic number; where the table is, how many entries it
# has, the bytes of their names, when the pack was written.
_FOOTER = struct.Struct("<II8s4q")
_BUFFER = 1 << 20
# Larger entries are mapped instead of read: below, a page fault costs more than copying.
_MAPPED_FROM = 1 << 20


class Place(NamedTuple):
    """Where an entry lies in its pack.

    Attributes:
        offset: Of its first byte.
        bytes: Its size.
        first_bytes: The size of its first piece.
        checksum: CRC-32C of that.
    """

    offset: int
    bytes: int
    first_bytes: int
    checksum: int


class _Open:
    """A pack that is open until nobody uses it any more."""

    def __init__(self, path: str) -> None:
        self.handle = system.open_to_read(path)

    def __del__(self) -> None:
        if (handle := getattr(self, "handle", None)) is not None:
            os.close(handle)


# Of all stores together: a process may have few files open, and there are many stores and packs.
# No pack ever changes under its name, so that it does not matter which one of that name is open.
_opened = lru_cache(4)(_Open)


class Pack:
    """A pack that is there.

    Attributes:
        path: Its path.
        bytes: Its size.
        used: When it was last used, seconds since the epoch.
        written: When it was written, nanoseconds since the epoch.
        places: Name to place.
    """

    def __init__(self, path: str) -> None:
        """Looks into it.

        Raises:
            OSError: It cannot be read.
            ValueError: It is damaged.
        """
        self.path = path
        self._map: mmap.mmap | None = None
        status = os.fstat(_opened(path).handle)
        self.bytes = status.st_size
        self.used = status.st_mtime
        self._is_local = system.file_system(status.st_dev) in system.LOCAL_FILE_SYSTEMS
        self.written, self.places = self._read_table()

    def _read_table(self) -> tuple[int, dict[str, Place]]:
        start = self.bytes - _FOOTER.size
        footer = self._read(start, _FOOTER.size) if start >= 0 else b""
        if len(footer) < _FOOTER.size or footer[8:16] != _MAGIC:
            raise ValueError("no pack")
        footer_sum, table_sum, _, offset, count, names_bytes, written = _FOOTER.unpack(footer)
        if crc32c(footer[4:]) != footer_sum:
            raise ValueError("the footer is damaged")
        table = self._read(offset, start - offset)
        if crc32c(table) != table_sum:
            raise ValueError("the table is damaged")
        names = table[:names_bytes].decode(errors="surrogateescape").split("\0") if count else []
        columns = np.frombuffer(table, np.int64, 4 * count, names_bytes + -names_bytes % 8)
        places = map(Place._make, columns.reshape(count, 4).tolist())
        return written, dict(zip(names, places, strict=True))

    def _read(self, offset: int, size: int) -> bytes:
        return system.read_at(_opened(self.path).handle, size, offset)

    def first_piece(self, place: Place) -> bytes:
        """The first piece of an entry, or less where the pack was cut off.

        Raises:
            OSError: It cannot be read.
        """
        return self._read(place.offset, place.first_bytes)

    def entry(self, place: Place) -> Any:
        """The bytes of an entry, or fewer where the pack was cut off.

        Raises:
            OSError: It cannot be read.
        """
        if place.bytes < _MAPPED_FROM or not self._is_local:
            return self._read(place.offset, place.bytes)
        if self._map is None:
            self._map = mmap.mmap(_opened(self.path).handle, 0, access=mmap.ACCESS_READ)
        return memoryview(self._map)[place.offset : place.offset + place.bytes]


def open_pack(path: str) -> Pack | None:
    """A pack; None where it is damaged, gone or closed to us."""
    try:
        return Pack(path)
    except (OSError, ValueError):
        return None


class PackWriter:
    """Writes a pack beside its place; whatever fails raises OSError.

    Attributes:
        bytes: How many were written.
    """

    def __init__(self, directory: str) -> None:
        self._written = time.time_ns()
        name = f"{self._written:016x}-{os.urandom(4).hex()}"
        self._path = os.path.join(directory, name)
        self._file = os.fdopen(system.create(self._path + PART_SUFFIX, 0o600), "wb", _BUFFER)
        self._places: dict[str, Place] = {}
        self.bytes = 0

    def add(self, name: str, parts: Sequence[Any], first_bytes: int, checksum: int) -> None:
        """Adds an entry.

        Args:
            name: Its name, which is new to this pack.
            parts: Its bytes.
            first_bytes: The size of its first piece.
            checksum: CRC-32C of that.
        """
        start = self.bytes
        for part in parts:
            self._file.write(part)
            self.bytes += len(part)
        self._places[name] = Place(start, self.bytes - start, first_bytes, checksum)

    def finish(self, written: int | None = None) -> str:
        """Gives the pack its name, and tells its path.

        Args:
            written: When its entries were written, if that was not now.
        """
        names = "\0".join(self._places).encode(errors="surrogateescape")
        table = (
            names + bytes(-len(names) % 8) + np.array([*self._places.values()], np.int64).tobytes()
        )
        rest = struct.pack(
            "<I8s4q", crc32c(table), _MAGIC, self.bytes, len(self._places), len(names),
            self._written if written is None else written,
        )  # fmt: skip
        self._file.write(table + struct.pack("<I", crc32c(rest)) + rest)
        self._file.close()
        os.replace(self._path + PART_SUFFIX, self._path + PACK_SUFFIX)
        return self._path + PACK_SUFFIX

    def abandon(self) -> None:
        """Removes what was written."""
        with contextlib.suppress(OSError):  # a full disk: what is in the buffer stays there
            self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path + PART_SUFFIX)
