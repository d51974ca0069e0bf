"""README and the pages of the analyses: the outputs are what the commands print, the Python runs.

``TBTOOLS_UPDATE_GOLDEN=1 pytest tests/test_readme.py`` writes the outputs anew. The blocks of a
page run from top to bottom, in an empty directory that has the repository's ``examples`` in it.
Console blocks of commands alone are not run; those that show output are, line by line.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, TBTOOLS, call, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = [
    "README.md",
    *(
        f"docs/{name}.md"
        for name in (
            "best",
            "smooth",
            "merge",
            "aggregate",
            "diff",
            "export",
            "figure",
            "recipes",
            "tutorial",
        )
    ),
]
_BLOCK = re.compile(r"(?<=```)(console|python)\n(.*?)(?=```)", re.DOTALL)
# What asks more of a shell than to start the command.
_SHELL = re.compile(r"[|;&<>$*]")


@pytest.fixture(autouse=True)
def a_directory_with_the_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _printed(command: str) -> str:
    """What a terminal would show of a command; those of other programs are run by bash."""
    words = shlex.split(command, comments=True)
    if words[0] == "tbtools" and not _SHELL.search(re.sub(r"'[^']*'", "", command)):
        shown = call(*words[1:])
        return shown.out + shown.err
    script = f'tbtools() {{ {shlex.join(TBTOOLS)} "$@"; }}; {command}'
    done = subprocess.run(
        ["bash", "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env=environment(PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    return done.stdout


def _true(block: re.Match[str], names: dict[str, object]) -> str:
    """A block as it has to be."""
    kind, content = block.groups()
    if kind == "python":
        exec(compile(content, "page", "exec"), names)
        return block[0]
    commands = [line for line in content.splitlines() if line.startswith("$ ")]
    if len(commands) == len(content.splitlines()):
        return block[0]
    shown = [f"{line}\n{_printed(line.removeprefix('$ '))}" for line in commands]
    return f"{kind}\n{''.join(shown)}"


@pytest.mark.parametrize("page", PAGES)
def test_shown_outputs_are_true_and_python_runs(page: str) -> None:
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    true = _BLOCK.sub(lambda block: _true(block, names), text)
    assert "$ tbtools" in text
    if os.environ.get("TBTOOLS_UPDATE_GOLDEN"):
        path.write_text(true, encoding="utf-8")
    assert text == true


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
