"""The first look at a series in Python: that of an installation without compiled loops.

It sorts nothing out, so that all detectors look at all series with care: the same findings, later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Measure = tuple[bool, int, float, float]

# What a series may have: a rise that lasts, an oscillation that grows, spikes, a plateau. Or else
# nothing is said of that, and it may be that it has points that are not finite.
RISES, SWINGS, SPIKES, RESTS, UNUSUAL, NOT_FINITE = 1, 2, 4, 8, 16, 32


def first_look(
    value: NDArray[np.float64], ends: NDArray[np.int64], way: NDArray[np.int8], least: int
) -> tuple[list[int], list[Measure]]:
    """What series may have that are judged as they are, but for their sign.

    Args:
        value: Values of all series, one behind the other.
        ends: Where each ends.
        way: 1 for each of which less is better, -1 for more, 0 for no objective.
        least: Of fewer points nothing is said.

    Returns:
        Of each the sum of some of the constants above, `UNUSUAL` where it must be made fit before
        it can be looked at, has no objective or few points; and what `measure` says of these.
    """
    measures = measure(value, ends)
    return [UNUSUAL if finite else UNUSUAL | NOT_FINITE for finite, *_ in measures], measures


def look(y: NDArray[np.float64], ends: NDArray[np.int64], noise: Sequence[float]) -> list[int]:
    """What series may have, as the sum of the constants above; what is missing, they have not.

    Args:
        y: Finite values of all series, one behind the other; lower is better.
        ends: Where each ends, after at least one point.
        noise: The noise of single points of each; less than zero where it is that of
            `noise_of_points`.
    """
    return [RISES | SWINGS | SPIKES | RESTS] * len(ends)


def measure(value: NDArray[np.float64], ends: NDArray[np.int64]) -> list[Measure]:
    """What tells how series are made fit.

    Args:
        value: Values of all series, one behind the other.
        ends: Where each ends.

    Returns:
        Of each whether all are finite; and only if they are, how many repeat the one before, the
        least and the largest, which are 0 where there is none.
    """
    return [_measure(one) for one in np.split(value, ends[:-1])]


def _measure(value: NDArray[np.float64]) -> Measure:
    if not len(value) or not np.isfinite(value).all():
        return not len(value), 0, 0.0, 0.0
    repeated = int(np.count_nonzero(value[1:] == value[:-1]))
    return True, repeated, float(value.min()), float(value.max())
