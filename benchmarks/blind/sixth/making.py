"""What the families of the sixth set share: curves, noise, and how troubles are dated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.windows import basin, flat, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log
    from benchmarks.blind.shapes import Array

    Steps = NDArray[np.int64]


def descent(t: Array, start: float, end: float, fast: float = 0.03, share: float = 0.6) -> Array:
    """From `start` at 0 to `end` at 1: a share of it fast, the rest in proportion to a log of time.

    Args:
        t: Shape (n,).
        start: Value at 0.
        end: Value at 1; a curve that rises where it is higher.
        fast: The time in which the fast share falls to 1/e.
        share: How much of the whole falls so fast.
    """
    quick = 1 - np.exp(-t / fast)
    slow = np.log1p(t / 0.1) / np.log1p(10)
    return start + (end - start) * (share * quick + (1 - share) * slow)


def ascent(t: Array, low: float, high: float, middle: float = 0.3, width: float = 0.09) -> Array:
    """An S from `low` at 0 to `high` at 1."""
    curve = 1 / (1 + np.exp(-(t - middle) / width))
    return low + (high - low) * (curve - curve[0]) / (curve[-1] - curve[0])


def pace(rng: np.random.Generator) -> float:
    """How fast this one of several alike runs learns, beside the others."""
    return float(np.exp(rng.uniform(np.log(0.5), np.log(2))))


def batch_factors(rng: np.random.Generator, n: int, share: float) -> Array:
    """Factors by which the losses of batches differ; one batch in a hundred is twice as far out."""
    spread = np.where(rng.random(n) < 0.01, 2 * share, share)
    return np.exp(np.clip(rng.normal(0, 1, n), -3, 3) * spread - share**2 / 2)


def lazy(rng: np.random.Generator, n: int, sd: float) -> Array:
    """Errors of which a third of the variance lasts from one evaluation to the next few."""
    return shapes.correlated(rng, n, sd * 0.58, 0.5) + rng.normal(0, sd * 0.81, n)


def right(rng: np.random.Generator, share: Array, of: int) -> Array:
    """Shares of so many examples that come out right."""
    return rng.binomial(of, np.clip(share, 0, 1)) / of


def episodes(rng: np.random.Generator, mean: Array, sd: Array | float, window: int = 20) -> Array:
    """The mean of the last so many noisy returns, each point being of one of them."""
    return shapes.moving_mean(mean + rng.normal(0, 1, len(mean)) * sd, window)


def norms(rng: np.random.Generator, level: Array | float, n: int, spread: float = 0.22) -> Array:
    """Gradient norms: log-normal around their level."""
    return level * np.exp(rng.normal(0, spread, n))


def cosine(t: Array, peak: float, warmup: float = 0.02) -> Array:
    """A rate as most configurations have it today."""
    return shapes.warmup_cosine(t, peak, warmup, 0.0)


def waits(log: Log, steps: Steps, seconds: float) -> None:
    """Each of these steps comes after an evaluation or a checkpoint."""
    for step in steps.tolist():
        log.pause(step, seconds)


def seconds_a_point(log: Log, every: int, seconds: float) -> None:
    """The time that lies between two points that are so many steps apart."""
    log.seconds_per_step = seconds / every


def until(t: Array, at: float) -> Array:
    """Time that stops at `at`: what follows it stands still from there on."""
    return np.minimum(t, at) / at


def stood(log: Log, tags: tuple[str, ...], steps: Steps, worse: Array, at: int, sd: float) -> None:
    """Labels a plateau that begins at the index `at`; for `worse` and `sd` see `windows.flat`."""
    log.true("plateau", tags, steps[at], flat(steps, worse, at, sd))


def turned(log: Log, tags: str | tuple[str, ...], steps: Steps, worse: Array, sd: float) -> None:
    """Labels an overfitting from the best point on; a noisy best is as right an onset."""
    best = int(np.argmin(worse))
    lowest, after = basin(steps, worse, sd), gradual(steps, worse, best, sd)
    window = (min(lowest[0], after[0]), max(lowest[1], after[1]))
    log.true("overfitting", tags, steps[best], window, best_window=lowest)
