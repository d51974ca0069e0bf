"""The scan in Python, through protobuf: the reference for `_scan.pyx`, and the fallback without it.

What an event says is left to protobuf's parser. Only where its values lie in the file is worked out
here, for protobuf does not tell.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf.message import DecodeError

from tbtools.eventfile.messages import ScanEvent, ScanTensor, ScanValue
from tbtools.eventfile.records import masked_crc32c
from tbtools.eventfile.wire import BYTES, fields

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = 12  # u64 length, u32 masked CRC of it
FRAME = 16  # the header, and the u32 masked CRC of the data behind the data
VERSION_BYTES = 64  # of file_version that are kept
RESYNC_EFFORT = 8  # bytes checked in searches for a record, at most, per byte of the file
MOST_SHAPES = 32  # of one tag that tell where its values lie

BAD_LENGTH, BAD_DATA, UNDECODABLE, TRUNCATED, BROKEN_OFF, CUT_OFF = 1, 2, 3, 4, 5, 6

_MEMBERS = {
    "file_version": 3,
    "graph_def": 4,
    "summary": 5,
    "log_message": 6,
    "session_log": 7,
    "tagged_run_metadata": 8,
    "meta_graph_def": 9,
}
_KINDS = {
    "simple_value": 2,
    "obsolete_old_style_histogram": 3,
    "image": 4,
    "histo": 5,
    "audio": 6,
    "tensor": 8,
}

_DT_FLOAT, _DT_BOOL, _DT_BFLOAT16, _DT_HALF = 1, 10, 14, 19
# DataType number to (NumPy type of tensor_content, field of its *_val).
_NUMBERS = {
    _DT_FLOAT: ("<f4", "float_val"),
    2: ("<f8", "double_val"),
    3: ("<i4", "int_val"),
    4: ("<u1", "int_val"),
    5: ("<i2", "int_val"),
    6: ("<i1", "int_val"),
    9: ("<i8", "int64_val"),
    _DT_BOOL: ("?", "bool_val"),
    _DT_BFLOAT16: ("<u2", "half_val"),
    17: ("<u2", "int_val"),
    _DT_HALF: ("<f2", "half_val"),
    22: ("<u4", "uint32_val"),
    23: ("<u8", "uint64_val"),
}


def _member_spans(data: bytes, member: int) -> list[tuple[int, int]]:
    """The contents of the oneof's field that is set: those behind the last other member."""
    spans: list[tuple[int, int]] = []
    for number, wire_type, start, end in fields(data, 0, len(data)):
        if wire_type == BYTES and 3 <= number <= 9:
            if number == member:
                spans.append((start, end))
            else:
                spans.clear()
    return spans


def _value_spans(data: bytes) -> list[tuple[int, int]]:
    return [
        (start, end)
        for summary in _member_spans(data, _MEMBERS["summary"])
        for number, wire_type, start, end in fields(data, *summary)
        if number == 1 and wire_type == BYTES
    ]


def _half_bits_to_float(dtype: int, bits: int) -> float:
    if dtype == _DT_HALF:
        return float(np.uint16(bits & 0xFFFF).view(np.float16))
    return float(np.uint32((bits & 0xFFFF) << 16).view(np.float32))


def _tensor_number(data: bytes) -> tuple[int, float] | None:
    """DataType and value of a tensor of one number; None where it is no such tensor."""
    try:
        tensor = ScanTensor.FromString(data)
    except DecodeError:
        return None
    shape = tensor.tensor_shape
    if (
        tensor.dtype not in _NUMBERS
        or shape.unknown_rank
        or any(dim.size != 1 for dim in shape.dim)
    ):
        return None
    content_type, field = _NUMBERS[tensor.dtype]
    halves = field == "half_val"
    if tensor.tensor_content:
        if len(tensor.tensor_content) != np.dtype(content_type).itemsize:
            return None
        if halves:
            bits = int.from_bytes(tensor.tensor_content, "little")
            return tensor.dtype, _half_bits_to_float(tensor.dtype, bits)
        if tensor.dtype == _DT_BOOL:
            return tensor.dtype, float(tensor.tensor_content != b"\0")
        return tensor.dtype, float(np.frombuffer(tensor.tensor_content, content_type)[0])
    values = getattr(tensor, field)
    if len(values) > 1:
        return None
    if not values:  # TensorFlow leaves out values that are all zero
        return tensor.dtype, 0.0
    return tensor.dtype, _half_bits_to_float(tensor.dtype, values[0]) if halves else float(
        values[0]
    )


def _data_checksums(view: memoryview, at: int, length: int) -> tuple[int, int]:
    """The checksum of a record's data, as it is and as it stands behind it."""
    end = at + HEADER + length
    (want,) = struct.unpack_from("<I", view, end)
    return masked_crc32c(bytes(view[at + HEADER : end])), want


class Scanner:
    """Turns the bytes of one event file into columns; see `_scan.pyx`, whose interface it has."""

    def __init__(
        self, size: int, position: int = 0, tags: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        self.cursor = position
        self.wanted = min(HEADER, size - position)
        self._size = size
        self._position = position
        self._effort = RESYNC_EFFORT * size
        self._searching = 0  # BAD_LENGTH or CUT_OFF, behind which a whole record is looked for
        self._claimed_end = 0
        self._bad = (0, 0)
        self._records = 0
        self._events = 0
        self._file_version: bytes | None = None
        self._tag_ids = {name: i for i, (name, _) in enumerate(tags)}
        self._plugins = [plugin for _, plugin in tags]
        self._metadata = [(0 if plugin else -1, 0) for _, plugin in tags]
        self._shapes: dict[tuple[int, int, int, int, int], int] = {}
        self._shape_counts = Counter[int]()  # by tag, of those that tell places
        self._last_end = 0  # of the last row's Value, and of its record
        self._last_record_end = -1
        self._columns: dict[str, array[Any]] = {
            "shape": array("i"),
            "step": array("q"),
            "wall_time": array("d"),
            "number": array("d"),
            "place_row": array("q"),
            "place_offset": array("q"),
            "place_length": array("I"),
            "mark_kind": array("B"),
            "mark_status": array("B"),
            "mark_step": array("q"),
            "mark_wall_time": array("d"),
            "mark_row": array("q"),
            "mark_offset": array("q"),
            "mark_length": array("q"),
            "damage_kind": array("B"),
            "damage_offset": array("q"),
            "damage_length": array("q"),
            "damage_got": array("I"),
            "damage_want": array("I"),
        }

    def feed(self, buffer: bytearray, base: int, count: int) -> None:
        """Scans as far as the bytes go."""
        view = memoryview(buffer)[:count]
        limit = base + count
        while True:
            if self._searching and not self._search(view, base, limit):
                return
            if self._claimed_end and not self._search_inside(view, base, limit):
                return
            here = self._position
            left = self._size - here
            if left < HEADER:
                self.wanted = 0
                return
            if limit - here < HEADER:
                self.cursor, self.wanted = here, HEADER
                return
            length, want = struct.unpack_from("<QI", view, here - base)
            got = masked_crc32c(bytes(view[here - base : here - base + 8]))
            if got != want:
                self._search_behind(BAD_LENGTH, got, want)
            elif length > left - FRAME:
                # The last record, which is still being written, or others begin where it broke off.
                self._search_behind(CUT_OFF, 0, 0)
            elif limit - here < length + FRAME:
                self.cursor, self.wanted = here, length + FRAME
                return
            elif (sums := _data_checksums(view, here - base, length))[0] != sums[1]:
                self._bad = sums
                self._claimed_end = here + FRAME + length
                self.cursor = here + 1
            else:
                self._read_record(view[here - base :], length)
                self._position = self.cursor = here + FRAME + length

    def _search_behind(self, wrong: int, got: int, want: int) -> None:
        self._bad = (got, want)
        self._searching = wrong
        self.cursor = self._position + 1

    def _search(self, view: memoryview, base: int, limit: int) -> bool:
        """Looks for a whole record behind one that cannot be read; True once one is found."""
        while self._size - self.cursor >= FRAME and self._effort > 0:
            if limit - self.cursor < HEADER:
                self.wanted = HEADER
                return False
            at = self.cursor - base
            length, want = struct.unpack_from("<QI", view, at)
            if length <= self._size - self.cursor - FRAME and want == masked_crc32c(
                bytes(view[at : at + 8])
            ):
                if limit - self.cursor < length + FRAME:
                    self.wanted = length + FRAME
                    return False
                self._effort -= length
                data_end = at + HEADER + length
                (data_want,) = struct.unpack_from("<I", view, data_end)
                if masked_crc32c(bytes(view[at + HEADER : data_end])) == data_want:
                    self._note(self._searching, self.cursor - self._position, *self._bad)
                    self._position = self.cursor
                    self._searching = 0
                    return True
            self.cursor += 1
        self.wanted = 0
        return False

    def _search_inside(self, view: memoryview, base: int, limit: int) -> bool:
        """Looks in a record with bad data for whole records that lead behind its end.

        Returns:
            True once the damage has been told.
        """
        end = self._claimed_end
        while self.cursor < end and self._size - self.cursor >= FRAME and self._effort > 0:
            ahead, checked = self.cursor, 0
            while ahead < end and self._size - ahead >= FRAME:
                if limit - ahead < HEADER:
                    self.wanted = ahead + HEADER - self.cursor
                    return False
                at = ahead - base
                length, want = struct.unpack_from("<QI", view, at)
                if length > self._size - ahead - FRAME or want != masked_crc32c(
                    bytes(view[at : at + 8])
                ):
                    break
                if limit - ahead < length + FRAME:
                    self.wanted = ahead + length + FRAME - self.cursor
                    return False
                checked += length
                got, want = _data_checksums(view, at, length)
                if got != want:
                    break
                ahead += length + FRAME
            self._effort -= checked
            if ahead >= end:
                return self._pass_over(BROKEN_OFF, self.cursor)
            # What begins at a record of those that led nowhere leads nowhere, too.
            self.cursor = max(self.cursor + 1, ahead)
        return self._pass_over(BAD_DATA, end)

    def _pass_over(self, kind: int, end: int) -> bool:
        self._note(kind, end - self._position, *self._bad)
        self._position = self.cursor = end
        self._claimed_end = 0
        return True

    def _append(self, prefix: str, **row: float) -> None:
        for name, value in row.items():
            self._columns[prefix + name].append(value)

    def _note(self, kind: int, length: int, got: int = 0, want: int = 0) -> None:
        self._append("damage_", kind=kind, offset=self._position, length=length, got=got, want=want)

    def _read_record(self, record: memoryview, length: int) -> None:
        data = bytes(record[HEADER : HEADER + length])
        self._records += 1
        try:
            event = ScanEvent.FromString(data)
            values = [ScanValue.FromString(value) for value in event.summary.value]
        except DecodeError:
            self._note(UNDECODABLE, length + FRAME)
            return
        what = event.WhichOneof("what")
        if what == "summary":
            for value, span in zip(values, _value_spans(data), strict=True):
                self._add_value(event, value, *span, self._position + FRAME + length)
        elif what:
            self._add_mark(event, _MEMBERS[what], *_member_spans(data, _MEMBERS[what])[-1])
        self._events += 1

    def _add_mark(self, event: Any, kind: int, start: int, end: int) -> None:
        status = event.session_log.status if kind == _MEMBERS["session_log"] else 0
        self._append(
            "mark_",
            kind=kind,
            status=status if 0 <= status <= 255 else 0,
            step=event.step,
            wall_time=event.wall_time,
            row=len(self._columns["shape"]),
            offset=self._position + HEADER + start,
            length=end - start,
        )
        if kind == _MEMBERS["file_version"] and self._file_version is None:
            self._file_version = event.file_version[:VERSION_BYTES]

    def _add_value(self, event: Any, value: Any, start: int, end: int, record_end: int) -> None:
        kind = _KINDS.get(value.WhichOneof("value"), 0)
        if not kind and not value.tag:
            return  # says nothing about nothing
        offset = self._position + HEADER + start
        tag_id = self._intern(value, offset, end - start)
        number = (0, float("nan"))
        if kind == _KINDS["simple_value"]:
            number = (_DT_FLOAT, value.simple_value)
        elif kind == _KINDS["tensor"]:
            number = _tensor_number(value.tensor) or number
        self._append(
            "",
            shape=self._shape(tag_id, kind, number[0], offset, end - start),
            step=event.step,
            wall_time=event.wall_time,
            number=number[1],
        )
        self._last_end, self._last_record_end = offset + end - start, record_end

    def _shape(self, tag_id: int, kind: int, dtype: int, offset: int, length: int) -> int:
        """The number of a row's shape; its place is told where that does not tell it."""
        shape = (tag_id, kind, dtype, length, offset - self._last_end)
        # A number in the record behind that of the row before it, or in the same one.
        follows = dtype and self._last_record_end >= self._position
        is_known = shape in self._shapes
        if not follows or not (is_known or self._shape_counts[tag_id] < MOST_SHAPES):
            row = len(self._columns["shape"])
            self._append("place_", row=row, offset=offset, length=length)
            shape = (tag_id, kind, dtype, 0, -1)
        elif not is_known:
            self._shape_counts[tag_id] += 1
        return self._shapes.setdefault(shape, len(self._shapes))

    def _intern(self, value: Any, offset: int, length: int) -> int:
        tag_id = self._tag_ids.setdefault(value.tag, len(self._tag_ids))
        if tag_id == len(self._plugins):
            self._plugins.append(b"")
            self._metadata.append((-1, 0))
        plugin = value.metadata.plugin_data.plugin_name
        if plugin and self._metadata[tag_id][0] < 0:
            self._plugins[tag_id] = plugin
            self._metadata[tag_id] = (offset, length)
        return tag_id

    def _shape_columns(self) -> dict[str, array[Any]]:
        codes = {"tag_id": "i", "kind": "B", "dtype": "B", "length": "I", "gap": "q"}
        columns = zip(*self._shapes, strict=True) if self._shapes else ((),) * len(codes)
        return {
            f"shape_{name}": array(code, column)
            for (name, code), column in zip(codes.items(), columns, strict=True)
        }

    def finish(self) -> dict[str, Any]:
        """The columns found; see `scan.py` for keys and dtypes."""
        left = self._size - self._position
        tail, bad = (TRUNCATED if left else 0), (0, 0)
        if self._searching or self._claimed_end:
            tail, bad = self._searching or BROKEN_OFF, self._bad
        number = np.array(self._columns["number"])
        with np.errstate(over="ignore", invalid="ignore"):
            narrow = number.astype(np.float32)
        is_wide = not np.array_equal(narrow, number, equal_nan=True)
        return {
            **self._columns,
            **self._shape_columns(),
            "number": number if is_wide else narrow,
            "is_wide": is_wide,
            "tag_names": list(self._tag_ids),
            "tag_plugins": self._plugins,
            "tag_metadata": self._metadata,
            "tail": (tail, self._position, left, *bad),
            "position": self._position,
            "records": self._records,
            "events": self._events,
            "file_version": self._file_version,
        }
