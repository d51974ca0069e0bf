"""What an event file says according to TensorBoard's messages, to hold the scan against."""

from __future__ import annotations

import dataclasses
import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.util import tensor_util

from tests.builders import DATA_TYPES, VALUE_FIELDS

if TYPE_CHECKING:
    from tbtools.eventfile.scan import FileColumns

VALUE_MEMBERS = {field.name: field.number for field in summary_pb2.Summary.Value.DESCRIPTOR.fields}
EVENT_MEMBERS = {field.name: field.number for field in event_pb2.Event.DESCRIPTOR.fields}
NUMERIC = {DATA_TYPES[name]: name for name in VALUE_FIELDS}


@dataclasses.dataclass
class Truth:
    """The rows of values and marks, and the tags, of one file without damage.

    Attributes:
        values: The Value messages that have a tag or a value, with the event that each stands in.
        marks: The events that are no summary.
        records: How many there are.
        plugins: Tag to the plugin that its metadata declares first, and the row that does.
    """

    values: list[tuple[Any, Any]] = dataclasses.field(default_factory=list)
    marks: list[tuple[int, Any]] = dataclasses.field(default_factory=list)
    records: int = 0
    plugins: dict[str, tuple[str, int]] = dataclasses.field(default_factory=dict)


def read_truth(content: bytes) -> Truth:
    """Decodes all events; an incomplete record at the end is left out."""
    truth = Truth()
    offset = 0
    while len(content) - offset >= 16:
        (length,) = struct.unpack_from("<Q", content, offset)
        if offset + length + 16 > len(content):
            break
        event = event_pb2.Event.FromString(content[offset + 12 : offset + 12 + length])
        truth.records += 1
        offset += length + 16
        member = event.WhichOneof("what")
        if member == "summary":
            for value in event.summary.value:
                _add_value(truth, event, value)
        elif member:
            truth.marks.append((len(truth.values), event))
    return truth


def _add_value(truth: Truth, event: Any, value: Any) -> None:
    if value.tag or value.WhichOneof("value"):
        plugin = value.metadata.plugin_data.plugin_name
        if plugin:
            truth.plugins.setdefault(value.tag, (plugin, len(truth.values)))
        truth.values.append((event, value))


def number_of(value: Any) -> tuple[int, float]:
    """DataType and number of a Value; (0, NaN) where it does not read as one number."""
    member = value.WhichOneof("value")
    if member == "simple_value":
        return 1, value.simple_value
    if member != "tensor" or value.tensor.dtype not in NUMERIC:
        return 0, math.nan
    tensor = value.tensor
    if tensor.tensor_shape.unknown_rank or any(dim.size != 1 for dim in tensor.tensor_shape.dim):
        return 0, math.nan
    return tensor.dtype, _tensor_number(tensor, NUMERIC[tensor.dtype])


def _tensor_number(tensor: Any, dtype: str) -> float:
    values = getattr(tensor, VALUE_FIELDS[dtype])
    if dtype == "bfloat16":  # TensorBoard has no NumPy type for it: the upper half of a float32
        bits = tensor.tensor_content or struct.pack("<H", values[0])
        return float(np.frombuffer(b"\0\0" + bits, "<f4")[0])
    if dtype in ("uint32", "uint64") and not tensor.tensor_content:
        return float(values[0])  # make_ndarray does not know these fields
    return float(tensor_util.make_ndarray(tensor).item())


def assert_is_truth(columns: FileColumns, content: bytes) -> None:
    """Fails where the columns are not what TensorBoard's messages say."""
    truth = read_truth(content)
    assert columns.records == columns.events == truth.records
    _assert_values(columns, content, truth)
    _assert_tags(columns, truth)
    _assert_marks(columns, content, truth)


def _assert_values(columns: FileColumns, content: bytes, truth: Truth) -> None:
    names = [name.decode() for name in columns.tag_names]
    assert [names[i] for i in columns.tag_id.tolist()] == [value.tag for _, value in truth.values]
    members = [value.WhichOneof("value") for _, value in truth.values]
    assert columns.kind.tolist() == [VALUE_MEMBERS[name] if name else 0 for name in members]
    assert columns.step.tolist() == [event.step for event, _ in truth.values]
    np.testing.assert_array_equal(
        columns.wall_time, np.array([event.wall_time for event, _ in truth.values])
    )
    numbers = [number_of(value) for _, value in truth.values]
    assert columns.dtype.tolist() == [dtype for dtype, _ in numbers]
    np.testing.assert_array_equal(columns.value, np.array([number for _, number in numbers]))
    _assert_places(columns, content, truth)


def _assert_places(columns: FileColumns, content: bytes, truth: Truth) -> None:
    """(offset, length) are the bytes of the Value; no two share any."""
    behind = 0
    places = zip(columns.offset.tolist(), columns.length.tolist(), truth.values, strict=True)
    for offset, length, (_, value) in places:
        assert offset >= behind
        behind = offset + length
        stored = content[offset:behind]
        # Most writers write as TensorBoard does, byte for byte: comparing is cheaper than parsing.
        if stored != value.SerializeToString():
            assert summary_pb2.Summary.Value.FromString(stored) == value


def _assert_tags(columns: FileColumns, truth: Truth) -> None:
    names = [name.decode() for name in columns.tag_names]
    assert names == list(dict.fromkeys(value.tag for _, value in truth.values))
    for name, plugin, metadata in zip(
        names, columns.tag_plugins, columns.tag_metadata, strict=True
    ):
        if name in truth.plugins:
            want, row = truth.plugins[name]
            assert plugin.decode() == want
            assert metadata == (columns.offset[row], columns.length[row])
        else:
            assert (plugin, metadata[0]) == (b"", -1)


def _assert_marks(columns: FileColumns, content: bytes, truth: Truth) -> None:
    events = [event for _, event in truth.marks]
    members = [event.WhichOneof("what") for event in events]
    assert columns.mark_kind.tolist() == [EVENT_MEMBERS[member] for member in members]
    assert columns.mark_row.tolist() == [row for row, _ in truth.marks]
    assert columns.mark_step.tolist() == [event.step for event in events]
    assert columns.mark_status.tolist() == [event.session_log.status for event in events]
    np.testing.assert_array_equal(
        columns.mark_wall_time, np.array([event.wall_time for event in events])
    )
    ends = columns.mark_offset + columns.mark_length
    for start, end, event, member in zip(
        columns.mark_offset.tolist(), ends.tolist(), events, members, strict=True
    ):
        _assert_member(content[start:end], getattr(event, member))
    versions = [
        event.file_version for event in events if event.WhichOneof("what") == "file_version"
    ]
    assert columns.file_version == (versions[0] if versions else None)


def _assert_member(stored: bytes, member: Any) -> None:
    if isinstance(member, str):
        assert stored.decode() == member
    elif isinstance(member, bytes):
        assert stored == member
    else:
        assert type(member).FromString(stored) == member
