"""Models that are preferred, rewarded and shown pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, counted, jitter, linear
from benchmarks.blind.fifteenth.making import SURE, abouts, nears, preferred
from benchmarks.blind.fourteenth.making import hugging, index_of, turns
from benchmarks.blind.seventeenth.making import digits, eased, lags, says_scale, scale_lost
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import decay_after, power_law, ramp_after, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import learning
from benchmarks.blind.thirteenth.making import spikes

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Array = np.ndarray
    Rng = np.random.Generator


@healthy(
    "dpo_of_ultrafeedback",
    "Rewards of both answers fall, margins rise, the loss sinks: all is well",
    tolerated=SURE,
)
def dpo_of_ultrafeedback(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 250)
    t, steps = times(n), every(n, 10)
    margin = 0.9 * (1 - np.exp(-5 * t)) + 0.2 * t
    log.add("train/loss", steps, jitter(rng, 0.69 - 0.19 * margin, 0.05))
    hugging(log, rng, steps, cosine(t, 5e-7, 0.1, 0), 9)
    preferred(log, rng, steps, margin)


@labelled(
    "grpo_unlearns",
    "divergence",
    "The reward of verified sums goes up, and then down for good",
    half=0.5,
    all=0.9,
)
def grpo_unlearns(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 400)
    t, steps = times(n), every(n, 5)
    onset = rng.uniform(0.45, 0.6)
    gained = 0.35 + 0.35 * (1 - np.exp(-6 * t)) + 0.05 * t
    lost = ramp_after(t, onset, strength, 0.7)
    right = gained * (1 - lost)
    reward = counted(rng, right, 256)
    log.add("train/rewards/accuracy_reward/mean", steps, reward)
    log.add("train/reward", steps, reward + counted(rng, 0.95 - 0.3 * lost, 256))
    abouts(log, rng, steps, {"train/loss": (0.002, 0.006), "train/reward_std": (0.42, 0.02)})
    hugging(log, rng, steps, linear(t, 1e-6, 0.03), 0.25)
    nears(
        log,
        rng,
        steps,
        {
            "train/kl": (0.001 + 0.05 * t + 0.15 * lost, 0.15),
            "train/completions/mean_length": (420 * (1 + 0.4 * t), 0.04),
            "train/entropy": (0.4 * (1 - 0.3 * t) * (1 + lost), 0.05),
        },
    )
    made = index_of(t, onset)
    tags = ("train/reward", "train/rewards/accuracy_reward/mean")
    turns(log, "divergence", tags, steps, -right, made, 0.03)


@healthy(
    "reward_model_of_pairs",
    "Accuracy on a small set of evaluation, in steps of a 200th",
    tolerated=SURE,
)
def reward_model_of_pairs(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 150)
    t, steps = times(n), every(n, 10)
    log.add("train/loss", steps, jitter(rng, 0.42 + 0.27 * np.exp(-5 * t) - 0.05 * t, 0.08))
    hugging(log, rng, steps, linear(t, 1e-5, 0.05), 6)
    seldom = steps[n // 12 - 1 :: n // 12]
    log.add("eval/accuracy", seldom, counted(rng, eased(times(len(seldom)), 0.62, 0.73), 200))
    nears(log, rng, seldom, {"eval/loss": (eased(times(len(seldom)), 0.63, 0.55), 0.006)})


@healthy("ppo_of_trl", "KL rises as it must, the score rises with it")
def ppo_of_trl(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 350)
    t, steps = times(n), every(n, 1)
    learnt = 1 - np.exp(-2.5 * t)
    abouts(
        log,
        rng,
        steps,
        {
            "objective/rlhf_reward": (0.4 + 1.9 * learnt + 0.1 * t, 0.22),
            "objective/scores": (0.4 + 2.3 * learnt, 0.2),
            "policy/entropy_avg": (1.1 - 0.4 * learnt, 0.04),
            "loss/policy_avg": (-0.012, 0.006),
        },
    )
    nears(
        log,
        rng,
        steps,
        {
            "objective/kl": (0.3 + 9 * learnt, 0.08),
            "loss/value_avg": (0.05 + 0.5 * np.exp(-8 * t), 0.2),
            "policy/approxkl_avg": (0.012, 0.3),
            "policy/clipfrac_avg": (0.11, 0.15),
        },
    )
    log.add("lr", steps, 3e-6 * (1 - 0.999 * t))


@healthy(
    "orpo_resumed_twice", "Three sessions, each from the last checkpoint: steps are written again"
)
def orpo_resumed_twice(log: Log, rng: Rng) -> None:
    n = 3 * whole(rng, 30, 60)
    t, steps = times(n), every(n, 10)
    loss = learning(t, 2.1, 1.35)
    third = n // 3
    for number in range(3):
        if number:
            log.session()
        part = slice(max(number * third - 6, 0), (number + 1) * third)
        seen = steps[part]
        log.add("train/loss", seen, jitter(rng, loss[part], 0.05))
        nears(log, rng, seen, {"train/nll_loss": (loss[part] * 0.9, 0.05)})
        abouts(log, rng, seen, {"train/log_odds_ratio": ((-0.68 + 0.12 * t)[part], 0.03)})
        log.add("train/learning_rate", seen, linear(t, 8e-6, 0.1)[part])


@healthy("openrlhf_rewards", "Reward in a few sizes of batch, KL that grows, a critic that settles")
def openrlhf_rewards(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), every(n, 1)
    reward = -0.6 + 1.5 * (1 - np.exp(-3 * t)) + 0.5 * t
    abouts(log, rng, steps, {"train/reward": (reward, 0.18), "train/return": (reward - 0.1, 0.18)})
    nears(
        log,
        rng,
        steps,
        {
            "train/kl": (0.004 + 0.12 * t, 0.12),
            "train/critic_loss": (0.06 + 0.6 * np.exp(-10 * t), 0.25),
            "train/response_length": (310 + 90 * t, 0.03),
        },
    )
    abouts(log, rng, steps, {"train/policy_loss": (0.01, 0.03)})
    log.add("train/actor_lr", steps, cosine(t, 5e-7, 0.03))


@labelled(
    "verl_rollouts_slow_down",
    "throughput",
    "From one step to the next a GPU throttles, for good",
    twice=2.2,
    fourfold=4.0,
)
def verl_rollouts_slow_down(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 250)
    t, steps = times(n), every(n, 1)
    log.seconds_per_step = 95.0
    index = index_of(t, rng.uniform(0.35, 0.7))
    pace = np.where(np.arange(n) < index, 1, strength)
    log.add("critic/score/mean", steps, counted(rng, 0.3 + 0.35 * (1 - np.exp(-4 * t)), 512))
    nears(
        log,
        rng,
        steps,
        {
            "timing_s/gen": (60 * pace, 0.03),
            "timing_s/step": (95 * pace, 0.03),
            "perf/throughput": (2100 / pace, 0.03),
            "actor/entropy": (0.45 * (1 - 0.3 * t), 0.03),
            "actor/grad_norm": (0.2, 0.15),
            "response_length/mean": (900 * (1 + 0.1 * t), 0.02),
        },
    )
    lags(log, steps, index, strength)


@labelled(
    "llava_meets_bad_batches",
    "spike",
    "The loss jumps and is back within a few steps",
    small=0.9,
    large=4.0,
)
def llava_meets_bad_batches(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), every(n, 1)
    index = index_of(t, rng.uniform(0.4, 0.8))
    loss = power_law(t, 6.5, 0.95, 0.7, 0.006) + decay_after(n, index, strength, 1.5)
    log.add("train/loss", steps, jitter(rng, loss, 0.05))
    log.add("train/learning_rate", steps, cosine(t, 1e-3, 0.03, 0))
    log.add("train/epoch", steps, digits(t, 2))
    spikes(log, "train/loss", steps, index, 6)


@labelled(
    "clip_in_fp16_loses_its_scale",
    "loss_scale",
    "Gradients overflow at each step from some point on",
    to_nothing=-40,
    to_one=0,
    tolerated=("plateau",),
)
def clip_in_fp16_loses_its_scale(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 500)
    t, steps = times(n), every(n, 100)
    index = index_of(t, rng.uniform(0.4, 0.7))
    scale, bottom = scale_lost(rng, n, index, 16, 1, round(strength))
    loss = power_law(t, 8.3, 2.1, 0.6, 0.01)
    learnt = np.where(np.arange(n) < index, loss, loss[index])
    log.add("train/loss", steps, jitter(rng, learnt, 0.03))
    log.add("train/amp_scale", steps, scale)
    nears(
        log, rng, steps, {"train/samples_per_second": (8400, 0.03), "train/data_time": (0.02, 0.3)}
    )
    log.add("train/lr", steps, cosine(t, 5e-4, 0.02))
    logit = 100 * np.minimum(1, 0.14 + 1.5 * t)
    nears(log, rng, steps, {"train/scale": (logit, 0.002)})
    says_scale(log, "train/amp_scale", steps, index, bottom)


@healthy(
    "kto_with_level_end",
    "A cosine to nought: the last fifth is level, at a good value",
    tolerated=SURE,
)
def kto_with_level_end(log: Log, rng: Rng) -> None:
    n = whole(rng, 70, 200)
    t, steps = times(n), every(n, 10)
    log.add("train/loss", steps, jitter(rng, eased(t, 0.5, 0.38, 0.95), 0.02))
    hugging(log, rng, steps, cosine(t, 5e-6, 0.1, 0), 3)
    margin = eased(t, 0, 1.3, 0.95)
    abouts(
        log,
        rng,
        steps,
        {"train/rewards/margins": (margin, 0.1), "train/rewards/chosen": (0.4 * margin, 0.07)},
    )
    nears(log, rng, steps, {"train/kl": (0.05 + 2.5 * margin, 0.2)})
