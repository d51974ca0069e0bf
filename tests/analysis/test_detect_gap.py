"""The gap to the training series as evidence: what validation alone would not show."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, detect_series
from tbtools.analysis.detect.signals import chance
from tbtools.runs.series import ScalarSeries


def found(train: np.ndarray, val: np.ndarray | list[float]) -> list[Finding]:
    series = {"train/loss": train, "val/loss": np.asarray(val, float)}
    return list(
        detect_series(
            ScalarSeries.from_arrays("run", tag, np.arange(len(value)), value)
            for tag, value in series.items()
        )
    )


def noise(n: int, sigma: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, n)


def falling(n: int) -> np.ndarray:
    return np.exp(-2 * np.linspace(0, 1, n))


def resting(n: int) -> np.ndarray:
    """Falls as fast at first, and has nothing to learn any more from the middle on."""
    return 0.4 + np.exp(-20 * np.linspace(0, 1, n))


def valley(n: int, at: int, rise: float) -> np.ndarray:
    away = np.arange(n) - at
    return 1 + np.where(away < 0, 0.3 * (away / at) ** 2, rise * away / (n - 1 - at))


def test_a_rise_of_five_times_its_noise_is_told_beside_a_training_loss_that_goes_on() -> None:
    """Of 40 pairs nearly all; without the training loss the same rise is as good as none."""
    told, placed, resting_told = 0, 0, 0
    for seed in range(40):
        val = valley(24, 8, 0.25) + noise(24, 0.05, seed)
        overfits = [each for each in found(falling(24), val) if each.kind == "overfitting"]
        told += bool(overfits)
        placed += sum(3 <= each.onset_step <= 13 for each in overfits)
        resting_told += any(each.kind == "overfitting" for each in found(resting(24), val))
    assert told >= 37
    assert placed >= 0.95 * told
    assert resting_told < told


@pytest.mark.parametrize("n", [8, 12, 16, 24, 40, 60])
def test_a_level_in_independent_noise_is_told_in_two_of_a_hundred_at_most(n: int) -> None:
    alarms = sum(
        any(each.kind == "overfitting" for each in found(falling(n), np.exp(noise(n, 0.1, seed))))
        for seed in range(300)
    )
    assert alarms <= 9  # 6 would be two in a hundred


@pytest.mark.parametrize("points", [10, 16, 32, 64])
def test_noise_reaches_what_is_asked_beside_a_twin_in_one_series_of_a_hundred(points: int) -> None:
    rng = np.random.default_rng(points)
    least = chance.least_explained(points, chance.LEAST_BESIDE_A_TWIN)
    found = sum(chance.beside_a_twin(rng.normal(size=points)) > least for _ in range(800))
    assert found <= 16  # 8 are one in a hundred


@pytest.mark.parametrize(
    "losses",
    [
        [0.34, 0.36, 0.39, 0.46, 0.43, 0.49],  # one of six in no order
        [0.5, 0.55, 0.6, 0.66, 0.7],
        [0.42, 0.43, 0.5, 0.56, 0.6, 0.66, 0.65],
    ],
)
def test_five_evaluations_worse_from_each_to_the_next_are_overfitting(losses: list[float]) -> None:
    [finding] = found(falling(len(losses)), losses)
    assert (finding.kind, finding.severity, finding.onset_step) == ("overfitting", "warning", 0)


@pytest.mark.parametrize(
    "losses",
    [
        [0.5, 0.55, 0.6, 0.66],
        [0.5, 0.55, 0.6, 0.58, 0.7],  # one of five in no order
        [0.5, 0.51, 0.53, 0.55, 0.58],  # by less than a quarter
        [0.5, 0.62, 0.58, 0.66, 0.61, 0.7],  # two of six
        [0.52, 0.5, 0.55, 0.6, 0.66],
    ],
)
def test_fewer_or_less_are_not(losses: list[float]) -> None:
    assert found(falling(len(losses)), losses) == []


def test_five_evaluations_are_nothing_where_training_is_at_rest() -> None:
    rest = np.array([0.42, 0.41, 0.41, 0.4, 0.4])
    assert found(rest, [0.5, 0.55, 0.6, 0.66, 0.7]) == []


@pytest.mark.parametrize("n", [5, 16])
def test_a_validation_loss_that_is_always_zero_was_not_measured(n: int) -> None:
    [finding] = found(falling(n), np.zeros(n))
    assert (finding.kind, finding.severity, finding.tag) == ("collapse", "warning", "val/loss")
    assert finding.onset_step == 0
    assert "nothing was measured" in finding.message


@pytest.mark.parametrize(
    ("train", "val", "tag"),
    [
        (falling(16), np.zeros(16), "kl_loss"),  # a term that is not added there
        (np.zeros(16), np.zeros(16), "loss"),
        (falling(16), np.where(np.arange(16) < 15, 0, 0.1), "loss"),
        (falling(4), np.zeros(4), "loss"),
    ],
)
def test_other_zeros_of_validation_are_no_such_thing(
    train: np.ndarray, val: np.ndarray, tag: str
) -> None:
    series = {"train/loss": train, f"train/{tag}": train, f"val/{tag}": val}
    findings = detect_series(
        ScalarSeries.from_arrays("run", name, np.arange(len(value)), value)
        for name, value in series.items()
    )
    assert not findings.of("collapse")


@pytest.mark.parametrize("peak", [0.007, 0.3])
def test_a_score_that_never_learned_does_not_overfit(peak: float) -> None:
    score = peak * np.interp(np.arange(20), [0, 4, 19], [0, 1, 0.2])
    score[5:] += noise(15, 0.01 * peak, 0)
    series = {"train/box_loss": falling(20), "metrics/mAP50-95(B)": score}
    findings = detect_series(
        ScalarSeries.from_arrays("run", tag, np.arange(20), value) for tag, value in series.items()
    )
    assert len(findings.of("overfitting")) == (peak > 0.1)


@pytest.mark.parametrize("times", [1, 40])
def test_a_score_that_never_learned_does_not_diverge(times: int) -> None:
    score = [0, *[1 / 300] * 17, *[0.0075] * 2, *[0.0088] * 2, *[0.008] * 4, *[1 / 300] * 24]
    findings = detect_series(
        [
            ScalarSeries.from_arrays(
                "run", "metrics/precision(B)", np.arange(50), times * np.array(score)
            )
        ]
    )
    assert len(findings.of("divergence")) == (times > 1)


@pytest.mark.parametrize("reward", ["rises", "falls"])
def test_the_loss_of_values_falls_to_nothing_while_rewards_rise(reward: str) -> None:
    n = np.arange(80)
    value = np.where(n < 25, 20, 0.3 * np.exp(-0.4 * (n - 25.0))).clip(1e-6)
    value *= np.exp(noise(80, 0.5, 0))
    gained = 10.0 * n if reward == "rises" else 500 - 6.0 * n
    series = {"train/value_loss": value, "rollout/ep_rew_mean": gained + noise(80, 2, 1)}
    findings = detect_series(
        ScalarSeries.from_arrays("run", tag, n, values) for tag, values in series.items()
    )
    assert len(findings.of("collapse")) == (reward == "falls")


def test_an_accuracy_that_stood_still_and_begins_to_learn_does_not_oscillate() -> None:
    stood = [7 / 64] * 20 + [6 / 64] * 38
    moves = [5 / 64, 4 / 64, 9 / 64, 10 / 64, 10 / 64, 10 / 64, 8 / 64, 9 / 64, 10 / 64, 10 / 64]
    accuracy = np.array(stood + moves)
    findings = detect_series(
        [ScalarSeries.from_arrays("run", "val_acc", np.arange(len(accuracy)), accuracy)]
    )
    assert not findings.of("divergence")


@pytest.mark.parametrize(
    "losses",
    [
        [6.095, 4.036, 3.663, 3.499, 3.565, 3.717, 3.874],
        [10.8, 4.1, 3.6, 3.75, 3.9, 4.1],
    ],
)
def test_a_rise_in_order_is_told_behind_a_fall_from_having_learned_nothing(
    losses: list[float],
) -> None:
    [finding] = found(falling(len(losses)), losses)
    assert (finding.kind, finding.severity) == ("overfitting", "warning")
    assert finding.onset_step == int(np.argmin(losses))


@pytest.mark.parametrize(
    "losses",
    [
        [6.1, 4.0, 3.7, 3.5, 3.9, 3.7, 3.874],  # in no order
        [6.1, 4.0, 3.7, 3.5, 3.51, 3.53, 3.9],  # at its last point
        [6.1, 4.0, 3.7, 3.5, 3.55, 3.6, 3.65],  # by less than a tenth
        [6.1, 4.0, 3.7, 3.6, 3.5, 3.7, 3.9],  # two are no order
    ],
)
def test_what_comes_to_rest_behind_such_a_fall_is_none(losses: list[float]) -> None:
    assert found(falling(len(losses)), losses) == []
