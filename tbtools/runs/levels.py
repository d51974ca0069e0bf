"""The level at the end of a curve: which points make it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The last quarter, but of short curves more: a run is evaluated a few times only.
_WINDOW_SHARE = 4
_WINDOW_POINTS = 20


def window_start(count: int) -> int:
    """The first of the points that make up the level at the end of a curve.

    Args:
        count: How many points there are.
    """
    return count - max(-(-count // _WINDOW_SHARE), min(_WINDOW_POINTS, -(-count // 2)))


def mean_level(values: NDArray[np.float64]) -> float | None:
    """Their mean, maybe not finite; None of none."""
    with np.errstate(invalid="ignore", over="ignore"):
        return float(values.mean()) if values.size else None
