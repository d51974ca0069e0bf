"""Saws, cycles, coarse numbers and single episodes; and troubles of unusual shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, both, cosine, jitter
from benchmarks.blind.fifteenth.making import SURE, epochs
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, settling
from benchmarks.blind.shapes import (
    cycle,
    decay_after,
    logistic,
    power_law,
    ramp_after,
    steps,
    times,
    whole,
)
from benchmarks.blind.sixteenth.making import bent, learning, slow_epochs
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.third.making import bfloat16
from benchmarks.blind.thirteenth.making import every, grows, jumps, overfits
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "mean_within_the_epoch",
    "Keras tells the mean since the start of the epoch: it steps down where the next one starts",
)
def _within(log: Log, rng: Rng) -> None:
    n = 20 * int(rng.integers(6, 16))
    t, at_ = times(n), steps(n, 50, 0)
    raw = jitter(rng, learning(t, 2.1, 0.6, 3), 0.06)
    passed = np.arange(n) % 20 + 1
    shown = np.concatenate([np.cumsum(part) for part in raw.reshape(-1, 20)]) / passed
    log.add("batch_loss", at_, shown)


@healthy(
    "batch_norm_jumps",
    "at a high rate some evaluations are far off; they calm down with the rate",
    tolerated=("spike",),
)
def _batch_norm(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 200)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    off = np.where(rng.random(n) < 0.12, rng.exponential(0.9, n), 0) * (1 - t) ** 2
    near(log, rng, "train/loss", at_, learning(t, 2.2, 0.5, 3), 0.015)
    near(log, rng, "val/loss", at_, learning(t, 2.0, 0.7, 3) * (1 + off), 0.03)
    log.add("lr", at_, cosine(t, 0.2, 0.02, 0.0))


@healthy("each_episode", "returns of single episodes, between failing and solving", tolerated=SURE)
def _each(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 2000)
    t, at_ = times(n), steps(n, 1, 0)
    good = rng.random(n) < logistic(t, 0.02, 0.85, 0.5, 0.12)
    log.add("episode_reward", at_, np.where(good, rng.normal(210, 25, n), rng.normal(-120, 60, n)))
    log.add("epsilon", at_, np.maximum(0.995 ** (np.arange(n) * 1000 / n), 0.02))


@healthy(
    "other_data_from_half_on",
    "code is mixed in: the loss steps to another level and falls on",
)
def _other_data(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 1200)
    t, at_ = times(n), steps(n, 10)
    loss = power_law(t, 10.6, 2.4, 0.4) - 0.45 * (t > rng.uniform(0.45, 0.6))
    near(log, rng, "train/loss", at_, loss, 0.012)
    near(log, rng, "train/grad_norm", at_, settling(t, 0.5), 0.12)
    log.add("train/lr", at_, cosine(t, 3e-4))


@healthy(
    "weekdays_of_a_shop",
    "a model that is trained on each day's clicks: a week goes through its AUC",
    tolerated=SURE,
)
def _weekdays(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 200)
    t, at_ = times(n), epochs(n)
    log.seconds_per_step = 86400.0
    week = np.sin(2 * np.pi * np.arange(n) / 7)
    about(log, rng, "daily/auc", at_, 0.742 + 0.012 * t + 0.004 * week, 0.0012)
    near(log, rng, "daily/logloss", at_, 0.161 - 0.006 * t + 0.003 * week, 0.005)


@healthy("loss_in_bfloat_sixteen", "the loss is kept in eight bits: stairs of a 64th")
def _coarse(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 600)
    t, at_ = times(n), steps(n, 10)
    log.add("loss", at_, bfloat16(jitter(rng, learning(t, 3.9, 2.1, 4), 0.012)))
    log.add("lr", at_, cosine(t, 1e-4))


@healthy("cycle_gan", "six losses that quarrel; the cycle's fall", tolerated=("plateau",))
def _cycle_gan(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n, 100)
    for domain in "AB":
        sway = 0.06 * np.sin(2 * np.pi * (4 * t + rng.uniform()))
        near(log, rng, f"loss/G_{domain}", at_, 0.36 + sway, 0.25)
        near(log, rng, f"loss/D_{domain}", at_, 0.19 - 0.5 * sway, 0.25)
        near(log, rng, f"loss/cycle_{domain}", at_, learning(t, 2.4, 0.9, 4), 0.1)


@labelled(
    "swings_that_grow",
    "divergence",
    "an oscillation that grows until nothing is left of what was learned",
    clear=1.0,
    medium=0.6,
)
def _swings(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 400)
    t, at_ = times(n), steps(n, 50)
    onset = rng.uniform(0.3, 0.45)
    size = ramp_after(t, onset, strength, 1.2)
    base = bent(t, onset, 1.8, 0.6, 0.6)
    loss = base + size * (1 + np.sin(2 * np.pi * 14 * t))
    near(log, rng, "train/mse", at_, loss, 0.04)
    mean = base + size
    index = index_of(t, onset)
    window = both(gradual(at_, mean, index, 0.024), abrupt(at_, index))
    third = int(np.argmax(size >= strength / 3))
    log.true("divergence", "train/mse", at_[index], (window[0], max(window[1], at_[third])))


@labelled(
    "at_the_very_end",
    "divergence",
    "the last twelfth undoes the run",
    clear=2.5,
    medium=1.0,
    tolerated=("explosion",),
)
def _very_end(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, at_ = times(n), steps(n, 20)
    onset = rng.uniform(0.9, 0.93)
    loss = learning(t, 3.6, 1.9, 5) + strength * np.clip((t - onset) / 0.03, 0, 1)
    near(log, rng, "train_loss", at_, loss, 0.015)
    log.add("lr", at_, 3e-4)
    index = index_of(t, onset)
    third = int(np.argmax(t >= onset + 0.012))
    log.true("divergence", "train_loss", at_[index], (at_[index - 2], at_[min(third + 3, n - 1)]))


@labelled(
    "resumed_without_moments",
    "divergence",
    "the optimiser's state was not saved: after the resumption the loss is higher, and stays so",
    clear=1.2,
    medium=0.6,
)
def _without_moments(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 20)
    index = index_of(t, rng.uniform(0.45, 0.6))
    loss = learning(t, 4.4, 2.4, 7) + strength * (np.arange(n) >= index)
    near(log, rng, "train/loss", at_[:index], loss[:index], 0.015)
    log.session()
    near(log, rng, "train/loss", at_[index:], loss[index:], 0.015)
    log.true("divergence", "train/loss", at_[index], (at_[index - 2], at_[index + 2]))


@labelled(
    "f_one_of_validation_falls",
    "overfitting",
    "it is the score of validation that gets worse, while the training loss falls",
    clear=0.14,
    medium=0.08,
)
def _f_one(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 25, 80)
    t, at_ = times(n), epochs(n) + 1
    slow_epochs(log, rng)
    worse = -bent(t, rng.uniform(0.25, 0.4), 0.45, 0.72, 0.72 - strength)
    near(log, rng, "Loss/train", at_, 1.3 * np.exp(-4 * t) + 0.02, 0.03)
    about(log, rng, "F1/val", at_, -worse, 0.007)
    overfits(log, "F1/val", at_, worse, 0.007)


@labelled(
    "squashed_gradients",
    "collapse",
    "a squashing layer is full: the gradient norm goes by decades",
    clear=5.0,
    medium=3.0,
    tolerated=("plateau", "gradient"),
)
def _vanish(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 25)
    onset = rng.uniform(0.3, 0.5)
    norm = 0.9 * 10 ** (-strength * np.clip((t - onset) / 0.25, 0, 1))
    near(log, rng, "train/loss", at_, learning(np.minimum(t, onset + 0.1), 1.4, 0.9, 4), 0.015)
    near(log, rng, "train/grad_norm", at_, norm, 0.15)
    grows(log, "collapse", "train/grad_norm", at_, norm, index_of(t, onset), 0.15, ("gradient",))


@labelled(
    "cycles_with_a_blip",
    "spike",
    "one evaluation of a cyclic schedule is far off",
    clear=1.5,
    medium=0.8,
)
def _cycle_blip(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 160)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    _, within = cycle(t, 3)
    index = index_of(t, rng.choice([0.55, 0.88]))
    rate = 0.01 * (1 - within) + 1e-5
    loss = learning(t, 1.8, 0.5, 4) + 4 * rate * np.minimum(1, 3 * t)
    near(log, rng, "train/loss", at_, loss, 0.015)
    near(log, rng, "val/loss", at_, loss + 0.1 + decay_after(n, index, strength, 0.4), 0.025)
    log.add("lr", at_, rate)
    jumps(log, "spike", "val/loss", at_, index)


@healthy("probe_of_frozen_features", "linear probes every so often, each a little better")
def _probe(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n, 100)
    near(log, rng, "train/dino_loss", at_, learning(t, 10.8, 4.2, 5), 0.01)
    seen = every(at_, 10)
    scores(log, rng, "probe/top1", seen, at(seen, at_, learning(t, 0.15, 0.66, 3)), 50000)
    near(log, rng, "probe/knn_loss", seen, at(seen, at_, learning(t, 4.4, 1.6, 3)), 0.01)
