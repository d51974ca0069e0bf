"""What a reader should know of a run's timeline although nothing is damaged."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.timeline.stable_order import stable_order
from tbtools.runs.timeline.traces import WRAP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.eventfile.scan import FileColumns
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.vocabulary import NoteKind

# Where a counter wraps, it goes on at about its own distance; a wide guess tells it from a counter
# that is set back.
_WRAP_DISTANCES = 64


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is no damage, and that may surprise.

    Attributes:
        kind: ``steps_go_back``: the steps of a tag fall inside one writer session, as those of a
            counter do that restarts each epoch. ``step_wraps``: a counter of 32 bits wrapped.
            ``overlapping_writers``: several writers wrote the same steps of a tag at the same time.
            ``duplicate_file``: a file that is a copy of another one was not read twice.
            ``clock_skew``: wall times and steps of sessions contradict each other.
            ``superseded``: a tag has lost all its points to later sessions.
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


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duplicate_note(copy: FileColumns, whole: FileColumns) -> Note:
    """For a file that was not read, because another one holds what it holds."""
    name, other = os.path.basename(copy.path), os.path.basename(whole.path)
    same = "a copy" if copy.tag_id.size == whole.tag_id.size else "the beginning"
    return Note("duplicate_file", f"{name} is {same} of {other}; read once")


def skew_note(sessions: int) -> Note:
    """For sessions whose clocks contradict the steps."""
    return Note(
        "clock_skew",
        f"{_times(sessions, 'session')} carried earlier wall times than the steps that it "
        "continues: the clocks of the machines differ",
        count=sessions,
    )


def lost_tag_notes(rows: RunRows, superseded: NDArray[np.bool_]) -> Iterator[Note]:
    """For each tag that has lost all its points."""
    total = np.bincount(rows.tag_id, minlength=len(rows.tags))
    lost = np.bincount(rows.tag_id[superseded], minlength=len(rows.tags))
    for tag in np.flatnonzero((total > 0) & (lost == total)).tolist():
        points = _times(int(lost[tag]), "point")
        message = f"all {points} of {rows.tags[tag]} were superseded by a later session"
        yield Note("superseded", message, rows.tags[tag], int(lost[tag]))


def step_notes(
    rows: RunRows, session: NDArray[np.int64], key: NDArray[np.int64], tags: Sequence[str]
) -> Iterator[Note]:
    """For each tag whose steps fall inside a session.

    Args:
        rows: The run's rows that count, in file order: their steps are looked at.
        session: int64, the session of each row.
        key: int64, the index of each row's tag in `tags`, or -1 for what is no scalar.
        tags: Names.
    """
    step = rows.step
    # The rows of a session stand together, and mostly the steps of all its tags rise together.
    if not ((step[1:] < step[:-1]) & (session[1:] == session[:-1])).any():
        return
    order = stable_order(key + 1, len(tags) + 1)
    step, session, key = step[order], session[order], key[order]
    falls = np.flatnonzero(
        (step[1:] < step[:-1])
        & (session[1:] == session[:-1])
        & (key[1:] == key[:-1])
        & (key[1:] >= 0)
    )
    if not falls.size:
        return
    for tag in np.unique(key[falls]).tolist():
        own = falls[key[falls] == tag]
        first, end = np.searchsorted(key, [tag, tag + 1]).tolist()
        wraps = _wraps(step[first:end], own - first)
        yield from _step_notes(tags[tag], int(wraps.sum()), int((~wraps).sum()))


def _wraps(step: NDArray[np.int64], falls: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the falls are those of a counter of 32 bits that wrapped."""
    change = np.diff(step)
    rises = change[change > 0]
    usual = float(np.sort(rises)[rises.size // 2]) if rises.size else 1.0
    ahead = change[falls] + WRAP
    return (ahead > 0) & (ahead <= _WRAP_DISTANCES * usual)


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
    key: NDArray[np.int64],
    tags: Sequence[str],
    clusters: Sequence[Sequence[int]],
) -> Iterator[Note]:
    """For each tag of which several sessions that overlap wrote the same steps.

    Args:
        rows: The run's rows that count: their steps are looked at.
        session: int64, the session of each row.
        key: int64, the index of each row's tag in `tags`, or -1 for what is no scalar.
        tags: Names.
        clusters: The sessions that overlap.
    """
    counts: dict[int, int] = {}
    for cluster in clusters:
        if len(cluster) < 2:
            continue
        here = np.flatnonzero(np.isin(session, cluster) & (key >= 0))
        order = here[np.lexsort((session[here], rows.step[here], key[here]))]
        same = (key[order[1:]] == key[order[:-1]]) & (rows.step[order[1:]] == rows.step[order[:-1]])
        begins = np.flatnonzero(np.append(True, ~same))
        ends = np.append(begins[1:], order.size) - 1
        if not order.size:
            continue
        twice = begins[session[order[begins]] != session[order[ends]]]
        found, numbers = np.unique(key[order[twice]], return_counts=True)
        for tag, number in zip(found.tolist(), numbers.tolist(), strict=True):
            counts[tag] = counts.get(tag, 0) + number
    for tag, count in sorted(counts.items()):
        message = f"{_times(count, 'step')} of {tags[tag]} written by several writers at a time"
        yield Note("overlapping_writers", message, tags[tag], count)
