"""Which rows the series of a run have, held in four bytes a row, or in none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.loops import loops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_NARROW = np.iinfo(np.int32).max


class RowOrder:
    """Rows, one series behind the other.

    A training mostly logs the same tags at each step, so that the rows of a tag are as far from one
    another as there are tags. Where that holds of all series, only this is kept.

    Args:
        ends: int64, where the rows of each series end.
        spaced: int64, shape (series, 2): the first row of each, and how far its rows are from one
            another; None where the rows are told.
        told: The rows of the first series, then those of the second, and so on.

    Attributes:
        size: How many rows they are.
        ends: As above.
    """

    def __init__(self, ends: Ints, spaced: Ints | None, told: NDArray[Any] | None = None) -> None:
        self.size = int(ends[-1]) if ends.size else 0
        self.ends = ends
        self._spaced = spaced
        self._told = told

    @classmethod
    def of(cls, rows: Ints, ends: Ints) -> RowOrder:
        """Rows that are known.

        Args:
            rows: int64, the rows of the first series, then those of the second, and so on.
            ends: int64, where those of each series end.
        """
        spaced: Ints | None = loops.spaced_series(rows, ends)
        if spaced is not None:
            return cls(ends, spaced)
        return cls(ends, None, rows.astype(np.int32) if rows.max() <= _NARROW else rows)

    def all(self) -> Ints:
        """int64, made anew each time."""
        if self._told is not None:
            return self._told.astype(np.int64)
        rows: Ints = loops.spaced_rows(self._spaced, self.ends)
        return rows

    def stretch(self, first: int, end: int) -> Ints:
        """Those of one series, int64.

        Args:
            first: Where they start.
            end: Where they end.
        """
        if self._told is not None:
            return self._told[first:end].astype(np.int64)
        rows = np.arange(end - first)
        if self._spaced is not None and rows.size:
            row, spacing = self._spaced[self._series(first)]
            rows *= spacing
            rows += row
        return rows

    def stretches(self, firsts: Ints, ends: Ints) -> RowOrder:
        """Those of several series, none of which is empty.

        Args:
            firsts: Where those of each start.
            ends: Where they end.
        """
        own = np.cumsum(ends - firsts)
        if self._spaced is not None:
            return RowOrder(own, self._spaced[self._series(firsts)])
        assert self._told is not None
        pieces = [self._told[slice(*pair)] for pair in zip(firsts, ends, strict=True)]
        return RowOrder(own, None, np.concatenate([self._told[:0], *pieces]))

    def _series(self, first: Any) -> Any:
        """The numbers of the series whose rows start there."""
        return np.searchsorted(self.ends, first, side="right")

    @property
    def is_as_stored(self) -> bool:
        """Whether these are rows as they stand, from the first on, which one series has."""
        return self._spaced is not None and self._spaced.tolist() == [[0, 1]]

    def taken(self, column: NDArray[Any]) -> NDArray[Any]:
        """What a column has in these rows: int64, or float64 for floats.

        Where it is the column itself nobody can write to it.
        """
        if self.is_as_stored and column.dtype in (np.int64, np.float64):
            stored = column[: self.size]
            stored.flags.writeable = False
            return stored
        taken = np.empty(self.size, np.int64 if column.dtype == np.int64 else np.float64)
        self.take(column, taken)
        return taken

    def take(self, column: NDArray[Any], taken: NDArray[Any]) -> None:
        """What a column has in these rows.

        Args:
            column: int64, float32 or float64.
            taken: Where it goes: int64, or float64 for floats.
        """
        if self._told is None:
            loops.take_spaced(column, self._spaced, self.ends, taken)
        else:
            loops.take_rows(column, self._told, taken)
