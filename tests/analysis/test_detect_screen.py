"""The compiled first look at a series sorts out nothing in which a detector would find anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

from tbtools.analysis.detect import _screen_python, detect_series, judged, screen
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator

_screen = pytest.importorskip("tbtools.analysis.detect._screen", reason="built without a compiler")

LENGTHS = [1, 7, 8, 19, 20, 33, 63, 64, 100, 127, 128, 130, 191, 257, 500, 2_100, 70_000]
SHAPES: list[Callable[[np.ndarray, Generator], np.ndarray]] = [
    lambda t, g: 0.5 + 3 * (1 + 100 * t) ** -0.5,
    lambda t, g: 0.5 + 3 * np.exp(-t / g.uniform(0.02, 0.5)),
    lambda t, g: np.full_like(t, 0.1),
    lambda t, g: -np.floor(5 * t),
    lambda t, g: 1 - t + 4 * (t > g.uniform(0.2, 0.9)),
    lambda t, g: 1 + np.abs(t - g.uniform(0.1, 0.9)),
    lambda t, g: 1 + t**2 * np.sin(200 * t),
    lambda t, g: 1 - 0.8 * np.minimum(t, g.uniform(0.1, 0.9)),
    lambda t, g: 10 ** (4 - 8 * np.minimum(t, 0.5)),
    lambda t, g: np.maximum(0.6 - t, 0) + 0.3 * (t < g.uniform(0.3, 0.8)),
    lambda t, g: (1.5 - t) * (t > g.uniform(0, 0.3)),
    lambda t, g: (1.5 - t) * (1 - np.exp(-40 * (t + 1 / t.size))),
    lambda t, g: (2 - t) * (t < g.uniform(0.3, 0.99)),
    lambda t, g: 1 + t * (1 + np.sin(g.uniform(20, 60) * t)),
    lambda t, g: 1 + (t > 0.3) * (1 + (g.uniform(5, 15) * t % 1 < 0.5)),
]
NOISES: list[Callable[[np.ndarray, Generator], np.ndarray]] = [
    lambda y, g: y,
    lambda y, g: y + g.normal(0, 0.01, y.size),
    lambda y, g: y + g.normal(0, 0.3, y.size),
    lambda y, g: y + 0.02 * g.standard_t(2, y.size),
    lambda y, g: y + np.cumsum(g.normal(0, 0.01, y.size)),
    lambda y, g: np.round(y + g.normal(0, 0.1, y.size), 1),
    lambda y, g: (g.uniform(size=y.size) < y / 4).astype(float),
    lambda y, g: np.where(g.uniform(size=y.size) < 0.02, np.nan, y),
    lambda y, g: np.where(g.uniform(size=y.size) < 0.01, 9 * y + 3, y) * 1e120,
]


def made_up() -> Iterator[ScalarSeries]:
    """Series of all lengths, shapes and noises; some are rewards."""
    g = np.random.default_rng(0)
    for n in LENGTHS:
        for number, shape in enumerate(SHAPES):
            for noise in NOISES:
                y = noise(shape(np.linspace(0, 1, n), g), g)
                tag = "reward" if g.uniform() < 0.2 else g.choice(["train/loss", "val/loss"])
                run = f"run{n}_{number}_{g.integers(1e9)}"
                yield ScalarSeries.from_arrays(run, str(tag), np.arange(n), y)


def as_loss(y: np.ndarray) -> judged.Judged:
    series = ScalarSeries.from_arrays("run", "loss", np.arange(y.size), y)
    return judged.Judged(series, "min")


def test_what_is_looked_at_with_care_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    series = list(made_up())
    found = {}
    for name, loops in (("compiled", _screen), ("python", _screen_python)):
        monkeypatch.setattr(screen, "_loops", loops)
        monkeypatch.setattr(judged, "_loops", loops)
        found[name] = detect_series(series).to_dict()
    assert found["compiled"] == found["python"]
    kinds = {each["kind"] for each in found["python"]["findings"]}
    assert {"divergence", "plateau", "spike"} <= kinds


def test_most_sound_series_are_sorted_out() -> None:
    g = np.random.default_rng(1)
    for n in (100, 1_000, 10_000):
        t = np.arange(n)
        sound = [0.5 + 3 * (1 + t) ** -0.5 + g.normal(0, 0.02, n) for _ in range(50)]
        assert np.mean([not may for may in screen.look([as_loss(y) for y in sound])]) > 0.9


def test_series_that_are_looked_at_together_are_looked_at_alone() -> None:
    series = [judged.Judged(one, "min") for one in made_up()]
    assert screen.look(series) == [may for one in series for may in screen.look([one])]


@pytest.mark.parametrize("way", ["min", "max"])
def test_what_is_judged_as_it_is_would_be_made_fit_to_the_same(
    way: Literal["min", "max"],
) -> None:
    series = list(made_up())
    seen, measures = screen.first_look([one.value for one in series], [way] * len(series), 25)
    unusual = [one.value for one, flags in zip(series, seen, strict=True) if flags & screen.UNUSUAL]
    assert measures == judged.measured(unusual)
    usual = 0
    for one, flags in zip(series, seen, strict=True):
        fit = judged.Judged(one, way)
        if flags & screen.UNUSUAL:
            assert bool(flags & screen.NOT_FINITE) == (not np.isfinite(one.value).all())
            continue
        usual += 1
        as_it_is = judged.AsItIs(one, way, flags)
        assert (as_it_is.width, as_it_is.log, len(as_it_is)) == (fit.width, fit.log, len(fit))
        assert as_it_is.y.tobytes() == fit.y.tobytes()
        assert as_it_is.points.tolist() == fit.points.tolist()
        assert [screen.CANDIDATES[flags]] == screen.look([fit])
    assert usual > len(series) / 4


def test_values_are_measured_alike_with_and_without_compiled_loops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = [one.value for one in made_up()] + [np.empty(0), np.array([np.inf, 1.0])]
    found = judged.measured(values)
    assert found == [measure for value in values for measure in judged.measured([value])]
    monkeypatch.setattr(judged, "_loops", _screen_python)
    assert judged.measured(values) == found
    assert found[-2:] == [(True, 0, 0.0, 0.0), (False, 0, 0.0, 0.0)]
    assert judged.measured([np.array([2.0, 2.0, -1.0, 3.0])]) == [(True, 1, -1.0, 3.0)]
