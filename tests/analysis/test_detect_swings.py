"""Runs that come back again and again: from farther away, not all the way, or better each time."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, detect_series
from tbtools.runs.series import ScalarSeries


def divergences(y: np.ndarray, tag: str = "train/loss", **beside: np.ndarray) -> list[Finding]:
    every = {tag: y, **{name.replace("__", "/"): value for name, value in beside.items()}}
    series = [
        ScalarSeries.from_arrays("run", name, np.arange(len(value)), value)
        for name, value in every.items()
    ]
    return [each for each in detect_series(series).of("divergence") if each.tag == tag]


def noise(n: int, seed: int = 0, sigma: float = 0.02) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, n)


def since(n: int, at: int) -> np.ndarray:
    """From 0 at a point to 1 at the end."""
    return np.clip(np.arange(n) - at, 0, None) / (n - at)


@pytest.mark.parametrize("n", [100, 400, 5000])
@pytest.mark.parametrize("waves", [5.5, 7, 9])
def test_long_waves_that_grow(n: int, waves: float) -> None:
    """The loss is back at its level after each wave, and each goes higher."""
    t = since(n, int(0.4 * n))
    y = 1 + t * (1 - np.cos(2 * np.pi * waves * t)) + noise(n)
    (found,) = divergences(y)
    assert found.onset_step == pytest.approx(0.4 * n, abs=0.12 * n)


def test_a_return_swings_in_the_same_way() -> None:
    t = since(300, 150)
    y = 200 - 150 * t * (1 - np.cos(2 * np.pi * 6 * t)) + noise(300, sigma=2)
    (found,) = divergences(y, "rollout/ep_rew_mean")
    assert found.onset_step == pytest.approx(150, abs=30)


@pytest.mark.parametrize("teeth", [5, 8])
def test_a_sawtooth_with_higher_and_higher_teeth(teeth: int) -> None:
    t = since(600, 200)
    y = np.exp(-np.arange(600) / 40) + 0.5 + 2 * (0.6 * t + 0.4 * (teeth * t % 1))
    (found,) = divergences(y + noise(600))
    assert found.onset_step == pytest.approx(200, abs=60)


@pytest.mark.parametrize("n", [120, 2000])
def test_to_and_fro_between_two_levels_that_are_both_worse(n: int) -> None:
    at = n // 4
    y = 0.5 + 2 * np.exp(-np.arange(n) / (0.05 * n))
    y[at:] = 1 + 1.0 * (np.arange(n - at) // (n // 16) % 2 == 0)
    (found,) = divergences(y + noise(n))
    assert found.onset_step == pytest.approx(at, abs=3)


def thrown_out(heights: list[float], floors: list[float]) -> np.ndarray:
    """A loss that is thrown out every 40 points, and comes back to a floor within twenty."""
    falls = 5 * np.exp(-np.arange(100) / 15) + floors[0]
    waves = [
        floor + height * np.exp(-np.arange(40) / 3)
        for height, floor in zip(heights, floors, strict=True)
    ]
    y = np.concatenate([falls, *waves])
    return y * np.exp(noise(len(y), sigma=0.05))


def test_a_loss_thrown_out_ever_higher_is_told_though_a_score_improves() -> None:
    """As of Adam without a floor under its second moments: the test score goes on to rise."""
    heights, floors = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4], [0.004, 0.006, 0.01, 0.016, 0.025, 0.04]
    y = thrown_out(heights, floors)
    score = np.linspace(0.1, 0.6, len(y)) + noise(len(y), seed=1, sigma=0.01)
    (found,) = divergences(y, test__acc=score)
    assert found.severity == "warning"
    assert found.onset_step == pytest.approx(100, abs=5)


def test_slingshots_to_a_new_best_each_time_are_no_fault() -> None:
    heights, floors = [2.0, 0.5, 1.0, 0.7, 1.5, 0.8], [0.02, 0.01, 0.005, 0.002, 0.001, 0.0005]
    assert not divergences(thrown_out(heights, floors))


def test_swings_that_grow_on_the_way_down() -> None:
    """The level falls to the end, but the worse side has risen since its best for a third."""
    n = 800
    t = np.arange(n) / n
    y = 3 - 2 * t + 0.02 * np.exp(5 * since(n, 300)) * np.sin(np.arange(n))
    (found,) = divergences(y + noise(n))
    assert found.evidence["may_recover"]


def test_waves_of_the_learning_rate_are_planned() -> None:
    """A rate that goes up ever higher, as in a test of rates in cycles, and the loss with it."""
    t = since(300, 60)
    wave = t * (1 - np.cos(2 * np.pi * 8 * t))
    y = 1 + wave + noise(300)
    assert divergences(y)
    assert not divergences(y, lr=0.1 + wave)


def test_tasks_that_become_harder_raise_a_loss_again_and_again() -> None:
    t = since(600, 100)
    y = 1 + t * (1 - 6 * t % 1) + noise(600)
    assert not divergences(y, curriculum__level=np.floor(1 + 6 * t))


@pytest.mark.parametrize("seed", range(10))
def test_waves_of_one_height_are_those_of_a_cyclic_rate(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cycles = np.linspace(0, rng.uniform(4, 12), 700)
    wave = rng.uniform(0.7, 1.3, 13)[cycles.astype(int)] * (1 - np.cos(2 * np.pi * cycles))
    y = 1 + 2 * np.exp(-np.arange(700) / 300) + 0.2 * wave + noise(700, seed)
    assert not divergences(y)


@pytest.mark.parametrize("cycles", [3, 4, 5])
@pytest.mark.parametrize("seed", range(4))
def test_warm_restarts_whose_cycles_double_are_sound(cycles: int, seed: int) -> None:
    """Each cycle ends lower than the one before, however long its first part is high."""
    phase = np.concatenate([np.arange(k) / k for k in 40 * 2 ** np.arange(cycles)])
    n = len(phase)
    y = 1 + np.exp(-np.arange(n) / 400) + 0.15 * (1 + np.cos(np.pi * phase)) + noise(n, seed)
    assert not divergences(y)
