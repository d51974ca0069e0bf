"""Agents and robots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import linear
from benchmarks.blind.eleventh.making import (
    counted,
    grown,
    hung,
    jitter,
    lasting,
    noise,
    paced,
    places,
    sunk,
    worsened,
)
from benchmarks.blind.eleventh.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, flat, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "critic_beyond_every_return",
    "explosion",
    "the critic's values grow by decades beyond what can be earned, and the returns give way"
    " (DLR-RM/stable-baselines3, TD3 and SAC offline)",
    clear=1.0,
    medium=0.6,
)
def critic_beyond_every_return(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    early, late = rng.uniform(0.35, 0.45), rng.uniform(0.5, 0.6)
    values = 60 * (1 - np.exp(-6 * t)) + 2
    values = values * np.exp(np.minimum(np.maximum(t - early, 0) / 0.05, 7))
    log.add("train/q_mean", steps, jitter(rng, values, 0.05, 0.4))
    loss = 3 + 9 * np.exp(-9 * t)
    log.add("train/actor_loss", steps, -values + noise(rng, n, 1.5))
    log.add("train/critic_loss", steps, jitter(rng, loss * (values / values[0]) ** 1.2 / 9, 0.25))
    back = np.exp(-6 * np.maximum(t - late, 0))
    returns = 2100 * (1 - np.exp(-4 * t)) * (1 - strength * (1 - back))
    log.add("rollout/ep_rew_mean", steps, returns + noise(rng, n, 90, 0.6))
    tags = ("train/q_mean", "train/critic_loss", "train/actor_loss")
    grown(log, "explosion", tags, steps, values, int(early * n), 3, ("divergence",))
    index = int(np.argmax(returns))
    worsened(log, "rollout/ep_rew_mean", steps, -returns, index, lasting(90, 0.6), ("collapse",))


@labelled(
    "quadruped_unlearns_to_walk",
    "divergence",
    "the gait is lost again bit by bit, each gradient clipped to its bound of exactly 1"
    " (leggedrobotics/rsl_rl, Isaac Lab)",
    clear=0.8,
    medium=0.45,
    faint=0.25,
)
def quadruped_unlearns_to_walk(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    turn = rng.uniform(0.45, 0.6)
    reward = 24 * (1 - np.exp(-7 * t)) - shapes.ramp_after(t, turn, 24 * strength, 1.0)
    log.add("Train/mean_reward", steps, reward + noise(rng, n, 0.8, 0.6))
    log.add(
        "Train/mean_episode_length", steps, np.clip(40 * reward + noise(rng, n, 25, 0.6), 5, 1000)
    )
    raw = jitter(rng, 0.45 + 0.3 * np.exp(-9 * t), 0.12)
    index = int(turn * n)
    log.add("Loss/grad_norm", steps, np.where(np.arange(n) < index, np.minimum(raw, 1), 1.0))
    log.add("Loss/learning_rate", steps, 1e-3)
    tags = ("Train/mean_reward", "Train/mean_episode_length")
    worsened(log, tags, steps, -reward, index, lasting(0.8, 0.6), ("collapse",))
    log.true("gradient", "Loss/grad_norm", steps[index], abrupt(steps, index, 3))


@labelled(
    "simulator_drops_its_workers",
    "throughput",
    "hours without a line, then the run goes on with a part of its workers and of its frames a"
    " second (ray-project/ray, RLlib ignore_worker_failures)",
    clear=0.4,
    medium=0.65,
    faint=0.82,
)
def simulator_drops_its_workers(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 8000)
    index = int(n * rng.uniform(0.35, 0.65))
    share = np.where(np.arange(n) < index, 1.0, strength)
    paced(log, steps, 1 / (1900 * share))
    reward = 310 * t**0.8 / (t**0.8 + 0.25)
    tags = (
        "ray/tune/episode_reward_mean",
        "ray/tune/num_env_steps_per_sec",
        "ray/tune/policy_loss",
    )
    log.add(tags[0], steps, reward + noise(rng, n, 9, 0.6))
    log.add(tags[1], steps, 1900 * share * (1 + noise(rng, n, 0.03)))
    log.add(tags[2], steps, -0.02 + noise(rng, n, 0.01))
    hung(log, tags, steps, index, rng.uniform(4, 9))
    log.true("throughput", tags, steps[index], abrupt(steps, index, 3))


@labelled(
    "replay_outgrows_the_memory",
    "throughput",
    "frames a second fall little by little once the replay buffer no longer fits, and the score has"
    " long been level, far from what others reach (CleanRL dqn_atari, SB3)",
    clear=0.25,
    medium=0.5,
)
def replay_outgrows_the_memory(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10_000)
    slow, stop = rng.uniform(0.4, 0.55), rng.uniform(0.2, 0.3)
    share = 1 - (1 - strength) * np.clip((t - slow) / 0.3, 0, 1)
    paced(log, steps, 1 / (420 * share))
    log.add("charts/SPS", steps, np.round(420 * share * (1 + noise(rng, n, 0.015))))
    score = np.where(t < stop, 4 + 70 * np.minimum(t / stop, 1) ** 0.8, 74.0)
    log.add("charts/episodic_return", steps, score + noise(rng, n, 6))
    log.add("losses/td_loss", steps, jitter(rng, 0.004 + 0.01 * t / (t + 0.2), 0.25))
    index = int(slow * n)
    first, _ = gradual(steps, 1 - share, index, 0.015)
    last = int(steps[min(int((slow + 0.2) * n), n - 1)])
    tags = ("charts/SPS", "charts/episodic_return", "losses/td_loss")
    log.true("throughput", tags, steps[index], (first, last))
    at = int(stop * n)
    log.true("plateau", "charts/episodic_return", steps[at], flat(steps, -score, at, lasting(6)))


@labelled(
    "walker_of_no_numbers",
    "nonfinite",
    "the simulation returns no number and all losses are NaN from then on; before it the value loss"
    " shot up once and came back (Isaac Gym, mjlab)",
    clear=0.55,
    medium=0.85,
    tolerated=("collapse",),
)
def walker_of_no_numbers(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    index = int(strength * n)
    peak = int(n * rng.uniform(0.2, 0.35))
    late = np.arange(n) >= index
    value = jitter(rng, 0.09 + 0.7 * np.exp(-12 * t), 0.12) + shapes.decay_after(n, peak, 3.0, 1.5)
    log.add("Loss/value_function", steps, np.where(late, np.nan, value))
    log.add("Loss/surrogate", steps, np.where(late, np.nan, noise(rng, n, 0.003) - 0.004))
    log.add("Policy/mean_noise_std", steps, np.where(late, np.nan, 0.4 + 0.6 * np.exp(-4 * t)))
    log.add("Perf/total_fps", steps, 96_000 * (1 + noise(rng, n, 0.02)))
    tags = ("Loss/value_function", "Loss/surrogate", "Policy/mean_noise_std")
    log.true("nonfinite", tags, steps[index], abrupt(steps, index))
    log.true("spike", "Loss/value_function", steps[peak], abrupt(steps, peak))


@healthy(
    "stands_up_and_then_trots",
    "a reward of many terms: a slow start, a leap when it finds to walk, and a long noisy climb;"
    " the adaptive rate goes up and down (rsl_rl, desired_kl)",
    tolerated=("plateau",),
)
def stands_up_and_then_trots(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    reward = -2 + 3 * t / (t + 0.05) + 17 / (1 + np.exp(-(t - 0.2) / 0.04)) + 4 * t
    log.add("Train/mean_reward", steps, reward + noise(rng, n, 0.7, 0.6))
    level = np.clip(np.round(noise(rng, n, 1.2, 0.93)), -3, 3)
    log.add("Loss/learning_rate", steps, 6e-4 * 1.5**level)
    log.add("Loss/value_function", steps, jitter(rng, 0.02 + 0.01 * t + 0.2 * np.exp(-15 * t), 0.2))
    log.add("Policy/mean_noise_std", steps, 0.35 + 0.65 * np.exp(-4 * t))
    log.add("Perf/total_fps", steps, 88_000 * (1 + noise(rng, n, 0.03)))


@healthy(
    "lunar_modules_by_the_hundred",
    "PPO on a lander: returns from -200 to 240 with much noise, explained variance climbs, the rate"
    " falls linearly to nothing at the end (rl-baselines3-zoo)",
    tolerated=("plateau",),
)
def lunar_modules_by_the_hundred(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 300)
    t, steps = shapes.times(n), shapes.steps(n, 16_384)
    returns = 245 - 430 * np.exp(-4.5 * t)
    log.add("rollout/ep_rew_mean", steps, places(returns + noise(rng, n, 13, 0.7), 1))
    log.add("rollout/ep_len_mean", steps, places(jitter(rng, 120 + 330 * np.sin(2.6 * t), 0.08), 1))
    log.add("train/explained_variance", steps, 0.93 - 1.0 * np.exp(-8 * t) + noise(rng, n, 0.03))
    log.add("train/approx_kl", steps, jitter(rng, np.full(n, 0.007), 0.25))
    log.add("train/clip_fraction", steps, jitter(rng, np.full(n, 0.08), 0.2))
    log.add("train/entropy_loss", steps, -1.38 + 0.7 * t + noise(rng, n, 0.02))
    log.add("train/learning_rate", steps, 3e-4 * (1 - t))
    log.add("time/fps", steps, np.round(1210 * (1 + noise(rng, n, 0.03))))


@healthy(
    "random_walks_before_the_critic",
    "SAC: a slow dull start, values that grow with the returns, an entropy weight that falls by"
    " decades to its level, frames a second that settle when the updates begin (SB3)",
    tolerated=("plateau", "throughput"),
)
def random_walks_before_the_critic(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    returns = 5200 * t**1.3 / (t**1.3 + 0.2)
    log.add("rollout/ep_rew_mean", steps, returns + noise(rng, n, 170, 0.6))
    log.add("train/ent_coef", steps, jitter(rng, 0.18 + 0.8 * np.exp(-18 * t), 0.03))
    log.add("train/critic_loss", steps, jitter(rng, 5 + 60 * t / (t + 0.3), 0.2))
    log.add("train/actor_loss", steps, -320 * t**1.2 / (t**1.2 + 0.2) + noise(rng, n, 4))
    log.add("time/fps", steps, np.round(jitter(rng, 104 + 800 * np.exp(-np.arange(n) / 2.0), 0.02)))


@healthy(
    "demonstrations_of_folding",
    "imitation with a diffusion policy: a loss in decades, the success of fifty roll-outs in steps"
    " of two per cent (huggingface/lerobot)",
    tolerated=("plateau",),
)
def demonstrations_of_folding(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    log.add("train/loss", steps, places(jitter(rng, sunk(t, 0.9, 0.016, 30, 0.05), 0.12), 3))
    log.add("train/grdn", steps, places(jitter(rng, 0.25 + 2 * np.exp(-30 * t), 0.2), 3))
    log.add("train/lr", steps, linear(t, 1e-4, 0.01) + 1e-9)
    log.add("train/updt_s", steps, places(jitter(rng, np.full(n, 0.184), 0.02), 3))
    at = steps[np.linspace(n // 10, n - 1, 10).astype(int)]
    log.add("eval/pc_success", at, 100 * counted(rng, 0.72 - 0.7 * np.exp(-3 * at / at[-1]), 50))


@healthy(
    "keys_seldom_found",
    "a sparse reward: nothing for a fifth of the run, then a few, then most; the entropy falls"
    " slowly (MiniGrid, CleanRL)",
    tolerated=("plateau",),
)
def keys_seldom_found(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    chance = 0.93 / (1 + np.exp(-(t - 0.4) / 0.06))
    log.add("charts/success_rate", steps, counted(rng, chance, 100))
    log.add("losses/entropy", steps, jitter(rng, 1.9 - 1.1 * t, 0.02))
    log.add(
        "losses/value_loss", steps, jitter(rng, 0.001 + 0.03 * chance * (1.02 - chance) * 4, 0.3)
    )
    log.add("charts/learning_rate", steps, 2.5e-4 * (1 - t) + 1e-9)
    log.add("charts/SPS", steps, np.round(2900 * (1 + noise(rng, n, 0.01))))


@healthy(
    "two_hundred_matches_of_self_play",
    "the rating climbs, the win rate against the last self stays about one half, losses go nowhere"
    " (ml-agents, self-play)",
    tolerated=("plateau",),
)
def two_hundred_matches_of_self_play(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 20_000)
    log.add("Self-play/ELO", steps, 1200 + 520 * t / (t + 0.35) + noise(rng, n, 7, 0.8))
    log.add("Environment/Cumulative Reward", steps, noise(rng, n, 0.06))
    log.add("Environment/Group Cumulative Reward", steps, noise(rng, n, 0.05))
    log.add("Losses/Value Loss", steps, jitter(rng, np.full(n, 0.06), 0.2))
    log.add("Policy/Entropy", steps, jitter(rng, 2.8 - 0.9 * t, 0.01))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - 0.999 * t))
