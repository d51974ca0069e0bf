"""Curves and noise that real training logs are made of; `t` runs from 0 to 1 over the run.

Typical noise beside the whole change of a curve, from 742 series of real event files: losses
0.005 to 0.4 (median 0.06), accuracies 0.005 to 0.4 (0.09), returns 0.1 to 4 (0.9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def times(n: int) -> Array:
    return np.linspace(0, 1, n)


def steps(n: int, every: int = 1, first: int | None = None) -> NDArray[np.int64]:
    """The steps at which a loop logs that logs every so many."""
    return np.arange(n, dtype=np.int64) * every + (every if first is None else first)


def whole(rng: np.random.Generator, low: float, high: float) -> int:
    """A count between two, as likely in each octave."""
    return round(np.exp(rng.uniform(np.log(low), np.log(high))))


def white(rng: np.random.Generator, n: int, sd: float) -> Array:
    return rng.normal(0, sd, n)


def correlated(rng: np.random.Generator, n: int, sd: float, rho: float) -> Array:
    """A stationary AR(1) process: neighbouring points err alike."""
    noise = rng.normal(0, sd * np.sqrt(1 - rho**2), n)
    noise[0] = rng.normal(0, sd)
    for i in range(1, n):
        noise[i] += rho * noise[i - 1]
    return noise


def heavy(rng: np.random.Generator, n: int, sd: float, freedom: float = 3) -> Array:
    """Student's t: a batch now and then is far out."""
    return sd * rng.standard_t(freedom, n) / 1.7


def power_law(t: Array, start: float, floor: float, exponent: float = 0.3, knee=0.002) -> Array:
    """What language models' losses follow; it still falls at the end."""
    return floor + (start - floor) * (1 + t / knee) ** -exponent


def approach(t: Array, start: float, end: float, rate: float = 3) -> Array:
    """Exponential approach; at rate 3 a twentieth is left at the end."""
    return end + (start - end) * np.exp(-rate * t)


def logistic(t: Array, low: float, high: float, middle: float, width: float) -> Array:
    return low + (high - low) / (1 + np.exp(-(t - middle) / width))


def warmup_cosine(t: Array, peak: float, warmup: float = 0.03, end: float = 0.1) -> Array:
    after = np.clip((t - warmup) / (1 - warmup), 0, 1)
    cosine = peak * (end + (1 - end) * (1 + np.cos(np.pi * after)) / 2)
    return np.where(t < warmup, peak * t / warmup, cosine)


def warmup_linear(t: Array, peak: float, warmup: float = 0.06) -> Array:
    """To zero at the very end, as the Trainer of Hugging Face does by default."""
    return peak * np.clip(np.minimum(t / warmup, (1 - t) / (1 - warmup)), 0, 1)


def cycle(t: Array, cycles: int) -> tuple[NDArray[np.int64], Array]:
    """Which of the equal cycles it is, and how far in."""
    number = np.minimum((t * cycles).astype(np.int64), cycles - 1)
    return number, t * cycles - number


def decay_after(n: int, index: int, height: float, points: float) -> Array:
    """A jump at `index` that dies away within so many points."""
    since = np.arange(n) - index
    return np.where(since >= 0, height * np.exp(-np.maximum(since, 0) / points), 0.0)


def ramp_after(t: Array, onset: float, height: float, bend: float = 1) -> Array:
    """Zero until `onset`, then rising to `height` at the end."""
    return height * np.clip((t - onset) / (1 - onset), 0, 1) ** bend


def moving_mean(values: Array, points: int) -> Array:
    """The mean of the last so many values, as a logger of episodes keeps it."""
    sums = np.cumsum(np.insert(values, 0, 0.0))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - points, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)
