"""Results as files: whole or not there, never over what is somebody's, read by others."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tbparse import SummaryReader
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tbtools
from tbtools.errors import (
    InvalidArgument,
    OutputExists,
    UnwritableValue,
)
from tests.builders import START, EventFileBuilder
from tests.runs.tensorboard_truth import rust_scalars
from tests.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAN = math.nan


def write_run(path: Path, points: Sequence[tuple[int, float]], tag: str = "loss") -> Path:
    EventFileBuilder().file_version().scalars(tag, points).write(path / "events.out.tfevents.1")
    return path


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Three seeds, of which the last is shorter."""
    for seed, count in enumerate((4, 4, 3)):
        points = [(step * 10, seed + step / 8) for step in range(count)]
        write_run(tmp_path / "logs" / f"seed{seed}", points)
    return tmp_path / "logs"


class TestAggregates:
    def test_each_statistic_is_a_run_that_tensorboard_and_tbparse_read(
        self, logdir: Path, tmp_path: Path
    ) -> None:
        result = tbtools.aggregate(logdir, statistics=["mean", "std", "max"])
        out = tmp_path / "out"
        tbtools.write(result, out)
        frame = result.to_frame()
        served = rust_scalars(out, tmp_path)
        assert set(served) == {"mean", "std", "max"}
        for name in ("mean", "std", "max"):
            want = frame[["step", "wall_time", name]].astype({name: "float32"}).values.tolist()
            assert [list(point) for point in served[name]["loss"]] == want
            accumulator = EventAccumulator(str(out / name), size_guidance={"scalars": 0})
            accumulator.Reload()
            events = accumulator.Scalars("loss")
            assert [[event.step, event.wall_time, event.value] for event in events] == want
        parsed = SummaryReader(str(out), extra_columns={"dir_name"}).scalars
        mean = parsed[parsed["dir_name"] == "mean"]
        assert mean["value"].tolist() == frame["mean"].astype("float32").tolist()

    def test_groups_are_directories(self, logdir: Path, tmp_path: Path) -> None:
        tbtools.write(tbtools.aggregate(logdir, group=r"seed(?P<seed>\d)"), tmp_path / "out")
        assert sorted(tbtools.load(tmp_path / "out"))[:2] == ["seed=0/iqm", "seed=0/max"]

    def test_a_spread_that_is_none_is_no_point(self, tmp_path: Path) -> None:
        write_run(tmp_path / "logs" / "a", [(0, 1.0), (1, 2.0)])
        write_run(tmp_path / "logs" / "b", [(0, 2.0)])
        result = tbtools.aggregate(tmp_path / "logs", statistics=["mean", "std", "mean_ci"])
        tbtools.write(result, tmp_path / "out.csv")
        lines = (tmp_path / "out.csv").read_text().splitlines()
        assert lines[2] == f"all,loss,1,1,0,0,2.0,,,,{START + 1}"
        tbtools.write(result, tmp_path / "out")
        read = tbtools.load(tmp_path / "out")
        counts = {name: len(run.scalars()) for name, run in read.items()}
        assert counts == {"mean": 2, "mean_high": 1, "mean_low": 1, "std": 1}

    def test_poisoned_points_are_points(self, tmp_path: Path) -> None:
        write_run(tmp_path / "logs" / "a", [(0, NAN)])
        write_run(tmp_path / "logs" / "b", [(0, 2.0)])
        tbtools.write(tbtools.aggregate(tmp_path / "logs"), tmp_path / "out")
        assert math.isnan(tbtools.load(tmp_path / "out")["mean"].scalars()["value"].item())
        tbtools.write(tbtools.aggregate(tmp_path / "logs", statistics=["mean"]), tmp_path / "o.csv")
        assert (tmp_path / "o.csv").read_text().splitlines()[1] == f"all,loss,0,2,0,1,NaN,{START}"

    def test_steps_have_no_fractions(self, tmp_path: Path) -> None:
        write_run(tmp_path / "logs", [(0, 1.0), (1, 2.0)])
        with pytest.raises(UnwritableValue, match="align to a grid of whole numbers"):
            tbtools.write(tbtools.aggregate(tmp_path / "logs", align=0.25), tmp_path / "out")
        assert not (tmp_path / "out").exists()
        by_time = tbtools.aggregate(tmp_path / "logs", x="relative_time", align=1)
        tbtools.write(by_time, tmp_path / "out")
        assert tbtools.load(tmp_path / "out")["mean"].scalars()["step"].tolist() == [0, 1]

    def test_tables_have_the_columns_of_the_frame(self, logdir: Path, tmp_path: Path) -> None:
        result = tbtools.aggregate(logdir, statistics=["mean", "std", "q90"])
        frame = result.to_frame()
        for ending, read in (
            (".csv", read_csv),
            (".parquet", pd.read_parquet),
            (".feather", pd.read_feather),
        ):
            path = tmp_path / f"out{ending}"
            tbtools.write(result, path)
            got = read(path).astype({"group": str, "tag": str})
            want = frame.astype({"group": str, "tag": str})
            pd.testing.assert_frame_equal(got, want, check_exact=True)


class TestFrames:
    def test_smoothed_runs_lie_beside_one_another(self, logdir: Path, tmp_path: Path) -> None:
        smoothed = tbtools.smooth(tbtools.load(logdir), 0.9)
        tbtools.write(smoothed, tmp_path / "smoothed")
        read = tbtools.load(tmp_path / "smoothed")
        assert list(read) == ["seed0", "seed1", "seed2"]
        got = read.scalars()
        assert got["wall_time"].tolist() == smoothed["wall_time"].tolist()
        assert got["value"].tolist() == smoothed["value"].astype("float32").tolist()

    def test_the_run_of_the_log_directory_itself(self, tmp_path: Path) -> None:
        run = tbtools.load(write_run(tmp_path / "logs", [(0, 1.0)]))["."]
        tbtools.write(tbtools.smooth(run), tmp_path / "out")
        assert list(tbtools.load(tmp_path / "out")) == ["."]

    def test_a_frame_without_wall_times_has_the_time_of_writing(self, tmp_path: Path) -> None:
        frame = pd.DataFrame({"step": [0], "value": [1.0]})
        before = time.time()
        tbtools.write(frame, tmp_path / "out")
        (written,) = tbtools.load(tmp_path / "out").scalars()["wall_time"]
        assert before <= written <= time.time()
        tbtools.write(frame, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_text() == "step,value\n0,1.0\n"

    @pytest.mark.parametrize("tags", ["*loss*", None])
    def test_a_wide_frame_comes_back(self, tags: str | None, tmp_path: Path) -> None:
        frame = tbtools.load("tests/logs").scalars(tags, wide=True)
        tbtools.write(frame, tmp_path / "out")
        back = tbtools.load(tmp_path / "out", restarts="keep").scalars(tags, wide=True)
        pd.testing.assert_frame_equal(back, frame, check_exact=True)

    def test_a_wide_table_with_runs_comes_back(self, tmp_path: Path) -> None:
        logs = tbtools.load("tests/logs")
        tbtools.export(logs, tmp_path / "wide.parquet", wide=True)
        tbtools.write(pd.read_parquet(tmp_path / "wide.parquet"), tmp_path / "out")
        back = tbtools.load(tmp_path / "out", restarts="keep").scalars(wide=True)
        pd.testing.assert_frame_equal(back, logs.scalars(wide=True), check_exact=True)

    def test_columns_are_tags_and_a_gap_is_no_point(self, tmp_path: Path) -> None:
        index = pd.Index([0, 2**53 + 1], name="step")
        frame = pd.DataFrame({"loss": [1.0, math.nan], "value": [3, 4]}, index)
        tbtools.write(frame.assign(wall_time=[5.5, 6.5]), tmp_path / "out")
        found = tbtools.load(tmp_path / "out").scalars()
        assert list(found.drop(columns="run").itertuples(index=False, name=None)) == [
            ("loss", 0, 5.5, 1.0), ("value", 0, 5.5, 3.0), ("value", 2**53 + 1, 6.5, 4.0)
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("frame", "message"),
        [
            (pd.DataFrame({"loss": [1.0]}), "without step"),
            (pd.DataFrame({"step": [0.5], "value": [1.0]}), "no whole number"),
            (pd.DataFrame({"step": [math.nan], "loss": [1.0]}), "no whole number"),
            (pd.DataFrame({"step": [2.0**63], "loss": [1.0]}), "no whole number"),
            (pd.DataFrame({"step": np.array([2**63], np.uint64), "loss": [1.0]}), "no whole"),
            (pd.DataFrame({"step": pd.array([0, None], "Int64"), "loss": [1.0, 2]}), "no whole"),
            (pd.DataFrame({"step": [0], "loss": ["x"]}), "column loss"),
            (pd.DataFrame([[0, 1, 2]], columns=["step", "a", "a"]), "several columns"),
        ],
    )
    def test_what_makes_no_event_files_is_refused(
        self, frame: pd.DataFrame, message: str, tmp_path: Path
    ) -> None:
        with pytest.raises(InvalidArgument, match=message):
            tbtools.write(frame, tmp_path / "out")
        assert not list(tmp_path.iterdir())

    def test_values_that_float32_cannot_hold_are_refused(self, tmp_path: Path) -> None:
        frame = pd.DataFrame({"step": [0], "wall_time": [START], "value": [1e300]})
        with pytest.raises(UnwritableValue, match="does not fit into float32"):
            tbtools.write(frame, tmp_path / "out")
        assert not list(tmp_path.iterdir())

    def test_names_of_strangers_do_not_leave_the_directory(self, tmp_path: Path) -> None:
        frame = pd.DataFrame(
            {
                "run": ["../../up", "/etc/x", "a\x1b[31m", "A\x1b[31M", ".git", "con:1"],
                "step": 0,
                "wall_time": START,
                "value": 1.0,
            }
        )
        tbtools.write(frame, tmp_path / "out")
        assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
        names = [*tbtools.load(tmp_path / "out")]
        assert sorted(names) == ["A_[31M-2", "_/_/up", "_git", "a_[31m", "con_1", "etc/x"]

    def test_what_is_no_result_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(TypeError, match="cannot write dict"):
            tbtools.write({}, tmp_path / "out")  # type: ignore[arg-type]
        merged = tbtools.merge(write_run(tmp_path / "run", [(0, 1.0)]))
        with pytest.raises(InvalidArgument, match="event files make a directory"):
            tbtools.write(merged, tmp_path / "out.csv")


class TestTables:
    def test_numbers_are_those_that_were_stored(self, tmp_path: Path) -> None:
        values = [0.1, NAN, math.inf, -math.inf, 1e-45, 16777216.0, 5e-324]
        frame = pd.DataFrame({"tag": 'a "b", c\n', "value": values})
        path = tmp_path / "out.csv"
        tbtools.write(frame, path)
        got = read_csv(path)
        np.testing.assert_array_equal(got["value"], values)
        assert set(got["tag"]) == {'a "b", c\n'}

    def test_json_lines_have_no_number_that_json_does_not_know(self, tmp_path: Path) -> None:
        frame = pd.DataFrame({"tag": ["a", None], "value": [1.5, NAN], "n": [1, 2]})
        tbtools.write(frame, tmp_path / "out.jsonl")
        assert (tmp_path / "out.jsonl").read_text().splitlines() == [
            '{"tag": "a", "value": 1.5, "n": 1}',
            '{"value": null, "n": 2, "nonfinite": {"value": "NaN"}}',
        ]

    def test_an_unknown_ending_is_a_directory_only_where_it_says_so(self, tmp_path: Path) -> None:
        aggregate = tbtools.aggregate(write_run(tmp_path / "run", [(0, 1.0)]))
        with pytest.raises(InvalidArgument, match="no format has this ending"):
            tbtools.write(aggregate, tmp_path / "out.v2")
        assert not (tmp_path / "out.v2").exists()
        tbtools.write(aggregate, f"{tmp_path}/out.v2/")
        assert (tmp_path / "out.v2").is_dir()

    def test_a_table_is_not_written_over_without_force(self, tmp_path: Path) -> None:
        frame = pd.DataFrame({"value": [1.0]})
        (tmp_path / "out.csv").write_text("mine")
        with pytest.raises(OutputExists):
            tbtools.write(frame, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_text() == "mine"
        tbtools.write(frame, tmp_path / "out.csv", force=True)
        assert (tmp_path / "out.csv").read_text() == "value\n1.0\n"


@pytest.mark.parametrize("name", ["page.pdf", "page.png", "page.csv", "page.json"])
def test_a_page_is_not_written_under_another_formats_ending(name: str, tmp_path: Path) -> None:
    with tbtools.EventFileWriter(tmp_path / "run") as writer:
        writer.add_scalar("loss", 1.0, 0, 1_700_000_000.0)
    with pytest.raises(tbtools.InvalidArgument, match=r"only html"):
        tbtools.report(tmp_path / "run", tmp_path / name)
    assert not (tmp_path / name).exists()
