"""A curve in one line of characters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*#@"


def sparkline(values: Sequence[float | None], *, ascii_only: bool = False) -> str:
    """One character a value, higher for greater; a gap for None, which is never a value.

    Args:
        values: Finite numbers, or None.
        ascii_only: Whether the terminal knows no block characters.
    """
    levels = _ASCII if ascii_only else _BLOCKS
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, high = min(known), max(known)
    if low == high:
        return "".join(" " if value is None else levels[0] for value in values)
    # The span of two finite numbers may be infinite, that of their halves is not.
    part = 1 if math.isfinite(high - low) else 2
    bottom, span, top = low / part, high / part - low / part, len(levels) - 1
    return "".join(
        [
            " " if value is None else levels[round((value / part - bottom) / span * top)]
            for value in values
        ]
    )
