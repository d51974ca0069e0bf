"""Ordinary training from preferences and rewards, as TRL logs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, counted, evaluations, fall, linear, settle
from benchmarks.blind.fifth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "chosen_over_rejected",
    "DPO: the loss leaves ln 2, both implicit rewards sink and the margin grows (TRL, DPOTrainer)",
    tolerated=("plateau",),
)
def chosen_over_rejected(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 50, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(3, 12)
    grown = settle(np.clip(t - 0.05, 0, 1), 0, 1, 2.5)
    chosen = -0.9 * grown + rng.normal(0, 0.07, n) * (0.1 + grown)
    rejected = -2.1 * grown + rng.normal(0, 0.1, n) * (0.1 + grown)
    log.add("train/rewards/chosen", steps, chosen)
    log.add("train/rewards/rejected", steps, rejected)
    log.add("train/rewards/margins", steps, chosen - rejected)
    right = counted(rng, 0.5 + 0.26 * grown, 160)
    log.add("train/rewards/accuracies", steps, right)
    log.add("train/loss", steps, 0.693 - 0.17 * grown + rng.normal(0, 0.022, n) * (0.1 + grown))
    log.add("train/logps/chosen", steps, -285 - 9 * grown + rng.normal(0, 9, n))
    log.add("train/logps/rejected", steps, -262 - 21 * grown + rng.normal(0, 9, n))
    log.add("train/learning_rate", steps, linear(t, 5e-7, 0.1))
    log.add("train/grad_norm", steps, 24 * batches(rng, n, 0.2))


@healthy(
    "answers_in_groups",
    "GRPO on sums: the mean reward of a batch climbs in its noise, answers grow longer, the"
    " divergence from the reference grows from nothing, the loss says nothing (TRL, GRPOTrainer)",
)
def answers_in_groups(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(8, 40)
    right = shapes.logistic(t, 0.17, 0.74, 0.42, 0.2)
    scored = counted(rng, right, 128)
    log.add("train/reward", steps, scored + 0.5 * settle(t, 0.2, 0.97, 9) + rng.normal(0, 0.01, n))
    log.add("train/rewards/accuracy_reward/mean", steps, scored)
    log.add("train/reward_std", steps, 0.44 - 0.12 * t + rng.normal(0, 0.03, n))
    log.add("train/kl", steps, 0.0004 + settle(t, 0, 0.085, 1.5) * batches(rng, n, 0.16))
    log.add("train/completion_length", steps, settle(t, 190, 325, 2) * batches(rng, n, 0.06))
    log.add("train/loss", steps, rng.normal(0, 0.004, n) + 0.0034 * t)
    log.add("train/grad_norm", steps, 0.31 * batches(rng, n, 0.25))


@healthy(
    "judge_of_answers",
    "a reward model: one epoch, the accuracy of pairs at ten to twenty evaluations"
    " (TRL, RewardTrainer)",
    tolerated=("plateau",),
)
def judge_of_answers(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 400)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(1, 4)
    log.add("train/loss", steps, fall(t, 0.71, 0.52, 0.06, 0.7) + rng.normal(0, 0.03, n))
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.03))
    k = int(rng.integers(10, 21))
    at = np.linspace(n // k, n - 1, k).astype(int)
    evaluations(log, steps[at], 100)
    log.add("eval/accuracy", steps[at], counted(rng, fall(t[at], 0.64, 0.728, 0.2, 0.8), 4000))
    log.add("eval/loss", steps[at], fall(t[at], 0.64, 0.539, 0.2, 0.8) + rng.normal(0, 0.003, k))
