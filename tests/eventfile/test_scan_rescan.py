"""Files that grow, shrink, are replaced, vanish and change while they are read."""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tbtools.eventfile import rescan as rescan_module
from tbtools.eventfile import scan
from tbtools.eventfile.rescan import rescan
from tbtools.eventfile.scan import FileColumns, scan_file
from tbtools.eventfile.source import using
from tests.builders import EventFileBuilder
from tests.indexes import counted
from tests.scans import assert_same_columns, problem_places
from tests.sources import CountingSource

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("scan_implementation")

# The fixture only swaps the implementation: it is the same for each example.
fixture_is_the_same = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.out.tfevents.1"


def points(first: int, count: int, tag: str = "loss") -> bytes:
    builder = EventFileBuilder()
    return builder.scalars(tag, [(step, step / 8) for step in range(first, first + count)]).bytes()


def rewrite(path: Path, content: bytes) -> None:
    """Other content in the same inode, some time later."""
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def replace_file(path: Path, content: bytes) -> None:
    """Another inode under the same name."""
    other = path.with_name("other")
    other.write_bytes(content)
    other.replace(path)


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def rich_content() -> bytes:
    """Everything that is joined: tags old and new, metadata that comes late, marks and damage."""
    builder = EventFileBuilder().scalar("a", 1, 0.5).file_version().scalar("b", 1, 0.25)
    builder.tensor_scalar("a", 2, 1.5, "float64", plugin="scalars").session_start(2)
    builder.scalar("a", 2, 3.0).corrupt_data_crc().scalar("b", 3, 4.0)
    builder.scalar("b", 4, 4.0).corrupt_length().tensor_scalar("b", 5, 4.0, plugin="other")
    builder.raw_record(b"\0\1").text("c", 6, "x" * 100).graph(b"graph").scalar("a", 7, 8.0)
    builder.tensor_scalar("a", 8, 1.5, plugin="too late").raw_bytes(b"\1" * 30).scalar("d", 9, 0.5)
    return builder.bytes()


class TestGrowing:
    def test_nothing_new_gives_the_same_object(self, path: Path) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        look = rescan(before)
        assert (look.columns is before, look.new_rows, look.read_anew) == (True, 0, False)

    def test_only_what_is_new_is_read(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        append(path, points(4, 2))
        starts = []
        scanner_type = scan._scanner

        def scanner(size: int, position: int = 0, tags: Any = ()) -> Any:
            starts.append(position)
            return scanner_type(size, position, tags)

        with monkeypatch.context() as patch:
            patch.setattr(scan, "_scanner", scanner)
            look = rescan(before)
        assert starts == [before.position] == [len(points(1, 3))]
        assert (look.new_rows, look.read_anew) == (2, False)
        assert look.columns.step.tolist() == [1, 2, 3, 4, 5]
        assert before.step.tolist() == [1, 2, 3]
        assert_same_columns(look.columns, scan_file(path))

    def test_byte_by_byte_is_as_at_once(self, path: Path) -> None:
        content = rich_content()
        path.write_bytes(b"")
        columns, rows = scan_file(path), 0
        for i in range(len(content)):
            append(path, content[i : i + 1])
            look = rescan(columns)
            assert not look.read_anew
            columns = look.columns
            rows += look.new_rows
            assert columns.tag_id.size == rows
            assert_same_columns(columns, scan_file(path))
        assert {problem.kind for problem in columns.problems} == {
            "bad_data",
            "bad_length",
            "undecodable",
        }

    def test_a_record_that_holds_an_event_file_and_is_still_being_written(self, path: Path) -> None:
        """Nobody can know yet that what is in it is no record of this file."""
        picture = EventFileBuilder().image("i", 4, points(10, 3)).bytes()
        path.write_bytes(points(1, 3) + picture[:-4])
        before = scan_file(path)
        assert before.step.tolist() == [1, 2, 3, 10, 11, 12]
        append(path, picture[-4:])
        look = rescan(before)
        assert look.change == "healed"
        assert look.columns.step.tolist() == [1, 2, 3, 4]
        assert_same_columns(look.columns, scan_file(path))

    @fixture_is_the_same
    @given(data=st.data())
    def test_in_any_steps_is_as_at_once(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        content = bytearray(rich_content())
        for _ in range(data.draw(st.integers(0, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(
                st.integers(0, 7)
            )
        cuts = [
            *sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=6))),
            len(content),
        ]
        path = tmp_path_factory.mktemp("f") / "events.out.tfevents.1"
        path.write_bytes(content[: cuts[0]])
        columns = scan_file(path)
        for start, end in itertools.pairwise(cuts):
            append(path, content[start:end])
            columns = rescan(columns).columns
        assert_same_columns(columns, scan_file(path))

    def test_a_bad_end_heals_when_the_rest_comes(self, path: Path) -> None:
        whole = points(1, 2)
        path.write_bytes(whole[:-5])
        columns = scan_file(path)
        assert problem_places(columns) == [("truncated", len(whole) // 2, len(whole) // 2 - 5)]
        append(path, whole[-5:])
        assert rescan(columns).columns.problems == ()

    def test_an_empty_file_may_become_an_event_file(self, path: Path) -> None:
        path.write_bytes(b"")
        columns = scan_file(path)
        assert (columns.problems, columns.size) == ((), 0)
        append(path, points(1, 2))
        look = rescan(columns)
        assert (look.new_rows, look.read_anew) == (2, False)

    def test_garbage_may_become_an_event_file(self, path: Path) -> None:
        path.write_bytes(b"\1" * 40)
        columns = scan_file(path)
        assert problem_places(columns) == [("not_an_event_file", 0, 40)]
        append(path, points(1, 2))
        look = rescan(columns)
        assert problem_places(look.columns) == [("bad_length", 0, 40)]
        assert look.columns.step.tolist() == [1, 2]


def fill(path: Path, offset: int, content: bytes) -> None:
    """Other bytes in place of some, some time later; the size stays."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


class TestHealing:
    """Zeros where a network file system has data later, and records half written."""

    @pytest.mark.parametrize("record", [0, 3, 6])
    @pytest.mark.parametrize("part", [slice(0, 12), slice(12, 30), slice(0, 1000)])
    def test_a_hole_that_is_filled_in_later(self, path: Path, record: int, part: slice) -> None:
        content = points(1, 7)
        size = len(content) // 7
        start, end, _ = part.indices(size)
        hole = record * size + start, record * size + end
        path.write_bytes(content[: hole[0]] + bytes(hole[1] - hole[0]) + content[hole[1] :])
        before = scan_file(path)
        assert len(before.problems) == 1
        assert before.step.size == 6
        fill(path, hole[0], content[hole[0] : hole[1]])
        look = rescan(before)
        assert look.new_rows == 1
        assert look.columns.problems == ()
        assert_same_columns(look.columns, scan_file(path))

    def test_a_hole_of_which_a_part_is_filled_in(self, path: Path) -> None:
        content = points(1, 7)
        size = len(content) // 7
        path.write_bytes(content[:size] + bytes(4 * size) + content[5 * size :])
        before = scan_file(path)
        assert problem_places(before) == [("bad_length", size, 4 * size)]
        fill(path, 3 * size, content[3 * size : 4 * size])
        look = rescan(before)
        assert (look.change, look.new_rows) == ("healed", 1)
        assert look.columns.step.tolist() == [1, 4, 6, 7]
        assert_same_columns(look.columns, scan_file(path))

    def test_a_record_that_holds_records(self, path: Path) -> None:
        """The record found behind the hole was in the middle of another one."""
        builder = EventFileBuilder().scalar("a", 0, 0.5).text("t", 1, "x")
        builder.value("raw", 2, plugin="p", content=points(1, 1)).scalar("a", 3, 0.5)
        content, holes = builder.bytes(), builder.offsets[1:3]
        damaged = bytearray(content)
        for hole in holes:
            damaged[hole : hole + 12] = bytes(12)
        path.write_bytes(damaged)
        columns = scan_file(path)
        assert columns.tag_names == [b"a", b"loss"]
        for hole in reversed(holes):
            fill(path, hole, content[hole : hole + 12])
            look = rescan(columns)
            assert look.change == "healed"
            columns = look.columns
            assert_same_columns(columns, scan_file(path))
        assert columns.tag_names == [b"a", b"t", b"raw"]

    def test_damage_that_stays_is_not_read_anew(self, path: Path) -> None:
        path.write_bytes(rich_content())
        columns = scan_file(path)
        assert len(columns.damage) == 4
        for step in range(5):
            append(path, points(100 + step, 1))
            look = rescan(columns)
            assert (look.change, look.new_rows) == ("grown", 1)
            columns = look.columns
        assert_same_columns(columns, scan_file(path))

    def test_other_damage_in_its_place(self, path: Path) -> None:
        builder = EventFileBuilder().scalar("a", 0, 0.5).scalar("a", 1, 0.5).corrupt_data_crc()
        builder.scalar("a", 2, 0.5)
        path.write_bytes(builder.bytes())
        before = scan_file(path)
        fill(path, builder.offsets[2] - 1, b"x")
        look = rescan(before)
        assert (look.change, look.new_rows) == ("healed", 0)
        assert_same_columns(look.columns, scan_file(path))

    def test_zeros_that_become_an_event_file(self, path: Path) -> None:
        content = points(1, 7)
        path.write_bytes(bytes(len(content)))
        before = scan_file(path)
        assert before.problems[0].kind == "not_an_event_file"
        fill(path, 0, content)
        look = rescan(before)
        assert (look.new_rows, look.columns.problems) == (7, ())


class FileHistory(RuleBasedStateMachine):
    """What can happen to a file between two looks; each look finds what a fresh scan finds.

    Sound records that were read are not changed in place, but where the file is replaced: nobody
    could notice without reading everything again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "events.out.tfevents.1"
        self._path.write_bytes(b"")
        self._columns = scan_file(self._path)
        self._step = 0
        self._holes: dict[int, bytes] = {}
        self._time = 1

    def teardown(self) -> None:
        self._folder.cleanup()

    def _records(self, count: int) -> bytes:
        self._step += count
        builder = EventFileBuilder()
        for step in range(self._step - count, self._step):
            builder.scalar(f"tag{step % 3}", step, step / 8)
            if step % 4 == 0:
                builder.text("note", step, "x" * step).session_start(step)
        return builder.bytes()

    @rule(count=st.integers(0, 5), cut=st.integers(0, 40))
    def append(self, count: int, cut: int) -> None:
        """Whole records, the last perhaps in part; the next appended bytes then do not fit it."""
        content = self._records(count)
        append(self._path, content[: max(len(content) - cut, 0)])

    @rule(count=st.integers(1, 5), data=st.data())
    def append_with_a_hole(self, count: int, data: st.DataObject) -> None:
        content = self._records(count)
        start = data.draw(st.integers(0, len(content) - 1))
        end = data.draw(st.integers(start + 1, len(content)))
        place = self._path.stat().st_size + start
        self._holes[place] = content[start:end]
        append(self._path, content[:start] + bytes(end - start) + content[end:])

    @precondition(lambda self: self._holes)
    @rule(data=st.data())
    def fill_in(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(sorted(self._holes)))
        content = self._holes.pop(place)
        part = data.draw(st.integers(1, len(content)))
        if part < len(content):
            self._holes[place + part] = content[part:]
        fill(self._path, place, content[:part])

    @rule(data=st.data())
    def truncate(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(0, self._path.stat().st_size))
        self._holes = {at: hole for at, hole in self._holes.items() if at + len(hole) <= size}
        os.truncate(self._path, size)

    @rule(count=st.integers(0, 8), change=st.sampled_from([rewrite, replace_file]))
    def replace(self, count: int, change: Callable[[Path, bytes], None]) -> None:
        self._holes.clear()
        change(self._path, self._records(count))

    @rule()
    def vanish_and_come_back(self) -> None:
        hidden = self._path.with_name("hidden")
        self._path.rename(hidden)
        self._columns = rescan(self._columns).columns
        assert self._columns.problems[-1].kind == "unreadable"
        hidden.rename(self._path)

    @rule()
    def look(self) -> None:
        # The clock of a file system may be coarser than what a test does.
        self._time += 1
        os.utime(self._path, (self._time, self._time))
        before = self._columns
        look = rescan(before)
        assert_same_columns(look.columns, scan_file(self._path))
        if look.change == "grown":
            assert look.new_rows == look.columns.step.size - before.step.size
        assert before.step.size == before.offset.size == before.tag_id.size
        self._columns = look.columns


def test_any_history_of_a_file() -> None:
    run_state_machine_as_test(FileHistory)  # the fixture sets the implementation for all of it


class TestCost:
    """Counted, not timed."""

    def test_columns_grow_in_place(self, path: Path) -> None:
        path.write_bytes(points(0, 100))
        columns = scan_file(path)
        memory = []
        for step in range(100, 1100):
            append(path, points(step, 1))
            before, columns = columns, rescan(columns).columns
            if not np.shares_memory(before.step, columns.step):
                memory.append(columns.step.base.size)
        assert_same_columns(columns, scan_file(path))
        # Each time to twice the size: all in all fewer rows are copied than there are.
        assert memory == [202, 406, 814, 1630]

    def test_marks_grow_in_place(self, path: Path) -> None:
        path.write_bytes(EventFileBuilder().session_start(0).bytes())
        columns = scan_file(path)
        moves = 0
        for step in range(500):
            append(path, EventFileBuilder().session_start(step).bytes())
            before, columns = columns, rescan(columns).columns
            moves += not np.shares_memory(before.mark_row, columns.mark_row)
        assert moves <= 10
        assert_same_columns(columns, scan_file(path))

    def test_only_the_new_bytes_are_read(self, path: Path) -> None:
        path.write_bytes(points(0, 10_000))
        columns = scan_file(path)
        new = points(10_000, 3)
        append(path, new)
        counting = CountingSource()
        with using(counting):
            look = rescan(columns)
        assert look.new_rows == 3
        # The fingerprint is read before and after.
        assert counting.bytes_read == len(new) + 2 * 64

    def test_what_is_unchanged_is_not_opened_to_be_read(self, path: Path) -> None:
        path.write_bytes(points(0, 5))
        columns = scan_file(path)
        with counted() as opened:
            assert rescan(columns).change is None
        assert not opened
        append(path, points(5, 1))
        with counted() as opened:
            assert rescan(columns).change == "grown"
        assert opened

    def test_old_columns_stay_as_they_were(self, path: Path) -> None:
        path.write_bytes(points(0, 5))
        columns = [scan_file(path)]
        for step in range(5, 60):
            append(path, points(step, 1))
            columns.append(rescan(columns[-1]).columns)
        for count, each in enumerate(columns, 5):
            assert each.step.tolist() == list(range(count))

    def test_two_looks_from_one_place(self, path: Path) -> None:
        path.write_bytes(points(0, 5))
        first = scan_file(path)
        append(path, points(5, 1))
        second = rescan(first).columns
        append(path, points(6, 1))
        third = rescan(second).columns
        again = [rescan(second).columns, rescan(first).columns]
        for each in (third, *again):
            assert_same_columns(each, scan_file(path))
        assert second.step.tolist() == list(range(6))


class TestReplaced:
    def expect_anew(self, before: FileColumns, path: Path) -> FileColumns:
        look = rescan(before)
        assert look.read_anew
        assert look.new_rows == look.columns.tag_id.size
        assert_same_columns(look.columns, scan_file(path))
        return look.columns

    @pytest.mark.parametrize("change", [rewrite, replace_file])
    @pytest.mark.parametrize("count", [1, 3, 7])
    def test_by_other_content(self, path: Path, change: Any, count: int) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        change(path, points(100, count, "other"))
        assert self.expect_anew(before, path).step.tolist() == list(range(100, 100 + count))

    def test_by_content_of_the_same_size(self, path: Path) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        rewrite(path, points(4, 3))
        assert path.stat().st_size == before.size
        assert self.expect_anew(before, path).step.tolist() == [4, 5, 6]

    def test_by_a_copy_of_itself(self, path: Path) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        replace_file(path, points(1, 3))
        assert_same_columns(self.expect_anew(before, path), before, but=("identity", "modified"))

    @pytest.mark.parametrize("size", [0, 5, 60])
    def test_by_less(self, path: Path, size: int) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        os.truncate(path, size)
        self.expect_anew(before, path)

    def test_a_lost_end_that_was_no_record_loses_nothing(self, path: Path) -> None:
        path.write_bytes(points(1, 3) + b"half a record")
        before = scan_file(path)
        assert problem_places(before) == [("bad_length", before.position, 13)]
        rewrite(path, points(1, 3))
        look = rescan(before)
        assert (look.new_rows, look.read_anew, look.columns.problems) == (0, False, ())
        assert_same_columns(look.columns, scan_file(path))


class TestUnreadable:
    def test_a_missing_file_is_told_and_may_come(self, path: Path) -> None:
        columns = scan_file(path)
        assert problem_places(columns) == [("unreadable", 0, 0)]
        assert columns.problems[0].message == os.strerror(errno.ENOENT)
        assert (columns.size, columns.records, columns.tag_id.size) == (0, 0, 0)
        path.write_bytes(points(1, 3))
        look = rescan(columns)
        assert (look.new_rows, look.columns.problems) == (3, ())

    def test_a_folder_is_told(self, tmp_path: Path) -> None:
        columns = scan_file(tmp_path)
        assert columns.problems[0].message == os.strerror(errno.EISDIR)

    def test_a_vanished_file_keeps_what_was_read(self, path: Path) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        path.unlink()
        look = rescan(before)
        assert (look.new_rows, look.read_anew) == (0, False)
        assert problem_places(look.columns) == [("unreadable", 0, 0)]
        assert look.columns.step.tolist() == [1, 2, 3]
        path.write_bytes(points(1, 5))
        look = rescan(look.columns)
        assert (look.columns.step.size, look.columns.problems) == (5, ())

    def test_a_file_that_is_back_as_it_was_is_sound_again(self, path: Path) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        path.rename(path.with_name("hidden"))
        gone = rescan(before).columns
        path.with_name("hidden").rename(path)
        look = rescan(gone)
        assert (look.new_rows, look.read_anew) == (0, False)
        assert_same_columns(look.columns, before)

    def test_an_error_while_reading_is_told(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path.write_bytes(points(1, 3))

        def read_all(*_: Any) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(scan, "_read_until", read_all)
        assert scan_file(path).problems[0].message == os.strerror(errno.EIO)


class TestChangedWhileRead:
    def test_what_comes_behind_is_left_for_the_next_look(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path.write_bytes(points(1, 3))
        read_all = scan._read_until

        def growing(*arguments: Any) -> None:
            append(path, points(4, 2))
            read_all(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(scan, "_read_until", growing)
            columns = scan_file(path)
        assert columns.step.tolist() == [1, 2, 3]
        look = rescan(columns)
        assert (look.new_rows, look.read_anew) == (2, False)
        assert_same_columns(look.columns, scan_file(path))

    @pytest.mark.timeout(20)
    def test_a_file_cut_while_it_is_read(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path.write_bytes(points(1, 3))
        read_all = scan._read_until

        def shrinking(*arguments: Any) -> None:
            os.truncate(path, len(points(1, 1)))
            read_all(*arguments)

        monkeypatch.setattr(scan, "_read_until", shrinking)
        assert scan_file(path).step.tolist() == [1]

    @pytest.mark.timeout(20)
    def test_a_file_cut_before_it_is_read_on(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path.write_bytes(points(1, 3))
        before = scan_file(path)
        append(path, points(4, 3))
        continues = rescan_module._continues

        def shrinking(*arguments: Any) -> bool:
            answer = continues(*arguments)
            os.truncate(path, len(points(1, 1)))
            return answer

        monkeypatch.setattr(rescan_module, "_continues", shrinking)
        look = rescan(before)
        assert look.read_anew
        assert look.columns.step.tolist() == [1]

    @pytest.mark.timeout(20)
    def test_a_file_system_that_lies_about_the_size(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # As network file systems do for a while, and sysfs always does.
        path.write_bytes(points(1, 3))
        fstat = os.fstat

        def lying(descriptor: int) -> os.stat_result:
            status = list(fstat(descriptor))
            status[6] += 1000
            return os.stat_result(status)

        monkeypatch.setattr(os, "fstat", lying)
        columns = scan_file(path)
        assert columns.step.tolist() == [1, 2, 3]
        assert columns.problems == ()
