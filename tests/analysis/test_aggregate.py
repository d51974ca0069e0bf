"""Aggregation over runs: statistics against NumPy, pandas and scipy; what peers get wrong."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tbtools
from tbtools.analysis.ensemble import Bootstrap, Ensemble
from tbtools.analysis.grouping import group_runs
from tbtools.errors import (
    InvalidArgument,
    NoEventFiles,
    NonfiniteValue,
    RepeatedPoint,
    UnequalRuns,
    UnknownTag,
)
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NAN, INF = math.nan, math.inf
ALL = ("mean", "std", "stderr", "median", "min", "max", "iqm", "var", "sum", "q25", "q97.5")


def write_runs(logdir: Path, runs: Mapping[str, Sequence[tuple[int, float]]]) -> Path:
    for name, points in runs.items():
        EventFileBuilder().scalars("loss", points).write(logdir / name / "events.out.tfevents.1")
    return logdir


def statistics(values: Any, names: Sequence[str] = ALL, **options: Any) -> dict[str, Any]:
    """Of one point: a column of values, all of which count."""
    column = np.array(values, float)[:, None]
    result = Ensemble(column, np.ones_like(column, bool), **options).statistics(names)
    return {name: value[0] for name, value in result.items()}


class TestStatistics:
    @settings(deadline=None)  # what is imported late takes its time once
    @given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12))
    def test_they_are_numpys_and_pandas(self, values: list[float]) -> None:
        got = statistics(values)
        series = pd.Series(values)
        want = {
            "mean": series.mean(),
            "std": series.std(),
            "stderr": series.sem(),
            "var": series.var(),
            "sum": series.sum(),
            "median": series.median(),
            "min": series.min(),
            "max": series.max(),
            "q25": np.quantile(values, 0.25),
            "q97.5": np.quantile(values, 0.975),
        }
        for name, value in want.items():
            # Of numbers of a million, the differences of which a variance is made hold 1e-10.
            least = 1e-3 if name == "var" else 1e-6
            assert got[name] == pytest.approx(value, rel=1e-9, abs=least), name

    @settings(deadline=None)  # what is imported late takes its time once
    @given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=13))
    def test_the_interquartile_mean_is_the_trimmed_mean_that_rliable_takes(
        self, values: list[float]
    ) -> None:
        stats = pytest.importorskip("scipy.stats")
        want = stats.trim_mean(values, proportiontocut=0.25)
        assert statistics(values)["iqm"] == pytest.approx(want, rel=1e-9, abs=1e-6)

    def test_one_run_has_no_spread(self) -> None:
        got = statistics([3.0], (*ALL, "mean_ci"))
        assert (got["mean"], got["median"], got["iqm"]) == (3.0, 3.0, 3.0)
        spreads = ("std", "var", "stderr", "mean_low", "mean_high")
        assert all(math.isnan(got[name]) for name in spreads)

    def test_nan_makes_nan_of_all(self) -> None:
        assert all(math.isnan(value) for value in statistics([1.0, NAN, 2.0]).values())

    def test_infinity_is_the_greatest_value(self) -> None:
        got = statistics([1.0, INF, 2.0])
        assert (got["min"], got["median"], got["max"], got["mean"]) == (1.0, 2.0, INF, INF)
        assert statistics([INF, INF], ["median", "q25"]) == {"median": INF, "q25": INF}

    def test_only_values_that_are_there_count(self) -> None:
        values = np.array([[1.0, 5.0], [3.0, 7.0], [100.0, 9.0]])
        present = np.array([[True, True], [True, True], [False, True]])
        ensemble = Ensemble(values, present)
        assert ensemble.count.tolist() == [2, 3]
        assert ensemble.mean().tolist() == [2.0, 7.0]

    def test_of_no_value_there_are_no_statistics(self) -> None:
        got = Ensemble(np.array([[1.0]]), np.array([[False]])).statistics((*ALL, "iqm_ci"))
        assert all(np.isnan(column).all() for column in got.values())

    @pytest.mark.parametrize("name", ["avg", "q100", "q", "ci"])
    def test_unknown_ones_are_refused_by_name(self, name: str) -> None:
        with pytest.raises(InvalidArgument, match=f"no statistic '{name}'; there are mean"):
            statistics([1.0], [name])


class TestBootstrap:
    values = tuple(np.random.default_rng(5).lognormal(size=9))

    @pytest.mark.parametrize("center", ["mean", "median", "iqm"])
    def test_intervals_are_scipys_percentile_intervals(self, center: str) -> None:
        stats = pytest.importorskip("scipy.stats")
        estimate = {
            "mean": np.mean,
            "median": np.median,
            "iqm": lambda x, axis: stats.trim_mean(x, 0.25, axis=axis),
        }[center]
        want = stats.bootstrap(
            (self.values,), estimate, n_resamples=40_000, method="percentile", random_state=1
        ).confidence_interval
        bootstrap = Bootstrap(resamples=40_000)
        got = statistics(self.values, [f"{center}_ci"], bootstrap=bootstrap)
        spread = max(self.values) - min(self.values)
        assert got[f"{center}_low"] == pytest.approx(want.low, abs=0.01 * spread)
        assert got[f"{center}_high"] == pytest.approx(want.high, abs=0.01 * spread)

    def test_of_three_runs_every_draw_can_be_counted(self) -> None:
        values = np.array([0.0, 1.0, 10.0])
        means = np.sort([values[list(draw)].mean() for draw in np.ndindex(3, 3, 3)])
        got = statistics(values, ["mean_ci"], bootstrap=Bootstrap(level=0.8, resamples=100_000))
        assert got["mean_low"] == means[2]  # a tenth of the 27 draws ends within the third
        assert got["mean_high"] == means[24]

    def test_the_same_seed_gives_the_same_interval(self) -> None:
        first, again, other = (
            statistics(self.values, ["mean_ci"], bootstrap=Bootstrap(seed=seed))
            for seed in (3, 3, 4)
        )
        assert first == again != other

    def test_a_constant_has_no_width(self) -> None:
        assert statistics([2.0, 2.0, 2.0], ["iqm_ci"]) == {"iqm_low": 2.0, "iqm_high": 2.0}

    @pytest.mark.parametrize("options", [{"level": 0}, {"level": 1.0}, {"resamples": 0}])
    def test_nonsense_is_refused(self, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument):
            Bootstrap(**options)


class TestPoints:
    def test_the_number_of_runs_is_a_column_and_its_change_is_told(self, tmp_path: Path) -> None:
        logdir = write_runs(
            tmp_path, {"a": [(0, 1.0), (1, 3.0), (2, 5.0)], "b": [(0, 2.0), (1, 5.0)]}
        )
        result = tbtools.aggregate(logdir, statistics=["mean", "std"])
        frame = result.to_frame()
        assert frame.columns.tolist() == [
            *("group", "tag", "step", "runs", "interpolated", "nonfinite"),
            *("mean", "std", "wall_time"),
        ]
        assert frame["step"].tolist() == [0, 1, 2]
        assert frame["runs"].tolist() == [2, 2, 1]
        assert frame["mean"].tolist() == [1.5, 4.0, 5.0]
        assert frame["std"].round(6).tolist()[:2] == [0.707107, 1.414214]
        assert frame["wall_time"].tolist() == [START, START + 1, START + 2]
        [tag] = result.to_dict()["tags"]
        assert tag["run_counts"] == [
            {"first_x": 0, "last_x": 1, "runs": 2},
            {"first_x": 2, "last_x": 2, "runs": 1},
        ]

    def test_interpolated_values_are_counted(self, tmp_path: Path) -> None:
        logdir = write_runs(tmp_path, {"a": [(0, 0.0), (4, 4.0)], "b": [(2, 6.0), (6, 10.0)]})
        frame = tbtools.aggregate(logdir, align="interpolate").to_frame()
        assert frame["step"].tolist() == [0, 2, 4, 6]
        assert frame["runs"].tolist() == [1, 2, 2, 1]
        assert frame["interpolated"].tolist() == [0, 1, 1, 0]
        assert frame["mean"].tolist() == [0.0, 4.0, 6.0, 10.0]

    def test_onto_a_grid(self, tmp_path: Path) -> None:
        logdir = write_runs(tmp_path, {"a": [(0, 0.0), (10, 10.0)], "b": [(1, 3.0), (11, 13.0)]})
        frame = tbtools.aggregate(logdir, align=5, statistics=["max"]).to_frame()
        assert frame["step"].tolist() == [0, 5, 10]
        assert frame["max"].tolist() == [0.0, 7.0, 12.0]

    def test_points_with_too_few_runs_are_left_out_and_counted(self, tmp_path: Path) -> None:
        logdir = write_runs(tmp_path, {"a": [(0, 1.0), (1, 1.0), (2, 1.0)], "b": [(1, 3.0)]})
        result = tbtools.aggregate(logdir, min_runs=2)
        assert result.to_frame()["step"].tolist() == [1]
        assert result.series[0].too_few == 2

    def test_of_several_points_at_a_step_the_last_counts_and_the_others_are_counted(
        self, tmp_path: Path
    ) -> None:
        logdir = write_runs(tmp_path, {"a": [(0, 1.0), (0, 9.0)], "b": [(0, 3.0)]})
        result = tbtools.aggregate(logdir)
        assert result.to_frame()["mean"].tolist() == [6.0]
        assert result.series[0].repeated == 1

    def test_a_tag_that_some_runs_have(self, tmp_path: Path) -> None:
        write_runs(tmp_path, {"a": [(0, 1.0)], "b": [(0, 2.0)]})
        EventFileBuilder().scalar("only", 0, 7.0).write(tmp_path / "b" / "events.out.tfevents.2")
        only = tbtools.aggregate(tmp_path, tags="only").series
        assert [(each.tag, each.members) for each in only] == [("only", ("b",))]

    def test_along_time_and_along_another_scalar(self, tmp_path: Path) -> None:
        for name, rate in (("slow", 10), ("fast", 20)):
            builder = EventFileBuilder()
            for step in range(3):
                builder.scalar("loss", step, float(step)).scalar("tokens", step, step * rate)
            builder.write(tmp_path / name / "events.out.tfevents.1")
        frame = tbtools.aggregate(tmp_path, tags="loss", x="tokens").to_frame()
        assert frame["tokens"].tolist() == [0, 10, 20, 40]
        assert frame["mean"].tolist() == [0.0, 0.75, 1.5, 2.0]
        assert frame["runs"].tolist() == [2, 2, 2, 1]
        by_time = tbtools.aggregate(tmp_path, tags="loss", x="relative_time").to_frame()
        assert by_time["relative_time"].tolist() == [0, 1, 2]

    def test_points_beyond_the_other_scalar_are_counted(self, tmp_path: Path) -> None:
        EventFileBuilder().scalars("loss", [(0, 1.0), (9, 2.0)]).scalar("tokens", 0, 5).write(
            tmp_path / "events.out.tfevents.1"
        )
        [series] = tbtools.aggregate(tmp_path, tags="loss", x="tokens").series
        assert (series.x.tolist(), series.unplaced) == ([5.0], 1)

    def test_nothing_that_is_asked_for_by_name_is_passed_over(self, tmp_path: Path) -> None:
        logdir = write_runs(tmp_path, {"a": [(0, 1.0)]})
        with pytest.raises(UnknownTag, match="close: 'loss'"):
            tbtools.aggregate(logdir, tags=["los"])
        with pytest.raises(UnknownTag, match=r"no tag 'acc\*'; known: 'loss'"):
            tbtools.aggregate(logdir, tags="acc*")
        with pytest.raises(InvalidArgument, match="no points in steps 5:; they go from 0 to 0"):
            tbtools.aggregate(logdir, steps=(5, None))

    @pytest.mark.parametrize(
        "options", [{"align": "nearest"}, {"statistics": ["avg"]}, {"nonfinite": "ignore"}]
    )
    def test_nonsense_is_refused(self, tmp_path: Path, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument):
            tbtools.aggregate(write_runs(tmp_path, {"a": [(0, 1.0)]}), **options)


@pytest.mark.parametrize("at_once", [1, 40, 100_000])
@pytest.mark.parametrize("align", ["exact", "interpolate"])
def test_tags_put_together_at_once_are_those_of_pandas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, align: Any
) -> None:
    monkeypatch.setattr("tbtools.analysis.aggregate._VALUES_AT_ONCE", at_once)
    random = np.random.default_rng(3)
    places = [[0, 1, 2, 3], [0, 2, 2, 5], [7]]  # the same, or others, with one step twice
    rows = []
    for run in "abc":
        builder = EventFileBuilder()
        for tag in range(30):
            if run == "c" and tag % 11 == 5:
                continue
            for number, step in enumerate(places[0 if tag % 10 < 6 else tag % 3]):
                value = NAN if random.random() < 0.1 else float(np.float32(random.normal()))
                time = START + 10 * number + tag
                builder.scalar(f"tag{tag:02}", step, value, time)
                rows.append((run, f"tag{tag:02}", step, value))
        builder.write(tmp_path / run / "events.out.tfevents.1")
    points = pd.DataFrame(rows, columns=["run", "tag", "step", "value"])
    last = points.groupby(["run", "tag", "step"], as_index=False).agg(
        {"value": lambda x: x.iloc[-1]}
    )
    groups = last.dropna().groupby(["tag", "step"])["value"]
    want = groups.agg(["count", "mean", "min"])
    want = want[want["count"] >= 2].reset_index()

    result = tbtools.aggregate(
        tmp_path, align=align, nonfinite="drop", min_runs=2, statistics=["mean", "min"]
    )
    got = result.to_frame()
    assert got["tag"].tolist() == want["tag"].tolist()
    assert got["step"].tolist() == want["step"].tolist()
    assert got["runs"].tolist() == want["count"].tolist()
    np.testing.assert_allclose(got["mean"], want["mean"])
    np.testing.assert_allclose(got["min"], want["min"])
    for series in result.series:
        of_tag = points[points["tag"] == series.tag]
        assert series.members == tuple(of_tag["run"].unique())
        assert series.repeated == of_tag.duplicated(["run", "step"]).sum()
        assert series.x.size + series.too_few == of_tag["step"].nunique()


class TestPointsOnTopOfOneAnother:
    points: ClassVar = [(0, 1.0), (2, 8.0), (0, 4.0), (1, 2.0), (2, 2.0), (0, 1.0)]

    @pytest.mark.parametrize("how", ["last", "first", "mean"])
    def test_what_counts(self, tmp_path: Path, how: Any) -> None:
        write_runs(tmp_path, {"a": self.points, "b": [(1, 4.0)]})
        result = tbtools.aggregate(tmp_path, repeated=how, statistics=["sum"])
        rows = [(step, value, "a") for step, value in self.points] + [(1, 4.0, "b")]
        frame = pd.DataFrame(rows, columns=["step", "value", "run"])
        # Its wall time is that of the point that counts: START + step, like all of its step.
        each = frame.groupby(["run", "step"])["value"].agg(how)
        assert result.to_frame()["sum"].tolist() == each.groupby("step").sum().tolist()
        assert result.to_frame()["wall_time"].tolist() == [START, START + 0.5, START + 2]
        assert result.series[0].repeated == 3

    def test_they_are_refused_by_name(self, tmp_path: Path) -> None:
        write_runs(tmp_path, {"a": [(1, 4.0), (2, 4.0)], "b": self.points})
        message = "loss of run b has several points at step 0"
        with pytest.raises(RepeatedPoint, match=message):
            tbtools.aggregate(tmp_path, repeated="fail")
        assert tbtools.aggregate(tmp_path / "a", repeated="fail").series[0].repeated == 0

    def test_means_are_no_stored_numbers(self, tmp_path: Path) -> None:
        builder = EventFileBuilder().tensor_scalar("n", 0, 1, "int64")
        for value in (2, 5):
            builder.tensor_scalar("n", 1, value, "int64")
        builder.write(tmp_path / "logs" / "a" / "events.out.tfevents.1")
        result = tbtools.aggregate(tmp_path / "logs", repeated="mean", statistics=["max"])
        tbtools.write(result, tmp_path / "out.csv")
        assert pd.read_csv(tmp_path / "out.csv")["max"].tolist() == [1.0, 3.5]

    def test_a_mean_with_a_nan_is_one(self, tmp_path: Path) -> None:
        write_runs(tmp_path, {"a": [(0, 1.0), (0, NAN), (1, 2.0)], "b": [(0, 1.0), (1, 1.0)]})
        frame = tbtools.aggregate(tmp_path, repeated="mean", statistics=["mean"]).to_frame()
        np.testing.assert_array_equal(frame["mean"], [NAN, 1.5])


class TestRunsThatDiffer:
    runs: ClassVar = {
        "a": [(0, 1.0), (1, 2.0), (3, 3.0)],
        "b": [(0, 3.0), (1, 4.0)],
        "c": [(1, 6.0), (2, 0.0)],
    }

    def test_only_points_that_all_have(self, tmp_path: Path) -> None:
        write_runs(tmp_path, self.runs)
        EventFileBuilder().scalars("accuracy", [(5, 1.0)]).write(
            tmp_path / "a/events.out.tfevents.2"
        )
        frame = tbtools.aggregate(tmp_path, min_runs="all", statistics=["mean"]).to_frame()
        assert frame[["tag", "step", "runs", "mean"]].to_numpy().tolist() == [
            ["accuracy", 5, 1, 1.0],  # all that have the tag
            ["loss", 1, 3, 4.0],
        ]

    def test_that_leaves_nothing_is_refused(self, tmp_path: Path) -> None:
        write_runs(tmp_path, {"a": [(0, 1.0)], "b": [(1, 1.0)]})
        with pytest.raises(InvalidArgument, match="no tag has a point that all its runs have"):
            tbtools.aggregate(tmp_path, min_runs="all")

    @pytest.mark.parametrize(
        ("chosen", "message"),
        [
            (["a", "b"], "strict: loss has a point at step 3 in run a, and none in run b"),
            (["b", "c"], "strict: loss has a point at step 0 in run b, and none in run c"),
            (["b", "d"], "strict: run b of group all has no accuracy"),
        ],
    )
    def test_strict_names_what_differs(
        self, tmp_path: Path, chosen: list[str], message: str
    ) -> None:
        write_runs(tmp_path, {**self.runs, "d": self.runs["b"], "e": self.runs["b"]})
        EventFileBuilder().scalars("accuracy", [(5, 1.0)]).write(
            tmp_path / "d/events.out.tfevents.2"
        )
        with pytest.raises(UnequalRuns, match=message):
            tbtools.aggregate(tbtools.load(tmp_path, runs=chosen), strict=True)
        alike = tbtools.load(tmp_path, runs=["b", "e"])
        same, plain = (tbtools.aggregate(alike, strict=how).to_frame() for how in (True, False))
        pd.testing.assert_frame_equal(same, plain)
        # Others are a group of their own.
        tbtools.aggregate(tbtools.load(tmp_path), group=["[be]", "a"], strict=True)


class TestNonfinite:
    @pytest.fixture
    def logdir(self, tmp_path: Path) -> Path:
        return write_runs(
            tmp_path, {"ok": [(0, 1.0), (1, 2.0), (2, 3.0)], "bad": [(0, 3.0), (1, NAN), (2, INF)]}
        )

    def test_they_poison(self, logdir: Path) -> None:
        frame = tbtools.aggregate(logdir, statistics=["mean", "min"]).to_frame()
        np.testing.assert_array_equal(frame["mean"], [2.0, NAN, INF])
        np.testing.assert_array_equal(frame["min"], [1.0, NAN, 3.0])
        assert frame["nonfinite"].tolist() == [0, 1, 1]
        assert frame["runs"].tolist() == [2, 2, 2]

    def test_they_are_dropped(self, logdir: Path) -> None:
        frame = tbtools.aggregate(logdir, statistics=["mean"], nonfinite="drop").to_frame()
        assert frame["mean"].tolist() == [2.0, 2.0, 3.0]
        assert frame["nonfinite"].tolist() == [0, 1, 1]
        assert frame["runs"].tolist() == [2, 1, 1]

    def test_they_fail(self, logdir: Path) -> None:
        with pytest.raises(NonfiniteValue, match="loss of run bad is nan at step 1"):
            tbtools.aggregate(logdir, nonfinite="fail")

    def test_a_point_without_a_finite_value_stays_in_sight(self, tmp_path: Path) -> None:
        logdir = write_runs(tmp_path, {"a": [(0, NAN)], "b": [(0, INF)]})
        frame = tbtools.aggregate(logdir, nonfinite="drop").to_frame()
        assert frame[["runs", "nonfinite"]].values.tolist() == [[0, 2]]
        assert frame["mean"].isna().all()

    def test_no_line_is_drawn_over_a_dropped_point(self, tmp_path: Path) -> None:
        logdir = write_runs(
            tmp_path, {"a": [(0, 0.0), (2, NAN), (4, 4.0)], "b": [(1, 9.0), (3, 9.0)]}
        )
        frame = tbtools.aggregate(logdir, align="interpolate", nonfinite="drop").to_frame()
        assert frame["step"].tolist() == [0, 1, 2, 3, 4]
        assert frame["runs"].tolist() == [1, 1, 1, 1, 1]


class TestGroups:
    @pytest.fixture
    def logdir(self, tmp_path: Path) -> Path:
        names = ["lr=0.1_s0", "lr=0.1_s1", "lr=0.01_s0", "other"]
        for number, name in enumerate(names):
            with tbtools.EventFileWriter(tmp_path / name) as writer:
                writer.add_scalar("loss", float(number), 0, START)
                if name != "other":
                    writer.add_hparams({"lr": float(name[3:].split("_")[0]), "batch": 32})
        return tmp_path

    def groups(self, logdir: Path, pattern: Any) -> dict[str, tuple[str, ...]]:
        return {each.name: each.runs for each in group_runs(tbtools.load(logdir), pattern).groups}

    def test_all_runs_are_one_group(self, logdir: Path) -> None:
        assert [*self.groups(logdir, None)] == ["all"]

    def test_by_a_regular_expression_with_names(self, logdir: Path) -> None:
        result = tbtools.aggregate(logdir, group="lr=(?P<lr>[^_]+)")
        assert [(each.name, each.runs) for each in result.groups] == [
            ("lr=0.01", ("lr=0.01_s0",)),
            ("lr=0.1", ("lr=0.1_s0", "lr=0.1_s1")),
        ]
        assert result.left_out == ("other",)
        assert result.to_frame()["mean"].tolist() == [2.0, 0.5]

    def test_a_run_that_could_not_be_read_is_in_no_group(self, logdir: Path) -> None:
        (logdir / "text").mkdir()
        (logdir / "text" / "tfevents").write_text("no event file\n" * 10)
        result = tbtools.aggregate(logdir)
        assert [len(each.runs) for each in result.groups] == [4]
        assert result.left_out == ("text",)
        assert [each["run"] for each in result.problems] == ["text"]

    def test_by_hyperparameters(self, logdir: Path) -> None:
        assert self.groups(logdir, "hparam:lr,batch") == {
            "lr=0.01,batch=32": ("lr=0.01_s0",),
            "lr=0.1,batch=32": ("lr=0.1_s0", "lr=0.1_s1"),
        }

    def test_runs_inside_have_the_hyperparameters_of_their_run(self, tmp_path: Path) -> None:
        """As Keras writes them: hyperparameters above, scalars in train and validation."""
        values = {("run-0", 0.1): 1.0, ("run-1", 0.1): 2.0, ("run-2", 0.2): 8.0}
        for (name, lr), value in values.items():
            with tbtools.EventFileWriter(tmp_path / name) as writer:
                writer.add_hparams({"lr": lr})
            for place, more in (("train", 0.0), ("validation", 0.5)):
                builder = EventFileBuilder().scalar("epoch_loss", 1, value + more)
                builder.write(tmp_path / name / place / "events.out.tfevents.1.v2")
        expected = {"lr=0.1/train": 1.5, "lr=0.2/train": 8.0}
        both = expected | {"lr=0.1/validation": 2.0, "lr=0.2/validation": 8.5}
        for selected, want in (("*/train", expected), (None, both)):
            experiment = tbtools.load(tmp_path, runs=selected)
            frame = tbtools.aggregate(experiment, group="hparam:lr").to_frame()
            assert dict(zip(frame["group"], frame["mean"], strict=True)) == want
        found = tbtools.diff(tbtools.load(tmp_path, runs="*/train"), group="hparam:lr")
        assert [(each.a, each.b) for each in found.runs] == [("lr=0.1/train", "lr=0.2/train")]
        table = tbtools.load(tmp_path).hparams()
        assert table.loc["run-2", "validation/epoch_loss"] == 8.5

    def test_hyperparameters_that_cannot_be_decoded_leave_the_run_out(self, logdir: Path) -> None:
        EventFileBuilder().value("_hparams_/x", 0, plugin="hparams", content=b"\xff").write(
            logdir / "broken" / "events.out.tfevents.1"
        )
        grouping = group_runs(tbtools.load(logdir), "hparam:lr")
        assert [group.name for group in grouping.groups] == ["lr=0.01", "lr=0.1"]
        assert grouping.left_out == ("broken", "other")

    def test_by_globs_in_their_order(self, logdir: Path) -> None:
        assert self.groups(logdir, ["lr=0.1_*", "lr=0.01_*"]) == {
            "lr=0.1": ("lr=0.1_s0", "lr=0.1_s1"),
            "lr=0.01": ("lr=0.01_s0",),
        }
        assert [*self.groups(logdir, "*")] == ["all"]

    def test_globs_that_would_have_one_name_keep_their_own(self, logdir: Path) -> None:
        assert [*self.groups(logdir, ["lr=0.1_s0*", "lr=0.1_s[!0]"])] == ["lr=0.1_s0", "lr=0.1_s"]
        assert [*self.groups(logdir, ["o*", "*_s0*", "*_s?1", "*s1"][:2])] == ["o", "s0"]

    @pytest.mark.parametrize(
        ("pattern", "message"),
        [
            ("(?P<lr", "no regular expression"),
            ("sgd_(?P<lr>.*)", "no run is in a group"),
            (["lr*", "sgd*"], "no run matches 'sgd\\*'"),
            (["lr*", "*s0"], "in several groups: 'lr\\*' and '\\*s0'"),
            ("hparam:learning_rate,lr", "no run has a hyperparameter 'learning_rate'"),
        ],
    )
    def test_wrong_patterns_are_told(self, logdir: Path, pattern: Any, message: str) -> None:
        with pytest.raises(InvalidArgument, match=message):
            group_runs(tbtools.load(logdir), pattern)


class TestInputs:
    def test_runs_of_one_name_stay_apart(self, tmp_path: Path) -> None:
        write_runs(tmp_path, {"x/run": [(0, 1.0)], "y/run": [(0, 2.0)]})
        runs = [tbtools.load(tmp_path / name)["run"] for name in ("x", "y")]
        result = tbtools.aggregate(runs)
        assert result.groups[0].runs == ("run", str(tmp_path / "y" / "run"))
        paths = [tmp_path / "x" / "run", str(tmp_path / "y" / "run")]
        assert tbtools.aggregate(paths).to_frame()["mean"].tolist() == [1.5]
        assert tbtools.aggregate([*runs, tbtools.load(tmp_path)]).to_frame()["runs"].tolist() == [4]

    def test_other_things_are_refused(self) -> None:
        with pytest.raises(TypeError, match="int is no path"):
            tbtools.aggregate([3])  # type: ignore[list-item]
        for x in ([], {}):
            with pytest.raises(InvalidArgument, match="no run is given"):
                tbtools.aggregate(x)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            *(({"min_runs": given}, f"min_runs={given!r} is not") for given in (0, -1, 2.5, "a")),
            ({"min_runs": 3}, "no point has so many runs behind it; a tag has 2 at most"),
            ({"repeated": "max"}, "repeated='max' is none of last, first, mean, fail"),
            ({"align": "nearest"}, "align='nearest' is neither"),
            ({"align": [1]}, "is neither 'exact' nor"),
            ({"align": -1}, "align=-1 is neither"),
            ({"statistics": 3}, "3 is neither a name or glob"),
            ({"statistics": []}, "no statistics"),
        ],
    )
    def test_arguments_that_make_no_sense(
        self, tmp_path: Path, options: dict[str, Any], message: str
    ) -> None:
        write_runs(tmp_path, {"a": [(0, 1.0)], "b": [(0, 2.0)]})
        with pytest.raises(InvalidArgument, match=re.escape(message)):
            tbtools.aggregate(tmp_path, **options)

    def test_runs_without_events_or_scalars_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / "events.out.tfevents.1").touch()
        with pytest.raises(NoEventFiles, match="no event could be read"):
            tbtools.aggregate(tmp_path / "empty")
        EventFileBuilder().image("im", 0, b"x").write(tmp_path / "im" / "events.out.tfevents.1")
        with pytest.raises(InvalidArgument, match="no scalars"):
            tbtools.aggregate(tmp_path)

    def test_what_should_be_known_of_the_runs(self, tmp_path: Path) -> None:
        write_runs(tmp_path, {"a": [(0, 1.0), (1, 2.0)], "b": [(0, 2.0), (5, 1.0), (3, 4.0)]})
        EventFileBuilder().scalars(
            "loss", [(1, 3.0), (2, 1.0), (3, 1.0)], START + 100
        ).corrupt_data_crc().write(tmp_path / "a" / "events.out.tfevents.2")
        result = tbtools.aggregate(dict(tbtools.load(tmp_path)))
        assert result.superseded == 1
        assert [(each["run"], each["kind"]) for each in result.problems] == [("a", "bad_data")]
        assert [(each["run"], each["kind"]) for each in result.notes] == [("b", "steps_go_back")]
        for told in (result.to_dict(), result.to_frame().attrs):
            assert (told["superseded"], told["problems"], told["notes"]) == (
                1,
                list(result.problems),
                list(result.notes),
            )
        of_b = tbtools.aggregate(tmp_path, group="b*")
        assert (of_b.superseded, of_b.problems, len(of_b.notes)) == (0, (), 1)

    def test_of_several_points_at_a_step_the_last_one_written(self, cases: Path) -> None:
        frame = tbtools.aggregate(cases / "04e_reset_div", tags="*loss*").to_frame()
        raw = tbtools.read_scalars(cases / "04e_reset_div", tags="*loss*")
        assert frame["mean"].tolist() == raw["value"][200:].tolist()

    def test_relative_time_counts_from_the_first_event_of_the_run(self, tmp_path: Path) -> None:
        for name in "ab":
            builder = EventFileBuilder().file_version(wall_time=START)
            builder.scalar("loss", 0, 1.0, START + 7).scalar("loss", 1, 2.0, START + 9)
            builder.write(tmp_path / name / "events.out.tfevents.1")
        for x in ("relative", "relative_time"):
            frame = tbtools.aggregate(tmp_path, x=x, align="exact").to_frame()
            assert frame[x].tolist() == [7.0, 9.0]

    def test_runs_that_were_not_read_are_let_go(self, tmp_path: Path) -> None:
        experiment = tbtools.load(write_runs(tmp_path, {"a": [(0, 1.0)], "b": [(0, 1.0)]}))
        experiment["a"].scalars()
        tbtools.aggregate(experiment)
        assert [run.data.is_read for run in experiment.values()] == [True, False]


def test_a_notebook_shows_the_points_and_lets_no_html_through(tmp_path: Path) -> None:
    EventFileBuilder().scalar("<script>x", 0, 1.0).write(tmp_path / "events.out.tfevents.1")
    html = tbtools.aggregate(tmp_path)._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
