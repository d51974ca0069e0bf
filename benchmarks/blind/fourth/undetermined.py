"""Runs with numbers that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, warm_linear
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "one_head_of_three",
    "nonfinite",
    "the loss of one head is not a number from some step on, and with it the sum; the others go on",
)
def one_head_of_three(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    at = index_at(n, rng.uniform(0.2, 0.9))
    parts = {
        "train/loss_cls": generators.hill(t, 1.1, 0.22, 0.1) * factors(rng, n, 0.12),
        "train/loss_bbox": generators.hill(t, 0.6, 0.2, 0.2) * factors(rng, n, 0.1),
        "train/loss_mask": generators.hill(t, 0.9, 0.25, 0.1) * factors(rng, n, 0.1),
    }
    parts["train/loss_mask"][at:] = np.nan
    for tag, values in parts.items():
        log.add(tag, steps, values)
    log.add("train/loss", steps, sum(parts.values()))
    tags = ("train/loss_mask", "train/loss")
    log.true("nonfinite", tags, int(steps[at]), abrupt(steps, at, 1))


@labelled(
    "more_and_more_often",
    "nonfinite",
    "single values are no numbers, then more and more, then all (google/gemma_pytorch #24)",
)
def more_and_more_often(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 120, 800)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    first = index_at(n, rng.uniform(0.25, 0.45))
    share = np.clip((t - t[first]) / 0.35, 0, 1)
    bad = rng.random(n) < share
    bad[first] = True
    loss = generators.hill(t, 5.6, 4.9, 0.05, 1) + rng.normal(0, 0.2, n)
    loss[bad] = np.nan
    log.add("train/loss", steps, loss)
    log.add("train/learning_rate", steps, warm_linear(t, 2e-4))
    good = np.flatnonzero(~bad)
    # From the first of them to where there is nothing else: both are right as the beginning.
    last = min(int(good[-1]) + 1, n - 1)
    log.true("nonfinite", "train/loss", int(steps[first]), (steps[first - 1], steps[last]))


@labelled(
    "validation_divides_by_nothing",
    "nonfinite",
    "from the third to tenth evaluation on the held-out loss is not a number, as a class is no"
    " longer found; training is as it was",
)
def validation_divides_by_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = int(rng.integers(18, 60))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = int(rng.integers(3, 11))
    held = 0.52 + 0.4 * np.exp(-t / 0.3) + rng.normal(0, 0.01, n)
    held[at:] = np.nan
    log.session("train")
    log.add("epoch_loss", steps, 0.4 + 0.5 * np.exp(-t / 0.3) + rng.normal(0, 0.006, n))
    log.session("validation")
    log.add("epoch_loss", steps, held)
    log.add("epoch_mean_io_u", steps, 0.7 - 0.3 * np.exp(-t / 0.3) + rng.normal(0, 0.006, n))
    log.true("nonfinite", "epoch_loss", int(steps[at]), abrupt(steps, at, 1))


@labelled(
    "simulator_blew_up",
    "nonfinite",
    "a simulator hands out what is no number: returns and losses of the critic are none from then",
)
def simulator_blew_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = index_at(n, rng.uniform(0.3, 0.9))
    broken = np.arange(n) >= at
    reward = generators.hill(t, -4, 21, 0.25) + shapes.correlated(rng, n, 0.8, 0.7)
    critic = 0.04 * factors(rng, n, 0.3)
    log.add("Train/mean_reward", steps, np.where(broken, np.nan, reward))
    log.add("Loss/value_function", steps, np.where(broken, np.nan, critic))
    log.add("Policy/mean_noise_std", steps, np.where(broken, np.nan, 1 - 0.4 * t))
    log.add("Perf/total_fps", steps, np.round(78000 * factors(rng, n, 0.03)))
    tags = ("Train/mean_reward", "Loss/value_function", "Policy/mean_noise_std")
    log.true("nonfinite", tags, int(steps[at]), abrupt(steps, at, 1))


@labelled(
    "endless_and_then_none",
    "nonfinite",
    "the loss is infinite for a few points and no number after: half precision overflowed",
)
def endless_and_then_none(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    at = index_at(n, rng.uniform(0.2, 0.85))
    loss = generators.hill(t, 7.9, 3.1, 0.1, 1) * factors(rng, n, 0.05)
    norm = 1.2 * factors(rng, n, 0.3)
    loss[at:] = np.inf
    loss[at + int(rng.integers(1, 4)) :] = np.nan
    norm[at:] = np.nan
    log.add("loss", steps, loss)
    log.add("global_gradient_norm", steps, norm)
    tags = ("loss", "global_gradient_norm")
    log.true("nonfinite", tags, int(steps[at]), abrupt(steps, at, 3))
