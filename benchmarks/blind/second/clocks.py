"""Runs that become slower for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "overheated",
    "throughput",
    "the card gets hot and clocks down: speed sags within minutes to a lower level"
    " (tensorflow/tensorflow #40042)",
    plain=0.5,
    medium=0.72,
    subtle=0.87,
)
def overheated(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = rng.uniform(0.2, 0.55)
    onset = int(at * (n - 1)) + 1
    sag = (1 - strength) * (1 - np.exp(-np.maximum(t - at, 0) / 0.03))
    log.add("examples/sec", steps, 9100 * (1 - sag) * generators.skewed(rng, n, 0.025))
    log.slower(int(steps[onset]), 1 / strength)
    log.add(
        "total_loss_1", steps, generators.hill(t, 4.7, 0.9, 0.1) * generators.batch(rng, n, 0.08)
    )
    log.true("throughput", "examples/sec", steps[onset], gradual(steps, sag, onset, 0.025))


@labelled(
    "leak",
    "throughput",
    "each step waits longer for its data: the time of a step grows in proportion to what has leaked"
    " (BayesWatch/sequential-imagenet-dataloader #5)",
    plain=8.0,
    medium=1.5,
)
def leak(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = rng.uniform(0.1, 0.4)
    onset = int(at * (n - 1)) + 1
    longer = strength * np.clip((t - at) / (1 - at), 0, None) ** 1.3
    data = (0.04 + 0.9 * longer) * generators.skewed(rng, n, 0.06)
    log.add("time_metrics/end_to_end(s)", steps, 0.86 * generators.skewed(rng, n, 0.02) + data)
    log.add("time_metrics/data_loading(s)", steps, data)
    log.slower(int(steps[(onset + n) // 2]), 1 + strength)
    log.add("loss_metrics/max_loss", steps, generators.hill(t, 9, 3, 0.1) + rng.normal(0, 0.05, n))
    tags = ("time_metrics/end_to_end(s)", "time_metrics/data_loading(s)")
    window = gradual(steps, longer, onset, 0.03)
    log.true("throughput", tags, steps[onset], window, also=("explosion",))


@labelled(
    "cache_evicted",
    "throughput",
    "the data set no longer fits the cache: each iteration waits for the disk",
    plain=3.0,
    medium=0.8,
)
def cache_evicted(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1800)
    t, steps = shapes.times(n), shapes.steps(n, 20, 19)
    onset = int(n * rng.uniform(0.3, 0.7))
    wait = np.where(np.arange(n) < onset, 0.006, 0.35 * strength) * generators.skewed(rng, n, 0.2)
    log.add("data_time", steps, wait)
    log.add("time", steps, 0.35 * generators.skewed(rng, n, 0.015) + wait)
    log.slower(int(steps[onset]), 1 + strength)
    log.add(
        "fast_rcnn/cls_accuracy",
        steps,
        generators.hill(t, 0.6, 0.95, 0.1) + rng.normal(0, 0.006, n),
    )
    tags = ("time", "data_time")
    log.true("throughput", tags, steps[onset], abrupt(steps, onset, 3), also=("explosion",))


@labelled(
    "resumed_on_an_older_card",
    "throughput",
    "the second session runs at a fraction of the speed of the first",
    plain=0.35,
    medium=0.7,
    subtle=0.85,
    tolerated=("stall",),
)
def resumed_on_an_older_card(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    a = int(n * rng.uniform(0.35, 0.65))
    speed = np.where(np.arange(n) < a, 1450, 1450 * strength) * generators.skewed(rng, n, 0.03)
    returns = generators.hill(t, -180, 235, 0.3) + generators.pink(rng, n, 14)
    for where in (slice(None, a), slice(a, None)):
        log.session()
        log.add("time/frames_per_second", steps[where], speed[where])
        log.add("rollout/return_mean", steps[where], returns[where])
    log.slower(int(steps[a]), 1 / strength)
    log.true("throughput", "time/frames_per_second", steps[a], abrupt(steps, a, 2))


@labelled(
    "stragglers",
    "throughput",
    "every so many steps one waits, at first for twice as long as a step takes, in the end"
    " for ten or more: step-time spikes that grow",
    plain=25.0,
    medium=10.0,
)
def stragglers(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    every = max(6, n // 60)
    base = 0.42 * generators.skewed(rng, n, 0.02)
    waits = (np.arange(n) % every == every - 1) * 0.42 * (1 + strength * t**1.5)
    log.add("step_time_s", steps, base + waits * generators.skewed(rng, n, 0.1))
    log.add("ce_loss", steps, generators.hill(t, 9.2, 3.2, 0.1) + rng.normal(0, 0.05, n))
    # It grows from the first on, and is beyond doubt once a spike is three times the first ones.
    doubt = int(np.searchsorted(strength * t**1.5, 5)) + 2 * every
    log.true("throughput", "step_time_s", steps[0], (steps[0], steps[min(doubt, n - 1)]))
