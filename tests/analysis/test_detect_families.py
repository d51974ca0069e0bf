"""The labelled curves of benchmarks/detection, a few of each family, and the real runs."""

from __future__ import annotations

import csv
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.detection.score import Score, score

JUDGEMENTS = Path(__file__).parents[2] / "benchmarks" / "detection" / "corpus_judgements.tsv"
SETS = ["development", "validation"]


@cache
def scores(name: str) -> tuple[Score, ...]:
    families = import_module(f"benchmarks.detection.{name}").FAMILIES
    return tuple(score(family, 10) for family in families)


def share(name: str, kind: str, counted: str, of: str = "curves") -> float:
    chosen = [each for each in scores(name) if each.kind == kind]
    return sum(getattr(each, counted) for each in chosen) / sum(
        getattr(each, of) for each in chosen
    )


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("kind", ["divergence", "nonfinite", "plateau", "overfitting"])
def test_what_is_there_is_found_and_placed(name: str, kind: str) -> None:
    assert share(name, kind, "found") >= 0.96
    assert share(name, kind, "placed", "found") >= 0.95


@pytest.mark.parametrize(
    "kind", ["spike", "collapse", "explosion", "gradient", "learning_rate", "throughput"]
)
def test_what_is_beside_the_objective_is_found_and_placed(kind: str) -> None:
    assert share("development", kind, "found") >= 0.95
    assert share("development", kind, "placed", "found") >= 0.95


@pytest.mark.parametrize("name", SETS)
def test_healthy_curves_raise_no_alarm(name: str) -> None:
    assert share(name, "healthy", "alarmed") <= 0.015


@pytest.mark.parametrize("name", SETS)
def test_no_family_is_given_up(name: str) -> None:
    """A good mean may hide a family that is always missed, or always raises an alarm."""
    for each in scores(name):
        if each.kind == "healthy":
            assert each.alarmed <= 2, each.family
        else:
            assert each.found >= 7, each.family


def test_curves_are_the_same_every_time() -> None:
    family = import_module("benchmarks.detection.validation").FAMILIES[0]
    first, second = next(family.curves(1)), next(family.curves(3))
    for tag, (step, value) in first.series.items():
        assert (step == second.series[tag][0]).all()
        assert (value == second.series[tag][1]).all()


@pytest.mark.corpus
def test_every_alarm_on_a_real_run_has_been_judged(corpus: Path) -> None:
    import tbtools
    from tbtools.analysis.judgement import detect

    with JUDGEMENTS.open(newline="") as file:
        judged = {
            (row["run"], row["tag"], row["kind"]): row["judgement"]
            for row in csv.DictReader(file, delimiter="\t")
        }
    alarms = [each for each in detect(tbtools.load(corpus)) if each.severity != "info"]
    unjudged = [(each.run, each.tag, each.kind) for each in alarms]
    assert [key for key in unjudged if not judged.get(key, "").startswith("right")] == []
    # What must not be lost: the runs that overfit, and the norm that was never a number.
    assert sum(each.kind == "overfitting" for each in alarms) == 4
    assert [each.tag for each in alarms if each.kind == "nonfinite"] == ["grad_norm_g"]
