"""Memory for columns that grow, so that following a file costs what is new in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tbtools.eventfile.spool import Spool

    Columns = Mapping[str, NDArray[Any]]

# Rows go to a spool in blocks, so that those that come one by one are not written one by one.
_BLOCK = 1024
# Room for what comes while they are in memory again.
_MORE = 64


class ColumnMemory:
    """Columns of one length, with room behind them.

    What was handed out is never written to again: new rows go behind it, and where there is no room
    left, all move to memory of twice the size. Adding n rows one by one so copies less than 2n.

    While nobody looks at them, rows may lie in a spool.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The rows from `_first` on; those before lie in the spool, as may others.
        self._buffers: dict[str, NDArray[Any]] = {}
        self._first = 0
        self._count = 0
        self._room = 0
        self._spool: Spool | None = None
        self._pieces: list[tuple[int, int, int]] = []  # first row, end, and where they lie

    @classmethod
    def joined(cls, before: Columns, new: Columns) -> tuple[dict[str, NDArray[Any]], ColumnMemory]:
        """Columns and others behind them, and the memory in which they can grow further."""
        memory = cls()
        memory._count = _length(before)
        columns = memory.extended(before, new)
        assert columns is not None
        return columns, memory

    @classmethod
    def of(cls, columns: Columns) -> ColumnMemory:
        """The memory of columns that have not grown yet."""
        memory = cls()
        memory._buffers = dict(columns)
        memory._count = memory._room = _length(columns)
        return memory

    def put_aside(self, spool: Spool, *, whole: bool) -> bool:
        """Moves rows to a spool; `columns` brings them back.

        Args:
            spool: Always the same one.
            whole: Whether all are moved; else only those that make up blocks.

        Returns:
            Whether there are rows in the spool only.

        Raises:
            OSError: There is no room; nothing was moved.
        """
        with self._lock:
            start = self._pieces[-1][1] if self._pieces else 0
            end = self._count if whole else self._count - (self._count - start) % _BLOCK
            if not end:
                return False
            if end > start:
                rows = slice(start - self._first, end - self._first)
                place = spool.write([buffer[rows] for buffer in self._buffers.values()])
                self._pieces.append((start, end, place))
            self._spool = spool
            rest = slice(end - self._first, self._count - self._first)
            self._buffers = {name: buffer[rest].copy() for name, buffer in self._buffers.items()}
            self._first, self._room = end, self._count
            return True

    def add(self, start: int, new: Columns) -> bool:
        """Adds rows, wherever the others are.

        Args:
            start: How many rows there are to be in front of them.
            new: Columns of the same names.

        Returns:
            Whether they were added; as for `extended`.
        """
        with self._lock:
            if start != self._count or self._is_too_narrow(new):
                return False
            kept = self._count - self._first
            self._buffers = {
                name: np.concatenate([buffer[:kept], new[name]], dtype=buffer.dtype)
                for name, buffer in self._buffers.items()
            }
            self._count += _length(new)
            self._room = self._count
            return True

    def columns(self, count: int) -> dict[str, NDArray[Any]]:
        """So many rows, which are in memory from now on."""
        with self._lock:
            self._bring_back()
            return {name: buffer[:count] for name, buffer in self._buffers.items()}

    def _bring_back(self) -> None:
        if not self._first:
            return
        assert self._spool is not None
        room = self._count + _MORE
        buffers = {name: np.empty(room, each.dtype) for name, each in self._buffers.items()}
        for start, end, place in self._pieces:
            self._spool.read([buffer[start:end] for buffer in buffers.values()], place)
        for name, rest in self._buffers.items():
            buffers[name][self._first : self._count] = rest
        self._buffers, self._first, self._room = buffers, 0, room

    def extended(self, before: Columns, new: Columns) -> dict[str, NDArray[Any]] | None:
        """Columns, and others behind them.

        Args:
            before: What it has returned.
            new: As many columns of the same names.

        Returns:
            Both; None where other rows stand behind `before` already, or where a column is too
            narrow for what is new.
        """
        start = _length(before)
        end = start + _length(new)
        with self._lock:
            if start != self._count or self._is_too_narrow(new):
                return None
            self._bring_back()
            if end > self._room:
                self._move(before, new, 2 * end)
            for name, column in new.items():
                self._buffers[name][start:end] = column
            self._count = end
            return {name: buffer[:end] for name, buffer in self._buffers.items()}

    def _is_too_narrow(self, new: Columns) -> bool:
        return any(
            not np.can_cast(new[name].dtype, each.dtype) for name, each in self._buffers.items()
        )

    def _move(self, columns: Columns, new: Columns, room: int) -> None:
        """Twice as much is not too much: memory that was never written to takes no place."""
        buffers = {
            name: np.empty(room, np.promote_types(each.dtype, new[name].dtype))
            for name, each in columns.items()
        }
        for name, column in columns.items():
            buffers[name][: column.size] = column
        self._buffers, self._room = buffers, room


def _length(columns: Columns) -> int:
    return int(next(iter(columns.values())).size)
