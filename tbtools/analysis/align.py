"""Curves whose points lie at different places, brought onto one axis.

No curve is continued beyond its ends, and a value that was not logged is marked as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.runs.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Axis = NDArray[np.int64] | NDArray[np.float64]

Alignment: TypeAlias = "Literal['exact', 'interpolate'] | float"

MISSING, OWN, INTERPOLATED = 0, 1, 2

# A grid finer than this is a mistake: nobody has so many points.
_MOST_GRID_POINTS = 50_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """Several curves on one axis.

    Attributes:
        x: int64 or float64, shape (m,), strictly increasing.
        state: uint8, shape (n, m): whether curve i has at x[j] nothing (`MISSING`), a point of its
            own (`OWN`), or a value on the line between two of them (`INTERPOLATED`).
    """

    x: Axis
    state: NDArray[np.uint8]
    _places: tuple[Axis, ...]

    def values(self, curves: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """What belongs to the curves' points, on the common axis.

        Args:
            curves: For each curve its column, as long as the x that it was aligned by; or k such
                columns, shape (k, points).

        Returns:
            float64, shape (n, m) or (n, k, m); NaN where there is nothing.
        """
        several = curves[0].shape[:-1] if curves else ()
        result = np.full((len(self.state), *several, self.x.size), np.nan)
        for each, state, x, y in zip(result, self.state, self._places, curves, strict=True):
            columns = y.reshape(*(several or (1,)), x.size)
            rows = each.reshape(len(columns), self.x.size)  # a view
            between = state == INTERPOLATED
            if between.any():
                for row, column in zip(rows, columns, strict=True):
                    row[between] = np.interp(self.x[between], x, column)
            own = state == OWN
            # Both are in order, and the axis holds each x of the curve at most once.
            rows[:, own] = columns[:, _among(x, self.x[own])]
        return result


def _among(numbers: Axis, others: Axis) -> NDArray[np.bool_]:
    """Which of some numbers are among others that are in order: np.isin, for many small arrays."""
    if not others.size:
        return np.zeros(numbers.size, bool)
    at = np.minimum(np.searchsorted(others, numbers), others.size - 1)
    found: NDArray[np.bool_] = others[at] == numbers
    return found


def check_alignment(how: Alignment) -> None:
    """Refuses what is no alignment.

    Raises:
        InvalidArgument: It is neither ``exact`` nor ``interpolate`` nor the spacing of a grid.
    """
    if isinstance(how, str) and how in ("exact", "interpolate"):
        return
    if not is_number(how) or not (float(how) > 0 and np.isfinite(how)):
        raise InvalidArgument(
            f"align={how!r} is neither 'exact' nor 'interpolate' nor the spacing of a grid"
        )


def align(places: Sequence[Axis], how: Alignment) -> Aligned:
    """Brings curves onto one axis.

    Args:
        places: For each curve the x of its points, strictly increasing; all int64 or all float64.
        how: ``exact``: every x that any curve has, and at each the curves that have a point there.
            ``interpolate``: the same, with straight lines between the points of a curve. A number:
            its multiples, with straight lines.

    Raises:
        InvalidArgument: There is no such alignment, or the grid would have too many points.
    """
    check_alignment(how)
    if isinstance(how, str):
        x = union(places)
    else:
        x = _grid(places, float(how))
    state = np.zeros((len(places), x.size), np.uint8)
    for row, own in zip(state, places, strict=True):
        if not own.size:
            continue
        if how != "exact":
            row[(x >= own[0]) & (x <= own[-1])] = INTERPOLATED
        row[_among(x, own)] = OWN
    return Aligned(x, state, tuple(places))


def union(places: Sequence[Axis]) -> Axis:
    """All numbers that are in any of some arrays, in order, each once.

    np.unique, but for arrays that mostly are in order, where a stable sort has little to do. (The
    hashing of NumPy since 2.3 takes a hundred times as long for a million distinct integers.)
    """
    if not places:
        return np.empty(0)
    joined: NDArray[Any] = np.sort(np.concatenate(places), kind="stable")
    first = np.ones(joined.size, bool)
    first[1:] = joined[1:] != joined[:-1]
    distinct: NDArray[np.float64] = joined[first]
    return distinct


def _grid(places: Sequence[Axis], spacing: float) -> Axis:
    """The multiples of the spacing from the first x of all curves to the last."""
    filled = [x for x in places if x.size]
    if not filled:
        return np.empty(0)
    first = np.ceil(min(float(x[0]) for x in filled) / spacing)
    last = np.floor(max(float(x[-1]) for x in filled) / spacing)
    if last - first >= _MOST_GRID_POINTS:
        raise InvalidArgument(
            f"a grid of spacing {spacing:g} has {last - first:.3g} points here; take a wider one"
        )
    number = np.arange(first, last + 1)
    if filled[0].dtype.kind == "i" and spacing.is_integer():
        return number.astype(np.int64) * int(spacing)
    return number * spacing
