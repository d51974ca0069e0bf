"""Logs of which memory holds but a little: files with holes, long, and short on the disk."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import tbtools
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NAME = "events.out.tfevents.1"
PICTURE = 8 << 20  # bytes
COMMANDS = {
    "edit": ["edit", "--rename", "s/^/x-/", "--exclude-plugin", "images"],
    "compact": ["compact", "--images", "last:1"],
}
SCRIPT = """
import re, sys
from pathlib import Path
from tbtools.cli.main import run
status = run(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
sys.exit(status)
"""


def write_holes(path: Path, count: int) -> None:
    """A file of so many pictures of zeros, which take no room on the disk, and a scalar each."""
    path.parent.mkdir(parents=True)
    record = EventFileBuilder().image("sample", 0, bytes(PICTURE)).bytes()
    with path.open("wb") as file:
        file.write(EventFileBuilder().file_version().bytes())
        for step in range(count):
            file.write(EventFileBuilder().scalar("loss", step, step / 8, START + step).bytes())
            # The picture ends the record, but for the checksum.
            file.write(record[: -4 - PICTURE])
            file.seek(PICTURE, 1)
            file.write(record[-4:])


def peak(*arguments: str) -> int:
    """The most memory that a command line has taken, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return int(done.stdout.splitlines()[-1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the memory of a process")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "length", [32 * PICTURE, pytest.param(10 << 30, marks=pytest.mark.minutes)]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_memory_does_not_grow_with_the_logs(tmp_path: Path, command: str, length: int) -> None:
    few, many = 4, length // PICTURE
    memory = []
    for count in (few, many):
        logs, out = tmp_path / str(count), tmp_path / f"out{count}"
        write_holes(logs / "run" / NAME, count)
        memory.append(peak(*COMMANDS[command], str(logs), "-o", str(out)))
        [written] = (out / "run").iterdir()
        assert written.stat().st_size < 2 * PICTURE
        run = tbtools.load(out)["run"]
        [tag] = run.data.own_tags - {"sample"}
        assert run.scalars(tag)["value"].tolist() == [step / 8 for step in range(count)]
    assert (logs / "run" / NAME).stat().st_size > length
    assert (logs / "run" / NAME).stat().st_blocks * 512 < length / 100
    assert memory[1] < memory[0] + PICTURE
