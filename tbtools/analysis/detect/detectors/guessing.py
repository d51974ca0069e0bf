"""A loss that stays where guessing leaves it: at the logarithm of the number of classes.

Of few points noise says little, but a cross-entropy that stands at the entropy of k classes, beside
an accuracy of 1 / k, has a reason to be there: nothing was learned from the inputs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors.plateau import Plateau
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.trend import goes_one_way, least_squares
from tbtools.analysis.detect.witnesses import is_whole_loss, says_only
from tbtools.analysis.objective import bound, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.analysis.detect.judged import Judged

# Fewer points may be the first of one that goes on; without an accuracy a few more may.
LEAST_POINTS, LEAST_ALONE = 6, 8
# All of them, but for some at first, are as near to the entropy as this part of it ...
NEAR = 0.04
LEAST_PART = 0.75
# ... and their median is, and it is so from the first half to the last; what goes one way ends no
# farther below it than the smaller part.
LEVEL, NOTHING = 0.01, 0.001
# The accuracy is 1 / k but for this part of it.
AS_GUESSED = 0.2
# Where no accuracy is logged, these are usual, and all points are as near as this.
USUAL = (2, 10)
EXACT = 0.001
# The entropies of so many classes are told apart; those of more than the last, any loss is near.
EXACT_CLASSES, MOST_CLASSES = 20, 1000

# The words of an accuracy of all classes.
_ACCURACY = frozenset({"acc", "accuracy"})
_OF_ALL = frozenset({"top", "1", "categorical", "sparse", "binary"})


def find(judged: Judged, scores: Sequence[Judged]) -> Plateau | None:
    """Looks in few points for a loss that never was better than guessing, and stays there.

    Args:
        judged: A whole loss.
        scores: Series of its run of which more is better.
    """
    y = judged.y
    accuracies = _accuracies(judged, scores)
    # A loss of preferences begins there.
    least = LEAST_POINTS if accuracies else LEAST_ALONE
    if len(y) < least or judged.log or judged.width > 1:
        return None
    classes = _classes(judged, robust.median(y[len(y) // 2 :]), accuracies)
    if classes is None or any(goes_one_way(one.y) for one in accuracies):
        return None
    entropy = math.log(classes)
    far = np.flatnonzero(np.abs(y - entropy) > NEAR * entropy)
    begin = int(far[-1]) + 1 if len(far) else 0
    stretch = y[begin:]
    if len(stretch) < max(LEAST_POINTS, LEAST_PART * len(y)):
        return None
    half = len(stretch) // 2
    gain = robust.median(stretch[:half]) - robust.median(stretch[-half:])
    was_better = begin > 0 and y[:begin].min() < stretch.min()
    if was_better or abs(gain) > LEVEL * entropy:
        return None
    # What comes down to it learns nothing yet; what goes on below it may.
    if goes_one_way(stretch) and robust.median(stretch[-half:]) < (1 - NOTHING) * entropy:
        return None
    return Plateau(begin, len(y), robust.median(stretch), *least_squares(stretch), 0.0)


def classes_of(judged: Judged, level: float, scores: Iterable[Judged]) -> int | None:
    """Among how many classes a guess has a loss as large as a level; None where it is none.

    Args:
        judged: The series.
        level: Its level.
        scores: Series of its run of which more is better.
    """
    return _classes(judged, level, _accuracies(judged, scores))


def _classes(judged: Judged, level: float, accuracies: Sequence[Judged]) -> int | None:
    if judged.objective != "min" or not 0 < level <= math.log(MOST_CLASSES):
        return None
    classes = round(math.exp(level))
    if classes < 2 or abs(level - math.log(classes)) > LEVEL * math.log(classes):
        return None
    if not is_whole_loss(judged.series.tag):
        return None
    shares = [_share_of_right(one) for one in accuracies]
    if shares:
        guessed = all(abs(share * classes - 1) <= AS_GUESSED for share in shares)
    else:
        value = judged.series.value[judged.points]
        near = np.abs(value - math.log(classes)) <= EXACT * math.log(classes)
        guessed = classes in USUAL and bool(near.all())
    return classes if guessed else None


def _accuracies(judged: Judged, scores: Iterable[Judged]) -> list[Judged]:
    """The accuracies of all classes: those in the same data, or else all."""
    whole = [one for one in scores if len(one) and says_only(one.series.tag, _ACCURACY, _OF_ALL)]
    role = role_of(judged.series.tag)
    same = [one for one in whole if role_of(one.series.tag) == role]
    return same or whole


def _share_of_right(accuracy: Judged) -> float:
    """What it is on average in its later half, as a part of what it can be."""
    most = float(accuracy.series.value[accuracy.points].max())
    best = bound(accuracy.series.tag, most) or 1.0
    return accuracy.logged(float(np.mean(accuracy.y[len(accuracy) // 2 :]))) / best
