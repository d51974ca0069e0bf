"""Noise, schedules and habits of loops that the runs of the third set are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log, Window

    Array = NDArray[np.float64]


def batches(
    rng: np.random.Generator, n: int, sd: float, rho: float = 0.0, far: float = 0.0
) -> Array:
    """What batches add: white or correlated, a share `far` of them four times as far out."""
    noise = shapes.correlated(rng, n, sd, rho) if rho else rng.normal(0, sd, n)
    return noise * np.where(rng.random(n) < far, 4.0, 1.0)


def factor(
    rng: np.random.Generator, n: int, spread: float, rho: float = 0.0, far: float = 0.0
) -> Array:
    """What batches multiply by: log-normal, of mean one but for the far ones."""
    return np.exp(batches(rng, n, spread, rho, far) - spread**2 / 2)


def counted(rng: np.random.Generator, chance: Array, of: int) -> Array:
    """Which share of so many tries succeeds: in steps of 1/of, noisiest about one half."""
    return rng.binomial(of, np.clip(chance, 0, 1)) / of


def bfloat16(values: Array) -> Array:
    """Eight significant bits, as a loss that is logged before it is cast."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 256) / 256, exponent)


def cosine(t: Array, peak: float, warmup: float = 0.02, floor: float = 0.1) -> Array:
    """A linear warm-up, and half a cosine down to a share of the peak."""
    down = np.clip((t - warmup) / (1 - warmup), 0, 1)
    decay = floor + (1 - floor) * (1 + np.cos(np.pi * down)) / 2
    return peak * np.where(t < warmup, t / warmup, decay)


def staircase(t: Array, start: float, times: tuple[float, ...], factor: float = 0.1) -> Array:
    """A rate that is multiplied at some times, as MultiStepLR does."""
    return start * factor ** np.sum([t >= time for time in times], axis=0)


def settling(t: Array, at: float, drop: float, within: float = 0.03) -> Array:
    """Zero before `at`, then falling by `drop` within about so long."""
    return -drop * (1 - np.exp(-np.maximum(t - at, 0) / within))


def bump(t: Array, at: float, height: float, within: float) -> Array:
    """A jump at `at` that dies away within about so long."""
    since = t - at
    return np.where(since >= 0, height * np.exp(-np.maximum(since, 0) / within), 0.0)


def dynamic_scale(
    rng: np.random.Generator, n: int, start: float, top: float, patience: float
) -> Array:
    """log2 of a dynamic loss scale: too high at first, then doubled until it overflows.

    It is halved wherever it exceeds `top`, which is what the gradients bear, and doubled after
    about `patience` points without that.
    """
    scale, since = start, 0
    scales = np.empty(n)
    for i, bears in enumerate(top + rng.normal(0, 0.5, n)):
        since += 1
        if scale > bears:
            scale, since = scale - 1, 0
        elif since >= patience:
            scale, since = scale + 1, 0
        scales[i] = scale
    return scales


def shared_cluster(log: Log, rng: np.random.Generator, steps: NDArray[np.int64]) -> None:
    """Now and then a point comes late, by up to three times what lies between two."""
    usual = float(np.median(np.diff(steps))) * log.seconds_per_step
    for step in rng.choice(steps[1:], max(len(steps) // 60, 1), replace=False):
        log.pause(int(step), usual * rng.uniform(0.5, 3))


def evaluations(log: Log, at: NDArray[np.int64], seconds: float) -> None:
    """The loop waits for each evaluation."""
    for step in at.tolist():
        log.pause(step, seconds)


def until(window: Window, *steps: int) -> Window:
    """The window, and these steps too: those of a series that is logged more rarely."""
    return min(window[0], *steps), max(window[1], *steps)


def next_of(steps: NDArray[np.int64], step: int) -> int:
    """The first of these steps at or after another."""
    return int(steps[min(int(np.searchsorted(steps, step)), len(steps) - 1)])
