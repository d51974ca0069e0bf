"""A damaged file and its damaged copies as one: what the file lacks is taken from them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.pieces import Copy, Rewritten
from tbtools.analysis.stretches import ScannedFile, sound_records
from tbtools.runs.timeline.duplicates import mark_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns

    # A copy, and for each of its rows that of the file, -1 for none.
    Matched = tuple[FileColumns, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Insertion:
    """Records that a file lacks.

    Attributes:
        before: The row of the file in front of whose record they belong; its number of rows for
            the end.
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
    found = [each for copy in copies for each in _lacking(file, *copy)]
    inserted: list[Insertion] = []
    seen: set[tuple[object, ...]] = set()
    for each in sorted(found, key=lambda lacking: lacking.before):
        if each.key not in seen:  # another copy has it, too
            seen.add(each.key)
            inserted.append(Insertion(each.before, 1, each.length, each.piece))
    return list(_joined(inserted))


@dataclass(frozen=True, slots=True)
class _Lacking:
    """One record, and what tells it from others in the same place."""

    before: int
    length: int
    key: tuple[object, ...]
    piece: Copy | Rewritten


def _lacking(file: FileColumns, copy: FileColumns, rows: NDArray[np.int64]) -> Iterator[_Lacking]:
    start, end = sound_records(copy)
    record_of_row = np.searchsorted(start, copy.offset, side="right") - 1
    is_new = rows < 0
    wanted = set(record_of_row[is_new].tolist())
    known = Counter(mark_keys(file))
    for key, offset in zip(mark_keys(copy), copy.mark_offset.tolist(), strict=True):
        if not known[key]:
            wanted.add(int(np.searchsorted(start, offset, side="right")) - 1)
        known[key] -= 1
    shared = np.flatnonzero(~is_new)
    scanned = ScannedFile.of(copy)
    for record in sorted(wanted):
        first, behind = np.searchsorted(record_of_row, [record, record + 1])
        follows = int(np.searchsorted(shared, behind))
        before = int(rows[shared[follows]]) if follows < shared.size else file.values.count
        own = first + np.flatnonzero(is_new[first:behind])
        places = tuple(zip(copy.offset[own].tolist(), copy.length[own].tolist(), strict=True))
        here = slice(record, record + 1)
        piece: Copy | Rewritten = Copy((scanned,), np.zeros(1, np.int64), start[here], end[here])
        if 0 < own.size < behind - first:
            values = tuple((*place, None) for place in places)
            piece = Rewritten(scanned, int(start[record]), values)
        events = zip(copy.step[own].tolist(), copy.wall_time[own].tolist(), strict=True)
        length = int(end[record] - start[record])
        yield _Lacking(before, length, (before, length, *events), piece)


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
    copies = [each.piece for each in insertions if isinstance(each.piece, Copy)]
    if len(copies) < len(insertions):
        return first
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
