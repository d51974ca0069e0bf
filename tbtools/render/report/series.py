"""The time series of a page: every scalar of every run, thinned to what a screen can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tbtools.render.format import format_count, format_number, plural
from tbtools.render.series import drawn_seconds, drawn_start, line_breaks
from tbtools.render.thinning import bucketed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.render.report.columns import Columns
    from tbtools.render.thinning import Buckets
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Array = np.ndarray[Any, Any]

# A page of 480,000 points is about 8 MB beyond plotly.js. A chart is some 600 pixels wide: more
# than 2,000 points of a series cannot be distinguished.
PAGE_POINTS = 480_000
MOST_POINTS = 2000
LEAST_POINTS = 64
# So many points to either side of the onset of a finding are drawn as they are, and of so many
# findings of a series.
_AROUND = 12
_MOST_ONSETS = 4
# Runs beyond which a screen reader is only told how many more there are.
_MOST_NAMED = 10


def points_a_series(count: int) -> int:
    """How many points each of `count` series may have on a page."""
    return max(LEAST_POINTS, min(MOST_POINTS, PAGE_POINTS // max(1, count)))


def encode_series(
    series: ScalarSeries, columns: Columns, points: int, onsets: Sequence[int] = ()
) -> dict[str, Any]:
    """One series as the page has it, its arrays added to `columns`.

    Args:
        series: The series.
        columns: Where its arrays go.
        points: How many points may be kept, about.
        onsets: The points with which findings begin: around them every point is kept.
    """
    seconds = drawn_seconds(series)
    breaks = breaks_of(series.step, seconds, series.session, points)
    buckets = bucketed(
        series.value,
        points,
        begins=begins_of(breaks),
        alone=_around(onsets, len(series.value)),
    )
    first, last = buckets.first, buckets.last
    encoded = {
        "n": len(series.value),
        "dtype": series.dtype,
        "start": drawn_start(series),
        "sessions": [[int(series.step[at]), float(seconds[at])] for at in series.restarts],
    }
    encoded |= encoded_breaks(breaks, buckets)
    if any(isinstance(each, str) for each in breaks.values()):
        # Neighbours in time lie anywhere along the axis: a mean of theirs stands nowhere.
        encoded |= encoded_points(series, buckets, columns)
        seconds = seconds[first]
    else:
        encoded |= encoded_buckets(series.step, series.value, buckets, columns)
        seconds = seconds[first] / 2 + seconds[last] / 2
    encoded["ms"] = columns.integers(_milliseconds(seconds))
    if len(series.value) > 1 and (series.value == series.value[0]).all():
        encoded["constant"] = True
    encoded["nonfinite"] = int((~np.isfinite(series.value)).sum())
    if not np.isfinite(series.value[-1]):
        encoded["broken"] = True
    return encoded | {"row": _row(series, len(first)), "at": format_count(int(series.step[-1]))}


def encoded_buckets(
    step: Array, value: Array, buckets: Buckets, columns: Columns
) -> dict[str, Any]:
    """The steps and values of buckets; of those of several points also their ends and extremes."""
    first, last = buckets.first, buckets.last
    encoded = {"step": columns.integers(step[first])}
    if len(first) == len(value):
        return encoded | {"value": columns.floats(value)}
    return encoded | {
        "to": columns.integers(step[last]),
        "count": columns.counts(buckets.count),
        "value": columns.rough(buckets.mean(value), digits=6),
        "low": columns.rough(buckets.low(value), digits=5),
        "high": columns.rough(buckets.high(value), digits=5),
        "slope": columns.rough(buckets.slope(value), digits=3),
    }


def encoded_points(series: ScalarSeries, buckets: Buckets, columns: Columns) -> dict[str, Any]:
    """The first point of each bucket, and the means of the buckets for their smoothing."""
    encoded = {
        "step": columns.integers(series.step[buckets.first]),
        "value": columns.floats(series.value[buckets.first]),
    }
    if len(buckets.first) < len(series.value):
        encoded["count"] = columns.counts(buckets.count)
        encoded["mean"] = columns.rough(buckets.mean(series.value))
    return encoded


def _around(onsets: Sequence[int], size: int) -> NDArray[np.int64]:
    """The points around those with which findings begin."""
    some = np.array(onsets[:_MOST_ONSETS], np.int64)
    near = np.unique(some[:, None] + np.arange(-_AROUND, _AROUND + 1))
    return near[(near >= 0) & (near < size)]


Breaks = dict[str, "NDArray[np.int64] | Literal['dots']"]


def breaks_of(step: Array, seconds: Array, session: Array, points: int) -> Breaks:
    """Where lines along steps and along time break, by `line_breaks`.

    Where they break more often than there are points to show it with, they are dots.
    """
    breaks: Breaks = {"step": line_breaks(step, session), "time": line_breaks(seconds, session)}
    few = points // 4 if len(step) > points else len(step)
    return {axis: each if len(each) <= few else "dots" for axis, each in breaks.items()}


def begins_of(breaks: Breaks) -> NDArray[np.int64]:
    """The points with which lines begin anew, along whichever axis."""
    return np.concatenate(
        [np.empty(0, np.int64), *(each for each in breaks.values() if not isinstance(each, str))]
    )


def encoded_breaks(breaks: Breaks, buckets: Buckets) -> dict[str, Any]:
    """Where lines break, as numbers of buckets; nothing for nowhere."""
    found = {
        axis: each if isinstance(each, str) else np.searchsorted(buckets.first, each).tolist()
        for axis, each in breaks.items()
        if len(each)
    }
    return {"breaks": found} if found else {}


@np.errstate(over="ignore", invalid="ignore")
def _milliseconds(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole ones; hostile wall times are held where a browser's dates end."""
    milliseconds: NDArray[np.float64] = np.clip(np.rint(seconds * 1000), -8.64e15, 8.64e15)
    return milliseconds


def _row(series: ScalarSeries, drawn: int) -> list[str]:
    """What the table behind a chart says of a series, from all its points.

    Args:
        series: The series.
        drawn: How many of its points are on the page.

    Returns:
        The last value, the least and the greatest finite one with their steps, and how many are
        not finite, how many there are, how many are drawn.
    """
    finite = np.flatnonzero(np.isfinite(series.value))
    extremes = ["-", "-"]
    if len(finite):
        places = [finite[choose(series.value[finite])] for choose in (np.argmin, np.argmax)]
        extremes = [
            format_number(float(series.value[place]), series.dtype)
            + f" at {format_count(int(series.step[place]))}"
            for place in places
        ]
    counts = [len(series.value) - len(finite), len(series.value), drawn]
    last = format_number(float(series.value[-1]), series.dtype)
    return [last, *extremes, *map(format_count, counts)]


def encoded_tags(
    tags: Sequence[str],
    series: Sequence[ScalarSeries],
    runs: Sequence[str],
    better: Mapping[str, Objective],
    notes: Sequence[list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """The tags as the page has them.

    Args:
        tags: The tags, in order.
        series: All series of the page, run by run.
        runs: The names of the runs, in their order on the page.
        better: Which way is better, by tag.
        notes: What is said above the chart of each tag, as `chart_notes` has it.

    Returns:
        Of each its name, which way is better, the group in which it stands (by its first part, as
        in TensorBoard), what its chart is to a screen reader, and, where every run has a single
        point of it, the numbers of these runs in the order in which they are shown: the best first
        where it is known which way is better.
    """
    run_number = {run: number for number, run in enumerate(runs)}
    by_tag: dict[str, list[ScalarSeries]] = {tag: [] for tag in tags}
    for each in series:
        by_tag[each.tag].append(each)
    return [
        {
            "tag": tag,
            "better": better[tag],
            "group": tag.split("/")[0] or tag,
            "label": _label(tag, by_tag[tag]),
            "notes": own,
        }
        | _single_points(by_tag[tag], better[tag], run_number)
        for tag, own in zip(tags, notes, strict=True)
    ]


def _label(tag: str, series: Sequence[ScalarSeries]) -> str:
    ends = [
        f"{each.run} ends at {format_number(float(each.value[-1]), each.dtype)}"
        for each in series[:_MOST_NAMED]
    ]
    more = f", and {plural(len(series) - len(ends), 'more run')}" * (len(series) > len(ends))
    return f"Chart of {tag}: {', '.join(ends)}{more}"


def _single_points(
    series: Sequence[ScalarSeries], better: Objective, run_number: Mapping[str, int]
) -> dict[str, Any]:
    if any(len(each.value) != 1 for each in series):
        return {}
    sign = -1 if better == "max" else 1

    def place(each: ScalarSeries) -> tuple[bool, float]:
        value = float(each.value[0])
        return not np.isfinite(value), sign * value if np.isfinite(value) else 0.0

    order = series if better == "none" else sorted(series, key=place)
    return {"single": [run_number[each.run] for each in order]}
