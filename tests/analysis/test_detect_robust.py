"""The statistics that detection stands on, against SciPy, brute force and simulation."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tbtools import extensions
from tbtools.analysis.detect import _levels_python
from tbtools.analysis.detect.signals import excursion, onset, robust
from tbtools.analysis.detect.signals.trend import autocorrelation, trend

finite = st.floats(-1e6, 1e6)


def arrays(low: int, high: int) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float64, st.integers(low, high), elements=finite)


@given(arrays(1, 60))
def test_median(x: np.ndarray) -> None:
    assert robust.median(x) == pytest.approx(np.median(x), abs=1e-9)


@given(arrays(1, 60), st.sampled_from([3, 5, 9, 25]))
def test_running_median(y: np.ndarray, width: int) -> None:
    half = width // 2
    padded = np.concatenate([np.full(half, y[0]), y, np.full(half, y[-1])])
    expected = [np.median(padded[i : i + width]) for i in range(len(y))]
    np.testing.assert_allclose(robust.running_median(y, width), expected, atol=1e-9)


@given(
    hnp.arrays(np.float64, st.integers(1, 300), elements=st.one_of(finite, st.integers(-2, 2))),
    st.sampled_from([3, 5, 7, 25, 127, 129]),
    st.data(),
)
def test_compiled_levels_are_those_of_numpy(x: np.ndarray, width: int, data: st.DataObject) -> None:
    compiled = extensions.compiled("tbtools.analysis.detect._levels")
    if compiled is None:
        pytest.skip("built without a compiler")

    def assert_same(name: str, *arguments: object) -> None:
        found, expected = (getattr(each, name)(*arguments) for each in (compiled, _levels_python))
        np.testing.assert_array_equal(found, expected, name)  # to the last bit

    place = data.draw(st.integers(0, len(x) - 1))
    assert compiled.quantile(x, place) == np.sort(x)[place]
    assert_same("median", x)
    assert_same("running_median", x, width)
    assert_same("first_level", x, 1.0, 3.0, data.draw(st.integers(2, len(x) + 1)))
    assert_same("medians_of_windows", x, width - 1, data.draw(st.integers(0, 50)))
    for points in {1, 2, 3, 8, 9, width} & {*range(1, len(x) + 1)}:
        assert_same("means_of_windows", x, points)
    assert_same("point_noise", x)
    assert_same("level_noise", x)
    assert_same("records", x, data.draw(st.floats(0, 10)))
    assert_same("lag_one", x)
    assert_same("turning_points", x)
    assert_same("autocorrelation", x)
    if len(x) >= 8:
        assert_same("split", x, 3, 5)
        assert_same("least_squares_split", x)
        count = data.draw(st.integers(1, len(x)))
        assert_same("longest_excursion", x, count, data.draw(st.floats(0, 10)))
        assert_same("trend", x[:100], data.draw(st.floats(0, 10)))
        last = data.draw(st.integers(1, len(x)))
        assert_same("bend", x, data.draw(finite), last, data.draw(st.sampled_from([0.0, np.inf])))


def test_compiled_levels_of_many_points_are_those_of_numpy() -> None:
    compiled = extensions.compiled("tbtools.analysis.detect._levels")
    if compiled is None:
        pytest.skip("built without a compiler")
    y = np.random.default_rng(8).normal(size=70_000)
    for name, arguments in {
        "medians_of_windows": (2_500, 100),
        "means_of_windows": (1_093,),
        "point_noise": (),
        "level_noise": (),
        "autocorrelation": (),
    }.items():
        x = y[:2_000] if name in ("autocorrelation", "level_noise") else y
        found, expected = (getattr(m, name)(x, *arguments) for m in (compiled, _levels_python))
        np.testing.assert_array_equal(found, expected, name)


@pytest.mark.parametrize("zeros", [[0.0] * 9, [-0.0] * 9, [0.0, -0.0] * 5, [-0.0, 0.0] * 5])
def test_no_trend_has_no_sign(zeros: list[float]) -> None:
    compiled = extensions.compiled("tbtools.analysis.detect._levels")
    for implementation in filter(None, (compiled, _levels_python)):
        improvement, _ = implementation.trend(np.array(zeros), 1.0)
        assert (improvement, np.signbit(improvement)) == (0, False)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_what_is_no_number_ends_no_search(share: float) -> None:
    rng = np.random.default_rng(4)
    for size in (1, 2, 5, 40, 1000):
        x = np.where(rng.random(size) < share, np.nan, rng.normal(size=size))
        for width in (3, 5, 25):
            assert len(robust.running_median(x, width)) == size
        robust.median(x)
        if share == 1:
            assert np.isnan(robust.median(x))


@given(arrays(8, 200), st.integers(1, 8))
def test_window_medians_are_counted_from_the_end(y: np.ndarray, width: int) -> None:
    found = robust.window_medians(y, width, 5)
    expected = [np.median(y[len(y) - (i + 1) * width :][:width]) for i in range(len(found))]
    assert len(found) == min(5, len(y) // width)
    np.testing.assert_allclose(found[::-1], expected, atol=1e-9)


def test_long_windows_are_sampled_without_losing_the_level() -> None:
    y = np.random.default_rng(0).normal(3, 1, 2_000_000)
    found = robust.window_medians(y, 200_000, 10)
    # A median of 1,024 points varies by 1.25 / 32.
    assert np.abs(found - 3).max() < 4 * 1.25 / 32


def test_window_means_resist_spikes_and_follow_two_outcomes() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(1, 0.1, 1000)
    y[::100] += 1e6
    assert np.abs(robust.window_means(y, 50) - 1).max() < 0.1
    wins = (rng.random(4000) < np.linspace(0.6, 0.9, 4000)).astype(float)
    found = robust.window_means(wins, 1000)
    assert np.all(np.diff(found) > 0)


@pytest.mark.parametrize("slope", [0.0, 0.5, -3.0])
def test_noise_of_points_sees_no_trend(slope: float) -> None:
    y = slope * np.arange(5000) + np.random.default_rng(2).normal(0, 0.7, 5000)
    assert robust.noise_of_points(y) == pytest.approx(0.7, rel=0.05)


def test_noise_of_values_that_mostly_repeat_is_not_zero() -> None:
    y = (np.random.default_rng(3).random(2000) < 0.2).astype(float)
    assert robust.noise_of_points(y) == pytest.approx(0.4, rel=0.6)  # sqrt(0.2 * 0.8)


def test_noise_of_levels_counts_correlated_noise() -> None:
    rng = np.random.default_rng(4)
    y = np.zeros(20_000)
    for i in range(1, len(y)):
        y[i] = 0.9 * y[i - 1] + rng.normal()
    levels = y.reshape(-1, 5).mean(axis=1)
    assert robust.noise_of_levels(levels) == pytest.approx(levels.std(), rel=0.15)


@given(arrays(2, 60))
def test_least_squares_split_against_brute_force(y: np.ndarray) -> None:
    def cost(at: int) -> float:
        return sum(float(np.sum((part - part.mean()) ** 2)) for part in (y[:at], y[at:]))

    best = min(cost(at) for at in range(1, len(y)))
    assert cost(robust.least_squares_split(y)) <= best * (1 + 1e-6) + 1e-3


@pytest.mark.parametrize("at", [3, 10, 25])
@pytest.mark.parametrize("slope", [-1.0, 0.0])
def test_least_squares_bend_finds_the_bend(at: int, slope: float) -> None:
    i = np.arange(40)
    y = np.where(i < at, slope * (i - at), 2.0 * (i - at))
    assert onset.least_squares_bend(y + 7) == at


def test_trend_is_sens_slope_with_the_error_of_least_squares() -> None:
    rng = np.random.default_rng(5)
    levels = -0.1 * np.arange(50) + rng.normal(size=50)
    improvement, error = trend(levels, 1.0)
    slope = scipy.stats.theilslopes(levels).slope
    assert improvement == pytest.approx(-49 * slope)
    regression = scipy.stats.linregress(np.arange(50), levels)
    assert error == pytest.approx(49 * regression.stderr, rel=0.4)


def test_error_of_a_trend_covers_white_and_correlated_noise() -> None:
    """Over many series without a trend, z has about the spread that its name promises."""
    rng = np.random.default_rng(6)
    for phi, most in ((0.0, 1.25), (0.5, 1.6)):
        z = []
        for _ in range(300):
            y = np.zeros(60)
            for i in range(1, 60):
                y[i] = phi * y[i - 1] + rng.normal()
            improvement, error = trend(y, float(y.std()))
            z.append(improvement / error)
        assert np.std(z) < most


@pytest.mark.parametrize("df", [10, 30, 100])
def test_students_quantile_for_few_levels(df: int) -> None:
    probability = scipy.stats.norm.sf(4.0)
    exact = scipy.stats.t.isf(probability, df)
    found = excursion.students(4.0, df)
    # The first term of the expansion falls short where there are few degrees of freedom.
    assert 0.75 * exact < found <= exact * 1.001


def test_autocorrelation_of_a_wave_and_of_noise() -> None:
    wave = autocorrelation(np.sin(2 * np.pi * np.arange(60) / 12))
    assert wave[11] > 0.7
    assert wave[5] < -0.7
    noise = autocorrelation(np.random.default_rng(7).normal(size=400))
    assert np.abs(noise).max() < 0.25


def test_equal_values_have_no_memory_of_their_order() -> None:
    assert (autocorrelation(np.full(40, 3.0)) == 0).all()
    coin = np.random.default_rng(3).integers(0, 2, 400).astype(float)
    expected = [np.corrcoef(coin[lag:], coin[:-lag])[0, 1] for lag in (1, 2, 3)]
    assert autocorrelation(coin)[:3] == pytest.approx(expected, abs=0.02)
