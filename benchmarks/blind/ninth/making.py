"""Clocks, losses and windows of the ninth set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import jitter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log, Window

    Array = NDArray[np.float64]


def paced(log: Log, steps: NDArray[np.int64], seconds: Array) -> None:
    """Lets the steps up to each point take so many seconds each."""
    log.seconds_per_step = float(seconds[0])
    for step, ratio in zip(steps[1:].tolist(), (seconds[1:] / seconds[:-1]).tolist(), strict=True):
        log.slower(step, ratio)


def rounded(values: ArrayLike, digits: int) -> Array:
    """To so many significant digits, as many loops write numbers."""
    values = np.asarray(values, np.float64)
    size = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(values), 1e-30))) - digits + 1)
    return np.round(values / size) * size


def taught(rate: Array, usual: float, start: float, end: float) -> Array:
    """A loss that falls by what the rates have summed up to.

    Args:
        rate: The rate at each point.
        usual: The mean rate with which it would come from `start` near `end` within the run.
        start: The loss before training.
        end: What it could come to.
    """
    work = np.cumsum(rate) / (usual * len(rate))
    return end + (start - end) * (0.7 * np.exp(-7 * work) + 0.3 * np.exp(-work))


def train_loss(rng: np.random.Generator, n: int, start: float, end: float, sd: float) -> Array:
    """An ordinary loss that still falls at its end, with noise in proportion to it."""
    return rounded(jitter(rng, taught(np.ones(n), 1.0, start, end), sd), 4)


def spells(rng: np.random.Generator, n: int, count: int, length: float, height: float) -> Array:
    """Factors of a busy machine: a few spells, all over before the last fifth of the run."""
    factors = np.ones(n)
    for middle in (np.arange(count) + rng.uniform(0.3, 0.7, count)) / count * 0.7:
        first = int(middle * n)
        last = first + max(2, round(rng.uniform(0.5, 1) * length * n))
        factors[first:last] = rng.uniform(0.6, 1) * (height - 1) + 1
    return factors


def dwindled(steps: NDArray[np.int64], rate: Array, first: int, share: float = 1e-3) -> Window:
    """From where a rate leaves its way to where no more than a share of its highest is left."""
    last = int(np.flatnonzero(rate > share * rate.max())[-1]) + 1
    return steps[max(first - 2, 0)], steps[min(last + 2, len(steps) - 1)]


def near_nothing(steps: NDArray[np.int64], rate: Array, share: float = 0.02) -> Window:
    """From where next to nothing is left of a rate to where it is at its lowest, for good."""
    first = int(np.flatnonzero(rate > share * rate.max())[-1]) + 1
    return dwindled(steps, rate - rate.min(), first)
