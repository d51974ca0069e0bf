"""Models that learn their examples by rote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import (
    batches,
    counted,
    evaluations,
    fall,
    held_out,
    linear,
    turn,
    turned,
)
from benchmarks.blind.fifth.registry import labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "cats_dogs_and_fifty_epochs",
    "overfitting",
    "two thousand pictures, a small network from nothing: validation's loss turns at a third while"
    " the training's goes to nothing (Chollet, Deep Learning with Python, chapter 8)",
    tolerated=("plateau",),
    plain=0.55,
    faint=0.13,
)
def cats_dogs_and_fifty_epochs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(25, 71))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(5, 40)
    best = rng.uniform(0.22, 0.4)
    sd = 0.02
    log.session("train")
    log.add("epoch_loss", steps, fall(t, 0.69, 0.06, 0.5, 1.5) * batches(rng, n, 0.03))
    log.add("epoch_accuracy", steps, counted(rng, fall(t, 0.53, 0.985, 0.5, 1.5), 2000))
    log.session("validation")
    held = turn(t, best, 0.69, 0.47, 0.47 + strength)
    log.add("epoch_loss", steps, held + held_out(rng, n, sd))
    log.add("epoch_accuracy", steps, counted(rng, fall(t, 0.55, 0.8, 0.1, 1), 1000))
    turned(log, "epoch_loss", steps, held, sd)


@labelled(
    "ten_passes_over_the_reviews",
    "overfitting",
    "a pre-trained encoder for ten to fifteen epochs where three would do: the evaluation's loss"
    " climbs from the second or third on (Hugging Face forum, again and again)",
    tolerated=("plateau",),
    plain=1.0,
    faint=0.3,
)
def ten_passes_over_the_reviews(log: Log, rng: np.random.Generator, strength: float) -> None:
    k = int(rng.integers(10, 16))
    each = 8
    n = k * each
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = rng.uniform(0.1, 0.4)
    log.add(
        "train/loss", steps, np.round(fall(t, 0.6, 0.012, 0.15, 1.2) * batches(rng, n, 0.15), 4)
    )
    log.add("train/learning_rate", steps, linear(t, 3e-5, 0.05))
    at = np.arange(each - 1, n, each)
    evaluations(log, steps[at], 12)
    low = int(rng.integers(1, 3))
    epochs = np.arange(k)
    falls = 0.27 + 0.06 * np.clip(1 - epochs / low, 0, 1)
    held = falls + strength * 0.75 * np.clip((epochs - low) / (k - 1 - low), 0, 1) ** 0.7
    log.add("eval/loss", steps[at], held + rng.normal(0, 0.012, k))
    log.add("eval/f1", steps[at], counted(rng, fall(shapes.times(k), 0.885, 0.912, 0.1, 1), 3000))
    turned(log, "eval/loss", steps[at], held, 0.012)


@labelled(
    "steps_down_at_each_pass",
    "overfitting",
    "instructions seen four or five times: the training's loss falls by a step at the beginning of"
    " each pass, the evaluation's rises by one (fast.ai, Can LLMs learn from a single example?)",
    plain=0.28,
    faint=0.1,
)
def steps_down_at_each_pass(log: Log, rng: np.random.Generator, strength: float) -> None:
    passes = int(rng.integers(4, 6))
    n = passes * int(rng.integers(24, 120))
    t, steps = shapes.times(n), shapes.steps(n, 5)
    log.seconds_per_step = rng.uniform(2, 9)
    seen = np.minimum((t * passes).astype(int), passes - 1)
    stair = np.array([1.18, 0.86, 0.55, 0.33, 0.2])[seen]
    loss = stair * (1 + 0.35 * np.exp(-t / 0.015)) * batches(rng, n, 0.06)
    log.add("train/loss", steps, np.round(loss, 4))
    log.add("train/learning_rate", steps, shapes.warmup_cosine(t, 2e-4, 0.03, 0.0))
    k = passes * 4
    at = np.linspace(n // k, n - 1, k).astype(int)
    evaluations(log, steps[at], 90)
    first = 1.21 - 0.1 * np.clip(t[at] * passes, 0, 1.0)
    rise = strength * np.clip(seen[at] - 0.75 + 0.25 * (t[at] * passes % 1), 0, None)
    held = first + np.where(t[at] * passes < 1, 0, rise)
    log.add("eval/loss", steps[at], held + rng.normal(0, 0.004, k))
    turned(log, "eval/loss", steps[at], held, 0.004)


@labelled(
    "overlap_declines",
    "overfitting",
    "a segmenter for few patients: the mean Dice of the held-out ones is highest at a third and"
    " sinks, their loss rises, the training's falls (MONAI)",
    tolerated=("plateau",),
    plain=0.1,
    faint=0.045,
)
def overlap_declines(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 301))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(20, 120)
    best = rng.uniform(0.25, 0.4)
    log.add("train_loss", steps, fall(t, 0.78, 0.07, 0.15, 1) * batches(rng, n, 0.02))
    dice = 0.79 - turn(t, best, 0.5, 0.0, strength)
    log.add("val_mean_dice", steps, dice + held_out(rng, n, 0.009))
    turned(log, "val_mean_dice", steps, -dice, 0.009)
