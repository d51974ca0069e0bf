"""When sessions ran, where the clocks of their machines differ.

Sessions are ordered by wall time. A job that is resumed on a machine whose clock is behind carries
earlier times than what it resumes: by its clock, the later training would be an abandoned history.
Steps tell. Where a session begins in the middle (at a step that no session before it, by the
clock, had reached) and another one, which by the clock came there only afterwards, ends there, the
session continues that other one, whatever its clock says.

- If the two overlap in steps by less than half of what the other one wrote, the steps are plain:
  they are believed, and the session is taken to begin when the other one ended.
- Else nobody can tell. The two are kept side by side.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session
    from tbtools.runs.timeline.traces import Trace

# A session that begins within so many of its own distances from step 0 begins at the beginning, and
# two writers that are no farther apart are in step.
_NEAR = 10
# So many distances may lie between the last step of one session and the first of the next.
_GAP = 2


@dataclass(frozen=True, slots=True, eq=False)
class Clocks:
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


def plain_clocks(sessions: Sequence[Session]) -> Clocks:
    """The times of the sessions as they stand in the files.

    The sessions of one file follow each other, whatever a clock that was set back meanwhile says.
    """
    times = np.array([(each.start_time, each.end_time) for each in sessions], np.float64)
    times = times.reshape(-1, 2)
    times[~np.isfinite(times)] = np.inf
    start, end = times[:, 0], times[:, 1]
    shift = np.zeros(len(sessions))
    for number in range(1, len(sessions)):
        same_file = sessions[number].file == sessions[number - 1].file
        behind = float(end[number - 1] - start[number]) if same_file else 0.0
        if behind > 0 and np.isfinite(behind):
            start[number] += behind
            end[number] += behind
            shift[number] = behind
    return Clocks(start, end, shift)


def corrected_clocks(
    rows: RunRows,
    step: NDArray[np.int64],
    clocks: Clocks,
    traces: Sequence[dict[int, Trace]],
    evidence: Sequence[Sequence[int]],
) -> Clocks:
    """The times of the sessions, corrected where steps contradict them.

    Args:
        rows: The run.
        step: Its steps, unwrapped.
        clocks: The times of its sessions as they stand in the files.
        traces: Of each session, by tag id.
        evidence: Of each session, the tags that count the training's steps.
    """
    tag = _common_counter(traces, evidence)
    if tag is None:
        return clocks
    return _Correction(rows, step, clocks, traces, tag).run()


def _common_counter(
    traces: Sequence[dict[int, Trace]], evidence: Sequence[Sequence[int]]
) -> int | None:
    """The tag by which most sessions count their steps; None where no two share one."""
    sessions: dict[int, int] = {}
    rows: dict[int, int] = {}
    for own, known in zip(traces, evidence, strict=True):
        for tag in known:
            if own[tag].moves:
                sessions[tag] = sessions.get(tag, 0) + 1
                rows[tag] = rows.get(tag, 0) + own[tag].rows.size
    shared = [tag for tag, count in sessions.items() if count > 1]
    return max(shared, key=lambda tag: (sessions[tag], rows[tag], -tag), default=None)


class _Correction:
    """Goes through the sessions of one tag as they begin in steps, and moves those behind it."""

    def __init__(
        self,
        rows: RunRows,
        step: NDArray[np.int64],
        clocks: Clocks,
        traces: Sequence[dict[int, Trace]],
        tag: int,
    ) -> None:
        self.rows = rows
        self.step = step
        self.clocks = clocks
        self.start, self.end = clocks.start.copy(), clocks.end.copy()
        self.shift = clocks.shift.copy()
        self.traces = {
            number: own[tag] for number, own in enumerate(traces) if tag in own and own[tag].moves
        }
        self.by_step = sorted(self.traces, key=lambda number: self.traces[number].first_step)
        self.skewed: list[int] = []
        self.undecided: set[tuple[int, int]] = set()

    def run(self) -> Clocks:
        for number in self.by_step:
            if self._begins_in_the_middle(number):
                self._correct(number)
        if not self.skewed:
            return self.clocks
        for number in self.skewed:
            self._leave_undecided(number)
        return Clocks(
            self.start, self.end, self.shift, tuple(self.skewed), frozenset(self.undecided)
        )

    def _begins_in_the_middle(self, number: int) -> bool:
        """Whether a session begins at a step that none before it had reached by the clock."""
        own = self.traces[number]
        begin = self._time(number)
        if not np.isfinite(begin) or own.first_step <= _NEAR * own.spacing:
            return False
        near = own.first_step - _NEAR * own.spacing
        # What it goes on from mostly is the one that began at the next lower step.
        place = bisect_left(self.by_step, own.first_step, key=self._first_step)
        return not any(
            self._time(other) < begin and self._reached(other, begin) >= near
            for other in reversed(self.by_step[:place])
        )

    def _first_step(self, number: int) -> int:
        return self.traces[number].first_step

    def _correct(self, number: int) -> None:
        own = self.traces[number]
        room = _NEAR * own.spacing
        continued = [
            other
            for other, trace in self.traces.items()
            if other != number
            and trace.first_step < own.first_step - room
            and own.first_step <= trace.max_step + _GAP * own.spacing
            and trace.max_step < own.max_step
        ]
        if not continued:
            return
        other = max(continued, key=lambda each: self.traces[each].max_step)
        trace = self.traces[other]
        self.skewed.append(number)
        if 2 * (trace.max_step - own.first_step) > trace.max_step - trace.first_step:
            self.undecided |= {(number, other), (other, number)}
            return
        last = float(self.rows.wall_time[trace.rows[-1]]) + self.shift[other]
        moved = max(last, self.end[other]) - self.start[number]
        if np.isfinite(moved) and moved > 0:
            self.start[number] += moved
            self.end[number] += moved
            self.shift[number] += moved

    def _leave_undecided(self, number: int) -> None:
        """Of what came behind a session whose time is not known, only what continues it did so."""
        own = self.traces[number]
        for other, trace in self.traces.items():
            continues = trace.first_step > own.first_step and trace.max_step > own.max_step
            if other != number and self.start[other] >= self.start[number] and not continues:
                self.undecided |= {(number, other), (other, number)}

    def _time(self, number: int) -> float:
        return self.traces[number].first_time + float(self.shift[number])

    def _reached(self, number: int, time: float) -> float:
        """The greatest step that a session had written by a time."""
        rows = self.traces[number].rows
        if self.end[number] <= time:
            return self.traces[number].max_step
        by_then = self.rows.wall_time[rows] + self.shift[number] <= time
        return float(self.step[rows[by_then]].max()) if by_then.any() else float("-inf")
