"""What must not grow, and does: values and their losses, norms, logits, ratios, terms of a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import noise, size
from benchmarks.detection.development.vital import (
    ACTIVATIONS,
    CRITICS,
    DIVERGENCES,
    LOGITS,
    NORMS,
    RATIOS,
    SIZES,
    TERMS,
    VALUES,
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


def critic_runs_away_slowly(rng: Rng) -> Made:
    """A power of ten or two over half of the run, and no return for it."""
    n = size(rng, 150, 2000)
    at = place(rng, n, 0.25, 0.5)
    k = since(n, at) / (n - at)
    y = 10 ** (rng.uniform(-2, 1) + rng.uniform(1.2, 3) * k ** rng.uniform(0.8, 1.2))
    y *= np.exp(rng.uniform(0.1, 0.4) * rng.normal(size=n))
    other = lost_reward(rng, n, at) if rng.random() < 0.5 else flat_reward(rng, n)
    return beside(rng, CRITICS, y, at, other)


def values_without_returns(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = place(rng, n, 0.2, 0.6)
    y = rng.uniform(1, 50) * moves(rng, n, at, rng.uniform(15, 1e4), rng.uniform(0.05, 0.4))
    y *= np.exp(0.1 * rng.normal(size=n))
    return beside(rng, VALUES, y, at, flat_reward(rng, n))


def norm_leaps(rng: Rng) -> Made:
    n = size(rng, 60, 2000)
    at = place(rng, n, 0.2, 0.9)
    y = rng.uniform(0.1, 3) * (1 + 4 * np.exp(-np.arange(n) / (0.03 * n)))
    y = y * np.exp(rng.uniform(0.1, 0.4) * rng.normal(size=n))
    y[at:] *= rng.uniform(15, 1000)
    return one(rng, NORMS, y, at, sudden=True)


def weights_run_away(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = place(rng, n, 0.2, 0.7)
    y = rng.uniform(5, 100) * (1 + np.arange(n) / n) ** rng.uniform(0, 0.5)
    y *= moves(rng, n, at, rng.uniform(12, 1000), rng.uniform(0.05, 0.4))
    return one(rng, SIZES, y * np.exp(0.01 * rng.normal(size=n)), at)


def logits_run_away(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = place(rng, n, 0.1, 0.7)
    y = rng.uniform(3, 12) * moves(rng, n, at, rng.uniform(12, 1000), rng.uniform(0.02, 0.4))
    return one(rng, LOGITS, y * np.exp(rng.uniform(0.03, 0.2) * rng.normal(size=n)), at)


def activations_run_away(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = place(rng, n, 0.1, 0.8)
    y = rng.uniform(1, 30) * moves(rng, n, at, rng.uniform(20, 1e4), rng.uniform(0.01, 0.4))
    return one(rng, ACTIVATIONS, y * np.exp(0.25 * noise(rng, n).clip(-5, 5)), at)


def reference_is_left_for_a_score(rng: Rng) -> Made:
    """The reward that is optimised rises all the while: it is hacked."""
    n = size(rng, 80, 1000)
    at = place(rng, n, 0.25, 0.7)
    y = rng.uniform(0.005, 0.1) * np.exp(rng.uniform(0.1, 0.35) * rng.normal(size=n))
    y *= moves(rng, n, at, rng.uniform(20, 1000), rng.uniform(0.02, 0.3))
    reward = -1 + np.arange(n) / n + 2 * since(n, at) / (n - at) + 0.1 * rng.normal(size=n)
    return beside(rng, DIVERGENCES, y, at, {"objective/scores": reward, "train/reward": reward})


def ratio_runs_away(rng: Rng) -> Made:
    n = size(rng, 60, 1000)
    at = place(rng, n, 0.2, 0.8)
    y = 1 + rng.uniform(0.005, 0.1) * rng.normal(size=n)
    y = np.abs(y) * moves(rng, n, at, rng.uniform(12, 1e4), rng.uniform(0, 0.3))
    return one(rng, RATIOS, y * np.exp(0.1 * moves(rng, n, at, 4, 0.01) * rng.normal(size=n)), at)


def term_runs_away(rng: Rng) -> Made:
    n = size(rng, 60, 2000)
    at = place(rng, n, 0.15, 0.85)
    y = 10 ** rng.uniform(-3, 0) * moves(rng, n, at, rng.uniform(20, 1e5), rng.uniform(0, 0.3))
    y *= np.exp(rng.uniform(0.1, 0.4) * rng.normal(size=n))
    return one(rng, TERMS, y, at)


ANY_SIZE = (*CRITICS, *VALUES, *NORMS, *SIZES, *LOGITS, *ACTIVATIONS, *DIVERGENCES, *RATIOS, *TERMS)


def explodes_in_few_points(rng: Rng) -> Made:
    n = int(rng.integers(20, 61))
    at = int(rng.integers(8, n - 8))
    y = 10 ** rng.uniform(-3, 1) * np.exp(rng.uniform(0.02, 0.3) * rng.normal(size=n))
    y *= moves(rng, n, at, rng.uniform(30, 1e5), rng.uniform(0, 0.15))
    return one(rng, ANY_SIZE, y, at)


def explodes_at_the_beginning(rng: Rng) -> Made:
    n = size(rng, 400, 4000)
    at = place(rng, n, 0.06, 0.15)
    y = 10 ** rng.uniform(-3, 1) * np.exp(rng.uniform(0.02, 0.3) * rng.normal(size=n))
    y *= moves(rng, n, at, rng.uniform(50, 1e5), rng.uniform(0, 0.04))
    return one(rng, ANY_SIZE, y, at)


def explodes_near_the_end(rng: Rng) -> Made:
    n = size(rng, 80, 2000)
    at = n - int(rng.integers(8, 25))
    y = 10 ** rng.uniform(-3, 1) * np.exp(rng.uniform(0.02, 0.3) * rng.normal(size=n))
    y *= moves(rng, n, at, rng.uniform(30, 1e5), 3 / n)
    return one(rng, ANY_SIZE, y, at)


def explodes_in_noise(rng: Rng) -> Made:
    n = size(rng, 150, 2000)
    at = place(rng, n, 0.2, 0.8)
    y = np.exp(rng.uniform(0.7, 1.2) * rng.normal(size=n))
    y *= moves(rng, n, at, 10 ** rng.uniform(2, 4), rng.uniform(0, 0.2))
    return one(rng, ANY_SIZE, y, at)


def explodes_after_a_warning(rng: Rng) -> Made:
    """A short excursion that came back, and one that does not."""
    n = size(rng, 150, 2000)
    at = place(rng, n, 0.4, 0.8)
    factor = 10 ** rng.uniform(1.5, 4)
    y = np.exp(rng.uniform(0.05, 0.3) * rng.normal(size=n))
    early, long = int(at * rng.uniform(0.3, 0.7)), int(rng.integers(4, max(5, n // 40)))
    y[early : early + long] *= factor
    return one(rng, ANY_SIZE, y * moves(rng, n, at, factor, rng.uniform(0, 0.05)), at)


def explodes_again_and_again(rng: Rng) -> Made:
    """One batch in three to ten is ten thousand to a billion times as large as the others."""
    n = size(rng, 14, 400)
    at = int(rng.integers(1, 4))
    y = np.exp(-np.arange(n) / n + 0.1 * rng.normal(size=n))
    high = rng.random(n) < rng.uniform(0.18, 0.35)
    high[:at] = False
    high[[at, at + 3, at + 6]] = True
    high[at + 1 : at + 3] = high[at + 4] = False
    y[high] *= 10 ** rng.uniform(4, 9) * np.exp(rng.normal(size=int(high.sum())))
    tag = str(rng.choice(["loss", "train_loss_step", "train/loss", "nll"]))
    return tag, {tag: (np.arange(n), y)}, at, True


GROWING = (
    critic_runs_away_slowly,
    values_without_returns,
    norm_leaps,
    weights_run_away,
    logits_run_away,
    activations_run_away,
    reference_is_left_for_a_score,
    ratio_runs_away,
    term_runs_away,
    explodes_in_few_points,
    explodes_at_the_beginning,
    explodes_near_the_end,
    explodes_in_noise,
    explodes_after_a_warning,
    explodes_again_and_again,
)
