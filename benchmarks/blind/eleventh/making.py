"""Curves of the eleventh set, and how its labels are dated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import (
    beside_the_gap,
    counted,
    interval,
    jitter,
    lasting,
    noise,
    says_overfitting,
)
from benchmarks.blind.windows import gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]

__all__ = [
    "beside_the_gap",
    "counted",
    "gone",
    "grown",
    "hung",
    "interval",
    "jitter",
    "kept",
    "lasting",
    "noise",
    "over_epochs",
    "paced",
    "places",
    "says_overfitting",
    "shrunk",
    "sunk",
    "worsened",
]


def sunk(t: Array, start: float, end: float, sharp: float = 12, share: float = 0.35) -> Array:
    """Falls steeply, and for `share` of the way as a power of time; it still falls at the end."""
    slow = ((1 + sharp * t) ** -0.5 - (1 + sharp) ** -0.5) / (1 - (1 + sharp) ** -0.5)
    return end + (start - end) * ((1 - share) * np.exp(-sharp * t) + share * slow)


def over_epochs(t: Array, start: float, end: float, epochs: int, drop: float = 0.3) -> Array:
    """A training loss that steps down where the data come round again, by more each time."""
    passes = np.minimum((t * epochs).astype(np.int64), epochs - 1)
    within = t * epochs - passes
    stairs = (1 - drop) ** passes * (1 - 0.12 * within)
    return end + (start - end) * stairs * (0.65 + 0.35 * np.exp(-25 * t))


def kept(curve: Array, index: int) -> Array:
    """The curve up to `index`, and level from there on."""
    return np.where(np.arange(len(curve)) < index, curve, curve[index])


def places(values: Array, decimals: int = 4) -> Array:
    """As a program prints them that rounds."""
    return np.round(values, decimals)


def paced(log: Log, steps: Steps, seconds: Array) -> None:
    """Has the clock take so many seconds for each unit of step, at each of the steps."""
    log.seconds_per_step = float(seconds[0])
    changes = np.flatnonzero(np.diff(seconds)) + 1
    for index in changes.tolist():
        log.slower(int(steps[index]), float(seconds[index] / seconds[index - 1]))


def hung(log: Log, tags: tuple[str, ...], steps: Steps, index: int, hours: float) -> None:
    """Nothing is written for hours before the point at `index`, and that is a stall."""
    log.pause(int(steps[index]), 3600 * hours)
    log.true("stall", tags, int(steps[index]), beside_the_gap(steps, index))


def worsened(
    log: Log,
    tags: str | tuple[str, ...],
    steps: Steps,
    worse: Array,
    index: int,
    sd: float,
    also: tuple[str, ...] = (),
) -> None:
    """Labels a divergence whose curve without noise is `worse`."""
    log.true("divergence", tags, int(steps[index]), gradual(steps, worse, index, sd), also=also)


def grown(
    log: Log,
    kind: str,
    tags: str | tuple[str, ...],
    steps: Steps,
    curve: Array,
    index: int,
    sd: float,
    also: tuple[str, ...] = (),
) -> None:
    """Labels a growth, which may be dated from where it is felt to where it is halfway up."""
    first, last = gradual(steps, curve, index, sd)
    half = int(np.argmax(curve >= (curve[index] + curve.max()) / 2))
    window = (first, max(last, int(steps[half])))
    log.true(kind, tags, int(steps[index]), window, also=also)


def shrunk(
    log: Log,
    tags: str | tuple[str, ...],
    steps: Steps,
    curve: Array,
    index: int,
    sd: float,
    also: tuple[str, ...] = (),
) -> None:
    """Labels a collapse, which may be dated from where it is felt to where little is left."""
    first, last = gradual(steps, -curve, index, sd)
    left = int(np.argmax(curve <= curve[index:].min() + 0.03 * (curve[index] - curve.min())))
    log.true("collapse", tags, int(steps[index]), (first, max(last, int(steps[left]))), also=also)


def gone(log: Log, tags: str | tuple[str, ...], steps: Steps, rate: Array) -> None:
    """Labels a rate that decays by itself: from a tenth of its peak to nothing at all."""
    peak = int(np.argmax(rate))
    tenth = peak + int(np.argmax(rate[peak:] <= rate[peak] / 10))
    nothing = peak + int(np.argmax(rate[peak:] <= rate[peak] * 1e-6))
    if rate[nothing] > rate[peak] * 1e-6:
        nothing = len(rate) - 1
    last = int(steps[min(nothing + 2, len(steps) - 1)])
    log.true("learning_rate", tags, int(steps[tenth]), (int(steps[max(tenth - 1, 0)]), last))
