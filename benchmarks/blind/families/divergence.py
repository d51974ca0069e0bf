"""Objectives that get worse for good, from a blow-up to a drift that only care would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "lm_blow_up",
    "divergence",
    "the loss climbs to that of a unigram model and stays (OPT's logbook; Wortsman et al. 2023)",
    plain=1.0,
    medium=0.4,
)
def lm_blow_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 4000)
    t, steps = shapes.times(n), shapes.steps(n, int(rng.choice([1, 10])))
    loss = shapes.power_law(t, 10.9, 1.9, 0.3)
    onset = int(n * rng.uniform(0.3, 0.75))
    since = np.maximum(np.arange(n) - onset + 1, 0)
    loss += strength * (7.5 - loss[onset]) * (1 - np.exp(-since / max(3, n / 100)))
    log.add("lm loss", steps, loss + shapes.white(rng, n, 0.05))
    norm = np.where(since > 0, 3.0, 0.4) * np.exp(shapes.white(rng, n, 0.2))
    log.add("grad-norm", steps, norm)
    log.add("learning-rate", steps, shapes.warmup_cosine(t, 6e-4))
    log.true("divergence", "lm loss", steps[onset], gradual(steps, loss, onset, 0.05))


@labelled(
    "lm_lingering_jump",
    "divergence",
    "a spike that recovers in part: the rest of the run is"
    " worse than before it, which calls for a restart (PaLM, section 5.1)",
    plain=0.6,
    subtle=0.25,
)
def lm_lingering_jump(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    loss = shapes.approach(t, 4.0, 2.6, 6)
    onset = int(n * rng.uniform(0.45, 0.65))
    loss += shapes.decay_after(n, onset, 2.0, n / 80) + strength * (np.arange(n) >= onset)
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.05))
    log.true("divergence", "train/loss", steps[onset], abrupt(steps, onset))


@labelled(
    "slow_drift",
    "divergence",
    "from its best on the loss creeps up over a third of the run:"
    " the rate is too high to hold the level",
    plain=0.4,
    subtle=0.15,
)
def slow_drift(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = rng.uniform(0.45, 0.65)
    onset = int(at * (n - 1)) + 1
    loss = shapes.approach(np.minimum(t, at) / at, 3.2, 1.5, 4) + shapes.ramp_after(t, at, strength)
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.04))
    log.add("train/lr", steps, 1e-2)
    log.true("divergence", "train/loss", steps[onset], gradual(steps, loss, onset, 0.04))


@labelled(
    "growing_oscillation",
    "divergence",
    "swings that grow until the run is lost: past the edge of stability",
    plain=3.0,
    medium=1.2,
)
def growing_oscillation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = rng.uniform(0.4, 0.6)
    onset = int(at * n)
    size = shapes.ramp_after(t, at, strength, 1.5)
    swing = size * (1 + np.sin(2 * np.pi * np.arange(n) / rng.uniform(8, 16)))
    loss = shapes.approach(t, 2.5, 0.8, 5)
    log.add("train/loss", steps, loss + swing + shapes.white(rng, n, 0.03))
    log.true("divergence", "train/loss", steps[onset], gradual(steps, loss + 2 * size, onset, 0.05))


@labelled(
    "dead_network",
    "divergence",
    "at one epoch the loss jumps to that of guessing, accuracy to"
    " chance: all units are dead (rate too high)",
    plain=1.0,
)
def dead_network(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(15, 100))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    onset = int(n * rng.uniform(0.3, 0.7))
    alive = np.arange(n) < onset
    loss = np.where(alive, shapes.approach(t, 1.8, 0.7, 4), 2.3026)
    accuracy = np.where(alive, shapes.approach(t, 0.35, 0.75, 4), 0.1)
    log.add(
        "epoch_loss", steps, loss + shapes.white(rng, n, 0.02) * alive + shapes.white(rng, n, 3e-4)
    )
    log.add("epoch_accuracy", steps, accuracy + shapes.white(rng, n, 0.01) * alive)
    log.true("divergence", ("epoch_loss", "epoch_accuracy"), steps[onset], abrupt(steps, onset, 1))


@labelled(
    "warmup_failure",
    "divergence",
    "the loss turns round in the warm-up and goes back to where it began",
    plain=1.0,
    medium=0.35,
)
def warmup_failure(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n)
    at = rng.uniform(0.12, 0.25)
    onset = int(at * (n - 1)) + 1
    loss = shapes.approach(np.minimum(t, at) / at, 10.9, 6.5, 3)
    loss += strength * 4.2 * (1 - np.exp(-np.maximum(t - at, 0) / 0.04))
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.08))
    log.add("train/learning_rate", steps, 2e-3 * np.minimum(t / 0.3, 1))
    log.true("divergence", "train/loss", steps[onset], gradual(steps, loss, onset, 0.08))


@labelled(
    "fid_collapse",
    "divergence",
    "FID from 8 to hundreds within a few ticks, for good (NVlabs/stylegan2-ada-pytorch #159)",
    plain=1.0,
    medium=0.12,
)
def fid_collapse(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(25, 90))
    t, steps = shapes.times(n), shapes.steps(n, 200, 0)
    onset = int(n * rng.uniform(0.5, 0.8))
    fid = shapes.approach(t, 300, 8, 10)
    fid[onset:] += strength * 330 * (1 - np.exp(-np.arange(1, n - onset + 1) / 1.5))
    log.add("Metrics/fid50k_full", steps, fid * np.exp(shapes.white(rng, n, 0.03)))
    log.true("divergence", "Metrics/fid50k_full", steps[onset], abrupt(steps, onset))


@labelled(
    "reward_collapse",
    "divergence",
    "0.9, then -1 from one summary to the next, and no more learning (Unity ml-agents #2059)",
    plain=1.0,
    medium=0.35,
)
def reward_collapse(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 800)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    onset = int(n * rng.uniform(0.4, 0.75))
    reward = shapes.approach(t, -0.8, 0.9, 6)
    reward[onset:] = reward[onset] - strength * 1.9 + shapes.white(rng, n - onset, 0.01)
    log.add("Environment/Cumulative Reward", steps, reward + shapes.white(rng, n, 0.06))
    log.add("Policy/Entropy", steps, shapes.approach(t, 1.6, 0.6, 3) + shapes.white(rng, n, 0.01))
    log.true("divergence", "Environment/Cumulative Reward", steps[onset], abrupt(steps, onset))


@labelled(
    "reward_decay",
    "divergence",
    "from 70 the reward sinks to nothing over half of the run (Unity ml-agents #101)",
    plain=1.0,
    subtle=0.3,
)
def reward_decay(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 600)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    at = rng.uniform(0.4, 0.6)
    onset = int(at * (n - 1)) + 1
    reward = shapes.approach(np.minimum(t, at) / at, 2, 70, 4) - shapes.ramp_after(
        t, at, 70 * strength
    )
    log.add("rollout/ep_rew_mean", steps, reward + shapes.correlated(rng, n, 2.5, 0.5))
    log.true("divergence", "rollout/ep_rew_mean", steps[onset], gradual(steps, -reward, onset, 3.5))


@labelled(
    "dqn_forgets",
    "divergence",
    "Pong from +19 to -21 within few episodes, with all the noise of"
    " single episodes (catastrophic forgetting)",
    plain=39,
    medium=15,
)
def dqn_forgets(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), np.cumsum(rng.integers(3000, 12_000, n))
    onset = int(n * rng.uniform(0.6, 0.8))
    level = shapes.logistic(t, -20.5, 18, 0.3, 0.05) - strength * (np.arange(n) >= onset)
    log.add(
        "charts/episodic_return",
        steps,
        np.clip(np.round(level + shapes.white(rng, n, 2.5)), -21, 21),
    )
    log.true("divergence", "charts/episodic_return", steps[onset], abrupt(steps, onset, 3))


@labelled(
    "evaluation_collapse",
    "divergence",
    "20 to 40 evaluations: the last third is far below what was reached before",
    plain=0.8,
    subtle=0.4,
)
def evaluation_collapse(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 41))
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    onset = int(n * rng.uniform(0.55, 0.7))
    level = shapes.approach(t, 200, 3000, 5)
    level[onset:] *= 1 - strength
    log.add("eval/mean_reward", steps, level + shapes.white(rng, n, 200))
    log.true("divergence", "eval/mean_reward", steps[onset], abrupt(steps, onset))


@labelled(
    "grpo_collapse",
    "divergence",
    "the reward falls to exactly zero: all answers are garbage",
    plain=1.0,
)
def grpo_collapse(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 800)
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(n * rng.uniform(0.4, 0.8))
    alive = np.arange(n) < onset
    reward = shapes.approach(t, 0.2, 0.7, 3) + shapes.white(rng, n, 0.08)
    log.add("train/reward", steps, np.where(alive, reward, 0))
    log.add("train/reward_std", steps, np.where(alive, 0.3 + shapes.white(rng, n, 0.04), 0))
    log.add(
        "train/completion_length",
        steps,
        np.where(alive, 250, 1024) + shapes.white(rng, n, 15) * alive,
    )
    log.true("divergence", "train/reward", steps[onset], abrupt(steps, onset), also=("collapse",))


@labelled(
    "word_errors_return",
    "divergence",
    "the word error rate rises to one again",
    plain=1.0,
    medium=0.2,
)
def word_errors_return(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 80))
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    onset = int(n * rng.uniform(0.5, 0.75))
    wer = shapes.approach(t, 1.0, 0.15, 6)
    wer[onset:] += strength * 0.85
    log.add("val_wer", steps, wer * np.exp(shapes.white(rng, n, 0.03)))
    log.add("train_loss", steps, 100 * wer * np.exp(shapes.white(rng, n, 0.1)))
    log.true("divergence", "val_wer", steps[onset], abrupt(steps, onset))


@labelled(
    "separation_fails",
    "divergence",
    "SI-SDR drops by decibels and its loss, which is negative, comes up",
    plain=12,
    medium=4,
)
def separation_fails(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 150))
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(n * rng.uniform(0.5, 0.75))
    quality = shapes.approach(t, -2, 14, 5) - strength * (np.arange(n) >= onset)
    log.add("val_SI-SDR", steps, quality + shapes.white(rng, n, 0.3))
    log.add("train_loss", steps, -quality - 0.8 + shapes.white(rng, n, 0.2))
    log.true("divergence", ("val_SI-SDR", "train_loss"), steps[onset], abrupt(steps, onset))


@labelled(
    "likelihood_diverges",
    "divergence",
    "a negative log-likelihood below zero turns and rises",
    plain=4.0,
    subtle=0.8,
)
def likelihood_diverges(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    at = rng.uniform(0.5, 0.65)
    onset = int(at * (n - 1)) + 1
    nll = shapes.approach(np.minimum(t, at) / at, 4, -3, 4) + shapes.ramp_after(t, at, strength)
    log.add("train/nll_loss", steps, nll + shapes.white(rng, n, 0.12))
    log.true("divergence", "train/nll_loss", steps[onset], gradual(steps, nll, onset, 0.12))


@labelled(
    "lost_decades",
    "divergence",
    "a loss of 1e-6 is at 1e-2 from one point to the next and stays: four decades of six are lost",
    plain=4.0,
    medium=2.0,
)
def lost_decades(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    onset = int(n * rng.uniform(0.6, 0.8))
    exponent = shapes.approach(t, 1, -6, 5) + strength * (np.arange(n) >= onset)
    log.add("loss_pde", steps, 10 ** (exponent + shapes.correlated(rng, n, 0.15, 0.5)))
    log.true("divergence", "loss_pde", steps[onset], abrupt(steps, onset), also=("explosion",))


@labelled(
    "regression_fails",
    "divergence",
    "r2 plunges below zero while RMSE multiplies",
    plain=5.0,
    medium=2.0,
)
def regression_fails(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 200))
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(n * rng.uniform(0.5, 0.75))
    rmse = shapes.approach(t, 1.2, 0.35, 5)
    rmse[onset:] *= strength
    rmse *= np.exp(shapes.white(rng, n, 0.04))
    log.add("val/rmse", steps, rmse)
    log.add("val/r2", steps, 1 - rmse**2)
    log.true("divergence", ("val/rmse", "val/r2"), steps[onset], abrupt(steps, onset))


@labelled(
    "named_like_a_rate",
    "divergence",
    "the run is called test_lr0.1, and its training diverges",
    plain=1.5,
    subtle=0.4,
)
def named_like_a_rate(log: Log, rng: np.random.Generator, strength: float) -> None:
    log.name = str(rng.choice(["test_lr0.1", "val-lr_0.3", "eval_lr=1.0"]))
    n = int(rng.integers(60, 400))
    t, steps = shapes.times(n), shapes.steps(n, 5)
    onset = int(n * rng.uniform(0.4, 0.7))
    loss = shapes.approach(t, 2.2, 0.8, 5)
    loss[onset:] += strength * (1 - np.exp(-np.arange(1, n - onset + 1) / 3))
    log.add("train/loss", steps, loss + shapes.white(rng, n, 0.04))
    log.add("val/loss", steps[4::5], loss[4::5] + 0.05 + shapes.white(rng, len(loss[4::5]), 0.03))
    log.true("divergence", "train/loss", steps[onset], abrupt(steps, onset))


@labelled(
    "contrastive_collapse",
    "divergence",
    "SimSiam: the loss reaches its bound of -1 at once, the"
    " features' spread and the k-nearest accuracy fall (Chen and He 2021)",
    plain=1.0,
)
def contrastive_collapse(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    onset = int(n * rng.uniform(0.35, 0.6))
    alive = np.arange(n) < onset
    log.add(
        "train/loss",
        steps,
        np.where(alive, -0.5 - 0.35 * t, -0.9999) + shapes.white(rng, n, 0.01) * alive,
    )
    spread = np.where(alive, 0.044, 2e-4) * np.exp(shapes.white(rng, n, 0.05))
    log.add("train/feature_std", steps, spread)
    knn = np.where(alive, shapes.approach(t, 25, 60, 4), 10) + shapes.white(rng, n, 0.6)
    log.add("val/knn_accuracy", steps, knn)
    log.true("divergence", "val/knn_accuracy", steps[onset], abrupt(steps, onset))
    log.true("collapse", "train/feature_std", steps[onset], abrupt(steps, onset))
