"""Spikes: jumps to the worse side that recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.signals import excursion, robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged

    Array = NDArray[np.float64]

# Points to whose median and spread a point is compared; a spike is shorter than half of them.
BLOCK = 32
# Local standard deviations. Noise whose own tail reaches farther has to be beaten by FAR times.
HEIGHT = 8.0
# How far beyond what one point in a hundred of the series does a spike is.
FAR = 3.0
# So many of them are named one by one.
NAMED = 10


def find(judged: Judged) -> Finding | None:
    """Looks for spikes; all of a series are one finding, whose onset is the first.

    Args:
        judged: A series with an objective.
    """
    y = judged.y
    if len(y) < BLOCK:
        return None
    heights = _heights(y)
    spikes = np.flatnonzero(heights > HEIGHT)
    if len(spikes):
        some = np.abs(heights[:: max(1, len(y) // robust.ENOUGH_DIFFERENCES)])
        spikes = spikes[heights[spikes] > FAR * robust.quantile(some, 0.99)]
    spikes = np.array([i for i in spikes.tolist() if _came_back(y, i)], np.int64)
    if not len(spikes):
        return None
    firsts = spikes[np.diff(spikes, prepend=-BLOCK) > 1]
    worst = int(spikes[np.argmax(y[spikes])])
    count = len(firsts)
    first, last = int(spikes[0]), int(spikes[-1])
    many = "a spike" if count == 1 else f"{count:,} spikes, the highest"
    return Finding(
        run=judged.series.run,
        tag=judged.series.tag,
        kind="spike",
        severity="info",
        onset_step=judged.step(first),
        onset_time=judged.time(first),
        end_step=judged.step(last),
        ongoing=False,
        best_step=judged.step(judged.best),
        best_value=judged.value(judged.best),
        last_good_step=judged.step(first - 1) if first else None,
        message=f"{many} to {judged.value(worst):.4g} at {judged.place(worst)} "
        f"({min(heights[worst], 1e6):,.0f} times the local noise), and back",
        evidence={
            "count": count,
            "steps": [judged.step(int(i)) for i in firsts[:NAMED]],
            "values": [judged.value(int(i)) for i in firsts[:NAMED]],
            "highest_step": judged.step(worst),
            "noise_ratio": float(min(1e9, heights[worst])),
        },
    )


def _came_back(y: Array, at: int) -> bool:
    """Whether a point stands out from those before it and from those after it: no step."""
    before, after = y[max(0, at - BLOCK // 2) : at], y[at + 1 : at + 1 + BLOCK // 2]
    if len(before) < excursion.BEFORE or len(after) < excursion.PERSISTENT:
        return False
    low, high = sorted([robust.median(before), robust.median(after)])
    return bool(y[at] - high > 0.5 * (y[at] - low))


def _heights(y: Array) -> Array:
    """How far each point lies above the median of its block, in the block's noise.

    Where a block's noise is zero the series' is taken, so that the one odd value in a constant
    stretch of accuracies is no infinite spike.
    """
    count = len(y) // BLOCK
    ahead = len(y) - count * BLOCK
    medians = robust.window_medians(y, BLOCK, count)
    distance = y[ahead:].reshape(count, BLOCK) - medians[:, None]
    local = robust.MAD_TO_SIGMA * robust.window_medians(np.abs(distance).ravel(), BLOCK, count)
    noise = np.maximum(local, 0.5 * robust.noise_of_points(y) + robust.TINY)
    heights = (distance / noise[:, None]).ravel()
    return np.concatenate([np.zeros(ahead), heights])
