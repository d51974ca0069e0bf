"""The order of a run's rows: that in which they were written.

Inside a session it is the order of the file. Sessions follow each other by time; those that overlap
are merged by wall time, for two workers that take turns on one tag write one curve. Names of files
say nothing: `train_part_10` sorts before `train_part_2`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session


_LAST_STEP = np.iinfo(np.int64).max


def by_steps_in_one_instant(files: Sequence[FileColumns]) -> list[FileColumns]:
    """The files in their order, but those of one and the same wall time by their lowest steps.

    Logs that were converted may have no other time than 0. Then no clock tells what came first, and
    nothing may be dropped because of a file's name.
    """
    instants: dict[float, list[int]] = {}
    for number, file in enumerate(files):
        if file.first_wall_time is not None:
            instants.setdefault(file.first_wall_time, []).append(number)
    ordered = list(files)
    for time, numbers in instants.items():
        together = [files[number] for number in numbers]
        if len(numbers) > 1 and all((file.wall_time == time).all() for file in together):
            together.sort(key=lambda file: int(file.step.min(initial=_LAST_STEP)))
            for number, file in zip(numbers, together, strict=True):
                ordered[number] = file
    return ordered


def overlapping_sessions(clocks: Clocks) -> list[list[int]]:
    """The sessions in the order of their beginnings, those together that overlap in a chain.

    Sessions of which no time is known stand at the end, each for itself.
    """
    if clocks.start.size < 2:  # as of most runs, which are many
        return [[0]] * clocks.start.size
    clusters: list[list[int]] = []
    end = -np.inf
    for session in np.argsort(clocks.start, kind="stable").tolist():
        start = clocks.start[session]
        if clusters and start < end and np.isfinite(start):
            clusters[-1].append(session)
        else:
            clusters.append([session])
            end = -np.inf
        end = max(end, float(clocks.end[session]))
    return clusters


def written_order(
    rows: RunRows, sessions: Sequence[Session], clocks: Clocks, clusters: Sequence[Sequence[int]]
) -> NDArray[np.int64] | None:
    """The rows of a run in the order in which they were written.

    Args:
        rows: The run.
        sessions: Its writer sessions.
        clocks: When they ran.
        clusters: What `overlapping_sessions` says of them.

    Returns:
        Row numbers; None where the rows stand in this order already.
    """
    in_file_order = [session for cluster in clusters for session in cluster] == list(
        range(len(sessions))
    )
    if in_file_order and len(clusters) == len(sessions):
        return None
    return np.concatenate([merged_rows(rows, sessions, clocks, cluster) for cluster in clusters])


def merged_rows(
    rows: RunRows, sessions: Sequence[Session], clocks: Clocks, cluster: Sequence[int]
) -> NDArray[np.int64]:
    """The rows of sessions that overlap, by wall time; those of each file stay as they stand."""
    slices = [slice(sessions[each].first_row, sessions[each].end_row) for each in cluster]
    if len(cluster) == 1:
        return np.arange(slices[0].start, slices[0].stop)
    times = []
    latest: dict[int, float] = {}
    for each, own in zip(cluster, slices, strict=True):
        file = sessions[each].file
        time = _rising(rows.wall_time[own]) + clocks.shift[each]
        if file in latest:  # a later session of the same file, which goes on behind the earlier one
            time = np.maximum(time, latest[file])
        if time.size:
            latest[file] = float(time[-1])
        times.append(time)
    merged = np.argsort(np.concatenate(times), kind="stable")
    if all(one.stop == next_one.start for one, next_one in pairwise(slices)):
        merged += slices[0].start  # two million rows are found twice as fast as looked up
        return merged
    return np.concatenate([np.arange(each.start, each.stop) for each in slices])[merged]


def _rising(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each the greatest finite one so far."""
    if (times[1:] >= times[:-1]).all() and np.isfinite(times[-1:]).all():
        return times
    return np.maximum.accumulate(np.where(np.isfinite(times), times, -np.inf))
