"""The restart policy `resume`: which points a later writer session has superseded.

- A session **resumes** an earlier one if it starts when that one has ended and, for some tag that
  both write, goes back to a step that the earlier one had reached. S is then the lowest step at
  which it takes up those tags, and the earlier session's points at steps >= S, of all tags, are
  superseded: they belong to a history that was abandoned.
- A SessionLog.START at step S says the same outright.
- Sessions that share no tag are other writers, sessions that overlap in wall time are concurrent
  ones: neither supersedes anything. Repeated steps inside one session stay.

Refinements, each for a habit of real training jobs (docs/restarts.md has the cases):

- A tag is evidence only if it moved on in both sessions and its steps do not reset. Of an earlier
  session that got no further than one step, the tags that it wrote once are evidence.
- A job that still writes while its successor has begun, because it is dying, has been replaced all
  the same (`_Resume._is_replaced`).
- A session that wrote each tag at one step only is an evaluation, no restart: it supersedes what
  another evaluation wrote under the same tag at the same step, and nothing else.
- A session that writes nothing of what the earlier one mostly wrote, and gets no further, evaluates
  its checkpoints: it supersedes scores that it wrote again. Where each of two sessions has more
  series of its own than they share, they are different scripts: what they do not share goes on.
- Where tags do not count in the same steps (the loss in batches, the accuracy in epochs), the
  lowest step means nothing to the others; `_Resume._is_mixed` tells by what it shows. Then each
  shared tag is cut where it itself is taken up, and what is not shared by the order of writing.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.timeline.traces import is_evaluation, shared_counters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session
    from tbtools.runs.timeline.traces import Trace

    # A session, and the rows that it has superseded.
    Cut = tuple[int, NDArray[np.int64]]

# One point can lie before S by chance (an episode that ended between two logs); a count of epochs
# against batches gives many.
_OTHER_COUNT_POINTS = 2
# A log that is taken up at S has its first point about one of its own distances behind S, at most
# few where these vary; a warm-up that every start counts from 0 leaves hundreds.
_OTHER_COUNT_DISTANCES = 10
# What a dying job writes after its successor has begun is at most this part of what it wrote: two
# pods live side by side for seconds or minutes, jobs for hours ...
_DYING_PART = 1 / 3
# ... a smaller part where the successor starts from scratch, as a concurrent writer does too ...
_DYING_PART_FROM_SCRATCH = 1 / 10
# (within so many distances of step 0) ...
_BEGINNING = 10
# ... or these few points, whenever they come: what is written at the close.
_LATE_POINTS = 2
# A writer that begins within so many distances of what another one has reached is in step with it,
# and may be a rank that joins late: a successor writes this part of its points alone.
_IN_STEP = 5
_ALONE_PART = 1 / 2
# Series with at least this part of the points of the longest one are what a session mostly writes.
_MAIN_PART = 1 / 2
# The last checkpoint lies at most so many distances behind the last score.
_NEXT = 2


def superseded_by_resume(
    rows: RunRows,
    step: NDArray[np.int64],
    sessions: Sequence[Session],
    traces: Sequence[dict[int, Trace]],
    evidence: Sequence[Sequence[int]],
    clocks: Clocks,
) -> tuple[NDArray[np.bool_] | None, tuple[Cut, ...]]:
    """Which rows a later session has superseded, and which session that was.

    Args:
        rows: The run.
        step: Its steps, unwrapped.
        sessions: Its writer sessions.
        traces: Of each session, by tag id; they are used up.
        evidence: Of each session, the tags that count the training's steps.
        clocks: When the sessions ran.

    Returns:
        bool for each row, or None where nothing is superseded; and, cut by cut, the later session
        with the rows that it superseded: each row once.
    """
    resume = _Resume(rows, step, sessions, traces, evidence, clocks)
    resume.run()
    return (resume.superseded if resume.cuts else None), tuple(resume.cuts)


class _Resume:
    """Goes through the sessions as they started, and cuts the earlier ones.

    An earlier session is looked at again only if it still reaches the step in question: per tag,
    the sessions that can be resumed lie in a heap with the furthest on top, those that were cut lie
    lower, and those of which nothing is left are gone. So many files of one run cost no more than
    their rows.
    """

    def __init__(
        self,
        rows: RunRows,
        step: NDArray[np.int64],
        sessions: Sequence[Session],
        traces: Sequence[dict[int, Trace]],
        evidence: Sequence[Sequence[int]],
        clocks: Clocks,
    ) -> None:
        self.rows = rows
        self.step = step
        self.sessions = sessions
        self.superseded = np.zeros(rows.count, bool)
        self.cuts: list[Cut] = []
        self.traces = traces
        self.evidence = evidence
        self.clocks = clocks
        self.is_evaluation = [is_evaluation(own) for own in traces]
        # The evaluations that can be resumed, by tag and step.
        self.evaluated: dict[tuple[int, int], list[int]] = {}
        # A heap of (-max step, session) for each tag that is evidence, one for those that moved and
        # one for those that did not; the tag None stands for all.
        self.reach: dict[tuple[int | None, bool], list[tuple[int, int]]] = {}

    def run(self) -> None:
        start = self.clocks.start
        running: list[tuple[float, int]] = []  # heap of (when it can be resumed, session)
        for later in sorted(range(len(self.sessions)), key=lambda number: start[number]):
            if not np.isfinite(start[later]):
                break
            while running and running[0][0] <= start[later]:
                self._add(heapq.heappop(running)[1])
            self._resume(later)
            heapq.heappush(running, (self._resumable_from(later), later))

    # -- what can be resumed

    def _resumable_from(self, session: int) -> float:
        """When a session has written so much that it may be dying; its end where that is near."""
        rows = [self.traces[session][tag].rows for tag in self.evidence[session]]
        longest = max(rows, key=len, default=np.empty(0, np.int64))
        if longest.size <= _LATE_POINTS:
            return float(self.clocks.end[session])
        at = max(int(longest.size * (1 - _DYING_PART)), 1) - 1
        time = float(self.rows.wall_time[longest[at]] + self.clocks.shift[session])
        end = float(self.clocks.end[session])
        return min(time, end) if np.isfinite(time) else end

    def _add(self, session: int) -> None:
        """A session can be resumed from now on."""
        if self.is_evaluation[session]:
            for tag, trace in self.traces[session].items():
                if trace.rows.size == 1:
                    key = (tag, int(self.step[trace.rows[0]]))
                    self.evaluated.setdefault(key, []).append(session)
        self._push_all(session)

    def _push_all(self, session: int) -> None:
        """Puts a session where its furthest remaining steps are."""
        for tag in (None, *self.evidence[session]):
            self._push(tag, session)

    def _push(self, tag: int | None, session: int) -> None:
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

    # -- what is superseded

    def _resume(self, later: int) -> None:
        start_step = self.sessions[later].start_step
        if start_step is not None:
            for earlier in self._reaching(None, False, start_step):
                if self._is_over(earlier, later, None):
                    self._cut(earlier, later, self._rows_from(earlier, start_step))
                else:
                    self._push(None, earlier)
        if self.is_evaluation[later]:
            self._evaluate_again(later)
            return
        for tag, trace in self.traces[later].items():
            if trace.resets:
                continue
            for moves in (False, True)[: 1 + trace.moves]:
                for earlier in self._reaching(tag, moves, trace.first_step):
                    if self._is_over(earlier, later, tag):
                        self._cut(earlier, later, self._abandoned(earlier, later))
                    else:
                        self._push(tag, earlier)

    def _evaluate_again(self, later: int) -> None:
        """An evaluation supersedes what other ones wrote under its tags at its steps.

        Tags that were written again and again at that step do not count steps: they stay.
        """
        for tag, trace in self.traces[later].items():
            if trace.rows.size > 1:
                continue
            key = (tag, int(self.step[trace.rows[0]]))
            for earlier in self.evaluated.pop(key, []):
                if tag in self.traces[earlier] and self._has_ended(earlier, later):
                    self._cut(earlier, later, self.traces[earlier][tag].rows)

    def _has_ended(self, earlier: int, later: int) -> bool:
        return bool(self.clocks.end[earlier] <= self.clocks.start[later])

    def _is_over(self, earlier: int, later: int, tag: int | None) -> bool:
        """Whether a session had ended, or was dying, when another one began."""
        if (earlier, later) in self.clocks.undecided:
            return False
        if self._has_ended(earlier, later):
            return True
        shared = shared_counters(self.traces[earlier], self.traces[later], self.evidence[earlier])
        if tag is not None:
            shared &= {tag}
        return any(
            self._is_replaced(earlier, later, each)
            for each in shared
            if self.traces[earlier][each].moves and self.traces[later][each].moves
        )

    def _is_replaced(self, earlier: int, later: int, tag: int) -> bool:
        """Whether a session that overlaps its successor was only dying then.

        It wrote little of the tag after its successor had begun to, and the successor took the tag
        up at a step that the session had reached by then: far behind it, at a checkpoint, or else
        wrote most without it. Ranks of one job write side by side all the time; workers that take
        turns do not go back.
        """
        before, after = self.traces[earlier][tag], self.traces[later][tag]
        times = self._times(earlier, before.rows)
        begin = after.first_time + float(self.clocks.shift[later])
        late = times > begin
        reached = self.step[before.rows[~late]]
        if not reached.size or reached.max() < after.first_step:
            return False
        number = int(late.sum())
        if number <= _LATE_POINTS < times.size:
            return True
        scratch = after.first_step <= min(before.first_step, _BEGINNING * after.spacing)
        if number > times.size * (_DYING_PART_FROM_SCRATCH if scratch else _DYING_PART):
            return False
        if not scratch and reached.max() - after.first_step > _IN_STEP * before.spacing:
            return True
        together = self._times(later, after.rows) <= float(times.max())
        return bool(together.mean() <= _ALONE_PART)

    def _times(self, session: int, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        times: NDArray[np.float64] = self.rows.wall_time[rows] + self.clocks.shift[session]
        return times

    def _abandoned(self, earlier: int, later: int) -> NDArray[np.int64]:
        """The rows of the earlier session that the later one, which resumes it, has superseded."""
        before, after = self.traces[earlier], self.traces[later]
        shared = shared_counters(before, after, self.evidence[earlier])
        if self._evaluates(before, after, shared):
            return self._written_again(before, after)
        lowest = min(shared, key=lambda tag: (after[tag].first_step, tag))
        turned_back = self._turned_back(before, after, shared)
        step = after[lowest].first_step
        mixed = self._is_mixed(before, after, shared, lowest)
        kept = self._kept(before, after)
        abandoned = [np.empty(0, np.int64)]
        for tag, trace in before.items():
            if tag in kept:
                continue
            if mixed and tag in shared:
                abandoned.append(self._tail(trace, after[tag].first_step))
            elif mixed or trace.resets:
                abandoned.append(trace.rows[trace.rows >= turned_back])
            else:
                abandoned.append(self._tail(trace, step))
        return np.concatenate(abandoned)

    def _evaluates(
        self, before: dict[int, Trace], after: dict[int, Trace], shared: set[int]
    ) -> bool:
        """Whether the later session is no training that goes on but evaluates the earlier one.

        It writes nothing of what the earlier one mostly wrote, and gets no further.
        """
        most = max(trace.rows.size for trace in before.values())
        mostly = {tag for tag, trace in before.items() if trace.rows.size >= _MAIN_PART * most}
        return mostly.isdisjoint(after) and all(
            after[tag].max_step <= before[tag].max_step + _NEXT * before[tag].spacing
            for tag in shared
        )

    def _written_again(
        self, before: dict[int, Trace], after: dict[int, Trace]
    ) -> NDArray[np.int64]:
        """The rows of the earlier session whose tag and step the later one wrote too."""
        again = [np.empty(0, np.int64)]
        for tag, trace in before.items():
            if tag in after:
                steps = self.step[after[tag].rows]
                again.append(trace.rows[np.isin(self.step[trace.rows], steps)])
        return np.concatenate(again)

    def _kept(self, before: dict[int, Trace], after: dict[int, Trace]) -> set[int]:
        """The series of the earlier session that go on beside the later one.

        Where each has more series of its own than they share, they are different scripts, for
        example one a task, which share the number of samples. A restart after which one of many
        series has another name shares most.
        """
        series, others = ({tag for tag in own if own[tag].moves} for own in (before, after))
        shared = len(series & others)
        alone = series - others
        return alone if min(len(alone), len(others - series)) > shared else set()

    def _is_mixed(
        self, before: dict[int, Trace], after: dict[int, Trace], shared: set[int], lowest: int
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
                points = points[self.step[points] < after[tag].first_step]
            if points.size < _OTHER_COUNT_POINTS:
                continue
            if points[_OTHER_COUNT_POINTS - 1] < came_to_step:
                return True
            if tag in shared and self._is_taken_up_elsewhere(after[lowest], after[tag]):
                return True
        return False

    def _is_taken_up_elsewhere(self, lowest: Trace, series: Trace) -> bool:
        """Whether a session began the two series at steps that cannot be of one count."""
        behind = lowest.rows[lowest.rows > series.rows[0]]
        if int((self.step[behind] < series.first_step).sum()) >= _OTHER_COUNT_POINTS:
            return True
        changes = int(np.count_nonzero(np.diff(self.step[series.rows])))
        distance = (series.max_step - series.first_step) / changes
        return series.first_step - lowest.first_step > _OTHER_COUNT_DISTANCES * distance

    def _turned_back(
        self, before: dict[int, Trace], after: dict[int, Trace], shared: set[int]
    ) -> int:
        """The row of the earlier session behind which its history was abandoned.

        Series that the later session begins anew would say: all of it. They count only where
        there are no others.
        """
        anew = {tag for tag in shared if after[tag].first_step <= before[tag].first_step}
        counted = shared - anew or shared
        return min(self._first_row_at(before[tag], after[tag].first_step) for tag in counted)

    def _first_row_at(self, trace: Trace, step: int) -> int:
        """The first row of a series that has come to the step; behind all rows where none has."""
        tail = self._tail(trace, step)
        return int(tail[0]) if tail.size else self.rows.count

    def _tail(self, trace: Trace, step: int) -> NDArray[np.int64]:
        return trace.rows[self.step[trace.rows] >= step]

    def _rows_from(self, session: int, step: int) -> NDArray[np.int64]:
        traces = self.traces[session].values()
        return np.concatenate([self._tail(trace, step) for trace in traces])

    def _cut(self, session: int, later: int, rows: NDArray[np.int64]) -> None:
        """Takes rows out of a session, and puts it back where it now reaches."""
        self.superseded[rows] = True
        if rows.size:
            self.cuts.append((later, rows))
        for tag, trace in list(self.traces[session].items()):
            kept = trace.rows[~self.superseded[trace.rows]]
            if not kept.size:
                del self.traces[session][tag]
            elif kept.size < trace.rows.size:
                trace.rows = kept
                trace.max_step = int(self.step[kept].max())
        self._push_all(session)
