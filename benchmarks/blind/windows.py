"""Which steps are right as an onset, and why not closer.

- *abrupt*: the change is many times the noise, so the first point of it is seen. Two points either
  way are granted: a noisy point at the seam belongs to either side.
- *gradual*: the trouble is there from the onset on but hidden in the noise. It must be dated before
  the mean of what has come since lies four of its standard errors above the level at the onset: for
  a ramp of slope b in noise of s, that is 4 (s / b)^(2/3) points, the scale to which a bend can be
  located without knowing its form. It may be dated as much too early as too late, but not at points
  that still clearly get better.
- *basin*: the best step of a noisy U is any step at which the curve without its noise lies within
  two standard deviations of its lowest point; for the minimum of noisy values falls anywhere there.
- *flat*: where a curve stops improving is known to where less than two standard deviations are left
  to gain; and the best of a noisy level may come late, so a tenth of the run is granted behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Window


def abrupt(steps: NDArray[np.int64], index: int, points: int = 2) -> Window:
    """Around the point at `index`."""
    return steps[max(index - points, 0)], steps[min(index + points, len(steps) - 1)]


def gradual(steps: NDArray[np.int64], worse: NDArray[np.float64], index: int, sd: float) -> Window:
    """Around a slow change for the worse.

    Args:
        steps: Shape (n,).
        worse: The curve without noise, such that more is worse; shape (n,).
        index: Where the change begins.
        sd: The noise of one point.
    """
    before = np.flatnonzero(worse[: index + 1] > worse[index] + 2 * sd)
    excess = np.cumsum(worse[index:] - worse[index])
    seen = np.flatnonzero(excess > 4 * sd * np.sqrt(np.arange(1, len(excess) + 1)))
    last = index + (seen[0] if len(seen) else len(steps) - 1 - index)
    first = max(before[-1] + 1 if len(before) else 0, 2 * index - last)
    return steps[max(first - 2, 0)], steps[min(last + 2, len(steps) - 1)]


def basin(steps: NDArray[np.int64], worse: NDArray[np.float64], sd: float) -> Window:
    """Where the best of the noisy points may lie."""
    lowest = int(np.argmin(worse))
    out = worse > worse[lowest] + 2 * sd
    left = np.flatnonzero(out[:lowest])
    right = np.flatnonzero(out[lowest:])
    first = left[-1] + 1 if len(left) else 0
    last = lowest + right[0] - 1 if len(right) else len(steps) - 1
    return steps[max(first - 1, 0)], steps[min(last + 1, len(steps) - 1)]


def flat(steps: NDArray[np.int64], worse: NDArray[np.float64], index: int, sd: float) -> Window:
    """Around the end of improvement at `index`."""
    left = np.flatnonzero(worse[: index + 1] > worse[-1] + 2 * sd)
    first = left[-1] + 1 if len(left) else 0
    grace = max(len(steps) // 10, 2)
    return steps[max(first - 2, 0)], steps[min(max(index, first) + grace, len(steps) - 1)]
