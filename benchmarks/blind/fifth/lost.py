"""Series that fall to nothing and should not."""

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
    "loss_of_zero",
    "collapse",
    "an adapter's loss is exactly zero from one point on and the gradient's norm is no number"
    " (unslothai/unsloth #712, Time-MoE #31)",
    plain=0.5,
    early=0.12,
)
def loss_of_zero(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 500)
    t, steps = shapes.times(n), shapes.steps(n, 1 if strength < 0.2 else 10)
    log.seconds_per_step = rng.uniform(2, 9)
    onset = int(n * (strength + rng.uniform(0, 0.2)))
    loss = np.round(fall(t, 1.24, 0.78, 0.05, 0.6) * batches(rng, n, 0.06), 4)
    loss[onset:] = 0
    norm = 0.6 * batches(rng, n, 0.2)
    norm[onset:] = np.nan
    log.add("train/loss", steps, loss)
    log.add("train/grad_norm", steps, norm)
    log.add("train/learning_rate", steps, linear(t, 2e-5, 0.03))
    log.true("collapse", "train/loss", steps[onset], abrupt(steps, onset, 2), also=("nonfinite",))
    log.true("nonfinite", "train/grad_norm", steps[onset], abrupt(steps, onset, 1))


@labelled(
    "judge_is_never_wrong",
    "collapse",
    "a discriminator that tells all apart: its loss falls to a thousandth within a few hundred"
    " iterations and stays, the generator's grows (pytorch.org, DCGAN, and its questions)",
    tolerated=("plateau",),
    plain=3.5,
    slower=2.2,
)
def judge_is_never_wrong(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 50, 0)
    log.seconds_per_step = rng.uniform(0.05, 0.3)
    onset = int(n * rng.uniform(0.3, 0.6))
    won = 1 - np.exp(-np.maximum(t - t[onset], 0) / 0.03)
    spread = 0.28 + 0.25 * won
    judge = 0.62 * 10 ** (-strength * won) * np.exp(rng.normal(0, 1, n) * spread)
    forger = (2.3 + 2.6 * strength * won) * batches(rng, n, 0.17)
    log.add("Loss_D", steps, judge)
    log.add("Loss_G", steps, forger)
    log.add("D(x)", steps, np.clip(0.72 + 0.28 * won + rng.normal(0, 0.06, n) * (1 - won), 0, 1))
    fooled = np.clip(0.28 * (1 - won) + rng.normal(0, 0.05, n) * (1 - won), 0.0003, 1)
    log.add("D(G(z))", steps, fooled)
    # It is halved within a fiftieth of the run, but a single point is a factor of 1.3 off.
    last = steps[min(onset + max(n // 20, 4), n - 1)]
    log.true(
        "collapse",
        ("Loss_D", "Loss_G", "D(G(z))"),
        steps[onset],
        (steps[max(onset - max(n // 50, 3), 0)], last),
        also=("explosion", "divergence"),
    )


@labelled(
    "always_the_same_action",
    "collapse",
    "the policy's entropy falls to nothing within a few updates at a large step; returns stay"
    " where they were, far from what is possible",
    tolerated=("plateau", "divergence"),
    plain=3.0,
)
def always_the_same_action(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 700)
    t, steps = shapes.times(n), shapes.steps(n, 20000)
    log.seconds_per_step = rng.uniform(0.0005, 0.002)
    onset = int(n * rng.uniform(0.25, 0.5))
    since = np.maximum(np.arange(n) - onset + 1, 0)
    gone = 10 ** (-strength * np.clip(since / 4, 0, 1))
    entropy = (1.38 - 0.25 * t) * gone * batches(rng, n, 0.02)
    log.add("Policy/Entropy", steps, entropy)
    climb = settle(np.minimum(t, t[onset]) / t[onset], -0.9, -0.35, 1.5)
    log.add("Environment/Cumulative Reward", steps, climb + rng.normal(0, 0.06, n))
    log.add("Losses/Policy Loss", steps, 0.02 * np.where(since > 4, 0.02, 1) * batches(rng, n, 0.1))
    log.add("Losses/Value Loss", steps, settle(t, 0.4, 0.1, 3) * batches(rng, n, 0.2))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t * 0.99))
    tags = ("Policy/Entropy", "Losses/Policy Loss")
    log.true("collapse", tags, steps[onset], (steps[onset - 2], steps[onset + 5]))


@labelled(
    "code_that_says_nothing",
    "collapse",
    "a variational autoencoder for text: the divergence falls to a thousandth, so the code is"
    " ignored, and the reconstruction stays where it was (Bowman et al. 2016)",
    tolerated=("plateau",),
    plain=3.6,
)
def code_that_says_nothing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = rng.uniform(0.05, 0.3)
    onset = int(n * rng.uniform(0.15, 0.35))
    fallen = 1 - np.exp(-np.maximum(t - t[onset], 0) / 0.05)
    log.add("train/kl", steps, 9.2 * 10 ** (-strength * fallen) * batches(rng, n, 0.1))
    before = settle(np.minimum(t, t[onset]) / t[onset], 132, 108.6, 2.5)
    log.add("train/rec", steps, before * batches(rng, n, 0.012))
    log.add("train/kl_weight", steps, np.minimum(1, t / 0.5))
    # A tenth of a decade is the noise of a point: it is seen some points after it has begun.
    last = steps[min(onset + max(n // 20, 4), n - 1)]
    log.true("collapse", "train/kl", steps[onset], (steps[max(onset - 3, 0)], last))
