"""Many short series in one array: what a loop asks of each of them, it is asked once for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

# So many points at a time stay in a processor's cache.
_POINTS = 32_768


def batches(arrays: Sequence[NDArray[T]]) -> Iterator[tuple[NDArray[T], NDArray[np.int64]]]:
    """The arrays one behind the other, some at a time; a long one alone, as it is.

    Args:
        arrays: Arrays of one type.

    Yields:
        Some of them joined, and where each of these ends.
    """
    batch: list[NDArray[T]] = []
    ends: list[int] = []
    points = 0
    for array in arrays:
        if batch and points + array.size > _POINTS:
            yield _joined(batch), np.array(ends, np.int64)
            batch, ends, points = [], [], 0
        points += array.size
        batch.append(array)
        ends.append(points)
    if batch:
        yield _joined(batch), np.array(ends, np.int64)


def _joined(batch: Sequence[NDArray[T]]) -> NDArray[T]:
    return np.ascontiguousarray(batch[0]) if len(batch) == 1 else np.concatenate(batch)
