"""Healthy runs of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "lander_learns_to_land",
    "the mean return of a hundred episodes rises in an S and wanders at its height, episodes first"
    " grow longer and then shorter (Stable-Baselines3, its tags)",
    tolerated=("plateau",),
)
def lander_learns_to_land(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 500)
    t, steps = shapes.times(n), shapes.steps(n, 16384)
    making.seconds_a_point(log, 16384, rng.uniform(6, 14))
    mean = making.ascent(t, -190, rng.uniform(215, 250), rng.uniform(0.25, 0.4), 0.1)
    returns = making.episodes(rng, mean, 26.0, 5)
    log.add("rollout/ep_rew_mean", steps, returns)
    log.add(
        "rollout/ep_len_mean",
        steps,
        120 + 500 * np.exp(-(((t - 0.35) / 0.15) ** 2)) + 160 * t + making.lazy(rng, n, 14),
    )
    log.add("time/fps", steps, 1900 * np.exp(rng.normal(0, 0.01, n)))
    log.add("train/approx_kl", steps, making.norms(rng, 0.008, n, 0.25))
    log.add("train/clip_fraction", steps, np.clip(0.09 + rng.normal(0, 0.02, n), 0, 1))
    log.add("train/entropy_loss", steps, -1.36 + 0.7 * t + rng.normal(0, 0.02, n))
    log.add("train/explained_variance", steps, 0.9 - 0.9 * np.exp(-8 * t) + rng.normal(0, 0.03, n))
    log.add("train/value_loss", steps, making.norms(rng, 60 + 160 * np.exp(-3 * t), n, 0.4))
    log.add("train/loss", steps, making.norms(rng, 30 + 80 * np.exp(-3 * t), n, 0.4))
    log.add("train/learning_rate", steps, 3e-4)


@healthy(
    "each_episode_of_an_arcade",
    "every single return is logged, from nothing to four hundred, with more noise the higher it is,"
    " beside the losses of its updates (vwxyzjn/cleanrl, its tags)",
    tolerated=("plateau",),
)
def each_episode_of_an_arcade(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 1500, 15000)
    t = shapes.times(n)
    steps = np.cumsum(rng.integers(1200, 5200, n)).astype(np.int64)
    log.seconds_per_step = 1 / 900
    mean = making.ascent(t, 1.8, rng.uniform(250, 380), 0.45, 0.12)
    returns = np.round(mean * rng.gamma(3, 1 / 3, n))
    log.add("charts/episodic_return", steps, returns)
    log.add("charts/episodic_length", steps, np.round(700 + 3 * returns + 60 * rng.random(n)))
    every = slice(None, None, 12)
    m = len(steps[every])
    log.add("charts/learning_rate", steps[every], 2.5e-4 * (1.0002 - t[every]))
    log.add("losses/value_loss", steps[every], making.norms(rng, 0.02 + 0.05 * t[every], m, 0.5))
    log.add("losses/policy_loss", steps[every], -0.012 + rng.normal(0, 0.006, m))
    log.add("losses/entropy", steps[every], 1.38 - 0.6 * t[every] + rng.normal(0, 0.03, m))
    log.add("charts/SPS", steps[every], np.round(900 * (1 + 0.1 * np.exp(-30 * t[every]))))


@healthy(
    "four_legs_in_four_thousand_copies",
    "rewards and episodes rise together; the loss of the values rises with the rewards they"
    " predict, the noise of the policy falls (leggedrobotics/rsl_rl, Isaac Lab's tags)",
    tolerated=("plateau",),
)
def four_legs_in_four_thousand_copies(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.choice([300, 500, 1000, 1500, 3000]))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = float(rng.uniform(0.9, 1.6))
    reward = making.descent(t, -3, rng.uniform(18, 26), 0.1 * pace, 0.75)
    log.add("Train/mean_reward", steps, reward + shapes.correlated(rng, n, 0.5, 0.8))
    length = making.descent(t, 20, 960, 0.06 * pace, 0.95)
    log.add("Train/mean_episode_length", steps, np.clip(length + making.lazy(rng, n, 12), 10, 1000))
    log.add("Loss/value_function", steps, making.norms(rng, 0.01 + 0.05 * t, n, 0.25))
    log.add("Loss/surrogate", steps, -0.006 + rng.normal(0, 0.0015, n))
    log.add("Loss/entropy", steps, 16 - 12 * (1 - np.exp(-4 * t)) + rng.normal(0, 0.05, n))
    log.add("Policy/mean_noise_std", steps, 1 - 0.62 * (1 - np.exp(-4 * t)))
    log.add("Loss/learning_rate", steps, 1e-3 * 1.5 ** np.round(rng.normal(0, 1, n)))
    log.add("Perf/total_fps", steps, 92000 * np.exp(rng.normal(0, 0.02, n)))
    log.add(
        "Episode_Reward/track_lin_vel_xy_exp",
        steps,
        making.descent(t, 0.01, 0.84, 0.1 * pace, 0.8) + rng.normal(0, 0.012, n),
    )
    log.add(
        "Episode_Reward/action_rate_l2",
        steps,
        -0.02 - 0.06 * length / 1000 + rng.normal(0, 0.003, n),
    )


@healthy(
    "ten_episodes_each_time",
    "an agent is evaluated rarely and on few episodes: the mean return rises with relapses of one"
    " evaluation; the loss of the actor sinks since values grow (TD3, Fujimoto et al. 2018)",
    tolerated=("plateau",),
)
def ten_episodes_each_time(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 30, 200)
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    making.seconds_a_point(log, 5000, 55)
    high = rng.uniform(2800, 4800)
    mean = making.descent(t, 60, high, 0.25 * pace, 0.8)
    log.add("eval/mean_reward", steps, mean * (1 - 0.10 * rng.gamma(1.2, 1, n)).clip(0.4))
    log.add("eval/mean_ep_length", steps, np.clip(250 + 750 * mean / high, 0, 1000).round())
    log.add("train/actor_loss", steps, -0.09 * mean - 5 + making.lazy(rng, n, 4))
    log.add("train/critic_loss", steps, making.norms(rng, 3 + 30 * mean / high, n, 0.2))
    making.waits(log, steps, 10)


@healthy(
    "pole_up_to_five_hundred",
    "returns reach their bound of five hundred, and now and then an episode falls short of it"
    " (DQN of a tutorial)",
    tolerated=("plateau",),
)
def pole_up_to_five_hundred(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 0.9
    mean = making.ascent(t, 15, 620, 0.35, 0.1)
    log.add("episode_reward", steps, np.clip(np.round(mean * rng.gamma(7, 1 / 7, n)), 9, 500))
    log.add("epsilon", steps, np.maximum(0.05, 0.99 ** np.arange(n)))
    log.add("loss", steps, making.norms(rng, 0.3 + 2.5 * t, n, 0.6))


@healthy(
    "key_and_door_at_last",
    "for a third of the run hardly an episode succeeds; then the way is found and the mean return"
    " rises to its height within a tenth (MiniGrid)",
    tolerated=("plateau",),
)
def key_and_door_at_last(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    making.seconds_a_point(log, 8192, 5)
    share = 0.015 + making.ascent(t, 0, 0.93, rng.uniform(0.35, 0.45), 0.035)
    success = making.right(rng, share, 100)
    log.add("rollout/success_rate", steps, success)
    log.add("rollout/ep_rew_mean", steps, 0.92 * success)
    log.add("rollout/ep_len_mean", steps, 640 - 600 * success + rng.normal(0, 4, n))
    log.add("train/value_loss", steps, making.norms(rng, 0.001 + 0.01 * success, n, 0.4))


@healthy(
    "maps_grow_when_he_wins",
    "the task gets harder whenever it is solved: the logged level rises by one, the return gives"
    " back a fifth of what was won and makes good for it",
    tolerated=("plateau", "spike"),
)
def maps_grow_when_he_wins(log: Log, rng: np.random.Generator) -> None:
    lessons = int(rng.integers(4, 8))
    per = int(rng.integers(30, 90))
    n = lessons * per
    lesson, into = np.arange(n) // per, (np.arange(n) % per) / per
    steps = shapes.steps(n, 20000)
    making.seconds_a_point(log, 20000, 30)
    relapse = np.where(lesson > 0, 0.2, 1.0) * np.exp(-into / 0.12)
    reward = np.clip(0.82 - 0.8 * relapse, 0, 1) + making.lazy(rng, n, 0.022)
    log.add("Environment/Cumulative Reward", steps, reward)
    log.add("Environment/Lesson Number/maze", steps, lesson)
    log.add("Policy/Entropy", steps, 1.6 - 0.5 * shapes.times(n) + rng.normal(0, 0.005, n))
    log.add("Losses/Value Loss", steps, making.norms(rng, 0.02, n, 0.3))
