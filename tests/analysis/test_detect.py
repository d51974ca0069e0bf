"""What detection says of hand-made series, and how it says it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tbtools.analysis.detect import Finding, Findings, detect_series
from tbtools.analysis.judgement import detect
from tbtools.errors import InvalidArgument
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike

KEYS = (
    "run tag kind severity onset_step onset_time end_step ongoing best_step best_value "
    "last_good_step message provisional evidence"
)


def series(
    value: ArrayLike,
    tag: str = "loss",
    run: str = "run",
    step: ArrayLike | None = None,
    wall_time: ArrayLike | None = None,
    session: ArrayLike | None = None,
) -> ScalarSeries:
    values = np.asarray(value, float)
    n = len(values)
    made = ScalarSeries.from_arrays(
        run, tag, np.arange(n) if step is None else step, values, wall_time
    )
    return made if session is None else replace(made, session=np.asarray(session))


def noise(n: int, sigma: float = 0.02, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, n)


def falling(n: int = 300) -> np.ndarray:
    return 2 * (1 + np.arange(n) / 30) ** -0.7 + 0.1


def the_only(findings: Findings) -> Finding:
    assert len(findings) == 1, [each.message for each in findings]
    return findings[0]


# Divergence: cases that the peers missed or misplaced


def test_a_slow_climb_from_the_best_is_found_where_it_begins() -> None:
    y = np.concatenate([np.linspace(0.55, 0.075, 300), np.linspace(0.075, 0.356, 200)])
    found = the_only(detect_series([series(y + noise(500, 0.01))]))
    assert (found.kind, found.ongoing) == ("divergence", True)
    assert abs(found.onset_step - 300) < 15
    assert found.best_value is not None
    assert found.best_value < 0.08


def test_a_level_shift_is_found_to_the_point() -> None:
    y = np.where(np.arange(400) < 200, 2.0, 2.6) + noise(400)
    found = the_only(detect_series([series(y, step=np.arange(400) * 50)]))
    assert (found.kind, found.onset_step, found.last_good_step) == ("divergence", 10_000, 9_950)
    assert found.evidence["sudden"]
    assert found.evidence["level_before"] == pytest.approx(2.0, abs=0.05)
    assert found.evidence["level_after"] == pytest.approx(2.6, abs=0.05)
    assert "last good step 9,950" in found.message


@pytest.mark.parametrize("offset", [-30.0, 0.0, 1e-4, 1e6])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e5])
def test_neither_scale_nor_sign_of_a_loss_matters(offset: float, scale: float) -> None:
    y = np.where(np.arange(300) < 220, falling(), 1.5) + noise(300)
    found = the_only(detect_series([series((y + offset) * scale)]))
    assert (found.kind, found.onset_step) == ("divergence", 220)


@pytest.mark.parametrize("seed", range(3))
def test_few_evaluations_of_which_the_last_are_worse(seed: int) -> None:
    """Noise is not known of so few points: the fit of a valley tells it, and it may recover."""
    y = 0.5 + 1.6 * 0.6 ** np.arange(14) + np.random.default_rng(seed).normal(0, 0.02, 14)
    assert not detect_series([series(y, "loss")])
    y[8:] += 0.5 * (1 - 0.5 ** np.arange(1, 7))
    found = the_only(detect_series([series(y, "loss")]))
    assert (found.kind, found.severity, found.provisional) == ("divergence", "warning", True)
    assert abs(found.onset_step - 8) <= 1


def test_a_reward_that_collapses() -> None:
    y = np.minimum(np.arange(400), 250) / 250 * 200.0
    y[300:] = 20
    found = the_only(detect_series([series(y + noise(400, 10), tag="eval/reward")]))
    assert (found.kind, found.onset_step) == ("divergence", 300)
    assert found.best_value is not None
    assert found.best_value > 190


def test_an_exponential_blow_up_over_many_orders_of_magnitude() -> None:
    k = np.clip(np.arange(400) - 300, 0, None)
    found = the_only(detect_series([series(0.5 + noise(400) + 0.02 * np.expm1(k / 2))]))
    assert found.kind == "divergence"
    assert 298 <= found.onset_step <= 308


def test_five_points_are_enough_and_four_are_a_spike_so_far() -> None:
    y = falling(1000) + noise(1000)
    y[990:] += 3
    assert not detect_series([series(y[:994])]).of("divergence")
    assert the_only(detect_series([series(y[:995])])).onset_step == 990


def test_a_rise_from_the_very_start() -> None:
    y = 2.3 + 3 * (1 - np.exp(-np.arange(200) / 40)) + noise(200, 0.05)
    found = the_only(detect_series([series(y)]))
    assert found.kind == "divergence"
    assert found.onset_step < 10


def test_an_oscillation_that_grows_is_found_though_its_median_stays() -> None:
    k = np.clip(np.arange(600) - 300, 0, None) / 300
    y = 1 + 2 * k * np.sin(np.arange(600)) + noise(600)
    found = the_only(detect_series([series(y)]))
    assert found.kind == "divergence"
    assert "oscillates" in found.message
    assert abs(found.onset_step - 300) < 60


@pytest.mark.parametrize("n", [48, 64, 100])
def test_an_oscillation_that_grows_is_found_in_short_series_too(n: int) -> None:
    k = np.clip(np.arange(n) - n // 2, 0, None) / (n / 2)
    y = 1 + k * np.sin(1.3 * np.arange(n))
    found = [the_only(detect_series([series(y + noise(n, seed=seed))])) for seed in range(9)]
    assert all("oscillates" in each.message for each in found)
    assert np.median([abs(each.onset_step - n // 2) for each in found]) <= 0.1 * n


def test_an_oscillation_that_only_gets_better_is_none() -> None:
    """The spread of a reward grows with it; its worse side is better than ever."""
    t = np.arange(600) / 600
    y = t * (1 + 0.5 * np.sin(np.arange(600)))
    assert not detect_series([series(y + noise(600, 0.01), tag="reward")]).of("divergence")


@pytest.mark.parametrize("n", [100, 1000, 20_000])
@pytest.mark.parametrize("rate", [0.3, 1.0])
def test_a_blow_up_within_few_points_is_found_to_the_point(n: int, rate: float) -> None:
    at = int(0.6 * n)
    k = np.clip(np.arange(n) - at + 1, 0, None)
    y = np.exp(-2 * np.arange(n) / n) + noise(n) - 1 + np.where(k, 10 ** np.minimum(k * rate, 8), 0)
    assert abs(the_only(detect_series([series(y)])).onset_step - at) <= 3


def test_a_climb_after_a_long_flat_stretch_is_found_at_its_foot() -> None:
    flat = np.concatenate([np.linspace(1, 0, 100), np.zeros(500), np.linspace(0, 0.5, 400)])
    found = the_only(detect_series([series(flat + noise(1000))]))
    assert found.kind == "divergence"
    assert abs(found.onset_step - 600) < 50


@pytest.mark.parametrize("seed", range(5))
def test_noise_that_wanders_before_a_rise_does_not_move_its_foot(seed: int) -> None:
    y = 1.6 + 3.8 * np.exp(-np.arange(325) / 50)
    y += 5.5 * (1 - np.exp(-((np.clip(np.arange(325) - 295, 0, None) / 11) ** 2)))
    wander = np.convolve(noise(334, 0.1, seed), np.full(10, 0.1), "valid")
    found = the_only(detect_series([series(y + noise(325, 0.05, seed + 9) + wander)]))
    assert abs(found.onset_step - 295) <= 10


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0])
def test_a_rise_from_the_very_start_begins_at_the_start(shape: float) -> None:
    y = 1 + 2 * (np.arange(300) / 300) ** shape
    found = the_only(detect_series([series(y + noise(300))]))
    assert (found.kind, found.onset_step, found.last_good_step) == ("divergence", 0, None)


def test_warm_restarts_of_growing_length_are_no_divergence() -> None:
    cycles = [80, 160, 320, 640]
    phase = np.concatenate([np.arange(n) / n for n in cycles])
    y = np.exp(-np.arange(1200) / 700) + 0.2 * np.cos(np.pi * phase / 2)
    for end in range(300, 1200, 60):
        assert not detect_series([series(y[:end] + noise(end, 0.01))]).of("divergence")


def test_a_wave_that_was_recovered_from_before_is_no_divergence() -> None:
    t = np.arange(1000)
    y = 1 + 0.5 * np.abs((t / 130) % 2 - 1) + noise(1000)
    for end in range(600, 1000, 37):
        assert not detect_series([series(y[:end])]).of("divergence")


# Not finite


@pytest.mark.parametrize(("bad", "what"), [(np.nan, "NaN"), (np.inf, "infinite")])
def test_not_finite_from_a_point_on(bad: float, what: str) -> None:
    y = falling()
    y[120:] = bad
    found = the_only(detect_series([series(y)]).of("nonfinite"))
    assert (found.severity, found.onset_step, found.last_good_step) == ("error", 120, 119)
    assert (found.end_step, found.ongoing) == (299, True)
    assert what in found.message


def test_a_few_that_recover_are_worth_a_word_only() -> None:
    y = falling()
    y[[50, 51, 200]] = np.nan
    found = the_only(detect_series([series(y)]))
    assert (found.kind, found.severity, found.ongoing) == ("nonfinite", "info", False)
    assert (found.onset_step, found.end_step, found.evidence["count"]) == (50, 200, 3)


@pytest.mark.parametrize(
    ("tag", "first", "severity"),
    [("val/loss", 100, "warning"), ("val/loss", 0, "info"), ("val/accuracy", 100, "info")],
)
def test_a_tenth_of_a_loss_that_is_not_finite_is_a_warning(
    tag: str, first: int, severity: str
) -> None:
    """What is no number at first is not measured yet."""
    y = falling()
    y[first : first + 30] = np.inf
    found = the_only(detect_series([series(y, tag=tag)]).of("nonfinite"))
    assert (found.severity, found.ongoing, found.onset_step) == (severity, False, first)


def test_a_lucky_finite_point_does_not_move_the_onset() -> None:
    y = falling()
    y[120:] = np.nan
    y[180] = 1.0
    assert detect_series([series(y)])[0].onset_step == 120


def test_series_without_an_objective_are_judged_for_it_too() -> None:
    assert the_only(detect_series([series([1.0, np.nan], tag="grad_norm")])).onset_step == 1


def test_the_series_that_had_it_first_is_named() -> None:
    loss, norm = falling(), np.ones(300)
    norm[118:] = np.inf
    loss[120:] = np.nan
    findings = detect_series([series(loss), series(norm, tag="grad_norm")])
    assert [each.tag for each in findings] == ["grad_norm", "loss"]
    assert findings[1].message.endswith("grad_norm went first, at step 118")
    (event,) = findings.causes()
    assert [each.onset_step for each in event] == [118, 120]


def test_plateaus_of_one_run_that_began_together_are_one_cause() -> None:
    flat = 2 - np.minimum(np.arange(500), 200) / 200
    tags = ["loss", "val_loss", "accuracy"]
    findings = detect_series([series(-flat if "acc" in t else flat, t) for t in tags])
    assert len(findings) == 3
    (event,) = findings.causes()
    assert {each.tag for each in event} == set(tags)
    assert event[0].tag == "loss"
    apart = detect_series([series(flat), series(np.full(500, 2.3), "val_loss")])
    assert len(apart.causes()) == 2


# Plateau


def test_a_plateau_has_onset_and_interval() -> None:
    y = 2 - np.minimum(np.arange(500), 200) / 200 + noise(500)
    found = the_only(detect_series([series(y, step=np.arange(500) * 10)]))
    assert (found.kind, found.severity, found.ongoing) == ("plateau", "warning", True)
    assert abs(found.onset_step - 2000) < 250
    low, high = found.evidence["improvement_per_1000_steps_interval"]
    assert low < 0 < high
    assert high < 0.02
    assert found.evidence["points_since"] == 500 - found.onset_step // 10


def test_the_interval_of_the_improvement_covers_the_truth() -> None:
    """A flat loss improves by nothing: the 95 % interval says so about 95 times in a hundred."""
    covered = 0
    for seed in range(60):
        found = detect_series([series(1 + noise(400, 0.1, seed))]).of("plateau")
        low, high = found[0].evidence["improvement_interval"] if found else (1, 1)
        covered += low <= 0 <= high
    assert covered >= 54


@pytest.mark.parametrize("power", [0.2, 0.4, 0.6])
def test_a_power_law_that_still_falls_is_no_plateau(power: float) -> None:
    y = (1 + np.arange(3000)) ** -power
    assert not detect_series([series(y + noise(3000, 0.01))])


def test_the_last_step_of_a_staircase_waits_for_the_next_drop() -> None:
    y = np.repeat([1.0, 0.5, 0.25, 0.12], 100) + 0.8 * np.exp(-np.arange(400) / 8)
    found = detect_series([series(y + noise(400, 0.01))])
    assert [(each.severity, each.ongoing) for each in found] in ([], [("info", False)])


def test_a_learning_rate_at_its_end_makes_it_an_info() -> None:
    y = 2 - np.minimum(np.arange(500), 200) / 200 + noise(500)
    rate = series(np.maximum(1 - np.arange(500) / 450, 0) * 0.1, tag="train/lr")
    found = the_only(detect_series([series(y), rate]).of("plateau"))
    assert found.severity == "info"
    assert "learning rate is at its end" in found.message
    tenth = series(0.01 + 0.09 * rate.value / 0.1, tag="train/lr")
    assert the_only(detect_series([series(y), tenth])).severity == "info"
    late = series(np.minimum(0.1, 0.001 * (499 - np.arange(500))), tag="train/lr")
    assert the_only(detect_series([series(y), late])).severity == "warning"
    constant = series(np.full(500, 0.1), tag="train/lr")
    assert the_only(detect_series([series(y), constant])).severity == "warning"


def test_a_learning_rate_that_died_long_before_the_end_is_named_and_no_excuse() -> None:
    y = 2 - np.minimum(np.arange(500), 200) / 200 + noise(500)
    rate = series(np.where(np.arange(500) < 200, 0.1, 0.0), tag="train/lr")
    found = the_only(detect_series([series(y), rate]).of("plateau"))
    assert (found.kind, found.severity) == ("plateau", "warning")
    assert "learning rate is dead" in found.message
    assert found.evidence["learning_rate_ended_step"] == 200


def capped() -> np.ndarray:
    rewards = np.minimum(np.arange(300) / 80 + noise(300, 0.05), 1) * 500
    rewards[100:] = 500
    return rewards


def test_a_reward_at_its_cap_has_nothing_left_to_learn() -> None:
    found = the_only(detect_series([series(capped(), tag="episode/reward")]))
    assert (found.kind, found.severity) == ("plateau", "info")
    assert "nothing is left to improve" in found.message


def test_a_reward_that_stands_still_without_any_noise_is_at_no_cap() -> None:
    y = np.minimum(np.arange(300) / 80, 1) * 7.3
    assert the_only(detect_series([series(y, tag="episode/reward")])).severity == "warning"


@pytest.mark.parametrize("whole", [1.0, 100.0])
@pytest.mark.parametrize("tag", ["avg_reward", "safety_score"])
def test_a_score_that_comes_to_all_and_stays_there_has_nothing_left_to_learn(
    tag: str, whole: float
) -> None:
    y = whole * np.array([0, 0.5, 0.5] + [1] * 17)
    found = the_only(detect_series([series(y, tag)]))
    assert (found.kind, found.severity) == ("plateau", "info")
    assert "nothing is left to improve" in found.message
    # What misses it, goes back from it or was there from the start may be anything, as is a loss.
    for other in (0.97 * y, np.where(np.arange(20) == 16, 0.9 * y, y), np.full(20, whole)):
        assert all(each.severity == "warning" for each in detect_series([series(other, tag)]))
    assert the_only(detect_series([series(3 * whole - 2 * y, "loss")])).severity == "warning"


@pytest.mark.parametrize("tag", ["loss", "reward"])
@pytest.mark.parametrize("value", [2.302585, -4.0])
def test_a_series_that_never_moves_is_a_plateau(tag: str, value: float) -> None:
    found = the_only(detect_series([series(np.full(50, value), tag)]))
    assert (found.kind, found.severity, found.onset_step) == ("plateau", "warning", 0)
    assert found.evidence["improvement_interval"] == [0, 0]


def test_a_loss_that_comes_to_zero_is_an_end_and_a_reward_of_zero_a_failure() -> None:
    learned = np.maximum(0, 2 - np.arange(80) / 15)
    assert the_only(detect_series([series(learned, "loss")])).severity == "info"
    assert the_only(detect_series([series(np.zeros(50), "train/cls_loss")])).severity == "info"
    assert the_only(detect_series([series(np.zeros(50), "reward")])).severity == "warning"


@pytest.mark.parametrize("tag", ["loss", "train/loss", "Validation Loss", "total_loss"])
def test_a_loss_that_is_zero_from_its_first_point_on_measures_nothing(tag: str) -> None:
    found = the_only(detect_series([series(np.zeros(8), tag)]))
    assert (found.kind, found.severity) == ("plateau", "warning")
    assert "measures nothing" in found.message


@pytest.mark.parametrize("accuracy", [np.ones(30), 1 - 0.5 * 0.8 ** np.arange(30)])
def test_a_loss_of_zero_beside_a_score_that_is_learned_is_an_end(accuracy: np.ndarray) -> None:
    zero, score = series(np.zeros(30), "loss"), series(accuracy, "val/accuracy")
    [found] = [each for each in detect_series([zero, score]) if each.tag == "loss"]
    assert (found.kind, found.severity) == ("plateau", "info")


def test_a_training_loss_of_zero_beside_an_evaluation_that_is_learned_is_an_end() -> None:
    zero, falls = series(np.zeros(30), "train/loss"), series(0.9 ** np.arange(30), "val/loss")
    [found] = [each for each in detect_series([zero, falls]) if each.tag == "train/loss"]
    assert found.severity == "info"


@pytest.mark.parametrize("accuracy", [[np.nan] * 9, [0.6, *[0.5] * 8], [0.0] * 20 + [1.0], [0.5]])
def test_a_loss_of_zero_beside_a_score_that_says_nothing(accuracy: list[float]) -> None:
    zero, score = series(np.zeros(30), "loss"), series(np.array(accuracy), "val/accuracy")
    [found] = [each for each in detect_series([zero, score]) if each.tag == "loss"]
    assert (found.kind, found.severity) == ("plateau", "warning")


@pytest.mark.parametrize("before", [1, 2, 3])
def test_what_stands_still_after_few_points_is_level_from_there_on(before: int) -> None:
    accuracy = [0.2, 0.25, 0.3][:before] + [0.31] * 7 + [0.31]
    found = detect_series([series(np.array(accuracy), "accuracy")])
    if before > 1:  # of two values each is an outcome
        assert (the_only(found).kind, the_only(found).onset_step) == ("plateau", before)
    assert not detect_series([series(np.array([*accuracy[:-1], 0.32]), "accuracy")])
    assert not detect_series([series(-np.array(accuracy), "accuracy")]).of("plateau")


@pytest.mark.parametrize("points", [8, 9, 11])
def test_what_never_moves_at_all_takes_eight_points(points: int) -> None:
    found = the_only(detect_series([series(np.full(points, 0.1), "accuracy")]))
    assert (found.kind, found.severity, found.onset_step) == ("plateau", "warning", 0)
    assert not detect_series([series(np.full(7, 0.1), "accuracy")])


@pytest.mark.parametrize("shape", ["straight", "exponential", "power law"])
def test_a_descent_that_stops_is_placed_where_it_stops_whatever_its_shape(shape: str) -> None:
    t = np.minimum(np.arange(1000), 500) / 500
    descents = {
        "straight": 1 - t,
        "exponential": np.exp(-4 * t),
        "power law": (1 + t / 0.02) ** -0.6,
    }
    found = the_only(detect_series([series(1 + descents[shape] + noise(1000, 0.005))]))
    assert found.kind == "plateau"
    assert abs(found.onset_step - 500) < 80


def test_a_plateau_that_is_over_is_an_info_with_an_end() -> None:
    y = np.concatenate([np.linspace(2, 1, 100), np.full(200, 1.0), np.linspace(1, 0.3, 200)])
    found = the_only(detect_series([series(y + noise(500))]))
    assert (found.kind, found.severity, found.ongoing) == ("plateau", "info", False)
    assert abs(found.onset_step - 100) < 25
    assert abs(found.end_step - 300) < 25
    assert found.best_step is not None
    assert found.best_step <= found.end_step
    assert found.evidence["points_since"] == found.end_step - found.onset_step + 1
    assert "it is over" in found.message


def test_a_long_wait_in_a_staircase_is_a_plateau_that_is_over() -> None:
    y = np.repeat([1.0, 0.5, 0.25], [100, 300, 100]) + 0.8 * np.exp(-np.arange(500) / 8)
    found = the_only(detect_series([series(y + noise(500, 0.01))]))
    assert (found.kind, found.severity, found.ongoing) == ("plateau", "info", False)
    assert abs(found.onset_step - 100) < 15
    assert abs(found.end_step - 399) < 15


def test_a_reward_that_rises_late_was_on_a_plateau() -> None:
    y = 1 / (1 + np.exp(-(np.arange(500) - 400) / 15)) + noise(500, 0.05)
    found = the_only(detect_series([series(y, tag="episode/reward")]))
    assert (found.severity, found.onset_step, found.ongoing) == ("info", 0, False)
    assert 300 < found.end_step < 400


def test_improvements_without_a_long_wait_leave_no_plateau_behind() -> None:
    for power in (0.3, 0.6, 1.0):
        y = (1 + np.arange(1000) / 20) ** -power
        assert not detect_series([series(y + noise(1000, 0.01))])


def test_a_spike_of_few_points_is_no_improvement_when_it_is_over() -> None:
    y = 1.0 - 0.3 * np.arange(40) / 40
    y[10:12] += 5
    assert not detect_series([series(y + noise(40, 0.002))]).of("plateau")


def test_never_learnt() -> None:
    found = the_only(detect_series([series(np.log(10) + noise(200))]))
    assert (found.kind, found.onset_step) == ("plateau", 0)
    assert "from the start" in found.message


def test_noise_that_shrinks_about_one_level_is_no_improvement() -> None:
    shrinking = np.linspace(2, 0.2, 800)
    found = [
        detect_series([series(1 + 0.1 * shrinking * noise(800, 1, seed))]) for seed in range(20)
    ]
    from_start = [each for each in found if each.of("plateau") and each[0].onset_step == 0]
    assert len(from_start) >= 18


def test_circles_are_no_plateau() -> None:
    y = 0.7 + 0.2 * np.sin(np.arange(2000) / 30) + noise(2000)
    assert not detect_series([series(y)])


def test_many_cycles_of_a_learning_rate_are_no_plateau() -> None:
    phase = (np.arange(1500) % 125) / 125
    y = 0.3 * (1 - np.arange(1500) / 1500) + 0.3 * np.cos(np.pi * phase / 2)
    assert not detect_series([series(y + noise(1500, 0.01))])


# Overfitting

NAMES = [
    ("run", "train/loss", "run", "val/loss"),
    ("run", "Loss/train", "run", "Loss/test"),
    ("run", "loss", "run", "val_loss"),
    ("run", "train_loss", "run", "eval_loss"),
    ("run", "train_loss_epoch", "run", "val_loss"),
    ("logs/train", "epoch_loss", "logs/validation", "epoch_loss"),
    ("train", "epoch_loss", "validation", "epoch_loss"),
    (".", "epoch_loss", ".", "epoch_val_loss"),
    ("a/loss_train", "loss", "a/loss_val", "loss"),
    ("sgd_train", "loss", "sgd_test", "loss"),
    # The tag's own words come before those of the run's name.
    ("test_lr0.1", "train/loss", "test_lr0.1", "val/loss"),
    ("o_val-00", "train/loss", "o_val-00", "val/loss"),
    ("test_lr0.1", "loss", "test_lr0.1", "val_loss"),
    ("logs/train", "train/loss", "logs/validation", "val/loss"),
]


def overfitted(n: int = 100, at: int = 40) -> tuple[np.ndarray, np.ndarray]:
    t = np.arange(n) / n
    training = 2 * np.exp(-3 * t)
    validation = 0.5 + np.where(t < at / n, 2 * (at / n - t), 1.5 * (t - at / n))
    return training + noise(n, 0.01), validation + noise(n, 0.01, 1)


@pytest.mark.parametrize("names", NAMES)
def test_pairs_are_found_by_their_names(names: tuple[str, str, str, str]) -> None:
    training, validation = overfitted()
    run, tag, other_run, other_tag = names
    findings = detect_series([series(training, tag, run), series(validation, other_tag, other_run)])
    found = the_only(findings)
    assert (found.run, found.tag, found.kind) == (other_run, other_tag, "overfitting")
    assert found.severity == "warning"
    assert abs(found.onset_step - 40) <= 6
    assert found.best_step is not None
    assert abs(found.best_step - 40) <= 6
    assert found.last_good_step == found.best_step
    assert tag in found.message


def test_accuracies_overfit_the_other_way() -> None:
    training, validation = overfitted()
    findings = detect_series(
        [series(1 - training / 3, "train/acc"), series(1 - validation / 3, "val/acc")]
    )
    assert the_only(findings).kind == "overfitting"


def test_without_a_twin_or_with_one_that_gets_worse_it_is_a_divergence() -> None:
    _, validation = overfitted()
    assert the_only(detect_series([series(validation, "val/loss")])).kind == "divergence"
    both = [series(validation, "val/loss"), series(validation + noise(100, 0.01), "train/loss")]
    assert {each.kind for each in detect_series(both)} == {"divergence"}


@pytest.mark.parametrize(("tag", "turn"), [("val/perplexity", 1), ("val/accuracy", -1)])
def test_what_is_measured_in_validation_only_overfits_beside_the_training_loss(
    tag: str, turn: int
) -> None:
    training, validation = overfitted()
    series_of_run = [series(training, "train/loss"), series(turn * validation, tag)]
    found = the_only(detect_series(series_of_run))
    assert (found.tag, found.kind) == (tag, "overfitting")
    assert "train/loss" in found.message


@pytest.mark.parametrize(
    ("run", "other"),
    [("a/train", "b/validation"), ("sgd_train", "adam_val"), ("sgd", "sgd_test")],
)
def test_runs_that_are_no_siblings_are_no_pairs(run: str, other: str) -> None:
    training, validation = overfitted()
    findings = detect_series([series(training, "loss", run), series(validation, "loss", other)])
    assert the_only(findings).kind == "divergence"


# Spikes and stalls


def test_spikes_are_one_finding_of_a_series() -> None:
    y = falling(500) + noise(500)
    y[[100, 101, 300]] += [4, 2, 9]
    found = the_only(detect_series([series(y)]))
    assert (found.kind, found.severity, found.ongoing) == ("spike", "info", False)
    assert (found.onset_step, found.end_step) == (100, 300)
    assert (found.evidence["count"], found.evidence["steps"]) == (2, [100, 300])
    assert found.evidence["highest_step"] == 300


def test_the_end_of_a_descent_is_no_spike() -> None:
    y = np.maximum(1 - np.arange(300) / 80, 0) + 1
    assert not detect_series([series(y)]).of("spike")


def test_heavy_tails_are_no_spikes() -> None:
    y = falling(2000) + np.random.default_rng(0).standard_t(3, 2000) * 0.02
    assert not detect_series([series(y)])


def test_what_is_undefined_now_and_then_all_along_is_an_info() -> None:
    n = 200
    here = np.random.default_rng(2).random(n) < 0.3
    cases = {
        "val/auroc": np.where(here, 0.7, np.nan),  # batches of one class
        "eval/loss": np.where(np.arange(n) % 10 == 0, falling(n), np.nan),  # filled up
        "grad_norm": np.where(here, np.inf, 1.0),
    }
    for tag, value in cases.items():
        found = the_only(detect_series([series(value, tag)]).of("nonfinite"))
        assert (found.severity, found.onset_step) == ("info", int(np.argmin(np.isfinite(value))))
        count = np.count_nonzero(~np.isfinite(value))
        assert f"{count} of 200 points" in found.message
    then = np.where(np.arange(n) < 100, falling(n), np.where(here, falling(n), np.nan))
    found = the_only(detect_series([series(then, "train/loss")]).of("nonfinite"))
    assert found.severity == "error"
    assert abs(found.onset_step - 100) <= 5


def test_what_is_never_a_number_beside_losses_that_are() -> None:
    never = np.full(50, np.nan)
    told = {"IoU/bicycle": "warning", "train/reward_std": "info", "grad_norm": "error"}
    for tag, severity in told.items():
        beside = detect_series([series(never, tag), series(falling(50))])
        assert the_only(beside.of("nonfinite")).severity == severity
    assert the_only(detect_series([series(never, "IoU/bicycle")])).severity == "error"


def test_a_stall_is_a_gap_beyond_the_rhythm_of_the_run() -> None:
    gaps = np.full(499, 2.0)
    gaps[49::50] = 30  # evaluations
    gaps[300] = 7200
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    runs = [series(falling(500), tag, wall_time=wall_time) for tag in ("loss", "val_loss")]
    found = the_only(detect_series(runs))
    assert (found.kind, found.severity) == ("stall", "warning")
    assert (found.onset_step, found.end_step) == (300, 301)
    assert found.evidence["seconds"] == 7200
    restarted = series(
        falling(500), wall_time=wall_time, session=np.where(np.arange(500) > 300, 1, 0)
    )
    assert not detect_series([restarted])
    gaps[300] = 2.0
    gaps[119::120] = [7200, 5400, 7200, 6000]  # long evaluations, less than one in a hundred points
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    assert not detect_series([series(falling(500), wall_time=wall_time)])
    gaps[119] = 2.0
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    assert the_only(detect_series([series(falling(500), wall_time=wall_time)])).kind == "stall"


@pytest.mark.parametrize(
    ("waited", "told"), [(80_000.0, True), (3_000.0, False), (6_000.0, True), (0.0, False)]
)
def test_between_a_few_epochs_hours_are_a_stall(waited: float, told: bool) -> None:
    gaps = np.array([310, 290, 300, 305, 330, 295, 300, 280, 315, 300], float)
    gaps[5] += waited
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    found = detect_series([series(falling(11), wall_time=wall_time)]).of("stall")
    assert [each.onset_step for each in found] == ([5] if told else [])
    session = np.where(np.arange(11) > 5, 1, 0)
    restarted = series(falling(11), wall_time=wall_time, session=session)
    assert not detect_series([restarted]).of("stall")


def test_points_that_are_ever_farther_apart_or_were_written_together_do_not_stall() -> None:
    steps = 10 ** np.arange(1, 8)
    apart = series(falling(7), step=steps, wall_time=1.7e9 + 0.01 * steps)
    assert not detect_series([apart]).of("stall")
    together = 1.7e9 + np.repeat([0.0, 4000.0], 6) + 0.001 * np.arange(12)
    assert not detect_series([series(falling(12), wall_time=together)]).of("stall")


def test_a_stall_hides_no_slower_steps() -> None:
    gaps = np.random.default_rng(0).gamma(60, 2 / 60, 200)
    gaps[120:] *= 2.5
    gaps[70] = 18_000
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    found = detect_series([series(falling(201), wall_time=wall_time)])
    assert the_only(found.of("throughput")).onset_step == pytest.approx(121, abs=2)
    assert the_only(found.of("stall")).onset_step == 70
    gaps[120:] /= 2.5
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    assert not detect_series([series(falling(201), wall_time=wall_time)]).of("throughput")


def test_of_several_stalls_the_evidence_names_each_and_the_message_a_few() -> None:
    gaps = np.full(499, 2.0)
    gaps[[120, 310, 333]] = [7200, 9000, 8000]
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    found = the_only(detect_series([series(falling(500), wall_time=wall_time)]))
    assert found.onset_step == 310
    assert found.evidence["steps"] == [120, 310, 333]
    assert found.evidence["gaps"] == [7200, 9000, 8000]
    assert "the longest of 3 such gaps (also since step 120, step 333)" in found.message
    gaps[310] = 2.0
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    found = the_only(detect_series([series(falling(500), wall_time=wall_time)]))
    assert "the longest of 2 such gaps (also since step 120)" in found.message


def test_evaluations_are_no_stalls_though_some_take_longer_and_the_first_came_sooner() -> None:
    gaps = np.full(1999, 2.0)
    gaps[70::118] = [150, 135, 55, 120, 148, 140, 62, 80, 58, 110, 120, 94, 60, 125, 59, 65, 52]
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    assert not detect_series([series(falling(2000), wall_time=wall_time)])
    gaps[1000] = 7200
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    found = the_only(detect_series([series(falling(2000), wall_time=wall_time)]))
    assert (found.kind, found.onset_step) == ("stall", 1000)
    gaps[1000] = 200  # no longer than evaluations, and at another place
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    assert the_only(detect_series([series(falling(2000), wall_time=wall_time)])).kind == "stall"


def test_evaluations_that_begin_late_are_no_stalls() -> None:
    gaps = np.full(1999, 2.0)
    gaps[399::80] = 150
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    assert not detect_series([series(falling(2000), wall_time=wall_time)])
    gaps[399:1998] = 2.0
    gaps[[399, 479, 559, 700, 1999 - 1]] = 150  # so many, and as long, but not regular
    wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
    assert the_only(detect_series([series(falling(2000), wall_time=wall_time)])).kind == "stall"


def test_what_the_first_steps_of_a_session_take_to_compile_is_no_stall() -> None:
    gaps = np.full(499, 2.0)
    gaps[[0, 1, 300]] = 300  # the graph, the optimiser; and the graph again after a restart
    session = np.where(np.arange(500) > 299, 1, 0)

    def written() -> ScalarSeries:
        wall_time = np.concatenate([[1.7e9], 1.7e9 + np.cumsum(gaps)])
        return series(falling(500), wall_time=wall_time, session=session)

    assert not detect_series([written()])
    gaps[1] = 7200
    assert the_only(detect_series([written()])).onset_step == 1
    gaps[[1, 310]] = 2.0, 300
    assert the_only(detect_series([written()])).onset_step == 310


# Order, surfaces


def test_a_training_that_was_done_twice_is_healthy() -> None:
    y, steps = falling(), np.arange(300)
    twice = series(np.tile(y, 2), step=np.tile(steps, 2))
    assert not detect_series([twice])


def test_findings_are_in_order_and_complete() -> None:
    bad = np.where(np.arange(300) < 200, falling(), 3.0)
    flat = series(np.log(10) + noise(300), "loss", "b")
    findings = detect_series([flat, series(bad, "loss", "a"), series(bad, "momentum", "a")])
    assert [(each.run, each.kind) for each in findings] == [("b", "plateau"), ("a", "divergence")]
    document = json.loads(json.dumps(findings.to_dict(), allow_nan=False))
    assert [list(each) for each in document["findings"]] == [KEYS.split()] * 2
    frame = findings.to_frame()
    assert list(frame.columns) == KEYS.split()
    assert frame["onset_step"].tolist() == [0, 200]
    assert str(frame["last_good_step"].dtype) == "Int64"
    assert isinstance(findings[:1], Findings)
    assert Findings().to_frame().empty


def test_overrides_of_the_objective() -> None:
    y = series(np.where(np.arange(300) < 200, falling(), 3.0), "speed")
    assert not detect_series([y])
    assert the_only(detect_series([y], objectives={"sp*": "min"})).onset_step == 200
    assert not detect_series([series(y.value)], objectives={"*": "none"})


def test_a_series_of_unequal_arrays_is_refused() -> None:
    with pytest.raises(ValueError, match="differ in length: 2, 1, 1"):
        ScalarSeries.from_arrays("run", "loss", np.arange(2), np.zeros(1), np.zeros(1))


def frame(y: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"step": np.arange(len(y)), "value": y})


JUMP = np.where(np.arange(300) < 200, falling(), 3.0)


@pytest.mark.parametrize(
    "x",
    [
        pd.Series(JUMP, name="loss"),
        frame(JUMP).assign(tag="loss"),
        frame(JUMP).assign(tag="loss", run="a", wall_time=0.0),
        frame(JUMP).assign(tag=pd.Categorical(["loss"] * 300, ["acc", "loss"])),
        pd.DataFrame({"loss": JUMP, "lr": 0.1}),
        pd.DataFrame({("a", "loss"): JUMP, ("a", "lr"): 0.1}),
    ],
    ids=["series", "long", "long with runs", "categorical", "wide", "wide with runs"],
)
def test_what_users_have_in_hand(x: Any) -> None:
    found = the_only(detect(x))
    assert (found.tag, found.kind, found.onset_step) == ("loss", "divergence", 200)


def test_nan_in_a_wide_frame_is_a_value_where_the_column_is_dense() -> None:
    y = falling()
    y[200:] = np.nan
    sparse = np.where(np.arange(300) % 10 == 0, falling(), np.nan)
    findings = detect(pd.DataFrame({"loss": y, "val_loss": sparse}))
    assert [(each.tag, each.kind) for each in findings] == [("loss", "nonfinite")]


def test_runs_and_experiments(tmp_path: Path) -> None:
    import tbtools

    with tbtools.EventFileWriter(tmp_path / "a") as writer:
        for step, value in enumerate(JUMP):
            writer.add_scalar("loss", float(value), step, 1.7e9 + step)
    experiment = tbtools.load(tmp_path)
    assert the_only(detect(experiment)).run == "a"
    assert the_only(detect(experiment["a"])).onset_step == 200


def test_anything_else_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="int is no path, Run or Experiment"):
        detect([1, 2, 3])  # type: ignore[arg-type]


# Whatever comes


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(np.float64, st.integers(0, 80), elements=st.floats(width=64)),
    st.sampled_from(["loss", "reward", "lr"]),
)
def test_any_values_give_findings_that_are_json(value: np.ndarray, tag: str) -> None:
    findings = detect_series([series(value, tag), series(value, f"val_{tag}")])
    json.dumps(findings.to_dict(), allow_nan=False)
    for each in findings:
        assert 0 <= each.onset_step <= each.end_step < len(value)
        assert each.message
        assert (each.best_step is None) == (each.best_value is None)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2.0**-20, 0.5, 4.0, 2.0**30]))
def test_a_loss_in_other_units_has_the_same_findings(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    # Never positive: what may be judged in its logarithm is so as a loss only.
    y = np.cumsum(rng.normal(size=150)) + rng.choice([0, 50]) * (np.arange(150) > 90) - 500

    def kinds_and_onsets(value: np.ndarray, tag: str = "loss") -> list[tuple[str, int]]:
        return [(each.kind, each.onset_step) for each in detect_series([series(value, tag)])]

    assert kinds_and_onsets(y) == kinds_and_onsets(y * factor)
    assert kinds_and_onsets(y) == kinds_and_onsets(-y, "reward")
