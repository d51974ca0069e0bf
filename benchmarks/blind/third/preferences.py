"""Healthy runs of models that learn from preferences and from verified answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, counted, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "chosen_fall_too",
    "DPO: rewards of chosen and rejected answers and their log probabilities fall both, those of"
    " the rejected faster (eric-mitchell/direct-preference-optimization #32, huggingface/trl #800)",
)
def chosen_fall_too(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    grown = 1 - np.exp(-2.2 * t)
    chosen = 0.12 * np.exp(-(((t - 0.05) / 0.04) ** 2)) - 1.5 * grown + batches(rng, n, 0.11)
    rejected = -3.4 * grown + batches(rng, n, 0.16)
    log.add("rewards/chosen", steps, chosen)
    log.add("rewards/rejected", steps, rejected)
    log.add("rewards/margins", steps, chosen - rejected)
    log.add("rewards/accuracies", steps, counted(rng, 0.5 + 0.31 * grown, 64))
    log.add("logps/chosen", steps, -240 + 10 * chosen + batches(rng, n, 7))
    log.add("logps/rejected", steps, -255 + 10 * rejected + batches(rng, n, 7))
    log.add("loss", steps, 0.693 - 0.24 * grown + batches(rng, n, 0.025))


@healthy(
    "loss_that_begins_at_zero",
    "GRPO: the loss is the divergence from the reference and begins at zero; both grow by decades"
    " while rewards rise and answers lengthen (aburkov/theLMbook #6)",
    tolerated=("throughput",),
)
def loss_that_begins_at_zero(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    kl = (2e-5 + 0.06 * t**1.4 / (t**1.4 + 0.3)) * factor(rng, n, 0.2)
    log.add("train/kl", steps, kl)
    log.add("train/loss", steps, 0.04 * kl + batches(rng, n, 2e-5))
    log.add(
        "train/reward", steps, shapes.logistic(t, 0.25, 1.45, 0.35, 0.14) + batches(rng, n, 0.1)
    )
    log.add("train/reward_std", steps, (0.55 - 0.25 * t) * factor(rng, n, 0.15))
    length = 260 + 620 * t**1.2
    log.add("train/completions/mean_length", steps, length * factor(rng, n, 0.07))
    log.add("train/entropy", steps, (0.9 - 0.5 * t**0.6) * factor(rng, n, 0.05))
    log.slower(int(steps[n // 2]), 1.3)


@healthy(
    "divergence_is_held",
    "PPO with an adaptive coefficient (Ziegler et al. 2019): the divergence from the reference"
    " rises to its target and stays, the coefficient finds its level",
)
def divergence_is_held(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    kl = 6 * (1 - np.exp(-t / 0.07)) + 1.4 * np.exp(-(((t - 0.16) / 0.05) ** 2))
    log.add("objective/kl", steps, np.maximum(kl + batches(rng, n, 0.4, 0.4), 0))
    coefficient = 0.2 * np.exp(-1.6 * (1 - np.exp(-t / 0.1)) + 0.9 * t)
    log.add("objective/kl_coef", steps, coefficient)
    log.add("ppo/mean_scores", steps, shapes.approach(t, -1.1, 1.9, 3) + batches(rng, n, 0.25))
    log.add("ppo/loss/value", steps, (0.05 + 0.6 * np.exp(-t / 0.1)) * factor(rng, n, 0.4))
    log.add("ppo/policy/clipfrac", steps, 0.09 * factor(rng, n, 0.35))


@healthy(
    "format_first",
    "the reward for the format is at its bound of one after a tenth of the run and stays there;"
    " the one for the answer goes on rising",
    tolerated=("plateau",),
)
def format_first(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 800)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    form = counted(rng, shapes.logistic(t, 0.03, 0.998, 0.05, 0.012), 256)
    answer = counted(rng, shapes.logistic(t, 0.12, 0.74, 0.42, 0.2), 256)
    log.add("rewards/format_reward/mean", steps, form)
    log.add("rewards/accuracy_reward/mean", steps, answer)
    log.add("reward", steps, form + answer)
    log.add("learning_rate", steps, cosine(t, 1e-6, 0.03))
