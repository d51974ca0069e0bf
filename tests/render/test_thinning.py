"""Thinning: points keep what the eye looks for, buckets what can be said of all points in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tbtools.render.report.columns import Columns
from tbtools.render.report.series import Drawn, encode_series
from tbtools.render.thinning import Buckets, bucketed, thin
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Callable

SERIES = hnp.arrays(
    np.float64,
    st.integers(1, 400),
    elements=st.one_of(
        st.floats(-1e6, 1e6), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e300, -1e300])
    ),
)


def smoothed(values: np.ndarray, buckets: Buckets, weight: float) -> np.ndarray:
    """The formula of smooth.js, step by step."""
    result, state, decay = [], 0.0, 1.0
    told = buckets.mean(values), buckets.slope(values, buckets.mean(values)), buckets.count
    for mean, slope, n in zip(*told, strict=True):
        if not np.isfinite(mean):
            result.append(mean)
            continue
        total = 0.0
        for place in range(n):
            state = state * weight + (1 - weight) * (mean + slope * (place - (n - 1) / 2))
            decay *= weight
            total += state / (1 - decay) if decay < 1 else state
        result.append(total / n)
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
    kept = thin(values, points)
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
def test_buckets_tell_of_every_point(values: np.ndarray, points: int) -> None:
    buckets = bucketed(values, points)
    np.testing.assert_array_equal(buckets.first[1:], buckets.last[:-1] + 1)
    assert (buckets.first[0], buckets.last[-1]) == (0, len(values) - 1)
    assert len(buckets.first) <= 1.5 * points + 4
    if len(values) <= points:
        np.testing.assert_array_equal(buckets.mean(values), values)
    told = zip(
        *(each.tolist() for each in (buckets.first, buckets.last, buckets.count)),
        *(each(values) for each in (buckets.mean, buckets.low, buckets.high)),
        strict=True,
    )
    for first, last, count, mean, low, high in told:
        inside = values[first : last + 1]
        finite = inside[np.isfinite(inside)]
        assert count == len(finite)
        if count:
            assert (low, high) == (finite.min(), finite.max())
            scale = np.abs(finite).max()
            wanted = pd.Series(finite / len(finite)).sum()
            assert mean == pytest.approx(wanted, abs=1e-9 * scale + 1e-300)
        else:
            np.testing.assert_array_equal(mean, inside[0])


def test_the_slope_is_that_of_the_straight_line_that_fits_best() -> None:
    values = training_curve(1000)
    buckets = bucketed(values, 50)
    ends = zip(buckets.first, buckets.last, strict=True)
    wanted = [
        np.polyfit(np.arange(last - first + 1), values[first : last + 1], 1)[0]
        if last > first
        else 0
        for first, last in ends
    ]
    np.testing.assert_allclose(buckets.slope(values, buckets.mean(values)), wanted, atol=1e-12)


def test_buckets_begin_where_lines_break_and_leave_points_alone() -> None:
    values = training_curve(10_000)
    values[700:900] = np.nan
    begins, alone = np.array([3333, 5000]), np.arange(7770, 7790)
    buckets = bucketed(values, 300, begins=begins, alone=alone)
    assert set(begins) <= set(buckets.first)
    single = set(buckets.first[buckets.first == buckets.last])
    assert {0, 700, 899, 9999, *alone.tolist()} <= single
    assert np.isnan(buckets.mean(values)[buckets.first == 700])


@given(SERIES, st.floats(0, 0.999))
@settings(max_examples=100, deadline=None)
def test_smoothing_is_tensorboards_where_nothing_was_left_out(
    values: np.ndarray, weight: float
) -> None:
    values = np.where(np.abs(values) > 1e200, 1.0, values)
    ours = smoothed(values, bucketed(values, 1000), weight)
    scale = np.abs(values[np.isfinite(values)]).max(initial=1.0)
    np.testing.assert_allclose(ours, debiased_ema(values, weight), rtol=1e-7, atol=1e-9 * scale)


@pytest.mark.parametrize("weight", [0.3, 0.6, 0.9, 0.97, 0.99, 0.999])
def test_smoothing_of_a_thinned_series_errs_less_than_the_noise_that_smoothing_leaves(
    weight: float,
) -> None:
    noise = 0.1
    values = training_curve(10_000, noise)
    buckets = bucketed(values, 240)
    exact = np.add.reduceat(debiased_ema(values, weight), buckets.first)
    error = smoothed(values, buckets, weight) - exact / (buckets.last - buckets.first + 1)
    # Standard deviation of an exponential moving average of white noise.
    left = noise * np.sqrt((1 - weight) / (1 + weight))
    assert np.sqrt(np.mean(error**2)) < 0.15 * left


def test_a_single_spike_among_a_million_points_stays() -> None:
    values = training_curve(1_000_000)
    values[654_321] = 50.0
    values[123_456] = -50.0
    kept = thin(values, 500)
    assert {654_321, 123_456, 0, 999_999} <= set(kept.tolist())


def test_every_local_spike_stays_where_there_are_points_for_them() -> None:
    values = training_curve(20_000, noise=0.01)
    spikes = np.arange(500, 20_000, 1000)
    values[spikes] += 2.0
    assert set(spikes) <= set(thin(values, 400))


def test_many_stretches_of_nan_leave_room_for_the_rest() -> None:
    values = training_curve(10_000)
    values[::2] = np.nan
    kept = thin(values, 400)
    assert len(kept) <= 404
    assert np.isfinite(values[kept]).sum() >= 290


def test_huge_values_do_not_overflow() -> None:
    values = 1.7e308 * np.linspace(-1, 1, 5000)
    buckets = bucketed(values, 100)
    assert np.isfinite(buckets.mean(values)).all()
    assert np.isfinite(buckets.slope(values, buckets.mean(values))).all()
    assert len(thin(values, 100)) >= 95


@pytest.mark.parametrize("thinning", [thin, bucketed])
def test_too_few_points_are_refused(thinning: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="16 points at least"):
        thinning(np.zeros(100), 10)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_series_are_on_a_page_as_if_each_were_thinned_alone(seed: int) -> None:
    """With values that are not finite, steps and times that go back, sessions, findings."""
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(5):
        size = int(random.choice([1, 2, 40, 64, 65, 300]))
        steps, value = np.arange(size), random.normal(size=size)
        times = 1e9 + np.arange(size) / 4
        if random.integers(0, 2):
            value[random.integers(0, size, 3)] = random.choice([np.nan, np.inf, 2.0])
        if random.integers(0, 2):
            steps = steps % max(1, size // int(random.choice([2, 40])))
        if random.integers(0, 3) == 0:
            times[size // 2 :] -= 1e3
            times[0] = np.nan
        series = ScalarSeries.from_arrays("run", "tag", steps, value, times)
        if random.integers(0, 2):
            session = (steps >= size // 2).astype(np.int64)
            series = replace(series, session=session, restarts=np.flatnonzero(np.diff(session)) + 1)
        onsets = random.integers(0, size, random.integers(0, 3)).tolist()
        drawn.append(Drawn(series, int(random.choice([64, 100])), onsets))
    together, alone = Columns(), Columns()
    found = encode_series(drawn, together)
    assert found == [one for each in drawn for one in encode_series([each], alone)]
    assert together.shapes == alone.shapes
    assert together.to_base64() == alone.to_base64()
