"""Agents and robots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import counted, jitter, noise
from benchmarks.blind.twelfth.making import (
    by_epochs,
    by_frames,
    drift,
    hangs,
    jumps,
    kept_scale,
    lost_scale,
    saturating,
    says_scale,
    scales,
    since,
    single,
    sinking,
    slows,
    worsens,
)
from benchmarks.blind.twelfth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "rate_that_follows_kl",
    "thousands of simulated robots: the rate goes up and down by half with the divergence of the"
    " policy, as it is meant to (leggedrobotics/rsl_rl, schedule adaptive)",
)
def rate_that_follows_kl(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    walk = np.cumsum(rng.choice((-1, 0, 1), n, p=(0.12, 0.76, 0.12)))
    middle = np.round(2 * noise(rng, n, 1, 0.9))
    exponent = np.clip(np.round(0.05 * walk + middle), -4, 4)
    log.add("Loss/learning_rate", steps, 4e-4 * 1.5**exponent)
    log.add("Loss/value_function", steps, single(jitter(rng, 0.02 + 0.3 * np.exp(-8 * t), 0.1)))
    reward = saturating(t, -1.5, 21, 3.5)
    log.add("Train/mean_reward", steps, single(reward + noise(rng, n, 0.5, 0.8)))
    log.add("Policy/mean_noise_std", steps, 1 - 0.6 * saturating(t, 0, 1, 2))
    log.add("Perf/total_fps", steps, np.round(88_000 * np.exp(noise(rng, n, 0.03))))


@healthy(
    "critic_grows_with_returns",
    "soft actor-critic: as returns grow so does the critic's error, and the actor's loss falls far"
    " below zero (Stable-Baselines3, SAC)",
    tolerated=("explosion",),
)
def critic_grows_with_returns(log: Log, rng: np.random.Generator) -> None:
    by_frames(log, rng)
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 4000)
    returns = saturating(t, 120, 6100, 2.6)
    log.add("rollout/ep_rew_mean", steps, returns + noise(rng, n, 160, 0.7))
    log.add("train/actor_loss", steps, -returns / 11 * np.exp(noise(rng, n, 0.02)))
    log.add("train/critic_loss", steps, (4 + returns / 170) * np.exp(noise(rng, n, 0.2)))
    log.add("train/ent_coef", steps, (0.05 + 0.9 * np.exp(-t / 0.03)) * np.exp(noise(rng, n, 0.03)))
    log.add("train/learning_rate", steps, 3e-4)


@healthy(
    "rarely_there_then_often",
    "reaching a goal with replayed goals: nothing for a while, then often, of twenty trials each"
    " (HER, Fetch; success_rate)",
    tolerated=("plateau",),
)
def rarely_there_then_often(log: Log, rng: np.random.Generator) -> None:
    by_frames(log, rng)
    n = int(rng.integers(50, 150))
    t, steps = shapes.times(n), shapes.steps(n, 10_000)
    log.add(
        "eval/success_rate", steps, counted(rng, shapes.logistic(t, 0.03, 0.93, 0.45, 0.09), 20)
    )
    log.add(
        "eval/mean_reward",
        steps,
        -50 + 38 * shapes.logistic(t, 0, 1, 0.45, 0.09) + noise(rng, n, 1.6),
    )
    log.add("eval/mean_ep_length", steps, 50)


@healthy(
    "stronger_than_itself",
    "self-play: the rating rises while the share of games won stays a half, which is what it is"
    " against an equal (Unity ML-Agents, Self-play/ELO)",
    tolerated=("plateau",),
)
def stronger_than_itself(log: Log, rng: np.random.Generator) -> None:
    by_frames(log, rng)
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, 20_000)
    log.add("Self-play/ELO", steps, saturating(t, 1200, 1880, 1.5) + noise(rng, n, 9, 0.7))
    log.add("Environment/Group Cumulative Reward", steps, noise(rng, n, 0.12, 0.1))
    log.add("Policy/Entropy", steps, 2.8 - 1.3 * saturating(t, 0, 1, 2) + noise(rng, n, 0.02))
    log.add("Policy/Learning Rate", steps, 3e-4 * (1 - t) + 1e-10)
    log.add("Losses/Value Loss", steps, 0.06 * np.exp(noise(rng, n, 0.2)))


@healthy(
    "imitated_with_little_data",
    "imitation by diffusion: the loss falls, the success of fifty rollouts is coarse and rises"
    " (real-stanford/diffusion_policy, test_mean_score)",
)
def imitated_with_little_data(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(200, 320))
    t, steps = shapes.times(n), shapes.steps(n, 168, 167)
    log.add("train_loss", steps, jitter(rng, sinking(t, 0.4, 0.004, 1.2, 0.04), 0.05))
    log.add("train_action_mse_error", steps, jitter(rng, sinking(t, 0.3, 0.002, 1.2, 0.05), 0.1))
    some = slice(9, None, 10)
    late = t[some]
    log.add("test_mean_score", steps[some], counted(rng, saturating(late, 0.1, 0.86, 4), 50))
    log.add("lr", steps, 1e-4 * (1 + np.cos(np.pi * t)) / 2)


@labelled(
    "values_without_a_target",
    "divergence",
    "the mean of the values doubles again and again while the return falls to that of chance"
    " (van Hasselt et al. 2018, the deadly triad; CleanRL, q_values)",
    clear=1.0,
    middling=0.55,
)
def values_without_a_target(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_frames(log, rng)
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    first = int(n * rng.uniform(0.4, 0.55))
    turn = first + n // 12
    values = saturating(t, 2, 48, 4) * np.exp(7 * strength * since(n, first))
    returns = saturating(t, 20, 230, 4) * (1 - 0.9 * strength * (1 - np.exp(-7 * since(n, turn))))
    log.add("charts/episodic_return", steps, returns + noise(rng, n, 14, 0.5))
    worsens(log, "charts/episodic_return", steps, -returns, turn, 24, also=("collapse",))
    log.add("losses/q_values", steps, single(values * np.exp(noise(rng, n, 0.04))))
    scales(log, "explosion", "losses/q_values", steps, values, first, 0.06)
    log.add("charts/SPS", steps, np.floor(940 * np.exp(noise(rng, n, 0.02))))


@labelled(
    "forgot_how_to_walk",
    "divergence",
    "late in a long run the divergence between updates grows by orders and the robot falls"
    " (Dohare et al. 2024, loss of plasticity; rl_games)",
    tolerated=("spike",),
    clear=0.8,
    faint=0.35,
)
def forgot_how_to_walk(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_frames(log, rng)
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 32_768)
    first = int(n * rng.uniform(0.55, 0.68))
    turn = first + n // 15
    returns = saturating(t, 0.3, 14, 8) * (1 - strength * (1 - np.exp(-4 * since(n, turn))))
    kl = 0.008 * np.exp(4.2 * since(n, first))
    log.add("rewards/step", steps, single(returns + noise(rng, n, 0.5, 0.6)))
    worsens(log, "rewards/step", steps, -returns, turn, 1.0, also=("collapse",))
    log.add("info/kl", steps, kl * np.exp(noise(rng, n, 0.2, 0.3)))
    scales(log, "explosion", "info/kl", steps, kl, first, 0.27, also=("divergence",))
    log.add("info/last_lr", steps, 3e-4)


@labelled(
    "simulator_that_leaks",
    "throughput",
    "the simulator keeps what it should forget: fewer and fewer frames a second, once it has to be"
    " freed by hand after hours, and one rollout of nonsense (Unity ML-Agents, issues)",
    clear=0.7,
    faint=0.22,
)
def simulator_that_leaks(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    log.seconds_per_step = 1 / 2600
    index = int(n * rng.uniform(0.1, 0.2))
    gap, dip = int(n * rng.uniform(0.4, 0.5)), int(n * rng.uniform(0.65, 0.85))
    speed = 1 - strength * since(n, index)
    returns = saturating(t, -180, 260, 3)
    returns[dip : dip + 3] -= 330
    tags = ("Train/EpisodeReturn", "Misc/RolloutFPS", "Loss/Loss_pi")
    log.add(tags[0], steps, returns + noise(rng, n, 16, 0.5))
    jumps(log, "spike", tags[0], steps, dip, points=3)
    log.add(tags[1], steps, 2600 * speed * np.exp(noise(rng, n, 0.025, 0.3)))
    log.add(tags[2], steps, noise(rng, n, 0.012, 0))
    drift(log, steps, 1 / speed)
    slows(log, tags, steps, 1 / speed, index, 0.04)
    hangs(log, tags, steps, gap, 9)


@labelled(
    "divergence_becomes_infinite",
    "nonfinite",
    "the norm of the policy's gradient grows, the scale of float16 falls, and the divergence from"
    " the first policy is infinite (OpenRLHF, issues on kl inf)",
    tolerated=("explosion", "plateau"),
)
def divergence_becomes_infinite(log: Log, rng: np.random.Generator, strength: float) -> None:
    by_epochs(log, rng)
    n = shapes.whole(rng, 120, 450)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    first = int(n * rng.uniform(0.4, 0.5))
    dead = int(n * rng.uniform(0.75, 0.85))
    norm = 0.6 * strength * np.exp(5 * since(n, first))
    scale = lost_scale(kept_scale(rng, n, 16, 2), first + n // 10, n / 80, -2)
    kl = 0.02 * (1 + 3 * t) * np.exp(noise(rng, n, 0.15))
    kl[dead:] = np.inf
    log.add("train/reward", steps, saturating(t, -0.4, 0.9, 4) + noise(rng, n, 0.07))
    log.add("train/kl", steps, kl)
    jumps(log, "nonfinite", "train/kl", steps, dead)
    log.add("train/actor_grad_norm", steps, norm * np.exp(noise(rng, n, 0.15)))
    scales(log, "gradient", "train/actor_grad_norm", steps, norm, first, 0.2, also=("explosion",))
    log.add("train/loss_scale", steps, scale)
    says_scale(log, "train/loss_scale", steps, scale, first + n // 10)
