"""Damaged files: what is told, and that nothing but the damaged stretch is lost."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboardX import summary
from tensorboardX.proto.event_pb2 import Event

from tbtools.eventfile.problems import Problem
from tbtools.eventfile.reader import EventFileReader
from tbtools.eventfile.scan import scan_file
from tests.builders import EventFileBuilder, frame, masked_crc
from tests.scans import problem_places, scan_content

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.eventfile.scan import FileColumns

pytestmark = pytest.mark.usefixtures("scan_implementation")


class RecordFile:
    """An event file that TensorBoard's record writer appends to, and that can be cut off."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self) -> int:
        return self.path.stat().st_size

    def cut(self, size: int) -> None:
        os.truncate(self.path, size)

    def scalar(self, tag: str, step: int) -> None:
        self._append(step, summary.scalar(tag, step / 8))

    def histogram(self, tag: str, step: int) -> None:
        self._append(step, summary.histogram(tag, np.arange(100.0), "auto"))

    def _append(self, step: int, content: Any) -> None:
        event = Event(wall_time=1e9 + step, step=step, summary=content)
        writer = RecordWriter(self.path.open("ab"))
        writer.write(event.SerializeToString())
        writer.close()


HEADER = 12  # u64 length, u32 checksum of it
POINTS = 5


def points() -> EventFileBuilder:
    """Five records of the same size, with steps 1 to 5."""
    return EventFileBuilder().scalars("loss", [(step, step / 8) for step in range(1, POINTS + 1)])


def steps_without(*lost: int) -> list[int]:
    return [step for step in range(1, POINTS + 1) if step not in lost]


def crc_message(part: str, got: int, want: int, rest: str) -> str:
    return f"{part} checksum is {got:#010x} where the file says {want:#010x}; {rest}"


class TestBadData:
    @pytest.mark.parametrize("index", range(POINTS))
    def test_costs_one_record(self, tmp_path: Path, index: int) -> None:
        builder = points()
        content = bytearray(builder.bytes())
        start, size = builder.offsets[index], builder.offsets[1]
        data = content[start + HEADER : start + size - 4]
        want = masked_crc(bytes(data))
        content[start + HEADER + 3] ^= 0x10
        data[3] ^= 0x10
        columns = scan_content(tmp_path, content)
        rest = f"one record of {size} bytes passed over"
        message = crc_message("data", masked_crc(bytes(data)), want, rest)
        assert columns.problems == (Problem(start, size, "bad_data", message),)
        assert columns.tail is None
        assert columns.step.tolist() == steps_without(index + 1)
        assert (columns.records, columns.events) == (POINTS - 1, POINTS - 1)
        assert columns.position == len(content)


class TestBadLength:
    @pytest.mark.parametrize("index", range(POINTS - 1))
    def test_goes_on_at_the_next_whole_record(self, tmp_path: Path, index: int) -> None:
        builder = points()
        content = bytearray(builder.bytes())
        start, size = builder.offsets[index], builder.offsets[1]
        length = struct.pack("<Q", size - 16)
        want = masked_crc(length)
        content[start + 2] ^= 0x40
        got = masked_crc(bytes(content[start : start + 8]))
        columns = scan_content(tmp_path, content)
        rest = f"{size} bytes up to the next whole record passed over"
        message = crc_message("length", got, want, rest)
        assert columns.problems == (Problem(start, size, "bad_length", message),)
        assert columns.tail is None
        assert columns.step.tolist() == steps_without(index + 1)
        assert columns.position == len(content)

    def test_without_a_whole_record_behind_it_stays_at_the_end(self, tmp_path: Path) -> None:
        builder = points().corrupt_length()
        columns = scan_content(tmp_path, builder.bytes())
        start, size = builder.offsets[-1], builder.offsets[1]
        assert problem_places(columns) == [("bad_length", start, size)]
        assert columns.tail is columns.problems[0]
        assert columns.tail.message.endswith(f"no whole record in the {size} bytes up to the end")
        assert columns.position == start
        assert columns.step.tolist() == steps_without(POINTS)

    def test_neighbours_are_one_stretch(self, tmp_path: Path) -> None:
        builder = points()
        content = bytearray(builder.bytes())
        for index in (1, 2):
            content[builder.offsets[index]] ^= 1
        columns = scan_content(tmp_path, content)
        start, end = builder.offsets[1], builder.offsets[3]
        assert problem_places(columns) == [("bad_length", start, end - start)]
        assert columns.step.tolist() == steps_without(2, 3)

    @pytest.mark.parametrize(
        "garbage",
        [
            b"\1",
            b"\1" * 15,
            b"garbage that is longer than a header",
            bytes(8),
            bytes(100),
            bytes(5000),
            points().bytes()[20:50],
            struct.pack("<Q", 3) + b"\1\2\3\4",
        ],
    )
    def test_garbage_between_records_costs_none(self, tmp_path: Path, garbage: bytes) -> None:
        before, after = points(), EventFileBuilder().scalars("loss", [(6, 1.0), (7, 2.0)])
        columns = scan_content(tmp_path, before.bytes() + garbage + after.bytes())
        assert columns.step.tolist() == [*range(1, POINTS + 1), 6, 7]
        assert problem_places(columns) == [("bad_length", len(before.bytes()), len(garbage))]

    def test_a_sound_header_whose_data_is_not_is_no_record(self, tmp_path: Path) -> None:
        decoy = bytearray(frame(b"decoy"))
        decoy[-1] ^= 1
        content = b"\1" * 20 + bytes(decoy) + points().bytes()
        columns = scan_content(tmp_path, content)
        assert problem_places(columns) == [("bad_length", 0, 20 + len(decoy))]
        assert columns.step.tolist() == steps_without()

    def test_a_record_inside_a_passed_over_stretch_counts(self, tmp_path: Path) -> None:
        """An event file inside a lost record: taken for records, for nobody can know better."""
        inner = points().bytes()
        outer = EventFileBuilder().raw_record(inner).corrupt_length().bytes()
        columns = scan_content(tmp_path, outer)
        assert columns.step.tolist() == steps_without()
        assert problem_places(columns) == [("bad_length", 0, 12), ("truncated", len(outer) - 4, 4)]


class TestAnyByte:
    def test_a_changed_byte_costs_its_record_only(self, tmp_path: Path) -> None:
        builder = points()
        content = builder.bytes()
        ends = [*builder.offsets[1:], len(content)]
        for place in range(len(content)):
            index = next(i for i, end in enumerate(ends) if place < end)
            start, size = builder.offsets[index], ends[index] - builder.offsets[index]
            damaged = bytearray(content)
            damaged[place] ^= 1 << place % 8
            columns = scan_content(tmp_path, damaged)
            kind = "bad_length" if place < start + HEADER else "bad_data"
            assert problem_places(columns) == [(kind, start, size)], place
            assert columns.step.tolist() == steps_without(index + 1)

    def test_a_lost_byte_costs_its_record_and_at_most_the_next(self, tmp_path: Path) -> None:
        builder = points()
        content = builder.bytes()
        size = builder.offsets[1]
        for place in range(len(content)):
            columns = scan_content(tmp_path, content[:place] + content[place + 1 :])
            index = place // size
            steps = columns.step.tolist()
            assert [step for step in steps if step not in (index + 1, index + 2)] == steps_without(
                index + 1, index + 2
            )
            assert index + 1 not in steps
            assert_every_byte_is_told(columns, size)

    def test_an_added_byte_costs_at_most_its_record(self, tmp_path: Path) -> None:
        builder = points()
        content = builder.bytes()
        size = builder.offsets[1]
        for place in range(len(content)):
            columns = scan_content(tmp_path, content[:place] + b"\x55" + content[place:])
            steps = columns.step.tolist()
            assert set(steps_without(place // size + 1)) <= set(steps)
            assert_every_byte_is_told(columns, size)


def assert_every_byte_is_told(columns: FileColumns, size: int) -> None:
    """Records of that size and problems take up the whole file."""
    assert columns.records * size + sum(p.length for p in columns.problems) == columns.size


class TestUndecodable:
    def test_costs_one_record(self, tmp_path: Path) -> None:
        builder = points().raw_record(b"\xff\xff").scalar("loss", 6, 0.5)
        columns = scan_content(tmp_path, builder.bytes())
        message = "a sound record of 18 bytes that is no Event message"
        assert columns.problems == (Problem(builder.offsets[POINTS], 18, "undecodable", message),)
        assert columns.step.tolist() == [1, 2, 3, 4, 5, 6]
        assert (columns.records, columns.events) == (7, 6)


class TestEnds:
    def test_empty_file(self, tmp_path: Path) -> None:
        columns = scan_content(tmp_path, b"")
        assert (columns.problems, columns.records, columns.size) == ((), 0, 0)
        assert (columns.file_version, columns.first_wall_time) == (None, None)

    def test_only_a_file_version(self, tmp_path: Path) -> None:
        columns = scan_content(tmp_path, EventFileBuilder().file_version().bytes())
        assert (columns.problems, columns.records) == ((), 1)
        assert columns.file_version == "brain.Event:2"

    def test_only_a_header(self, tmp_path: Path) -> None:
        columns = scan_content(tmp_path, points().bytes()[:HEADER])
        message = "the file ends inside a record, 12 bytes into it"
        assert columns.problems == (Problem(0, HEADER, "truncated", message),)
        assert columns.tail is columns.problems[0]

    def test_an_empty_record_is_an_event(self, tmp_path: Path) -> None:
        columns = scan_content(tmp_path, frame(b""))
        assert (columns.problems, columns.records, columns.events) == ((), 1, 1)

    @pytest.mark.parametrize(
        "content",
        [
            b"a text that is longer than twelve bytes\n",
            bytes(12),
            bytes(4096),
            b"\xff" * 100,
            b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        ],
    )
    def test_no_event_file(self, tmp_path: Path, content: bytes) -> None:
        columns = scan_content(tmp_path, content)
        assert problem_places(columns) == [("not_an_event_file", 0, len(content))]
        assert (columns.position, columns.records) == (0, 0)

    @pytest.mark.parametrize("size", [1, 11, 12, 4096, 100_000])
    def test_zeros_at_the_end(self, tmp_path: Path, size: int) -> None:
        """What a full disk or a crash of the machine leaves (tensorflow/tensorboard#6971)."""
        content = points().bytes()
        columns = scan_content(tmp_path, content + bytes(size))
        kind = "truncated" if size < HEADER else "bad_length"
        assert problem_places(columns) == [(kind, len(content), size)]
        assert columns.step.tolist() == steps_without()

    def test_zeros_over_records(self, tmp_path: Path) -> None:
        content = bytearray(points().bytes())
        size = points().offsets[1]
        content[size + 7 : 3 * size - 5] = bytes(2 * size - 12)
        columns = scan_content(tmp_path, content)
        assert columns.step.tolist() == steps_without(2, 3)
        assert_every_byte_is_told(columns, size)

    @pytest.mark.parametrize("lost", range(1, 29))
    def test_half_a_record_and_then_others(self, tmp_path: Path, lost: int) -> None:
        """What is left where a full disk was emptied. The length of the half record is sound, and
        the records behind it begin inside of what it says."""
        before, after = points().bytes(), EventFileBuilder().scalars("b", [(6, 1.0), (7, 2.0)])
        columns = scan_content(tmp_path, before[:-lost] + after.bytes())
        assert columns.step.tolist() == [1, 2, 3, 4, 6, 7]
        start, size = points().offsets[-1], points().offsets[1] - lost
        assert problem_places(columns) == [("bad_data", start, size)]
        rest = f"what is left of a record that broke off, {size} bytes passed over"
        assert columns.problems[0].message.endswith(rest)

    @pytest.mark.parametrize("left", range(1, 150, 7))
    def test_a_writer_killed_inside_a_record_and_another_one(
        self, tmp_path: Path, left: int
    ) -> None:
        """A histogram of which only so much arrives, and records that TensorBoard's writer appends;
        all of them are told that stand behind it, wherever the claimed end falls."""
        writer = RecordFile(tmp_path / "events.out.tfevents.1")
        writer.scalar("a", 1)
        sound = writer.size()
        writer.histogram("weights", 2)
        assert writer.size() > sound + 150
        writer.cut(sound + left)
        for step in range(3, 50):
            writer.scalar("a", step)
        columns = scan_file(writer.path)
        assert columns.step.tolist() == [1, *range(3, 50)]
        assert problem_places(columns) == [
            ("bad_data" if left >= HEADER else "bad_length", sound, left)
        ]

    def test_half_a_large_record_and_then_others(self, tmp_path: Path) -> None:
        """Many records lie in what the large one says, one behind the other up to its end."""
        picture = EventFileBuilder().image("i", 1, bytes(3000)).bytes()[:-2000]
        after = EventFileBuilder().scalars("b", [(step, 0.5) for step in range(100)])
        columns = scan_content(tmp_path, picture + after.bytes())
        assert columns.step.tolist() == list(range(100))
        assert problem_places(columns) == [("bad_data", 0, len(picture))]

    @pytest.mark.parametrize("left", [12, 13, 500, 1000, 2999])
    def test_half_a_record_that_says_more_than_the_rest_of_the_file(
        self, tmp_path: Path, left: int
    ) -> None:
        """What is appended behind half a picture is less than the other half."""
        picture = EventFileBuilder().image("i", 1, bytes(9000)).bytes()[:left]
        after = EventFileBuilder().scalars("b", [(6, 1.0), (7, 2.0)]).bytes()
        path = tmp_path / "events.out.tfevents.1"
        path.write_bytes(points().bytes() + picture + after)
        columns = scan_file(path)
        assert columns.step.tolist() == [*steps_without(), 6, 7]
        start = len(points().bytes())
        assert problem_places(columns) == [("bad_data", start, left)]
        reader = EventFileReader(path)
        assert [event.step for event in reader] == columns.step.tolist()
        assert tuple(reader.problems) == columns.problems

    def test_a_length_that_checks_out_and_that_no_file_has(self, tmp_path: Path) -> None:
        length = struct.pack("<Q", 1 << 62)
        header = length + struct.pack("<I", masked_crc(length))
        content = points().bytes()
        columns = scan_content(tmp_path, header + content)
        assert columns.step.tolist() == steps_without()
        assert problem_places(columns) == [("bad_data", 0, 12)]

    def test_a_second_half_record_inside(self, tmp_path: Path) -> None:
        """Only from behind the last damage do whole records lead on."""
        picture = EventFileBuilder().image("i", 1, bytes(3000)).bytes()[:-2000]
        lost = points().bytes()[:-3]
        after = EventFileBuilder().scalars("b", [(step, 0.5) for step in range(100)])
        columns = scan_content(tmp_path, picture + lost + after.bytes())
        assert columns.step.tolist() == list(range(100))
        assert problem_places(columns) == [("bad_data", 0, len(picture) + len(lost))]

    def test_an_event_file_inside_a_damaged_record_is_no_more_than_that(
        self, tmp_path: Path
    ) -> None:
        """Its records do not lead behind the end: the checksum stands there."""
        inner = points().bytes()
        content = bytearray(EventFileBuilder().image("i", 1, inner).bytes())
        content[16] ^= 1
        columns = scan_content(tmp_path, content + points().bytes())
        assert problem_places(columns) == [("bad_data", 0, len(content))]
        assert columns.step.tolist() == steps_without()
