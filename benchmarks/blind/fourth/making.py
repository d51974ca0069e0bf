"""Schedules and noise that several families of the fourth set share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]


def factors(rng: np.random.Generator, n: int, spread: float) -> Array:
    """Log-normal factors of median one."""
    return np.exp(rng.normal(0, spread, n))


def volatile(rng: np.random.Generator, n: int, sd: float, memory: float = 0.97) -> Array:
    """Noise whose size wanders: calm stretches and rough ones, as data of many sources make."""
    return rng.normal(0, sd, n) * np.exp(shapes.correlated(rng, n, 0.5, memory) - 0.25)


def to_unit(values: ArrayLike, unit: float) -> Array:
    """What is left of values that are logged in multiples of a unit."""
    return np.round(np.asarray(values, np.float64) / unit) * unit


def warm_cosine(t: Array, peak: float, warm: float = 0.03, floor: float = 0.0) -> Array:
    """Linear warm-up, then half a cosine down to the floor."""
    down = np.clip((t - warm) / (1 - warm), 0, 1)
    cosine = floor + (peak - floor) * (1 + np.cos(np.pi * down)) / 2
    return np.where(t < warm, peak * (t + 1e-3) / (warm + 1e-3), cosine)


def warm_linear(t: Array, peak: float, warm: float = 0.05) -> Array:
    """Linear warm-up, then linearly down to zero, as transformers does by default."""
    return peak * np.minimum((t + 1e-3) / (warm + 1e-3), (1 - t) / (1 - warm))


def stairs_of(t: Array, start: float, factor: float, at: tuple[float, ...]) -> Array:
    """A value that is multiplied at each of these times."""
    return start * factor ** np.searchsorted(at, t, side="right").astype(np.float64)


def checkpoints(log: Log, rng: np.random.Generator, steps: NDArray[np.int64], count: int) -> None:
    """Every so often the trainer waits for a checkpoint, for a minute or so."""
    every = max(len(steps) // count, 1)
    for step in steps[every::every].tolist():
        log.pause(step, float(rng.gamma(9, 7)))


def index_at(n: int, share: float) -> int:
    """The point at this share of the run, away from both ends."""
    return min(max(round(share * (n - 1)), 3), n - 4)
