"""The scale of the loss in mixed precision: it collapsed, grows for ever, or finds no rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Severity

    Array = NDArray[np.float64]

LEAST_POINTS = 8
# Of fewer only a fall from at least this to no more than that is told.
FEWEST, FIRST, LAST = 6, 64.0, 2.0
# A scale that is too high at the start is halved some ten times at once; how low it goes in this
# first part of the series is usual.
START = 0.2
# So many of these first values are a power of two times the first one: the others are means of
# points between which it changed.
DYNAMIC = 0.6
# So many halvings below that are more than what comes and goes ...
HALVINGS = 6
# ... and where it goes up and down there, so many from the lowest before to the highest since.
HALVINGS_TO_A_PLACE = 4
# By so many it goes up and down anyway.
PLAY = 1.0
# A scale of 1 scales nothing: small gradients are zero in half precision.
NOTHING = 0.0
# From where a scale came that fell to nothing, at least, as a power of two.
SCALED = 4.0
# So many points at the end are no chance.
LASTING = 3
# Halvings that are no more than so many times as far apart as those that follow are of one fall.
ONE_FALL = 1.5
# A scale that was halved until it is zero counts as the least number that float32 holds, or as the
# least before.
LEAST = 2.0**-149
# Digits of an exponent that scales written as text have.
WRITTEN = 6
# Beyond all that scalers begin with (DeepSpeed at 2**32), after so many doublings without a halving
# since: no gradient is large enough to be seen.
HIGHEST = 33.0
DOUBLINGS = 8
# So many halvings since some point, at this part of the points, and so many times those before, for
# this part of the series: every so many steps one is lost.
LOSSES = 10
OFTEN = 0.2
MORE_OFTEN = 4.0
LEAST_PART = 0.1


@dataclass(frozen=True)
class Fault:
    """What is wrong with a scale.

    Attributes:
        index: Its first point.
        text: What it does since then.
        severity: How bad that is.
    """

    index: int
    text: str
    severity: Severity


def find(series: ScalarSeries) -> Finding | None:
    """Looks for a scale that was halved again and again, or is doubled without an end.

    Args:
        series: A series whose tag is that of a loss scale. One that does not begin with the first
            value times powers of two is no dynamic scale, and not judged.
    """
    scales = series.value > 0
    # Zeros before another value are of a scaler that was not yet made.
    gone = (series.value == 0) & ~np.logical_or.accumulate(scales[::-1])[::-1]
    points = np.flatnonzero(np.isfinite(series.value) & (scales | gone))
    value = series.value[points]
    if len(points) < LEAST_POINTS:
        fault = _always_halved(value)
        return None if fault is None else _finding(series, points, value, fault)
    value = np.where(value > 0, value, value.min(initial=LEAST, where=value > 0))
    start = value[: int(START * len(value)) + 1]
    exponent = np.log2(value)
    if start[0] < 1:
        # It was halved before, or is a weight.
        halvings = np.diff(exponent[series.value[points] > 0])
        halved = np.count_nonzero(halvings) >= HALVINGS and _are_halvings(halvings)
        fault = _collapse(exponent) if halved else None
    elif (np.frexp(start / start[0])[0] == 0.5).mean() < DYNAMIC:
        return None
    else:
        fault = _collapse(exponent) or _falls_to_a_place(exponent)
        fault = fault or _grows(exponent) or _finds_no_rest(exponent)
    return None if fault is None else _finding(series, points, value, fault)


def _always_halved(value: Array) -> Fault | None:
    """A scale that is halved from each point to the next, down to next to nothing."""
    if len(value) < FEWEST or not value.min() > 0 or value[0] < FIRST or value[-1] > LAST:
        return None
    if not np.allclose(value[1:], value[:-1] / 2):
        return None
    return Fault(1, "at each point: gradients overflow again and again", "warning")


def _are_halvings(change: Array) -> bool:
    """Whether all changes of an exponent are halvings, or none, as exact as they are written."""
    return bool(np.isin(np.round(change, WRITTEN), (0, -1)).all())


def _collapse(exponent: Array) -> Fault | None:
    """A fall that was never made good."""
    usual = float(exponent[: int(START * len(exponent)) + 1].min())
    last = float(exponent[-LASTING:].max())
    if usual - last < HALVINGS:
        if last > NOTHING or exponent.max() < SCALED:
            return None
        usual = usual if usual >= SCALED else float(exponent.max())
    # What goes up and down by a little before it falls has not begun to.
    level = usual - min(PLAY, (usual - last) / 2)
    index = int(np.flatnonzero(exponent >= level)[-1]) + 1
    since = exponent[index:]
    # One that is doubled again where it came to has found its place.
    rises = (np.diff(since[len(since) // 2 :]) > 0).any()
    if rises and last > NOTHING:
        return None
    index = _first_halving(exponent, index)
    return Fault(index, "and did not come back: gradients overflow again and again", "warning")


def _falls_to_a_place(exponent: Array) -> Fault | None:
    """A fall to where it goes up and down as before, far below: gradients are so much larger."""
    usual = float(exponent[: int(START * len(exponent)) + 1].min())
    index = int(np.flatnonzero(exponent >= usual)[-1]) + 1
    since = exponent[index:]
    late = since[len(since) // 2 :]
    if len(late) < LASTING or usual - late.max() < HALVINGS_TO_A_PLACE:
        return None
    index = _first_halving(exponent, index)
    return Fault(index, "and goes up and down there: gradients are so many times as large", "info")


def _first_halving(exponent: Array, below: int) -> int:
    """Where a fall begins that is below all before at a point: its first levels are usual."""
    falls = np.flatnonzero(np.diff(exponent) < 0) + 1
    at = int(np.searchsorted(falls, below))
    gaps = np.diff(falls[at : at + LASTING + 1]).astype(float)
    apart = ONE_FALL * max(1.0, robust.median(gaps) if len(gaps) else 1.0)
    while at and falls[at] - falls[at - 1] <= apart:
        if (np.diff(exponent[falls[at - 1] : falls[at]]) > 0).any():
            break
        at -= 1
    return int(falls[at])


def _grows(exponent: Array) -> Fault | None:
    """Doublings without an end, since the last halving."""
    falls = np.flatnonzero(np.diff(exponent) < 0) + 1
    later = exponent[falls[-1] if len(falls) else 0 :]
    if later[-1] < HIGHEST:
        return None
    index = int(np.flatnonzero(exponent <= max(exponent[0], exponent.min()))[-1]) + 1
    if later[-1] - max(later[0], exponent[index - 1]) < DOUBLINGS:
        return None
    text = "without being halved once: gradients are next to nothing, or zero"
    return Fault(index, text, "info")


def _finds_no_rest(exponent: Array) -> Fault | None:
    """A scale that is halved again and again, and doubled between, more often than before."""
    lost = np.diff(exponent) < 0
    if np.count_nonzero(lost) < LOSSES:
        return None
    split = robust.least_squares_split(lost.astype(float))
    before, after = lost[:split], lost[split:]
    if before.mean() * MORE_OFTEN > after.mean() or len(after) < LEAST_PART * len(lost):
        return None
    if np.count_nonzero(after) < max(LOSSES, OFTEN * len(after)):
        return None
    index = split + int(np.argmax(after)) + 1
    return Fault(index, f"and is halved at {after.mean():.0%} of the points", "info")


def _finding(series: ScalarSeries, points: NDArray[np.intp], value: Array, fault: Fault) -> Finding:
    index = fault.index
    onset = int(points[index])
    session = series.session[points]
    restarted = bool(session[index] != session[max(0, index - 2)])
    before, after = robust.median(value[:index]), float(series.value[points[-1]])
    came_from = f"{before:,.0f}" if before >= 1 else f"{before:.4g}"
    since = "since the restart at" if restarted else "since"
    how = "fell" if after < before else "grew"
    if before == after:
        how = "went"
    return Finding.of_points(
        series,
        onset,
        int(points[-1]),
        ongoing=True,
        kind="loss_scale",
        severity=fault.severity,
        message=f"{how} from {came_from} to {after:,.4g} {since} {place_of(series, onset)}, "
        f"{fault.text}",
        evidence={
            "level_before": before,
            "level_after": after,
            "points_since": len(value) - index,
        },
        last_good=int(points[index - 1]),
    )
