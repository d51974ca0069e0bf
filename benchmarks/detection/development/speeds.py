"""Runs that become slower for good, by what they log or by wall times alone, and what is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.blind.windows import gradual
from benchmarks.detection.curves import Array, autocorrelated, size, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.detection.development.shapes import Rng

    Made = tuple[Any, ...]

# What is done in a second, and its usual amount.
SPEEDS = {
    "train/tokens_per_second": 3.2e5,
    "throughput/samples_per_sec": 640.0,
    "time/fps": 1450.0,
    "train/it_per_sec": 3.1,
    "perf/mfu": 0.43,
    "wps": 41000.0,
}
# How long something takes.
TIMES = {
    "train/step_time": 0.42,
    "iteration-time": 2.7,
    "time/iteration_ms": 310.0,
    "epoch_time": 95.0,
    "time_per_epoch": 1800.0,
    "batch_time": 0.2,
}
LOSSES = ("train/loss", "loss", "Loss/train")


def made(
    rng: Rng,
    pace: Array,
    sd: float,
    window: tuple[int, int] | None = None,
    at: Sequence[int] = (),
    *,
    clock: bool = False,
) -> Made:
    """What a run logs whose steps take so many times as long.

    Args:
        rng: Random numbers.
        pace: The time of each step as a factor.
        sd: How much it varies from step to step.
        window: What is right as an onset.
        at: Where it is resumed.
        clock: Whether nothing is logged of it.
    """
    n = len(pace)
    seconds = pace * np.exp(sd * autocorrelated(rng, n, rng.uniform(0, 0.5)))
    x = steps(rng, n)
    if clock:
        x = np.arange(n, dtype=np.int64) * 50
    loss = (0.7 + 3 * np.exp(-2.5 * np.arange(n) / n)) * np.exp(rng.normal(0, 0.02, n))
    series = {str(rng.choice(LOSSES)): (x, loss)}
    tag = next(iter(series))
    if not clock:
        speed = rng.random() < 0.5
        table = SPEEDS if speed else TIMES
        tag = str(rng.choice(list(table)))
        value = table[tag] * (1 / seconds if speed else seconds)
        if rng.random() < 0.6:  # three digits
            digit = 10.0 ** (np.floor(np.log10(np.median(value))) - 2)
            value = np.maximum(np.round(value / digit), 1) * digit
        series[tag] = (x, value)
    wall = seconds * rng.uniform(1, 60)
    for restart in at:
        wall[restart] += rng.uniform(500, 20000)
    onset = -1 if window is None else window[0]
    return tag, series, onset, True, window, wall, tuple(at)


def noise(rng: Rng) -> float:
    return float(rng.choice([0.01, 0.02, 0.04, 0.08]))


def leap(n: int, at: int, points: int = 2) -> tuple[int, int]:
    return max(0, at - points), min(n - 1, at + points)


def factor(rng: Rng, sd: float) -> float:
    """How much slower, such that nobody has to ask whether it is."""
    return float(np.exp(rng.uniform(max(np.log(1.2), 6 * sd), max(np.log(3.5), 9 * sd))))


def drifting(longer: Array, at: int, sd: float) -> tuple[int, int]:
    """The window of what gets worse and worse from a point on."""
    first, last = gradual(np.arange(len(longer)), longer, at, sd * 1.4)
    return int(first), int(last)


def place(rng: Rng, n: int) -> int:
    return int(n * rng.uniform(0.25, 0.75))


def interrupted(rng: Rng, pace: Array) -> Array:
    """With a compilation at first and a checkpoint or an evaluation now and then."""
    pace = pace.copy()
    pace[0] *= rng.uniform(2, 20)
    every = max(5, int(len(pace) * rng.uniform(0.03, 0.1)))
    pace[every::every] *= rng.uniform(1.2, 3)
    return pace


# -- slower for good


def slower_at_once(rng: Rng) -> Made:
    """Another job, a hot card, a link at half its width."""
    n, sd = size(rng, 14, 4000), noise(rng)
    at = place(rng, n)
    pace = np.where(np.arange(n) < at, 1.0, factor(rng, sd))
    return made(rng, interrupted(rng, pace) if n > 60 else pace, sd, leap(n, at))


def slower_within_some_points(rng: Rng) -> Made:
    n, sd = size(rng, 40, 4000), noise(rng)
    at = place(rng, n)
    worse = np.clip((np.arange(n) - at + 1) / (n * rng.uniform(0.02, 0.1)), 0, 1)
    worse = worse * (factor(rng, sd) - 1)
    return made(rng, 1 + worse, sd, drifting(worse, at, sd))


def ever_slower_from_a_point_on(rng: Rng) -> Made:
    """Memory in ever smaller pieces, a leak, a list that is searched."""
    n, sd = size(rng, 20, 4000), noise(rng) / 2
    at = int(n * rng.uniform(0.15, 0.55))
    worse = np.clip((np.arange(n) - at + 1) / (n - at), 0, 1) ** float(rng.choice([1, 1, 1.5]))
    worse = worse * rng.uniform(0.6, 3)
    return made(rng, 1 + worse, sd, drifting(worse, at, sd))


def ever_slower_from_the_start(rng: Rng) -> Made:
    n, sd = size(rng, 14, 4000), noise(rng) / 2
    worse = (np.arange(n) / n) ** float(rng.choice([1, 1, 1.5, 2])) * rng.uniform(0.7, 4)
    return made(rng, 1 + worse, sd, (0, max(3, drifting(worse, 0, sd)[1], n // 10)))


def slower_step_by_step(rng: Rng) -> Made:
    """One worker after the other is lost."""
    n, sd = size(rng, 60, 3000), noise(rng) / 2
    at = np.array([0.3, 0.5, 0.7]) * n + rng.uniform(-0.05, 0.05, 3) * n
    stair = (np.arange(n)[:, None] >= at).sum(axis=1)
    pace = rng.uniform(1.25, 1.6) ** stair
    return made(rng, pace, sd, (int(at[0]) - 2, int(at[0]) + 3))


def resumed_on_a_slower_machine(rng: Rng) -> Made:
    n, sd = size(rng, 16, 3000), noise(rng)
    at = place(rng, n)
    pace = np.where(np.arange(n) < at, 1.0, factor(rng, sd))
    pace[at] *= rng.uniform(1, 3)
    return made(rng, pace, sd, leap(n, at), [at])


def slower_by_the_clock_alone(rng: Rng) -> Made:
    n, sd = size(rng, 40, 3000), noise(rng)
    at = place(rng, n)
    pace = np.where(np.arange(n) < at, 1.0, factor(rng, sd) * 1.3)
    return made(rng, pace, sd, leap(n, at), clock=True)


def ever_slower_by_the_clock_alone(rng: Rng) -> Made:
    n, sd = size(rng, 60, 3000), noise(rng) / 2
    at = int(n * rng.uniform(0.15, 0.5))
    worse = np.clip((np.arange(n) - at + 1) / (n - at), 0, 1) * rng.uniform(1, 3)
    return made(rng, 1 + worse, sd, drifting(worse, at, sd), clock=True)


def slow_hours_and_then_for_good(rng: Rng) -> Made:
    """A neighbour for a while, and another one that stays and takes as much."""
    n, sd = size(rng, 80, 3000), noise(rng) / 2
    at = int(n * rng.uniform(0.5, 0.7))
    high = factor(rng, sd)
    pace = np.where(np.arange(n) < at, 1.0, high)
    first = int(n * rng.uniform(0.15, 0.3))
    pace[first : first + max(2, n // 25)] = 1 + (high - 1) * rng.uniform(0.4, 0.9)
    return made(rng, pace, sd, leap(n, at))


def checkpoints_take_ever_longer(rng: Rng) -> Made:
    """Every so many points one waits, ever longer: the disk fills, or all of it is written anew."""
    n, sd = size(rng, 300, 3000), noise(rng) / 2
    every = max(4, n // int(rng.integers(20, 60)))
    at = int(n * rng.uniform(0.2, 0.4))
    pace = np.ones(n)
    longer = 1.5 + np.clip((np.arange(n) - at) / n, 0, None) * 4 * every
    pace[every - 1 :: every] += longer[every - 1 :: every]
    return made(rng, pace, sd, (max(0, at - 3 * every), at + n // 4))


SLOWER = (
    slower_at_once,
    slower_within_some_points,
    ever_slower_from_a_point_on,
    ever_slower_from_the_start,
    slower_step_by_step,
    resumed_on_a_slower_machine,
    slower_by_the_clock_alone,
    ever_slower_by_the_clock_alone,
    slow_hours_and_then_for_good,
    checkpoints_take_ever_longer,
)


# -- as fast as before


def steady_but_for_pauses(rng: Rng) -> Made:
    """A compilation at first, evaluations and checkpoints at all times."""
    n, sd = size(rng, 12, 4000), noise(rng)
    return made(rng, interrupted(rng, np.ones(n)), sd, clock=rng.random() < 0.3)


def warms_up(rng: Rng) -> Made:
    """Slow at first until caches are filled, or fast at first until it learns, too."""
    n, sd = size(rng, 30, 4000), noise(rng)
    slow = np.exp(-np.arange(n) / max(1, n * rng.uniform(0.01, 0.06)))
    return made(rng, 1 + slow * rng.uniform(0.5, 3), sd)


def busy_hours_that_pass(rng: Rng) -> Made:
    """A shared machine, which comes back each time, the last time before the end."""
    n, sd = size(rng, 60, 3000), noise(rng)
    pace = np.ones(n)
    for middle in rng.uniform(0.1, 0.75, int(rng.integers(1, 5))):
        begin = int(middle * n)
        pace[begin : begin + max(2, int(n * rng.uniform(0.02, 0.1)))] = rng.uniform(1.2, 2.5)
    return made(rng, pace, sd, clock=rng.random() < 0.3)


def crowded_machine(rng: Rng) -> Made:
    """Noise that wanders, about a level that stays."""
    n = size(rng, 30, 3000)
    wander = 0.1 * autocorrelated(rng, n, 0.7)
    return made(rng, np.exp(wander), 0.05, clock=rng.random() < 0.3)


def days_and_nights(rng: Rng) -> Made:
    n, sd = size(rng, 100, 3000), noise(rng)
    days = rng.integers(3, 9)
    wave = rng.uniform(0.05, 0.3) * np.sin(2 * np.pi * (np.arange(n) / n * days + rng.random()))
    return made(rng, 1 + wave, sd)


def resumed_as_fast(rng: Rng) -> Made:
    """Gaps of hours, a slow first point of each session, and the speed that it was."""
    n, sd = size(rng, 30, 3000), noise(rng)
    at = np.sort(rng.choice(np.arange(3, n - 3), int(rng.integers(1, 4)), replace=False)).tolist()
    pace = np.ones(n)
    pace[at] *= rng.uniform(1, 4)
    return made(rng, pace, sd, None, at, clock=rng.random() < 0.5)


def faster_and_faster(rng: Rng) -> Made:
    """Frozen layers, a loader that catches up, a resume on a better machine."""
    n, sd = size(rng, 14, 3000), noise(rng)
    pace = 1 / (1 + rng.uniform(0.2, 2) * np.clip(np.arange(n) / n - 0.2, 0, 0.4))
    return made(rng, pace, sd)


STEADY_SPEEDS = (
    steady_but_for_pauses,
    warms_up,
    busy_hours_that_pass,
    crowded_machine,
    days_and_nights,
    resumed_as_fast,
    faster_and_faster,
)
