"""Sorting by small numbers, against NumPy's own stable sort."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.runs.timeline.stable_order import stable_order


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 1 << 33])
def test_equal_numbers_stay_in_their_order(count: int) -> None:
    numbers = np.random.default_rng(count).integers(0, max(count, 1), 5_000 if count else 0)
    numbers[: numbers.size // 2] //= 7  # many of them equal
    if count:
        numbers[-2:] = count - 1, 0
    expected = np.argsort(numbers, kind="stable")
    np.testing.assert_array_equal(stable_order(numbers, count), expected)
    small = numbers.astype(np.min_scalar_type(count))
    np.testing.assert_array_equal(stable_order(small, count), expected)
