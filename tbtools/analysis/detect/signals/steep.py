"""Where a rise begins that takes a few points: to the point, as that of one that is sudden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.signals import excursion, robust
from tbtools.analysis.detect.signals.onset import LOCAL, Onset, level_and_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.signals.excursion import Excursion

    Array = NDArray[np.float64]

# What is no wave stays half-way up in this part of the points.
STAYS = 0.9
# What takes few points has come this far after as many as half of it took.
MOST = 0.75


def first_of_steep(y: Array, bend: Onset, rise: Excursion) -> Onset:
    """The first point of a rise that takes few points, no earlier than its bend.

    What rises by more than its noise from point to point, and is no wave, begins behind the last
    one that is at the level before, as are those from the bend to there.

    Args:
        y: Values, lower is better.
        bend: Where `locate` has found its beginning.
        rise: The rise.
    """
    before = y[max(0, bend.index - LOCAL) : bend.index]
    up = robust.running_median(y[bend.index :], 3) > rise.base + rise.gap / 2
    crossing = int(np.argmax(up))
    if bend.sudden or len(before) < LOCAL or np.mean(up[crossing:]) < STAYS:
        return bend
    level, noise = level_and_noise(before)
    half = bend.index + crossing
    at_level = np.flatnonzero(y[bend.index : half] < level + noise)
    first = bend.index + (int(at_level[-1]) + 1 if len(at_level) else 0)
    between = y[bend.index : first]
    if (half - first) * noise >= rise.gap / 2 or half - first > LOCAL:
        return bend
    later = y[half + (half - first) :][: max(excursion.PERSISTENT, half - first)]
    if not len(later) or robust.median(later) - rise.base < MOST * rise.gap:
        return bend
    # Behind a climb the level before is that of its slope, and worse than where it ended.
    best = min(level, rise.base)
    if len(between) and between.mean() - best > 2 * noise / len(between) ** 0.5:
        return bend
    return Onset(first, sudden=False, steep=True)
