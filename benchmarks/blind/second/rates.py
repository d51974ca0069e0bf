"""Learning rates that are not what the schedule should give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "schedule_rescaled",
    "learning_rate",
    "resumed with another number of epochs, the cosine is computed anew: the rate drops at"
    " once to a fraction, and then rises (Nerogar/OneTrainer #1604)",
    plain=0.1,
    medium=0.3,
    tolerated=("stall",),
)
def schedule_rescaled(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    a = int(n * rng.uniform(0.45, 0.6))
    rate = 5e-6 * (1 + np.cos(np.pi * t)) / 2
    low = float(rate[a])
    after = low * (strength + (0.8 - strength) * (t[a:] - t[a]) / (1 - t[a]))
    loss = generators.hill(t, 0.42, 0.31, 0.1) * generators.batch(rng, n, 0.2)
    log.add("lr/transformer", steps[:a], rate[:a])
    log.add("loss/train_step", steps[:a], loss[:a])
    log.session()
    log.add("lr/transformer", steps[a:], after)
    log.add("loss/train_step", steps[a:], loss[a:])
    log.true("learning_rate", "lr/transformer", steps[a], abrupt(steps, a, 1))


@labelled(
    "decay_per_batch",
    "learning_rate",
    "an exponential decay meant for epochs is applied to batches: the rate is gone before the tenth"
    " part of the run is over, down to the zero of float32",
    plain=1.0,
    tolerated=("plateau",),
)
def decay_per_batch(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    decades = rng.uniform(150, 400)
    rate = (2e-3 * 10 ** (-decades * t)).astype(np.float32).astype(np.float64)
    log.add("LearningRate", steps, rate)
    gone = int(np.searchsorted(-rate, -2e-6))
    loss = generators.hill(np.minimum(t, t[gone]) / t[gone], 4.6, 3.7, 0.5)
    log.add("BatchLoss", steps, loss + rng.normal(0, 0.1, n))
    zero = int(np.flatnonzero(rate == 0)[0])
    # From a thousandth of its start the rate moves nothing; at the first zero no one can doubt it.
    window = (steps[max(gone - 2, 0)], steps[min(zero + 2, n - 1)])
    log.true("learning_rate", "LearningRate", steps[gone], window, also=("collapse",))


@labelled(
    "scaled_by_the_workers",
    "learning_rate",
    "a restart on more machines multiplies the rate by their number in mid-schedule; the loss"
    " goes up",
    plain=8.0,
    medium=4.0,
    subtle=2.0,
    tolerated=("divergence", "stall", "spike"),
)
def scaled_by_the_workers(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = int(n * rng.uniform(0.4, 0.65))
    rate = shapes.warmup_cosine(t, 4e-4, 0.04, 0.1) * np.where(np.arange(n) < a, 1, strength)
    loss = generators.spectral(t, 6.8, 2.1, 200)
    loss[a:] += 0.05 * strength * (1 - np.exp(-np.arange(1, n - a + 1) / 10))
    loss += rng.normal(0, 0.04, n)
    for where in (slice(None, a), slice(a, None)):
        log.session()
        log.add("lr-DecoupledAdamW/group0", steps[where], rate[where])
        log.add("loss/train/ce", steps[where], loss[where])
    log.true("learning_rate", "lr-DecoupledAdamW/group0", steps[a], abrupt(steps, a, 1))


@labelled(
    "warmed_up_twice",
    "learning_rate",
    "the scheduler's state was not saved: late in the decay the rate is zero, then at its"
    " peak again",
    plain=0.85,
    medium=0.65,
    tolerated=("divergence", "stall", "spike"),
)
def warmed_up_twice(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    a = int(n * strength)
    rate = shapes.warmup_linear(t, 1e-3, 0.05)
    again = shapes.warmup_linear(t, 1e-3, 0.05)[: n - a]
    loss = generators.hill(t, 2.6, 0.9, 0.1)
    loss[a:] += 0.15 * np.clip((t[a:] - t[a]) / 0.05, 0, 1)
    loss *= generators.batch(rng, n, 0.06)
    log.add("opt/lr", steps[:a], rate[:a])
    log.add("train/objective_ce", steps[:a], loss[:a])
    log.session()
    log.add("opt/lr", steps[a:], again)
    log.add("train/objective_ce", steps[a:], loss[a:])
    # It is seen in the fall to zero or, at the latest, when the rate is back above what it was.
    above = a + int(np.flatnonzero(again > rate[a - 1])[0])
    log.true("learning_rate", "opt/lr", steps[a], (steps[a - 1], steps[min(above + 2, n - 1)]))


@labelled(
    "reduced_while_it_improves",
    "learning_rate",
    "ReduceLROnPlateau told to maximise the loss: the rate is cut to a tenth again and again"
    " while the loss falls, until nothing moves",
    plain=1.0,
    tolerated=("plateau",),
)
def reduced_while_it_improves(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(80, 300))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    patience = int(rng.integers(4, 8))
    first = int(n * rng.uniform(0.15, 0.3))
    cuts = np.clip((np.arange(n) - first) // patience + 1, 0, 8)
    log.add("lr/optimizer_0", steps, 1e-3 * 0.1**cuts)
    loss = generators.hill(np.minimum(t, t[first + patience]), 2.4, 0.6, 0.3)
    log.add("valid/mse", steps, loss + rng.normal(0, 0.01, n))
    log.add("train/mse", steps, 0.95 * loss + rng.normal(0, 0.008, n))
    # Two cuts are a schedule; from the third on the rate is a thousandth of what it was.
    third = first + 2 * patience
    window = (steps[first - 1], steps[min(first + 7 * patience + 2, n - 1)])
    log.true("learning_rate", "lr/optimizer_0", steps[third], window, also=("collapse",))
