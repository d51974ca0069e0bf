"""Healthy runs of agents that learn by trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, counted, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "pong_takes_its_time",
    "stable-baselines3 on Pong: a mean of 100 episodes at -20.5 for a fifth of the run, then up to"
    " 20; entropy and the rate fall all the time, as meant",
    tolerated=("plateau",),
)
def pong_takes_its_time(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    reward = shapes.logistic(t, -20.7, 20.1, rng.uniform(0.35, 0.5), 0.07)
    spread = 0.35 + 2.2 * (1 - np.abs(reward) / 21)
    episodes = shapes.moving_mean(reward + spread * rng.normal(0, 1.8, n), 8)
    log.add("rollout/ep_rew_mean", steps, np.clip(episodes, -21, 21))
    log.add("train/entropy_loss", steps, -1.79 + 1.1 * t + batches(rng, n, 0.03, 0.7))
    log.add("train/learning_rate", steps, 2.5e-4 * (1 - t))
    log.add("train/clip_range", steps, 0.1 * (1 - t))
    log.add(
        "train/value_loss", steps, (0.02 + 0.2 * (1 - np.abs(reward) / 22)) * factor(rng, n, 0.4)
    )
    log.add("time/fps", steps, 1110 * factor(rng, n, 0.01, 0.9))


@healthy(
    "critic_follows_returns",
    "SAC: as returns grow from nothing to 9,000, values grow with them, and so do the critic's"
    " loss (to fifty times its first) and the size of the actor's; the coefficient falls",
)
def critic_follows_returns(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    grown = shapes.approach(t, 0, 1, 3.2)
    reward = -250 + 9300 * grown + batches(rng, n, 260, 0.4) * (0.2 + grown)
    log.add("rollout/ep_rew_mean", steps, reward)
    log.add("train/critic_loss", steps, (0.7 + 38 * grown**1.3) * factor(rng, n, 0.25, 0.3))
    log.add("train/actor_loss", steps, -15 - 520 * grown + batches(rng, n, 6, 0.5))
    log.add("train/ent_coef", steps, 0.015 + 0.24 * grown * t + 0.9 * np.exp(-t / 0.012))
    log.add("train/ent_coef_loss", steps, batches(rng, n, 1.4) - 8 * np.exp(-t / 0.01))


@healthy(
    "evenly_matched",
    "self-play (Unity ML-Agents): the reward of a zero-sum game hovers about zero for ever; the"
    " rating rises",
    tolerated=("plateau",),
)
def evenly_matched(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10000)
    log.add("Environment/Cumulative Reward", steps, batches(rng, n, 0.16, 0.3))
    log.add("Environment/Group Cumulative Reward", steps, batches(rng, n, 0.22, 0.3))
    log.add("Self-play/ELO", steps, 1200 + 510 * t**0.7 + batches(rng, n, 9, 0.9))
    log.add("Losses/Value Loss", steps, (0.03 + 0.1 * np.exp(-t / 0.1)) * factor(rng, n, 0.3))
    log.add("Policy/Entropy", steps, 3.3 - 1.4 * t + batches(rng, n, 0.02, 0.8))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - 0.999 * t))


@healthy(
    "terrain_gets_rougher",
    "Isaac Lab's curriculum: whenever robots walk well the terrain is made harder, and the reward"
    " falls by a tenth before it is regained; the level is logged",
    tolerated=("plateau",),
)
def terrain_gets_rougher(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 600, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    number, inside = shapes.cycle(np.clip((t - 0.2) / 0.8, 0, 1), int(rng.integers(4, 8)))
    loss_of_reward = 2.2 * np.exp(-inside / 0.3) * (t >= 0.2) * (number > 0)
    reward = -4 + 26 * (1 - np.exp(-t / 0.06)) - loss_of_reward
    log.add("Train/mean_reward", steps, reward + batches(rng, n, 0.6, 0.5))
    log.add("Curriculum/terrain_levels", steps, 0.2 + number * (t >= 0.2) + 0.3 * t)
    length = 1001 - 900 * np.exp(-t / 0.04)
    log.add("Train/mean_episode_length", steps, np.minimum(length + batches(rng, n, 12), 1001))
    log.add("Loss/value_function", steps, (0.03 + 0.4 * np.exp(-t / 0.05)) * factor(rng, n, 0.3))
    log.add("Policy/mean_noise_std", steps, 0.35 + 0.65 * np.exp(-t / 0.25))
    log.add("Perf/total_fps", steps, 81000 * factor(rng, n, 0.03))


@healthy(
    "goals_are_rare_at_first",
    "a sparse goal: no episode of ten succeeds for a quarter of the run, then ever more do; the"
    " share comes in tenths",
    tolerated=("plateau",),
)
def goals_are_rare_at_first(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    chance = np.where(t < 0.22, 0, shapes.logistic(t, 0, 0.93, 0.5, 0.09))
    log.add("eval/success_rate", steps, counted(rng, chance, 10))
    log.add("eval/mean_reward", steps, -50 + 46 * counted(rng, chance, 10))
    log.add("train/critic_loss", steps, (0.02 + 0.5 * chance * (1 - chance)) * factor(rng, n, 0.4))
    log.add("train/actor_loss", steps, 9 - 6 * chance + batches(rng, n, 0.5, 0.4))


@healthy(
    "value_loss_grows_with_play",
    "DQN on Breakout: the temporal-difference loss rises as there is more to win; exploration"
    " falls to its floor within a tenth of the run and stays there, as meant",
)
def value_loss_grows_with_play(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    score = 1.2 + 340 * t**1.3
    log.add("charts/episodic_return", steps, score * rng.gamma(6, 1 / 6, n))
    log.add("losses/td_loss", steps, (0.002 + 0.018 * t**0.8) * factor(rng, n, 0.35))
    log.add("losses/q_values", steps, 0.1 + 6.2 * t**0.7 + batches(rng, n, 0.05, 0.9))
    log.add("rollout/exploration_rate", steps, np.maximum(1 - 0.99 * t / 0.1, 0.01))


@healthy(
    "explained_little_at_first",
    "PPO: explained variance begins at minus five and far below in single updates, and settles at"
    " 0.9; the divergence of updates and the share that is clipped wander",
    tolerated=("plateau",),
)
def explained_little_at_first(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    lack = (0.08 + 5.5 * np.exp(-t / 0.05)) * factor(rng, n, 0.5, 0.0, 0.01)
    log.add("losses/explained_variance", steps, 1 - lack)
    log.add(
        "charts/episodic_return", steps, shapes.approach(t, 20, 2900, 2) * rng.gamma(9, 1 / 9, n)
    )
    log.add("losses/approx_kl", steps, 0.008 * factor(rng, n, 0.4, 0.3) * (1 - 0.7 * t))
    log.add("losses/clipfrac", steps, 0.15 * factor(rng, n, 0.3, 0.3) * (1 - 0.6 * t))
    log.add("losses/value_loss", steps, (25 + 200 * t * np.exp(-2 * t)) * factor(rng, n, 0.4))


@healthy(
    "pole_never_falls",
    "CartPole: solved after a third of the run, each episode lasts its 500 steps and the mean is"
    " 500.0 to the last digit",
    tolerated=("plateau",),
)
def pole_never_falls(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1024)
    truth = shapes.logistic(t, 15, 515, 0.18, 0.04)
    lasted = np.minimum(truth * rng.gamma(40, 1 / 40, n), 500)
    solved = np.arange(n) >= int(0.34 * n)
    lasted = np.where(solved, 500, np.round(lasted, 2))
    log.add("rollout/ep_len_mean", steps, lasted)
    log.add("rollout/ep_rew_mean", steps, lasted)
    log.add("train/value_loss", steps, (0.05 + 60 * np.exp(-t / 0.07)) * factor(rng, n, 0.6))
    log.add("train/entropy_loss", steps, -0.69 + 0.3 * t + batches(rng, n, 0.01, 0.7))
