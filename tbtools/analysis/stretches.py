"""Which stretches of an event file to copy, so that what was left out is not in the copy."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.errors import InputChanged
from tbtools.eventfile.compressed import open_scanned
from tbtools.eventfile.records import record_starts
from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source import Identity, SourceFile

# Read at once to follow the lengths of records: from one on, as long as they lie close together.
_LEAST_BLOCK, _BLOCK = 64, 1 << 20


class ScannedFile(NamedTuple):
    """What tells whether a file is still the one that was scanned; see `FileColumns`."""

    path: str
    identity: Identity
    position: int
    is_compressed: bool

    @classmethod
    def of(cls, file: FileColumns) -> ScannedFile:
        """Without the columns, for who needs them no more."""
        return cls(file.path, file.identity, file.position, file.is_compressed)


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Neighbouring whole records of a file.

    Attributes:
        start: int64, byte offsets of the first records.
        end: int64, byte offsets behind the last.
        rewritten: Which of them are one record that is not copied as it is, but without some of its
            values: its offset to the rows of the file that stay in it.
        cuts: int64, byte offsets of the records in front of which other files may come.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    rewritten: dict[int, NDArray[np.int64]]
    cuts: NDArray[np.int64]


def stretches_to_copy(
    file: FileColumns,
    kept: NDArray[np.bool_],
    changed: NDArray[np.bool_],
    cuts: NDArray[np.int64],
    *,
    marks: bool = False,
    dropped_marks: Sequence[int] = (),
) -> Stretches:
    """What is left of a file.

    Left out are damaged stretches, records all of whose values are, and, unless `marks`, those that
    would make a reader drop points of a file that holds several sessions: file versions and
    SessionLog.START.

    Args:
        file: The file.
        kept: bool for each row: whether its value stays.
        changed: bool for each row: whether its record cannot be copied as it is for other reasons.
        cuts: int64, increasing: byte offsets inside records that stay and begin a stretch.
        marks: Whether all marks stay.
        dropped_marks: Kinds of marks that are left out besides.

    Raises:
        InputChanged: The file is no longer the one that was scanned.
    """
    begins_session = (file.mark_kind == row_kinds.FILE_VERSION) | (
        (file.mark_kind == row_kinds.SESSION_LOG) & (file.mark_status == row_kinds.SESSION_START)
    )
    left_out = begins_session & (not marks) | np.isin(file.mark_kind, dropped_marks)
    places = file.mark_offset[left_out]
    offset = file.offset
    touched = np.flatnonzero(~kept | changed)
    last_touched = max(
        int(offset[touched[-1]]) if touched.size else -1,
        int(places[-1]) if places.size else -1,
        int(cuts[-1]) if cuts.size else -1,
    )
    start, end = _records(file, last_touched)
    drop = np.zeros(start.size, bool)
    drop[np.searchsorted(start, places, side="right") - 1] = True
    # Only records between those of the first and the last touched row are looked at.
    looked_at = slice(0, 0)
    if touched.size:
        first, last = np.searchsorted(start, offset[touched[[0, -1]]], side="right") - 1
        looked_at = slice(*np.searchsorted(offset, [start[first], end[last]]).tolist())
    kept, changed = kept[looked_at], changed[looked_at]
    record_of_row = np.searchsorted(start, offset[looked_at], side="right") - 1
    stay = np.bincount(record_of_row, weights=kept, minlength=start.size)
    go = np.bincount(record_of_row, weights=~kept, minlength=start.size)
    drop |= (go > 0) & (stay == 0)
    rewrite = (go > 0) & (stay > 0)
    rewrite[record_of_row[changed & kept]] = True
    rewritten = {}
    for record in np.flatnonzero(rewrite).tolist():
        first, last = np.searchsorted(record_of_row, [record, record + 1])
        rows = looked_at.start + first + np.flatnonzero(kept[first:last])
        rewritten[int(start[record])] = rows
    begins = rewrite.copy()
    begins[1:] |= rewrite[:-1]
    cut = np.searchsorted(start, cuts, side="right") - 1
    begins[cut] = True
    first, behind = _joined(start[~drop], end[~drop], begins[~drop])
    return Stretches(first, behind, rewritten, start[cut])


def sound_records(file: FileColumns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where all sound records of a file start and end.

    Raises:
        InputChanged: The file is no longer the one that was scanned.
    """
    return _records(file, file.position - 1)


def _joined(
    start: NDArray[np.int64], end: NDArray[np.int64], begins: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Records that follow one another make one stretch, but for those that begin one."""
    if not start.size:
        return start, end
    begins = begins.copy()
    begins[0] = True
    begins[1:] |= start[1:] != end[:-1]
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], start.size) - 1
    return start[firsts], end[lasts]


def _records(file: FileColumns, last_touched: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where sound records start and end; those behind the last one that matters as one.

    Args:
        file: The file.
        last_touched: A byte offset inside the last record that has to be known by itself.
    """
    starts: list[NDArray[np.int64]] = []
    ends: list[NDArray[np.int64]] = []
    with open_unchanged(file) as opened:
        position = 0
        for damage in (*file.damage, None):
            end = min(damage.offset, file.position) if damage else file.position
            if position < end:
                own = _starts(file, opened, position, end, last_touched)
                starts.append(own)
                ends.append(np.append(own[1:], end))
            if damage:
                position = damage.offset + damage.length
    empty = [np.empty(0, np.int64)]
    return np.concatenate(starts or empty), np.concatenate(ends or empty)


def _starts(
    file: FileColumns, opened: SourceFile, position: int, end: int, last_touched: int
) -> NDArray[np.int64]:
    """Where the records between a known start and an end start, up to those that matter.

    Raises:
        InputChanged: The lengths do not lead to the end.
    """
    found: list[NDArray[np.int64]] = []
    room = _LEAST_BLOCK
    while position < end and position <= last_touched:
        block = opened.read_at(position, min(room, end - position))
        starts, behind = record_starts(block)
        if not starts:
            raise InputChanged(file.path)
        found.append(np.frombuffer(starts, np.int64) + position)
        position += behind
        room = min(2 * room, _BLOCK) if behind < 2 * room else max(room // 4, _LEAST_BLOCK)
    if position > end:
        raise InputChanged(file.path)
    if position < end:
        found.append(np.array([position]))
    return np.concatenate(found)


def open_unchanged(file: FileColumns | ScannedFile) -> SourceFile:
    """Opens a file that is still the one that was scanned, perhaps longer by now.

    Raises:
        InputChanged: It is another, or has become shorter.
        FileError: It cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_scanned(file.path, compressed=file.is_compressed))
        status = opened.status()
        if status.identity != file.identity or status.size < file.position:
            raise InputChanged(file.path)
        stack.pop_all()
    return opened
