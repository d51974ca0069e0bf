"""Every other point is exactly zero: epochs for which no data were left.

Keras goes on where a data set that is not repeated has run out: of two epochs one is empty, and its
losses and scores are logged as zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged

# Fewer points may alternate by chance, and fewer values may be outcomes that do.
LEAST_POINTS = 8
LEAST_VALUES = 3


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
