"""The time series that pages and figures draw: all points, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.numbers import DTYPE_NAMES
from tbtools.runs.select import matches
from tbtools.runs.timeline.sessions import find_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.detect import Findings
    from tbtools.analysis.objective import Objective
    from tbtools.runs.frames import Part, Steps
    from tbtools.runs.run import Run


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the runs is shown.

    Attributes:
        tags: Globs; all tags where there are none.
        steps: First and last step, both included; None for no bound.
    """

    tags: Sequence[str] = ()
    steps: Steps = None


@dataclass(frozen=True, slots=True, eq=False)
class ScalarSeries:
    """One time series with all its points, in the order written.

    Attributes:
        run: Name of the run.
        tag: Its tag.
        dtype: How its values are stored.
        step: int64.
        wall_time: float64, seconds since the epoch.
        value: float64.
        sessions: int64 indices of the points with which a later writer session begins.
    """

    run: str
    tag: str
    dtype: str
    step: NDArray[np.int64]
    wall_time: NDArray[np.float64]
    value: NDArray[np.float64]
    sessions: NDArray[np.int64]

    @property
    def start(self) -> float:
        """The wall time from which relative time is counted, as TensorBoard does: the first."""
        first = float(self.wall_time[0])
        return first if np.isfinite(first) else 0.0

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Relative time; 0 where the wall time is not finite."""
        seconds: NDArray[np.float64] = np.nan_to_num(
            self.wall_time - self.start, nan=0.0, posinf=0.0, neginf=0.0
        )
        return seconds

    def restarts(self) -> NDArray[np.int64]:
        """The points with which a later writer session goes on.

        One that begins at an earlier step than the point before it is another writer at the same
        time, not one that went on.
        """
        later = self.sessions
        return later[self.step[later] >= self.step[later - 1]]

    def at_step(self, step: int) -> int:
        """The first point of that step; the nearest where there is none."""
        index: int = np.abs(self.step.astype(np.float64) - step).argmin().item()
        exact = np.flatnonzero(self.step == step)
        return int(exact[0]) if exact.size else index


def findings_of(
    series: Sequence[ScalarSeries], objectives: Mapping[str, Objective] | None
) -> Findings:
    """What detection has to say of the series.

    Args:
        series: Those of all runs.
        objectives: Which way is better, by glob over tags.
    """
    from tbtools.analysis.detect import Series, detect_series

    judged = [
        Series(each.run, each.tag, each.step, each.wall_time, each.value, each.sessions)
        for each in series
    ]
    return detect_series(judged, objectives=objectives)


def findings_within(
    runs: Mapping[str, Run],
    series: Sequence[ScalarSeries],
    selection: Selection,
    objectives: Mapping[str, Objective] | None,
) -> Findings:
    """The findings that begin within what is shown of the runs.

    All tags and all points are judged: a validation series is understood by its training twin, and
    a view of a few steps must not decide what is a plateau.

    Args:
        runs: All runs that are shown, by the names that the series have.
        series: What is shown of them.
        selection: By what it was chosen.
        objectives: Which way is better, by glob over tags.
    """
    from tbtools.analysis.detect import Findings

    if not selection.tags and selection.steps is None:
        return findings_of(series, objectives)
    everything = [
        each for name, run in runs.items() for each in scalar_series(run, Selection(), name)
    ]
    steps = {(each.run, each.tag): (each.step.min(), each.step.max()) for each in series}
    nowhere = (np.inf, -np.inf)
    found = []
    for finding in findings_of(everything, objectives):
        first, last = steps.get((finding.run, finding.tag), nowhere)
        if first <= finding.onset_step <= last:
            found.append(finding)
    return Findings(tuple(found))


def scalar_series(
    run: Run, selection: Selection, name: str | None = None
) -> Iterator[ScalarSeries]:
    """The selected series of scalars of a run.

    Args:
        run: The run.
        selection: Which tags and steps.
        name: What the run is called; by its own name where not given.
    """
    for part in run.parts:
        yield from _of_part(
            run.name if name is None else name, part.within(selection.steps), selection.tags
        )


def _of_part(run: str, part: Part, tags: Sequence[str]) -> Iterator[ScalarSeries]:
    rows = part.columns.rows
    sessions = find_sessions(rows)
    firsts = np.array([session.first_row for session in sessions])
    for series in part.columns.scalars():
        if not series.count or not matches(part.shown_tag(series.tag), tags):
            continue
        numbers = part.columns.of(series)
        session = np.searchsorted(firsts, numbers, side="right")
        dtypes = rows.dtype[numbers]
        yield ScalarSeries(
            run=run,
            tag=part.shown_tag(series.tag),
            dtype=DTYPE_NAMES[int(dtypes[0])] if (dtypes == dtypes[0]).all() else "float64",
            step=rows.step[numbers],
            wall_time=rows.wall_time[numbers],
            value=rows.value[numbers],
            sessions=np.flatnonzero(np.diff(session)) + 1,
        )
