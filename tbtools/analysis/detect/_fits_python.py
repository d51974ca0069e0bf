"""Levels, lines and ramps that are fitted to a rise, with NumPy; `_fits.pyx` is the same, compiled.

Sums that end where a ramp does are taken one value after the other, so that what is zero beside it
does not change their last bits; all others as NumPy adds.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect._levels_python import least_squares_split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# So many places at which a ramp begins and ends are tried, and so many about the best; its height
# is such a power, in quarters, of the part that lies behind.
BENDS = 24
FINER = 12
QUARTERS = (2, 3, 4, 5)
# Of this many points or more only some tell where a ramp may be.
SHARED = 128
# Less is no spread of a ramp, and keeps the system of a bend with no points before it solvable.
TINY = 1e-9


def two_levels(y: Array) -> tuple[int, float, float, float]:
    """The split at which two levels fit best.

    Args:
        y: Values, at least one.

    Returns:
        Index of the first value behind it, 0 where there is but one value; the squares about one
        level, about two, and by how much these are less.
    """
    n = len(y)
    whole = n * float(y.var())
    if n < 2:
        return 0, whole, whole, 0.0
    at = least_squares_split(y)
    before, after = at * float(y[:at].var()), (n - at) * float(y[at:].var())
    return at, whole, before + after, whole - before - after


def bend(y: Array, slower: float) -> int:
    """The bend of the broken line, falling or level and then rising, that fits best.

    Args:
        y: Values, at least four.
        slower: What part of the slope behind the bend the line before it may rise with.

    Returns:
        Its index; 0 where there is none.
    """
    n = len(y)
    centred = y - y.mean()
    # Of each bend the products of the values with the lines before and behind it, which are zero
    # there, are sums of running sums; with their height it is zero, as the values are centred.
    falling = -np.append(0.0, np.cumsum(np.cumsum(centred))[: n - 2])
    rising = np.cumsum(np.cumsum(centred[::-1]))[: n - 1][::-1]
    before = np.arange(n - 1.0)
    after = n - 1.0 - before
    falls, rises = -before * (before + 1) / 2, after * (after + 1) / 2
    falling_squares = before * (before + 1) * (2 * before + 1) / 6 + TINY
    rising_squares = after * (after + 1) * (2 * after + 1) / 6 + TINY
    height = -(falls / falling_squares * falling + rises / rising_squares * rising) / (
        n + TINY - falls * falls / falling_squares - rises * rises / rising_squares
    )
    down = (falling - falls * height) / falling_squares
    up = (rising - rises * height) / rising_squares
    explained = down * falling + up * rising
    return int(np.argmax(np.where((down <= slower * up) & (up > 0), explained, -np.inf)))


def slope(y: Array, bend: int, ends: Array) -> float:
    """What is left about a line that bends at one point and is level from another on.

    Args:
        y: Values.
        bend: Where it bends.
        ends: From where on it may be level, one of which is taken.
    """
    away = np.arange(len(y)) - float(bend)
    falling = np.minimum(away, 0.0)
    falling -= falling.mean()
    square = float(np.sum(falling * falling))
    rest = _without(y - y.mean(), falling, square)
    least = np.inf
    for end in ends.tolist():
        rising = np.clip(away, 0.0, end - bend)
        rising = _without(rising - rising.mean(), falling, square)
        left = _without(rest, rising, float(np.sum(rising * rising)))
        least = min(least, float(np.sum(left * left)))
    return least


def _without(x: Array, model: Array, square: float) -> Array:
    """What is left of values about the multiple of a model that fits best; its square is known."""
    return x - float(np.sum(x * model)) / square * model if square > 0 else x


def ramp(y: Array, cost: float) -> tuple[int, float]:
    """The first point of the ramp between two levels that fits best, and the squares about it.

    It is sought in a coarse grid of beginnings and ends, then in finer ones.

    Args:
        y: Values, at least two.
        cost: A ramp that is steeper at its beginning or at its end must leave so many times less.
    """
    last, every = len(y) - 1, max(1, len(y) // SHARED)
    at = np.arange(every // 2, len(y), every)
    some, whole = _Centred(y[at]), _Centred(y)
    found, least = (0, 0.0), np.inf
    for quarters in QUARTERS:
        apart = last / (BENDS - 1)
        bends, ends = np.linspace(0, last - 1, BENDS), np.linspace(1, last, BENDS)
        for _ in range(3):
            begin, end = some.best(at, bends, ends, quarters)
            bends = np.linspace(max(0, begin - apart), min(last - 1, begin + apart), FINER)
            ends = np.linspace(max(1, end - 2 * apart), min(last, end + 2 * apart), FINER)
            apart *= 2 / (FINER - 1)
        pair = np.array([begin]), np.array([end])
        squares = float(whole.squares(np.arange(len(y)), *pair, quarters)[0])
        if squares * (1 if quarters == 4 else cost) < least:
            found, least = (begin, squares), squares * (1 if quarters == 4 else cost)
    return found


def squares_about_ramp(y: Array, begin: int) -> float:
    """What is left about a straight ramp from one point to behind the last.

    Args:
        y: Values.
        begin: The point.
    """
    pair = np.array([begin]), np.array([float(len(y))])
    return float(_Centred(y).squares(np.arange(len(y)), *pair, 4)[0])


class _Centred:
    """Values less their mean, and what of them is asked for again and again."""

    def __init__(self, y: Array) -> None:
        self.values = y - y.mean()
        self.square = float(np.sum(self.values * self.values))
        self.behind = np.append(np.cumsum(self.values[::-1])[::-1], 0.0)

    def best(
        self, at: NDArray[np.intp], bends: Array, ends: Array, quarters: int
    ) -> tuple[int, float]:
        """The first of the ramps that fit best, by their ends and then by their beginnings."""
        pairs = [(int(b), e) for e, b in product(ends.tolist(), bends.tolist()) if e > int(b)]
        begins, stops = (np.array(each) for each in zip(*pairs, strict=True))
        return pairs[int(np.argmin(self.squares(at, begins, stops, quarters)))]

    def squares(
        self, at: NDArray[np.intp], begins: NDArray[np.intp], ends: Array, quarters: int
    ) -> Array:
        """What is left of the values, which are those of some points, about each of some ramps."""
        away = at - begins[:, None]
        inside = (away > 0) & (at < ends[:, None])
        part = np.where(inside, away / (ends - begins)[:, None], 0.0)
        height = _raised(part, quarters)
        first = np.searchsorted(at, ends)
        up = len(at) - first
        total = _sums(height) + up
        square = _sums(height * height) + up
        product = _sums(height * self.values) + self.behind[first]
        return np.asarray(
            self.square - product * product / np.maximum(square - total * total / len(at), TINY)
        )


def _raised(part: Array, quarters: int) -> Array:
    """A power between a half and five quarters, by roots: their bits are those of any machine."""
    if quarters == 4:
        return part
    root = np.sqrt(part)
    if quarters == 2:
        return root
    return np.asarray((root if quarters == 3 else part) * np.sqrt(root))


def _sums(rows: Array) -> Array:
    """The sum of each row, one value after the other."""
    return np.asarray(np.cumsum(rows, axis=1)[:, -1])
