"""Records made anew, one by one, and those alike many at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.eventfile.records import FRAME_SIZE, HEADER_SIZE
from tbtools.eventfile.scalar_records import (
    masked_crcs,
    put_varints,
    record_header,
    varint_sizes,
)
from tbtools.eventfile.wire import (
    bytes_field,
    edited_event,
    metadata_of,
    value_with_metadata,
    with_tag,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tbtools.analysis.edit.records import Changes, Read, Records
    from tbtools.eventfile.scan import FileColumns

# Fewer records alike, and longer ones, are made one by one in no more time.
_FEW = 8
_LONG = 1 << 10
# Fields of an Event with one value, as writers lay it out: wall time, step, summary, value.
_TIME_KEY, _STEP_KEY = 0x09, 0x10
_TIME_AT = HEADER_SIZE + 1
_STEP_AT = _TIME_AT + 8


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
        self._tag_names = file.tag_names
        self._fields: dict[int, tuple[bytes, bytes]] = {}
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
        if tag is None:
            return value
        old, new = self._tag_fields(int(self._tag_id[row]), tag)
        if value.startswith(old) and value.count(old) == 1:
            return new + value[len(old) :]
        return with_tag(value, tag)

    def _tag_fields(self, tag_id: int, tag: bytes) -> tuple[bytes, bytes]:
        """The field of a tag as it usually is, and as it will be."""
        if tag_id not in self._fields:
            self._fields[tag_id] = bytes_field(1, self._tag_names[tag_id]), bytes_field(1, tag)
        return self._fields[tag_id]

    def alike(
        self, numbers: NDArray[np.int64], block: NDArray[np.uint8], base: int
    ) -> dict[int, bytes]:
        """Whole new records of those that are laid out alike; not of all that there are.

        Args:
            numbers: int64, which records.
            block: The bytes of the file in which they lie.
            base: Where in the file these begin.
        """
        records, changes = self._records, self._changes
        row = records.first_row[numbers]
        single = records.first_row[numbers + 1] - row == 1
        if self._has_value_changes:
            single &= ~np.isin(row, [*changes.metadata, *changes.values])
        numbers, row = numbers[single], row[single]
        start = records.start[numbers]
        size = records.end[numbers] - start
        value_at, value_size = self._offset[row] - start, self._length[row].astype(np.int64)
        # The value is the last field of the event.
        simple = (value_at + value_size + FRAME_SIZE - HEADER_SIZE == size) & (size < _LONG)
        tag = self._tag_id[row].astype(np.int64)
        keys = (tag * _LONG + size) * _LONG + value_at
        made: dict[int, bytes] = {}
        order = np.flatnonzero(simple)
        order = order[np.argsort(keys[order], kind="stable")]
        bounds = np.flatnonzero(np.diff(keys[order], prepend=-1, append=-1)).tolist()
        for first, end in pairwise(bounds):
            own = order[first:end]
            if own.size >= _FEW:
                at = (start[own] - base)[:, None] + np.arange(size[own[0]])
                made |= self._made_alike(numbers[own], row[own], block[at], int(value_at[own[0]]))
        return made

    def _made_alike(
        self,
        numbers: NDArray[np.int64],
        row: NDArray[np.int64],
        old: NDArray[np.uint8],
        value_at: int,
    ) -> dict[int, bytes]:
        """Those of records of one length and tag that writers lay out as usual."""
        name = self._tag_names[int(self._tag_id[row[0]])]
        tag = self._changes.tags.get(int(self._tag_id[row[0]]), name)
        checksum_at = old.shape[1] - (FRAME_SIZE - HEADER_SIZE)
        rest_at = value_at + len(bytes_field(1, name))
        opening = _opening(checksum_at - value_at)
        step_end = value_at - len(opening)
        fixed = np.frombuffer(opening + bytes_field(1, name), np.uint8)
        usual = (old[:, HEADER_SIZE] == _TIME_KEY) & (old[:, step_end:rest_at] == fixed).all(axis=1)
        if step_end > _STEP_AT:
            usual &= (old[:, _STEP_AT] == _STEP_KEY) & (old[:, step_end - 1] < 0x80)
            usual &= (old[:, _STEP_AT + 1 : step_end - 1] >= 0x80).all(axis=1)
        elif step_end < _STEP_AT:
            return {}
        numbers, row, old = numbers[usual], row[usual], old[usual]
        changes = self._changes
        steps = None if changes.steps is None else changes.steps[row]
        sizes = None if steps is None else varint_sizes(steps)
        made: dict[int, bytes] = {}
        for step_size in [0] if sizes is None else np.unique(sizes).tolist():
            own = slice(None) if sizes is None else np.flatnonzero(sizes == step_size)
            step_field = old[own, _STEP_AT:step_end]
            if steps is not None:
                step_field = _step_fields(steps[own], step_size)
            times = old[own, _TIME_AT:_STEP_AT]
            if changes.seconds:
                moved = np.ascontiguousarray(times).view("<f8") + changes.seconds
                times = moved.view(np.uint8)
            rest = old[own, rest_at:checksum_at]
            made |= zip(numbers[own].tolist(), _joined(times, step_field, tag, rest), strict=True)
        return made


def _opening(value_size: int) -> bytes:
    """What stands in front of an only value: the keys and lengths of summary and value."""
    value = bytes_field(1, bytes(value_size))[: -value_size or None]
    size = len(value) + value_size
    return bytes_field(5, bytes(size))[:-size] + value


def _step_fields(steps: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Steps that take up as many bytes; none for 0."""
    fields = np.full((steps.size, size + 1 if size else 0), _STEP_KEY, np.uint8)
    put_varints(fields[:, 1:], steps)
    return fields


def _joined(
    times: NDArray[np.uint8], steps: NDArray[np.uint8], tag: bytes, rest: NDArray[np.uint8]
) -> Iterator[bytes]:
    """Whole records of events with one value."""
    prefix = bytes_field(1, tag)
    fixed = _opening(len(prefix) + rest.shape[1]) + prefix
    count = len(times)
    key = np.full((count, 1), _TIME_KEY, np.uint8)
    middle = np.broadcast_to(np.frombuffer(fixed, np.uint8), (count, len(fixed)))
    data = np.concatenate([key, times, steps, middle, rest], axis=1)
    header = np.frombuffer(record_header(data.shape[1]), np.uint8)
    checksums = masked_crcs(data).astype("<u4").view(np.uint8).reshape(count, -1)
    records = np.concatenate(
        [np.broadcast_to(header, (count, header.size)), data, checksums], axis=1
    )
    whole, size = records.tobytes(), records.shape[1]
    return (whole[first : first + size] for first in range(0, len(whole), size))
