"""Where input files come from: local ones, others, and such that fail."""

from __future__ import annotations

import ast
import errno
import ntpath
import os
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools import system
from tbtools.eventfile.discover import discover
from tbtools.eventfile.scan import scan_file
from tbtools.eventfile.source import LocalSource, path_below, paths_of, source_of, using
from tbtools.eventfile.source_types import Status
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT, call
from tests.sources import FailingSource, MemorySource, failing
from tests.windows import windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "events.out.tfevents.1"
LOCAL = LocalSource()


def points(count: int, first: int = 0) -> EventFileBuilder:
    return EventFileBuilder().scalars("loss", [(step, step) for step in range(first, count)])


class TestLocal:
    def test_reads_at_any_offset(self, tmp_path: Path) -> None:
        path = tmp_path / "f"
        path.write_bytes(bytes(range(100)))
        with LOCAL.open(str(path)) as file:
            assert (file.read_at(10, 3), file.read_at(98, 10)) == (b"\n\x0b\x0c", b"bc")
            assert (file.read_at(100, 5), file.read_at(3, 0)) == (b"", b"")
            buffer = bytearray(4)
            assert file.read_into(memoryview(buffer), 97) == 3
            assert bytes(buffer) == b"abc\0"
            assert file.fileno() is not None
            path.write_bytes(bytes(200))
            assert file.status().size == 200

    def test_without_pread(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        there = windows()
        monkeypatch.setattr(system, "read_at", there.read_at)
        monkeypatch.setattr(system, "read_into", there.read_into)
        path = points(1000).write(tmp_path / FILE)
        assert scan_file(path).step.tolist() == list(range(1000))
        with LOCAL.open(str(path)) as file:
            assert file.read_at(5, 1 << 20) == path.read_bytes()[5:]

    def test_status(self, tmp_path: Path) -> None:
        path = tmp_path / "f"
        path.write_bytes(b"abc")
        (tmp_path / "link").symlink_to("f")
        status = path.stat()
        expected = Status("file", 3, (status.st_dev, status.st_ino), status.st_mtime_ns)
        assert LOCAL.stat(str(path)) == LOCAL.stat(str(tmp_path / "link")) == expected
        assert LOCAL.stat(str(tmp_path)).kind == "directory"
        assert LOCAL.stat("/dev/null").kind == "other"

    def test_files_without_numbers_are_told_apart(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on shares of a network that Windows has mounted: both have the number 0."""
        stat = os.stat
        numberless = [0 if place == 1 else None for place in range(10)]

        def without(path: str) -> os.stat_result:
            found = stat(path)
            return os.stat_result(
                each if zero is None else zero
                for each, zero in zip(found[:10], numberless, strict=True)
            )

        for name in ("one", "two"):
            points(3).write(tmp_path / name / FILE)
        (tmp_path / "again").symlink_to("one")
        monkeypatch.setattr(os, "stat", without)
        one, two, again = (
            LOCAL.stat(str(tmp_path / name / FILE)) for name in ("one", "two", "again")
        )
        assert one.identity == again.identity != two.identity

    def test_entries(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "directory").mkdir()
        (tmp_path / "link").symlink_to("nowhere")
        os.mkfifo(tmp_path / "pipe")
        kinds = {"file": "file", "directory": "directory", "link": "link", "pipe": "other"}
        assert sorted(LOCAL.list(str(tmp_path))) == [
            (name, str(tmp_path / name), kinds[name]) for name in sorted(kinds)
        ]

    def test_a_directory_is_listed_without_a_look_at_each_entry(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(20):
            points(1).write(tmp_path / f"run{number}" / FILE)
        looked_at = []
        stat = os.stat
        monkeypatch.setattr(os, "stat", lambda path, **how: looked_at.append(path) or stat(path))
        assert len(discover(tmp_path).runs) == 20
        assert looked_at == [str(tmp_path)]


class TestPaths:
    def test_what_stands_behind_a_directory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert path_below("logs/a/b", "logs/") == path_below("logs/a/b/", "logs") == "a/b"
        assert path_below("logs", "logs") == ""
        monkeypatch.setattr(os, "sep", "\\")
        assert path_below("C:\\logs\\a\\b", "C:\\logs") == "a/b"

    def test_urls_have_slashes_on_every_system(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "path", ntpath)
        assert paths_of("C:\\logs").join("C:\\logs", "run") == "C:\\logs\\run"
        assert paths_of("s3://logs").join("s3://logs", "run") == "s3://logs/run"
        assert paths_of("C:\\logs\\run").dirname("C:\\logs\\run") == "C:\\logs"


class TestSchemes:
    def test_a_registered_scheme(self) -> None:
        memory = MemorySource({"mem://logs/run/" + FILE: points(3).bytes()})
        with using(memory, "mem"):
            assert source_of("mem://logs") is source_of("MEM://logs") is memory
            (run,) = discover("mem://logs").runs
            assert run.name == "run"
            assert scan_file(run.event_files[0]).step.tolist() == [0, 1, 2]
        assert source_of("mem://logs") is source_of("logs")

    @pytest.mark.parametrize("path", ["logs", "/logs", "a:b", "c://x", "://x", "a/b://c", ""])
    def test_other_paths_are_local(self, path: str) -> None:
        with using(MemorySource({}), "mem"):
            assert isinstance(source_of(path), LocalSource)

    def test_the_local_source_comes_back(self) -> None:
        local = source_of("logs")
        with using(MemorySource({})):
            assert source_of("logs") is not local
        assert source_of("logs") is local


LOGS = "/not/on/this/disk/logs"
COMMANDS = {
    "summarize": [LOGS],
    "summarize tags": [LOGS, "--tags"],
    "verify": [LOGS, "--all"],
    "inspect": [f"{LOGS}/one.tfevents"],
    "inspect records": [f"{LOGS}/one.tfevents", "--records"],
    "detect": [LOGS],
    "diff": [f"{LOGS}/a", f"{LOGS}/b"],
    "smooth": [f"{LOGS}/a", "-o", "OUT/smooth.csv"],
    "aggregate": [f"{LOGS}/a", f"{LOGS}/b", "-o", "OUT/aggregate.csv"],
    "merge": [f"{LOGS}/a", "-o", "OUT/merged"],
    "export": [LOGS, "-o", "OUT/export.csv"],
    "plot": [LOGS],
    "report": [LOGS, "-o", "OUT/report.html"],
}


@pytest.fixture
def memory() -> MemorySource:
    resumed = EventFileBuilder()
    for step in range(50, 80):
        resumed.scalar("loss", step, 1.0, START + 100 + step)
    first = points(60).text("note", 3, "words")
    return MemorySource(
        {
            f"{LOGS}/a/events.out.tfevents.1": first.bytes(),
            f"{LOGS}/a/events.out.tfevents.2": resumed.bytes(),
            f"{LOGS}/b/events.out.tfevents.1": points(70).bytes(),
            f"{LOGS}/one.tfevents": points(9).bytes(),
        }
    )


def arguments_of(command: str, folder: Path) -> list[str]:
    name = command.partition(" ")[0]
    return [name, *(each.replace("OUT", str(folder)) for each in COMMANDS[command])]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_reads_by_the_source_alone(
    command: str, memory: MemorySource, tmp_path: Path
) -> None:
    """The paths are those of no disk: what is opened around the source is not there."""
    with using(memory):
        result = call(*arguments_of(command, tmp_path))
    assert result.status == (1 if command == "diff" else 0), result.err


def test_python_reads_by_the_source_alone(memory: MemorySource) -> None:
    with using(memory):
        experiment = tbtools.load(LOGS)
        experiment.scan()
        assert len(experiment["a"].scalars("loss")) == 80
        assert experiment["a"].text()["step"].tolist() == [3]
        memory.files[f"{LOGS}/b/{FILE}"] += points(75, first=70).bytes()
        assert experiment.refresh() == 5
        assert experiment["a"].embeddings() == []


@pytest.fixture
def logs(tmp_path: Path, memory: MemorySource) -> Iterator[Path]:
    """The same on the disk."""
    for path, content in memory.files.items():
        target = tmp_path / "logs" / os.path.relpath(path, LOGS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return tmp_path / "logs"


@pytest.mark.parametrize("operation", ["open", "stat", "list", "status", "read"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_whose_input_fails_ends_in_order(
    command: str, operation: str, logs: Path, tmp_path: Path
) -> None:
    arguments = [each.replace(LOGS, str(logs)) for each in arguments_of(command, tmp_path)]
    with using(failing(operation)):
        result = call(*arguments)
    assert result.status in (0, 1, 2)
    assert "Traceback" not in result.err
    if operation == "stat":
        assert (result.status, result.err.count("\n")) == (2, 1)
        assert "Input/output error" in result.err


@pytest.mark.parametrize("command", ["summarize", "verify"])
def test_what_failed_is_said(command: str, logs: Path) -> None:
    with using(failing("read", path="logs/b/")):
        result = call(command, str(logs))
    assert "Input/output error" in (result.out if command == "verify" else result.err)


def test_a_file_that_cannot_be_read_for_a_while(logs: Path) -> None:
    experiment = tbtools.load(logs)
    experiment.scan()
    with using(failing("open", errno.ESTALE, path=FILE)):
        assert experiment.refresh() == 0
        (change,) = experiment["b"].changes
        assert (change.kind, change.new_points) == ("unreadable", 0)
        assert len(experiment["b"].scalars()) == 70
        assert experiment["b"].problems["message"].tolist() == [os.strerror(errno.ESTALE)]
        assert experiment.refresh() == 0
        assert experiment["b"].changes == ()
    assert experiment.refresh() == 0
    assert [change.kind for change in experiment["b"].changes] == ["healed"]
    assert len(experiment["b"].problems) == 0


def test_each_file_is_opened_once(logs: Path) -> None:
    source = FailingSource(lambda *_: None)
    with using(source):
        tbtools.read_scalars(logs)
    opened = [path for operation, path in source.calls if operation == "open"]
    assert len(opened) == len(set(opened)) == 4


# --- nobody goes around it -----------------------------------------------------------------------

# What writes outputs looks at those, at what stands there, and at the inputs' places.
WRITERS = {
    "eventfile/source.py",
    "eventfile/writer.py",
    # What is kept in the user's cache directory is no input.
    "eventfile/index/cache.py",
    "eventfile/index/packs.py",
    "eventfile/index/store.py",
    # Nor is what a watch keeps of its alarms.
    "live/state.py",
    "live/app/settings.py",
    "render/directories.py",
    "render/files.py",
    "render/in_place.py",  # swaps files, and reads its own list of them
    "render/lake.py",
    "render/neighbours.py",
    "render/results.py",
    # By which they do.
    "system/_posix.py",
    "system/_windows.py",
}
# Files of the package, of memory, or the device that takes what nobody reads; outputs.
ALLOWED = {
    ("analysis/objective/table.py", "read_text"),  # the table of words
    ("cli/outputs.py", "os.open"),  # os.devnull
    ("eventfile/notices.py", "system.open_notices"),  # what the system tells, of no path
    ("eventfile/remote/objects.py", "open"),  # an output, to be put into a bucket
    ("eventfile/spool.py", "mmap.mmap"),  # of a temporary file
    *(("eventfile/remote/ssh.py", name) for name in ("exists", "open", "stat")),  # by SFTP
    ("eventfile/remote/others.py", "exists"),  # by fsspec
    ("eventfile/threads.py", "mmap.mmap"),  # of no file
    ("live/webhooks.py", "open"),  # a connection
    ("live/app/reports.py", "exists"),  # of the output
    ("render/mcp/confined.py", "open"),  # of the source that it confines
    ("render/mcp/confined.py", "stat"),
    ("render/report/page.py", "read_text"),  # the page's assets
    ("render/report/page_file.py", "is_file"),  # plotly.min.js beside the output
    ("render/report/page_file.py", "read_bytes"),
    ("render/report/page_file.py", "read_text"),  # a page that it wrote
    ("render/tables.py", "is_dir"),  # of the output
    ("render/widget.py", "read_text"),  # the page's assets
    ("runs/plugins/images.py", "PIL.Image.open"),  # of bytes
}
OF_PATHS = {
    *("open", "stat", "lstat", "exists", "is_file", "is_dir", "is_symlink", "iterdir", "glob"),
    *("rglob", "walk", "read_bytes", "read_text", "resolve", "samefile", "readlink"),
}
OF_OS = {
    *(
        "open",
        "stat",
        "lstat",
        "scandir",
        "listdir",
        "walk",
        "access",
        "readlink",
        "fstat",
        "pread",
    ),
    *("exists", "isfile", "isdir", "islink", "getsize", "getmtime", "realpath", "samefile"),
}

OPENING = {"open", "np.fromfile", "np.memmap", "np.load", "mmap.mmap", "io.open"}


def accesses(path: Path) -> Iterator[str]:
    """What a module calls that looks at the file system, other than by a source."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        owner, _, name = called.rpartition(".")
        if owner == "self" or owner.startswith(("source_of(", "source", "self._source")):
            continue
        if owner in ("os", "os.path"):
            if name in OF_OS:
                yield called
        elif called in OPENING or (
            owner == "system" and name.startswith(("open_", "read_", "create"))
        ):
            yield called
        elif owner and name in OF_PATHS:
            known = owner == "PIL.Image"
            yield called if known else name


def test_inputs_are_opened_and_listed_nowhere_else() -> None:
    package = ROOT / "tbtools"
    found = {
        (module, access)
        for path in package.rglob("*.py")
        if (module := path.relative_to(package).as_posix()) not in WRITERS
        for access in accesses(path)
    }
    assert found <= ALLOWED, found - ALLOWED
    assert found >= ALLOWED, ALLOWED - found
