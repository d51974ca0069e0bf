"""Plateaus of points too few to tell noise: what stands still, guesses, or is next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors import guessing, plateau
from tbtools.analysis.detect.detectors.plateau import Plateau
from tbtools.analysis.detect.detectors.plateau_finding import is_learned
from tbtools.analysis.detect.detectors.unlearned import never_learned
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.trend import goes_one_way, least_squares
from tbtools.analysis.detect.witnesses import is_whole_loss, says_only

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged
    from tbtools.analysis.detect.tasks import Given
    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

# Of more points noise is known; of fewer than the first nothing is.
MOST = 24
FEW = 8
# A whole loss that never moved is told in fewer.
FEWEST = 6
# The last digit of what is logged is no move, ...
DIGIT = 1e-6
# ... nor is such a part of the level.
HARDLY = 0.002

_COSTS = frozenset({"cost", "err", "error"})


def find(judged: Judged, given: Given) -> Plateau | None:
    """Looks for what is at rest though its noise is not known.

    Args:
        judged: A series with an objective.
        given: What else there is in the run.
    """
    y = judged.y
    if not FEWEST <= len(y) <= MOST:
        return None
    flat = _stands_still(y)
    if flat is None and judged.objective == "max":
        return _of_nothing(judged)
    if flat is None and _is_whole(judged.series.tag):
        flat = None if any(map(is_learned, given.scores)) else _never_moved(y)
        flat = flat or guessing.find(judged, given.scores) or _hardly_moves(y)
    return flat


def _is_whole(tag: str) -> bool:
    """Whether what is minimised is called nothing but a loss, a cost or an error."""
    return is_whole_loss(tag) or says_only(tag, _COSTS)


def warms_up(judged: Judged, rate: ScalarSeries | None) -> bool:
    """Whether a rate rises in more than half of a few points: nothing is to be learned yet.

    Args:
        judged: A series.
        rate: The run's learning rate, where it logs one.
    """
    if rate is None or len(judged) >= plateau.ENOUGH:
        return False
    value = rate.value[np.isfinite(rate.value)]
    if not len(value):
        return False
    peak = int(np.argmax(value))
    return 2 * peak > len(value) and bool(value[0] < value[peak] / 2)


def _stands_still(y: Array) -> Plateau | None:
    """More than half of the points, at the end, that are all the same, and the best."""
    begin, level = _still_from(y), float(y[-1])
    still = len(y) - begin
    if still < FEW or still <= begin or level > y.min():
        return None
    before = robust.median(y[:begin]) - level if begin else 0.0
    return Plateau(begin, len(y), level, 0.0, 0.0, before)


def _never_moved(y: Array) -> Plateau | None:
    """All points, if they are the same but for the last digit."""
    if _still_from(y) > 0:
        return None
    return Plateau(0, len(y), float(y[-1]), 0.0, 0.0, 0.0)


def _still_from(y: Array) -> int:
    """The index from which on all values are the last one."""
    moved = np.flatnonzero(np.abs(y - y[-1]) > DIGIT * abs(float(y[-1])))
    return int(moved[-1]) + 1 if len(moved) else 0


def _hardly_moves(y: Array) -> Plateau | None:
    """All points, if they go to and fro by no part of their level that is worth the name."""
    level = robust.median(y)
    if len(y) < FEW or float(y.max() - y.min()) > HARDLY * abs(level) or goes_one_way(y):
        return None
    return Plateau(0, len(y), level, *least_squares(y), 0.0)


def _of_nothing(score: Judged) -> Plateau | None:
    """A score that is next to nothing, and no better in its later half than in its earlier."""
    y, half = score.y, len(score) // 2
    if len(y) < FEW or not never_learned(score):
        return None
    if robust.median(y[-half:]) < robust.median(y[:half]):
        return None
    return Plateau(0, len(y), robust.median(y), *least_squares(y), 0.0)
