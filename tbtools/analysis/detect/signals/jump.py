"""A jump in few points, which stays: seen from all points behind it and some before it together.

`excursion` compares the best level after a split with the best one before it, and of some dozen
points noise makes either. But points that all lie beyond all of those right before them do so by
chance once in n! / (k! (n - k)!) orders, whatever their noise is (Mann and Whitney 1947).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.excursion import Excursion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Of more points `excursion` knows the noise.
MOST = 64
# Six points before and five behind are apart by chance in one of 462 orders.
BEFORE = 6
# Standard deviations of single points from level to level, for these are of few.
CONFIDENCE = 3.0
# This part of the way lies between three points and the next three.
AT_ONCE = 0.8
# So many lie between the best levels, as the first look at a series asks.
BETWEEN = 2.0


def find(y: Array, noise: float) -> Excursion | None:
    """Looks for a jump that stays.

    Args:
        y: Values, lower is better.
        noise: Noise of single points.
    """
    at = _apart(y)
    if at is None:
        return None
    base = robust.median(y[at - BEFORE : at])
    gap = robust.median(y[at:]) - base
    achieved = excursion.progress(y[:at], base)
    if gap <= max(excursion.students(CONFIDENCE, len(y)) * noise, excursion.EFFECT * achieved):
        return None
    if not _jumps(y, at, gap) or not _stays(y[at:], base):
        return None
    every = list(excursion.scales(y))
    split = excursion.split(every[0])
    if split is None or split[0] <= BETWEEN * noise:
        return None
    if any(excursion.has_precedent(scale, gap, at, len(y) - at) for scale in every):
        return None
    return Excursion(gap, base, at - 1, at, 1, noise, achieved)


def to_zero(y: Array) -> int | None:
    """The point from which on a score is exactly zero to the end, from one point to the next.

    What counts or divides has no noise there, whatever it had before; and before there was none, in
    as many points as are enough elsewhere. A score that was going there fell before.

    Args:
        y: A score turned round, so that zero is the worst that it may be.
    """
    some = np.flatnonzero(y)
    at = int(some[-1]) + 1 if len(some) else 0
    if len(y) - at < excursion.PERSISTENT or at < BEFORE or (y[at - BEFORE : at] >= 0).any():
        return None
    best = float(excursion.smoothed(y[:at]).min())
    levels = robust.median(y[at - BEFORE : at]), robust.median(y[at - excursion.BEFORE : at])
    return at if max(levels) <= best / 2 else None


def _apart(y: Array) -> int | None:
    """The point from which on all lie farthest beyond all of those right before; None if none."""
    last = len(y) - excursion.PERSISTENT
    if last < BEFORE or len(y) > MOST:
        return None
    after = np.minimum.accumulate(y[::-1])[::-1]
    before = np.lib.stride_tricks.sliding_window_view(y, BEFORE).max(axis=1)
    apart = after[BEFORE : last + 1] - before[: last - BEFORE + 1]
    best = int(np.argmax(apart))
    return BEFORE + best if apart[best] > 0 else None


def _jumps(y: Array, at: int, gap: float) -> bool:
    """Whether it is there at once: noise with a memory goes there step by step."""
    return robust.median(y[at : at + 3]) - robust.median(y[at - 3 : at]) >= AT_ONCE * gap


def _stays(after: Array, base: float) -> bool:
    """Whether it has not come half-way back from its peak."""
    return robust.median(after[-3:]) - base >= (float(after.max()) - base) / 2
