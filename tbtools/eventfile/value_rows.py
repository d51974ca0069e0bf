"""The values of event files, a row each, in 24 bytes a scalar.

What many rows have in common stands once, in a table of shapes. A writer lays out the records of a
tag alike, so that a row tells where it lies by its shape and the row before it. Rows of which that
does not hold, those of pictures and texts among them, have their places told one by one.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    # tag id, kind, dtype, length and gap: a row of `Shapes`.
    Shape = tuple[int, int, int, int, int]

# The columns with an entry for each row, and those with one for each row whose place is told.
ROW_COLUMNS = ("shape", "step", "wall_time", "number")
PLACE_COLUMNS = ("place_row", "place_offset", "place_length")
SHAPE_DTYPES: dict[str, type[np.generic]] = {
    "tag_id": np.int32,
    "kind": np.uint8,
    "dtype": np.uint8,
    "length": np.uint32,
    "gap": np.int64,
}


class Shapes(NamedTuple):
    """What rows have in common; the columns have an entry for each shape.

    Attributes:
        tag_id: int32.
        kind: uint8, the number of the Summary.Value field that is set; see `FileColumns`.
        dtype: uint8, TensorFlow's DataType where the value reads as one number, else 0.
        length: uint32, the bytes of the Value message.
        gap: int64, the bytes between the end of the Value before it and its own start; -1 where
            place and length are told for each row.
    """

    tag_id: NDArray[np.int32]
    kind: NDArray[np.uint8]
    dtype: NDArray[np.uint8]
    length: NDArray[np.uint32]
    gap: NDArray[np.int64]

    def rows(self) -> list[Shape]:
        """The rows of these columns."""
        columns = (self.tag_id, self.kind, self.dtype, self.length, self.gap)
        return list(zip(*(column.tolist() for column in columns), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class ValueRows:
    """The values of an event file, or of several one behind the other, in their order.

    The properties are made anew each time that they are asked for.

    Attributes:
        shapes: What rows have in common.
        shape: int32, the index of each row's shape.
        step: int64.
        wall_time: float64, seconds since the epoch.
        number: The value; float32 where that holds all of them exactly, else float64; NaN where the
            dtype is 0.
        place_row: int64, the rows whose place is told here; the first row of a file always is.
        place_offset: int64, where the Value message of each starts in its file.
        place_length: uint32, its bytes.
    """

    shapes: Shapes
    shape: NDArray[np.int32]
    step: NDArray[np.int64]
    wall_time: NDArray[np.float64]
    number: NDArray[np.float32] | NDArray[np.float64]
    place_row: NDArray[np.int64]
    place_offset: NDArray[np.int64]
    place_length: NDArray[np.uint32]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.shape.size

    @property
    def row_bytes(self) -> int:
        """How many bytes the columns take that have an entry for each row."""
        columns = (self.shape, self.step, self.wall_time, self.number)
        return sum(column.nbytes for column in columns)

    @property
    def tag_id(self) -> NDArray[np.int32]:
        """int32."""
        return self.of_shape(self.shapes.tag_id)

    @property
    def kind(self) -> NDArray[np.uint8]:
        """uint8."""
        return self.of_shape(self.shapes.kind)

    @property
    def dtype(self) -> NDArray[np.uint8]:
        """uint8."""
        return self.of_shape(self.shapes.dtype)

    @property
    def value(self) -> NDArray[np.float64]:
        """float64."""
        return self.number.astype(np.float64, copy=False)

    @property
    def length(self) -> NDArray[np.uint32]:
        """uint32, the bytes of the Value messages."""
        length = self.of_shape(self.shapes.length)
        length[self.place_row] = self.place_length
        return length

    @property
    def offset(self) -> NDArray[np.int64]:
        """int64, where the Value messages start in their files."""
        # Each from where the row before it starts; what is told, from where the one before it led.
        distance = self.of_shape(self.shapes.gap)
        distance[1:] += self.length[:-1]
        told = self.place_row
        if told.size:
            led = np.add.reduceat(distance, told) - distance[told] + self.place_offset
            distance[told] = self.place_offset
            distance[told[1:]] -= led[:-1]
        offset: NDArray[np.int64] = np.cumsum(distance, out=distance)
        return offset

    @property
    def last_offset(self) -> int:
        """Where the last one starts."""
        first = int(self.place_row[-1])
        if first == self.count - 1:
            return int(self.place_offset[-1])
        count = np.bincount(self.shape[first + 1 :], minlength=self.shapes.gap.size)
        ends = int(self.place_offset[-1]) + int(self.place_length[-1])
        ends += int(count @ (self.shapes.gap + self.shapes.length.astype(np.int64)))
        return ends - int(self.shapes.length[self.shape[-1]])

    def of_shape(self, column: NDArray[Any]) -> NDArray[Any]:
        """For each row the entry of a column that has one for each shape."""
        if not column.size:
            return np.empty(0, column.dtype)
        return np.take(column, self.shape, mode="clip")  # all are there: no checking

    def dtypes(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        """uint8, TensorFlow's DataTypes of some rows."""
        dtypes: NDArray[np.uint8] = self.shapes.dtype[self.shape[rows]]
        return dtypes

    def numbers(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """float64, the values of some rows."""
        numbers: NDArray[np.float64] = self.number[rows].astype(np.float64, copy=False)
        return numbers

    def taken(self, rows: NDArray[np.int64]) -> ValueRows:
        """Some rows, in the order given; the place of each is told, as none follows from another.

        Args:
            rows: int64, their numbers.
        """
        return ValueRows(
            self.shapes,
            self.shape[rows],
            self.step[rows],
            self.wall_time[rows],
            self.number[rows],
            np.arange(rows.size),
            self.offset[rows],
            self.length[rows],
        )


def concatenated(
    parts: Sequence[ValueRows], tag_ids: Sequence[NDArray[np.int32]] | None = None
) -> ValueRows:
    """Rows one behind the other, whose offsets stay those in their files.

    Args:
        parts: At least one.
        tag_ids: For each the new number of each of its tags; the tags keep theirs unless told.
    """
    if tag_ids is not None:
        parts = [_renumbered(part, ids) for part, ids in zip(parts, tag_ids, strict=True)]
    if len(parts) == 1:
        return parts[0]
    shapes, numbers = joined_shapes([part.shapes for part in parts])
    starts = itertools.accumulate((part.count for part in parts[:-1]), initial=0)
    return ValueRows(
        shapes,
        np.concatenate([_translated(*each) for each in zip(parts, numbers, strict=True)]),
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.wall_time for part in parts]),
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.place_row + start for part, start in zip(parts, starts, strict=True)]),
        np.concatenate([part.place_offset for part in parts]),
        np.concatenate([part.place_length for part in parts]),
    )


def _translated(rows: ValueRows, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """The shapes of rows by their new numbers, which mostly are those that they have."""
    if not rows.count or np.array_equal(numbers, np.arange(numbers.size)):
        return rows.shape
    translated: NDArray[np.int32] = numbers[rows.shape]
    return translated


def _renumbered(rows: ValueRows, tag_ids: NDArray[np.int32]) -> ValueRows:
    shapes = rows.shapes
    if not shapes.tag_id.size:
        return rows
    return replace(rows, shapes=shapes._replace(tag_id=tag_ids[shapes.tag_id]))


def joined_shapes(tables: Sequence[Shapes]) -> tuple[Shapes, list[NDArray[np.int32]]]:
    """One table for several, and for each of them the numbers of its shapes in it."""
    known: dict[Shape, int] = {}
    numbers = [
        np.array([known.setdefault(row, len(known)) for row in table.rows()], np.int32)
        for table in tables
    ]
    columns = zip(*known, strict=True) if known else ((),) * len(SHAPE_DTYPES)
    table = zip(columns, SHAPE_DTYPES.values(), strict=True)
    return Shapes(*(np.array(column, dtype) for column, dtype in table)), numbers


def value_rows(found: Mapping[str, Any]) -> ValueRows:
    """The rows that a scanner has found.

    Args:
        found: What its `finish` returned.
    """
    number = np.float64 if found["is_wide"] else np.float32
    return ValueRows(
        Shapes(*(array(found[f"shape_{name}"], dtype) for name, dtype in SHAPE_DTYPES.items())),
        array(found["shape"], np.int32),
        array(found["step"], np.int64),
        array(found["wall_time"], np.float64),
        array(found["number"], number),
        array(found["place_row"], np.int64),
        array(found["place_offset"], np.int64),
        array(found["place_length"], np.uint32),
    )


def array(buffer: Any, dtype: type[np.generic]) -> NDArray[Any]:
    """A column that a scanner has found."""
    return np.frombuffer(buffer, dtype) if len(memoryview(buffer)) else np.empty(0, dtype)
