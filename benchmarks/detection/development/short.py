"""Runs as small experiments have them: few evaluations, worse from the first on, lost at once."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.curves import Array, autocorrelated, decay, size, steps
from benchmarks.detection.development.shapes import PAIRS, Made, Rng


def _pair(rng: Rng, val: Array, at: int, *, sudden: bool = False) -> Made:
    n = len(val)
    train = np.exp(-rng.uniform(1, 5) * np.arange(n) / n) * np.exp(0.02 * rng.normal(size=n))
    x = steps(rng, n)
    a, b = PAIRS[rng.integers(0, len(PAIRS))]
    scale = 10.0 ** rng.uniform(-2, 1)
    return b, {a: (x, scale * train), b: (x, scale * val)}, at, sudden


def _scores(rng: Rng, tag: str, y: Array, at: int, *, sudden: bool = False) -> Made:
    n = len(y)
    x = steps(rng, n)
    loss = decay(rng, n) + 0.05 + 0.01 * np.abs(rng.normal(size=n))
    return tag, {"train/loss": (x, loss), tag: (x, y)}, at, sudden


# ---- overfitting


def overfits_from_the_start(rng: Rng) -> Made:
    """The first evaluation is the best: a model that was trained before, or a step too long."""
    n = int(rng.integers(8, 41))
    t = np.arange(n) / (n - 1)
    rise = t ** rng.uniform(0.6, 1.2) if rng.random() < 0.5 else 1 - np.exp(-t * rng.uniform(3, 9))
    y = 1 + rng.uniform(0.4, 2.5) * rise
    return _pair(rng, y * np.exp(0.02 * rng.normal(size=n)), 0)


def overfits_from_a_level(rng: Rng) -> Made:
    """A noisy level that never fell, and doubles or trebles: its noise is in proportion to it."""
    n = int(rng.integers(24, 61))
    at = int(n * rng.uniform(0.1, 0.4))
    k = np.clip(np.arange(n) - at, 0, None) / (n - 1 - at)
    y = np.exp(rng.uniform(0.7, 1.3) * k + rng.uniform(0.05, 0.2) * rng.normal(size=n))
    return _pair(rng, y, at)


def overfits_in_nine(rng: Rng) -> Made:
    """Two or three evaluations down, the others up, with some noise between them."""
    n = int(rng.integers(8, 14))
    at = int(rng.integers(2, max(3, n // 3)))
    fall = np.clip(at - np.arange(n), 0, None) / at
    back = np.clip(np.arange(n) - at, 0, None) / (n - 1 - at)
    y = 1 + rng.uniform(0.1, 0.4) * fall ** rng.uniform(1, 2) + rng.uniform(0.3, 0.6) * back
    return _pair(rng, y + 0.025 * rng.normal(size=n), at)


def few_that_are_smooth(rng: Rng) -> Made:
    """Hardly any noise, and a bottom that is flat: the onset is not before the best point."""
    n = int(rng.integers(10, 31))
    at = int(n * rng.uniform(0.25, 0.5))
    fall = np.clip(at - np.arange(n), 0, None) / at
    back = np.clip(np.arange(n) - at, 0, None) / (n - 1 - at)
    y = 1 + 0.4 * fall**3 + rng.uniform(0.2, 0.5) * back ** rng.uniform(1.5, 2)
    return _pair(rng, y + 1e-4 * rng.normal(size=n), at)


# ---- divergence


def worse_than_untrained(rng: Rng) -> Made:
    """A loss that is tens of times that of the first epoch, and comes down to ten times of it."""
    n = int(rng.integers(9, 25))
    peak = int(rng.integers(3, 7))
    way = np.interp(np.arange(n), [0, peak, n - 1], [0, 1, rng.uniform(0.75, 1)])
    y = rng.uniform(0.5, 100) * 10 ** (rng.uniform(1.5, 2.5) * way + 0.05 * rng.normal(size=n))
    tag = str(rng.choice(["loss", "train/loss", "val_loss"]))
    return tag, {tag: (steps(rng, n), y)}, 1, False


def score_falls_to_zero(rng: Rng) -> Made:
    """A detector whose scores, among them a lucky one, are zero from an epoch on to the end."""
    n = int(rng.integers(20, 120))
    at = int(n * rng.uniform(0.25, 0.7))
    y = rng.uniform(0.005, 0.3) * np.minimum(np.arange(1, n + 1) / (0.6 * at), 1)
    y *= np.exp(rng.uniform(0.1, 0.3) * rng.normal(size=n))
    y[int(rng.integers(at // 2, at - 2))] *= rng.uniform(1, 4)
    y[at:] = 0.0
    tag = str(rng.choice(["metrics/mAP50(B)", "val/dice", "val/f1", "metrics/precision(B)"]))
    return _scores(rng, tag, np.minimum(y, 1), at, sudden=True)


def lost_near_the_end_of_few(rng: Rng) -> Made:
    n = int(rng.integers(12, 25))
    at = n - int(rng.integers(4, 7))
    y = decay(rng, n) + 0.01 * rng.normal(size=n)
    y[at:] = y[at - 1] + rng.uniform(0.8, 2) + 0.01 * rng.normal(size=n - at)
    x = steps(rng, n)
    return "val/reward", {"val/reward": (x, -5 * y)}, at, True


def few_returns_fall_again(rng: Rng) -> Made:
    """A policy learns, and forgets: few evaluations with the noise of few episodes."""
    n = int(rng.integers(24, 61))
    at = int(n * rng.uniform(0.4, 0.6))
    y = 120 * np.interp(np.arange(n), [0, at, n - 1], [0.25, 1, rng.uniform(0, 0.15)])
    y += rng.uniform(5, 14) * rng.normal(size=n)
    tag = str(rng.choice(["eval/mean_reward", "mean 100 episode reward", "Test/return"]))
    return tag, {tag: (steps(rng, n), y)}, at, False


def falls_behind_its_start(rng: Rng) -> Made:
    """It improves for a while by half of what it loses then, so that it is none from the start."""
    n = int(rng.integers(40, 120))
    at = int(n * rng.uniform(0.08, 0.15)) + 1
    fall = np.clip(at - np.arange(n), 0, None) / at
    back = np.clip(np.arange(n) - at, 0, None) / (n - 1 - at)
    y = 0.93 + rng.uniform(0.15, 0.3) * fall**2
    y += rng.uniform(0.35, 0.5) * back ** rng.uniform(1, 1.3)
    return "val_loss", {"val_loss": (steps(rng, n), y + 0.008 * rng.normal(size=n))}, at, False


def loss_without_a_bound(rng: Rng) -> Made:
    """Labels beyond those that the loss is of: it is negative, and falls ever faster."""
    n = int(rng.integers(20, 200))
    k = np.arange(1, n + 1)
    grown = np.expm1(rng.uniform(6, 12) * k / n)
    if rng.random() < 0.7:
        grown = k ** rng.uniform(1.4, 2.5)
    y = -(10.0 ** rng.uniform(0, 4)) * grown * np.exp(0.01 * rng.normal(size=n))
    tag = str(rng.choice(["loss", "val_loss", "train/loss"]))
    return tag, {tag: (steps(rng, n), y)}, 0, False


# ---- sound


def validation_rises_at_first(rng: Rng) -> Made:
    """The statistics of normalisation lag behind in the first epochs."""
    n = int(rng.integers(12, 41))
    t = np.arange(n) / (n - 1)
    peak = rng.uniform(0.08, 0.25)
    y = 0.5 + np.exp(-rng.uniform(2, 4) * t)
    y += rng.uniform(0.5, 3) * (t / peak) * np.exp(1 - t / peak)
    y *= np.exp(0.03 * rng.normal(size=n))
    return _pair(rng, y, -1)


def validation_falls_in_noise(rng: Rng) -> Made:
    """Few evaluations of a model that still learns, with as much noise as they fall."""
    n = int(rng.integers(8, 20))
    y = 1 + decay(rng, n) * rng.uniform(0.2, 0.6)
    return _pair(rng, y + 0.05 * autocorrelated(rng, n, rng.uniform(0, 0.4)), -1)


def validation_falls_in_proportional_noise(rng: Rng) -> Made:
    n = int(rng.integers(12, 61))
    y = 1.3 - np.arange(n) / n
    return _pair(rng, y * np.exp(rng.uniform(0.05, 0.3) * rng.normal(size=n)), -1)


def scores_begin_at_zero(rng: Rng) -> Made:
    """A detector finds nothing for some epochs, and nothing once more in one of them."""
    n = int(rng.integers(40, 120))
    wait = int(n * rng.uniform(0.05, 0.2))
    y = 0.6 * np.clip((np.arange(n) - wait) / (n - wait), 0, None) ** 0.7
    y *= np.exp(0.08 * rng.normal(size=n))
    back = wait + int((n - wait) * rng.uniform(0.2, 0.5))
    y[back : back + int(rng.integers(1, 3))] = 0.0
    tag = str(rng.choice(["metrics/mAP50(B)", "val/dice", "val/f1"]))
    return _scores(rng, tag, np.minimum(y, 1), -1)


def likelihood_becomes_large(rng: Rng) -> Made:
    """The negative logarithm of a density has no bound, and comes to rest nevertheless."""
    n = int(rng.integers(20, 200))
    way = 1 - np.exp(-rng.uniform(2, 6) * np.arange(n) / n)
    y = rng.uniform(1, 8) - 10.0 ** rng.uniform(1, 5) * way
    tag = str(rng.choice(["nll", "train/loss", "val_loss"]))
    y += 0.005 * np.ptp(y) * rng.normal(size=n)
    return tag, {tag: (steps(rng, n), y)}, -1, False


def precision_for_recall(rng: Rng) -> Made:
    """The threshold of a detector moves: fewer false alarms for more misses, or the other way."""
    n = int(rng.integers(15, 120))
    t = np.arange(n) / (n - 1)
    up = 0.3 + rng.uniform(0.3, 0.5) * t
    down = 0.95 - rng.uniform(0.15, 0.3) * t
    names = [("val/recall", "val/precision"), ("eval/precision", "eval/recall")]
    names += [("val/sensitivity", "val/specificity")]
    good, bad = names[rng.integers(0, len(names))]
    x = steps(rng, n)
    up, down = (each + 0.01 * rng.normal(size=n) for each in (up, down))
    loss = decay(rng, n) + 0.2 + 0.01 * rng.normal(size=n)
    return bad, {"train/loss": (x, loss), good: (x, up), bad: (x, down)}, -1, False


def misses_for_false_alarms(rng: Rng) -> Made:
    n = int(rng.integers(15, 120))
    t = np.arange(n) / (n - 1)
    rough = np.exp(0.1 * rng.normal(size=(2, n)))
    fewer = (0.35 - 0.3 * t) * rough[0]
    more = (0.002 + 0.02 * (1 - np.exp(-3 * t))) * rough[1]
    good, bad = [("false_positive", "false_negative"), ("fpr", "fnr")][rng.integers(0, 2)]
    good, bad = f"mask_rcnn/{good}", f"mask_rcnn/{bad}"
    x = steps(rng, n)
    return bad, {good: (x, fewer), bad: (x, more)}, -1, False


def mean_of_lucky_episodes(rng: Rng) -> Made:
    """A mean of returns since the start, or of the last hundred, with few of them at first."""
    n = int(rng.integers(40, 150))
    returns = rng.uniform(-200, 200) + 30 * rng.normal(size=4 * n)
    returns += rng.uniform(0, 40) * np.arange(4 * n) / (4 * n)
    sums = np.concatenate([[0.0], np.cumsum(returns)])
    ends = np.arange(4, 4 * n + 1, 4)
    begins = np.maximum(0, ends - 100) if rng.random() < 0.7 else np.zeros(n, int)
    y = (sums[ends] - sums[begins]) / (ends - begins)
    return "rollout/ep_rew_mean", {"rollout/ep_rew_mean": (steps(rng, n), y)}, -1, False


def terms_are_weighted_up(rng: Rng) -> Made:
    """The loss begins with one term, and is many times as large when the others count in full."""
    n = size(rng, 40, 400)
    t = np.arange(n) / n
    weight = np.clip(t / rng.uniform(0.1, 0.4), 0, 1)
    y = 0.3 * decay(rng, n) + weight * rng.uniform(1, 10) * (0.6 + 0.4 * np.exp(-3 * t))
    y *= np.exp(0.03 * rng.normal(size=n))
    x = steps(rng, n)
    return "train/loss", {"train/loss": (x, y), "train/kl_weight": (x, weight)}, -1, False


SHORT = {
    "overfitting": (
        overfits_from_the_start,
        overfits_from_a_level,
        overfits_in_nine,
        few_that_are_smooth,
    ),
    "divergence": (
        worse_than_untrained,
        score_falls_to_zero,
        lost_near_the_end_of_few,
        few_returns_fall_again,
        falls_behind_its_start,
    ),
    "explosion": (loss_without_a_bound,),
    "healthy": (
        validation_rises_at_first,
        validation_falls_in_noise,
        validation_falls_in_proportional_noise,
        scores_begin_at_zero,
        likelihood_becomes_large,
        precision_for_recall,
        misses_for_false_alarms,
        mean_of_lucky_episodes,
        terms_are_weighted_up,
    ),
}
