"""What a run is given to do as a witness: a harder task, another term of the loss, a setting.

A task that became harder explains what got worse. A term of a loss that is turned on raises the sum
of all; what comes of that is to be seen. So it is where a setting was changed there, such as the
length of sequences or the share of masked words, whatever it is called: what is the same from point
to point, and another from a few of them on, is given and not measured.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.judged import points_before, points_near
from tbtools.analysis.objective import machinery_of, role_of, words
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries

_DIFFICULTIES = frozenset(
    {
        "lesson",  # Unity ML-Agents
        "curriculum",
        "difficulty",
        "terrain",  # Isaac Lab
        "adr",  # automatic domain randomization
    }
)
_LOSSES = frozenset({"loss", "losses", "penalty"})
# A setting is changed a few times; more often a change would lie near any point.
_CHANGES = 4
# It is kept for so many points at the least.
_KEPT = 8
# What counts epochs, or what went wrong, is no setting.
_COUNTS = frozenset(
    {
        *("epoch", "epochs", "step", "steps", "iter", "iters", "iteration", "iterations", "time"),
        *("count", "counter", "skipped", "skip", "nan", "nans", "inf", "overflow", "overflows"),
        *("bad", "failed", "failures", "errors", "oom", "retries", "restarts", "wait", "patience"),
        *("best", "dead", "stopped", "clipped"),
    }
)


@dataclass(frozen=True)
class Given:
    """What a run is given to do.

    Attributes:
        tasks: What says how hard its task is.
        terms: Losses that were turned on while it ran, and with which of their points.
        others: Series without an objective, of which some may be settings.
    """

    tasks: tuple[ScalarSeries, ...] = ()
    terms: tuple[tuple[ScalarSeries, int], ...] = ()
    others: tuple[ScalarSeries, ...] = ()


NOTHING = Given()


def given(
    series: Iterable[ScalarSeries], measured: Collection[tuple[str, str]]
) -> dict[str, Given]:
    """What each run is given to do, by its tags and by where its losses begin.

    Args:
        series: All series.
        measured: Run and tag of those that have an objective.
    """
    by_run: dict[str, list[ScalarSeries]] = defaultdict(list)
    for one in series:
        by_run[one.run].append(one)
    return {
        run: Given(
            tuple(_tasks(own)),
            tuple(_terms(own)),
            tuple(one for one in own if (run, one.tag) not in measured),
        )
        for run, own in by_run.items()
    }


def _tasks(series: Iterable[ScalarSeries]) -> Iterator[ScalarSeries]:
    for one in series:
        if not _DIFFICULTIES.isdisjoint(words(one.tag)) and np.isfinite(one.value).all():
            yield one


def _terms(series: Iterable[ScalarSeries]) -> Iterator[tuple[ScalarSeries, int]]:
    """Losses that begin later than the first one does, or are zero until then."""
    losses = [
        one
        for one in series
        if len(one.step)
        and not _LOSSES.isdisjoint(words(one.tag))
        and role_of(one.tag, one.run) not in EVALUATIONS
    ]
    begin = min((int(one.step[0]) for one in losses), default=0)
    for one in losses:
        at = 0 if one.value[0] != 0 else int(np.argmax(one.value != 0))
        if one.step[at] > begin:
            yield one, at


def turned_on(terms: Iterable[tuple[ScalarSeries, int]], judged: Judged, onset: int) -> bool:
    """Whether a term of the loss was turned on about where it rose.

    Args:
        terms: Terms that were turned on, and with which of their points.
        judged: The series that got worse.
        onset: Where it did.
    """
    near = points_near(len(judged))
    return any(
        abs(int(np.searchsorted(judged.points, before)) - onset) <= near
        for term, at in terms
        if term.tag != judged.series.tag
        for before in points_before(judged.series, term, np.array([at]), "left")
    )


def became_harder(tasks: Iterable[ScalarSeries], judged: Judged, onset: int) -> bool:
    """Whether the task is harder at the end than it ever was shortly before a point.

    Args:
        tasks: What says how hard it is.
        judged: The series that got worse.
        onset: Where it did.
    """
    near = max(0, onset - points_near(len(judged)))
    for task in tasks:
        at = int(points_before(task, judged.series, judged.points[[near]], "left")[0])
        if at and task.value[-1] > task.value[:at].max():
            return True
    return False


def was_changed(others: Iterable[ScalarSeries], judged: Judged, onset: int) -> bool:
    """Whether a setting was changed about where a series got worse.

    Args:
        others: What has no objective.
        judged: The series that got worse.
        onset: Where it did.
    """
    near = points_near(len(judged))
    return any(
        abs(int(np.searchsorted(judged.points, before)) - onset) <= near
        for other in others
        if _may_be_set(other.tag)
        for before in points_before(judged.series, other, _changes(other.value), "left")
    )


def _may_be_set(tag: str) -> bool:
    """Whether a tag may be that of a setting; learning rates and the like are asked elsewhere."""
    return machinery_of(tag) is None and _COUNTS.isdisjoint(words(tag))


def _changes(value: NDArray[np.float64]) -> NDArray[np.intp]:
    """The points from which on a setting has another value; none where it is no setting."""
    at = np.flatnonzero(np.diff(value) != 0) + 1
    kept = np.diff(at, prepend=0, append=len(value))
    return at if len(at) <= _CHANGES and kept[:-1].min(initial=_KEPT) >= _KEPT else at[:0]
