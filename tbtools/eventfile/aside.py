"""Columns of files whose rows lie in a spool as long as nobody looks at them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.eventfile.growing import ColumnMemory
from tbtools.eventfile.value_rows import ROW_COLUMNS

if TYPE_CHECKING:
    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.spool import Spool


def put_aside(file: FileColumns, spool: Spool, *, whole: bool) -> FileColumns:
    """The columns of a file, of whose rows none or few are in memory.

    Args:
        file: Its columns.
        spool: Where the rows go; always the same one.
        whole: Whether all go there, as of a file that grows no more.

    Returns:
        Columns for `brought_back`, and for nothing else; those that were given, where nothing was
        to be moved, or there is no room.
    """
    rows, *others = file.memory
    columns = {name: getattr(file.values, name) for name in ROW_COLUMNS}
    if rows is None:
        rows = ColumnMemory.of(columns)
    try:
        if not rows.put_aside(spool, whole=whole):
            return file
    except OSError:  # no room: they stay in memory
        return file
    nothing: dict[str, Any] = {name: np.empty(0, each.dtype) for name, each in columns.items()}
    values = replace(file.values, **nothing)
    return replace(file, values=values, memory=(rows, *others), rows_aside=row_count(file))


def row_count(file: FileColumns) -> int:
    """How many rows of values a file has, wherever they are."""
    return file.rows_aside or file.values.count


def brought_back(file: FileColumns) -> FileColumns:
    """The columns of a file with all of its rows."""
    rows = file.memory[0]
    if not file.rows_aside or rows is None:
        return file
    columns: dict[str, Any] = rows.columns(file.rows_aside)
    return replace(file, values=replace(file.values, **columns), rows_aside=0)
