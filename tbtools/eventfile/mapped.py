"""Rows of many files: so many in memory, the others mapped from a spool."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tbtools.eventfile.spool import Spool
from tbtools.eventfile.value_rows import ROW_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.eventfile.scan import FileColumns

# Bytes of rows that stay in memory: those of 2.8 million scalars. Most logs have fewer, and take no
# spool at all.
_ROOM = 1 << 26


class MappedRows:
    """What files hold that are read together, and looked at run after run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._room = _ROOM
        self._spool = Spool()

    def laid(self, files: Sequence[FileColumns]) -> list[FileColumns]:
        """The same files, with their rows where there is room for them.

        Args:
            files: Their columns.
        """
        size = sum(file.values.row_bytes for file in files)
        with self._lock:
            self._room -= size
            if self._room >= 0 or not size:
                return list(files)
        try:
            return self._mapped(files)
        except OSError:  # no room there either: they stay in memory
            return list(files)

    def _mapped(self, files: Sequence[FileColumns]) -> list[FileColumns]:
        columns = [getattr(file.values, name) for file in files for name in ROW_COLUMNS]
        views, mapping = self._spool.mapped(columns)
        laid = []
        for number, file in enumerate(files):
            own = views[number * len(ROW_COLUMNS) :]
            rows: dict[str, Any] = dict(zip(ROW_COLUMNS, own, strict=False))
            laid.append(replace(file, values=replace(file.values, **rows), mapping=mapping))
        return laid
