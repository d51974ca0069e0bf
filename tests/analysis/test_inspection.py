"""What one file holds, value by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard import SummaryWriter

from tbtools.analysis.inspection import (
    describe_event,
    describe_value,
    inspect_file,
    inspect_records,
)
from tbtools.eventfile import messages
from tests.builders import START, EventFileBuilder, scalar_tensor

if TYPE_CHECKING:
    from pathlib import Path


def described(builder: EventFileBuilder, path: Path) -> list[tuple[str, str]]:
    (record,) = inspect_records(str(builder.write(path / "events.out.tfevents.1")))
    return describe_event(record.event, record.event.WhichOneof("what"))


@pytest.mark.parametrize(
    ("builder", "text"),
    [
        (EventFileBuilder().scalar("a", 1, 0.1), ("a", "0.1")),
        (EventFileBuilder().scalar("a", 1, float("-inf")), ("a", "-inf")),
        (EventFileBuilder().tensor_scalar("a", 1, 0.1, "float64"), ("a", "0.1 (float64)")),
        (EventFileBuilder().tensor_scalar("a", 1, 3, "int64"), ("a", "3 (int64)")),
        (EventFileBuilder().text("a", 1, "hé"), ("a", "'hé'")),
        (EventFileBuilder().strings("a", 1, [b"\xff"], plugin="text"), ("a", r"'\\xff'")),
        (EventFileBuilder().text("a", 1, "one", "two"), ("a", "2 strings, the first 'one'")),
        (EventFileBuilder().text("a", 1, shape=(0, 2)), ("a", "tensor 0 x 2, strings")),
        (EventFileBuilder().tensor("a", 1, np.zeros((0, 2))), ("a", "tensor 0 x 2, float64")),
        (EventFileBuilder().tensor("a", 1, np.zeros((2, 3))), ("a", "tensor 2 x 3, float64")),
        (EventFileBuilder().image("a", 1, b"1234", 5, 6), ("a", "image 5 x 6, 4 bytes")),
        (EventFileBuilder().value("a", 1), ("a", "no value")),
        (EventFileBuilder().value("a", 1, plugin="p", content=b"12"),
         ("a", "p: 2 bytes of plugin data")),
        (EventFileBuilder().file_version(), ("file_version", "brain.Event:2")),
        (EventFileBuilder().session_log(2, 1), ("session_log", "STOP")),
        (EventFileBuilder().session_log(9, 1), ("session_log", "9")),
        (EventFileBuilder().graph(b"12345"), ("graph_def", "5 bytes")),
        (EventFileBuilder().event(1), ("-", "no content")),
    ],
)  # fmt: skip
def test_description(builder: EventFileBuilder, text: tuple[str, str], tmp_path: Path) -> None:
    assert described(builder, tmp_path) == [text]


def test_a_tensor_that_lies_is_told_as_such() -> None:
    tensor = scalar_tensor(1.0, "float32")
    tensor.tensor_shape.dim.add(size=2**40)
    text = describe_value(messages.Value(tag="a", tensor=tensor))
    assert text.startswith("tensor that cannot be decoded: ")


@pytest.mark.parametrize("damage", ["bad_data", "bad_length", "truncated", "undecodable"])
def test_damage_stands_in_its_place(damage: str, tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("a", 1, 1.0)
    if damage == "undecodable":
        builder.raw_record(b"\xff\xff")
    else:
        builder.scalar("a", 2, 1.0)
    change: dict[str, Any] = {
        "bad_data": builder.corrupt_data_crc,
        "bad_length": builder.corrupt_length,
        "truncated": lambda: builder.truncate(1),
        "undecodable": lambda: None,
    }
    change[damage]()
    if damage != "truncated":
        builder.scalar("a", 3, 1.0)
    path = str(builder.write(tmp_path / "events.out.tfevents.1"))
    records = list(inspect_records(path))
    states = ["ok", damage] + ["ok"] * (damage != "truncated")
    assert [record.state for record in records] == states
    assert [record.offset for record in records] == builder.offsets
    assert records[-1].offset + records[-1].length == len(builder.bytes())
    assert [problem.kind for problem in inspect_file(path).problems] == [damage]


def test_file(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version().scalars("b", [(3, 1.0), (1, 1.0), (2, 1.0)])
    builder.histogram("a", 4, [1.0], [2.0]).session_start(5)
    inspection = inspect_file(str(builder.write(tmp_path / "events.out.tfevents.1")))
    assert (inspection.bytes, inspection.records, inspection.events) == (len(builder.bytes()), 6, 6)
    assert (inspection.file_version, inspection.writer, inspection.sessions) == (
        "brain.Event:2",
        "",
        2,
    )
    assert (inspection.first_time, inspection.other_events) == (
        START,
        {"file_version": 1, "session_log": 1},
    )
    a, b = inspection.tags
    assert (a.tag, a.plugin, a.stored_as, a.count) == ("a", "histograms", "histo", 1)
    assert (b.count, b.first_step, b.last_step, b.out_of_order) == (3, 1, 3, 1)
    assert inspection.to_dict()["tags"][1]["tag"] == "b"


def test_superseded_points_are_there(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("a", [(1, 1.0), (2, 1.0)]).session_start(1)
    builder.scalars("a", [(1, 1.0), (2, 1.0)])
    (tag,) = inspect_file(str(builder.write(tmp_path / "events.out.tfevents.1"))).tags
    assert tag.count == 4


def test_writer_is_told(tmp_path: Path) -> None:
    writer = EventFileWriter(str(tmp_path / "tensorboard"))
    writer.close()
    with SummaryWriter(str(tmp_path / "torch")) as torch_writer:
        torch_writer.add_scalar("loss", 0.1, 1)
    for name in ("tensorboard", "torch"):
        (path,) = (tmp_path / name).iterdir()
        inspection = inspect_file(str(path))
        assert inspection.writer.endswith("event_file_writer")
        assert inspection.file_version == "brain.Event:2"


def test_missing_file() -> None:
    with pytest.raises(FileNotFoundError):
        inspect_file("nowhere")
    with pytest.raises(FileNotFoundError):
        next(inspect_records("nowhere"))
