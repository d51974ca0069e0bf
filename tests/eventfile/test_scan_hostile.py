"""Files made to crash the reader, to keep it busy, or to make it ask for memory."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tbtools.eventfile import _scan_protobuf
from tests.builders import EventFileBuilder, frame, masked_crc
from tests.fuzz.mutants import varint
from tests.scans import SCANNERS, differences, problem_places, scan_bytes, scan_content

if TYPE_CHECKING:
    from collections.abc import Callable

needs_compiled = pytest.mark.skipif(
    SCANNERS["compiled"] is None, reason="the compiled scan has not been built"
)
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
RESYNC_EFFORT = 8  # bytes that searches for records may check, per byte of the file


def header(length: int) -> bytes:
    """The start of a record, with a checksum that holds."""
    size = struct.pack("<Q", length)
    return size + struct.pack("<I", masked_crc(size))


@pytest.mark.usefixtures("scan_implementation")
class TestLengths:
    @pytest.mark.parametrize(
        "length", [47, 48, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 16, (1 << 64) - 1]
    )
    def test_a_length_that_the_file_does_not_have(self, tmp_path: Path, length: int) -> None:
        content = header(length) + bytes(50)
        columns = scan_content(tmp_path, content)
        assert problem_places(columns) == [("truncated", 0, 62)]
        # It may be the start of a record, but it is none to go on at.
        behind = EventFileBuilder().scalar("a", 1, 0.5).bytes()
        columns = scan_content(tmp_path, b"\1" * 12 + content + behind)
        assert columns.step.tolist() == [1]
        assert problem_places(columns) == [("bad_length", 0, 12 + len(content))]

    def test_a_length_up_to_the_last_byte(self, tmp_path: Path) -> None:
        content = frame(bytes(1000))
        assert problem_places(scan_content(tmp_path, content)) == [("undecodable", 0, 1016)]
        columns = scan_content(tmp_path, header(1001) + content[12:])
        assert problem_places(columns) == [("truncated", 0, 1016)]


@pytest.mark.usefixtures("scan_implementation")
class TestMany:
    def test_tiny_records(self, tmp_path: Path, scan_implementation: str) -> None:
        count = 1_000_000 if scan_implementation == "compiled" else 20_000
        columns = scan_content(tmp_path, frame(b"\x10\x01") * count)
        assert (columns.records, columns.events, columns.problems) == (count, count, ())

    def test_values_of_two_bytes(self, tmp_path: Path, scan_implementation: str) -> None:
        count = 500_000 if scan_implementation == "compiled" else 20_000
        values = b"\x0a\x02\x1a\x00" * count  # an empty obsolete_old_style_histogram
        columns = scan_content(tmp_path, frame(b"\x2a" + varint(len(values)) + values))
        assert (columns.tag_id.size, columns.tag_names) == (count, [b""])
        assert columns.offset[-1] - columns.offset[0] == 4 * (count - 1)

    def test_damaged_records(self, tmp_path: Path, scan_implementation: str) -> None:
        count = 20_000 if scan_implementation == "compiled" else 3000
        bad_data, undecodable = frame(b"")[:-1] + b"x", frame(b"\0")
        content = (bad_data + undecodable + b"x" + frame(b"")) * count
        columns = scan_content(tmp_path, content)
        kinds = ["bad_data", "undecodable", "bad_length"] * count
        assert [problem.kind for problem in columns.problems] == kinds
        assert columns.records == 2 * count


def all_end_together(size: int) -> bytes:
    """Garbage, then every 12 bytes the start of a record that ends with the file, and is none."""
    count = size // 12
    starts = [header(12 * (count - i - 1)) for i in range(count)]
    return b"\1" * 12 + b"".join(starts) + bytes(4)


def each_ends_behind_the_last(size: int) -> bytes:
    """So that each needs some bytes more than are at hand."""
    count = size // 24
    starts = [header(12 * count - 6 * i) for i in range(count)]
    return b"\1" * 12 + b"".join(starts) + bytes(12 * count + 4)


def all_are_empty(size: int) -> bytes:
    return b"\1" * 12 + header(0) * (size // 12)


HEADERS = [all_end_together, each_ends_behind_the_last, all_are_empty]


class TestSearch:
    @pytest.mark.parametrize("make", HEADERS)
    def test_sums_a_bounded_number_of_bytes(
        self, monkeypatch: pytest.MonkeyPatch, make: Callable[[int], bytes]
    ) -> None:
        content = make(24_000)
        summed = 0

        def counting(data: bytes) -> int:
            nonlocal summed
            summed += len(data)
            return masked_crc(data)

        monkeypatch.setattr(_scan_protobuf, "masked_crc32c", counting)
        found = scan_bytes(SCANNERS["protobuf"], content)
        assert (found["tail"][:3], found["records"]) == ((1, 0, len(content)), 0)
        # The effort in data, one data more, and a header at every offset.
        assert summed < (RESYNC_EFFORT + 1 + 8) * len(content)

    @needs_compiled
    @pytest.mark.parametrize("make", HEADERS)
    def test_takes_time_that_grows_with_the_file_not_with_its_square(
        self, make: Callable[[int], bytes]
    ) -> None:
        few, many = make(1 << 16), make(1 << 20)
        seconds = [min(seconds_to_scan(content) for _ in range(3)) for content in (few, many)]
        assert seconds[1] < 64 * seconds[0]  # 16 times where it is linear, 256 where quadratic

    @needs_compiled
    @pytest.mark.parametrize("make", HEADERS)
    @pytest.mark.parametrize("more", [None, 0, 100])
    def test_both_scans_give_up_at_the_same_place(
        self, make: Callable[[int], bytes], more: int | None
    ) -> None:
        content = make(6000) + frame(b"\x10\x01") * 3
        compiled, protobuf = (scan_bytes(s, content, more) for s in SCANNERS.values())
        assert not differences(compiled, protobuf)
        assert compiled["records"] == (3 if make is all_are_empty else 0)

    @pytest.mark.usefixtures("scan_implementation")
    def test_some_decoys_are_no_reason_to_give_up(self, tmp_path: Path) -> None:
        # Each decoy is summed up to the end of the file, which is seven times its size in all.
        decoys = b"".join(header(3000 - 12 * i) for i in range(7))
        sound = frame(b"\x10\x01")
        content = b"\1" * 12 + decoys + bytes(3000) + sound
        columns = scan_content(tmp_path, content)
        assert problem_places(columns) == [("bad_length", 0, len(content) - len(sound))]
        assert columns.records == 1


def seconds_to_scan(content: bytes) -> float:
    """Of this thread's own processor time, so that busy neighbours matter little."""
    start = time.thread_time()
    scan_bytes(SCANNERS["compiled"], content)
    return time.thread_time() - start


# --- memory --------------------------------------------------------------------------------------


def distinct_tags(size: int) -> bytes:
    values = b"".join(b"\x0a\x07\x0a\x05%05x" % i for i in range(size // 9))
    return frame(b"\x2a" + varint(len(values)) + values)


def tiny_values(size: int) -> bytes:
    values = b"\x0a\x02\x1a\x00" * (size // 4)
    return frame(b"\x2a" + varint(len(values)) + values)


def one_record(size: int) -> bytes:
    return frame(b"\x22" + varint(size) + bytes(size))


GREEDY: dict[str, Callable[[int], bytes]] = {
    "tags": distinct_tags,
    "tiny values": tiny_values,
    "one record": one_record,
    "marks": lambda size: frame(b"\x1a\x00") * (size // 18),
    "bad data": lambda size: (frame(b"")[:-1] + b"x") * (size // 16),
    "undecodable": lambda size: frame(b"\0") * (size // 17),
    "bad lengths": lambda size: (b"x" + frame(b"")) * (size // 17),
    "search": all_end_together,
    "length": lambda size: header(1 << 40) + bytes(size),
}
# The greediest is a file of nothing but damaged records: each costs 16 bytes in the file, and a row
# in five columns, a Problem and its message in memory. Files of scalars take about 1.
MEMORY_PER_BYTE = 48

LIMITED = """
import os, resource, sys
from tbtools.eventfile import scan
path, per_byte = sys.argv[1], int(sys.argv[2])
scan.scan_file(os.devnull)
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
limit = used + per_byte * os.path.getsize(path) + (4 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
columns = scan.scan_file(path)
print(scan.implementation(), columns.size)
"""

EXHAUSTED = """
import os, resource, sys
from tbtools.eventfile import scan
path, most = sys.argv[1], int(sys.argv[2])
scan.scan_file(os.devnull)
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
for i in range(20):
    child = os.fork()
    if not child:
        limit = used + most * i // 20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            scan.scan_file(path)
        except MemoryError:
            os._exit(10)
        os._exit(11)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def run(code: str, *arguments: object) -> list[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == ""
    return done.stdout.split()


@needs_compiled
@needs_linux
class TestMemory:
    @pytest.mark.parametrize("name", GREEDY)
    def test_stays_within_a_multiple_of_the_file(self, tmp_path: Path, name: str) -> None:
        content = GREEDY[name](2_000_000)
        path = tmp_path / "events.out.tfevents.1"
        path.write_bytes(content)
        assert run(LIMITED, path, MEMORY_PER_BYTE) == ["compiled", str(len(content))]

    @pytest.mark.parametrize("name", ["tags", "tiny values", "bad data"])
    def test_none_left_is_an_error_not_a_crash(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / "events.out.tfevents.1"
        path.write_bytes(GREEDY[name](200_000))
        codes = run(EXHAUSTED, path, MEMORY_PER_BYTE * path.stat().st_size)
        assert set(codes) == {"10", "11"}  # MemoryError, and enough

    def test_none_left_for_the_columns_found(self) -> None:
        testcapi = pytest.importorskip("_testcapi", reason="Python was built without its tests")
        builder = EventFileBuilder().file_version().scalars("a", [(i, 0.5) for i in range(300)])
        content = bytearray(builder.corrupt_data_crc().bytes())
        for allocations in range(1000):
            scanner = SCANNERS["compiled"](len(content))
            scanner.feed(content, 0, len(content))
            testcapi.set_nomemory(allocations)
            try:
                found = scanner.finish()
            except MemoryError:
                continue
            finally:
                testcapi.remove_mem_hooks()
            break
        assert allocations > 10
        assert found["records"] == 300


@needs_compiled
@pytest.mark.parametrize("seed", range(4))
def test_noise(tmp_path: Path, seed: int) -> None:
    content = random.Random(seed).randbytes(50_000)
    compiled, protobuf = (scan_bytes(scanner, content) for scanner in SCANNERS.values())
    assert not differences(compiled, protobuf)
    assert problem_places(scan_content(tmp_path, content)) == [("not_an_event_file", 0, 50_000)]


@needs_compiled
@pytest.mark.parametrize(("base", "count"), [(1, 8), (0, -1), (0, 11), (5, 8), (0, 1 << 62)])
def test_a_feed_that_is_not_what_it_says_is_refused(base: int, count: int) -> None:
    scanner = SCANNERS["compiled"](10)
    with pytest.raises(ValueError, match="does not hold what it is said to hold"):
        scanner.feed(bytearray(10), base, count)
