"""When sessions ran, by the clocks of their machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.runs.loops import loops

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session

# Clocks are put right by less than so many seconds all the time.
_SET_BACK = 60.0


class Clocks(NamedTuple):
    """When the sessions of a run began and ended.

    Attributes:
        start: float64, one a session: seconds since the epoch, corrected; infinite where no wall
            time is known, for nobody knows what came before such a session.
        end: float64, likewise.
        shift: float64: what was added to the session's wall times.
        skewed: The sessions whose clocks contradict the steps.
        undecided: Pairs of sessions of which neither can be said to come first.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    shift: NDArray[np.float64]
    skewed: tuple[int, ...] = ()
    undecided: frozenset[tuple[int, int]] = frozenset()

    def moved(self, by: Mapping[int, float]) -> Clocks:
        """The same with some sessions so many seconds later."""
        change = np.zeros(self.start.size)
        change[list(by)] = list(by.values())
        return self._replace(
            start=self.start + change,
            end=self.end + change,
            shift=self.shift + change,
            skewed=tuple(sorted({*self.skewed, *by})),
        )


def plain_clocks(sessions: Sequence[Session]) -> Clocks:
    """The times of the sessions as they stand in the files, those of one file in its order."""
    times = np.array([(each.start_time, each.end_time) for each in sessions], np.float64)
    times = times.reshape(-1, 2)
    times[~np.isfinite(times)] = np.inf
    plain = Clocks(times[:, 0], times[:, 1], np.zeros(len(sessions)))
    return in_file_order(plain, sessions)


def in_file_order(clocks: Clocks, sessions: Sequence[Session]) -> Clocks:
    """The sessions of one file follow each other, whatever clocks or steps say of them."""
    if len(sessions) < 2:
        return clocks
    start, end, shift = clocks.start.copy(), clocks.end.copy(), clocks.shift.copy()
    for number in range(1, len(sessions)):
        same_file = sessions[number].file == sessions[number - 1].file
        behind = float(end[number - 1] - start[number]) if same_file else 0.0
        if behind > 0 and np.isfinite(behind):
            start[number] += behind
            end[number] += behind
            shift[number] += behind
    return clocks._replace(start=start, end=end, shift=shift)


def rows_set_back(rows: RunRows, first_rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows in front of which a clock was set back: the wall times of a tag fall, not its steps.

    Args:
        rows: The run.
        first_rows: The first row of each session.
    """
    if not loops.falls(rows.wall_time, _SET_BACK).size:
        return np.empty(0, np.int64)
    before, after = loops.falls_by_tag(
        rows.wall_time, _SET_BACK, *rows.tag_of_rows, len(rows.tags), first_rows
    )
    found: NDArray[np.int64] = after[rows.step[before] <= rows.step[after]]
    return found
