"""Fewer points of a time series for the screen.

Figures, whose lines are what they are, get points: MinMaxLTTB (Van Der Donckt, Van Der Donckt &
Van Hoecke, "MinMaxLTTB: Leveraging MinMax-Preselection to Scale LTTB", IEEE VIS 2023) chooses
them, by the package tsdownsample: of each stretch of equally many points the one that spans the
largest triangle with its neighbours. To these are added the smallest and the greatest value of
all, and the ends of every stretch of values that are not finite.

Pages, on which lines are compared and smoothed, get buckets: neighbouring points as their mean,
least and greatest value. Chosen points would be the extremes of noise, and their smoothing not
that of the series. With the slope inside each bucket the page smooths as if its points lay on a
straight line, and draws the mean over the bucket: that of the smoothing of all points, but for
what their order inside the bucket matters beyond a slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.prominent import prominent
from tbtools.errors import InvalidArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So many kept points, at most, are ends of stretches that are not finite, as a part of all kept.
_NONFINITE_PART = 4


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Neighbouring points of a series, taken together.

    Attributes:
        first: int64, shape (n,): the index of the first point of each bucket, increasing.
        last: int64, shape (n,): that of the last.
        count: int64, shape (n,): how many of its values are finite; 0 for a bucket of others.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    count: NDArray[np.int64]

    @classmethod
    def of(cls, first: NDArray[np.int64], finite: NDArray[np.bool_]) -> Buckets:
        """Those of a series, or of several one behind the other.

        Args:
            first: The first point of each bucket.
            finite: Which values are finite.
        """
        last = np.append(first[1:], finite.size) - 1
        return cls(first, last, np.add.reduceat(finite, first, dtype=np.int64))

    def within(self, some: slice, start: int) -> Buckets:
        """Some of them, whose points are counted from another one on.

        Args:
            some: Which of them.
            start: The point from which on.
        """
        return Buckets(self.first[some] - start, self.last[some] - start, self.count[some])

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean of the finite ones of each bucket; the first value where there are none."""
        finite = np.isfinite(values)
        # Divided before they are summed up, as a sum may overflow.
        parts = np.where(finite, values, 0.0) / np.repeat(
            np.maximum(1, self.count), self.last - self.first + 1
        )
        return self._known(np.add.reduceat(parts, self.first), values)

    @np.errstate(over="ignore", invalid="ignore")
    def slope(self, values: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
        """By how much they rise from point to point: of the straight line that fits each best.

        Args:
            values: The values.
            mean: What `mean` says of them.
        """
        size = self.last - self.first + 1
        place = np.arange(len(values)) - np.repeat((self.first + self.last) / 2, size)
        off = values - np.repeat(mean, size)
        products = np.add.reduceat(np.where(np.isfinite(off), off, 0.0) * place, self.first)
        slopes = np.nan_to_num(12 * products / np.maximum(1.0, size * (size**2 - 1.0)), posinf=0)
        return np.where(self.count > 1, slopes, 0.0)

    def low(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The least finite one of each bucket; the first value where there are none."""
        known = np.where(np.isfinite(values), values, np.inf)
        return self._known(np.minimum.reduceat(known, self.first), values)

    def high(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The greatest finite one of each bucket; the first value where there are none."""
        known = np.where(np.isfinite(values), values, -np.inf)
        return self._known(np.maximum.reduceat(known, self.first), values)

    def _known(
        self, found: NDArray[np.float64], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return np.where(self.count > 0, found, values[self.first])


_NOWHERE = np.empty(0, np.int64)


def bucketed(
    values: NDArray[np.float64],
    points: int,
    *,
    begins: NDArray[np.int64] = _NOWHERE,
    alone: NDArray[np.int64] = _NOWHERE,
) -> Buckets:
    """Takes neighbouring points together where there are more than `points`.

    The first and the last point and the ends of stretches that are not finite are buckets of
    their own.

    Args:
        values: The series, float64, shape (m,), one value at least.
        points: How many buckets there may be, about; at least 16.
        begins: Indices with which a bucket has to begin, as a line breaks before them.
        alone: Indices of points that are to be buckets of their own.

    Raises:
        InvalidArgument: `points` is less than 16.
    """
    finite = np.isfinite(values)
    return Buckets.of(first_points(finite, points, begins=begins, alone=alone), finite)


def first_points(
    finite: NDArray[np.bool_],
    points: int,
    *,
    begins: NDArray[np.int64] = _NOWHERE,
    alone: NDArray[np.int64] = _NOWHERE,
) -> NDArray[np.int64]:
    """The first point of each bucket of `bucketed`, which has the other arguments.

    Args:
        finite: Which values of the series are finite.
        points: How many buckets there may be.
        begins: Where a bucket has to begin.
        alone: Which points are to be buckets of their own.
    """
    _check(points)
    if not begins.size and not alone.size and finite.all():
        return _even(finite.size, points)
    return _first_points(finite, points, begins, alone)


@lru_cache(64)
def _even(size: int, points: int) -> NDArray[np.int64]:
    """Those of a series of which nothing is known but its size; the runs of a sweep share them."""
    first = _first_points(np.ones(size, bool), points, _NOWHERE, _NOWHERE)
    first.flags.writeable = False
    return first


def _first_points(
    finite: NDArray[np.bool_], points: int, begins: NDArray[np.int64], alone: NDArray[np.int64]
) -> NDArray[np.int64]:
    size = finite.size
    if size <= points:
        return np.arange(size)
    begin = np.zeros(size + 1, bool)  # one more: behind the last point nothing begins
    begin[[0, 1, size - 1, size]] = True
    for single in (_nonfinite_ends(finite, points // _NONFINITE_PART), alone):
        begin[single] = begin[single + 1] = True
    begin[begins] = True
    room = max(points // 4, points - int(np.count_nonzero(begin)))
    begin[np.linspace(0, size, room, endpoint=False).astype(np.int64)] = True
    return np.flatnonzero(begin[:size])


def _check(points: int) -> None:
    if points < 16:
        raise InvalidArgument(f"a series is thinned to 16 points at least, not {points}")


def thin(values: NDArray[np.float64], points: int) -> NDArray[np.int64]:
    """Chooses the points of a series that are worth drawing.

    Args:
        values: The series, float64; NaN and infinities are kept where they begin and end.
        points: How many points there may be, about: the first, the last, the extremes and the ends
            of non-finite stretches come on top. At least 16.

    Returns:
        int64 indices into the series, increasing.

    Raises:
        InvalidArgument: `points` is less than 16.
    """
    _check(points)
    if len(values) <= points:
        return np.arange(len(values))
    finite = np.isfinite(values)
    nonfinite = _nonfinite_ends(finite, points // _NONFINITE_PART)
    kept: NDArray[np.int64] = np.union1d(
        nonfinite, prominent(values, finite, points - len(nonfinite))
    )
    return kept


def _nonfinite_ends(finite: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """The first and last point of each non-finite stretch; of too many stretches, evenly many."""
    if finite.all():
        return _NOWHERE
    edges = np.flatnonzero(np.diff(np.concatenate([[True], finite, [True]]).astype(np.int8)))
    first, last = edges[::2], edges[1::2] - 1
    if 2 * len(first) > most:
        chosen = np.unique(np.linspace(0, len(first) - 1, most // 2).astype(np.int64))
        first, last = first[chosen], last[chosen]
    ends: NDArray[np.int64] = np.union1d(first, last)
    return ends
