"""Labelled training curves, made from seeds: what a detector should find, and where.

A `Curve` holds the series of one run, what is wrong with it, and where that begins. Two sets of
families live in ``development.py`` and ``validation.py``: the thresholds of tbtools were chosen on
the first; the second has other shapes, other noise and other faults, and is only reported.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Curve:
    """The series of one run with its label.

    Attributes:
        family: The family that made it.
        seed: Its number in the family.
        kind: ``divergence``, ``nonfinite``, ``plateau``, ``overfitting`` or ``healthy``.
        tag: The series that the label is about.
        series: Steps and values by tag.
        onset: Index of the first point of the trouble; -1 for a healthy curve.
        sudden: Whether the trouble is there from one point to the next.
        window: First and last index that are right as an onset, where that is known better.
        seconds: How long each point took, where wall times count.
        restarts: Indices of the points with which a session goes on.
    """

    family: str
    seed: int
    kind: str
    tag: str
    series: Mapping[str, tuple[Steps, Array]]
    onset: int = -1
    sudden: bool = False
    window: tuple[int, int] | None = None
    seconds: Array | None = None
    restarts: tuple[int, ...] = ()

    @property
    def onset_step(self) -> int:
        """The step of the first point of the trouble."""
        return int(self.series[self.tag][0][self.onset])


# What a family makes: the fields of a `Curve` from its tag on.
Maker = Callable[[np.random.Generator], tuple[Any, ...]]


@dataclass(frozen=True)
class Family:
    """A way to make curves of one kind."""

    name: str
    kind: str
    make: Maker

    def curves(self, count: int) -> Iterator[Curve]:
        """Makes the curves with the seeds 0 to count - 1.

        Args:
            count: How many.
        """
        for seed in range(count):
            rng = np.random.default_rng([zlib.crc32(self.name.encode()), seed])
            yield Curve(self.name, seed, self.kind, *self.make(rng))


def size(rng: np.random.Generator, low: int = 60, high: int = 3000) -> int:
    """A length, log-uniform between low and high."""
    return int(np.exp(rng.uniform(np.log(low), np.log(high))))


def steps(rng: np.random.Generator, n: int) -> Steps:
    """Steps as loggers write them: even, from zero or not, or at uneven distances."""
    if rng.random() < 0.7:
        every = int(rng.choice([1, 1, 10, 50, 100, 500]))
        return (np.arange(n, dtype=np.int64) + int(rng.integers(0, 2))) * every
    return np.cumsum(rng.integers(1, 30, n)).astype(np.int64)


def autocorrelated(rng: np.random.Generator, n: int, phi: float) -> Array:
    """A stationary AR(1) process of unit variance."""
    shocks = rng.normal(size=n) * np.sqrt(1 - phi**2)
    out = np.empty(n)
    last = rng.normal()
    for i, shock in enumerate(shocks):
        last = phi * last + shock
        out[i] = last
    return out


def noise(rng: np.random.Generator, n: int) -> Array:
    """Noise of unit scale of a kind drawn by chance.

    Gaussian, Student's t with three degrees of freedom, Laplace, autocorrelated, shrinking as
    training goes on, or with a scale that changes from point to point.
    """
    kind = int(rng.integers(0, 7))
    if kind == 1:
        return rng.standard_t(3, n) / 3**0.5
    if kind == 2:
        return rng.laplace(size=n) / 2**0.5
    if kind in (3, 4):
        # The correlation length stays a small part of the run: else it is no noise but a path.
        phi = rng.uniform(0.3, 0.9) if n > 150 else rng.uniform(0.2, 0.6)
        return autocorrelated(rng, n, phi)
    if kind == 5:
        return rng.normal(size=n) * np.linspace(1.8, 0.5, n)
    if kind == 6:
        return rng.normal(size=n) * np.exp(rng.normal(size=n) * 0.4)
    return rng.normal(size=n)


def decay(rng: np.random.Generator, n: int, end: float = 1.0) -> Array:
    """A falling curve from 1 towards 0 that still falls at ``end`` times its length.

    Power laws, exponentials, sums of both, a straight line, a late S.
    """
    t = np.linspace(0, end, n)
    kind = int(rng.integers(0, 5))
    if kind == 0:
        start = rng.uniform(0.005, 0.05)
        power = rng.uniform(0.3, 0.9)
        return np.asarray((1 + t / start) ** -power)
    if kind == 1:
        return np.asarray(np.exp(-rng.uniform(1.5, 3.5) * t))
    if kind == 2:
        fast, slow = np.exp(-rng.uniform(8, 25) * t), np.exp(-rng.uniform(1, 2.5) * t)
        return np.asarray(0.5 * fast + 0.5 * slow)
    if kind == 3:
        return np.asarray(1 - t * rng.uniform(0.6, 1.0) / end)
    middle = rng.uniform(0.3, 0.55) * end
    s = 1 / (1 + np.exp((t - middle) / (0.2 * end)))
    return np.asarray(s / s[0])


def scaled(rng: np.random.Generator, y: Array) -> tuple[str, Array]:
    """Puts a curve that runs from 1 to 0 at some scale, offset and direction; names its tag."""
    if rng.random() < 0.3:
        tag = str(rng.choice(["eval/reward", "rollout/ep_rew_mean", "val/accuracy", "return"]))
        return tag, rng.uniform(-50, 50) - y * 10.0 ** rng.uniform(-1, 3)
    tag = str(rng.choice(["loss", "train/loss", "Loss/train", "val_loss", "perplexity", "mse"]))
    amplitude = 10.0 ** rng.uniform(-4, 4)
    offset = float(rng.choice([0.0, 0.02, 0.5, 2.0, -1.0, -30.0]))
    return tag, (y + offset) * amplitude


def single(
    rng: np.random.Generator, y: Array, onset: int = -1, *, sudden: bool = False
) -> tuple[str, Mapping[str, tuple[Steps, Array]], int, bool]:
    """A run of one series."""
    tag, values = scaled(rng, y)
    return tag, {tag: (steps(rng, len(y)), values)}, onset, sudden
