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
- A script that evaluates checkpoints (`scripts.py`) supersedes scores that it wrote again. Where
  each of two sessions has as many series of its own as they share, they are different scripts: what
  they do not share goes on.
- Where tags do not count in the same steps (`abandoned.py`), or begin anew each epoch
  (`epochs.py`), the lowest step is not that of the others.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.timeline.abandoned import Succession
from tbtools.runs.timeline.epochs import is_next_epoch
from tbtools.runs.timeline.traces import is_evaluation, shared_counters

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session
    from tbtools.runs.timeline.traces import Trace

    # A session, and the rows that it has superseded.
    Cut = tuple[int, NDArray[np.int64]]

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


def superseded_by_resume(
    rows: RunRows,
    step: NDArray[np.int64],
    sessions: Sequence[Session],
    traces: Sequence[dict[int, Trace]],
    evidence: Sequence[Sequence[int]],
    clocks: Clocks,
    scripts: Collection[int],
) -> list[Cut]:
    """Which rows a later session has superseded, and which session that was.

    Args:
        rows: The run.
        step: Its steps, unwrapped.
        sessions: Its writer sessions.
        traces: Of each session, by tag id; they are used up.
        evidence: Of each session, the tags that count the training's steps.
        clocks: When the sessions ran.
        scripts: The sessions that evaluate a training.

    Returns:
        Cut by cut, the later session with the rows that it superseded: each row once.
    """
    resume = _Resume(rows, step, sessions, traces, evidence, clocks, scripts)
    resume.run()
    return resume.cuts


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
        scripts: Collection[int],
    ) -> None:
        self.rows = rows
        self.step = step
        self.sessions = sessions
        self.superseded = np.zeros(rows.count, bool)
        self.cuts: list[Cut] = []
        self.traces = traces
        self.evidence = evidence
        self.clocks = clocks
        self.scripts = scripts
        self.is_evaluation = [is_evaluation(own) for own in traces]
        # The evaluations that can be resumed, by tag and step.
        self.evaluated: dict[tuple[int, int], list[int]] = {}
        # A heap of (-max step, session) for each tag that is evidence, one for those that moved and
        # one for those that did not; the tag None stands for all.
        self.reach: dict[tuple[int | None, bool], list[tuple[int, int]]] = {}
        # The sessions that nothing has followed yet, by the tags that moved in them.
        self.last: dict[int, set[int]] = {}

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
        for tag, trace in self.traces[session].items():
            if trace.moves:
                self.last.setdefault(tag, set()).add(session)

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
                    self._take_up(earlier, later, tag)
        if later not in self.scripts:
            self._redo_epochs(later)

    def _take_up(self, earlier: int, later: int, tag: int) -> None:
        """A session has come to a step of a tag that an earlier one had reached."""
        gets_there = self.traces[later][tag].max_step >= self.traces[earlier][tag].max_step
        if not self._is_over(earlier, later, tag) or (
            self.is_evaluation[earlier] and not gets_there
        ):
            self._push(tag, earlier)
        elif later in self.scripts:
            self._cut(earlier, later, self._succession(earlier, later).written_again())
        elif not is_next_epoch(self.step, self.traces[earlier], self.traces[later], tag):
            self._cut(earlier, later, self._succession(earlier, later).abandoned())

    def _succession(self, earlier: int, later: int) -> Succession:
        return Succession(
            self.step, self.traces[earlier], self.traces[later], self.evidence[earlier]
        )

    def _redo_epochs(self, later: int) -> None:
        """Cuts the epochs in which earlier sessions broke off, if the later one redoes them."""
        moved = [tag for tag, trace in self.traces[later].items() if trace.moves]
        last = {earlier for tag in moved for earlier in self.last.get(tag, ())}
        followed = {earlier for earlier in last if self._is_over(earlier, later, None)}
        for earlier in sorted(followed):
            rows = self._succession(earlier, later).redone()
            if rows.size:
                self._cut(earlier, later, rows)
        for tag in moved:
            self.last[tag] = self.last.get(tag, set()) - followed

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

    def _rows_from(self, session: int, step: int) -> NDArray[np.int64]:
        traces = self.traces[session].values()
        return np.concatenate([trace.tail(self.step, step) for trace in traces])

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
