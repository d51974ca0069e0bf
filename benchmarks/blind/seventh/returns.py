"""Agents: returns of large magnitude and long tails, often below nought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import ppo, rollouts
from benchmarks.blind.seventh.making import bend, count, dirt, every, grain, places, scored, settle
from benchmarks.blind.seventh.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "pole_held_to_the_limit",
    "CartPole: up to the five hundred at which an episode ends, and there it stays but for an"
    " episode now and then (Stable-Baselines3 with EvalCallback)",
    tolerated=("plateau",),
)
def pole_held_to_the_limit(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 30, 60)
    steps = every(2048 * n, 2048)
    reward = 500 - 478 * np.exp(-((np.arange(n) / (0.28 * n)) ** 1.6))
    mean = np.minimum(reward * np.exp(grain(rng, n, 0.03)), 500)
    rollouts(log, rng, steps, places(mean, 1), length=mean, fps=1400)
    ppo(log, rng, steps, settle(n, 0.69, 0.42, 3), 20 + 0.1 * reward * np.exp(grain(rng, n, 0.4)))
    seen = np.where(rng.random(n) < 0.06, mean * 0.93, np.minimum(1.15 * mean, 500))
    log.add("eval/mean_reward", steps, places(seen, 1))
    log.add("eval/mean_ep_length", steps, places(seen, 1))


@healthy(
    "arm_swings_in_the_red",
    "Pendulum: from -1,500 to -160, and no more is to be had; some evaluations of five episodes"
    " are off by the height from which they start (rl-baselines3-zoo, SAC)",
    tolerated=("plateau",),
)
def arm_swings_in_the_red(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 24, 60)
    steps = every(400 * n, 400)
    reward = settle(n, -1480, -158, 9) + grain(rng, n, 22)
    rollouts(log, rng, steps, places(reward, 0), fps=95)
    log.add(
        "eval/mean_reward",
        steps,
        places(settle(n, -1390, -152, 11) + grain(rng, n, 26 * dirt(rng), 0), 2),
    )
    log.add("train/actor_loss", steps, settle(n, 18, 41, 3) + 20 * np.exp(-np.arange(n) / 5))
    log.add("train/critic_loss", steps, 1.4 * np.exp(grain(rng, n, 0.5)))
    log.add("train/ent_coef", steps, settle(n, 0.93, 0.09, 6))


@healthy(
    "lander_after_many_crashes",
    "LunarLander: its first trials are a little worse than chance, since it tries its engines;"
    " then it goes up and learns to land (rl-baselines3-zoo, PPO)",
    tolerated=("plateau",),
)
def lander_after_many_crashes(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 50, 160)
    steps = every(16384 * n, 16384)
    t = np.arange(n) / (n - 1)
    reward = -190 + 420 / (1 + np.exp(-(t - 0.42) / 0.13)) - 45 * np.exp(-((t / 0.06 - 1) ** 2))
    rollouts(
        log,
        rng,
        steps,
        places(reward + grain(rng, n, 17 * dirt(rng)), 1),
        length=120 + 280 * t,
        fps=2100,
    )
    ppo(
        log,
        rng,
        steps,
        bend(n, 1.386, 0.62, 2) + grain(rng, n, 0.01),
        np.exp(5.5 - 2 * t + grain(rng, n, 0.3)),
    )
    log.add("train/explained_variance", steps, np.clip(1.05 * t**0.3 + grain(rng, n, 0.03), -1, 1))


@healthy(
    "lorries_and_their_costs",
    "a simulation of deliveries: costs of thousands, negative, with bad days far below the rest;"
    " an evaluation every so many steps, and it is not at its end yet (thesis repositories)",
)
def lorries_and_their_costs(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 20, 44)
    steps = np.cumsum(rng.integers(4200, 5900, n))
    log.seconds_per_step = 0.01
    cost = -bend(n, 12800, 4100, 4)
    worse = rng.exponential(420, n) * (rng.random(n) < 0.25)
    log.add("eval/mean_reward", steps, places(cost - worse + grain(rng, n, 330 * dirt(rng)), 1))
    log.add("rollout/ep_rew_mean", steps, places(1.08 * cost + grain(rng, n, 240, 0.6), 0))
    log.add("eval/mean_ep_length", steps, 320)
    log.add("rollout/exploration_rate", steps, np.maximum(1 - 3 * steps / steps[-1], 0.05))
    log.add("train/loss", steps, 900 * np.exp(grain(rng, n, 0.6)))


@healthy(
    "keys_found_late",
    "a maze with a key and a door: no reward at all for a third of the run, then more and more"
    " episodes end well (Farama MiniGrid, DoorKey; rl-starter-files)",
    tolerated=("plateau",),
)
def keys_found_late(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 60, 240)
    steps = every(2048 * n, 2048)
    log.seconds_per_step = 1 / 3200
    t = np.arange(n) / (n - 1)
    share = np.clip(1 / (1 + np.exp(-(t - 0.55) / 0.06)), 0, 0.97)
    found = rng.binomial(16, np.where(t < 0.3, 0, share)) / 16
    log.add("return_mean", steps, places(found * (0.82 + 0.1 * t), 2))
    log.add("return_max", steps, places((found > 0) * (0.9 + 0.05 * t), 2))
    log.add("num_frames_mean", steps, places(250 - 215 * found * t, 2))
    log.add("entropy", steps, places(1.94 - 1.2 * share + grain(rng, n, 0.01), 3))
    log.add("value", steps, places(0.75 * share + grain(rng, n, 0.008), 3))
    log.add("policy_loss", steps, places(-0.002 + grain(rng, n, 0.004), 3))
    log.add("grad_norm", steps, places(0.03 + 0.1 * share * np.exp(grain(rng, n, 0.4)), 3))
    log.add("FPS", steps, np.round(3200 + grain(rng, n, 60)))


@healthy(
    "temperature_learned_alone",
    "SAC: its temperature cools by a factor of thirty, its actor's loss follows the values below"
    " nought, its critic's loss grows with them, and all is well (Stable-Baselines3, HalfCheetah)",
)
def temperature_learned_alone(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 80, 250)
    steps = every(4000 * n, 4000)
    reward = bend(n, -280, 9200, 3) + grain(rng, n, 160, 0.5)
    rollouts(log, rng, steps, places(reward, 0), length=1000.0, fps=70)
    worth = np.maximum(bend(n, 4, 620, 3), 1)
    log.add("train/ent_coef", steps, 0.03 + 0.97 * np.exp(-np.arange(n) / 4) + 0.1 * worth / 620)
    log.add("train/actor_loss", steps, -worth * np.exp(grain(rng, n, 0.02)))
    log.add("train/critic_loss", steps, (2 + 0.06 * worth) * np.exp(grain(rng, n, 0.25)))
    log.add("train/learning_rate", steps, 3e-4)


@healthy(
    "cubes_in_the_gripper",
    "PPO in four thousand worlds at once: success out of a hundred trials, the spread of the"
    " policy shrinks threefold, and the reward still grows (Isaac Lab with rsl_rl)",
)
def cubes_in_the_gripper(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 300, 900)
    steps = np.arange(n, dtype=np.int64)
    log.seconds_per_step = rng.uniform(0.8, 2)
    t = steps / (n - 1)
    skill = 1 / (1 + np.exp(-(t - 0.33) / 0.09)) * (0.8 + 0.2 * t)
    log.add("Train/mean_reward", steps, -1.5 + 148 * skill + grain(rng, n, 2.2, 0.8))
    log.add("Metrics/success_rate", steps, scored(rng, 0.96 * skill, 100, 0.6))
    log.add("Train/mean_episode_length", steps, np.minimum(20 + 230 * np.sqrt(t), 249))
    log.add("Loss/value_function", steps, (0.02 + 1.1 * skill) * np.exp(grain(rng, n, 0.35)))
    log.add("Loss/surrogate", steps, -0.008 + grain(rng, n, 0.003))
    log.add("Policy/mean_noise_std", steps, bend(n, 1.0, 0.34, 2))
    log.add("Loss/learning_rate", steps, 1e-3 * 1.5 ** np.round(grain(rng, n, 1.2, 0.7)))
    log.add("Perf/total_fps", steps, np.round(88000 * np.exp(grain(rng, n, 0.03))))
