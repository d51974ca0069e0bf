"""Thinning keeps what the eye looks for, and enough to smooth the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tbtools.render.thinning import Thinned, gap_means, thin

SERIES = hnp.arrays(
    np.float64,
    st.integers(1, 400),
    elements=st.one_of(
        st.floats(-1e6, 1e6), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e300, -1e300])
    ),
)


def smoothed(values: np.ndarray, thinned: Thinned, weight: float) -> np.ndarray:
    """The formula of smooth.js, step by step."""
    result, state, decay = [], 0.0, 1.0
    for value, count, mean in zip(
        values[thinned.kept], thinned.gap_count, thinned.gap_mean, strict=True
    ):
        state = state * weight**count + (1 - weight**count) * mean
        decay *= weight**count
        if np.isfinite(value):
            state = state * weight + (1 - weight) * value
            decay *= weight
            value = state / (1 - decay)
        result.append(value)
    return np.array(result)


def debiased_ema(values: np.ndarray, weight: float) -> np.ndarray:
    finite = pd.Series(np.where(np.isfinite(values), values, np.nan))
    mean = finite.ewm(alpha=1 - weight, adjust=True, ignore_na=True).mean()
    return np.where(np.isfinite(values), mean, values)


def training_curve(count: int, noise: float = 0.1) -> np.ndarray:
    random = np.random.default_rng(7)
    return 3 * np.exp(-np.arange(count) / 2000) + noise * random.standard_normal(count)


@given(SERIES, st.integers(16, 80))
@settings(max_examples=150, deadline=None)
def test_keeps_ends_extremes_and_the_edges_of_what_is_not_finite(
    values: np.ndarray, points: int
) -> None:
    kept = thin(values, points).kept
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= points + 4
    if len(values) <= points:
        assert len(kept) == len(values)
    finite = np.flatnonzero(np.isfinite(values))
    if len(finite):
        assert {finite[0], finite[-1]} <= set(kept)
        assert values[finite].min() in values[kept]
        assert values[finite].max() in values[kept]
    edges = np.flatnonzero(np.diff(np.isfinite(values).astype(int), prepend=1, append=1))
    if len(edges) <= points // 4:
        firsts = edges[::2]
        lasts = edges[1::2] - 1
        assert set(firsts) | set(lasts) <= set(kept)


@given(SERIES, st.integers(16, 80))
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_between_the_kept_points(values: np.ndarray, points: int) -> None:
    thinned = thin(values, points)
    finite = np.isfinite(values)
    within = finite[: thinned.kept[-1] + 1].sum()
    assert thinned.gap_count.sum() + finite[thinned.kept].sum() == within
    assert thinned.gap_count[0] == 0 or thinned.kept[0] > 0
    for at, (low, high) in enumerate(zip(thinned.kept, thinned.kept[1:], strict=False), start=1):
        between = values[low + 1 : high][finite[low + 1 : high]]
        assert thinned.gap_count[at] == len(between)
        if len(between):
            wanted = np.sum(between / len(between))
            scale = np.abs(between).max()
            assert thinned.gap_mean[at] == pytest.approx(wanted, abs=1e-9 * scale + 1e-300)


@given(SERIES, st.floats(0, 0.999))
@settings(max_examples=100, deadline=None)
def test_smoothing_is_tensorboards_where_nothing_was_left_out(
    values: np.ndarray, weight: float
) -> None:
    values = np.where(np.abs(values) > 1e200, 1.0, values)
    ours = smoothed(values, thin(values, 1000), weight)
    scale = np.abs(values[np.isfinite(values)]).max(initial=1.0)
    np.testing.assert_allclose(ours, debiased_ema(values, weight), rtol=1e-7, atol=1e-9 * scale)


@pytest.mark.parametrize("weight", [0.3, 0.6, 0.9, 0.97, 0.99, 0.999])
def test_smoothing_of_a_thinned_series_errs_less_than_the_noise_that_smoothing_leaves(
    weight: float,
) -> None:
    noise = 0.1
    values = training_curve(10_000, noise)
    thinned = thin(values, 240)
    error = smoothed(values, thinned, weight) - debiased_ema(values, weight)[thinned.kept]
    # Standard deviation of an exponential moving average of white noise.
    left = noise * np.sqrt((1 - weight) / (1 + weight))
    assert np.sqrt(np.mean(error**2)) < 0.75 * left


def test_a_single_spike_among_a_million_points_stays() -> None:
    values = training_curve(1_000_000)
    values[654_321] = 50.0
    values[123_456] = -50.0
    kept = thin(values, 500).kept
    assert {654_321, 123_456, 0, 999_999} <= set(kept.tolist())


def test_every_local_spike_stays_where_there_are_points_for_them() -> None:
    values = training_curve(20_000, noise=0.01)
    spikes = np.arange(500, 20_000, 1000)
    values[spikes] += 2.0
    assert set(spikes) <= set(thin(values, 400).kept)


def test_many_stretches_of_nan_leave_room_for_the_rest() -> None:
    values = training_curve(10_000)
    values[::2] = np.nan
    kept = thin(values, 400).kept
    assert len(kept) <= 404
    assert np.isfinite(values[kept]).sum() >= 290


def test_huge_values_do_not_overflow() -> None:
    values = 1.7e308 * np.linspace(-1, 1, 5000)
    thinned = thin(values, 100)
    assert np.isfinite(thinned.gap_mean).all()
    assert len(thinned.kept) >= 95


def test_gap_means_of_other_values_at_the_same_points() -> None:
    counts, means = gap_means(np.arange(10.0), np.array([0, 4, 5, 9]))
    assert counts.tolist() == [0, 3, 0, 3]
    assert means.tolist() == pytest.approx([0.0, 2.0, 0.0, 7.0])


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="16 points at least"):
        thin(np.zeros(100), 10)
