"""A series that is exactly zero from one point to the next, and to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.runs.numbers import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# So many zeros to the end are no chance; before them are as many points that are none.
ZEROS = excursion.PERSISTENT
# Of fewer points in all the others are too few to say what it was.
LEAST_POINTS = 9
# What came down to zero step by step was less than this part of its usual level before ...
SUDDENLY = 0.1
# What falls from point to point is at zero within so many more of its last steps.
ARRIVES = 3.0
# ... or no more than so many of the smallest steps that the series makes.
GRAINS = 5
# What occurs more than once is rounded, or counted, where most of it does.
REPEATED = 0.5


def find(value: Array, least: int) -> tuple[int, float] | None:
    """Looks for zero from one point to the next, and to the end.

    Args:
        value: Absolute values.
        least: So many points before that are not zero are enough.

    Returns:
        The index of the first zero, and the level before it.
    """
    if len(value) < LEAST_POINTS or value[-1] != 0:
        return None
    some = np.flatnonzero(value)
    index = int(some[-1]) + 1 if len(some) else 0
    before = value[:index]
    if len(value) - index < ZEROS or len(some) < max(least, 0.99 * index) or _arrives(before):
        return None
    last = robust.median(before[-ZEROS:])
    levels = distinct(before)
    grain = float(np.diff(levels).min()) if len(levels) > 1 else 0.0
    if last < max(SUDDENLY * robust.median(before), GRAINS * grain if _is_coarse(before) else 0.0):
        return None
    return index, last


def _arrives(before: Array) -> bool:
    """Whether zero is where values were going, as the share of random actions: no sudden end."""
    falls = -np.diff(before[-ZEROS:])
    return bool(len(falls) and (falls > 0).all() and before[-1] <= ARRIVES * falls[-1])


def _is_coarse(value: Array) -> bool:
    """Whether most values occur more than once: counts, or what was rounded."""
    return len(distinct(value)) < REPEATED * len(value)
