"""Curves and steps that several families of the eighteenth set share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import jitter, noise
from benchmarks.blind.shapes import steps as steps_of
from benchmarks.blind.shapes import times, whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Rng = np.random.Generator
    Curves = dict[str, tuple[ArrayLike, float]]


def course(rng: Rng, low: int, high: int, every: int) -> tuple[Steps, Array]:
    """The steps of a run that logs every so many, and how far it is at each."""
    n = whole(rng, low, high)
    return steps_of(n, every), times(n)


def epochs(log: Log, rng: Rng, low: int, high: int, minutes: float = 3) -> tuple[Steps, Array]:
    """A run that logs once an epoch, which takes about so many minutes."""
    log.seconds_per_step = 60 * minutes * float(rng.uniform(0.6, 1.6))
    return course(rng, low, high, 1)


def paced(log: Log, rng: Rng, every: int, minutes: float) -> None:
    """Lets a logging interval take about so many minutes."""
    log.seconds_per_step = 60 * minutes * float(rng.uniform(0.6, 1.6)) / every


def put(log: Log, rng: Rng, steps: Steps, curves: Curves, memory: float = 0.2) -> None:
    """Adds positive series with noise in proportion: a curve and its share of noise by tag."""
    for tag, (curve, share) in curves.items():
        log.add(tag, steps, jitter(rng, np.broadcast_to(curve, steps.shape), share, memory))


def around(log: Log, rng: Rng, steps: Steps, curves: Curves, memory: float = 0.2) -> None:
    """Adds series with noise of the same size throughout: a curve and its noise by tag."""
    for tag, (curve, sd) in curves.items():
        log.add(tag, steps, np.asarray(curve, np.float64) + noise(rng, len(steps), sd, memory))


def where(t: Array, share: float) -> int:
    """The first point at or behind a share of the run."""
    return int(np.argmax(t >= share))


def decades(t: Array, onset: float, level: ArrayLike, factor: float, end: float = 1) -> Array:
    """At its level until `onset`, `factor` times that at `end`, and so it stays."""
    way = np.clip((t - onset) / (end - onset), 0, 1)
    return np.asarray(level, np.float64) * factor**way


def frozen_at(curve: Array, index: int) -> Array:
    """A curve that stays where it is at a point."""
    return np.where(np.arange(len(curve)) < index, curve, curve[index])


def from_point(curve: ArrayLike, index: int, value: ArrayLike) -> Array:
    """A curve that is something else from a point on."""
    curve = np.asarray(curve, np.float64)
    return np.where(np.arange(len(curve)) < index, curve, value)
