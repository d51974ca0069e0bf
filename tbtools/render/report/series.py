"""The time series of a page: every scalar of every run, thinned to what a screen can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.render.series import drawn_seconds, drawn_start
from tbtools.render.thinning import thin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tbtools.render.report.columns import Columns
    from tbtools.runs.series import ScalarSeries

# A page of 480,000 points is about 8 MB beyond plotly.js. A chart is some 600 pixels wide: more
# than 2,000 points of a series cannot be told apart.
PAGE_POINTS = 480_000
MOST_POINTS = 2000
LEAST_POINTS = 64


def points_a_series(count: int) -> int:
    """How many points each of `count` series may have on a page."""
    return max(LEAST_POINTS, min(MOST_POINTS, PAGE_POINTS // max(1, count)))


def encode_series(series: ScalarSeries, columns: Columns, points: int) -> dict[str, Any]:
    """One series as the page has it, its arrays added to `columns`.

    Args:
        series: The series.
        columns: Where its arrays go.
        points: How many points may be kept, about.
    """
    thinned = thin(series.value, points)
    kept = thinned.kept
    seconds = drawn_seconds(series)
    encoded = {
        "n": len(series.value),
        "dtype": series.dtype,
        "start": drawn_start(series),
        "step": columns.integers(series.step[kept]),
        "ms": columns.integers(_milliseconds(seconds[kept])),
        "value": columns.floats(series.value[kept]),
        "sessions": [[int(series.step[at]), float(seconds[at])] for at in series.restarts],
    }
    if len(kept) < len(series.value):
        encoded["gap"] = columns.counts(thinned.gap_count)
        encoded["mean"] = columns.rough(thinned.gap_mean)
    if len(series.value) > 1 and (series.value == series.value[0]).all():
        encoded["constant"] = True
    return encoded | _extremes(series)


def json_value(value: float) -> float | str:
    """The value, or what JSON has no number for as it is shown: ``NaN``, ``∞``, ``-∞``."""
    if np.isfinite(value):
        return value
    return "NaN" if np.isnan(value) else "∞" if value > 0 else "-∞"


def _milliseconds(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole ones; hostile wall times are held where a browser's dates end."""
    milliseconds: NDArray[np.float64] = np.clip(np.rint(seconds * 1000), -8.64e15, 8.64e15)
    return milliseconds


def _extremes(series: ScalarSeries) -> dict[str, Any]:
    """The last value, and the least and the greatest finite one with their steps: of all points."""
    finite = np.flatnonzero(np.isfinite(series.value))
    found: dict[str, Any] = {"nonfinite": len(series.value) - len(finite)}
    found["last"] = json_value(float(series.value[-1]))
    if len(finite):
        for name, choose in (("min", np.argmin), ("max", np.argmax)):
            index = finite[choose(series.value[finite])]
            found[name] = [float(series.value[index]), int(series.step[index])]
    return found


def natural_tags(series: Sequence[ScalarSeries]) -> list[str]:
    """The tags, in natural order."""
    from tbtools.eventfile.discover import natural_key

    return sorted({each.tag for each in series}, key=natural_key)
