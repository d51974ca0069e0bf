"""`where`: which runs an expression is true of, and what is said of one that cannot be read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tests.builders import START, EventFileBuilder
from tests.commands import call
from tests.sweeps import write_hparams

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

# Hyperparameters of each run, and its losses.
SWEEP = {
    "adam/seed1": ({"lr": 0.1, "opt": "adam", "amp": True}, [3.0, 1.0, 2.0]),
    "adam/seed2": ({"lr": 0.01, "opt": "adam", "amp": False}, [3.0, 2.5, 1.5]),
    "sgd/seed1": ({"lr": 0.001, "opt": "sgd", "depth": 3}, [3.0, 0.5, math.nan]),
    "bare": ({}, [9.0] * 40 + [1.0]),
    "silent": ({"lr": "auto", "opt": "none"}, []),
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("where")
    for name, (settings, losses) in SWEEP.items():
        builder = EventFileBuilder().file_version(wall_time=START)
        write_hparams(builder, settings)
        for step, loss in enumerate(losses):
            builder.scalar("val loss", step, loss, START + 60 * step)
            builder.scalar("lr", step, 1e6)  # the hyperparameter of that name comes first
        builder.write(folder / name / "events.out.tfevents.1")
    return folder


def _true_of(logs: Path, holds: Callable[[pd.DataFrame, dict[str, object]], bool]) -> list[str]:
    """The runs of which something holds, by their frames and by what was written."""
    frame = tbtools.read_scalars(str(logs), "val loss")
    groups = {name: frame[frame["run"] == name] for name in SWEEP}
    return sorted(name for name, (settings, _) in SWEEP.items() if holds(groups[name], settings))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("lr>=1e-2", lambda _, own: isinstance(own.get("lr"), float) and own["lr"] >= 0.01),
        ("lr==0.1 or opt==sgd", lambda _, own: own.get("lr") == 0.1 or own.get("opt") == "sgd"),
        ("opt!=adam", lambda _, own: own.get("opt", "adam") != "adam"),
        ("not opt==adam", lambda _, own: own.get("opt", "adam") != "adam"),
        ("opt~'a*' and not lr<0.05", lambda _, own: own.get("lr") == 0.1),
        ("amp==true", lambda _, own: own.get("amp") is True),
        ("depth=3", lambda _, own: own.get("depth") == 3),
        ("lr==auto", lambda _, own: own.get("lr") == "auto"),
        ("'val loss'<=1.5", lambda one, _: bool((one["value"].tail(1) <= 1.5).any())),
        ('last("val loss")==nan', lambda one, _: bool(one["value"].tail(1).isna().any())),
        ("not 'val loss'<2", lambda one, _: bool((~(one["value"].tail(1) < 2)).any())),
        ('final("val loss")==1.5', lambda one, _: list(one["value"])[-1:] == [1.5]),
        ("min('val loss')<1", lambda one, _: one["value"].min() < 1),
        ("max('val loss')>8", lambda one, _: one["value"].max() > 8),
        ("first('val loss')==3", lambda one, _: bool((one["value"].head(1) == 3).any())),
        # The last 20 of 41 points, and half of 3: the end of docs/diff.md.
        ("end('val loss')>5", lambda one, _: len(one) > 20 and one["value"].tail(20).mean() > 5),
        ("end('val loss')<=2", lambda one, _: list(one["value"])[1:] in ([1.0, 2.0], [2.5, 1.5])),
        ("steps>=2", lambda one, _: bool(one["step"].max() >= 2)),
        ("duration>5m", lambda one, _: bool(np.ptp(one["wall_time"]) > 300) if len(one) else False),
        ("run~adam/*", lambda one, _: str(one["run"].iloc[:1].tolist())[2:6] == "adam"),
        ("run==bare and status==stopped", lambda one, _: len(one) > 20),
        ("(run~*seed1 or run~*seed2) and (lr<1 and lr>0)", lambda one, _: len(one) == 3),
        ("lr>0 or run==bare", lambda one, own: len(one) > 20 or isinstance(own.get("lr"), float)),
    ],
)  # fmt: skip
def test_the_runs_are_those_of_which_it_is_true(
    logs: Path, text: str, holds: Callable[[pd.DataFrame, dict[str, object]], bool]
) -> None:
    assert sorted(tbtools.load(str(logs), where=text)) == _true_of(logs, holds)


def test_the_status_may_be_what_went_wrong(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    good = 2 / np.sqrt(np.arange(1, 201)) + random.normal(0, 0.01, 200)
    curves = {
        "good": good,
        "blown": np.concatenate([good[:100], np.linspace(5, 500, 100)]),
        "nan": np.concatenate([good[:100], np.full(100, np.nan)]),
        "short": good[:2],
    }
    for name, curve in curves.items():
        points = list(enumerate(curve.tolist()))
        EventFileBuilder().scalars("loss", points).write(tmp_path / name / "events.out.tfevents.1")
    wanted = {
        "status!=diverged": ["good", "nan"],
        "status==diverged": ["blown"],
        "status==divergence or status==nonfinite": ["blown", "nan"],
        "status~non*": ["nan"],
        "not status~non*": ["blown", "good"],
        "status==stopped": ["blown", "good", "nan", "short"],
        "run==short or status==nonfinite": ["nan", "short"],
    }
    for text, runs in wanted.items():
        experiment = tbtools.load(tmp_path, where=text)
        assert sorted(experiment) == runs, text
    shown = call("summarize", str(tmp_path), "--where", "status!=diverged")
    assert "--where leaves out 1 run without what detect can judge\n" in shown.err


def test_what_runs_lack_is_neither_true_nor_false_and_is_counted(logs: Path) -> None:
    depth, amp = "depth==3", "amp==true"
    every = {"run~*": 5, depth: 1, f"not {depth}": 0, f"{depth} or run~*": 5, amp: 1}
    for text, count in every.items():
        if count:
            assert len(tbtools.load(str(logs), where=text)) == count, text
        else:
            with pytest.raises(
                tbtools.InvalidArgument, match=r"none of 5 runs \(4 runs without depth\)"
            ):
                tbtools.load(str(logs), where=text)
    assert tbtools.load(str(logs), where=f"{depth} or run~*").lacking == {}
    assert tbtools.load(str(logs), where=f"{depth} or {amp}").lacking == {"amp": 2, "depth": 3}
    shown = call("summarize", str(logs), "--where", depth, "--format", "csv")
    assert "--where leaves out 4 runs without depth\n" in shown.err


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("amp==true", "ab"),
        ("amp!=true", "c"),
        ("depth==none", "a"),
        ("depth!=none", "b"),
        ("lr==1e-3", "a"),
        ("data==2024_01", "a"),
        ("data==202401 or amp==1", "ab"),
        # A float32 of 0.9 is 0.8999999761581421, and 0.9 wherever it is shown.
        ("end(acc)>=0.9", "a"),
        ("end(acc)==0.9 and acc==0.9 and min(acc)==0.9", "a"),
    ],
)
def test_words_and_numbers_are_what_was_meant(tmp_path: Path, text: str, runs: str) -> None:
    """Some writers store all hyperparameters as texts; most store scalars as float32."""
    settings = {
        "a": {"amp": "True", "depth": "None", "lr": "0.001", "data": "2024_01"},
        "b": {"amp": True, "depth": 3},
        "c": {"amp": "False", "data": "202401_"},
    }
    for name, own in settings.items():
        builder = EventFileBuilder().file_version()
        write_hparams(builder, own)
        builder.scalars("acc", [(step, 0.9 if name == "a" else 0.8) for step in range(40)])
        builder.write(tmp_path / name / "events.out.tfevents.1")
    assert "".join(tbtools.load(tmp_path, where=text)) == runs


def test_it_narrows_what_is_selected_by_name_and_follows_what_is_added(tmp_path: Path) -> None:
    for name in "ab":
        EventFileBuilder().scalar("loss", 0, 5.0).write(tmp_path / name / "events.out.tfevents.1")
    EventFileBuilder().scalar("loss", 0, 1.0).write(tmp_path / "c" / "events.out.tfevents.1")
    assert list(tbtools.load(tmp_path, exclude_runs="b", where="loss>1")) == ["a"]
    followed = tbtools.load(tmp_path, where="loss<2")
    assert list(followed) == ["c"]
    EventFileBuilder().scalar("loss", 1, 0.5).write(tmp_path / "a" / "events.out.tfevents.2")
    followed.refresh()
    assert list(tbtools.read_scalars(tmp_path, where="loss<2")["run"].unique()) == ["a", "c"]
    assert list(followed) == ["a", "c"]


@pytest.mark.parametrize(
    ("text", "reason", "marked"),
    [
        ("", "expected the name", "^"),
        ("lr", "expected a relation behind 'lr'", "^"),
        ("lr<", "expected a number", "^"),
        ("lr<x", "expected a number here", "^"),
        ("lr<'1'", "expected a number here", "^^^"),
        ("lr<1 lr>2", "expected and, or, or the end", "^^"),
        ("val loss<2", "expected a relation behind 'val'", "^^^^"),
        ("(lr<1", "a ) is missing", "^"),
        ("lr<1)", "expected and, or, or the end", "^"),
        ("lr<1 and", "expected the name", "^"),
        ("'lr<1", "this quote has no end", "^"),
        ("best(lr)<1", "best(...) is none of first, last, min, max, end", "^^^^"),
        ("min()<1", "expected one tag in min(...)", "^"),
        ("status==crashed", "no status 'crashed'; there are training", "^^^^^^^"),
        ("status!=divergd", "no status 'divergd'; there are diverged, divergence", "^^^^^^^"),
        ("status~x*", "no status 'x*'; there are training", "^^"),
        ("duration>long", "such as 90, 15m, 2h or 3d", "^^^^"),
        ("lrr<1", "no run has a hyperparameter or scalar 'lrr'; there are 'lr'", "^^^"),
        ("LOSS<1", "no run has a hyperparameter or scalar 'LOSS'; there are 'val loss'", "^^^^"),
        ("vl<1", "no run has a hyperparameter or scalar 'vl'; there are 'val loss'", "^^"),
        ("min(opt)<1", "no run has a scalar 'opt'; there are 'lr', 'val loss'", "^^^"),
        ("not " * 60 + "lr<1", "more than 50 levels", "^^^"),
        ("(" * 5000, "more than 50 levels", "^"),
        ("__import__('os')==1", "__import__(...) is none of", "^^^^^^^^^^"),
    ],
)  # fmt: skip
def test_an_error_points_at_the_place(logs: Path, text: str, reason: str, marked: str) -> None:
    with pytest.raises(tbtools.InvalidExpression) as caught:
        tbtools.load(str(logs), where=text)
    said, shown, marks = str(caught.value).split("\n")
    assert reason in said
    assert (shown, marks.strip()) == (f"  {text}", marked)
    result = call("summarize", str(logs), "--where", text)
    assert (result.status, result.out) == (2, "")
    assert result.err == f"tbtools: {said}\n{shown}\n{marks}\n"


def test_an_error_has_three_lines_whatever_is_asked(logs: Path) -> None:
    result = call("summarize", str(logs), "--where", "lr<1\nand\x1b[31m")
    assert result.err.count("\n") == 3
    assert "\x1b" not in result.err
    with pytest.raises(tbtools.UnsupportedType):
        tbtools.load(str(logs), where=3)  # type: ignore[arg-type]


def test_hyperparameters_of_the_run_around_it_hold(tmp_path: Path) -> None:
    around = EventFileBuilder()
    write_hparams(around, {"lr": 0.1})
    around.write(tmp_path / "r" / "events.out.tfevents.1")
    EventFileBuilder().scalar("loss", 0, 1.0).write(tmp_path / "r/train" / "events.out.tfevents.1")
    EventFileBuilder().scalar("loss", 0, 1.0).write(tmp_path / "q" / "events.out.tfevents.1")
    assert list(tbtools.load(tmp_path, where="lr==0.1")) == ["r", "r/train"]
