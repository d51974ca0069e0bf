"""Runs that get worse for good: from their first point, in the middle, or late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import cosine, norms, ppo, rollouts
from benchmarks.blind.seventh.making import (
    bend,
    count,
    ends_of_epochs,
    every,
    felt,
    grain,
    places,
    scored,
    settle,
)
from benchmarks.blind.seventh.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "tuned_into_the_ground",
    "divergence",
    "a rate of training from nothing for a model that had learned: each epoch it translates worse,"
    " and every update is clipped (facebookresearch/fairseq, issues on fine-tuning)",
    clear=1.0,
    faint=0.4,
)
def tuned_into_the_ground(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, batches = count(rng, 11, 24), count(rng, 300, 1200)
    at = ends_of_epochs(n, batches) + 1
    log.seconds_per_step = rng.uniform(0.3, 0.8)
    worse = strength * (1 - np.exp(-2.5 * np.linspace(0, 1, n)))
    log.add("train/loss", at, places(4.1 + 1.6 * worse + grain(rng, n, 0.03), 3))
    log.add("train/gnorm", at, places(14 * np.exp(1.2 * worse + grain(rng, n, 0.15)), 3))
    log.add("train/clip", at, 100.0)
    log.add("train/lr", at, np.minimum(at / 4000, 1) * 5e-4 + 1e-5)
    log.add("valid/loss", at, places(3.86 + 1.9 * worse + grain(rng, n, 0.04), 3))
    log.add("valid/bleu", at, places(27.5 - 17 * worse + grain(rng, n, 0.6), 2))
    window = gradual(at, 17 * worse, 0, felt(0.6))
    log.true("divergence", ("valid/loss", "valid/bleu", "train/loss"), at[0], window)
    log.true("gradient", ("train/clip", "train/gnorm"), at[0], (at[0], at[max(n // 5, 2)]))


@labelled(
    "imitation_forgotten_at_once",
    "divergence",
    "an agent that had been taught by demonstrations and whose critic had not: from the first"
    " update on it does worse, and it never comes back (Stable-Baselines3 with imitation)",
    clear=7.0,
    faint=4.2,
)
def imitation_forgotten_at_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 24, 60)
    steps = every(8192 * n, 8192)
    lost = 45 * strength * (1 - np.exp(-np.arange(n) / (0.2 * n)))
    reward = -240 - lost + grain(rng, n, 45, 0.35)
    rollouts(log, rng, steps, places(reward, 1), length=310, fps=1150)
    ppo(log, rng, steps, settle(n, 2.1, 2.9, 4), 900 * np.exp(grain(rng, n, 0.3)))
    seen = -225 - lost + grain(rng, n, 50, 0)
    log.add("eval/mean_reward", steps, places(seen, 2))
    window = gradual(steps, lost, 0, felt(45, 0.35))
    tags = ("rollout/ep_rew_mean", "eval/mean_reward")
    log.true("divergence", tags, steps[0], window, also=("collapse",))


@labelled(
    "back_up_to_where_it_was",
    "divergence",
    "it learns for some epochs and then the loss goes up again, in training as in validation, with"
    " the rate as it was (PyTorch forum, loss decreases and then increases)",
    clear=1.0,
    faint=0.3,
)
def back_up_to_where_it_was(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, batches = count(rng, 26, 56), count(rng, 100, 500)
    at = ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.05, 0.3)
    onset = int(n * rng.uniform(0.3, 0.5))
    low = bend(n, 4.55, 2.5, 8)
    back = strength * (4.6 - low[onset]) * (1 - np.exp(-np.maximum(np.arange(n) - onset, 0) / 5))
    loss = np.where(np.arange(n) < onset, low, low[onset] + back)
    val = loss * 1.03 + grain(rng, n, 0.07)
    log.add("loss/train", at, places(loss + grain(rng, n, 0.03), 4))
    log.add("loss/valid", at, places(val, 4))
    log.add("acc/train", at, places(100 * (np.exp(-0.46 * loss) - 0.11).clip(0.01), 2))
    log.add(
        "acc/valid",
        at,
        places(100 * scored(rng, (np.exp(-0.47 * val) - 0.105).clip(0.01), 2000), 2),
    )
    log.add("lr", at, 0.01)
    window = gradual(at, loss, onset, felt(0.07))
    log.true(
        "divergence", ("loss/train", "loss/valid", "acc/train", "acc/valid"), at[onset], window
    )


@labelled(
    "walks_and_then_falls",
    "divergence",
    "a walker that walks at two thirds of its run and falls over ever after; the loss of its values"
    " had left first (Stable-Baselines3 issues, PPO collapses after convergence)",
    clear=1.0,
    faint=0.4,
)
def walks_and_then_falls(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 70, 180)
    steps = every(20480 * n, 20480)
    onset = int(n * rng.uniform(0.58, 0.72))
    after = np.maximum(np.arange(n) - onset, 0)
    gone = strength * (1 - np.exp(-after / (0.05 * n)))
    up = bend(n, -115, 262, 3)
    reward = np.where(np.arange(n) < onset, up, up[onset] - gone * (up[onset] + 100))
    first = onset - max(n // 40, 2)
    growth = (np.arange(n) >= first) * (1 - np.exp(-(np.arange(n) - first).clip(0) / (0.04 * n)))
    value = 14 * 10 ** ((1.2 + 1.8 * strength) * growth)
    rollouts(log, rng, steps, places(reward + grain(rng, n, 16, 0.5), 2), length=700.0, fps=1800)
    ppo(log, rng, steps, settle(n, 5.6, 3.1, 3), value * np.exp(grain(rng, n, 0.25)))
    window = gradual(steps, -reward, onset, felt(16, 0.5))
    log.true("divergence", "rollout/ep_rew_mean", steps[onset], window, also=("collapse",))
    window = gradual(steps, np.log(value), first, felt(0.25))
    log.true("explosion", "train/value_loss", steps[first], window)


@labelled(
    "loss_after_the_second_start",
    "divergence",
    "resumed with a new optimizer and the schedule from its top: the loss jumps, and what was"
    " learned late is not regained until the end (transformers, resume_from_checkpoint issues)",
    tolerated=("stall",),
    clear=1.0,
    faint=0.45,
)
def loss_after_the_second_start(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 70, 200)
    steps = every(100 * n, 100)
    log.seconds_per_step = rng.uniform(0.4, 1.2)
    a = int(n * rng.uniform(0.6, 0.75))
    loss = bend(n, 3.4, 1.62, 7)
    after = np.maximum(np.arange(n) - a, 0)
    jump = strength * 0.9 * (0.55 + 0.45 * np.exp(-after / (0.08 * n)))
    loss = np.where(np.arange(n) < a, loss, loss[a] + jump)
    rate = np.where(np.arange(n) < a, cosine(steps, int(1.2 * steps[a]), 3e-4), 3e-4)
    noise = grain(rng, n, 0.05, 0.2)
    for here in (slice(None, a), slice(a, None)):
        log.session()
        log.add("train/loss", steps[here], places((loss + noise)[here], 4))
        log.add("train/learning_rate", steps[here], rate[here])
        k = len(steps[here])
        log.add("train/grad_norm", steps[here], norms(rng, k, 0.9))
        val = steps[here][4::10]
        m = len(val)
        log.add("eval/loss", val, loss[here][4::10] * 1.02 + grain(rng, m, 0.008))
    later = steps[a:][4]
    window = (abrupt(steps, a)[0], later)
    log.true("divergence", ("train/loss", "eval/loss"), steps[a], window)
    log.true("learning_rate", "train/learning_rate", steps[a], abrupt(steps, a))


@labelled(
    "rate_of_another_experiment",
    "divergence",
    "thirty times the rate since the settings were read anew: the loss of training and validation"
    " leaps and stays up, and accuracy with it (threads on wrong rates in sweeps)",
    clear=1.0,
    faint=0.4,
)
def rate_of_another_experiment(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, batches, of = count(rng, 22, 50), count(rng, 80, 300), count(rng, 600, 3000)
    at = ends_of_epochs(n, batches)
    log.seconds_per_step = rng.uniform(0.1, 0.4)
    a = int(n * rng.uniform(0.45, 0.65))
    loss = bend(n, 2.2, 0.55, 6)
    loss = np.where(np.arange(n) < a, loss, loss[a] + strength * rng.uniform(0.9, 1.4))
    shaken = np.where(np.arange(n) < a, 0.04, 0.06)
    val = loss * 1.08 * np.exp(shaken * grain(rng, n, 1))
    log.add("Loss/train", at, places(loss * np.exp(shaken * grain(rng, n, 0.6)), 4))
    log.add("Loss/val", at, places(val, 4))
    log.add("Accuracy/val", at, places(100 * scored(rng, np.exp(-0.42 * val), of), 2))
    log.add("lr", at, np.where(np.arange(n) < a, 1e-4, 3e-3))
    tags = ("Loss/train", "Loss/val", "Accuracy/val")
    log.true("divergence", tags, at[a], abrupt(at, a))
    log.true("learning_rate", "lr", at[a], abrupt(at, a))
