"""Growth by the same factor again and again, from a level or a fall up to the last point.

It has no new level that it came to, so that it is no `change`; but nothing that grows so is about
to end, as what is learned and what a schedule does are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import least_squares_bend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Of fewer points a line does not tell whether it bends.
LEAST_POINTS = 40
# Before it began it was at rest for this part of the points, and it grows in so many at the least.
AT_REST = 0.2
GROWING = 0.2
# Before it rises by no more than this part of the pace of the growth, and in the last third of that
# it is no slower than this part.
DRIFTS = 0.25
AS_FAST = 0.7
# It ends above all before it by this part of what it grew since then.
BEYOND = 0.5
# So many windows before and behind say at which of their points it bends.
NEAR = 20
# What is left about the broken line, as a part of the height that it comes to.
LEFT = 0.1


def find(points: Array, gap: float) -> int | None:
    """Looks for growth from a level, or behind a fall, that goes on at its pace up to the end.

    Args:
        points: Logarithms of values.
        gap: By how much they grow at the least.

    Returns:
        Index of about the last point at rest; None where there is no such growth.
    """
    n = len(points)
    if n < LEAST_POINTS:
        return None
    width = -(-n // excursion.VIEW)
    levels = robust.window_medians(points[n % width :], width, n // width)
    bend = least_squares_bend(levels, DRIFTS)
    before, after = levels[: bend + 1], levels[bend:]
    if len(before) < AT_REST * len(levels) or len(after) < GROWING * len(levels):
        return None
    rest, _ = _line(before)
    pace, left = _line(after)
    height = pace * (len(after) - 1)
    late, _ = _line(after[-(-2 * len(after) // 3) :])
    straight = left <= LEFT * height and late >= AS_FAST * pace
    new = robust.median(after[-excursion.PERSISTENT :]) - before.max() >= BEYOND * height
    if height < gap or rest > DRIFTS * pace or not straight or not new:
        return None
    about = n % width + bend * width + width // 2
    if width == 1:
        return about
    begin = max(0, about - NEAR * width)
    return begin + least_squares_bend(points[begin : about + NEAR * width], DRIFTS)


def _line(y: Array) -> tuple[float, float]:
    """The slope of the line that fits best, and the standard deviation about it."""
    away = np.arange(len(y)) - (len(y) - 1) / 2
    slope = float(away @ y / (away @ away))
    return slope, float(np.std(y - slope * away))
