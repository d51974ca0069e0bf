"""Healthy agents: continuous, discrete, offline, many, dreaming and imitating ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "temperature_tunes_itself",
    "soft actor-critic: the critic's loss grows with the returns, the actor's falls to minus their"
    " sum, the temperature falls a hundred-fold and comes back a little; frames a second"
    " fall once it learns (Stable-Baselines3)",
    tolerated=("plateau", "throughput"),
)
def temperature_tunes_itself(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    returns = generators.hill(t, 20, 5200, 0.35, 1.5)
    noise = shapes.moving_mean(rng.normal(0, 900, n) * returns / 5200, 8)
    log.add("rollout/ep_rew_mean", steps, returns + noise)
    log.add("rollout/ep_len_mean", steps, 1000)
    log.add("train/actor_loss", steps, -0.08 * returns + rng.normal(0, 6, n))
    log.add("train/critic_loss", steps, (1 + 0.008 * returns) * factors(rng, n, 0.4))
    coefficient = 0.9 * np.exp(-t / 0.02) + 0.008 + 0.03 * t
    log.add("train/ent_coef", steps, coefficient * factors(rng, n, 0.03))
    log.add("train/ent_coef_loss", steps, rng.normal(0, 2, n))
    log.add("train/learning_rate", steps, 3e-4)
    log.add("time/fps", steps, np.round(210 + 900 / (1 + np.arange(n))))


@healthy(
    "entropy_is_spent",
    "proximal policy optimisation: what is logged as the loss of entropy rises to near zero as the"
    " policy becomes sure, the loss of values is heavy-tailed, the first explained variance is not"
    " a number (Stable-Baselines3)",
    tolerated=("throughput", "plateau"),
)
def entropy_is_spent(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 900)
    t, steps = shapes.times(n), shapes.steps(n, 16384)
    explained = generators.hill(t, -0.3, 0.93, 0.05) + rng.normal(0, 0.04, n)
    explained = np.minimum(explained, 0.995)
    explained[0] = np.nan
    reward = generators.hill(t, -320, 262, 0.28, 1.8)
    log.add("rollout/ep_rew_mean", steps, reward + shapes.correlated(rng, n, 14, 0.85))
    log.add("rollout/ep_len_mean", steps, 420 - 0.4 * reward + shapes.correlated(rng, n, 12, 0.85))
    log.add("train/entropy_loss", steps, -1.38 + 1.0 * t + rng.normal(0, 0.015, n))
    log.add("train/explained_variance", steps, explained)
    log.add("train/value_loss", steps, generators.hill(t, 900, 40, 0.1) * factors(rng, n, 0.7))
    log.add("train/policy_gradient_loss", steps, rng.normal(-0.006, 0.003, n))
    log.add("train/approx_kl", steps, 0.009 * factors(rng, n, 0.3))
    log.add("train/clip_fraction", steps, np.clip(0.1 + rng.normal(0, 0.025, n), 0, 1))
    log.add("train/loss", steps, 20 * factors(rng, n, 0.9))
    log.add("time/fps", steps, np.round(1650 + 1900 / (1 + np.arange(n))))


@healthy(
    "rating_climbs",
    "in self-play the reward of a zero-sum game stays near zero for ever; the rating tells, and"
    " climbs (Unity ML-Agents)",
    tolerated=("plateau",),
)
def rating_climbs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10000)
    elo = 1200 + 420 * t**0.7 + shapes.correlated(rng, n, 14, 0.9)
    log.add("Self-play/ELO", steps, elo)
    log.add("Environment/Cumulative Reward", steps, shapes.correlated(rng, n, 0.13, 0.4))
    length = 290 + 120 * np.sin(3 * t) + shapes.correlated(rng, n, 25, 0.7)
    log.add("Environment/Episode Length", steps, length)
    log.add("Losses/Policy Loss", steps, 0.021 * factors(rng, n, 0.15))
    log.add("Losses/Value Loss", steps, 0.09 * factors(rng, n, 0.25))
    log.add("Policy/Entropy", steps, 2.9 - 0.9 * t + rng.normal(0, 0.02, n))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t))


@healthy(
    "terrain_rises",
    "once a robot walks, the ground becomes rougher: its reward stands and sags a little while the"
    " level of the terrain rises (Rudin et al. 2021; Isaac Lab)",
    tolerated=("divergence", "plateau", "overfitting"),
)
def terrain_rises(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    level = 5.4 * generators.hill(np.maximum(t - 0.12, 0), 0, 1, 0.3, 1.2)
    reward = 17.5 * (1 - np.exp(-t / 0.07)) - 0.28 * level
    log.add("Train/mean_reward", steps, reward + shapes.correlated(rng, n, 0.5, 0.9))
    length = 1000 * (1 - np.exp(-t / 0.05)) + 5
    log.add("Train/mean_episode_length", steps, length * (1 - np.abs(rng.normal(0, 0.02, n))))
    log.add("Curriculum/terrain_levels", steps, level + rng.normal(0, 0.04, n))
    log.add("Loss/value_function", steps, 0.02 * factors(rng, n, 0.3))
    log.add("Loss/surrogate", steps, rng.normal(-0.004, 0.002, n))
    log.add("Policy/mean_noise_std", steps, 1 - 0.5 * np.sqrt(t))
    log.add("Perf/total_fps", steps, np.round(96000 * factors(rng, n, 0.02)))


@healthy(
    "raw_returns_of_arcade",
    "every episode's return is logged: quantised, from zero to four hundred at any time, and only"
    " the mean rises; steps a second fall once learning starts (CleanRL's dqn_atari)",
    tolerated=("throughput", "plateau"),
)
def raw_returns_of_arcade(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 9000)
    t = shapes.times(n)
    steps = np.cumsum(rng.integers(300, 2200, n))
    mean = generators.hill(t, 1.5, 260, 0.55, 2)
    log.add("charts/episodic_return", steps, np.round(mean * generators.batch(rng, n, 0.55)))
    log.add("charts/episodic_length", steps, np.round(180 + 5 * mean * factors(rng, n, 0.3)))
    where = slice(n // 20, None, 3)
    rate = 610 + 1500 / (1 + 60 * t[where])
    log.add("charts/SPS", steps[where], np.round(rate))
    td = (0.004 + 0.00015 * mean[where]) * factors(rng, len(rate), 0.5)
    log.add("losses/td_loss", steps[where], td)
    q = generators.hill(t[where], 0.1, 6.5, 0.5, 1.5)
    log.add("losses/q_values", steps[where], q * factors(rng, len(rate), 0.05))


@healthy(
    "normalised_by_experts",
    "offline: the score is as good after a twentieth of the run as it will be, and swings by eight"
    " points from one evaluation to the next (d4rl's medium data sets)",
    tolerated=("plateau",),
)
def normalised_by_experts(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(100, 210))
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    score = 64 * (1 - np.exp(-t / 0.03)) + shapes.correlated(rng, n, 6.5, 0.2)
    log.add("eval/d4rl_normalized_score", steps, np.maximum(score, 0))
    log.add("train/value_loss", steps, generators.hill(t, 2.2, 0.7, 0.1) * factors(rng, n, 0.08))
    log.add("train/q_loss", steps, (2 + 3 * t) * factors(rng, n, 0.1))
    log.add("train/actor_lr", steps, 3e-4 * (1 + np.cos(np.pi * t)) / 2)


@healthy(
    "battles_won",
    "a team wins no battle of thirty-two for a third of the run, then more and more, by jumps of"
    " a tenth from test to test (PyMARL on StarCraft)",
    tolerated=("plateau",),
)
def battles_won(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(90, 210))
    t, steps = shapes.times(n), shapes.steps(n, 10000)
    won = np.where(t < 0.25, 0, shapes.logistic(t, 0, 0.93, 0.55, 0.08))
    log.add("test_battle_won_mean", steps, generators.shares(rng, 32, won))
    log.add(
        "test_return_mean", steps, (3 + 8 * np.minimum(3 * t, 1) + 9 * won) * factors(rng, n, 0.07)
    )
    log.add("loss", steps, (0.04 + 0.05 * won) * factors(rng, n, 0.4))
    log.add("q_taken_mean", steps, 0.1 + 0.5 * t + rng.normal(0, 0.02, n))
    log.add("grad_norm", steps, (0.4 + 1.6 * won) * factors(rng, n, 0.5))
    log.add("epsilon", steps, np.maximum(1 - 40 * t * n / 210, 0.05))


@healthy(
    "cloning_validates_badly",
    "the loss on held-out demonstrations rises for most of the run, and yet the robot succeeds more"
    " often: it says little about success (Mandlekar et al. 2021, robomimic)",
    tolerated=("overfitting", "divergence", "plateau"),
)
def cloning_validates_badly(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(100, 400))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    log.add("Train/Loss", steps, shapes.approach(t, -2, -21, 3) + rng.normal(0, 0.15, n))
    held = -9.5 - 3.5 * (1 - np.exp(-t / 0.05)) + 2.6 * t
    log.add("Valid/Loss", steps, held + rng.normal(0, 0.4, n))
    every = slice(9, None, 10)
    success = generators.hill(t[every], 0.02, 0.84, 0.2)
    log.add("Rollout/Success_Rate/Lift", steps[every], generators.shares(rng, 50, success))
