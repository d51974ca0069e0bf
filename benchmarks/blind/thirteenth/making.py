"""Noise, training and machines of the thirteenth set, and how its labels are dated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth import making as eighth
from benchmarks.blind.eighth.making import at, both, counted, jitter
from benchmarks.blind.windows import abrupt, basin, flat, gradual

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from benchmarks.blind.runs import Log, Window

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Tags = str | tuple[str, ...]

__all__ = [
    "at",
    "both",
    "counted",
    "descent",
    "drifts",
    "every",
    "fades",
    "from_the_start",
    "grows",
    "half_cosine",
    "hangs",
    "jitter",
    "jumps",
    "levels",
    "noise",
    "over_epochs",
    "overfits",
    "scaler",
    "spikes",
    "third",
    "warmed",
]


def noise(
    rng: np.random.Generator, n: int, sd: float, memory: float = 0.2, freedom: float = 6
) -> Array:
    """That of the eighth set, with a shorter memory and lighter tails."""
    return eighth.noise(rng, n, sd, memory, freedom)


def descent(rate: ArrayLike, speed: float = 300.0, heat: float = 0.1, modes: int = 24) -> Array:
    """The excess loss of SGD on a quadratic with a power law of curvatures, from 1 at the start.

    Steep directions are learned at once and shaken in proportion to the rate; flat ones take for
    ever. So a rate that is cut makes the loss fall, and one that rises shakes it up.

    Args:
        rate: The learning rate at each point, its usual peak being 1.
        speed: How far the steepest direction is learned at rate 1 within the run, in e-foldings.
        heat: The excess at rate 1 of what is already learned.
        modes: How many directions.
    """
    rate = np.asarray(rate, np.float64)
    curvature = np.logspace(0, -4, modes)
    weight = curvature**0.25 / np.sum(curvature**0.25)
    excess, seen = weight.copy(), np.empty(len(rate))
    for i, now in enumerate(rate.tolist()):
        kept = np.exp(-speed * curvature * now / len(rate))
        excess = excess * kept + (1 - kept) * heat * now * weight
        seen[i] = excess.sum()
    return seen


def over_epochs(t: Array, epochs: int, drop: float) -> Array:
    """What a training loss falls by at the start of each epoch, when examples come again."""
    return drop * np.minimum((t * epochs).astype(np.int64), epochs - 1).astype(np.float64)


def warmed(t: Array, warmup: float, decayed: Array) -> Array:
    """A schedule with a linear warm-up before it."""
    return np.where(t < warmup, t / warmup, decayed)


def half_cosine(t: Array, first: float = 0.0, end: float = 0.0) -> Array:
    """From 1 at `first` to `end` at the end, by half a cosine."""
    return end + (1 - end) * (1 + np.cos(np.pi * np.clip((t - first) / (1 - first), 0, 1))) / 2


def scaler(rng: np.random.Generator, limit: ArrayLike, start: int, patience: int) -> Array:
    """The loss scale of dynamic scaling: halved where gradients overflow, doubled in good times.

    Args:
        rng: Draws how near a step comes to the limit.
        limit: The exponent of the largest scale that fits, at each point.
        start: The first exponent.
        patience: After how many good points it is doubled.
    """
    exponent, good, seen = start, 0, []
    for most in np.asarray(limit, np.float64) + rng.normal(0, 0.4, len(np.asarray(limit))):
        seen.append(exponent)
        if exponent > most:
            exponent, good = exponent - 1, 0
        else:
            good += 1
        if good >= patience:
            exponent, good = exponent + 1, 0
    return np.exp2(np.array(seen, np.float64))


def every(steps: Steps, count: int) -> Steps:
    """Of the steps of a run so many, evenly, the last among them: when it evaluates."""
    return steps[np.linspace(0, len(steps) - 1, count + 1).astype(np.int64)[1:]]


def third(steps: Steps, worse: Array, index: int) -> Window:
    """From the beginning of a slow change to where it has gone a third of its way."""
    rise = worse[index:] - worse[index]
    gone = index + int(np.argmax(rise >= rise.max() / 3))
    return int(steps[max(index - 2, 0)]), int(steps[min(gone + 2, len(steps) - 1)])


def jumps(
    log: Log,
    kind: str,
    tags: Tags,
    steps: Steps,
    index: int,
    also: tuple[str, ...] = (),
    points: int = 2,
) -> None:
    """Labels what changes from one point to the next."""
    log.true(kind, tags, int(steps[index]), abrupt(steps, index, points), also=also)


def drifts(
    log: Log,
    kind: str,
    tags: Tags,
    steps: Steps,
    worse: Array,
    index: int,
    sd: float,
    also: tuple[str, ...] = (),
) -> None:
    """Labels what gets worse slowly, from `index` on."""
    window = both(gradual(steps, worse, index, sd), third(steps, worse, index))
    log.true(kind, tags, int(steps[index]), window, also=also)


def grows(
    log: Log,
    kind: str,
    tags: Tags,
    steps: Steps,
    curve: Array,
    index: int,
    sd: float,
    also: tuple[str, ...] = (),
) -> None:
    """Labels what grows, or shrinks, by decades: from its beginning until it is tenfold."""
    way = np.abs(np.log10(curve / curve[index]))
    tenfold = index + int(np.argmax(way[index:] >= min(1.0, way[index:].max() / 2)))
    window = both(
        gradual(steps, way, index, sd / 2.3),
        (int(steps[max(index - 2, 0)]), int(steps[min(tenfold + 2, len(steps) - 1)])),
    )
    log.true(kind, tags, int(steps[index]), window, also=also)


def overfits(
    log: Log,
    tags: Tags,
    steps: Steps,
    worse: Array,
    sd: float,
    also: tuple[str, ...] = ("divergence",),
) -> None:
    """Labels a U: its onset may be told as the best step, or as where it is seen to rise."""
    lowest = int(np.argmin(worse))
    best = basin(steps, worse, sd)
    window = both(best, gradual(steps, worse, lowest, sd))
    window = both(window, third(steps, worse, lowest))
    log.true("overfitting", tags, int(steps[lowest]), window, best_window=best, also=also)


def levels(
    log: Log,
    tags: Tags,
    steps: Steps,
    worse: Array,
    index: int,
    sd: float,
    also: tuple[str, ...] = (),
) -> None:
    """Labels a curve that stops getting better at `index`, far from where it should go."""
    window = both(flat(steps, worse, index, sd), abrupt(steps, index))
    log.true("plateau", tags, int(steps[index]), window, also=also)


def from_the_start(
    log: Log, kind: str, tags: Tags, steps: Steps, also: tuple[str, ...] = ()
) -> None:
    """Labels what was wrong all along: dated within the first fifth."""
    window = int(steps[0]), int(steps[max(len(steps) // 5, 1)])
    log.true(kind, tags, int(steps[0]), window, also=also)


def spikes(log: Log, tags: Tags, steps: Steps, index: int, points: int) -> None:
    """Labels an excursion that comes back within so many points."""
    last = min(index + points + 1, len(steps) - 1)
    log.true("spike", tags, int(steps[index]), (int(steps[max(index - 2, 0)]), int(steps[last])))


def hangs(log: Log, tags: Tags, steps: Steps, index: int, hours: float) -> None:
    """A stall, dated by the points on either side of the gap."""
    log.pause(int(steps[index]), 3600 * hours)
    window = int(steps[max(index - 2, 0)]), int(steps[min(index + 2, len(steps) - 1)])
    log.true("stall", tags, int(steps[index]), window)


def fades(log: Log, tags: Tags, steps: Steps, rate: Array, also: tuple[str, ...] = ()) -> None:
    """Labels a rate that decays too early: from a tenth of its peak to where it is nothing."""
    peak = int(np.argmax(rate))
    least = max(rate[peak:].min() * 1.01, rate[peak] * 1e-5)
    first = peak + int(np.argmax(rate[peak:] <= rate[peak] / 10))
    last = peak + int(np.argmax(rate[peak:] <= least))
    window = int(steps[max(first - 2, 0)]), int(steps[min(last + 2, len(steps) - 1)])
    log.true("learning_rate", tags, int(steps[last]), window, also=also)
