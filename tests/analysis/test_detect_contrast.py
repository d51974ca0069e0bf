"""What gets worse by little more than its points scatter: all points behind a split together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbtools.analysis.detect import Finding, detect_series
from tbtools.analysis.detect.signals import contrast
from tbtools.runs.series import ScalarSeries


def found(tag: str, values: np.ndarray) -> list[Finding]:
    series = ScalarSeries.from_arrays("run", tag, np.arange(len(values)), values)
    return [each for each in detect_series([series]) if each.is_serious]


def correlated(rng: np.random.Generator, n: int, phi: float) -> np.ndarray:
    shocks = rng.normal(size=n + 64)
    y = np.zeros(n + 64)
    for i in range(1, n + 64):
        y[i] = phi * y[i - 1] + shocks[i]
    return y[64:] * (1 - phi**2) ** 0.5


@pytest.mark.parametrize(("n", "least"), [(30, 3.5), (60, 2.5), (150, 1.8), (600, 1.5)])
def test_a_return_lost_in_its_scatter_is_told_from_where_it_was_lost(n: int, least: float) -> None:
    at = n * 3 // 5
    for seed in range(5):
        rng = np.random.default_rng(seed)
        value = 20 - least * (np.arange(n) >= at) + rng.normal(size=n)
        [finding] = found("rollout/ep_rew_mean", value)
        assert finding.kind == "divergence"
        assert abs(finding.onset_step - at) <= 0.05 * n
        # One point tells nothing: what is told is the level of all behind it.
        assert finding.evidence["level_before"] == pytest.approx(20, abs=1)


def test_the_smallest_step_that_there_is() -> None:
    value = np.where(np.arange(100) < 50, 0.0, np.nextafter(0, 1))
    rise, onset = contrast.find(value, 0.0) or pytest.fail("nothing is found")
    assert (rise.base, rise.gap, onset.sudden) == (0, np.nextafter(0, 1), True)


def test_a_slow_loss_is_told_from_about_where_it_begins() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        since = np.clip(np.arange(200) - 80, 0, None)
        value = -3.5 * (1 - np.exp(-since / 20)) + rng.normal(size=200)
        [finding] = found("eval/mean_reward", value)
        assert finding.kind == "divergence"
        assert 40 <= finding.onset_step <= 100


def test_what_scatters_in_proportion_to_its_level_is_judged_by_logarithms() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        rise = np.log(2.2) * (np.arange(60) >= 25)
        [finding] = found("train/loss", np.exp(rise + 0.3 * rng.normal(size=60)))
        assert finding.kind == "divergence"
        assert abs(finding.onset_step - 25) <= 3


@pytest.mark.parametrize("phi", [0.0, 0.3])
@pytest.mark.parametrize("n", [8, 12, 24, 64, 128, 500])
def test_noise_about_a_level_seldom_has_such_a_rise(n: int, phi: float) -> None:
    rng = np.random.default_rng(n)
    rises = [
        contrast.find(correlated(rng, n, phi), floor=0.0, effect=0.0) is not None
        for _ in range(300)
    ]
    assert sum(rises) <= 5  # 3 are one in a hundred


@given(st.lists(st.floats(0, 1e6), min_size=8, max_size=200), st.floats(-1e6, 1e6))
def test_what_never_gets_worse_has_none(falls: list[float], start: float) -> None:
    y = start - np.cumsum(falls)
    assert contrast.find(y, floor=0.0, effect=0.0) is None


def test_what_comes_back_is_none() -> None:
    t = np.arange(120)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        dip = 3 * np.exp(-(((t - 60) / 10) ** 2))
        assert found("return", 5 * t / 120 - dip + rng.normal(size=120)) == []


def test_a_wave_as_there_were_before_is_none() -> None:
    t = np.arange(160)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        wave = 2 * np.sin(2 * np.pi * (t / 40 + 0.1)) + 0.5 * rng.normal(size=160)
        assert not [each for each in found("return", wave) if each.kind == "divergence"]
