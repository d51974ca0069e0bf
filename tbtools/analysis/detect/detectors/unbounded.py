"""A loss that has no lower bound, and is on its way there: it falls ever faster and is never done.

A cross entropy of labels beyond those that it is of, or a likelihood whose variance goes to zero,
improves for ever. What comes to rest, as the logarithm of a density does, falls ever slower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import fold_text
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged

# Fewer points do not tell how it falls.
LEAST_POINTS = 16
# No likelihood of a sample that a sound run reaches by falling ever faster is larger than that ...
LARGE = 1e3
# ... and so many times what it was in its first three points.
TIMES = 20.0
# In its second half it falls by so many times more than in its first: a straight line does by one.
FASTER = 1.3
# Its levels are those of so many parts, each of which is better than the one before.
PARTS = 8


def find(judged: Judged) -> Finding | None:
    """Looks for a loss that falls without a bound.

    Args:
        judged: A series with an objective.
    """
    y = judged.y
    if judged.objective != "min" or len(y) < LEAST_POINTS or y[-1] > -LARGE:
        return None
    first = float(np.abs(y[:3]).max())
    level = robust.window_medians(y, len(y) // PARTS, PARTS)
    half = PARTS // 2
    late, early = level[half - 1] - level[-1], level[0] - level[half - 1]
    if level[-1] > -TIMES * first or np.any(np.diff(level) >= 0) or late < FASTER * early:
        return None
    last = float(level[-1])
    times = -last / max(first, robust.TINY)
    return Finding.of_points(
        judged.series,
        int(judged.points[0]),
        int(judged.ends[-1]),
        ongoing=True,
        kind="explosion",
        severity="warning",
        message=(
            f"is negative and falls ever faster from {judged.place(0)} on, {fold_text(times)}, to "
            f"about {last:.4g}: it has no lower bound; look at the range of the labels and at the "
            "last activation"
        ),
        evidence={"level_before": float(y[0]), "level_after": last, "points_since": len(y)},
    )
