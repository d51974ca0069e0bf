"""Lines made of characters: dots in braille or in blocks, or a sign a line."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

# Unicode's braille patterns: the bit of each dot, by row and column (U+2800 and following).
_BRAILLE = 0x2800
_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
# Unicode's quadrants, in the order of their bits.
_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_QUADRANT_BITS = np.array([[1, 2], [4, 8]], np.uint8)
# Which dots of a line are drawn, from left to right, over and over; by `colors.DASHES`.
_PATTERNS = {
    "solid": "1", "dash": "111100", "dot": "1000", "dashdot": "11110010", "longdash": "1111111000",
    "longdashdot": "11111110010",
}  # fmt: skip


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
        signs: The sign of each line, where lines cannot be told apart by colour; None to draw dots.
        blocks: Whether dots are quadrants, for terminals without braille.

    Attributes:
        owner: int32 of shape (height, width): the line seen there last, -1 for none.
    """

    def __init__(
        self,
        width: int,
        height: int,
        signs: Sequence[str] | None = None,
        *,
        blocks: bool = False,
    ) -> None:
        self.width = width
        self.height = height
        self.owner = np.full((height, width), -1, np.int32)
        self._signs = signs
        self._dots = np.zeros((height, width), np.uint8)
        self._bits = _QUADRANT_BITS if blocks else _BRAILLE_BITS
        self._glyphs = _QUADRANTS if blocks else [chr(_BRAILLE + bits) for bits in range(256)]
        self._per_cell = (1, 1) if signs else self._bits.shape

    def line(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        number: int,
        passes: NDArray[np.int64] | None = None,
        dash: str = "solid",
    ) -> None:
        """Draws a line through points, with a gap where one is not finite.

        Args:
            x: From 0, the left edge, to 1; shape (n,).
            y: From 0, the bottom, to 1; shape (n,). What lies beyond is not drawn.
            number: The line's number.
            passes: The pass of each point; those of different ones are not connected. None where
                all are of one.
            dash: How it is dashed, one of `colors.DASHES`; lines of signs are not.
        """
        rows, columns = self._per_cell
        across = x * (self.width * columns - 1)
        up = (1 - y) * (self.height * rows - 1)
        known = np.isfinite(across) & np.isfinite(up)
        joined = np.zeros(known.size, bool)
        joined[1:] = known[:-1] & known[1:]
        if passes is not None:
            joined[1:] &= passes[1:] == passes[:-1]
        ends = np.flatnonzero(known)
        x, y = self._segments(across, up, ends - joined[ends], ends)
        pattern = np.array([each == "1" for each in _PATTERNS[dash]])
        if self._signs is None and dash != "solid":
            drawn = pattern[np.rint(x).astype(int) % pattern.size]
            x, y = x[drawn], y[drawn]
        self._dot(x, y, number)

    def _segments(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The dots from point to point."""
        across, up = x[ends] - x[starts], y[ends] - y[starts]
        # A steep line leaves the field by far: no more dots than the field has.
        most = 4 * (self.width * 2 + self.height * 4)
        counts = np.minimum(np.maximum(np.abs(across), np.abs(up)), most).astype(np.int64) + 2
        segment = np.repeat(np.arange(ends.size), counts)
        behind = np.cumsum(counts)
        part = (np.arange(segment.size) - (behind - counts)[segment]) * (1 / (counts - 1))[segment]
        part[behind - 1] = 1.0
        start = starts[segment]
        return x[start] + part * across[segment], y[start] + part * up[segment]

    def _dot(self, x: NDArray[np.float64], y: NDArray[np.float64], number: int) -> None:
        rows, columns = self._per_cell
        inside = (x > -0.5) & (x < self.width * columns - 0.5)
        inside &= (y > -0.5) & (y < self.height * rows - 0.5)
        column, row = np.rint(x[inside]).astype(int), np.rint(y[inside]).astype(int)
        cell = (row // rows, column // columns)
        self.owner[cell] = number
        if self._signs is None:
            np.bitwise_or.at(self._dots, cell, self._bits[row % rows, column % columns])

    def stretches(self, row: int) -> Iterator[tuple[str, int]]:
        """What stands in a row: texts, and the line that each shows; -1 and blanks for none."""
        column = 0
        for owner, cells in groupby(self.owner[row].tolist()):
            first, column = column, column + len(list(cells))
            if owner < 0:
                yield " " * (column - first), owner
            elif self._signs is None:
                dots = self._dots[row, first:column].tolist()
                yield "".join(self._glyphs[each] for each in dots), owner
            else:
                yield self._signs[owner] * (column - first), owner
