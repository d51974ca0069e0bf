"""Healthy agents: returns are noisy, targets move, tasks get harder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "dqn_pong",
    "SB3: the TD loss and the values rise with the return: their target moves",
    tolerated=("plateau",),
)
def dqn_pong(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 2300)
    t, steps = shapes.times(n), np.cumsum(rng.integers(3000, 12_000, n))
    learned = shapes.logistic(t, 0, 1, rng.uniform(0.3, 0.5), 0.06)
    returns = np.clip(-20.5 + 39 * learned + shapes.white(rng, n, 2.5), -21, 21)
    log.add("rollout/ep_rew_mean", steps, shapes.moving_mean(returns, 20))
    log.add("rollout/ep_len_mean", steps, 900 + 1500 * learned * (1 - 0.3 * t))
    log.add("rollout/exploration_rate", steps, np.maximum(1 - t * 10 * 0.99, 0.01))
    loss = (0.004 + 0.02 * learned) * np.exp(shapes.white(rng, n, 0.5))
    log.add("train/loss", steps, loss)
    log.add("train/learning_rate", steps, 1e-4)
    log.add("time/fps", steps, 240 * np.exp(shapes.white(rng, n, 0.04)))


@healthy("returns_recovering", "smooth returns: -100, -85, back to -98, then a new best")
def returns_recovering(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(40, 160))
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    path = np.interp(
        t, [0, 0.3, 0.55, 1], [-100, -85, rng.uniform(-99, -94), rng.uniform(-80, -60)]
    )
    log.add("rollout/ep_rew_mean", steps, shapes.moving_mean(path + shapes.white(rng, n, 0.8), 4))
    log.add("rollout/ep_len_mean", steps, 180 + 60 * t + shapes.white(rng, n, 3))
    log.add("train/approx_kl", steps, 0.008 * np.exp(shapes.white(rng, n, 0.3)))
    log.add("train/clip_fraction", steps, np.clip(0.1 + shapes.white(rng, n, 0.02), 0, 1))
    log.add("train/value_loss", steps, 60 * np.exp(shapes.white(rng, n, 0.5)))
    log.add("train/entropy_loss", steps, -1.38 + 0.5 * t + shapes.white(rng, n, 0.01))
    log.add(
        "train/explained_variance", steps, shapes.approach(t, 0, 0.7) + shapes.white(rng, n, 0.05)
    )


@healthy(
    "sparse_reward",
    "CleanRL: an episode in thirty succeeds, later one in five; each is 0 or 1",
    tolerated=("plateau",),
)
def sparse_reward(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), np.cumsum(rng.integers(50, 150, n))
    late = rng.choice([0.03, 0.06, 0.2])
    success = rng.random(n) < 0.03 + (late - 0.03) * t
    log.add("charts/episodic_return", steps, success)
    log.add("charts/episodic_length", steps, np.where(success, rng.integers(20, 90, n), 100))
    log.add("charts/SPS", steps, 900 * np.exp(shapes.white(rng, n, 0.02)))
    log.add("losses/entropy", steps, 1.9 - 0.2 * t + shapes.white(rng, n, 0.02))
    log.add("losses/value_loss", steps, np.abs(0.01 + shapes.heavy(rng, n, 0.01)))


@healthy(
    "sac_locomotion",
    "CleanRL: values grow, the actor's loss falls below, the temperature drops",
    tolerated=("collapse",),
)
def sac_locomotion(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    level = shapes.approach(t, 20, rng.uniform(3000, 8000), 2.5)
    returns = level * (1 + shapes.white(rng, n, 0.12)) + shapes.white(rng, n, 40)
    log.add("charts/episodic_return", steps, returns)
    value = 0.06 * level * np.exp(shapes.white(rng, n, 0.03))
    log.add("losses/qf1_values", steps, value)
    log.add("losses/qf1_loss", steps, (3 + 0.1 * value) * np.exp(shapes.white(rng, n, 0.4)))
    log.add("losses/actor_loss", steps, -value)
    log.add("losses/alpha", steps, 0.15 + 0.85 * np.exp(-30 * t) + shapes.white(rng, n, 0.004))


@healthy("curriculum", "ML-Agents: the reward drops at each lesson, for the lesson is harder")
def curriculum(log: Log, rng: np.random.Generator) -> None:
    lessons = int(rng.integers(3, 7))
    n = shapes.whole(rng, 120, 800)
    t, steps = shapes.times(n), shapes.steps(n, 10_000)
    lesson, within = shapes.cycle(t, lessons)
    reward = 0.9 - rng.uniform(0.4, 0.8) * np.exp(-5 * within)
    log.add("Environment/Cumulative Reward", steps, reward + shapes.white(rng, n, 0.04))
    log.add("Environment/Lesson", steps, lesson)
    log.add("Environment/Episode Length", steps, 200 + 50 * lesson + shapes.white(rng, n, 8))
    log.add("Policy/Entropy", steps, 1.4 - 0.5 * t + shapes.white(rng, n, 0.01))
    log.add("Losses/Value Loss", steps, 0.1 * np.exp(shapes.white(rng, n, 0.3)))
    log.add("Policy/Extrinsic Value Estimate", steps, reward * 0.8 + shapes.white(rng, n, 0.03))


@healthy(
    "cartpole_dips",
    "the return reaches its bound, falls off it now and then, and comes back",
    tolerated=("plateau",),
)
def cartpole_dips(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    returns = np.minimum(shapes.logistic(t, 20, 520, 0.15, 0.03) + shapes.white(rng, n, 25), 500)
    for at in rng.integers(n // 4, int(n * 0.8), 3):
        width = int(rng.integers(1, max(2, n // 25)))
        returns[at : at + width] = rng.uniform(150, 400, len(returns[at : at + width]))
    log.add("step_rewards_CartPole-v1", steps, np.maximum(returns, 8))


@healthy(
    "rllib_ppo", "RLlib's spellings; the loss of the policy and of the values have no objective"
)
def rllib_ppo(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 400))
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    level = shapes.approach(t, 20, rng.uniform(150, 400), 2.5)
    spread = 0.2 * level
    log.add("ray/tune/env_runners/episode_return_mean", steps, level + shapes.white(rng, n, 8))
    log.add(
        "ray/tune/env_runners/episode_return_max", steps, level + spread + shapes.heavy(rng, n, 20)
    )
    log.add(
        "ray/tune/env_runners/episode_return_min",
        steps,
        level - 2 * spread + shapes.heavy(rng, n, 25),
    )
    learner = "ray/tune/learners/default_policy/"
    log.add(f"{learner}policy_loss", steps, -0.02 + shapes.white(rng, n, 0.01))
    log.add(f"{learner}vf_loss", steps, (5 + 0.02 * level) * np.exp(shapes.white(rng, n, 0.2)))
    log.add(f"{learner}mean_kl_loss", steps, 0.01 * np.exp(shapes.white(rng, n, 0.3)))
    log.add(f"{learner}curr_kl_coeff", steps, 0.2)
    log.add("ray/tune/num_env_steps_sampled_lifetime", steps, steps)
    log.add("ray/tune/time_this_iter_s", steps, 9 + shapes.white(rng, n, 0.3))


@healthy(
    "explained_variance_undefined",
    "not a number where all returns of a batch are the same",
    tolerated=("nonfinite",),
)
def explained_variance_undefined(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 400))
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    variance = shapes.approach(t, -0.1, 0.8) + shapes.white(rng, n, 0.08)
    undefined = rng.random(n) < rng.uniform(0.02, 0.1) * (1 - t)
    log.add("train/explained_variance", steps, np.where(undefined, np.nan, variance))
    log.add("rollout/ep_rew_mean", steps, shapes.approach(t, 0, 90, 2) + shapes.white(rng, n, 3))
    log.add("train/value_loss", steps, 3 * np.exp(shapes.white(rng, n, 0.3)))


@healthy("evaluations_of_few_episodes", "20 to 40 evaluations of five episodes, of which some fail")
def evaluations_of_few_episodes(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 41))
    t, steps = shapes.times(n), shapes.steps(n, 10_000)
    level = shapes.approach(t, 100, 2500, 2)
    failed = rng.binomial(5, 0.08, n) / 5
    log.add("eval/mean_reward", steps, level * (1 - 0.7 * failed) + shapes.white(rng, n, 120))
    log.add("eval/mean_ep_length", steps, 1000 - 600 * failed)
    returns = shapes.approach(shapes.times(10 * n), 80, 2300, 2)
    log.add(
        "rollout/ep_rew_mean", shapes.steps(10 * n, 1000), returns + shapes.white(rng, 10 * n, 60)
    )


@healthy("simulated_robots", "Isaac Lab: the value loss grows with the reward; terms are traded")
def simulated_robots(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    reward = shapes.approach(t, 0.5, rng.uniform(15, 30), 3)
    log.add("Train/mean_reward", steps, reward + shapes.correlated(rng, n, 0.5, 0.6))
    log.add(
        "Train/mean_episode_length", steps, shapes.approach(t, 20, 980, 8) + shapes.white(rng, n, 8)
    )
    log.add(
        "Loss/value_function", steps, (0.05 + 0.01 * reward) * np.exp(shapes.white(rng, n, 0.2))
    )
    log.add("Loss/surrogate", steps, -0.005 + shapes.white(rng, n, 0.002))
    log.add(
        "Loss/learning_rate",
        steps,
        np.clip(1e-3 * np.exp(shapes.correlated(rng, n, 0.7, 0.9)), 1e-4, 1e-2),
    )
    log.add("Episode_Reward/track_lin_vel_xy_exp", steps, 0.9 * (1 - np.exp(-4 * t)))
    log.add(
        "Episode_Reward/dof_torques_l2",
        steps,
        -0.05 - 0.05 * (1 - np.exp(-5 * t)) + shapes.white(rng, n, 0.003),
    )
    log.add("Policy/mean_noise_std", steps, shapes.approach(t, 1, 0.35, 2))
    log.add("Perf/total_fps", steps, 85_000 * np.exp(shapes.white(rng, n, 0.03)))


@healthy(
    "return_statistics", "StdReturn, MaxReturn and Initial_DataCollection say nothing good or bad"
)
def return_statistics(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(30, 120))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    level = shapes.approach(t, 50, 900, 2.5)
    for where in ("Train", "Eval"):
        log.add(f"{where}_AverageReturn", steps, level + shapes.white(rng, n, 30))
        log.add(f"{where}_StdReturn", steps, np.abs(60 + 150 * t + shapes.white(rng, n, 40)))
        log.add(f"{where}_MaxReturn", steps, level + 150 + np.abs(shapes.white(rng, n, 60)))
        log.add(f"{where}_MinReturn", steps, level - 200 - np.abs(shapes.white(rng, n, 80)))
        log.add(f"{where}_AverageEpLen", steps, 1000 - 400 * t + shapes.white(rng, n, 20))
    log.add("Initial_DataCollection_AverageReturn", steps, 48.5)
    log.add("Training_Loss", steps, np.abs(0.5 + 1.5 * t + shapes.white(rng, n, 0.3)))


@healthy(
    "actor_critic_losses", "the losses of actor and critic rise and fall with what is explored"
)
def actor_critic_losses(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    log.add("losses/a_loss", steps, -2 - 6 * t * np.exp(-t) + shapes.correlated(rng, n, 0.8, 0.8))
    log.add("losses/c_loss", steps, (0.5 + 2 * t) * np.exp(shapes.white(rng, n, 0.4)))
    log.add("losses/entropy", steps, 1.6 - 0.7 * t + shapes.white(rng, n, 0.02))
    log.add("rewards/step", steps, shapes.approach(t, -150, 120, 2.2) + shapes.white(rng, n, 15))
    log.add("episode_lengths/step", steps, 100 + 300 * t + shapes.white(rng, n, 12))
