"""The index: what is not read again, what is kept where, and for how long."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tbtools.eventfile.index import cache, index, packs, store
from tbtools.eventfile.index.index import FileIndex
from tbtools.eventfile.scan import SCAN_VERSION, scan_file
from tests.builders import EventFileBuilder
from tests.commands import IS_ROOT, ROOT, call, environment
from tests.indexes import counted, eager_index, let_clocks_tick
from tests.scans import VALUES, assert_same_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.scan import FileColumns

FILE = "events.out.tfevents.1"


def points(count: int, first: int = 0) -> EventFileBuilder:
    return EventFileBuilder().scalars("loss", [(step, step) for step in range(first, count)])


def look(logs: Path | str, *paths: Path | str) -> dict[str, int]:
    """Reads files through the index of a log directory; tells what was read of which."""
    files = FileIndex(str(logs))
    with counted() as read:
        for path in paths or sorted(Path(logs).rglob("*tfevents*")):
            assert_same_columns(files.scan_file(str(path)), scan_quietly(str(path)))
    files.save()
    return read


def scan_quietly(path: str) -> FileColumns:
    """A plain scan that is not counted."""
    with counted():
        return scan_file(path)


def packs_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.pack"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def eager(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    with eager_index(folder) as patch:
        yield patch


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    logs = tmp_path / "logs"
    points(50).write(logs / "a" / FILE)
    points(70).text("note", 3, "words").write(logs / "b" / FILE)
    return logs


# --- what is read ---------------------------------------------------------------------------------


def test_a_second_look_opens_no_file(logs: Path, eager: pytest.MonkeyPatch) -> None:
    sizes = {name: (logs / name / FILE).stat().st_size for name in "ab"}
    assert look(logs).keys() == sizes.keys()
    assert look(logs) == {}
    experiment = tbtools.load(logs)
    with counted() as read:
        assert len(experiment.scalars()) == 120
    assert read == {}
    assert experiment["b"].text()["text"].tolist() == ["words"]


def test_of_a_file_that_has_grown_the_new_bytes_are_read(
    logs: Path, tmp_path: Path, eager: pytest.MonkeyPatch
) -> None:
    eager.setattr(index, "_BYTES_A_SAMPLE", 1 << 16)
    path = points(20_000).write(logs / "a" / FILE)
    size = path.stat().st_size
    look(logs)
    let_clocks_tick(tmp_path)
    with path.open("ab") as file:
        file.write(points(20_010, first=20_000).bytes())
    (count,) = look(logs).values()
    assert count < size / 10
    assert look(logs) == {}


def test_the_store_of_a_directory_is_that_of_what_lies_in_it(
    logs: Path, tmp_path: Path, eager: pytest.MonkeyPatch
) -> None:
    look(logs)
    assert look(logs / "a") == look(logs / "b" / FILE, logs / "b" / FILE) == {}
    eager.chdir(logs)
    for paths in ("a", ["a", "b"], "../logs"):
        with counted() as read:
            tbtools.load(paths).scan()
        assert read == {}
    assert len(list((tmp_path / "cache" / "index").glob("*/*"))) == 1


def test_what_was_written_to_just_before_is_scanned_anew(
    logs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its times may be the same although another byte was written behind the scan's back."""
    monkeypatch.setenv("TBTOOLS_CACHE", str(folder))
    monkeypatch.setattr(index, "_PAYS_FROM_SECONDS", 0.0)
    monkeypatch.setattr(index, "_PAYS_TIMES", 0.0)
    assert look(logs).keys() == look(logs).keys() == {"a", "b"}


def test_other_bytes_of_the_same_size_and_time(
    logs: Path, tmp_path: Path, eager: pytest.MonkeyPatch
) -> None:
    look(logs)
    path = logs / "a" / FILE
    before = path.stat()
    let_clocks_tick(tmp_path)
    content = EventFileBuilder().scalars("loss", [(step, step + 1) for step in range(50)]).bytes()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert look(logs).keys() == {"a"}
    assert tbtools.load(logs)["a"].scalars()["value"].tolist() == list(range(1, 51))


def test_refresh_follows_what_came_from_the_index(logs: Path, eager: pytest.MonkeyPatch) -> None:
    look(logs)
    experiment = tbtools.load(logs)
    experiment.scan()
    assert experiment.refresh() == 0
    assert not any(run.changes for run in experiment.values())
    with (logs / "a" / FILE).open("ab") as file:
        file.write(points(55, first=50).bytes())
    assert experiment.refresh() == 5
    assert [change.kind for change in experiment["a"].changes] == ["grown"]
    (logs / "b" / FILE).write_bytes(points(10).bytes())
    assert experiment.refresh() == 10
    assert [change.kind for change in experiment["b"].changes] == ["shrank"]


def test_verify_reads_everything(logs: Path, eager: pytest.MonkeyPatch) -> None:
    look(logs)
    experiment = tbtools.load(logs)
    experiment.scan()
    sizes = {name: (logs / name / FILE).stat().st_size for name in "ab"}
    for given in (logs, experiment):
        with counted() as read:
            assert tbtools.verify(given).sound
        assert {name: read[name] >= size for name, size in sizes.items()} == {"a": True, "b": True}


def test_inspect_reads_everything(logs: Path, eager: pytest.MonkeyPatch) -> None:
    look(logs)
    with counted() as read:
        assert call("inspect", str(logs / "a" / FILE)).status == 0
    assert read["a"] >= (logs / "a" / FILE).stat().st_size


def test_an_experiment_with_an_index_is_pickled(logs: Path, eager: pytest.MonkeyPatch) -> None:
    look(logs)
    sent = pickle.loads(pickle.dumps(tbtools.load(logs)))
    with counted() as read:
        assert len(sent.scalars()) == 120
    assert read == {}


# --- what comes back ------------------------------------------------------------------------------


def wide(folder: Path) -> Path:
    builder = EventFileBuilder()
    for step in range(5000):
        builder.tensor_scalar("x", step, step / 3, "float64")
    return builder.write(folder / FILE)


def odd(folder: Path) -> Path:
    """Names that are no UTF-8, an empty one, marks, damage in the middle and at the end."""
    builder = EventFileBuilder().file_version("brain.Event:2").session_start(0)
    builder.scalar("", 1, 0.5).scalar("ä/\0", 2, float("nan")).scalar("loss", 3, 1e300)
    builder.corrupt_data_crc().scalar("loss", -4, 2).graph(b"\x0a\x00").text("t", 5, "x")
    value = b"\x0a\x02\xff\xfe\x15\0\0\0\0"  # Summary.Value: 1 tag, 2 simple_value
    summary = b"\x0a" + bytes([len(value)]) + value
    builder.raw_record(b"\x09" + bytes(8) + b"\x2a" + bytes([len(summary)]) + summary)
    builder.histogram("h", 6, [1.0, 2.0], [3, 4]).image("i", 7, b"png")
    path = builder.truncate(3).write(folder / FILE)
    with path.open("ab") as file:  # another writer goes on behind the half record
        file.write(points(5).truncate(1).bytes())
    return path


def empty(folder: Path) -> Path:
    return EventFileBuilder().write(folder / FILE)


def no_event_file(folder: Path) -> Path:
    path = folder / FILE
    path.write_bytes(b"\x1f\x8b" + bytes(range(100)))
    return path


@pytest.mark.parametrize("make", [wide, odd, empty, no_event_file])
def test_columns_come_back_as_they_were(
    make: object, tmp_path: Path, eager: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    assert callable(make)
    path = make(tmp_path / "logs")
    assert look(tmp_path / "logs", path).keys() == {"logs"}
    assert look(tmp_path / "logs", path) == {}


def test_columns_of_logs_come_back(eager: pytest.MonkeyPatch, cases: Path) -> None:
    for folder in (ROOT / "tests" / "logs", cases):
        look(folder)
        assert look(folder) == {}


@pytest.mark.corpus
def test_columns_of_the_corpus_come_back(
    corpus: Path, corpus_files: list[Path], eager: pytest.MonkeyPatch
) -> None:
    look(corpus, *corpus_files)
    assert look(corpus, *corpus_files) == {}


# --- where it is, and who may read it -------------------------------------------------------------


def test_only_the_user_may_read_it(logs: Path, folder: Path, eager: pytest.MonkeyPatch) -> None:
    before = os.umask(0)
    try:
        look(logs)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.rglob("*"))}
    assert modes == {0o700, 0o600}
    assert all(each.is_dir() == (each.suffix != ".pack") for each in folder.rglob("*"))


@pytest.mark.parametrize("place", ["cache", "index", "version", "store"])
def test_where_others_can_write_nothing_is_read_or_written(
    logs: Path, folder: Path, eager: pytest.MonkeyPatch, place: str
) -> None:
    look(logs)
    (pack,) = packs_of(folder)
    levels = {"cache": folder, "index": folder / "index", "version": pack.parents[1]}
    levels.get(place, pack.parent).chmod(0o770)
    assert look(logs).keys() == {"a", "b"}
    assert packs_of(folder) == [pack]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"TBTOOLS_CACHE": "off"}, None),
        ({"TBTOOLS_CACHE": "/x/y"}, "/x/y"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/tbtools"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.cache/tbtools"),
        ({"HOME": "/home/me"}, "/home/me/.cache/tbtools"),
    ],
)
def test_where_it_is(
    changes: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TBTOOLS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache.cache_directory() == expected


def test_nothing_is_written_where_it_does_not_pay(
    logs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TBTOOLS_CACHE", str(folder))
    monkeypatch.setattr(index, "_PAYS_FROM_SECONDS", 3600.0)
    monkeypatch.setattr(index, "_PAYS_TIMES", 0.0)
    look(logs)
    assert not folder.exists()


def test_times_in_the_future_are_as_good_as_others(
    logs: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    os.utime(logs / "a" / FILE, (4e9, 4e9))
    look(logs)
    assert look(logs) == {}


def test_nor_what_was_read_faster_than_it_is_written(
    logs: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    eager.setattr(index, "_PAYS_TIMES", 1e9)
    look(logs)
    assert not folder.exists()


@pytest.mark.parametrize("without", ["--no-cache", "cache=False", "TBTOOLS_CACHE=off"])
def test_it_can_be_left_alone(
    without: str, logs: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    if without == "TBTOOLS_CACHE=off":
        eager.setenv("TBTOOLS_CACHE", "off")
    if without == "--no-cache":
        assert call("summarize", str(logs), "--no-cache").status == 0
    else:
        tbtools.load(logs, cache=without != "cache=False").scan()
    assert not folder.exists()
    assert tbtools.read_scalars(logs, cache=True)["value"].size == 120


# --- disks and processes --------------------------------------------------------------------------


def test_a_full_disk_is_no_error(logs: Path, folder: Path, eager: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("add", "finish", "__init__"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(packs.PackWriter, name, fail)
            assert look(logs).keys() == {"a", "b"}
        assert [each for each in folder.rglob("*") if each.is_file()] == []
    look(logs)
    assert look(logs) == {}


@pytest.mark.skipif(not IS_ROOT, reason="only root gives files away")
def test_root_leaves_no_directories_of_its_own_in_a_home(
    logs: Path, tmp_path: Path, eager: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    eager.setenv("TBTOOLS_CACHE", str(home / ".cache" / "tbtools"))
    assert look(logs).keys() == look(logs).keys() == {"a", "b"}
    assert list(home.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_no_error(
    logs: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    folder.write_text("a file")
    assert look(logs).keys() == look(logs).keys() == {"a", "b"}


def test_what_is_called_like_a_pack_and_is_none_is_passed_over(
    logs: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    look(logs)
    (pack,) = packs_of(folder)
    os.mkfifo(pack.with_name("pipe.pack"))
    pack.with_name("directory.pack").mkdir()
    pack.with_name("loop.pack").symlink_to("loop.pack")
    pack.with_name("zeros.pack").symlink_to("/dev/zero")
    pack.with_name("empty.pack").touch()
    assert look(logs) == {}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are not listed here")
def test_few_files_are_open_whatever_is_kept(
    logs: Path, tmp_path: Path, eager: pytest.MonkeyPatch
) -> None:
    eager.setattr(store, "_PACKS", 100)
    for number in range(20):
        points(3).write(logs / f"run{number}" / FILE)
        look(logs, logs / f"run{number}" / FILE)
    assert len(packs_of(tmp_path / "cache")) == 20
    before = len(list(Path("/proc/self/fd").iterdir()))
    files = [FileIndex(str(logs)) for _ in range(5)]
    with counted() as read:
        for each in files:
            for number in range(20):
                each.scan_file(str(logs / f"run{number}" / FILE))
    assert read == {}
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 4


def test_the_root_directory_is_one_like_others(
    logs: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    """Above which there is none, so that whoever climbs up must know where to stop."""
    folder.mkdir(0o700)
    eager.setattr(cache, "cache_directory", lambda: "/")
    assert cache.is_private("/") == (os.geteuid() == 0)


def test_it_can_be_removed_at_any_moment(
    logs: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    """Also while columns lie in it, of a file so large that they are mapped."""
    path = points(60_000).write(logs / "a" / FILE)
    look(logs)
    (columns, other) = (FileIndex(str(logs)) for _ in range(2))
    kept = columns.scan_file(str(path))
    other.scan_file(str(logs / "b" / FILE))
    shutil.rmtree(folder)
    assert_same_columns(kept, scan_file(str(path)))
    assert_same_columns(other.scan_file(str(path)), scan_file(str(path)))
    assert look(logs).keys() == {"a", "b"}
    assert look(logs) == {}


LOOK = """
import sys
from tbtools.eventfile.index import index
index._PAYS_FROM_SECONDS, index._PAYS_TIMES, index._SETTLED_AFTER = 0, 0, -60_000_000_000
import tbtools
for _ in range(15):
    frame = tbtools.read_scalars(sys.argv[1])
    assert len(frame) == 120 and frame["value"].sum() == 3640, frame
"""


def test_many_processes_at_once(logs: Path, folder: Path) -> None:
    """They write the same entries, and one of them removes what the others use."""
    env = environment(TBTOOLS_CACHE=str(folder))
    command = [sys.executable, "-c", LOOK, str(logs)]
    looking = [subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.PIPE) for _ in "1234"]
    while any(each.poll() is None for each in looking):
        for pack in packs_of(folder):
            cache.remove(str(pack))
    assert [each.communicate()[1] for each in looking] == [b""] * 4
    assert [each.returncode for each in looking] == [0] * 4


# --- versions, packs and room ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SCAN_VERSION", "FORMAT_VERSION"])
def test_another_version_has_its_own(name: str, logs: Path, eager: pytest.MonkeyPatch) -> None:
    look(logs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, name, 1000)
        assert look(logs).keys() == {"a", "b"}
        assert look(logs) == {}
    assert look(logs) == {}


# What scans find in tests/logs, and in a file with all kinds of damage.
SCANS = {2: "c828f7cd77802d3d0249b3c37c40ce11edb7fefcfdd8d2a3c9a93150b9d27ac5"}


def test_the_version_is_raised_when_a_scan_finds_something_else(tmp_path: Path) -> None:
    """Where this fails and is meant to: raise SCAN_VERSION, and put the new digest beside it."""
    (tmp_path / "odd").mkdir()
    files = [*sorted((ROOT / "tests" / "logs").rglob("*tfevents*")), odd(tmp_path / "odd")]
    digest = hashlib.sha256()
    for path in files:
        columns = scan_file(str(path))
        for name in VALUES:
            digest.update(np.ascontiguousarray(getattr(columns, name)).tobytes())
        rest = (columns.tag_names, columns.tag_plugins, columns.tag_metadata, columns.problems)
        digest.update(repr((rest, columns.records, columns.events, columns.position)).encode())
    assert SCANS[SCAN_VERSION] == digest.hexdigest()


def test_small_packs_are_joined(logs: Path, folder: Path, eager: pytest.MonkeyPatch) -> None:
    for number in range(3 * store._PACKS):
        look(logs, points(number + 1).write(logs / f"run{number}" / FILE))
    assert len(packs_of(folder)) <= store._PACKS
    look(logs)
    assert look(logs) == {}


def test_what_counts_no_more_is_removed(
    logs: Path, folder: Path, tmp_path: Path, eager: pytest.MonkeyPatch
) -> None:
    look(logs)
    (before,) = packs_of(folder)
    let_clocks_tick(tmp_path)
    for path in logs.rglob("*tfevents*"):
        path.touch()
    look(logs)
    (after,) = packs_of(folder)
    assert after != before


def age(path: Path, seconds: float) -> None:
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_what_was_used_longest_ago_leaves(
    tmp_path: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    first = {}
    for number, name in enumerate("abc"):
        points(100).write(tmp_path / name / FILE)
        look(tmp_path / name)
        (first[name],) = set(packs_of(folder)) - set(first.values())
        age(first[name], 100_000 - number)
    assert look(tmp_path / "a") == {}  # so that b is what was used longest ago
    size = first["a"].stat().st_size
    eager.setattr(cache, "SIZE_LIMIT", 3 * size + size // 2)
    points(100).write(tmp_path / "d" / FILE)
    look(tmp_path / "d")
    assert first["a"].exists()
    assert not first["b"].exists()
    assert first["c"].exists()
    assert look(tmp_path / "d") == {}


def test_what_is_in_use_is_not_pushed_out(
    tmp_path: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        points(100).write(tmp_path / name / FILE)
    look(tmp_path / "a")
    (pack,) = packs_of(folder)
    eager.setattr(cache, "SIZE_LIMIT", pack.stat().st_size + 100)
    assert look(tmp_path / "b").keys() == look(tmp_path / "b").keys() == {"b"}
    assert look(tmp_path / "a") == {}


def test_what_a_killed_process_has_left_is_removed(
    logs: Path, folder: Path, eager: pytest.MonkeyPatch
) -> None:
    look(logs)
    (pack,) = packs_of(folder)
    left, others = pack.with_suffix(".part"), pack.with_name("notes.txt")
    for path in (left, others):
        path.write_bytes(b"x" * 100)
        age(path, 200_000)
    points(7).write(logs / "c" / FILE)
    look(logs)
    assert not left.exists()
    assert others.exists()
