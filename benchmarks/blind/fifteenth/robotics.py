"""Robots and their teachers: rsl_rl in Isaac Lab, rl_games, Unity ML-Agents, RLlib, LeRobot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, nears, rsl, settled, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.shapes import approach, logistic, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    grows,
    half_cosine,
    hangs,
    jumps,
    levels,
    overfits,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "quadruped-on-terrain",
    "Terrain gets harder with skill, so the reward dips and rises.",
    tolerated=SURE,
)
def quadruped(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), epochs(n)
    learnt = 1 - np.exp(-6 * t)
    about(log, rng, "Train/mean_reward", steps, -2 + 21 * learnt, 0.6)
    near(log, rng, "Train/mean_episode_length", steps, 120 + 840 * (1 - np.exp(-t / 0.03)), 0.015)
    near(log, rng, "Loss/value_function", steps, 0.02 + 0.3 * np.exp(-t / 0.05), 0.25)
    near(log, rng, "Curriculum/terrain_levels", steps, 0.2 + 5.6 * (1 - np.exp(-5 * t)), 0.01)
    abouts(
        log,
        rng,
        steps,
        {
            "Episode_Reward/track_lin_vel_xy_exp": (0.02 + 0.8 * learnt, 0.015),
            "Episode_Reward/dof_torques_l2": (-0.02 - 0.05 * learnt, 0.003),
            "Episode_Reward/action_rate_l2": (-0.12 + 0.07 * learnt, 0.004),
        },
    )
    rsl(log, rng, steps, learnt)


@healthy(
    "drone-randomised-later",
    "Disturbances are switched on at half: reward falls and recovers.",
    tolerated=("divergence", "plateau"),
    monitored=False,
)
def drone(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), epochs(n)
    shift = 0.3 * (t >= 0.5) * np.exp(-(t - 0.5).clip(0) / 0.06)
    learnt = (1 - np.exp(-8 * t)) * (1 - shift)
    about(log, rng, "rewards/iter", steps, 5 + 190 * learnt, 4)
    near(log, rng, "episode_lengths/iter", steps, 60 + 430 * learnt, 0.02)
    nears(
        log,
        rng,
        steps,
        {
            "losses/a_loss_abs": (0.004, 0.3),
            "losses/c_loss": (0.02 + 0.1 * np.exp(-t / 0.06), 0.25),
            "info/kl": (0.008, 0.25),
            "info/last_lr": (3e-4, 0.2),
            "performance/step_inference_rl_update_fps": (65000, 0.03),
        },
    )
    log.add("domain_randomisation/on", steps, (t >= 0.5).astype(float))


@healthy(
    "ml-agents-soccer",
    "Self-play: reward stays about 0 and only ELO tells of progress.",
    tolerated=SURE,
)
def soccer(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), stepping(n, 10_000)
    abouts(
        log,
        rng,
        steps,
        {
            "Environment/Cumulative Reward": (0.0, 0.25),
            "Environment/Group Cumulative Reward": (0.02, 0.15),
            "Self-play/ELO": (1200 + 420 * (1 - np.exp(-3 * t)), 9),
        },
    )
    nears(
        log,
        rng,
        steps,
        {
            "Environment/Episode Length": (520 - 180 * t, 0.15),
            "Policy/Entropy": (2.9 - 1.0 * t, 0.01),
            "Losses/Policy Loss": (0.018, 0.15),
            "Losses/Value Loss": (0.05 + 0.02 * t, 0.2),
        },
    )
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t) + 1e-10)
    log.add("Policy/Beta", steps, 5e-3 * (1 - t) + 1e-5)


@healthy(
    "imitation-with-diffusion", "The loss of actions falls on; success of 50 rollouts is rough."
)
def imitation(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 800)
    t, steps = times(n), stepping(n, 200)
    nears(
        log,
        rng,
        steps,
        {
            "train/loss": (0.014 + 0.5 * (1 + t / 0.01) ** -1.0, 0.1),
            "train/grad_norm": (0.15 + 1.5 * np.exp(-t / 0.02), 0.25),
            "train/update_s": (0.21, 0.04),
            "train/dataloading_s": (0.004, 0.3),
        },
    )
    log.add("train/lr", steps, 1e-4 * half_cosine(t, 0.03))
    seen = every(steps, 12)
    win = at(seen, steps, 0.82 * (1 - np.exp(-3.5 * t)))
    scores(log, rng, "eval/pc_success", seen, win, 50)
    about(log, rng, "eval/avg_sum_reward", seen, 30 + 80 * win, 5)


@healthy("rllib-workers", "Mean, smallest and largest return of iterations, with few episodes.")
def workers(log: Log, rng: Rng) -> None:
    n = int(rng.integers(50, 301))
    t, steps = times(n), stepping(n, 4000)
    learnt = logistic(t, 0, 1, 0.35, 0.12)
    mean = -300 + 520 * learnt
    prefix = "ray/tune/env_runners/"
    abouts(
        log,
        rng,
        steps,
        {
            prefix + "episode_return_mean": (mean, 18),
            prefix + "episode_return_max": (mean + 90, 16),
            prefix + "episode_return_min": (mean - 160, 45),
        },
    )
    nears(
        log,
        rng,
        steps,
        {
            prefix + "episode_len_mean": (180 + 120 * learnt, 0.05),
            "ray/tune/learners/default_policy/vf_loss": (6 + 3 * learnt, 0.15),
            "ray/tune/learners/default_policy/entropy": (1.4 - 0.7 * learnt, 0.02),
            "ray/tune/time_this_iter_s": (21, 0.05),
        },
    )


@labelled(
    "gait-is-lost",
    "divergence",
    "Mean reward falls steadily from the best for half a run.",
    wholly=18.0,
    half=9.0,
)
def gait(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 1200)
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.45, 0.55)
    learnt = 1 - np.exp(-8 * t)
    reward = -1 + 21 * learnt - strength * since(t, onset)
    about(log, rng, "Train/mean_reward", steps, reward, 0.6)
    near(log, rng, "Train/mean_episode_length", steps, 900 - 20 * strength * since(t, onset), 0.02)
    near(log, rng, "Loss/value_function", steps, 0.03 + 0.2 * np.exp(-t / 0.05), 0.25)
    rsl(log, rng, steps, learnt)
    turns(
        log,
        "divergence",
        "Train/mean_reward",
        steps,
        -reward,
        index_of(t, onset),
        0.75,
        also=("collapse",),
    )


@labelled(
    "value-function-of-falls",
    "explosion",
    "Loss/value_function grows by decades in rsl_rl.",
    far=6.0,
    less=3.0,
)
def value_function(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.35, 0.6)
    made = index_of(t, onset)
    value = 0.05 * 10 ** (strength * since(t, onset))
    about(log, rng, "Train/mean_reward", steps, 2 + 9 * (1 - np.exp(-5 * t)), 0.7)
    near(log, rng, "Loss/value_function", steps, value, 0.25)
    rsl(log, rng, steps, 1 - np.exp(-5 * t))
    grows(log, "explosion", "Loss/value_function", steps, value, made, 0.25, also=("divergence",))


@labelled(
    "crouches-for-ever",
    "plateau",
    "It learns not to fall, early, and nothing after that.",
    early=0.1,
    later=0.25,
)
def crouches(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 300, 1200)
    t, steps = times(n), epochs(n)
    reward = 0.4 + 2.6 * (1 - settled(t, strength))
    about(log, rng, "Train/mean_reward", steps, reward, 0.12)
    near(log, rng, "Train/mean_episode_length", steps, 990, 0.005)
    about(log, rng, "Episode_Reward/track_lin_vel_xy_exp", steps, 0.03, 0.002)
    rsl(log, rng, steps, 0.4 * (1 - settled(t, strength)))
    levels(log, "Train/mean_reward", steps, -reward, index_of(t, strength), 0.15)


@labelled(
    "noise-of-actions-grows",
    "explosion",
    "Policy/mean_noise_std grows a hundredfold and on.",
    plain=3.0,
    less=2.2,
)
def action_noise(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.2, 0.4)
    made = index_of(t, onset)
    spread = 0.9 * 10 ** (strength * since(t, onset))
    about(log, rng, "Train/mean_reward", steps, 1.5 + 2 * (1 - np.exp(-9 * t)), 0.3)
    near(log, rng, "Policy/mean_noise_std", steps, spread, 0.01)
    near(log, rng, "Perf/total_fps", steps, 71000, 0.03)
    grows(log, "explosion", "Policy/mean_noise_std", steps, spread, made, 0.01)


@labelled(
    "twenty-demonstrations",
    "overfitting",
    "Validation loss of actions rises from early on.",
    clear=0.09,
    medium=0.045,
)
def demonstrations(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 251))
    t, steps = times(n), epochs(n)
    best = rng.uniform(0.2, 0.35)
    valid = 0.065 + 0.12 * np.exp(-5 * t / best) + strength * since(t, best)
    near(log, rng, "train_loss", steps, 0.006 + 0.18 * np.exp(-5 * t), 0.05)
    about(log, rng, "val_loss", steps, valid, 0.004)
    near(log, rng, "train_action_mse_error", steps, 0.004 + 0.1 * np.exp(-5 * t), 0.08)
    log.add("lr", steps, 1e-4 * half_cosine(t, 0.05))
    overfits(log, "val_loss", steps, valid, 0.005)


@labelled(
    "simulator-slows-down",
    "throughput",
    "Contacts pile up: frames a second are halved.",
    half=0.5,
    quarter_less=0.75,
)
def simulator(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), epochs(n)
    log.seconds_per_step = 1.4
    made = index_of(t, rng.uniform(0.35, 0.65))
    speed = np.where(np.arange(n) >= made, strength, 1.0)
    about(log, rng, "Train/mean_reward", steps, 1 + 17 * (1 - np.exp(-5 * t)), 0.6)
    nears(
        log,
        rng,
        steps,
        {
            "Perf/total_fps": (84000 * speed, 0.02),
            "Perf/collection time": (1.1 / speed, 0.02),
            "Perf/learning_time": (0.3, 0.03),
        },
    )
    log.slower(int(steps[made]), 1 / strength)
    jumps(log, "throughput", ("Perf/total_fps", "Perf/collection time"), steps, made)


@labelled(
    "robot-arm-was-parked", "stall", "No data over a night, then as before.", night=13.0, lunch=2.5
)
def parked(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 50)
    log.seconds_per_step = rng.uniform(0.2, 0.8)
    about(log, rng, "train/reward", steps, -4 + 6 * (1 - np.exp(-4 * t)), 0.5)
    near(log, rng, "train/critic_loss", steps, 0.3 + 0.4 * np.exp(-t / 0.2), 0.25)
    hangs(
        log, ("train/reward", "train/critic_loss"), steps, int(n * rng.uniform(0.3, 0.8)), strength
    )


@labelled(
    "contact-explodes-once",
    "spike",
    "A simulator fault: one value is far off.",
    far=60.0,
    near=15.0,
)
def contact(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), epochs(n)
    made = index_of(t, rng.uniform(0.35, 0.85))
    value = 0.04 + 0.3 * np.exp(-t / 0.06)
    near(
        log,
        rng,
        "Loss/value_function",
        steps,
        value * np.where(np.arange(n) == made, strength, 1),
        0.2,
    )
    about(log, rng, "Train/mean_reward", steps, approach(t, 0, 16, 6), 0.5)
    spikes(log, "Loss/value_function", steps, made, 1)
