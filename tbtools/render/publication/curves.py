"""The curves of a figure: each run by itself, or groups of them as a line with a band."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.analysis.aggregate import aggregate
from tbtools.analysis.ensemble import runs_needed
from tbtools.errors import InvalidArgument
from tbtools.render.format import plural, printable
from tbtools.render.publication.panels import RawCurve
from tbtools.runs.inputs import require_points
from tbtools.runs.scalars import stream_scalars
from tbtools.runs.selection import Selector
from tbtools.runs.series import axis_name, last_of_each
from tbtools.vocabulary import BANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.aggregated import AggregatedSeries
    from tbtools.analysis.align import Alignment
    from tbtools.runs.inputs import Inputs
    from tbtools.runs.selection import Selection
    from tbtools.vocabulary import Band

    Floats = NDArray[np.float64]


class _Shown(NamedTuple):
    """What a band is made of: its middle, its ends, and what they are called."""

    middle: str
    statistics: tuple[str, ...]
    ends: tuple[str, str] | None
    words: str


_INTERVAL = "95 % bootstrap interval"
_SHOWN: dict[str, _Shown] = {
    "mean_ci": _Shown("mean", ("mean_ci",), ("mean_low", "mean_high"), _INTERVAL),
    "median_ci": _Shown("median", ("median_ci",), ("median_low", "median_high"), _INTERVAL),
    "iqm_ci": _Shown("iqm", ("iqm_ci",), ("iqm_low", "iqm_high"), _INTERVAL),
    "std": _Shown("mean", ("std",), None, "one standard deviation to either side"),
    "stderr": _Shown("mean", ("stderr",), None, "one standard error to either side"),
    "minmax": _Shown("median", ("min", "max"), ("min", "max"), "from the least to the greatest"),
    "quartiles": _Shown("median", ("q25", "q75"), ("q25", "q75"), "between the quartiles"),
    "none": _Shown("mean", (), None, ""),
}
_MIDDLES = {"mean": "mean", "median": "median", "iqm": "interquartile mean"}
DEFAULT_BAND: Band = "mean_ci"


class Curves(NamedTuple):
    """Curves, and what should be said of them.

    Attributes:
        curves: The curves, those of one tag behind those of another.
        caption: What lines and bands are.
        notes: What is left out.
        runs: How many runs are in them.
    """

    curves: list[RawCurve]
    caption: str
    notes: list[str]
    runs: int


def single_curves(
    inputs: Inputs,
    selection: Selection,
    x: str,
    progress: Callable[[int, int], None] | None,
) -> Curves:
    """Every selected series as a curve of its own.

    Raises:
        TbtoolsError: As `tbtools.plot`.
    """
    selector = Selector(selection)
    found: dict[str, list[RawCurve]] = {}
    notes: list[str] = []
    for run in stream_scalars(inputs.runs, selector, x, progress):
        for tag, series in run.series.items():
            places = run.places(tag, x)
            kept = last_of_each(places)
            if kept.size < places.size:
                left_out = plural(places.size - kept.size, "point")
                notes.append(
                    f"{printable(tag)} of {printable(run.run)}: {left_out} left out, whose "
                    "place on the axis is not known, or has a later point"
                )
            curve = RawCurve(tag, run.run, places[kept].astype(np.float64), series.value[kept])
            found.setdefault(tag, []).append(curve)
    require_points(inputs.runs.values(), selector)
    curves = [each for those in found.values() for each in those]
    return Curves(curves, "", notes, len({each.name for each in curves}))


def grouped_curves(
    inputs: Inputs,
    selection: Selection,
    x: str,
    progress: Callable[[int, int], None] | None,
    *,
    group: str | Sequence[str],
    band: Band | None,
    align: Alignment | None,
) -> Curves:
    """Groups of runs, each as one curve with a band.

    Args:
        inputs: The runs.
        selection: Which tags and steps.
        x: The axis.
        progress: As for `tbtools.aggregate`.
        group: As for `tbtools.aggregate`.
        band: What lies around the line, and so what the line is; `DEFAULT_BAND` by default.
        align: As for `tbtools.aggregate`; lines between the points by default, for a figure of runs
            that log at steps of their own would else show one run at each.

    Raises:
        InvalidArgument: There is no such band.
        TbtoolsError: As `tbtools.aggregate`.
    """
    band = DEFAULT_BAND if band is None else band
    if band not in BANDS:
        raise InvalidArgument(f"band={band!r} is none of {', '.join(BANDS)}")
    shown = _SHOWN[band]
    result = aggregate(
        inputs,
        group=group,
        x=axis_name(x),
        tags=selection.tags or None,
        exclude_tags=selection.exclude_tags or None,
        steps=selection.steps,
        align="interpolate" if align is None else align,
        statistics=tuple(dict.fromkeys((shown.middle, *shown.statistics))),
        progress=progress,
    )
    notes = [_left_out(result.left_out)] if result.left_out else []
    curves = []
    for each in sorted(result.series, key=lambda one: _first_place(one.tag, result.series)):
        curves.append(_curve(each, shown))
        notes += _notes_of(each, alone=band != "none")
    runs = {run for each in result.series for run in each.members}
    line = f"{_MIDDLES[shown.middle]} of " + ", ".join(
        f"{plural(len(each.runs), 'run')} ({printable(each.name)})" for each in result.groups
    )
    caption = f"line: {line}" + (f"; band: {shown.words}" if shown.words else "")
    return Curves(curves, caption, notes, len(runs))


def _left_out(runs: Sequence[str]) -> str:
    return f"{plural(len(runs), 'run')} in no group, and not shown"


def _first_place(tag: str, series: Sequence[AggregatedSeries]) -> int:
    return next(number for number, each in enumerate(series) if each.tag == tag)


def _curve(series: AggregatedSeries, shown: _Shown) -> RawCurve:
    middle = series.statistics[shown.middle]
    low: Floats | None = None
    high: Floats | None = None
    if shown.ends:
        low, high = (series.statistics[end] for end in shown.ends)
    elif shown.statistics:
        spread = series.statistics[shown.statistics[0]]
        low, high = middle - spread, middle + spread
    if shown.statistics and low is not None and high is not None:
        # Of one run there is no spread.
        few = series.runs < runs_needed(shown.ends[0] if shown.ends else shown.statistics[0])
        low, high = np.where(few, np.nan, low), np.where(few, np.nan, high)
    return RawCurve(series.tag, series.group, series.x.astype(np.float64), middle, low, high)


def _notes_of(series: AggregatedSeries, *, alone: bool) -> list[str]:
    """Where fewer runs than the group has are behind a point, and what has no place."""
    name = f"{printable(series.tag)} of {printable(series.group)}"
    notes = []
    fewer = int((series.runs < len(series.members)).sum())
    if fewer:
        notes.append(
            f"{name}: {fewer} of {plural(series.x.size, 'point')} with fewer than "
            f"{plural(len(series.members), 'run')} behind them, {int(series.runs.min())} at least"
        )
    elif alone and len(series.members) == 1:
        notes.append(f"{name}: one run, and so no band")
    if left_out := series.repeated + series.unplaced:
        notes.append(
            f"{name}: {plural(left_out, 'point')} left out, whose place on the axis is not known, "
            "or has a later point"
        )
    return notes
