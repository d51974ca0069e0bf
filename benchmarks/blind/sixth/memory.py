"""Runs that learn their examples by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log
    from benchmarks.blind.shapes import Array


def valley(t: Array, best: float, start: float, low: float, end: float) -> Array:
    """Down to `low` at `best`, and up to `end`, faster at first."""
    down = (start - low) * np.clip(1 - t / best, 0, 1) ** 1.8
    return low + down + (end - low) * np.clip((t - best) / (1 - best), 0, 1) ** 1.1


@labelled(
    "reviews_read_too_often",
    "overfitting",
    "a sentence classifier for a few epochs too many: its held-out loss rises again, while that in"
    " training goes on to nought (Hugging Face's forum, many a thread)",
    tolerated=("plateau",),
    clear=0.4,
    faint=0.14,
)
def reviews_read_too_often(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(8, 21))
    t, evals = shapes.times(n), shapes.steps(n, 250)
    loss = valley(t, rng.uniform(0.22, 0.4), 0.48, 0.33, 0.33 + strength)
    sd = 0.006
    log.add("eval/loss", evals, loss + rng.normal(0, sd, n))
    log.add(
        "eval/accuracy", evals, making.right(rng, making.descent(t, 0.82, 0.88, 0.1, 0.9), 2000)
    )
    m = n * 5
    steps, s = shapes.steps(m, 50), shapes.times(m)
    fall = making.descent(s, 0.62, 0.015, 0.2)
    log.add("train/loss", steps, fall * making.batch_factors(rng, m, 0.12))
    log.add("train/learning_rate", steps, shapes.warmup_linear(s, 3e-5, 0.06))
    making.turned(log, "eval/loss", evals, loss, sd)
    making.waits(log, evals, 20)


@labelled(
    "validation_parts_from_training",
    "overfitting",
    "a network from scratch on a small set of pictures: the two losses part after a third of the"
    " epochs (keras-team/keras #161)",
    tolerated=("plateau",),
    clear=0.6,
    faint=0.16,
)
def validation_parts_from_training(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 120))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 12.0
    sd = 0.022
    loss = valley(t, rng.uniform(0.2, 0.4), 1.5, 0.82, 0.82 + strength)
    train = making.descent(t, 1.6, 0.12, 0.15, 0.55)
    log.session("train")
    log.add("epoch_loss", steps, train + rng.normal(0, 0.012, n))
    log.add("epoch_accuracy", steps, making.right(rng, np.exp(-0.75 * train), 4000))
    log.session("validation")
    log.add("epoch_loss", steps, loss + making.lazy(rng, n, sd))
    share = making.descent(t, 0.45, 0.73, 0.12, 0.95)
    log.add("epoch_accuracy", steps, making.right(rng, share, 1000))
    making.turned(log, "epoch_loss", steps, loss, sd)


@labelled(
    "survival_of_the_same_patients",
    "overfitting",
    "a network on a table of patients: the held-out loss rises from its best on and the area under"
    " the curve falls (FT-ZHOU-ZZZ/CMTA #5)",
    tolerated=("divergence",),
    clear=0.3,
    faint=0.1,
)
def survival_of_the_same_patients(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 60))
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 3.0
    sd = 0.012
    loss = valley(t, rng.uniform(0.2, 0.38), 0.69, 0.5, 0.5 + strength)
    log.add("Loss/train", steps, making.descent(t, 0.69, 0.16, 0.25) + rng.normal(0, 0.01, n))
    log.add("Loss/val", steps, loss + making.lazy(rng, n, sd))
    log.add("AUC/train", steps, making.descent(t, 0.6, 0.985, 0.2, 0.9))
    log.add("AUC/val", steps, 0.84 - 0.5 * (loss - 0.5) + making.lazy(rng, n, 0.006))
    making.turned(log, ("Loss/val", "AUC/val"), steps, loss, sd)


@labelled(
    "slides_of_six_patients",
    "overfitting",
    "a segmenter sees six patients for too long, and for one night of it the lid of the laptop was"
    " shut (MIC-DKFZ/nnUNet #757)",
    tolerated=("plateau",),
    clear=0.25,
    faint=0.1,
)
def slides_of_six_patients(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(50, 180))
    t, steps = shapes.times(n), shapes.steps(n, 60, 59)
    making.seconds_a_point(log, 60, 65)
    sd = 0.012
    loss = valley(t, rng.uniform(0.25, 0.45), 0.8, 0.38, 0.38 + strength)
    train = making.descent(t, 0.85, 0.08, 0.15, 0.7)
    log.add("train_loss", steps, train + rng.normal(0, 0.006, n))
    log.add("val_loss", steps, loss + making.lazy(rng, n, sd))
    log.add("val_dice", steps, making.descent(t, 0.3, 0.79, 0.1, 0.97) + making.lazy(rng, n, 0.006))
    log.add("epoch", steps, np.arange(n))
    gap = int(n * rng.uniform(0.3, 0.9))
    log.pause(int(steps[gap]), 3600 * rng.uniform(7, 11))
    making.turned(log, "val_loss", steps, loss, sd)
    tags = ("train_loss", "val_loss", "val_dice", "epoch")
    log.true("stall", tags, steps[gap], abrupt(steps, gap))
