"""The time series of a page: every scalar of every run, thinned to what a screen can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.render.thinning import thin
from tbtools.runs.numbers import DTYPE_NAMES
from tbtools.runs.select import matches
from tbtools.runs.sessions import find_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.render.report.columns import Columns
    from tbtools.render.report.payloads import Selection
    from tbtools.runs.frames import Part
    from tbtools.runs.run import Run

# A page of 480,000 points is about 8 MB beyond plotly.js. A chart is some 600 pixels wide: more
# than 2,000 points of a series cannot be told apart.
PAGE_POINTS = 480_000
MOST_POINTS = 2000
LEAST_POINTS = 64


@dataclass(frozen=True, slots=True, eq=False)
class PageSeries:
    """One time series with all its points, in the order written.

    Attributes:
        run: Name of the run.
        tag: Its tag.
        dtype: How its values are stored.
        step: int64.
        wall_time: float64, seconds since the epoch.
        value: float64.
        sessions: int64 indices of the points with which a later writer session begins.
    """

    run: str
    tag: str
    dtype: str
    step: NDArray[np.int64]
    wall_time: NDArray[np.float64]
    value: NDArray[np.float64]
    sessions: NDArray[np.int64]


def scalar_series(run: Run, selection: Selection) -> Iterator[PageSeries]:
    """The selected series of scalars of a run."""
    for part in run.parts:
        yield from _of_part(run.name, part.within(selection.steps), selection.tags)


def _of_part(run: str, part: Part, tags: Sequence[str]) -> Iterator[PageSeries]:
    rows = part.columns.rows
    sessions = find_sessions(rows)
    firsts = np.array([session.first_row for session in sessions])
    for series in part.columns.scalars():
        if not series.count or not matches(part.shown_tag(series.tag), tags):
            continue
        numbers = part.columns.of(series)
        session = np.searchsorted(firsts, numbers, side="right")
        dtypes = rows.dtype[numbers]
        yield PageSeries(
            run=run,
            tag=part.shown_tag(series.tag),
            dtype=DTYPE_NAMES[int(dtypes[0])] if (dtypes == dtypes[0]).all() else "float64",
            step=rows.step[numbers],
            wall_time=rows.wall_time[numbers],
            value=rows.value[numbers],
            sessions=np.flatnonzero(np.diff(session)) + 1,
        )


def points_a_series(count: int) -> int:
    """How many points each of `count` series may have on a page."""
    return max(LEAST_POINTS, min(MOST_POINTS, PAGE_POINTS // max(1, count)))


def encode_series(series: PageSeries, columns: Columns, points: int) -> dict[str, Any]:
    """One series as the page has it, its arrays added to `columns`.

    Args:
        series: The series.
        columns: Where its arrays go.
        points: How many points may be kept, about.
    """
    thinned = thin(series.value, points)
    kept = thinned.kept
    start = start_of(series.wall_time)
    encoded = {
        "n": len(series.value),
        "dtype": series.dtype,
        "start": start,
        "step": columns.integers(series.step[kept]),
        "ms": columns.integers(_milliseconds(series.wall_time[kept], start)),
        "value": columns.floats(series.value[kept]),
        "sessions": _restarts(series),
    }
    if len(kept) < len(series.value):
        encoded["gap"] = columns.counts(thinned.gap_count)
        encoded["mean"] = columns.rough(thinned.gap_mean)
    if len(series.value) > 1 and (series.value == series.value[0]).all():
        encoded["constant"] = True
    return encoded | _extremes(series)


def start_of(wall_time: NDArray[np.float64]) -> float:
    """The wall time from which relative time is counted: that of the first point."""
    first = float(wall_time[0])
    return first if np.isfinite(first) else 0.0


def _milliseconds(wall_time: NDArray[np.float64], start: float) -> NDArray[np.float64]:
    """Since the start; hostile wall times are held where a browser's dates end."""
    milliseconds: NDArray[np.float64] = np.rint((wall_time - start) * 1000)
    return np.clip(np.nan_to_num(milliseconds), -8.64e15, 8.64e15)


def _restarts(series: PageSeries) -> list[list[float]]:
    """Where later sessions begin: step, and seconds since the start.

    A session that goes on at an earlier step than the point before it, as concurrent writers do,
    is none that resumed.
    """
    start = start_of(series.wall_time)
    return [
        [int(series.step[index]), float(np.nan_to_num(series.wall_time[index] - start))]
        for index in series.sessions.tolist()
        if series.step[index] >= series.step[index - 1]
    ]


def _extremes(series: PageSeries) -> dict[str, Any]:
    """The last value, and the least and the greatest finite one with their steps: of all points.

    JSON has no number for a last value that is not finite: it is ``"NaN"``, ``"∞"`` or ``"-∞"``.
    """
    finite = np.flatnonzero(np.isfinite(series.value))
    found: dict[str, Any] = {"nonfinite": len(series.value) - len(finite)}
    last = float(series.value[-1])
    infinity = "∞" if last > 0 else "-∞"
    found["last"] = last if np.isfinite(last) else "NaN" if np.isnan(last) else infinity
    if len(finite):
        for name, choose in (("min", np.argmin), ("max", np.argmax)):
            index = finite[choose(series.value[finite])]
            found[name] = [float(series.value[index]), int(series.step[index])]
    return found


def natural_tags(series: Sequence[PageSeries]) -> list[str]:
    """The tags, in natural order."""
    from tbtools.eventfile.discover import natural_key

    return sorted({each.tag for each in series}, key=natural_key)
