"""Healthy small runs, and such as were stopped and went on."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, stairs_of, warm_cosine
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "top_layers_first",
    "a notebook trains the head for ten epochs and then all layers at a small rate: the first epoch"
    " after is a little worse, the others are better (Keras' transfer learning guide)",
    tolerated=("plateau",),
)
def top_layers_first(log: Log, rng: np.random.Generator) -> None:
    first, second = int(rng.integers(8, 13)), int(rng.integers(10, 20))
    steps = shapes.steps(first + second, 1, 0)
    epoch = np.arange(first + second)
    since = epoch - first
    later = np.where(since >= 0, 0.06 * (since == 0) - 0.17 * (1 - np.exp(-since / 3.5)), 0)
    loss = 0.36 + 0.34 * np.exp(-epoch / 1.8) + later
    log.seconds_per_step = 38.0
    for where in (slice(None, first), slice(first, None)):
        log.session("train")
        log.add("epoch_loss", steps[where], (loss + 0.03 * np.exp(-epoch))[where])
        log.add("epoch_accuracy", steps[where], (1.0 - 0.42 * loss)[where])
        log.session("validation")
        log.add("epoch_loss", steps[where], (loss * factors(rng, len(steps), 0.02))[where])
        shares = generators.shares(rng, 1168, 1.0 - 0.43 * loss)
        log.add("epoch_accuracy", steps[where], shares[where])


@healthy(
    "two_hundred_reviews",
    "two hundred examples validate a small classifier: three per cent of noise on what rises by"
    " fifteen",
    tolerated=("plateau", "overfitting"),
)
def two_hundred_reviews(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(18, 40))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    right = 0.83 - 0.22 * np.exp(-t / 0.25)
    log.session("train")
    log.add("epoch_loss", steps, 0.4 + 0.27 * np.exp(-t / 0.3) + rng.normal(0, 0.008, n))
    log.add("epoch_accuracy", steps, right + 0.02 + rng.normal(0, 0.008, n))
    log.session("validation")
    log.add("epoch_loss", steps, 0.43 + 0.24 * np.exp(-t / 0.25) + rng.normal(0, 0.012, n))
    log.add("epoch_accuracy", steps, generators.shares(rng, 200, right))


@healthy(
    "sums_are_solved",
    "a task that can be solved is: both accuracies stand at one, and the losses go on falling by"
    " decades",
)
def sums_are_solved(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = rng.uniform(0.12, 0.25)
    solved = shapes.logistic(t, 0, 1, at, 0.025)
    held = np.where(t > at + 0.15, 1.0, np.minimum(solved * factors(rng, n, 0.01), 1))
    loss = 4.7 * (1 - solved) + 0.05 * np.exp(-6 * t)
    log.add("train/loss", steps, loss * factors(rng, n, 0.06))
    log.add("train/accuracy", steps, np.where(t > at + 0.12, 1.0, np.clip(1.02 * solved, 0.01, 1)))
    log.add("test/loss", steps, (1.1 * loss + 1e-4) * factors(rng, n, 0.05))
    log.add("test/accuracy", steps, held)


@healthy(
    "moments_lost_in_the_queue",
    "a job was sent back to the queue for hours and went on without the moments of its optimiser:"
    " the loss is a little higher for two dozen points and then as it was",
    tolerated=("spike",),
)
def moments_lost_in_the_queue(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.hours_between_sessions = float(rng.uniform(2, 30))
    cuts = [0, int(0.4 * n), int(0.7 * n), n]
    bumps = sum(shapes.decay_after(n, cut, 0.16, 8) for cut in cuts[1:3])
    loss = shapes.power_law(t, 9.2, 2.0) + bumps + rng.normal(0, 0.035, n)
    for first, last in itertools.pairwise(cuts):
        log.session()
        log.add("train/loss", steps[first:last], loss[first:last])
        log.add("train/lr", steps[first:last], warm_cosine(t, 3e-4, 0.02)[first:last])


@healthy(
    "patience_ran_out_thrice",
    "each time the held-out loss stood still for ten epochs the rate was cut, and the loss fell on;"
    " training ends with the rate at its least (ReduceLROnPlateau)",
    tolerated=("plateau",),
)
def patience_ran_out_thrice(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(70, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = (0.34, 0.58, 0.8)
    gain = sum(
        part * (1 - np.exp(-np.maximum(t - a, 0) / 0.02))
        for a, part in zip(at, (0.14, 0.07, 0.025), strict=True)
    )
    loss = 0.6 + 1.6 * np.exp(-t / 0.05) - gain
    noise = 0.016 * stairs_of(t, 1, 0.6, at)
    log.session("train")
    log.add("epoch_loss", steps, loss - 0.06 + rng.normal(0, 0.5, n) * noise)
    log.add("epoch_learning_rate", steps, stairs_of(t, 1e-3, 0.2, at))
    log.session("validation")
    log.add("epoch_loss", steps, loss + rng.normal(0, 1, n) * noise)


@healthy(
    "ten_evaluations_in_all",
    "a long fine-tuning is evaluated ten times: each is better than the last but for one or two",
    tolerated=("plateau",),
)
def ten_evaluations_in_all(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 800, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/loss", steps, generators.hill(t, 2.4, 1.15, 0.1, 0.9) * factors(rng, n, 0.13))
    log.add("train/learning_rate", steps, warm_cosine(t, 2e-5))
    log.add("train/grad_norm", steps, 1.9 * factors(rng, n, 0.4))
    where = slice(n // 10 - 1, None, n // 10)
    held = generators.hill(t[where], 2.1, 1.2, 0.2, 0.9)
    log.add("eval/loss", steps[where], held + rng.normal(0, 0.012, len(held)))
    log.add("eval/rougeL", steps[where], 0.62 - 0.2 * held + rng.normal(0, 0.004, len(held)))
