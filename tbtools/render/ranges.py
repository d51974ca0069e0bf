"""What part of an axis to show, and where its ticks stand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Outliers are left out only where they would squeeze the rest into this part of the chart.
SQUEEZED = 5.0
# Of so few values one is more than 5 % of them: none is an outlier.
FEWEST = 20
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def value_range(
    arrays: Sequence[NDArray[np.float64]], *, log: bool = False, outliers: bool = False
) -> tuple[float, float] | None:
    """From where to where the y axis goes, as on the page.

    Outliers are left out: what lies farther beyond the 5th or the 95th percentile, where
    TensorBoard cuts, than half of what lies between. But only where all would squeeze that into a
    fifth, only at the end where it is so, and only of more than `FEWEST` values.

    Args:
        arrays: What is drawn.
        log: Whether the axis is logarithmic: the range is then of decimal logarithms.
        outliers: Whether all of them are shown.

    Returns:
        Low and high, low below high; None where there is nothing to show.
    """
    values = np.concatenate([np.empty(0), *arrays])
    values = values[np.isfinite(values)]
    if log:
        values = np.log10(values[values > 0])
    if not values.size:
        return None
    values = np.sort(values)
    low, high = float(values[0]), float(values[-1])
    last = values.size - 1
    inner = float(values[math.ceil(last * 0.05)])
    outer = float(values[math.floor(last * 0.95)])
    # Halves: the difference of two doubles may be none.
    spread = outer / 2 - inner / 2
    if 0 < spread < (high / 2 - low / 2) / SQUEEZED and values.size > FEWEST and not outliers:
        # At least one end is so far away; the other may be where the best values are.
        far = spread * (SQUEEZED - 1) / 2
        if inner / 2 - low / 2 >= far:
            low = float(values[np.searchsorted(values, inner - spread)])
        if high / 2 - outer / 2 >= far:
            high = float(values[np.searchsorted(values, outer + spread, "right") - 1])
    if low == high:
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    return low, high


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from low to high, at most so many.

    Args:
        low: Where the axis begins.
        high: Where it ends, above `low`.
        most: How many ticks there may be, 2 at least.
    """
    rough = (high / most - low / most) * most / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough)) if math.isfinite(rough) and rough > 0 else 1.0
    for factor in _STEPS:
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [
                round(number * step, 12) if abs(step) < 1e9 else number * step
                for number in range(first, last + 1)
            ]
    return [low, high]
