"""A discriminator that has won: its loss is next to nothing, and the generator learns no more.

Its loss may fall so from the first point on, so that no level before says that it changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from tbtools.runs.series import ScalarSeries

# In fewer points than the second the loss of a critic, whose sign changes, may come to rest so.
LEAST_POINTS, SURE_POINTS = 8, 20
# Points that make the level at first: so many, or this part of the series.
FIRST, FIRST_PART = 5, 4
# At this part of it nothing is left to learn from, as of nearly all points since, ...
LEFT = 0.05
MOST = 2 / 3
# ... half of which are below this part, and of few points, which are no level, below this, ...
NOTHING, LITTLE = 0.01, 0.01
# ... for this part of the series.
LASTING = 1 / 3


def find(series: ScalarSeries) -> Finding | None:
    """Looks for a loss that came to next to nothing, and has been there most of the time since.

    Args:
        series: The loss of a discriminator.
    """
    points = np.flatnonzero(np.isfinite(series.value))
    value = np.abs(series.value[points])
    if len(value) < LEAST_POINTS:
        return None
    sure = len(value) >= SURE_POINTS
    if not sure and series.value[points].min() < 0:
        return None
    first = min(FIRST, len(value) // FIRST_PART)
    level = robust.median(value[:first])
    low = value < LEFT * level
    # Since when there are most of them beside the others, of which one outweighs two.
    balance = np.cumsum(np.where(low, 1 - MOST, -MOST)[::-1])[::-1]
    index = int(np.argmax(balance))
    since = value[index:]
    if not low[-first:].all() or not index or len(since) < LASTING * len(value):
        return None
    after = robust.median(since)
    if after >= NOTHING * level or not (sure or after < LITTLE):
        return None
    onset = int(points[index])
    text = f"is next to nothing since {place_of(series, onset)}: {after:.2g} of {level:.2g} at "
    text += "first. The discriminator tells all apart, and the generator learns nothing from it"
    return Finding.of_points(
        series,
        onset,
        int(points[-1]),
        ongoing=True,
        kind="collapse",
        severity="warning",
        message=text,
        evidence={
            "level_before": level,
            "level_after": after,
            "points_since": len(since),
        },
        last_good=onset - 1,
    )
