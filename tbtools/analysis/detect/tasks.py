"""What a run is given to do as a witness: a task that became harder explains what got worse."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.judged import points_before
from tbtools.analysis.objective import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries

_DIFFICULTIES = frozenset(
    {
        "lesson",  # Unity ML-Agents
        "curriculum",
        "difficulty",
        "terrain",  # Isaac Lab
        "adr",  # automatic domain randomization
    }
)
# Losses follow the task within this part of the run, or so many points.
NEAR = 0.02
POINTS = 3


def difficulties(series: Iterable[ScalarSeries]) -> Mapping[str, list[ScalarSeries]]:
    """What says how hard the task of each run is, by tags that name a lesson or a difficulty.

    Args:
        series: All series.
    """
    found: dict[str, list[ScalarSeries]] = defaultdict(list)
    for one in series:
        if not _DIFFICULTIES.isdisjoint(words(one.tag)) and np.isfinite(one.value).all():
            found[one.run].append(one)
    return found


def became_harder(tasks: Iterable[ScalarSeries], judged: Judged, onset: int) -> bool:
    """Whether the task is harder at the end than it ever was shortly before a point.

    Args:
        tasks: What says how hard it is.
        judged: The series that got worse.
        onset: Where it did.
    """
    near = max(0, onset - max(POINTS, int(NEAR * len(judged))))
    for task in tasks:
        at = int(points_before(task, judged.series, judged.points[[near]], "left")[0])
        if at and task.value[-1] > task.value[:at].max():
            return True
    return False
