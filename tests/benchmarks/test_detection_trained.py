"""The benchmark of trained curves, on logs that are put where the trainings would be."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from benchmarks.detection import trained
from tests.builders import EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

STRUCK = 180


def loss(fault: str, step: int) -> float:
    """A training loss of 300 steps in which a fault strikes at `STRUCK`."""
    value = 2 * math.exp(-step / 100) + 0.5 + ((step * 7919) % 13 - 6) / 300
    if fault == "nan" and step >= STRUCK:
        return math.nan
    if fault in ("divergence", "collapse") and step >= STRUCK:
        return value + 3
    if fault == "spike" and step == STRUCK:
        return value + 3
    if fault == "plateau":
        return loss("none", min(step, STRUCK)) + ((step * 7919) % 13 - 6) / 300
    return value


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One recipe, each fault once, all of them done."""
    monkeypatch.setattr(trained, "RECIPES", {"regression": ()})
    for fault in (*trained.FOUND_AS, "none"):
        path = tmp_path / f"regression-{fault}-0"
        path.mkdir()
        points = [(step, loss(fault, step)) for step in range(1, 301)]
        builder = EventFileBuilder().file_version()
        for step, value in points:
            late = 200 if fault == "stall" and step >= STRUCK else 0
            builder.scalars("train/loss", [(step, value)], wall_time=1.7e9 + step + late)
        builder.write(path / "events.out.tfevents.1")
        struck = {"faults": [{"first_affected_step": STRUCK}]}
        (path / "truth.json").write_text(json.dumps(struck))
        (path / "done").write_text("0\n")
    return tmp_path


def test_each_fault_is_found_and_the_sound_training_is_silent(logs: Path) -> None:
    told = trained.outcomes(logs, 1)
    for (recipe, fault), outcome in told.items():
        assert (recipe, outcome.runs, outcome.alarmed) == ("regression", 1, 0), fault
        expected = 0 if fault == "none" else 1
        assert (outcome.found, outcome.placed) == (expected, expected), fault


def test_a_fault_that_is_not_there_is_a_miss(logs: Path) -> None:
    sound, struck = logs / "regression-none-0", logs / "regression-nan-0"
    (struck / "events.out.tfevents.1").write_bytes((sound / "events.out.tfevents.1").read_bytes())
    outcome = trained.outcomes(logs, 1)["regression", "nan"]
    assert (outcome.runs, outcome.found) == (1, 0)


def test_the_table_has_a_row_a_fault(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained.print_outcomes(logs, 1)
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 2 + len(trained.FOUND_AS) + 1
    assert rows[2] == "| regression | nan | 1 | 1 | 1 | 0 | 0 |"
