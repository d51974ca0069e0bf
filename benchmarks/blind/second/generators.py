"""Curves and noise after mechanisms: what descent, scalers and populations do by themselves.

`t` runs from 0 to 1 over the run, as in `benchmarks.blind.shapes`, whose clocks are used here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def spectral(t: Array, start: float, end: float, speed: float = 60, tail: float = 1.5) -> Array:
    """Descent on a quadratic whose curvatures follow a power law: each mode decays at its own rate.

    Args:
        t: Shape (n,).
        start: Value at 0.
        end: What is left for ever.
        speed: How often the stiffest mode decays in the run.
        tail: How fast curvatures fall off; the slowest mode decays `32**-tail` times as fast.
    """
    k = np.arange(1, 33)
    weights = k**-0.9 / np.sum(k**-0.9)
    return end + (start - end) * np.exp(-np.outer(t, speed * k**-tail)) @ weights


def hill(t: Array, start: float, end: float, half: float = 0.2, power: float = 1.6) -> Array:
    """Saturation: half of the way at `half`, and never quite there."""
    return start + (end - start) * t**power / (t**power + half**power)


def stairs(t: Array, start: float, drops: dict[float, float], width: float = 0.012) -> Array:
    """Falls by each of the drops around its time, and is level between (Saxe et al. 2014)."""
    return start - sum(drop * (1 + np.tanh((t - at) / width)) / 2 for at, drop in drops.items())


def spreading(t: Array, first: float, rate: float) -> Array:
    """The share of a population that has what pays, from `first` on (replicator dynamics)."""
    return 1 / (1 + (1 - first) / first * np.exp(-rate * t))


def pink(rng: np.random.Generator, n: int, sd: float) -> Array:
    """Noise of all time scales alike, 1/f: what shared clusters and shuffled shards add."""
    spectrum = np.fft.rfft(rng.normal(0, 1, n))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, n)
    return sd * noise / max(float(noise.std()), 1e-12)


def batch(rng: np.random.Generator, n: int, spread: float) -> Array:
    """Factors of mean one, gamma-distributed: losses of small batches lean to the right."""
    return rng.gamma(spread**-2, spread**2, n)


def skewed(rng: np.random.Generator, n: int, spread: float) -> Array:
    """Factors of median one, log-normal: times and norms."""
    return np.exp(rng.normal(0, spread, n))


def pointed(rng: np.random.Generator, n: int, sd: float) -> Array:
    """Laplace's noise: mostly small, now and then far out."""
    return rng.laplace(0, sd / np.sqrt(2), n)


def shares(rng: np.random.Generator, of: int, probability: Array) -> Array:
    """How many of so many succeed, as a share."""
    return rng.binomial(of, np.clip(probability, 0, 1)) / of


def loss_scale(limits: Array, start: float, interval: int, floor: float = -126) -> Array:
    """A dynamic loss scale, as an exponent of two.

    It is halved where it is above what the gradients bear and doubled after `interval` good points
    (Micikevicius et al. 2018, as PyTorch's GradScaler and DeepSpeed do).

    Args:
        limits: The largest exponent that does not overflow, at each point; shape (n,).
        start: The exponent at first.
        interval: Points without an overflow after which it is doubled.
        floor: The smallest exponent that is allowed.
    """
    exponents = np.empty(len(limits))
    exponent, good = start, 0
    for i, limit in enumerate(limits.tolist()):
        exponents[i] = exponent
        if exponent > limit:
            exponent, good = max(exponent - 1, floor), 0
        elif (good := good + 1) == interval:
            exponent, good = exponent + 1, 0
    return exponents


class Memorised(NamedTuple):
    """Losses of a model that learns the noise of its labels, without noise of evaluation.

    Attributes:
        train: From one to nearly zero; shape (n,).
        worse: From `fall` to zero at its best, then up to `rise`; shape (n,).
        best: Index of the best point.
    """

    train: Array
    worse: Array
    best: int


def memorised(rng: np.random.Generator, t: Array, at: float, fall: float, rise: float) -> Memorised:
    """Linear regression by gradient flow on noisy labels, in the eigenbasis of its inputs.

    Each direction is learnt at the rate of its variance, the signal in the wide ones before the
    noise in the narrow ones (Advani and Saxe 2017); the sides of the curve are stretched to `fall`
    and `rise`.

    Args:
        rng: Draws signal and noise.
        t: Shape (n,).
        at: Where in the run the best point lies.
        fall: Height of the start above the best.
        rise: Height of the end above the best.
    """
    variances = np.geomspace(1, 0.003, 60)
    signal = rng.normal(0, 1, 60) * np.sqrt(np.minimum(variances / 0.2, 1))
    noise = rng.normal(0, 0.25, 60) / np.sqrt(variances)

    def losses(time: Array) -> tuple[Array, Array]:
        left = np.exp(-np.outer(time, variances))
        train = left**2 @ (variances * (signal + noise) ** 2)
        return train, ((1 - left) * noise - left * signal) ** 2 @ variances

    fine = np.geomspace(0.05, 400, 4000)
    best = fine[np.argmin(losses(fine)[1])]
    train, test = losses(t * best / at)
    lowest = int(np.argmin(test))
    worse = test - test[lowest]
    before = np.arange(len(t)) < lowest
    worse = np.where(
        before, fall * worse / max(worse[0], 1e-9), rise * worse / max(worse[-1], 1e-9)
    )
    return Memorised(train / train[0], worse, lowest)


def blocks(n: int, parts: int) -> tuple[NDArray[np.int64], Array]:
    """Which of the parts a point is in, and how far, where parts need not divide the points."""
    position = np.arange(n) * parts / n
    number = position.astype(np.int64)
    return number, position - number
