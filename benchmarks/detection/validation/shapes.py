"""Shapes and noise of the validation families."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.detection.curves import Array, Steps

Made = tuple[str, Mapping[str, tuple[Steps, Array]], int, bool]
Rng = np.random.Generator


def length(rng: Rng, low: int = 80, high: int = 4000) -> int:
    return int(low * (high / low) ** rng.random())


def moving_average(rng: Rng, n: int) -> Array:
    """Noise that a logger's running mean of the last few batches leaves."""
    window = int(rng.integers(2, max(3, min(10, n // 40))))
    raw = np.convolve(rng.normal(size=n + window), np.ones(window) / np.sqrt(window), "valid")
    return np.asarray(raw[:n])


def contaminated(rng: Rng, n: int) -> Array:
    return np.asarray(rng.normal(size=n) * np.where(rng.random(n) < 0.03, 6.0, 1.0))


def skewed(rng: Rng, n: int) -> Array:
    return (rng.gamma(2.0, size=n) - 2) / 2**0.5


def hum(rng: Rng, n: int) -> Array:
    makers = (moving_average, contaminated, skewed, lambda rng, n: rng.uniform(-1.7, 1.7, n))
    return np.asarray(makers[rng.integers(0, len(makers))](rng, n))


def descent(rng: Rng, n: int) -> Array:
    """From 1 towards 0, still falling at the end."""
    t = np.arange(1, n + 1) / n
    kind = int(rng.integers(0, 4))
    if kind == 0:
        y = np.exp(-((t / 0.3) ** rng.uniform(0.35, 0.6)))
    elif kind == 1:
        y = 1 / (1 + rng.uniform(3, 10) * t)
    elif kind == 2:
        y = -np.log(t * 0.98 + 0.01)
    else:
        y = (1 - t * 0.9) ** rng.uniform(1.0, 1.6)
    return np.asarray((y - y.min()) / (y.max() - y.min()))


def run(rng: Rng, y: Array, onset: int = -1, *, sudden: bool = False, tag: str = "") -> Made:
    names = ["Loss/total", "metrics/train_nll", "trainLoss", "ppl", "eval/wer", "val/mae"]
    every = int(rng.choice([1, 5, 25, 250]))
    x = (np.arange(len(y), dtype=np.int64) + 1) * every
    if rng.random() < 0.2:
        x = np.sort(rng.choice(len(y) * 5, len(y), replace=True)).astype(np.int64)
    if not tag and rng.random() < 0.25:
        tag, y = str(rng.choice(["test/auroc", "score", "episode_return", "BLEU"])), -y
    tag = tag or str(rng.choice(names))
    return (
        tag,
        {tag: (x, 10 ** rng.uniform(-3, 3) * (y + rng.choice([0, 0.3, 3, -2])))},
        onset,
        sudden,
    )


def bounded(rng: Rng, y: Array, most: float) -> float:
    """Noise under which what falls in the last third is eight standard errors of its trend."""
    n = len(y)
    seen = float(y[2 * n // 3] - y[-1]) * float(n / 36) ** 0.5
    return float(min(most, seen / 16))


def until(rng: Rng, n: int, low: float = 0.2, high: float = 0.85) -> tuple[int, Array]:
    at = int(n * rng.uniform(low, high))
    y = descent(rng, n)
    y[at:] = y[at]
    return at, y


PAIRS = [
    ("Train/Loss", "Valid/Loss"),
    ("train/cross_entropy", "eval/cross_entropy"),
    ("loss/train", "loss/validation"),
    ("train_loss_epoch", "val_loss"),
    ("epoch_loss", "epoch_val_loss"),
]
