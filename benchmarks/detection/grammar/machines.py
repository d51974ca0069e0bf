"""What the runs around the model share: lengths, steps, digits, and how a drawn run is logged."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.runs import START

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.blind.runs import Log
    from benchmarks.detection.grammar.attributes import Array, Draw, Steps
    from benchmarks.detection.grammar.cases import Maker

DIGITS = ("not", "float32", "4 digits", "3 digits")
BETWEEN_SESSIONS = 3600.0


@dataclass(frozen=True)
class Drawn:
    """A run with what is wrong with it.

    Attributes:
        kind: The finding that says it.
        tags: The series that show it.
        series: Steps and values by tag, all of as many points.
        window: The first and the last point that are right as an onset; None for a sound run.
        restarts: The points with which a session goes on.
        seconds: How long each point took; None where it does not matter.
        also: Other kinds that say the same.
    """

    kind: str
    tags: tuple[str, ...]
    series: Mapping[str, tuple[Steps, Array]]
    window: tuple[int, int] | None
    restarts: Sequence[int] = ()
    seconds: Array | None = None
    also: tuple[str, ...] = ()


def maker(draw_one: Callable[[Draw], Drawn | None]) -> Maker:
    """What logs the runs that are drawn; those of which the oracle is not sure are None."""

    @functools.wraps(draw_one)
    def make(draw: Draw, log: Log) -> bool:
        drawn = draw_one(draw)
        if drawn is not None:
            _log(drawn, log)
        return drawn is not None

    return make


def _log(drawn: Drawn, log: Log) -> None:
    n = len(next(iter(drawn.series.values()))[0])
    for begin, end in zip([0, *drawn.restarts], [*drawn.restarts, n], strict=True):
        if begin:
            log.session()
        for tag, (steps, values) in drawn.series.items():
            log.add(tag, steps[begin:end], values[begin:end])
    steps = drawn.series[drawn.tags[0]][0]
    if drawn.seconds is not None:
        seconds = drawn.seconds.copy()
        seconds[list(drawn.restarts)] += BETWEEN_SESSIONS
        log.times = dict(zip(steps.tolist(), (START + np.cumsum(seconds)).tolist(), strict=True))
    if drawn.window is not None:
        first, last = np.clip(drawn.window, 0, n - 1)
        window = (int(steps[first]), int(steps[last]))
        log.true(drawn.kind, drawn.tags, window[0], window, also=drawn.also)


def length(draw: Draw, values: Sequence[int]) -> int:
    """About one of the lengths."""
    return int(draw.pick("points", values) * draw.rng.uniform(0.9, 1.1) + 0.5)


def spaced(draw: Draw, n: int) -> Steps:
    """The steps of so many points."""
    how = draw.pick("steps", ("each", "every 50th", "irregular"))
    if how == "irregular":
        return np.cumsum(draw.rng.integers(1, 30, n)).astype(np.int64)
    return np.arange(n, dtype=np.int64) * (50 if how == "every 50th" else 1)


def rounded(draw: Draw, values: Array, how: Sequence[str] = DIGITS) -> Array:
    """As many digits as a log keeps."""
    digits = draw.pick("rounded", how)
    if digits == "float32":
        return values.astype(np.float32).astype(np.float64)
    if digits == "float16" and 1e-3 <= np.abs(values).max() <= 6e4:
        return values.astype(np.float16).astype(np.float64)
    if not digits.endswith("digits"):
        return values
    size = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(values), 1e-30))) - int(digits[0]) + 1)
    return np.asarray(np.round(values / size) * size)
