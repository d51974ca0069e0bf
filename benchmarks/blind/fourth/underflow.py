"""Loss scales that broke down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, warm_linear
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "already_at_minimum",
    "loss_scale",
    "the scale is halved at every step down to one, where the trainer gives up or goes on in vain"
    " (ymcui/Chinese-LLaMA-Alpaca #534)",
    tolerated=("plateau",),
)
def already_at_minimum(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = index_at(n, rng.uniform(0.3, 0.7))
    exponents = np.where(np.arange(n) < at, 16, np.maximum(16 - (np.arange(n) - at), 0))
    log.add("Train/Samples/loss_scale", steps, 2.0**exponents)
    learnt = np.minimum(t, t[at])
    loss = generators.hill(learnt, 2.1, 1.55, 0.2)
    log.add("Train/Samples/train_loss", steps, loss + rng.normal(0, 0.05, n))
    log.add("Train/Samples/lr", steps, warm_linear(t, 2e-4))
    tag = "Train/Samples/loss_scale"
    log.true("loss_scale", tag, int(steps[at]), (steps[at - 2], steps[min(at + 16, n - 1)]))


@labelled(
    "halved_and_never_doubled",
    "loss_scale",
    "the scale comes down step by step over half of the run and is never doubled again: activations"
    " grow towards the limit of half precision",
    plain=14.0,
    medium=9.0,
)
def halved_and_never_doubled(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = index_at(n, rng.uniform(0.25, 0.4))
    span = 0.55 * n
    halvings = np.floor(strength * np.clip((np.arange(n) - onset) / span, 0, 1) + 1e-9)
    first = int(np.argmax(halvings > 0))
    log.add("loss-scale", steps, 2.0 ** (17 - halvings))
    log.add("lm loss", steps, shapes.power_law(t, 10.2, 2.4) + rng.normal(0, 0.03, n))
    log.add("grad-norm", steps, 0.5 * factors(rng, n, 0.15) * (1 + 0.6 * t))
    log.add("learning-rate", steps, warm_linear(t, 1.5e-4, 0.02))
    # It is beyond doubt after four halvings.
    doubt = int(np.argmax(halvings >= min(5, strength)))
    log.true("loss_scale", "loss-scale", int(steps[first]), (steps[onset], steps[doubt]))


@labelled(
    "scale_of_one_of_two",
    "loss_scale",
    "of two players' scalers that of the discriminator breaks down to a fraction of one; that of"
    " the generator swings as it should",
)
def scale_of_one_of_two(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    at = index_at(n, rng.uniform(0.3, 0.7))
    fit = 16.5 + shapes.correlated(rng, n, 0.5, 0.97)
    good = generators.loss_scale(fit, 16, 50)
    bad = good.copy()
    bad[at:] = np.maximum(bad[at] - 1 - np.arange(n - at), -9)
    log.add("amp/scale_g", steps, 2.0**good)
    log.add("amp/scale_d", steps, 2.0**bad)
    log.add("loss/g", steps, 1.8 + shapes.correlated(rng, n, 0.2, 0.4))
    log.add("loss/d", steps, 0.9 + shapes.correlated(rng, n, 0.1, 0.4))
    log.add("eval/fid", steps[:: n // 20], generators.hill(t[:: n // 20], 120, 19, 0.2))
    window = (steps[at - 2], steps[min(at + 26, n - 1)])
    log.true("loss_scale", "amp/scale_d", int(steps[at]), window)


@labelled(
    "lives_below_one",
    "loss_scale",
    "within a few hundred updates the scale falls from some hundreds to an eighth, about which it"
    " swings from then on (fairseq's loss_scale on its way to min_loss_scale)",
)
def lives_below_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = index_at(n, rng.uniform(0.3, 0.65))
    limits = 8.5 + shapes.correlated(rng, n, 0.5, 0.97)
    limits -= 11.5 * np.clip((np.arange(n) - at) / 12, 0, 1)
    exponents = generators.loss_scale(limits, 7, 25)
    first = at + int(np.argmax(np.diff(exponents[at:]) < 0)) + 1
    log.session("train_inner")
    log.add("loss_scale", steps, 2.0**exponents)
    log.add("loss", steps, shapes.power_law(t, 13.5, 4.2) + rng.normal(0, 0.06, n))
    log.add("gnorm", steps, 1.1 * factors(rng, n, 0.2) * np.where(np.arange(n) > at, 2.2, 1))
    log.true("loss_scale", "loss_scale", int(steps[first]), (steps[at - 4], steps[at + 20]))


@labelled(
    "scaler_runs_to_nothing",
    "loss_scale",
    "every gradient is not finite, so each step is skipped and the scale is halved: after some"
    " dozen it is a billionth, and the loss stands still (PyTorch's GradScaler, which has no least"
    " scale)",
    tolerated=("plateau",),
)
def scaler_runs_to_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 250, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = index_at(n, rng.uniform(0.3, 0.6))
    exponents = np.where(np.arange(n) < at, 16, np.maximum(16 - (np.arange(n) - at), -120))
    loss = 0.8 + 1.6 * np.exp(-np.minimum(t, t[at]) / 0.25)
    log.add("train/amp_scale", steps, 2.0**exponents)
    log.add("train/loss", steps, loss * factors(rng, n, 0.06))
    log.add("train/lr", steps, 1e-3)
    window = (steps[at - 2], steps[min(at + 20, n - 1)])
    log.true("loss_scale", "train/amp_scale", int(steps[at]), window, also=("collapse",))
