"""A plateau that is over: flat for long, and then it improved after all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors import plateau
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.detectors.plateau import Plateau, Windows

    Array = NDArray[np.float64]

# It lasted at least this part of the series: shorter waits are nobody's concern once they are over.
LEAST_PART = 0.2
# Of fewer points before its end a wait is no fact that explains a curve.
LEAST_POINTS = 12
LEAST_LONG = 10


def find(y: Array, whole: Windows) -> Plateau | None:
    """Looks for the longest wait between two improvements, and whether it was flat.

    Args:
        y: Values, lower is better.
        whole: Their windows.
    """
    smooth = robust.running_median(whole.level, 5)
    achieved = robust.quantile(smooth, 0.75) - float(smooth.min())
    least = max(3 * whole.spread, plateau.RECORD * achieved)
    records = robust.records(smooth, least)
    if len(records) < 2:
        return None
    waits = np.diff(records)
    longest = int(np.argmax(waits))
    if waits[longest] < LEAST_PART * len(smooth):
        return None
    better = float(smooth[records[longest]]) - 0.5 * least
    end = records[longest + 1]
    # The medians, and a slow improvement, reach into the wait.
    while end > 0 and whole.level[end - 1] < better:
        end -= 1
    before = y[: whole.point(end)]
    if len(before) < LEAST_POINTS:
        return None
    flat = plateau.find(before, plateau.windows(before), overcome=True)
    if flat is None or flat.end - flat.onset < max(LEAST_LONG, LEAST_PART * len(y)):
        return None
    return flat if flat.level - robust.median(whole.level[end:]) > least else None
