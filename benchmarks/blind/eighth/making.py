"""Noise, schedules and curves of the eighth set, and how its labels are dated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.windows import basin, gradual

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log, Window

    Array = NDArray[np.float64]

MEMORY = 0.3  # correlation of neighbouring evaluations, about that of real validation losses


def noise(
    rng: np.random.Generator, n: int, sd: float, memory: float = MEMORY, freedom: float = 5
) -> Array:
    """Student's t with a memory: an AR(1) process whose standard deviation is `sd`."""
    shocks = rng.standard_t(freedom, n) * sd * np.sqrt((1 - memory**2) * (freedom - 2) / freedom)
    shocks[0] /= np.sqrt(1 - memory**2)
    for i in range(1, n):
        shocks[i] += memory * shocks[i - 1]
    return shocks


def lasting(sd: float, memory: float = MEMORY) -> float:
    """The independent noise whose means vary as much as those of noise with a memory."""
    return sd * float(np.sqrt((1 + memory) / (1 - memory)))


def jitter(rng: np.random.Generator, curve: ArrayLike, share: float, memory: float = 0.2) -> Array:
    """A positive curve with noise in proportion to it, as losses have."""
    curve = np.asarray(curve, np.float64)
    return curve * np.exp(noise(rng, len(curve), share, memory, 6))


def counted(rng: np.random.Generator, chance: ArrayLike, examples: int) -> Array:
    """Shares of so many examples that came out right."""
    return rng.binomial(examples, np.clip(chance, 0, 1)) / examples


def interval(longer: NDArray[np.int64], every: int) -> NDArray[np.int64]:
    """The steps at which an evaluation runs that runs at multiples of `every`."""
    return np.arange(every, int(longer[-1]) + 1, every, dtype=np.int64)


def at(steps: NDArray[np.int64], known: NDArray[np.int64], curve: Array) -> Array:
    """A curve at other steps."""
    return np.interp(steps, known, curve)


def linear(t: Array, peak: float, warmup: float = 0.05) -> Array:
    """Warm-up and linear decay to zero, the default of many fine-tunings."""
    return peak * np.minimum(t / warmup, (1 - t) / (1 - warmup)).clip(0)


def cosine(t: Array, peak: float, warmup: float = 0.03, end: float = 0.1) -> Array:
    """Warm-up and half a cosine."""
    after = np.clip((t - warmup) / (1 - warmup), 0, 1)
    decayed = peak * (end + (1 - end) * (1 + np.cos(np.pi * after)) / 2)
    return np.where(t < warmup, peak * t / warmup, decayed)


def learned(t: Array, start: float, end: float, haste: float = 6, late: float = 0.25) -> Array:
    """Fast at first, and for `late` of the way slowly to the very end."""
    return end + (start - end) * ((1 - late) * np.exp(-haste * t) + late * (1 - t))


def turned(t: Array, best: float, fall: float, rise: float, low: float) -> Array:
    """Falls by `fall` to about `low`, and from `best` on rises by `rise`: an overfitted loss."""
    return (
        low + fall * np.exp(-6 * t / best) + rise * np.clip((t - best) / (1 - best), 0, None) ** 1.2
    )


def says_overfitting(
    log: Log,
    tags: str | tuple[str, ...],
    steps: NDArray[np.int64],
    worse: Array,
    sd: float,
    also: tuple[str, ...] = ("divergence",),
) -> None:
    """Labels a U: the onset may be told as the best step, or as where it is seen to rise."""
    lowest = int(np.argmin(worse))
    best = basin(steps, worse, sd)
    window = both(best, gradual(steps, worse, lowest, sd))
    log.true("overfitting", tags, int(steps[lowest]), window, best_window=best, also=also)


def both(one: Window, other: Window) -> Window:
    """The window that spans two."""
    return min(one[0], other[0]), max(one[1], other[1])


def from_the_start(steps: NDArray[np.int64]) -> Window:
    """What each line of a log tells is dated within its first fifth."""
    return int(steps[0]), int(steps[max(len(steps) // 5, 1)])


def beside_the_gap(steps: NDArray[np.int64], index: int) -> Window:
    """A stall is dated by the points on either side of it."""
    return int(steps[max(index - 2, 0)]), int(steps[min(index + 1, len(steps) - 1)])
