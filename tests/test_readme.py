"""What README shows is what the commands print, and its Python runs.

``TBTOOLS_UPDATE_GOLDEN=1 pytest tests/test_readme.py`` writes the outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
import time
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, call

if TYPE_CHECKING:
    from collections.abc import Iterator

README = ROOT / "README.md"
# A block with one command that has output below it.
_SHOWN = re.compile(r"```console\n\$ (tbtools [^\n]*)\n(.+?)```", re.DOTALL)
_PYTHON = re.compile(r"```python\n(.+?)```", re.DOTALL)


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _printed(command: str) -> str:
    return call(*shlex.split(command)[1:]).out


def test_shown_outputs_are_true() -> None:
    text = README.read_text(encoding="utf-8")
    true = _SHOWN.sub(
        lambda shown: (
            f"```console\n$ {shown[1]}\n{_printed(shown[1])}```"
            if not shown[2].startswith("$")
            else shown[0]
        ),
        text,
    )
    assert len(_SHOWN.findall(text)) >= 3
    if os.environ.get("TBTOOLS_UPDATE_GOLDEN"):
        README.write_text(true, encoding="utf-8")
    assert text == true


def test_python_runs(tmp_path_factory: pytest.TempPathFactory) -> None:
    names: dict[str, object] = {}
    for code in _PYTHON.findall(README.read_text(encoding="utf-8")):
        here = code.replace('"logs/mine"', repr(str(tmp_path_factory.mktemp("mine"))))
        exec(compile(here, "README.md", "exec"), names)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target
