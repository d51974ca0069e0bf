"""Healthy runs whose curves have the shape of their learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, factor, settling, staircase
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "hump_of_the_peak",
    "1cycle (Smith 2018): the validation's loss has a hump of a seventh of its fall about where"
    " the rate is highest, and falls far below as the rate is annealed",
)
def hump_of_the_peak(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 400)
    t, steps = shapes.times(n), shapes.steps(n, 300)
    rate = np.where(
        t < 0.3,
        0.04 + 0.96 * (1 - np.cos(np.pi * t / 0.3)) / 2,
        (1 + np.cos(np.pi * (t - 0.3) / 0.7)) / 2,
    )
    fallen = 1.5 * np.exp(-t / 0.04) - 0.55 * np.clip((t - 0.35) / 0.65, 0, 1) ** 1.3
    loss = 1.0 + fallen + 0.2 * np.exp(-(((t - 0.3) / 0.1) ** 2))
    log.add("valid_loss", steps, loss + batches(rng, n, 0.045) * (0.3 + rate))
    log.add("train_loss", steps, 0.97 * loss + batches(rng, n, 0.03))
    log.add("lr_0", steps, 3e-3 * rate)
    log.add("mom_0", steps, 0.95 - 0.1 * rate)


@healthy(
    "four_descents",
    "SGDR (Loshchilov and Hutter 2017), each cycle twice as long as the one before: at each"
    " restart the loss leaps up by a fifth of its level and ends lower than the cycle before",
)
def four_descents(log: Log, rng: np.random.Generator) -> None:
    n = 15 * shapes.whole(rng, 15, 80)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    starts = np.array([0, 1, 3, 7]) / 15
    number = np.searchsorted(starts, t, side="right") - 1
    inside = (t - starts[number]) / (2.0**number / 15)
    rate = (1 + np.cos(np.pi * np.minimum(inside, 1))) / 2
    level = np.array([1.05, 0.86, 0.72, 0.61])[number]
    loss = level + 0.24 * rate**1.5 + 1.1 * np.exp(-t / 0.012)
    log.add("train/loss", steps, loss * factor(rng, n, 0.04))
    log.add("val/acc", steps, 1.02 - 0.33 * loss + batches(rng, n, 0.008))
    log.add("lr-SGD", steps, 0.1 * rate)


@healthy(
    "lowered_when_stuck",
    "ReduceLROnPlateau: the loss is flat for some epochs, the rate falls to a tenth, the loss"
    " falls on; three times over, then all is still",
    tolerated=("plateau",),
)
def lowered_when_stuck(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    loss = 0.62 + 1.3 * np.exp(-t / 0.04)
    for at, drop in ((0.3, 0.17), (0.52, 0.09), (0.72, 0.04)):
        loss = loss + settling(t, at, drop, 0.03)
    log.add("val_loss", steps, loss + batches(rng, n, 0.011))
    log.add("loss", steps, loss - 0.03 + batches(rng, n, 0.008))
    log.add("learning_rate", steps, staircase(t, 1e-3, (0.3, 0.52, 0.72)))


@healthy(
    "backbone_thaws",
    "a rate for each group of layers: the backbone's is zero until a third of the run, as meant,"
    " and where it thaws the loss takes a small step up and then falls further",
    tolerated=("learning_rate", "plateau"),
)
def backbone_thaws(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 700)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    thawed = t >= 1 / 3
    loss = 0.74 + 1.2 * np.exp(-t / 0.05) + settling(t, 0.34, 0.33, 0.12)
    loss = loss + np.where(thawed, 0.1 * np.exp(-(t - 1 / 3) / 0.012), 0)
    log.add("train/loss", steps, loss * factor(rng, n, 0.06))
    log.add("lr-AdamW/head", steps, 1e-3 * (1 - t))
    log.add("lr-AdamW/backbone", steps, np.where(thawed, 5e-5 * (1 - t), 0))
    rare = steps[n // 20 - 1 :: n // 20]
    seen = np.interp(rare, steps, loss)
    log.add("val/f1", rare, 0.99 - 0.3 * seen + batches(rng, len(rare), 0.006))
