"""What frameworks write beside a loss, in the fourteenth set, and how a drift is dated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import both, counted, jitter
from benchmarks.blind.shapes import moving_mean, times
from benchmarks.blind.thirteenth.making import noise, third
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Tags = str | tuple[str, ...]


def near(
    log: Log, rng: np.random.Generator, tag: str, steps: Steps, curve: ArrayLike, share: float
) -> None:
    """Adds a positive series with noise in proportion to it."""
    log.add(tag, steps, jitter(rng, np.broadcast_to(np.asarray(curve), steps.shape), share))


def about(
    log: Log, rng: np.random.Generator, tag: str, steps: Steps, curve: ArrayLike, sd: float
) -> None:
    """Adds a series whose noise is the same everywhere."""
    log.add(tag, steps, np.asarray(curve) + noise(rng, len(steps), sd))


def scores(
    log: Log, rng: np.random.Generator, tag: str, steps: Steps, chance: ArrayLike, examples: int
) -> None:
    """Adds shares of so many examples that came out right."""
    log.add(tag, steps, counted(rng, np.broadcast_to(np.asarray(chance), steps.shape), examples))


def hugging(log: Log, rng: np.random.Generator, steps: Steps, rate: Array, norm: ArrayLike) -> None:
    """Adds what the Trainer of Hugging Face logs beside the training loss."""
    near(log, rng, "train/grad_norm", steps, norm, 0.25)
    log.add("train/learning_rate", steps, rate)
    log.add("train/epoch", steps, times(len(steps)) * max(len(steps) // 60, 1))


def settling(t: Array, level: float) -> Array:
    """A gradient norm, high before the warm-up is over."""
    return level * (1 + 6 * np.exp(-t / 0.015))


def index_of(t: Array, share: float) -> int:
    """The first point at or after a share of the run."""
    return int(np.argmax(t >= share))


def averaged(values: Array, points: int = 20) -> Array:
    """What a logger shows that tells the mean of its last so many values."""
    return moving_mean(values, points)


def turns(
    log: Log,
    kind: str,
    tags: Tags,
    steps: Steps,
    worse: Array,
    made: int,
    sd: float,
    also: tuple[str, ...] = (),
) -> None:
    """Labels a slow change for the worse on a curve that may still get better when it begins.

    It may be dated where it was made to begin, or from the lowest point on.
    """
    lowest = made + int(np.argmin(worse[made:]))
    window = both(gradual(steps, worse, lowest, sd), third(steps, worse, lowest))
    window = both(window, abrupt(steps, made))
    log.true(kind, tags, int(steps[made]), window, also=also)
