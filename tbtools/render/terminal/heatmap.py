"""Histograms over steps as a heat map, in characters or in colours."""

from __future__ import annotations

from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from tbtools.render.format import format_rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.render.terminal.chart import Cells
    from tbtools.runs.plugins.histograms import Histogram

    Floats = NDArray[np.float64]

# From little to much; what is empty is blank. Of colours each is lighter than the one before.
SHADES = "░▒▓█"
ASCII_SHADES = ".:-=+*#%@"
_RAMP = (
    "#24325f", "#33467f", "#3f63a1", "#3f86b8", "#3fa9b9", "#5fc7a3",
    "#95dc86", "#cbe978", "#f3f07d",
)  # fmt: skip


def density(histograms: Sequence[Histogram], low: float, high: float, bins: int) -> Floats:
    """How densely values lie, each histogram's counts spread evenly over its buckets.

    Args:
        histograms: One or more.
        low: The lower edge of the lowest bin.
        high: The upper edge of the highest one.
        bins: How many there are, equally wide.

    Returns:
        Shape (n, bins): the share of a histogram's weight in each bin, the lowest bin first.
    """
    edges = np.linspace(low, high, bins + 1)
    shares = np.zeros((len(histograms), bins))
    for own, each in zip(shares, histograms, strict=True):
        weight = each.count / (float(each.count.sum()) or 1.0)
        wide = each.right > each.left
        left, right = each.left[wide, None], each.right[wide, None]
        parts = np.diff(np.clip(edges, left, right), axis=1) / (right - left)
        own += weight[wide] @ parts
        points = np.searchsorted(edges, each.left[~wide], side="right") - 1
        np.add.at(own, np.clip(points, 0, bins - 1), weight[~wide])
    return shares


def value_bounds(histograms: Sequence[Histogram]) -> tuple[float, float] | None:
    """The smallest and the largest value of all; None where nothing was counted."""
    filled = [each for each in histograms if len(each.count)]
    low = min((float(each.left[0]) for each in filled), default=np.nan)
    high = max((float(each.right[-1]) for each in filled), default=np.nan)
    if not (np.isfinite(low) and np.isfinite(high / 2 - low / 2)):
        return None
    margin = max(abs(low) * 1e-6, 1e-9)
    return (low, high) if low < high else (low - margin, high + margin)


class HeatMap:
    """Histograms side by side, each as wide as the steps that are nearest to its own.

    Args:
        steps: Their steps, rising.
        histograms: One or more.
        ascii_only: Whether there are only ASCII's signs.
        colors: Whether there are many colours.
        light: Whether the background is light: what is rare is then the lightest.
    """

    def __init__(
        self,
        steps: Sequence[int],
        histograms: Sequence[Histogram],
        *,
        ascii_only: bool,
        colors: bool,
        light: bool = False,
    ) -> None:
        self.steps = np.asarray(steps, np.float64)
        self.histograms = histograms
        self._shades = ASCII_SHADES if ascii_only else SHADES
        self._halves = colors and not ascii_only
        self._ramp = _RAMP[::-1] if light else _RAMP

    @cached_property
    def bounds(self) -> tuple[float, float] | None:
        """From where to where the value axis goes; None where nothing was counted."""
        return value_bounds(self.histograms)

    def labels(self, height: int) -> list[str]:
        """What stands at the value axis, row by row."""
        assert self.bounds is not None
        low, high = self.bounds
        labels = [""] * height
        for row in {0, height // 2, height - 1}:
            share = 1 - row / max(1, height - 1)
            # Halves: the distance of two doubles may be none.
            labels[row] = format_rounded(2 * (low / 2 + share * (high / 2 - low / 2)), 3)
        return labels

    def rows(self, width: int, height: int) -> list[Cells]:
        """The map, row by row."""
        assert self.bounds is not None
        shares = density(self.histograms, *self.bounds, 2 * height if self._halves else height)
        # A root, since what is rare is what one looks for.
        top = float(np.sqrt(shares.max())) or 1.0
        levels = len(_RAMP) if self._halves else len(self._shades)
        level = np.ceil(np.sqrt(shares) / top * levels).astype(int)
        drawn = level[self.columns(width)].T[::-1]
        return [self._row(drawn, row) for row in range(height)]

    def columns(self, width: int) -> NDArray[np.int64]:
        """Which histogram stands in each column: that of the nearest step."""
        places = np.linspace(self.steps[0], self.steps[-1], width)
        middles = self.steps[:-1] / 2 + self.steps[1:] / 2
        found: NDArray[np.int64] = np.searchsorted(middles, places)
        return found

    def _row(self, level: NDArray[np.int64], row: int) -> Cells:
        if not self._halves:
            signs = " " + self._shades
            return [("".join(signs[each] for each in level[row]), "")]
        pairs = zip(level[2 * row].tolist(), level[2 * row + 1].tolist(), strict=True)
        return [self._cells(*pair, len(list(same))) for pair, same in groupby(pairs)]

    def _cells(self, upper: int, lower: int, count: int) -> tuple[str, str]:
        """Cells of which each half has a level of its own."""
        ramp = ("", *self._ramp)
        if upper == lower:
            return ("█" if upper else " ") * count, ramp[upper]
        if not upper:
            return "▄" * count, ramp[lower]
        behind = f" on {ramp[lower]}" if lower else ""
        return "▀" * count, f"{ramp[upper]}{behind}"
