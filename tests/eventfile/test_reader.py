"""Events of sound, damaged and growing files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto import event_pb2, summary_pb2

from tbtools import errors
from tbtools.eventfile.problems import Problem
from tbtools.eventfile.reader import EventFileReader
from tbtools.eventfile.scan import scan_file
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any


def steps(events: Iterable[Any]) -> list[int]:
    return [event.step for event in events]


def five_steps() -> EventFileBuilder:
    return EventFileBuilder().file_version().scalars("loss", ((i, i / 2) for i in range(1, 5)))


def damaged(name: str) -> EventFileBuilder:
    builder = five_steps()
    if name == "truncated":
        return builder.truncate(7)
    if name == "bad data":
        return builder.corrupt_data_crc().scalar("loss", 5, 0.5)
    if name == "bad length":
        return builder.corrupt_length().scalar("loss", 5, 0.5)
    if name == "bad length at the end":
        return builder.corrupt_length()
    if name == "undecodable":
        return builder.raw_record(b"\xff\xff").scalar("loss", 5, 0.5)
    if name == "garbage in front":
        return EventFileBuilder().raw_bytes(b"\1" * 30).scalar("loss", 5, 0.5)
    if name == "no event file":
        return EventFileBuilder().raw_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    if name == "everything":
        builder.corrupt_data_crc().raw_record(b"\xff").scalar("a", 5, 1).corrupt_length()
        return builder.scalar("a", 6, 1).scalar("a", 7, 1).truncate(1)
    return EventFileBuilder()


DAMAGE = {
    "empty": ([], []),
    "truncated": ([0, 1, 2, 3], ["truncated"]),
    "bad data": ([0, 1, 2, 3, 5], ["bad_data"]),
    "bad length": ([0, 1, 2, 3, 5], ["bad_length"]),
    "bad length at the end": ([0, 1, 2, 3], ["bad_length"]),
    "undecodable": ([0, 1, 2, 3, 4, 5], ["undecodable"]),
    "garbage in front": ([5], ["bad_length"]),
    "everything": ([0, 1, 2, 3, 6], ["bad_data", "undecodable", "bad_length", "truncated"]),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_passed_over_and_told(name: str, tmp_path: Path) -> None:
    builder = damaged(name)
    path = builder.write(tmp_path / "events.out.tfevents.1")
    reader = EventFileReader(path)
    assert (steps(reader), [problem.kind for problem in reader.problems]) == DAMAGE[name]
    assert tuple(reader.problems) == scan_file(path).problems
    # Every byte is either in a sound record or in a problem.
    size = len(builder.bytes())
    assert all(0 <= p.offset < p.offset + p.length <= size for p in reader.problems)
    lost = sum(problem.length for problem in reader.problems)
    sound = sum(len(event.SerializeToString()) + 16 for event in EventFileReader(path))
    assert lost + sound == size


@pytest.mark.parametrize(
    ("name", "error", "index"),
    [
        ("truncated", errors.TruncatedRecord, 4),
        ("bad data", errors.BadData, 4),
        ("bad length", errors.BadLength, 4),
        ("undecodable", errors.UndecodableEvent, 5),
    ],
)
def test_strict_raises_at_the_place(
    name: str, error: type[errors.RecordError], index: int, tmp_path: Path
) -> None:
    builder = damaged(name)
    path = builder.write(tmp_path / "f")
    reader = EventFileReader(path, strict=True)
    before: list[Any] = []
    with pytest.raises(error) as caught:
        before.extend(reader)
    assert steps(before) == list(range(index))
    assert caught.value.path == str(path)
    assert caught.value.offset == builder.offsets[index]
    assert reader.problems == []


def test_strict_can_go_on_behind_a_recoverable_error(tmp_path: Path) -> None:
    reader = EventFileReader(damaged("bad data").write(tmp_path / "f"), strict=True)
    with pytest.raises(errors.BadData):
        steps(reader)
    assert steps(reader) == [5]


def test_each_iteration_goes_on(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version().scalar("loss", 1, 0.5)
    reader = EventFileReader(builder.write(tmp_path / "f"))
    assert steps(reader) == [0, 1]
    assert steps(reader) == []
    builder.scalar("loss", 2, 0.5).scalar("loss", 3, 0.5).write(tmp_path / "f")
    for event in reader:
        assert event.step == 2
        break
    assert steps(reader) == [3]


@pytest.mark.parametrize("name", ["truncated", "bad length at the end"])
def test_an_end_that_heals_is_no_problem_any_more(name: str, tmp_path: Path) -> None:
    path = damaged(name).write(tmp_path / "f")
    reader = EventFileReader(path)
    steps(reader)
    assert len(reader.problems) == 1
    sound = five_steps().scalar("loss", 5, 0.5)
    if name == "truncated":
        sound.write(path)
        assert steps(reader) == [4, 5]
        assert reader.problems == []
    else:
        damaged("bad length").write(path)
        assert steps(reader) == [5]
        assert [problem.kind for problem in reader.problems] == ["bad_length"]


def test_a_file_that_turns_out_to_be_one(tmp_path: Path) -> None:
    builder = EventFileBuilder().raw_bytes(b"\1" * 20)
    reader = EventFileReader(builder.write(tmp_path / "f"))
    with pytest.raises(errors.BadLength):
        steps(reader)
    assert [problem.kind for problem in reader.problems] == ["not_an_event_file"]
    builder.scalar("loss", 1, 1.0).write(tmp_path / "f")
    assert steps(reader) == [1]
    assert [problem.kind for problem in reader.problems] == ["bad_length"]


def test_a_file_that_was_replaced_by_a_shorter_one_is_read_anew(tmp_path: Path) -> None:
    reader = EventFileReader(damaged("bad data").write(tmp_path / "f"))
    assert steps(reader) == [0, 1, 2, 3, 5]
    EventFileBuilder().file_version().scalar("loss", 9, 1.0).write(tmp_path / "f")
    assert steps(reader) == [0, 9]
    assert reader.problems == []


def test_problems_are_the_callers_own(tmp_path: Path) -> None:
    reader = EventFileReader(damaged("bad data").write(tmp_path / "f"))
    steps(reader)
    reader.problems.clear()
    assert reader.problems


def test_problem_sentences(tmp_path: Path) -> None:
    reader = EventFileReader(damaged("no event file").write(tmp_path / "f"))
    message = "a Git LFS pointer; `git lfs pull` fetches the file"
    with pytest.raises(errors.BadLength, match=message):
        steps(reader)
    assert reader.problems == [Problem(0, 43, "not_an_event_file", message)]


def test_values_come_through(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("loss", 7, math.inf, wall_time=3.5).text("t", 8, "ü")
    first, second = EventFileReader(builder.write(tmp_path / "f"))
    assert (first.wall_time, first.step) == (3.5, 7)
    assert first.summary.value[0].tag == "loss"
    assert first.summary.value[0].simple_value == math.inf
    assert second.wall_time == START + 8
    assert second.summary.value[0].tensor.string_val == ["ü".encode()]


@pytest.mark.corpus
def test_is_what_tensorboard_reads(corpus_files: list[Path]) -> None:
    for path in corpus_files[::5]:
        ours = EventFileReader(path)
        theirs = LegacyEventFileLoader(str(path)).Load()
        if "not_an_event_file" in [each.kind for each in scan_file(path).problems]:
            assert list(theirs) == []
            with pytest.raises(errors.RecordError):
                next(iter(ours))
            continue
        for event, other in zip(ours, theirs, strict=True):
            assert event.SerializeToString() == other.SerializeToString()
        assert tuple(ours.problems) == scan_file(path).problems


@given(st.floats(), st.integers(-2, 1 << 62), st.text(max_size=200), st.floats(width=32), st.data())
def test_a_plain_scalar_is_what_protobuf_reads(
    wall_time: float, step: int, tag: str, value: float, draw: st.DataObject
) -> None:
    """Of events as writers write them, and of such with some bytes changed."""
    compiled = pytest.importorskip("tbtools.eventfile._scan", reason="built without a compiler")

    def event(wall_time: float, step: int, tag: str, value: float) -> event_pb2.Event:
        values = [summary_pb2.Summary.Value(tag=tag, simple_value=value)]
        summary = summary_pb2.Summary(value=values)
        return event_pb2.Event(wall_time=wall_time, step=step, summary=summary)

    data = bytearray(event(wall_time, step, tag, value).SerializeToString())
    if wall_time and tag and step >= 0:
        assert compiled.plain_scalar(bytes(data)) is not None
    for _ in range(draw.draw(st.integers(0, 3))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    del data[draw.draw(st.integers(0, len(data))) :]
    found = compiled.plain_scalar(bytes(data))
    if found is not None:
        read = event_pb2.Event.FromString(bytes(data))
        if math.isnan(found[3]):  # of which there are many
            assert math.isnan(read.summary.value[0].simple_value)
            read.summary.value[0].simple_value = found[3]
        assert read.SerializeToString() == event(*found).SerializeToString()
