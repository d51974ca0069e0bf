"""Agents: exercises of a course and published recipes, in games and on robots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import around, course, decades, paced, put, where
from benchmarks.blind.eighth.making import counted, learned, noise
from benchmarks.blind.nineteenth.making import drifts, grows, halts, levels, slows
from benchmarks.blind.nineteenth.registry import healthy, labelled
from benchmarks.blind.shapes import logistic, moving_mean, ramp_after

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "lesson_cartpole_ppo",
    "the value loss is large where returns grow, and KL and clipping wander",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 25, 60, 2048)
    up = logistic(t, 0, 1, 0.45, 0.12)
    curves = {
        "rollout/ep_rew_mean": (22 + 460 * up, 0.03),
        "rollout/ep_len_mean": (22 + 460 * up, 0.03),
        "train/value_loss": (8 + 45 * np.exp(-(((t - 0.35) / 0.2) ** 2)), 0.25),
        "train/approx_kl": (0.008, 0.25),
        "train/loss": (4 + 20 * np.exp(-(((t - 0.35) / 0.2) ** 2)), 0.35),
        "time/fps": (1100 - 60 * t, 0.02),
    }
    put(log, rng, steps, curves)
    curves = {
        "train/entropy_loss": (-0.69 + 0.17 * t, 0.012),
        "train/policy_gradient_loss": (-0.012, 0.005),
        "train/explained_variance": (0.9 - 0.9 * np.exp(-6 * t), 0.08),
    }
    around(log, rng, steps, curves)
    log.add("train/learning_rate", steps, 3e-4)
    log.add("train/clip_range", steps, 0.2)


@healthy(
    "lesson_lunar_lander_dqn",
    "it crashes while it explores, then hovers, then lands",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 300, 900, 1)
    paced(log, rng, 1, 0.1)
    returns = -190 + 130 * np.minimum(t / 0.25, 1) + logistic(t, 0, 280, 0.55, 0.09)
    scores = returns + noise(rng, len(t), 75, 0.05)
    log.add("Reward/episode", steps, scores)
    log.add("Reward/avg100", steps, moving_mean(scores, 100))
    log.add("epsilon", steps, np.maximum(0.995 ** (t * 900), 0.01))
    put(log, rng, steps, {"loss/td": (12 + 25 * np.exp(-6 * t) + 6 * t, 0.5)})


@healthy(
    "recipe_pong_learns_late",
    "-21 for a fifth of the run, and then it wins",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 80, 250, 40000)
    returns = logistic(t, -20.6, 19.4, 0.42, 0.07)
    around(
        log,
        rng,
        steps,
        {
            "charts/episodic_return": (returns, 0.6),
            "losses/q_values": (2.4 * logistic(t, 0, 1, 0.4, 0.1), 0.03),
        },
    )
    put(log, rng, steps, {"losses/td_loss": (0.004 + 0.006 * t, 0.3), "charts/SPS": (310, 0.03)})


@healthy("recipe_hindsight_sparse_goals", "no goal is reached for long, and then nearly each")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 50, 160, 5000)
    rate = counted(rng, 0.03 + logistic(t, 0, 0.9, 0.5, 0.1), 100)
    log.add("rollout/success_rate", steps, rate)
    log.add("rollout/ep_rew_mean", steps, -50 + 42 * rate)
    put(
        log,
        rng,
        steps,
        {"train/critic_loss": (0.3 + 1.2 * np.exp(-(((t - 0.45) / 0.2) ** 2)), 0.25)},
    )
    around(log, rng, steps, {"train/actor_loss": (2 + 5 * np.exp(-(((t - 0.4) / 0.25) ** 2)), 0.2)})


@healthy(
    "recipe_unity_soccer_self_play",
    "the reward lies about nought against itself, and Elo rises",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 100, 400, 10000)
    curves = {
        "Self-play/ELO": (1200 + 420 * (1 - np.exp(-2.2 * t)) + 60 * t, 7),
        "Environment/Cumulative Reward": (0, 0.12),
        "Environment/Group Cumulative Reward": (0, 0.2),
    }
    around(log, rng, steps, curves)
    curves = {
        "Losses/Policy Loss": (0.021, 0.1),
        "Losses/Value Loss": (0.09 - 0.04 * t, 0.12),
        "Policy/Entropy": (3.2 - 1.2 * t, 0.01),
        "Environment/Episode Length": (240 - 90 * t, 0.08),
    }
    put(log, rng, steps, curves)
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t) + 1e-9)


@healthy(
    "recipe_isaac_rough_terrain",
    "the reward steps back as the terrain gets harder, and rises again",
    tolerated=("plateau", "spike"),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 700, 2000, 1)
    paced(log, rng, 1, 0.03)
    level = 5.8 * (1 - np.exp(-4 * t))
    reward = -1 + 17 * (1 - np.exp(-14 * t)) + 5 * t - 2.2 * np.exp(-(((t - 0.2) / 0.06) ** 2))
    curves = {
        "Train/mean_reward": (reward, 0.45),
        "Train/mean_episode_length": (980 - 900 * np.exp(-25 * t), 9),
        "Loss/surrogate": (-0.004, 0.002),
        "Curriculum/terrain_levels": (level, 0.03),
    }
    around(log, rng, steps, curves)
    curves = {
        "Loss/value_function": (0.05 + 0.5 * np.exp(-20 * t), 0.25),
        "Policy/mean_noise_std": (0.35 + 0.65 * np.exp(-5 * t), 0.004),
        "Perf/total_fps": (61000, 0.03),
    }
    put(log, rng, steps, curves)


@healthy(
    "recipe_sac_walks",
    "the temperature falls, Q values rise with returns and the actor's loss falls far below nought",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 100, 400, 2000)
    q = 25 + 260 * (1 - np.exp(-3 * t))
    around(log, rng, steps, {"train/actor_loss": (-q, 4)})
    put(
        log,
        rng,
        steps,
        {
            "train/ent_coef": (0.06 + 0.9 * np.exp(-40 * t), 0.03),
            "train/critic_loss": (4 + 18 * t, 0.3),
        },
    )
    around(
        log,
        rng,
        steps,
        {
            "rollout/ep_rew_mean": (150 + 4300 * (1 - np.exp(-3 * t)), 110),
            "train/ent_coef_loss": (0, 0.3),
        },
    )
    rare = steps[9::10]
    around(log, rng, rare, {"eval/mean_reward": (200 + 4600 * (1 - np.exp(-3 * t[9::10])), 320)})


@healthy("recipe_rllib_impala", "means over workers that still rise at the end")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 120, 400, 1)
    paced(log, rng, 1, 0.5)
    mean = learned(t, 1.5, 340, 3)
    curves = {
        "ray/tune/env_runners/episode_return_mean": (mean, 9),
        "ray/tune/env_runners/episode_return_max": (1.3 * mean + 20, 25),
        "ray/tune/info/learner/default_policy/learner_stats/entropy": (1.38 - 0.8 * t, 0.03),
    }
    around(log, rng, steps, curves)
    put(
        log,
        rng,
        steps,
        {"ray/tune/info/learner/default_policy/learner_stats/vf_loss": (30 + 150 * t, 0.3)},
    )


@healthy(
    "lesson_reinforce_is_noisy",
    "one episode a point: the noise is as large as what is learnt",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 400, 1200, 1)
    mean = 18 + 300 * logistic(t, 0, 1, 0.55, 0.16)
    put(log, rng, steps, {"episode_reward": (mean, 0.4)})
    around(log, rng, steps, {"policy_loss": (2 - 6 * t, 12)})


@labelled(
    "lesson_dqn_without_a_target_network",
    "explosion",
    "Q values grow by decades, and the score is lost",
    plain=1e4,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 1000)
    i = where(t, rng.uniform(0.35, 0.5))
    q = decades(t, t[i], 3 + 30 * (1 - np.exp(-8 * t)), strength)
    put(log, rng, steps, {"train/q_mean": (q, 0.06), "train/td_loss": (0.05 * q, 0.3)})
    log.add("train/epsilon", steps, np.maximum(1 - t / 0.3, 0.05))
    worse = 160 * np.exp(-8 * t) + ramp_after(t, t[i], 150, 0.6)
    around(log, rng, steps, {"test/episode_reward": (180 - worse, 8)})
    grows(log, "explosion", "train/q_mean", steps, q, i, ("divergence",))
    grows(log, "divergence", "train/td_loss", steps, q, i, ("explosion",))
    drifts(log, "divergence", "test/episode_reward", steps, worse, i, 10, ("collapse",))


@labelled(
    "lesson_ppo_forgets_how_to_walk",
    "divergence",
    "the return falls in a few updates and stays low",
    tolerated=(
        "divergence",
        "explosion",
        "gradient",
        "plateau",
    ),
    plain=0.55,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 2048)
    i = where(t, strength + rng.uniform(-0.1, 0.1))
    late = np.clip(t - t[i], 0, None)
    worse = 1900 * np.exp(-5 * t) + 1650 * (1 - np.exp(-18 * late))
    around(log, rng, steps, {"charts/episodic_return": (2000 - worse, 70)})
    curves = {
        "losses/approx_kl": (0.006 + 0.03 * np.clip(18 * late, 0, 1), 0.25),
        "losses/clipfrac": (0.09 + 0.2 * np.clip(18 * late, 0, 1), 0.1),
        "losses/value_loss": (0.4, 0.3),
    }
    put(log, rng, steps, curves)
    drifts(log, "divergence", "charts/episodic_return", steps, worse, i, 85, ("collapse",))


@labelled(
    "lesson_entropy_is_gone_too_soon",
    "collapse",
    "one action is left, and the return stays where it is",
    plain=0.2,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 4096)
    i = where(t, 0.08)
    entropy = decades(t, t[i], 1.37, 1e-4, 0.08 + strength)
    put(log, rng, steps, {"policy/entropy": (entropy, 0.06)})
    worse = np.clip(1 - t / 0.28, 0, 1) * 30
    around(log, rng, steps, {"mean_reward": (42 - worse, 2)})
    grows(log, "collapse", "policy/entropy", steps, entropy, i)
    levels(log, "mean_reward", steps, worse, where(t, 0.28), 2.5)


@labelled(
    "recipe_noise_of_the_policy_grows",
    "explosion",
    "the deviation of actions grows to hundreds, and nothing is learnt any more",
    plain=300,
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 300, 1000, 1)
    paced(log, rng, 1, 0.05)
    i = where(t, rng.uniform(0.3, 0.4))
    std = decades(t, t[i], 1.0 - 0.2 * np.minimum(t / t[i], 1), strength)
    worse = 20 * np.exp(-9 * t) + ramp_after(t, t[i], 16, 0.8)
    put(log, rng, steps, {"Policy/mean_noise_std": (std, 0.006)})
    around(log, rng, steps, {"Train/mean_reward": (21 - worse, 0.7)})
    put(log, rng, steps, {"Loss/value_function": (0.2 + 0.5 * np.exp(-9 * t), 0.25)})
    grows(log, "explosion", "Policy/mean_noise_std", steps, std, i)
    drifts(log, "divergence", "Train/mean_reward", steps, worse, i, 0.9, ("collapse",))


@labelled(
    "lesson_mountain_car_never_at_the_top",
    "plateau",
    "-200 in each episode of the run",
    plain=1,
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 200, 10)
    log.add("test/reward", steps, -200 * strength + 0 * t)
    log.add("test/length", steps, 200 + 0 * t)
    put(log, rng, steps, {"update/loss": (0.02 + 0.5 * np.exp(-30 * t), 0.3)})
    last = int(steps[max(len(steps) // 5, 1)])
    log.true("plateau", "test/reward", int(steps[0]), (int(steps[0]), last))


@labelled(
    "recipe_simulator_gets_slow",
    "throughput",
    "it hung for hours once, and later each step takes long",
    plain=4,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 250, 8192)
    paced(log, rng, 8192, 0.5)
    i = where(t, rng.uniform(0.4, 0.65))
    around(log, rng, steps, {"rollout/ep_rew_mean": (learned(t, -300, 210, 4), 12)})
    put(log, rng, steps, {"time/rollout_fps": (np.where(t < t[i], 900, 900 / strength), 0.04)})
    tags = ("time/rollout_fps", "rollout/ep_rew_mean")
    slows(log, tags, steps, i, strength)
    halts(log, tags, steps, where(t, 0.2), 5)
