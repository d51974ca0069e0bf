"""Robots and games of many: rsl_rl, Isaac Lab, Unity ML-Agents, self-play."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import linear
from benchmarks.blind.fourteenth.making import about, averaged, index_of, near, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import logistic, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import grows, hangs, jumps, levels, noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def adaptive(rng: np.random.Generator, n: int) -> Array:
    """rsl_rl's rate, which goes up and down by a factor of 1.5 with the KL, within bounds."""
    walk = np.cumsum(rng.integers(-1, 2, n))
    return np.clip(1e-3 * 1.5 ** (8 * np.sin(walk / 9)), 1e-5, 1e-2)


def legged(
    log: Log, rng: np.random.Generator, steps: Steps, reward: Array, length: Array, std: Array
) -> None:
    """What rsl_rl logs; rewards are means of the last hundred episodes."""
    n = len(steps)
    log.add("Train/mean_reward", steps, reward + noise(rng, n, 0.8, 0.6))
    near(log, rng, "Train/mean_episode_length", steps, length, 0.015)
    near(log, rng, "Episode/rew_tracking_lin_vel", steps, (reward.clip(0.5)) / 30, 0.03)
    near(log, rng, "Loss/value_function", steps, 0.02 + 0.2 * np.exp(-times(n) / 0.1), 0.2)
    about(log, rng, "Loss/surrogate", steps, np.full(n, -0.006), 0.002)
    log.add("Loss/learning_rate", steps, adaptive(rng, n))
    near(log, rng, "Policy/mean_noise_std", steps, std, 0.003)
    near(log, rng, "Perf/total_fps", steps, 88000, 0.03)
    near(log, rng, "Perf/collection time", steps, 0.9, 0.04)
    near(log, rng, "Perf/learning_time", steps, 0.23, 0.03)


def unity(
    log: Log, rng: np.random.Generator, steps: Steps, reward: Array, sd: float, entropy: Array
) -> None:
    """What ML-Agents logs."""
    n = len(steps)
    about(log, rng, "Environment/Cumulative Reward", steps, reward, sd)
    near(log, rng, "Environment/Episode Length", steps, 340.0, 0.06)
    near(log, rng, "Policy/Entropy", steps, entropy, 0.006)
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - times(n)))
    log.add("Policy/Epsilon", steps, 0.1 + 0.1 * (1 - times(n)))
    about(log, rng, "Policy/Extrinsic Value Estimate", steps, 0.7 * reward, sd / 2)
    near(log, rng, "Losses/Policy Loss", steps, 0.024, 0.12)
    near(log, rng, "Losses/Value Loss", steps, 0.05 + 0.02 * np.abs(reward), 0.25)


@healthy("anymal_walks_rough", "Terrain gets harder as it learns: the reward dips and recovers.")
def anymal_walks_rough(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 300, 1000), 1, 0)
    t = times(len(steps))
    reward = 20 * (1 - np.exp(-t / 0.12)) - 1.6 * logistic(t, 0, 1, 0.3, 0.03) + 4 * t
    legged(log, rng, steps, reward, 100 + 880 * (1 - np.exp(-t / 0.05)), 1 - 0.6 * t**0.6)
    near(log, rng, "Episode/terrain_level", steps, 0.5 + 5 * (1 - np.exp(-t / 0.4)), 0.02)


@healthy("cartpole_isaac_done_early", "Level at its bound after a tenth.", tolerated=("plateau",))
def cartpole_isaac_done_early(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 100, 150), 1, 0)
    t = times(len(steps))
    reward = 4.9 - 5 * np.exp(-t / 0.06)
    near(log, rng, "Train/mean_episode_length", steps, 300 - 270 * np.exp(-t / 0.05), 0.003)
    about(log, rng, "Train/mean_reward", steps, reward, 0.03)
    near(log, rng, "Loss/value_function", steps, 0.002 + 0.05 * np.exp(-t / 0.05), 0.3)
    log.add("Loss/learning_rate", steps, adaptive(rng, len(t)))
    near(log, rng, "Policy/mean_noise_std", steps, 1 - 0.75 * t**0.7, 0.004)
    near(log, rng, "Perf/total_fps", steps, 140000, 0.04)


@healthy("hand_turns_a_cube", "Successes in a row: nothing, then by steps ever more.")
def hand_turns_a_cube(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 250, 700), 32768)
    t = times(len(steps))
    successes = 0.2 + 18 * np.clip(t - 0.15, 0, 1) ** 1.4
    near(log, rng, "consecutive_successes", steps, successes, 0.06)
    near(log, rng, "rewards/step", steps, 20 + 350 * successes / 18, 0.05)
    near(log, rng, "losses/c_loss", steps, 0.02 + 0.1 * np.exp(-t / 0.1), 0.2)
    about(log, rng, "losses/a_loss", steps, np.full(len(t), -0.01), 0.004)
    near(log, rng, "losses/bounds_loss", steps, 0.01 + 0.03 * t, 0.1)
    near(log, rng, "losses/entropy", steps, 28 - 9 * t, 0.005)
    log.add("info/last_lr", steps, adaptive(rng, len(t)))
    near(log, rng, "info/kl", steps, 0.016, 0.25)
    near(log, rng, "performance/step_inference_rl_update_fps", steps, 51000, 0.02)


@healthy(
    "unity_ball_in_no_time",
    "The usual example: up in a tenth, level at 100 of 100.",
    tolerated=("plateau",),
)
def unity_ball_in_no_time(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 40, 100), 12000)
    t = times(len(steps))
    reward = 98 - 97 * np.exp(-t / 0.05)
    log.add("Environment/Cumulative Reward", steps, np.minimum(reward + noise(rng, len(t), 1), 100))
    near(log, rng, "Policy/Entropy", steps, 1.45 - 0.5 * t, 0.006)
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t))
    near(log, rng, "Losses/Value Loss", steps, 0.1 + 2 * np.exp(-t / 0.06), 0.3)
    near(log, rng, "Losses/Policy Loss", steps, 0.024, 0.1)


@healthy("unity_soccer_self_play", "Rewards of a match of equals: about zero; the rating rises.")
def unity_soccer_self_play(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 20000)
    t = times(len(steps))
    unity(log, rng, steps, np.zeros(len(t)), 0.12, 2.4 - 0.9 * t)
    about(log, rng, "Self-play/ELO", steps, 1200 + 480 * (1 - np.exp(-t / 0.35)), 6)
    about(log, rng, "Environment/Group Cumulative Reward", steps, np.zeros(len(t)), 0.15)


@healthy("league_new_opponents", "The share of games won falls whenever a stronger one is met.")
def league_new_opponents(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 10000)
    t = times(len(steps))
    won = 0.5 + 0.28 * ((6 * t) % 1)
    about(log, rng, "selfplay/win_rate_vs_latest", steps, won, 0.025)
    about(log, rng, "selfplay/elo", steps, 1000 + 900 * (1 - np.exp(-t / 0.5)), 10)
    near(log, rng, "losses/entropy", steps, 2.2 - 0.8 * t, 0.02)
    near(log, rng, "losses/value_loss", steps, 0.4, 0.12)
    log.add("charts/learning_rate", steps, 2.5e-4)


@healthy("unity_lessons_change", "Each new lesson takes some of the reward, then it rises.")
def unity_lessons_change(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 10000)
    t = times(len(steps))
    within = (4 * np.minimum(t, 0.9999)) % 1
    reward = 0.9 - 0.55 * np.exp(-within / 0.2)
    unity(log, rng, steps, reward, 0.04, 3 - t)
    log.add("Environment/Lesson Number/height", steps, np.floor(np.minimum(4 * t, 3.999)))


@healthy(
    "distilled_student_of_walker",
    "A student of a teacher: the loss falls to a level.",
    tolerated=("plateau",),
)
def distilled_student_of_walker(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 150, 400), 1, 0)
    t = times(len(steps))
    near(log, rng, "Loss/behavior", steps, 0.06 + 1.2 * np.exp(-t / 0.05), 0.05)
    about(log, rng, "Train/mean_reward", steps, 18 - 20 * np.exp(-t / 0.08), 0.4)
    near(log, rng, "Train/mean_episode_length", steps, 970 - 900 * np.exp(-t / 0.06), 0.01)
    near(log, rng, "Perf/total_fps", steps, 42000, 0.03)
    log.add("Loss/learning_rate", steps, 1e-3)


@labelled(
    "legged_noise_runs_off",
    "explosion",
    "The standard deviation of actions grows by decades, and the reward is lost with it.",
    tolerated=("divergence", "collapse", "plateau"),
)
def legged_noise_runs_off(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 800), 1, 0)
    t = times(len(steps))
    onset = rng.uniform(0.3, 0.45)
    std = 10.0 ** ramp_after(t, onset, 2.5 * strength)
    reward = 18 * (1 - np.exp(-t / 0.1)) - 17 * logistic(t, 0, 1, onset + 0.15, 0.03)
    legged(log, rng, steps, reward, np.full(len(t), 600.0), std)
    index = index_of(t, onset)
    grows(log, "explosion", "Policy/mean_noise_std", steps, std, index, 0.01, ("divergence",))
    turns(log, "divergence", "Train/mean_reward", steps, -reward, index, 1.6, ("collapse",))


@labelled(
    "legged_falls_at_once",
    "divergence",
    "After an update the robot falls: length and reward leap down, and stay there.",
    tolerated=("plateau", "collapse", "explosion"),
)
def legged_falls_at_once(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 900), 1, 0)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.35, 0.75))
    fell = np.arange(len(t)) >= index
    reward = 20 * (1 - np.exp(-t / 0.1)) - 16 * strength * fell
    length = np.where(fell, 90, 980 - 880 * np.exp(-t / 0.05))
    legged(log, rng, steps, reward, length, 1 - 0.5 * t)
    jumps(log, "divergence", "Train/mean_reward", steps, index, ("collapse", "spike"), 3)
    also = "collapse", "divergence", "spike"
    jumps(log, "divergence", "Train/mean_episode_length", steps, index, also, 3)


@labelled(
    "unity_gives_up",
    "divergence",
    "The cumulative reward drifts from 9 back to nothing in the second half.",
    tolerated=("plateau", "collapse", "divergence"),
    half=5.0,
    all=9.0,
)
def unity_gives_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 10000)
    t = times(len(steps))
    onset = rng.uniform(0.45, 0.6)
    reward = 9 - 9.5 * np.exp(-t / 0.12) - ramp_after(t, onset, strength)
    unity(log, rng, steps, reward, 0.9, 2.5 - 0.5 * t)
    turns(
        log, "divergence", "Environment/Cumulative Reward", steps, -reward, index_of(t, onset), 1.1
    )


@labelled(
    "drone_hovers_and_no_more",
    "plateau",
    "It hovers after a tenth and never learns to fly to the goal: level at 12 of 50.",
)
def drone_hovers_and_no_more(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 800), 1, 0)
    t = times(len(steps))
    worse = 14 * strength * np.exp(-t / 0.025)
    legged(log, rng, steps, 12 - worse, np.full(len(t), 500.0), 1 - 0.2 * t)
    tags = "Train/mean_reward", "Episode/rew_tracking_lin_vel"
    levels(log, tags, steps, worse, index_of(t, 0.1), 1.6)


@labelled(
    "simulator_leaks_memory",
    "throughput",
    "Frames a second fall to a third from an iteration on.",
    tolerated=("plateau",),
    half=2.0,
    third=3.0,
)
def simulator_leaks_memory(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 300, 800), 1, 0)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.7))
    slow = np.where(np.arange(len(t)) < index, 1.0, strength)
    about(log, rng, "Train/mean_reward", steps, 20 - 20 * np.exp(-t / 0.2), 0.5)
    near(log, rng, "Train/mean_episode_length", steps, 900.0, 0.02)
    near(log, rng, "Perf/total_fps", steps, 88000 / slow, 0.03)
    near(log, rng, "Perf/collection time", steps, 0.9 * slow, 0.03)
    near(log, rng, "Perf/learning_time", steps, 0.2, 0.03)
    log.seconds_per_step = 1.1
    log.slower(int(steps[index]), strength)
    jumps(log, "throughput", ("Perf/total_fps", "Perf/collection time"), steps, index)


@labelled("renderer_hangs_at_night", "stall", "For hours nothing is written, then it goes on.")
def renderer_hangs_at_night(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 10000)
    t = times(len(steps))
    unity(log, rng, steps, 8 - 9 * np.exp(-t / 0.2), 0.4, 2.5 - 0.5 * t)
    log.seconds_per_step = 0.006
    tags = "Environment/Cumulative Reward", "Environment/Episode Length", "Policy/Entropy"
    more = "Losses/Policy Loss", "Losses/Value Loss", "Policy/Learning Rate", "Policy/Epsilon"
    every_tag = (*tags, *more, "Policy/Extrinsic Value Estimate")
    hangs(log, every_tag, steps, index_of(t, rng.uniform(0.2, 0.8)), 7 * strength)


@healthy(
    "mean_of_the_last_games",
    "A running mean of a hundred games: smooth, and it wanders.",
    tolerated=("plateau",),
)
def mean_of_the_last_games(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 400, 900), 1)
    t = times(len(steps))
    games = 20 + 160 * (1 - np.exp(-t / 0.3)) + noise(rng, len(t), 45, 0.1)
    log.add("score/episode", steps, games)
    log.add("score/mean_100", steps, averaged(games, 100))
    log.add("epsilon", steps, np.maximum(0.99 ** (steps * 1.0), 0.02))
    log.add("lr", steps, linear(t, 1e-3, 1e-9))
