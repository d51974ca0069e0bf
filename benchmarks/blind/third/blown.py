"""Runs that get worse for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, factor, next_of, until
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "rate_was_too_high",
    "divergence",
    "before the warm-up ends the loss of a language model turns, rises within a twentieth of the"
    " run and stays there (Wortsman et al. 2023): 60, 16 or 5 times the noise of a point",
    plain=3.0,
    medium=0.8,
    faint=0.25,
)
def rate_was_too_high(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 500, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.12, 0.3))
    at = t[onset]
    curve = shapes.power_law(np.minimum(t, at), 10.8, 3.3, 0.5, 0.006)
    curve = curve + strength * (1 - np.exp(-np.maximum(t - at, 0) / 0.05))
    log.add("train/loss", steps, curve + batches(rng, n, 0.05, 0.1))
    norm = np.where(t < at, 0.7, 0.7 + strength * 1.5)
    log.add("train/grad_norm", steps, norm * factor(rng, n, 0.25))
    log.add("train/lr", steps, cosine(t, 3e-3, min(float(at) + 0.05, 0.4)))
    log.true("divergence", "train/loss", steps[onset], gradual(steps, curve, onset, 0.05))


@labelled(
    "drifts_up_to_the_end",
    "divergence",
    "from the middle on the loss creeps up, and the validation's with it (the instability of Adam,"
    " Molybog et al. 2023): at the end 8 or 3 times the noise of a point above its best",
    plain=8.0,
    faint=3.0,
)
def drifts_up_to_the_end(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 800, 8000)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    onset = int(n * rng.uniform(0.4, 0.65))
    at = t[onset]
    curve = shapes.power_law(np.minimum(t, at), 10.9, 2.2, 0.5, 0.003)
    curve = curve + shapes.ramp_after(t, at, 0.045 * strength)
    log.add("lm loss", steps, curve + batches(rng, n, 0.045, 0.15))
    rare = steps[n // 40 - 1 :: n // 40]
    seen = np.interp(rare, steps, curve)
    log.add("lm loss validation", rare, seen + 0.02 + batches(rng, len(rare), 0.004))
    log.add("params-norm", steps, 900 * (1 + 0.4 * t) + batches(rng, n, 0.4))
    window = until(gradual(steps, curve, onset, 0.045), next_of(rare, steps[onset]))
    log.true("divergence", ("lm loss", "lm loss validation"), steps[onset], window)


@labelled(
    "forgets_how_to_play",
    "divergence",
    "PPO has a perfect policy, then gets worse and is useless in the end, or half as good"
    " (hill-a/stable-baselines #837, Unity-Technologies/ml-agents #101)",
    plain=0.96,
    medium=0.5,
)
def forgets_how_to_play(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    onset = int(n * rng.uniform(0.45, 0.65))
    at = t[onset]
    reward = 70 * shapes.logistic(t, 0, 1, 0.2, 0.05)
    reward = reward * (1 - strength * np.clip((t - at) / 0.2, 0, 1))
    log.add("rollout/ep_rew_mean", steps, reward + batches(rng, n, 2.2, 0.5))
    log.add("train/entropy_loss", steps, -1.1 + 0.9 * t + batches(rng, n, 0.02, 0.8))
    log.add("train/explained_variance", steps, 0.85 - 0.5 * (t > at) + batches(rng, n, 0.05))
    window = gradual(steps, -reward, onset, 2.2)
    log.true("divergence", "rollout/ep_rew_mean", steps[onset], window, also=("collapse",))


@labelled(
    "optimizer_was_not_restored",
    "divergence",
    "a session resumes with the weights and without the optimizer's state: the loss is higher at"
    " once and stays higher (ultralytics/yolov3 #902): by 12 or 5 times the noise",
    plain=0.6,
    medium=0.25,
)
def optimizer_was_not_restored(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    at = int(n * rng.uniform(0.4, 0.65))
    curve = shapes.approach(t, 5.2, 1.9, 11)
    jumped = curve + strength * np.where(np.arange(n) >= at, 1 - 0.25 * (t - t[at]), 0)
    values = jumped + batches(rng, n, 0.05, 0.1)
    log.hours_between_sessions = float(rng.uniform(0.1, 2))
    for where in (slice(None, at), slice(at, None)):
        log.session()
        log.add("train/total_loss", steps[where], values[where])
        log.add("train/lr", steps[where], cosine(t, 1e-3)[where])
    log.true("divergence", "train/total_loss", steps[at], abrupt(steps, at))


@labelled(
    "all_lost_near_the_end",
    "divergence",
    "after 14,000 good steps the loss goes from 1 by 2 and 5 to 95 within some hundreds, and the"
    " validation's too (microsoft/rat-sql #11)",
    plain=4.5,
    medium=1.6,
)
def all_lost_near_the_end(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    onset = int(n * rng.uniform(0.9, 0.93))
    since = np.clip((t - t[onset]) / (1 - t[onset]), 0, 1)
    curve = (0.75 + 7 * (1 + t / 0.01) ** -0.9) * np.exp(strength * since)
    log.add("train/loss", steps, curve * factor(rng, n, 0.08))
    log.add("val/loss", steps, 2.9 * curve**0.9 * factor(rng, n, 0.04))
    window = gradual(steps, np.log(curve), onset, 0.08)
    log.true("divergence", ("train/loss", "val/loss"), steps[onset], window, also=("explosion",))


@labelled(
    "says_nothing_any_more",
    "divergence",
    "a recogniser that had learnt falls back: the error rate goes up to one, or by a sixth, within"
    " an evaluation, and the training loss with it (NVIDIA-NeMo/Speech #8485)",
    plain=0.72,
    medium=0.16,
)
def says_nothing_any_more(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 30, 90)
    t, steps = shapes.times(n), shapes.steps(n, 2000)
    at = int(n * rng.uniform(0.45, 0.75))
    lost = np.where(np.arange(n) >= at, strength, 0)
    wer = 0.27 + 0.7 * np.exp(-t / 0.09) + lost
    log.add("val_wer", steps, np.minimum(wer + batches(rng, n, 0.008), 1.0))
    often = shapes.steps(40 * n, 50)
    seen = np.interp(often, steps, 0.27 + 0.7 * np.exp(-t / 0.09))
    high = np.where(often > steps[at - 1], 130 * strength, 0)
    log.add("train_loss", often, (150 * seen + high) * factor(rng, 40 * n, 0.13, 0.2))
    log.add("learning_rate", often, cosine(shapes.times(40 * n), 1e-3, 0.1))
    # It happened between two evaluations: the loss of the steps between shows it first.
    window = until(abrupt(steps, at), steps[at - 1])
    log.true("divergence", ("val_wer", "train_loss"), steps[at], window)


@labelled(
    "swings_ever_higher",
    "divergence",
    "full batches at a rate beyond the edge of stability (Cohen et al. 2021): the loss swings"
    " about its level, each time higher: 75 or 25 times the noise in the end",
    plain=1.5,
    medium=0.5,
)
def swings_ever_higher(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    onset = int(n * rng.uniform(0.3, 0.55))
    swing = shapes.ramp_after(t, t[onset], strength)
    sign = np.sin(2 * np.pi * np.arange(n) / rng.uniform(5, 11))
    loss = 0.42 + 1.6 * np.exp(-t / 0.08) + swing * (0.55 + 0.45 * sign)
    log.add("train_loss", steps, loss + batches(rng, n, 0.02))
    log.add("sharpness", steps, 40 * (1 - np.exp(-t / 0.15)) + batches(rng, n, 0.5, 0.5))
    window = gradual(steps, 0.55 * swing, onset, 0.02 + 0.03)
    log.true("divergence", "train_loss", steps[onset], window, also=("explosion",))
