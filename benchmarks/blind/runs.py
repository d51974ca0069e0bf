"""Labelled training logs: what a family makes, and how it says what is true of it.

A label is what a careful researcher would say who sees the whole run and knows how it was made. Its
onset is the step of the first point of the trouble; the window around it is what no one could know
more closely from the noisy points, and is argued where it is computed (`benchmarks.blind.windows`).
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

START = 1_772_438_400.0  # 2026-03-02 08:00 UTC
Part = Literal[
    "development",
    "held-out",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
]
PARTS: tuple[Part, ...] = get_args(Part)
Window = tuple[int, int]


class Series(NamedTuple):
    """One time series as one writer session has written it.

    Attributes:
        steps: Shape (n,), int64.
        wall_times: Shape (n,), float64, seconds since the epoch.
        values: Shape (n,), float64; NaN and infinities are values too.
    """

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """One thing that is true of a run.

    Attributes:
        kind: The finding that says it.
        run: The sub-directory that holds the series.
        tags: The series that show it; a finding about any of them counts.
        onset: The step at which it began, as it was made.
        window: First and last step that are right as an onset.
        best_window: First and last step that are right as the best one; None where it has none.
        also: Other kinds that say the same.
    """

    kind: str
    run: str
    tags: tuple[str, ...]
    onset: int
    window: Window
    best_window: Window | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """What one writer wrote: an event file in the sub-directory `run` of the run's directory."""

    run: str
    series: dict[str, Series]


@dataclass(frozen=True)
class LabelledRun:
    """A training log with what is true of it."""

    name: str
    sessions: tuple[Session, ...]
    truths: tuple[Truth, ...]


class Log:
    """Takes down what a simulated training logs; wall times are drawn when it is closed."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.name = "run"
        self.seconds_per_step = float(np.exp(rng.uniform(np.log(0.05), np.log(3))))
        self.hours_between_sessions = 0.05
        self.times: Mapping[int, float] | None = None  # by step, where they are known
        self._rng = rng
        self._sessions: list[tuple[str, dict[str, tuple[NDArray, NDArray]]]] = []
        self._truths: list[Truth] = []
        self._slower: list[tuple[int, float]] = []
        self._pauses: dict[int, float] = {}
        self.session()

    def session(self, run: str = "") -> None:
        """Begins another event file, in the sub-directory `run`."""
        self._sessions.append((run, {}))

    def add(self, tag: str, steps: ArrayLike, values: ArrayLike) -> None:
        """Adds a time series to the session; a single value holds for all steps."""
        steps = np.asarray(steps, np.int64)
        values = np.broadcast_to(np.asarray(values, np.float64), steps.shape)
        self._sessions[-1][1][tag] = (steps, values)

    def slower(self, step: int, factor: float) -> None:
        """From `step` on a step takes `factor` times as long."""
        self._slower.append((step, factor))

    def pause(self, step: int, seconds: float) -> None:
        """Before `step` nothing is written for so long."""
        self._pauses[step] = seconds

    def true(
        self,
        kind: str,
        tags: str | tuple[str, ...],
        onset: int,
        window: Window,
        *,
        best_window: Window | None = None,
        also: tuple[str, ...] = (),
    ) -> None:
        """Labels a series of the session."""
        run, _ = self._sessions[-1]
        tags = (tags,) if isinstance(tags, str) else tags
        window = (int(window[0]), int(window[1]))
        if best_window is not None:
            best_window = (int(best_window[0]), int(best_window[1]))
        self._truths.append(Truth(kind, run, tags, int(onset), window, best_window, also))

    def close(self) -> LabelledRun:
        """The run, with wall times."""
        sessions = []
        start: dict[str, float] = {}
        for run, series in self._sessions:
            if not series:
                continue
            clock = self.times or self._clock(series, start.get(run, START))
            timed = {
                tag: Series(steps, np.array([clock[step] for step in steps.tolist()]), values)
                for tag, (steps, values) in series.items()
            }
            sessions.append(Session(run, timed))
            start[run] = max(clock.values()) + 3600 * self.hours_between_sessions
        return LabelledRun(self.name, tuple(sessions), tuple(self._truths))

    def _clock(self, series: dict[str, tuple[NDArray, NDArray]], start: float) -> dict[int, float]:
        """The wall time of each step: steps take about as long as each other, and jitter."""
        steps = np.unique(np.concatenate([steps for steps, _ in series.values()]))
        seconds = np.diff(steps, prepend=steps[0]) * self.seconds_per_step
        seconds *= self._rng.gamma(60, 1 / 60, len(steps))
        for step, factor in self._slower:
            seconds[steps >= step] *= factor
        for step, pause in self._pauses.items():
            seconds[np.searchsorted(steps, step) % len(steps)] += pause
        return dict(zip(steps.tolist(), (start + np.cumsum(seconds)).tolist(), strict=True))


@dataclass(frozen=True)
class Family:
    """Runs of one sort.

    Attributes:
        name: What it is, with the strength behind a slash where it has several.
        kind: `healthy`, or the kind of its main label.
        why: What makes a careful researcher say so, or what is awkward about it.
        tolerated: Kinds that one may warn of, or not; an error is never tolerated.
        monitored: Whether no prefix of a healthy run deserves an error.
    """

    name: str
    kind: str
    why: str
    tolerated: tuple[str, ...]
    monitored: bool
    _make: Callable[[Log, np.random.Generator], None] = field(repr=False)
    _part: Part | None = None

    @property
    def healthy(self) -> bool:
        """Whether a warning or an error about one of its runs is wrong."""
        return self.kind in {"healthy", "spike"}

    @property
    def part(self) -> Part:
        """A third of the first set may be looked at; the strengths of a family stay together."""
        if self._part is not None:
            return self._part
        digest = hashlib.sha256(self.name.partition("/")[0].encode()).digest()
        return "development" if digest[0] % 3 == 0 else "held-out"

    def run(self, seed: int) -> LabelledRun:
        """The same run for the same seed."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        log = Log(rng)
        self._make(log, rng)
        return log.close()


_FAMILIES: dict[str, Family] = {}


def healthy(
    name: str,
    why: str,
    *,
    tolerated: tuple[str, ...] = (),
    monitored: bool = True,
    part: Part | None = None,
) -> Callable[..., Callable[[Log, np.random.Generator], None]]:
    """Registers what makes the runs of a healthy family."""

    def register(make: Callable[[Log, np.random.Generator], None]) -> Callable[..., None]:
        _register(Family(name, "healthy", why, tolerated, monitored, make, part))
        return make

    return register


def labelled(
    name: str,
    kind: str,
    why: str,
    *,
    tolerated: tuple[str, ...] = (),
    part: Part | None = None,
    **strengths: float,
) -> Callable[..., Callable[[Log, np.random.Generator, float], None]]:
    """Registers a family whose runs have labels: one family a strength."""

    def register(make: Callable[[Log, np.random.Generator, float], None]) -> Callable[..., None]:
        for strength, amount in (strengths or {"plain": 1.0}).items():
            made = functools.partial(make, strength=amount)
            monitored = kind == "spike"
            _register(Family(f"{name}/{strength}", kind, why, tolerated, monitored, made, part))
        return make

    return register


def _register(family: Family) -> None:
    if family.name in _FAMILIES:
        raise ValueError(f"two families are called {family.name}")
    _FAMILIES[family.name] = family


def registered(*parts: Part) -> tuple[Family, ...]:
    """The families of these parts that are imported, by name."""
    return tuple(family for _, family in sorted(_FAMILIES.items()) if family.part in parts)


def prefixes(run: LabelledRun, cuts: int = 10) -> list[LabelledRun]:
    """The run as it stood at `cuts` times before its end, evenly spaced in points written.

    Nothing is labelled: a prefix of a healthy run is healthy.
    """
    times = np.sort(
        np.concatenate([s.wall_times for one in run.sessions for s in one.series.values()])
    )
    at = [times[len(times) * cut // (cuts + 1)] for cut in range(1, cuts + 1)]
    return [_until(run, time) for time, _ in itertools.groupby(at)]


def _until(run: LabelledRun, time: float) -> LabelledRun:
    sessions = []
    for session in run.sessions:
        series = {}
        for tag, one in session.series.items():
            kept = one.wall_times <= time
            if kept.any():
                series[tag] = Series(one.steps[kept], one.wall_times[kept], one.values[kept])
        if series:
            sessions.append(Session(session.run, series))
    return LabelledRun(run.name, tuple(sessions), ())
