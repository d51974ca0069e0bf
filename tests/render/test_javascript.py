"""The scripts of the page by themselves: their tests in node, and their types."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "javascript"
ASSETS = Path(__file__).parents[2] / "tbtools" / "render" / "report" / "assets"


def call(*command: str) -> None:
    found = shutil.which(command[0])
    if found is None:
        pytest.skip(f"{command[0]} is not in the PATH")
    done = subprocess.run([found, *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_two_modules_have_a_name_in_common() -> None:
    # They are joined into one script, in which the later one would win without a word.
    modules = [each for each in ASSETS.glob("*.js") if not each.name.startswith("plotly")]
    made = re.compile(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)
    names = Counter(name for each in modules for name in made.findall(each.read_text("utf-8")))
    assert [name for name, count in names.items() if count > 1] == []


def test_in_node() -> None:
    call("node", "--test", *map(str, sorted(HERE.glob("*.test.mjs"))))


def test_lint_and_format() -> None:
    call("biome", "ci", f"--config-path={Path(__file__).parents[2]}")


def test_types() -> None:
    call("tsc", "-p", str(HERE / "jsconfig.json"))
