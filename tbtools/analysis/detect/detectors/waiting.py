"""Throughput: steps spend their time waiting for data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals.slowdown import LEAST_POINTS, WARM_UP, WARM_UP_POINTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

# Waiting for data that takes this part of a step or more is worth a word; what is said to take
# longer than the step is in another unit.
WAITS = 0.5
WHOLE = 1.0


def for_data(data: ScalarSeries, step: ScalarSeries) -> Finding | None:
    """Looks at the part of a step that is spent waiting for data.

    Args:
        data: How long of a step that is.
        step: How long a step takes.
    """
    at = np.arange(len(data.step))
    if len(data.step) != len(step.step):
        at = np.minimum(np.searchsorted(step.step, data.step), len(step.step) - 1)
    return _waits(data, step.value[at], step.tag)


def share_of_time(share: ScalarSeries) -> Finding | None:
    """The same, where that part is logged.

    Args:
        share: The part, as 0 to 1 or as 0 to 100.
    """
    known = share.value[np.isfinite(share.value)]
    if not len(known) or known.min() < 0 or known.max() > 100:
        return None
    whole = 100.0 if known.max() > 1 else 1.0
    return _waits(share, np.full(len(share.value), whole), "the time")


def _waits(series: ScalarSeries, whole: Array, of: str) -> Finding | None:
    points = np.flatnonzero(np.isfinite(series.value) & np.isfinite(whole))
    data, whole = series.value[points], whole[points]
    # Means and sums, for a loader that runs dry makes one step in so many wait for all of them.
    late = slice(len(data) // 2, None)
    if len(data) < LEAST_POINTS or whole[late].mean() <= 0:
        return None
    share = float(data[late].mean() / whole[late].mean())
    if not WAITS <= share <= WHOLE:
        return None
    onset = int(np.argmax(np.cumsum((data - WAITS * whole)[::-1])[::-1]))
    if onset < max(WARM_UP_POINTS, WARM_UP * len(data)):
        onset = 0
    first = int(points[onset])
    since = f" since {place_of(series, first)}" if onset else ""
    return Finding.of_points(
        series,
        first,
        int(points[-1]),
        ongoing=True,
        kind="throughput",
        severity="info",
        message=f"{share:.0%} of {of} is spent waiting for data{since}: the loader is too slow",
        evidence={"share": share, "measured": "data_time", "step_time": of},
        last_good=int(points[onset - 1]) if onset else None,
    )
