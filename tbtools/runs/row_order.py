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
        rows: int64, the rows of the first series, then those of the second, and so on.
        ends: int64, where those of each series end.
    """

    def __init__(self, rows: Ints, ends: Ints) -> None:
        self.size = rows.size
        self._ends = ends
        self._spaced: Ints | None = loops.spaced_series(rows, ends)
        self._told: NDArray[Any] | None = None
        if self._spaced is None:
            self._told = rows.astype(np.int32) if rows.max() <= _NARROW else rows

    def all(self) -> Ints:
        """int64, made anew each time."""
        if self._told is not None:
            return self._told.astype(np.int64)
        rows: Ints = loops.spaced_rows(self._spaced, self._ends)
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
            row, spacing = self._spaced[np.searchsorted(self._ends, first, side="right")]
            rows *= spacing
            rows += row
        return rows
