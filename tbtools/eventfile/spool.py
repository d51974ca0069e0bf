"""A file to which rows are moved while nobody looks at them: a watch goes on for weeks."""

from __future__ import annotations

import tempfile
import threading
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO

    from numpy.typing import NDArray


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
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - until the end
                weakref.finalize(self, self._file.close)
            start = self._file.seek(self._size)
            for column in columns:
                data = column.data.cast("B")
                while data:
                    data = data[self._file.write(data) :]
            self._size = self._file.tell()
            return start

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
