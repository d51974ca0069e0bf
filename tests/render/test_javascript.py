"""The scripts of the page by themselves: their tests in node, and their types."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "javascript"


def call(*command: str) -> None:
    found = shutil.which(command[0])
    if found is None:
        pytest.skip(f"{command[0]} is not in the PATH")
    done = subprocess.run([found, *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_in_node() -> None:
    call("node", "--test", *map(str, sorted(HERE.glob("*.test.mjs"))))


def test_types() -> None:
    call("tsc", "-p", str(HERE / "jsconfig.json"))
