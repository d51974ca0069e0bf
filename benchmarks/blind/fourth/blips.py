"""Excursions that are over: an info is enough, a warning is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, warm_cosine
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "up_to_eight_and_back",
    "spike",
    "in the middle of pre-training the loss leaps and is back after some dozen points, as is the"
    " norm (bigscience-workshop/Megatron-DeepSpeed #57; stanford-crfm/mistral #115)",
    plain=4.5,
    medium=0.6,
)
def up_to_eight_and_back(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 700, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = index_at(n, rng.uniform(0.35, 0.75))
    up = shapes.decay_after(n, at, 1, rng.uniform(5, 12))
    log.add("lm loss", steps, shapes.power_law(t, 10.8, 2) + strength * up + rng.normal(0, 0.03, n))
    log.add("grad-norm", steps, 0.4 * factors(rng, n, 0.15) * (1 + 4 * strength * up))
    log.add("learning-rate", steps, warm_cosine(t, 1.5e-4, 0.01, 1.5e-5))
    log.true("spike", "lm loss", int(steps[at]), abrupt(steps, at))


@labelled(
    "one_poisoned_batch",
    "spike",
    "a single batch with broken labels: one point far above all others",
    plain=12.0,
    medium=1.1,
)
def one_poisoned_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    at = index_at(n, rng.uniform(0.2, 0.85))
    loss = shapes.approach(t, 2.6, 0.7, 4) + rng.normal(0, 0.05, n)
    loss[at] += strength
    log.add("train/loss_seg", steps, loss)
    log.add("train/decode.acc_seg", steps, np.maximum(96 - 18 * loss + rng.normal(0, 1, n), 0))
    log.true("spike", "train/loss_seg", int(steps[at]), abrupt(steps, at))


@labelled(
    "one_bad_evaluation",
    "spike",
    "one evaluation of fifty comes out at a fraction of its neighbours: a weight file was read"
    " while it was written",
    plain=0.85,
    medium=0.4,
)
def one_bad_evaluation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(45, 120))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = index_at(n, rng.uniform(0.35, 0.85))
    precision = generators.hill(t, 0.02, 0.5, 0.12) + rng.normal(0, 0.005, n)
    precision[at] *= 1 - strength
    log.add("coco/bbox_mAP", steps, precision)
    log.add("coco/bbox_mAP_50", steps, 1.5 * precision + rng.normal(0, 0.006, n))
    tags = ("coco/bbox_mAP", "coco/bbox_mAP_50")
    log.true("spike", tags, int(steps[at]), abrupt(steps, at))


@labelled(
    "values_burst",
    "spike",
    "the loss of the critic bursts thirty-fold for a dozen updates, after something new was seen,"
    " and the return takes no harm",
    plain=30.0,
    medium=9.0,
)
def values_burst(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    at = index_at(n, rng.uniform(0.3, 0.8))
    burst = shapes.decay_after(n, at, strength, 3.5)
    log.add("losses/value_loss", steps, 0.8 * factors(rng, n, 0.2) * (1 + burst))
    returns = generators.hill(t, 10, 480, 0.35)
    log.add("charts/episodic_return", steps, returns + shapes.correlated(rng, n, 18, 0.6))
    log.add("losses/policy_loss", steps, rng.normal(-0.004, 0.003, n))
    log.add("charts/learning_rate", steps, 2.5e-4 * (1 - t))
    log.true("spike", "losses/value_loss", int(steps[at]), abrupt(steps, at))


@labelled(
    "some_every_now_and_then",
    "spike",
    "from the middle on single points of the loss lie ten times too high now and then, in no rhythm"
    " (archinetai/audio-diffusion-pytorch #84)",
    plain=11.0,
    medium=5.0,
)
def some_every_now_and_then(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 800, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    loss = generators.hill(t, 0.3, 0.02, 0.02, 1.2) * factors(rng, n, 0.12)
    at = np.sort(rng.choice(np.arange(n // 2, n - 5), int(rng.integers(4, 9)), replace=False))
    loss[at] *= strength * factors(rng, len(at), 0.1)
    log.add("train_loss", steps, loss)
    # Any of them is right as the one that is told of first.
    window = (steps[at[0] - 1], steps[at[-1] + 1])
    log.true("spike", "train_loss", int(steps[at[0]]), window)
