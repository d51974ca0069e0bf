"""`tbtools merge`: what it says and what it refuses; what it writes is tested in analysis."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

import tbtools
from tests.builders import START, EventFileBuilder
from tests.commands import Screen, call, plain
from tests.golden import assert_golden

RESUMED = "tests/logs/resumed"


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_what_it_prints(tmp_path: Path, form: str) -> None:
    result = call("merge", RESUMED, "-o", str(tmp_path / "out"), "--format", form)
    assert (result.status, result.besides) == (0, "")
    assert_golden(f"cli/merge_{form}.txt", result.out.replace(os.fspath(tmp_path), "TMP"))
    merged = tbtools.load(tmp_path / "out")["."]
    assert merged.scalars().equals(tbtools.load(RESUMED)["."].scalars())


def test_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    resumed = str(Path(RESUMED).resolve())
    monkeypatch.chdir(tmp_path)  # lines are broken where they are too long
    result = call("merge", resumed, "-o", "out", out=Screen())
    assert_golden("cli/merge_terminal.txt", plain(result.out))


def test_damage_and_rewritten_records_are_told(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    for step in range(3):
        plugin = "scalars" if step == 0 else None
        builder.tensor_scalar("acc", step, 0.5, plugin=plugin)
    builder.corrupt_data_crc().session_start(0, START + 5)
    builder.tensor_scalar("acc", 0, 0.5, plugin=None, wall_time=START + 6)
    builder.write(tmp_path / "run" / "events.out.tfevents.1")
    result = call("merge", str(tmp_path / "run"), "-o", str(tmp_path / "out"))
    assert result.status == 0
    assert "1 record not byte for byte" in result.out
    assert "events.out.tfevents.1: bad_data at byte" in result.err


def test_several_runs_and_a_selection(tmp_path: Path) -> None:
    for number, name in enumerate(("monday", "tuesday")):
        builder = EventFileBuilder()
        for step in range(5 * number, 10):
            builder.scalar("loss", step, number, START + 100 * number + step)
        builder.scalar("lr", 0, 0.1, START + 100 * number)
        builder.write(tmp_path / name / f"events.out.tfevents.{number}")
    paths = [str(tmp_path / name) for name in ("monday", "tuesday")]
    out = tmp_path / "out"
    result = call("merge", *paths, "-o", str(out), "--tag", "loss", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [(row["points"], row["superseded"]) for row in rows] == [("10", "5"), ("5", "0")]
    assert len(tbtools.read_scalars(out)) == 10


def test_runs_that_lose_points_to_one_another_are_listed_with_the_way_out(
    cases: Path, tmp_path: Path
) -> None:
    resets = str(cases / "05b_sb3_reset")
    result = call("merge", resets, "-o", str(tmp_path / "out"))
    assert result.status == 0
    [line] = [line for line in result.err.splitlines() if "--restarts keep" in line]
    assert line == (
        "tbtools: runs lose 20 points to sessions written elsewhere: A2C_1 10 to A2C_2, "
        "A2C_2 10 to A2C_3; if these do not go on from one another, --restarts keep keeps them"
    )
    kept = call("merge", resets, "-o", str(tmp_path / "kept"), "--restarts", "keep")
    assert (kept.status, kept.err) == (0, "")
    goes_on = call("merge", str(cases / "05_sb3"), "-o", str(tmp_path / "goes-on"))
    assert (goes_on.status, goes_on.err) == (0, "")


def test_refusals(tmp_path: Path) -> None:
    for seed in (0, 1):
        EventFileBuilder().scalars("loss", [(0, 1.0), (1, 2.0 + seed)]).write(
            tmp_path / "logs" / f"s{seed}" / f"events.out.tfevents.{seed}"
        )
    logs, out = str(tmp_path / "logs"), str(tmp_path / "out")
    same_time = call("merge", logs, "-o", out)
    assert (same_time.status, same_time.out) == (2, "")
    assert "'s0' and 's1' wrote 'loss' at the same time" in same_time.err
    assert "one inside the other" in call("merge", logs, "-o", f"{logs}/merged").err
    assert "Missing option '-o'" in call("merge", logs).err
    assert "both 's0' and 's1' have 'loss'" in call("merge", logs, "--union", "-o", out).err
    assert not (tmp_path / "out").exists()


def test_force_replaces_an_earlier_result_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert call("merge", RESUMED, "-o", str(out), "--force").status == 0
    assert "exists; name another" in call("merge", RESUMED, "-o", str(out)).err
    (out / "notes.txt").write_text("mine")
    assert "never replaced" in call("merge", RESUMED, "-o", str(out), "--force").err


def test_json_says_where_it_is(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    told = json.loads(call("merge", RESUMED, "-o", out, "--format", "json").out)
    assert (told["output"], told["superseded"], told["rewritten_records"]) == (out, 319, 0)
