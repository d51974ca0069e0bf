"""One file's columns as bytes that can be used where they lie.

An entry is a head, then what similar files have in common (names and shapes), problems, the columns
that are short, and the rows of values. All lies as in memory, the columns of eight bytes in front
of those of fewer, each group at a multiple of eight. The checksum of all in front of the rows is
told by whoever keeps the entry; that of the rows stands in the head. A small entry is one piece.
"""

from __future__ import annotations

import json
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tbtools.eventfile.index.checksum import crc32c
from tbtools.eventfile.problems import Problem
from tbtools.eventfile.scan import MARK_DTYPES, FileColumns
from tbtools.eventfile.value_rows import SHAPE_DTYPES, Shapes, ValueRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.source_types import Status

    Common = tuple[str | None, list[bytes], list[bytes], list[tuple[int, int]], Shapes]

_ONE_PIECE = 1 << 16  # bytes of rows up to which a checksum of their own costs more than it brings
_SHAPE_COLUMNS = ("gap", "tag_id", "length", "kind", "dtype")
_SHAPE_BYTES = sum(np.dtype(SHAPE_DTYPES[name]).itemsize for name in _SHAPE_COLUMNS)
_LONG_MARK_COLUMNS = ("mark_step", "mark_wall_time", "mark_row", "mark_offset", "mark_length")
_SHORT_MARK_COLUMNS = ("mark_kind", "mark_status")
# What similar files have in common is kept this many times: the runs of an experiment share it.
_COMMON_KEPT = 256


class Head(NamedTuple):
    """What is known of a file without a look at its columns.

    Attributes:
        inode: The last part of its identity.
        size: Its length when the scan began.
        modified: As `Status.modified`.
        changed: As `Status.changed`.
        position: Where the scan goes on.
        records: How many whole records there are.
        events: How many of them are events.
        rows: How many values.
        places: Of how many of them the place is told.
        marks: How many events that are no summary.
        shapes: How many shapes.
        common_bytes: The size of what similar files have in common, without the shapes.
        problems_bytes: The size of what is told of damage.
        rows_checksum: CRC-32C of the rows of values.
        sample: A checksum of some bytes up to the position; see `FileIndex`.
        is_settled: Whether the file had been left alone for a while when it was scanned.
        is_wide: Whether numbers are float64.
        fingerprint_bytes: The size of the fingerprint.
        fingerprint: `FileColumns.fingerprint`, filled up with zeros.
    """

    inode: int
    size: int
    modified: int
    changed: int
    position: int
    records: int
    events: int
    rows: int
    places: int
    marks: int
    shapes: int
    common_bytes: int
    problems_bytes: int
    rows_checksum: int
    sample: int
    is_settled: bool
    is_wide: bool
    fingerprint_bytes: int
    fingerprint: bytes


_HEAD = struct.Struct("<Q10q2q2I??B5x64s")


class Encoded(NamedTuple):
    """An entry.

    Attributes:
        parts: Its bytes, piece by piece.
        checksum: CRC-32C of the first piece.
        first_bytes: The size of the first piece.
        bytes: The size of all.
    """

    parts: tuple[Any, ...]
    checksum: int
    first_bytes: int
    bytes: int


def encode(columns: FileColumns, status: Status, *, sample: int, is_settled: bool) -> Encoded:
    """An entry for the columns of a file.

    Args:
        columns: What a scan has found.
        status: The file's status when the scan began.
        sample: See `Head`.
        is_settled: See `Head`.
    """
    values = columns.values
    common = _encode_common(
        columns.file_version,
        tuple(columns.tag_names),
        tuple(columns.tag_plugins),
        tuple(columns.tag_metadata),
    )
    problems = _encode_problems(columns)
    rows = (values.step, values.wall_time, values.number, values.shape)
    is_one_piece = sum(row.nbytes for row in rows) <= _ONE_PIECE
    large = [] if is_one_piece else [np.ascontiguousarray(row).view(np.uint8) for row in rows]
    head = Head(
        inode=int(status.identity[-1]),
        size=status.size,
        modified=status.modified,
        changed=status.changed,
        position=columns.position,
        records=columns.records,
        events=columns.events,
        rows=values.count,
        places=values.place_row.size,
        marks=columns.mark_kind.size,
        shapes=values.shapes.gap.size,
        common_bytes=len(common),
        problems_bytes=len(problems),
        rows_checksum=_joined_checksum(large),
        sample=sample,
        is_settled=is_settled,
        is_wide=values.number.dtype == np.float64,
        fingerprint_bytes=len(columns.fingerprint),
        fingerprint=columns.fingerprint,
    )
    shapes = [getattr(values.shapes, name).tobytes() for name in _SHAPE_COLUMNS]
    short = [
        values.place_row.tobytes(),
        values.place_offset.tobytes(),
        *(getattr(columns, name).tobytes() for name in _LONG_MARK_COLUMNS),
        values.place_length.tobytes(),
        *(getattr(columns, name).tobytes() for name in _SHORT_MARK_COLUMNS),
    ]
    pieces = [_HEAD.pack(*head), common, _padded(shapes), problems, _padded(short)]
    if is_one_piece:
        pieces += [row.tobytes() for row in rows]
    first = b"".join(pieces)
    parts = (first, *large)
    return Encoded(parts, crc32c(first), len(first), sum(len(each) for each in parts))


@lru_cache(_COMMON_KEPT)
def _encode_common(
    file_version: str | None,
    names: tuple[bytes, ...],
    plugins: tuple[bytes, ...],
    metadata: tuple[tuple[int, int], ...],
) -> bytes:
    names_and_plugins = [[each.decode("latin-1") for each in texts] for texts in (names, plugins)]
    return _json([file_version, *names_and_plugins, metadata])


def _encode_problems(columns: FileColumns) -> bytes:
    if not columns.problems:
        return b""
    damage = [problem.to_dict() for problem in columns.damage]
    return _json([damage, columns.tail and columns.tail.to_dict()])


def _json(value: Any) -> bytes:
    """With spaces behind it up to a multiple of eight bytes."""
    text = json.dumps(value, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


def _padded(pieces: list[bytes]) -> bytes:
    joined = b"".join(pieces)
    return joined + bytes(-len(joined) % 8)


def _joined_checksum(pieces: Sequence[Any]) -> int:
    return crc32c(struct.pack(f"<{len(pieces)}I", *map(crc32c, pieces))) if pieces else 0


def read_head(first: bytes, checksum: int) -> Head | None:
    """The head of an entry; None where its first piece is damaged.

    Args:
        first: Its first piece.
        checksum: See `Encoded`.
    """
    if len(first) < _HEAD.size or crc32c(first) != checksum:
        return None
    return Head._make(_HEAD.unpack_from(first))


def decode(
    entry: Any, first_bytes: int, head: Head, path: str, status: Status
) -> FileColumns | None:
    """The columns of a file; None where the rows of the entry are damaged.

    Args:
        entry: The bytes of the entry.
        first_bytes: See `Encoded`.
        head: Its head.
        path: The file, as it is called now.
        status: The file's status now.
    """
    position = _HEAD.size + head.common_bytes + _padded_size(head.shapes * _SHAPE_BYTES)
    file_version, names, plugins, metadata, shapes = _decode_common(
        bytes(entry[_HEAD.size : position]), head.common_bytes, head.shapes
    )
    problems = bytes(entry[position : position + head.problems_bytes])
    damage, tail = _decode_problems(problems) if problems else ((), None)
    columns = _Columns(entry, position + head.problems_bytes)
    place_row = columns.next(np.int64, head.places)
    place_offset = columns.next(np.int64, head.places)
    marks: dict[str, Any] = {
        name: columns.next(MARK_DTYPES[name], head.marks) for name in _LONG_MARK_COLUMNS
    }
    place_length = columns.next(np.uint32, head.places)
    for name in _SHORT_MARK_COLUMNS:
        marks[name] = columns.next(MARK_DTYPES[name], head.marks)
    columns.position = _padded_size(columns.position)
    number_dtype = np.float64 if head.is_wide else np.float32
    step, wall_time, number, shape = rows = [
        columns.next(dtype, head.rows) for dtype in (np.int64, np.float64, number_dtype, np.int32)
    ]
    if first_bytes < columns.position:
        large = [row.view(np.uint8) for row in rows]
        if _joined_checksum(large) != head.rows_checksum:
            return None
    return FileColumns(
        path=path,
        size=head.size,
        identity=status.identity,
        modified=head.modified,
        position=head.position,
        fingerprint=head.fingerprint[: head.fingerprint_bytes],
        records=head.records,
        events=head.events,
        file_version=file_version,
        tag_names=names,
        tag_plugins=plugins,
        tag_metadata=metadata,
        values=ValueRows(
            shapes, shape, step, wall_time, number, place_row, place_offset, place_length
        ),
        damage=damage,
        tail=tail,
        **marks,
    )


def _padded_size(size: int) -> int:
    return size + -size % 8


class _Columns:
    """Columns that lie one behind the other."""

    def __init__(self, entry: Any, position: int) -> None:
        self._entry = entry
        self.position = position

    def next(self, dtype: type[np.generic], count: int) -> NDArray[Any]:
        column = np.frombuffer(self._entry, dtype, count, self.position)
        self.position += column.nbytes
        return column


@lru_cache(_COMMON_KEPT)
def _decode_common(common: bytes, text_bytes: int, count: int) -> Common:
    file_version, names, plugins, metadata = json.loads(common[:text_bytes])
    columns = _Columns(common, text_bytes)
    shapes = {name: columns.next(SHAPE_DTYPES[name], count) for name in _SHAPE_COLUMNS}
    return (
        file_version,
        [name.encode("latin-1") for name in names],
        [plugin.encode("latin-1") for plugin in plugins],
        [(offset, length) for offset, length in metadata],
        Shapes(**shapes),
    )


def _decode_problems(text: bytes) -> tuple[tuple[Problem, ...], Problem | None]:
    damage, tail = json.loads(text)
    return tuple(Problem(**each) for each in damage), tail and Problem(**tail)
