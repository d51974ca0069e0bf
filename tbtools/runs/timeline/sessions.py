"""Writer sessions, and which of their points a later session has superseded.

A writer session is what one writer wrote between opening and closing: an event file, or the part of
it after a SessionLog.START. The rule, called `resume`:

- A session **resumes** an earlier one if it starts when that one has ended and, for some series
  that both write, goes back to a step that the earlier one had reached. S is then the lowest first
  step of those series, and the earlier session's points at steps >= S, of all tags, are superseded:
  they belong to a history that was abandoned.
- A SessionLog.START at step S says the same outright.
- Sessions that overlap in wall time are concurrent writers, sessions that share no series are other
  writers: neither supersedes anything. Repeated steps inside one session stay.

Two refinements, each for a habit of real training scripts (docs/restarts.md has the cases):

- A series is evidence only if it moved on in both sessions. The configuration and the number of
  parameters, written at step 0 by every start, tell nothing about where training went on, and a
  script that evaluates one checkpoint resumes nothing. Of an earlier session that got no further
  than one step, the series that it wrote once are evidence.
- Where tags do not count in the same steps (the loss in batches, the accuracy in epochs, the speed
  in batches since the start), the lowest first step means nothing to the others. `_Resume._mixed`
  tells by what it shows. Then each shared series is cut where it itself is taken up, and what is
  not shared is cut by the order of writing.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.timeline import rows as row_kinds
from tbtools.runs.timeline.order import stable_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.timeline.rows import RunRows

# One point can lie before S by chance (an episode that ended between two logs); a count of epochs
# against batches gives many.
_OTHER_CLOCK_POINTS = 2
# A log that is taken up at S has its first point about one of its own distances behind S, at most
# few where these vary; a warm-up that every start counts from 0 leaves hundreds.
_OTHER_CLOCK_DISTANCES = 10


@dataclass(frozen=True, slots=True)
class Session:
    """One writer session of a run.

    Attributes:
        file: Index of its event file.
        first_row: Its first row in the run.
        end_row: The row behind its last.
        start_step: The step of the SessionLog.START that opens it; None without.
        start_time: Wall time of its first event, seconds since the epoch; NaN where it has none.
        end_time: Its greatest wall time.
    """

    file: int
    first_row: int
    end_row: int
    start_step: int | None
    start_time: float
    end_time: float


def find_sessions(rows: RunRows) -> list[Session]:
    """The writer sessions of a run, in file order; a file without events has none."""
    sessions = []
    for index, file in enumerate(rows.files):
        if not file.events:
            continue
        is_start = (file.mark_kind == row_kinds.SESSION_LOG) & (
            file.mark_status == row_kinds.SESSION_START
        )
        starts = np.flatnonzero(is_start).tolist()
        # The first START opens the file, unless values stand in front of it.
        opens = bool(starts) and file.mark_row[starts[0]] == 0
        bounds = [None, *starts] if not opens else list(starts)
        for number, start in enumerate(bounds):
            end = bounds[number + 1] if number + 1 < len(bounds) else None
            sessions.append(_session(rows, index, start, end, is_first=number == 0))
    return sessions


def _session(
    rows: RunRows, index: int, start: int | None, end: int | None, *, is_first: bool
) -> Session:
    """The session between two START marks of a file; None stands for its beginning and its end."""
    file = rows.files[index]
    first = 0 if start is None else int(file.mark_row[start])
    last = file.tag_id.size if end is None else int(file.mark_row[end])
    # A file's first session also has the marks in front of its START.
    marks = file.mark_wall_time[0 if is_first else start : end]
    end_time = max(_latest(marks), _latest(file.wall_time[first:last]))
    if is_first:
        start_time = file.first_wall_time
    else:
        start_time = float(marks[0])
    offset = int(rows.starts[index])
    return Session(
        file=index,
        first_row=offset + first,
        end_row=offset + last,
        start_step=None if start is None else int(file.mark_step[start]),
        start_time=float("nan") if start_time is None else start_time,
        end_time=end_time if end_time > -np.inf else float("nan"),
    )


def _latest(times: NDArray[np.float64]) -> float:
    """The greatest finite one; -inf where there is none."""
    latest = float(times.max(initial=-np.inf))
    if np.isfinite(latest):
        return latest
    return float(times[np.isfinite(times)].max(initial=-np.inf))


def superseded_by_resume(rows: RunRows, sessions: list[Session]) -> NDArray[np.bool_] | None:
    """Which rows a later session has superseded.

    Args:
        rows: The run.
        sessions: Its writer sessions.

    Returns:
        bool for each row, or None where nothing is superseded.
    """
    if len(sessions) < 2:
        return None
    resume = _Resume(rows, sessions)
    resume.run()
    return resume.superseded if resume.superseded.any() else None


@dataclass(slots=True, eq=False)
class _Trace:
    """One series in one session.

    Attributes:
        rows: Those of the tag that are left, in the order written.
        first_step: The step of the first row written.
        max_step: The greatest step of those that are left.
        moves: Whether it was written at more than one step.
    """

    rows: NDArray[np.int64]
    first_step: int
    max_step: int
    moves: bool


class _Resume:
    """Goes through the sessions as they started, and cuts the earlier ones.

    An earlier session is looked at again only if it still reaches the step in question: per tag,
    the ended sessions lie in a heap with the furthest on top, those that were cut lie lower, and
    those of which nothing is left are gone. So many files of one run cost no more than their rows.
    """

    def __init__(self, rows: RunRows, sessions: list[Session]) -> None:
        self.rows = rows
        self.sessions = sessions
        self.superseded = np.zeros(rows.count, bool)
        self.traces = [self._trace(session) for session in sessions]
        self.evidence = [_evidence(traces) for traces in self.traces]
        # A heap of (-max step, session) for each tag that is evidence, one for those that moved and
        # one for those that did not; the tag None stands for all.
        self.reach: dict[tuple[int | None, bool], list[tuple[int, int]]] = {}

    def _trace(self, session: Session) -> dict[int, _Trace]:
        here = slice(session.first_row, session.end_row)
        tag_id = self.rows.tag_id[here]
        order = stable_order(tag_id, len(self.rows.tags))
        bounds = np.flatnonzero(np.diff(tag_id[order], prepend=-1, append=-1)).tolist()
        traces = {}
        for first, end in pairwise(bounds):
            rows = order[first:end]
            tag = int(tag_id[rows[0]])
            step = self.rows.step[here][rows]
            traces[tag] = _Trace(
                rows=rows + session.first_row,
                first_step=int(step[0]),
                max_step=int(step.max()),
                moves=bool((step != step[0]).any()),
            )
        return traces

    def run(self) -> None:
        order = sorted(
            range(len(self.sessions)), key=lambda i: _or_infinity(self.sessions[i].start_time)
        )
        running: list[tuple[float, int]] = []  # heap of (end time, session)
        for later in order:
            session = self.sessions[later]
            if not np.isfinite(session.start_time):
                break
            while running and running[0][0] <= session.start_time:
                self._add(heapq.heappop(running)[1])
            self._resume(later)
            heapq.heappush(running, (_or_infinity(session.end_time), later))

    def _add(self, session: int) -> None:
        """A session has ended, or was cut: puts it where its furthest remaining steps are."""
        for tag in (None, *self.evidence[session]):
            reached = self._max_step(session, tag)
            if reached is not None:
                heap = (tag, tag is not None and self.traces[session][tag].moves)
                heapq.heappush(self.reach.setdefault(heap, []), (-reached, session))

    def _max_step(self, session: int, tag: int | None) -> int | None:
        traces = self.traces[session]
        if tag is None:
            return max((trace.max_step for trace in traces.values()), default=None)
        return traces[tag].max_step if tag in traces else None

    def _reaching(self, tag: int | None, moves: bool, step: int) -> list[int]:
        """Takes the sessions that reach the step off a heap; what has been cut since lies lower."""
        heap = self.reach.get((tag, moves), [])
        found = set()
        while heap and -heap[0][0] >= step:
            negated, session = heapq.heappop(heap)
            if self._max_step(session, tag) == -negated:
                found.add(session)
        return sorted(found)

    def _resume(self, later: int) -> None:
        start_step = self.sessions[later].start_step
        if start_step is not None:
            for earlier in self._reaching(None, False, start_step):
                self._cut(earlier, self._rows_from(earlier, start_step))
        for tag, trace in self.traces[later].items():
            for moves in (False, True)[: 1 + trace.moves]:
                for earlier in self._reaching(tag, moves, trace.first_step):
                    self._cut(earlier, self._abandoned(earlier, later))

    def _abandoned(self, earlier: int, later: int) -> NDArray[np.int64]:
        """The rows of the earlier session that the later one, which resumes it, has superseded."""
        before, after = self.traces[earlier], self.traces[later]
        shared = {
            tag
            for tag in self.evidence[earlier]
            if tag in before and tag in after and (after[tag].moves or not before[tag].moves)
        }
        lowest = min(shared, key=lambda tag: (after[tag].first_step, tag))
        if not self._mixed(before, after, shared, lowest):
            return self._rows_from(earlier, after[lowest].first_step)
        turned_back = self._turned_back(before, after, shared)
        return np.concatenate(
            [
                self._tail(trace, after[tag].first_step)
                if tag in shared
                else trace.rows[trace.rows >= turned_back]
                for tag, trace in before.items()
            ]
        )

    def _mixed(
        self, before: dict[int, _Trace], after: dict[int, _Trace], shared: set[int], lowest: int
    ) -> bool:
        """Whether the first step of the lowest series, S, means nothing to another one.

        It does not where the earlier session has points of that one at steps from S on, up to where
        the later one takes it up, and

        - wrote them before any series that is taken up at S came there, or
        - the later one took it up before the lowest series came to that step, or
        - the later one left out far more than lies between its own points.
        """
        step = after[lowest].first_step
        came_to_step = min(
            self._first_row_at(before[tag], step) for tag in shared if after[tag].first_step == step
        )
        for tag, trace in before.items():
            if not trace.moves:
                continue
            points = self._tail(trace, step)
            if tag in shared:
                points = points[self.rows.step[points] < after[tag].first_step]
            if points.size < _OTHER_CLOCK_POINTS:
                continue
            if points[_OTHER_CLOCK_POINTS - 1] < came_to_step:
                return True
            if tag in shared and self._taken_up_elsewhere(after[lowest], after[tag]):
                return True
        return False

    def _taken_up_elsewhere(self, lowest: _Trace, series: _Trace) -> bool:
        """Whether a session began the two series at steps that cannot be of one count."""
        steps = self.rows.step
        behind = lowest.rows[lowest.rows > series.rows[0]]
        if int((steps[behind] < series.first_step).sum()) >= _OTHER_CLOCK_POINTS:
            return True
        changes = int(np.count_nonzero(np.diff(steps[series.rows])))
        distance = (series.max_step - series.first_step) / changes
        return series.first_step - lowest.first_step > _OTHER_CLOCK_DISTANCES * distance

    def _turned_back(
        self, before: dict[int, _Trace], after: dict[int, _Trace], shared: set[int]
    ) -> int:
        """The row of the earlier session behind which its history was abandoned.

        Series that the later session begins anew would say: all of it. They are asked only where
        there are no others.
        """
        anew = {tag for tag in shared if after[tag].first_step <= before[tag].first_step}
        asked = shared - anew or shared
        return min(self._first_row_at(before[tag], after[tag].first_step) for tag in asked)

    def _first_row_at(self, trace: _Trace, step: int) -> int:
        """The first row of a series that has come to the step; behind all rows where none has."""
        tail = self._tail(trace, step)
        return int(tail[0]) if tail.size else self.rows.count

    def _tail(self, trace: _Trace, step: int) -> NDArray[np.int64]:
        return trace.rows[self.rows.step[trace.rows] >= step]

    def _rows_from(self, session: int, step: int) -> NDArray[np.int64]:
        traces = self.traces[session].values()
        return np.concatenate([self._tail(trace, step) for trace in traces])

    def _cut(self, session: int, rows: NDArray[np.int64]) -> None:
        """Takes rows out of a session, and puts it back where it now reaches."""
        self.superseded[rows] = True
        for tag, trace in list(self.traces[session].items()):
            kept = trace.rows[~self.superseded[trace.rows]]
            if not kept.size:
                del self.traces[session][tag]
            elif kept.size < trace.rows.size:
                trace.rows = kept
                trace.max_step = int(self.rows.step[kept].max())
        self._add(session)


def _or_infinity(time: float) -> float:
    """Without a wall time, nobody knows what came before: such a session never ends."""
    return time if np.isfinite(time) else float("inf")


def _evidence(traces: dict[int, _Trace]) -> list[int]:
    """The series of a session that tell where another one went on: those that moved on.

    If none did, the session got no further than one step: those that it wrote once. A series that
    was written again and again at one step does not count steps.
    """
    moved = [tag for tag, trace in traces.items() if trace.moves]
    return moved or [tag for tag, trace in traces.items() if trace.rows.size == 1]
