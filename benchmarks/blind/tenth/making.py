"""Speeds, schedules and curves of the tenth set, and how its labels are dated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import both, jitter, lasting, noise, says_overfitting, turned
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def significant(values: ArrayLike, digits: int) -> Array:
    """Numbers as a CSV logger prints them, to so many significant digits."""
    values = np.asarray(values, np.float64)
    size = np.abs(np.where((values == 0) | ~np.isfinite(values), 1.0, values))
    unit = 10.0 ** (np.floor(np.log10(size)) - digits + 1)
    return np.round(values / unit) * unit


def speed(rng: np.random.Generator, n: int, level: ArrayLike, sd: float = 0.025) -> Array:
    """What a machine manages: jitter, a slow wander, and one point in fifty a little slower."""
    wander = noise(rng, n, sd / 2, 0.9, 8) + noise(rng, n, sd, 0.1, 8)
    dips = np.where(rng.random(n) < 0.02, rng.uniform(0.03, 0.12, n), 0.0)
    return np.asarray(level) * np.exp(wander) * (1 - dips)


def clocked(log: Log, steps: Steps, factors: ArrayLike) -> None:
    """A step that is logged at `steps[i]` has taken `factors[i]` times as long as usual."""
    factors = np.asarray(factors, np.float64)
    before = 1.0
    for step, factor in zip(steps.tolist(), factors.tolist(), strict=True):
        if factor != before:
            log.slower(step, factor / before)
            before = factor


def learns(rate: Array, start: float, end: float, pull: float) -> Array:
    """A loss that falls as fast as the learning rate lets it, and not at all where that is zero."""
    done = np.cumsum(np.clip(rate, 0, None)) / (np.max(rate) * len(rate))
    return end + (start - end) * (0.8 * np.exp(-pull * done) + 0.2 * np.exp(-pull * done / 6))


def stable_then_down(t: Array, peak: float, warmup: float = 0.02, decay: float = 0.2) -> Array:
    """Warm-up, a level, and a linear decay: WSD."""
    return peak * np.minimum(np.clip(t / warmup, 0, 1), np.clip((1 - t) / decay, 0.02, 1))


def one_cycle(t: Array, peak: float, up: float = 0.3) -> Array:
    """From a twenty-fifth of the peak up and down to nearly nothing, as OneCycleLR has it."""
    rise = 0.04 + 0.96 * (1 - np.cos(np.pi * np.clip(t / up, 0, 1))) / 2
    fall = (1 + np.cos(np.pi * np.clip((t - up) / (1 - up), 0, 1))) / 2
    return peak * np.where(t < up, rise, np.maximum(fall, 4e-6))


def stopped(curve: Array, index: int) -> Array:
    """What is learnt until `index` and no further: the curve, level from there on."""
    return np.where(np.arange(len(curve)) < index, curve, curve[index])


def worsens(
    log: Log,
    kind: str,
    tags: str | tuple[str, ...],
    steps: Steps,
    worse: Array,
    index: int,
    sd: float,
    memory: float = 0.3,
    also: tuple[str, ...] = (),
) -> None:
    """Labels a slow change for the worse in noise with a memory."""
    window = gradual(steps, worse, index, lasting(sd, memory))
    log.true(kind, tags, int(steps[index]), window, also=also)


def jumps(
    log: Log,
    kind: str,
    tags: str | tuple[str, ...],
    steps: Steps,
    index: int,
    points: int = 2,
    also: tuple[str, ...] = (),
) -> None:
    """Labels a change from one point to the next."""
    log.true(kind, tags, int(steps[index]), abrupt(steps, index, points), also=also)


def grows(
    log: Log,
    kind: str,
    tags: str | tuple[str, ...],
    steps: Steps,
    curve: Array,
    index: int,
    share: float,
    also: tuple[str, ...] = (),
) -> None:
    """Labels a series that changes by a factor: as seen on either scale, linear or logarithmic.

    It may be dated where it begins, or at the latest where it is halfway there on either scale.
    """
    change = np.abs(np.log(np.maximum(curve, 1e-12) / max(curve[index], 1e-12)))
    slow = gradual(steps, change, index, share)
    there = index + int(np.argmax(change[index:] >= change[index:].max() / 2))
    raw = np.abs(curve - curve[index])
    seen = index + int(np.argmax(raw[index:] >= raw[index:].max() / 2))
    last = int(steps[min(max(there, seen), len(steps) - 1)])
    log.true(kind, tags, int(steps[index]), both(slow, (int(steps[index]), last)), also=also)


def fades(log: Log, tags: str | tuple[str, ...], steps: Steps, rate: Array, begun: int) -> None:
    """Labels a rate that decays to nothing: from a tenth of its peak to where nothing is left."""
    peak = rate.max()
    tenth = begun + int(np.argmax(rate[begun:] <= 0.1 * peak))
    nothing = rate[begun:] <= max(1e-4 * peak, rate.min())
    last = begun + (int(np.argmax(nothing)) if nothing.any() else len(rate) - 1 - begun)
    window = (steps[max(tenth - 2, 0)], steps[min(last + 2, len(steps) - 1)])
    log.true("learning_rate", tags, int(steps[tenth]), window)


def falling(
    rng: np.random.Generator,
    t: Array,
    start: float,
    end: float,
    share: float = 0.04,
    haste: float = 7,
    late: float = 0.3,
) -> Array:
    """A loss as it is logged: fast, then slowly to the very end, noise in proportion."""
    curve = end + (start - end) * ((1 - late) * np.exp(-haste * t) + late * (1 - t) ** 1.3)
    return jitter(rng, curve, share)


def rising(t: Array, start: float, end: float, haste: float = 5, late: float = 0.2) -> Array:
    """A score that climbs fast, and slowly to the very end."""
    return end - (end - start) * ((1 - late) * np.exp(-haste * t) + late * (1 - t))


def overfits(
    log: Log,
    rng: np.random.Generator,
    tag: str,
    steps: Steps,
    size: tuple[float, float, float],
    best: float = 0.35,
) -> None:
    """Adds a validation loss and labels it: how far it falls, to what, and how far it rises."""
    fall, low, rise = size
    n = len(steps)
    worse = turned(np.linspace(1 / n, 1, n), best, fall, rise, low)
    sd = 0.012 * low
    log.add(tag, steps, worse + noise(rng, n, sd))
    says_overfitting(log, tag, steps, worse, lasting(sd))
