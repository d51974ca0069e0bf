"""When a schedule of the learning rate ends, against the formulas by which trainers compute it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tbtools.analysis.schedule_end import schedule_end

if TYPE_CHECKING:
    from collections.abc import Callable

TOTAL, WARM_UP = 1000, 103


def warmed(schedule: Callable[[float], float]) -> Callable[[int], float]:
    """Transformers' way: a linear warm-up, then a function of the part that is done."""

    def rate(step: int) -> float:
        if step < WARM_UP:
            return step / WARM_UP
        return schedule((step - WARM_UP) / (TOTAL - WARM_UP))

    return rate


def cosine(done: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * done))


SCHEDULES: dict[str, Callable[[int], float]] = {
    "linear": warmed(lambda done: 1 - done),
    "cosine": warmed(cosine),
    "cosine, an epoch at a time": lambda step: cosine(step // 50 / 20),
    "constant, then linear": lambda step: 1.0 if step < 400 else (TOTAL - step) / 600,
}
OTHERS: dict[str, Callable[[int], float]] = {
    "constant": lambda _: 1.0,
    "exponential": lambda step: 0.998**step,
    "inverse square root": warmed(lambda done: (1 + 9 * done) ** -0.5),
    "polynomial": warmed(lambda done: (1 - done) ** 2),
    "cosine to a tenth": warmed(lambda done: 0.1 + 0.9 * cosine(done)),
    "warm restarts": lambda step: cosine(step % 200 / 200),
    "steps": lambda step: 0.5 ** (step // 150),
}


def written(rate: Callable[[int], float], until: int, every: int) -> int | None:
    step = np.arange(0, until, every)
    value = np.array([3e-4 * rate(each) for each in step.tolist()])
    return schedule_end(step, value.astype(np.float32).astype(np.float64))


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("until", [600, 700, 950, 1001])
@pytest.mark.parametrize("name", SCHEDULES)
def test_linear_and_cosine_schedules_tell_their_end(name: str, until: int, every: int) -> None:
    assert written(SCHEDULES[name], until, every) == TOTAL


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("name", OTHERS)
def test_others_tell_nothing(name: str, every: int) -> None:
    found = {written(OTHERS[name], until, every) for until in range(250, 1000, 50)}
    assert found == {None}


@pytest.mark.parametrize("until", [0, 1, 5, 150])
def test_what_has_hardly_begun_tells_nothing(until: int) -> None:
    assert written(SCHEDULES["cosine"], until, 1) is None


def test_noise_and_what_is_not_finite() -> None:
    step = np.arange(800)
    rate = np.array([SCHEDULES["linear"](each) for each in step.tolist()])
    with_gaps = np.where(step % 7 == 3, np.nan, rate)
    assert schedule_end(step, with_gaps) == TOTAL
    noise = 0.002 * np.random.default_rng(1).normal(size=step.size)
    assert schedule_end(step, rate + noise) is None
    assert schedule_end(step, np.full(step.size, np.nan)) is None
    assert schedule_end(step, -rate) is None
