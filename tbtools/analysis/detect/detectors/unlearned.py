"""Scores that have learned nothing, of which nothing can be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.objective import bound, worst

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged

# A score that never came to this part of what it can be has learned nothing.
NEVER = 0.01


def never_learned(judged: Judged) -> bool:
    """Whether a score never came farther than a hundredth of its way from the worst to the best.

    Args:
        judged: A series with an objective.
    """
    if not len(judged):
        return False
    tag, reached = judged.series.tag, judged.value(judged.best)
    best, least = bound(tag, reached), worst(tag)
    if best is None or least is None:
        return False
    # Below, the tag says another range.
    return judged.value(int(np.argmax(judged.y))) >= least and reached - least <= NEVER * (
        best - least
    )
