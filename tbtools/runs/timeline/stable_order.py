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


def grouped(
    numbers: NDArray[Any], count: int, rank: NDArray[np.int32] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[int]]:
    """The order by what stands for each number, what stands for those that occur, and their bounds.

    Args:
        numbers: Integers from 0 to `count` - 1, or indices of `rank`.
        count: How many different ones there can be.
        rank: What stands for each number; the number itself where there is none.

    Returns:
        The order, what occurs, and where the rows of each begin in the order; and the end.
    """
    if count > numbers.size + _SPARE:
        own = numbers if rank is None else rank[numbers]
        order = np.argsort(own, kind="stable")
        bounds = np.flatnonzero(np.diff(own[order], prepend=-1, append=-1))
        return order, own[order[bounds[:-1]]], bounds.tolist()
    order, ends = loops.stable_order(numbers, count, rank)
    occurring = np.flatnonzero(np.diff(ends, prepend=0))
    return order, occurring, [0, *ends[occurring].tolist()]
