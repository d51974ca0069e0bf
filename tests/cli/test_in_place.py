"""Logs that are changed where they lie: whole files, whatever happens, and all can be undone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.builders import EventFileBuilder, write_two_runs
from tests.commands import ROOT, call

if TYPE_CHECKING:
    from pathlib import Path

# Runs a command again and again, killed before its first change of a file, its second, and so on
# until it is no longer; tells after each what the logs are, and what after `--undo`.
SCRIPT = """
import hashlib, json, os, shutil, signal, sys
from pathlib import Path
from tbtools.cli.main import run

folder, undone, *arguments = sys.argv[1:]
CHANGES = {"open", "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.chmod"}

def killed_before(number, arguments):
    child = os.fork()
    if not child:
        left = number
        def watch(event, details):
            nonlocal left
            if event in CHANGES and os.path.abspath(str(details[0])).startswith(folder):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(watch)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(run(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def logs():
    return {str(path.relative_to("logs")): hashlib.md5(path.read_bytes()).hexdigest()
            for path in sorted(Path("logs").rglob("*")) if path.is_file()}

os.chdir(folder)
run(["edit", "origin", "--shift-steps", "1", "--dry-run"])  # imports what each child needs
number, status = 0, -9
while status == -9:
    number += 1
    for each in Path(".").iterdir():
        if each.name != "origin":
            shutil.rmtree(each)
    shutil.copytree("origin", "logs")
    if undone == "1":
        run(arguments)
    status = killed_before(number, ["edit", "--undo", "backup"] if undone == "1" else arguments)
    seen = logs()
    there = Path("backup").is_dir()
    back = run(["edit", "--undo", "backup"]) if there else None
    hidden = [str(path) for path in Path("logs").rglob("*") if "tfevents" in path.name]
    print(json.dumps([status, seen, there, back, logs(), os.listdir(".")]))
"""
EDIT = ["edit", "logs", "--rename", "s/^/x\\//", "--in-place", "--backup", "backup"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs, one with a file that is left with nothing."""
    write_two_runs(tmp_path / "logs")
    EventFileBuilder().scalar("gone", 1, 1.0).write(tmp_path / "logs/a/events.out.tfevents.9")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("undone", [False, True])
def test_killed_at_any_moment(folder: Path, undone: bool) -> None:
    (folder / "logs").rename(folder / "origin")
    script = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", SCRIPT]
    done = subprocess.run(
        [*script, os.fspath(folder), str(int(undone)), *EDIT, "--exclude-tag", "gone"],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert told[-1][0] == 0, done.stderr
    assert len(told) > 8
    first, last = told[0][1], told[-1][1]
    before, after = (last, first) if undone else (first, last)
    assert set(before) - set(after) == {"a/events.out.tfevents.9"}
    for _, seen, there, back, undone_logs, _ in told:
        for name in before:
            assert seen.get(name) in (before[name], after.get(name)), name
        assert back in (0, None)
        assert undone_logs == (before if there or undone else seen)
        assert there or seen == before
        extra = set(seen) - set(before)
        assert not any("tfevents" in name for name in extra)
    assert set(told[-1][-1]) == {"origin", "logs"}


def test_what_stays_is_not_touched(folder: Path) -> None:
    before = contents(folder / "logs")
    status = {path: path.stat() for path in (folder / "logs" / "b").iterdir()}
    for path in (folder / "logs" / "a").iterdir():
        path.chmod(0o640)
    assert call(*EDIT, "--run", "a").status == 0
    assert all(path.stat().st_ino == each.st_ino for path, each in status.items())
    assert {path.stat().st_mode & 0o777 for path in (folder / "logs" / "a").iterdir()} == {0o640}
    assert all(tag.startswith("x/") for tag in tbtools.load("logs")["a"].data.own_tags)
    result = call("edit", "--undo", "backup")
    assert (result.status, result.err) == (0, "")
    assert contents(folder / "logs") == before
    assert not (folder / "backup").exists()


def test_what_has_changed_since_is_not_undone(folder: Path) -> None:
    assert call(*EDIT).status == 0
    path = folder / "logs" / "a" / "events.out.tfevents.9"
    with path.open("ab") as file:
        file.write(EventFileBuilder().scalar("more", 2, 1.0).bytes())
    found = contents(folder)
    result = call("edit", "--undo", "backup")
    assert result.status == 2
    assert "has changed since it was edited; nothing is undone" in result.err
    assert contents(folder) == found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["logs", "--shift-steps", "1", "--in-place"], "--in-place needs --backup DIR"),
        ([*EDIT[1:], "-o", "out"], "--output has no effect with --in-place"),
        ([*EDIT[1:], "--rename-run", "s/a/b/"], "--rename-run has no effect with --in-place"),
        ([*EDIT[1:], "--concat"], "--concat has no effect with --in-place"),
        ([*EDIT[1:], "--dry-run"], "no effect with --dry-run"),
        (
            ["logs", "--shift-steps", "1", "--in-place", "--backup", "logs/b/x"],
            "one inside the other",
        ),
        (["logs", "--shift-steps", "1", "--in-place", "--backup", "."], "one inside the other"),
        (["logs", "--shift-steps", "1", "--backup", "x", "-o", "y"], "--backup has no effect"),
        (["--undo", "nowhere"], "nowhere is no backup"),
        (["--undo", "logs"], "logs is no backup"),
        (["logs", "--undo", "logs"], "--undo DIR stands alone"),
        ([], "Missing argument"),
    ],
)
def test_what_is_refused(folder: Path, arguments: list[str], message: str) -> None:
    before = contents(folder)
    result = call("edit", *arguments)
    assert result.status == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert contents(folder) == before


ELSEWHERE = {"file": "/x", "before": "../y", "after": None, "identity": []}


@pytest.mark.parametrize(
    "listed",
    ["", "{}", "[]", '{"format": "x"}',
     json.dumps({"format": "tbtools edit --in-place 1", "files": [ELSEWHERE]})],
)  # fmt: skip
def test_a_list_that_is_none(folder: Path, listed: str) -> None:
    (folder / "backup").mkdir()
    (folder / "backup" / "tbtools-undo.json").write_text(listed)
    result = call("edit", "--undo", "backup")
    assert (result.status, result.err.count("\n")) == (2, 1)
    shutil.rmtree(folder / "backup")
