"""Which stretches of an event file to copy, so that what was left out is not in the copy."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.errors import InputChanged
from tbtools.eventfile.compressed import open_scanned
from tbtools.eventfile.records import record_starts
from tbtools.runs.loops import loops
from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source_types import Identity, SourceFile

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
    touched = np.flatnonzero(~kept | changed)
    # As long as the file, of which mostly nothing is touched.
    offset = file.offset if touched.size else np.empty(0, np.int64)
    # Three that are in order each, which a stable sort merges.
    matter = np.sort(np.concatenate([places, offset[touched], cuts]), kind="stable")
    start, end = _records(file, matter)
    drop, rewrite = np.zeros(start.size, bool), np.zeros(start.size, bool)
    drop[loops.holding(start, places)] = True
    rewritten = {}
    if touched.size:
        # Only records between those of the first and the last touched row are looked at.
        first, last = loops.holding(start, offset[touched[[0, -1]]]).tolist()
        between = slice(first, last + 1)
        rows = slice(*np.searchsorted(offset, [start[first], end[last]]).tolist())
        record = loops.holding(start[between], offset[rows])
        stays, goes, left = _what_stays(record, kept[rows], changed[rows])
        drop[between] |= goes & ~stays
        rewrite[[first + number for number in left]] = True
        rewritten = {int(start[first + number]): rows.start + own for number, own in left.items()}
    begins = rewrite.copy()
    begins[1:] |= rewrite[:-1]
    cut = loops.holding(start, cuts)
    begins[cut] = True
    firsts, behind = _joined(start[~drop], end[~drop], begins[~drop])
    return Stretches(firsts, behind, rewritten, start[cut])


def _what_stays(
    record: NDArray[np.int64], kept: NDArray[np.bool_], changed: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], dict[int, NDArray[np.int64]]]:
    """Of which records some rows stay, of which some go, and what is left of those written anew.

    Args:
        record: int64, increasing: the record of each row, of which the last row is in the last one.
        kept: Which rows stay.
        changed: Those whose record cannot be copied as it is for other reasons.
    """
    count = int(record[-1]) + 1
    stays = np.bincount(record[kept], minlength=count) > 0
    goes = np.bincount(record[~kept], minlength=count) > 0
    rewrite = stays & goes
    rewrite[record[changed & kept]] = True
    left = {}
    for number in np.flatnonzero(rewrite).tolist():
        first, end = np.searchsorted(record, [number, number + 1])
        left[number] = first + np.flatnonzero(kept[first:end])
    return stays, goes, left


def sound_records(file: FileColumns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where all sound records of a file start and end.

    Raises:
        InputChanged: The file is no longer the one that was scanned.
    """
    return _records(file, None)


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


def _records(
    file: FileColumns, places: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where sound records start and end; some that follow one another and do not matter, as one.

    Args:
        file: The file.
        places: Byte offsets, increasing, inside the records that have to be known by themselves;
            None for all records.
    """
    starts: list[NDArray[np.int64]] = []
    ends: list[NDArray[np.int64]] = []
    with open_unchanged(file) as opened:
        position = 0
        for damage in (*file.damage, None):
            end = min(damage.offset, file.position) if damage else file.position
            if position < end:
                own = _starts(file, opened, position, end, places)
                starts.append(own)
                ends.append(np.append(own[1:], end))
            if damage:
                position = damage.offset + damage.length
    empty = [np.empty(0, np.int64)]
    return np.concatenate(starts or empty), np.concatenate(ends or empty)


def _starts(
    file: FileColumns,
    opened: SourceFile,
    position: int,
    end: int,
    places: NDArray[np.int64] | None,
) -> NDArray[np.int64]:
    """Where the records between a known start and an end start, as far as they matter.

    Raises:
        InputChanged: The lengths do not lead to the end.
    """
    found: list[NDArray[np.int64]] = []
    room = _LEAST_BLOCK
    # Behind the last one that matters, nothing is read.
    last = end - 1 if places is None else int(places[-1]) if places.size else -1
    while position < end and position <= last:
        block = opened.read_at(position, min(room, end - position))
        starts, behind = record_starts(block)
        if not starts:
            raise InputChanged(file.path)
        own = np.frombuffer(starts, np.int64) + position
        if places is not None:
            first, other = np.searchsorted(places, [position, position + behind])
            own = own if first < other else own[:1]
        found.append(own)
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
