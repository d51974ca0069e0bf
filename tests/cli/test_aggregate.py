"""`tbtools aggregate`: what it says, and its options; its numbers are tested in analysis."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import tbtools
from tbtools.eventfile import messages
from tests.builders import EventFileBuilder
from tests.commands import Screen, call, plain
from tests.golden import assert_golden
from tests.tables import read_csv

if TYPE_CHECKING:
    from pathlib import Path

LOGS = "tests/logs"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """Two learning rates: three seeds of which one is shorter, and one alone; and another run."""
    runs = {"lr=0.1_s0": 4, "lr=0.1_s1": 4, "lr=0.1_s2": 3, "lr=0.01_s0": 4, "other": 1}
    for number, (name, count) in enumerate(runs.items()):
        points = [(10 * step, number + step / 8) for step in range(count)]
        builder = EventFileBuilder().scalars("loss", points)
        for step in range(count):
            builder.scalar("tokens", 10 * step, 1000.0 * step)
        builder.write(tmp_path / "logs" / name / "events.out.tfevents.1")
    return tmp_path / "logs"


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_what_it_prints(seeds: Path, form: str) -> None:
    out = seeds.parent / "out"
    arguments = ["--group", r"lr=(?P<lr>[^_]+)", "--tag", "loss", "--format", form]
    result = call("aggregate", str(seeds), *arguments, "-o", str(out))
    assert (result.status, result.besides) == (0, "")
    shown = result.out.replace(os.fspath(seeds.parent), "TMP")
    assert_golden(f"cli/aggregate_{form}.txt", shown)
    assert "lr=0.1/mean" in tbtools.load(out)


def test_terminal(seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.chdir(seeds.parent)  # lines are broken where they are too long
    result = call("aggregate", seeds.name, "-o", "out", out=Screen())
    assert_golden("cli/aggregate_terminal.txt", plain(result.out))


def test_statistics_axis_and_grid(seeds: Path) -> None:
    target = seeds.parent / "out.csv"
    arguments = ["--x", "tokens", "--align", "500", "--statistics", "median, q90,mean_ci"]
    arguments += ["--min-runs", "3", "--run", "lr*", "--tag", "loss"]
    assert call("aggregate", str(seeds), *arguments, "-o", str(target)).status == 0
    frame = read_csv(target)
    assert frame["tokens"].tolist() == [0, 500, 1000, 1500, 2000, 2500, 3000]
    assert {"median", "q90", "mean_low", "mean_high"} <= set(frame.columns)
    assert frame["runs"].tolist() == [4, 4, 4, 4, 4, 3, 3]


def test_by_hyperparameters_that_lie_in_a_directory_of_their_own(tmp_path: Path) -> None:
    for seed in (0, 1):
        EventFileBuilder().scalar("loss", 0, seed).write(
            tmp_path / "logs" / f"s{seed}" / "events.out.tfevents.1"
        )
        # The three messages and the metric of an add_hparams.
        info = messages.HParamsPluginData()
        info.session_start_info.hparams["lr"].number_value = 0.5
        session = EventFileBuilder().scalar("hparam/loss", 0, 1.0)
        contents = {"experiment": b"", "session_start_info": info.SerializeToString()}
        for name, content in {**contents, "session_end_info": b""}.items():
            session.value(f"_hparams_/{name}", 0, plugin="hparams", content=content)
        session.write(tmp_path / "logs" / f"s{seed}" / "1700000000.1" / "events.out.tfevents.1")
    out = str(tmp_path / "out.jsonl")
    assert call("aggregate", str(tmp_path / "logs"), "--group", "hparam:lr", "-o", out).status == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["group"] for row in rows} == {"lr=0.5"}
    assert [row["runs"] for row in rows if row["tag"] == "loss"] == [2]


def test_standard_output_holds_the_table_alone(seeds: Path) -> None:
    result = call("aggregate", str(seeds), "--tag", "loss", "--statistics", "mean", "-o", "-")
    assert result.status == 0
    closing, told = result.err.splitlines()
    assert closing == "standard output: 5 runs in 1 group, 1 tag, 4 points"
    assert told == "all: may not be repeats of one run (--group): lr not the same in all names"
    lines = result.out.splitlines()
    assert lines[0] == "group,tag,step,runs,interpolated,nonfinite,mean,wall_time"
    assert lines[1].startswith("all,loss,0,5,0,0,2.0,")
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--align", "nearest"], "'nearest' is neither exact nor interpolate nor a spacing"),
        (["--statistics", "avg"], "no statistic 'avg'; there are mean"),
        (["--group", "sgd*"], "no run matches 'sgd*'"),
        (["--x", "epoch"], "no tag 'epoch'"),
        (["--tag", "lss"], "no tag 'lss'; close: 'loss'"),
        (["--nonfinite", "ignore"], "Invalid value for '--nonfinite'"),
        (["--min-runs", "0"], "0 is not in the range x>=1"),
        (["--min-runs", "most"], "'most' is not a valid integer"),
        (["--repeated", "max"], "Invalid value for '--repeated'"),
        (["--strict", "--run", "lr=0.1*"], "strict: loss has a point at step 30 in run lr=0.1_s0"),
        (["--at", "end", "--strict"], "--strict has no effect with --at"),
    ],
)
def test_mistakes_are_told_in_one_line(seeds: Path, arguments: list[str], message: str) -> None:
    result = call("aggregate", str(seeds), *arguments, "-o", str(seeds.parent / "out"))
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert not (seeds.parent / "out").exists()


def test_an_output_inside_the_logs_is_refused(seeds: Path) -> None:
    result = call("aggregate", str(seeds), "-o", str(seeds / "mean"))
    assert result.status == 2
    assert "one inside the other" in result.err
    assert call("aggregate", str(seeds), "-o", str(seeds / "mean.csv")).status == 0
