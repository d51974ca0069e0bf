"""Following an event file: what was added to it, has healed, or is another file by now."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tbtools.eventfile import problems
from tbtools.eventfile.aside import brought_back, row_count
from tbtools.eventfile.growing import ColumnMemory
from tbtools.eventfile.scan import MARK_DTYPES, FileShrank, is_still_damaged, scan_file, scan_open
from tbtools.eventfile.source import open_file, source_of
from tbtools.eventfile.value_rows import PLACE_COLUMNS, ROW_COLUMNS, ValueRows, joined_shapes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source_types import SourceFile
    from tbtools.vocabulary import FileChangeKind

# An hour, in nanoseconds: after so long a file is no longer being written.
_LONG = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class FileChange:
    """What has become of an event file since it was last looked at.

    Attributes:
        path: The file.
        kind: As in `Rescan.change`.
        new_points: How many values are new; all of them for a file read anew.
    """

    path: str
    kind: FileChangeKind
    new_points: int


class Rescan(NamedTuple):
    """What a second look at a file found.

    Attributes:
        columns: The columns of the whole file; the former object where nothing has changed.
        new_rows: How many rows of values are new; all of them for a file read anew.
        change: ``new``: it was never read before. ``grown``: it goes on behind what was read,
            or its end has changed. ``healed``: damaged stretches have changed, for which it was
            read from its beginning; or it can be read again. ``shrank``: it has become shorter than
            what was read of it, and was read anew. ``replaced``: it is another file, or has other
            content, and was read anew. ``unreadable``: it cannot be read any more; what was read of
            it stays. None: it is as it was.
    """

    columns: FileColumns
    new_rows: int
    change: FileChangeKind | None

    @property
    def read_anew(self) -> bool:
        """Whether what was read before is of no use any more."""
        return self.change in ("shrank", "replaced")


def first_scan(path: str) -> Rescan:
    """A look at a file that was not there before."""
    columns = scan_file(path)
    return Rescan(columns, columns.values.count, "new")


def rescan(before: FileColumns) -> Rescan:
    """Reads what was added to a file since it was scanned.

    The result is that of a scan of the whole file. It costs the new bytes, and those of damaged
    stretches, which are looked at again: a network file system may show zeros where data arrives
    later, and tell of the file's size and time before that. If one has changed the file is read
    from its beginning, as is one that was replaced or has become shorter. A file that can no longer
    be read keeps what was read of it, with the problem as its tail.

    Args:
        before: The columns of an earlier scan.
    """
    try:
        if _is_as_it_was(before):
            return Rescan(before, 0, None)
        with open_file(before.path) as file:
            return _rescan_open(file, before)
    except OSError as error:
        tail = problems.unreadable(error)
        if tail == before.tail:
            return Rescan(before, 0, None)
        return Rescan(replace(before, tail=tail), 0, "unreadable")


def _is_as_it_was(before: FileColumns) -> bool:
    """Whether a file is as it was, by its status alone.

    Of the thousand runs of a directory few are written, and opening the files of the others to read
    takes most of a look. Of what nobody has changed for long a network file system may tell a
    change a minute later.
    """
    source = source_of(before.path)
    if before.problems or source.is_remote:  # which opens without asking a server
        return False
    is_old = time.time_ns() - before.modified >= _LONG
    status = (source.stat if is_old else source.fresh_stat)(before.path)
    if status is None:
        return False
    state = (status.identity, status.size, status.modified)
    return state == (before.identity, before.size, before.modified)


def _rescan_open(file: SourceFile, before: FileColumns) -> Rescan:
    status = file.status()
    state = (status.identity, status.size, status.modified)
    unchanged = state == (before.identity, before.size, before.modified)
    heals = bool(before.problems) and (not status.is_exact or _was_unreadable(before))
    if unchanged and not heals:
        return Rescan(before, 0, None)
    if status.identity != before.identity:
        return _read_again(before, "replaced" if any(before.identity) else "new")
    if status.size < before.position:
        return _read_again(before, "shrank")
    try:
        if not _continues(file, before):
            return _read_again(before, "replaced")
        if not all(is_still_damaged(file, status.size, problem) for problem in before.damage):
            return _read_again(before, "healed")
        added = scan_open(file, before)
    except FileShrank:
        return _read_again(before, "shrank")
    if unchanged and (added.position, added.tail) == (before.position, before.tail):
        return Rescan(before, 0, None)
    change: FileChangeKind = "healed" if _was_unreadable(before) else "grown"
    return Rescan(_joined(before, added), added.values.count, change)


def _read_again(before: FileColumns, change: FileChangeKind) -> Rescan:
    columns = scan_file(before.path)
    known = row_count(before) if change == "healed" else 0
    return Rescan(columns, max(columns.values.count - known, 0), change)


def _continues(file: SourceFile, before: FileColumns) -> bool:
    """Whether the file is still the one that was scanned, perhaps longer."""
    length = len(before.fingerprint)
    start = before.position - length
    now, then = bytearray(file.read_at(start, length)), bytearray(before.fingerprint)
    for problem in reversed(before.damage):  # may have healed, and is looked at by itself
        end = problem.offset + problem.length - start
        if end <= 0:
            break
        damaged = slice(max(problem.offset - start, 0), end)
        now[damaged] = then[damaged] = b""
    return now == then


def _was_unreadable(before: FileColumns) -> bool:
    return before.tail is not None and before.tail.kind == "unreadable"


def _joined(before: FileColumns, new: FileColumns) -> FileColumns:
    metadata = [
        old if old[0] >= 0 else found
        for old, found in zip(before.tag_metadata, new.tag_metadata, strict=False)
    ]
    changes: dict[str, Any] = {
        **_joined_arrays(before, new),
        "records": before.records + new.records,
        "events": before.events + new.events,
        "tag_metadata": metadata + new.tag_metadata[len(before.tag_names) :],
        "damage": before.damage + new.damage,
    }
    if before.file_version is not None:
        changes["file_version"] = before.file_version
    return replace(new, **changes)


def _joined_arrays(before: FileColumns, new: FileColumns) -> dict[str, Any]:
    count, new_values = row_count(before), new.values
    shapes, (_, numbers) = joined_shapes([before.values.shapes, new_values.shapes])
    added_rows = _arrays(new_values, ROW_COLUMNS)
    if new_values.count:
        added_rows["shape"] = numbers[new_values.shape]
    added_places = _arrays(new_values, PLACE_COLUMNS)
    added_places["place_row"] = new_values.place_row + count
    added_marks = _arrays(new, MARK_DTYPES)
    added_marks["mark_row"] = new.mark_row + count
    rows_memory = before.memory[0]
    is_aside = bool(before.rows_aside and rows_memory and rows_memory.add(count, added_rows))
    old_values = before.values if is_aside else brought_back(before).values
    rows = _arrays(old_values, ROW_COLUMNS)
    if not is_aside:
        rows, rows_memory = _extended(rows_memory, rows, added_rows)
    places, places_memory = _extended(
        before.memory[1], _arrays(old_values, PLACE_COLUMNS), added_places
    )
    marks, marks_memory = _extended(before.memory[2], _arrays(before, MARK_DTYPES), added_marks)
    return {
        "values": ValueRows(shapes, **rows, **places),
        **marks,
        "memory": (rows_memory, places_memory, marks_memory),
        "rows_aside": count + new_values.count if is_aside else 0,
    }


def _arrays(columns: object, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    return {name: getattr(columns, name) for name in names}


def _extended(
    memory: ColumnMemory | None, before: dict[str, NDArray[Any]], new: dict[str, NDArray[Any]]
) -> tuple[dict[str, NDArray[Any]], ColumnMemory | None]:
    """The columns with others behind them, and the memory they are in."""
    first = next(iter(new))
    if not new[first].size:
        return before, memory
    if not before[first].size:
        return new, None
    if memory is not None and (joined := memory.extended(before, new)) is not None:
        return joined, memory
    return ColumnMemory.joined(before, new)
