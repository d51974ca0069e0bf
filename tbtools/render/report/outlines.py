"""What a page says of series beside their curves, of all their points, which then may go.

The curves are thinned later, series after series, when it is known which runs are the best.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.render.series import drawn_seconds, finding_ends, is_onset_drawn
from tbtools.runs.levels import window_start
from tbtools.runs.numbers import distinct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.detect import Finding
    from tbtools.runs.series import ScalarSeries

    # A value, and its step.
    Extreme = tuple[float, int]
    # What tells where a finding is: of two that have it in common the place is one.
    _PlaceKey = tuple[str, str | None, int, float | None, int, bool]

# Points of several series that are looked at together: what is made of them stays small.
_POINTS_AT_ONCE = 100_000


class Outline(NamedTuple):  # of which making one takes a fifth of the time of a dataclass
    """A series without its points.

    Attributes:
        run: Name of the run.
        tag: Its tag.
        dtype: As `ScalarSeries` has it.
        points: How many it has.
        first: The first value.
        last: The last one.
        last_step: Its step.
        least: The least finite value and its first step; None where there is none.
        greatest: The greatest one, likewise.
        nonfinite: How many values are not finite.
        is_constant: Whether it has several points, all of one value, which may be infinite.
        level: The mean of the points that make up the level at its end, maybe not finite.
        resumed: The steps with which a later session goes on.
    """

    run: str
    tag: str
    dtype: str
    points: int
    first: float
    last: float
    last_step: int
    least: Extreme | None
    greatest: Extreme | None
    nonfinite: int
    is_constant: bool
    level: float
    resumed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding is in the series that is drawn.

    Attributes:
        onset: The point with which it begins.
        begin: Step, and seconds since the first event.
        end: Likewise.
        is_drawn: Whether it begins at one of the points that are drawn.
    """

    onset: int
    begin: tuple[int, float]
    end: tuple[int, float]
    is_drawn: bool


class Outlines:
    """Those of all series of a page, and the places of what was found in them.

    Args:
        series: The series, run by run; they are taken one after the other.
        findings: What was found in any series.

    Attributes:
        each: Those of the series, in their order.
    """

    def __init__(self, series: Iterable[ScalarSeries], findings: Iterable[Finding]) -> None:
        self.each: list[Outline] = []
        self._places: dict[_PlaceKey, Place] = {}
        found: dict[tuple[str, str | None], list[Finding]] = defaultdict(list)
        for finding in findings:
            found[finding.run, finding.tag].append(finding)
        for block in blocks(series):
            self.each += _outlines(block)
            for one in block:
                if own := found.get((one.run, one.tag)):
                    self._places |= _places(own, one)

    def place(self, finding: Finding) -> Place | None:
        """Where a finding is; None where its series is not drawn."""
        return self._places.get(_place_key(finding))


def blocks(series: Iterable[ScalarSeries]) -> Iterator[list[ScalarSeries]]:
    """Series in groups of so many points that what is made of them stays small."""
    block: list[ScalarSeries] = []
    points = 0
    for each in series:
        if points + each.step.size > _POINTS_AT_ONCE and block:
            yield block
            block, points = [], 0
        block.append(each)
        points += each.step.size
    if block:
        yield block


@np.errstate(invalid="ignore", over="ignore")
def _outlines(block: Sequence[ScalarSeries]) -> list[Outline]:
    """Those of several series: of a hundred points NumPy takes longest to begin."""
    sizes = np.array([each.step.size for each in block])
    ends = np.cumsum(sizes)
    firsts = ends - sizes
    step = np.concatenate([each.step for each in block])
    value = np.concatenate([each.value for each in block])
    finite = np.isfinite(value)
    nonfinite = np.add.reduceat(~finite, firsts, dtype=np.int64)
    known = (nonfinite < sizes).tolist()
    constant = np.minimum.reduceat(value, firsts) == np.maximum.reduceat(value, firsts)
    least, greatest = (
        _extremes(np.where(finite, sign * value, np.inf), firsts, sizes) for sign in (1, -1)
    )

    def at(places: NDArray[np.int64]) -> list[Extreme | None]:
        pairs = zip(value[places].tolist(), step[places].tolist(), strict=True)
        return [pair if here else None for pair, here in zip(pairs, known, strict=True)]

    columns = (
        [each.run for each in block],
        [each.tag for each in block],
        [each.dtype for each in block],
        sizes.tolist(),
        value[firsts].tolist(),
        value[ends - 1].tolist(),
        step[ends - 1].tolist(),
        at(least),
        at(greatest),
        nonfinite.tolist(),
        (constant & (sizes > 1)).tolist(),
        _levels(value, firsts, sizes).tolist(),
        [_resumed(each) for each in block],
    )
    return [Outline._make(row) for row in zip(*columns, strict=True)]


def _resumed(series: ScalarSeries) -> tuple[int, ...]:
    return tuple(series.step[series.restarts].tolist()) if series.restarts.size else ()


def _levels(
    value: NDArray[np.float64], firsts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What `mean_level` says of the end of each stretch, of those of one size at once."""
    levels = np.empty(sizes.size)
    for size in distinct(sizes).tolist():
        own = np.flatnonzero(sizes == size)
        window = np.arange(window_start(size), size)
        levels[own] = value[firsts[own][:, None] + window].mean(axis=1)
    return levels


def _extremes(
    turned: NDArray[np.float64], firsts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The first place of the least value in each stretch."""
    least = np.minimum.reduceat(turned, firsts)
    there = np.flatnonzero(turned == np.repeat(least, sizes))
    places: NDArray[np.int64] = there[np.searchsorted(there, firsts)]
    return places


def _place_key(finding: Finding) -> _PlaceKey:
    return (
        finding.run,
        finding.tag,
        finding.onset_step,
        finding.onset_time,
        finding.end_step,
        finding.ongoing,
    )


def _places(findings: Iterable[Finding], series: ScalarSeries) -> dict[_PlaceKey, Place]:
    seconds = drawn_seconds(series)

    def point(index: int) -> tuple[int, float]:
        return int(series.step[index]), float(seconds[index])

    places = {}
    for finding in findings:
        onset, end = finding_ends(finding, series)
        is_drawn = is_onset_drawn(finding, series)
        places[_place_key(finding)] = Place(onset, point(onset), point(end), is_drawn)
    return places
