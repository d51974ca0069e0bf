"""Objectives that get worse and stay so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, fall, linear, settle
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "lost_after_the_warm_up",
    "divergence",
    "a fine-tuning whose rate is too high: soon after its peak the loss climbs within some points"
    " to where it answers nothing, and stays (huggingface/transformers, many reports)",
    tolerated=("plateau", "gradient"),
    plain=1.5,
    faint=0.45,
)
def lost_after_the_warm_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(0.5, 4)
    onset = int(n * rng.uniform(0.15, 0.4))
    up = strength * (1 - np.exp(-np.maximum(np.arange(n) - onset + 1, 0) / 3))
    low = 0.95 + 1.2 * (1 + t / 0.02) ** -0.7
    loss = np.where(np.arange(n) < onset, low, low[onset]) + up
    log.add("train/loss", steps, np.round(loss * batches(rng, n, 0.035), 4))
    log.add("train/learning_rate", steps, linear(t, 1e-3, 0.12))
    norm = np.where(np.arange(n) < onset, 1.1, 3.0) * batches(rng, n, 0.4)
    log.add("train/grad_norm", steps, norm)
    log.true(
        "divergence", "train/loss", steps[onset], gradual(steps, up, onset, 0.035 * low[onset])
    )


@labelled(
    "climbs_for_the_rest_of_the_week",
    "divergence",
    "a pre-training whose loss turns and climbs slowly, with the gradient's norm"
    " (Chowdhery et al. 2022; Zeng et al. 2023)",
    tolerated=("gradient", "explosion"),
    plain=1.1,
    faint=0.22,
)
def climbs_for_the_rest_of_the_week(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 1000, 8000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(2, 8)
    onset = int(n * rng.uniform(0.35, 0.65))
    climb = shapes.ramp_after(t, t[onset], strength, 0.8)
    down = fall(t, 11, 2.4, 0.002, 0.42)
    clean = np.where(np.arange(n) < onset, down, down[onset]) + climb
    sd = 0.03
    log.add("lm-loss-training/lm loss", steps, clean + shapes.correlated(rng, n, sd, 0.3))
    norm = fall(t, 5, 0.3, 0.003, 0.6) * (1 + 2.5 * climb / strength)
    log.add("grad-norm/grad-norm", steps, norm * batches(rng, n, 0.14))
    rate = shapes.warmup_cosine(t, 6e-4, 0.01, 0.1)
    log.add("learning-rate/learning-rate", steps, rate)
    window = gradual(steps, clean, onset, sd * 1.4)
    log.true("divergence", "lm-loss-training/lm loss", steps[onset], window)


@labelled(
    "gait_is_forgotten",
    "divergence",
    "a policy that had learnt falls back to a fifth of what it reached and does not come again"
    " (Stable-Baselines3 #48 and others: TD3 and PPO that forget)",
    tolerated=("plateau",),
    plain=0.8,
    faint=0.35,
)
def gait_is_forgotten(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 800)
    t, steps = shapes.times(n), shapes.steps(n, 4096)
    log.seconds_per_step = rng.uniform(0.001, 0.004)
    onset = int(n * rng.uniform(0.45, 0.65))
    climbed = settle(np.minimum(t, t[onset]) / t[onset], 60, 2400, 3)
    lost = strength * 2400 * (1 - np.exp(-np.maximum(t - t[onset], 0) / 0.06))
    sd = 85.0
    returns = climbed - lost + shapes.correlated(rng, n, sd, 0.5) * np.clip(t / 0.1, 0.2, 1)
    log.add("rollout/ep_rew_mean", steps, returns)
    lengths = 1000 * (climbed - lost) / 2400 + 90 + shapes.correlated(rng, n, 12, 0.6)
    log.add("rollout/ep_len_mean", steps, np.clip(lengths, 20, 1000))
    log.add("train/value_loss", steps, settle(t, 90, 40, 2) * batches(rng, n, 0.4))
    log.add("train/approx_kl", steps, 0.018 * batches(rng, n, 0.4))
    log.add("train/std", steps, settle(t, 1.0, 0.55, 1))
    # Returns level off before they fall: the last of the level may be dated as the beginning.
    first, last = gradual(steps, -(climbed - lost), onset, sd * 1.7)
    log.true(
        "divergence",
        ("rollout/ep_rew_mean", "rollout/ep_len_mean"),
        steps[onset],
        (min(first, steps[max(onset - n // 20, 0)]), last),
        also=("collapse",),
    )


@labelled(
    "moments_not_restored",
    "divergence",
    "the job goes on without its optimizer's state: the loss is higher at once and climbs on",
    tolerated=("stall",),
    plain=0.9,
    faint=0.3,
)
def moments_not_restored(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.seconds_per_step = rng.uniform(0.3, 2)
    log.hours_between_sessions = rng.uniform(0.2, 6)
    a = int(n * rng.uniform(0.4, 0.65))
    down = fall(t, 7.2, 2.05, 0.01, 0.5)
    since = np.where(np.arange(n) >= a, t - t[a], 0) / (1 - t[a])
    up = np.where(np.arange(n) >= a, strength * (0.5 + 0.5 * since), 0)
    loss = np.where(np.arange(n) < a, down, down[a]) + up
    loss = loss + rng.normal(0, 0.045, n)
    for part in (slice(None, a), slice(a, None)):
        log.session()
        log.add("training/loss", steps[part], loss[part])
        log.add("training/learning_rate", steps[part], 1e-3)
    log.true("divergence", "training/loss", steps[a], abrupt(steps, a, 3))
