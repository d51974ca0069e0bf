"""Sorting rows by small numbers in linear time, the rows of one number staying in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.loops import loops

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Beyond so many numbers more than rows, counting takes longer than comparing.
_SPARE = 1 << 16


def stable_order(numbers: NDArray[Any], count: int) -> NDArray[np.int64]:
    """np.argsort(numbers, kind="stable"), which NumPy does in linear time only up to 16 bits.

    Args:
        numbers: Integers from 0 to `count` - 1.
        count: How many different ones there can be.
    """
    if count > numbers.size + _SPARE:
        return np.argsort(numbers, kind="stable")
    order: NDArray[np.int64] = loops.stable_order(numbers, count)[0]
    return order


def grouped(numbers: NDArray[Any], count: int) -> tuple[NDArray[np.int64], list[int]]:
    """The same order, and where the rows of each number that occurs begin in it; and the end."""
    if count > numbers.size + _SPARE:
        order = np.argsort(numbers, kind="stable")
        return order, np.flatnonzero(np.diff(numbers[order], prepend=-1, append=-1)).tolist()
    order, ends = loops.stable_order(numbers, count)
    return order, [0, *ends[np.diff(ends, prepend=0) > 0].tolist()]
