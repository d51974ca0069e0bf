"""Ranks of one job on machines whose clocks differ.

By their clocks the one seems to run again, on another machine, what the other has done. Two things
tell: they write the same steps from beginning to end, and they do so in step. Ranks wait for each
other at each step, so the times between their points vary around a constant; those of two trainings
drift apart like a random walk.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session
    from tbtools.runs.timeline.traces import Trace

# Fewer points do not tell a drift from chance.
_LEAST_POINTS = 20
# One rank may have written so many points more when the job ended.
_LATE_POINTS = 2
# The spread of differences against that of their changes: 0.7 for independent ones, 1 where they
# hold on a little, and sqrt(n / 6) for a random walk of n points, which is 1.8 for twenty.
_DRIFT = 1.5


def ranks_apart(
    rows: RunRows,
    step: NDArray[np.int64],
    sessions: Sequence[Session],
    clocks: Clocks,
    traces: Mapping[int, Trace],
) -> dict[int, float]:
    """The sessions of ranks that seem to come after others, and by how many seconds.

    Args:
        rows: The run.
        step: Its steps, unwrapped.
        sessions: Its writer sessions.
        clocks: When they ran.
        traces: Of the sessions that wrote it, the series by which most count their steps.
    """

    def likeness(number: int) -> tuple[int, int, float]:
        return traces[number].first_step, traces[number].rows.size, clocks.start[number]

    moves: dict[int, float] = {}
    for one, other in pairwise(sorted(traces, key=likeness)):
        hosts = {sessions[one].host, sessions[other].host}
        if len(hosts) == 2 and "" not in hosts:
            apart = _seconds_apart(rows, step, traces[one].rows, traces[other].rows)
            first, last = sorted((one, other), key=lambda number: clocks.start[number])
            if apart is not None and clocks.end[first] <= clocks.start[last]:
                moves[other] = moves.get(one, 0.0) - apart
    return moves


def _seconds_apart(
    rows: RunRows, step: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]
) -> float | None:
    """How much later the one series of points is, if the two were written in step."""
    count = min(one.size, other.size)
    if count < _LEAST_POINTS or max(one.size, other.size) - count > _LATE_POINTS:
        return None
    one, other = one[:count], other[:count]
    apart = rows.wall_time[other] - rows.wall_time[one]
    if not (np.isfinite(apart).all() and np.array_equal(step[one], step[other])):
        return None
    in_step = apart.std() <= _DRIFT * np.diff(apart).std()
    return float(np.median(apart)) if in_step else None
