"""Memory for columns that grow, so that following a file costs what is new in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Columns = Mapping[str, NDArray[Any]]


class ColumnMemory:
    """Columns of one length, with room behind them.

    What was handed out is never written to again: new rows go behind it, and where there is no room
    left, all move to memory of twice the size. Adding n rows one by one so copies less than 2n.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buffers: dict[str, NDArray[Any]] = {}
        self._count = 0
        self._room = 0

    @classmethod
    def joined(cls, before: Columns, new: Columns) -> tuple[dict[str, NDArray[Any]], ColumnMemory]:
        """Columns and others behind them, and the memory in which they can grow further."""
        memory = cls()
        memory._count = _length(before)
        columns = memory.extended(before, new)
        assert columns is not None
        return columns, memory

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
