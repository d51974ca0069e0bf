"""What differs between operating systems: one package knows it, and all works without it."""

from __future__ import annotations

import ast
import inspect
import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tbtools import system
from tests.commands import ROOT, environment

pytest.importorskip("mypy", reason="typeshed, which says what Windows lacks, comes with mypy")

from tests.lacking import needs
from tests.windows import is_missing, missing, windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

PACKAGE = ROOT / "tbtools"
# Not missing on Windows, but another thing there: text is translated, and a process that is asked
# whether it is there is ended; or a question of which system this is.
ELSEWHERE = {"os.open", "os.kill", "os.name", "sys.platform", "platform.system"}
# Methods of paths that take the encoding of the machine's language, with so many arguments.
TEXTS = {"read_text": 0, "write_text": 1}
ALLOWED = {("cli/outputs.py", "os.open")}  # of os.devnull


@pytest.fixture(params=["posix", "windows"])
def either(request: pytest.FixtureRequest) -> ModuleType:
    if request.param == "windows":
        return windows()
    return pytest.importorskip("tbtools.system._posix")


def used(path: Path) -> Iterator[str]:
    """What a module uses that Windows lacks, or that only one package may ask for."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if is_missing(each.name))
        elif isinstance(node, ast.ImportFrom) and node.module and is_missing(node.module):
            yield node.module
        elif isinstance(node, ast.ImportFrom) and node.module in sys.stdlib_module_names:
            lacking = missing(node.module)
            yield from (f"{node.module}.{each.name}" for each in node.names if each.name in lacking)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = node.value.id
            if ast.unparse(node) in ELSEWHERE or (
                owner in sys.stdlib_module_names and node.attr in missing(owner)
            ):
                yield ast.unparse(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, given = node.func.attr, len(node.args)
            named = any(each.arg == "encoding" for each in node.keywords)
            if name in TEXTS and given <= TEXTS[name] and not named:
                yield f"{name} without an encoding"


def test_typeshed_says_what_windows_lacks() -> None:
    assert missing("os") >= {"pread", "geteuid", "uname", "killpg", "mkfifo", "O_NONBLOCK", "fork"}
    assert missing("signal") >= {"SIGHUP", "SIGKILL"}
    assert not missing("os") & {"replace", "open", "link", "fsync", "chmod", "symlink"}
    assert is_missing("fcntl")
    assert is_missing("pty")
    assert not is_missing("os")
    assert not is_missing("msvcrt")


def test_no_other_module_uses_what_windows_lacks() -> None:
    found = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py")
        if path.parent != PACKAGE / "system"
        for name in used(path)
    }
    assert found == ALLOWED


def test_both_systems_have_the_same_names() -> None:
    posix, there = pytest.importorskip("tbtools.system._posix"), windows()
    for name in vars(system):
        if name.startswith("_") or name in ("sys", "system"):
            continue
        mine, theirs = getattr(posix, name), getattr(there, name)
        if inspect.isfunction(mine):
            given = [len(inspect.signature(each).parameters) for each in (mine, theirs)]
            assert given[0] == given[1], name
        else:
            assert callable(mine) == callable(theirs), name


class TestEither:
    def test_reads_at_any_offset(self, either: ModuleType, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(bytes(range(100)))
        handle = either.open_to_read(tmp_path / "f")
        buffer = bytearray(4)
        assert either.read_at(handle, 3, 10) == b"\n\x0b\x0c"
        assert either.read_at(handle, 5, 100) == b""
        assert either.read_into(handle, memoryview(buffer), 97) == 3
        assert bytes(buffer) == b"abc\0"
        os.close(handle)

    def test_threads_read_what_they_ask_for(self, either: ModuleType, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(bytes(range(256)) * 100)
        handle = either.open_to_read(tmp_path / "f")
        wrong: list[bytes] = []

        def read(number: int) -> None:
            found = {either.read_at(handle, 1, number) for _ in range(300)}
            wrong.extend(found - {bytes([number])})

        readers = [threading.Thread(target=read, args=(number,)) for number in range(8)]
        for each in readers:
            each.start()
        for each in readers:
            each.join()
        os.close(handle)
        assert wrong == []

    def test_a_file_is_made_once(self, either: ModuleType, tmp_path: Path) -> None:
        handle = either.create(tmp_path / "f", 0o600)
        os.write(handle, b"a\nb\r\n\x1a")
        os.close(handle)
        assert (tmp_path / "f").read_bytes() == b"a\nb\r\n\x1a"
        with pytest.raises(FileExistsError, match=re_of(tmp_path / "f")):
            either.create(tmp_path / "f", 0o600)
        with pytest.raises(FileNotFoundError):
            either.open_to_read(tmp_path / "nothing")

    def test_a_file_is_locked_until_it_is_closed(self, either: ModuleType, tmp_path: Path) -> None:
        first = either.open_lock(tmp_path / "lock")
        second = either.open_lock(tmp_path / "lock")
        os.write(first, b"content")
        either.lock(first)
        assert os.lseek(first, 0, os.SEEK_CUR) == 7
        with pytest.raises(BlockingIOError):
            either.lock(second, wait=False)
        threading.Timer(0.1, os.close, [first]).start()
        begun = time.monotonic()
        either.lock(second)
        assert time.monotonic() - begun >= 0.09
        os.close(second)

    def test_files_and_directories_are_put_onto_the_disk(
        self, either: ModuleType, tmp_path: Path
    ) -> None:
        (tmp_path / "f").touch()
        either.flush(tmp_path / "f")
        either.flush(tmp_path)
        os.close(either.open_directory(tmp_path))

    def test_what_is_missing_is_told_apart_from_what_may_not_be_changed(
        self, either: ModuleType, tmp_path: Path
    ) -> None:
        assert either.may_change(tmp_path)
        with pytest.raises(FileNotFoundError):
            either.may_change(tmp_path / "missing")

    def test_processes(self, either: ModuleType) -> None:
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, **either.OWN_GROUP
        )
        assert either.process_exists(os.getpid())
        assert either.process_exists(child.pid)
        child.communicate(b"\n")
        assert not either.process_exists(child.pid)

    def test_own_files(self, either: ModuleType, tmp_path: Path) -> None:
        assert either.is_closed_to_others(tmp_path.stat())
        assert isinstance(either.user_id(), int)
        assert isinstance(either.host_name(), str)
        assert either.usable_cores() >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux'")
@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        (["150000 100000\n"], 2),
        (["max 100000\n"], 64),
        (["50000\n", "100000\n"], 1),
        (["-1\n", "100000\n"], 64),
        (["12800000 100000\n"], 64),
        ([], 64),
    ],
    ids=["part", "no_limit", "version_1", "version_1_no_limit", "more_than_there_are", "none"],
)
def test_a_container_has_the_cores_that_it_is_given_the_time_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: list[str], cores: int
) -> None:
    files = [tmp_path / f"{number}" for number in range(len(quota) or 1)]
    for file, text in zip(files, quota, strict=False):
        file.write_text(text, encoding="ascii")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    monkeypatch.setattr("tbtools.system._posix._QUOTAS", [[str(file) for file in files]])
    assert system.usable_cores() == cores


def test_where_windows_keeps_what_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAPPDATA", "C:\\Users\\me\\AppData\\Local")
    assert windows().user_directory("~/.cache", "~/Library/Caches").startswith("C:\\Users\\me")


def test_windows_locks_no_directories(tmp_path: Path) -> None:
    here = windows()
    handle = here.open_directory(tmp_path)
    with pytest.raises(OSError, match="Invalid argument"):
        here.lock(handle)
    os.close(handle)


def re_of(path: Path) -> str:
    return str(path).replace("\\", "\\\\")


# The result of each is a file, or what is printed.
LINES = [
    ["summarize", "LOGS"],
    ["summarize", "LOGS"],  # of what the cache has
    ["detect", "LOGS"],
    ["diff", "LOGS/baseline", "LOGS/diverged"],
    ["verify", "LOGS", "--all"],
    ["merge", "LOGS/baseline", "-o", "OUT/merged"],
    ["export", "LOGS", "-o", "OUT/all.csv"],
    ["export", "LOGS", "-o", "OUT/all.csv", "--force"],
    ["smooth", "LOGS", "-o", "OUT/smooth"],
    ["edit", "LOGS", "--rename", "s/loss/cost/", "-o", "OUT/edited"],
    ["compact", "LOGS", "--thin", "10", "-o", "OUT/compact"],
    ["report", "LOGS", "-o", "OUT/report.html"],
    ["repair", "LOGS", "-o", "OUT/repaired"],
]


def test_every_command_does_without(tmp_path: Path) -> None:
    """As if on Windows it says and writes what it does here."""
    told, written = {}, {}
    for mode in ("here", "windows"):
        out = tmp_path / mode
        out.mkdir()
        logs, place = os.fspath(ROOT / "tests" / "logs"), os.fspath(out)
        lines = json.loads(json.dumps(LINES).replace("LOGS", logs).replace("OUT", place))
        done = subprocess.run(
            [sys.executable, "-m", "tests.windows", mode, json.dumps(lines)],
            capture_output=True, text=True, cwd=ROOT, check=False,
            env=environment(TBTOOLS_CACHE=f"{place}/cache", PYTHONPATH=os.fspath(ROOT)),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        told[mode] = json.loads(done.stdout.replace(place, "OUT"))
        written[mode] = {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in out.rglob("*")
            if path.is_file() and "cache" not in path.parts
        }
    for line, here, there in zip(LINES, told["here"], told["windows"], strict=True):
        assert there == here, line
    assert len(written["here"]) > 10
    assert written["windows"] == written["here"]


def test_the_tests_say_which_need_posix() -> None:
    def has(module: str, name: str) -> bool:
        return not (name in missing(module) if name else is_missing(module))

    found = {path.stem: needs(path, has) for path in (ROOT / "tests").rglob("test_*.py")}
    assert found["test_pager"][""] == "fcntl"
    assert found["test_killed"][""] == "signal.SIGKILL"
    # By what a function calls, here and in another module.
    assert found["test_summarize"]["test_colour_on_a_terminal"] == "fcntl"
    assert found["test_format"]["test_times_are_local_and_name_their_zone"] == "time.tzset"
    assert set(found["test_merge"].values()) <= {"links", "modes of files"}
    assert found["test_writer"] == {}
    posix = sum(bool(each) for each in found.values())
    assert 20 < posix < len(found) / 2
