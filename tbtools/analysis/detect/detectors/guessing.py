"""What stays where guessing leaves it: a loss at the entropy of some classes, a score of nothing.

Of few points noise says little, but a cross-entropy that stands at the entropy of k classes, beside
an accuracy of 1 / k, has a reason to be there: nothing was learned from the inputs. So has a score
that never came beyond a hundredth of what it can be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors.plateau import Plateau
from tbtools.analysis.detect.detectors.unlearned import never_learned
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.trend import least_squares
from tbtools.analysis.detect.tasks import is_whole_loss
from tbtools.analysis.objective import bound, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tbtools.analysis.detect.judged import Judged

# Fewer points may be the first of one that goes on; of more, `plateau` tells what is level.
LEAST_POINTS, MOST_POINTS = 6, 24
LEAST_OF_A_SCORE = 8
# All of them, but for some at first, are as near to the entropy as this part of it ...
NEAR = 0.04
LEAST_PART = 0.75
# ... and their median is, and it is so from the first half to the last.
LEVEL = 0.01
# The accuracy is 1 / k but for this part of it.
AS_GUESSED = 0.2
# Where no accuracy is logged, these are usual, and all points are as near as this.
USUAL = (2, 10)
EXACT = 0.005
# The entropies of so many classes are told apart; those of more than the last, any loss is near.
EXACT_CLASSES, MOST_CLASSES = 20, 1000

_ACCURACIES = frozenset({"acc", "accuracy"})


def find(judged: Judged, scores: Iterable[Judged]) -> Plateau | None:
    """Looks in few points for what never was better than guessing, and stays there.

    Args:
        judged: A series with an objective.
        scores: Series of its run of which more is better.
    """
    y = judged.y
    if not LEAST_POINTS <= len(y) <= MOST_POINTS or judged.log or judged.width > 1:
        return None
    if judged.objective == "max":
        return _of_nothing(judged)
    classes = classes_of(judged, robust.median(y[len(y) // 2 :]), scores)
    if classes is None:
        return None
    far = np.flatnonzero(np.abs(y - math.log(classes)) > NEAR * math.log(classes))
    begin = int(far[-1]) + 1 if len(far) else 0
    stretch = y[begin:]
    if len(stretch) < max(LEAST_POINTS, LEAST_PART * len(y)):
        return None
    half = len(stretch) // 2
    gain = robust.median(stretch[:half]) - robust.median(stretch[-half:])
    was_better = begin > 0 and y[:begin].min() < stretch.min()
    if was_better or abs(gain) > LEVEL * math.log(classes):
        return None
    error = float(np.std(stretch)) * (12 / len(stretch)) ** 0.5
    return Plateau(begin, len(y), robust.median(stretch), gain, error, 0.0)


def _of_nothing(score: Judged) -> Plateau | None:
    """A score that is next to nothing, and no better in its later half than in its earlier."""
    y, half = score.y, len(score) // 2
    if len(y) < LEAST_OF_A_SCORE or not never_learned(score):
        return None
    if robust.median(y[-half:]) < robust.median(y[:half]):
        return None
    return Plateau(0, len(y), robust.median(y), *least_squares(y), 0.0)


def classes_of(judged: Judged, level: float, scores: Iterable[Judged]) -> int | None:
    """Among how many classes a guess has a loss as large as a level; None where it is none.

    Args:
        judged: The series.
        level: Its level.
        scores: Series of its run of which more is better.
    """
    if judged.objective != "min" or not 0 < level <= math.log(MOST_CLASSES):
        return None
    classes = round(math.exp(level))
    if classes < 2 or abs(level - math.log(classes)) > LEVEL * math.log(classes):
        return None
    if not is_whole_loss(judged.series.tag):
        return None
    shares = [share for one in scores if (share := _share_of_right(one)) is not None]
    if shares:
        guessed = any(abs(share * classes - 1) <= AS_GUESSED for share in shares)
    else:
        near = np.abs(judged.y - math.log(classes)) <= EXACT * math.log(classes)
        guessed = classes in USUAL and bool(near.all())
    return classes if guessed else None


def _share_of_right(score: Judged) -> float | None:
    """What an accuracy is on average in its later half, as a part of what it can be."""
    if not len(score) or _ACCURACIES.isdisjoint(words(score.series.tag)):
        return None
    best = bound(score.series.tag, float(score.series.value[score.points].max()))
    return score.logged(float(np.mean(score.y[len(score) // 2 :]))) / best if best else None
