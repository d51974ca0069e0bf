"""The time series of a page: every scalar of every run, thinned to what a screen can show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tbtools.render.format import format_count, format_number, plural
from tbtools.render.report.columns import rough_floats, stored_floats, stored_integers
from tbtools.render.series import drawn_start, line_breaks
from tbtools.render.thinning import Buckets, first_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.render.report.columns import Columns, Stored
    from tbtools.render.report.outlines import Outline
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
# What series of runs that were logged at the same steps have in common, and are thinned alike.
_ALIKE = frozenset({"step", "to", "count"})
# Runs beyond which a screen reader is only told how many more there are.
_MOST_NAMED = 10


def points_a_series(count: int) -> int:
    """How many points each of `count` series may have on a page."""
    return max(LEAST_POINTS, min(MOST_POINTS, PAGE_POINTS // max(1, count)))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series, and how it is drawn.

    Attributes:
        series: The series.
        points: How many points may be kept, about.
        onsets: The points with which findings begin: around them every point is kept.
    """

    series: ScalarSeries
    points: int
    onsets: Sequence[int] = ()


def encode_series(drawn: Sequence[Drawn], columns: Columns) -> list[dict[str, Any]]:
    """Series as the page has them, their arrays added to `columns` one after the other.

    Args:
        drawn: The series.
        columns: Where their arrays go.
    """
    block = _Block(drawn)
    return [block.encoded(number, columns) for number in range(len(drawn))]


class _Block:
    """Series that are thinned together: of a hundred points NumPy takes longest to begin."""

    @np.errstate(over="ignore", invalid="ignore")
    def __init__(self, drawn: Sequence[Drawn]) -> None:
        self._drawn = drawn
        every = [each.series for each in drawn]
        sizes = np.array([each.step.size for each in every])
        self._ends = np.cumsum(sizes)
        self._own = [slice(*pair) for pair in pairwise((0, *self._ends.tolist()))]
        self._step = np.concatenate([each.step for each in every])
        self._value = np.concatenate([each.value for each in every])
        times = np.concatenate([each.wall_time for each in every])
        self._seconds = times - np.repeat([each.start_time for each in every], sizes)
        self._seconds[~np.isfinite(self._seconds)] = 0.0  # as `drawn_seconds` has them
        self._finite = np.isfinite(self._value)
        self._breaks = self._broken()
        first = [self._first(number) for number in range(len(drawn))]
        self._buckets = Buckets.of(np.concatenate(first), self._finite)
        ends = np.cumsum([each.size for each in first])
        self._kept = [slice(*pair) for pair in pairwise((0, *ends.tolist()))]
        self._stored = stored_buckets(self._step, self._value, self._buckets, self._ends, ends)
        middle = self._seconds[self._buckets.first] / 2 + self._seconds[self._buckets.last] / 2
        self._ms = stored_integers(_milliseconds(middle), ends.tolist())

    def _broken(self) -> list[Breaks]:
        """Where the lines of each series break; most steps and times rise, of one session."""
        session = np.concatenate([each.series.session for each in self._drawn])
        turns = session[1:] != session[:-1]
        for x in (self._step, self._seconds):
            turns |= x[1:] < x[:-1]
        turns[self._ends[:-1] - 1] = False
        turning = set(np.searchsorted(self._ends, np.flatnonzero(turns), side="right").tolist())
        return [
            breaks_of(one.series.step, self._seconds[own], one.series.session, one.points)
            if number in turning
            else {}
            for number, (one, own) in enumerate(zip(self._drawn, self._own, strict=True))
        ]

    def _first(self, number: int) -> NDArray[np.int64]:
        """The first point of each bucket of a series, in all series."""
        one, own, breaks = self._drawn[number], self._own[number], self._breaks[number]
        alone = _around(one.onsets, own.stop - own.start) if one.onsets else _NONE
        begins = begins_of(breaks) if breaks else _NONE
        first = first_points(self._finite[own], one.points, begins=begins, alone=alone)
        behind: NDArray[np.int64] = first + own.start
        return behind

    def encoded(self, number: int, columns: Columns) -> dict[str, Any]:
        """One series."""
        series, own, kept = self._drawn[number].series, self._own[number], self._kept[number]
        breaks, seconds = self._breaks[number], self._seconds[own]
        encoded = {
            "n": series.step.size,
            "dtype": series.dtype,
            "start": drawn_start(series),
            "sessions": [[int(series.step[at]), float(seconds[at])] for at in series.restarts],
        }
        if breaks:
            buckets = self._buckets.within(kept, own.start)
            encoded |= encoded_breaks(breaks, buckets)
        if any(isinstance(each, str) for each in breaks.values()):
            # Neighbours in time lie anywhere along the axis: a mean of theirs stands nowhere.
            encoded |= encoded_points(series, buckets, columns)
            encoded["ms"] = columns.integers(_milliseconds(seconds[buckets.first]))
        else:
            encoded |= {
                name: columns.add_once(each) if name in _ALIKE else columns.add(each)
                for name, each in self._stored[number].items()
            }
            encoded["ms"] = columns.add(self._ms[number])
        return encoded


def encoded_buckets(
    step: Array, value: Array, buckets: Buckets, columns: Columns
) -> dict[str, Any]:
    """The steps and values of the buckets of a series, added to `columns`; see `stored_buckets`."""
    ends = np.array([step.size]), np.array([buckets.first.size])
    [stored] = stored_buckets(step, value, buckets, *ends)
    return {name: columns.add(each) for name, each in stored.items()}


def stored_buckets(
    step: Array,
    value: Array,
    buckets: Buckets,
    ends: NDArray[np.int64],
    bucket_ends: NDArray[np.int64],
) -> list[dict[str, Stored]]:
    """The steps and values of buckets; of those of several points also their ends and extremes.

    Args:
        step: Of several series, one behind the other.
        value: Likewise.
        buckets: Those of all of them.
        ends: Where the points of each series end.
        bucket_ends: Where its buckets end.
    """
    places = bucket_ends.tolist()
    first, last = buckets.first, buckets.last
    steps, values = stored_integers(step[first], places), stored_floats(value[first], places)
    is_whole = (np.diff(ends, prepend=0) == np.diff(bucket_ends, prepend=0)).tolist()
    if all(is_whole):
        pairs = zip(steps, values, strict=True)
        return [{"step": one, "value": other} for one, other in pairs]
    lasts = stored_integers(step[last], places)
    mean = buckets.mean(value)
    slope = buckets.slope(value, mean)
    rough = {
        "value": rough_floats(mean, 6),
        "low": rough_floats(buckets.low(value), 5),
        "high": rough_floats(buckets.high(value), 5),
        "slope": rough_floats(slope, 3),
    }
    found: list[dict[str, Stored]] = []
    for number, (begin, end) in enumerate(pairwise((0, *places))):
        if is_whole[number]:
            found.append({"step": steps[number], "value": values[number]})
            continue
        found.append(
            {
                "step": steps[number],
                "to": lasts[number],
                "count": ("u4", buckets.count[begin:end]),
                **{name: ("f4", each[begin:end]) for name, each in rough.items()},
            }
        )
    return found


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
    near = (some[:, None] + np.arange(-_AROUND, _AROUND + 1)).ravel()
    return near[(near >= 0) & (near < size)]


Breaks = dict[str, "NDArray[np.int64] | Literal['dots']"]
_NONE = np.empty(0, np.int64)


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


def told_of(outline: Outline, drawn: int) -> dict[str, Any]:
    """What the page says of a series of which so many points are on it, from all of them.

    Returns:
        ``nonfinite``: how many values are not finite; whether it is ``constant``, and ``broken``,
        as it ends in no number; ``row``: the last value, the least and the greatest finite one with
        their steps, and how many are not finite, how many there are, how many are drawn; ``at``:
        the last step.
    """
    told: dict[str, Any] = {"constant": True} if outline.is_constant else {}
    told["nonfinite"] = outline.nonfinite
    if not math.isfinite(outline.last):
        told["broken"] = True
    extremes = [
        "-"
        if each is None
        else f"{format_number(each[0], outline.dtype)} at {format_count(each[1])}"
        for each in (outline.least, outline.greatest)
    ]
    counts = [outline.nonfinite, outline.points, drawn]
    last = format_number(outline.last, outline.dtype)
    row = [last, *extremes, *map(format_count, counts)]
    return told | {"row": row, "at": format_count(outline.last_step)}


def encoded_tags(
    tags: Sequence[str],
    series: Sequence[Outline],
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
    by_tag: dict[str, list[Outline]] = {tag: [] for tag in tags}
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


def _label(tag: str, series: Sequence[Outline]) -> str:
    ends = [
        f"{each.run} ends at {format_number(each.last, each.dtype)}"
        for each in series[:_MOST_NAMED]
    ]
    more = f", and {plural(len(series) - len(ends), 'more run')}" * (len(series) > len(ends))
    return f"Chart of {tag}: {', '.join(ends)}{more}"


def _single_points(
    series: Sequence[Outline], better: Objective, run_number: Mapping[str, int]
) -> dict[str, Any]:
    if any(each.points != 1 for each in series):
        return {}
    sign = -1 if better == "max" else 1

    def place(each: Outline) -> tuple[bool, float]:
        value = each.first
        return not math.isfinite(value), sign * value if math.isfinite(value) else 0.0

    order = series if better == "none" else sorted(series, key=place)
    return {"single": [run_number[each.run] for each in order]}
