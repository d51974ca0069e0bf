"""What is summed up of runs, against TensorBoard's own reading and by hand."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tbtools.analysis.series_summary import SPARKLINE_BINS
from tbtools.analysis.summary import summarize
from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.render.terminal.sparkline import sparkline
from tbtools.runs.loading import load
from tests.builders import START, EventFileBuilder
from tests.commands import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tbtools.analysis.summarized import RunSummary, Summary

LOGS = ROOT / "tests" / "logs"


def summary_of(path: Path, now: float | None = None, **selected: Any) -> Summary:
    return summarize(load(path), now=now, **selected)


def run_of(folder: Path, builder: EventFileBuilder, now: float | None = None) -> RunSummary:
    builder.write(folder / "events.out.tfevents.1")
    (run,) = summary_of(folder, now).runs
    return run


@pytest.mark.parametrize("name", ["baseline", "diverged", "plateau"])
def test_numbers_are_those_that_tensorboard_reads(name: str) -> None:
    accumulator = EventAccumulator(str(LOGS / name), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    (run,) = summary_of(LOGS / name).runs
    by_tag = {series.statistics.tag: series.statistics for series in run.tags}
    tags = accumulator.Tags()
    scalars = [tag for tag in tags["scalars"] + tags["tensors"] if not tag.startswith("_hparams_")]
    assert set(scalars) == {tag for tag, each in by_tag.items() if each.plugin == "scalars"}
    for tag in scalars:
        if tag in tags["scalars"]:
            events = [(each.step, each.value) for each in accumulator.Scalars(tag)]
        else:
            events = [
                (each.step, np.frombuffer(each.tensor_proto.tensor_content, np.float32)[0]
                 if each.tensor_proto.tensor_content else each.tensor_proto.float_val[0])
                for each in accumulator.Tensors(tag)
            ]  # fmt: skip
        truth = pd.Series(dict(events), dtype=np.float64)
        ours = by_tag[tag]
        finite = truth[np.isfinite(truth)]
        assert (ours.count, ours.nonfinite) == (len(truth), len(truth) - len(finite))
        assert (ours.first_step, ours.last_step) == (truth.index[0], truth.index[-1])
        assert (ours.min, ours.min_step) == (finite.min(), finite.idxmin())
        assert (ours.max, ours.max_step) == (finite.max(), finite.idxmax())
        assert ours.first == truth.iloc[0]
        assert ours.last == truth.iloc[-1] or math.isnan(truth.iloc[-1])


def test_a_run_by_hand(tmp_path: Path) -> None:
    builder = EventFileBuilder().file_version()
    builder.scalars("val/loss", [(10, 0.5), (20, 0.25), (30, 0.75)]).scalar("lr", 5, 0.1)
    run = run_of(tmp_path, builder)
    assert (run.run, run.path, run.event_files) == (".", str(tmp_path), 1)
    assert run.bytes == len(builder.bytes())
    assert (run.points, run.sessions, run.superseded, run.nonfinite) == (4, 1, 0, 0)
    assert (run.first_step, run.last_step) == (5, 30)
    assert (run.start_time, run.end_time, run.duration) == (START, START + 30, 30.0)
    assert run.objective is not None
    assert (run.objective.tag, run.objective.direction) == ("val/loss", "min")
    assert (run.objective.last, run.objective.best, run.objective.best_step) == (0.75, 0.25, 20)


def test_lowest_and_highest_step_where_steps_go_back(tmp_path: Path) -> None:
    points = [(5, 0.0), (9, 0.0), (2, 0.0), (7, 0.0)]
    EventFileBuilder().scalars("loss", points).write(tmp_path / "events.out.tfevents.1")
    (run,) = summarize(load(tmp_path, restarts="keep")).runs
    assert (run.first_step, run.last_step) == (2, 9)


# -- the main objective


@pytest.mark.parametrize(
    ("tags", "chosen", "direction"),
    [
        (["train/loss", "val/loss"], "val/loss", "min"),
        (["train/loss", "accuracy"], "accuracy", "max"),
        (["train/accuracy", "val/loss"], "val/loss", "min"),
        (["val/accuracy", "val/loss", "val/map"], "val/map", "max"),
        (["eval/loss", "rollout/ep_rew_mean", "rollout/ep_rew_max"], "rollout/ep_rew_mean", "max"),
        (["val/accuracy", "val/loss", "val/perplexity"], "val/loss", "min"),
        (["top1_err", "train/reward"], "train/reward", "max"),
        (["loss/D", "loss/G", "fid"], "fid", "min"),
        (["eval/accuracy", "train/loss"], "eval/accuracy", "max"),
        (["loss/part_a", "loss"], "loss", "min"),
        (["rollout/ep_rew_mean", "time/fps"], "rollout/ep_rew_mean", "max"),
        (["lr", "epoch"], None, None),
    ],
)
def test_objective(
    tags: list[str], chosen: str | None, direction: str | None, tmp_path: Path
) -> None:
    builder = EventFileBuilder()
    for tag in tags:
        builder.scalar(tag, 1, 0.5)
    objective = run_of(tmp_path, builder).objective
    assert (objective and objective.tag) == chosen
    assert (objective and objective.direction) == direction


def test_the_series_with_more_points_tells_more(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("loss/a", 1, 0.5).scalars("loss/bb", [(1, 0.5), (2, 0.5)])
    objective = run_of(tmp_path, builder).objective
    assert objective is not None
    assert objective.tag == "loss/bb"


def test_an_objective_without_a_finite_value(tmp_path: Path) -> None:
    objective = run_of(tmp_path, EventFileBuilder().scalar("loss", 1, math.nan)).objective
    assert objective is not None
    assert (objective.best, objective.best_step) == (None, None)
    assert objective.to_dict()["last"] is None


# -- status


@pytest.mark.parametrize(
    ("age", "status"), [(0, "training"), (599, "training"), (601, "stopped"), (-599, "training"),
                        (-86_400, "stopped")],
)  # fmt: skip
def test_a_run_is_being_written_for_ten_minutes(age: float, status: str, tmp_path: Path) -> None:
    builder = EventFileBuilder().scalars("loss", [(step, 0.5) for step in range(10)])
    assert run_of(tmp_path, builder, now=START + 9 + age).status == status


@pytest.mark.parametrize(("age", "status"), [(5400, "training"), (5500, "stopped")])
def test_a_slow_run_has_three_times_its_own_rhythm(age: float, status: str, tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for step in range(10):
        builder.scalar("loss", step, 0.5, wall_time=START + 1800 * step)
    assert run_of(tmp_path, builder, now=START + 1800 * 9 + age).status == status


def test_the_present_is_the_default(tmp_path: Path) -> None:
    builder = EventFileBuilder().scalar("loss", 1, 0.5, wall_time=time.time())
    assert run_of(tmp_path, builder).status == "training"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", "empty"),
        (EventFileBuilder().file_version().bytes(), "empty"),
        (b"no event file, though it is long enough", "unreadable"),
        (EventFileBuilder().scalar("loss", 1, 0.5).corrupt_length().bytes(), "unreadable"),
        (EventFileBuilder().scalar("a", 1, 1.0).scalar("a", 2, 1.0).truncate(1).bytes(), "stopped"),
    ],
)
def test_status_of_files_without_much_in_them(content: bytes, status: str, tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.1").write_bytes(content)
    summary = summary_of(tmp_path)
    assert [run.status for run in summary.runs] == [status]
    assert summary.readable == (status != "unreadable")


def test_a_run_without_sound_wall_times(tmp_path: Path) -> None:
    run = run_of(tmp_path, EventFileBuilder().scalar("loss", 1, 0.5, wall_time=math.nan))
    assert (run.start_time, run.end_time, run.duration, run.status) == (
        None,
        None,
        None,
        "stopped",
    )


# -- selection


def test_tags_and_steps() -> None:
    summary = summary_of(LOGS, tags=("val/loss", "val/acc*"), steps=(500, 1000))
    assert [run.run for run in summary.runs] == ["baseline", "diverged", "plateau", "resumed"]
    assert summary.left_out == 4
    steps = {(run.first_step, run.last_step) for run in summary.runs}
    assert steps == {(599, 999)}
    assert {each.statistics.tag for run in summary.runs for each in run.tags} == {
        "val/loss", "val/accuracy",
    }  # fmt: skip


def test_no_bounds_are_no_selection() -> None:
    assert summary_of(LOGS, steps=(None, None)).left_out == 0
    assert len(summary_of(LOGS, steps=(None, None)).runs) == 8


def test_what_matches_nothing_is_said() -> None:
    with pytest.raises(UnknownTag, match=r"no tag 'valid/\*'; close: 'val/pr'"):
        summary_of(LOGS, tags=("val/*", "valid/*"))
    with pytest.raises(InvalidArgument, match="no points in steps 3000:; they go from 99 to 1999"):
        summary_of(LOGS, tags=("val/loss",), steps=(3000, None))


# -- sparklines


@given(
    st.lists(st.floats(width=32), min_size=1, max_size=3 * SPARKLINE_BINS),
)
def test_sparklines_are_means_of_equal_stretches(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    run = run_of(folder, EventFileBuilder().scalars("loss", list(enumerate(values))))
    (series,) = run.tags
    bins = min(len(values), SPARKLINE_BINS)
    edges = [number * len(values) // bins for number in range(bins + 1)]
    for cell, first, end in zip(series.sparkline, edges, edges[1:], strict=False):
        finite = [value for value in values[first:end] if math.isfinite(value)]
        if not finite:
            assert cell is None
        else:
            assert cell == pytest.approx(math.fsum(finite) / len(finite), rel=1e-12, abs=1e-300)
    assert len(series.sparkline) == bins


def test_huge_values_have_a_gap_rather_than_a_warning(tmp_path: Path) -> None:
    builder = EventFileBuilder()
    for step in range(40):
        builder.tensor_scalar("loss", step, 1.7e308, "float64")
    assert set(run_of(tmp_path, builder).tags[0].sparkline) == {None}


@pytest.mark.parametrize("late", [0.0, 0.4, 3.3], ids="{} s late".format)
@pytest.mark.parametrize("ranks", [2, 3, 5])
@pytest.mark.parametrize("points", [100, 203])
def test_the_curve_of_ranks_does_not_zigzag(
    tmp_path: Path, ranks: int, points: int, late: float
) -> None:
    for rank in range(ranks):
        builder = EventFileBuilder().file_version(wall_time=START)
        for step in range(points):
            value = 10 - 5 * step / points + 100 * rank
            builder.scalar("loss", step, value, START + step + late * rank)
        builder.write(tmp_path / f"events.out.tfevents.1.host{rank}")
    (run,) = summary_of(tmp_path).runs
    line = run.tags[0].sparkline
    # At the ends, where a rank that is late has no points, the others' mean is what there is.
    inner = line[1:-1] if late * ranks > 1 else line
    assert all(cell is not None for cell in line)
    assert list(inner) == sorted(inner, reverse=True)
    assert inner[0] - inner[-1] < 5
    drawn = sparkline(inner)
    assert list(drawn) == sorted(drawn, reverse=True)


def test_sessions_one_after_the_other_count_by_their_points(tmp_path: Path) -> None:
    values = [float(step % 7) for step in range(160)]
    for number, here in enumerate((range(13), range(13, 160))):
        builder = EventFileBuilder()
        for step in here:
            builder.scalar("loss", step, values[step])
        builder.write(tmp_path / f"events.out.tfevents.{number}")
    (run,) = summary_of(tmp_path).runs
    assert run.sessions == 2
    assert run.tags[0].sparkline == tuple(
        pytest.approx(sum(values[first : first + 10]) / 10) for first in range(0, 160, 10)
    )


# -- results


def test_frame_has_a_row_a_series() -> None:
    summary = summary_of(LOGS)
    frame = summary.to_frame()
    assert list(frame.columns[:4]) == ["run", "tag", "plugin", "dtype"]
    assert len(frame) == sum(len(run.tags) for run in summary.runs)
    assert frame["count"].sum() == sum(run.points for run in summary.runs)


def test_memory_is_let_go_run_after_run(tmp_path: Path) -> None:
    for number in range(20):
        EventFileBuilder().scalar("loss", 1, 0.5).write(
            tmp_path / f"run_{number}" / "events.out.tfevents.1"
        )
    experiment = load(tmp_path)
    assert len(summarize(experiment).runs) == 20
    assert not any(run.data.is_read for run in experiment.values())
