"""Sorting rows by small numbers in linear time, the rows of one number staying in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stable_order(numbers: NDArray[Any], count: int) -> NDArray[np.intp]:
    """np.argsort(numbers, kind="stable"), which NumPy does in linear time only up to 16 bits.

    Args:
        numbers: Integers from 0 to `count` - 1.
        count: How many different ones there can be.
    """
    if count <= 1:
        return np.arange(numbers.size)
    if count > 1 << 32:
        return np.argsort(numbers, kind="stable")
    if count <= 1 << 8:
        return np.argsort(numbers.astype(np.uint8, copy=False), kind="stable")
    low = np.argsort(numbers.astype(np.uint16), kind="stable")  # astype keeps the low 16 bits
    if count <= 1 << 16:
        return low
    high = np.argsort((numbers[low] >> 16).astype(np.uint16), kind="stable")
    return low[high]
