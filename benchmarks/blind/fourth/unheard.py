"""Runs that hung, with nothing written for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, warm_cosine
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "collective_hangs",
    "stall",
    "all ranks wait for one another in a collective operation, at full load, until a watchdog ends"
    " the wait; then it goes on (marin-community/marin #7344; horovod/horovod #777)",
    plain=6 * 3600.0,
    medium=2000.0,
)
def collective_hangs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = float(rng.uniform(1, 4))
    at = index_at(n, rng.uniform(0.2, 0.9))
    log.add("train/loss", steps, shapes.power_law(t, 10.5, 2.7) + rng.normal(0, 0.04, n))
    log.add("train/learning_rate", steps, warm_cosine(t, 3e-4, 0.02, 3e-5))
    log.pause(int(steps[at]), strength)
    tags = ("train/loss", "train/learning_rate")
    log.true("stall", tags, int(steps[at]), abrupt(steps, at))


@labelled(
    "a_night_between_two_epochs",
    "stall",
    "a notebook sleeps for a night between two epochs of a minute each",
    plain=9 * 3600.0,
    medium=5400.0,
)
def a_night_between_two_epochs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 100))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = float(rng.uniform(20, 80))
    at = index_at(n, rng.uniform(0.25, 0.85))
    tags = ("loss", "val_loss", "val_mae")
    log.add("loss", steps, shapes.approach(t, 2.2, 0.4, 4) + rng.normal(0, 0.015, n))
    log.add("val_loss", steps, shapes.approach(t, 2.1, 0.52, 4) + rng.normal(0, 0.03, n))
    log.add("val_mae", steps, shapes.approach(t, 1.1, 0.38, 4) + rng.normal(0, 0.012, n))
    log.pause(int(steps[at]), strength)
    log.true("stall", tags, int(steps[at]), abrupt(steps, at))


@labelled(
    "quota_was_full",
    "stall",
    "twice the trainer waits for hours for room to write a checkpoint",
)
def quota_was_full(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 400, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = float(rng.uniform(0.1, 0.6))
    first, second = index_at(n, rng.uniform(0.2, 0.4)), index_at(n, rng.uniform(0.6, 0.85))
    log.add("train_loss", steps, generators.hill(t, 0.9, 0.11, 0.08) * factors(rng, n, 0.1))
    log.add("lr", steps, warm_cosine(t, 1e-3))
    for at in (first, second):
        log.pause(int(steps[at]), float(rng.uniform(2, 8)) * 3600)
    # One finding may tell of both, and either may be called the beginning.
    window = (steps[first - 2], steps[second + 2])
    log.true("stall", ("train_loss", "lr"), int(steps[first]), window)


@labelled(
    "one_evaluation_of_many_hangs",
    "stall",
    "evaluations take ten minutes each, and one of them takes half a day",
    plain=14.0,
    medium=7.0,
)
def one_evaluation_of_many_hangs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = float(rng.uniform(0.5, 1.5))
    every = n // int(rng.integers(14, 25))
    at = np.arange(every, n, every)
    hangs = int(at[rng.integers(4, len(at) - 2)])
    log.add("train/loss", steps, generators.hill(t, 3.1, 1.6, 0.1, 0.9) + rng.normal(0, 0.08, n))
    log.add("train/grad_norm", steps, 0.9 * factors(rng, n, 0.25))
    held = generators.hill(t[at], 0.22, 0.58, 0.2)
    log.add("eval/exact_match", steps[at], generators.shares(rng, 1319, held))
    for index in at:
        hours = strength if index == hangs else rng.uniform(0.15, 0.18)
        log.pause(int(steps[index]), 3600 * float(hours))
    tags = ("train/loss", "train/grad_norm", "eval/exact_match")
    # Of a series of evaluations the last before and the first after are an evaluation apart.
    window = (steps[hangs - every], steps[min(hangs + every, n - 1)])
    log.true("stall", tags, int(steps[hangs]), window)


@labelled(
    "machine_was_moved",
    "stall",
    "a simulator that writes every second is silent for so many minutes: its host was moved",
    plain=2700.0,
    medium=1500.0,
)
def machine_was_moved(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = float(rng.uniform(0.4, 1.2))
    at = index_at(n, rng.uniform(0.2, 0.9))
    reward = generators.hill(t, -1, 14, 0.2) + shapes.correlated(rng, n, 0.6, 0.7)
    log.add("Train/mean_reward", steps, reward)
    log.add("Train/mean_episode_length", steps, 1000 * (1 - np.exp(-t / 0.1)))
    log.add("Loss/value_function", steps, 0.03 * factors(rng, n, 0.3))
    log.pause(int(steps[at]), strength)
    tags = ("Train/mean_reward", "Train/mean_episode_length", "Loss/value_function")
    log.true("stall", tags, int(steps[at]), abrupt(steps, at))
