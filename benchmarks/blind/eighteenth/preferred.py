"""Preference: DPO, ORPO, KTO, reward models, PPO and GRPO of TRL, verl and OpenRLHF."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    from_point,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import (
    at,
    cosine,
    counted,
    interval,
    jitter,
    lasting,
    linear,
    turned,
)
from benchmarks.blind.seventeenth.making import eased, halts, lags
from benchmarks.blind.shapes import logistic, ramp_after
from benchmarks.blind.thirteenth.making import drifts, grows, jumps, overfits

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Rng
    from benchmarks.blind.runs import Log


@healthy("dpo_zephyr_like_one_epoch", "both log-probabilities fall, margins and loss improve")
def dpo(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 90, 300, 10)
    gap = 1 - np.exp(-3 * t)
    around(log, rng, steps, {"train/loss": (0.69 - 0.2 * gap, 0.03)})
    curves = {
        "train/rewards/chosen": (-0.9 * gap, 0.12),
        "train/rewards/rejected": (-2.0 * gap, 0.14),
        "train/rewards/margins": (1.1 * gap, 0.1),
        "train/logps/chosen": (-280 - 90 * gap, 12),
        "train/logps/rejected": (-250 - 200 * gap, 14),
    }
    around(log, rng, steps, curves)
    log.add("train/rewards/accuracies", steps, counted(rng, 0.5 + 0.24 * gap, 160))
    put(log, rng, steps, {"train/grad_norm": (9 + 4 * t, 0.15)})
    log.add("train/learning_rate", steps, cosine(t, 5e-7, 0.1, 0))


@healthy("reward_model_of_summaries", "one epoch: accuracy of a small set comes to rest")
def reward_model(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 80, 300, 10)
    around(log, rng, steps, {"train/loss": (0.52 + 0.17 * np.exp(-4 * t) - 0.03 * t, 0.035)})
    rare = interval(steps, int(steps[-1]) // 10)
    now = np.linspace(0.1, 1, len(rare))
    around(log, rng, rare, {"eval/loss": (eased(now, 0.64, 0.53, 0.95), 0.004)})
    log.add("eval/accuracy", rare, counted(rng, eased(now, 0.62, 0.73, 0.95), 1500))
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.03))


@healthy(
    "grpo_countdown_game",
    "the format at once, then the sums; KL and length rise",
    tolerated=("plateau",),
)
def grpo(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 600, 1)
    paced(log, rng, 1, 1)
    form = logistic(t, 0.05, 0.97, 0.12, 0.02)
    right = logistic(t, 0.02, 0.6, 0.45, 0.12) + 0.05 * t
    log.add("train/rewards/format_reward_func", steps, counted(rng, form, 128))
    log.add("train/rewards/equation_reward_func", steps, counted(rng, right, 128))
    log.add("train/reward", steps, counted(rng, form, 128) + counted(rng, right, 128))
    put(log, rng, steps, {"train/kl": (0.0005 + 0.03 * t, 0.2)})
    put(log, rng, steps, {"train/completion_length": (180 + 140 * t**1.3, 0.06)})
    around(log, rng, steps, {"train/reward_std": (0.35 + 0.15 * np.sin(3 * t), 0.04)})
    put(log, rng, steps, {"train/loss": (0.00002 + 0.0012 * t, 0.3)})
    put(log, rng, steps, {"train/grad_norm": (0.25, 0.3)})


@healthy("ppo_positive_reviews", "scores rise, KL rises with them and is held; entropy falls")
def ppo_reviews(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 120, 400, 1)
    around(log, rng, steps, {"objective/scores": (0.3 + 2.2 * (1 - np.exp(-3 * t)), 0.2)})
    put(log, rng, steps, {"objective/kl": (0.5 + 11 * (1 - np.exp(-2.5 * t)), 0.08)})
    put(log, rng, steps, {"objective/entropy": (95 - 25 * t, 0.03)})
    put(log, rng, steps, {"policy/approxkl_avg": (0.012, 0.3), "val/clipfrac_avg": (0.02, 0.4)})
    put(log, rng, steps, {"loss/value_avg": (0.05 + 0.4 * np.exp(-7 * t), 0.25)})
    around(log, rng, steps, {"loss/policy_avg": (np.full(len(t), -0.012), 0.006)})


@healthy("kto_with_few_thumbs_up", "noise is the larger part of it", tolerated=("plateau",))
def kto(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 50, 160, 20)
    around(log, rng, steps, {"train/loss": (0.5 - 0.09 * t, 0.025), "train/kl": (1 + t, 0.3)})
    around(log, rng, steps, {"train/rewards/chosen": (0.4 * t, 0.1)})
    around(log, rng, steps, {"train/rewards/rejected": (-0.7 * t, 0.12)})
    log.add("train/learning_rate", steps, linear(t, 5e-6, 0.1))


@healthy("verl_math_with_validation", "validation each tenth step, on 500 problems")
def verl(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 100, 300, 1)
    paced(log, rng, 1, 4)
    score = 0.22 + 0.5 * (1 - np.exp(-2.5 * t))
    log.add("critic/score/mean", steps, counted(rng, score, 1024))
    put(log, rng, steps, {"actor/entropy": (0.5 * np.exp(-1.2 * t), 0.05)})
    put(
        log,
        rng,
        steps,
        {"actor/grad_norm": (0.18, 0.25), "actor/kl_loss": (0.001 + 0.02 * t, 0.15)},
    )
    put(log, rng, steps, {"response_length/mean": (420 + 260 * t, 0.03)})
    put(log, rng, steps, {"perf/throughput": (2100.0, 0.04), "timing_s/step": (240 + 60 * t, 0.05)})
    rare = interval(steps, 10)
    log.add("val-core/math500/reward/mean@1", rare, counted(rng, at(rare, steps, score), 500))


@healthy("orpo_pasted_in_twelve_lines", "twelve lines of a console")
def orpo(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 12, 13, 50)
    put(log, rng, steps, {"train/loss": (1.25 + 0.7 * np.exp(-4 * t) - 0.1 * t, 0.02)})
    log.add("train/rewards/accuracies", steps, counted(rng, 0.5 + 0.2 * t, 400))
    log.add("train/learning_rate", steps, linear(t, 8e-6, 0.1))


@labelled("dpo_second_epoch_by_heart", "overfitting", "eval loss rises", low=0.15)
def dpo_heart(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 90, 240, 10)
    around(log, rng, steps, {"train/loss": (0.05 + 0.64 * (1 - t) ** 1.5, 0.02)})
    log.add("train/learning_rate", steps, cosine(t, 1e-6, 0.1, 0))
    rare = interval(steps, int(steps[-1]) // 14)
    now = np.linspace(0, 1, len(rare))
    worse = turned(now, rng.uniform(0.3, 0.42), 0.1, strength, 0.59)
    put(log, rng, rare, {"eval/loss": (worse, 0.008)})
    overfits(log, "eval/loss", rare, worse, lasting(0.006, 0.2))


@labelled("ppo_hacks_the_reward_model", "explosion", "KL leaves for good", thirty=30)
def hacks(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 1)
    onset = rng.uniform(0.4, 0.6)
    kl = decades(t, onset, 2 + 4 * (1 - np.exp(-6 * t)), strength)
    put(log, rng, steps, {"objective/kl": (kl, 0.1)})
    around(log, rng, steps, {"objective/scores": (0.2 + 3 * t, 0.2)})
    entropy = decades(t, onset, 90 - 10 * t, 1 / strength)
    put(log, rng, steps, {"objective/entropy": (entropy, 0.05)})
    index = where(t, onset)
    grows(log, "explosion", "objective/kl", steps, kl, index, 0.12, ("divergence",))
    grows(log, "collapse", "objective/entropy", steps, entropy, index, 0.06)


@labelled("grpo_all_answers_are_alike", "collapse", "no spread of rewards", half=0.5)
def alike(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 1)
    index = where(t, strength)
    std = jitter(rng, np.full(len(t), 0.42), 0.08)
    log.add("train/reward_std", steps, from_point(std, index, 0.0))
    reward = counted(rng, np.full(len(t), 0.35), 256) + 0.1 * t
    log.add("train/reward", steps, from_point(reward, index, 0.1))
    log.add("train/grad_norm", steps, from_point(jitter(rng, std, 0.1), index, 0.0))
    jumps(log, "collapse", "train/reward_std", steps, index)
    jumps(log, "divergence", "train/reward", steps, index, ("collapse",))
    jumps(log, "gradient", "train/grad_norm", steps, index, ("collapse",))


@labelled("verl_policy_falls_apart", "divergence", "score sinks for good", half=0.5)
def falls_apart(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 1)
    onset = rng.uniform(0.45, 0.6)
    good = 0.25 + 0.4 * (1 - np.exp(-6 * np.minimum(t, onset)))
    score = good * (1 - ramp_after(t, onset, strength))
    log.add("critic/score/mean", steps, counted(rng, score, 512))
    norm = decades(t, onset, 0.2, 60)
    entropy = decades(t, onset, 0.35, 12)
    put(log, rng, steps, {"actor/grad_norm": (norm, 0.25)})
    put(log, rng, steps, {"actor/entropy": (entropy, 0.05)})
    index = where(t, onset)
    drifts(log, "divergence", "critic/score/mean", steps, -score, index, 0.02, ("collapse",))
    grows(log, "gradient", "actor/grad_norm", steps, norm, index, 0.25, ("explosion",))
    grows(log, "explosion", "actor/entropy", steps, entropy, index, 0.06)


@labelled("rollout_server_slows", "throughput", "steps take longer for good", triple=3)
def rollouts(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 1)
    paced(log, rng, 1, 2)
    index = where(t, rng.uniform(0.35, 0.6))
    log.add("critic/score/mean", steps, counted(rng, 0.3 + 0.3 * t, 512))
    speed = np.where(np.arange(len(t)) < index, 2300, 2300 / strength)
    put(log, rng, steps, {"perf/throughput": (speed, 0.04)})
    lags(log, steps, index, strength)


@labelled("sandbox_of_code_hangs", "stall", "hours between two steps", eight=8)
def sandbox(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 200, 1)
    paced(log, rng, 1, 2)
    log.add("train/rewards/code_reward", steps, counted(rng, 0.1 + 0.3 * t, 256))
    put(log, rng, steps, {"train/kl": (0.001 + 0.02 * t, 0.2)})
    halts(log, steps, where(t, rng.uniform(0.25, 0.8)), strength)


@labelled("value_head_loss_by_decades", "explosion", "the critic's loss", clear=300)
def value_head(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 80, 200, 2)
    onset = rng.uniform(0.4, 0.55)
    loss = decades(t, onset, 0.06 + 0.3 * np.exp(-8 * t), strength)
    put(log, rng, steps, {"critic/vf_loss": (loss, 0.2)})
    around(log, rng, steps, {"critic/rewards/mean": (0.2 + 0.5 * t, 0.05)})
    index = where(t, onset)
    grows(log, "explosion", "critic/vf_loss", steps, loss, index, 0.25, ("divergence",))
