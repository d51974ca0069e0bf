"""Quantities that grew by decades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, index_at, volatile
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "bootstraps_itself_to_the_sky",
    "explosion",
    "values are estimated from themselves and grow without end, by decades; the agent learns"
    " nothing (van Hasselt et al. 2018, the deadly triad)",
    plain=5.0,
    medium=3.0,
)
def bootstraps_itself_to_the_sky(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = rng.uniform(0.2, 0.45)
    onset = index_at(n, at)
    decades = strength * np.maximum(t - t[onset], 0) / (1 - t[onset])
    log.add("losses/qf1_loss", steps, 0.7 * 10**decades * factors(rng, n, 0.25))
    log.add("losses/qf1_values", steps, 9 * 10 ** (decades / 2) * factors(rng, n, 0.04))
    log.add("losses/actor_loss", steps, -9 * 10 ** (decades / 2) * factors(rng, n, 0.05))
    returns = 60 + 30 * np.minimum(t / at, 1) + shapes.correlated(rng, n, 14, 0.3)
    log.add("charts/episodic_return", steps, returns)
    log.add("charts/SPS", steps, np.round(130 * factors(rng, n, 0.02)))
    tags = ("losses/qf1_loss", "losses/qf1_values", "losses/actor_loss")
    window = gradual(steps, decades * np.log(10), onset, 0.25)
    log.true("explosion", tags, int(steps[onset]), window, also=("divergence",))


@labelled(
    "far_from_the_reference",
    "explosion",
    "the divergence from the reference model grows by three decades while the mean reward stands"
    " (huggingface/trl #204)",
    plain=600.0,
    medium=60.0,
)
def far_from_the_reference(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    onset = index_at(n, rng.uniform(0.45, 0.7))
    growing = np.clip((np.arange(n) - onset) / (0.12 * n), 0, 1)
    kl = generators.hill(t, 0.05, 5, 0.15) * strength**growing
    log.add("objective/kl", steps, kl * factors(rng, n, 0.08))
    log.add("objective/entropy", steps, 55 - 12 * t - 30 * growing + rng.normal(0, 2, n))
    log.add("env/reward_mean", steps, generators.hill(t, -0.5, 3.9, 0.15) + rng.normal(0, 0.2, n))
    log.add("ppo/loss/value", steps, 0.4 * factors(rng, n, 0.3))
    window = gradual(steps, np.log(strength) * growing, onset, 0.08)
    log.true("explosion", "objective/kl", int(steps[onset]), window, also=("divergence",))


@labelled(
    "attention_logits_soar",
    "explosion",
    "the largest logit of attention goes from some dozen to thousands within a few steps, unseen in"
    " the loss as yet (Dehghani et al. 2023; Kimi K2's QK-Clip)",
    plain=300.0,
    medium=60.0,
)
def attention_logits_soar(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    at = index_at(n, rng.uniform(0.4, 0.8))
    up = strength ** (1 - np.exp(-np.maximum(np.arange(n) - at, 0) / 1.5))
    log.add("attn/max_logit", steps, (14 + 12 * t) * up * factors(rng, n, 0.08))
    log.add("loss/train", steps, shapes.power_law(t, 10.6, 2.3) + volatile(rng, n, 0.03))
    log.add("optim/param_norm", steps, 300 + 90 * np.sqrt(t))
    log.true("explosion", "attn/max_logit", int(steps[at]), abrupt(steps, at, 3))


@labelled(
    "a_player_wins_for_good",
    "explosion",
    "one of two players wins: the loss of the generator grows a hundred-fold and stays, that of the"
    " discriminator is as good as nought (onejiin/CycleGAN-VC2 #5)",
    plain=160.0,
    medium=40.0,
)
def a_player_wins_for_good(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = index_at(n, rng.uniform(0.3, 0.65))
    won = 1 - np.exp(-np.maximum(np.arange(n) - at, 0) / (0.012 * n))
    log.add("G_adv", steps, 0.8 * strength**won * factors(rng, n, 0.15))
    log.add("D_loss", steps, 0.62 * 1e-4**won * factors(rng, n, 0.2))
    log.add("G_cycle", steps, (0.5 - 0.2 * t * (1 - won) + 0.3 * won) * factors(rng, n, 0.06))
    window = gradual(steps, won * np.log(strength), at, 0.15)
    log.true("explosion", "G_adv", int(steps[at]), window, also=("divergence",))
    log.true("collapse", "D_loss", int(steps[at]), window, also=("divergence", "explosion"))


@labelled(
    "predictions_leave_the_data",
    "explosion",
    "the largest prediction of a forecaster jumps from tens to tens of thousands and stays: a"
    " denominator went to nought",
    plain=3e3,
    medium=2e2,
)
def predictions_leave_the_data(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 800)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = index_at(n, rng.uniform(0.3, 0.8))
    up = np.where(np.arange(n) >= at, strength, 1)
    log.add("debug/max_abs_prediction", steps, 21 * factors(rng, n, 0.2) * up)
    log.add("train/smape", steps, generators.hill(t, 0.31, 0.128, 0.1) + rng.normal(0, 0.003, n))
    log.add("train/learning_rate", steps, 1e-3)
    log.true("explosion", "debug/max_abs_prediction", int(steps[at]), abrupt(steps, at))
