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
from tbtools.analysis.objective import machinery_of, role_of, vital_of, words
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from tbtools.analysis.detect.findings import Finding
    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Key = tuple[str, str]

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
# What terms of a loss are multiplied with.
_WEIGHTS = frozenset(
    {
        *("weight", "weights", "coef", "coeff", "coefficient", "coefficients", "beta", "betas"),
        *("lambda", "lam", "annealing", "anneal"),
    }
)
# A setting is changed a few times; more often a change would lie near any point.
_CHANGES = 4
# It is kept for so many points at the least.
_KEPT = 8
# A weight is raised by more than this factor.
_RAISED = 1.1
# What counts epochs, or what went wrong, is no setting.
_COUNTS = frozenset(
    {
        *("epoch", "epochs", "step", "steps", "iter", "iters", "iteration", "iterations", "time"),
        *("count", "counter", "skipped", "skip", "nan", "nans", "inf", "overflow", "overflows"),
        *("bad", "failed", "failures", "errors", "oom", "retries", "restarts", "wait", "patience"),
        *("best", "dead", "stopped", "clipped"),
    }
)
# How many take part is no task, by these words alone.
_TAKE_PART = frozenset({"client", "clients", "worker", "workers", "replicas", "gpus", "devices"})
_HOW_MANY = frozenset(
    {"num", "n", "number", "of", "active", "alive", "available", "sampled", "selected", "connected"}
    | {"per", "round"}
)


@dataclass(frozen=True)
class Given:
    """What a run is given to do.

    Attributes:
        tasks: What says how hard its task is.
        terms: Losses that were turned on while it ran, and with which of their points.
        others: Series without an objective, of which some may be settings.
        scores: Series of which more is better,
        losses: and of which less is.
        explosions: Norms of gradients that exploded, and with which of their points.
    """

    tasks: tuple[ScalarSeries, ...] = ()
    terms: tuple[tuple[ScalarSeries, int], ...] = ()
    others: tuple[ScalarSeries, ...] = ()
    scores: tuple[Judged, ...] = ()
    losses: tuple[Judged, ...] = ()
    explosions: tuple[tuple[ScalarSeries, int], ...] = ()


NOTHING = Given()


def given(
    series: Iterable[ScalarSeries],
    measured: Mapping[Key, Judged],
    scales: Mapping[Key, Finding],
) -> dict[str, Given]:
    """What each run is given to do, by its tags and by where its losses begin.

    Args:
        series: All series.
        measured: Those that have an objective, by run and tag.
        scales: What was found of those whose scale has changed.
    """
    by_run: dict[str, list[ScalarSeries]] = defaultdict(list)
    for one in series:
        by_run[one.run].append(one)
    return {
        run: Given(
            tuple(_tasks(own)),
            tuple(_terms(own)),
            tuple(one for one in own if (run, one.tag) not in measured),
            _measured(own, measured, "max"),
            _measured(own, measured, "min"),
            tuple(_explosions(own, scales)),
        )
        for run, own in by_run.items()
    }


def _measured(
    series: Iterable[ScalarSeries], measured: Mapping[Key, Judged], way: Objective
) -> tuple[Judged, ...]:
    fits = (measured.get((one.run, one.tag)) for one in series)
    return tuple(fit for fit in fits if fit is not None and fit.objective == way)


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


def _explosions(
    series: Iterable[ScalarSeries], scales: Mapping[Key, Finding]
) -> Iterator[tuple[ScalarSeries, int]]:
    for one in series:
        found = scales.get((one.run, one.tag))
        if found and found.kind != "collapse" and vital_of(one.tag) == "gradient":
            yield one, one.find(found.onset_step, found.onset_time)


def turned_on(terms: Iterable[tuple[ScalarSeries, int]], judged: Judged, onset: int) -> bool:
    """Whether a term of the loss was turned on about where it rose.

    Args:
        terms: Terms that were turned on, and with which of their points.
        judged: The series that got worse.
        onset: Where it did.
    """
    return any(
        _is_near(term, np.array([at]), judged, onset)
        for term, at in terms
        if term.tag != judged.series.tag
    )


def exploded(explosions: Iterable[tuple[ScalarSeries, int]], judged: Judged, onset: int) -> bool:
    """Whether a gradient exploded about where a series got worse, which no task asks for.

    Args:
        explosions: Norms of gradients, and with which of their points they exploded.
        judged: The series that got worse.
        onset: Where it did.
    """
    return any(_is_near(norm, np.array([at]), judged, onset) for norm, at in explosions)


def has_exploded(explosions: Iterable[tuple[ScalarSeries, int]], judged: Judged, at: int) -> bool:
    """Whether a gradient had exploded by some point of a series.

    Args:
        explosions: Norms of gradients, and with which of their points they exploded.
        judged: The series.
        at: Index of the point.
    """
    point = judged.points[[at]]
    return any(
        points_before(norm, judged.series, point, "right")[0] > exploded
        for norm, exploded in explosions
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
    return any(
        _is_near(other, _changes(other.value), judged, onset)
        for other in others
        if _may_be_set(other.tag)
    )


def _is_near(other: ScalarSeries, points: NDArray[np.intp], judged: Judged, onset: int) -> bool:
    """Whether one of some points of another series lies about where a series got worse."""
    near = points_near(len(judged))
    before = points_before(judged.series, other, points, "left")
    return bool((np.abs(np.searchsorted(judged.points, before) - onset) <= near).any())


def is_weighted(others: Iterable[ScalarSeries], judged: Judged, onset: int) -> bool:
    """Whether the weight of a term of the loss is being raised, or was, since a series got worse.

    A weight that follows a schedule rises without noise: it turns a few times at the most. What was
    level again before the series got worse is none of its reasons.

    Args:
        others: What has no objective.
        judged: The series that got worse.
        onset: Where it did.
    """
    near = max(0, onset - points_near(len(judged)))
    for other in others:
        is_weight = not _WEIGHTS.isdisjoint(words(other.tag)) and vital_of(other.tag) is None
        if not is_weight or not _is_schedule(other.value):
            continue
        at = int(points_before(other, judged.series, judged.points[[near]], "left")[0])
        if other.value[-1] > _RAISED * other.value[max(0, at - 1)]:
            return True
    return False


def _is_schedule(value: NDArray[np.float64]) -> bool:
    """Whether a series goes up and down as often as a setting is changed, and no more often."""
    change = np.diff(value)
    turns = np.diff(np.sign(change[change != 0])) != 0
    return bool(np.isfinite(value).all() and np.count_nonzero(turns) <= _CHANGES)


def _may_be_set(tag: str) -> bool:
    """Whether a tag may be that of a setting; learning rates and the like are asked elsewhere."""
    said = set(words(tag))
    takes_part = any(
        each & _TAKE_PART and each <= _TAKE_PART | _HOW_MANY
        for each in (said, set(words(tag.rpartition("/")[2])))
    )
    return machinery_of(tag) is None and not said & _COUNTS and not takes_part


def _changes(value: NDArray[np.float64]) -> NDArray[np.intp]:
    """The points from which on a setting has another value; none where it is no setting."""
    at = np.flatnonzero(np.diff(value) != 0) + 1
    kept = np.diff(at, prepend=0, append=len(value))
    return at if len(at) <= _CHANGES and kept[:-1].min(initial=_KEPT) >= _KEPT else at[:0]
