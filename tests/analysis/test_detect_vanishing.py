"""Gradients of which next to nothing flows back, what else makes norms fall, and plateaus then."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, Findings, detect_series
from tbtools.runs.series import ScalarSeries

Array = np.ndarray

POINTS = 120
POINT = np.arange(POINTS)
NOISE = np.random.default_rng(4).normal(0, 1, (2, POINTS))
# By six orders of magnitude within a fifth of the run, and no farther.
DIES = 0.03 * 1e-6 ** np.clip((POINT - 2) / 24, 0, 1) * np.exp(0.2 * NOISE[0])
CHANCE = np.full(POINTS, np.log(100)) + 0.004 * NOISE[1]


def judged(norm: Array, loss: Array, tag: str = "grad_norm/features.0") -> Findings:
    steps = 100 * np.arange(1, POINTS + 1)
    return detect_series(
        [
            ScalarSeries.from_arrays("run", tag, steps, norm),
            ScalarSeries.from_arrays("run", "train/loss", steps, loss),
        ]
    )


@pytest.mark.parametrize("tag", ["grad_norm/features.0", "train/grad_norm"])
def test_a_norm_that_dies_from_the_start_while_nothing_is_learned(tag: str) -> None:
    [one] = judged(DIES, CHANCE, tag).of("gradient")
    assert (one.severity, one.tag, one.ongoing) == ("info", tag, True)
    assert 300 <= one.onset_step <= 600
    assert one.message.startswith("next to nothing flows back since step ")
    assert one.evidence["level_before"] == pytest.approx(0.03, rel=0.3)
    assert one.evidence["level_after"] == pytest.approx(3e-8, rel=0.3)


@pytest.mark.parametrize("half_life", [1, 3, 10, 40])
def test_a_norm_that_falls_with_the_loss_is_sound(half_life: int) -> None:
    loss = 0.5 + 4.1 * 0.5 ** (POINT / half_life) + 0.02 * NOISE[1]
    assert not judged(DIES, loss).of("gradient")


def test_a_norm_that_falls_while_the_loss_gains_a_little_all_along_is_sound() -> None:
    assert not judged(DIES, CHANCE - 0.0002 * POINT).of("gradient")


@pytest.mark.parametrize("peak", [20, 300])
def test_the_peak_at_which_training_begins_is_no_level(peak: float) -> None:
    norm = (1 + peak * np.exp(-POINT / 4)) * np.exp(0.2 * NOISE[0])
    assert not judged(norm, CHANCE).of("gradient")


def test_a_norm_that_comes_back_does_not_die() -> None:
    norm = np.where(POINT > 90, 0.03, DIES)
    assert not any("flows back" in each.message for each in judged(norm, CHANCE))


def test_a_frozen_layer_does_not_die() -> None:
    beside = [
        ScalarSeries.from_arrays("run", tag, POINT, value)
        for tag, value in {
            "grad_norm": np.exp(0.2 * NOISE[0]),
            "grad_norm/layer.0": np.zeros(POINTS),
            "train/loss": CHANCE,
        }.items()
    ]
    assert not detect_series(beside).of("gradient")


# -- a plateau under a rate that comes to its end


def plateau_beside(norm: Array, *, stands: int = 50) -> Finding:
    """The plateau of a loss that has stood still since a point, under a rate that falls to zero."""
    steps = 10 * np.arange(1, POINTS + 1)
    loss = 1.5 + 2.5 * np.exp(-np.minimum(POINT, stands) / 18) + 0.01 * NOISE[1]
    series = {
        "train/loss": loss,
        "train/grad_norm": norm * np.exp(0.15 * NOISE[0]),
        "train/learning_rate": 5e-5 * (1 - POINT / POINTS),
    }
    found = detect_series(
        ScalarSeries.from_arrays("run", tag, steps, value) for tag, value in series.items()
    )
    [one] = found.of("plateau")
    return one


@pytest.mark.parametrize("stands", [45, 50, 55])
def test_no_schedule_explains_a_plateau_since_the_gradients_vanished(stands: int) -> None:
    one = plateau_beside(np.where(stands > POINT, 1.1, 1e-5), stands=stands)
    assert one.severity == "warning"
    assert "the learning rate is at its end" in one.message
    assert f"next to nothing flows back since step {10 * (stands + 1)} (train/g" in one.message
    assert "explained_by" not in one.evidence


@pytest.mark.parametrize("after", [1.1, 0.3, 0.07])
def test_a_schedule_explains_a_plateau_while_gradients_flow_back(after: float) -> None:
    one = plateau_beside(np.where(POINT < 50, 1.1, after))
    assert (one.severity, one.evidence["explained_by"]) == ("info", "learning_rate")


def test_gradients_that_vanish_long_after_a_plateau_began_are_not_why() -> None:
    one = plateau_beside(np.where(POINT < 85, 1.1, 1e-5))
    assert (one.severity, one.evidence["explained_by"]) == ("info", "learning_rate")


@pytest.mark.parametrize(("left", "told"), [(2.05, True), (2.35e-4, False)])
def test_a_norm_falls_a_million_times_with_a_loss_that_does_so_too(left: float, told: bool) -> None:
    falls = np.clip((POINT - 20) / 40, 0, 1)
    loss = 2.35 * (left / 2.35) ** falls * np.exp(0.01 * NOISE[1])
    found = judged(0.4 * 1e-6**falls * np.exp(0.1 * NOISE[0]), loss, "grad_norm")
    assert bool(found.of("collapse")) == told


def test_a_norm_that_comes_back_at_the_last_point_is_no_error() -> None:
    flushed = np.array([1, 1] + [6e-5, 6e-8] * 10)
    steps = np.arange(22)
    detect_series(
        [
            ScalarSeries.from_arrays("run", "grad_norm", steps, flushed),
            ScalarSeries.from_arrays("run", "train/loss", steps, 2.3 + 0.01 * np.sin(2 * steps)),
        ]
    )
