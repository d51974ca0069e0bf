"""Stalls: gaps in wall time far beyond the run's own rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import place_of
from tbtools.analysis.detect.signals import robust

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tbtools.runs.series import ScalarSeries

# A gap is a stall if it is so many times the 99th percentile of all gaps: evaluations and
# checkpoints, which come at every hundredth point or more often, are part of the rhythm ...
BEYOND = 10.0
# ... so many times the median gap ...
TYPICAL = 30.0
# ... and so many seconds: nobody calls less a stall.
SECONDS = 60.0
# Fewer points have no rhythm.
LEAST_POINTS = 20


def find(series: Iterable[ScalarSeries]) -> list[Finding]:
    """Looks for stalls in each run, once a run: in the series that has the most points.

    Args:
        series: All series, in the order in which their points were written.
    """
    densest: dict[str, ScalarSeries] = {}
    for one in series:
        if len(one.step) > len(densest[one.run].step if one.run in densest else ()):
            densest[one.run] = one
    return [finding for one in densest.values() if (finding := _of_series(one)) is not None]


def _of_series(series: ScalarSeries) -> Finding | None:
    if len(series.step) < LEAST_POINTS:
        return None
    gaps = np.diff(series.wall_time)
    gaps[handovers(series.session) - 1] = np.nan
    known = gaps[np.isfinite(gaps) & (gaps >= 0)]
    if len(known) < LEAST_POINTS - 1:
        return None
    typical = robust.median(known)
    # Of less than a hundred gaps the percentile is the largest, the stall itself: the one below it.
    usual = robust.quantile(known, min(0.99, 1 - 2 / len(known)))
    least = max(BEYOND * usual, TYPICAL * typical, SECONDS)
    stalls = np.flatnonzero(gaps > least)
    if not len(stalls):
        return None
    longest = int(stalls[np.argmax(gaps[stalls])])
    return Finding.of_points(
        series,
        longest,
        longest + 1,
        ongoing=False,
        kind="stall",
        severity="warning",
        message=_message(series, gaps[longest], typical, longest, len(stalls)),
        evidence={
            "seconds": float(gaps[longest]),
            "typical_seconds": typical,
            "count": len(stalls),
            "steps": [int(step) for step in series.step[stalls[:10]]],
        },
        last_good=longest,
    )


def handovers(session: NDArray[np.int64]) -> NDArray[np.int64]:
    """The points with which a session begins right after another one has ended.

    What lies in between is a restart and no stall, though the points that the old session wrote
    meanwhile may have been superseded. Sessions that go on side by side have no such points.
    """
    changes = np.flatnonzero(np.diff(session)) + 1
    if not changes.size:
        return changes
    _, first = np.unique(session, return_index=True)
    _, last = np.unique(session[::-1], return_index=True)
    begins = np.isin(changes, first)
    ended = np.isin(changes - 1, session.size - 1 - last)
    return changes[begins & ended]


def _message(series: ScalarSeries, gap: float, typical: float, at: int, count: int) -> str:
    more = "" if count == 1 else f", the longest of {count:,} such gaps"
    between = f"between {place_of(series, at)} and {place_of(series, at + 1)}"
    return (
        f"nothing was written for {_duration(gap)} {between}{more}; {_duration(typical)} is usual"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:.3g} h"
