"""What becomes of each record of an event file: copied as it is, written anew, or left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.analysis.stretches import sound_records

if TYPE_CHECKING:
    from collections.abc import Mapping

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
