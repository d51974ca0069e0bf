"""Robots: rsl_rl and Isaac Lab, rl_games, skrl, LeRobot, robomimic, own controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import around, course, decades, paced, put, where
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import counted, interval, lasting
from benchmarks.blind.seventeenth.making import halts, lags, rises
from benchmarks.blind.thirteenth.making import drifts, fades, grows, levels, overfits

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Array, Rng, Steps
    from benchmarks.blind.runs import Log


def speeds(log: Log, rng: Rng, steps: Steps, fps: Array | float = 68_000.0) -> None:
    """How fast the simulator and the learner are."""
    put(log, rng, steps, {"Perf/total_fps": (fps, 0.05), "Perf/learning_time": (0.31, 0.04)})
    put(log, rng, steps, {"Perf/collection time": (98_304 / np.asarray(fps) - 0.31, 0.05)})


@healthy("legged_gym_of_a_quadruped", "a curriculum of terrains: rewards rise, level by level")
def quadruped(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 500, 1500, 1)
    level = 5.5 * rises(t, 0, 1, 0.45, 0.12)
    around(log, rng, steps, {"Train/mean_reward": (rises(t, -1, 21, 0.2, 0.06) + t, 0.6)}, 0.7)
    put(log, rng, steps, {"Train/mean_episode_length": (rises(t, 40, 980, 0.12, 0.03), 0.02)})
    around(log, rng, steps, {"Episode/terrain_level": (level, 0.05)}, 0.9)
    around(
        log, rng, steps, {"Episode/rew_tracking_lin_vel": (rises(t, 0.05, 0.85, 0.2, 0.06), 0.02)}
    )
    put(log, rng, steps, {"Loss/value_function": (0.02 + 0.1 * np.exp(-t / 0.05) + 0.01 * t, 0.3)})
    around(log, rng, steps, {"Loss/surrogate": (np.full(len(t), -0.004), 0.003)})
    put(log, rng, steps, {"Policy/mean_noise_std": (0.35 + 0.65 * np.exp(-3 * t), 0.004)})
    put(log, rng, steps, {"Loss/learning_rate": (4e-4, 0.5)}, 0.5)
    speeds(log, rng, steps)


@healthy("act_of_a_gripper_with_trials", "loss falls; twenty trials each time: a coarse success")
def gripper(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 400, 200)
    put(
        log,
        rng,
        steps,
        {"train/loss": (0.05 + 1.8 * np.exp(-t / 0.03) + 0.06 * (1 - t) ** 2, 0.07)},
    )
    put(log, rng, steps, {"train/grdn": (9 + 30 * np.exp(-t / 0.05), 0.2)})
    put(log, rng, steps, {"train/updt_s": (0.19, 0.05), "train/dataloading_s": (0.004, 0.4)})
    rare = interval(steps, int(steps[-1]) // 10)
    now = np.linspace(0.1, 1, len(rare))
    log.add("eval/pc_success", rare, 100 * counted(rng, 0.15 + 0.65 * now**0.7, 20))


@labelled("noise_of_actions_runs_away", "explosion", "std grows, reward sinks", eight=10, more=40)
def noise_std(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 200, 800, 1)
    onset = rng.uniform(0.3, 0.5)
    std = decades(t, onset, 0.6 + 0.4 * np.exp(-t / 0.1), strength)
    reward = rises(np.minimum(t, onset), -2, 18, 0.15, 0.04)
    reward = reward - 22 * np.clip((t - onset) / (1 - onset), 0, 1)
    put(log, rng, steps, {"Policy/mean_noise_std": (std, 0.01)})
    around(log, rng, steps, {"Train/mean_reward": (reward, 0.7)}, 0.5)
    speeds(log, rng, steps)
    index = where(t, onset)
    grows(log, "explosion", "Policy/mean_noise_std", steps, std, index, 0.012)
    sd = lasting(0.7, 0.5)
    drifts(log, "divergence", "Train/mean_reward", steps, -reward, index, sd, ("collapse",))


@labelled(
    "adaptive_rate_at_its_floor",
    "learning_rate",
    "KL schedule drives it to 1e-5",
    plain=0.35,
    tolerated=("plateau",),
)
def floor(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 600, 1)
    rate = np.maximum(decades(t, strength, 1e-3, 1e-4, strength + 0.2), 1e-7)
    log.add("Loss/learning_rate", steps, rate)
    reward = -1 + 11 * (1 - np.exp(-np.minimum(t, strength + 0.1) / 0.12))
    around(log, rng, steps, {"Train/mean_reward": (reward, 0.5)}, 0.3)
    put(log, rng, steps, {"Loss/value_function": (0.05, 0.25)})
    fades(log, "Loss/learning_rate", steps, rate, ("collapse",))
    sd = lasting(0.5, 0.3)
    levels(log, "Train/mean_reward", steps, -reward, where(t, strength + 0.1), sd)


@labelled("another_job_on_the_same_card", "throughput", "frames per second halve", plain=2.2)
def same_card(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 150, 600, 1)
    paced(log, rng, 1, 1.2)
    index = where(t, rng.uniform(0.45, 0.6))
    speeds(log, rng, steps, np.where(np.arange(len(t)) < index, 68_000, 68_000 / strength))
    around(log, rng, steps, {"Train/mean_reward": (rises(t, -1, 15, 0.3, 0.1) + t, 0.5)}, 0.5)
    halts(log, steps, where(t, rng.uniform(0.15, 0.35)), 5)
    lags(log, steps, index, strength)


@labelled(
    "clone_of_fifty_demonstrations",
    "overfitting",
    "valid loss rises",
    plain=0.09,
    tolerated=("plateau",),
)
def clone(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 40, 120, 1)
    paced(log, rng, 1, 2)
    put(log, rng, steps, {"Train/L2_Loss": (0.012 + 0.12 * np.exp(-4 * t), 0.03)})
    worse = 0.075 + 0.1 * np.exp(-t / 0.05) + strength * np.clip((t - 0.25) / 0.75, 0, 1)
    put(log, rng, steps, {"Valid/L2_Loss": (worse, 0.03)})
    log.add("Rollout/Success_Rate", steps, counted(rng, 0.1 + 0.45 * (1 - np.exp(-4 * t)), 50))
    overfits(log, "Valid/L2_Loss", steps, worse, lasting(0.003, 0.2))
