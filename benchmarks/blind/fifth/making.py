"""What the families of the fifth set share: curves, noise and windows.

How noisy a point is follows from what it is: the loss of one batch varies by a share of itself, an
accuracy as its examples allow, the loss of one held-out set hardly but wanders, a mean of the last
hundred returns wanders most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.windows import basin, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log, Window
    from benchmarks.blind.shapes import Array


def fall(t: Array, start: float, end: float, knee: float = 0.01, exponent: float = 0.4) -> Array:
    """A power law from `start` at 0 to `end` at 1, rising where `end` is higher."""
    left = (1 + t / knee) ** -exponent
    last = (1 + 1 / knee) ** -exponent
    return end + (start - end) * (left - last) / (1 - last)


def settle(t: Array, start: float, end: float, rate: float = 3) -> Array:
    """An exponential approach that is at `end` at 1."""
    left = np.exp(-rate * t)
    return end + (start - end) * (left - np.exp(-rate)) / (1 - np.exp(-rate))


def batches(rng: np.random.Generator, n: int, share: float) -> Array:
    """Factors by which the losses of batches differ: skewed, and now and then one is far out.

    Their logarithms are of Student's t with six degrees of freedom, of variance `share`^2; none is
    further out than four times `share`.
    """
    return np.exp(share * np.clip(rng.standard_t(6, n) / np.sqrt(1.5), -4, 4))


def held_out(rng: np.random.Generator, n: int, sd: float) -> Array:
    """What one held-out set errs from evaluation to evaluation: half of it lasts for a few."""
    return shapes.correlated(rng, n, sd * 0.7, 0.6) + rng.normal(0, sd * 0.7, n)


def counted(rng: np.random.Generator, share: Array, examples: int) -> Array:
    """Shares of so many examples that are right."""
    return rng.binomial(examples, np.clip(share, 0, 1)) / examples


def linear(t: Array, peak: float, warmup: float = 0.05) -> Array:
    """A rate as the Trainer of Hugging Face lowers it: to zero at the end."""
    return shapes.warmup_linear(t, peak, warmup)


def turn(t: Array, best: float, start: float, low: float, end: float) -> Array:
    """A loss that falls to `low` at `best` and rises again to `end`."""
    down = low + (start - low) * np.clip(1 - t / best, 0, 1) ** 2
    up = (end - low) * np.clip((t - best) / (1 - best), 0, 1) ** 1.3
    return down + up


def turned(log: Log, tag: str, steps: NDArray[np.int64], worse: Array, sd: float) -> None:
    """Labels an overfitting that begins at the lowest point of the curve without its noise.

    Wherever the best of the noisy points may lie is right as an onset, too.
    """
    best = int(np.argmin(worse))
    lowest: Window = basin(steps, worse, sd)
    after: Window = gradual(steps, worse, best, sd)
    window = (min(lowest[0], after[0]), max(lowest[1], after[1]))
    log.true("overfitting", tag, steps[best], window, best_window=lowest)


def evaluations(log: Log, steps: NDArray[np.int64], seconds: float) -> None:
    """Each of these steps is preceded by an evaluation that takes so long."""
    for step in steps[1:].tolist():
        log.pause(step, seconds)


def exponents(
    rng: np.random.Generator, n: int, highest: float, every: int, start: float
) -> NDArray[np.float64]:
    """The exponent of a dynamic loss scale: halved at overflows, doubled after `every` points.

    Gradients overflow above about 2^`highest`, sooner or later.
    """
    scale, good = start, 0
    seen = np.empty(n)
    for i in range(n):
        if scale > highest + rng.normal(0, 0.7):
            scale, good = scale - 1, 0
        elif good == every:
            scale, good = scale + 1, 0
        else:
            good += 1
        seen[i] = scale
    return seen
