"""Isotonic regression: the best curve that only falls, whatever its shape is.

Neighbours that rise are pooled to their mean (Barlow et al., Statistical Inference under Order
Restrictions, 1972).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def falling(y: Array) -> Array:
    """The least-squares fit that never rises: neighbours that do are pooled to their mean.

    Args:
        y: Values.
    """
    sums: list[float] = []
    counts: list[int] = []
    for value in y.tolist():
        total, count = value, 1
        while counts and sums[-1] * count <= total * counts[-1]:
            total += sums.pop()
            count += counts.pop()
        sums.append(total)
        counts.append(count)
    return np.repeat(np.divide(sums, counts), counts)


def squares_left(y: Array) -> Array:
    """Of each beginning of a series the sum of squares about its best falling fit.

    Args:
        y: Values.
    """
    blocks: list[tuple[float, int, float]] = []
    left = []
    whole = 0.0
    for value in y.tolist():
        total, count, squares = value, 1, value * value
        while blocks and blocks[-1][0] * count <= total * blocks[-1][1]:
            before, number, square = blocks.pop()
            whole -= square - before * before / number
            total, count, squares = total + before, count + number, squares + square
        blocks.append((total, count, squares))
        whole += squares - total * total / count
        left.append(max(0.0, whole))
    return np.array(left)
