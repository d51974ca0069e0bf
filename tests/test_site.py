"""The site of docs/: every page has its place, and the API is all that `import tbtools` has."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest

import tbtools
from tests.commands import ROOT

CONFIGURATION = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_every_page_has_a_place_in_the_navigation() -> None:
    placed = re.findall(r"^ +- [^:]+: (\S+\.md)$", CONFIGURATION, re.MULTILINE)
    assert sorted(placed) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_the_api_is_what_is_exported() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    shown = re.findall(r"^::: (\S+)$", page, re.MULTILINE)
    assert sorted(shown) == sorted(f"{tbtools._MODULE_OF[name]}.{name}" for name in tbtools.__all__)


def test_examples_are_shown_as_code() -> None:
    """Below another heading they would be quotations."""
    wrong = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tbtools").rglob("*.py")
        if re.search(r"^ *Example:$", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("mkdocstrings"), reason="the extra docs")
def test_it_is_built_and_asks_nobody(tmp_path: object) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "https_proxy": "http://localhost:9"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
