"""The time series of a page: every scalar of every run, thinned to what a screen can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.eventfile.discover import natural_key
from tbtools.render.format import format_number
from tbtools.render.series import drawn_seconds, drawn_start, line_breaks
from tbtools.render.thinning import thin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.render.report.columns import Columns
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Array = np.ndarray[Any, Any]

# A page of 480,000 points is about 8 MB beyond plotly.js. A chart is some 600 pixels wide: more
# than 2,000 points of a series cannot be distinguished.
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
    encoded |= encoded_breaks(series.step[kept], seconds[kept], series.session[kept])
    if len(kept) < len(series.value):
        encoded["gap"] = columns.counts(thinned.gap_count)
        encoded["mean"] = columns.rough(thinned.gap_mean)
    if len(series.value) > 1 and (series.value == series.value[0]).all():
        encoded["constant"] = True
    return encoded | _extremes(series)


def encoded_breaks(step: Array, seconds: Array, session: Array) -> dict[str, Any]:
    """Where lines along steps and along time break, by `line_breaks`; nothing for nowhere."""
    breaks = {"step": line_breaks(step, session), "time": line_breaks(seconds, session)}
    found = {
        axis: each if isinstance(each, str) else each.tolist()
        for axis, each in breaks.items()
        if len(each)
    }
    return {"breaks": found} if found else {}


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
    """The last value, and the least and the greatest finite one with their steps: of all points.

    ``exact`` has the same numbers as the texts that read back as what is stored.
    """
    finite = np.flatnonzero(np.isfinite(series.value))
    last = float(series.value[-1])
    found: dict[str, Any] = {"nonfinite": len(series.value) - len(finite)}
    found["last"] = json_value(last)
    exact = {"last": format_number(last, series.dtype) if np.isfinite(last) else found["last"]}
    if len(finite):
        for name, choose in (("min", np.argmin), ("max", np.argmax)):
            index = finite[choose(series.value[finite])]
            value = float(series.value[index])
            found[name] = [value, int(series.step[index])]
            exact[name] = format_number(value, series.dtype)
    return found | {"exact": exact}


def encoded_tags(
    tags: Sequence[str],
    series: Sequence[ScalarSeries],
    runs: Sequence[str],
    better: Mapping[str, Objective],
) -> list[dict[str, Any]]:
    """The tags as the page has them.

    Returns:
        Of each its name, which way is better, the group in which it stands (by its first part, as
        in TensorBoard), and, where every run has a single point of it, the numbers of these runs in
        the order in which they are shown: the best first where it is known which way is better.
    """
    run_number = {run: number for number, run in enumerate(runs)}
    by_tag: dict[str, list[ScalarSeries]] = {tag: [] for tag in tags}
    for each in series:
        by_tag[each.tag].append(each)
    return [
        {"tag": tag, "better": better[tag], "group": tag.split("/")[0] or tag}
        | _single_points(by_tag[tag], better[tag], run_number)
        for tag in tags
    ]


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


def natural_tags(series: Sequence[ScalarSeries]) -> list[str]:
    """The tags, in natural order."""
    return sorted({each.tag for each in series}, key=natural_key)
