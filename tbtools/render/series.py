"""The times of a series as pages and figures draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries


def drawn_start(series: ScalarSeries) -> float:
    """Seconds since the epoch from which relative time is drawn; 0 where no time is known."""
    return series.start_time if np.isfinite(series.start_time) else 0.0


def drawn_seconds(series: ScalarSeries) -> NDArray[np.float64]:
    """Relative time in seconds; 0 where the wall time is not known."""
    seconds: NDArray[np.float64] = np.nan_to_num(series.relative_time)
    return seconds
