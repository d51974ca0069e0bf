"""Exactly zero where nothing was measured: at every other point, or at every evaluation.

Keras goes on where a data set that is not repeated has run out: of two epochs one is empty, and its
losses and scores are logged as zero. The loss of a validation that has no batches, or whose sum is
never added to, is zero from the first evaluation to the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.objective import words
from tbtools.vocabulary import ROLE_WORDS

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged

# Fewer points may alternate by chance, and fewer values may be outcomes that do.
LEAST_POINTS = 8
LEAST_VALUES = 3
# So many evaluations that are all exactly zero are no chance.
LEAST_EVALUATIONS = 5
# What a whole loss is called beside words for what it was measured on.
WHOLE = frozenset({"loss", "losses"})


def find(judged: Judged) -> Finding | None:
    """Looks for zeros at every other point, and nowhere else.

    Args:
        judged: A series with an objective.
    """
    value = judged.series.value
    n = len(value)
    if n < LEAST_POINTS or (value[-1] == 0) == (value[-2] == 0):
        return None
    is_zero = value == 0
    if np.any(is_zero[1:] == is_zero[:-1]) or len(np.unique(value)) <= LEAST_VALUES:
        return None
    first = int(np.argmax(is_zero))
    last = n - 1 - int(np.argmax(is_zero[::-1]))
    zeros = int(np.count_nonzero(is_zero))
    return Finding.of_points(
        judged.series,
        first,
        last,
        ongoing=True,
        kind="collapse",
        severity="warning",
        message=(
            f"is exactly 0 at every other point, {zeros:,} of {n:,}: no data were left there; look "
            "at whether the data set repeats (Keras: steps_per_epoch)"
        ),
        evidence={"zeros": zeros, "points": n},
    )


def never_measured(training: Judged, validation: Judged) -> Finding | None:
    """Looks for a validation loss that is zero throughout, though the training loss never is.

    Terms of a loss may be zero in validation by design; the whole is not.

    Args:
        training: The training series.
        validation: The validation series of the same quantity.
    """
    value = validation.series.value
    if value[0] != 0 or len(value) < LEAST_EVALUATIONS or validation.objective != "min":
        return None
    if np.any(value):
        return None
    whole = WHOLE.issuperset(set(words(validation.series.tag)) - ROLE_WORDS.keys())
    if not whole or not np.all(training.series.value[training.points] > 0):
        return None
    return Finding.of_points(
        validation.series,
        0,
        len(value) - 1,
        ongoing=True,
        kind="collapse",
        severity="warning",
        message=(
            f"is exactly 0 in all {len(value):,} evaluations, and {training.series.tag} never is: "
            "nothing was measured; look at the validation data and at where the loss is summed"
        ),
        evidence={"zeros": len(value), "points": len(value)},
    )
