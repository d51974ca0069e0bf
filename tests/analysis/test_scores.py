"""Scores of groups against the paper's formulas, computed by scipy and by hand."""

from __future__ import annotations

import json
import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

import tbtools
from tbtools.errors import InvalidArgument
from tests.builders import EventFileBuilder
from tests.commands import call
from tests.tables import read_csv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Table = Mapping[tuple[str, str], np.ndarray[Any, Any]]

ALGORITHMS, TASKS = ("ppo", "sac"), ("ant", "hopper", "walker")
TASK, GROUP = r"-(?P<env>[a-z]+)-", r"^(?P<algo>[a-z]+)-"


def _write(logdir: Path, table: Table, tag: str = "reward") -> str:
    for (algorithm, task), scores in table.items():
        for seed, score in enumerate(scores):
            path = logdir / f"{algorithm}-{task}-{seed}" / "events.out.tfevents.1"
            EventFileBuilder().scalars(tag, [(0, 0.0), (1, float(score))]).write(path)
    return str(logdir)


@pytest.fixture(scope="module")
def table() -> dict[tuple[str, str], np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    shift = {"ppo": 0.0, "sac": 0.15}
    return {
        (algorithm, task): np.float32(random.normal(0.8 + shift[algorithm], 0.3, 5)).astype(float)
        for algorithm, task in product(ALGORITHMS, TASKS)
    }


def _paper(table: Table, algorithm: str, target: float) -> dict[str, float]:
    scores = np.array([table[algorithm, task] for task in TASKS])
    return {
        "iqm": float(stats.trim_mean(scores, 0.25, axis=None)),
        "mean": float(scores.mean()),
        "median": float(np.median(scores.mean(axis=1))),
        "optimality_gap": target - float(np.minimum(scores, target).mean()),
    }


def _improvement(table: Table) -> float:
    shares = [
        stats.mannwhitneyu(table["sac", task], table["ppo", task]).statistic / 25 for task in TASKS
    ]
    return float(np.mean(shares))


def _by_pairs(table: Table) -> float:
    """The same as `_improvement`, pair by pair; faster than scipy."""
    shares = []
    for task in TASKS:
        difference = table["sac", task][:, None] - table["ppo", task][None, :]
        shares.append(np.mean(np.sign(difference) + 1) / 2)
    return float(np.mean(shares))


def _compare(path: str, **options: Any) -> tbtools.Scores:
    return tbtools.compare_scores(path, "reward", at="last", group=GROUP, tasks=TASK, **options)


def test_estimates_are_those_of_the_paper(tmp_path: Path, table: Table) -> None:
    got = _compare(_write(tmp_path, table), target=1.0)
    assert sorted(got.tasks) == [f"env={task}" for task in TASKS]
    for group in got.groups:
        want = _paper(table, group.group.removeprefix("algo="), 1.0)
        for name, each in group.statistics().items():
            assert each.value == pytest.approx(want[name], rel=1e-6), name
        algorithm = group.group.removeprefix("algo=")
        for score, share in zip(got.thresholds, group.profile, strict=True):
            above = [np.mean(table[algorithm, task] > score + 1e-6) for task in TASKS]
            assert share.value == pytest.approx(np.mean(above))
    [pair] = got.improvements
    assert (pair.group, pair.over) == ("algo=sac", "algo=ppo")
    assert pair.probability.value == pytest.approx(_improvement(table))


@pytest.mark.filterwarnings("ignore")  # of what the reference imports
def test_numbers_are_those_of_the_reference_implementation(tmp_path: Path, table: Table) -> None:
    library = pytest.importorskip("rliable.library", reason="rliable is not installed")
    metrics = pytest.importorskip("rliable.metrics")
    scores = {
        name: np.stack([table[name, task] for task in TASKS], axis=1) for name in ALGORITHMS
    }  # runs x tasks
    estimates = {
        "iqm": metrics.aggregate_iqm,
        "mean": metrics.aggregate_mean,
        "median": metrics.aggregate_median,
        "optimality_gap": metrics.aggregate_optimality_gap,
    }
    got = _compare(_write(tmp_path, table), target=1.0)
    for group in got.groups:
        name = group.group.removeprefix("algo=")
        for statistic, each in group.statistics().items():
            want = estimates[statistic](scores[name])
            assert each.value == pytest.approx(want, rel=1e-6), statistic
        # Its bootstrap does not run with the `arch` of today; the test below has the intervals.
        for score, share in zip(got.thresholds, group.profile, strict=True):
            above = library.run_score_deviation(scores[name], score + 1e-6)
            assert share.value == pytest.approx(above)
    [pair] = got.improvements
    want = metrics.probability_of_improvement(scores["sac"], scores["ppo"])
    assert pair.probability.value == pytest.approx(want)


def test_intervals_are_those_of_runs_drawn_anew_in_each_task(tmp_path: Path, table: Table) -> None:
    got = _compare(_write(tmp_path, table), target=1.0)
    random = np.random.default_rng(1)
    assert _by_pairs(table) == pytest.approx(_improvement(table))
    drawn: dict[str, list[float]] = {}
    for _ in range(2000):
        one = {key: random.choice(scores, 5) for key, scores in table.items()}
        for name, value in (*_paper(one, "sac", 1.0).items(), ("pair", _by_pairs(one))):
            drawn.setdefault(name, []).append(value)
    best = got.groups[0].statistics() | {"pair": got.improvements[0].probability}
    for name, each in best.items():
        assert each.low is not None
        assert each.high is not None
        width = np.ptp(np.quantile(drawn[name], [0.025, 0.975]))
        # Of 2,000 draws an end is known to some hundredths of the interval.
        for end, q in ((each.low, 0.025), (each.high, 0.975)):
            assert abs(end - np.quantile(drawn[name], q)) < 0.1 * width, name


def test_where_less_is_better_all_is_mirrored(tmp_path: Path, table: Table) -> None:
    up = _compare(_write(tmp_path / "up", table), target=1.0)
    mirrored = {key: -scores for key, scores in table.items()}
    down = tbtools.compare_scores(
        _write(tmp_path / "down", mirrored, "loss"),
        at="last", group=GROUP, tasks=TASK, target=-1.0,
    )  # fmt: skip
    assert down.direction == "min"
    assert [-score for score in down.thresholds] == list(up.thresholds)
    for one, other in zip(up.groups, down.groups, strict=True):
        assert one.group == other.group
        assert one.profile == other.profile
        assert one.optimality_gap == other.optimality_gap
        assert (other.iqm.value, other.iqm.low) == (-one.iqm.value, -(one.iqm.high or 0))
    assert up.improvements == down.improvements


def test_a_run_that_diverged_is_the_worst_and_one_run_has_no_interval(tmp_path: Path) -> None:
    table = {
        ("ppo", "ant"): np.array([1.0, 2.0, 3.0, math.nan]),
        ("sac", "ant"): np.array([0.5]),
        ("sac", "hopper"): np.array([0.5]),
    }
    got = _compare(_write(tmp_path, table), target=2.0)
    first, second = got.groups
    assert (first.group, first.iqm.value) == ("algo=ppo", 1.5)
    assert first.mean.to_dict()["value"] is None
    assert second.iqm.to_dict() == {"value": 0.5, "low": None, "high": None}
    assert second.optimality_gap is not None
    assert second.optimality_gap.value == 1.5
    assert got.improvements[0].probability.value == 0.75
    assert got.left_out == {"sac-hopper-0": "task env=hopper is not in all groups"}
    json.dumps(got.to_dict(), allow_nan=False)


def test_the_command(tmp_path: Path, table: Table) -> None:
    logs, target = _write(tmp_path / "logs", table), str(tmp_path / "profiles.csv")
    arguments = ["--group", GROUP, "--tasks", TASK, "--at", "last", "--target", "1"]
    result = call("aggregate", logs, *arguments, "-o", target, "--format", "json")
    assert (result.status, result.err) == (0, f"{target}: profiles of 30 runs in 2 groups\n")
    want = _compare(logs, target=1.0)
    shown = json.loads(result.out)
    assert {name: shown[name] for name in want.to_dict()} == want.to_dict()
    frame = read_csv(tmp_path / "profiles.csv")
    assert list(frame) == ["group", "score", "share", "low", "high"]
    assert np.allclose(frame["share"], want.profiles()["share"])
    table_text = call("aggregate", logs, *arguments, "-o", target, "--force").out
    assert "by reward, at last, more is better; 3 tasks; 95 % intervals" in table_text
    assert "a run of algo=sac is better than algo=ppo: 0." in table_text
    csv = call("aggregate", logs, *arguments, "-o", target, "--force", "--format", "csv").out
    assert csv.startswith("group,runs,iqm,iqm_low,iqm_high,mean,")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--at", "end", "--align", "10"], "--align has no effect with --at"),
        (["--tasks", "*"], "--tasks has no effect without --at"),
        (["--target", "1"], "--target has no effect without --at"),
        (["--at", "middle"], "'middle' is none of end, last, best, step=N"),
        (["--at", "end", "--target", "nan"], "target=nan is no finite number"),
        (["--at", "end", "--by", "rewart"], "reward"),
    ],
)
def test_refusals(tmp_path: Path, table: Table, arguments: list[str], reason: str) -> None:
    logs = _write(tmp_path / "logs", table)
    result = call("aggregate", logs, *arguments, "-o", str(tmp_path / "o.csv"))
    assert result.status == 2
    assert reason in result.besides


def test_a_directory_of_profiles_and_groups_without_a_common_task(tmp_path: Path) -> None:
    table = {("ppo", "ant"): np.ones(2), ("sac", "hopper"): np.ones(2)}
    logs = _write(tmp_path / "logs", table)
    result = call("aggregate", logs, "--at", "end", "-o", str(tmp_path / "out"))
    assert (result.status, "profiles are a table" in result.besides) == (2, True)
    with pytest.raises(InvalidArgument, match="no task is in all groups"):
        _compare(logs)
