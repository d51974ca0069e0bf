"""Stalls: gaps in wall time far beyond the run's own rhythm."""

from __future__ import annotations

from dataclasses import dataclass
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
# ... so many times the median gap, or fewer where that is half an hour and more ...
TYPICAL = 30.0
LONG, TYPICAL_OF_LONG = 1800.0, 10.0
# ... and so many seconds: nobody calls less a stall; between a few points, nor less than an hour.
SECONDS = 60.0
SECONDS_OF_FEW = 3600.0
# Pauses that are so alike, and vary by no more than this part of what lies between them, are of
# evaluations or checkpoints; fewer may be so even by chance.
REGULAR = 0.2
REGULAR_FEW = 0.05
FEW = 5
ALIKE = 3.0
# While a session starts, programs are compiled and caches filled: so many points, so many seconds.
START_UP = 5
STARTS = 1800.0
# Fewer points are few, and still fewer have no rhythm; nor have few that were written together.
ENOUGH = 20
LEAST_POINTS = 6
TOGETHER = 1.0
# So many stalls are named in the evidence, and so many in the message.
NAMED = 10
FEW_NAMED = 4


def find(series: Iterable[ScalarSeries]) -> list[Finding]:
    """Looks for stalls in each run, once a run: in the series that has the most points.

    Args:
        series: All series, in the order in which their points were written.
    """
    found = (_of_series(one) for one in _densest(series).values())
    return [finding for finding in found if finding is not None]


def silences(series: Iterable[ScalarSeries]) -> dict[str, Silence]:
    """From when on the silence of a writer is a stall, by run; none of runs without a rhythm.

    Args:
        series: As for `find`.
    """
    found = {}
    for run, one in _densest(series).items():
        rhythm = _rhythm(gaps_of(one))
        if rhythm is not None:
            last = np.array([len(one.step) - 1])
            found[run] = Silence(one.at(last), rhythm)
    return found


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often something is written.

    Attributes:
        typical: The median gap, seconds.
        patience: From how many seconds on a gap is a stall.
    """

    typical: float
    patience: float


@dataclass(frozen=True, slots=True)
class Silence:
    """What there is to be said of a run in which nothing is written any more.

    Attributes:
        series: The last point of its series with the most points.
        rhythm: How often there was one.
    """

    series: ScalarSeries
    rhythm: Rhythm

    def finding(self, seconds: float) -> Finding:
        """That nothing has come for so long."""
        typical = self.rhythm.typical
        return Finding.of_points(
            self.series,
            0,
            0,
            ongoing=True,
            kind="stall",
            severity="warning",
            message=f"nothing has been written for {_duration(seconds)} since "
            f"{place_of(self.series, 0)}; {_duration(typical)} is usual",
            evidence={"seconds": seconds, "typical_seconds": typical},
            last_good=0,
        )


def is_stall(gaps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the gaps between points are far beyond the rhythm of all: a hundredth at the most.

    Args:
        gaps: Seconds; NaN where a restart lies between them.
    """
    rhythm = _rhythm(gaps)
    return np.zeros(len(gaps), bool) if rhythm is None else gaps > rhythm.patience


def _densest(series: Iterable[ScalarSeries]) -> dict[str, ScalarSeries]:
    """The series of each run that has the most points."""
    densest: dict[str, ScalarSeries] = {}
    points: dict[str, int] = {}
    for one in series:
        if len(one.step) > points.get(one.run, 0):
            densest[one.run], points[one.run] = one, len(one.step)
    return densest


def gaps_of(series: ScalarSeries) -> NDArray[np.float64]:
    """The seconds between its points; NaN where a restart lies between them.

    Args:
        series: Any series.
    """
    gaps = np.diff(series.wall_time)
    gaps[handovers(series.session) - 1] = np.nan
    return gaps


def _rhythm(gaps: NDArray[np.float64]) -> Rhythm | None:
    """That of a series with these gaps; None where there are too few."""
    known = gaps[np.isfinite(gaps) & (gaps >= 0)]
    typical = robust.median(known) if len(known) else 0.0
    few = len(known) < ENOUGH - 1
    if few and (len(known) < LEAST_POINTS - 1 or typical < TOGETHER):
        return None
    # Of less than a hundred gaps the percentile is the largest, the stall itself: the one below it.
    usual = robust.quantile(known, min(0.99, 1 - 2 / len(known)))
    least = min(TYPICAL * typical, max(LONG, TYPICAL_OF_LONG * typical))
    seconds = SECONDS_OF_FEW if few else SECONDS
    return Rhythm(typical, max(BEYOND * usual, least, seconds))


def _of_series(series: ScalarSeries) -> Finding | None:
    # Whatever the rhythm is, and wherever restarts are, which take longer to know.
    if not (series.wall_time[1:] - series.wall_time[:-1] > SECONDS).any():
        return None
    gaps = gaps_of(series)
    rhythm = _rhythm(gaps) if (gaps > SECONDS).any() else None
    if rhythm is None:
        return None
    starting = max(rhythm.patience, STARTS)
    stalls = np.flatnonzero(gaps > np.where(_starts(series), starting, rhythm.patience))
    if len(gaps) < ENOUGH - 1:
        stalls = stalls[_is_slow(series)[stalls]]
    if len(stalls):
        stalls = np.setdiff1d(stalls, _regular(gaps, gaps[stalls].max()))
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
        message=_message(series, gaps[longest], rhythm.typical, longest, stalls),
        evidence={
            "seconds": float(gaps[longest]),
            "typical_seconds": rhythm.typical,
            "count": len(stalls),
            "steps": [int(step) for step in series.step[stalls[:NAMED]]],
            "gaps": [float(gap) for gap in gaps[stalls[:NAMED]]],
        },
        last_good=longest,
    )


def _is_slow(series: ScalarSeries) -> NDArray[np.bool_]:
    """Which gaps are long for their steps, too: few points may be ever farther apart."""
    steps = np.maximum(np.diff(series.step), 1)
    seconds = np.diff(series.wall_time) / steps
    return np.asarray(seconds > BEYOND * robust.median(seconds))


def _starts(series: ScalarSeries) -> NDArray[np.bool_]:
    """The gaps between the first points of a session."""
    first = np.append(0, handovers(series.session))
    starts = np.zeros(len(series.step) - 1, bool)
    starts[(first[:, None] + np.arange(START_UP)).clip(max=len(starts) - 1)] = True
    return starts


def _regular(gaps: NDArray[np.float64], longest: float) -> NDArray[np.intp]:
    """The pauses about as long as the longest, if they come as evaluations do: at every so many.

    Of five and more the first may come sooner, for a session may begin between two of them, or
    later, for the first evaluations may be left out; and some may be short, if they all are about
    as long as the usual one.
    """
    for part in (ALIKE, ALIKE**2):
        at = np.flatnonzero(gaps >= longest / part)
        few = len(at) < FEW
        apart = np.diff(at, prepend=-1) if few else np.diff(at)
        alike = longest <= ALIKE * (gaps[at].min() if few else robust.median(gaps[at]))
        varies = (REGULAR_FEW if few else REGULAR) * apart.min()
        if alike and len(at) > 1 and np.ptp(apart) <= max(1, varies):
            return at
    return at[:0]


def handovers(session: NDArray[np.int64]) -> NDArray[np.int64]:
    """The points with which a session begins right after another one has ended.

    What lies in between is a restart and no stall, though the points that the old session wrote
    meanwhile may have been superseded. Sessions that go on side by side have no such points.
    """
    changes = np.flatnonzero(session[1:] != session[:-1]) + 1
    if not changes.size:
        return changes
    _, first = np.unique(session, return_index=True)
    _, last = np.unique(session[::-1], return_index=True)
    begins = np.isin(changes, first)
    ended = np.isin(changes - 1, session.size - 1 - last)
    return changes[begins & ended]


def _message(
    series: ScalarSeries, gap: float, typical: float, longest: int, stalls: NDArray[np.intp]
) -> str:
    between = f"between {place_of(series, longest)} and {place_of(series, longest + 1)}"
    more = "" if len(stalls) == 1 else f", the longest of {len(stalls):,} such gaps"
    if 1 < len(stalls) <= FEW_NAMED:
        others = [place_of(series, int(at)) for at in stalls if at != longest]
        more += f" (also since {', '.join(others)})"
    return (
        f"nothing was written for {_duration(gap)} {between}{more}; {_duration(typical)} is usual"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:.3g} h"
