"""Runs with values that are no numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, factor
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "evaluation_overflows",
    "nonfinite",
    "half precision at evaluation: the training loss is fine to the end, the validation's is NaN"
    " from some evaluation on (EuroEval/EuroEval #106)",
)
def evaluation_overflows(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/loss", steps, shapes.approach(t, 1.9, 0.6, 3) * factor(rng, n, 0.1))
    rare = steps[n // 25 - 1 :: n // 25]
    at = int(len(rare) * rng.uniform(0.3, 0.8))
    valid = shapes.approach(np.linspace(0, 1, len(rare)), 1.7, 0.8, 3) + batches(
        rng, len(rare), 0.01
    )
    valid[at:] = np.nan
    log.add("eval/loss", rare, valid)
    log.true("nonfinite", "eval/loss", rare[at], abrupt(rare, at, 1))


@labelled(
    "not_a_number_after_forty_epochs",
    "nonfinite",
    "mixed precision: after dozens of good epochs both losses are NaN and the accuracy is that of"
    " guessing (pytorch/pytorch #40497)",
)
def not_a_number_after_forty_epochs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 50, 160)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = int(n * rng.uniform(0.35, 0.85))
    broken = np.arange(n) >= at
    accuracy = shapes.approach(t, 0.3, 0.93, 5) + batches(rng, n, 0.006)
    log.add("Accuracy/val", steps, np.where(broken, 0.1, accuracy))
    for tag, end in (("Loss/train", 0.2), ("Loss/val", 0.28)):
        loss = shapes.approach(t, 1.9, end, 5) * factor(rng, n, 0.03)
        log.add(tag, steps, np.where(broken, np.nan, loss))
    log.true("nonfinite", ("Loss/train", "Loss/val"), steps[at], abrupt(steps, at, 1))


@labelled(
    "boxes_are_gone",
    "nonfinite",
    "a detector: from one epoch on two of three losses are NaN, and precision, recall and mAP are"
    " zero (ultralytics/yolov5 #7740)",
)
def boxes_are_gone(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 120)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = int(n * rng.uniform(0.3, 0.8))
    broken = np.arange(n) >= at
    for name, end in (("obj", 0.04), ("cls", 0.012)):
        loss = shapes.approach(t, 3 * end, end, 4) * factor(rng, n, 0.02)
        log.add(f"train/{name}_loss", steps, np.where(broken, np.nan, loss))
    log.add("train/box_loss", steps, shapes.approach(t, 0.1, 0.04, 4) * factor(rng, n, 0.02))
    score = shapes.approach(t, 0.03, 0.61, 5) + batches(rng, n, 0.01)
    log.add("metrics/mAP_0.5", steps, np.where(broken, 0, np.maximum(score, 0)))
    log.true("nonfinite", ("train/obj_loss", "train/cls_loss"), steps[at], abrupt(steps, at, 1))


@labelled(
    "policy_is_infinite",
    "nonfinite",
    "an agent near the end of its run: entropy and policy loss become infinite, two updates later"
    " they are NaN; returns had been fine (rail-berkeley/softlearning #136)",
)
def policy_is_infinite(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    at = int(n * rng.uniform(0.85, 0.95))
    loss = -40 * t + batches(rng, n, 1.5)
    loss[at : at + 2], loss[at + 2 :] = -np.inf, np.nan
    log.add("losses/actor_loss", steps, loss)
    entropy = -3 - 2 * t + batches(rng, n, 0.1)
    entropy[at:] = -np.inf
    log.add("policy/entropy", steps, entropy)
    log.add(
        "charts/episodic_return", steps, shapes.approach(t, 0, 3000, 3) * rng.gamma(20, 1 / 20, n)
    )
    log.true("nonfinite", ("losses/actor_loss", "policy/entropy"), steps[at], abrupt(steps, at))


@labelled(
    "some_batches_are_bad",
    "nonfinite",
    "four of some thousand batches have a loss of NaN, whose steps are skipped: training goes on,"
    " and the data should be looked at",
)
def some_batches_are_bad(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    loss = shapes.power_law(t, 6, 0.4, 0.5, 0.01) * factor(rng, n, 0.12)
    bad = np.sort(rng.choice(np.arange(n // 10, n), 4, replace=False))
    loss[bad] = np.nan
    log.add("train/loss_step", steps, loss)
    log.add("train/lr", steps, cosine(t, 3e-4))
    log.true("nonfinite", "train/loss_step", steps[bad[0]], abrupt(steps, int(bad[0]), 1))


@labelled(
    "norm_first_then_loss",
    "nonfinite",
    "the norm of the gradient is infinite in single steps for a while, which is skipped, then a"
    " step is not, and from there on loss and norm are NaN",
)
def norm_first_then_loss(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    at = int(n * rng.uniform(0.4, 0.8))
    first = at - int(rng.integers(6, 20))
    loss = shapes.power_law(t, 10.5, 2.4, 0.5, 0.005) + batches(rng, n, 0.05)
    norm = 0.6 * factor(rng, n, 0.25)
    norm[[first, first + 3, at - 2]] = np.inf
    loss[at:], norm[at:] = np.nan, np.nan
    log.add("train/loss", steps, loss)
    log.add("train/grad_norm", steps, norm)
    # The trouble began with the norm and became one of the loss: either is right.
    window = (steps[first - 1], steps[at + 1])
    log.true("nonfinite", ("train/loss", "train/grad_norm"), steps[first], window)
