"""Agents in games and benchmarks: Stable-Baselines3, CleanRL, Tianshou, RLlib, own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import SURE, epochs, nears, settled, since, stable_baselines
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, turns
from benchmarks.blind.shapes import logistic, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    from_the_start,
    grows,
    jumps,
    levels,
    noise,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("hopper-with-sb3", "Return rises with dips of a fifth that come back.", tolerated=SURE)
def hopper(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 490)
    t, steps = times(n), stepping(n, 2048)
    learnt = logistic(t, 0, 1, 0.3, 0.09)
    sway = noise(rng, n, 60 + 150 * learnt.mean(), 0.8)
    reward = 40 + 2300 * learnt * (1 + 0.08 * np.sin(14 * t)) + 250 * t
    log.add("rollout/ep_rew_mean", steps, reward + sway * learnt)
    near(log, rng, "rollout/ep_len_mean", steps, 40 + 700 * learnt, 0.05)
    near(log, rng, "train/value_loss", steps, 5 + 70 * learnt, 0.35)
    near(log, rng, "train/loss", steps, 3 + 30 * learnt, 0.4)
    stable_baselines(log, rng, steps, learnt)


@healthy(
    "cartpole-solved", "Reaches its bound of 500 and stays there with small dips.", tolerated=SURE
)
def cartpole(log: Log, rng: Rng) -> None:
    n = int(rng.integers(25, 101))
    t, steps = times(n), stepping(n, 2048)
    learnt = logistic(t, 0, 1, 0.25, 0.06)
    reward = np.minimum(500, 22 + 480 * learnt - np.abs(noise(rng, n, 8, 0.4)) * (1.2 - learnt))
    log.add("rollout/ep_rew_mean", steps, reward)
    log.add("rollout/ep_len_mean", steps, reward)
    near(log, rng, "train/value_loss", steps, 2 + 40 * np.exp(-5 * t), 0.4)
    near(log, rng, "train/loss", steps, 1 + 18 * np.exp(-5 * t), 0.4)
    stable_baselines(log, rng, steps, learnt)


@healthy("breakout-cleanrl", "Returns of single episodes, whose spread grows with their mean.")
def breakout(log: Log, rng: Rng) -> None:
    n = whole(rng, 600, 3000)
    t = times(n)
    steps = np.cumsum(rng.integers(200, 4000, n)).astype(np.int64)
    mean = 1.5 + 320 * logistic(t, 0, 1, 0.55, 0.15)
    log.add("charts/episodic_return", steps, np.floor(rng.gamma(2.5, mean / 2.5)))
    log.add("charts/episodic_length", steps, np.floor(180 + 8 * rng.gamma(4, mean / 5)))
    seen = steps[:: max(n // 250, 1)]
    u = times(len(seen))
    nears(
        log,
        rng,
        seen,
        {
            "losses/value_loss": (0.02 + 0.15 * u, 0.4),
            "losses/approx_kl": (0.006, 0.3),
            "losses/entropy": (1.38 - 0.9 * u, 0.03),
            "losses/clipfrac": (0.12, 0.15),
            "charts/SPS": (1450, 0.01),
        },
    )
    log.add("charts/learning_rate", seen, 2.5e-4 * (1 - 0.999 * u))


@healthy(
    "maze-reward-is-rare",
    "Nothing for a third of the run, then success rises at once.",
    tolerated=SURE,
)
def maze(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), stepping(n, 10_000)
    found = rng.uniform(0.25, 0.4)
    win = 0.9 * logistic(t, 0, 1, found + 0.12, 0.03) * (t > found)
    log.add("train/success_rate", steps, averaged(rng.binomial(40, win) / 40, 5))
    log.add("train/episode_reward", steps, averaged(rng.binomial(40, win) / 40, 5) - 0.02)
    near(log, rng, "train/critic_loss", steps, 0.001 + 0.02 * win, 0.4)
    near(log, rng, "train/ent_coef", steps, 0.02 + 0.4 * np.exp(-t / 0.08), 0.03)
    near(log, rng, "time/fps", steps, 310, 0.05)


@healthy("self-play-of-connect-four", "Elo rises, win rate is a half, the loss of values goes up.")
def connect_four(log: Log, rng: Rng) -> None:
    n = int(rng.integers(60, 201))
    t, steps = times(n), epochs(n)
    about(log, rng, "elo", steps, 1000 + 780 * (1 - np.exp(-2.5 * t)), 14)
    about(log, rng, "win_rate_vs_previous", steps, 0.54, 0.05)
    nears(
        log,
        rng,
        steps,
        {
            "loss_policy": (1.9 - 0.9 * (1 - np.exp(-4 * t)), 0.03),
            "loss_value": (0.35 + 0.25 * (1 - np.exp(-8 * t)), 0.06),
            "game_length": (24 + 9 * t, 0.04),
        },
    )


@healthy("dqn-epsilon-first", "Low and noisy while it explores; loss of Q rises as returns do.")
def dqn(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 700)
    t, steps = times(n), stepping(n, 1000)
    learnt = logistic(t, 0, 1, 0.4, 0.1)
    about(log, rng, "train/reward", steps, -180 + 400 * learnt, 45)
    nears(
        log,
        rng,
        steps,
        {
            "train/length": (120 + 220 * learnt, 0.15),
            "train/loss": (0.4 + 3 * learnt, 0.35),
            "train/mean_q": (1 + 40 * learnt, 0.05),
        },
    )
    log.add("train/epsilon", steps, np.maximum(0.05, 1 - t / 0.3))
    seen = every(steps, 20)
    about(log, rng, "test/reward", seen, at(seen, steps, -170 + 410 * learnt), 25)


@labelled(
    "humanoid-forgets-to-walk",
    "divergence",
    "Return falls from its best to its first level.",
    wholly=0.95,
    half=0.55,
)
def humanoid(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 450)
    t, steps = times(n), stepping(n, 16_384)
    onset = rng.uniform(0.5, 0.62)
    learnt = 1 - np.exp(-6 * t)
    kept = 1 - strength * np.clip((t - onset) / 0.2, 0, 1)
    reward = 120 + 4600 * learnt * kept
    about(log, rng, "rollout/ep_rew_mean", steps, reward, 130)
    near(log, rng, "rollout/ep_len_mean", steps, 60 + 850 * learnt * kept, 0.05)
    near(log, rng, "train/value_loss", steps, 30 + 80 * learnt, 0.35)
    stable_baselines(log, rng, steps, learnt)
    tags = ("rollout/ep_rew_mean", "rollout/ep_len_mean")
    turns(log, "divergence", tags, steps, -reward, index_of(t, onset), 160, also=("collapse",))


@labelled(
    "falls-in-one-update",
    "divergence",
    "Reward drops between two updates and stays down.",
    plain=1.0,
    half=0.6,
)
def one_update(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, steps = times(n), stepping(n, 4096)
    made = index_of(t, rng.uniform(0.5, 0.75))
    gone = np.where(np.arange(n) >= made, 1 - strength, 1.0)
    learnt = 1 - np.exp(-6 * t)
    about(log, rng, "train/epoch_reward_mean", steps, 20 + 280 * learnt * gone, 14)
    near(log, rng, "train/policy_kl", steps, 0.01, 0.3)
    near(log, rng, "train/policy_entropy", steps, 1.5 - 0.8 * learnt, 0.04)
    jumps(log, "divergence", "train/epoch_reward_mean", steps, made, also=("collapse",))


@labelled(
    "never-leaves-the-start", "plateau", "Return is that of random actions throughout.", plain=1.0
)
def never_leaves(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 2048)
    about(log, rng, "rollout/ep_rew_mean", steps, -200 * strength, 2.5)
    near(log, rng, "rollout/ep_len_mean", steps, 200, 0.0001)
    near(log, rng, "train/value_loss", steps, 3.0 + 30 * np.exp(-t / 0.03), 0.3)
    from_the_start(log, "plateau", ("rollout/ep_rew_mean", "rollout/ep_len_mean"), steps)


@labelled(
    "local-optimum-of-standing",
    "plateau",
    "It learns to stand still and never to walk.",
    early=0.15,
    later=0.3,
)
def standing(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 8192)
    reward = 15 + 235 * (1 - settled(t, strength))
    about(log, rng, "eval/mean_reward", steps, reward, 6)
    near(log, rng, "eval/mean_ep_length", steps, 300 + 700 * (1 - settled(t, strength)), 0.01)
    nears(
        log,
        rng,
        steps,
        {"train/actor_loss_abs": (12 + 9 * t, 0.06), "train/ent_coef": (0.02, 0.05)},
    )
    levels(log, "eval/mean_reward", steps, -reward, index_of(t, strength), 7)


@labelled(
    "q-values-without-bound", "explosion", "Estimates of value grow by decades.", far=5.0, less=2.8
)
def q_values(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), stepping(n, 1000)
    onset = rng.uniform(0.25, 0.5)
    made = index_of(t, onset)
    value = 8 * 10 ** (strength * since(t, onset))
    about(log, rng, "train/episode_reward", steps, 30 + 20 * np.exp(-t / 0.2), 9)
    near(log, rng, "train/q_mean", steps, value, 0.1)
    near(log, rng, "train/critic_loss", steps, 0.5 * value**1.3, 0.3)
    tags = ("train/q_mean", "train/critic_loss")
    grows(log, "explosion", tags, steps, value, made, 0.1, also=("divergence",))


@labelled(
    "policy-without-entropy",
    "collapse",
    "losses/entropy falls to nothing early in the run.",
    fast=0.03,
    slow=0.08,
)
def policy_entropy(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 600)
    t, steps = times(n), stepping(n, 1024)
    onset = rng.uniform(0.2, 0.35)
    made = index_of(t, onset)
    entropy = 1.38 * np.exp(-np.clip((t - onset) / strength, 0, 9))
    about(log, rng, "charts/avg_return", steps, 2 + 7 * np.minimum(t / onset, 1), 1.2)
    nears(
        log,
        rng,
        steps,
        {
            "losses/entropy": (entropy, 0.06),
            "losses/value_loss": (0.08, 0.3),
            "losses/approx_kl": (0.004 * (0.02 + entropy), 0.4),
            "charts/SPS": (2100, 0.02),
        },
    )
    grows(log, "collapse", "losses/entropy", steps, entropy, made, 0.06)


@labelled(
    "alpha-is-nan",
    "nonfinite",
    "Temperature and both losses are NaN from one step on.",
    plain=0.45,
    late=0.8,
)
def alpha(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), stepping(n, 500)
    made = index_of(t, strength)
    bad = np.where(np.arange(n) >= made, np.nan, 1.0)
    about(log, rng, "test/reward", steps, np.where(np.isnan(bad), 5, 20 + 200 * t), 12)
    nears(
        log,
        rng,
        steps,
        {
            "loss/critic1": (3 * bad, 0.3),
            "loss/actor": (14 * bad, 0.1),
            "alpha": (0.15 * bad, 0.05),
        },
    )
    jumps(log, "nonfinite", ("loss/critic1", "loss/actor", "alpha"), steps, made)


@labelled(
    "environment-leaks",
    "throughput",
    "Frames a second fall to a third in the long run.",
    third=0.33,
    half=0.5,
)
def leaks(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, steps = times(n), stepping(n, 8192)
    made = index_of(t, rng.uniform(0.35, 0.55))
    speed = np.where(np.arange(n) >= made, strength, 1.0)
    learnt = 1 - np.exp(-4 * t)
    about(log, rng, "rollout/ep_rew_mean", steps, 10 + 240 * learnt, 14)
    near(log, rng, "losses/value_loss", steps, 0.4, 0.25)
    near(log, rng, "charts/SPS_interval", steps, 5200 * speed, 0.03)
    log.slower(int(steps[made]), 1 / strength)
    jumps(log, "throughput", "charts/SPS_interval", steps, made)
