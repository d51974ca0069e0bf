"""Processes that write to one path at one time: nothing of another one's is ever lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import write_foreign, write_two_runs
from tests.commands import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Runs command lines at one time, again and again, each in a process of its own; tells their
# statuses and errors, and what is there then. `training` stands for somebody's writer.
SCRIPT = """
import gc, json, os, subprocess, sys
from pathlib import Path
import tbtools
from tbtools.cli.main import run

folder, rounds, before, lines = sys.argv[1], int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
os.chdir(folder)

def train():
    for _ in range(9):
        try:
            with tbtools.EventFileWriter("out", filename_suffix=".mine") as writer:
                writer.add_scalar("loss", 1.0, 0)
            return 0
        except OSError:  # the directory stepped aside in that instant, be it while it was made
            pass
    return 1

def start(arguments, error, gate):
    child = os.fork()
    if not child:
        os.dup2(os.open(error, os.O_WRONLY | os.O_CREAT, 0o600), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.read(gate, 1)  # until all have started
        os._exit(train() if arguments == ["training"] else run(arguments))
    return child

run([*lines[0], "--force"] if before == "former" else lines[0])
os.rename("out", "former")
gc.freeze()  # a child that looked through all of these objects would have to copy them
gc.disable()
for _ in range(rounds):
    subprocess.run(["rm", "-rf", "out"], check=True)
    if before == "former":
        subprocess.run(["cp", "-r", "former", "out"], check=True)
    gate, opened = os.pipe()
    children = [start(each, f"error-{n}", gate) for n, each in enumerate(lines)]
    os.write(opened, bytes(len(lines)))
    statuses = [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children]
    errors = [Path(f"error-{n}").read_text() for n in range(len(lines))]
    for n in range(len(lines)):
        Path(f"error-{n}").unlink()
    hidden = [each for each in os.listdir(".") if each.startswith(".")]
    found = sorted(os.listdir("out")) if Path("out").is_dir() else []
    print(json.dumps([statuses, errors, hidden, found]))
    for each in hidden:  # what was kept, as a message has said, is not the next round's
        subprocess.run(["rm", "-rf", each], check=True)
"""

COMMANDS = {
    "merge": ["merge", "logs/a", "-o", "out"],
    "repair": ["repair", "logs", "-o", "out"],
    "import": ["import", "foreign", "-o", "out"],
    "compact": ["compact", "logs", "-o", "out"],
    "edit": ["edit", "logs", "--rename", "s/^/x/", "-o", "out"],
    "aggregate": ["aggregate", "logs", "-o", "out"],
    "smooth": ["smooth", "logs", "-o", "out"],
    "pictures": ["export", "logs", "--data", "images", "-o", "out"],
    "table": ["export", "logs", "--format", "csv", "-o", "out"],
    "view": ["summarize", "logs", "--format", "json", "-o", "out"],
}
TRAINING = ["training"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_two_runs(tmp_path / "logs")
    write_foreign(tmp_path / "foreign")
    return tmp_path


def raced(folder: Path, rounds: int, lines: list[list[str]], before: str = "nothing") -> list[Any]:
    """What each round came to: statuses, errors, hidden names, names in the output."""
    script = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", SCRIPT]
    done = subprocess.run(
        [*script, os.fspath(folder), str(rounds), before, json.dumps(lines)],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[[")]
    assert len(told) == rounds
    return told


@pytest.mark.parametrize("command", COMMANDS)
def test_one_of_several_gets_the_name(folder: Path, command: str) -> None:
    for statuses, errors, hidden, _ in raced(folder, 12, [COMMANDS[command]] * 4):
        assert sorted(statuses) == [0, 2, 2, 2]
        for status, error in zip(statuses, errors, strict=True):
            if status == 2:
                assert error.startswith("tbtools: out exists; ")
                assert error.count("\n") == 1
        assert hidden == []


@pytest.mark.parametrize("command", ["merge", "aggregate", "smooth", "view"])
def test_one_after_another_replaces_an_earlier_result(folder: Path, command: str) -> None:
    line = [*COMMANDS[command], "--force"]
    for statuses, errors, hidden, found in raced(folder, 12, [line] * 4, "former"):
        assert 0 in statuses
        for status, error in zip(statuses, errors, strict=True):
            if status:
                assert (status, error.count("\n")) == (2, 1)
                assert error.startswith("tbtools: out ")
        assert hidden == []
        assert found == sorted(each.name for each in (folder / "former").glob("*"))


@pytest.mark.parametrize("before", ["nothing", "former"])
def test_a_training_stays_where_it_starts(folder: Path, before: str) -> None:
    line = [*COMMANDS["merge"], *(["--force"] if before == "former" else [])]
    for statuses, errors, hidden, found in raced(folder, 60, [line, TRAINING, line], before):
        assert statuses[1] == 0
        assert len([each for each in found if each.endswith(".mine")]) == 1, (errors, hidden)
        for each in hidden:
            assert any(f"the earlier result is now {each}" in error for error in errors)
