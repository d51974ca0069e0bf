"""Agents and robots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    counted,
    drifts,
    grows,
    hangs,
    jitter,
    levels,
    noise,
    spikes,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "arm_picks_from_bins",
    "PPO of stable-baselines3 (progress.csv of a bin-picking robot): time/fps is all steps by"
    " all seconds, so it falls from 3,300 to 860 by its own arithmetic; value loss rises with"
    " returns",
    tolerated=("plateau",),
)
def arm_picks_from_bins(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(90, 300))
    t, steps = shapes.times(n), shapes.steps(n, 1664)
    log.seconds_per_step = 1 / 830
    fps = 1664 / (1.98 - 1.46 / np.arange(1, n + 1))
    log.add("time/fps", steps, np.round(fps + rng.normal(0, 2, n)))
    up = 1 / (1 + np.exp(-(t - 0.25) / 0.07))
    log.add("rollout/ep_rew_mean", steps, 70 + 1750 * up + noise(rng, n, 60, 0.93))
    log.add("rollout/ep_len_mean", steps, 66 + noise(rng, n, 4, 0.7))
    rest = slice(1, None)
    value = 480 + 380 * np.exp(-(((t - 0.12) / 0.07) ** 2)) - 370 * up
    log.add("train/value_loss", steps[rest], jitter(rng, value, 0.22)[rest])
    explained = np.clip(0.85 * (1 - np.exp(-t / 0.1)) + noise(rng, n, 0.1), -0.1, 0.98)
    log.add("train/explained_variance", steps[rest], explained[rest])
    log.add(
        "train/entropy_loss", steps[rest], (-1.41 + 1.3 * np.sqrt(t) + noise(rng, n, 0.01))[rest]
    )
    log.add("train/approx_kl", steps[rest], jitter(rng, 0.006 + 0.01 * t, 0.35)[rest])
    log.add("train/std", steps[rest], (0.98 - 0.72 * np.sqrt(t))[rest])
    log.add("train/learning_rate", steps[rest], 0.00065)


@healthy(
    "bricks_with_exploration",
    "DQN on Breakout: epsilon by its schedule from 1 to 0.01, returns of single episodes"
    " scattered as widely as they are high, TD loss that grows with returns",
    tolerated=("plateau",),
)
def bricks_with_exploration(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = (
        shapes.times(n),
        np.sort(rng.choice(9_000_000, n, replace=False)).astype(np.int64) + 1000,
    )
    level = 2 + 310 * (1 / (1 + np.exp(-(t - 0.5) / 0.13)) - 0.02)
    log.add("charts/episodic_return", steps, np.round(level * rng.gamma(4, 0.25, n)))
    log.add("charts/epsilon", steps, np.maximum(1 - 0.99 * t / 0.1, 0.01))
    log.add("losses/td_loss", steps, jitter(rng, 0.003 + 0.011 * t, 0.35))
    log.add("losses/q_values", steps, 0.1 + 8 * t**0.8 + noise(rng, n, 0.12))
    log.add("charts/SPS", steps, np.round(jitter(rng, 611 + 90 * np.exp(-t / 0.02), 0.01)))


@healthy(
    "one_door_in_a_hundred",
    "a sparse reward: success of 0 for a tenth of the run, then 3 % of episodes, then more; the"
    " mean of the last hundred episodes is logged",
    tolerated=("plateau",),
)
def one_door_in_a_hundred(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 4096)
    chance = np.where(t < 0.1, 0.004, 0.93 / (1 + np.exp(-(t - 0.5) / 0.1)))
    log.add("rollout/success_rate", steps, counted(rng, chance, 100))
    log.add("rollout/ep_len_mean", steps, 200 - 130 * chance + noise(rng, n, 4, 0.5))
    log.add("train/actor_loss", steps, -0.4 - 6 * chance + noise(rng, n, 0.25, 0.5))
    log.add("train/critic_loss", steps, jitter(rng, 0.02 + 0.15 * chance * (1.1 - chance), 0.3))
    log.add("train/ent_coef", steps, 0.004 + 0.9 * np.exp(-t / 0.03))


@healthy(
    "plays_itself",
    "self-play: its wins against itself are half for ever, Elo rises and flattens, losses go"
    " nowhere",
    tolerated=("plateau",),
)
def plays_itself(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 250))
    t, steps = shapes.times(n), shapes.steps(n, 20_000)
    log.add("Self-play/ELO", steps, 1200 + 720 * (1 - np.exp(-2.2 * t)) + noise(rng, n, 13, 0.6))
    log.add("Self-play/win_rate", steps, counted(rng, np.full(n, 0.5), 200))
    log.add("Losses/Value Loss", steps, jitter(rng, 0.06 + 0.05 * np.exp(-t / 0.2), 0.15))
    log.add("Losses/Policy Loss", steps, jitter(rng, np.full(n, 0.021), 0.08))
    log.add("Policy/Entropy", steps, 2.7 - 0.8 * t + noise(rng, n, 0.02))
    log.add("Environment/Cumulative Reward", steps, noise(rng, n, 0.06))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t))


@healthy(
    "legs_over_rough_ground",
    "Isaac Lab: the curriculum makes ground harder as the robot gets better, so reward rises and"
    " wavers; noise of actions falls; rate adapts by KL, to and fro",
    tolerated=("plateau",),
)
def legs_over_rough_ground(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    up = 1 - np.exp(-t / 0.15)
    log.add("Train/mean_reward", steps, -6 + 27 * up + 2 * t + noise(rng, n, 0.7, 0.8))
    log.add("Train/mean_episode_length", steps, 30 + 940 * up + noise(rng, n, 12, 0.7))
    log.add("Curriculum/terrain_levels", steps, 3.5 + 2.3 * up * t**0.3 + noise(rng, n, 0.04, 0.9))
    log.add("Loss/value_function", steps, jitter(rng, 0.04 + 0.4 * np.exp(-t / 0.05), 0.2))
    log.add("Policy/mean_noise_std", steps, 0.42 + 0.58 * np.exp(-t / 0.2) + noise(rng, n, 0.003))
    adaptive = 3e-4 * 1.5 ** np.round(1.5 * noise(rng, n, 1.0, 0.9)).clip(-4, 4)
    log.add("Loss/learning_rate", steps, adaptive)
    log.add("Perf/total_fps", steps, np.round(jitter(rng, np.full(n, 96_000), 0.03)))


@healthy(
    "imitates_fifty_demonstrations",
    "LeRobot's ACT: loss falls by decades' parts to the end, success of 50 rollouts at ten"
    " evaluations jumps by a tenth either way",
    tolerated=("plateau",),
)
def imitates_fifty_demonstrations(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 500)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    log.add(
        "train/loss",
        steps,
        jitter(rng, 0.045 + 6 * np.exp(-t / 0.01) + 0.2 * np.exp(-t / 0.2), 0.06),
    )
    log.add("train/grad_norm", steps, jitter(rng, 5 + 60 * np.exp(-t / 0.03), 0.15))
    log.add("train/lr", steps, np.full(n, 1e-5))
    log.add("train/update_s", steps, jitter(rng, np.full(n, 0.118), 0.03))
    k = int(rng.integers(10, 21))
    seen = steps[np.linspace(0, n - 1, k + 1).astype(np.int64)[1:]]
    chance = 0.78 * (1 - np.exp(-np.linspace(0, 1, k) / 0.2))
    log.add("eval/pc_success", seen, 100 * counted(rng, chance, 50))


@labelled(
    "walker_forgets_to_walk",
    "divergence",
    "PPO at a constant rate (Dohare et al. 2306.13812, loss of plasticity): returns climb to"
    " 4,000, then fall to a quarter over the last third; the KL of updates has grown by then",
    clear=0.8,
    moderate=0.42,
)
def walker_forgets_to_walk(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    a = rng.uniform(0.5, 0.62)
    up = 4100 * (1 - np.exp(-t / 0.15))
    worse = -up * (1 - strength * (1 - np.exp(-np.clip(t - a, 0, None) / 0.1)))
    log.add("rollout/ep_rew_mean", steps, -worse + noise(rng, n, 120, 0.7))
    log.add("train/approx_kl", steps, jitter(rng, 0.008 + 0.05 * np.clip(t - a, 0, 1), 0.3))
    log.add("train/clip_fraction", steps, jitter(rng, 0.09 + 0.3 * np.clip(t - a, 0, 1), 0.12))
    log.add("train/learning_rate", steps, np.full(n, 3e-4))
    drifts(
        log,
        "divergence",
        "rollout/ep_rew_mean",
        steps,
        worse,
        int(a * n),
        240,
        ("collapse", "overfitting"),
    )


@labelled(
    "values_without_a_bound",
    "explosion",
    "DQN without a target network (Van Hasselt et al. 1812.02648, the deadly triad): values of"
    " actions grow a thousandfold, the TD loss still more, and returns fall to those of chance",
    clear=3.4,
    moderate=2.1,
)
def values_without_a_bound(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    a = rng.uniform(0.4, 0.55)
    since = np.clip((t - a) / 0.3, 0, 1)
    values = (4 + 16 * (1 - np.exp(-t / 0.15))) * 10 ** (strength * since)
    loss = 0.6 * 10 ** (1.7 * strength * since)
    log.add("losses/q_values", steps, jitter(rng, values, 0.05))
    log.add("losses/td_loss", steps, jitter(rng, loss, 0.3))
    worse = -(12 + 180 * (1 - np.exp(-t / 0.15)) * (1 - np.clip(since * 2, 0, 1)))
    log.add("charts/episodic_return", steps, -worse + noise(rng, n, 17, 0.3))
    index = int(a * n)
    tags = ("losses/q_values", "losses/td_loss")
    grows(log, "explosion", tags, steps, values, index, 0.06, ("divergence",))
    drifts(log, "divergence", "charts/episodic_return", steps, worse, index, 22, ("collapse",))


@labelled(
    "entropy_target_out_of_reach",
    "explosion",
    "SAC with a target entropy that cannot be met: its temperature grows by decades from a third"
    " of the run on, and actions become noise, returns with them",
    clear=4.0,
    moderate=2.2,
)
def entropy_target_out_of_reach(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    a = rng.uniform(0.33, 0.45)
    since = np.clip((t - a) / (0.95 - a), 0, 1)
    alpha = (0.02 + 0.3 * np.exp(-t / 0.05)) * 10 ** (strength * since)
    log.add("train/alpha", steps, jitter(rng, alpha, 0.03))
    drop = 1 / (1 + np.exp(-(since - 0.45) / 0.07))
    worse = -(900 + 4200 * (1 - np.exp(-t / 0.1)) * (1 - drop))
    log.add("eval/return", steps, -worse + noise(rng, n, 180, 0.3))
    index = int(a * n)
    grows(log, "explosion", "train/alpha", steps, alpha, index, 0.04, ("divergence", "gradient"))
    start = a + 0.25 * (0.95 - a)
    third_gone = a + 0.5 * (0.95 - a)
    window = int(steps[int(start * n) - 2]), int(steps[int(third_gone * n)])
    log.true(
        "divergence", "eval/return", int(steps[int((start + 0.02) * n)]), window, also=("collapse",)
    )


@labelled(
    "stands_still_for_its_reward",
    "plateau",
    "the reward for being upright is enough: 1,000 after a tenth of the run and never more,"
    " where the runs of others have 5,000; the policy's noise is gone",
    clear=1000.0,
)
def stands_still_for_its_reward(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    level = strength * (1 - np.exp(-t / 0.035))
    log.add("ray/tune/episode_reward_mean", steps, level + noise(rng, n, 9, 0.3))
    log.add("ray/tune/episode_len_mean", steps, 40 + 960 * (1 - np.exp(-t / 0.03)))
    log.add(
        "ray/tune/info/learner/entropy", steps, 6.2 * np.exp(-t / 0.2) - 3 + noise(rng, n, 0.05)
    )
    levels(log, "ray/tune/episode_reward_mean", steps, -level, int(0.16 * n), 9)


@labelled(
    "value_loss_leaps_once",
    "spike",
    "an episode with a reward of another scale: value loss and norm leap for two updates, then"
    " are as before; returns do not notice",
    tolerated=("spike", "gradient"),
    clear=60.0,
    moderate=9.0,
)
def value_loss_leaps_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 800)
    t, steps = shapes.times(n), shapes.steps(n, 32_768)
    i = int(n * rng.uniform(0.35, 0.88))
    loss = jitter(rng, 0.35 + 1.5 * np.exp(-t / 0.1), 0.13)
    loss += shapes.decay_after(n, i, strength, 0.9)
    norm = jitter(rng, np.full(n, 0.6), 0.15) + shapes.decay_after(n, i, strength / 3, 0.8)
    log.add("losses/value_loss", steps, loss)
    log.add("losses/grad_norm", steps, norm)
    log.add("charts/mean_return", steps, 21 * (1 - np.exp(-t / 0.2)) + noise(rng, n, 0.7, 0.5))
    spikes(log, ("losses/value_loss", "losses/grad_norm"), steps, i, 4)


@labelled(
    "simulator_gets_slower",
    "throughput",
    "objects are not removed from the scene: frames a second go down from two thirds of the run"
    " on to a fraction, and stay (mujoco, Isaac Gym forum)",
    clear=0.25,
    moderate=0.6,
)
def simulator_gets_slower(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 24)
    a = rng.uniform(0.3, 0.5)
    kept = 1 - (1 - strength) * np.clip((t - a) / 0.25, 0, 1)
    fps = 58_000 * kept * np.exp(noise(rng, n, 0.035))
    log.add("Perf/total_fps", steps, np.round(fps))
    log.add("Perf/collection_time", steps, 40_000 / fps)
    log.add("Train/mean_reward", steps, 18 * (1 - np.exp(-t / 0.3)) + noise(rng, n, 0.6, 0.7))
    clock = 1_772_438_400 + np.cumsum(90_000 / fps)
    log.times = dict(zip(steps.tolist(), clock.tolist(), strict=True))
    tags = ("Perf/total_fps", "Perf/collection_time", "Train/mean_reward")
    drifts(log, "throughput", tags, steps, -kept, int(a * n), 0.045, ("explosion",))


@labelled(
    "server_of_games_went_away",
    "stall",
    "the server of the environments does not answer: no step for half a day; when it is started"
    " anew the run goes on as before",
    clear=11.0,
    moderate=3.0,
)
def server_of_games_went_away(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10_000)
    log.seconds_per_step = float(rng.uniform(0.0005, 0.003))
    reward = 3 + 14 * (1 - np.exp(-t / 0.3)) + noise(rng, n, 0.8, 0.5)
    log.add("env_runners/episode_return_mean", steps, reward)
    log.add("learners/policy_loss", steps, -0.02 + noise(rng, n, 0.008))
    tags = ("env_runners/episode_return_mean", "learners/policy_loss")
    hangs(log, tags, steps, int(n * rng.uniform(0.4, 0.85)), strength)


@labelled(
    "critics_norm_always_clipped",
    "gradient",
    "the norm of the critic's gradients grows from beneath its limit of 0.5 to 40 times as much,"
    " and each update is clipped; its loss stays level",
    clear=40.0,
    moderate=14.0,
    tolerated=("explosion", "plateau"),
)
def critics_norm_always_clipped(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    a = rng.uniform(0.35, 0.5)
    norm = 0.4 * strength ** np.clip((t - a) / 0.3, 0, 1)
    log.add("critic/grad_norm", steps, jitter(rng, norm, 0.2))
    log.add("critic/loss", steps, jitter(rng, 0.8 + 2 * np.exp(-t / 0.08), 0.1))
    log.add("actor/grad_norm", steps, jitter(rng, np.full(n, 0.21), 0.2))
    log.add("episode/reward", steps, 250 * (1 - np.exp(-t / 0.15)) + noise(rng, n, 14, 0.4))
    grows(log, "gradient", "critic/grad_norm", steps, norm, int(a * n), 0.25, ("explosion",))
