"""Series that grow by decades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, fall, linear, settle
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "values_without_bound",
    "explosion",
    "an off-policy critic that believes its own overestimates: its loss and the actor's grow by"
    " decades, returns stay low (Stable-Baselines3 #1372)",
    tolerated=("divergence", "plateau"),
    plain=5.0,
    slower=3.0,
)
def values_without_bound(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 900)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    log.seconds_per_step = rng.uniform(0.006, 0.02)
    onset = int(n * rng.uniform(0.25, 0.5))
    decades = strength * np.clip((t - t[onset]) / (1 - t[onset]), 0, 1) ** 0.7
    log.add("rollout/ep_rew_mean", steps, -420 + 60 * t + shapes.correlated(rng, n, 45, 0.8))
    log.add("train/critic_loss", steps, 2.4 * 10**decades * batches(rng, n, 0.3))
    log.add("train/actor_loss", steps, (18 + 6 * t) * 10 ** (decades / 2) * batches(rng, n, 0.03))
    log.add("train/learning_rate", steps, 1e-3)
    # The critic's loss of a point is off by a third: eightfold is beyond doubt, at nine tenths.
    seen = int(np.searchsorted(decades, 0.9))
    first = steps[max(onset - max(n // 40, 3), 0)]
    tags = ("train/critic_loss", "train/actor_loss")
    window = (first, steps[min(seen + 3, n - 1)])
    log.true("explosion", tags, steps[onset], window, also=("divergence",))


@labelled(
    "temperature_without_bound",
    "explosion",
    "the entropy that is asked for cannot be reached, so its coefficient grows exponentially"
    " (Stable-Baselines3 #781, pranz24/pytorch-soft-actor-critic #34)",
    tolerated=("divergence", "plateau"),
    plain=6.0,
)
def temperature_without_bound(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 900)
    t, steps = shapes.times(n), shapes.steps(n, 2000)
    log.seconds_per_step = rng.uniform(0.006, 0.02)
    onset = int(n * rng.uniform(0.25, 0.45))
    falls = np.log10(0.12) * np.minimum(t / t[onset], 1)
    decades = strength * np.clip((t - t[onset]) / (1 - t[onset]), 0, 1)
    log.add("train/ent_coef", steps, 10 ** (falls + decades) * batches(rng, n, 0.01))
    log.add("train/critic_loss", steps, 12 * 10 ** (0.4 * decades) * batches(rng, n, 0.3))
    log.add("train/actor_loss", steps, -60 * 10 ** (0.5 * decades) * batches(rng, n, 0.03))
    climb = settle(np.minimum(t, t[onset]) / t[onset], -190, 40, 2)
    returns = climb - 120 * np.clip(decades / 2, 0, 1)
    log.add("rollout/ep_rew_mean", steps, returns + shapes.correlated(rng, n, 12, 0.8))
    # It had been as high at the beginning: only when it is ten times that is it unheard of.
    seen = int(np.searchsorted(decades, 2.0))
    log.true(
        "explosion",
        ("train/ent_coef", "train/critic_loss", "train/actor_loss"),
        steps[onset],
        (steps[max(onset - max(n // 40, 3), 0)], steps[min(seen + 3, n - 1)]),
        also=("divergence",),
    )


@labelled(
    "norm_of_another_size",
    "explosion",
    "the gradient's norm is a hundredfold from one update on and stays, so that all of it is"
    " clipped; the loss falls no more (fairseq: gnorm and clip)",
    tolerated=("plateau", "divergence"),
    plain=100.0,
    medium=20.0,
)
def norm_of_another_size(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = rng.uniform(0.2, 0.8)
    onset = int(n * rng.uniform(0.35, 0.65))
    after = np.arange(n) >= onset
    log.session("train_inner")
    down = fall(t, 9.2, 3.6, 0.01, 0.55)
    clean = np.where(after, down[onset] + 0.06, down)
    log.add("loss", steps, clean + rng.normal(0, 0.035, n))
    norm = fall(t, 1.9, 0.42, 0.01, 0.6)
    log.add("gnorm", steps, np.where(after, strength * norm[onset], norm) * batches(rng, n, 0.2))
    spared = np.where(after, 100.0, np.clip(rng.normal(3, 2, n) + 30 * np.exp(-t / 0.03), 0, 100))
    log.add("clip", steps, spared)
    log.add("lr", steps, 5e-4 * np.minimum(t / 0.05, 1))
    window = abrupt(steps, onset, 2)
    log.true("explosion", "gnorm", steps[onset], window, also=("gradient",))
    log.true("gradient", ("clip", "gnorm"), steps[onset], window, also=("explosion",))


@labelled(
    "judge_is_flattered",
    "explosion",
    "a policy that has found what the judge overrates: the divergence from the reference grows from"
    " a few to hundreds, and the judge's score with it (Gao et al. 2023; TRL, PPO)",
    tolerated=("divergence",),
    plain=2.3,
)
def judge_is_flattered(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.seconds_per_step = rng.uniform(20, 90)
    onset = int(n * rng.uniform(0.4, 0.6))
    decades = strength * np.clip((t - t[onset]) / 0.25, 0, 1)
    kl = settle(t, 0.05, 3.2, 8) * 10**decades * batches(rng, n, 0.1)
    log.add("objective/kl", steps, kl)
    log.add("objective/entropy", steps, 58 - 40 * np.clip(decades / 2, 0, 1) + rng.normal(0, 2, n))
    scores = settle(t, 0.4, 1.9, 3) + 2.2 * np.clip(decades, 0, 1) + rng.normal(0, 0.15, n)
    log.add("objective/scores", steps, scores)
    log.add("policy/approxkl_avg", steps, 0.012 * 10 ** (decades / 2) * batches(rng, n, 0.3))
    log.add("lr", steps, linear(t, 1e-6, 0.001))
    seen = int(np.searchsorted(decades, 0.7))
    first = steps[max(onset - max(n // 40, 3), 0)]
    window = (first, steps[min(seen + 3, n - 1)])
    tags = ("objective/kl", "policy/approxkl_avg")
    log.true("explosion", tags, steps[onset], window, also=("divergence",))
