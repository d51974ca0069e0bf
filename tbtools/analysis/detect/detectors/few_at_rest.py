"""Plateaus of points too few to tell noise: what stands still, guesses, or is next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.analysis.detect.detectors import guessing, plateau
from tbtools.analysis.detect.detectors.plateau import Plateau
from tbtools.analysis.detect.detectors.plateau_finding import is_learned
from tbtools.analysis.detect.detectors.unlearned import never_learned
from tbtools.analysis.detect.signals import robust
from tbtools.analysis.detect.signals.trend import least_squares
from tbtools.analysis.detect.witnesses import is_whole_loss

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged
    from tbtools.analysis.detect.tasks import Given
    from tbtools.runs.series import ScalarSeries

# Fewer points of a score may be the first of one that learns.
LEAST_POINTS = 8


def find(judged: Judged, rate: ScalarSeries | None, given: Given) -> Plateau | None:
    """Looks for what is at rest though its noise is not known.

    Args:
        judged: A series with an objective.
        rate: The run's learning rate, where it logs one.
        given: What else there is in the run.
    """
    y = judged.y
    if len(y) > plateau.MOST_STILL:
        return None
    flat = plateau.stands_still(y) or guessing.find(judged, rate, given.scores)
    if flat is None and judged.objective == "max":
        return _of_nothing(judged)
    if flat is None and is_whole_loss(judged.series.tag):
        flat = plateau.hardly_moves(y)
        if flat is None and plateau.never_moved(y) and not any(map(is_learned, given.scores)):
            flat = Plateau(0, len(y), float(y[-1]), 0.0, 0.0, 0.0)
    return flat


def _of_nothing(score: Judged) -> Plateau | None:
    """A score that is next to nothing, and no better in its later half than in its earlier."""
    y, half = score.y, len(score) // 2
    if len(y) < LEAST_POINTS or not never_learned(score):
        return None
    if robust.median(y[-half:]) < robust.median(y[:half]):
        return None
    return Plateau(0, len(y), robust.median(y), *least_squares(y), 0.0)
