"""A file to which rows are moved while nobody looks at them.

A watch goes on for weeks, and reads back what it looks at again. Where a command reads more than
memory should hold, rows are mapped: they stay where they are, and whoever looks finds them.
"""

from __future__ import annotations

import mmap
import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO

    from numpy.typing import NDArray

# The bytes of the widest dtype of a column.
_ALIGNED = 8


class Spool:
    """A temporary file without a name, of which nothing is left when the process ends.

    It lies where `tempfile` has such files (``TMPDIR``), and is made with the first rows.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._size = 0

    def write(self, columns: Sequence[NDArray[Any]]) -> int:
        """Adds contiguous columns, one behind the other.

        Returns:
            Where they lie, for `read`.

        Raises:
            OSError: There is no room; what was written before stays.
        """
        with self._lock:
            file, start = self._opened(), self._size
            file.seek(start)
            for column in columns:
                _write(file, column)
            self._size = file.tell()
            return start

    def mapped(self, columns: Sequence[NDArray[Any]]) -> tuple[list[NDArray[Any]], mmap.mmap]:
        """Adds contiguous columns, and maps them.

        Args:
            columns: One at least, of one value at least.

        Returns:
            The same columns, which nobody can write to, in memory as far as they are looked at; and
            the mapping, of which `system.let_go_of` frees the memory.

        Raises:
            OSError: There is no room; what was written before stays.
        """
        with self._lock:
            file = self._opened()
            start = end = _behind(self._size, mmap.ALLOCATIONGRANULARITY)
            places = []
            for column in columns:
                places.append(file.seek(_behind(end, _ALIGNED)) - start)
                _write(file, column)
                end = file.tell()
            # Reads by the mapping alone: what the spool has written is never written to again.
            found = mmap.mmap(file.fileno(), end - start, access=mmap.ACCESS_READ, offset=start)
            self._size = end
        views = [
            np.frombuffer(found, column.dtype, column.size, place)
            for column, place in zip(columns, places, strict=True)
        ]
        return views, found

    def _opened(self) -> FileIO:
        if self._file is None:
            import tempfile  # takes longer than a small log, which needs no spool

            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - until the end
            weakref.finalize(self, self._file.close)
        return self._file

    def read(self, columns: Sequence[NDArray[Any]], start: int) -> None:
        """Fills contiguous columns with what was written there.

        Args:
            columns: Of the same dtypes and sizes.
            start: Where it lies.

        Raises:
            OSError: It cannot be read.
        """
        with self._lock:
            assert self._file is not None
            self._file.seek(start)
            for column in columns:
                data = column.data.cast("B")
                while data:
                    data = data[self._file.readinto(data) :]


def _behind(place: int, unit: int) -> int:
    """The first multiple of a unit that is not in front of a place."""
    return -(-place // unit) * unit


def _write(file: FileIO, column: NDArray[Any]) -> None:
    data = column.data.cast("B")
    while data:
        data = data[file.write(data) :]
