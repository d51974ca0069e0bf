"""Runs that stopped getting better where more was to be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import flat

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "a_coin_would_do",
    "plateau",
    "after a bad start the loss is that of a coin, 0.693, and stays there; half of the answers are"
    " right (keras-team/keras #1597)",
)
def a_coin_would_do(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    rate = rng.uniform(0.015, 0.035)
    loss = 0.6931 + 0.9 * np.exp(-t / rate)
    log.add("loss", steps, loss + rng.normal(0, 0.0025, n))
    log.add("accuracy", steps, generators.shares(rng, 4000, np.full(n, 0.5)))
    log.add("val_loss", steps, loss + rng.normal(0, 0.002, n))
    log.add("val_accuracy", steps, 0.5)
    index = int(np.searchsorted(t, 5 * rate))
    log.true("plateau", ("loss", "val_loss"), int(steps[index]), flat(steps, loss, index, 0.002))


@labelled(
    "says_the_mean",
    "plateau",
    "a forecaster has learnt to say the mean and no more: its error is the variance, its r2 nought",
)
def says_the_mean(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = int(rng.integers(80, 300))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    rate = rng.uniform(0.015, 0.04)
    error = 0.998 + 1.4 * np.exp(-t / rate)
    log.add("val/mse", steps, error + rng.normal(0, 0.004, n))
    log.add("val/r2", steps, 0.002 - 1.4 * np.exp(-t / rate) + rng.normal(0, 0.004, n))
    log.add("train/mse_step", steps, error * generators.batch(rng, n, 0.06))
    log.add("train/lr", steps, 1e-3)
    index = int(np.searchsorted(t, 6 * rate))
    tags = ("val/mse", "val/r2", "train/mse_step")
    log.true("plateau", tags, int(steps[index]), flat(steps, error, index, 0.004))


@labelled(
    "stands_and_does_not_walk",
    "plateau",
    "a walker has found that standing pays a thousand: from a sixth of the run on nothing comes to"
    " it (a known optimum of Walker2d and Humanoid)",
    plain=12.0,
    noisy=45.0,
)
def stands_and_does_not_walk(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10000)
    at = rng.uniform(0.12, 0.22)
    reward = 15 + 990 * np.minimum(t / at, 1) ** 1.5
    log.add("eval/mean_reward", steps, reward + rng.normal(0, strength, n) * np.minimum(t / at, 1))
    log.add("eval/mean_ep_length", steps, np.minimum(reward, 1000))
    log.add("train/critic_loss", steps, 3.5 * factors(rng, n, 0.3))
    log.add("train/ent_coef", steps, 0.03 * factors(rng, n, 0.1))
    index = int(np.searchsorted(t, at))
    window = flat(steps, -reward, index, strength)
    tags = ("eval/mean_reward", "eval/mean_ep_length")
    log.true("plateau", tags, int(steps[index]), window)


@labelled(
    "classes_never_found",
    "plateau",
    "the mean overlap of classes stands at four tenths, since the rare ones are never found, for"
    " two thirds of the run; so does the held-out loss",
)
def classes_never_found(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = int(rng.integers(80, 240))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    rate = rng.uniform(0.05, 0.08)
    overlap = 0.41 - 0.36 * np.exp(-t / rate)
    log.add("val/mIoU", steps, overlap + rng.normal(0, 0.005, n))
    log.add("val/loss", steps, 0.83 + 1.2 * np.exp(-t / rate) + rng.normal(0, 0.012, n))
    log.add("train/loss", steps, 0.8 + 1.25 * np.exp(-t / rate) + rng.normal(0, 0.02, n))
    log.add("train/lr", steps, 1e-3)
    index = int(np.searchsorted(t, 4.5 * rate))
    tags = ("val/mIoU", "val/loss", "train/loss")
    log.true("plateau", tags, int(steps[index]), flat(steps, -overlap, index, 0.005))


@labelled(
    "trivial_solution",
    "plateau",
    "the residual of an equation stands at what the trivial solution has, with hardly any noise,"
    " for four fifths of the run (Krishnapriyan et al. 2021)",
)
def trivial_solution(log: Log, rng: np.random.Generator, strength: float) -> None:
    del strength
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    rate = rng.uniform(0.015, 0.03)
    loss = 0.083 + 2.4 * np.exp(-t / rate)
    log.add("train/loss", steps, loss * factors(rng, n, 0.006))
    log.add("test/l2_relative_error", steps, (0.97 + np.exp(-t / rate)) * factors(rng, n, 0.003))
    log.add("train/lr", steps, 1e-3)
    index = int(np.searchsorted(t, 7 * rate))
    tags = ("train/loss", "test/l2_relative_error")
    log.true("plateau", tags, int(steps[index]), flat(steps, loss, index, 0.0005))
