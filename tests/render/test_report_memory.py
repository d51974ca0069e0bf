"""Pages of more points than memory should hold: the same, and memory does not grow with them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from benchmarks.reading import logs
from tbtools.eventfile import mapped
from tbtools.runs import engine
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT, environment
from tests.sweeps import write_run

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("plotly", reason="the extra report is not installed")

# The process keeps few rows in memory, so that few points are already more than it should hold.
SCRIPT = """
import re, sys
from pathlib import Path
from tbtools.cli.main import run
from tbtools.eventfile import mapped
from tbtools.runs import engine
mapped._ROOM = engine._ROWS_AT_ONCE = 1 << 20
status = run(["report", sys.argv[1], "-o", sys.argv[2]])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
sys.exit(status)
"""
RUNS, TAGS = 24, len(logs.TRAINING_TAGS)


def peak(logdir: Path, page: Path) -> int:
    """The most memory that a report has taken, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(logdir), str(page)],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment(),
    )  # fmt: skip
    return int(done.stdout.splitlines()[-1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the memory of a process")
def test_memory_does_not_grow_with_the_points(tmp_path: Path) -> None:
    memory = []
    few, many = 2500, 7500  # of either a page shows a thousand points
    for steps in (few, many):
        logs.many_runs(tmp_path / str(steps), RUNS, steps)
        memory.append(peak(tmp_path / str(steps), tmp_path / "report.html"))
        (tmp_path / "report.html").unlink()
    # Those of one run, some times; where all are held, it is 48 bytes a point.
    assert memory[1] - memory[0] < 6 * (many - few) * RUNS * TAGS


def write_logs(logdir: Path) -> None:
    """A sweep whose runs say why they fail; a pair; runs that were resumed, some of them twice."""
    for number in range(12):
        settings = {"lr": 10.0 ** (number % 4 - 4), "warmup_steps": 10}
        write_run(logdir / "sweep" / f"run{number}", settings, fails=number % 4 == 3)
    steps = np.arange(400)
    for name, end in (("train", -1.0), ("val", 1.5)):
        for run in range(3):
            builder = EventFileBuilder().file_version()
            for step in steps.tolist():
                level = 2 * np.exp(-step / 80) + max(0, step - 200) / 200 * end * 0.2
                builder.scalar("loss", step, level + (step * 7919 % 13) / 300, START + step)
            builder.write(logdir / f"pair{run}_{name}" / "events.out.tfevents.1")
    for run in range(3):
        for session in range(run + 1):
            builder = EventFileBuilder().file_version()
            for step in range(200 * session, 200 * session + 250):
                builder.scalar("train/loss", step, 3 / (step + 1), START + 300 * session + step)
                builder.scalar("flat", step, 0.5, START + 300 * session + step)
            builder.write(logdir / f"resumed{run}" / f"events.out.tfevents.{session}")


def results(logdir: Path, page: Path) -> list[Any]:
    tbtools.report(logdir, page, force=True)
    findings = tbtools.detect(logdir).to_dict()
    explained = tbtools.explain(tbtools.load(logdir), "resumed2").to_dict()
    explained.pop("status")  # depends on the time of day
    return [page.read_text("utf-8"), findings, explained]


def test_they_are_the_same_as_with_all_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_logs(tmp_path / "logs")
    monkeypatch.setattr(engine, "_ROWS_AT_ONCE", 1 << 40)
    together = results(tmp_path / "logs", tmp_path / "report.html")
    assert {each["kind"] for each in together[1]["findings"]} >= {"divergence", "overfitting"}
    monkeypatch.setattr(mapped, "_ROOM", 0)
    monkeypatch.setattr(engine, "_ROWS_AT_ONCE", 1)
    assert results(tmp_path / "logs", tmp_path / "report.html") == together
