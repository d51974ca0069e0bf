"""A loss that explodes again and again, and is its old self between: batches that nothing tames.

One such point is a spike. Where one in ten is, a thousand times what the others are, the mean of an
epoch says nothing any more, and the optimiser is hit each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import fold_text
from tbtools.runs.numbers import stretches

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged

# Fewer points do not tell what is usual.
LEAST_POINTS = 8
# What exploded is so many times as large as all else, and farther from it than that is spread.
TIMES = 1e3
# It did so many times, in this part of the points, and in no more than that.
LEAST_TIMES = 3
LEAST_PART, MOST_PART = 0.1, 0.75
# It is over soon each time: after so many points, or this part of all. What stays is a divergence.
SOON, SOON_PART = 3, 0.1


def find(judged: Judged) -> Finding | None:
    """Looks for points far beyond all others that come and go.

    Args:
        judged: A series with an objective.
    """
    if not judged.log or len(judged) < LEAST_POINTS:
        return None  # most series are asked no more, and their values not made for that
    y = judged.y
    order = np.sort(y)
    at = int(np.argmax(np.diff(order)))
    apart = float(order[at + 1] - order[at])
    if apart < max(float(np.log(TIMES)), float(order[at] - order[0])):
        return None
    high = y > order[at]
    part = float(high.mean())
    if not LEAST_PART <= part <= MOST_PART:
        return None
    begins, ends = stretches(high)
    lasted = ends - begins
    if len(lasted) < LEAST_TIMES or lasted.max() > max(SOON, SOON_PART * len(y)):
        return None
    usual = judged.logged(float(np.median(y[~high])))
    largest = judged.logged(float(np.median(y[high])))
    first = int(np.argmax(high))
    return Finding.of_points(
        judged.series,
        int(judged.points[first]),
        int(judged.points[len(y) - 1 - int(np.argmax(high[::-1]))]),
        ongoing=True,
        kind="explosion",
        severity="warning",
        message=(
            f"explodes again and again from {judged.place(first)} on, {fold_text(largest / usual)} "
            f"from about {usual:.4g} to about {largest:.4g}, in {int(high.sum()):,} of {len(y):,} "
            "points; look at these batches, and at clipping"
        ),
        evidence={"level_before": usual, "level_after": largest, "points": int(high.sum())},
    )
