"""docs/cli.md says what the commands do."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from tbtools.cli import main as cli
from tests.commands import ROOT, call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = ROOT / "docs" / "cli.md"
MARK = "do not edit below. -->\n"
BASELINE = "tests/logs/baseline/events.out.tfevents.1772438400.node7.4242.0"


def _generated() -> Iterator[str]:
    for name in ("", *cli._COMMANDS):
        title = f"tbtools {name}".rstrip()
        shown = call(*name.split(), "--help").out
        yield f"\n### `{title}`\n\n```text\n{shown}```\n"


def test_help_of_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    written, _, told = PAGE.read_text().partition(MARK)
    shown = "".join(_generated())
    if os.environ.get("TBTOOLS_UPDATE_GOLDEN"):
        PAGE.write_text(f"{written}{MARK}{shown}")
        told = shown
    assert told == shown, "TBTOOLS_UPDATE_GOLDEN=1 pytest tests/cli/test_docs.py"


def _keys(value: object) -> set[str]:
    """All keys of a JSON value, at any depth."""
    if isinstance(value, dict):
        return set(value) | {key for each in value.values() for key in _keys(each)}
    if isinstance(value, list):
        return {key for each in value for key in _keys(each)}
    return set()


@pytest.mark.parametrize(
    "arguments",
    ["summarize tests/logs", "verify tests/logs", f"inspect {BASELINE} --records",
     "explain tests/logs/resumed", f"inspect {BASELINE} --events", f"inspect {BASELINE}"],
)  # fmt: skip
def test_every_key_of_the_json_is_told(arguments: str) -> None:
    shown = json.loads(call(*arguments.split(), "--format", "json").out)
    shown.pop("other_events", None)  # its keys are kinds of events
    shown.pop("findings", None)  # those of detect
    shown["hparams"] = list(shown.get("hparams", {}).values())  # its keys are names
    for run in shown.get("runs", ()):
        run.pop("findings")  # those of detect
    told = set(re.findall(r'"(\w+)"', PAGE.read_text()))
    assert _keys(shown) <= told


@pytest.mark.parametrize(
    "arguments",
    [
        "best tests/logs",
        "diff tests/logs/baseline tests/logs/media --fail-on val/loss>+2%",
        "diff tests/logs/baseline --against tests/logs --exclude-run media",
        "merge tests/logs/resumed -o OUT",
        "repair tests/logs/resumed -o OUT",
        "compact tests/logs/resumed --thin 100 -o OUT",
        "edit tests/logs/resumed --rename s/^/x/ -o OUT",
        "aggregate tests/logs/baseline tests/logs/plateau -o OUT",
        "smooth tests/logs/baseline -o OUT",
    ],
)
def test_every_key_of_the_json_is_told_on_the_page_of_the_analysis(
    arguments: str, tmp_path: Path
) -> None:
    words = arguments.replace("OUT", str(tmp_path / "out")).split()
    shown = json.loads(call(*words, "--format", "json").out)
    for run in shown["runs"] if words[0] == "best" else ():
        run.pop("findings")  # those of detect
        run.pop("hparams")  # its keys are names
    page = (ROOT / "docs" / f"{words[0]}.md").read_text()
    assert _keys(shown) <= set(re.findall(r'"(\w+)"', page))


def test_the_tests_of_what_is_promised_are_there() -> None:
    page = (ROOT / "docs" / "trust.md").read_text()
    files = set(re.findall(r"`((?:tests/)?[\w/]+(?:\.py|/))(?:::\w+)?`", page))
    names = set(re.findall(r"\b(test_\w+)[`…]", page))
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert min(len(files), len(names)) > 20
    for file in files:
        assert (ROOT / file).exists() or list((ROOT / "tests").rglob(file)), file
    for name in names:
        assert f"def {name}" in code, name
    for row in re.findall(r"^\|(?! promise|.*---).*\| *([^|]+) \|$", page, re.MULTILINE):
        assert "test" in row or "the same" in row or not row.strip(), row
