"""NaN and infinities: from a point on, or a few that recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect.findings import Finding
from tbtools.analysis.detect.judged import finite_or_none, place_of

if TYPE_CHECKING:
    from tbtools.runs.series import ScalarSeries


def find(series: ScalarSeries) -> list[Finding]:
    """Looks for values that are no numbers.

    The onset is where the balance of bad points over good ones, counted from the end, is largest: a
    loss that is NaN for good but for a lucky point now and then has one onset, not many.

    Args:
        series: Any series; an objective is not needed.
    """
    bad = ~np.isfinite(series.value)
    if not bad.any():
        return []
    balance = np.cumsum(np.where(bad, 1, -1)[::-1])[::-1]
    lasting = int(np.argmax(balance))
    ongoing = bool(balance[lasting] > 0)
    where = np.flatnonzero(bad)
    onset = lasting if ongoing else int(where[0])
    last = len(bad) - 1 if ongoing else int(where[-1])
    good = np.flatnonzero(~bad[:onset])
    last_good = int(good[-1]) if len(good) else None
    what = _what(series, onset, last)
    count = int(bad.sum())
    return [
        Finding(
            run=series.run,
            tag=series.tag,
            kind="nonfinite",
            severity="error" if ongoing else "info",
            onset_step=int(series.step[onset]),
            onset_time=finite_or_none(series.wall_time[onset]),
            end_step=int(series.step[last]),
            ongoing=ongoing,
            best_step=None,
            best_value=None,
            last_good_step=None if last_good is None else int(series.step[last_good]),
            message=_message(series, what, onset, count, last_good, ongoing=ongoing),
            evidence=_evidence(series, onset, what, count),
        )
    ]


def _what(series: ScalarSeries, onset: int, last: int) -> str:
    part = series.value[onset : last + 1]
    names = []
    if np.isnan(part).any():
        names.append("NaN")
    if np.isinf(part).any():
        names.append("infinite")
    return " and ".join(names)


def _message(
    series: ScalarSeries, what: str, onset: int, count: int, last_good: int | None, *, ongoing: bool
) -> str:
    place = place_of(series, onset)
    if not ongoing:
        points = "one point is" if count == 1 else f"{count:,} points are"
        return f"{points} {what}, first at {place}; finite again afterwards"
    if last_good is None:
        return f"{what} from the first point on, {place}: never finite"
    return f"{what} from {place} on; last finite at {place_of(series, last_good)}"


def _evidence(series: ScalarSeries, onset: int, what: str, count: int) -> dict[str, Any]:
    evidence: dict[str, Any] = {"what": what, "count": count, "points": len(series.value)}
    wall_time = float(series.wall_time[onset])
    if np.isfinite(wall_time):
        evidence["wall_time"] = wall_time
    return evidence
