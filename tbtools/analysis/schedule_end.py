"""Where a learning rate's schedule comes to its end, told from what it has done so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Fewer points lie on many curves.
_LEAST_POINTS = 8
# So much of its peak it must have lost: before that, a line and a curve are the same.
_LEAST_DROP = 0.1
# Points lie so near to the schedule, as a part of what it has gone through. Schedules are computed,
# and not measured: float32 leaves 1e-6.
_MOST_APART = 2e-4
# Near its peak a cosine hardly tells where in it a point lies.
_TELLING = 0.95


def schedule_end(step: NDArray[np.int64], rate: Floats) -> int | None:
    """The step at which a rate that falls linearly, or as half a cosine, becomes zero.

    Args:
        step: Shape (n,).
        rate: Shape (n,), as written: with warm-up and constant stretches, if there are any; it may
            change at each step, or once an epoch.

    Returns:
        The step; None where the rate follows neither of the two closely, has been raised again, or
        has not fallen far enough to tell.
    """
    known = np.isfinite(rate)
    step, rate = step[known], rate[known]
    if rate.size < _LEAST_POINTS or not rate.max() > 0:
        return None
    last_peak = rate.size - 1 - int(rate[::-1].argmax())
    if (np.diff(rate[: last_peak + 1]) < 0).any():  # of warm restarts there may be more
        return None
    step, rate = step[last_peak:], rate[last_peak:] / rate[last_peak]
    first_of_level = np.append(True, rate[1:] != rate[:-1])
    step, rate = step[first_of_level], rate[first_of_level]
    falls = bool((np.diff(rate) < 0).all() and (np.diff(step) > 0).all() and rate[-1] >= 0)
    if rate.size < _LEAST_POINTS or not falls or 1 - rate[-1] < _LEAST_DROP:
        return None
    if rate[-1] == 0:
        return int(step[-1])
    telling = rate < _TELLING
    progress = np.arccos(2 * rate[telling] - 1) / np.pi
    ends = [_reaches(step, 1 - rate), _reaches(step[telling], progress)]
    return next((end for end in ends if end is not None), None)


def _reaches(step: NDArray[np.int64], progress: Floats) -> int | None:
    """Where a line through the progress of a schedule reaches 1; None where it is no line."""
    if progress.size < _LEAST_POINTS:
        return None
    x: Any = step - step.mean()
    slope = float(x @ progress / (x @ x))
    middle = float(progress.mean())
    apart = np.abs(middle + slope * x - progress).max()
    if slope <= 0 or apart > _MOST_APART * float(progress[-1] - progress[0]):
        return None
    end = round(float(step.mean()) + (1 - middle) / slope)
    return end if end > step[-1] else None
