"""The timeline of a run: the order of its points, and what restarts have superseded.

This is the one place that decides both, and what of it a reader should know.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.loops import loops
from tbtools.runs.timeline.clocks import plain_clocks, rows_set_back
from tbtools.runs.timeline.corrected import corrected_clocks
from tbtools.runs.timeline.duplicates import Copies, find_copies
from tbtools.runs.timeline.launches import find_launches
from tbtools.runs.timeline.notes import (
    Note,
    duplicate_notes,
    lost_session_notes,
    lost_tag_notes,
    overlap_notes,
    skew_note,
    step_notes,
)
from tbtools.runs.timeline.order import (
    by_steps_in_one_instant,
    overlapping_sessions,
    written_order,
)
from tbtools.runs.timeline.restarts import superseded_by_preemption, superseded_by_session_log
from tbtools.runs.timeline.resume import superseded_by_resume
from tbtools.runs.timeline.rows import join_files
from tbtools.runs.timeline.scripts import find_scripts
from tbtools.runs.timeline.sessions import find_sessions
from tbtools.runs.timeline.traces import (
    compare_sessions,
    evidence,
    has_wrapped,
    trace_session,
    unwrapped_steps,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.row_order import RowOrder
    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.resume import Cut
    from tbtools.runs.timeline.rows import Mark, RunRows
    from tbtools.runs.timeline.sessions import Session
    from tbtools.vocabulary import RestartPolicy


_NONE = np.empty(0, np.int64)
_shared_zeros = _NONE


def _zeros(count: int) -> NDArray[np.int64]:
    """So many zeros, which all series share and nobody can write to: most runs have one session."""
    global _shared_zeros
    zeros = _shared_zeros
    if zeros.size < count:
        zeros = np.zeros(max(count, 2 * zeros.size), np.int64)
        zeros.flags.writeable = False
        _shared_zeros = zeros
    return zeros[:count]


@dataclass(frozen=True, eq=False)
class Timeline:
    """The rows of a run as they were written.

    Attributes:
        rows: The rows, as they stand in the files.
        policy: The restart policy.
        sessions: The writer sessions, in file order.
        clocks: When they ran.
        clusters: The sessions in the order in which they began, those together that overlap.
        order: int64, all rows in the order in which they were written; None where the rows stand so
            already. The policies of TensorBoard's backends, and ``keep``, take the order of the
            files, as these do.
        superseded: bool for each row, whether the policy leaves it out; None where it keeps all.
        copies: The files that hold the same.
        cuts: Under ``resume``, sessions with the rows that they have superseded: each row once.
    """

    rows: RunRows
    policy: RestartPolicy
    sessions: tuple[Session, ...]
    clocks: Clocks
    clusters: list[list[int]]
    order: NDArray[np.int64] | None
    superseded: NDArray[np.bool_] | None
    copies: Copies
    cuts: tuple[Cut, ...] = ()

    @property
    def start_time(self) -> float:
        """Wall time of the first event, seconds since the epoch; NaN where none is known."""
        times = [each.start_time for each in self.sessions if math.isfinite(each.start_time)]
        return min(times, default=float("nan"))

    @property
    def end_time(self) -> float:
        """Wall time of the last event, likewise."""
        times = [each.end_time for each in self.sessions if math.isfinite(each.end_time)]
        return max(times, default=float("nan"))

    @cached_property
    def pauses(self) -> tuple[tuple[float, float], ...]:
        """When no session ran between the first event and the last: wall times of both ends."""
        ran = sorted((each.start_time, each.end_time) for each in self.sessions)
        pauses, latest = [], math.nan
        for start, end in ran:
            if not math.isfinite(start) or not math.isfinite(end):
                continue
            if start > latest:
                pauses.append((latest, start))
            latest = end if math.isnan(latest) else max(latest, end)
        return tuple(pauses)

    @property
    def session_order(self) -> list[int]:
        """The sessions in the order in which they began."""
        return [session for cluster in self.clusters for session in cluster]

    @cached_property
    def _first_rows(self) -> NDArray[np.int64]:
        return np.array([session.first_row for session in self.sessions], np.int64)

    @property
    def _bounds(self) -> list[int]:
        return [*(session.first_row for session in self.sessions), self.rows.count]

    def session_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of the session that wrote each of some rows."""
        if len(self.sessions) < 2:
            return _zeros(rows.size)
        return np.searchsorted(self._first_rows, rows, side="right") - 1

    def sessions_in(self, order: RowOrder) -> NDArray[np.int64]:
        """The same of all rows of an order, which are only asked for where they tell."""
        if len(self.sessions) < 2:
            return _zeros(order.size)
        return self.session_of(order.all())

    def marks(self, kind: int) -> list[Mark]:
        """The events of one kind that are no summary: session after session, as points stand."""
        marks = self.rows.marks(kind)
        if self.order is None:
            return marks
        place = {session: number for number, session in enumerate(self.session_order)}
        files = [session.file for session in self.sessions]

        def session_of(mark: Mark) -> int:
            first, end = bisect_left(files, mark.file), bisect_right(files, mark.file)
            return max(first, bisect_right(self._first_rows, mark.row, first, end) - 1)

        return sorted(marks, key=lambda mark: place[session_of(mark)])

    def restarts_in(self, session: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where a later session goes on that began when those before it had ended.

        Args:
            session: int64: the sessions of the points of a series, in their order.

        Returns:
            int64: indices of these points.
        """
        if len(self.sessions) < 2:
            return _NONE
        cluster_of = np.empty(len(self.sessions), np.int64)
        for number, cluster in enumerate(self.clusters):
            cluster_of[cluster] = number
        return np.flatnonzero(np.diff(cluster_of[session])) + 1

    @property
    def has_overlaps(self) -> bool:
        """Whether any sessions overlap."""
        return len(self.clusters) < len(self.sessions)

    def notes(self, series: Callable[[], Sequence[tuple[str, NDArray[np.int64]]]]) -> list[Note]:
        """What should be known of the timeline.

        Args:
            series: Gives tag and rows of each series of scalars, in the order of the timeline and
                without what is superseded.
        """
        notes = list(duplicate_notes(self.copies))
        set_back = self.session_of(rows_set_back(self.rows, self._first_rows))
        if skewed := {*self.clocks.skewed, *set_back.tolist()}:
            notes.append(skew_note(len(skewed)))
        if self.superseded is not None:
            notes += lost_tag_notes(self.rows, self.superseded)
            notes += lost_session_notes(self.rows, self.sessions, self.superseded, self.cuts)
        if not (self.has_overlaps or self._steps_fall or self._has_wrapped):
            return notes
        session = np.repeat(np.arange(len(self.sessions)), np.diff(self._bounds))
        by_session = [(tag, self._by_session(own, session)) for tag, own in series() if own.size]
        notes += step_notes(self.rows, session, by_session)
        if self.has_overlaps:
            notes += overlap_notes(self.rows, session, by_session, self.clusters)
        return notes

    def _by_session(self, own: NDArray[np.int64], session: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of a series, session after session: in file order, if that makes no difference.

        It does where a counter wraps from one session to the next.
        """
        if self.order is not None:
            chosen = np.zeros(self.rows.count, bool)
            chosen[own] = True
            own = np.flatnonzero(chosen)
        if self._has_wrapped:
            place = np.empty(len(self.sessions), np.int64)
            place[self.session_order] = np.arange(len(self.sessions))
            own = own[np.argsort(place[session[own]], kind="stable")]
        return own

    @cached_property
    def _has_wrapped(self) -> bool:
        return len(self.sessions) > 1 and has_wrapped(self.rows.step)

    @property
    def _steps_fall(self) -> bool:
        """Whether the steps of any tag fall inside a session.

        Mostly the steps of all tags rise together.
        """
        rows, bounds = self.rows, itertools.pairwise(self._bounds)
        if not any(loops.falls(rows.step[first:end], 0).size for first, end in bounds):
            return False
        falls = loops.falls_by_tag(
            rows.step, 0, *rows.tag_of_rows, len(rows.tags), self._first_rows
        )
        return bool(falls.size)


def build_timeline(files: Sequence[FileColumns], policy: RestartPolicy) -> Timeline:
    """The timeline of the event files of a run.

    Args:
        files: Sorted by name.
        policy: The restart policy.
    """
    copies = Copies(list(files), [], [])
    if len(files) > 1 and policy in ("resume", "keep"):  # TensorBoard's backends read copies too
        copies = find_copies(files)
    if policy == "resume":
        copies = copies._replace(kept=by_steps_in_one_instant(copies.kept))
    rows = join_files(copies.kept)
    sessions = find_sessions(rows)
    clocks = plain_clocks(sessions)
    superseded = order = None
    cuts: tuple[Cut, ...] = ()
    if policy == "preempt":
        superseded = superseded_by_preemption(rows)
    elif policy == "session_log":
        superseded = superseded_by_session_log(rows)
    elif policy == "resume" and len(sessions) > 1:
        clocks, cuts = _resume(rows, sessions, clocks)
        if cuts:
            superseded = np.zeros(rows.count, bool)
            superseded[np.concatenate([lost for _, lost in cuts])] = True
    clusters = overlapping_sessions(clocks)
    if policy == "resume":
        order = written_order(rows, sessions, clocks, clusters)
    superseded = _without_repeated(rows, superseded, copies)
    return Timeline(
        rows, policy, tuple(sessions), clocks, clusters, order, superseded, copies, cuts
    )


def _resume(
    rows: RunRows, sessions: Sequence[Session], plain: Clocks
) -> tuple[Clocks, tuple[Cut, ...]]:
    """When the sessions of a run really ran, and what they have superseded."""
    launches = find_launches(rows, sessions, plain)
    rows, sessions = launches.rows, launches.sessions
    step = unwrapped_steps(rows, sessions)
    traces = [trace_session(rows, step, session) for session in sessions]
    compare_sessions(traces)
    known = [evidence(own) for own in traces]
    scripts = find_scripts(step, plain_clocks(sessions), traces)
    clocks = corrected_clocks(rows, step, sessions, traces, known, scripts)
    cuts = superseded_by_resume(rows, step, sessions, traces, known, clocks, scripts)
    return launches.of_sessions(clocks, plain), tuple(
        (launches.members[later][0], launches.in_run(lost)) for later, lost in cuts
    )


def _without_repeated(
    rows: RunRows, superseded: NDArray[np.bool_] | None, copies: Copies
) -> NDArray[np.bool_] | None:
    """What is superseded, and what damaged copies hold once more."""
    for file, _, original in copies.repeated:
        left_out = np.zeros(rows.count, bool) if superseded is None else superseded
        first = int(rows.starts[copies.kept.index(file)])
        left_out[first : first + original.size] |= original >= 0
        superseded = left_out
    return superseded
