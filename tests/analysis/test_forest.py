"""What a random forest needs, of functions whose importances are known."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from tbtools.analysis.forest import Forest, forest
from tests.builders import EventFileBuilder
from tests.commands import call
from tests.sweeps import write_hparams

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytest.importorskip("sklearn", reason="the extra importance is not installed")

RUNS = 150


def found_of(good: NDArray[np.float64], **settings: Any) -> Forest:
    values = {str(run): float(value) for run, value in enumerate(good)}
    own = {
        run: {name: given[int(run)] for name, given in settings.items() if given[int(run)] != ""}
        for run in values
    }
    found = forest(values, own)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def uniform() -> NDArray[np.float64]:
    """Three numbers a run, shape (3, RUNS)."""
    drawn: NDArray[np.float64] = np.random.default_rng(4).uniform(-1, 1, (3, RUNS))
    return drawn


def test_a_sum_whose_importances_are_known(uniform: NDArray[np.float64]) -> None:
    """The truth is that of the rank of 3 a + b with one of them drawn anew, by simulation."""
    a, b, c = uniform
    found = found_of(3 * a + b, a=a, b=b, c=c)
    x, y, again = np.random.default_rng(0).uniform(-1, 1, (3, 100_000))
    every = np.sort(3 * x + y)
    rank = np.searchsorted(every, 3 * x + y) / every.size
    truth = [
        float(np.mean((np.searchsorted(every, changed) / every.size - rank) ** 2) / rank.var())
        for changed in (3 * again + y, 3 * x + again)
    ]
    assert [each.name for each in found.hparams] == ["a", "b", "c"]
    assert [each.name for each in found.clear] == ["a", "b"]
    for each, true in zip(found.clear, truth, strict=True):
        assert each.importance == pytest.approx(true, rel=0.2)
        assert each.low < each.importance < each.high
    assert abs(found.hparams[2].importance) < 0.02
    assert found.score > 0.95
    assert found.runs == RUNS


def test_it_sees_what_has_no_order_and_what_acts_together(uniform: NDArray[np.float64]) -> None:
    a, b, c = uniform
    kinds = np.array(["adam", "sgd", "lion"])[np.arange(RUNS) % 3]
    together = found_of(a * b, a=a, b=b, c=c)
    assert {each.name for each in together.clear} == {"a", "b"}
    choice = found_of(np.where(kinds == "lion", 1.0, 0.0) + c / 10, kind=kinds, c=c, b=b)
    assert choice.clear[0].name == "kind"
    rank = ["" if kind == "sgd" else 8.0 for kind in kinds]
    absent = found_of(np.where(kinds == "sgd", 1.0, c / 10), rank=rank)
    assert [each.name for each in absent.clear] == ["rank"]


def test_a_run_that_is_not_finite_is_worst(uniform: NDArray[np.float64]) -> None:
    a, b, _ = uniform
    assert found_of(np.where(a > 0.5, -np.inf, 1.0), a=a, b=b).clear[0].name == "a"


def test_chance_is_needed_by_no_forest() -> None:
    random = np.random.default_rng(5)
    for _ in range(4):
        good, a, b = random.normal(size=(3, 20))
        assert found_of(good, a=a, b=b).clear == ()


def test_there_is_none_of_few_runs_and_without_the_extra(
    uniform: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {str(run): float(run) for run in range(13)}
    settings = {run: {"a": float(uniform[0][int(run)])} for run in good}
    assert forest(good, settings) is not None
    assert forest(dict(list(good.items())[:12]), settings) is None
    assert forest(dict.fromkeys(good, 1.0), settings) is None
    assert forest(good, {}) is None
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert forest(good, settings) is None


def test_best_says_it_below_its_table(tmp_path: Path) -> None:
    for run in range(16):
        builder = EventFileBuilder().scalars("loss", [(step, run // 4) for step in range(8)])
        write_hparams(builder, {"lr": float(10 ** (run // 4)), "seed": run % 4})
        builder.write(tmp_path / f"r{run:02}" / "events.out.tfevents.1")
    ranking = tbtools.best(tmp_path)
    assert ranking.forest is not None
    assert [each.name for each in ranking.forest.clear] == ["lr"]
    shown = call("best", str(tmp_path)).out
    assert "hyperparameters that a random forest needs to foretell loss (permutation" in shown
    assert "\n  lr: " in shown.partition("random forest")[2]
    assert tbtools.best(tmp_path).to_dict()["forest"] == ranking.forest.to_dict()
    alike = call("best", str(tmp_path), "--exclude-run", "r0[0-3]").out
    assert "random forest" not in alike  # 12 runs are too few, which is said
    assert "12 runs are too few to tell which matter" in alike
