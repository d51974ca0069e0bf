"""What is lost by level: how much is worth the name, what else is evidence, and since when."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, detect_series
from tbtools.runs.series import ScalarSeries

Array = np.ndarray


def series(value: Array, tag: str) -> ScalarSeries:
    return ScalarSeries.from_arrays("run", tag, np.arange(len(value)), value)


def diverged(*every: ScalarSeries) -> Finding | None:
    found = detect_series(every).of("divergence")
    return found[0] if found else None


def correlated(rng: np.random.Generator, n: int, phi: float) -> Array:
    shocks = rng.normal(size=n + 64)
    y = np.zeros(n + 64)
    for i in range(1, n + 64):
        y[i] = phi * y[i - 1] + shocks[i]
    return y[64:] * (1 - phi**2) ** 0.5


def pretraining(n: int, at: int) -> Array:
    """A loss that falls from 10 by a power law, most of it at once, and rests from a point on."""
    return 2.6 + 7.4 * (1 + np.minimum(np.arange(n), at) / 8) ** -0.45


# ---- how much


@pytest.mark.parametrize("n", [1200, 2000])
def test_a_jump_that_everybody_sees_is_told_though_most_was_learned_at_first(n: int) -> None:
    at = n * 7 // 10
    for seed in range(5):
        fall = pretraining(n, at)
        achieved = np.quantile(fall[:at], 0.75) - fall[at]
        noise = np.random.default_rng(seed).normal(0, 0.02, n)
        finding = diverged(series(fall + 0.16 * achieved * (np.arange(n) >= at) + noise, "lm loss"))
        assert finding is not None
        assert abs(finding.onset_step - at) <= 3


def test_a_jump_by_a_fiftieth_of_what_was_achieved_is_none() -> None:
    for seed in range(5):
        value = np.exp(-np.arange(1000) / 200) + 0.02 * (np.arange(1000) >= 800)
        value += np.random.default_rng(seed).normal(0, 0.001, 1000)
        assert diverged(series(value, "train/loss")) is None


# ---- what else is evidence


def test_a_small_rise_is_told_where_the_gradient_exploded_before_it() -> None:
    n, at = 600, 330
    told = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        since = np.clip(np.arange(n) - at, 0, None) / (n - at)
        fall = np.exp(-np.arange(n) / 90)
        loss = 2 + fall + 0.027 * (since > 0.25) + rng.normal(0, 0.003, n)
        norm = 0.3 * np.exp(np.log(14) * since) * np.exp(rng.normal(0, 0.05, n))
        alone = diverged(series(loss, "train/loss"))
        beside = diverged(series(loss, "train/loss"), series(norm, "train/grad_norm"))
        assert alone is None or beside is not None
        told.append((alone is not None, beside is not None))
    assert sum(beside for _, beside in told) >= 5
    assert sum(alone for alone, _ in told) <= 1


def test_successes_that_stop_are_told_by_all_episodes_together() -> None:
    told = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        share = np.where(np.arange(500) < 330, 0.33, 0.03)
        won = (rng.uniform(size=500) < share).astype(float)
        finding = diverged(series(won, "success"))
        told.append(finding is not None and abs(finding.onset_step - 330) <= 50)
    assert sum(told) >= 16


def test_successes_at_random_are_none() -> None:
    for seed in range(40):
        won = np.random.default_rng(seed).uniform(size=500) < 0.3
        assert diverged(series(won.astype(float), "success")) is None


def test_means_of_many_points_forget_a_short_memory() -> None:
    told = []
    for seed in range(10):
        noise = correlated(np.random.default_rng(seed), 600, 0.6)
        value = 40 - 2.5 * (np.arange(600) >= 400) + noise
        finding = diverged(series(value, "eval/mean_reward"))
        told.append(finding is not None and abs(finding.onset_step - 400) <= 60)
    assert sum(told) >= 9


# ---- since when


@pytest.mark.parametrize("took", [0.03, 0.06, 0.1])
def test_what_falls_at_once_and_stays_is_not_dated_to_the_level_before(took: float) -> None:
    n, at = 400, 220
    errors = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        learned = 1 - np.exp(-np.arange(n) / 60)
        lost = np.clip((np.arange(n) - at) / (took * n), 0, 1)
        value = 0.2 + 0.6 * learned - 0.3 * lost + rng.normal(0, 0.035, n)
        finding = diverged(series(value, "reward"))
        assert finding is not None
        errors.append((finding.onset_step - at) / n)
    assert abs(float(np.median(errors))) <= 0.02
    assert sum(abs(error) <= 0.05 for error in errors) >= 8


def test_of_stairs_the_first_is_the_onset() -> None:
    n, at = 300, 60
    for seed in range(5):
        since = np.clip(np.arange(n) - at, -1, None)
        stairs = np.ceil(4 * (since + 1) / (n - at)) / 4
        value = 1 - 0.8 * np.minimum(np.arange(n) / 30, 1) + 0.8 * stairs
        value += np.random.default_rng(seed).normal(0, 0.004, n)
        finding = diverged(series(value, "train_loss"))
        assert finding is not None
        assert abs(finding.onset_step - at) <= 6


@pytest.mark.parametrize("power", [1, 2])
def test_a_valley_is_left_at_its_bottom(power: int) -> None:
    n, at = 240, 120
    for seed in range(5):
        fall = np.clip(1 - np.arange(n) / at, 0, None)
        rise = (np.clip(np.arange(n) - at, 0, None) / (n - at)) ** power
        value = 1 + fall + 2 * rise + np.random.default_rng(seed).normal(0, 0.01, n)
        finding = diverged(series(value, "train/loss"))
        assert finding is not None
        assert abs(finding.onset_step - at) <= 0.1 * n
