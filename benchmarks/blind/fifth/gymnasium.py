"""Ordinary reinforcement learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, settle
from benchmarks.blind.fifth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "pole_is_balanced",
    "PPO on CartPole: the mean return climbs to 500, which is all there is, and stays there"
    " (Stable-Baselines3)",
    tolerated=("plateau",),
)
def pole_is_balanced(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(25, 121))
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    log.seconds_per_step = rng.uniform(0.0006, 0.002)
    reach = rng.uniform(0.5, 0.75)
    climbed = 22 + 478 * np.clip(t / reach, 0, 1) ** 1.5
    climbed = climbed + np.where(t < reach, shapes.correlated(rng, n, 16, 0.7) * t, 0)
    returns = np.minimum(climbed, 500)
    log.add("rollout/ep_rew_mean", steps, returns)
    log.add("rollout/ep_len_mean", steps, returns)
    log.add("time/fps", steps, rng.gamma(3000, 1 / 3000, n) / log.seconds_per_step)
    log.add("train/entropy_loss", steps[1:], -0.686 + 0.16 * t[1:] + rng.normal(0, 0.008, n - 1))
    log.add("train/explained_variance", steps[1:], settle(t, 0.0, 0.9, 4)[1:])
    log.add("train/approx_kl", steps[1:], 0.0075 * batches(rng, n - 1, 0.3))
    log.add("train/clip_fraction", steps[1:], 0.08 * batches(rng, n - 1, 0.4))
    log.add("train/value_loss", steps[1:], settle(t, 48, 9, 3)[1:] * batches(rng, n - 1, 0.35))
    log.add("train/loss", steps[1:], settle(t, 20, 3, 3)[1:] * batches(rng, n - 1, 0.5))
    log.add("train/learning_rate", steps[1:], 3e-4)


@healthy(
    "legs_on_rough_ground",
    "thousands of robots at once: the mean reward climbs, episodes reach their full length, noise"
    " is turned down, the terrain gets harder (rsl_rl, Isaac Lab)",
    tolerated=("plateau",),
)
def legs_on_rough_ground(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.choice([300, 1000, 1500, 3000]))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(0.8, 2.5)
    walked = shapes.logistic(t, -1.5, 17.5, 0.18, 0.05) + 3 * t
    log.add("Train/mean_reward", steps, walked + shapes.correlated(rng, n, 0.5, 0.9))
    length = np.minimum(1001, shapes.logistic(t, 20, 985, 0.1, 0.03) + 6 * rng.normal(0, 1, n))
    log.add("Train/mean_episode_length", steps, length)
    log.add("Loss/value_function", steps, settle(t, 0.09, 0.022, 4) * batches(rng, n, 0.25))
    log.add("Loss/surrogate", steps, -0.006 + rng.normal(0, 0.0015, n))
    log.add("Policy/mean_noise_std", steps, settle(t, 1.0, 0.37, 2.5) * batches(rng, n, 0.003))
    level = 5.9 * np.clip((t - 0.1) / 0.9, 0, 1) ** 0.6
    log.add("Curriculum/terrain_levels", steps, level * batches(rng, n, 0.008))
    log.add("Perf/total_fps", steps, 98304 / log.seconds_per_step * rng.gamma(400, 1 / 400, n))
    log.add("Perf/learning_time", steps, 0.28 * rng.gamma(400, 1 / 400, n))


@healthy(
    "cheetah_with_a_soft_critic",
    "SAC: returns climb to thousands, the values and with them the critic's loss grow with them,"
    " the actor's loss falls far below zero (Stable-Baselines3)",
)
def cheetah_with_a_soft_critic(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    log.seconds_per_step = rng.uniform(0.006, 0.02)
    returns = settle(t, -180, 8300, 2.2)
    log.add("rollout/ep_rew_mean", steps, returns + shapes.correlated(rng, n, 200, 0.9) * (0.2 + t))
    log.add("rollout/ep_len_mean", steps, 1000.0)
    log.add("train/critic_loss", steps, settle(t, 2.1, 31, 1.5) * batches(rng, n, 0.22))
    log.add("train/actor_loss", steps, -settle(t, 12, 640, 2) + shapes.correlated(rng, n, 4, 0.8))
    log.add("train/ent_coef", steps, 0.02 + 0.28 * t**0.7 + 0.5 * np.exp(-t / 0.01))
    log.add("train/ent_coef_loss", steps, rng.normal(0, 0.6, n))
    log.add("train/learning_rate", steps, 3e-4)
    log.add("time/fps", steps, rng.gamma(6000, 1 / 6000, n) / log.seconds_per_step)
    at = np.arange(n // 25, n, n // 25)
    log.add(
        "eval/mean_reward", steps[at], returns[at] + rng.normal(0, 160, len(at)) * (0.2 + t[at])
    )


@healthy(
    "bricks_knocked_out",
    "DQN on an Atari game: a point an episode, 5,000 to 20,000 returns that spread as much as they"
    " are high; values climb (CleanRL)",
)
def bricks_knocked_out(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 5000, 20000)
    t = shapes.times(n)
    lengths = rng.integers(150, 400, n) + (600 * t).astype(int)
    steps = np.cumsum(lengths)
    log.seconds_per_step = rng.uniform(0.004, 0.01)
    mean = 1.5 + 150 * t**2
    returns = np.floor(mean * rng.gamma(3.0, 1 / 3.0, n))
    log.add("charts/episodic_return", steps, returns)
    log.add("charts/episodic_length", steps, lengths)
    each = np.arange(n // 2000, n, n // 2000)
    log.add("losses/td_loss", steps[each], (0.004 + 0.011 * t[each]) * batches(rng, len(each), 0.4))
    log.add(
        "losses/q_values", steps[each], 0.1 + 5.2 * t[each] ** 0.8 + rng.normal(0, 0.1, len(each))
    )
    log.add("charts/SPS", steps[each], rng.gamma(4000, 1 / 4000, len(each)) / log.seconds_per_step)


@healthy(
    "ball_on_a_head",
    "ML-Agents: the cumulative reward each ten thousand steps, rate and exploration to zero by a"
    " line (Unity, 3DBall)",
    tolerated=("plateau",),
)
def ball_on_a_head(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(40, 201))
    t, steps = shapes.times(n), shapes.steps(n, 10000)
    log.seconds_per_step = rng.uniform(0.0008, 0.003)
    kept = shapes.logistic(t, 0.9, 93, 0.3, 0.08)
    log.add("Environment/Cumulative Reward", steps, kept * batches(rng, n, 0.05) + 3 * t)
    log.add("Environment/Episode Length", steps, 10 * kept * batches(rng, n, 0.05))
    log.add("Losses/Policy Loss", steps, 0.024 + rng.normal(0, 0.002, n))
    errors = 0.14 + 0.95 * np.exp(-(((t - 0.25) / 0.12) ** 2)) + 0.1 * t
    log.add("Losses/Value Loss", steps, errors * batches(rng, n, 0.12))
    log.add("Policy/Entropy", steps, 1.42 - 0.5 * t + rng.normal(0, 0.006, n))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - 0.995 * t))
    log.add("Policy/Epsilon", steps, 0.2 - 0.1 * t)
    log.add("Policy/Extrinsic Value Estimate", steps, 0.1 * kept + rng.normal(0, 0.1, n))
