"""What must not vanish, and does: entropies, codes, ranks, spreads, gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import decay, size
from benchmarks.detection.development.vital import (
    CODES,
    DEAD,
    DISCRIMINATORS,
    DIVERSITIES,
    ENTROPIES,
    LAYERS,
    NORMS,
    POSTERIORS,
    RANKS,
    SPREADS,
    beside,
    flat_reward,
    lost_reward,
    moves,
    one,
    place,
    since,
)

if TYPE_CHECKING:
    from benchmarks.detection.development.shapes import Made, Rng


def entropy_to_nothing(rng: Rng) -> Made:
    n = size(rng, 80, 1500)
    at = place(rng, n)
    level = rng.uniform(0.7, 3) * (1 - rng.uniform(0, 0.4) * np.arange(n) / n)
    y = level * moves(rng, n, at, 1 / rng.uniform(20, 300), rng.uniform(0.03, 0.3))
    y *= np.exp(rng.uniform(0.02, 0.15) * rng.normal(size=n))
    tag = str(rng.choice(ENTROPIES))
    other = lost_reward(rng, n, at) if rng.random() < 0.5 else flat_reward(rng, n)
    return beside(rng, (tag,), -y if tag.endswith("entropy_loss") else y, at, other)


def codes_are_lost(rng: Rng) -> Made:
    """What is left are few codes, or always the same one."""
    n = size(rng, 80, 1500)
    at = place(rng, n)
    full = rng.uniform(200, 900) * (0.7 + 0.3 * np.arange(n) / n)
    left = rng.uniform(0, 8)
    y = full * moves(rng, n, at, 1 / rng.uniform(200, 2000), rng.uniform(0.01, 0.3))
    y *= np.exp(0.05 * rng.normal(size=n))
    y = 1 + left + y
    tag = str(rng.choice(CODES))
    if "usage" in tag:
        y = y / 1024
    elif "num" in tag or "used" in tag or "active" in tag:
        y = np.rint(y)
    return beside(rng, (tag,), y, at, {"train/recon_loss": 0.3 + decay(rng, n)})


def rank_collapses(rng: Rng) -> Made:
    n = size(rng, 60, 1000)
    at = place(rng, n)
    y = rng.uniform(40, 300) * moves(rng, n, at, 1 / rng.uniform(100, 400), rng.uniform(0.01, 0.3))
    return one(rng, RANKS, 1 + y * np.exp(0.05 * rng.normal(size=n)), at)


def features_become_one_point(rng: Rng) -> Made:
    n = size(rng, 80, 1500)
    at = place(rng, n, 0.06, 0.6)
    y = rng.uniform(0.03, 1) * moves(rng, n, at, 1 / rng.uniform(15, 1000), rng.uniform(0.01, 0.3))
    return one(rng, SPREADS, y * np.exp(rng.uniform(0.03, 0.2) * rng.normal(size=n)), at)


def diversity_is_lost(rng: Rng) -> Made:
    n = size(rng, 60, 600)
    at = place(rng, n)
    tag = str(rng.choice(DIVERSITIES))
    counts = "modes" in tag
    y = (rng.uniform(20, 200) if counts else 0.4) * np.exp(0.08 * rng.normal(size=n))
    y *= moves(rng, n, at, 1 / rng.uniform(15, 200), rng.uniform(0.01, 0.2))
    return one(rng, (tag,), np.maximum(np.rint(y), 1) if counts else y, at)


def posterior_vanishes(rng: Rng) -> Made:
    n = size(rng, 80, 1500)
    at = place(rng, n)
    y = rng.uniform(3, 30) * (1 - np.exp(-np.arange(n) / (0.03 * n)) + 1e-3)
    y *= moves(rng, n, at, 1 / rng.uniform(20, 3000), rng.uniform(0.01, 0.3))
    y *= np.exp(0.1 * rng.normal(size=n))
    other = {"train/recon_loss": 90 + 40 * decay(rng, n)}
    return beside(rng, POSTERIORS, y, at, other)


def discriminator_is_perfect(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = place(rng, n)
    y = 0.7 * moves(rng, n, at, 10 ** -rng.uniform(1.5, 6), rng.uniform(0.01, 0.3))
    y *= np.exp(rng.uniform(0.1, 0.9) * rng.normal(size=n))
    if rng.random() < 0.3:
        y = np.where(y < 1e-3, 0.0, y)
    return beside(rng, DISCRIMINATORS, y, at, {"g_loss": 1 + 4 * np.arange(n) / n})


def gradient_of_a_layer_vanishes(rng: Rng) -> Made:
    n = size(rng, 30, 1000)
    at = place(rng, n, 0.25)
    y = rng.uniform(0.05, 2) * moves(rng, n, at, 10 ** -rng.uniform(2, 6), rng.uniform(0, 0.25))
    y *= np.exp(rng.uniform(0.1, 0.5) * rng.normal(size=n))
    other = {"train/loss": 2.3 + 0.02 * rng.normal(size=n)}
    return beside(rng, LAYERS + NORMS, y, at, other)


def answers_become_alike(rng: Rng) -> Made:
    """All answers to a question get the same reward: nothing is left to learn from."""
    n = size(rng, 80, 800)
    at = place(rng, n)
    y = rng.uniform(0.2, 0.5) * np.exp(rng.uniform(0.1, 0.35) * rng.normal(size=n))
    y *= moves(rng, n, at, 1 / rng.uniform(20, 300), rng.uniform(0.01, 0.25))
    if rng.random() < 0.4:
        y = np.where(y < 0.02, 0.0, y)
    tags = ("reward_std", "train/reward_std", "rewards/reward_std", "train/group_reward_std")
    return beside(rng, tags, y, at, {"train/reward": 0.3 + 0.02 * rng.normal(size=n)})


def units_die(rng: Rng) -> Made:
    n = size(rng, 60, 1000)
    at = place(rng, n)
    alive = (1 - rng.uniform(0.02, 0.3)) * np.exp(0.03 * rng.normal(size=n))
    alive = alive.clip(0, 1) * moves(rng, n, at, 1 / rng.uniform(20, 200), rng.uniform(0.01, 0.3))
    return one(rng, DEAD, 1 - alive, at)


def attention_sees_one_token(rng: Rng) -> Made:
    n = size(rng, 100, 1500)
    at = place(rng, n, 0.05, 0.6)
    y = rng.uniform(2, 5) * moves(rng, n, at, 1 / rng.uniform(15, 200), rng.uniform(0.01, 0.2))
    tags = ("attn/entropy", "attention_entropy/layer_4", "layer0/attn_entropy", "attn_entropy_mean")
    return one(rng, tags, y * np.exp(0.05 * rng.normal(size=n)), at)


ANY_SPREAD = (*ENTROPIES[1:], *CODES, *RANKS, *SPREADS, *POSTERIORS[:4], *DISCRIMINATORS, *NORMS)


def collapses_in_few_points(rng: Rng) -> Made:
    n = int(rng.integers(20, 61))
    at = int(rng.integers(8, n - 8))
    y = 10 ** rng.uniform(-1, 2) * np.exp(rng.uniform(0.02, 0.25) * rng.normal(size=n))
    y *= moves(rng, n, at, 1 / rng.uniform(30, 1e4), rng.uniform(0, 0.15))
    return one(rng, ANY_SPREAD, y, at)


def collapses_at_the_beginning(rng: Rng) -> Made:
    n = size(rng, 400, 4000)
    at = max(12, place(rng, n, 0.015, 0.06))
    y = 10 ** rng.uniform(-1, 2) * np.exp(rng.uniform(0.02, 0.2) * rng.normal(size=n))
    y *= moves(rng, n, at, 1 / rng.uniform(50, 1e4), rng.uniform(0, 0.04))
    return one(rng, (*ENTROPIES[1:], *CODES, *RANKS, *SPREADS), y, at)


def collapses_near_the_end(rng: Rng) -> Made:
    n = size(rng, 80, 2000)
    at = n - int(rng.integers(8, 25))
    y = 10 ** rng.uniform(-1, 2) * np.exp(rng.uniform(0.02, 0.25) * rng.normal(size=n))
    y *= moves(rng, n, at, 1 / rng.uniform(30, 1e4), 3 / n)
    return one(rng, ANY_SPREAD, y, at)


def fades_away(rng: Rng) -> Made:
    """Over half of the run, to a hundredth and less; the return does not improve."""
    n = size(rng, 150, 2000)
    at = place(rng, n, 0.3, 0.5)
    k = since(n, at) / (n - at)
    y = 10 ** (rng.uniform(-1, 1) - rng.uniform(1.7, 4) * k)
    y *= np.exp(rng.uniform(0.03, 0.2) * rng.normal(size=n))
    return beside(rng, ENTROPIES[1:], y, at, flat_reward(rng, n))


def ebbs_to_the_end(rng: Rng) -> Made:
    """As much less from point to point, until next to nothing is left at the end."""
    n = size(rng, 80, 1500)
    at = place(rng, n, 0.45, 0.7)
    k = since(n, at) / (n - at)
    y = 10 ** rng.uniform(-1, 2) * (1 - rng.uniform(0.96, 0.995) * k ** rng.uniform(0.6, 1.2))
    y *= np.exp(rng.uniform(0.02, 0.1) * rng.normal(size=n))
    return one(rng, (*ENTROPIES[1:], *RANKS, *SPREADS, *CODES[:3]), y, at)


def entropy_is_the_price(rng: Rng) -> Made:
    """The reward creeps up while the policy stops to explore (Cui 2025)."""
    n = size(rng, 80, 1000)
    at = place(rng, n, 0.15, 0.5)
    y = rng.uniform(0.5, 2) * moves(rng, n, at, 1 / rng.uniform(20, 300), rng.uniform(0.02, 0.3))
    y *= np.exp(rng.uniform(0.03, 0.15) * rng.normal(size=n))
    reward = 0.2 + 0.3 * np.arange(n) / n + 0.03 * rng.normal(size=n)
    return beside(rng, ENTROPIES[1:], y, at, {"train/reward": reward})


VANISHING = (
    entropy_to_nothing,
    codes_are_lost,
    rank_collapses,
    features_become_one_point,
    diversity_is_lost,
    posterior_vanishes,
    discriminator_is_perfect,
    gradient_of_a_layer_vanishes,
    answers_become_alike,
    units_die,
    attention_sees_one_token,
    collapses_in_few_points,
    collapses_at_the_beginning,
    collapses_near_the_end,
    fades_away,
    ebbs_to_the_end,
    entropy_is_the_price,
)
