"""The recipes of docs/watch.md, as far as they can be tried without a cluster."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

RECIPES = ROOT / "examples" / "watch"
TRAINING = """
import sys, time, tbtools
log = tbtools.EventFileWriter(sys.argv[1])
for step in range(200):
    log.add_scalar("train/loss", 1 / (1 + step) if step < 60 else float("nan"), step)
    log.flush()
    time.sleep(0.02)
time.sleep(60)
"""


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with tbtools, and a Slurm of which scancel ends what srun has started."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder, "tbtools", f'exec "{sys.executable}" -m tbtools "$@"')
    program(folder, "srun", f'echo $$ >"{tmp_path}/job"; exec "$@"')
    program(
        folder, "scancel", f'echo "$1" >>"{tmp_path}/cancelled"; kill "$(cat "{tmp_path}/job")"'
    )
    return f"{folder}:{os.environ['PATH']}"


def test_a_slurm_job_ends_itself_once(tmp_path: Path, path: str) -> None:
    logs = tmp_path / "logs"
    script = [RECIPES / "slurm_job.sh", logs, sys.executable, "-c", TRAINING, logs / "run"]
    begun = time.monotonic()
    env = environment(
        PATH=path, SLURM_JOB_ID="4711", TBTOOLS_STATE=str(tmp_path / "state"), PYTHONPATH=str(ROOT)
    )
    done = subprocess.run(script, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (tmp_path / "cancelled").read_text() == "4711\n", done.stderr
    assert done.returncode == 128 + 15
    assert "nonfinite" in done.stdout
    assert time.monotonic() - begun < 60


def test_the_unit_is_one(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    (tmp_path / ".local" / "bin").mkdir(parents=True)
    program(tmp_path / ".local" / "bin", "tbtools", "exit 0")
    unit = shutil.copy(RECIPES / "tbtools-watch.service", tmp_path)
    env = environment(HOME=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path))
    command = ["systemd-analyze", "verify", "--user", "--man=no", unit]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_pod_is_one() -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl")
    # Reads it by the types that kubectl knows, and asks no server.
    command = ["kubectl", "label", "--local", "-f", RECIPES / "pod.yaml", "a=b", "-o", "name"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "pod/training\n"), done.stderr
