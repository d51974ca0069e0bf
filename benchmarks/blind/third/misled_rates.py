"""Runs whose learning rate is not what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, bump, cosine, factor
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "schedule_ends_before_the_run",
    "learning_rate",
    "the number of steps was counted for eight devices and there are two: the rate is zero from"
    " the middle on, and nothing is learnt any more",
)
def schedule_ends_before_the_run(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = int(n * rng.uniform(0.3, 0.6))
    rate = np.where(np.arange(n) < at, shapes.warmup_linear(np.minimum(t / t[at], 1), 5e-5), 0)
    log.add("train/learning_rate", steps, rate)
    log.add(
        "train/loss",
        steps,
        shapes.approach(np.minimum(t / t[at], 1), 2.8, 1.7, 3) * factor(rng, n, 0.06),
    )
    window = abrupt(steps, at, 3)
    log.true("learning_rate", "train/learning_rate", steps[at], window)


@labelled(
    "whole_number_of_nothing",
    "learning_rate",
    "a division of whole numbers in the warm-up: the rate is zero at every step of the run, and"
    " the loss what it was at the first (karpathy/nanoGPT #443 has it for one step)",
)
def whole_number_of_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1500)
    steps = shapes.steps(n, 10)
    log.add("train/lr", steps, 0.0)
    log.add("train/loss", steps, 10.83 + batches(rng, n, 0.05))
    log.add("train/grad_norm", steps, 2.1 * factor(rng, n, 0.1))
    # It was never otherwise; a tenth of the run is as long as a warm-up may be.
    log.true("learning_rate", "train/lr", steps[0], (steps[0], steps[n // 10]))


@labelled(
    "begins_anew_when_resumed",
    "learning_rate",
    "the scheduler's state is not in the checkpoint: the second session begins again at the first"
    " rate, thirty or four times the last (IntelLabs/distiller #145, ultralytics/yolov5 #292)",
    plain=30.0,
    medium=4.0,
    tolerated=("divergence",),
)
def begins_anew_when_resumed(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    at = int(n * rng.uniform(0.45, 0.7))
    rate = 0.01 * np.where(
        np.arange(n) < at, strength ** -(t / t[at]), strength ** -((t - t[at]) / t[at])
    )
    loss = shapes.approach(t, 2.4, 0.9, 3.5) + bump(t, t[at], 0.06 * np.log(strength), 0.15)
    values = loss * factor(rng, n, 0.03)
    for where in (slice(None, at), slice(at, None)):
        log.session()
        log.add("x/lr0", steps[where], rate[where])
        log.add("train/loss", steps[where], values[where])
    log.true("learning_rate", "x/lr0", steps[at], abrupt(steps, at))


@labelled(
    "stepped_by_batch_not_epoch",
    "learning_rate",
    "an exponential decay meant for epochs is stepped at every batch: the rate has lost three"
    " decades within a hundredth of the run, and is zero in single precision soon",
)
def stepped_by_batch_not_epoch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    decades = 3 * t / rng.uniform(0.006, 0.012)
    log.add("lr-Adam", steps, 1e-3 * 10.0**-decades)
    log.add("train_loss", steps, 1.75 + 0.6 * np.exp(-t / 0.01) + batches(rng, n, 0.06))
    # Too small to learn at from the third decade on; exactly zero below the smallest float32.
    small, zero = int(np.argmax(decades > 3)), int(np.argmax(decades > 42.5))
    window = (steps[0], steps[(zero or n - 4) + 3])
    log.true("learning_rate", "lr-Adam", steps[small], window)


@labelled(
    "below_zero",
    "learning_rate",
    "a linear decay that is not held at zero: from four fifths on the rate is negative, steps go"
    " uphill, and the loss rises",
    tolerated=("divergence",),
)
def below_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = int(n * rng.uniform(0.7, 0.85))
    log.add("optimizer/lr", steps, 2e-4 * np.minimum(1 - t / t[at], 1))
    loss = 0.8 + 1.6 * np.exp(-np.minimum(t, t[at]) / 0.12)
    rise = 0.55 * np.clip((t - t[at]) / (1 - t[at]), 0, 1) ** 2
    log.add("train/loss", steps, (loss + rise) * factor(rng, n, 0.05))
    log.true("learning_rate", "optimizer/lr", steps[at], abrupt(steps, at, 3))


@labelled(
    "tenfold_by_hand",
    "learning_rate",
    "somebody edits a file that the loop reads: within a session the rate is ten times, or a"
    " hundredth of, what it was the step before, and stays so",
    up=10.0,
    down=0.01,
    tolerated=("divergence",),
)
def tenfold_by_hand(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    at = int(n * rng.uniform(0.35, 0.7))
    rate = cosine(t, 3e-4, 0.03) * np.where(np.arange(n) >= at, strength, 1)
    log.add("hyperparameters/learning_rate", steps, rate)
    learnt = t if strength > 1 else np.minimum(t, t[at])
    loss = shapes.power_law(learnt, 8, 2.1, 0.5, 0.01)
    loss = loss + (bump(t, t[at], 0.25, 0.2) if strength > 1 else 0)
    log.add("losses/total", steps, loss + batches(rng, n, 0.06))
    log.true("learning_rate", "hyperparameters/learning_rate", steps[at], abrupt(steps, at))
