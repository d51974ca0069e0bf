"""Which series may have a fault at all: the first look at many series of one length at once.

Most series of most runs neither rise, nor swing, nor have a spike, and what shows that costs little
when it is asked of all of them in one array. The detectors, which look with care at one series, are
asked about the others only. What is sorted out here they would find nothing in: each question is a
necessary condition of theirs, and is put by their own functions.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors import spike
from tbtools.analysis.detect.signals import excursion, oscillation, robust

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tbtools.analysis.detect.judged import Judged

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

# Values that are looked at together: enough that calls cost nothing, few enough for the caches.
TOGETHER = 1 << 18
# Fewer series of a length are looked at with care at once.
LEAST_SERIES = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a series may have.

    Attributes:
        diverges: A rise that lasts, or an oscillation that grows.
        rises: A rise that lasts.
        spikes: Spikes.
    """

    diverges: bool
    rises: bool
    spikes: bool


ANYTHING = Candidate(diverges=True, rises=True, spikes=True)


def candidates(series: Iterable[Judged]) -> dict[tuple[str, str], Candidate]:
    """Looks at all series.

    Args:
        series: Series with an objective.

    Returns:
        What each may have, by run and tag.
    """
    by_length: dict[int, list[Judged]] = defaultdict(list)
    for one in series:
        by_length[len(one)].append(one)
    found: dict[tuple[str, str], Candidate] = {}
    for points, alike in by_length.items():
        if len(alike) < LEAST_SERIES or points < excursion.BEFORE + excursion.PERSISTENT:
            found |= dict.fromkeys(((one.series.run, one.series.tag) for one in alike), ANYTHING)
            continue
        size = max(1, TOGETHER // points)
        for first in range(0, len(alike), size):
            found |= _look(alike[first : first + size])
    return found


def _look(series: list[Judged]) -> dict[tuple[str, str], Candidate]:
    rows = np.stack([one.y for one in series])
    noise = np.array([one.noise for one in series])
    rises = _may_rise(rows, noise)
    diverges = rises | _may_swing(rows, noise)
    flags = zip(diverges.tolist(), rises.tolist(), _may_spike(rows).tolist(), strict=True)
    keys = ((one.series.run, one.series.tag) for one in series)
    return {key: Candidate(*each) for key, each in zip(keys, flags, strict=True)}


def _may_rise(rows: Array, floor: Array) -> Flags:
    """Whether some scale has a gap beyond the noise of single points."""
    found = np.zeros(len(rows), np.bool_)
    for scale in excursion.scales(rows):
        if scale.level.shape[1] < excursion.BEFORE + excursion.PERSISTENT:
            continue
        gaps, before = excursion.gaps_of(scale.level)
        best = gaps.argmax(axis=1)[:, None]
        base = np.abs(np.take_along_axis(before, best, 1)[:, 0])
        gap = np.take_along_axis(gaps, best, 1)[:, 0]
        found |= gap > np.maximum(floor, excursion.TINY * base)
    return found


def _may_swing(rows: Array, noise: Array) -> Flags:
    """Whether the spread grows enough at some scale."""
    width = oscillation.block_width(rows.shape[1])
    found = np.zeros(len(rows), np.bool_)
    if width is None:
        return found
    spread = oscillation.log_spread(rows, width // 2, noise[:, None])
    for scale in excursion.scales(spread):
        if scale.level.shape[1] >= excursion.BEFORE + excursion.PERSISTENT:
            found |= excursion.gaps_of(scale.level)[0].max(axis=1) >= oscillation.LEAST
    return found


def _may_spike(rows: Array) -> Flags:
    """Whether a window is high above those around it at some scale."""
    found = np.zeros(len(rows), np.bool_)
    for _, level in spike.scales(rows):
        heights = spike.heights_of(level, robust.noise_of_rows(level))
        found |= heights.max(axis=1) > spike.HEIGHT
    return found
