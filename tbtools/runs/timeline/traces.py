"""What each writer session wrote of each tag: the evidence that the rule `resume` works with."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.loops import loops
from tbtools.runs.timeline.stable_order import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session

# A counter of 32 bits that wraps goes from about 2^31 to about -2^31.
WRAP = 1 << 32
_NEAR_WRAP = 1 << 30
# Where a counter wraps, it goes on at about its own distance; a wide guess tells it from a counter
# that is set back.
_WRAP_DISTANCES = 64


@dataclass(slots=True, eq=False)
class Trace:
    """One tag in one session.

    Attributes:
        rows: int64, the rows of the tag that are left, in the order written.
        first_step: The step at which the session took the tag up: the lowest one it wrote; of a
            counter that resets, the first.
        max_step: The greatest step of the rows that are left.
        moves: Whether it was written at more than one step.
        varies: Whether it was so in the run, be it in different sessions.
        resets: Whether the steps fall by more than half of what they span, as those of a batch in
            an epoch do: such steps do not tell how far the training has come.
        first_time: Wall time of the first row, seconds since the epoch.
        spacing: Steps between neighbouring distinct steps, on average; 0 where it does not move.
        descends: Whether the last step lies below the first one.
        rises: Whether no step lies below the one before it.
    """

    rows: NDArray[np.int64]
    first_step: int
    max_step: int
    moves: bool
    varies: bool
    resets: bool
    first_time: float
    spacing: float
    descends: bool
    rises: bool

    def tail(self, step: NDArray[np.int64], first: int) -> NDArray[np.int64]:
        """Its rows at some step and beyond it.

        Args:
            step: The steps of the run, unwrapped.
            first: That step.
        """
        if self.rises:
            return self.rows[bisect_left(self.rows, first, key=step.__getitem__) :]
        return self.rows[step[self.rows] >= first]

    @property
    def counts(self) -> bool:
        """Whether its steps tell how far the training has come.

        They do not where they reset, or stay the same from point to point.
        """
        return not self.resets and (self.moves or self.rows.size == 1)

    @property
    def span(self) -> int:
        """From its lowest to its greatest step."""
        return self.max_step - self.first_step


def has_wrapped(step: NDArray[np.int64]) -> bool:
    """Whether steps come near both ends of 32 bits, with a sign or without."""
    if not step.size:
        return False
    low, high = int(step.min()), int(step.max())
    if low < 0:
        return low < -_NEAR_WRAP and high > _NEAR_WRAP
    return low < _NEAR_WRAP and WRAP - _NEAR_WRAP < high < WRAP


def counter_wraps(step: NDArray[np.int64], falls: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the places where a series falls are those of a counter of 32 bits that wrapped.

    Args:
        step: The steps of the series.
        falls: Indices of the points in front of its falls.
    """
    ahead = np.diff(step)[falls] + WRAP
    return (ahead > 0) & (ahead <= _WRAP_DISTANCES * _usual_distance(step))


def _usual_distance(step: NDArray[np.int64]) -> float:
    change = np.diff(step)
    rises = change[change > 0]
    return float(np.sort(rises)[rises.size // 2]) if rises.size else 1.0


def unwrapped_steps(rows: RunRows, sessions: Sequence[Session]) -> NDArray[np.int64]:
    """The steps as a counter without a limit would have counted them.

    In a run that has wrapped, negative steps follow the positive ones. Where there are none, a
    session goes on within what those before it had reached.

    Args:
        rows: The run.
        sessions: Its writer sessions.
    """
    step = rows.step
    if not has_wrapped(step):
        return step
    if step.min() < 0:
        return np.where(step < 0, step + WRAP, step)
    unwrapped = step.copy()
    reached: dict[int, int] = {}
    running: list[tuple[float, int, int]] = []  # heap of (end, tag, step)
    for session in sorted(sessions, key=lambda each: each.start_time):
        while running and running[0][0] <= session.start_time:
            _, tag, last = heapq.heappop(running)
            reached[tag] = last
        for tag, own in _rows_by_tag(rows, session):
            steps = step[own]
            falls = np.flatnonzero(steps[1:] < steps[:-1])
            for fall in falls[counter_wraps(steps, falls)].tolist():
                steps[fall + 1 :] += WRAP
            room = _WRAP_DISTANCES * _usual_distance(steps)
            steps += WRAP * max(int((reached.get(tag, 0) + room - steps[0]) // WRAP), 0)
            unwrapped[own] = steps
            heapq.heappush(running, (session.end_time, tag, int(steps[-1])))
    return unwrapped


def _rows_by_tag(rows: RunRows, session: Session) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each tag of a session with its rows."""
    shape, tag_of_shape = rows.tag_of_rows
    own = shape[session.first_row : session.end_row]
    order, tags, bounds = grouped(own, len(rows.tags), tag_of_shape)
    order += session.first_row
    for tag, (first, end) in zip(tags.tolist(), pairwise(bounds), strict=True):
        yield tag, order[first:end]


def trace_session(rows: RunRows, step: NDArray[np.int64], session: Session) -> dict[int, Trace]:
    """The traces of a session, by tag id.

    Args:
        rows: The run.
        step: Its steps, unwrapped.
        session: The session.
    """
    return {
        tag: _trace(own, step, float(rows.wall_time[own[0]]))
        for tag, own in _rows_by_tag(rows, session)
    }


def distinct_steps(step: NDArray[np.int64]) -> NDArray[np.int64]:
    """np.unique, at once for what is in order already, and without the modules that it imports."""
    if (step[1:] > step[:-1]).all():
        return step
    in_order = np.sort(step, kind="stable")
    is_first = np.ones(in_order.size, bool)
    is_first[1:] = in_order[1:] != in_order[:-1]
    return in_order[is_first]


def _trace(rows: NDArray[np.int64], step: NDArray[np.int64], first_time: float) -> Trace:
    low, high, least_change, changes = loops.course(step, rows)
    rises = least_change >= 0 and high - low < 1 << 63  # beyond that, a change has wrapped
    moves = low < high
    resets = moves and -least_change > (high - low) / 2
    distinct = changes + 1 if rises or not moves else distinct_steps(step[rows]).size
    first, last = int(step[rows[0]]), int(step[rows[-1]])
    return Trace(
        rows=rows,
        first_step=first if resets else low,
        max_step=high,
        moves=moves,
        varies=moves,
        resets=resets,
        first_time=first_time,
        spacing=(high - low) / max(distinct - 1, 1),
        descends=last < first,
        rises=rises,
    )


def compare_sessions(traces: Sequence[dict[int, Trace]]) -> None:
    """What is known of a series from other sessions.

    What resets in one session does so in all that get no further, be it for one epoch only.
    """
    top: dict[int, int] = {}
    steps: dict[int, set[int]] = {}
    for own in traces:
        for tag, trace in own.items():
            steps.setdefault(tag, set()).update((trace.first_step, trace.max_step))
            if trace.resets:
                top[tag] = max(trace.max_step, top.get(tag, trace.max_step))
    for own in traces:
        for tag, trace in own.items():
            trace.varies = len(steps[tag]) > 1
            trace.resets = trace.moves and tag in top and trace.max_step <= top[tag]


def evidence(traces: dict[int, Trace]) -> list[int]:
    """The tags of a session that tell where another session went on: those that moved on.

    If none did, the session got no further than one step: the tags that it wrote once. A tag that
    was written again and again at one step, or whose steps reset, does not count the training's
    steps.
    """
    if any(trace.moves for trace in traces.values()):
        return [tag for tag, trace in traces.items() if trace.moves and not trace.resets]
    return [tag for tag, trace in traces.items() if trace.rows.size == 1]


def is_evaluation(traces: dict[int, Trace]) -> bool:
    """Whether a session wrote each of its tags at one step only, such as the score of a checkpoint.

    The steps of different tags may differ: the configuration at step 0, the score at step 500.
    """
    return bool(traces) and not any(trace.moves for trace in traces.values())


def shared_counters(
    before: dict[int, Trace], after: dict[int, Trace], known: Sequence[int]
) -> set[int]:
    """The tags by which a session can be seen to take up what another one wrote.

    Args:
        before: The traces of the earlier session.
        after: Those of the later one.
        known: What `evidence` says of the earlier one.
    """
    return {
        tag
        for tag in known
        if tag in before
        and tag in after
        and not after[tag].resets
        and (after[tag].moves or not before[tag].moves)
    }
