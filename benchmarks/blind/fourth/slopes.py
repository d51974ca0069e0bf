"""Gradients that tell of trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, to_unit, warm_cosine
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "always_exactly_one",
    "gradient",
    "the norm is logged after it was clipped, and is one at every step but a few: the limit is a"
    " rate of learning in disguise",
    plain=1.0,
    medium=0.985,
)
def always_exactly_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    norm = np.where(rng.random(n) < strength, 1.0, rng.uniform(0.85, 1, n))
    log.add("train/grad_norm", steps, norm)
    log.add("train/loss", steps, generators.hill(t, 3.2, 2.1, 0.3, 0.9) + rng.normal(0, 0.06, n))
    log.add("train/learning_rate", steps, warm_cosine(t, 1e-4))
    window = (steps[0], steps[n // 8])
    log.true("gradient", "train/grad_norm", int(steps[0]), window)


@labelled(
    "every_step_is_clipped",
    "gradient",
    "the share of steps that are clipped goes from a few per cent to all of them and stays, as"
    " norms have grown beyond the limit (OLMo's optim/clipping_rate)",
    plain=0.05,
    medium=0.35,
)
def every_step_is_clipped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = index_at(n, rng.uniform(0.35, 0.6))
    after = np.arange(n) >= at
    log.add("optim/clipping_rate", steps, generators.shares(rng, 10, np.where(after, 1, strength)))
    norm = np.where(after, 4.2, 0.75) * factors(rng, n, 0.16)
    log.add("optim/total_grad_norm", steps, norm)
    log.add("train/CrossEntropyLoss", steps, shapes.power_law(t, 9, 2.9) + rng.normal(0, 0.03, n))
    tags = ("optim/clipping_rate", "optim/total_grad_norm")
    log.true("gradient", tags, int(steps[at]), abrupt(steps, at, 5), also=("explosion",))


@labelled(
    "norm_grows_and_nothing_is_learnt",
    "gradient",
    "norms grow twenty-fold, steadily, while the loss stands still (canopyai/Orpheus-TTS #78)",
    tolerated=("plateau",),
    plain=20.0,
    medium=6.0,
)
def norm_grows_and_nothing_is_learnt(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = index_at(n, rng.uniform(0.25, 0.4))
    grown = np.log(strength) * np.maximum(t - t[onset], 0) / (1 - t[onset])
    log.add("train/grad_norm", steps, 0.8 * np.exp(grown) * factors(rng, n, 0.15))
    log.add("train/loss", steps, 4.05 + 2.6 * np.exp(-t / 0.05) + rng.normal(0, 0.05, n))
    log.add("train/learning_rate", steps, 5e-5)
    window = gradual(steps, grown, onset, 0.15)
    log.true("gradient", "train/grad_norm", int(steps[onset]), window, also=("explosion",))


@labelled(
    "no_unit_answers",
    "gradient",
    "all units of a layer have died: the norm falls by six decades at once, and the loss stands"
    " where it then was",
    tolerated=("plateau",),
)
def no_unit_answers(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 250, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = index_at(n, rng.uniform(0.2, 0.5))
    dead = np.arange(n) >= at
    norm = 1.7 * factors(rng, n, 0.3) * np.where(dead, 1e-6, 1)
    loss = np.where(dead, 2.303, 1.2 + 1.1 * np.exp(-t / 0.1))
    log.add("grad/norm", steps, norm)
    log.add("train/loss", steps, loss + rng.normal(0, 0.03, n))
    log.add("train/lr", steps, 1e-2)
    log.true("gradient", "grad/norm", int(steps[at]), abrupt(steps, at), also=("collapse",))
    log.true("divergence", "train/loss", int(steps[at]), abrupt(steps, at))


@labelled(
    "pinned_from_the_middle_on",
    "gradient",
    "logged after clipping, norms are below the limit of a half at first and then at it, exactly,"
    " to the end",
    plain=0.2,
    medium=0.36,
)
def pinned_from_the_middle_on(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = index_at(n, rng.uniform(0.3, 0.5))
    norm = np.minimum(strength * factors(rng, n, 0.18), 0.5)
    norm[at:] = 0.5
    log.add("train/grad_norm", steps, to_unit(norm, 1e-6))
    log.add("train/loss", steps, generators.hill(t, 2.9, 1.9, 0.15, 0.9) + rng.normal(0, 0.05, n))
    log.add("train/learning_rate", steps, warm_cosine(t, 3e-4))
    log.true("gradient", "train/grad_norm", int(steps[at]), abrupt(steps, at, 6))
