"""Preferred language models: TRL's DPO, GRPO, PPO and reward models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, linear, turned
from benchmarks.blind.fourteenth.making import about, hugging, index_of, near, scores, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, logistic, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    grows,
    overfits,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def preferred(
    log: Log, rng: np.random.Generator, steps: Steps, chosen: Array, margin: Array
) -> None:
    """What TRL's DPO logs of its rewards."""
    about(log, rng, "train/rewards/chosen", steps, chosen, 0.12)
    about(log, rng, "train/rewards/rejected", steps, chosen - margin, 0.15)
    about(log, rng, "train/rewards/margins", steps, margin, 0.15)
    about(log, rng, "train/logps/chosen", steps, -280 + 10 * chosen, 9)
    about(log, rng, "train/logps/rejected", steps, -260 + 10 * (chosen - margin), 9)
    scores(
        log, rng, "train/rewards/accuracies", steps, 0.5 + 0.32 * np.tanh(margin.clip(0) / 0.7), 320
    )


def grouped(
    log: Log, rng: np.random.Generator, steps: Steps, reward: Array, kl: Array, length: Array
) -> None:
    """What TRL's GRPO logs."""
    about(log, rng, "train/reward", steps, reward, 0.05)
    near(log, rng, "train/reward_std", steps, 0.3, 0.12)
    near(log, rng, "train/kl", steps, kl, 0.12)
    near(log, rng, "train/completions/mean_length", steps, length, 0.07)
    scores(log, rng, "train/completions/clipped_ratio", steps, 0.03, 128)
    about(log, rng, "train/loss", steps, 0.04 * kl, 0.004)
    log.add("train/learning_rate", steps, linear(times(len(steps)), 1e-6))
    near(log, rng, "train/grad_norm", steps, 0.25, 0.3)


@healthy(
    "dpo_zephyr_usual",
    "Both rewards fall, as they may: the margin is what should rise.",
    tolerated=("plateau",),
)
def dpo_zephyr_usual(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 80, 300), 10)
    t = times(len(steps))
    margin = 1.4 * (1 - np.exp(-t / 0.3))
    preferred(log, rng, steps, -1.0 * t**0.7, margin)
    loss = 0.693 - 0.19 * (1 - np.exp(-t / 0.3))
    near(log, rng, "train/loss", steps, loss, 0.04)
    log.add("train/learning_rate", steps, linear(t, 5e-7, 0.1))
    near(log, rng, "train/grad_norm", steps, 12.0, 0.3)
    few = every(steps, 6)
    near(log, rng, "eval/loss", few, at(few, steps, loss) + 0.01, 0.004)
    scores(log, rng, "eval/rewards/accuracies", few, 0.7, 2000)


@healthy(
    "grpo_math_usual", "The reward, the KL and the length of answers rise.", tolerated=("plateau",)
)
def grpo_math_usual(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 800), 1)
    t = times(len(steps))
    reward = 0.2 + 0.5 * (1 - np.exp(-t / 0.35))
    grouped(log, rng, steps, reward, 0.002 + 0.08 * t, 300 + 500 * t)


@healthy(
    "reward_model_one_epoch", "From chance to what annotators agree on.", tolerated=("plateau",)
)
def reward_model_one_epoch(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 100, 400), 10)
    t = times(len(steps))
    loss = approach(t, 0.7, 0.47, 5)
    hugging(log, rng, steps, linear(t, 1e-5), 4.0)
    near(log, rng, "train/loss", steps, loss, 0.09)
    few = every(steps, 10)
    scores(log, rng, "eval/accuracy", few, approach(times(10), 0.66, 0.76, 3), 1500)
    near(log, rng, "eval/loss", few, approach(times(10), 0.6, 0.49, 3), 0.006)


@healthy(
    "rlhf_ppo_kl_controlled",
    "The KL rises to its target and is held there.",
    tolerated=("plateau",),
)
def rlhf_ppo_kl_controlled(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 500), 1)
    t = times(len(steps))
    about(log, rng, "objective/scores", steps, 2.6 - 3.1 * np.exp(-t / 0.25), 0.3)
    near(log, rng, "objective/kl", steps, 0.3 + 6 * (1 - np.exp(-t / 0.2)), 0.1)
    near(log, rng, "objective/entropy", steps, 60 - 22 * (1 - np.exp(-t / 0.3)), 0.05)
    near(log, rng, "loss/value_avg", steps, 0.08 + 0.6 * np.exp(-t / 0.08), 0.2)
    about(log, rng, "loss/policy_avg", steps, -0.03 + 0 * t, 0.01)
    log.add("lr", steps, linear(t, 3e-6, 0.01))


@labelled(
    "dpo_beta_too_low",
    "overfitting",
    "Training margins grow without end; the held-out loss leaves 0.6 for more than 0.8.",
    mild=0.22,
    strong=0.6,
)
def dpo_beta_too_low(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 120, 300), 10)
    t = times(len(steps))
    preferred(log, rng, steps, -4.0 * t, 7 * t**1.3)
    near(log, rng, "train/loss", steps, 0.69 * np.exp(-3 * t) + 0.02, 0.1)
    log.add("train/learning_rate", steps, linear(t, 5e-6, 0.1))
    few = every(steps, 24)
    val = turned(times(24), rng.uniform(0.25, 0.38), 0.09, strength, 0.595)
    near(log, rng, "eval/loss", few, val, 0.015)
    overfits(log, "eval/loss", few, val, 0.01)


@labelled(
    "grpo_reward_falls",
    "divergence",
    "It had risen to 0.65; then the policy leaves the language and the reward sinks.",
    tolerated=("explosion", "gradient", "collapse", "plateau"),
    part=0.3,
    all=0.6,
)
def grpo_reward_falls(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 600), 1)
    t = times(len(steps))
    onset = rng.uniform(0.4, 0.65)
    fall = strength * logistic(t, 0, 1, onset + 0.08, 0.02)
    reward = 0.15 + 0.5 * (1 - np.exp(-t / 0.15)) - fall
    grouped(log, rng, steps, reward, 0.01 + 0.1 * t + 4 * fall, 400 + 300 * t)
    turns(
        log, "divergence", "train/reward", steps, -reward, index_of(t, onset), 0.06,
        ("collapse",),
    )  # fmt: skip


@labelled(
    "dpo_rate_too_high",
    "divergence",
    "The loss leaves ln 2 upwards from the end of the warm-up on.",
    tolerated=("gradient", "explosion", "plateau"),
)
def dpo_rate_too_high(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 100, 250), 10)
    t = times(len(steps))
    onset = rng.uniform(0.2, 0.35)
    loss = 0.693 - 0.15 * (1 - np.exp(-t / 0.1)) + ramp_after(t, onset, 1.6 * strength)
    about(log, rng, "train/rewards/chosen", steps, -25 * t, 1.5)
    about(log, rng, "train/rewards/rejected", steps, -25 * t - 1, 1.5)
    scores(log, rng, "train/rewards/accuracies", steps, 0.6, 160)
    near(log, rng, "train/loss", steps, loss, 0.08)
    log.add("train/learning_rate", steps, linear(t, 1e-4, 0.1))
    turns(log, "divergence", "train/loss", steps, loss, index_of(t, onset), 0.06)


@labelled(
    "grpo_kl_leaves",
    "explosion",
    "The KL from the reference grows by decades; the reward is hacked and level.",
    tolerated=("plateau",),
    thousandfold=3.0,
)
def grpo_kl_leaves(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 1)
    t = times(len(steps))
    onset = rng.uniform(0.35, 0.55)
    kl = 0.05 * 10.0 ** ramp_after(t, onset, strength, 0.8)
    about(log, rng, "train/reward", steps, 0.8 - 0.6 * np.exp(-t / 0.2), 0.05)
    near(log, rng, "train/kl", steps, kl, 0.15)
    near(log, rng, "train/reward_std", steps, 0.25, 0.12)
    near(log, rng, "train/completions/mean_length", steps, 320 + 60 * t, 0.05)
    log.add("train/learning_rate", steps, linear(t, 3e-6))
    grows(log, "explosion", "train/kl", steps, kl, index_of(t, onset), 0.15, ("divergence",))
