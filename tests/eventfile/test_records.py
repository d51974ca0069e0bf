"""TFRecord frames: checksums, damage, files that grow, and hostile ones."""

from __future__ import annotations

import io
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow
from tensorboard.summary.writer.record_writer import RecordWriter

from tbtools import errors
from tbtools.eventfile import records
from tests.builders import EventFileBuilder, frame, masked_crc

if TYPE_CHECKING:
    from pathlib import Path

DATA = st.lists(st.binary(max_size=200), max_size=20)


def read_all(path: Path) -> tuple[list[bytes], list[tuple[int, str]]]:
    """The data of every record that can be read, and where which error was met."""
    data: list[bytes] = []
    met: list[tuple[int, str]] = []
    with records.RecordReader(path) as reader:
        while True:
            try:
                record = next(reader, None)
            except errors.RecordError as error:
                met.append((error.offset, type(error).__name__))
                if error.recoverable or (
                    isinstance(error, errors.BadLength) and reader.resynchronise()
                ):
                    continue
                return data, met
            if record is None:
                return data, met
            data.append(record.data)


def three_records(tmp_path: Path) -> tuple[EventFileBuilder, Path]:
    builder = EventFileBuilder().raw_record(b"one").raw_record(b"two").raw_record(b"three")
    return builder, tmp_path / "events.out.tfevents.1"


class TestChecksum:
    # RFC 3720, appendix B.4.
    @pytest.mark.parametrize(
        ("data", "crc"),
        [
            (bytes(32), 0x8A9136AA),
            (b"\xff" * 32, 0x62A8AB43),
            (bytes(range(32)), 0x46DD794E),
            (bytes(range(31, -1, -1)), 0x113FDB5C),
        ],
    )
    def test_unmasked_is_the_crc_of_the_rfc(self, data: bytes, crc: int) -> None:
        rotated = (records.masked_crc32c(data) - 0xA282EAD8) & 0xFFFFFFFF
        assert (rotated << 15 | rotated >> 17) & 0xFFFFFFFF == crc

    @given(st.binary())
    def test_is_tensorboards(self, data: bytes) -> None:
        assert records.masked_crc32c(data) == pywrap_tensorflow.masked_crc32c(data)


class TestWriteRecord:
    @given(DATA)
    def test_bytes_are_tensorboards(self, data: list[bytes]) -> None:
        ours, theirs = io.BytesIO(), io.BytesIO()
        written = [records.write_record(ours, item) for item in data]
        writer = RecordWriter(theirs)
        for item in data:
            writer.write(item)
        assert ours.getvalue() == theirs.getvalue()
        assert written == [len(item) + 16 for item in data]


class TestReadRecords:
    @given(DATA)
    def test_reads_what_was_framed(
        self, tmp_path_factory: pytest.TempPathFactory, data: list[bytes]
    ) -> None:
        path = tmp_path_factory.mktemp("records") / "f"
        path.write_bytes(b"".join(map(frame, data)))
        found = list(records.read_records(path))
        assert [record.data for record in found] == data
        ends = [record.end for record in found]
        assert [record.offset for record in found] == [0, *ends][:-1] if data else not ends

    @pytest.mark.corpus
    def test_is_what_tensorboard_reads(self, corpus_files: list[Path]) -> None:
        for path in corpus_files[::5]:
            theirs = list(RawEventFileLoader(str(path)).Load())
            assert read_all(path)[0] == theirs

    def test_raises_at_the_first_damage(self, tmp_path: Path) -> None:
        path = (
            EventFileBuilder()
            .raw_record(b"a")
            .raw_record(b"b")
            .corrupt_data_crc()
            .write(tmp_path / "f")
        )
        found = records.read_records(path)
        assert next(found).data == b"a"
        with pytest.raises(errors.BadData):
            next(found)


class TestDamage:
    def test_bad_data_costs_one_record(self, tmp_path: Path) -> None:
        builder, path = three_records(tmp_path)
        content = bytearray(builder.bytes())
        content[builder.offsets[1] + 12] ^= 0x40  # b"two" becomes b"4wo"
        path.write_bytes(content)
        reader = records.RecordReader(path)
        with reader:
            assert next(reader).data == b"one"
            with pytest.raises(errors.BadData) as caught:
                next(reader)
            assert next(reader) == records.Record(builder.offsets[2], b"three")
            with pytest.raises(StopIteration):
                next(reader)
        error = caught.value
        assert (error.path, error.offset) == (str(path), builder.offsets[1])
        assert (error.got, error.want) == (masked_crc(b"4wo"), masked_crc(b"two"))
        assert error.recoverable
        assert str(path) in str(error)

    def test_bad_length_stays_until_resynchronised(self, tmp_path: Path) -> None:
        builder, path = three_records(tmp_path)
        content = bytearray(builder.bytes())
        content[builder.offsets[1]] ^= 1
        path.write_bytes(content)
        with records.RecordReader(path) as reader:
            next(reader)
            for _ in range(2):
                with pytest.raises(errors.BadLength) as caught:
                    next(reader)
                assert caught.value.offset == reader.offset == builder.offsets[1]
            assert caught.value.got == masked_crc(struct.pack("<Q", 2))
            assert caught.value.want == masked_crc(struct.pack("<Q", 3))
            assert not caught.value.recoverable
            assert reader.resynchronise()
            assert next(reader) == records.Record(builder.offsets[2], b"three")

    def test_a_lie_about_the_length_takes_no_memory(self, tmp_path: Path) -> None:
        length = struct.pack("<Q", 1 << 62)
        path = tmp_path / "f"
        path.write_bytes(length + struct.pack("<I", masked_crc(length)) + b"little")
        with pytest.raises(errors.TruncatedRecord) as caught:
            list(records.read_records(path))
        assert caught.value.missing == (1 << 62) + 4 - len(b"little")

    @given(data=DATA, junk=st.binary(min_size=1, max_size=100))
    def test_finds_every_record_behind_garbage(
        self, tmp_path_factory: pytest.TempPathFactory, data: list[bytes], junk: bytes
    ) -> None:
        path = tmp_path_factory.mktemp("records") / "f"
        # Twelve bytes of 1 are no header, and no tail of them begins one.
        path.write_bytes(frame(b"first") + b"\1" * 12 + junk + b"".join(map(frame, data)))
        found, met = read_all(path)
        assert found == [b"first", *data]
        assert met == [(len(frame(b"first")), "BadLength")]

    @given(data=DATA, cut=st.integers(0, 4000))
    def test_a_cut_file_gives_a_beginning(
        self, tmp_path_factory: pytest.TempPathFactory, data: list[bytes], cut: int
    ) -> None:
        path = tmp_path_factory.mktemp("records") / "f"
        content = b"".join(map(frame, data))[:cut]
        path.write_bytes(content)
        found, met = read_all(path)
        assert found == data[: len(found)]
        whole = sum(map(len, map(frame, found)))
        assert met == ([(whole, "TruncatedRecord")] if whole < len(content) else [])

    def test_every_cut_tells_what_is_missing(self, tmp_path: Path) -> None:
        content = frame(b"data")
        path = tmp_path / "f"
        for size in range(1, len(content)):
            path.write_bytes(content[:size])
            with pytest.raises(errors.TruncatedRecord) as caught:
                list(records.read_records(path))
            # Without the header, only the least size of a record is known.
            known = len(content) if size >= 12 else 16
            assert caught.value.missing == known - size

    @given(data=DATA, place=st.integers(0, 4000), bit=st.integers(0, 7))
    def test_a_flipped_bit_costs_at_most_its_record(
        self, tmp_path_factory: pytest.TempPathFactory, data: list[bytes], place: int, bit: int
    ) -> None:
        content = bytearray(b"".join(map(frame, data)))
        if place >= len(content):
            return
        content[place] ^= 1 << bit
        path = tmp_path_factory.mktemp("records") / "f"
        path.write_bytes(content)
        found, met = read_all(path)
        offsets = [sum(len(frame(item)) for item in data[:i]) for i in range(len(data))]
        hit = max(i for i, offset in enumerate(offsets) if offset <= place)
        assert found == data[:hit] + data[hit + 1 :]
        kind = "BadLength" if place - offsets[hit] < 12 else "BadData"
        assert met == [(offsets[hit], kind)]


class TestGrowingFile:
    def test_goes_on_byte_by_byte(self, tmp_path: Path) -> None:
        builder, path = three_records(tmp_path)
        content = builder.bytes()
        found = []
        path.write_bytes(b"")
        with records.RecordReader(path) as reader, path.open("ab", buffering=0) as file:
            for i in range(len(content)):
                file.write(content[i : i + 1])
                try:
                    found.append(next(reader))
                except errors.TruncatedRecord as error:
                    assert error.offset == reader.offset  # noqa: PT017 - one of two good outcomes
                else:
                    assert found[-1].end == i + 1
        assert [record.data for record in found] == [b"one", b"two", b"three"]

    def test_goes_on_after_the_end(self, tmp_path: Path) -> None:
        path = tmp_path / "f"
        path.write_bytes(frame(b"one"))
        with records.RecordReader(path) as reader:
            assert [record.data for record in reader] == [b"one"]
            assert list(reader) == []
            with path.open("ab") as file:
                file.write(frame(b"two"))
            assert [record.data for record in reader] == [b"two"]

    def test_goes_on_after_close_and_from_an_offset(self, tmp_path: Path) -> None:
        builder, path = three_records(tmp_path)
        builder.write(path)
        reader = records.RecordReader(path)
        with reader:
            assert next(reader).data == b"one"
        with reader:
            assert next(reader).data == b"two"
        with records.RecordReader(path, reader.offset) as other:
            assert next(other).data == b"three"

    def test_a_record_behind_a_bad_length_is_found_once_it_is_whole(self, tmp_path: Path) -> None:
        builder, path = three_records(tmp_path)
        content = bytearray(builder.bytes())
        content[builder.offsets[1]] ^= 1
        path.write_bytes(content[:-1])
        with records.RecordReader(path) as reader:
            next(reader)
            with pytest.raises(errors.BadLength):
                next(reader)
            assert not reader.resynchronise()
            assert reader.offset == builder.offsets[1]
            path.write_bytes(content)
            assert reader.resynchronise()
            assert next(reader).data == b"three"

    def test_a_file_that_shrank_is_no_clean_end(self, tmp_path: Path) -> None:
        builder, path = three_records(tmp_path)
        builder.write(path)
        with records.RecordReader(path) as reader:
            assert len(list(reader)) == 3
            path.write_bytes(builder.bytes()[: builder.offsets[2]])
            with pytest.raises(errors.TruncatedRecord):
                next(reader)


class TestHostileFile:
    def test_search_sums_a_bounded_number_of_bytes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Every 12 bytes a sound header of a record that ends with the file, with a wrong checksum.
        count = 2000
        headers = []
        for i in range(count):
            length = struct.pack("<Q", 12 * (count - i - 1))
            headers.append(length + struct.pack("<I", masked_crc(length)))
        path = tmp_path / "f"
        path.write_bytes(b"\1" * 12 + b"".join(headers) + bytes(4))
        size = path.stat().st_size
        summed = 0
        checksum = records.masked_crc32c

        def counting(data: bytes) -> int:
            nonlocal summed
            summed += len(data)
            return checksum(data)

        monkeypatch.setattr(records, "masked_crc32c", counting)
        found, met = read_all(path)
        assert (found, met) == ([], [(0, "BadLength")])
        # Eight times the size in data, one data more, and a header at every offset.
        assert summed < (8 + 1 + 8) * size

    def test_a_region_of_zeros_is_passed_over(self, tmp_path: Path) -> None:
        # What a file system leaves behind when the power goes.
        path = tmp_path / "f"
        path.write_bytes(frame(b"before") + bytes(100_000) + frame(b"after"))
        assert read_all(path) == ([b"before", b"after"], [(len(frame(b"before")), "BadLength")])

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            list(records.read_records(tmp_path / "none"))


@given(DATA, st.data())
def test_sound_records_are_found_many_at_a_time(data: list[bytes], draw: st.DataObject) -> None:
    """Up to the first that is damaged or broken off, compiled and in Python."""
    compiled = pytest.importorskip("tbtools.eventfile._scan", reason="built without a compiler")
    block = bytearray(b"".join(map(frame, data)))
    starts = [0]
    for each in data:
        starts.append(starts[-1] + len(each) + records.FRAME_SIZE)
    first = draw.draw(st.integers(0, len(data)))
    damaged = draw.draw(st.integers(0, len(block)))
    if damaged < len(block):
        block[damaged] ^= 1 << draw.draw(st.integers(0, 7))
    end = draw.draw(st.integers(starts[first], len(block)))
    bound = min(end, damaged) if damaged >= starts[first] else end
    want = [
        each
        for each, (start, behind) in zip(data, pairwise(starts), strict=True)
        if start >= starts[first] and behind <= bound
    ]
    content = bytes(block[:end])
    assert compiled.sound_records(content, starts[first]) == want
    assert compiled.sound_records(content, -1) == compiled.sound_records(content, end + 1) == []
    if end - starts[first] >= records.FRAME_SIZE:
        assert records._sound_record(content, starts[first]) == want[:1]


@given(DATA, st.integers(0, 40), st.sampled_from([0, 1 << 20, (1 << 62) - 1, (1 << 64) - 1]))
def test_records_are_found_by_their_lengths(data: list[bytes], cut: int, wrong: int) -> None:
    """Compiled and in Python; a length that leads out of the block is followed no further."""
    block = b"".join(map(frame, data))
    bounds = [0]
    for each in data:
        bounds.append(bounds[-1] + len(each) + records.FRAME_SIZE)
    whole = block[: max(len(block) - cut, 0)]
    told = [start for start in bounds[:-1] if start + 8 <= len(whole)]
    for find in (records.record_starts, records._record_starts):
        starts, behind = find(whole)
        assert memoryview(starts).cast("B").cast("q").tolist() == told
        assert behind == bounds[len(told)]
        starts, behind = find(struct.pack("<Q", wrong) + bytes(15))
        assert behind == (wrong & (1 << 62) - 1) + 16
        assert memoryview(starts).cast("B").cast("q").tolist() == [0]
