"""`tbtools best`: the order is that of the numbers in the frames, and what it says is true."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import tbtools
from tbtools.analysis.importance import importances
from tbtools.analysis.level import level_across_runs, student_quantile
from tests.builders import START, EventFileBuilder
from tests.commands import call, on_terminal
from tests.sweeps import write_hparams

if TYPE_CHECKING:
    from pathlib import Path

RATES = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
SEEDS = [1, 2, 3]
LOSS = "val/loss"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """15 runs whose loss falls with the learning rate; one was cut, one became NaN."""
    folder = tmp_path_factory.mktemp("best") / "logs"
    random = np.random.default_rng(0)
    for number, rate in enumerate(RATES):
        for seed in SEEDS:
            run = folder / f"lr{number}" / f"s{seed}"
            builder = EventFileBuilder().file_version(wall_time=START)
            write_hparams(builder, {"lr": rate, "seed": seed, "opt": "sgd", "nesterov": seed > 1})
            last = 40 if (number, seed) == (1, 2) else 100
            level = 2 - number / 5
            for step in range(0, last, 2):
                loss = level + 3 * math.exp(-step / 9) + random.normal(0, 0.02)
                if (number, seed) == (4, 3) and step > 90:
                    loss = math.nan
                builder.scalar(LOSS, step, loss, START + 30 * step)
                builder.scalar("train/loss", step, loss - 1, START + 30 * step)
            builder.write(run / "events.out.tfevents.1")
            for step in (30, 60, 95):
                (run / f"checkpoint-{step}").mkdir()
    EventFileBuilder().scalar("other", 0, 1.0).write(folder / "other" / "events.out.tfevents.1")
    return folder


def _values(logs: Path, at: str) -> dict[str, float]:
    """What each run is ranked by, from the frames alone."""
    frame = tbtools.read_scalars(str(logs), LOSS)
    found = {}
    for name, own in frame[frame["tag"] == LOSS].groupby("run", observed=True):
        value, step = own["value"], own["step"]
        if at == "step=60":
            if step.max() >= 60:
                found[str(name)] = float(value[step <= 60].iloc[-1])
        elif at == "end":  # 50 points: the last 20 of them; 20 points: the last 10
            found[str(name)] = float(np.mean(value.to_numpy()[-20 if len(own) == 50 else -10 :]))
        else:
            found[str(name)] = float(value.min() if at == "best" else value.iloc[-1])
    return found


def _ranked(*arguments: str) -> dict[str, Any]:
    result = call("best", *arguments, "--format", "json")
    assert result.status == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


@pytest.mark.parametrize("at", ["end", "last", "best", "step=60"])
def test_the_order_and_the_values_are_those_of_the_frames(logs: Path, at: str) -> None:
    found = _ranked(str(logs), "--at", at, "--top", "0")
    want = _values(logs, at)
    assert (found["by"], found["direction"], found["at"]) == (LOSS, "min", at)
    assert found["runner_up"] == "train/loss"
    order = sorted(want, key=lambda name: (math.isnan(want[name]), want[name]))
    assert [each["run"] for each in found["runs"]] == order
    assert [each["rank"] for each in found["runs"]] == list(range(1, len(order) + 1))
    for each in found["runs"]:
        value = want[each["run"]]
        assert each["value"] == (None if math.isnan(value) else pytest.approx(value, rel=1e-6))
    reasons = {each["run"]: each["reason"] for each in found["not_ranked"]}
    assert reasons.pop("other") == f"no {LOSS}"
    assert reasons == ({"lr1/s2": "not at step 60 yet"} if at == "step=60" else {})


def test_runs_of_one_or_two_points_are_marked_beside_long_ones(tmp_path: Path) -> None:
    for name, count in {
        "long": 30,
        "longer": 40,
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 40,
    }.items():
        points = [(step, 1.0 + step) for step in range(count)]
        EventFileBuilder().scalars("loss", points).write(tmp_path / name / "events.out.tfevents.1")
    EventFileBuilder().scalar("other", 0, 1.0).write(tmp_path / "none" / "events.out.tfevents.1")
    found = _ranked(str(tmp_path), "--top", "0")
    assert {each["run"]: each["points"] for each in found["runs"] if each["is_short"]} == {
        "one": 1,
        "two": 2,
    }
    assert found["without_tag"] == 1
    shown = call("best", str(tmp_path)).out
    assert "points: one or two say little" in shown
    one = next(line for line in shown.splitlines() if " one " in line)
    assert one.split()[:5] == ["1", "one", "1", "-", "1"]  # rank, run, loss, ±, points
    alike = call("best", str(tmp_path), "--run", "one", "--run", "two").out
    assert "one or two" not in alike


def test_where_and_when_the_value_was(logs: Path) -> None:
    frame = tbtools.read_scalars(str(logs), LOSS)
    for each in _ranked(str(logs), "--at", "best", "--top", "5")["runs"]:
        own = frame[frame["run"] == each["run"]].reset_index()
        row = own.loc[own["value"].idxmin()]
        assert each["step"] == row["step"]
        assert each["wall_time"] == row["wall_time"]
        assert each["seconds"] == row["wall_time"] - START
        assert each["checkpoint_step"] == min(
            (30, 60, 95), key=lambda step: abs(step - row["step"])
        )
        assert each["checkpoint"].endswith(f"{each['run']}/checkpoint-{each['checkpoint_step']}")
        assert each["status"] == "stopped"
        assert set(each["hparams"]) == {"lr", "seed", "nesterov"}  # opt is the same in all
    assert [each["kind"] for each in _ranked(str(logs), "--top", "0")["runs"][-1]["findings"]]


def test_where_runs_that_go_on_will_be(tmp_path: Path) -> None:
    """The truth is the law by which they were made."""
    laws = {"good": (0.5, 280), "same": (0.5, 200), "behind": (1.5, 200)}
    random = np.random.default_rng(1)
    for name, (floor, points) in laws.items():
        loss = floor + np.exp(-np.arange(points) / 150) + random.normal(0, 0.01, points)
        builder = EventFileBuilder().scalars("loss", list(enumerate(loss.tolist())))
        builder.write(tmp_path / name / "events.out.tfevents.1")
    found = {each["run"]: each for each in _ranked(str(tmp_path))["runs"]}
    for name in ("same", "behind"):
        told = found[name]["outlook"]
        assert (told["tag"], told["step"], told["best_sibling"]) == ("loss", 279, "good")
        low, high = told["interval"]
        assert low <= laws[name][0] + math.exp(-279 / 150) <= high
    assert found["behind"]["outlook"]["reaches_best"] is False
    assert found["same"]["outlook"]["reaches_best"] is None
    shown = call("best", str(tmp_path)).out
    assert "will not reach the best of their siblings by then (95 %): behind" in shown
    assert "expected: if it goes on" in shown
    arguments = ("best", str(tmp_path), "--run", "good", "--run", "same", "--no-pager")
    told = {width: on_terminal(*arguments, columns=width)[1] for width in (40, 120)}
    assert "hidden in this width" in told[40]
    assert ["expected: if it goes on" in each for each in told.values()] == [False, True]
    frame = tbtools.best(str(tmp_path)).to_frame().set_index("run")
    assert frame.loc["behind", "expected"] == found["behind"]["outlook"]["value"]
    assert list(frame["expected_step"].dropna()) == [
        each["outlook"]["step"] for each in found.values() if each["outlook"]
    ]


def test_runs_within_noise_of_the_first_are_marked(logs: Path) -> None:
    found = _ranked(str(logs), "--top", "0", "--where", "lr>=3e-3")
    first, *others = found["runs"]
    assert first["tied"] is None
    for each in others:
        if each["value"] is not None:
            apart = each["value"] - first["value"]
            reach = math.hypot(first["high"] - first["value"], each["high"] - each["value"])
            assert each["tied"] == (apart <= reach)
    assert [each["tied"] for each in others] == [True, False, False, False, None]
    shown = call("best", str(logs), "--where", "lr>=3e-3")
    assert "= 2  lr4/s" in shown.out
    assert "= cannot be told from the first by the 99 % intervals" in shown.out


@pytest.mark.parametrize("slope", [0.0, 0.01])
def test_equal_runs_are_rarely_told_apart(tmp_path: Path, slope: float) -> None:
    """Of runs with the same level and noise like that of a moving mean, 99 % stay tied."""
    random = np.random.default_rng(1)
    for number in range(40):
        noise = np.convolve(random.normal(0, 1, 103), np.ones(4) / 4, "valid")
        values = [(step, 5 - slope * step + noise[step]) for step in range(100)]
        name = tmp_path / f"{number}" / "events.out.tfevents.1"
        EventFileBuilder().scalars("loss", values).write(name)
    # Against one that lies in the middle, not the best of 40, which is best by chance.
    runs = list(tbtools.best(tmp_path).runs)
    middle = runs[20]
    reach = [math.hypot(middle.high - middle.value, each.high - each.value) for each in runs]  # type: ignore[operator]
    tied = [abs(each.value - middle.value) <= far for each, far in zip(runs, reach, strict=True)]
    assert sum(tied) >= 38


def test_groups_rank_by_the_means_of_their_runs(logs: Path) -> None:
    found = _ranked(str(logs), "--group", "hparam:lr", "--where", "lr<1e-2")
    values = pd.Series(_values(logs, "end"))
    values = values[~values.index.str.startswith("lr4")]
    want = values.groupby(values.index.str[:3]).agg(["mean", "sem"]).sort_values("mean")
    assert [each["value"] for each in found["runs"]] == pytest.approx(want["mean"].tolist())
    half = [each["high"] - each["value"] for each in found["runs"]]
    assert half == pytest.approx((want["sem"] * stats.t.ppf(0.975, 2)).tolist(), rel=1e-5)
    assert [each["run"] for each in found["runs"]] == [
        "lr=0.003",
        "lr=0.001",
        "lr=0.0003",
        "lr=0.0001",
    ]
    assert {len(each["runs"]) for each in found["runs"]} == {3}
    assert found["runs"][0]["hparams"] == {"lr": 3e-3}  # what its runs share
    assert found["confidence"] == 0.95


@pytest.mark.parametrize("freedom", [1, 2, 3, 7, 30, 500])
def test_the_quantile_is_that_of_student(freedom: int) -> None:
    for confidence in (0.5, 0.95, 0.99):
        want = stats.t.ppf((1 + confidence) / 2, freedom)
        assert student_quantile(freedom, confidence) == pytest.approx(want, rel=1e-5)
    assert level_across_runs(np.array([3.0])).spread is None


def test_hyperparameters_that_go_with_better_runs(logs: Path) -> None:
    found = {each["name"]: each for each in _ranked(str(logs))["importance"]}
    values = _values(logs, "end")
    rates = {f"lr{number}/s{seed}": rate for number, rate in enumerate(RATES) for seed in SEEDS}
    finite = {name: -math.inf if math.isnan(value) else -value for name, value in values.items()}
    want = stats.spearmanr([rates[name] for name in finite], list(finite.values())).statistic
    assert found["lr"]["correlation"] == pytest.approx(want)
    assert found["lr"]["runs"] == 15
    # Bonett and Wright, of three hyperparameters together.
    reach = stats.norm.ppf(1 - 0.05 / 3 / 2) * math.sqrt((1 + want**2 / 2) / 12)
    assert found["lr"]["low"] == pytest.approx(math.tanh(math.atanh(want) - reach))
    assert found["lr"]["high"] == pytest.approx(math.tanh(math.atanh(want) + reach))
    shown = call("best", str(logs)).out
    assert "  lr: +0." in shown
    assert "more is better; 15 runs\n" in shown
    assert "hyperparameters of which 15 runs do not tell: " in shown
    few = call("best", str(logs), "--where", "lr>=3e-3").out
    assert "hyperparameters: 6 runs are too few to tell which matter, 13 is the least" in few


def test_chance_makes_no_hyperparameter_important() -> None:
    random = np.random.default_rng(3)
    wrong = 0
    for _ in range(300):
        good = {str(run): value for run, value in enumerate(random.normal(size=30))}
        settings = {run: dict(enumerate(random.normal(size=4))) for run in good}
        found = importances(good, settings)  # type: ignore[arg-type]
        wrong += any(each.is_clear for each in found)
    assert wrong <= 0.09 * 300  # 5 % and three standard errors


def test_texts_that_are_numbers_have_their_order() -> None:
    sizes = ["8", "16", "32", "128"]
    good = {str(run): float(run) for run in range(16)}
    settings = {run: {"size": sizes[int(run) // 4], "two": sizes[int(run) % 2]} for run in good}
    size, two = importances(good, settings)
    want = stats.spearmanr([float(sizes[run // 4]) for run in range(16)], range(16)).statistic
    assert (size.name, size.greater) == ("size", None)
    assert size.correlation == pytest.approx(want)
    want = stats.spearmanr([float(sizes[run % 2]) for run in range(16)], range(16)).statistic
    assert two.correlation == pytest.approx(want)


def test_the_level_of_a_constant_is_the_stored_number(tmp_path: Path) -> None:
    for name, value in (("a", 0.9), ("b", 0.8)):
        builder = EventFileBuilder().scalars("val/acc", [(step, value) for step in range(40)])
        builder.write(tmp_path / name / "events.out.tfevents.1")
    assert [each["value"] for each in _ranked(str(tmp_path))["runs"]] == [0.9, 0.8]


def test_levels_of_any_size_have_no_warning(tmp_path: Path) -> None:
    huge = [(step, 1e200 * (1 + step % 3)) for step in range(40)]
    builder = EventFileBuilder()
    for step, value in huge:
        builder.tensor_scalar("val/loss", step, value, "float64")
    builder.write(tmp_path / "a" / "events.out.tfevents.1")
    [one] = tbtools.best(str(tmp_path)).runs
    assert one.value == pytest.approx(np.mean([value for _, value in huge[-20:]]))


def test_a_choice_has_an_order_where_it_is_one_of_two() -> None:
    good = {str(run): float(run) for run in range(16)}
    settings = {run: {"two": "ab"[int(run) > 7], "three": "abc"[int(run) % 3]} for run in good}
    [two] = importances(good, settings)
    assert (two.name, two.greater) == ("two", "b")
    codes = [0] * 8 + [1] * 8
    assert two.correlation == pytest.approx(stats.spearmanr(codes, range(16)).statistic)


def test_the_same_in_python_and_as_a_table_of_any_form(logs: Path) -> None:
    experiment = tbtools.load(str(logs))
    ranking = experiment.best(top=3)
    assert json.loads(json.dumps(ranking.to_dict())) == _ranked(str(logs), "--top", "3")
    assert tbtools.best(str(logs), top=3).to_dict() == ranking.to_dict()
    frame = ranking.to_frame()
    assert list(frame["run"]) == [each.run for each in ranking.runs]
    assert frame["hparam/lr"].tolist() == [1e-2, 1e-2, 3e-3]
    assert ranking._repr_html_().startswith("<table")
    csv = call("best", str(logs), "--top", "3", "--format", "csv").out.splitlines()
    assert csv[0].split(",") == list(frame.columns)
    assert len(csv) == 4
    markdown = call("best", str(logs), "--top", "3", "--format", "markdown").out.splitlines()
    assert [line.count(" | ") for line in markdown] == [markdown[0].count(" | ")] * 5
    latex = call("best", str(logs), "--top", "3", "--format", "latex").out.splitlines()
    assert (latex[0][:15], latex[-1]) == ("\\begin{tabular}", "\\end{tabular}")
    cells = [line.count(" & ") for line in latex if line.endswith("\\\\")]
    assert len(cells) == 4
    assert len(set(cells)) == 1


def test_a_hyperparameter_called_like_a_column(tmp_path: Path) -> None:
    for name in "ab":
        builder = EventFileBuilder().scalar("loss", 1, 2.0)
        write_hparams(builder, {"run": name, "step": f"{name}{name}", "loss": name})
        builder.write(tmp_path / name / "events.out.tfevents.1")
    head, first = call("best", str(tmp_path)).out.splitlines()[1:3]
    hparams = ["hparam/loss", "hparam/run", "hparam/step"]
    assert head.split() == ["#", "run", "loss", "step", "after", *hparams, "status"]
    assert first.split()[:2] == ["1", "a"]
    assert {"aa", "2"} <= set(first.split())


def test_names_of_strangers_do_nothing_in_any_form(tmp_path: Path) -> None:
    name = "a_b&50%|<b>$x^2$\\x"
    EventFileBuilder().scalars("loss", [(1, 2.0)]).write(tmp_path / name / "events.out.tfevents.1")
    latex = call("best", str(tmp_path), "--format", "latex").out
    assert r"a\_b\&50\%\textbar{}\textless{}b\textgreater{}\$x\textasciicircum{}2\$" in latex
    assert "<b>" not in call("best", str(tmp_path), "--format", "markdown").out


def test_values_that_are_not_finite_come_last_together(tmp_path: Path) -> None:
    for run, value in {"a": math.nan, "b": math.inf, "c": 1.0, "d": 1.0}.items():
        EventFileBuilder().scalars("loss", [(1, 2.0), (2, value)]).write(
            tmp_path / run / "events.out.tfevents.1"
        )
    found = _ranked(str(tmp_path), "--at", "last")["runs"]
    assert {each["run"]: (each["rank"], each["value"]) for each in found} == {
        "c": (1, 1.0), "d": (1, 1.0), "a": (3, None), "b": (3, None),
    }  # fmt: skip
    csv = call("best", str(tmp_path), "--at", "last", "--format", "csv").out
    assert ",nan," in csv
    assert ",inf," in csv


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--by", "vall/loss"], "no tag 'vall/loss'; close: 'val/loss'"),
        (["--by", "other"], "which way is better is not known of 'other'"),
        (["--tag", "other"], "no tag tells which way is better"),
        (["--at", "worst"], "'worst' is none of end, last, best, step=N"),
        (["--group", "lr"], "no run matches 'lr'; hyperparameters are hparam:lr"),
        (["--at", "step=x"], "'step=x' is none of end, last, best, step=N"),
        (["--at", "step=1000"], "no run can be ranked by 'val/loss': not at step 1,000 yet"),
        (["--group", "hparam:rate"], "no run has a hyperparameter 'rate'"),
        (["--top", "-1"], "-1 is not in the range"),
        (["--by", LOSS, "--exclude-tag", LOSS], "no tag 'val/loss'"),
    ],
)
def test_where_nothing_can_be_ranked(logs: Path, arguments: list[str], message: str) -> None:
    result = call("best", str(logs), *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_the_user_says_which_way_is_better(logs: Path) -> None:
    found = _ranked(str(logs), "--by", "other", "--objective", "other=max")
    assert [each["run"] for each in found["runs"]] == ["other"]
    worst = _ranked(str(logs), "--objective", "val/*=max", "--at", "best", "--top", "1")
    assert worst["runs"][0]["value"] == pytest.approx(
        tbtools.read_scalars(str(logs), LOSS)["value"].max()
    )
    with pytest.raises(tbtools.InvalidArgument, match="top=0"):
        tbtools.best(str(logs), top=0)


def test_a_run_that_blew_up_at_its_end_is_not_tied_with_a_sound_one(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name, jump in (("sound", 0.0), ("worse", 30.0)):
        builder = EventFileBuilder().file_version(wall_time=START)
        for step in range(200):
            loss = 0.5 + 2 * math.exp(-step / 30) + random.normal(0, 0.02)
            builder.scalar(LOSS, step, loss + jump * (step >= 190), START + step)
        builder.write(tmp_path / name / "events.out.tfevents.1")
    sound, worse = tbtools.best(tmp_path).runs
    assert (sound.run, worse.run) == ("sound", "worse")
    assert worse.low is not None
    assert worse.low < sound.value  # its interval reaches from one of its levels beyond the other
    assert worse.tied is False
