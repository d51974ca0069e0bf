"""Healthy runs whose clocks, scales and sessions look odd and are not."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, dynamic_scale, evaluations, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "from_two_to_the_thirtysecond",
    "Megatron begins with a loss scale of 2^32, which is halved at each of the first steps until"
    " gradients fit, and then goes up and down by one or two (NVIDIA/apex #318)",
)
def from_two_to_the_thirtysecond(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    scale = dynamic_scale(rng, n, 32, 17.5, n / 25)
    log.add("loss-scale/loss-scale", steps, 2.0**scale)
    loss = shapes.power_law(t, 10.9, 3.0, 0.45, 0.003)
    log.add("lm-loss-training/lm loss", steps, loss + batches(rng, n, 0.05, 0.1))
    log.add("learning-rate/learning-rate", steps, cosine(t, 1.5e-4, 0.02))
    log.seconds_per_step = 6.0


@healthy(
    "waits_for_each_evaluation",
    "between steps of seconds the loop evaluates and saves for twenty minutes, at the same"
    " distances from the first to the last",
)
def waits_for_each_evaluation(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/loss", steps, shapes.power_law(t, 6, 1.4, 0.5, 0.01) + batches(rng, n, 0.05))
    rare = steps[n // 24 - 1 :: n // 24]
    seen = shapes.power_law(np.linspace(0.04, 1, len(rare)), 6, 1.45, 0.5, 0.01)
    log.add("eval/loss", rare, seen + batches(rng, len(rare), 0.006))
    log.add("eval/runtime", rare, 1180 * factor(rng, len(rare), 0.01))
    log.add("train/steps_per_second", steps, 0.83 * factor(rng, n, 0.02))
    log.seconds_per_step = 1.2
    evaluations(log, rare, 1200)


@healthy(
    "by_day_and_by_night",
    "a shared cluster: tokens a second go down by a tenth in working hours and come back at night,"
    " for nine days",
)
def by_day_and_by_night(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    busy = np.clip(np.sin(2 * np.pi * (9 * t + rng.uniform())), 0, 1)
    log.add("perf/tokens_per_second", steps, 61000 * (1 - 0.1 * busy) * factor(rng, n, 0.012, 0.3))
    log.add("perf/step_time", steps, 8.6 / (1 - 0.1 * busy) * factor(rng, n, 0.012, 0.3))
    log.add("train/loss", steps, shapes.power_law(t, 10.7, 2.4, 0.5, 0.004) + batches(rng, n, 0.03))
    log.seconds_per_step = 9 * 86400 / (20 * n)


@healthy(
    "spot_instances",
    "five sessions with hours between, each from the newest checkpoint, so that some hundred steps"
    " are there twice and agree",
    tolerated=("stall",),
)
def spot_instances(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = shapes.power_law(t, 7.5, 1.9, 0.5, 0.006)
    log.hours_between_sessions = float(rng.uniform(1, 7))
    ends = [0, *sorted(rng.choice(np.arange(n // 12, n - n // 12), 4, replace=False).tolist()), n]
    for begin, end in itertools.pairwise(ends):
        first = max(begin - n // 30, 0)
        log.session()
        where = slice(first, end)
        log.add("loss/train", steps[where], loss[where] + batches(rng, end - first, 0.04))
        log.add(
            "throughput/device/samples_per_sec", steps[where], 96 * factor(rng, end - first, 0.02)
        )
        log.add("lr-DecoupledAdamW/group0", steps[where], cosine(t, 2e-4)[where])


@healthy(
    "first_steps_compile",
    "torch.compile: the first steps take a minute each, and a few later ones ten seconds, where a"
    " shape is new; the rest 0.2 s",
)
def first_steps_compile(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    seconds = 0.21 * factor(rng, n, 0.03)
    seconds[:2] = rng.uniform(50, 80, 2)
    seconds[rng.choice(n // 3, 3, replace=False) + 2] = rng.uniform(7, 12, 3)
    log.add("perf/step_seconds", steps, seconds)
    log.add("perf/examples_per_second", steps, 256 / seconds)
    log.add("train/loss", steps, shapes.power_law(t, 5.5, 1.2, 0.5, 0.01) + batches(rng, n, 0.06))
    log.seconds_per_step = 0.21
    log.pause(int(steps[1]), 60)


@healthy(
    "epochs_begin_slowly",
    "workers are started anew for each epoch: its first step takes twenty times as long, always as"
    " much (no persistent_workers)",
)
def epochs_begin_slowly(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    first = np.arange(n) % max(n // 30, 8) == 0
    seconds = np.where(first, 11.0, 0.55) * factor(rng, n, 0.04)
    log.add("batch_time", steps, seconds)
    log.add("data_time", steps, np.where(first, 10.5, 0.03) * factor(rng, n, 0.1))
    log.add("loss", steps, shapes.approach(t, 4.6, 1.1, 2.5) * factor(rng, n, 0.07))
    log.add("memory/allocated_gb", steps, 31 + 4 * (np.arange(n) % 40) / 40)
    log.seconds_per_step = 0.55
    evaluations(log, steps[first][1:], 10)


@healthy(
    "clipped_now_and_then",
    "the norm as it is after clipping to one: a fifth of the steps are at exactly one, half of them"
    " in the first tenth of the run, which is what clipping is for",
)
def clipped_now_and_then(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    norm = (0.7 + 2.5 * np.exp(-t / 0.04)) * factor(rng, n, 0.35)
    log.add("train/grad_norm_clipped", steps, np.minimum(norm, 1.0))
    log.add("train/loss", steps, shapes.power_law(t, 9, 2.2, 0.5, 0.005) + batches(rng, n, 0.04))
    log.add("train/lr", steps, cosine(t, 3e-4, 0.03))
