"""What a reader should know of a run's timeline although nothing is damaged."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tbtools.runs.timeline.traces import WRAP, counter_wraps, distinct_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.timeline.duplicates import Copies
    from tbtools.runs.timeline.resume import Cut
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session
    from tbtools.vocabulary import FileChangeKind, NoteKind


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is no damage, and that may surprise.

    Attributes:
        kind: ``steps_go_back``: the steps of a tag fall inside one writer session, as those of a
            counter do that restarts each epoch. ``step_wraps``: a counter of 32 bits wrapped.
            ``overlapping_writers``: several writers wrote the same steps of a tag at the same time.
            ``duplicate_file``: a file that is a copy of another one was not read twice.
            ``clock_skew``: wall times and steps of sessions contradict each other, or the wall
            times of a tag fall inside one.
            ``superseded``: a tag, or what one machine wrote, has lost all its points to later
            sessions.
            ``read_anew``: a file that is followed was replaced, cut short or mended meanwhile.
        message: One sentence.
        tag: The tag that it is about; None for the run.
        count: How many places, steps, files, sessions or points.
    """

    kind: NoteKind
    message: str
    tag: str | None = None
    count: int = 1

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, but for the name of the run."""
        return {
            "kind": self.kind,
            "message": self.message,
            "tag": self.tag,
            "count": self.count,
        }


# With the name of the run; None for several that are taken together.
RunNote: TypeAlias = tuple[str | None, Note]


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duplicate_notes(copies: Copies) -> Iterator[Note]:
    """For files that were not read, or not all, because another one holds what they hold."""
    for copy, whole in copies.left_out:
        this, other = _names(copy, whole)
        message = f"{this} is {_likeness(copy, whole)} of {other}; read once"
        yield Note("duplicate_file", message)
    for copy, whole, rows in copies.repeated:
        this, other = _names(copy, whole)
        only = _times(int((rows < 0).sum()), "value")
        damaged = "both are damaged" if copy.damage and whole.damage else "one of them is damaged"
        message = f"{this} is a copy of {other}, {damaged}; read for {only}"
        yield Note("duplicate_file", f"{message} that only it holds")


def _likeness(copy: FileColumns, whole: FileColumns) -> str:
    if copy.damage:
        return "a damaged copy"
    if copy.tag_id.size == whole.tag_id.size:
        return "a copy"
    is_beginning = copy.offset[-1] == whole.offset[copy.offset.size - 1]
    return "the beginning" if is_beginning else "a part"


def _names(one: FileColumns, other: FileColumns) -> tuple[str, str]:
    """What two files are called: their names, or their paths where the names are the same."""
    names = os.path.basename(one.path), os.path.basename(other.path)
    return names if names[0] != names[1] else (one.path, other.path)


def link_note(link: str, target: str) -> Note:
    """For a link that leads to a file which is read under its own name."""
    return Note("duplicate_file", f"{os.path.basename(link)} is a link to {target}; read once")


def change_note(path: str, change: FileChangeKind) -> Note:
    """For a file that was read again from its beginning."""
    what = {"shrank": "became shorter", "replaced": "was replaced", "healed": "was mended"}
    return Note("read_anew", f"{os.path.basename(path)} {what[change]} and was read anew")


def skew_note(sessions: int) -> Note:
    """For sessions whose clocks contradict the steps."""
    return Note(
        "clock_skew",
        f"the wall times of {_times(sessions, 'session')} contradict the steps: clocks differ, or "
        "were set back",
        count=sessions,
    )


def _lost(count: int, whose: str) -> str:
    points, were = ("the only point", "was") if count == 1 else (f"all {count:,} points", "were")
    return f"{points} {whose} {were} superseded by a later session"


def lost_tag_notes(rows: RunRows, superseded: NDArray[np.bool_]) -> Iterator[Note]:
    """For each tag that has lost all its points."""
    lost, left = rows.counts(superseded), rows.counts(~superseded)
    for tag in np.flatnonzero((lost > 0) & (left == 0)).tolist():
        message = _lost(int(lost[tag]), f"of {rows.tags[tag]}")
        yield Note("superseded", message, rows.tags[tag], int(lost[tag]))


def lost_session_notes(
    rows: RunRows, sessions: Sequence[Session], superseded: NDArray[np.bool_], cuts: Sequence[Cut]
) -> Iterator[Note]:
    """For each session that has lost all its points to sessions of other machines.

    A training that was started anew elsewhere looks like that, and so may a second writer.
    """
    winners: dict[int, set[str]] = {}
    first_rows = [session.first_row for session in sessions]
    for later, lost in cuts:
        losers = _numbers(np.searchsorted(first_rows, lost, side="right") - 1)
        for loser in losers:
            winners.setdefault(loser, set()).add(sessions[later].host)
    for loser, hosts in sorted(winners.items()):
        session = sessions[loser]
        here = slice(session.first_row, session.end_row)
        if session.host and not hosts & {"", session.host} and superseded[here].all():
            tags = ", ".join(rows.tags[tag] for tag in _numbers(rows.tag_id[here]))
            count = session.end_row - session.first_row
            message = _lost(count, f"that {session.host} wrote ({tags})")
            yield Note("superseded", f"{message} of {', '.join(sorted(hosts))}", count=count)


def _numbers(numbers: NDArray[np.integer]) -> list[int]:
    """Which small numbers there are."""
    return np.flatnonzero(np.bincount(numbers)).tolist()


def step_notes(
    rows: RunRows, session: NDArray[np.int64], series: Sequence[tuple[str, NDArray[np.int64]]]
) -> Iterator[Note]:
    """For each tag whose steps fall inside a session, or wrap there or from one to the next.

    Args:
        rows: The run's rows.
        session: int64, the session of each row.
        series: Tag and rows of each series of scalars, session after session.
    """
    for tag, own in series:
        step = rows.step[own]
        falls = np.flatnonzero(step[1:] < step[:-1])
        inside = session[own[falls]] == session[own[falls + 1]]
        if inside.any() or (step[falls] - step[falls + 1] > WRAP // 2).any():
            wraps = counter_wraps(step, falls)
            yield from _step_notes(tag, int(wraps.sum()), int((inside & ~wraps).sum()))


def _step_notes(tag: str, wraps: int, falls: int) -> Iterator[Note]:
    if wraps:
        message = f"the step counter of {tag} wraps at 32 bits, {_times(wraps, 'time')}"
        yield Note("step_wraps", message, tag, wraps)
    if falls:
        message = (
            f"the steps of {tag} go back {_times(falls, 'time')} inside a session; points are "
            "taken in the order written"
        )
        yield Note("steps_go_back", message, tag, falls)


def overlap_notes(
    rows: RunRows,
    session: NDArray[np.int64],
    series: Sequence[tuple[str, NDArray[np.int64]]],
    clusters: Sequence[Sequence[int]],
) -> Iterator[Note]:
    """For each tag of which several sessions that overlap wrote the same steps.

    Args:
        rows: The run's rows.
        session: int64, the session of each row.
        series: Tag and rows of each series of scalars, session after session.
        clusters: The sessions that overlap.
    """
    for tag, own in series:
        step, writer = rows.step[own], session[own]
        count = sum(
            _steps_written_twice(step, writer, cluster) for cluster in clusters if len(cluster) > 1
        )
        if count:
            message = f"{_times(count, 'step')} of {tag} written by several writers at a time"
            yield Note("overlapping_writers", message, tag, count)


def _steps_written_twice(
    step: NDArray[np.int64], session: NDArray[np.int64], cluster: Sequence[int]
) -> int:
    """How many steps more than one of some sessions wrote."""
    changes = np.flatnonzero(session[1:] != session[:-1]) + 1
    bounds = [0, *changes.tolist(), session.size]
    stretches = {int(session[first]): step[first:end] for first, end in pairwise(bounds)}
    distinct = [distinct_steps(stretches[each]) for each in cluster if each in stretches]
    if len(distinct) < 2:
        return 0
    if all(np.array_equal(distinct[0], each) for each in distinct[1:]):  # as ranks do
        return distinct[0].size
    together = np.sort(np.concatenate(distinct), kind="stable")
    return distinct_steps(together[1:][together[1:] == together[:-1]]).size
