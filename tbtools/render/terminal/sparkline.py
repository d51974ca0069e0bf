"""A curve in one line of characters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*#@"


def sparkline(values: Sequence[float | None], *, ascii_only: bool = False) -> str:
    """One character a value, higher for greater; a gap for None, which is never a value.

    Args:
        values: Finite numbers, or None.
        ascii_only: Whether the terminal knows no block characters.
    """
    curve = np.array([[math.nan if value is None else value for value in values]])
    return sparklines(curve, np.array([len(values)]), ascii_only=ascii_only)[0]


def sparklines(
    curves: NDArray[np.float64], lengths: NDArray[np.int64], *, ascii_only: bool = False
) -> list[str]:
    """What `sparkline` makes of each of many curves, all at once.

    Args:
        curves: float64 [curves, values], finite numbers, or NaN for a gap.
        lengths: int64 [curves]: how many of its values each has; what lies behind does not count.
        ascii_only: As for `sparkline`.
    """
    count, most = curves.shape
    if not curves.size:
        return [""] * count
    is_there = np.arange(most) < lengths[:, None]
    is_known = is_there & ~np.isnan(curves)
    low = np.where(is_known, curves, np.inf).min(axis=1, keepdims=True)
    high = np.where(is_known, curves, -np.inf).max(axis=1, keepdims=True)
    with np.errstate(all="ignore"):  # without a value, or with one, there is no span
        # That of two finite numbers may be infinite, that of their halves is not.
        part = np.where(np.isfinite(high - low), 1.0, 2.0)
        bottom, span = low / part, high / part - low / part
        levels = np.rint((curves / part - bottom) / span * (len(_BLOCKS) - 1))
    level = np.where(is_known & (high > low), levels, 0).astype(np.int64)
    letters = np.array([*(_ASCII if ascii_only else _BLOCKS), " ", "\0"])
    chosen = np.where(is_known, level, np.where(is_there, len(_BLOCKS), len(_BLOCKS) + 1))
    lines: list[str] = letters[chosen].view(f"U{most}").ravel().tolist()  # which drops each "\0"
    return lines
