"""`tbtools smooth`: what it writes and says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

import tbtools
from tests.builders import START, EventFileBuilder
from tests.commands import SUPERSEDED, Screen, call, plain, shell
from tests.golden import assert_golden
from tests.runs.tensorboard_truth import rust_scalars
from tests.tables import read_csv

LOGS = "tests/logs"


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_what_it_prints(tmp_path: Path, form: str) -> None:
    result = call("smooth", LOGS, "-o", str(tmp_path / "out"), "--format", form)
    shown = result.err if form == "table" else result.besides
    assert (result.status, shown) == (0, SUPERSEDED)
    assert_golden(f"cli/smooth_{form}.txt", result.out.replace(os.fspath(tmp_path), "TMP"))


def test_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    arguments = ["--method", "median", "--window", "9"]
    logs = str(Path(LOGS).resolve())
    monkeypatch.chdir(tmp_path)  # lines are broken where they are too long
    result = call("smooth", logs, "-o", "out", *arguments, out=Screen())
    assert_golden("cli/smooth_terminal.txt", plain(result.out))


def test_tensorboard_shows_the_smoothed_runs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("smooth", LOGS, "-o", str(out), "--smoothing", "0.9", "--run", "base*").status == 0
    want = tbtools.smooth(tbtools.load(LOGS)["baseline"].scalars("train/loss"), 0.9)
    served = rust_scalars(out, tmp_path)["baseline"]["train/loss"]
    assert [point.value for point in served] == want["value"].astype("float32").tolist()
    assert [point.step for point in served] == want["step"].tolist()
    assert [point.wall_time for point in served] == want["wall_time"].tolist()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tables(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"out.{ending}"
    arguments = ["--method", "time_weighted_ema", "--by", "wall_time", "--tag", "val/*"]
    assert call("smooth", LOGS, "-o", str(target), *arguments).status == 0
    got = (read_csv if ending == "csv" else pd.read_parquet)(target)
    runs = tbtools.load(LOGS).scalars("val/*")
    want = tbtools.smooth(runs, method="time_weighted_ema", by="wall_time")
    assert got["value"].equals(want["value"])
    assert got["run"].astype(str).tolist() == want["run"].astype(str).tolist()


def test_by_another_scalar(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    arguments = ["--method", "time_weighted_ema", "--by", "optim/lr", "--run", "baseline"]
    assert call("smooth", LOGS, "-o", str(target), *arguments).status == 0
    got = read_csv(target)
    run = tbtools.load(LOGS)["baseline"]
    want = tbtools.smooth(run, method="time_weighted_ema", by="optim/lr")
    assert got["value"].tolist() == want["value"].tolist()


def test_standard_output_holds_the_table_alone() -> None:
    result = call("smooth", f"{LOGS}/baseline", "--tag", "val/loss", "-o", "-")
    assert result.out.splitlines()[0] == "run,tag,step,wall_time,value"
    assert len(result.out.splitlines()) == 21
    assert result.err == ("standard output: 1 run, 1 series, 20 points, ema of weight 0.6\n")


@pytest.mark.parametrize("command", ["smooth", "aggregate", "export"])
def test_a_reader_who_has_seen_enough_is_no_trouble(command: str) -> None:
    result = shell(f"tbtools {command} {LOGS} -o - | head -1; echo ${{PIPESTATUS[0]}}")
    assert result.err == ""
    assert result.out.splitlines()[-1] == "0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weight", "1"], "weight 1.0 is not at least 0 and below 1"),
        (["--window", "5"], "ema has a weight and no window"),
        (["--method", "loess"], "Invalid value for '--method'"),
        (["--tag", "nothing"], "no tag 'nothing'"),
        (["--by", "wall_time"], "--x has no effect on ema"),
        (["--method", "time_weighted_ema", "--x", "tokens"], "no tag 'tokens'; close: 'perf/tok"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = call("smooth", LOGS, "-o", str(tmp_path / "out"), *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert not list(tmp_path.iterdir())


def test_json_says_how(tmp_path: Path) -> None:
    arguments = ["-o", str(tmp_path / "out"), "--format", "json", "--weight", "0.75"]
    told = json.loads(call("smooth", LOGS, *arguments).out)
    assert (told["method"], told["weight"], told["window"]) == ("ema", 0.75, None)
    assert told["runs"][0]["run"] == "baseline"


@pytest.mark.parametrize("restarts", ["resume", "preempt", "session_log", "keep"])
def test_a_pause_stays_a_pause_and_no_point_is_lost(tmp_path: Path, restarts: str) -> None:
    # Batches and epochs count differently: the mark of a session has to lie beyond both.
    for number, steps in enumerate((range(100), range(90, 200))):
        builder = EventFileBuilder().file_version(wall_time=START + 7200 * number)
        for step in steps:
            time = START + 7200 * number + step
            builder.scalar("loss", step, 1 / (1 + step), time)
            if step % 10 == 9:
                builder.scalar("val/loss", step // 10, 2 / (1 + step), time)
        builder.write(tmp_path / "logs" / f"events.out.tfevents.{number}")
    want = tbtools.smooth(tmp_path / "logs")
    out = tmp_path / "out"
    assert call("smooth", str(tmp_path / "logs"), "-o", str(out)).status == 0
    assert not tbtools.detect(tmp_path / "logs").of("stall")
    assert not tbtools.detect(out).of("stall")
    run = tbtools.load(out, restarts=restarts)["."]
    assert (len(run.sessions), run.superseded) == (2, 0)
    got = run.scalars()
    assert got["value"].tolist() == want["value"].astype("float32").tolist()
    assert got["step"].tolist() == want["step"].tolist()


def test_each_session_of_many_is_marked_and_what_no_mark_can_lie_beyond_is_not(
    tmp_path: Path,
) -> None:
    """Tags of few sessions each; a step beyond which there is none."""
    for number in range(6):
        start = START + 7200 * number
        builder = EventFileBuilder().file_version(wall_time=start)
        for step in range(3):
            builder.scalar("loss", 3 * number + step, 1.0, start + step)
            builder.scalar(f"part/{number % 2}", 3 * number + step, 2.0, start + step)
        if number == 4:
            builder.scalar("total", 2**63 - 1, 3.0, start + 9)
        builder.write(tmp_path / "logs" / f"events.out.tfevents.{number}")
    out = tmp_path / "out"
    assert call("smooth", str(tmp_path / "logs"), "-o", str(out)).status == 0
    [file] = out.rglob("*tfevents*")
    events = list(tbtools.EventFileReader(file))
    marks = [each.step for each in events if each.WhichOneof("what") == "session_log"]
    assert marks == [3, 6, 9, 12]
    for restarts in ("resume", "preempt", "session_log", "keep"):
        assert len(tbtools.load(out, restarts=restarts)["."].scalars()) == 6 * 3 * 2 + 1
