"""Runs whose loss scale goes down and does not come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, factor
from benchmarks.blind.third.registry import labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log, Window


def cascade(steps: NDArray[np.int64], exponents: shapes.Array, onset: int) -> Window:
    """From before the first halving to where half of the way down is done.

    Single halvings are a scaler's daily work; which of them was the first of the cascade is seen
    only by those that follow.
    """
    halfway = (exponents[onset - 1] + exponents[-1]) / 2
    below = onset + int(np.argmax(exponents[onset:] <= halfway))
    return steps[max(onset - 2, 0)], steps[min(below + 2, len(steps) - 1)]


@labelled(
    "down_to_one",
    "loss_scale",
    "DeepSpeed: every step overflows, the scale is halved from 65,536 to its minimum of one, where"
    " the run is ended by hand (ymcui/Chinese-LLaMA-Alpaca #534)",
)
def down_to_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    onset = int(n * rng.uniform(0.4, 0.7))
    since = np.arange(n) - onset + 1
    exponents = np.where(since > 0, np.maximum(16 - since, 0), 16.0)
    log.add("Train/Samples/loss_scale", steps, 2.0**exponents)
    log.add(
        "Train/Samples/train_loss",
        steps,
        shapes.approach(np.minimum(t, t[onset]), 3.0, 2.0, 3) * factor(rng, n, 0.06),
    )
    log.true(
        "loss_scale", "Train/Samples/loss_scale", steps[onset], cascade(steps, exponents, onset)
    )


@labelled(
    "two_to_the_minus_sixty",
    "loss_scale",
    "apex has no minimum: the scale goes down by two at every point for a fifth of the run, to"
    " 1e-18 (NVIDIA/apex #318), and the loss is stuck",
)
def two_to_the_minus_sixty(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.6))
    fall = 77 * np.clip((t - t[onset]) / 0.2, 0, 1)
    fall[onset] = max(fall[onset], 1)
    exponents = np.round(17 - fall)
    log.add("amp/loss_scale", steps, 2.0**exponents)
    log.add(
        "loss/total",
        steps,
        shapes.approach(np.minimum(t, t[onset]), 4, 2.2, 4) + batches(rng, n, 0.08),
    )
    log.true("loss_scale", "amp/loss_scale", steps[onset], cascade(steps, exponents, onset))


@labelled(
    "loses_more_than_it_regains",
    "loss_scale",
    "for a third of the run the scale is halved four times for each time it is doubled: from 2^15"
    " to 2^-3, or to 2^5, where it stays",
    plain=18.0,
    medium=10.0,
)
def loses_more_than_it_regains(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    onset = int(n * rng.uniform(0.3, 0.5))
    level = 15 - strength * np.clip((t - t[onset]) / 0.33, 0, 1)
    wander = np.round(batches(rng, n, 0.5, 0.9))
    exponents = np.round(level) + wander
    log.add("scaler/scale", steps, 2.0**exponents)
    log.add("train/loss", steps, shapes.approach(t, 2.9, 1.4, 2.5) * factor(rng, n, 0.07))
    log.add("train/grad_norm", steps, (0.8 + 2 * np.clip(t - t[onset], 0, 1)) * factor(rng, n, 0.3))
    window = cascade(steps, level, onset)
    log.true("loss_scale", "scaler/scale", steps[onset], window)


@labelled(
    "scale_and_mean_are_lost",
    "loss_scale",
    "the mean of the loss is NaN since one step was, every step overflows, and the scale is halved"
    " to 3e-11 (NVIDIA/DeepLearningExamples #543)",
)
def scale_and_mean_are_lost(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 4)
    onset = int(n * rng.uniform(0.4, 0.7))
    since = np.arange(n) - onset + 1
    exponents = np.where(since > 0, np.maximum(17 - 2 * since, -35), 17.0)
    log.add("loss_scale", steps, 2.0**exponents)
    mean = shapes.moving_mean(shapes.approach(t, 10.5, 1.4, 4) * factor(rng, n, 0.1), 20)
    log.add("average_loss", steps, np.where(np.arange(n) >= onset, np.nan, mean))
    log.true("loss_scale", "loss_scale", steps[onset], cascade(steps, exponents, onset))
    window = (steps[onset - 2], steps[onset + 2])
    log.true("nonfinite", "average_loss", steps[onset], window)


@labelled(
    "at_the_floor_of_fairseq",
    "loss_scale",
    "the scale of a translation model, which had wandered between 8 and 128, goes down within a"
    " hundredth of the run to the minimum of 1e-4 and stays",
)
def at_the_floor_of_fairseq(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 500, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    onset = int(n * rng.uniform(0.35, 0.75))
    exponents = 5 + np.clip(np.round(batches(rng, n, 0.9, 0.95)), -2, 2)
    since = np.arange(n) - onset + 1
    pace = max(n // 500, 1)
    exponents = np.where(since > 0, np.maximum(exponents[onset] - since / pace, -13), exponents)
    exponents = np.round(exponents)
    log.add("train_inner/loss_scale", steps, 2.0**exponents)
    log.add(
        "train_inner/nll_loss",
        steps,
        shapes.approach(np.minimum(t, t[onset]), 9, 3.6, 5) + batches(rng, n, 0.05),
    )
    window = cascade(steps, exponents, onset)
    log.true("loss_scale", "train_inner/loss_scale", steps[onset], window)
