"""A damaged file and its damaged copies as one: what the file lacks is taken from them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tbtools.analysis.pieces import Copy, Rewritten
from tbtools.analysis.stretches import ScannedFile, sound_records
from tbtools.runs.timeline.duplicates import mark_keys, new_marks

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns

    # A copy, and for each of its rows that of the file, -1 for none.
    Matched = tuple[FileColumns, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Insertion:
    """Records that a file lacks.

    Attributes:
        before: A byte offset inside the record of the file in front of which they belong; its
            `position` for the end.
        records: How many they are.
        bytes: Their length.
        piece: What is copied.
    """

    before: int
    records: int
    bytes: int
    piece: Copy | Rewritten


def insertions(file: FileColumns, copies: Sequence[Matched]) -> list[Insertion]:
    """What a file lacks of what its copies hold, in the order in which it belongs there.

    Args:
        file: The file.
        copies: Its copies.

    Raises:
        InputChanged: A copy is no longer the file that was scanned.
    """
    found: list[_Lacking] = []
    for copy in copies:
        known = Counter(each.key for each in found)
        for each in _lacking(file, *copy):
            if known[each.key]:  # a copy before this one has it, too
                known[each.key] -= 1
            else:
                found.append(each)
    found.sort(key=lambda lacking: (lacking.before, lacking.place))
    return list(_joined([Insertion(each.before, 1, each.length, each.piece) for each in found]))


@dataclass(frozen=True, slots=True)
class _Lacking:
    """One record, where it belongs, and what is the same in all copies of it."""

    before: int
    place: int
    length: int
    key: Hashable
    piece: Copy | Rewritten


def _lacking(file: FileColumns, copy: FileColumns, rows: NDArray[np.int64]) -> Iterator[_Lacking]:
    start, end = sound_records(copy)
    record_of_row = np.searchsorted(start, copy.offset, side="right") - 1
    values = _values_by_record(copy, record_of_row, np.flatnonzero(rows < 0))
    marks: defaultdict[int, list[Hashable]] = defaultdict(list)
    record_of_mark = np.searchsorted(start, copy.mark_offset, side="right") - 1
    keys = mark_keys(copy)
    for number in new_marks(file, copy, rows):
        marks[int(record_of_mark[number])].append(keys[number])
    wanted = np.array(sorted({*values, *marks}), np.int64)
    count = np.searchsorted(record_of_row, wanted + 1) - np.searchsorted(record_of_row, wanted)
    before, place = _belongs(file, copy, rows, start[wanted])
    scanned = ScannedFile.of(copy)
    for number, record in enumerate(wanted.tolist()):
        own, here = values[record], slice(record, record + 1)
        piece: Copy | Rewritten = Copy((scanned,), np.zeros(1, np.int64), start[here], end[here])
        if 0 < len(own) < count[number]:
            places = tuple((offset, length, None) for offset, length, *_ in own)
            piece = Rewritten(scanned, int(start[record]), places)
        length = int(end[record] - start[record])
        key = (length, *marks[record], *(each[1:] for each in own))
        yield _Lacking(int(before[number]), int(place[number]), length, key, piece)


def _values_by_record(
    file: FileColumns, record_of_row: NDArray[np.int64], rows: NDArray[np.int64]
) -> defaultdict[int, list[tuple[Any, ...]]]:
    """Some values by the record in which they stand: place, length and what they are."""
    columns = (
        file.offset,
        file.length,
        file.step,
        file.wall_time.view(np.uint64),
        file.value.view(np.uint64),  # bits, for NaN is not equal to itself
        file.tag_id,
        record_of_row,
    )
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    each_row = zip(*(column[rows].tolist() for column in columns), strict=True)
    for *place_and_value, tag_id, record in each_row:
        found[record].append((*place_and_value, file.tag_names[tag_id]))
    return found


def _belongs(
    file: FileColumns, copy: FileColumns, rows: NDArray[np.int64], start: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Before which value or mark of a file records of a copy belong, and about at which byte.

    Each stands between two values that both have. Of what the file has between these, its distance
    to the next of them tells.
    """
    shared = np.flatnonzero(rows >= 0)
    here, there = file.offset[rows[shared]], copy.offset[shared]
    follows = np.searchsorted(there, start)
    place = start + (here - there)[follows.clip(max=shared.size - 1)]
    known = np.sort(np.concatenate([file.offset, file.mark_offset, [file.position]]))
    first = np.append(-1, np.searchsorted(known, here))[follows] + 1
    last = np.append(np.searchsorted(known, here), known.size - 1)[follows]
    return known[np.minimum(np.maximum(np.searchsorted(known, place), first), last)], place


def _joined(inserted: Sequence[Insertion]) -> Iterator[Insertion]:
    """Neighbours of one file that are copied as they are, together."""
    pending: list[Insertion] = []
    for each in (*inserted, None):
        if pending and not (each and _go_together(pending[-1], each)):
            yield _together(pending)
            pending = []
        if each:
            pending.append(each)


def _go_together(one: Insertion, other: Insertion) -> bool:
    if one.before != other.before:
        return False
    if not (isinstance(one.piece, Copy) and isinstance(other.piece, Copy)):
        return False
    return one.piece.files == other.piece.files


def _together(insertions: Sequence[Insertion]) -> Insertion:
    first = insertions[0]
    if len(insertions) == 1:
        return first
    copies = [cast("Copy", each.piece) for each in insertions]  # only those go together
    piece = Copy(
        copies[0].files,
        np.concatenate([each.file for each in copies]),
        np.concatenate([each.start for each in copies]),
        np.concatenate([each.end for each in copies]),
    )
    records, size = (
        sum(getattr(each, name) for each in insertions) for name in ("records", "bytes")
    )
    return Insertion(first.before, records, size, piece)
