"""Agents in games and tasks: SB3, CleanRL, RLlib, Tianshou, ML-Agents, Dreamer, own loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    from_point,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import interval, lasting, noise
from benchmarks.blind.seventeenth.making import eased, halts, lags, rises
from benchmarks.blind.shapes import moving_mean
from benchmarks.blind.thirteenth.making import drifts, from_the_start, grows, jumps, levels

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Array, Rng, Steps
    from benchmarks.blind.runs import Log


def sb3_ppo(log: Log, rng: Rng, steps: Steps, t: Array) -> None:
    """What PPO of Stable-Baselines3 writes of its updates when all is well."""
    put(log, rng, steps, {"train/approx_kl": (0.009, 0.3), "train/clip_fraction": (0.09, 0.25)})
    around(log, rng, steps, {"train/entropy_loss": (-2.8 + 1.5 * t, 0.04)})
    around(log, rng, steps, {"train/policy_gradient_loss": (np.full(len(t), -0.012), 0.004)})
    put(log, rng, steps, {"train/value_loss": (8 + 60 * np.exp(-t / 0.1), 0.3)})
    around(log, rng, steps, {"train/explained_variance": (0.92 - 0.9 * np.exp(-t / 0.06), 0.03)})
    log.add("train/clip_range", steps, 0.2)
    log.add("train/learning_rate", steps, 3e-4)
    put(log, rng, steps, {"time/fps": (1150.0, 0.02)})


@healthy("ppo_hopper_of_the_zoo", "the mean of 100 episodes rises and rocks a little")
def hopper(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 500, 2048)
    reward = moving_mean(rises(t, 20, 2300, 0.3, 0.1) * np.exp(rng.normal(0, 0.25, len(t))), 12)
    log.add("rollout/ep_rew_mean", steps, reward)
    log.add("rollout/ep_len_mean", steps, 20 + reward * 0.33)
    sb3_ppo(log, rng, steps, t)


@healthy("dqn_atari_of_cleanrl_episodes", "each episode for itself: a cloud that rises")
def atari(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 800, 2500, 900)
    score = rises(t, 2, 260, 0.4, 0.12)
    log.add("charts/episodic_return", steps, np.round(score * np.exp(rng.normal(0, 0.5, len(t)))))
    put(log, rng, steps, {"losses/td_loss": (0.012 + 0.004 * t, 0.6)}, 0)
    put(log, rng, steps, {"losses/q_values": (0.3 + 4 * rises(t, 0, 1, 0.4, 0.15), 0.05)})
    put(log, rng, steps, {"charts/SPS": (210 + 300 * np.exp(-t / 0.03), 0.01)})


@healthy("maze_found_or_not", "an outcome of one or nothing each episode")
def maze(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 400, 1500, 1)
    chance = rises(t, 0.01, 0.9, 0.5, 0.12)
    found = (rng.uniform(size=len(t)) < chance).astype(np.float64)
    log.add("episode/success", steps, found)
    log.add("episode/success_rate_100", steps, moving_mean(found, 100))
    log.add("train/epsilon", steps, np.maximum(0.05, 1 - t / 0.5))


@healthy("soccer_of_ml_agents_by_elo", "self-play: the reward rests at zero, ELO rises")
def soccer(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 600, 10_000)
    around(log, rng, steps, {"Self-play/ELO": (1200 + 480 * t**0.8, 5)}, 0.9)
    around(log, rng, steps, {"Environment/Cumulative Reward": (np.zeros(len(t)), 0.18)})
    put(
        log,
        rng,
        steps,
        {"Policy/Entropy": (4.2 - 1.3 * t, 0.006), "Losses/Value Loss": (0.05, 0.25)},
    )
    put(log, rng, steps, {"Losses/Policy Loss": (0.022, 0.1)})
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t) + 1e-10)


@healthy(
    "sac_pendulum_in_no_time", "learnt within a third; evaluated rarely", tolerated=("plateau",)
)
def pendulum(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 60, 160, 400)
    reward = -150 - 1200 / (1 + np.exp((t - 0.2) / 0.04))
    around(log, rng, steps, {"rollout/ep_rew_mean": (reward - 40 * (1 - t), 12)}, 0.6)
    put(log, rng, steps, {"train/critic_loss": (0.6 + 3 * np.exp(-t / 0.1), 0.4)})
    around(log, rng, steps, {"train/actor_loss": (20 + 60 * rises(t, 0, 1, 0.25, 0.08), 3)})
    put(log, rng, steps, {"train/ent_coef": (0.02 + 0.9 * np.exp(-t / 0.08), 0.05)})
    rare = interval(steps, int(steps[-1]) // 8)
    around(log, rng, rare, {"eval/mean_reward": (np.interp(rare, steps, reward), 15)})


@labelled("sac_critic_without_bounds", "explosion", "critic and Q leave, reward sinks", plain=2e4)
def critic(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 2000)
    onset = rng.uniform(0.35, 0.5)
    loss = decades(t, onset, 4.0, strength)
    put(log, rng, steps, {"train/critic_loss": (loss, 0.35)})
    actor = -decades(t, onset, 30.0 + 60 * t, strength**0.5)
    log.add("train/actor_loss", steps, actor * np.exp(noise(rng, len(t), 0.06)))
    reward = rises(np.minimum(t, onset), 10, 1500, 0.2, 0.05)
    reward = reward - 1600 * np.clip((t - onset) / 0.3, 0, 1)
    around(log, rng, steps, {"rollout/ep_rew_mean": (reward, 40)}, 0.5)
    index = where(t, onset)
    grows(log, "explosion", "train/critic_loss", steps, loss, index, 0.4, ("divergence",))
    grows(log, "explosion", "train/actor_loss", steps, -actor, index, 0.08, ("divergence",))
    sd = lasting(40, 0.5)
    drifts(log, "divergence", "rollout/ep_rew_mean", steps, -reward, index, sd, ("collapse",))


@labelled(
    "ppo_policy_craters",
    "divergence",
    "mean reward falls and stays",
    half=0.5,
    tolerated=("plateau",),
)
def craters(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 500, 20_000)
    index = where(t, rng.uniform(0.45, 0.65))
    top = rises(t, -1, 8, 0.2, 0.05)
    low = top[index] - strength * 8
    around(log, rng, steps, {"Environment/Cumulative Reward": (from_point(top, index, low), 0.45)})
    put(log, rng, steps, {"Losses/Policy Loss": (0.025, 0.15), "Policy/Beta": (5e-3, 0.0)})
    put(log, rng, steps, {"Policy/Entropy": (3 - 0.8 * t, 0.01)})
    tags = "Environment/Cumulative Reward"
    jumps(log, "divergence", tags, steps, index, ("collapse",))


@labelled(
    "pong_stays_at_minus_twenty_one",
    "plateau",
    "never wins a point",
    plain=1,
    tolerated=("plateau",),
)
def pong(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 400, 5000)
    paced(log, rng, 5000, strength)
    values = np.minimum(-20.6 + np.abs(rng.normal(0, 0.25, len(t))) - 0.4, -20)
    log.add("charts/episodic_return", steps, np.round(values, 1))
    put(log, rng, steps, {"losses/entropy": (1.785, 0.001), "charts/SPS": (900.0, 0.01)})
    put(log, rng, steps, {"losses/value_loss": (0.02, 0.3)})
    from_the_start(log, "plateau", "charts/episodic_return", steps)


@labelled(
    "envs_leak_memory", "throughput", "steps per second sink, then a night of swap", plain=2.2
)
def leak(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 8192)
    paced(log, rng, 8192, 2)
    index = where(t, rng.uniform(0.35, 0.5))
    speed = np.where(np.arange(len(t)) < index, 1200, 1200 / strength)
    around(log, rng, steps, {"charts/episodic_return": (rises(t, 0, 300, 0.4, 0.15), 20)})
    put(log, rng, steps, {"charts/SPS": (speed, 0.02)})
    halts(log, steps, where(t, rng.uniform(0.7, 0.85)), 7)
    lags(log, steps, index, strength)


@labelled(
    "policy_is_certain_too_soon", "collapse", "entropy to nothing, reward level and low", plain=1e-4
)
def certain(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 2048)
    entropy = decades(t, 0.1, 1.35, strength, 0.3)
    put(log, rng, steps, {"losses/entropy": (entropy, 0.12)})
    reward = eased(t, 10, 55, 0.25)
    around(log, rng, steps, {"charts/episodic_return": (reward, 3)})
    grows(log, "collapse", "losses/entropy", steps, entropy, where(t, 0.1), 0.12)
    levels(log, "charts/episodic_return", steps, -reward, where(t, 0.25), lasting(3, 0.2))


@labelled("rewards_of_infinity", "nonfinite", "value loss inf, then NaN", plain=0.5)
def infinity(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 300, 4000)
    index = where(t, strength)
    loss = from_point(3 + 10 * np.exp(-t / 0.1), index, np.nan)
    loss[index] = np.inf
    around(log, rng, steps, {"train/value_loss": (loss, 0.3)})
    reward = from_point(rises(t, 0, 60, 0.25, 0.08), index, 1.5)
    around(log, rng, steps, {"rollout/ep_rew_mean": (reward, 2.5)})
    jumps(log, "nonfinite", "train/value_loss", steps, index)
    jumps(log, "divergence", "rollout/ep_rew_mean", steps, index, ("collapse",))
