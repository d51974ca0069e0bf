"""`--csv-safe`: no text in CSV is a formula to a spreadsheet, and numbers stay as they are."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests.builders import EventFileBuilder
from tests.commands import call

if TYPE_CHECKING:
    from pathlib import Path

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1")
COMMANDS = {
    "summarize": ["summarize", "logs", "--format", "csv"],
    "detect": ["detect", "logs", "--fail-on", "none", "--format", "csv"],
    "inspect": ["inspect", "logs/=run/events.out.tfevents.1", "--format", "csv"],
    "export": ["export", "logs", "-o", "-"],
    "wide export": ["export", "logs", "--wide", "-o", "-"],
    "smooth": ["smooth", "logs", "-o", "-"],
    "aggregate": ["aggregate", "logs", "-o", "-"],
}


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = EventFileBuilder()
    for tag in FORMULAS:
        builder.scalars(tag, [(step, -float(step)) for step in range(3)])
    builder.write(tmp_path / "logs" / "=run" / "events.out.tfevents.1")
    monkeypatch.chdir(tmp_path)


def cells(*arguments: str) -> list[str]:
    result = call(*arguments)
    assert result.status == 0, result.err
    return [cell for row in csv.reader(io.StringIO(result.out, newline="")) for cell in row]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_quote_is_in_front_of_texts(command: str) -> None:
    plain, safe = cells(*COMMANDS[command]), cells(*COMMANDS[command], "--csv-safe")
    assert len(plain) == len(safe)
    for before, after in zip(plain, safe, strict=True):
        dangerous = before in FORMULAS or before.startswith("=")
        assert after == (f"'{before}" if dangerous else before)
    assert "=run" in plain or command in ("aggregate", "inspect", "detect")


@pytest.mark.parametrize(
    "line",
    [
        "summarize logs --csv-safe",
        "export logs -o out.jsonl --csv-safe",
        "export logs --data images -o out --csv-safe",
        "smooth logs -o out --csv-safe",
        "merge logs -o out --csv-safe",
    ],
)
def test_refused_where_there_is_no_csv(line: str, tmp_path: Path) -> None:
    result = call(*line.split())
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert not list(tmp_path.glob("out*"))
