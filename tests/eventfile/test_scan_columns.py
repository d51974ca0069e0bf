"""What each column says, on files made by hand; and events as no writer writes them."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2

from tbtools.eventfile import messages
from tests.builders import (
    DATA_TYPES,
    SCALAR_TYPES,
    START,
    EventFileBuilder,
    frame,
    scalar_tensor,
)
from tests.eventfile.scan_truth import assert_is_truth
from tests.fuzz.mutants import varint
from tests.scans import problem_places, scan_content

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns

pytestmark = pytest.mark.usefixtures("scan_implementation")


def scan_builder(folder: Path, builder: EventFileBuilder) -> FileColumns:
    return scan_content(folder, builder.bytes())


class TestValues:
    def test_a_row_for_each_value_in_file_order(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().file_version()
        builder.values(
            3,
            messages.Value(tag="b", simple_value=0.1),
            messages.Value(tag="a", simple_value=math.inf),
            wall_time=12.5,
        )
        builder.scalar("b", 2, -0.0).scalar("ü/☃", -5, 1e-45)
        columns = scan_builder(tmp_path, builder)
        assert columns.tag_names == [b"b", b"a", "ü/☃".encode()]
        assert columns.tag_id.tolist() == [0, 1, 0, 2]
        assert columns.kind.tolist() == [2] * 4
        assert columns.dtype.tolist() == [DATA_TYPES["float32"]] * 4
        assert columns.step.tolist() == [3, 3, 2, -5]
        assert columns.wall_time.tolist() == [12.5, 12.5, START + 2, START - 5]
        expected = np.array([0.1, math.inf, -0.0, 1e-45], np.float32).astype(float)
        assert columns.value.tobytes() == expected.tobytes()
        assert (columns.records, columns.events) == (4, 4)
        assert (columns.problems, columns.position) == ((), len(builder.bytes()))
        assert_is_truth(columns, builder.bytes())

    def test_kinds_of_payload(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().image("i", 1, b"png").audio("a", 2, b"wav")
        builder.histogram("h", 3, [0.0, 1.0], [5.0, 6.0]).text("t", 4, "hello")
        builder.value("old", 5, obsolete_old_style_histogram=b"??").value("only a tag", 6)
        columns = scan_builder(tmp_path, builder)
        assert columns.kind.tolist() == [4, 6, 5, 8, 3, 0]
        assert columns.dtype.tolist() == [0] * 6
        assert np.isnan(columns.value).all()
        assert_is_truth(columns, builder.bytes())

    def test_offset_and_length_are_the_bytes_of_the_value(self, tmp_path: Path) -> None:
        value = messages.Value(tag="i", image={"encoded_image_string": b"\1\2" * 700})
        builder = EventFileBuilder().file_version().values(1, messages.Value(tag="x"), value)
        columns = scan_builder(tmp_path, builder)
        start, size = int(columns.offset[1]), int(columns.length[1])
        assert builder.bytes()[start : start + size] == value.SerializeToString()

    def test_a_value_without_tag_and_value_says_nothing(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().values(1, messages.Value(), messages.Value(node_name="x"))
        builder.values(2, messages.Value(simple_value=1.0)).values(3)
        columns = scan_builder(tmp_path, builder)
        assert (columns.tag_names, columns.step.tolist()) == ([b""], [2])
        assert (columns.records, columns.events) == (3, 3)

    def test_tags_are_bytes_that_need_not_be_text(self, tmp_path: Path) -> None:
        data = b"\x2a\x09\x0a\x07\x0a\x05\xff\xfe\x00\x80a"
        columns = scan_content(tmp_path, frame(data))
        assert columns.tag_names == [b"\xff\xfe\x00\x80a"]

    def test_extreme_steps_and_wall_times(self, tmp_path: Path) -> None:
        builder = EventFileBuilder()
        steps = [-(1 << 63), (1 << 63) - 1, 0, -1]
        times = [math.nan, -math.inf, 5e-324, 1.7976931348623157e308]
        for step, wall_time in zip(steps, times, strict=True):
            builder.scalar("a", step, 1.0, wall_time)
        columns = scan_builder(tmp_path, builder)
        assert columns.step.tolist() == steps
        np.testing.assert_array_equal(columns.wall_time, times)


class TestMetadata:
    def test_plugin_is_the_first_that_is_declared(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().scalar("a", 1, 1.0)
        builder.value("a", 2, plugin="", simple_value=1.0)
        builder.value("a", 3, plugin="scalars", content=b"x", simple_value=1.0)
        builder.value("a", 4, plugin="other", simple_value=1.0).scalar("b", 5, 1.0)
        columns = scan_builder(tmp_path, builder)
        assert columns.tag_plugins == [b"scalars", b""]
        row = 2
        assert columns.tag_metadata == [(columns.offset[row], columns.length[row]), (-1, 0)]
        assert_is_truth(columns, builder.bytes())


class TestMarks:
    def test_events_that_are_no_summary(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().file_version("brain.Event:2", wall_time=5.0)
        builder.scalar("a", 1, 1.0).session_start(7, wall_time=6.5).scalar("a", 7, 1.0)
        builder.session_log(2, 8).session_log(3, 9).graph(b"a graph", 10)
        builder.event(11, log_message={"level": 40, "message": "oops"})
        tagged = {"tag": "t", "run_metadata": b"\0\1"}
        builder.event(12, tagged_run_metadata=tagged).event(13, meta_graph_def=b"meta")
        builder.event(14).file_version("brain.Event:3")
        columns = scan_builder(tmp_path, builder)
        assert columns.mark_kind.tolist() == [3, 7, 7, 7, 4, 6, 8, 9, 3]
        assert columns.mark_status.tolist() == [0, 1, 2, 3, 0, 0, 0, 0, 0]
        assert columns.mark_step.tolist() == [0, 7, 8, 9, 10, 11, 12, 13, 0]
        assert columns.mark_wall_time.tolist()[:2] == [5.0, 6.5]
        assert columns.mark_row.tolist() == [0, 1, 2, 2, 2, 2, 2, 2, 2]
        assert columns.file_version == "brain.Event:2"
        assert columns.events == 12
        assert_is_truth(columns, builder.bytes())

    def test_first_wall_time(self, tmp_path: Path) -> None:
        mark_first = EventFileBuilder().file_version(wall_time=1.0).scalar("a", 1, 1.0, 2.0)
        value_first = EventFileBuilder().scalar("a", 1, 1.0, 2.0).file_version(wall_time=3.0)
        for builder, expected in [
            (mark_first, 1.0),
            (value_first, 2.0),
            (EventFileBuilder().event(1), None),
        ]:
            assert scan_builder(tmp_path, builder).first_wall_time == expected

    @pytest.mark.parametrize("version", ["", "x" * 64])
    def test_file_version_as_it_is(self, tmp_path: Path, version: str) -> None:
        builder = EventFileBuilder().file_version(version)
        assert scan_builder(tmp_path, builder).file_version == version

    def test_file_version_that_is_a_lie(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().raw_record(b"\x1a\xc8\x01" + b"\xff" + b"v" * 199)
        assert scan_builder(tmp_path, builder).file_version == "\\xff" + "v" * 63


NUMBERS = {
    "float16": [0.0, -1.5, 65504.0, 6e-8, math.inf, math.nan],
    "bfloat16": [0.0, -1.5, 3.0e38, -math.inf, math.nan],
    "float32": [0.1, -0.0, 3.4e38, 1e-45, math.nan],
    "float64": [0.1, 1.7e308, 5e-324, -math.inf],
    "bool": [0, 1],
    "int8": [-128, 127, -1, 0],
    "uint8": [255, 0],
    "int16": [-(1 << 15), (1 << 15) - 1, -2],
    "uint16": [(1 << 16) - 1],
    "int32": [-(1 << 31), (1 << 31) - 1],
    "uint32": [(1 << 32) - 1],
    "int64": [-(1 << 63), (1 << 63) - 1, (1 << 53) + 1, -((1 << 53) + 1)],
    "uint64": [(1 << 64) - 1, (1 << 64) - 1024, (1 << 53) + 1],
}


@pytest.fixture
def bits(scan_implementation: str) -> NDArray[np.uint16]:
    """Every pattern of 16 bits; some for the scan in Python, which leaves them to NumPy."""
    return np.arange(0, 1 << 16, 1 if scan_implementation == "compiled" else 31, dtype=np.uint16)


class TestTensors:
    def test_every_type_is_tried(self) -> None:
        assert set(NUMBERS) == set(SCALAR_TYPES)

    @pytest.mark.parametrize("dtype", SCALAR_TYPES)
    @pytest.mark.parametrize("packed", [True, False])
    @pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
    def test_one_element_reads_as_the_number(
        self, tmp_path: Path, dtype: str, packed: bool, shape: tuple[int, ...]
    ) -> None:
        builder = EventFileBuilder()
        for step, value in enumerate(NUMBERS[dtype]):
            builder.tensor_scalar("a", step, value, dtype, packed=packed, shape=shape)
        columns = scan_builder(tmp_path, builder)
        assert columns.dtype.tolist() == [DATA_TYPES[dtype]] * len(NUMBERS[dtype])
        assert_is_truth(columns, builder.bytes())

    @pytest.mark.parametrize("packed", [True, False])
    def test_every_float16(self, tmp_path: Path, bits: NDArray[np.uint16], packed: bool) -> None:
        columns = scan_builder(tmp_path, half_tensors("float16", bits, packed))
        np.testing.assert_array_equal(columns.value, bits.view(np.float16).astype(float))
        finite = ~np.isnan(columns.value)
        signs = np.signbit(columns.value)[finite]
        np.testing.assert_array_equal(signs, (bits >> 15).astype(bool)[finite])

    @pytest.mark.parametrize("packed", [True, False])
    def test_every_bfloat16(self, tmp_path: Path, bits: NDArray[np.uint16], packed: bool) -> None:
        torch = pytest.importorskip("torch")
        columns = scan_builder(tmp_path, half_tensors("bfloat16", bits, packed))
        numbers = torch.from_numpy(bits.view(np.int16)).view(torch.bfloat16)
        np.testing.assert_array_equal(columns.value, numbers.to(torch.float64).numpy())

    @pytest.mark.parametrize("dtype", SCALAR_TYPES)
    def test_a_value_that_is_left_out_is_zero(self, tmp_path: Path, dtype: str) -> None:
        # TensorFlow writes so (tensor_shape.h: values at the end that repeat may be left out).
        tensor = messages.TensorProto(dtype=DATA_TYPES[dtype])
        columns = scan_builder(tmp_path, EventFileBuilder().value("a", 1, tensor=tensor))
        assert (columns.dtype.tolist(), columns.value.tolist()) == ([DATA_TYPES[dtype]], [0.0])

    @pytest.mark.parametrize(
        "tensor",
        [
            scalar_tensor(1.0, "float32", shape=(2,)),
            scalar_tensor(1.0, "float32", shape=(0,)),
            scalar_tensor(1.0, "float32", shape=(1, 3)),
            scalar_tensor(1.0, "float32", shape=(-1,)),
            messages.TensorProto(dtype=1, tensor_content=b"12345678"),
            messages.TensorProto(dtype=1, tensor_content=b"123"),
            messages.TensorProto(dtype=1, float_val=[1.0, 2.0]),
            messages.TensorProto(dtype=7, string_val=[b"x"]),
            messages.TensorProto(dtype=8, scomplex_val=[1.0, 2.0]),
            messages.TensorProto(dtype=0, float_val=[1.0]),
            messages.TensorProto(dtype=101, float_val=[1.0]),  # a reference type
            messages.TensorProto(dtype=1 << 20, float_val=[1.0]),
            messages.TensorProto(dtype=-1, float_val=[1.0]),
            messages.TensorProto(dtype=1, float_val=[1.0], tensor_shape={"unknown_rank": True}),
        ],
    )
    def test_what_is_no_single_number(self, tmp_path: Path, tensor: Any) -> None:
        columns = scan_builder(tmp_path, EventFileBuilder().value("a", 1, tensor=tensor))
        assert (columns.kind.tolist(), columns.dtype.tolist()) == ([8], [0])
        assert np.isnan(columns.value).all()
        assert columns.problems == ()

    def test_a_tensor_that_is_none_costs_only_its_number(self, tmp_path: Path) -> None:
        columns = scan_content(tmp_path, frame(value_of(b"\x42\x03\x08\x01\x0b")))
        assert (columns.kind.tolist(), columns.dtype.tolist()) == ([8], [0])
        assert columns.problems == ()

    def test_values_of_another_type_are_not_taken(self, tmp_path: Path) -> None:
        tensor = messages.TensorProto(dtype=DATA_TYPES["float64"], float_val=[5.0], int_val=[3, 4])
        columns = scan_builder(tmp_path, EventFileBuilder().value("a", 1, tensor=tensor))
        assert columns.value.tolist() == [0.0]


def half_tensors(dtype: str, bits: NDArray[np.uint16], packed: bool) -> EventFileBuilder:
    """One event with a tensor of each of the bit patterns."""
    values = []
    for pattern in bits.tolist():
        value = messages.Value(tag="a")
        value.tensor.dtype = DATA_TYPES[dtype]
        if packed:
            value.tensor.tensor_content = struct.pack("<H", pattern)
        else:
            value.tensor.half_val.append(pattern)
        values.append(value)
    return EventFileBuilder().values(1, *values)


def span(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def value_of(content: bytes) -> bytes:
    """An event with one value of tag "a" and these fields."""
    return span(5, span(1, span(1, b"a") + content))


def groups(depth: int) -> bytes:
    """Groups of field 15 inside each other."""
    return b"\x7b" * depth + b"\x7c" * depth


class TestWireFormat:
    """What protobuf's parser makes of bytes that no writer writes: each was a difference once, or
    could be one."""

    def test_members_of_a_oneof_replace_each_other(self, tmp_path: Path) -> None:
        start, scalar = span(7, b"\x08\x01"), span(5, span(1, span(1, b"a") + b"\x15" + bytes(4)))
        graph = span(4, b"g")
        for data, kinds, rows in [
            (scalar + start, [7], 0),
            (start + scalar, [], 1),
            (scalar + scalar, [], 2),
            (scalar + graph + scalar, [], 1),
        ]:
            columns = scan_content(tmp_path, frame(data))
            assert (columns.mark_kind.tolist(), columns.tag_id.size) == (kinds, rows)
            assert_is_truth(columns, frame(data))

    def test_status_is_that_of_the_session_log_that_stays(self, tmp_path: Path) -> None:
        start, stop, checkpoint = (span(7, bytes((8, status))) for status in (1, 2, 3))
        graph, path = span(4, b"g"), span(7, span(2, b"path"))
        for data, kind, status in [
            (start + graph, 4, 0),
            (start + graph + path, 7, 0),
            (start + path, 7, 1),
            (start + stop, 7, 2),
            (stop + graph + checkpoint, 7, 3),
            (span(7, b"\x08\xac\x02"), 7, 0),  # 300
            (span(7, b"\x08" + b"\xff" * 9 + b"\x01"), 7, 0),  # -1
        ]:
            columns = scan_content(tmp_path, frame(data))
            assert columns.mark_kind.tolist() == [kind]
            assert columns.mark_status.tolist() == [status]

    def test_shapes_are_merged(self, tmp_path: Path) -> None:
        one, two, unknown, known = b"\x12\x02\x08\x01", b"\x12\x02\x08\x02", b"\x18\x01", b"\x18\0"
        for shapes, number in [
            ([one, one], True),
            ([one, two], False),
            ([two, one], False),
            ([unknown, known], True),
            ([known, unknown], False),
            ([unknown, one], False),
            ([unknown + known], True),
        ]:
            tensor = b"\x08\x01\x2d\0\0\x80\x3f" + b"".join(span(2, shape) for shape in shapes)
            content = frame(value_of(span(8, tensor)))
            columns = scan_content(tmp_path, content)
            assert columns.dtype.tolist() == [int(number)]
            assert_is_truth(columns, content)

    def test_dtype_behind_the_values(self, tmp_path: Path) -> None:
        tensor = b"\x38\x07" + b"\x08\x03"  # int_val 7, then DT_INT32
        columns = scan_content(tmp_path, frame(value_of(span(8, tensor))))
        assert (columns.dtype.tolist(), columns.value.tolist()) == ([3], [7.0])

    @pytest.mark.parametrize(
        "group", ["0b0c", "0b0001 0c", "0b0200 0c", "0b03 04 0c", "0b01 0000000000000000 0c"]
    )
    def test_unknown_groups_are_skipped_whatever_their_fields_are_numbered(
        self, tmp_path: Path, group: str
    ) -> None:
        data = bytes.fromhex(group)
        try:
            event_pb2.Event.FromString(data)
        except DecodeError:
            assert group != "0b0c"
            pytest.skip("this protobuf, as all before 7, refuses fields of number 0 in groups")
        columns = scan_content(tmp_path, frame(data))
        assert (columns.problems, columns.events) == ((), 1)
        assert_is_truth(columns, frame(data))

    @pytest.mark.parametrize(
        "data",
        [
            "0001",  # a field of number 0
            "800001",  # the same, in two bytes
            "0c",  # the end of a group that has not begun
            "0b14",  # the end of another group
            "0b",  # a group without end
            "0e",  # wire types that there are not
            "0f",
            "0900",  # less than a number
            "1080",
            "10ffffffffffffffffffff01",  # 11 bytes
            "2a02",  # less than its length
            "2affffffff0f",  # a length of 2**32 - 1
            "2a8080808008",  # a length of 2**31
            "ffffffff1f00",  # a key of more than 32 bits
            "888080808000",  # a key of six bytes
        ],
    )
    def test_what_is_no_message(self, tmp_path: Path, data: str) -> None:
        content = frame(bytes.fromhex(data)) + frame(value_of(b""))
        columns = scan_content(tmp_path, content)
        size = len(data) // 2 + 16
        assert problem_places(columns) == [("undecodable", 0, size)]
        assert (columns.records, columns.events, columns.tag_names) == (2, 1, [b"a"])

    @pytest.mark.parametrize(
        "data",
        [
            "8a8000 00",  # an overlong key
            "aa808080 00 00",
            "10 8080808080808080 8000",  # an overlong number
            "10 8080808080808080 80 7f",  # of more than 64 bits
            "2a 8080808000",  # an overlong length
            "28 05",  # a summary of the wrong wire type
            "0a 01 00",  # a wall time of the wrong wire type
            "f8ffffff0f 01",  # the largest field number
        ],
    )
    def test_what_is_a_message_nevertheless(self, tmp_path: Path, data: str) -> None:
        content = frame(bytes.fromhex(data))
        columns = scan_content(tmp_path, content)
        assert (columns.problems, columns.events) == ((), 1)
        assert_is_truth(columns, content)

    def test_an_event_is_taken_whole_or_not_at_all(self, tmp_path: Path) -> None:
        good, bad = span(5, span(1, span(1, b"a"))), span(5, span(1, b"\x0a\x05a"))
        for data, decodable in [
            (good + bad, False),
            (bad + good, False),
            (bad + span(4, b""), True),
        ]:
            columns = scan_content(tmp_path, frame(data))
            assert (not columns.problems, columns.tag_names) == (decodable, [])

    @pytest.mark.parametrize(
        ("place", "deepest"),
        [
            (lambda group: group, 100),
            (lambda group: span(5, group), 99),
            (lambda group: span(7, group), 99),
            (lambda group: value_of(group), 100),
            (lambda group: value_of(span(9, group)), 99),
            (lambda group: value_of(span(9, span(1, group))), 98),
        ],
    )
    def test_groups_are_as_deep_as_in_protobuf(
        self, tmp_path: Path, place: Any, deepest: int
    ) -> None:
        for depth in (1, deepest - 1, deepest, deepest + 1, 5000):
            columns = scan_content(tmp_path, frame(place(groups(depth))))
            assert columns.events == (depth <= deepest), depth
