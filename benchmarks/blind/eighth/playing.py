"""Agents: PPO, SAC, DQN, and robots that imitate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    both,
    counted,
    from_the_start,
    jitter,
    lasting,
    learned,
    linear,
    noise,
)
from benchmarks.blind.eighth.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "pole_held_up",
    "PPO of Stable-Baselines3 on CartPole: the return reaches 500, its bound, and stays about"
    " there",
    tolerated=("plateau",),
)
def pole_held_up(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 150)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    reward = np.clip(22 + 520 * (1 - np.exp(-4 * t)) + noise(rng, n, 12, 0.7) * (1 - t), 15, 500)
    log.add("rollout/ep_rew_mean", steps, np.round(reward, 2))
    log.add("rollout/ep_len_mean", steps, np.round(reward, 2))
    log.add("time/fps", steps, np.round(1150 + 500 * np.exp(-25 * t) + noise(rng, n, 15)))
    seen = slice(1, None)
    log.add("train/approx_kl", steps[seen], jitter(rng, 0.009 * np.exp(-2 * t), 0.25)[seen])
    log.add("train/clip_fraction", steps[seen], jitter(rng, 0.11 * np.exp(-2 * t), 0.3)[seen])
    log.add("train/entropy_loss", steps[seen], (-0.69 + 0.2 * t + noise(rng, n, 0.012))[seen])
    log.add(
        "train/explained_variance", steps[seen], (0.95 - np.exp(-9 * t) + noise(rng, n, 0.03))[seen]
    )
    log.add(
        "train/value_loss",
        steps[seen],
        jitter(rng, 8 + 60 * np.exp(-((t - 0.3) ** 2) / 0.03), 0.3)[seen],
    )
    log.add("train/learning_rate", steps[seen], 3e-4)


@healthy(
    "cheetah_runs",
    "SAC: the actor's loss sinks to minus some hundreds and the critic's grows with the returns, as"
    " both do where an agent gets better (CleanRL's tags)",
)
def cheetah_runs(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    gained = 1 - np.exp(-3 * t) + 0.15 * t
    log.add("charts/episodic_return", steps, -250 + 9000 * gained + noise(rng, n, 330, 0.5))
    log.add("charts/SPS", steps, np.round(118 - 22 * (1 - np.exp(-9 * t)) + noise(rng, n, 0.6)))
    values = 620 * gained
    log.add("losses/qf1_values", steps, values + noise(rng, n, 6))
    log.add("losses/actor_loss", steps, -values - 8 + noise(rng, n, 6))
    log.add("losses/qf_loss", steps, jitter(rng, 2 + 34 * gained, 0.15))
    log.add("losses/alpha", steps, jitter(rng, 0.14 + 0.8 * np.exp(-40 * t) + 0.1 * t, 0.04))


@healthy(
    "dog_on_rough_ground",
    "Isaac Lab with rsl_rl: a rate that adapts to KL step by step, a terrain that gets harder as"
    " the robot gets better, an episode's length at its limit",
    tolerated=("plateau", "learning_rate"),
)
def dog_on_rough_ground(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10, 0)
    log.seconds_per_step = 2.1
    log.add("Train/mean_reward", steps, -3 + 22 * (1 - np.exp(-5 * t)) + noise(rng, n, 0.5, 0.6))
    log.add(
        "Train/mean_episode_length",
        steps,
        np.minimum(12 + 1100 * (1 - np.exp(-9 * t)), 1000) - np.abs(noise(rng, n, 12)),
    )
    log.add(
        "Curriculum/terrain_levels", steps, 3.4 - 3.3 * np.exp(-5 * t) + 2 * t + noise(rng, n, 0.02)
    )
    log.add(
        "Episode_Reward/track_lin_vel_xy_exp",
        steps,
        learned(t, 0.02, 0.83, 8) + noise(rng, n, 0.012),
    )
    log.add("Loss/value_function", steps, jitter(rng, 0.012 + 0.4 * np.exp(-9 * t), 0.12))
    log.add("Loss/surrogate", steps, -0.006 + noise(rng, n, 0.0012))
    log.add("Policy/mean_noise_std", steps, 0.42 + 0.58 * np.exp(-4 * t) + noise(rng, n, 0.002))
    walk = np.cumsum(rng.choice([-1, 0, 1], n, p=[0.3, 0.42, 0.28]))
    log.add("Loss/learning_rate", steps, np.clip(1e-3 * 1.5 ** np.clip(walk, -5, 3), 1e-5, 1e-2))
    log.add("Perf/total_fps", steps, np.round(jitter(rng, np.full(n, 61500), 0.02)))


@healthy(
    "striker_of_unity",
    "ML-Agents: the rate, epsilon and beta end at nearly zero by plan, entropy declines, a noisy"
    " reward rises",
)
def striker_of_unity(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 120)
    t, steps = shapes.times(n), shapes.steps(n, 10000)
    log.add(
        "Environment/Cumulative Reward",
        steps,
        -0.9 + 1.6 * learned(t, 0, 1, 4) + noise(rng, n, 0.09),
    )
    log.add("Environment/Episode Length", steps, jitter(rng, learned(t, 900, 260, 4), 0.06))
    log.add("Policy/Entropy", steps, 1.42 - 0.55 * t + noise(rng, n, 0.012))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t) + 1e-10)
    log.add("Policy/Epsilon", steps, 0.1 + 0.1 * (1 - t))
    log.add("Policy/Beta", steps, 5e-3 * (1 - t) + 1e-5)
    log.add("Losses/Policy Loss", steps, jitter(rng, np.full(n, 0.024), 0.12))
    log.add(
        "Losses/Value Loss",
        steps,
        jitter(rng, 0.03 + 0.05 * np.exp(-((t - 0.3) ** 2) / 0.05), 0.15),
    )


@healthy(
    "bricks_broken",
    "DQN of an Atari game: the loss rises with the returns that it has to tell, the share of random"
    " moves falls to its floor",
    tolerated=("throughput",),
)
def bricks_broken(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 200)
    t, steps = shapes.times(n), shapes.steps(n, 50000)
    gained = shapes.logistic(t, 0, 1, 0.45, 0.14)
    log.add(
        "rollout/ep_rew_mean",
        steps,
        np.round(1.4 + 190 * gained + noise(rng, n, 1, 0.6) * (1 + 6 * gained), 2),
    )
    log.add("rollout/exploration_rate", steps, np.round(np.maximum(1 - t / 0.1 * 0.99, 0.01), 3))
    log.add("train/loss", steps, jitter(rng, 0.004 + 0.03 * gained, 0.2))
    log.add("train/learning_rate", steps, 1e-4)
    log.add("time/fps", steps, np.round(jitter(rng, 330 + 900 * np.exp(-60 * t), 0.01)))


@healthy(
    "cups_stacked_by_imitation",
    "a diffusion policy: success in twenty trials, which is coarse; the loss on held-out"
    " trajectories rises meanwhile, and success does not care",
    tolerated=("overfitting", "divergence", "plateau"),
)
def cups_stacked_by_imitation(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 12, 30)
    t, steps = shapes.times(n), shapes.steps(n, 50, 0)
    log.seconds_per_step = 25.0
    log.add("train_loss", steps, jitter(rng, 0.006 + 0.09 * np.exp(-6 * t), 0.04))
    log.add("val_loss", steps, jitter(rng, 0.03 + 0.06 * np.exp(-14 * t) + 0.03 * t, 0.05))
    log.add("test_mean_score", steps, counted(rng, 0.86 - 0.8 * np.exp(-6 * t), 20))
    log.add("lr", steps, linear(t * 0.98, 1e-4, 0.02))


@labelled(
    "values_to_infinity",
    "nonfinite",
    "a humanoid that walked: the critic's loss grows by decades, becomes inf, and the reward is"
    " gone (unitreerobotics/unitree_rl_lab #107)",
    clear=1.0,
    medium=0.6,
)
def values_to_infinity(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 300)
    t, steps = shapes.times(n), shapes.steps(n, 20, 0)
    onset = int(n * rng.uniform(0.5, 0.7))
    since = np.maximum(np.arange(n) - onset + 1, 0)
    last = onset + max(n // 8, 10)
    grown = np.minimum(since, 9)
    value = jitter(rng, 0.02 + 0.5 * np.exp(-12 * t), 0.12) * 10.0 ** (grown * 0.9 * strength)
    gone = 1 - np.exp(-since / 4)
    reward = (-2 + 18 * (1 - np.exp(-6 * t))) * (1 - strength * gone) + noise(rng, n, 0.4, 0.5)
    log.add("Loss/value_function", steps, np.where(np.arange(n) >= last, np.inf, value))
    log.add("Loss/surrogate", steps, -0.004 + noise(rng, n, 0.001))
    log.add("Train/mean_reward", steps, reward)
    log.add(
        "Train/mean_episode_length",
        steps,
        np.clip(
            950 * (1 - np.exp(-12 * t)) * (1 - 0.9 * strength * gone) + noise(rng, n, 9), 5, 1000
        ),
    )
    log.add("Policy/mean_noise_std", steps, 0.5 + 0.5 * np.exp(-5 * t) + noise(rng, n, 0.003))
    log.true("nonfinite", "Loss/value_function", steps[last], abrupt(steps, last, 1))
    window = abrupt(steps, onset, 3)
    log.true("explosion", "Loss/value_function", steps[onset], window, also=("divergence",))
    window = abrupt(steps, onset, 6)
    log.true("divergence", "Train/mean_reward", steps[onset], window, also=("collapse",))


@labelled(
    "mind_made_up_early",
    "collapse",
    "PPO whose entropy is gone after a fifth of the run, and whose return stands where it then was"
    " (CleanRL's tags; a coefficient of entropy of zero)",
    clear=1.0,
    medium=0.4,
)
def mind_made_up_early(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n, 4096)
    begins = rng.uniform(0.1, 0.2)
    onset = int(begins * (n - 1)) + 1
    decay = np.exp(-np.maximum(t - begins, 0) / 0.03)
    entropy = jitter(rng, 1.32 * (0.0008 / strength + decay), 0.06)
    ended = np.flatnonzero(decay < 0.02)[0]
    log.add("losses/entropy", steps, entropy)
    reward = 40 + 35 * (1 - decay) + 20 * np.minimum(t / begins, 1) + noise(rng, n, 3, 0.3)
    log.add("charts/episodic_return", steps, reward)
    log.add("losses/policy_loss", steps, -0.01 * (decay + 0.02) * (1 + noise(rng, n, 0.2)))
    log.add("losses/clipfrac", steps, jitter(rng, 0.12 * decay + 0.0004, 0.3))
    log.add("losses/value_loss", steps, jitter(rng, 5 + 30 * decay, 0.15))
    log.add("charts/learning_rate", steps, 2.5e-4 * (1 - t) + 1e-9)
    window = (int(steps[max(onset - 3, 0)]), int(steps[ended + 2]))
    log.true("collapse", "losses/entropy", steps[onset], window)
    window = both(window, (int(steps[ended]), int(steps[min(ended + n // 10, n - 1)])))
    log.true("plateau", "charts/episodic_return", steps[ended], window)


@labelled(
    "values_believed",
    "explosion",
    "an off-policy critic that believes itself: values and its loss grow by decades while the"
    " return decays (DDPG and TD3 without care; Fujimoto et al. 2018)",
    clear=4.0,
    medium=2.2,
)
def values_believed(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    begins = rng.uniform(0.3, 0.5)
    onset = int(begins * (n - 1)) + 1
    grown = strength * shapes.ramp_after(t, begins, 1)
    lost = np.clip(grown / 1.5, 0, 1)
    sd = 0.2
    log.add("losses/qf_loss", steps, jitter(rng, 3 * 10**grown, sd))
    log.add(
        "losses/qf_values",
        steps,
        jitter(rng, 60 * (1 - np.exp(-9 * t)) * 10 ** (grown / 2) + 1, 0.05),
    )
    returns = 150 + 1900 * (1 - np.exp(-9 * t)) * (1 - 0.85 * lost)
    log.add("charts/episodic_return", steps, returns + noise(rng, n, 110, 0.4))
    log.add("charts/SPS", steps, np.round(95 + noise(rng, n, 0.7)))
    window = gradual(steps, grown * np.log(10), onset, lasting(sd, 0.2))
    later = min(int(np.searchsorted(grown, 1)) + 2, n - 1)
    window = both(window, (steps[onset], steps[later]))
    log.true("explosion", "losses/qf_loss", steps[onset], window, also=("divergence",))
    window = gradual(steps, -returns, onset, lasting(110, 0.4))
    log.true("divergence", "charts/episodic_return", steps[onset], window, also=("collapse",))


@labelled(
    "clipped_throughout",
    "gradient",
    "world models with a threshold of gradients far too low: each step is clipped, the norm after"
    " it is the threshold itself",
    tolerated=("plateau",),
)
def clipped_throughout(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    log.add("model/loss", steps, jitter(rng, learned(t, 9, 6.4, 3), 0.012 * strength))
    log.add("grad/norm", steps, jitter(rng, 9 + 5 * np.exp(-6 * t), 0.2))
    log.add("grad/norm_clipped", steps, 0.1)
    log.add("grad/clipped_fraction", steps, 1.0)
    log.add("opt/lr", steps, 1e-4)
    tags = ("grad/norm_clipped", "grad/clipped_fraction", "grad/norm")
    log.true("gradient", tags, steps[0], from_the_start(steps))
