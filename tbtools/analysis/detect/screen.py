"""Which series may have a fault at all: the first look at each of them.

Most series of most runs neither rise, nor swing, nor have a spike, nor stand still. The detectors,
which look with care, are asked about the others only. What is sorted out here they would find
nothing in: each question is one that they ask too, or a weaker one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tbtools.analysis.detect.signals import excursion
from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from types import ModuleType

    from tbtools.analysis.detect.judged import Judged

_loops: ModuleType = compiled_or_python("tbtools.analysis.detect._screen")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a series may have.

    Attributes:
        rises: A rise that lasts.
        swings: An oscillation that grows.
        spikes: Spikes.
        rests: A plateau, ongoing or over.
    """

    rises: bool
    swings: bool
    spikes: bool
    rests: bool


ANYTHING = Candidate(rises=True, swings=True, spikes=True, rests=True)
_CANDIDATES = [
    Candidate(
        rises=bool(flags & _loops.RISES),
        swings=bool(flags & _loops.SWINGS),
        spikes=bool(flags & _loops.SPIKES),
        rests=bool(flags & _loops.RESTS),
    )
    for flags in range(16)
]


def look(series: Judged) -> Candidate:
    """What a series may have.

    Args:
        series: A series with an objective.
    """
    if len(series) < excursion.BEFORE + excursion.PERSISTENT:
        return ANYTHING
    flags: int = _loops.look(series.y, series.noise if series.width > 1 else -1.0)
    return _CANDIDATES[flags]
