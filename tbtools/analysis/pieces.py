"""Of which pieces of which event files a merged run consists."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.session_starts import session_starts
from tbtools.analysis.stretches import Stretches, open_unchanged, stretches_to_copy
from tbtools.eventfile.wire import declares_plugin
from tbtools.eventfile.writer import seconds_in_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.file_groups import FileGroup
    from tbtools.analysis.session_starts import SessionStart
    from tbtools.analysis.stretches import ScannedFile
    from tbtools.eventfile.scan import FileColumns

    # File, offset and length of the value that a tag's metadata comes with.
    Place = tuple[FileColumns, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """Stretches of files that are copied as they are, one after the other.

    Attributes:
        files: The files.
        file: int64, shape (n,): of which of them each stretch is.
        start: int64, shape (n,), increasing in each file: offsets of their first bytes.
        end: int64, shape (n,): offsets behind their last bytes.
    """

    files: tuple[FileColumns | ScannedFile, ...]
    file: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A record that is not copied as it is: some of its values, or with its tag's metadata.

    Attributes:
        file: The file.
        offset: Of the record.
        values: Offset and length of each value that it keeps, and the place (file, offset, length)
            of the value whose metadata it gets, or None.
    """

    file: FileColumns | ScannedFile
    offset: int
    values: tuple[tuple[int, int, tuple[FileColumns, int, int] | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """Stretches of time, in each of which one session writes alone.

    Attributes:
        session: int64, shape (n,): which one.
        first_row: int64, shape (n,): the first row that it keeps there; -1 where the segment starts
            with the session, whose marks may stand before.
    """

    session: NDArray[np.int64]
    first_row: NDArray[np.int64]

    def __getitem__(self, part: slice) -> _Segments:
        return _Segments(self.session[part], self.first_row[part])


def result_name(start_time: float) -> str:
    """An event file's name as TensorBoard wants it; the same for the same result anywhere.

    Args:
        start_time: Of its first event, seconds since the epoch.
    """
    return f"events.out.tfevents.{seconds_in_name(start_time)}.tbtools"


def pieces_of(groups: Sequence[FileGroup]) -> Iterator[Copy | Rewritten | SessionStart]:
    """What the merged file consists of, in the order of the timelines.

    Sessions are marked in a single group: different writers do not go on from one another.

    Args:
        groups: What is merged; their sessions follow one another as they began.
    """
    blocks = []
    for group in groups:
        plan = _GroupPlan(group)
        starts = group.timeline.clocks.start
        latest = -np.inf
        for number, block in enumerate(group.blocks):
            # A group stays in its own order, also where that is not the order of time.
            latest = max(latest, float(min(starts[session] for session in block)))
            blocks.append((latest, plan, number))
    chunks = [
        (plan, segments, rows)
        for _, plan, number in sorted(blocks, key=lambda each: each[0])
        for segments, rows in plan.chunks(number)
    ]
    parts = [rows for _, _, rows in chunks]
    marks = session_starts(groups[0].rows, parts) if len(groups) == 1 else {}
    for number, (plan, segments, _) in enumerate(chunks):
        if number in marks:
            yield marks[number]
        yield from plan.pieces(segments)


class _GroupPlan:
    """Which bytes of each file of a group are left, and where they go."""

    def __init__(self, group: FileGroup) -> None:
        self._group = group
        self._metadata = _metadata_to_add(group)
        self._rows = list(group.kept_rows())
        self._segments = [
            _segments(group, block, rows)
            for block, rows in zip(group.blocks, self._rows, strict=True)
        ]
        self._begin, self._end = _session_bounds(group)
        self._file = np.array([session.file for session in group.sessions], np.int64)
        self._cuts = np.sort(np.concatenate([np.empty(0, np.int64), *self._first_rows()]))
        self._stretches = [self._stretches_of(number) for number in range(len(group.rows.files))]
        counts = [each.start.size for each in self._stretches]
        self._base = np.cumsum([0, *counts], dtype=np.int64)[:-1]
        empty = np.empty(0, np.int64)
        self._start = np.concatenate([empty, *(each.start for each in self._stretches)])
        self._stop = np.concatenate([empty, *(each.end for each in self._stretches)])

    @cached_property
    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Where the values of all rows start in their files, and their bytes."""
        return self._group.rows.offset, self._group.rows.length

    def _first_rows(self) -> Iterator[NDArray[np.int64]]:
        for segments in self._segments:
            yield segments.first_row[segments.first_row >= 0]

    def _stretches_of(self, number: int) -> Stretches:
        rows = self._group.rows
        first, end = int(rows.starts[number]), int(rows.starts[number + 1])
        changed = np.zeros(end - first, bool)
        changed[[row - first for row in self._metadata if first <= row < end]] = True
        own = slice(*np.searchsorted(self._cuts, [first, end]))
        cuts = self._places[0][self._cuts[own]] if own.stop > own.start else self._cuts[own]
        return stretches_to_copy(
            rows.files[number],
            self._group.kept[first:end],
            changed,
            cuts,
            dropped_marks=self._group.dropped_marks,
        )

    def chunks(self, number: int) -> Iterator[tuple[_Segments, NDArray[np.int64]]]:
        """A block of sessions in parts, with the rows that each keeps.

        A part begins where a session begins when all those before it have ended.
        """
        segments, rows = self._segments[number], self._rows[number]
        if segments.session.size == 1:
            yield segments, rows
            return
        session = self._group.timeline.session_of(rows)
        turns = np.append(np.flatnonzero(np.diff(session, prepend=-1)), rows.size)
        silent = segments.session.size - turns.size + 1
        bounds = [0, *_handovers(session[turns[:-1]]).tolist(), turns.size - 1]
        for first, end in pairwise(bounds):
            part = slice(silent + first if first else 0, silent + end)
            yield segments[part], rows[turns[first] : turns[end]]

    def pieces(self, segments: _Segments) -> Iterator[Copy | Rewritten]:
        """The bytes of some segments."""
        start, end = self._bytes(segments)
        file = self._file[segments.session]
        first, behind = np.empty_like(start), np.empty_like(end)
        for number in np.unique(file).tolist():
            own = file == number
            known = self._stretches[number].start
            first[own] = self._base[number] + np.searchsorted(known, start[own])
            behind[own] = self._base[number] + np.searchsorted(known, end[own])
        count = behind - first
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        yield from self._copied(np.repeat(file, count), np.repeat(first, count) + within)

    def _bytes(self, segments: _Segments) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where each segment starts and ends in its file."""
        session, row = segments.session, segments.first_row
        start = np.where(row < 0, self._begin[session], 0)
        cut = np.flatnonzero(row >= 0)
        file = self._file[session]
        for number in np.unique(file[cut]).tolist():
            own = cut[file[cut] == number]
            first, end = self._group.rows.starts[number : number + 2]
            rows = self._cuts[slice(*np.searchsorted(self._cuts, [first, end]))]
            start[own] = self._stretches[number].cuts[np.searchsorted(rows, row[own])]
        end = self._end[session]
        order = np.argsort(session, kind="stable")
        goes_on = session[order[1:]] == session[order[:-1]]
        end[order[:-1][goes_on]] = start[order[1:][goes_on]]
        return start, end

    def _copied(
        self, file: NDArray[np.int64], stretch: NDArray[np.int64]
    ) -> Iterator[Copy | Rewritten]:
        """Stretches one after the other; those that stand alone are records to be written anew."""
        files = self._group.rows.files
        own_files, own_number = np.unique(file, return_inverse=True)
        start, end = self._start[stretch], self._stop[stretch]
        alone = np.zeros(stretch.size, bool)
        for number in own_files.tolist():
            rewritten = list(self._stretches[number].rewritten)
            alone |= (file == number) & np.isin(start, rewritten)
        first = 0
        for at in (*np.flatnonzero(alone).tolist(), stretch.size):
            if at > first:
                here = slice(first, at)
                used = tuple(files[number] for number in own_files.tolist())
                yield Copy(used, own_number[here], start[here], end[here])
            if at < stretch.size:
                yield self._rewritten(int(file[at]), int(start[at]))
            first = at + 1

    def _rewritten(self, number: int, at: int) -> Rewritten:
        rows = self._group.rows
        first = int(rows.starts[number])
        kept = first + self._stretches[number].rewritten[at]
        offset, length = self._places
        values = tuple(
            (int(offset[row]), int(length[row]), self._metadata.get(row)) for row in kept.tolist()
        )
        return Rewritten(rows.files[number], at, values)


def _handovers(session: NDArray[np.int64]) -> NDArray[np.int64]:
    """The turns with which a session begins when all those before it have had their last."""
    sessions, number = np.unique(session, return_inverse=True)
    last = np.zeros(sessions.size, np.int64)
    last[number] = np.arange(session.size)  # of equal indices the last one assigned stays
    reach = np.maximum.accumulate(last[number])
    return np.flatnonzero(reach[:-1] < np.arange(1, session.size)) + 1


def _segments(group: FileGroup, block: Sequence[int], rows: NDArray[np.int64]) -> _Segments:
    """How sessions that overlap take turns.

    Args:
        group: Their files.
        block: The sessions.
        rows: What they keep, in the order of the timeline.
    """
    if len(block) == 1:
        return _Segments(np.array(block, np.int64), np.array([-1], np.int64))
    session = group.timeline.session_of(rows)
    turns = np.flatnonzero(np.diff(session)) + 1
    first = np.concatenate([[0], turns]) if rows.size else turns
    # Sessions that keep no row have marks only.
    silent = np.setdiff1d(np.array(block, np.int64), session)
    turn = session[first]
    first_row = rows[first].astype(np.int64)
    _, begins = np.unique(turn, return_index=True)
    first_row[begins] = -1
    return _Segments(
        np.concatenate([silent, turn]),
        np.concatenate([np.full(silent.size, -1, np.int64), first_row]),
    )


def _session_bounds(group: FileGroup) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The bytes of each session: from its mark on, which itself is never copied."""
    begin = [session.offset for session in group.sessions]
    end = [group.rows.files[session.file].position for session in group.sessions]
    for number, (one, other) in enumerate(pairwise(group.sessions)):
        if one.file == other.file:
            end[number] = other.offset
    return np.array(begin, np.int64), np.array(end, np.int64)


def _metadata_to_add(group: FileGroup) -> dict[int, Place]:
    """Rows that will be their tag's first ones, and have no metadata.

    Metadata comes with a tag's first value; where that one is left out, or comes later now, the tag
    would be of no plugin.
    """
    rows = group.rows
    if not any(rows.metadata):
        return {}
    first_rows = np.full(len(rows.tags), -1, np.int64)
    for own in group.kept_rows():
        here = np.full(len(rows.tags), -1, np.int64)
        here[rows.tag_id[own[::-1]]] = own[::-1]  # of equal indices the last one assigned stays
        first_rows = np.where(first_rows < 0, here, first_rows)
    result = {}
    for row, place in zip(first_rows.tolist(), rows.metadata, strict=True):
        if row < 0 or place is None:
            continue
        number = int(rows.file_of(np.array([row]))[0])
        offset, length = int(rows.offset[row]), int(rows.length[row])
        if (number, offset) == place[:2]:
            continue
        if not declares_plugin(_read_value(rows.files[number], offset, length)):
            result[row] = (rows.files[place[0]], *place[1:])
    return result


def _read_value(file: FileColumns, offset: int, length: int) -> bytes:
    with open_unchanged(file) as opened:
        return opened.read_at(offset, length)
