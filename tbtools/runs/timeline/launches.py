"""What one start of a job wrote: writer sessions that run together and share no tag.

A job may have several writers in one directory, for example one for the training and one for the
validation. They are started, resumed and rolled back together, on one clock: what is said of one of
them holds for all. So their rows are put together, and `resume` goes by launches, not by files.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.runs.timeline.order import merged_rows, overlapping_sessions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.clocks import Clocks
    from tbtools.runs.timeline.rows import RunRows
    from tbtools.runs.timeline.sessions import Session

# A writer may begin so much before the job's main one, or end after it, as a part of that one.
_ROOM = 1 / 10


class Launches(NamedTuple):
    """The launches of a run.

    Attributes:
        members: The sessions of each launch, the one that ran longest first.
        rows: The rows of the run, launch after launch, those of one in the order written. Only
            their own columns are in this order.
        sessions: The launches, each as one session of these rows.
        order: int64, for each of these rows that of the run; None where they are the same.
    """

    members: list[list[int]]
    rows: RunRows
    sessions: Sequence[Session]
    order: NDArray[np.int64] | None

    def in_run(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of the run that stand at these places."""
        return rows if self.order is None else self.order[rows]

    def of_sessions(self, clocks: Clocks, plain: Clocks) -> Clocks:
        """When the sessions ran.

        Args:
            clocks: When the launches did.
            plain: What the sessions' own clocks say.
        """
        if self.order is None:
            return clocks
        shift = plain.shift.copy()
        for members, moved in zip(self.members, clocks.shift.tolist(), strict=True):
            shift[members] = moved
        change = shift - plain.shift
        skewed = tuple(each for number in clocks.skewed for each in self.members[number])
        return plain._replace(
            start=plain.start + change, end=plain.end + change, shift=shift, skewed=skewed
        )


def find_launches(rows: RunRows, sessions: Sequence[Session], clocks: Clocks) -> Launches:
    """Puts the sessions together that run together on one machine and share no tag.

    Args:
        rows: The run.
        sessions: Its writer sessions.
        clocks: What their clocks say.
    """
    members = _members(rows, sessions, clocks)
    if len(members) == len(sessions):
        return Launches(members, rows, sessions, None)
    parts = [merged_rows(rows, sessions, clocks, each) for each in members]
    ends = np.cumsum([part.size for part in parts]).tolist()
    joined = [
        _joined([sessions[each] for each in launch], first, end)
        for launch, first, end in zip(members, [0, *ends], ends, strict=False)
    ]
    order = np.concatenate(parts)
    return Launches(members, replace(rows, values=rows.values.taken(order)), joined, order)


def _joined(sessions: Sequence[Session], first: int, end: int) -> Session:
    starts = [each.start_step for each in sessions if each.start_step is not None]
    return replace(
        sessions[0],
        first_row=first,
        end_row=end,
        start_step=min(starts, default=None),
        start_time=float(np.fmin.reduce([each.start_time for each in sessions])),
        end_time=float(np.fmax.reduce([each.end_time for each in sessions])),
    )


def _members(rows: RunRows, sessions: Sequence[Session], clocks: Clocks) -> list[list[int]]:
    """The sessions of each launch, launches in the order of their main sessions."""
    in_file = Counter(session.file for session in sessions)
    launches = {number: [number] for number in range(len(sessions))}
    for cluster in overlapping_sessions(clocks):
        alone = [each for each in cluster if in_file[sessions[each].file] == 1]
        if len(alone) > 1:
            tags = {each: _tags(rows, sessions[each]) for each in alone}
            _join(alone, sessions, clocks, tags, launches)
    return list(launches.values())


def _tags(rows: RunRows, session: Session) -> frozenset[int]:
    counts = np.bincount(rows.tag_id[session.first_row : session.end_row])
    return frozenset(np.flatnonzero(counts).tolist())


def _join(
    cluster: Sequence[int],
    sessions: Sequence[Session],
    clocks: Clocks,
    tags: Mapping[int, frozenset[int]],
    launches: dict[int, list[int]],
) -> None:
    """Joins each session to the shortest one in whose time it ran.

    What ran beside several sessions that share a tag, such as a monitor of the machine that
    outlives the job, belongs to none of them.
    """
    length = clocks.end - clocks.start
    alike: dict[tuple[str, frozenset[int]], list[int]] = {}
    shortest_first = sorted(cluster, key=lambda each: (length[each], each))
    for each in shortest_first:
        alike.setdefault((sessions[each].host, tags[each]), []).append(each)
    parts: dict[int, list[int]] = {}
    for each in shortest_first:
        found = [
            longer
            for (host, others), them in alike.items()
            if host == sessions[each].host and others.isdisjoint(tags[each])
            for longer in _around(each, np.array(them), clocks)
        ]
        if found:
            main = min(found, key=lambda longer: (length[longer], longer))
            parts.setdefault(main, []).append(each)
    for main in shortest_first:
        own = parts.get(main, [])
        joined = [session for part in (main, *own) for session in launches[part]]
        total = sum(len(tags[session]) for session in joined)
        if own and len(frozenset().union(*(tags[session] for session in joined))) == total:
            launches[main] = joined
            for part in own:
                del launches[part]


def _around(session: int, others: NDArray[np.int64], clocks: Clocks) -> list[int]:
    """The shortest of some longer sessions, given by length, in whose time a session ran."""
    start, end = clocks.start[others], clocks.end[others]
    room = _ROOM * (end - start)
    is_around = (start - room <= clocks.start[session]) & (clocks.end[session] <= end + room)
    length = clocks.end[session] - clocks.start[session]
    is_around &= (end - start > length) | ((end - start == length) & (others > session))
    found: list[int] = others[is_around][:1].tolist()
    return found
