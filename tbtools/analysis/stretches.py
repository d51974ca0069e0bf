"""Which stretches of an event file to copy, so that what was left out is not in the copy."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tbtools.errors import InputChanged
from tbtools.eventfile.compressed import open_scanned
from tbtools.eventfile.records import FRAME_SIZE
from tbtools.runs.timeline import rows as row_kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.eventfile.source import Identity, SourceFile

_LENGTH_SIZE, _CHECKSUM_SIZE = 8, 4
# Read at once when the lengths of many small records are wanted; fewer are read one by one.
_BLOCK = 1 << 22
_FEW = 256
_SANE = (1 << 62) - 1  # keeps sums of offsets and wrong lengths within an int64


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
    # Only records up to that of the last touched row are looked at; those behind stay.
    looked_at = 0
    if last_touched >= 0:
        last_end = end[np.searchsorted(start, last_touched, side="right") - 1]
        looked_at = int(np.searchsorted(offset, last_end))
    kept, changed = kept[:looked_at], changed[:looked_at]
    record_of_row = np.searchsorted(start, offset[:looked_at], side="right") - 1
    stay = np.bincount(record_of_row, weights=kept, minlength=start.size)
    go = np.bincount(record_of_row, weights=~kept, minlength=start.size)
    drop |= (go > 0) & (stay == 0)
    rewrite = (go > 0) & (stay > 0)
    rewrite[record_of_row[changed & kept]] = True
    rewritten = {}
    for record in np.flatnonzero(rewrite).tolist():
        first, last = np.searchsorted(record_of_row, [record, record + 1])
        rewritten[int(start[record])] = first + np.flatnonzero(kept[first:last])
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
        lengths = _Lengths(file, opened, last_touched)
        position = 0
        for damage in (*file.damage, None):
            end = min(damage.offset, file.position) if damage else file.position
            if position < end:
                own = lengths.starts(position, end)
                starts.append(own)
                ends.append(np.append(own[1:], end))
            if damage:
                position = damage.offset + damage.length
    empty = [np.empty(0, np.int64)]
    return np.concatenate(starts or empty), np.concatenate(ends or empty)


class _Lengths:
    """Finds records by their lengths, of which each leads to the next record.

    Where a record should start is guessed: four bytes of checksum behind a value that is the last
    of its event. Guesses are followed only along lengths from a start that is known, so that wrong
    ones are passed over; but where they are right, as mostly, all is done without a loop.
    """

    def __init__(self, file: FileColumns, opened: SourceFile, last_touched: int) -> None:
        self._path = file.path
        self._opened = opened
        self._last_touched = last_touched
        # What lies behind the last record that matters is copied as one, however it is divided.
        offset = file.offset
        rows, marks = (
            slice(np.searchsorted(each, last_touched, side="right"))
            for each in (offset, file.mark_offset)
        )
        offset = np.concatenate([offset[rows], file.mark_offset[marks]])
        length = np.concatenate([file.length[rows], file.mark_length[marks]])
        end = offset + length
        order = np.argsort(offset, kind="stable")
        offset, end = offset[order], end[order]
        # Two checksums and a length, 16 bytes, lie between events, a few between values of one.
        last_of_event = np.ones(offset.size, bool)
        last_of_event[:-1] = offset[1:] - end[:-1] >= FRAME_SIZE
        behind = np.append(0, end[last_of_event] + _CHECKSUM_SIZE)
        # Fields that nobody knows may stand behind the last value of a file.
        most = min(last_touched, file.position - FRAME_SIZE)
        self._guess: NDArray[np.int64] = behind[behind <= most]
        self._next = self._guess + self._lengths(self._guess) + FRAME_SIZE
        follows = np.append(self._next[:-1] == self._guess[1:], False)
        self._turns = np.flatnonzero(~follows)

    def starts(self, position: int, end: int) -> NDArray[np.int64]:
        """Where the records between a known start and an end start, those that matter.

        Raises:
            InputChanged: The lengths do not lead to the end.
        """
        found: list[NDArray[np.int64]] = [np.array([position])]
        before_end = int(np.searchsorted(self._guess, end)) - 1
        while position < end and position <= self._last_touched:
            at = int(np.searchsorted(self._guess, position))
            if at < self._guess.size and self._guess[at] == position:
                turn = min(int(self._turns[np.searchsorted(self._turns, at)]), before_end)
                found.append(self._guess[at + 1 : turn + 1])
                position = int(self._next[turn])
            else:
                position += int(self._lengths(np.array([position]))[0]) + FRAME_SIZE
            if position < end:
                found.append(np.array([position]))
        if position > end:
            raise InputChanged(self._path)
        return np.concatenate(found)

    def _lengths(self, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """What the records say that they are long; nonsense where none starts."""
        result = np.empty(starts.size, np.int64)
        first = 0
        while first < starts.size:
            base = int(starts[first])
            last = int(np.searchsorted(starts, base + _BLOCK - _LENGTH_SIZE, side="right"))
            many = last - first > _FEW
            last = last if many else first + 1
            count = int(starts[last - 1]) - base + _LENGTH_SIZE
            block = np.frombuffer(self._opened.read_at(base, count), np.uint8)
            if block.size < count:
                raise InputChanged(self._path)
            windows = sliding_window_view(block, _LENGTH_SIZE)
            # A wrong guess may read as anything; what leads nowhere is not followed.
            result[first:last] = windows[starts[first:last] - base].view("<i8")[:, 0] & _SANE
            first = last
        return result


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
