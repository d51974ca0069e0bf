"""The first look at a series in Python: that of an installation without compiled loops.

It sorts nothing out, so that all detectors look at all series with care: the same findings, later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What a series may have: a rise that lasts, an oscillation that grows, spikes, a plateau.
RISES, SWINGS, SPIKES, RESTS = 1, 2, 4, 8


def look(y: NDArray[np.float64], noise: float) -> int:
    """What a series may have, as the sum of the constants above; what is missing, it has not.

    Args:
        y: Finite values, at least one; lower is better.
        noise: The noise of single points; less than zero where it is that of `noise_of_points`.
    """
    return RISES | SWINGS | SPIKES | RESTS


def measure(value: NDArray[np.float64]) -> tuple[bool, int, float, float]:
    """What tells how a series is made fit.

    Args:
        value: Values.

    Returns:
        Whether all are finite; and only if they are, how many repeat the one before, the least and
        the largest, which are 0 where there is none.
    """
    if not np.isfinite(value).all():
        return False, 0, 0.0, 0.0
    repeated = int(np.count_nonzero(value[1:] == value[:-1]))
    return True, repeated, float(value.min(initial=np.inf)), float(value.max(initial=-np.inf))
