"""The scale of the loss in mixed precision: it collapsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries

    Array = NDArray[np.float64]

LEAST_POINTS = 10
# A scale that is too high at the start is halved some ten times at once; how low it goes in this
# first part of the series is usual.
START = 0.2
# So many halvings below that are more than what comes and goes ...
HALVINGS = 6
# ... and a scale of 1 scales nothing: small gradients are zero in half precision.
NOTHING = 0.0
# From where a scale came that fell to nothing, at least, as a power of two.
SCALED = 4.0
# So many points at the end are no chance.
LASTING = 3
# A scale that was halved until it is zero counts as the least number that float32 holds.
LEAST = 2.0**-149


def find(series: ScalarSeries) -> Finding | None:
    """Looks for a scale that was halved again and again.

    Args:
        series: A series whose tag is that of a loss scale. One that does not begin with powers of
            two is no dynamic scale, and not judged.
    """
    scales = series.value > 0
    # Zeros before another value are of a scaler that was not yet made.
    gone = (series.value == 0) & ~np.logical_or.accumulate(scales[::-1])[::-1]
    points = np.flatnonzero(np.isfinite(series.value) & (scales | gone))
    value = np.maximum(series.value[points], LEAST)
    start = value[: int(START * len(value)) + 1]
    if len(value) < LEAST_POINTS or not (np.frexp(start)[0] == 0.5).all():
        return None
    index = _collapse(np.log2(value))
    return None if index is None else _finding(series, points, value, index)


def _collapse(exponent: Array) -> int | None:
    """The first value of a fall that was never made good."""
    usual = float(exponent[: int(START * len(exponent)) + 1].min())
    last = float(exponent[-LASTING:].max())
    if last <= NOTHING and exponent.max() >= SCALED:
        usual = usual if usual >= SCALED else float(exponent.max())
    elif usual - last < HALVINGS:
        return None
    index = int(np.flatnonzero(exponent >= usual)[-1]) + 1
    since = exponent[index:]
    # One that is doubled again where it came to has found its place.
    rises = (np.diff(since[len(since) // 2 :]) > 0).any()
    return None if rises and last > NOTHING else index


def _finding(series: ScalarSeries, points: NDArray[np.intp], value: Array, index: int) -> Finding:
    onset = int(points[index])
    before, after = robust.median(value[:index]), float(series.value[points[-1]])
    text = f"fell from {before:,.0f} to {after:,.4g} since {place_of(series, onset)}, and did not "
    text += "come back: gradients overflow again and again"
    return Finding.of_points(
        series,
        onset,
        int(points[-1]),
        ongoing=True,
        kind="loss_scale",
        severity="warning",
        message=text,
        evidence={
            "level_before": before,
            "level_after": after,
            "points_since": len(value) - index,
        },
        last_good=int(points[index - 1]),
    )
