"""What becomes of each record of an event file: copied as it is, written anew, or left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.analysis.stretches import sound_records
from tbtools.eventfile.records import HEADER_SIZE
from tbtools.eventfile.wire import edited_event, metadata_of, value_with_metadata, with_tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from tbtools.analysis.stretches import ScannedFile
    from tbtools.eventfile.scan import FileColumns

    # File, offset and length of a Value.
    Place = tuple[ScannedFile, int, int]
    # Reads bytes of a file: the file, offset, length.
    Read = Callable[[ScannedFile, int, int], bytes]

DROPPED, COPIED, REWRITTEN = range(3)
# What changes the bytes of a Summary.Value besides its tag.
ValueChange = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What of an event file stays, and what of that becomes something else.

    Attributes:
        kept: bool, for each row: whether its value stays.
        marks: bool, for each mark: whether it stays.
        tags: Tag id to the new name, for those that get one.
        steps: int64, the new step of each row; None where all stay.
        mark_steps: int64, that of each mark; None where all stay.
        seconds: What is added to all wall times.
        metadata: Rows that get the metadata of their tag, and where that stands.
        values: Rows whose value changes in itself, and how.
    """

    kept: NDArray[np.bool_]
    marks: NDArray[np.bool_]
    tags: Mapping[int, bytes] = field(default_factory=dict)
    steps: NDArray[np.int64] | None = None
    mark_steps: NDArray[np.int64] | None = None
    seconds: float = 0.0
    metadata: Mapping[int, Place] = field(default_factory=dict)
    values: Mapping[int, ValueChange] = field(default_factory=dict)

    def changed(self, file: FileColumns) -> NDArray[np.bool_]:
        """Which rows do not stay as they are."""
        renamed = np.zeros(len(file.tag_names), bool)
        renamed[list(self.tags)] = True
        shapes = file.values.shapes
        changed = file.values.of_shape(renamed[shapes.tag_id])
        if self.steps is not None:
            changed |= self.steps != file.step
        changed[[*self.metadata, *self.values]] = True
        return changed


class Records(NamedTuple):
    """The sound records of a file.

    Attributes:
        start: int64, byte offsets.
        end: int64.
        state: uint8: DROPPED, COPIED or REWRITTEN.
        first_row: int64, one more than records: how many rows stand in front of each.
        mark: int64, the mark that each holds; -1 for none.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    state: NDArray[np.uint8]
    first_row: NDArray[np.int64]
    mark: NDArray[np.int64]


def records_of(file: FileColumns, changes: Changes) -> Records:
    """What becomes of each record.

    Raises:
        InputChanged: The file is no longer the one that was scanned.
    """
    start, end = sound_records(file)
    record = np.searchsorted(start, file.offset, side="right") - 1
    first_row = np.searchsorted(record, np.arange(start.size + 1))
    mark = np.full(start.size, -1, np.int64)
    mark[np.searchsorted(start, file.mark_offset, side="right") - 1] = np.arange(
        file.mark_offset.size
    )
    rows = np.diff(first_row)
    staying = np.bincount(record[changes.kept], minlength=start.size)
    state = np.full(start.size, REWRITTEN if changes.seconds else COPIED, np.uint8)
    state[(staying > 0) & (staying < rows)] = REWRITTEN
    state[record[changes.changed(file) & changes.kept]] = REWRITTEN
    if changes.mark_steps is not None:
        moved = changes.mark_steps != file.mark_step
        state[mark >= 0] = np.where(moved[mark[mark >= 0]], REWRITTEN, state[mark >= 0])
    state[(rows > 0) & (staying == 0)] = DROPPED
    if mark.size:
        state[(mark >= 0) & ~np.append(changes.marks, True)[mark]] = DROPPED
    return Records(start, end, state, first_row, mark)


class Rewriter:
    """Makes the new bytes of records.

    Args:
        file: Their file.
        records: Its records.
        changes: What becomes of it.
        read: Reads what stands elsewhere.
    """

    def __init__(self, file: FileColumns, records: Records, changes: Changes, read: Read) -> None:
        self._records = records
        self._changes = changes
        self._read = read
        self._offset, self._length, self._tag_id = file.offset, file.length, file.tag_id
        self._has_value_changes = bool(changes.metadata or changes.values)

    def events(self, number: int, event: bytes) -> Iterator[bytes]:
        """The Events that a record becomes: one, but where its values get different steps.

        Args:
            number: The record's.
            event: Its Event, as it is.
        """
        records, changes = self._records, self._changes
        first, end = records.first_row[number : number + 2].tolist()
        base = int(records.start[number]) + HEADER_SIZE
        if first == end:
            mark = int(records.mark[number])
            moved = changes.mark_steps is not None and mark >= 0
            step = int(changes.mark_steps[mark]) if moved else None  # type: ignore[index]
            yield edited_event(event, {}, step=step, seconds=changes.seconds)
            return
        values: dict[int, bytes | None] = {}
        steps: dict[int, list[int]] = {}  # new step to where values stand that get it
        for row in range(first, end):
            at = int(self._offset[row]) - base
            if not changes.kept[row]:
                values[at] = None
                continue
            value = event[at : at + int(self._length[row])]
            changed = self._value(row, value)
            if changed is not value:
                values[at] = changed
            if changes.steps is not None:
                steps.setdefault(int(changes.steps[row]), []).append(at)
        if len(steps) < 2:
            yield edited_event(event, values, step=next(iter(steps), None), seconds=changes.seconds)
            return
        for step, places in steps.items():
            others = dict.fromkeys(at for each in steps.values() for at in each if at not in places)
            yield edited_event(event, {**values, **others}, step=step, seconds=changes.seconds)

    def _value(self, row: int, value: bytes) -> bytes:
        changes = self._changes
        tag = changes.tags.get(int(self._tag_id[row]))
        if self._has_value_changes:
            if row in changes.values:
                value = changes.values[row](value)
            if row in changes.metadata:
                value = value_with_metadata(value, metadata_of(self._read(*changes.metadata[row])))
        return value if tag is None else with_tag(value, tag)
