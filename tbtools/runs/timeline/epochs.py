"""Steps that begin anew each epoch: from where on a later session wrote such a series again.

By themselves these steps do not tell how far the training has come. Together with the number of the
epoch they do, and what counts on (a score once an epoch) tells in which epoch a session goes on.
Where nothing counts on, an epoch that broke off, and that the next session begins anew, was redone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.runs.timeline.traces import Trace

# Behind all rows.
NOTHING = np.iinfo(np.int64).max
# A score that is counted in the same steps lies within so many distances of them.
_NEAR = 2
# So many whole epochs of one length tell that another one broke off.
_WHOLE_EPOCHS = 2


def redone_from(
    step: NDArray[np.int64], before: dict[int, Trace], after: dict[int, Trace]
) -> dict[int, int]:
    """The series of an earlier session whose steps begin anew, and where they were written again.

    Args:
        step: The steps of the run.
        before: The traces of the earlier session.
        after: Those of the later one.

    Returns:
        Tag id to the first row of the earlier session that the later one wrote again, `NOTHING`
        where it did not; without the series of which nobody can tell.
    """
    counters = _counters(before, after)
    found = {}
    for tag, trace in before.items():
        if tag in after and (trace.resets or after[tag].resets):
            row = _Epochs(step, trace, after[tag]).redone_from(counters)
            if row is not None:
                found[tag] = row
    return found


def is_next_epoch(
    step: NDArray[np.int64], before: dict[int, Trace], after: dict[int, Trace], tag: int
) -> bool:
    """Whether a series that begins anew does so for another epoch, not for a start from scratch.

    Of a session of one epoch only another series tells, that was written once in it, and goes on in
    the later one by steps of its own.
    """
    if not _is_anew(before[tag], after[tag]):
        return False
    room = _NEAR * after[tag].spacing
    for other, trace in before.items():
        if trace.counts and not trace.moves and other in after and after[other].counts:
            score = after[other]
            front = after[tag].rows[after[tag].rows < score.rows[0]]
            is_apart = front.size and abs(int(step[front[-1]]) - score.first_step) > room
            if is_apart and score.first_step > trace.first_step:
                return True
    return False


def goes_on(before: Trace, after: Trace | None) -> bool:
    """Whether a series counts on from one session to the next, and not only stands in both."""
    return after is not None and before.varies and before.counts and after.counts


def _counters(before: dict[int, Trace], after: dict[int, Trace]) -> list[tuple[Trace, Trace]]:
    """The traces of tags that count on from session to session, the most telling first.

    Tags that the later session begins anew say that it redoes everything; others come first.
    """
    shared = [
        (trace, after[tag]) for tag, trace in before.items() if goes_on(trace, after.get(tag))
    ]
    return sorted(shared, key=lambda pair: (_is_anew(*pair), -pair[0].rows.size))


def _is_anew(before: Trace, after: Trace) -> bool:
    return after.first_step <= before.first_step


class _Epochs:
    """A series that begins anew each epoch, in two sessions."""

    def __init__(self, step: NDArray[np.int64], before: Trace, after: Trace) -> None:
        self.step = step
        self.before, self.after = before, after
        self.own, self.new = step[before.rows], step[after.rows]
        span = max(before.span, after.span)
        self.own_epoch, self.new_epoch = _epochs(self.own, span), _epochs(self.new, span)

    def redone_from(self, counters: Sequence[tuple[Trace, Trace]]) -> int | None:
        epochs = (self._epoch_by(*pair) for pair in counters)
        epoch = next((each for each in epochs if each is not None), None)
        if epoch is None:
            epoch = self._broken_epoch()
        return None if epoch is None else self._row(epoch, counters)

    def _row(self, epoch: int, counters: Sequence[tuple[Trace, Trace]]) -> int:
        """The first row of the epoch at or behind the step at which the later session begins.

        What stands in front of a point that counts on was not redone.
        """
        gone_on = [
            before.rows[self.step[before.rows] < after.first_step] for before, after in counters
        ]
        last = max((int(rows[-1]) for rows in gone_on if rows.size), default=-1)
        behind = (self.own_epoch == epoch) & (self.own >= self.new[0])
        again = self.before.rows[((self.own_epoch > epoch) | behind) & (self.before.rows > last)]
        return int(again[0]) if again.size else NOTHING

    def _epoch_by(self, before: Trace, after: Trace) -> int | None:
        """The epoch, as the earlier session counts, in which the later one begins."""
        own = _epoch_at(before.rows, self.before.rows, self.own_epoch)
        new = _epoch_at(after.rows, self.after.rows, self.new_epoch)
        same = np.flatnonzero(self.step[before.rows] == after.first_step)
        if same.size:
            return int(own[same[0]] - new[0])
        ahead = after.first_step - before.max_step
        pace = _pace(self.step[before.rows], own) or _pace(self.step[after.rows], new)
        if ahead < 0 or pace is None or not (ahead * pace).is_integer():
            return None
        return int(own[-1] + ahead * pace - new[0])

    def _broken_epoch(self) -> int | None:
        """The last epoch of the earlier session, if it broke off and all others are alike."""
        ends = np.concatenate([_ends(self.own, self.own_epoch), _ends(self.new, self.new_epoch)])
        is_known = ends.size >= _WHOLE_EPOCHS and ends.min() == ends.max() > self.own[-1]
        return int(self.own_epoch[-1]) if is_known else None


def _epochs(step: NDArray[np.int64], span: int) -> NDArray[np.int64]:
    """The number of the epoch of each point, from 0 on; falls of less than half are none."""
    return np.cumsum(-np.diff(step, prepend=step[0]) > span / 2)


def _ends(step: NDArray[np.int64], epoch: NDArray[np.int64]) -> NDArray[np.int64]:
    """The last steps of all epochs but the last."""
    return step[:-1][np.diff(epoch) > 0]


def _epoch_at(
    rows: NDArray[np.int64], series: NDArray[np.int64], epoch: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The epoch of the point in front of each of some rows; -1 where there is none."""
    return np.concatenate([[-1], epoch])[np.searchsorted(series, rows)]


def _pace(step: NDArray[np.int64], epoch: NDArray[np.int64]) -> float | None:
    """Epochs a step of a series that counts on evenly, else None."""
    steps, epochs = np.diff(step), np.diff(epoch)
    pace = float(epochs[0] / steps[0]) if steps.size and steps[0] else 0.0
    return pace if pace and (epochs == pace * steps).all() else None
