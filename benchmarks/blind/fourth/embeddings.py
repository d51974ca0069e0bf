"""Healthy models that teach themselves, and those of pictures with words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, warm_cosine
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "logit_scale_clamps",
    "the scale of the logits of CLIP is learnt: it grows seven-fold to a hundred, where it is held"
    " (mlfoundations/open_clip)",
    tolerated=("plateau",),
)
def logit_scale_clamps(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 100, 99)
    log.add("train/loss", steps, generators.hill(t, 8.1, 0.9, 0.07, 0.9) * factors(rng, n, 0.05))
    log.add("train/scale", steps, np.minimum(14.3 * np.exp(2.4 * np.sqrt(t)), 100))
    log.add("train/lr", steps, warm_cosine(t, 5e-4, 0.02))
    log.add("train/data_time", steps, 0.012 * factors(rng, n, 0.7))
    log.add("train/samples_per_second", steps, 8800 * factors(rng, n, 0.02))
    where = slice(n // 32 - 1, None, n // 32)
    top1 = generators.shares(rng, 50000, generators.hill(t[where], 0.002, 0.44, 0.3, 1.4))
    log.add("val/imagenet-zeroshot-val-top1", steps[where], top1)


@healthy(
    "teacher_warms",
    "the loss of self-distillation stands near the logarithm of its outputs until the teacher is"
    " warm, then comes down; weight decay is meant to rise ten-fold (facebookresearch/dino)",
)
def teacher_warms(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(100, 400))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    loss = 11.0 - 1.2 * np.clip(t / 0.03, 0, 1) - 6.6 * generators.hill(t, 0, 1, 0.45, 1.5)
    log.add("train_loss", steps, loss + rng.normal(0, 0.025, n))
    log.add("train_lr", steps, warm_cosine(t, 5e-4, 0.05, 1e-6))
    log.add("train_wd", steps, 0.4 - 0.18 * (1 + np.cos(np.pi * t)))
    every = slice(4, None, 5)
    knn = generators.hill(t[every], 8, 72, 0.25, 1.4)
    log.add("knn_top1", steps[every], knn + rng.normal(0, 0.25, len(knn)))
