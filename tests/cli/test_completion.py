"""Shell completion finds commands, options and their values, as bash, zsh and fish ask for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tbtools.cli import main as cli
from tests.commands import ROOT, TBTOOLS, environment


def completed(shell: str, *words: str) -> list[str]:
    """What the shell would offer for the last of the words."""
    line = " ".join(["tbtools", *words])
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words))},
        "zsh": {"COMP_WORDS": line, "COMP_CWORD": str(len(words))},
        "fish": {"COMP_WORDS": " ".join(["tbtools", *words[:-1]]), "COMP_CWORD": words[-1]},
    }
    env = environment(_TBTOOLS_COMPLETE=f"{shell}_complete", **asked[shell])
    done = subprocess.run(
        TBTOOLS, capture_output=True, text=True, env=env, cwd=ROOT, check=True
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split("\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script(shell: str) -> None:
    done = subprocess.run(
        TBTOOLS, capture_output=True, text=True, check=False,
        env=environment(_TBTOOLS_COMPLETE=f"{shell}_source"),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_TBTOOLS_COMPLETE={shell}_complete" in done.stdout


def test_commands() -> None:
    offered = completed("bash", "")
    assert {f"plain,{name}" for name in cli._COMMANDS} <= set(offered)
    assert completed("bash", "sum")[0] == "plain,summarize"
    assert "plain" in completed("zsh", "sum")
    assert "summarize" in completed("zsh", "sum")
    assert completed("fish", "sum")[0].startswith("plain,summarize")


def test_options_and_their_values() -> None:
    assert "plain,--restarts" in completed("bash", "summarize", "--")
    assert completed("bash", "summarize", "--restarts", "p")[0] == "plain,preempt"
    assert "plain,json" in completed("bash", "verify", "x", "--format", "")


def test_paths_are_left_to_the_shell() -> None:
    assert completed("bash", "summarize", "exam")[0].startswith(("file,", "dir,"))
    assert completed("bash", "inspect", "exam")[0].startswith("file,")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("summarize tests/logs --run b", ["baseline"]),
        ("best tests/logs --exclude-run pl", ["plateau"]),
        ("plot tests/logs --tag val/l", ["val/loss"]),
        ("diff tests/logs/baseline tests/logs/plateau --exclude-tag val/a", ["val/accuracy"]),
        ("best tests/logs --top 3 --by val/l", ["val/loss"]),
        ("summarize tests/logs --run nothing", []),
        ("summarize no/such/logs --run b", []),
        ("summarize --run b", []),
    ],
)
def test_runs_and_tags_of_the_paths(words: str, offered: list[str]) -> None:
    shown = [each for each in completed("bash", *words.split()) if each]
    assert shown == [f"plain,{name}" for name in offered]


PROGRAMS = Path(sys.executable).parent  # where pip puts the command


@pytest.mark.skipif(shutil.which("tbtools", path=PROGRAMS) is None, reason="not installed")
def test_bash_itself_completes() -> None:
    script = (
        'eval "$(_TBTOOLS_COMPLETE=bash_source tbtools)"\n'
        "COMP_WORDS=(tbtools ver); COMP_CWORD=1\n"
        '_tbtools_completion tbtools; echo "${COMPREPLY[@]}"'
    )
    env = environment(PATH=f"{PROGRAMS}:{os.environ['PATH']}")
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=env, check=False
    )
    assert (done.stdout, done.stderr) == ("verify\n", "")
