"""Logs around the model, by the course that a fault takes: what comes back, and comes again; what
happens ever more often; what begins late, early, or between what is usual.

`SICK` and `SOUND` have them in addition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.analysis.machinery_situations import (
    Session,
    factors,
    loss,
    sick,
    sound,
    whole,
)
from tests.analysis.machinery_variations import SICK, SOUND

if TYPE_CHECKING:
    from tests.analysis.machinery_situations import Array, Made

__all__ = ["SICK", "SOUND"]


def digits(value: Array, count: int) -> Array:
    return np.array([float(f"{each:.{count}g}") for each in value.tolist()])


def reward(rng: np.random.Generator, n: int) -> dict[str, Array]:
    """Beside one wall times are not asked."""
    return {"rollout/ep_rew_mean": -100 * loss(rng, n)}


# -- throughput


@sick("throughput")
def epochs_in_minutes(rng: np.random.Generator) -> Made:
    n = int(rng.integers(14, 30))
    at = n // 2
    minutes = 31 * factors(rng, n, 0.02) * np.where(np.arange(n) < at, 1, 1.8)
    return [Session({"epoch_time_min": minutes, **reward(rng, n)}, 60 * minutes)], at - 1, at + 1


@sick("throughput")
def ever_more_steps_wait(rng: np.random.Generator) -> Made:
    """One step in fifty takes five times as long, and then one in three."""
    n = whole(rng, 400, 2000)
    at = int(n * rng.uniform(0.3, 0.6))
    waits = rng.random(n) < np.where(np.arange(n) < at, 0.02, 0.33)
    seconds = 0.4 * factors(rng, n, 0.03) * np.where(waits, 5, 1)
    return [Session({"train/step_time": seconds, "loss": loss(rng, n)}, seconds)], at - 8, at + 20


@sick("throughput")
def each_other_step_waits(rng: np.random.Generator) -> Made:
    n = whole(rng, 150, 800)
    at = int(n * rng.uniform(0.3, 0.7))
    waits = (np.arange(n) >= at) & (np.arange(n) % 2 == 0)
    seconds = 0.4 * factors(rng, n, 0.03) * np.where(waits, 3, 1)
    return [Session({"it/s": 1 / seconds, "loss": loss(rng, n)}, seconds)], at - 1, at + 8


@sick("throughput")
def slower_soon_after_compiling(rng: np.random.Generator) -> Made:
    n, at = 43, 9
    seconds = 0.3 * factors(rng, n, 0.02) * np.where(np.arange(n) < at, 1, 3)
    seconds[0] *= 22
    return [Session({"step_time_ms": 1e3 * seconds, **reward(rng, n)}, seconds)], at - 1, at + 1


@sick("throughput")
def slower_between_evaluations(rng: np.random.Generator) -> Made:
    """Each fifth step is an evaluation, and the last ten take longer."""
    n, at = 50, 40
    seconds = 2.7 * factors(rng, n, 0.03) * np.where(np.arange(n) % 5 == 3, 3.5, 1)
    seconds[at:] *= 3
    return [Session({"iteration-time": seconds, **reward(rng, n)}, seconds)], at - 2, at + 2


@sick("throughput")
def rounded_and_never_faster(rng: np.random.Generator) -> Made:
    """Two digits hide the noise, so that it never falls, as a time since the start."""
    n = int(rng.integers(40, 80))
    at = n // 4
    seconds = np.where(np.arange(n) < at, 95.0, 140.0)
    return [Session({"epoch_time": seconds, **reward(rng, n)}, seconds)], at - 1, at + 1


@sound
def faster_from_a_point_on(rng: np.random.Generator) -> list[Session]:
    """Data are in memory by now, or another machine goes on."""
    n = whole(rng, 40, 800)
    seconds = 0.4 * factors(rng, n, 0.03) * np.where(np.arange(n) < n // 2, 20, 1)
    return [Session({"tokens_per_second": 1e4 / seconds, "loss": loss(rng, n)}, seconds)]
