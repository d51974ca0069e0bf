"""Healthy runs without labels, of students, and of networks that are made smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, counted, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "queue_fills",
    "MoCo: the loss rises by a third in the first fiftieth of the run, while noise in the queue is"
    " replaced by what is hard to tell apart, then falls to the end (facebookresearch/moco #9 and"
    " #43)",
    tolerated=("divergence",),
)
def queue_fills(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1000, 8000)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    loss = 7.1 + 2.4 * (1 - np.exp(-t / 0.006)) - 2.7 * (1 - np.exp(-t / 0.13)) - 0.35 * t
    log.add("train/loss", steps, loss + batches(rng, n, 0.06, 0.1))
    easy = 90 * np.exp(-t / 0.003) + 68 * (1 - np.exp(-t / 0.18))
    log.add("train/contrastive_acc1", steps, easy + batches(rng, n, 1.8))
    log.add("train/lr", steps, cosine(t, 0.03, 0.001, 0))


@healthy(
    "teacher_sharpens",
    "DINO: the loss rises by some per cent while the rate and the teacher's temperature warm up,"
    " then falls (facebookresearch/dino #246); weight decay rises all the time, as meant",
)
def teacher_sharpens(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    loss = (
        10.35 + 0.55 * (1 - np.exp(-t / 0.012)) - 7.6 * (1 - np.exp(-np.maximum(t - 0.02, 0) / 0.3))
    )
    log.add("train_loss", steps, loss + batches(rng, n, 0.03, 0.4))
    log.add("train_lr", steps, cosine(t, 1e-3, 0.04, 0.001))
    log.add("train_wd", steps, 0.4 - 0.36 * (1 + np.cos(np.pi * t)) / 2)
    rare = steps[9::10]
    knn = shapes.approach(np.linspace(0, 1, len(rare)), 18, 74, 3)
    log.add("knn/top1", rare, knn + batches(rng, len(rare), 0.4))


@healthy(
    "loss_that_rises_as_probes_improve",
    "BYOL (Grill et al. 2020): the distance to one's own average falls at once, then creeps up as"
    " features become richer; the linear probe improves to the end",
    tolerated=("divergence", "overfitting", "plateau"),
)
def loss_that_rises_as_probes_improve(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    loss = 0.205 + 1.6 * np.exp(-t / 0.008) - 0.05 * np.exp(-t / 0.06)
    log.add("byol/loss", steps, loss * factor(rng, n, 0.04, 0.2))
    log.add("byol/tau", steps, 1 - 0.004 * (1 + np.cos(np.pi * t)) / 2)
    probe = shapes.approach(t, 0.28, 0.69, 3)
    log.add("online_probe/accuracy", steps, counted(rng, probe, 4096))


@healthy(
    "eight_bits_at_three_fifths",
    "quantisation-aware training: where fake quantisation is switched on the accuracy falls by"
    " five points, and is back to within a point soon (Jacob et al. 2018)",
    tolerated=("divergence", "plateau"),
)
def eight_bits_at_three_fifths(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 50, 200)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    on = t >= 0.6
    dip = -np.where(on, 0.004 + 0.05 * np.exp(-(t - 0.6) / 0.03), 0)
    accuracy = shapes.approach(t, 0.3, 0.76, 4.5) + dip
    log.add("val/top1", steps, accuracy + batches(rng, n, 0.0025))
    log.add("train/loss", steps, 3.6 - 3.4 * accuracy + batches(rng, n, 0.02))
    log.add("qat/enabled", steps, on)
