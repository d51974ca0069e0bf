"""Which runs there are under a path: links, loops, odd names, closed doors."""

from __future__ import annotations

import errno
import os
import random
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing import io_wrapper

import tbtools
from tbtools import errors
from tbtools.eventfile.discover import LogDirectory, discover, natural_key
from tbtools.eventfile.listing import each_quickly
from tbtools.eventfile.problems import Problem
from tbtools.eventfile.source import LocalSource, using

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.source_types import Entry, Status

FILE = "events.out.tfevents.1700000000.host.1.0"


def make(root: Path, *names: str) -> Path:
    """Empty files under the root."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def found(root: Path | str) -> dict[str, list[str]]:
    """Run name to the names of its event files."""
    return {
        run.name: [os.path.basename(path) for path in run.event_files]  # noqa: PTH119
        for run in discover(root).runs
    }


class TestLogDirectory:
    def test_runs_are_directories_that_directly_hold_event_files(self, tmp_path: Path) -> None:
        make(tmp_path, FILE, f"a/b/{FILE}", f"a/c/d/{FILE}", "a/checkpoint.pt", "e/events.json")
        assert found(tmp_path) == {".": [FILE], "a/b": [FILE], "a/c/d": [FILE]}

    def test_paths_can_be_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make(tmp_path, f"logs/a/{FILE}")
        monkeypatch.chdir(tmp_path)
        (run,) = discover("logs/").runs
        assert (run.path, run.event_files) == ("logs/a", (f"logs/a/{FILE}",))
        assert Path(run.event_files[0]).is_file()
        assert found(".") == {"logs/a": [FILE]}

    def test_event_files_are_those_of_tensorboard(self, tmp_path: Path) -> None:
        names = [
            "events.out.tfevents.1",
            "events.out.tfevents.1.v2",
            "my.tfevents",
            "tfevents",
            "xtfeventsx.gz",
            "events.out.tfevents.1.host.profile-empty",
            "events.out.tfevent.1",
            "TFEVENTS.1",
            "model.ckpt",
        ]
        make(tmp_path, *names)
        theirs = {name for name in names if io_wrapper.IsSummaryEventsFile(name)}
        assert set(found(tmp_path)["."]) == theirs
        assert len(theirs) == 5

    def test_event_files_are_sorted_by_name(self, tmp_path: Path) -> None:
        names = [f"events.out.tfevents.{i}.host" for i in (1700000002, 1700000000, 1700000001)]
        make(tmp_path, *names)
        assert found(tmp_path)["."] == sorted(names)

    def test_a_directory_may_be_called_like_an_event_file(self, tmp_path: Path) -> None:
        make(tmp_path, f"tfevents/{FILE}")
        assert found(tmp_path) == {"tfevents": [FILE]}

    def test_hidden_directories_count(self, tmp_path: Path) -> None:
        make(tmp_path, f".runs/{FILE}")
        assert found(tmp_path) == {".runs": [FILE]}

    def test_an_empty_one_has_no_runs(self, tmp_path: Path) -> None:
        assert discover(tmp_path) == LogDirectory(str(tmp_path), (), {}, (str(tmp_path),))

    def test_runs_are_in_natural_order(self, tmp_path: Path) -> None:
        for name in ("seed_10", "seed_2", "seed_2/eval", "seed_1", "."):
            make(tmp_path, f"{name}/{FILE}")
        assert list(found(tmp_path)) == [".", "seed_1", "seed_2", "seed_2/eval", "seed_10"]

    @pytest.mark.corpus
    def test_runs_are_those_of_tensorboard(self, corpus_files: list[Path]) -> None:
        corpus = Path(os.path.commonpath(corpus_files))
        theirs = {
            os.path.relpath(directory, corpus)
            for directory in io_wrapper.GetLogdirSubdirectories(str(corpus))
        }
        log_directory = discover(corpus)
        assert {run.name for run in log_directory.runs} == theirs
        ours = [path for run in log_directory.runs for path in run.event_files]
        expected = [str(p) for p in corpus_files if not p.name.endswith(".profile-empty")]
        assert sorted(ours) == sorted(expected)


class TestOnePath:
    def test_an_event_file_is_its_directorys_run(self, tmp_path: Path) -> None:
        make(tmp_path, FILE, "events.out.tfevents.2")
        (run,) = discover(tmp_path / FILE).runs
        assert (run.name, run.path) == (".", str(tmp_path))
        assert run.event_files == (str(tmp_path / FILE),)

    def test_a_file_is_taken_whatever_its_name(self, tmp_path: Path) -> None:
        make(tmp_path, "copy-of-the-log")
        assert found(tmp_path / "copy-of-the-log") == {".": ["copy-of-the-log"]}

    def test_a_file_in_the_working_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(make(tmp_path, FILE))
        (run,) = discover(FILE).runs
        assert (run.path, run.event_files) == (".", (FILE,))

    @pytest.mark.parametrize("name", ["none", "", f"{FILE}/below"])
    def test_nothing_there(self, name: str, tmp_path: Path) -> None:
        make(tmp_path, FILE)
        path = str(tmp_path / name) if name else ""
        with pytest.raises(errors.NoEventFiles, match=r"No such file|Not a directory"):
            discover(path)

    def test_neither_file_nor_directory(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "tfevents")
        with pytest.raises(errors.NoEventFiles, match="neither a directory nor a regular file"):
            discover(tmp_path / "tfevents")


class TestLinks:
    def test_linked_directories_are_followed(self, tmp_path: Path) -> None:
        make(tmp_path / "elsewhere", f"x/{FILE}")
        make(tmp_path / "logs", f"a/{FILE}")
        (tmp_path / "logs" / "best").symlink_to(tmp_path / "elsewhere")
        assert found(tmp_path / "logs") == {"a": [FILE], "best/x": [FILE]}

    def test_a_directory_counts_once_and_under_its_own_name(self, tmp_path: Path) -> None:
        make(tmp_path, f"z/run/{FILE}")
        (tmp_path / "a").symlink_to("z")
        (tmp_path / "b").symlink_to("z/run")
        assert found(tmp_path) == {"z/run": [FILE]}

    def test_a_target_elsewhere_counts_once_under_the_first_link(self, tmp_path: Path) -> None:
        make(tmp_path / "elsewhere", FILE)
        (tmp_path / "logs").mkdir()
        for name in ("c", "a", "b"):
            (tmp_path / "logs" / name).symlink_to(tmp_path / "elsewhere")
        assert found(tmp_path / "logs") == {"a": [FILE]}

    def test_loops_end(self, tmp_path: Path) -> None:
        make(tmp_path / "logs", f"a/{FILE}")
        make(tmp_path, f"other/{FILE}")
        (tmp_path / "logs" / "a" / "up").symlink_to("..")
        (tmp_path / "logs" / "itself").symlink_to("itself")
        # Out of the log directory and back into it.
        (tmp_path / "logs" / "parent").symlink_to(tmp_path)
        assert found(tmp_path / "logs") == {"a": [FILE], "parent/other": [FILE]}
        assert discover(tmp_path / "logs").unreadable == {}

    def test_links_behind_links(self, tmp_path: Path) -> None:
        make(tmp_path / "far", FILE)
        (tmp_path / "near").mkdir()
        (tmp_path / "near" / "on").symlink_to(tmp_path / "far")
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "start").symlink_to(tmp_path / "near")
        assert found(tmp_path / "logs") == {"start/on": [FILE]}

    def test_the_log_directory_may_be_a_link(self, tmp_path: Path) -> None:
        make(tmp_path / "real", f"a/{FILE}")
        (tmp_path / "logs").symlink_to("real")
        assert found(tmp_path / "logs") == {"a": [FILE]}

    def test_linked_files_are_event_files(self, tmp_path: Path) -> None:
        make(tmp_path, "store/blob")
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / FILE).symlink_to(tmp_path / "store" / "blob")
        assert found(tmp_path) == {"run": [FILE]}


def duplicates(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Run name to the links to its event files that are not read, all relative to the root."""
    return {
        run.name: [(os.path.relpath(link, root), os.path.relpath(f, root)) for link, f in found]
        for run in discover(root).runs
        if (found := run.duplicates)
    }


class TestLinkedFiles:
    def test_a_file_counts_once_and_under_its_own_name(self, tmp_path: Path) -> None:
        make(tmp_path, f"z/{FILE}")
        (tmp_path / "z" / "current.tfevents").symlink_to(FILE)
        assert found(tmp_path) == {"z": [FILE]}
        assert duplicates(tmp_path) == {"z": [("z/current.tfevents", f"z/{FILE}")]}

    def test_a_run_of_links_alone_is_none(self, tmp_path: Path) -> None:
        make(tmp_path, f"z/{FILE}")
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / FILE).symlink_to(tmp_path / "z" / FILE)
        assert found(tmp_path) == {"z": [FILE]}
        assert duplicates(tmp_path) == {"z": [(f"a/{FILE}", f"z/{FILE}")]}
        assert found(tmp_path / "a") == {".": [FILE]}

    def test_a_file_elsewhere_counts_once_under_the_first_link(self, tmp_path: Path) -> None:
        make(tmp_path, "store/blob")
        for run in ("c", "a", "b"):
            (tmp_path / "logs" / run).mkdir(parents=True)
            (tmp_path / "logs" / run / FILE).symlink_to(tmp_path / "store" / "blob")
        assert found(tmp_path / "logs") == {"a": [FILE]}
        assert duplicates(tmp_path / "logs") == {
            "a": [(f"b/{FILE}", f"a/{FILE}"), (f"c/{FILE}", f"a/{FILE}")]
        }

    def test_a_file_in_a_linked_directory_has_a_name_there(self, tmp_path: Path) -> None:
        make(tmp_path, f"elsewhere/{FILE}")
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "a.tfevents").symlink_to(tmp_path / "elsewhere" / FILE)
        (tmp_path / "logs" / "run").symlink_to(tmp_path / "elsewhere")
        assert found(tmp_path / "logs") == {"run": [FILE]}
        assert duplicates(tmp_path / "logs") == {"run": [("a.tfevents", f"run/{FILE}")]}

    def test_links_behind_links(self, tmp_path: Path) -> None:
        make(tmp_path, f"run/{FILE}")
        (tmp_path / "run" / "a.tfevents").symlink_to("b.tfevents")
        (tmp_path / "run" / "b.tfevents").symlink_to(FILE)
        assert found(tmp_path) == {"run": [FILE]}
        assert len(duplicates(tmp_path)["run"]) == 2


class TestWhatIsNoFile:
    def test_is_passed_over(self, tmp_path: Path) -> None:
        make(tmp_path, FILE)
        os.mkfifo(tmp_path / "fifo.tfevents")
        (tmp_path / "broken.txt").symlink_to("nowhere")
        (tmp_path / "linked.tfevents").symlink_to("fifo.tfevents")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "s.tfevents"))
            assert discover(tmp_path).unreadable == {}
            assert found(tmp_path) == {".": [FILE]}

    @pytest.mark.parametrize("target", ["nowhere", f"{FILE}/below", "link.tfevents"])
    def test_a_link_by_the_name_of_an_event_file_that_leads_nowhere_is_told(
        self, target: str, tmp_path: Path
    ) -> None:
        make(tmp_path, FILE)
        link = tmp_path / "link.tfevents"
        link.symlink_to(target)
        assert [*discover(tmp_path).unreadable] == [str(link)]
        assert found(tmp_path) == {".": [FILE]}
        statuses = {
            each["file"]: each["status"] for each in tbtools.verify(tmp_path).to_dict()["files"]
        }
        assert statuses[str(link)] == "unreadable"


class TestOddNames:
    def test_bytes_that_are_no_utf8_can_be_printed(self, tmp_path: Path) -> None:
        directory = os.fsencode(tmp_path) + b"/caf\xe9"
        try:
            os.mkdir(directory)  # noqa: PTH102 - a name as bytes
        except OSError:
            pytest.skip("a file system that takes UTF-8 only")
        Path(os.fsdecode(directory + b"/\xff.tfevents")).touch()
        (run,) = discover(tmp_path).runs
        assert run.name == "caf\\xe9"
        assert Path(run.event_files[0]).is_file()

    @pytest.mark.parametrize("name", ["späße", "a b", "line\nbreak", "100%", "-", "日本"])
    def test_other_names_stay(self, name: str, tmp_path: Path) -> None:
        make(tmp_path, f"{name}/{FILE}")
        assert found(tmp_path) == {name: [FILE]}


@pytest.fixture
def without_privileges() -> Iterator[Path]:
    """A folder to work in as a user whom permissions stop; root is stopped by none."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


class TestClosedDoors:
    def test_are_told_and_passed_by(self, without_privileges: Path) -> None:
        logs = make(without_privileges, f"open/{FILE}", f"closed/{FILE}")
        (logs / "closed").chmod(0)
        log_directory = discover(logs)
        assert [run.name for run in log_directory.runs] == ["open"]
        refused = Problem(0, 0, "unreadable", "Permission denied")
        assert log_directory.unreadable == {str(logs / "closed"): refused}
        (logs / "closed").chmod(0o700)

    def test_a_link_through_one(self, without_privileges: Path) -> None:
        make(without_privileges, f"closed/run/{FILE}")
        logs = make(without_privileges / "logs", FILE)
        (logs / "link").symlink_to(without_privileges / "closed" / "run")
        (without_privileges / "closed").chmod(0)
        log_directory = discover(logs)
        assert [run.name for run in log_directory.runs] == ["."]
        assert list(log_directory.unreadable) == [str(logs / "link")]
        (without_privileges / "closed").chmod(0o700)

    def test_the_path_itself(self, without_privileges: Path) -> None:
        make(without_privileges, f"closed/run/{FILE}")
        (without_privileges / "closed").chmod(0)
        with pytest.raises(errors.NoEventFiles, match="Permission denied"):
            discover(without_privileges / "closed" / "run")
        assert list(discover(without_privileges / "closed").unreadable) == [
            str(without_privileges / "closed")
        ]
        (without_privileges / "closed").chmod(0o700)


class TestNaturalKey:
    def test_reads_as_a_person_expects(self) -> None:
        names = [
            ".",
            "a",
            "a/1",
            "a/b",
            "a-b",
            "a1",
            "a1/z",
            "a2",
            "a02b",
            "a10",
            "a10b2",
            "a10b11",
            "b",
            "lr0.0003/seed_2",
            "lr0.0003/seed_10",
            "lr0.001/seed_2",
            "lr0.01/seed_2",
            "lr0.15/seed_2",
            "lr0.5/seed_2",
            "lr1/seed_2",
            "v0.9.1",
            "v0.10.1",
            "v1.2",
            "v1.10",
        ]
        shuffled = random.Random(0).sample(names, len(names))
        assert sorted(shuffled, key=natural_key) == names

    @given(st.lists(st.integers(0, 10**30), min_size=2, max_size=2))
    def test_numbers_are_in_their_order(self, numbers: list[int]) -> None:
        low, high = sorted(numbers)
        assert natural_key(f"seed_{low}/x") <= natural_key(f"seed_{high}/x")

    @given(st.text(), st.text())
    def test_no_two_names_are_equal(self, a: str, b: str) -> None:
        assert (natural_key(a) == natural_key(b)) == (a == b)

    @given(st.lists(st.integers(0, 999_999), min_size=2, max_size=2))
    def test_fractions_are_in_their_order(self, millionths: list[int]) -> None:
        low, high = (f"lr_{each / 1e6:f}/x" for each in sorted(millionths))
        assert natural_key(low) <= natural_key(high)

    def test_very_long_numbers(self) -> None:
        assert natural_key("1" * 10_000) < natural_key("2" * 10_000) < natural_key("1" * 10_001)


class _Slow(LocalSource):
    """Takes its time for each call, and tells which there were, and how many at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.most = 0
        self.listed: list[str] = []
        self.looks = 0
        self._now = 0
        self._lock = threading.Lock()

    def _take_time(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        if self.seconds:  # else it would still let others take the core
            time.sleep(self.seconds)
        with self._lock:
            self._now -= 1

    def stat(self, path: str) -> Status:
        self._take_time()
        self.looks += 1
        return super().stat(path)

    def list(self, path: str) -> Iterator[Entry]:
        self._take_time()
        self.listed.append(path)
        yield from super().list(path)
        if path.endswith("closed"):
            raise OSError(errno.EIO, "half of it is gone")


@pytest.mark.parametrize("seconds", [0.0, 0.003])
def test_directories_are_listed_side_by_side_only_where_that_takes_long(
    tmp_path: Path, seconds: float
) -> None:
    runs = [f"{group}/{seed}" for group in range(6) for seed in ("a", "b", "closed")]
    make(tmp_path, *(f"{run}/{FILE}" for run in runs), *(f"{run}/inner/{FILE}" for run in runs))
    source = _Slow(seconds)
    with using(source):
        slowly = discover(tmp_path)
    assert slowly.runs == discover(tmp_path).runs
    assert len(slowly.runs) == 2 * len(runs)
    assert {path[-8:] for path in slowly.unreadable} == {f"{group}/closed" for group in range(6)}
    assert (source.most > 1) == bool(seconds)
    # One call a directory, and one to see what the path is.
    below = (path for path in tmp_path.rglob("*") if path.is_dir())
    assert sorted(source.listed) == sorted(map(str, (tmp_path, *below)))
    assert source.looks == 1


@pytest.mark.parametrize("seconds", [0.0, 0.003])
def test_paths_are_looked_at_side_by_side_only_where_that_takes_long(
    tmp_path: Path, seconds: float
) -> None:
    names = [f"{number:03}" for number in range(60)]
    make(tmp_path, *names)
    source = _Slow(seconds)
    paths = [str(tmp_path / name) for name in names]
    with using(source):
        found = each_quickly(lambda path: source.stat(path).identity[-1], paths)
        assert each_quickly(source.stat, []) == []
    assert found == [Path(path).stat().st_ino for path in paths]
    assert (source.most > 1) == bool(seconds)
