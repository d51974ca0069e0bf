"""Sessions whose clocks contradict their steps.

A job that is resumed on a machine whose clock is behind carries earlier times than what it resumes:
by its clock, the later training would be an abandoned history. Steps tell. By the clocks, each
session goes on from what those before it have left: what goes back to a step leaves nothing behind
it. Where a session begins ahead of all that, a clock may be wrong.

- Another session, which begins lower, came to that step later by the clock: this one may continue
  it, and is taken to come behind it. If it begins in that one's second half and gets further, or a
  SessionLog.START says where it went on, that is plain, and it supersedes. Else both are kept.
- Another session had come there, and what was started between the two has undone it: a start that
  crashed came before the one that began alike and went on, or else both are kept.

Two trainings that begin alike, of which the later one gets less far, contradict nothing.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session
    from tbtools.runs.timeline.traces import Trace

# Two writers that are no more than so many distances apart may be in step.
NEAR = 10
# Two trainings whose logs begin within so many distances both begin at the beginning.
_SAME_BEGINNING = 3
# So many distances may lie between the last step of one session and the first of the next.
GAP = 2


def _begin_alike(one: Trace, other: Trace) -> bool:
    return abs(one.first_step - other.first_step) <= _SAME_BEGINNING * one.spacing


def _begins_in_second_half(later: Trace, earlier: Trace) -> bool:
    return 2 * (earlier.max_step - later.first_step) <= earlier.span


class Correction:
    """Goes through the sessions of one tag as they begin in steps, and moves those behind it."""

    def __init__(
        self,
        rows: RunRows,
        step: NDArray[np.int64],
        sessions: Sequence[Session],
        clocks: Clocks,
        traces: Mapping[int, Trace],
    ) -> None:
        self.rows = rows
        self.step = step
        self.sessions = sessions
        self.clocks = clocks
        self.traces = traces
        self.by_step = sorted(self.traces, key=self._first_step)
        # The sessions that were moved, each with the one that it may continue.
        self.behind: dict[int, int] = {}
        self.left = self._left_by_sessions_before()

    def run(self) -> Clocks:
        """The clocks, with what was moved."""
        known = -1
        while known < len(self.behind):  # what one leaves behind may be what another began at
            known = len(self.behind)
            for number in self.by_step:
                if number not in self.behind and self._begins_ahead(number, GAP):
                    self._move_behind(number)
        for number in self.by_step:
            if number not in self.behind and self._begins_ahead(number, GAP):
                self._move_what_came_between(number)
        for number in self.behind:
            self._leave_undecided(number)
        return self.clocks

    # -- what the clocks say

    def _left_by_sessions_before(self) -> dict[int, float]:
        """For each session, how far what is left of those that had ended by then reaches.

        What goes back to a step leaves nothing behind it.
        """
        left: dict[int, float] = {}
        reached = float("-inf")
        running: list[tuple[float, int]] = []  # heap of (end, greatest step)
        for number in sorted(self.traces, key=self._time):
            trace = self.traces[number]
            while running and running[0][0] <= self._time(number):
                reached = max(reached, heapq.heappop(running)[1])
            left[number] = reached
            if (number, self.behind.get(number)) not in self.clocks.undecided:
                reached = min(reached, trace.first_step)
            heapq.heappush(running, (float(self.clocks.end[number]), trace.max_step))
        return left

    def _begins_ahead(self, number: int, distances: int) -> bool:
        """Whether a session begins ahead of all that was left by its clock.

        Args:
            number: The session.
            distances: How far ahead of what still ran: it may be in step with that.
        """
        own = self.traces[number]
        begin = self._time(number)
        # What it goes on from mostly is the one that began at the next lower step.
        place = bisect_left(self.by_step, own.first_step, key=self._first_step)
        if not place or not np.isfinite(begin) or self.left[number] >= _near(own, GAP):
            return False
        return not any(
            self._time(other) < begin < self.clocks.end[other]
            and self._reached(other, begin) >= _near(own, distances)
            for other in reversed(self.by_step[:place])
        )

    def _reached(self, number: int, time: float) -> float:
        """The greatest step that a session had written by a time."""
        rows = self.traces[number].rows
        by_then = self.rows.wall_time[rows] + self.clocks.shift[number] <= time
        return float(self.step[rows[by_then]].max()) if by_then.any() else float("-inf")

    def _first_step(self, number: int) -> int:
        return self.traces[number].first_step

    def _time(self, number: int) -> float:
        return self.traces[number].first_time + float(self.clocks.shift[number])

    # -- where steps contradict them

    def _move_behind(self, number: int) -> None:
        """Moves a session behind the one that it may continue, if there is one.

        By the clock that came to these steps later; of several it is the one that begins first.
        They are two histories unless it is plain that the session went on from there. Sessions that
        are moved behind one stay in the order of their clocks.
        """
        continued = [other for other in self.traces if self._may_continue(number, other)]
        if not continued:
            return
        near = _near(self.traces[number], GAP)

        def likeness(other: int) -> tuple[bool, int]:
            is_there = self.traces[other].max_step >= near
            trace = self.traces[other]
            return not is_there, trace.first_step if is_there else -trace.max_step

        other = min(continued, key=likeness)
        is_ahead = self._begins_ahead(number, NEAR)
        moved = float(self.clocks.end[other] - self.clocks.start[number]) if is_ahead else 0.0
        self.behind[number] = other
        self._move({number: moved if np.isfinite(moved) else 0.0})
        beside = [each for each in self.behind if self.behind[each] == other]
        shift = max(float(self.clocks.shift[each]) for each in beside)
        if is_ahead:
            self._move({each: shift - float(self.clocks.shift[each]) for each in beside})
        if not (is_ahead and self._follows(number, other)):
            self._leave_both(number, other)

    def _may_continue(self, number: int, other: int) -> bool:
        """Whether a session lies in steps behind another one, which by the clock came there later.

        Of two trainings that begin alike, the one that gets less far was cut short.
        """
        own, trace = self.traces[number], self.traces[other]
        if not trace.first_step < own.first_step or self.clocks.end[other] <= self._time(number):
            return False
        if own.first_step > trace.max_step + GAP * own.spacing:
            return bool(self.clocks.end[number] <= self.clocks.start[other])
        if not _begin_alike(own, trace):
            return True
        return trace.max_step < own.max_step and _begins_in_second_half(own, trace)

    def _follows(self, number: int, other: int) -> bool:
        """Whether a session plainly goes on where the other one ends, or says so itself."""
        later, earlier = self.traces[number], self.traces[other]
        if earlier.max_step < _near(later, GAP):
            return False
        start_step = self.sessions[number].start_step
        if start_step is not None and start_step > earlier.first_step:
            return True
        is_behind = _begins_in_second_half(later, earlier) and not _begin_alike(later, earlier)
        return later.max_step > earlier.max_step and is_behind

    def _move_what_came_between(self, number: int) -> None:
        """Moves what seems to have undone a session, before this one went on with it.

        A start that crashed came before the one that began alike, and went on.
        """
        own = self.traces[number]
        ended = [
            other
            for other in self.traces
            if self.clocks.end[other] <= self._time(number)
            and self.traces[other].first_step < own.first_step
            and self.traces[other].max_step >= _near(own, GAP)
        ]
        if not ended:
            return
        other = max(ended, key=self._time)
        for between, trace in self.traces.items():
            is_between = self.clocks.end[other] <= self._time(between) < self._time(number)
            if not is_between or not _begin_alike(trace, self.traces[other]):
                continue
            self._move({between: float(self.clocks.start[other] - self.clocks.end[between])})
            if own.first_step - trace.max_step <= trace.span:
                self._leave_both(between, other)

    def _move(self, by: Mapping[int, float]) -> None:
        self.clocks = self.clocks.moved(by)
        self.left = self._left_by_sessions_before()

    def _leave_both(self, one: int, other: int) -> None:
        undecided = self.clocks.undecided | {(one, other), (other, one)}
        self.clocks = self.clocks._replace(undecided=undecided)

    def _leave_undecided(self, number: int) -> None:
        """Of what came behind a session whose time is not known, only what needs it followed it.

        That begins where it had come to, and nothing else whose clock is right.
        """
        own = self.traces[number]
        for other, trace in self.traces.items():
            if (
                other == number
                or self.clocks.start[other] < self.clocks.start[number]
                or self.behind.get(other) == self.behind[number]
            ):
                continue
            continues = trace.first_step > own.first_step and trace.max_step > own.max_step
            if not continues or self._explained(other):
                self._leave_both(number, other)

    def _explained(self, number: int) -> bool:
        """Whether a session may continue one whose clock is right."""
        near = _near(self.traces[number], GAP)
        return any(
            other not in self.behind
            and self.traces[other].max_step >= near
            and self.traces[other].first_step < self.traces[number].first_step
            and self._time(other) < self._time(number)
            for other in self.traces
            if other != number
        )


def _near(later: Trace, distances: int) -> float:
    """So many distances in front of where a session begins."""
    return later.first_step - distances * later.spacing
