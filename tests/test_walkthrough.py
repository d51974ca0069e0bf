"""docs/walkthrough.md: its five commands, on runs that its program trains."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, call, environment

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("tensorboardX", reason="it writes the logs")
pytest.importorskip("matplotlib", reason="the extra figure is not installed")

PAGE = (ROOT / "docs" / "walkthrough.md").read_text()
COMMANDS = re.findall(r"^\$ tbtools (.*)$", PAGE, re.MULTILINE)


def printed(folder: Path, runs: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the commands print, each on both streams."""
    program = [sys.executable, str(ROOT / "examples" / "rl_sweep.py"), "logs", str(runs)]
    subprocess.run(program, cwd=folder, check=True, env=environment(PYTHONPATH=str(ROOT)))
    monkeypatch.chdir(folder)
    results = [call(*shlex.split(each)) for each in COMMANDS]
    statuses = [int(command.startswith("detect")) for command in COMMANDS]
    assert [each.status for each in results] == statuses, [each.err for each in results]
    assert (folder / "rates.pdf").read_bytes().startswith(b"%PDF")
    return [each.out + each.err for each in results]


def test_five_commands_answer_on_some_of_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(COMMANDS) == 5
    best, groups, failures, one, figure = printed(tmp_path, 70, monkeypatch)
    assert "by rollout/ep_rew_mean" in best
    assert "70 groups ranked" in groups
    assert "error" in failures
    assert "nonfinite in train/value_loss" in one
    assert "7 lines of 7 runs" in figure


@pytest.mark.minutes
def test_what_the_page_says_of_all_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    best, groups, failures, one, figure = printed(tmp_path, 700, monkeypatch)
    assert "700 runs ranked by rollout/ep_rew_mean, the best 3 shown" in best
    assert "learning_rate=1,critic_rate=0.3,gamma=0.99" in groups
    # What fails: a learning rate above 1, or a critic that is too slow.
    assert re.search(r"learning_rate > 1: 2\d of 100 runs have errors", failures)
    assert "critic_rate <= 0.01: " in failures
    assert "infinite from step 36 on" in one
    assert "7 lines of 70 runs" in figure
