"""Healthy fine-tuning of language models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, to_unit, warm_cosine, warm_linear
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "sawtooth_of_epochs",
    "the loss creeps up within each epoch and falls at the start of the next one, and each tooth"
    " lies lower (Liu and Ma 2024, the epochal sawtooth phenomenon of Adam)",
)
def sawtooth_of_epochs(log: Log, rng: np.random.Generator) -> None:
    epochs = int(rng.integers(14, 30))
    n = epochs * int(rng.integers(20, 60))
    steps = shapes.steps(n, 10)
    number, position = generators.blocks(n, epochs)
    level = shapes.approach(number / epochs, 2.4, 0.55, 2.5)
    loss = level * (1 + 0.08 * (position - 0.5)) * factors(rng, n, 0.045)
    log.add("train/loss", steps, to_unit(loss, 1e-4))
    log.add("train/epoch", steps, number + position)
    log.add("train/learning_rate", steps, 2e-5)


@healthy(
    "staircase_of_epochs",
    "each epoch of supervised fine-tuning knows the examples better: the loss falls in one step at"
    " its start, gradients grow a little (TRL's SFT trainer; fast.ai, 'Can LLMs learn from a single"
    " example?')",
    tolerated=("plateau",),
)
def staircase_of_epochs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 500)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    number, position = generators.blocks(n, int(rng.integers(3, 6)))
    loss = 1.32 * 0.72**number - 0.04 * position + 0.5 * np.exp(-t / 0.01)
    noise = shapes.heavy(rng, n, 0.045)
    log.add("train/loss", steps, to_unit(loss + noise, 1e-4))
    log.add("train/mean_token_accuracy", steps, 1 - 0.24 * loss - 0.2 * noise)
    log.add("train/entropy", steps, 0.95 * loss + 0.05 + rng.normal(0, 0.03, n))
    log.add("train/num_tokens", steps, steps * 8110.0)
    log.add("train/grad_norm", steps, 0.42 * 1.25**number * factors(rng, n, 0.15))
    log.add("train/learning_rate", steps, warm_cosine(t, 1e-4))


@healthy(
    "both_rewards_fall",
    "direct preference optimisation lowers the rewards of the chosen answers too, and their"
    " log-probabilities: only the margin is to grow (RLHF-V/RLHF-V #26)",
    tolerated=("plateau",),
)
def both_rewards_fall(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 90, 600)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    margin = generators.hill(t, 0, 1.7, 0.3)
    chosen = generators.hill(t, 0.02, -1.1, 0.4) + rng.normal(0, 0.12, n)
    noise = rng.normal(0, 0.18, n)
    accuracy = generators.shares(rng, 64, 0.5 + 0.14 * margin)
    log.add("train/loss", steps, 0.693 - 0.15 * margin + rng.normal(0, 0.035, n))
    log.add("train/rewards/chosen", steps, chosen)
    log.add("train/rewards/rejected", steps, chosen - margin - noise)
    log.add("train/rewards/margins", steps, margin + noise)
    log.add("train/rewards/accuracies", steps, accuracy)
    log.add("train/logps/chosen", steps, -285 + 60 * chosen + rng.normal(0, 14, n))
    log.add("train/logps/rejected", steps, -262 + 60 * (chosen - margin) + rng.normal(0, 14, n))
    log.add("train/grad_norm", steps, 3.1 * factors(rng, n, 0.3))
    log.add("train/learning_rate", steps, warm_linear(t, 5e-7, 0.1))


@healthy(
    "answers_grow_longer",
    "a model that learns to reason writes four times as long, so that a step takes longer; its loss"
    " is the divergence from the reference and grows from zero (tulerfeng/Video-R1 #115)",
    tolerated=("throughput",),
)
def answers_grow_longer(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = float(rng.uniform(20, 60))
    kl = generators.hill(t, 1e-4, 0.11, 0.5) * factors(rng, n, 0.15)
    length = generators.hill(t, 280, 1250, 0.5) * factors(rng, n, 0.06)
    reward = generators.hill(t, 0.14, 0.72, 0.35) + shapes.correlated(rng, n, 0.05, 0.3)
    log.add("train/loss", steps, to_unit(0.04 * kl, 1e-4))
    log.add("train/reward", steps, reward)
    log.add("train/reward_std", steps, 0.36 - 0.2 * t + rng.normal(0, 0.03, n))
    log.add("train/kl", steps, kl)
    log.add("train/completions/mean_length", steps, length)
    log.add("train/completions/clipped_ratio", steps, generators.shares(rng, 64, 0.03 + 0.05 * t))
    log.add("train/entropy", steps, 0.9 - 0.5 * t + rng.normal(0, 0.03, n))
    log.add("train/step_time", steps, 11 + 0.03 * length * factors(rng, n, 0.05))
    for share in (0.25, 0.5, 0.75):
        log.slower(int(steps[int(share * n)]), 1.25)


@healthy(
    "advantages_cancel",
    "advantages of a group have mean zero, so the loss of the policy is zero but for rounding,"
    " whatever is learnt (TRL's GRPO trainer with num_iterations 1 and beta 0)",
    tolerated=("plateau",),
)
def advantages_cancel(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 900)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    known = generators.hill(t, 0.31, 0.88, 0.3)
    log.add("train/loss", steps, to_unit(rng.normal(0, 1.2e-4, n), 1e-4))
    log.add("train/reward", steps, generators.shares(rng, 256, known))
    log.add("train/reward_std", steps, np.sqrt(known * (1 - known)) * factors(rng, n, 0.1))
    log.add("train/frac_reward_zero_std", steps, generators.shares(rng, 32, known**2))
    log.add("train/grad_norm", steps, 0.28 * factors(rng, n, 0.25))
    log.add("train/learning_rate", steps, 1e-6)


@healthy(
    "four_hundred_comparisons",
    "a reward model is evaluated on few pairs: its accuracy comes in steps of a quarter of a"
    " per cent, with two per cent of noise",
    tolerated=("plateau",),
)
def four_hundred_comparisons(log: Log, rng: np.random.Generator) -> None:
    n, evaluations = shapes.whole(rng, 100, 300), int(rng.integers(10, 17))
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = np.linspace(0, 1, evaluations + 1)[1:]
    every = steps[np.minimum((at * n).astype(int), n - 1)]
    log.add("train/loss", steps, generators.hill(t, 0.69, 0.5, 0.3) + rng.normal(0, 0.06, n))
    log.add("train/learning_rate", steps, warm_linear(t, 1e-5))
    log.add("eval/accuracy", every, generators.shares(rng, 400, generators.hill(at, 0.55, 0.74)))
    log.add("eval/loss", every, generators.hill(at, 0.68, 0.55) + rng.normal(0, 0.006, evaluations))
    log.add("eval/runtime", every, 41 * factors(rng, evaluations, 0.02))


@healthy(
    "held_near_its_target",
    "an adaptive controller lets the divergence from the reference rise to six and keeps it there,"
    " swinging (Ziegler et al. 2019; TRL's first PPO trainer)",
    tolerated=("plateau",),
)
def held_near_its_target(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    swing = 0.16 * np.sin(2 * np.pi * rng.uniform(6, 10) * t) * (1 - np.exp(-t / 0.1))
    kl = 6 * (1 - np.exp(-t / 0.06)) * (1 + swing) * factors(rng, n, 0.06)
    log.add("objective/kl", steps, kl)
    log.add("objective/kl_coef", steps, 0.2 * np.exp(-0.8 * t + np.cumsum(swing) / n))
    log.add("env/reward_mean", steps, generators.hill(t, -1.1, 2.4, 0.3) + rng.normal(0, 0.3, n))
    log.add("env/reward_std", steps, 1.2 * factors(rng, n, 0.1))
    log.add("ppo/loss/value", steps, generators.hill(t, 1.9, 0.35, 0.1) * factors(rng, n, 0.35))
    log.add("ppo/loss/policy", steps, rng.normal(-0.02, 0.01, n))
    log.add("ppo/policy/entropy", steps, 62 - 14 * t + rng.normal(0, 3, n))
