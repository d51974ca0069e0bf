"""`tbtools inspect`: one file, as it is."""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2

from tests.builders import START, EventFileBuilder
from tests.commands import call
from tests.golden import assert_golden

if TYPE_CHECKING:
    from pathlib import Path

MEDIA = "tests/logs/media/events.out.tfevents.1772697600.node7.4242.0"
RESUMED = "tests/logs/resumed/events.out.tfevents.1772442000.node7.4242.1"


def inspected(path: str, *arguments: str) -> Any:
    result = call("inspect", path, *arguments, "--format", "json")
    assert (result.status, result.besides) == (0, "")
    return json.loads(result.out, parse_constant=pytest.fail)


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file with every kind of damage, and values of every kind."""
    builder = EventFileBuilder().file_version().scalar("loss", 1, 0.1)
    builder.scalar("loss", 2, 0.2).corrupt_data_crc()
    builder.scalar("loss", 3, 0.3).corrupt_length()
    builder.raw_record(b"\xff\xff\xff").session_start(4).scalar("loss", 4, float("nan"))
    builder.tensor_scalar("acc", 4, 0.5, "float64").text("note", 4, "a\x1b[31m\nb", "c")
    builder.tensor("many", 4, np.zeros((2, 3), np.float32), plugin="mine")
    builder.histogram("weights", 4, [0.0, 1.0], [1.0, 2.0], minimum=-1.0, maximum=1.0)
    builder.image("picture", 4, b"PNG", 3, 2).audio("sound", 4, b"RIFF", 8000.0, 80)
    builder.value("nothing", 4).graph(b"graph").event(5).scalar("loss", 5, 0.5).truncate(4)
    builder.write(tmp_path / "events.out.tfevents.1")
    monkeypatch.chdir(tmp_path)
    return "events.out.tfevents.1"


@pytest.mark.parametrize("what", [[], ["--records"], ["--events"]])
def test_damaged_file(what: list[str], damaged: str, scan_implementation: str) -> None:
    result = call("inspect", damaged, *what)
    assert (result.status, result.err) == (0, "")
    assert_golden(f"cli/inspect_damaged{''.join(what)}.txt", result.out)


@pytest.mark.parametrize(("name", "path"), [("media", MEDIA), ("resumed", RESUMED)])
def test_example(name: str, path: str) -> None:
    assert_golden(f"cli/inspect_{name}.txt", call("inspect", path).out)


def test_limit() -> None:
    assert call("inspect", MEDIA, "--limit", "2").out.splitlines()[-1] == (
        f"{MEDIA}: 11 tags, 61 values; 2 of 11 tags shown (--limit)"
    )
    assert len(inspected(MEDIA, "--records", "--limit", "3")["records"]) == 3
    assert len(inspected(MEDIA, "--events", "--limit", "3")["events"]) == 3


def test_of_a_record_that_broke_off_there_is_no_data_length(tmp_path: Path) -> None:
    half = EventFileBuilder().scalar("loss", 1, 0.1).bytes()[:14]
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(half + EventFileBuilder().scalars("loss", [(2, 0.2), (3, 0.3)]).bytes())
    first, *others = inspected(str(path), "--records")["records"]
    assert (first["state"], first["length"], first["data_length"]) == ("bad_data", 14, None)
    assert [record["state"] for record in others] == ["ok", "ok"]


def test_records_are_those_that_tensorboard_reads() -> None:
    theirs = list(RawEventFileLoader(MEDIA).Load())
    ours = inspected(MEDIA, "--records")["records"]
    assert [record["data_length"] for record in ours] == [len(data) for data in theirs]
    assert {record["state"] for record in ours} == {"ok"}
    ends = np.cumsum([record["length"] for record in ours])
    assert [record["offset"] for record in ours] == [0, *ends[:-1].tolist()]
    assert ends[-1] == os.stat(MEDIA).st_size  # noqa: PTH116


def test_events_are_those_that_tensorboard_reads() -> None:
    theirs = [event_pb2.Event.FromString(data) for data in RawEventFileLoader(RESUMED).Load()]
    ours = inspected(RESUMED, "--events")["events"]
    assert [(event["step"], event["wall_time"], event["what"]) for event in ours] == [
        (event.step, event.wall_time, event.WhichOneof("what")) for event in theirs
    ]
    for event, their in zip(ours, theirs, strict=True):
        if their.HasField("summary"):
            told = [(value["tag"], np.float32(value["content"])) for value in event["values"]]
            assert told == [
                (value.tag, np.float32(value.simple_value)) for value in their.summary.value
            ]


def test_csv_is_the_json() -> None:
    text = call("inspect", MEDIA, "--format", "csv").out
    tags = [{name: str(value) for name, value in tag.items()} for tag in inspected(MEDIA)["tags"]]
    assert list(csv.DictReader(io.StringIO(text))) == tags
    text = call("inspect", MEDIA, "--events", "--format", "csv").out
    values = [
        (str(event["offset"]), value["tag"], value["content"])
        for event in inspected(MEDIA, "--events")["events"]
        for value in event["values"]
    ]
    rows = csv.DictReader(io.StringIO(text))
    assert [(row["offset"], row["tag"], row["content"]) for row in rows] == values


def test_csv_without_tags_has_its_columns(tmp_path: Path) -> None:
    path = EventFileBuilder().file_version().write(tmp_path / "events.out.tfevents.1")
    text = call("inspect", os.fspath(path), "--format", "csv").out
    assert text.startswith("tag,plugin,stored_as,count,")
    assert text.count("\n") == 1


def test_out_of_order_steps_are_counted(tmp_path: Path) -> None:
    points = [(step, 0.5) for step in (1, 5, 3, 4, 2)]
    path = EventFileBuilder().scalars("loss", points).write(tmp_path / "events.out.tfevents.1")
    (tag,) = inspected(os.fspath(path))["tags"]
    assert (tag["count"], tag["out_of_order"]) == (5, 2)
    assert (tag["first_step"], tag["last_step"]) == (1, 5)
    assert (tag["first_time"], tag["last_time"]) == (START + 1, START + 2)


def test_files_without_events(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.touch()
    empty = call("inspect", os.fspath(path))
    assert (empty.status, empty.err) == (0, "")
    assert "0 records, 0 events, 0 sessions" in empty.out
    path.write_bytes(b"a text that is no event file at all")
    other = call("inspect", os.fspath(path))
    assert other.status == 2
    assert other.err == f"tbtools: {path}: not one event could be read\n"
    assert other.out.endswith("not an event file\n")
