"""What else is measured in a run as a witness: whether what got worse is a fault at all.

A loss may rise while all that counts improves: it is of other data, a term that is traded for
another, or a mean that chance moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.detect.signals import robust
from tbtools.analysis.objective import is_reward, role_of, words
from tbtools.vocabulary import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tbtools.analysis.detect.judged import Judged
    from tbtools.analysis.detect.tasks import Given

# Over what, and how, a value was taken; it is of the same quantity.
TAKEN = frozenset({"epoch", "batch", "step", "iteration", "mean", "avg", "average", "running"})
# What a loss is called that is no term of another.
_LOSS = frozenset({"loss"})
_ALL_OF_IT = frozenset({"losses", "total", "sum", "overall"})
# So many values of a score before and after tell whether it improves.
_LEVELS = 5
# What a mean is of has so many times its noise, and the same mean but for this part.
_NOISIER = 5.0
_NEARLY = 0.1
# Standard errors by which it is worse after a rise of its mean than before.
_SHOWN = 3.5


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
    at = int(judged.points[onset])
    # What rose from the start on goes with a score that gets better to the end.
    return any(
        _is_best_at_end(score, score.count_before(judged.series, at) if onset else len(score) // 2)
        for score in scores
    )


def is_contradicted(given: Given, judged: Judged, onset: int) -> bool:
    """Whether what is measured elsewhere in the run is better since a point than ever before it.

    Of so few points that a score has no levels.

    Args:
        given: What the run is given to do.
        judged: The series that got worse.
        onset: Where it did.
    """
    losses = (one for one in given.losses if role_of(one.series.tag) in EVALUATIONS)
    for other in (*given.scores, *losses):
        at = other.count_before(judged.series, int(judged.points[onset]))
        before, after = other.y[:at], other.y[at:]
        known = other is not judged and len(before) > 0 and len(after) > 0
        if known and robust.median(after) < before.min():
            return True
    return False


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


def is_whole_loss(tag: str) -> bool:
    """Whether a loss is called nothing but that.

    Args:
        tag: Its tag.
    """
    return says_only(tag, _LOSS, _ALL_OF_IT)


def says_only(tag: str, names: frozenset[str], besides: frozenset[str] = frozenset()) -> bool:
    """Whether a tag names something, and says besides only of which data it is and how taken.

    Args:
        tag: The tag.
        names: What it may be called; one of these has to be there.
        besides: What else it may say.
    """
    said = words(tag)
    known = names | TAKEN | besides
    return not names.isdisjoint(said) and all(
        word in known or role_of(word) is not None for word in said
    )


def _is_best_at_end(score: Judged, before: int) -> bool:
    if before < _LEVELS or len(score) - before < _LEVELS:
        return False
    gain, _ = score.gain_from(before)
    return gain > score.noise


def _folder(judged: Judged) -> str:
    return judged.series.tag.rpartition("/")[0]


def _fell(loss: Judged) -> bool:
    first, last = loss.y[: max(1, len(loss) // _LEVELS)], loss.y[-max(1, len(loss) // 4) :]
    return robust.median(last) < robust.median(first) - loss.noise
