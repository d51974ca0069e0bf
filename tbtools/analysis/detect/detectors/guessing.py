"""A loss that stays where guessing leaves it: the logarithm of the number of classes.

Of few points noise says little, but a cross-entropy that stands at the entropy of k classes, beside
an accuracy of 1 / k, has a reason to be there: nothing was learned from the inputs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors.plateau import Plateau
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.tasks import is_whole_loss
from tbtools.analysis.objective import bound, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tbtools.analysis.detect.judged import Judged

# Fewer points may be the first of one that goes on.
LEAST_POINTS = 6
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
# The entropies of more classes lie so close that any loss is near one.
MOST_CLASSES = 1000

_ACCURACIES = frozenset({"acc", "accuracy"})


def find(judged: Judged, scores: Iterable[Judged]) -> Plateau | None:
    """Looks for a loss that never was better than guessing, and stays there.

    Args:
        judged: A series with an objective.
        scores: Series of its run of which more is better.
    """
    y = judged.y
    if len(y) < LEAST_POINTS or judged.log or judged.width > 1:
        return None
    classes = classes_of(judged, robust.median(y[len(y) // 2 :]), scores)
    if classes is None:
        return None
    far = np.flatnonzero(np.abs(y - math.log(classes)) > NEAR * math.log(classes))
    begin = int(far[-1]) + 1 if len(far) else 0
    stretch = y[begin:]
    if len(stretch) < max(LEAST_POINTS, LEAST_PART * len(y)):
        return None
    if begin and y[:begin].min() < stretch.min():
        return None
    half = len(stretch) // 2
    gain = robust.median(stretch[:half]) - robust.median(stretch[-half:])
    if abs(gain) > LEVEL * math.log(classes):
        return None
    error = float(np.std(stretch)) * (12 / len(stretch)) ** 0.5
    return Plateau(begin, len(y), robust.median(stretch), gain, error, 0.0)


def classes_of(judged: Judged, level: float, scores: Iterable[Judged]) -> int | None:
    """Among how many classes a guess has a loss as large as a level; None where it is none.

    Args:
        judged: The series.
        level: Its level.
        scores: Series of its run of which more is better.
    """
    if judged.objective != "min" or not 0 < level < math.log(MOST_CLASSES + 1):
        return None
    classes = round(math.exp(level))
    if classes < 2 or abs(level - math.log(classes)) > LEVEL * math.log(classes):
        return None
    if not is_whole_loss(judged.series.tag):
        return None
    accuracies = [one for one in scores if _ACCURACIES & set(words(one.series.tag)) and len(one)]
    if accuracies:
        return classes if any(_is_guessed(one, classes) for one in accuracies) else None
    exact = np.abs(judged.y - math.log(classes)) <= EXACT * math.log(classes)
    return classes if classes in USUAL and bool(exact.all()) else None


def _is_guessed(accuracy: Judged, classes: int) -> bool:
    """Whether it is that of guessing, in its later half."""
    best = bound(accuracy.series.tag, float(accuracy.series.value[accuracy.points].max()))
    if best is None:
        return False
    later = accuracy.logged(float(np.mean(accuracy.y[len(accuracy) // 2 :])))
    return abs(later * classes / best - 1) <= AS_GUESSED
