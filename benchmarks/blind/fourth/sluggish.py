"""Runs that became slower for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, warm_cosine
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "memory_is_swapped",
    "throughput",
    "from some step on memory does not suffice and is swapped: tokens a second fall to a part",
    plain=0.3,
    faint=0.8,
)
def memory_is_swapped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = index_at(n, rng.uniform(0.3, 0.7))
    speed = 3150 * np.where(np.arange(n) >= at, strength, 1) * factors(rng, n, 0.03)
    log.add("train/tokens_per_second", steps, speed)
    log.add("train/loss", steps, generators.hill(t, 2.2, 1.3, 0.1, 0.9) + rng.normal(0, 0.05, n))
    log.add("train/learning_rate", steps, warm_cosine(t, 1e-5))
    log.slower(int(steps[at]), 1 / strength)
    log.true("throughput", "train/tokens_per_second", int(steps[at]), abrupt(steps, at, 3))


@labelled(
    "longer_iteration_by_iteration",
    "throughput",
    "an operation is added to the graph at each step: an iteration takes longer and longer"
    " (smallcorgi/Faster-RCNN_TF #10; clovaai/stargan-v2 #65)",
    plain=3.0,
    medium=0.8,
)
def longer_iteration_by_iteration(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    onset = index_at(n, rng.uniform(0.1, 0.3))
    longer = strength * np.maximum(t - t[onset], 0) / (1 - t[onset])
    log.add("speed/sec_per_iter", steps, 0.41 * (1 + longer) * factors(rng, n, 0.05))
    log.add("loss/total", steps, generators.hill(t, 3.4, 0.9, 0.08, 0.9) * factors(rng, n, 0.12))
    for share in (0.3, 0.5, 0.7, 0.9):
        log.slower(int(steps[int(share * n)]), (1 + strength) ** 0.25)
    window = gradual(steps, longer, onset, 0.05)
    log.true("throughput", "speed/sec_per_iter", int(steps[onset]), window, also=("explosion",))


@labelled(
    "one_link_at_half_width",
    "throughput",
    "one of many nodes lost a link: each iteration of all of them takes longer by so much, with"
    " next to no noise",
    plain=0.6,
    medium=0.2,
)
def one_link_at_half_width(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 500, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    at = index_at(n, rng.uniform(0.3, 0.75))
    seconds = 8.4 * np.where(np.arange(n) >= at, 1 + strength, 1) * factors(rng, n, 0.012)
    log.add("iteration-time", steps, seconds)
    log.add("throughput/tflops-per-gpu", steps, 8.4 * 312 / seconds)
    log.add("lm loss", steps, shapes.power_law(t, 10.9, 1.8) + rng.normal(0, 0.02, n))
    log.add("learning-rate", steps, warm_cosine(t, 1.2e-4, 0.01, 1.2e-5))
    log.slower(int(steps[at]), 1 + strength)
    tags = ("iteration-time", "throughput/tflops-per-gpu")
    log.true("throughput", tags, int(steps[at]), abrupt(steps, at, 3))


@labelled(
    "collecting_takes_three_times_as_long",
    "throughput",
    "a simulator leaks contacts: collecting takes longer, frames a second fall, learning is as fast"
    " as before",
    plain=4.0,
    medium=0.9,
)
def collecting_takes_three_times_as_long(
    log: Log, rng: np.random.Generator, strength: float
) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    onset = index_at(n, rng.uniform(0.3, 0.6))
    more = strength * (1 - np.exp(-np.maximum(np.arange(n) - onset, 0) / (0.04 * n)))
    collecting = 0.85 * (1 + more) * factors(rng, n, 0.03)
    learning = 0.21 * factors(rng, n, 0.02)
    log.add("Perf/collection time", steps, collecting)
    log.add("Perf/learning_time", steps, learning)
    log.add("Perf/total_fps", steps, np.round(98304 / (collecting + learning)))
    reward = generators.hill(t, -2, 19, 0.15)
    log.add("Train/mean_reward", steps, reward + shapes.correlated(rng, n, 0.5, 0.8))
    log.slower(int(steps[onset]), 1 + 0.8 * strength)
    tags = ("Perf/collection time", "Perf/total_fps")
    log.true("throughput", tags, int(steps[onset]), gradual(steps, more, onset, 0.03))


@labelled(
    "only_the_clock_tells",
    "throughput",
    "no speed is logged, but from some step on there are so many times the seconds between points",
    plain=3.5,
    medium=1.8,
)
def only_the_clock_tells(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = index_at(n, rng.uniform(0.35, 0.65))
    log.add("loss", steps, generators.hill(t, 4.1, 1.4, 0.1, 0.9) * factors(rng, n, 0.08))
    log.add("accuracy", steps, generators.hill(t, 0.1, 0.74, 0.1, 0.9) + rng.normal(0, 0.02, n))
    log.slower(int(steps[at]), strength)
    log.true("throughput", ("loss", "accuracy"), int(steps[at]), abrupt(steps, at, 3))
