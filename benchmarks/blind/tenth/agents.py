"""Agents that learn by trying, and robots that learn by watching."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import counted, interval, noise
from benchmarks.blind.tenth.making import clocked, falling, grows, rising, speed, stopped, worsens
from benchmarks.blind.tenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "values_believe_themselves",
    "divergence",
    "the critic's targets feed on its own errors: its loss grows ten-thousandfold and the return is"
    " back at where it began; frames a second sink, since fallen robots are reset at every turn",
    clear=1.0,
    medium=0.6,
    tolerated=("plateau", "gradient"),
)
def values_believe_themselves(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 5000)
    log.seconds_per_step = 0.004
    begun = int(n * rng.uniform(0.42, 0.6))
    up = np.clip((t - t[begun]) / (0.6 * (1 - t[begun])), 0, 1)
    critic = 9.0 * 20_000 ** (strength * up)
    slow = 1 + 1.2 * up
    clocked(log, steps, slow)
    best = stopped(rising(t, -150, 3400, 4), begun)
    lost = strength * (best + 100) * np.minimum(up * 1.5, 1)
    log.add("train/critic_loss", steps, critic * np.exp(noise(rng, n, 0.3)))
    log.add("rollout/ep_rew_mean", steps, best - lost + noise(rng, n, 110, 0.6))
    log.add("train/ent_coef", steps, 0.02 + 0.4 * np.exp(-12 * t))
    log.add("time/fps", steps, np.round(speed(rng, n, 240 / slow, 0.02)))
    grows(log, "explosion", "train/critic_loss", steps, critic, begun, 0.4, also=("divergence",))
    worsens(log, "divergence", "rollout/ep_rew_mean", steps, lost - best, begun, 110, 0.6)
    tags = ("time/fps", "rollout/ep_rew_mean", "train/critic_loss")
    worsens(log, "throughput", tags, steps, up, begun, 0.03)


@healthy("a_console_game", "PPO: returns that climb in noise, a first variance that is no number")
def a_console_game(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 1024)
    log.add("rollout/ep_rew_mean", steps, rising(t, 1.5, 310, 3, 0.4) + noise(rng, n, 9, 0.8))
    log.add("rollout/ep_len_mean", steps, 850 + 900 * t + noise(rng, n, 50, 0.8))
    explained = rising(t, 0, 0.93, 8, 0.05) + noise(rng, n, 0.025)
    explained[0] = np.nan
    log.add("train/explained_variance", steps, np.minimum(explained, 1))
    log.add("train/approx_kl", steps, 0.009 * np.exp(noise(rng, n, 0.25)))
    log.add("train/entropy_loss", steps, -1.38 + 0.9 * t + noise(rng, n, 0.02))
    log.add("train/learning_rate", steps, 2.5e-4 * (1 - t))
    log.add("time/fps", steps, np.round(speed(rng, n, 1150, 0.012)))


@healthy(
    "walker_by_its_own_entropy",
    "SAC: a return that climbs, critics whose loss grows with the returns they have to tell",
    tolerated=("explosion",),
)
def walker_by_its_own_entropy(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 500)
    t, steps = shapes.times(n), shapes.steps(n, 10_000)
    returns = rising(t, 40, 4700, 3, 0.3)
    log.add("eval/episode_reward", steps, returns + noise(rng, n, 1, 0.3) * (60 + 0.035 * returns))
    log.add("train_critic/loss", steps, (6 + returns / 220) * np.exp(noise(rng, n, 0.2)))
    log.add("train_alpha/value", steps, 0.06 + 0.9 * np.exp(-25 * t))
    log.add("train_actor/entropy", steps, -3 + 6 * np.exp(-9 * t) + noise(rng, n, 0.12))


@healthy(
    "hands_that_watched_people",
    "behaviour cloning: the loss falls, twenty trials tell the success every now and then",
    tolerated=("plateau",),
)
def hands_that_watched_people(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 400)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    log.add("train/l1_loss", steps, falling(rng, t, 0.9, 0.06, 0.06, 9, 0.15))
    log.add("train/kld_loss", steps, falling(rng, t, 3.0, 0.02, 0.1, 14, 0.02))
    evaluated = interval(steps, int(steps[-1]) // 12)
    late = np.arange(1, len(evaluated) + 1) / len(evaluated)
    log.add("eval/pc_success", evaluated, 100 * counted(rng, 0.82 * (1 - np.exp(-4 * late)), 50))
    log.add(
        "eval/avg_sum_reward", evaluated, rising(late, 10, 160, 4) + noise(rng, len(evaluated), 8)
    )


@healthy("thousands_of_robots_at_once", "Isaac Lab: terms of the reward, an episode's length")
def thousands_of_robots_at_once(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 1500)
    t, steps = shapes.times(n), shapes.steps(n, first=0)
    log.add(
        "Episode_Reward/track_lin_vel_xy_exp",
        steps,
        rising(t, 0.02, 1.3, 7, 0.1) + noise(rng, n, 0.02, 0.5),
    )
    log.add(
        "Episode_Reward/dof_torques_l2",
        steps,
        -0.06 - 0.05 * (1 - np.exp(-9 * t)) + noise(rng, n, 0.002),
    )
    log.add(
        "Episode_Termination/base_contact",
        steps,
        np.abs(0.04 + 0.9 * np.exp(-15 * t) + noise(rng, n, 0.01)),
    )
    log.add("Train/mean_reward", steps, rising(t, -1, 22, 7, 0.1) + noise(rng, n, 0.35, 0.7))
    log.add("Perf/total_fps", steps, np.round(speed(rng, n, 98_000, 0.015)))
    log.add("Loss/surrogate", steps, -0.004 + noise(rng, n, 0.002))


@healthy(
    "sparse_goals_at_last",
    "nothing for a while, then more and more episodes end at the goal (hindsight replay)",
    tolerated=("plateau",),
)
def sparse_goals_at_last(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n, 2000)
    found = shapes.logistic(t, 0.03, 0.9, rng.uniform(0.25, 0.4), 0.09)
    log.add("rollout/success_rate", steps, shapes.moving_mean(counted(rng, found, 20), 5))
    log.add("rollout/ep_rew_mean", steps, -50 + 42 * found + noise(rng, n, 0.9, 0.6))
    log.add("train/actor_loss", steps, 1 + 3 * found + noise(rng, n, 0.12))
