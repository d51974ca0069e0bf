"""What runs that failed share: against counting and against all draws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tbtools.analysis.failures import compare_failures, nearest_healthy


def test_the_probability_is_that_of_all_draws() -> None:
    """Of the 924 ways to choose 6 of 12 runs, those that some border separates as well."""
    values = [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    failed = {6, 8, 9, 10, 11, 7}
    as_good = sum(
        set(chosen) in ({0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10, 11})
        for chosen in itertools.combinations(range(12), 6)
    )
    settings = {str(run): {"lr": value} for run, value in enumerate(values)}
    [split] = compare_failures(settings, {str(run) for run in failed}).splits
    assert (split.relation, split.value, split.failed_inside, split.inside) == (">", 6, 6, 6)
    exact = as_good / math.comb(12, 6)
    assert split.p == pytest.approx(exact, abs=5 * math.sqrt(exact / 2000))


def test_texts_and_bools_are_split_by_value() -> None:
    settings = {
        str(run): {"optimizer": ["sgd", "adam", "lion"][run % 3], "amp": run % 2 == 0}
        for run in range(30)
    }
    failed = {str(run) for run in range(30) if run % 3 == 2}
    [split] = compare_failures(settings, failed).splits
    assert (split.name, split.relation, split.value) == ("optimizer", "==", "lion")
    assert (split.failed_inside, split.inside, split.failed_outside, split.outside) == (
        10, 10, 0, 20,
    )  # fmt: skip


def test_a_small_sweep_has_nothing_to_tell() -> None:
    settings = {run: {"lr": value} for run, value in zip("abcd", (1.0, 2.0, 3.0, 4.0), strict=True)}
    found = compare_failures(settings, {"d"})
    assert found.splits == ()
    assert found.nearest is not None
    assert (found.nearest.failed, found.nearest.healthy) == ("d", "c")
    assert found.nearest.differences == {"lr": (4.0, 3.0)}


def test_chance_is_reported_no_more_often_than_it_says() -> None:
    """20 hyperparameters of noise: about 5 % of the sweeps may have one that is told."""
    random = np.random.default_rng(5)
    told = 0
    for _ in range(60):
        values = random.random((30, 20))
        settings = {
            str(run): {f"h{number}": value for number, value in enumerate(row.tolist())}
            for run, row in enumerate(values)
        }
        failed = {str(run) for run in random.choice(30, 8, replace=False)}
        told += bool(compare_failures(settings, failed).splits)
    assert told <= 9  # 3 are expected; more than 9 of 60 at 5 % happen once in a thousand


def test_runs_without_hyperparameters_and_odd_values_are_no_trouble() -> None:
    settings = {
        "a": {"x": float("nan"), "y": [1.0], "z": None},
        "b": {"x": 1.0},
        "c": {},
        "d": {"y": {"k": 1.0}},
    }
    found = compare_failures(settings, {"a"})
    assert (found.failed, found.healthy, found.splits) == (("a",), ("b", "d"), ())
    assert compare_failures(settings, {"c"}).failed == ()
    near = nearest_healthy(settings, "b", ["c", "d"])
    assert near is not None
    assert near.healthy == "d"


def test_the_best_split_is_that_of_fishers_test_in_scipy() -> None:
    from scipy.stats import fisher_exact

    random = np.random.default_rng(3)
    for _ in range(20):
        values = random.integers(0, 8, 40).astype(float)
        fails = random.random(40) < np.where(values > random.integers(1, 6), 0.9, 0.1)
        settings = {str(run): {"lr": value} for run, value in enumerate(values.tolist())}
        [split] = compare_failures(settings, {str(run) for run in np.flatnonzero(fails)}).splits

        def p(border: float, values: np.ndarray = values, fails: np.ndarray = fails) -> float:
            low = values <= border
            table = [[(fails & low).sum(), (~fails & low).sum()],
                     [(fails & ~low).sum(), (~fails & ~low).sum()]]  # fmt: skip
            return float(fisher_exact(table)[1])

        borders = np.unique(values)[:-1].tolist()
        assert p(split.value) == pytest.approx(min(map(p, borders)), rel=1e-6)
