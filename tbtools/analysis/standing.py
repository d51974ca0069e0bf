"""What runs are ranked by: where each stands, said by whoever reads it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tbtools.analysis.reached import reached
from tbtools.eventfile.discover import natural_key
from tbtools.runs.scalars import read_scalars_of, scalar_tags
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.status import run_status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.analysis.level import Level
    from tbtools.runs.run import Run
    from tbtools.vocabulary import Objective, RunStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """What a run is ranked by: a level, and the point of the series where it had it.

    Attributes:
        level: The level.
        dtype: How it is stored; float64 for a level that is not stored.
        step: The step of the point.
        first_step: That of the first point of which the level is.
        wall_time: Its wall time, seconds since the epoch.
        seconds: The same since the run's first event.
        points: How many points the series has.
        status: The state of the run.
    """

    level: Level
    dtype: str
    step: int
    first_step: int
    wall_time: float
    seconds: float
    points: int
    status: RunStatus


@dataclass(frozen=True, slots=True)
class Counted:
    """How many points a run has.

    Attributes:
        points: By tag, of those that are selected, in natural order.
        all_tags: The tags of all its scalars.
    """

    points: dict[str, int]
    all_tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts the points of runs, for `over_runs`."""

    selection: Selection

    def __call__(self, read: Iterator[tuple[str, Run]]) -> tuple[Selector, dict[str, Counted]]:
        """The counts of the runs that are read, and what matched."""
        selector = Selector(self.selection)
        return selector, {name: _counted(run, selector) for name, run in read}


def _counted(run: Run, selector: Selector) -> Counted:
    points: Counter[str] = Counter()
    for part in run.data.parts:
        within, chosen = selector.choose(part)
        for each in chosen:
            points[within.shown_tag(each.tag)] += each.count
    return Counted({tag: points[tag] for tag in sorted(points, key=natural_key)}, scalar_tags(run))


@dataclass(frozen=True, slots=True)
class Placing:
    """Says where runs stand, or why they do not, for `over_runs`.

    Attributes:
        selection: The series that count: of one that is asked for its step all that are selected.
        tag: The tag by which they are ranked.
        direction: Which way is better.
        at: As for `tbtools.best`.
        step: The step of ``step=N``.
    """

    selection: Selection
    tag: str
    direction: Objective
    at: str
    step: int | None

    def __call__(self, read: Iterator[tuple[str, Run]]) -> dict[str, Standing | str]:
        """Where the runs stand that are read, or why they are not ranked."""
        selector = Selector(self.selection)
        return {name: self._place(name, run, selector) for name, run in read}

    def _place(self, name: str, run: Run, selector: Selector) -> Standing | str:
        every = read_scalars_of(run, selector, name=name).series
        series = every.get(self.tag)
        if series is None:
            return "nothing could be read" if run.data.is_unreadable else f"no {self.tag}"
        if (
            self.step is not None
            and max(int(each.step.max()) for each in every.values()) < self.step
        ):
            return f"not at step {self.step:,} yet"
        place = reached(series, self.direction, self.at, self.step)
        if place is None:
            return f"no {self.tag} up to step {self.step:,}"
        point = place.point
        return Standing(
            level=place.level,
            dtype=place.dtype,
            step=int(series.step[point]),
            first_step=int(series.step[place.first]),
            wall_time=float(series.wall_time[point]),
            seconds=float(series.relative_time[point]),
            points=series.value.size,
            status=run_status(run),
        )
