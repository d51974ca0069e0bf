"""Runs with an excursion that is over: an info is right, and no alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, counted, factor
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "out_of_the_blue",
    "spike",
    "a large language model's loss leaps up and is back after some dozen points (PaLM, Chowdhery"
    " et al. 2022; willisma/SiT #47): by 40 or 12 times the noise",
    plain=1.6,
    medium=0.48,
)
def out_of_the_blue(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 2000, 12000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = int(n * rng.uniform(0.3, 0.9))
    leap = shapes.decay_after(n, at, strength, 5)
    loss = shapes.power_law(t, 10.8, 2.2, 0.45, 0.003) + leap
    log.add("train/loss", steps, loss + batches(rng, n, 0.04, 0.1))
    log.add("train/grad_norm", steps, (0.4 + 2 * leap) * factor(rng, n, 0.15))
    log.add("train/lr", steps, cosine(t, 2e-4))
    log.true("spike", ("train/loss", "train/grad_norm"), steps[at], abrupt(steps, at))


@labelled(
    "one_bad_file",
    "spike",
    "one file of another language: a single batch has three times the loss, or half as much more;"
    " the next is as the one before",
    plain=2.0,
    medium=0.5,
)
def one_bad_file(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = int(n * rng.uniform(0.3, 0.95))
    loss = shapes.approach(t, 3.4, 1.6, 3) * factor(rng, n, 0.035)
    loss[at] *= 1 + strength
    log.add("loss/train", steps, loss)
    log.add("tokens/batch", steps, rng.integers(30000, 32769, n))
    log.true("spike", "loss/train", steps[at], abrupt(steps, at, 1))


@labelled(
    "norm_of_two_hundred",
    "spike",
    "one norm of 237 among such of four, and a loss that hardly shows it (zai-org/GLM-4 #706)",
)
def norm_of_two_hundred(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = int(n * rng.uniform(0.3, 0.95))
    norm = 3.6 * factor(rng, n, 0.25)
    norm[at] = rng.uniform(180, 260)
    log.add("train/grad_norm", steps, norm)
    loss = 0.09 + 0.8 * np.exp(-t / 0.05)
    log.add("train/loss", steps, (loss + bump_after(n, at)) * factor(rng, n, 0.08))
    log.true("spike", "train/grad_norm", steps[at], abrupt(steps, at, 1))


def bump_after(n: int, index: int) -> shapes.Array:
    """A loss that is a third higher for two points."""
    return shapes.decay_after(n, index, 0.03, 1)


@labelled(
    "evaluated_on_the_wrong_split",
    "spike",
    "one evaluation of some dozens gives an accuracy near guessing, as a worker had read another"
    " split; the next is fine",
)
def evaluated_on_the_wrong_split(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 160)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    at = int(n * rng.uniform(0.35, 0.9))
    accuracy = shapes.approach(t, 0.4, 0.83, 4)
    accuracy[at] = 0.14
    log.add("eval/accuracy", steps, counted(rng, accuracy, 5000))
    often = shapes.steps(20 * n, 25)
    u = shapes.times(20 * n)
    log.add("train/loss", often, shapes.approach(u, 1.9, 0.5, 4) * factor(rng, 20 * n, 0.1))
    log.true("spike", "eval/accuracy", steps[at], abrupt(steps, at, 1))


@labelled(
    "one_rollout_pays_too_much",
    "spike",
    "a reward that was not clipped comes up once: the value loss is fifty times its level in one"
    " update and soon back (Unity-Technologies/ml-agents #2897)",
)
def one_rollout_pays_too_much(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10000)
    at = int(n * rng.uniform(0.3, 0.9))
    value = (0.04 + 0.1 * np.exp(-t / 0.1)) * factor(rng, n, 0.3)
    log.add("Losses/Value Loss", steps, value + shapes.decay_after(n, at, 2.4, 1.2))
    reward = shapes.approach(t, 0.1, 0.86, 3) + batches(rng, n, 0.03, 0.3)
    log.add("Environment/Cumulative Reward", steps, reward)
    log.true("spike", "Losses/Value Loss", steps[at], abrupt(steps, at))


@labelled(
    "twice_and_back",
    "spike",
    "two leaps of the loss of a speech model, where batches of long utterances come together; each"
    " is over within six points, 15 times the noise",
)
def twice_and_back(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    first, second = int(n * rng.uniform(0.3, 0.5)), int(n * rng.uniform(0.6, 0.9))
    leaps = shapes.decay_after(n, first, 15, 2) + shapes.decay_after(n, second, 15, 2)
    log.add("train_loss", steps, shapes.approach(t, 60, 21, 4) + leaps + batches(rng, n, 1.0, 0.1))
    log.add("learning_rate", steps, cosine(t, 1e-3, 0.1))
    for at in (first, second):
        log.true("spike", "train_loss", steps[at], abrupt(steps, at))
