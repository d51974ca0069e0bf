"""A norm of gradients that falls to next to nothing, while the loss stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.detectors.gradient import LEAST_POINTS, WARM_UP, stands_still
from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from tbtools.analysis.detect.judged import Judged
    from tbtools.runs.series import ScalarSeries

# What a norm falls by that has no level before: less is the peak at which training begins.
FELL = 1000.0
# Points whose median is no spike.
SMOOTH = 5
# A loss that was so many times its noise worse while the norm was high has become better.
LEARNED = 4.0
# So far below, in noise and as a factor at the least, a norm is no longer what it was.
LEFT = 3.0
LEFT_TIMES = 2.0
# This part of what flowed back before teaches nothing.
NEXT_TO_NOTHING = 0.01


def since_collapse(series: ScalarSeries, collapse: Finding, loss: Judged) -> Finding | None:
    """Says of a norm that collapsed that the loss stands still since then.

    Args:
        series: A norm of gradients.
        collapse: What is told of its scale.
        loss: What training minimises.
    """
    onset = series.find(collapse.onset_step, collapse.onset_time)
    if collapse.kind != "collapse" or not stands_still(loss, series, onset):
        return None
    before, after = collapse.evidence["level_before"], collapse.evidence["level_after"]
    return _finding(series, onset, before, after, loss)


def from_the_start(series: ScalarSeries, loss: Judged) -> Finding | None:
    """Looks for a norm that falls from the first points on, by orders of magnitude, for good.

    It has no level before, so that its scale has not changed; and norms fall so far with a loss
    that is learned.

    Args:
        series: A norm of gradients.
        loss: What training minimises.
    """
    points = np.flatnonzero(np.isfinite(series.value) & (series.value > 0))
    if len(points) < LEAST_POINTS:
        return None
    y = np.log(series.value[points])
    level = robust.running_median(y, SMOOTH)
    top, half = int(np.argmax(level)), len(y) // 2
    before = float(level[top])
    if top > WARM_UP * len(y) or before - y[half:].max() < np.log(FELL):
        return None
    after = robust.median(y[half:])
    fell = int(np.argmax(level < (before + after) / 2))
    if not stands_still(loss, series, 0) or _learned_meanwhile(loss, series, int(points[fell])):
        return None
    # Half of the way at the most: all of the later half is below that.
    noise = min(LEFT * robust.noise_of_points(y), float(np.log(FELL)) / 2)
    left = before - max(noise, float(np.log(LEFT_TIMES)))
    onset = int(np.flatnonzero(y >= left)[-1]) + 1
    return _finding(series, int(points[onset]), np.exp(before), np.exp(after), loss)


def is_next_to_nothing(finding: Finding) -> bool:
    """Whether a finding says that next to nothing flows back, and not just less.

    Args:
        finding: Any finding.
    """
    evidence = finding.evidence
    if finding.kind != "gradient" or "level_before" not in evidence:
        return False
    return bool(evidence["level_after"] < NEXT_TO_NOTHING * evidence["level_before"])


def _learned_meanwhile(loss: Judged, series: ScalarSeries, end: int) -> bool:
    """Whether a loss was worse than it is, at a point before one of another series."""
    first = loss.count_before(series, end)
    high = loss.y[:first]
    if not len(high) or first == len(loss.y):
        return True  # nobody knows
    return float(high.max()) - robust.median(loss.y[first:]) > LEARNED * loss.noise


def _finding(
    series: ScalarSeries, onset: int, before: float, after: float, loss: Judged
) -> Finding:
    return Finding.of_points(
        series,
        onset,
        len(series.value) - 1,
        ongoing=True,
        kind="gradient",
        severity="info",
        message=f"next to nothing flows back since {place_of(series, onset)}: {after:.4g} after "
        f"{before:.4g}, and {loss.series.tag} does not fall",
        evidence={
            "level_before": float(before),
            "level_after": float(after),
            "loss": loss.series.tag,
        },
        last_good=onset - 1 if onset else None,
    )
