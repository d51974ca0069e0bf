"""Runs that became worse and stayed so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, volatile, warm_cosine
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "spike_not_made_good",
    "divergence",
    "after a spike the loss comes back only part of the way, and is worse to the end by so much"
    " (stas00/ml-engineering #32)",
    plain=1.4,
    faint=0.3,
)
def spike_not_made_good(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 700, 6000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = index_at(n, rng.uniform(0.4, 0.7))
    after = np.arange(n) >= at
    up = after * strength + shapes.decay_after(n, at, 2.5 * strength, 0.012 * n)
    log.add("train/loss", steps, shapes.power_law(t, 10.8, 2.2) + up + volatile(rng, n, 0.03))
    log.add("train/grad_norm", steps, 0.4 * factors(rng, n, 0.2) * (1 + 2 * up))
    log.add("train/lr", steps, warm_cosine(t, 3e-4, 0.01, 3e-5))
    log.true("divergence", "train/loss", int(steps[at]), abrupt(steps, at))


@labelled(
    "back_to_guessing",
    "divergence",
    "soon after the warm-up what was learnt is lost within a few epochs, wholly or in part, to"
    " the end (transformers for images with too high a rate)",
    plain=0.0,
    medium=1.5,
)
def back_to_guessing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(90, 300))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    onset = index_at(n, rng.uniform(0.15, 0.3))
    good = 6.9 - generators.hill(t, 0, 3.4, 0.08, 1.1)
    lost = 1 - np.exp(-np.maximum(np.arange(n) - onset, 0) / (0.02 * n))
    loss = good + (6.9 - strength - good) * lost
    accuracy = np.maximum(0.1 + 17 * (6.9 - loss), 0.1)
    log.add("train_loss", steps, loss + rng.normal(0, 0.03, n))
    log.add("test_loss", steps, loss + rng.normal(0, 0.06, n))
    log.add("test_acc1", steps, np.maximum(accuracy * factors(rng, n, 0.04), 0.1))
    log.add("train_lr", steps, warm_cosine(t, 4e-3, 0.2, 1e-6))
    tags = ("train_loss", "test_loss", "test_acc1")
    window = gradual(steps, loss, onset, 0.03)
    log.true("divergence", tags, int(steps[onset]), window, also=("collapse", "overfitting"))


@labelled(
    "perfect_and_then_useless",
    "divergence",
    "an agent is perfect after a while, and at the end of training it is useless"
    " (hill-a/stable-baselines #837; DLR-RM/stable-baselines3 #324)",
    plain=0.9,
    medium=0.45,
)
def perfect_and_then_useless(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    onset = index_at(n, rng.uniform(0.5, 0.68))
    lost = strength * (1 - np.exp(-np.maximum(np.arange(n) - onset, 0) / (0.05 * n)))
    reward = 0.96 * np.minimum(generators.hill(t, 0, 1.1, 0.15, 2), 1) * (1 - lost)
    log.add("rollout/ep_rew_mean", steps, reward + shapes.correlated(rng, n, 0.02, 0.7))
    log.add("rollout/ep_len_mean", steps, 320 - 290 * reward + shapes.correlated(rng, n, 6, 0.7))
    log.add("train/approx_kl", steps, (0.008 + 0.9 * lost) * factors(rng, n, 0.4))
    log.add("train/explained_variance", steps, 0.9 - 0.7 * lost + rng.normal(0, 0.03, n))
    log.add("train/entropy_loss", steps, -1.9 + 1.5 * t + rng.normal(0, 0.02, n))
    window = gradual(steps, -reward, onset, 0.045)
    also = ("collapse",)
    log.true("divergence", "rollout/ep_rew_mean", int(steps[onset]), window, also=also)


@labelled(
    "gibberish_after_three_hundred_steps",
    "divergence",
    "reinforcement learning of a language model breaks down within some dozen steps: rewards fall,"
    " answers fill the window, and the divergence from the reference is a hundred-fold"
    " (BeastyZ/ConvSearch-R1 #6; PeterGriffinJin/Search-R1 #88)",
    plain=1.0,
    medium=0.5,
)
def gibberish_after_three_hundred_steps(
    log: Log, rng: np.random.Generator, strength: float
) -> None:
    n = shapes.whole(rng, 220, 700)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    onset = index_at(n, rng.uniform(0.55, 0.8))
    lost = 1 - np.exp(-np.maximum(np.arange(n) - onset, 0) / 9)
    score = generators.hill(t, 0.5, 1.35, 0.2) * (1 - strength * lost)
    log.add("critic/score/mean", steps, np.maximum(score + rng.normal(0, 0.05, n) * (1 - lost), 0))
    log.add("actor/kl_loss", steps, (0.002 + 0.05 * t + 4 * lost) * factors(rng, n, 0.2))
    log.add("actor/entropy_loss", steps, 0.5 - 0.25 * t + 3 * lost + rng.normal(0, 0.02, n))
    length = 420 + 150 * t + 2400 * lost
    log.add("response_length/mean", steps, length * factors(rng, n, 0.04))
    log.add("actor/grad_norm", steps, 0.3 * factors(rng, n, 0.3) * (1 + 10 * lost))
    window = gradual(steps, -score, onset, 0.05)
    also = ("collapse",)
    log.true("divergence", "critic/score/mean", int(steps[onset]), window, also=also)


@labelled(
    "rate_a_little_too_high",
    "divergence",
    "from two fifths on the loss of training climbs, slowly and steadily, by so many times its"
    " noise",
    plain=9.0,
    faint=3.5,
)
def rate_a_little_too_high(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = rng.uniform(0.35, 0.5)
    onset = index_at(n, at)
    loss = 1.6 + 1.7 * np.exp(-t / 0.09) + 0.05 * strength * np.maximum(t - at, 0) / (1 - at)
    log.add("train/loss", steps, loss + rng.normal(0, 0.05, n))
    log.add("train/learning_rate", steps, 2e-4)
    log.add("train/grad_norm", steps, factors(rng, n, 0.2) * (1 + strength * np.maximum(t - at, 0)))
    window = gradual(steps, loss, onset, 0.05)
    log.true("divergence", "train/loss", int(steps[onset]), window)
