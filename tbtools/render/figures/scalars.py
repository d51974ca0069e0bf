"""Curves of runs as Plotly figures: a chart a tag, with the colours and marks of the page."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.judgement import judge
from tbtools.analysis.smoothers import check_smoothing, smooth_values
from tbtools.errors import InvalidArgument
from tbtools.render.colors import SEVERITY_COLORS, SEVERITY_DASHES, run_colors, run_dashes
from tbtools.render.extras import require_report_extra
from tbtools.render.figures.style import apply_style, place_legend, style_named
from tbtools.render.format import format_rounded
from tbtools.render.ranges import value_range
from tbtools.render.run_names import short_names
from tbtools.render.series import (
    LAST_DATE,
    MOST_RAW_LINES,
    drawn_seconds,
    drawn_start,
    finding_ends,
    line_breaks,
    smoothing_weight,
)
from tbtools.render.thinning import thin
from tbtools.runs.diagnostics import require_readable
from tbtools.runs.inputs import open_inputs, require_points
from tbtools.runs.numbers import is_number
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.series import axis_name
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from tbtools.analysis.detect import Finding
    from tbtools.render.figures.style import Style, StyleName
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Axis, Objective, SmoothingMethod

# More charts than these are no figure any more; `tbtools report` has room for all.
MOST_CHARTS = 24
# What a line of a figure holds: more cannot be distinguished on paper or screen.
LINE_POINTS = 2000
# Of the height of a chart, above and below what is drawn.
_MARGIN = 0.06


@dataclass(frozen=True, slots=True)
class _Plan:
    x: Axis
    smoothing: float | None
    method: SmoothingMethod
    style: Style
    colors: Mapping[str, str]
    dashes: Mapping[str, str]
    ranks: Mapping[str, int]
    shown: Mapping[str, str]


def plot(
    runs: RunsLike,
    tags: Globs = None,
    *,
    exclude_tags: Globs = None,
    steps: Steps = None,
    x: Axis = "step",
    smoothing: float | None = None,
    method: SmoothingMethod = "ema",
    log: bool = False,
    findings: bool = True,
    objectives: Mapping[str, Objective] | None = None,
    columns: int = 2,
    style: StyleName = "screen",
    judging: Callable[[int, int], None] | None = None,
) -> go.Figure:
    """Draws scalars: a chart a tag, a line a run, findings and restarts marked.

    Smoothing is TensorBoard's, of all points, with the raw line faint behind it; then each line is
    thinned to 2,000 points, its extremes among them. A line breaks where its steps go back; where
    they do so all the time, or several writers take turns, its points stand alone. Where a few
    values would squeeze all others into a fifth of a chart, its y axis ends before them, as on the
    page, and an arrow says how far they go.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        tags: Names or globs; all tags where not given.
        exclude_tags: Those that are left out.
        steps: First and last step, both included; None for no bound.
        x: ``step``, ``relative`` (seconds since the run's first event), ``active`` (the same
            without the pauses between sessions), or ``wall``.
        smoothing: The weight, 0 (none) to below 1; by default 0.6, and none for series of up to 30
            points.
        method: How, as for `tbtools.smooth`; ``time_weighted_ema`` measures along `x`.
        log: Whether the y axes are logarithmic.
        findings: Whether what went wrong is marked where it began; all points are judged,
            whatever `steps` says.
        objectives: Which way is better, by glob over tags, as in `tbtools.detect`.
        columns: How many charts stand side by side.
        style: ``screen``, or ``paper`` for 6.75 inches and lines that differ in black and white.
        judging: As for `judge`.

    Raises:
        UnknownTag: No scalar has the tag, or none matches.
        InvalidArgument: There is no such axis, weight, method or style, or there are more than 24
            tags, or no scalars.
        NoEventFiles: There is nothing to read under a path.
        MissingExtra: The extra ``report``, or what the method needs, is not installed.
    """
    require_report_extra("a figure")
    check_smoothing(method, 0.0 if smoothing is None else smoothing, None)
    axis = axis_name(x)
    if axis not in AXES:
        raise InvalidArgument(f"x={x!r} is none of {', '.join(AXES)}")
    if not is_number(columns) or columns < 1:
        raise InvalidArgument(f"columns={columns!r} leaves no room for a chart")
    found = open_inputs(runs).runs
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    series = _selected(found, selection)
    by_tag: dict[str, list[ScalarSeries]] = {}
    for each in series:
        by_tag.setdefault(each.tag, []).append(each)
    if len(by_tag) > MOST_CHARTS:
        some = ", ".join(list(by_tag)[:4])
        raise InvalidArgument(
            f"{len(by_tag)} tags ({some}, ...) are too many for a figure: up to {MOST_CHARTS} fit; "
            "name some, or make a report"
        )
    styled = style_named(style)
    names = list(found)
    ranks = {name: number for number, name in enumerate(names)}
    shown = dict(zip(names, map(_text, short_names(names)), strict=True))
    plan = _Plan(
        axis, smoothing, method, styled, run_colors(names), run_dashes(names), ranks, shown
    )
    marks: Sequence[Finding] = ()
    if findings:
        marks = judge(found, selection, objectives=objectives, judging=judging).findings
    return _figure(by_tag, plan, marks, columns=min(columns, len(by_tag)), log=log)


def _selected(runs: Mapping[str, Run], selection: Selection) -> list[ScalarSeries]:
    selector = Selector(selection)
    series = [
        each
        for name, run in runs.items()
        for each in read_scalars_of(run, selector, name=name).series.values()
    ]
    if not series:
        require_readable(runs)
    require_points(runs.values(), selector)
    return series


def _figure(
    by_tag: Mapping[str, list[ScalarSeries]],
    plan: _Plan,
    findings: Sequence[Finding],
    *,
    columns: int,
    log: bool,
) -> go.Figure:
    from plotly.subplots import make_subplots

    rows = -(-len(by_tag) // columns)
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=[_text(tag) for tag in by_tag],
        horizontal_spacing=0.09 if columns > 1 else 0,
        vertical_spacing=min(0.2, 0.24 / rows),
    )
    named: set[str] = set()
    for number, (tag, series) in enumerate(by_tag.items()):
        row, column = number // columns + 1, number % columns + 1
        for each in series:
            for trace in _lines(
                each,
                plan,
                raw=_shows_raw(each, series, plan),
                legend=each.run not in named,
                log=log,
            ):
                figure.add_trace(trace, row, column)
            named.add(each.run)
            _mark_restarts(figure, each, plan, row, column)
        _leave_out_outliers(figure, series, plan, row, column, log=log)
        owners = {each.run: each for each in series}
        for finding in findings:
            if finding.tag == tag and finding.run in owners:
                _mark_finding(figure, finding, owners[finding.run], plan, row, column)
    if log:
        figure.update_yaxes(type="log")
    apply_style(figure, plan.style, rows)
    place_legend(figure, [plan.shown[name] for name in plan.ranks if name in named], plan.style)
    if plan.x in ("relative", "active"):
        figure.update_xaxes(ticksuffix=" s")
    return figure


def _shows_raw(each: ScalarSeries, series: Sequence[ScalarSeries], plan: _Plan) -> bool:
    """Whether the raw line stands behind the smoothed one."""
    return len(series) <= MOST_RAW_LINES and smoothing_weight(each.value.size, plan.smoothing) > 0


def _lines(
    series: ScalarSeries, plan: _Plan, *, raw: bool, legend: bool, log: bool
) -> list[go.Scatter]:
    """The smoothed line, and the raw one behind it."""
    import plotly.graph_objects as go

    color = plan.colors[series.run]
    name = plan.shown[series.run]
    smoothed = _smoothed(series, plan)
    if log:
        smoothed = np.where(series.value > 0, smoothed, np.nan)
    drawn = [(series.value, plan.style.faint, 0.3, False)] if raw else []
    drawn.append((smoothed, plan.style.line, 1.0, legend))
    traces = []
    for values, width, opacity, in_legend in drawn:
        kept = thin(values, LINE_POINTS)
        x = _x(series, plan.x)[kept]
        y = np.where(np.isfinite(values[kept]), values[kept], np.nan)
        breaks = line_breaks(x, series.session[kept])
        dots = isinstance(breaks, str)
        if not isinstance(breaks, str):
            x, y = np.insert(x, breaks, x[breaks]), np.insert(y, breaks, np.nan)
        traces.append(
            go.Scatter(
                x=x,
                y=y,
                mode="markers" if dots else "lines+markers" if len(kept) == 1 else "lines",
                name=name,
                legendgroup=name,
                legendrank=1 + plan.ranks[series.run],
                showlegend=in_legend,
                opacity=opacity,
                marker={"color": color, "size": 2 + width if dots else None},
                line={"color": color, "width": width, "dash": plan.dashes[series.run]},
                hoverinfo="skip" if opacity < 1 else None,
                hovertemplate=None
                if opacity < 1
                else "%{y:.5g} at %{x}<extra>%{fullData.name}</extra>",
            )
        )
    return traces


def _smoothed(series: ScalarSeries, plan: _Plan) -> NDArray[np.float64]:
    weight = smoothing_weight(series.value.size, plan.smoothing)
    # Of distances in time it counts how many times as long one is as another: any unit will do.
    places = _x(series, plan.x).astype(np.float64)
    return smooth_values(series.value, places, method=plan.method, weight=weight)


def _leave_out_outliers(
    figure: go.Figure,
    series: Sequence[ScalarSeries],
    plan: _Plan,
    row: int,
    column: int,
    *,
    log: bool,
) -> None:
    drawn = [(_x(each, plan.x), _smoothed(each, plan), each.value) for each in series]
    drawn += [
        (_x(each, plan.x), each.value, each.value)
        for each in series
        if _shows_raw(each, series, plan)
    ]
    lines = [(x, np.where(raw > 0, y, np.nan) if log else y) for x, y, raw in drawn]
    shown = value_range([y for _, y in lines], log=log)
    whole = value_range([y for _, y in lines], log=log, outliers=True)
    if shown is None or whole is None or shown == whole:
        return
    margin = _MARGIN * (shown[1] - shown[0])
    figure.update_yaxes(range=[shown[0] - margin, shown[1] + margin], row=row, col=column)
    x, y = (np.concatenate(each) for each in zip(*lines, strict=True))
    places = x.astype(np.float64)
    middle = places.min() / 2 + places.max() / 2
    ends = (("↓", 0, whole[0], shown[0], np.nanargmin), ("↑", 1, whole[1], shown[1], np.nanargmax))
    for arrow, end, beyond, limit, farthest in ends:
        if beyond != limit:
            at = farthest(np.where(np.isfinite(y), y, np.nan))
            figure.add_annotation(
                text=f"{arrow} {format_rounded(10**beyond if log else beyond, 3)}",
                x=_plain(x[at]),
                y=end,
                yref="y domain",
                # The arrow stands at the point, and the number inside the chart.
                xanchor="left" if places[at] < middle else "right",
                yanchor="top" if end else "bottom",
                showarrow=False,
                row=row,
                col=column,
            )


def _x(series: ScalarSeries, axis: Axis) -> NDArray[Any]:
    if axis in ("relative", "active"):
        return drawn_seconds(series, axis)
    if axis == "wall":
        milliseconds = np.clip(
            (drawn_start(series) + drawn_seconds(series)) * 1000, -LAST_DATE, LAST_DATE
        )
        return milliseconds.astype("datetime64[ms]")
    return series.step


def _mark_finding(
    figure: go.Figure, finding: Finding, series: ScalarSeries, plan: _Plan, row: int, column: int
) -> None:
    x = _x(series, plan.x)
    onset, end = (_plain(x[at]) for at in finding_ends(finding, series))
    color = SEVERITY_COLORS[finding.severity]
    if finding.kind == "plateau":
        figure.add_vrect(
            onset, end, row=row, col=column, fillcolor=color, opacity=0.07, line_width=0
        )
    figure.add_vline(
        onset,
        row=row,
        col=column,
        line={"color": color, "width": 1.2, "dash": SEVERITY_DASHES[finding.severity]},
        name=f"{finding.kind}: {plan.shown[finding.run]}",
    )


def _mark_restarts(
    figure: go.Figure, series: ScalarSeries, plan: _Plan, row: int, column: int
) -> None:
    x = _x(series, plan.x)
    for index in series.restarts.tolist():
        figure.add_shape(
            type="line",
            x0=_plain(x[index]),
            x1=_plain(x[index]),
            y0=0,
            y1=0.07,
            yref="y domain",
            row=row,
            col=column,
            line={"color": plan.colors[series.run], "width": 2},
            name=f"resumed: {plan.shown[series.run]}",
        )


def _plain(value: Any) -> Any:
    """A NumPy scalar as Plotly's shapes take it."""
    return str(value) if isinstance(value, np.datetime64) else value.item()


def _text(name: str) -> str:
    """A stranger's name as text: Plotly takes some HTML for markup."""
    return html.escape(name, quote=False)
