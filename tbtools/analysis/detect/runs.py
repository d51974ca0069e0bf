"""The scalars of runs as detection wants them: arrays, with the places where sessions begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.series import Series
from tbtools.runs.timeline.sessions import find_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.frames import Part, Steps


def series_of_parts(parts: Sequence[Part], *, steps: Steps = None) -> Iterator[Series]:
    """The series of scalars of runs, each under the run and tag that are shown.

    Args:
        parts: What the runs consist of.
        steps: First and last step, both included; None for no bound.
    """
    for part in parts:
        firsts = np.array([each.first_row for each in find_sessions(part.columns.rows)], np.int64)
        columns = part.within(steps).columns
        for series in columns.scalars():
            tag = part.shown_tag(series.tag)
            if not series.count:
                continue
            rows = columns.of(series)
            yield Series(
                run=part.run,
                tag=tag,
                step=columns.rows.step[rows],
                wall_time=columns.rows.wall_time[rows],
                value=columns.rows.value[rows],
                sessions=_session_starts(rows, firsts),
            )


def _session_starts(rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The points of a series that are the first of another writer session than the one before."""
    if firsts.size < 2:
        return np.empty(0, np.int64)
    session = np.searchsorted(firsts, rows, side="right")
    return np.flatnonzero(np.diff(session)) + 1
