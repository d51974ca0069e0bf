"""Runs of few evaluations that never learn, and runs that only begin as these do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import decay, size, steps

if TYPE_CHECKING:
    from benchmarks.detection.development.shapes import Made, Rng

SCORES = ("val/accuracy", "val_dice", "Val IoU", "eval/f1", "val/map", "valid_recall")


def _beside(rng: Rng, tag: str, y: np.ndarray, onset: int, *, low: float = 0.05) -> Made:
    """With a training loss that falls as it should."""
    n = len(y)
    loss = low + rng.uniform(0.5, 3) * decay(rng, n) * np.exp(0.03 * rng.normal(size=n))
    x = steps(rng, n)
    return tag, {"train/loss": (x, loss), tag: (x, y)}, onset, False


def nothing_is_ever_found(rng: Rng) -> Made:
    """The score is zero in all evaluations, but for one in which next to nothing is right."""
    n = size(rng, 12, 60)
    y = np.zeros(n)
    if rng.random() < 0.6:
        y[rng.integers(0, n - 3)] = rng.uniform(1e-4, 2e-3)
    return _beside(rng, str(rng.choice(SCORES)), y, 0)


def one_class_is_guessed(rng: Rng) -> Made:
    """The share of the most frequent class in all evaluations, or another one's now and then."""
    n = size(rng, 14, 60)
    share = rng.uniform(0.02, 0.6)
    y = np.full(n, share)
    others = rng.random(n) < rng.uniform(0, 0.3)
    varied = rng.uniform(0.5, 1, n) if rng.random() < 0.7 else 1
    y -= others * varied * rng.uniform(0.02, 0.15) * share
    return _beside(rng, "val/accuracy", y, 0)


def nothing_learnt_in_few(rng: Rng) -> Made:
    """A validation loss about one level in few evaluations."""
    n = int(rng.integers(16, 32))
    y = rng.uniform(0.01, 3) * (1 + rng.uniform(0.005, 0.05) * rng.normal(size=n))
    return _beside(rng, "val/loss", y, 0)


def settles_at_chance(rng: Rng) -> Made:
    """The first evaluations lead to what guessing is worth; there it stays."""
    n = size(rng, 18, 80)
    of = int(rng.choice([500, 2000, 10_000]))
    chance = 1 / float(rng.choice([2, 5, 10, 43]))
    at = int(rng.integers(1, 3))
    y = rng.binomial(of, chance, n) / of
    y[:at] -= rng.uniform(0.3, 0.6) * chance
    return _beside(rng, "val/accuracy", y, at)


STANDING = (nothing_is_ever_found, one_class_is_guessed, nothing_learnt_in_few, settles_at_chance)


def found_late(rng: Rng) -> Made:
    """Small structures are not found in the first evaluations, and then well."""
    n = size(rng, 12, 80)
    t = np.linspace(0, 1, n)
    at = rng.uniform(0.1, 0.6)
    y = rng.uniform(0.5, 0.9) * ((t - at).clip(0) / (1 - at)) ** rng.uniform(0.4, 1)
    y = np.where(t < at, 0.0, y * (1 + 0.03 * rng.normal(size=n)))
    return _beside(rng, str(rng.choice(SCORES)), y.clip(0, 1), -1)


def understood_late(rng: Rng) -> Made:
    """The validation score stands at chance long after training is perfect, and then rises."""
    n = size(rng, 20, 200)
    t = np.linspace(0, 1, n)
    at = rng.uniform(0.35, 0.7)
    share = 0.1 + 0.88 / (1 + np.exp(-(t - at) * rng.uniform(15, 40)))
    y = rng.binomial(500, share) / 500
    return _beside(rng, "val/accuracy", y, -1, low=1e-4)


def few_images(rng: Rng) -> Made:
    """A small validation set: the score takes a few values only, and rises among them."""
    n = int(rng.integers(12, 40))
    of = int(rng.integers(20, 80))
    share = rng.uniform(0.15, 0.4) + rng.uniform(0.35, 0.5) * np.linspace(0, 1, n) ** 0.7
    y = np.rint(of * share + rng.normal(size=n) * 0.6) / of
    return _beside(rng, "val/accuracy", y.clip(0, 1), -1)


def long_warm_up(rng: Rng) -> Made:
    """The loss stands at that of guessing while the rate is still small."""
    n = size(rng, 20, 300)
    at = int(n * rng.uniform(0.1, 0.35))
    start = np.log(float(rng.choice([2, 4, 10, 1000])))
    y = np.full(n, start)
    y[at:] = start * (1 - rng.uniform(0.4, 0.9) * (1 - decay(rng, n - at)))
    y *= 1 + 0.004 * rng.normal(size=n)
    return "train/loss", {"train/loss": (steps(rng, n), y)}, -1, False


def unfinished_in_few(rng: Rng) -> Made:
    """A few evaluations of a loss that still falls, by more than their noise hides."""
    n = int(rng.integers(12, 24))
    fall = rng.uniform(0.1, 0.6)
    y = 1 - fall + fall * decay(rng, n) + fall * rng.uniform(0.005, 0.08) * rng.normal(size=n)
    return _beside(rng, "val/loss", rng.uniform(0.1, 5) * y, -1)


def succeeds_late(rng: Rng) -> Made:
    """Rewards of 0 or 1: none for long, and then ever more."""
    n = size(rng, 40, 400)
    t = np.linspace(0, 1, n)
    at = rng.uniform(0.2, 0.6)
    y = (rng.random(n) < rng.uniform(0.5, 0.95) * ((t - at) / (1 - at)).clip(0)).astype(float)
    return "episode/reward", {"episode/reward": (steps(rng, n), y)}, -1, False


def means_that_come_back(rng: Rng) -> Made:
    """A smooth mean of returns that sinks at first and is at its best at the end."""
    n = int(rng.integers(14, 40))
    t = np.linspace(-1, 1, n)
    y = rng.uniform(0.05, 0.2) * np.abs(t) ** rng.uniform(1, 2) + 0.02 * (1 + t)
    tag = "rollout/ep_rew_mean"
    return tag, {tag: (steps(rng, n), y + 0.003 * rng.normal(size=n))}, -1, False


PATIENT = (
    found_late,
    understood_late,
    few_images,
    long_warm_up,
    unfinished_in_few,
    succeeds_late,
    means_that_come_back,
)
