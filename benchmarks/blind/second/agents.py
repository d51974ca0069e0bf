"""Healthy agents and populations: rewards that come late, in steps, or under a constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "first_key_found_late",
    "no reward at all for half of the run, then 100, 400, 2500, as one room after another is found",
    tolerated=("plateau",),
)
def first_key_found_late(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), np.cumsum(rng.integers(2000, 6000, n))
    chance = generators.spreading(np.maximum(t - rng.uniform(0.4, 0.6), 0), 0.01, 30)
    found = rng.random(n) < np.where(t > 0.4, chance, 0)
    further = rng.random(n) < 0.5 * chance
    score = np.where(found, np.where(further, rng.choice([400, 2500], n), 100), 0)
    log.add("Train/EpisodeReturn", steps, score)
    log.add(
        "Train/IntrinsicReturn",
        steps,
        90 * generators.hill(t, 1, 0.2, 0.1) * generators.skewed(rng, n, 0.2),
    )
    log.add(
        "Loss/RNDPredictor",
        steps,
        generators.spectral(t, 0.4, 0.004) * generators.skewed(rng, n, 0.3),
    )


@healthy(
    "episodes_that_succeed_or_not",
    "each episode is 0 or 1; seven in a hundred succeed at first, half in the end",
    tolerated=("plateau",),
)
def episodes_that_succeed_or_not(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 2500)
    t, steps = shapes.times(n), np.cumsum(rng.integers(20, 200, n))
    success = rng.random(n) < generators.spreading(t, 0.07, 2.6)
    log.add("episode/success_once", steps, success)
    log.add("episode/length", steps, np.where(success, rng.integers(10, 140, n), 200))
    log.add("replay/size", steps, np.minimum(steps, 100_000))


@healthy(
    "constrained_agent",
    "the cost is above its limit at first, a multiplier grows until it is not, and the return"
    " gives way a little before it grows again",
    tolerated=("plateau",),
)
def constrained_agent(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 800)
    t, steps = shapes.times(n), shapes.steps(n, 20_000)
    cost = 25 + 32 * np.exp(-7 * t) * np.cos(9 * t)
    returns = generators.hill(t, -1, 24, 0.25) - 2.2 * np.exp(-(((t - 0.3) / 0.08) ** 2))
    log.add("Metrics/EpRet", steps, returns + generators.pink(rng, n, 0.8))
    log.add("Metrics/EpCost", steps, np.maximum(cost + generators.pink(rng, n, 3), 0))
    log.add("Metrics/LagrangeMultiplier", steps, 1.4 * (1 - np.exp(-8 * t)))
    log.add("Train/Entropy", steps, 1.42 - 0.7 * t)
    log.add("Loss/Loss_cost_critic", steps, (4 + 0.3 * cost) * generators.skewed(rng, n, 0.3))


@healthy(
    "greed_annealed",
    "Dopamine: exploration is annealed, so returns jump when it ends; evaluation is noisier"
    " than training",
    tolerated=("plateau",),
)
def greed_annealed(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(50, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    level = generators.hill(t, 4, 310, 0.35, 2.2)
    log.add("Train/AverageReturns", steps, level * generators.skewed(rng, n, 0.08))
    log.add("Eval/AverageReturns", steps, 1.15 * level * generators.skewed(rng, n, 0.18))
    log.add("Train/NumEpisodes", steps, np.round(700 - 400 * generators.hill(t, 0, 1, 0.3)))
    log.add("Agent/Epsilon", steps, np.maximum(1 - 25 * t, 0.01))
    log.add("Agent/HuberTD", steps, (0.002 + 6e-5 * level) * generators.skewed(rng, n, 0.35))
    log.add("Agent/MeanQ", steps, 0.02 * level * generators.skewed(rng, n, 0.05))


@healthy(
    "certain_in_the_end",
    "entropy falls from 2.9 to 0.3 over the whole run while the success rate nears one: what"
    " is learnt needs no dice",
    tolerated=("plateau",),
)
def certain_in_the_end(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 900)
    t, steps = shapes.times(n), shapes.steps(n, 16_384)
    log.add(
        "losses/policy_entropy",
        steps,
        (0.25 + 2.65 * np.exp(-3 * t)) * generators.skewed(rng, n, 0.02),
    )
    log.add("losses/ratio_clipped_share", steps, np.clip(0.18 + rng.normal(0, 0.03, n), 0, 1))
    log.add("losses/kl_to_old", steps, 0.011 * generators.skewed(rng, n, 0.3))
    # Real logs of PPO have such deep single values below a level of one half or more.
    log.add("losses/explained_var", steps, 0.7 - 0.15 * rng.pareto(1.4, n))
    log.add(
        "env/win_rate", steps, generators.shares(rng, 250, 0.99 * generators.spreading(t, 0.04, 9))
    )
    log.add(
        "env/shaped_return", steps, generators.hill(t, -6, 13, 0.3) + generators.pink(rng, n, 0.5)
    )


@healthy(
    "gated_self_play",
    "a new player must win 55 percent against the last: the rating climbs in steps with flats"
    " between, the win rate is about a half for ever",
    tolerated=("plateau",),
)
def gated_self_play(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 250))
    t, steps = shapes.times(n), shapes.steps(n)
    accepted = rng.random(n) < 0.55 - 0.35 * t
    log.add("arena/rating", steps, 800 + np.cumsum(accepted * rng.uniform(15, 60, n)))
    log.add("arena/new_vs_old", steps, generators.shares(rng, 80, np.full(n, 0.53)))
    log.add("net/pi_xent", steps, generators.hill(t, 3.4, 1.9, 0.15) + rng.normal(0, 0.03, n))
    log.add("net/v_mse", steps, 0.32 + 0.2 * np.exp(-9 * t) + rng.normal(0, 0.012, n))


@healthy(
    "evolution",
    "the best of a population so far is a staircase with long flats; the mean lies far below,"
    " and noisy",
    tolerated=("plateau",),
)
def evolution(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 600))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    mean = generators.hill(t, -900, -140, 0.3) + generators.pink(rng, n, 30)
    best = np.maximum.accumulate(mean + np.abs(generators.pointed(rng, n, 60)))
    log.add("fitness/best_so_far", steps, best)
    log.add("fitness/population_mean", steps, mean)
    log.add("fitness/population_std", steps, 80 * generators.skewed(rng, n, 0.1))
    log.add("search/sigma", steps, 0.5 * np.exp(-2.5 * t) * generators.skewed(rng, n, 0.05))


@healthy(
    "gait_curriculum",
    "terrain gets harder whenever the robots master it: the reward saws about a level, their"
    " terrain climbs",
    tolerated=("plateau",),
)
def gait_curriculum(log: Log, rng: np.random.Generator) -> None:
    n, levels = shapes.whole(rng, 250, 1500), int(rng.integers(6, 11))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    number, within = generators.blocks(n, levels)
    reward = 18 - 6.5 * np.exp(-4 * within) - 9 * np.exp(-25 * t)
    log.add("Train/mean_reward", steps, reward + generators.pink(rng, n, 0.7))
    log.add("Curriculum/terrain_levels", steps, number + np.clip(within, 0, 1) * 0.9)
    log.add(
        "Train/mean_episode_length", steps, 960 - 260 * np.exp(-4 * within) + rng.normal(0, 12, n)
    )
    log.add("Episode_Termination/base_contact", steps, 0.05 + 0.3 * np.exp(-4 * within))
    log.add("Loss/entropy", steps, 16 - 7 * t + rng.normal(0, 0.1, n))


@healthy(
    "episodes_up_to_their_bound",
    "returns of single episodes, as spread as they are high and cut at 200: late in the run"
    " most are 200 and some are a tenth of it",
    tolerated=("plateau",),
)
def episodes_up_to_their_bound(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 1500)
    t = shapes.times(n)
    level = generators.hill(t, 18, 420, 0.6, 2.0)
    returns = np.minimum(np.floor(level * rng.gamma(2.2, 1 / 2.2, n)) + 8, 200)
    frames = np.cumsum(returns).astype(np.int64)
    log.add("evaluation/returns-by-frame", frames, returns)
    log.add("loss/policy", frames, 6 * np.exp(-3 * t) * rng.normal(0.5, 1, n))
    log.add("loss/entropy", frames, -0.69 + 0.25 * t + rng.normal(0, 0.01, n))
