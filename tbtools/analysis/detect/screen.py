"""Which series may have a fault at all: the first look at each of them.

Most series of most runs neither rise, nor swing, nor have a spike, nor stand still. The detectors,
which look with care, are asked about the others only. What is sorted out here they would find
nothing in: each question is one that they ask too, or a weaker one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.batches import batches
from tbtools.analysis.detect.detectors import spike
from tbtools.analysis.detect.signals import excursion
from tbtools.extensions import compiled_or_python

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from tbtools.analysis.detect._screen_python import Measure
    from tbtools.analysis.detect.judged import Judged
    from tbtools.vocabulary import Objective

# Of fewer points all detectors are asked.
_LEAST_POINTS = excursion.BEFORE + excursion.PERSISTENT
_WAYS: dict[Objective, int] = {"min": 1, "max": -1, "none": 0}
_loops: ModuleType = compiled_or_python("tbtools.analysis.detect._screen")

UNUSUAL: int = _loops.UNUSUAL
NOT_FINITE: int = _loops.NOT_FINITE


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

    def __bool__(self) -> bool:
        """Whether it may have anything."""
        return self.rises or self.swings or self.spikes or self.rests


# By what the loops say.
CANDIDATES = [
    Candidate(
        rises=bool(flags & _loops.RISES),
        swings=bool(flags & _loops.SWINGS),
        spikes=bool(flags & _loops.SPIKES),
        rests=bool(flags & _loops.RESTS),
    )
    for flags in range(16)
]
NOTHING, ANYTHING = CANDIDATES[0], CANDIDATES[-1]


def first_look(
    values: Sequence[NDArray[np.float64]], ways: Sequence[Objective], least: int
) -> tuple[list[int], list[Measure]]:
    """What series may have, before they are made fit; see `_screen_python.first_look`.

    Args:
        values: Those of each series.
        ways: Which way is better in each.
        least: Of fewer points nothing is said.
    """
    way = np.array([_WAYS[each] for each in ways], np.int8)
    found: list[int] = []
    measures: list[Measure] = []
    for value, ends in batches(values):
        flags, measured = _loops.first_look(value, ends, way[len(found) :], least)
        found += flags
        measures += measured
    return found, measures


def look(series: Sequence[Judged]) -> list[Candidate]:
    """What each of some series may have.

    Args:
        series: Series with an objective.
    """
    enough = [each for each in series if len(each.y) >= _LEAST_POINTS]
    noises = [-1.0 if each.width == 1 else each.noise for each in enough]
    flags: list[int] = []
    for y, ends in batches([each.y for each in enough]):
        flags += _loops.look(y, ends, noises[len(flags) : len(flags) + len(ends)])
    for number, each in enumerate(enough):
        if each.log and spike.may_be_records(each.y):
            flags[number] |= _loops.SPIKES
    known = iter(flags)
    return [
        CANDIDATES[next(known)] if len(each.y) >= _LEAST_POINTS else ANYTHING for each in series
    ]
