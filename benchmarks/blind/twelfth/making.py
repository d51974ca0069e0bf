"""Curves of the twelfth set, and how its labels are dated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import both
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log, Window

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]

PIECES = 24  # in so many a clock drifts that drifts slowly


def sinking(t: Array, start: float, end: float, bend: float = 0.5, knee: float = 0.02) -> Array:
    """A power law from `start` to `end`."""
    power = (1 + t / knee) ** -bend
    curve: Array = end + (start - end) * (power - power[-1]) / (power[0] - power[-1])
    return curve


def saturating(t: Array, start: float, end: float, haste: float = 4) -> Array:
    """An exponential approach that ends at `end`."""
    curve: Array = start + (end - start) * (1 - np.exp(-haste * t)) / (1 - np.exp(-haste))
    return curve


def since(n: int, index: int) -> Array:
    """How much of what comes from `index` on is over, from 0 to 1; 0 before."""
    return np.clip((np.arange(n) - index) / max(n - 1 - index, 1), 0, 1)


def by_epochs(log: Log, rng: np.random.Generator) -> None:
    """A step is an epoch, a round or a batch of answers: it takes minutes."""
    log.seconds_per_step = float(rng.uniform(20, 240))


def by_frames(log: Log, rng: np.random.Generator) -> None:
    """A step is a frame of a game: hundreds pass in a second."""
    log.seconds_per_step = float(1 / rng.uniform(400, 4000))


def single(values: ArrayLike) -> Array:
    """As float32 has them."""
    return np.asarray(values, np.float32).astype(np.float64)


def until(curve: Array, index: int, share: float) -> int:
    """Where `share` of the way from the value at `index` to the extreme one behind it is done."""
    way = np.abs(curve[index:] - curve[index])
    return index + int(np.argmax(way >= share * way.max()))


def drift(log: Log, steps: Steps, slowness: Array) -> None:
    """Has the clock take `slowness` times as long a step."""
    kept = slowness[0]
    for first in range(0, len(steps), max(len(steps) // PIECES, 1)):
        if slowness[first] != kept:
            log.slower(int(steps[first]), slowness[first] / kept)
            kept = slowness[first]


def hangs(log: Log, tags: str | tuple[str, ...], steps: Steps, index: int, hours: float) -> None:
    """Nothing is written for hours, and a label says so: by the points on either side."""
    log.pause(int(steps[index]), 3600 * hours)
    window = int(steps[max(index - 2, 0)]), int(steps[min(index + 1, len(steps) - 1)])
    log.true("stall", tags, int(steps[index]), window)


def slows(
    log: Log, tags: str | tuple[str, ...], steps: Steps, slowness: Array, index: int, sd: float
) -> None:
    """Labels a slowing down that may be told until half of it has come."""
    window = gradual(steps, slowness, index, sd)
    half = int(steps[min(until(slowness, index, 0.5) + 2, len(steps) - 1)])
    tells = both(window, (int(window[0]), half))
    log.true("throughput", tags, int(steps[index]), tells, also=("explosion",))


def slows_at(log: Log, tags: str | tuple[str, ...], steps: Steps, index: int) -> None:
    """Labels a speed that is lost from one point to the next."""
    window = abrupt(steps, index, 3)
    log.true("throughput", tags, int(steps[index]), window, also=("explosion",))


def faded(log: Log, tags: str | tuple[str, ...], steps: Steps, rate: Array) -> None:
    """Labels a rate that melts: from a tenth of its peak to where it is nothing at all."""
    peak = int(np.argmax(rate))
    tenth = peak + int(np.argmax(rate[peak:] <= 0.1 * rate[peak]))
    nothing = rate[peak:] <= 1e-6 * rate[peak]
    changes = np.flatnonzero(np.diff(rate))
    last = peak + int(np.argmax(nothing)) if nothing.any() else int(changes[-1]) + 1
    window = int(steps[max(tenth - 2, 0)]), int(steps[min(last + 2, len(steps) - 1)])
    log.true("learning_rate", tags, int(steps[tenth]), window, also=("collapse",))


def jumps(
    log: Log,
    kind: str,
    tags: str | tuple[str, ...],
    steps: Steps,
    index: int,
    *,
    points: int = 2,
    also: tuple[str, ...] = (),
) -> None:
    """Labels what changes from one point to the next."""
    log.true(kind, tags, int(steps[index]), abrupt(steps, index, points), also=also)


def scales(
    log: Log,
    kind: str,
    tags: str | tuple[str, ...],
    steps: Steps,
    curve: Array,
    index: int,
    sd: float,
    *,
    also: tuple[str, ...] = (),
) -> None:
    """Labels what grows or shrinks by factors: it may be told until most of the decades are done.

    `sd` is the share by which one point varies.
    """
    decades = np.log(curve)
    worse = np.sign(decades[-1] - decades[index]) * decades
    window = gradual(steps, worse, index, sd)
    most = int(steps[min(until(worse, index, 0.7) + 1, len(steps) - 1)])
    log.true(kind, tags, int(steps[index]), both(window, (int(window[0]), most)), also=also)


def worsens(
    log: Log,
    tags: str | tuple[str, ...],
    steps: Steps,
    worse: Array,
    index: int,
    sd: float,
    *,
    kind: str = "divergence",
    also: tuple[str, ...] = (),
) -> None:
    """Labels a turn for the worse: it may be told until a third of it has come."""
    window = gradual(steps, worse, index, sd)
    third = int(steps[min(until(worse, index, 0.34) + 1, len(steps) - 1)])
    log.true(kind, tags, int(steps[index]), both(window, (int(window[0]), third)), also=also)


def levels(log: Log, tags: str | tuple[str, ...], steps: Steps, index: int, late: int) -> None:
    """Labels a level that begins by `index`; by `late` everyone would say so."""
    window: Window = int(steps[max(index // 2, 0)]), int(steps[min(late, len(steps) - 1)])
    log.true("plateau", tags, int(steps[index]), window)


def kept_scale(rng: np.random.Generator, n: int, top: float, dips: int) -> Array:
    """The exponent of a dynamic loss scale that overflows now and then and grows back."""
    exponent = np.full(n, top)
    for first in rng.integers(0, n, dips):
        exponent[first : first + max(n // 25, 2)] = top - 1
    return exponent


def lost_scale(exponent: Array, index: int, points: float, least: float) -> Array:
    """A scale that is halved every so many points from `index` on, until it is the least."""
    halved = np.floor(np.clip(np.arange(len(exponent)) - index, -1, None) / points) + 1
    scale: Array = np.exp2(np.maximum(exponent - halved, least))
    return scale


def says_scale(log: Log, tag: str, steps: Steps, scale: Array, index: int) -> None:
    """Labels a loss scale that falls: from its first halving until it is at the bottom."""
    bottom = int(np.argmax(scale <= scale[-1]))
    window = int(steps[max(index - 2, 0)]), int(steps[min(max(bottom, index) + 1, len(steps) - 1)])
    log.true("loss_scale", tag, int(steps[index]), window, also=("collapse",))
