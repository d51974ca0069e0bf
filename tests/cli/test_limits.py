"""A process short of memory, files or threads: its whole answer, or one line and status 2."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.builders import EventFileBuilder
from tests.commands import ROOT, TBTOOLS, Result, environment

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1 << 20
COMMANDS = {
    "detect": ["detect", "."],
    "diff": ["diff", "a", "b"],
    "verify": ["verify", "."],
}
LIMITS = {
    "memory": (resource.RLIMIT_AS, [megabytes * MEGABYTE for megabytes in range(40, 200, 15)]),
    "files": (resource.RLIMIT_NOFILE, [5, 6, 8]),
    "threads": (resource.RLIMIT_NPROC, [1]),
}


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Runs of which each command has its verdict to say: status 1."""
    values = [(step, 1 / (step + 1)) for step in range(40)]
    blown_up = [*values, *((step, float("nan")) for step in range(40, 60))]
    for name, points in (("a", values), ("b", blown_up)):
        builder = EventFileBuilder().file_version().scalars("loss", points)
        builder.truncate(3).write(tmp_path / name / "events.out.tfevents.1")
    return tmp_path


def limited(logs: Path, which: int, most: int, *arguments: str) -> Result:
    """Runs a command line as a process that may have no more of something."""
    # Root may start as many threads as it likes; what another user may read is of no concern here.
    logs.chmod(0o755)
    drop = ["setpriv", "--reuid", "65534", "--inh-caps", "+dac_override", "--ambient-caps",
            "+dac_override"]  # fmt: skip
    unlimited = which == resource.RLIMIT_NPROC and os.geteuid() == 0
    if unlimited and not shutil.which("setpriv"):
        pytest.skip("root's threads cannot be limited without setpriv")
    done = subprocess.run(
        [*(drop if unlimited else ()), *TBTOOLS, *arguments],
        capture_output=True, text=True, check=False,
        env=environment(PYTHONPATH=str(ROOT)), cwd=logs,
        preexec_fn=lambda: resource.setrlimit(which, (most, most)),
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("command", COMMANDS)
def test_all_or_one_line(command: str, limit: str, logs: Path) -> None:
    which, limits = LIMITS[limit]
    arguments = COMMANDS[command]
    whole = limited(logs, which, resource.getrlimit(which)[0], *arguments)
    assert whole.status == 1
    for most in limits:
        result = limited(logs, which, most, *arguments)
        if result != whole:
            assert (result.status, result.out) == (2, ""), (most, result)
            assert result.err.count("\n") == 1, (most, result)
    if limit == "memory":
        assert limited(logs, which, limits[0], *arguments).err.startswith("tbtools: ")


def test_standard_output_is_discarded_where_no_file_can_be_opened() -> None:
    script = """
import os
from tbtools.cli.outputs import discard_stdout
print("never", end="")
try:
    while True:
        os.open("/dev/null", os.O_RDONLY)
except OSError:
    discard_stdout()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT,
        env=environment(PYTHONUNBUFFERED=None),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)),
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
