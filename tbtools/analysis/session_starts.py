"""Where in a merged run another writer session is marked, so that no reader drops a point of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.loops import loops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.rows import RunRows

_MAX_STEP = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A mark that another writer session begins: a SessionLog.START.

    TensorBoard drops what stands in front of it at its step or beyond, so it is made only where
    there is no such point.

    Attributes:
        step: The lowest step with which the session goes on.
        wall_time: Of its first point, seconds since the epoch.
    """

    step: int
    wall_time: float


def session_starts(rows: RunRows, parts: Sequence[NDArray[np.int64]]) -> dict[int, SessionStart]:
    """Before which parts of a run a session is marked.

    A reader takes a session that goes back under a tag for a restart, and drops what stands before.
    So a mark is made only where, under each tag that stands on both sides, all that follows up to
    the end lies beyond all that was reached, or stays at one step, as a configuration does.

    Args:
        rows: The run.
        parts: The rows of each part, as they are written.
    """
    reaches = [_Reach.of(rows, own) for own in parts]
    candidates = _handed_over(rows, parts, reaches)
    begins = np.full(len(rows.tags), len(parts))  # the part with which each tag begins
    for number in range(len(parts) - 1, -1, -1):
        begins[reaches[number].is_there] = number
    follows = _Reach.of(rows, np.empty(0, np.int64))
    starts = {}
    for number in range(len(parts) - 1, -1, -1):
        follows = follows.joined(reaches[number])
        if number not in candidates:
            continue
        start, reached = candidates[number]
        if not np.any((begins < number) & follows.moves & (follows.lowest <= reached)):
            starts[number] = start
    return starts


def _handed_over(
    rows: RunRows, parts: Sequence[NDArray[np.int64]], reaches: Sequence[_Reach]
) -> dict[int, tuple[SessionStart, int]]:
    """The parts that go on beyond all that was reached, with their marks and that step.

    Where nothing moved on, before or in the part itself, a reader has other rules: the scores of an
    evaluation, a job that ended in its first step.
    """
    before = _Reach.of(rows, np.empty(0, np.int64))
    latest = -np.inf
    found = {}
    for number, (own, part) in enumerate(zip(parts, reaches, strict=True)):
        if not own.size:
            continue
        time = rows.wall_time[own]
        goes_on = part.moves & before.is_there & (part.lowest > before.highest)
        first = int(part.lowest[goes_on].min(initial=_MAX_STEP))
        reached = int(before.highest.max())
        if goes_on.any() and first > reached and before.moves.any() and time[0] >= latest:
            found[number] = (SessionStart(first, float(time[0])), reached)
        before = before.joined(part)
        latest = float(np.nanmax(time, initial=latest))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """The lowest and the highest step of each tag in some rows."""

    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]

    @classmethod
    def of(cls, rows: RunRows, own: NDArray[np.int64]) -> _Reach:
        return cls(*loops.reach(rows.step, *rows.tag_of_rows, len(rows.tags), own))

    def joined(self, other: _Reach) -> _Reach:
        """Those of the rows of both."""
        return _Reach(
            np.minimum(self.lowest, other.lowest), np.maximum(self.highest, other.highest)
        )

    @property
    def is_there(self) -> NDArray[np.bool_]:
        """Which tags have a row."""
        return self.highest >= self.lowest

    @property
    def moves(self) -> NDArray[np.bool_]:
        """Which tags have more than one step."""
        return self.highest > self.lowest
