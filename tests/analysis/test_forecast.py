"""Where series will be: the truth is the law that they were made by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import tbtools
from tbtools.analysis.detect.learning_rate import learning_rates
from tbtools.analysis.objective import objectives_of
from tbtools.analysis.outlook import Outlook, Siblings, course_of
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

    from tbtools.vocabulary import Objective

    Curve = Callable[[NDArray[np.float64], Generator], NDArray[np.float64]]

SPACING = 10


def series_of(y: np.ndarray, run: str = "run", tag: str = "loss") -> ScalarSeries:
    return ScalarSeries.from_arrays(run, tag, np.arange(y.size) * SPACING, y)


def outlook_of(
    series: ScalarSeries, objective: Objective, rate: ScalarSeries | None = None
) -> Outlook | None:
    """That of a series without siblings."""
    course = course_of(series, objective, rate=rate)
    return None if course is None else course.outlook(Siblings({}))


def power(t: np.ndarray, g: Generator) -> np.ndarray:
    knee = np.exp(g.uniform(np.log(0.002), np.log(0.3)))
    return 0.5 + (1 + t / knee) ** -g.uniform(0.1, 1.5)


def exponential(t: np.ndarray, g: Generator) -> np.ndarray:
    return 0.5 + np.exp(-g.uniform(1, 15) * t)


def two_speeds(t: np.ndarray, g: Generator) -> np.ndarray:
    return 0.6 * power(t, g) + 0.4 * np.exp(-8 * t)


def white(g: Generator, n: int, sd: float) -> np.ndarray:
    return g.normal(0, sd, n)


def correlated(g: Generator, n: int, sd: float) -> np.ndarray:
    noise = g.normal(0, sd * (1 - 0.7**2) ** 0.5, n)
    for i in range(1, n):
        noise[i] += 0.7 * noise[i - 1]
    return noise


def heavy(g: Generator, n: int, sd: float) -> np.ndarray:
    return sd * g.standard_t(3, n) / 1.7


def forecasts(
    curve: Curve, noise: Callable[[Generator, int, float], np.ndarray]
) -> Iterator[tuple[Outlook | None, float]]:
    """What is said after two thirds of a run, and where the level is at its end."""
    g = np.random.default_rng(7)
    for sign in [1, -1] * 50:
        seen = round(np.exp(g.uniform(np.log(40), np.log(2000))))
        whole = seen + seen // 2
        level = curve(np.arange(whole) / whole, g)
        sd = np.exp(g.uniform(np.log(0.003), np.log(0.2)))
        y = (level + noise(g, whole, sd))[:seen]
        objective = "min" if sign > 0 else "max"
        found = outlook_of(series_of(sign * y), objective)  # type: ignore[arg-type]
        # The truth is that at the step which is told.
        yield found, sign * level[found.forecast.step // SPACING] if found else np.nan


@pytest.mark.parametrize("noise", [white, correlated, heavy])
@pytest.mark.parametrize("curve", [power, exponential, two_speeds])
def test_at_least_95_in_100_are_where_it_is_said(
    curve: Curve, noise: Callable[..., np.ndarray]
) -> None:
    told = [(found.forecast, truth) for found, truth in forecasts(curve, noise) if found]
    assert len(told) >= 30
    right = [each.low <= truth <= each.high for each, truth in told]
    assert np.mean(right) >= 0.95
    assert all(each.low <= each.value <= each.high for each, _ in told)


def test_nothing_is_said_where_the_law_does_not_hold() -> None:
    g = np.random.default_rng(0)
    t = np.arange(300) / 300
    noise = g.normal(0, 0.01, 300)
    falling = 0.5 + (1 + 20 * t) ** -0.5 + noise
    assert outlook_of(series_of(falling), "min")
    for y in (falling - (t > 0.6), 1 + np.sin(12 * t) + noise, falling[:20], np.ones(300)):
        assert outlook_of(series_of(y), "min") is None
    for scale in (1e-300, 1e90, 1e300):
        found = outlook_of(series_of(falling * scale), "min")
        assert found is None or np.isfinite([found.forecast.low, found.forecast.high]).all()
    far = np.linspace(-9e18, 9e18, 300).astype(np.int64)
    assert outlook_of(ScalarSeries.from_arrays("run", "loss", far, falling), "min") is None
    back = ScalarSeries.from_arrays("run", "loss", np.arange(300) % 100, falling)
    assert outlook_of(back, "min") is None
    schedule = series_of(np.cos(t * np.pi / 2), tag="lr")
    assert outlook_of(series_of(falling), "min", rate=schedule) is None
    constant = series_of(np.full(300, 1e-3), tag="lr")
    assert outlook_of(series_of(falling), "min", rate=constant)


def test_no_level_beyond_what_there_can_be() -> None:
    g = np.random.default_rng(0)
    t = np.arange(400) / 400
    for decay in (4, 6, 8):
        loss = np.exp(-decay * t) * np.exp(g.normal(0, 0.1, 400))
        found = outlook_of(series_of(loss), "min")
        accuracy = outlook_of(series_of(np.minimum(1 - loss, 1.0), tag="accuracy"), "max")
        assert found is None or found.forecast.low >= 0
        assert accuracy is None or accuracy.forecast.high <= 1


def write(folder: Path, curves: dict[str, np.ndarray]) -> None:
    for name, y in curves.items():
        with tbtools.EventFileWriter(str(folder / name)) as writer:
            for number, value in enumerate(y.tolist()):
                writer.add_scalar("train/loss", value, number * SPACING, 1.7e9 + number)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A run that stands still high up, its siblings, and one of another script."""
    g = np.random.default_rng(1)
    t = np.arange(290) / 200
    flat = np.maximum(2 - 10 * t, 1.0)[:200]
    curves = {"stuck": flat, "good": 0.3 + np.exp(-5 * t), "worse": 1.5 + np.exp(-5 * t)}
    write(tmp_path, {name: y + g.normal(0, 0.02, y.size) for name, y in curves.items()})
    with tbtools.EventFileWriter(str(tmp_path / "other")) as writer:
        for number in range(300):
            writer.add_scalar("train/loss", 0.001, number * SPACING, 1.7e9 + number)
            for tag in ("a", "b", "c"):
                writer.add_scalar(tag, 1.0, number * SPACING, 1.7e9 + number)
    return tmp_path


def test_a_plateau_says_that_it_will_not_reach_the_best_sibling(logs: Path) -> None:
    findings = tbtools.detect(logs)
    [stuck] = [each for each in findings if each.run == "stuck"]
    outlook = stuck.evidence["outlook"]
    assert stuck.kind == "plateau"
    assert outlook["best_sibling"] == "good"
    assert outlook["best_sibling_value"] == pytest.approx(0.3, abs=0.05)
    assert outlook["reaches_best"] is False
    assert outlook["interval"][0] <= 1.0 <= outlook["interval"][1]
    assert (
        f"will not reach the {outlook['best_sibling_value']:.4g} of the run good" in stuck.message
    )


def test_explain_says_where_a_sound_run_will_be(logs: Path) -> None:
    g = np.random.default_rng(2)
    t = np.arange(200) / 200
    write(logs, {"young": 0.9 + (1 + 20 * t) ** -0.5 + g.normal(0, 0.01, t.size)})
    explanation = tbtools.explain(logs, "young")
    [one] = explanation.outlook
    assert one.tag == "train/loss"
    assert one.forecast.step == 289 * SPACING  # where its siblings end
    assert one.forecast.low <= 0.9 + (1 + 20 * 289 / 200) ** -0.5 <= one.forecast.high
    assert (one.best_sibling, one.reaches_best) == ("good", False)
    [told] = explanation.to_dict()["outlook"]
    assert told["interval"] == [one.forecast.low, one.forecast.high]


@pytest.mark.corpus
def test_real_series_are_where_their_first_two_thirds_say(corpus: Path) -> None:
    right = []
    for run in tbtools.load(corpus, skip_unreadable=True).values():
        every = read_scalars_of(run).series
        directions = objectives_of(list(every), None)
        known = {tag: one.at(np.arange(2 * one.step.size // 3)) for tag, one in every.items()}
        rate = learning_rates(known.values()).get(run.name)
        for tag, one in every.items():
            if directions[tag] == "none" or np.unique(known[tag].step).size < 20:
                continue
            found = outlook_of(known[tag], directions[tag], rate=rate)
            if found is not None:
                at = np.searchsorted(one.step, found.forecast.step)
                width = max(5, one.step.size // 60)
                level = float(np.nanmean(one.value[max(0, at - width) : at + width]))
                right.append(found.forecast.low <= level <= found.forecast.high)
    assert len(right) > 50
    assert np.mean(right) > 0.9
