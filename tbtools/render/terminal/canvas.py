"""Lines made of characters: eight dots a character in braille, or a sign a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Unicode's braille patterns: the bit of each dot, by row and column (U+2800 and following).
_BRAILLE = 0x2800
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)


def extreme_points(values: NDArray[np.float64], stretches: int) -> NDArray[np.int64]:
    """Points that make a line look as all of them would: each stretch's first, last and extremes.

    Args:
        values: The line; a stretch of NaN keeps its ends.
        stretches: Of how many stretches of equally many points.

    Returns:
        Their indices, increasing.
    """
    count = len(values)
    if count <= 4 * stretches:
        return np.arange(count)
    size = -(-count // stretches)
    padded = np.full(-(-count // size) * size, np.nan)
    padded[:count] = values
    rows = padded.reshape(-1, size)
    offset = np.arange(len(rows)) * size
    low = np.where(np.isnan(rows), np.inf, rows).argmin(axis=1)
    high = np.where(np.isnan(rows), -np.inf, rows).argmax(axis=1)
    edges = np.flatnonzero(np.diff(np.isfinite(values).astype(np.int8)))
    ends = [offset, np.minimum(offset + size - 1, count - 1), edges, edges + 1]
    chosen = np.concatenate([offset + low, offset + high, *ends])
    return np.unique(chosen[chosen < count])


class Canvas:
    """A field of characters in which lines are drawn over each other.

    Args:
        width: In characters.
        height: In characters.
        signs: The sign of each line, where lines cannot be told apart by colour; None to draw in
            braille.

    Attributes:
        owner: int32 of shape (height, width): the line seen there last, -1 for none.
    """

    def __init__(self, width: int, height: int, signs: str | None = None) -> None:
        self.width = width
        self.height = height
        self.owner = np.full((height, width), -1, np.int32)
        self._signs = signs
        self._dots = np.zeros((height, width), np.uint8)
        self._per_cell = (1, 1) if signs else (4, 2)

    def line(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        number: int,
        passes: NDArray[np.int64] | None = None,
    ) -> None:
        """Draws a line through points, with a gap where one is not finite.

        Args:
            x: From 0, the left edge, to 1; shape (n,).
            y: From 0, the bottom, to 1; shape (n,). What lies beyond is not drawn.
            number: The line's number.
            passes: The pass of each point; those of different ones are not connected. None where
                all are of one.
        """
        rows, columns = self._per_cell
        across = x * (self.width * columns - 1)
        up = (1 - y) * (self.height * rows - 1)
        known = np.isfinite(across) & np.isfinite(up)
        joined = np.zeros(known.size, bool)
        joined[1:] = known[:-1] & known[1:]
        if passes is not None:
            joined[1:] &= passes[1:] == passes[:-1]
        for index in np.flatnonzero(known).tolist():
            first = index - 1 if joined[index] else index
            self._segment(across[first], up[first], across[index], up[index], number)

    def _segment(self, x0: float, y0: float, x1: float, y1: float, number: int) -> None:
        # A steep line leaves the field by far: no more dots than the field has.
        most = 4 * (self.width * 2 + self.height * 4)
        count = int(min(max(abs(x1 - x0), abs(y1 - y0)), most)) + 2
        part = np.linspace(0, 1, count)
        self._dot(x0 + part * (x1 - x0), y0 + part * (y1 - y0), number)

    def _dot(self, x: NDArray[np.float64], y: NDArray[np.float64], number: int) -> None:
        rows, columns = self._per_cell
        inside = (x > -0.5) & (x < self.width * columns - 0.5)
        inside &= (y > -0.5) & (y < self.height * rows - 0.5)
        column, row = np.rint(x[inside]).astype(int), np.rint(y[inside]).astype(int)
        cell = (row // rows, column // columns)
        self.owner[cell] = number
        if self._signs is None:
            np.bitwise_or.at(self._dots, cell, _BITS[row % rows, column % columns])

    def character(self, row: int, column: int) -> str:
        """What stands there; a blank where no line is."""
        owner = int(self.owner[row, column])
        if owner < 0:
            return " "
        if self._signs is None:
            return chr(_BRAILLE + int(self._dots[row, column]))
        return self._signs[owner % len(self._signs)]
