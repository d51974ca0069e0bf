"""Pairs of which the validation series says little alone, and the gap to its twin the rest."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.curves import Array, decay, steps
from benchmarks.detection.development.shapes import PAIRS, Made, Rng


def _beside(rng: Rng, val: Array, at: int, least: float, most: float) -> Made:
    """A validation series beside a training series that falls by a factor all the while."""
    n = len(val)
    train = np.exp(-rng.uniform(least, most) * np.arange(n) / n) * np.exp(0.02 * rng.normal(size=n))
    x = steps(rng, n)
    a, b = PAIRS[rng.integers(0, len(PAIRS))]
    scale = 10.0 ** rng.uniform(-2, 1)
    return b, {a: (x, scale * train), b: (x, scale * val)}, at, False


# ---- overfitting


def rises_in_its_noise(rng: Rng) -> Made:
    """The rise is three to six times the noise of its points; training comes to a fraction."""
    n = int(rng.integers(14, 61))
    at = int(n * rng.uniform(0.2, 0.4))
    fall = np.clip(at - np.arange(n), 0, None) / at
    back = np.clip(np.arange(n) - at, 0, None) / (n - 1 - at)
    sigma = rng.uniform(0.04, 0.12)
    rise = rng.uniform(3, 4.5) if n > 30 else rng.uniform(4, 6)
    y = sigma * (rng.uniform(4, 10) * fall**1.5 + rise * back + rng.normal(size=n))
    return _beside(rng, np.exp(y), at, 1, 4)


def worse_from_each_to_the_next(rng: Rng) -> Made:
    """Five to seven epochs of a fine-tuning, the first of which was the best."""
    n = int(rng.integers(5, 8))
    rise = rng.uniform(0.4, 1) * (np.arange(n) / (n - 1)) ** rng.uniform(0.8, 1.3)
    return _beside(rng, (1 + rise) * np.exp(0.01 * rng.normal(size=n)), 0, 1, 4)


# ---- collapse


def nothing_is_validated(rng: Rng) -> Made:
    """The loader of validation has no batches, or the loss is never added up."""
    n = int(rng.integers(5, 100))
    return _beside(rng, np.zeros(n), 0, 1, 4)


# ---- sound


def rests_in_noise(rng: Rng) -> Made:
    """Too few evaluations to call it a plateau, at rest since the first while training goes on."""
    n = int(rng.integers(5, 12))
    y = 1 + rng.uniform(0.2, 0.5) * np.exp(-rng.uniform(1, 4) * np.arange(n))
    return _beside(rng, y * np.exp(rng.uniform(0.01, 0.15) * rng.normal(size=n)), -1, 0.3, 4)


def validation_falls_slower(rng: Rng) -> Made:
    """Both still fall, training to a fraction, validation by some ten times its noise."""
    n = int(rng.integers(8, 61))
    sigma = rng.uniform(0.02, 0.1)
    y = 1 + sigma * (rng.uniform(8, 16) * decay(rng, n) + rng.normal(size=n))
    return _beside(rng, y, -1, 1, 4)


def a_term_is_off_in_validation(rng: Rng) -> Made:
    """What regularises is not added where nothing is trained: zero by design."""
    n = int(rng.integers(5, 100))
    x = steps(rng, n)
    train, val = (decay(rng, n) + 0.05 + 0.01 * np.abs(rng.normal(size=n)) for _ in range(2))
    term = str(rng.choice(["aux_loss", "distill_loss", "loss_consistency", "mixup_loss"]))
    series = {"train_loss": (x, train), f"train_{term}": (x, 0.3 * train)}
    series |= {"val_loss": (x, 1.1 * val), f"val_{term}": (x, np.zeros(n))}
    return f"val_{term}", series, -1, False


GAPS = {
    "overfitting": (rises_in_its_noise, worse_from_each_to_the_next),
    "collapse": (nothing_is_validated,),
    "healthy": (rests_in_noise, validation_falls_slower, a_term_is_off_in_validation),
}
