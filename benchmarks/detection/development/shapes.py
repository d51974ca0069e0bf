"""Shapes and noise of the development families."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.detection.curves import (
    Array,
    Steps,
    decay,
    size,
)

Made = tuple[str, Mapping[str, tuple[Steps, Array]], int, bool]
Rng = np.random.Generator


def noise_scale(rng: Rng) -> float:
    """Noise as a part of the whole descent."""
    return float(10.0 ** rng.uniform(-2.5, -0.8))


def base(rng: Rng, low: int = 60, high: int = 3000) -> tuple[int, Array]:
    n = size(rng, low, high)
    y = decay(rng, n)
    return n, y


PAIRS = [
    ("train/loss", "val/loss"),
    ("Loss/train", "Loss/test"),
    ("loss", "val_loss"),
    ("train_loss", "eval_loss"),
]
