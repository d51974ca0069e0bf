"""How the labels of the nineteenth set are dated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import beside_the_gap, both, from_the_start
from benchmarks.blind.windows import abrupt, basin, flat, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]
    Tags = str | tuple[str, ...]


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
    """Labels a slow change for the worse, until it has gone a third of its way."""
    lowest = index + int(np.argmin(worse[index:]))
    third = worse[lowest] + (worse[lowest:].max() - worse[lowest]) / 3
    gone = lowest + int(np.argmax(worse[lowest:] >= third))
    made = int(steps[index]), int(steps[gone])
    window = both(gradual(steps, worse, index, sd), made)
    log.true(kind, tags, int(steps[index]), window, also=also)


def turns_up(log: Log, tags: Tags, steps: Steps, worse: Array, sd: float) -> None:
    """Labels a U of few points: from where it may be best until it is a third of its way up."""
    lowest = int(np.argmin(worse))
    best = basin(steps, worse, sd)
    third = worse[lowest] + (worse[-1] - worse[lowest]) / 3
    gone = lowest + int(np.argmax(worse[lowest:] >= third))
    window = both(best, (int(steps[lowest]), int(steps[gone])))
    also = ("divergence",)
    log.true("overfitting", tags, int(steps[lowest]), window, best_window=best, also=also)


def leaps(
    log: Log, kind: str, tags: Tags, steps: Steps, index: int, also: tuple[str, ...] = ()
) -> None:
    """Labels what is another from one point to the next."""
    log.true(kind, tags, int(steps[index]), abrupt(steps, index), also=also)


def levels(log: Log, tags: Tags, steps: Steps, worse: Array, index: int, sd: float) -> None:
    """Labels the end of improvement."""
    window = flat(steps, worse, index, sd)
    log.true("plateau", tags, int(steps[index]), window, also=())


def never_learns(log: Log, tags: Tags, steps: Steps, also: tuple[str, ...] = ()) -> None:
    """Labels what is level from its first point on."""
    log.true("plateau", tags, int(steps[0]), from_the_start(steps), also=also)


def grows(
    log: Log,
    kind: str,
    tags: Tags,
    steps: Steps,
    curve: Array,
    index: int,
    also: tuple[str, ...] = (),
) -> None:
    """Labels growth or decay by decades, until it is tenfold or half of it is done."""
    done = np.abs(np.log(curve / curve[index]))
    seen = int(np.argmax(done[index:] >= min(np.log(10), done[index:].max() / 2))) + index
    first = int(steps[max(index - 2, 0)])
    last = int(steps[min(seen + 2, len(steps) - 1)])
    log.true(kind, tags, int(steps[index]), (first, last), also=also)


def halts(log: Log, tags: Tags, steps: Steps, index: int, hours: float) -> None:
    """Nothing is written for hours before a point, and that is labelled."""
    log.pause(int(steps[index]), 3600 * hours)
    log.true("stall", tags, int(steps[index]), beside_the_gap(steps, index))


def slows(log: Log, tags: Tags, steps: Steps, index: int, factor: float) -> None:
    """Each step takes so many times as long from a point on, and that is labelled."""
    log.slower(int(steps[index]), factor)
    leaps(log, "throughput", tags, steps, index)


def jump(n: int, index: int, height: float, points: float) -> Array:
    """Noughts, and from a point on a height that dies away in so many points."""
    late = np.arange(n) - index
    return np.where(late >= 0, height * np.exp(-np.clip(late, 0, None) / points), 0.0)


def stepped(t: Array, passes: int, drop: float) -> Array:
    """What a loss loses at each new pass over the data."""
    return drop * np.minimum(np.floor(t * passes), passes - 1)
