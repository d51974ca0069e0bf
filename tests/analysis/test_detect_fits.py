"""Levels, lines and ramps that are fitted to a rise, against least squares by NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose

from tbtools import extensions
from tbtools.analysis.detect import _fits_python

finite = st.floats(-1e3, 1e3)
fits = extensions.compiled_or_python("tbtools.analysis.detect._fits")


def values(low: int, high: int) -> st.SearchStrategy[np.ndarray]:
    elements = st.one_of(finite, st.integers(-2, 2))
    return hnp.arrays(np.float64, st.integers(low, high), elements=elements)


def left_about(y: np.ndarray, *models: np.ndarray) -> float:
    """The squares about the best sum of a constant and multiples of models."""
    model = np.stack([np.ones(len(y)), *models], axis=1)
    return float(np.sum((y - model @ np.linalg.lstsq(model, y, rcond=None)[0]) ** 2))


@given(values(4, 300), st.data())
def test_compiled_fits_are_those_of_numpy(y: np.ndarray, data: st.DataObject) -> None:
    compiled = extensions.compiled("tbtools.analysis.detect._fits")
    if compiled is None:
        pytest.skip("built without a compiler")

    def assert_same(name: str, *arguments: object) -> None:
        found, expected = (getattr(each, name)(*arguments) for each in (compiled, _fits_python))
        assert found == expected, name  # to the last bit

    point = data.draw(st.integers(0, len(y) - 1))
    assert_same("two_levels", y)
    assert_same("bend", y, data.draw(st.sampled_from([1e-9, 0.3])))
    assert_same("slope", y, point, np.linspace(point + 1, len(y) - 1, 8))
    assert_same("ramp", y, 1.1)
    assert_same("squares_about_ramp", y, point)


@given(values(1, 60))
def test_two_levels(y: np.ndarray) -> None:
    at, whole, left, gain = fits.two_levels(y)
    assert whole == pytest.approx(np.sum((y - y.mean()) ** 2), abs=1e-6)
    if len(y) > 1:
        parts = (y[:at], y[at:])
        assert left == pytest.approx(
            sum(np.sum((one - one.mean()) ** 2) for one in parts), abs=1e-6
        )
    assert gain == pytest.approx(whole - left, abs=1e-6)


@given(values(4, 40))
def test_no_bend_explains_more(y: np.ndarray) -> None:
    def left(bend: int) -> float | None:
        away = np.arange(len(y)) - bend
        models = np.minimum(away, 0), np.maximum(away, 0)
        _, down, up = np.linalg.lstsq(np.stack([away**0, *models], axis=1), y, rcond=None)[0]
        return left_about(y, *models) if down < 0 < up else None

    every = [each for each in map(left, range(1, len(y) - 1)) if each is not None]
    found = fits.bend(y, 1e-9)
    away = np.arange(len(y)) - found
    if every and found:
        rest = left_about(y, np.minimum(away, 0), np.maximum(away, 0))
        assert rest <= min(every) * (1 + 1e-6) + 1e-3


@given(values(4, 60), st.data())
def test_slope(y: np.ndarray, data: st.DataObject) -> None:
    bend = data.draw(st.integers(0, len(y) - 1))
    ends = np.linspace(bend + 1, len(y) - 1, 8)
    away = np.arange(len(y)) - bend
    models = [(np.minimum(away, 0), np.clip(away, 0, end - bend)) for end in ends]
    expected = min(left_about(y, *each) for each in models)
    assert_allclose(fits.slope(y, bend, ends), expected, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("points", [40, 100, 250, 900])
@pytest.mark.parametrize("power", [0.5, 0.75, 1.0, 1.25])
def test_ramp_of_any_power_is_found(points: int, power: float) -> None:
    place = np.arange(points)
    begin, end = points // 3, 2 * points // 3
    y = 5 + 2 * np.clip((place - begin) / (end - begin), 0, 1) ** power
    noisy = y + np.random.default_rng(points).normal(0, 0.02, points)
    found, left = fits.ramp(noisy, points ** (1 / points))
    assert abs(found - begin) <= max(2, points // 40)
    assert left < 2 * np.sum((noisy - y) ** 2)


@given(values(2, 60), st.data())
def test_squares_about_a_straight_ramp(y: np.ndarray, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(y) - 2))
    rising = np.maximum(np.arange(len(y)) - begin, 0)
    assert_allclose(fits.squares_about_ramp(y, begin), left_about(y, rising), rtol=1e-6, atol=1e-3)
