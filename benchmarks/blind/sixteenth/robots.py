"""Robots and their simulators: Isaac Lab with rsl_rl, rl_games, ML-Agents, LeRobot, robomimic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.fifteenth.making import SURE, nears, rsl, settled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.shapes import correlated, ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import learning, left, unity
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, grows, hangs, jumps, levels

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "anymal_on_rough_ground",
    "the terrain gets harder as it learns: rewards sag and rise again",
    monitored=False,
    tolerated=("plateau",),
)
def _anymal(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, at_ = times(n), steps(n, 1, 0)
    log.seconds_per_step = 2.0
    sag = 2.5 * np.exp(-((t - 0.3) ** 2) / 0.006)
    log.add("Train/mean_reward", at_, learning(t, -2, 18, 6) - sag + correlated(rng, n, 0.5, 0.5))
    log.add("Train/mean_episode_length", at_, learning(t, 60, 960, 9) + correlated(rng, n, 12, 0.5))
    near(
        log,
        rng,
        "Curriculum/terrain_levels",
        at_,
        3 * np.exp(-t / 0.03) + 5.6 * (1 - np.exp(-3 * t)) + 0.1,
        0.01,
    )
    near(log, rng, "Loss/value_function", at_, 0.02 + 0.4 * np.exp(-t / 0.05), 0.2)
    rsl(log, rng, at_, 1 - np.exp(-4 * t))


@healthy("arm_reaches", "a short job of Isaac Lab: a hundred iterations", tolerated=SURE)
def _arm(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 150)
    t, at_ = times(n), steps(n, 1, 0)
    log.seconds_per_step = 1.0
    about(log, rng, "Train/mean_reward", at_, learning(t, -1.0, 0.9, 4), 0.03)
    nears(
        log,
        rng,
        at_,
        {
            "Metrics/ee_pose/position_error": (learning(t, 0.5, 0.03, 5), 0.05),
            "Metrics/ee_pose/orientation_error": (learning(t, 1.9, 0.25, 4), 0.04),
        },
    )
    rsl(log, rng, at_, 1 - np.exp(-3 * t))


@healthy(
    "three_balls", "ML-Agents: the reward is at its bound for the last quarter", tolerated=SURE
)
def _balls(log: Log, rng: Rng) -> None:
    n = whole(rng, 16, 60)
    t, at_ = times(n), steps(n, 12000)
    log.seconds_per_step = 0.002
    learnt = np.clip(t / 0.7, 0, 1)
    log.add("Environment/Cumulative Reward", at_, 1 + 99 * learnt - np.abs(rng.normal(0, 1.5, n)))
    near(log, rng, "Environment/Episode Length", at_, 12 + 980 * learnt, 0.02)
    unity(log, rng, at_, learnt)


@healthy("soccer_elo", "ML-Agents' self-play: rewards are nought, the ELO rises", tolerated=SURE)
def _soccer(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n, 10000)
    log.seconds_per_step = 0.002
    about(log, rng, "Self-play/ELO", at_, learning(t, 1200, 1650, 2), 5)
    about(log, rng, "Environment/Group Cumulative Reward", at_, 0.0, 0.08)
    near(log, rng, "Environment/Episode Length", at_, 250 - 80 * t, 0.06)
    unity(log, rng, at_, t)


@healthy("lerobot_act", "imitation: the loss falls, nothing else is told")
def _lerobot(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n, 200)
    near(log, rng, "train/loss", at_, 0.04 + 2.0 * (1 + t / 0.004) ** -0.8, 0.07)
    near(log, rng, "train/grad_norm", at_, 8 + 25 * np.exp(-t / 0.05), 0.15)
    near(log, rng, "train/update_s", at_, 0.18, 0.02)
    near(log, rng, "train/dataloading_s", at_, 0.004, 0.3)
    log.add("train/lr", at_, 1e-5)


@healthy(
    "robomimic_can", "fifty roll-outs every tenth of the run: success jumps about", tolerated=SURE
)
def _robomimic(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 600)
    t, at_ = times(n), steps(n, 1)
    log.seconds_per_step = 40.0
    about(log, rng, "Train/Loss", at_, learning(t, 6, -19, 5), 0.4)
    about(log, rng, "Valid/Loss", every(at_, 20), learning(times(20), 1, -14, 4), 0.5)
    scores(
        log, rng, "Rollout/Success_Rate/Can", every(at_, 10), learning(times(10), 0.35, 0.86, 3), 50
    )


@healthy(
    "rl_games_cartpole",
    "rl_games: rewards by step, iteration and time; a short job",
    tolerated=SURE,
)
def _rl_games(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 200)
    t, at_ = times(n), steps(n, 8192)
    log.seconds_per_step = 3e-5
    about(log, rng, "rewards/step", at_, learning(t, 15, 490, 4), 9)
    about(log, rng, "episode_lengths/step", at_, learning(t, 20, 495, 4), 9)
    nears(
        log,
        rng,
        at_,
        {
            "losses/a_loss": (0.01, 0.4),
            "losses/c_loss": (0.5 - 0.3 * t, 0.3),
            "losses/entropy": (1.4 - 0.7 * t, 0.01),
            "info/kl": (0.008, 0.3),
            "performance/step_fps": (2.6e5, 0.03),
            "info/last_lr": (3e-4, 0.25),
        },
    )


@healthy(
    "diffusion_policy", "EMA of the loss of noise; success of ten seeds, up late", tolerated=SURE
)
def _diffusion_policy(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 50)
    near(log, rng, "train_loss", at_, 0.006 + 0.3 * (1 + t / 0.003) ** -0.75, 0.05)
    near(log, rng, "val_loss", every(at_, 12), learning(times(12), 0.07, 0.025, 2), 0.04)
    about(log, rng, "test/mean_score", every(at_, 12), learning(times(12), 0.25, 0.84, 2), 0.025)
    log.add("lr", at_, 1e-4 * (1 + np.cos(np.pi * t)) / 2)


@labelled(
    "noise_takes_over",
    "explosion",
    "the action noise grows by decades, walking is lost",
    clear=2.5,
    medium=1.6,
    tolerated=("divergence",),
)
def _noise(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 900)
    t, at_ = times(n), steps(n, 1, 0)
    log.seconds_per_step = 2.0
    onset = rng.uniform(0.3, 0.5)
    sd = (0.4 + 0.6 * np.exp(-6 * t)) * 10 ** (strength * np.clip((t - onset) / 0.4, 0, 1))
    reward = learning(np.minimum(t, onset), -1, 12, 7) - ramp_after(t, onset, 10)
    about(log, rng, "Train/mean_reward", at_, reward, 0.4)
    near(log, rng, "Policy/mean_noise_std", at_, sd, 0.008)
    near(log, rng, "Loss/value_function", at_, 0.1, 0.25)
    index = index_of(t, onset)
    grows(log, "explosion", "Policy/mean_noise_std", at_, sd, index, 0.008, ("divergence",))
    turns(log, "divergence", "Train/mean_reward", at_, -reward, index, 0.4)


@labelled(
    "falls_over_again",
    "divergence",
    "the reward of a biped drops within some iterations and stays",
    medium=0.5,
    tolerated=("plateau", "collapse"),
)
def _falls(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 1200)
    t, at_ = times(n), steps(n, 1, 0)
    log.seconds_per_step = 2.0
    onset = rng.uniform(0.45, 0.65)
    kept = 1 - strength * np.clip((t - onset) / 0.05, 0, 1)
    reward = 24 * (1 - np.exp(-7 * np.minimum(t, onset))) * kept
    log.add("Train/mean_reward", at_, reward + correlated(rng, n, 0.6, 0.5))
    log.add("Train/mean_episode_length", at_, 30 + 38 * reward + correlated(rng, n, 20, 0.5))
    rsl(log, rng, at_, 1 - np.exp(-4 * t))
    tags = ("Train/mean_reward", "Train/mean_episode_length")
    turns(log, "divergence", tags, at_, -reward, index_of(t, onset), 0.6, ("collapse",))


@labelled(
    "crawls_instead",
    "plateau",
    "a local optimum: it lies down, and the reward is level",
    clear=0.1,
    half=0.45,
)
def _crawls(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 800)
    t, at_ = times(n), steps(n, 20000)
    log.seconds_per_step = 0.002
    reward = 3.2 - 5 * settled(t, strength)
    about(log, rng, "Environment/Cumulative Reward", at_, reward, 0.12)
    unity(log, rng, at_, np.minimum(t, strength))
    levels(log, "Environment/Cumulative Reward", at_, -reward, index_of(t, strength), 0.12)


@labelled("physics_nan", "nonfinite", "a contact explodes: rewards and losses are NaN", plain=1.0)
def _physics(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 600)
    t, at_ = times(n), steps(n, 1, 0)
    log.seconds_per_step = 2.0
    index = index_of(t, rng.uniform(0.2, 0.85))
    gone = strength * np.log(left(t, index, np.nan))
    about(log, rng, "Train/mean_reward", at_, learning(t, -1, 14, 5) + gone, 0.4)
    near(log, rng, "Loss/value_function", at_, 0.1 + gone, 0.25)
    near(log, rng, "Policy/mean_noise_std", at_, 0.9 - 0.4 * t + gone, 0.01)
    tags = ("Train/mean_reward", "Loss/value_function", "Policy/mean_noise_std")
    jumps(log, "nonfinite", tags, at_, index)


@labelled(
    "imitation_is_level",
    "plateau",
    "a camera was unplugged in the recordings: level after a tenth",
    later=0.35,
)
def _imitation(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 400)
    t, at_ = times(n), steps(n, 200)
    loss = 0.35 + 2 * settled(t, strength)
    near(log, rng, "train/loss", at_, loss, 0.03)
    near(log, rng, "train/grad_norm", at_, 9.0, 0.15)
    log.add("train/lr", at_, 1e-5)
    levels(log, "train/loss", at_, loss, index_of(t, strength), 0.0105)


@labelled(
    "editor_was_paused", "stall", "somebody paused the editor of Unity for the night", plain=10.0
)
def _paused(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 200)
    t, at_ = times(n), steps(n, 10000)
    log.seconds_per_step = 0.003
    about(log, rng, "Environment/Cumulative Reward", at_, learning(t, -0.8, 0.7, 3), 0.04)
    near(log, rng, "Policy/Entropy", at_, 1.42 - 0.5 * t, 0.006)
    hangs(
        log,
        ("Environment/Cumulative Reward", "Policy/Entropy"),
        at_,
        index_of(t, rng.uniform(0.3, 0.8)),
        strength,
    )


@labelled(
    "rendering_left_on",
    "throughput",
    "a viewer was opened and stays open",
    clear=5.0,
    medium=2.2,
    tolerated=("collapse",),
)
def _rendering(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 900)
    t, at_ = times(n), steps(n, 1, 0)
    log.seconds_per_step = 1.5
    index = index_of(t, rng.uniform(0.3, 0.6))
    slow = np.where(np.arange(n) < index, 1.0, strength)
    about(log, rng, "Train/mean_reward", at_, learning(t, -1, 14, 4), 0.4)
    near(log, rng, "Perf/total_fps", at_, 68000 / slow, 0.03)
    near(log, rng, "Perf/collection_time", at_, 1.3 * slow, 0.04)
    log.slower(int(at_[index]), strength)
    jumps(log, "throughput", ("Perf/total_fps", "Perf/collection_time"), at_, index, ("explosion",))
