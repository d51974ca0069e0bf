"""Excursions that are over: worth a word, and no fault of the run at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, counted, fall, settle
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "shard_of_rubbish",
    "spike",
    "a pre-training's loss jumps and is back within ten points (Chowdhery et al. 2022)",
    plain=2.2,
    faint=0.35,
)
def shard_of_rubbish(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 800, 8000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(2, 8)
    onset = int(n * rng.uniform(0.35, 0.8))
    bump = shapes.decay_after(n, onset, strength, 2.5)
    loss = fall(t, 10.9, 2.3, 0.002, 0.42) + rng.normal(0, 0.025, n) + bump
    log.add("lm loss", steps, loss)
    norm = fall(t, 5, 0.3, 0.003, 0.6) * batches(rng, n, 0.13) * (1 + 6 * bump / strength)
    log.add("grad-norm", steps, norm)
    log.add("learning-rate", steps, shapes.warmup_cosine(t, 3e-4, 0.01, 0.1))
    log.true("spike", ("lm loss", "grad-norm"), steps[onset], abrupt(steps, onset, 2))


@labelled(
    "one_wrong_annotation",
    "spike",
    "one batch with a box that is none: one point of the loss is many times its neighbours",
    plain=14.0,
    medium=5.0,
)
def one_wrong_annotation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 20, 19)
    log.seconds_per_step = rng.uniform(0.2, 0.6)
    onset = int(n * rng.uniform(0.3, 0.85))
    factor = np.where(np.arange(n) == onset, strength, 1)
    regression = fall(t, 0.95, 0.3, 0.01, 0.6) * batches(rng, n, 0.12) * factor
    classes = fall(t, 1.8, 0.24, 0.005, 0.7) * batches(rng, n, 0.12)
    log.add("loss_box_reg", steps, regression)
    log.add("loss_cls", steps, classes)
    log.add("total_loss", steps, regression + classes)
    log.add("lr", steps, np.where(t < 0.8, 0.01, 0.001))
    log.true("spike", ("total_loss", "loss_box_reg"), steps[onset], abrupt(steps, onset, 1))


@labelled(
    "one_bad_epoch_of_validation",
    "spike",
    "batch normalisation's running means after one odd batch: one evaluation is far off"
    " (keras-team/keras, many reports)",
    plain=2.4,
    medium=0.7,
)
def one_bad_epoch_of_validation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 101))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(10, 90)
    onset = int(n * rng.uniform(0.35, 0.8))
    off = np.arange(n) == onset
    log.session("train")
    log.add("epoch_loss", steps, fall(t, 1.3, 0.22, 0.1, 0.8) * batches(rng, n, 0.015))
    log.add("epoch_accuracy", steps, fall(t, 0.55, 0.925, 0.1, 0.8) + rng.normal(0, 0.002, n))
    log.session("validation")
    held = fall(t, 1.15, 0.36, 0.1, 0.8) + rng.normal(0, 0.02, n) + strength * off
    log.add("epoch_loss", steps, held)
    right = fall(t, 0.6, 0.885, 0.1, 0.8) - 0.25 * min(strength, 2) * off
    log.add("epoch_accuracy", steps, counted(rng, right, 3000))
    tags = ("epoch_loss", "epoch_accuracy")
    log.true("spike", tags, steps[onset], abrupt(steps, onset, 1))


@labelled(
    "policy_stumbles",
    "spike",
    "one large update: returns are halved for some points and come back higher (PPO)",
    plain=0.55,
)
def policy_stumbles(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 16384)
    log.seconds_per_step = rng.uniform(0.0003, 0.001)
    onset = int(n * rng.uniform(0.45, 0.75))
    dip = shapes.decay_after(n, onset, strength, 2)
    returns = settle(t, 50, 3100, 1.6) * (1 - dip) + shapes.correlated(rng, n, 45, 0.5)
    log.add("rollout/ep_rew_mean", steps, returns)
    log.add("train/value_loss", steps, settle(t, 120, 60, 2) * batches(rng, n, 0.3))
    kl = 0.011 * batches(rng, n, 0.3) * np.where(np.arange(n) == onset, 9, 1)
    log.add("train/approx_kl", steps, kl)
    tags = ("rollout/ep_rew_mean", "train/approx_kl")
    log.true("spike", tags, steps[onset], abrupt(steps, onset, 2))
