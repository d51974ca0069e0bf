"""What the logs of this set are made of: coarse, rounded, with neighbours that err alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def grain(
    rng: np.random.Generator, n: int, sd: float, rho: float = 0.3, freedom: float = 5
) -> Array:
    """Noise with a memory of one point and tails of Student's t."""
    shocks = sd * rng.standard_t(freedom, n) * np.sqrt((freedom - 2) / freedom)
    shocks[1:] *= np.sqrt(1 - rho**2)
    for i in range(1, n):
        shocks[i] += rho * shocks[i - 1]
    return shocks


def dirt(rng: np.random.Generator) -> float:
    """How much noisier than others of its family a run is: by a half less to twice as much."""
    return float(np.clip(np.exp(rng.normal(0, 0.4)), 0.5, 2))


def felt(sd: float, rho: float = 0.3) -> float:
    """The noise of independent points whose means vary as much as those of `grain`."""
    return float(sd * np.sqrt((1 + rho) / (1 - rho)))


def bend(n: int, start: float, end: float, quick: float = 8, power: float = 1) -> Array:
    """From `start` to `end`, quickly at first; it still goes on a little at the end."""
    share = (1 + quick * np.linspace(0, 1, n)) ** -power
    return end + (start - end) * (share - share[-1]) / (share[0] - share[-1])


def settle(n: int, start: float, end: float, rate: float = 5) -> Array:
    """From `start` towards `end`; at rate 5 the last third is level."""
    return end + (start - end) * np.exp(-rate * np.linspace(0, 1, n))


def since(n: int, index: int) -> Array:
    """How much of what is left after `index` has passed: 0 until there, 1 at the end."""
    return np.clip((np.arange(n) - index) / max(n - 1 - index, 1), 0, 1)


def places(values: Array, digits: int) -> Array:
    """Rounded as `print(f"{value:.4f}")` does."""
    return np.round(values, digits)


def significant(values: Array, digits: int) -> Array:
    """Rounded as `print(f"{value:.4g}")` does."""
    return np.array([float(f"{value:.{digits}g}") for value in values.tolist()])


def scored(rng: np.random.Generator, share: Array, of: int, rho: float = 0.3) -> Array:
    """Shares of a set of so many examples, the same each time: about 0.6 of binomial noise."""
    sd = 0.6 * np.sqrt(np.clip(share * (1 - share), 1e-4, None) / of)
    noisy = share + sd * grain(rng, len(share), 1, rho, 8)
    return np.round(np.clip(noisy, 0, 1) * of) / of


def count(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    return int(rng.integers(low, high + 1))


def ends_of_epochs(n: int, batches: int) -> Steps:
    """The global steps at which so many epochs end."""
    return np.arange(1, n + 1, dtype=np.int64) * batches - 1


def every(total: int, interval: int) -> Steps:
    """All multiples of `interval` up to `total`."""
    return np.arange(interval, total + 1, interval, dtype=np.int64)


def kept_until(worse: Array, patience: int) -> int:
    """After how many epochs `EarlyStopping` ends a run."""
    best = 0
    for i in range(len(worse)):
        if worse[i] < worse[best]:
            best = i
        if i - best >= patience:
            return i + 1
    return len(worse)


class Reduced(NamedTuple):
    """A run under ReduceLROnPlateau: losses as seen, without their noise, and rates."""

    seen: Array
    level: Array
    rate: Array


def reduced(
    rng: np.random.Generator,
    n: int,
    levels: tuple[float, float, float],
    noise: float,
    *,
    rate: float,
    factor: float = 0.5,
    patience: int = 4,
) -> Reduced:
    """What a rate still shakes is lost when it is cut, and so is much of the noise.

    Args:
        rng: Whose numbers.
        n: How many epochs.
        levels: Where the loss starts, its floor, and how far above that the first rate keeps it.
        noise: Relative, at the first rate.
        rate: The first.
        factor: By which it is cut.
        patience: How many epochs without a new best are borne.
    """
    level, floor, above = levels
    best, waited, now = np.inf, 0, rate
    rows = []
    shocks = grain(rng, n, noise, 0.2)
    for i in range(n):
        shaken = np.sqrt(now / rate)
        level += 0.28 * (floor + above * shaken - level) if i else 0
        seen = level * np.exp(shaken * shocks[i])
        rows.append((seen, level, now))
        waited = 0 if seen < best * (1 - 1e-4) else waited + 1
        best = min(best, seen)
        if waited > patience:
            now, waited = max(now * factor, 1e-6), 0
    return Reduced(*np.array(rows).T)
