"""What of an earlier session is abandoned when a later one resumes it.

Where tags do not count in the same steps (the loss in batches, the accuracy in epochs), the lowest
step means nothing to the others; `Succession._is_mixed` tells by what it shows. Then each shared
tag is cut where it itself is taken up, and what is not shared by the order of writing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.runs.timeline.epochs import NOTHING, goes_on, redone_from
from tbtools.runs.timeline.scripts import is_other_training, scores_again
from tbtools.runs.timeline.traces import shared_counters

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.traces import Trace

# One point can lie before S by chance (an episode that ended between two logs); a count of epochs
# against batches gives many.
_OTHER_COUNT_POINTS = 2
# A log that is taken up at S has its first point about one of its own distances behind S, at most
# few where these vary; a warm-up that every start counts from 0 leaves hundreds.
_OTHER_COUNT_DISTANCES = 10


class Succession:
    """Two sessions of which the later one resumes the earlier one.

    Args:
        step: The steps of the run, unwrapped.
        before: The traces of the earlier session.
        after: Those of the later one.
        known: The tags of the earlier one that count the training's steps.
    """

    def __init__(
        self,
        step: NDArray[np.int64],
        before: dict[int, Trace],
        after: dict[int, Trace],
        known: Sequence[int],
    ) -> None:
        self.step = step
        self.before, self.after = before, after
        self.shared = shared_counters(before, after, known)

    def abandoned(self) -> NDArray[np.int64]:
        """The rows of the earlier session that the later one, which resumes it, has superseded."""
        before, after, shared = self.before, self.after, self.shared
        if scores_again(before, after, shared):
            is_other = is_other_training(before, after, shared)
            return np.empty(0, np.int64) if is_other else self.written_again()
        lowest = min(shared, key=lambda tag: (after[tag].first_step, tag))
        redone = redone_from(self.step, before, after)
        turned_back = min([self._turned_back(), *redone.values()])
        step = after[lowest].first_step
        mixed = self._is_mixed(lowest)
        kept = self._kept()
        abandoned = [np.empty(0, np.int64)]
        for tag, trace in before.items():
            if tag in kept:
                continue
            if mixed and tag in shared:
                abandoned.append(trace.tail(self.step, after[tag].first_step))
            elif not mixed and self._counts(tag, redone):
                abandoned.append(trace.tail(self.step, step))
            else:
                abandoned.append(trace.rows[trace.rows >= redone.get(tag, turned_back)])
        return np.concatenate(abandoned)

    def _counts(self, tag: int, redone: Collection[int]) -> bool:
        """Whether a series can be cut by its steps: not those that begin anew each epoch."""
        trace = self.before[tag]
        resets = trace.resets or (tag in self.after and self.after[tag].resets)
        return not resets and tag not in redone and (trace.counts or not redone)

    def redone(self) -> NDArray[np.int64]:
        """The rows of the earlier session that are of epochs which the later one wrote again."""
        before, after = self.before, self.after
        redone = redone_from(self.step, before, after)
        start = min(redone.values(), default=NOTHING)
        abandoned = [np.empty(0, np.int64)]
        for tag, trace in before.items():
            if tag in redone or not trace.counts:
                abandoned.append(trace.rows[trace.rows >= redone.get(tag, start)])
            elif start < NOTHING and goes_on(trace, after.get(tag)):
                abandoned.append(trace.tail(self.step, after[tag].first_step))
        return np.concatenate(abandoned)

    def written_again(self) -> NDArray[np.int64]:
        """The rows of the earlier session whose tag and step the later one wrote too."""
        again = [np.empty(0, np.int64)]
        for tag, trace in self.before.items():
            if tag in self.after:
                steps = self.step[self.after[tag].rows]
                again.append(trace.rows[np.isin(self.step[trace.rows], steps)])
        return np.concatenate(again)

    def _kept(self) -> set[int]:
        """The series of the earlier session that go on beside the later one.

        Where each has at least as many series of its own as they share, they are different scripts,
        for example one a task, which share the number of samples. A restart after which one of many
        series has another name shares most.
        """
        series, others = (
            {tag for tag in own if own[tag].moves} for own in (self.before, self.after)
        )
        shared = len(series & others)
        alone = series - others
        return alone if min(len(alone), len(others - series)) >= shared else set()

    def _is_mixed(self, lowest: int) -> bool:
        """Whether the first step of the lowest series, S, means nothing to another one.

        It does not where the earlier session has points of that one at steps from S on, up to where
        the later one takes it up, and

        - wrote them before any series that is taken up at S came there, or
        - the later one took it up before the lowest series came to that step, or
        - the later one left out far more than lies between its own points.
        """
        step = self.after[lowest].first_step
        came_to_step = min(
            self._first_row_at(self.before[tag], step)
            for tag in self.shared
            if self.after[tag].first_step == step
        )
        for tag, trace in self.before.items():
            if not trace.moves:
                continue
            points = trace.tail(self.step, step)
            if tag in self.shared:
                points = points[self.step[points] < self.after[tag].first_step]
            if points.size < _OTHER_COUNT_POINTS:
                continue
            if points[_OTHER_COUNT_POINTS - 1] < came_to_step:
                return True
            if tag in self.shared and self._is_taken_up_elsewhere(
                self.after[lowest], self.after[tag]
            ):
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

    def _turned_back(self) -> int:
        """The row of the earlier session behind which its history was abandoned.

        Series that the later session begins anew would say: all of it. They count only where
        there are no others.
        """
        anew = {
            tag for tag in self.shared if self.after[tag].first_step <= self.before[tag].first_step
        }
        counted = self.shared - anew or self.shared
        return min(
            self._first_row_at(self.before[tag], self.after[tag].first_step) for tag in counted
        )

    def _first_row_at(self, trace: Trace, step: int) -> int:
        """The first row of a series that has come to the step; behind all rows where none has."""
        tail = trace.tail(self.step, step)
        return int(tail[0]) if tail.size else NOTHING
