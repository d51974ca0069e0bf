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
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.objective import is_reward, machinery_of, role_of, vital_of, words
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
# What a loss is called that is no term of another.
_WHOLE = frozenset({"loss", "losses", "total", "sum", "overall"})
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
# So many values of a score before and after tell whether it improves.
_LEVELS = 5
# What a mean is of has so many times its noise, and the same mean but for this part.
_NOISIER = 5.0
_NEARLY = 0.1
# Standard errors by which it is worse after a rise of its mean than before.
_SHOWN = 3.5
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


def scores_improve(given: Given, judged: Judged, onset: int) -> bool:
    """Whether a score of the run is better at the end than it ever was before a loss rose.

    Of what is trained on so is the loss of what is held out: other data, or no noise added to them
    any more, are harder or easier and no fault.

    Args:
        given: What is known of the run.
        judged: The loss.
        onset: Where it rose.
    """
    if judged.objective != "min":
        return False
    scores = given.scores
    if role_of(judged.series.tag) == "train":
        scores += tuple(one for one in given.losses if role_of(one.series.tag) in EVALUATIONS)
    return any(
        _is_best_at_end(score, score.count_before(judged.series, int(judged.points[onset])))
        for score in scores
    )


def is_traded(scores: Iterable[Judged], judged: Judged, onset: int) -> bool:
    """Whether what got worse is a term of a reward that improves as a whole.

    An agent that walks needs more torque than one that stands: terms, which have a folder of their
    own, are traded for one another.

    Args:
        scores: Series of which more is better.
        judged: The series that got worse.
        onset: Where it did.
    """
    folder = _folder(judged)
    rewards = [score for score in scores if is_reward(score.series.tag)]
    if judged not in rewards or sum(_folder(score) == folder for score in rewards) < 2:
        return False
    at = int(judged.points[max(onset, len(judged) // _LEVELS)])
    return any(
        _is_best_at_end(score, score.count_before(judged.series, at))
        for score in rewards
        if _folder(score) != folder
    )


def is_term(losses: Iterable[Judged], judged: Judged) -> bool:
    """Whether what rises from the start is a term of a loss that improves as a whole.

    A term that regularises grows while the others learn. The whole has no name but that of a loss,
    in training as the term is, is nowhere less than it, and is lower at the end than it began.

    Args:
        losses: Series of which less is better.
        judged: The series that got worse from the start on.
    """
    role = role_of(judged.series.tag)
    if role in EVALUATIONS or judged.objective != "min" or is_whole_loss(judged.series.tag):
        return False
    term = judged.series.value
    return any(
        is_whole_loss(loss.series.tag)
        and role_of(loss.series.tag) == role
        and len(loss.series.value) == len(term)
        and bool((loss.series.value >= term).all())
        and _fell(loss)
        for loss in losses
    )


def is_of_chance(losses: Iterable[Judged], judged: Judged, onset: int) -> bool:
    """Whether a mean of noisy losses rose, and the losses themselves do not show it.

    Args:
        losses: Series of which less is better.
        judged: The series that got worse.
        onset: Where it did; what came first has a level of its own in an eighth of the points.
    """
    mean, role = judged.series.value, role_of(judged.series.tag)
    for loss in losses:
        if role_of(loss.series.tag) != role:
            continue
        # A mean may begin when it is of so many points as it is to be.
        raw = loss.series.value[-len(mean) :]
        if len(raw) != len(mean) or loss.series.step[-len(mean)] != judged.series.step[0]:
            continue
        if loss.noise <= _NOISIER * judged.noise or judged.log != loss.log:
            continue
        if abs(float(raw.mean() - mean.mean())) > _NEARLY * abs(float(mean.mean())):
            continue
        at = int(judged.points[max(onset, len(judged) // 8)])
        before, after = raw[max(0, 2 * at - len(raw)) : at], raw[at:]
        error = (before.var() / len(before) + after.var() / len(after)) ** 0.5
        if after.mean() - before.mean() < _SHOWN * error:
            return True
    return False


def _folder(judged: Judged) -> str:
    return judged.series.tag.rpartition("/")[0]


def _fell(loss: Judged) -> bool:
    first, last = loss.y[: max(1, len(loss) // _LEVELS)], loss.y[-max(1, len(loss) // 4) :]
    return robust.median(last) < robust.median(first) - loss.noise


def is_whole_loss(tag: str) -> bool:
    """Whether a loss is called nothing but that.

    Args:
        tag: Its tag.
    """
    said = words(tag)
    return "loss" in said and all(word in _WHOLE or role_of(word) is not None for word in said)


def _is_best_at_end(score: Judged, before: int) -> bool:
    if before < _LEVELS or len(score) - before < _LEVELS:
        return False
    gain, _ = score.gain_from(before)
    return gain > score.noise


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
