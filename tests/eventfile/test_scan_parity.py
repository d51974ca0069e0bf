"""Both scans against TensorBoard's messages and each other, on files by real and random writers."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto import event_pb2, summary_pb2

from tbtools.eventfile import scan
from tbtools.eventfile.scan import scan_file
from tbtools.eventfile.value_rows import PLACE_COLUMNS, ROW_COLUMNS
from tests.builders import EventFileBuilder, frame, scalar_tensor
from tests.eventfile.scan_truth import assert_is_truth
from tests.scans import (
    SCANNERS,
    assert_same_columns,
    differences,
    problem_places,
    scan_bytes,
    scan_content,
)

if TYPE_CHECKING:
    from collections.abc import Callable

needs_both = pytest.mark.skipif(
    SCANNERS["compiled"] is None, reason="the compiled scan has not been built"
)

# --- real writers ------------------------------------------------------------------------------


def write_with_tensorboardx(folder: str) -> None:
    from tensorboardX import SummaryWriter

    with SummaryWriter(folder) as writer:
        for step in range(20):
            writer.add_scalar("loss/train", 1 / (step + 1), step)
            writer.add_scalar("loss/späť", float("nan"), step, walltime=1.5)
        writer.add_scalars("both", {"a": 1.0, "b": 2.0}, 3)
        writer.add_histogram("weights", np.arange(100.0), 1)
        writer.add_text("note", "a *text*", 2)
        writer.add_image("image", np.zeros((3, 4, 5), np.uint8), 2)
        writer.add_pr_curve("pr", np.array([0, 1, 1]), np.array([0.1, 0.8, 0.5]), 2)
        writer.add_hparams({"lr": 0.1, "name": "x"}, {"accuracy": 0.5}, name="trial")


def write_with_torch(folder: str) -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(folder, purge_step=7) as writer:
        for step in range(20):
            writer.add_scalar("float32", 0.1 * step, step)
            writer.add_scalar("float64", 0.1 * step, step, double_precision=True)
            writer.add_scalar("new", 0.1 * step, step, new_style=True)
        writer.add_tensor("tensor", torch.arange(6).reshape(2, 3), 1)
        writer.add_histogram("weights", torch.arange(100.0), 1)
        writer.add_text("note", "a *text*", 2)
        writer.add_image("image", torch.zeros(3, 4, 5), 2)
        writer.add_mesh("mesh", torch.zeros(1, 3, 3), global_step=2)
        writer.add_graph(torch.nn.Linear(2, 3), torch.zeros(1, 2))
        writer.add_hparams({"lr": 0.1, "name": "x", "b": True}, {"accuracy": 0.5}, run_name=".")


def write_with_tensorboard(folder: str) -> None:
    from tensorboard.plugins.histogram import summary_v2 as histogram
    from tensorboard.plugins.hparams import summary_v2 as hparams
    from tensorboard.plugins.scalar import summary_v2 as scalar
    from tensorboard.plugins.text import summary_v2 as text
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    summaries = [
        scalar.scalar_pb("loss", 0.25),
        histogram.histogram_pb("histogram", np.arange(50.0)),
        text.text_pb("text", "some"),
        hparams.hparams_pb({"lr": 0.1, "layers": 3}),
    ]
    writer = EventFileWriter(folder)
    for step, summary in enumerate(summaries):
        writer.add_event(event_pb2.Event(step=step, wall_time=100.0 + step, summary=summary))
    log = event_pb2.SessionLog(status=event_pb2.SessionLog.STOP)
    writer.add_event(event_pb2.Event(step=9, wall_time=109.0, session_log=log))
    writer.close()


@pytest.mark.usefixtures("scan_implementation")
# What torch traces a graph with is deprecated; it has nothing else.
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
class TestRealWriters:
    @pytest.mark.parametrize(
        "write", [write_with_tensorboardx, write_with_torch, write_with_tensorboard]
    )
    def test_columns_are_what_tensorboard_reads(
        self, tmp_path: Path, write: Callable[[str], None]
    ) -> None:
        write(str(tmp_path))
        files = sorted(tmp_path.rglob("*tfevents*"))
        assert files
        for path in files:
            columns = scan_file(path)
            assert columns.problems == ()
            assert columns.position == columns.size == path.stat().st_size
            assert_is_truth(columns, path.read_bytes())


# --- random writers ------------------------------------------------------------------------------

TAGS = st.one_of(st.sampled_from(["", "loss", "loss/train", "accuracy"]), st.text(max_size=20))
STEPS = st.one_of(st.integers(0, 1000), st.integers(-(1 << 63), (1 << 63) - 1))
INTEGERS = {
    f"{sign}int{bits}": (0 if sign else -(1 << bits - 1), (1 << bits - (not sign)) - 1)
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}


@st.composite
def scalar_tensors(draw: st.DrawFn) -> Any:
    dtype = draw(st.sampled_from(["float16", "bfloat16", "float32", "float64", "bool", *INTEGERS]))
    value: float
    if dtype == "bool":
        value = draw(st.booleans())
    elif dtype in INTEGERS:
        value = draw(st.integers(*INTEGERS[dtype]))
    else:
        width = 16 if dtype == "float16" else 64 if dtype == "float64" else 32
        value = draw(st.floats(width=width))
    shape = draw(st.sampled_from([(), (1,), (1, 1, 1)]))
    ours = scalar_tensor(value, dtype, packed=draw(st.booleans()), shape=shape)
    return summary_pb2.Summary.Value().tensor.FromString(ours.SerializeToString())


@st.composite
def values(draw: st.DrawFn) -> Any:
    value = summary_pb2.Summary.Value(tag=draw(TAGS))
    member = draw(st.sampled_from(["simple_value", "tensor", "histo", "image", "audio", "none"]))
    if member == "simple_value":
        value.simple_value = draw(st.floats(width=32))
    elif member == "tensor":
        value.tensor.CopyFrom(draw(scalar_tensors()))
    elif member != "none":
        getattr(value, member).SetInParent()
    if draw(st.booleans()):
        value.metadata.plugin_data.plugin_name = draw(st.sampled_from(["", "scalars", "text"]))
        value.metadata.plugin_data.content = draw(st.binary(max_size=5))
    return value


@st.composite
def events(draw: st.DrawFn) -> Any:
    event = event_pb2.Event(step=draw(STEPS), wall_time=draw(st.floats()))
    member = draw(
        st.sampled_from(["summary"] * 5 + ["file_version", "graph_def", "session_log", ""])
    )
    if member == "summary":
        event.summary.SetInParent()
        event.summary.value.extend(draw(st.lists(values(), max_size=3)))
    elif member == "session_log":
        event.session_log.status = draw(st.integers(0, 3))
    elif member == "file_version":
        event.file_version = draw(st.text(max_size=12))
    elif member:
        event.graph_def = draw(st.binary(max_size=50))
    return event


def file_of(found: list[Any]) -> bytes:
    return b"".join(frame(event.SerializeToString()) for event in found)


@pytest.mark.usefixtures("scan_implementation")
class TestRandomEvents:
    # The fixture only swaps the implementation: it is the same for each example.
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(found=st.lists(events(), max_size=8))
    def test_columns_are_what_tensorboard_reads(
        self, tmp_path_factory: pytest.TempPathFactory, found: list[Any]
    ) -> None:
        content = file_of(found)
        columns = scan_content(tmp_path_factory.mktemp("f"), content)
        assert columns.problems == ()
        assert_is_truth(columns, content)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(found=st.lists(events(), max_size=4), seed=st.integers(0, 1 << 32))
    def test_the_same_however_the_bytes_come(
        self, scan_implementation: str, found: list[Any], seed: int
    ) -> None:
        scanner = SCANNERS[scan_implementation]
        chance = random.Random(seed)
        content = bytearray(file_of(found))
        if content and chance.random() < 0.5:
            content[chance.randrange(len(content))] ^= 4
        whole = scan_bytes(scanner, content)
        for more in (0, 1, 7, chance.randrange(len(content) + 1)):
            assert not differences(whole, scan_bytes(scanner, content, more))


def one_of_everything() -> bytes:
    builder = EventFileBuilder().file_version().scalar("loss", 1, 0.5).session_start(1)
    builder.tensor_scalar("accuracy", 1, 0.25, "float64").text("note", 2, "text", "more")
    builder.histogram("h", 2, [0.0, 1.0], [3.0, 4.0]).graph(b"graph").scalar("loss", 3, 0.125)
    return builder.bytes()


@needs_both
def test_scans_agree_on_every_beginning_of_a_file() -> None:
    content = one_of_everything()
    for size in range(len(content)):
        compiled, protobuf = (scan_bytes(s, content[:size]) for s in SCANNERS.values())
        assert not differences(compiled, protobuf), size


@pytest.mark.usefixtures("scan_implementation")
def test_a_file_cut_at_any_byte_gives_its_whole_records(tmp_path: Path) -> None:
    content = one_of_everything()
    whole = scan_content(tmp_path, content)
    for size in range(len(content)):
        columns = scan_content(tmp_path, content[:size])
        rows, marks = columns.tag_id.size, columns.mark_kind.size
        assert columns.tag_names == whole.tag_names[: len(columns.tag_names)]
        for name in ("tag_id", "kind", "dtype", "step", "wall_time", "value", "offset", "length"):
            np.testing.assert_array_equal(getattr(columns, name), getattr(whole, name)[:rows])
        for name in ("kind", "status", "step", "wall_time", "row", "offset", "length"):
            cut = getattr(columns, f"mark_{name}")
            np.testing.assert_array_equal(cut, getattr(whole, f"mark_{name}")[:marks])
        left = size - columns.position
        assert problem_places(columns) == ([("truncated", columns.position, left)] if left else [])
        assert columns.records == sum(
            end <= size for end in np.append(whole_ends(content), size + 1).tolist()
        )


def scalar_event(value: Any, step: int = 5, behind: bytes = b"") -> bytes:
    summary = summary_pb2.Summary(value=[value])
    return event_pb2.Event(wall_time=1e9, step=step, summary=summary).SerializeToString() + behind


def number_event(dtype: str, *, packed: bool, plugin: bytes = b"") -> bytes:
    value = summary_pb2.Summary.Value(tag="a/loss")
    value.tensor.ParseFromString(scalar_tensor(0.1, dtype, packed=packed).SerializeToString())
    if plugin:
        value.metadata.plugin_data.plugin_name = "scalars"
        value.metadata.plugin_data.content = plugin
    return scalar_event(value)


SIMPLE = summary_pb2.Summary.Value(tag="loss/train", simple_value=0.1)
REPEATED = {
    "simple_value": scalar_event(SIMPLE),
    "without a step": scalar_event(SIMPLE, 0),
    "large step": scalar_event(SIMPLE, 1 << 55),
    "negative step": scalar_event(SIMPLE, -3),
    "something behind": scalar_event(SIMPLE, 300, behind=b"\x78\x01"),
    "two steps": scalar_event(SIMPLE, 300, behind=b"\x10\x02"),
    "two wall times": scalar_event(SIMPLE, 300, behind=b"\x09" + struct.pack("<d", 0.5)),
    "no tag": scalar_event(summary_pb2.Summary.Value(simple_value=0.5)),
    "packed float": number_event("float32", packed=True, plugin=b"12345"),
    "listed float": number_event("float32", packed=False),
    "packed double": number_event("float64", packed=True),
    "listed double": number_event("float64", packed=False, plugin=b"x" * 50),
    "half": number_event("float16", packed=True),
}


@needs_both
@pytest.mark.parametrize("name", REPEATED)
def test_scans_agree_where_one_byte_of_a_repeated_record_is_another(name: str) -> None:
    """Also where it says something else then, and its checksum holds."""
    event, other = REPEATED[name], scalar_event(summary_pb2.Summary.Value(tag="b", simple_value=2))
    before = (frame(event) + frame(other)) * 3
    for place in range(len(event)):
        for bit in range(8):
            changed = bytearray(event)
            changed[place] ^= 1 << bit
            content = before + frame(bytes(changed)) + frame(other) + frame(event)
            compiled, protobuf = (scan_bytes(scanner, content) for scanner in SCANNERS.values())
            assert not differences(compiled, protobuf), (place, bit)


@needs_both
@pytest.mark.parametrize("name", REPEATED)
def test_scans_agree_where_one_byte_of_a_repeated_record_is_damaged(name: str) -> None:
    event = frame(REPEATED[name])
    for place in range(len(event)):
        changed = bytearray(event)
        changed[place] ^= 1 << place % 8
        content = event * 4 + bytes(changed) + event * 2
        compiled, protobuf = (scan_bytes(scanner, content) for scanner in SCANNERS.values())
        assert not differences(compiled, protobuf), place
        assert compiled["records"] == 6


@pytest.mark.usefixtures("scan_implementation")
@pytest.mark.parametrize("step", [0, 1, 200, 1 << 20, 1 << 27, 1 << 55, 1 << 62, -1])
def test_repeated_records_of_all_lengths(tmp_path: Path, step: int) -> None:
    """Words of 8 and blocks of 16 bytes are looked at, of records that end anywhere in them."""
    content = b""
    for length in range(1, 40):
        value = summary_pb2.Summary.Value(tag="t" * length, simple_value=1 / length)
        content += frame(scalar_event(value, step)) * 4
    assert_is_truth(scan_content(tmp_path, content), content)


@pytest.mark.usefixtures("scan_implementation")
def test_places_where_what_stands_behind_a_value_changes(tmp_path: Path) -> None:
    a, b = (summary_pb2.Summary.Value(tag=tag, simple_value=0.5) for tag in "ab")
    content = b""
    for round_ in range(12):
        behind = b"\x78\x01" if round_ % 4 == 3 else b""
        content += frame(scalar_event(a, behind=behind)) + frame(scalar_event(b))
    assert_is_truth(scan_content(tmp_path, content), content)


@pytest.mark.usefixtures("scan_implementation")
def test_a_number_that_is_no_float_makes_all_of_them_doubles(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("a", [(step, 0.1) for step in range(5)])
    assert scan_content(tmp_path, builder.bytes()).values.number.dtype == np.float32
    builder.tensor_scalar("b", 5, 0.1, "float64").scalar("a", 6, 0.1)
    columns = scan_content(tmp_path, builder.bytes())
    assert columns.values.number.dtype == np.float64
    float32 = float(np.float32(0.1))
    assert columns.value.tolist() == [float32] * 5 + [0.1, float32]


@pytest.mark.usefixtures("scan_implementation")
def test_a_scalar_takes_24_bytes(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(2000):
        for tag in ("loss", "accuracy", "rate"):
            builder.scalar(tag, step, step / 4)
    rows = scan_content(tmp_path, builder.bytes()).values
    columns = [getattr(rows, name) for name in (*ROW_COLUMNS, *PLACE_COLUMNS)]
    assert sum(column.nbytes for column in columns) < 24.1 * rows.count
    assert rows.last_offset == rows.offset[-1]


def whole_ends(content: bytes) -> list[int]:
    """Where the records end."""
    ends = [0]
    while ends[-1] < len(content):
        length = int.from_bytes(content[ends[-1] : ends[-1] + 8], "little")
        ends.append(ends[-1] + length + 16)
    return ends[1:]


@pytest.mark.usefixtures("scan_implementation")
@pytest.mark.parametrize("chunk", [1, 16, 100, 4096])
def test_records_larger_than_what_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    builder = EventFileBuilder().file_version()
    for step, size in enumerate([10, 5000, 3, 90, 20_000, 4096, 0]):
        builder.image("image", step, bytes(size)).scalar("loss", step, 0.5)
    builder.raw_bytes(b"garbage" * 30).scalar("loss", 9, 0.25)
    expected = scan_content(tmp_path, builder.bytes())
    assert problem_places(expected) == [("bad_length", builder.offsets[-1] - 210, 210)]
    monkeypatch.setattr(scan, "_CHUNK", chunk)
    monkeypatch.setattr(scan, "_buffers", type(scan._buffers)())
    columns = scan_content(tmp_path, builder.bytes())
    assert_same_columns(columns, expected, but=("modified",))


# --- which of the two ----------------------------------------------------------------------------

ASK = "from tbtools.eventfile import scan; print(scan.implementation())"
WITHOUT = "import sys; sys.modules['tbtools.eventfile._scan'] = None; "  # as if it were not built


@pytest.mark.parametrize(
    ("code", "setting", "expected"),
    [
        (ASK, None, "compiled" if SCANNERS["compiled"] else "protobuf"),
        (ASK, "0", "compiled" if SCANNERS["compiled"] else "protobuf"),
        (ASK, "1", "protobuf"),
        (WITHOUT + ASK, None, "protobuf"),
    ],
)
def test_which_scan_is_in_use(code: str, setting: str | None, expected: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "TBTOOLS_PURE_PYTHON"}
    if setting is not None:
        environment["TBTOOLS_PURE_PYTHON"] = setting
    command = [sys.executable, "-c", code]
    root = Path(__file__).parents[2]
    answer = subprocess.check_output(command, text=True, env=environment, cwd=root)
    assert answer == f"{expected}\n"
