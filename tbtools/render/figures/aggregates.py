"""Aggregates as figures: the middle of each group as a line, its spread as a band."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from tbtools.errors import InvalidArgument
from tbtools.render.colors import run_colors, run_dashes, translucent
from tbtools.render.extras import require_report_extra
from tbtools.render.figures.style import apply_style, style_named
from tbtools.render.publication.labels import labels_of
from tbtools.render.thinning import thin

if TYPE_CHECKING:
    from collections.abc import Iterator

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from tbtools.analysis.aggregated import Aggregate, AggregatedSeries
    from tbtools.render.figures.style import StyleName
    from tbtools.render.publication.labels import Labels, LabelsLike

    Floats = NDArray[np.float64]

_LINE_POINTS = 2000
# What can be a middle, and of each the first band that there is of it.
_MIDDLES = {
    "mean": (("mean_low", "mean_high"),),
    "iqm": (("iqm_low", "iqm_high"),),
    "median": (("median_low", "median_high"), ("q25", "q75"), ("min", "max")),
}


def plot_aggregate(
    aggregate: Aggregate,
    middle: str = "mean",
    *,
    columns: int = 2,
    style: StyleName = "screen",
    labels: LabelsLike | None = None,
) -> go.Figure:
    """Draws an aggregate: a chart a tag, a line and a band a group.

    The band is the confidence interval of the middle where the aggregate has one (``mean_ci``,
    ``iqm_ci``, ``median_ci``), of a mean else one standard deviation to either side, of a median
    else its quartiles or its extremes.

    Args:
        aggregate: What `tbtools.aggregate` gave.
        middle: ``mean``, ``iqm`` or ``median``.
        columns: How many charts stand side by side.
        style: ``screen`` or ``paper``.
        labels: What groups, tags and the axis are called instead of their names; as for
            `tbtools.figure`, but without formulas.

    Raises:
        InvalidArgument: The aggregate does not have the statistic, or there is no such style.
        MissingExtra: The extra ``report`` is not installed.
    """
    require_report_extra("a figure")
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    if middle not in _MIDDLES or any(middle not in each.statistics for each in aggregate.series):
        raise InvalidArgument(f"middle={middle!r} is none of the statistics of the aggregate")
    styled = style_named(style)
    called = labels_of(labels)
    tags = list(dict.fromkeys(each.tag for each in aggregate.series))
    columns = max(1, min(columns, len(tags)))
    rows = -(-len(tags) // columns)
    figure = make_subplots(rows, columns, subplot_titles=[_shown(tag, called) for tag in tags])
    groups = [group.name for group in aggregate.groups]
    colors, dashes = run_colors(groups), run_dashes(groups)
    in_legend: set[str] = set()
    for series in aggregate.series:
        row, column = divmod(tags.index(series.tag), columns)
        line: dict[str, object] = {
            "color": colors[series.group],
            "width": styled.line,
            "dash": dashes[series.group],
        }
        for trace in _traces(series, middle, line, called):
            trace["showlegend"] = trace["mode"] == "lines" and series.group not in in_legend
            figure.add_trace(go.Scatter(trace), row + 1, column + 1)
        in_legend.add(series.group)
    apply_style(figure, styled, rows)
    axis = called.of(aggregate.x, "" if aggregate.x == "step" else aggregate.x)
    figure.update_xaxes(title_text=html.escape(axis.text, quote=False))
    called.require_used()
    figure.update_layout(showlegend=True)
    return figure


def _traces(
    series: AggregatedSeries, middle: str, line: dict[str, object], labels: Labels
) -> Iterator[dict[str, object]]:
    """The band, then the line."""
    values = series.statistics[middle]
    kept = thin(values, _LINE_POINTS)
    name = _shown(series.group, labels)
    common: dict[str, object] = {"name": name, "legendgroup": name}
    band = _band(series, middle)
    if band is not None:
        low, high = (end[kept] for end in band)
        x = series.x[kept]
        known = np.isfinite(low) & np.isfinite(high)
        yield common | {
            "x": np.concatenate([x[known], x[known][::-1]]),
            "y": np.concatenate([high[known], low[known][::-1]]),
            "mode": "none",
            "fill": "toself",
            "fillcolor": translucent(str(line["color"]), 0.2),
            "hoverinfo": "skip",
        }
    yield common | {
        "x": series.x[kept],
        "y": values[kept],
        "mode": "lines",
        "line": line,
        "customdata": series.runs[kept],
        "hovertemplate": "%{y:.5g} at %{x}, %{customdata} runs<extra>%{fullData.name}</extra>",
    }


def _shown(name: str, labels: Labels) -> str:
    return html.escape(labels.of(name).text, quote=False)


def _band(series: AggregatedSeries, middle: str) -> tuple[Floats, Floats] | None:
    statistics = series.statistics
    for low, high in _MIDDLES[middle]:
        if low in statistics and high in statistics:
            return statistics[low], statistics[high]
    if middle == "mean" and "std" in statistics:
        # Of a single run there is no deviation, and no band.
        return statistics["mean"] - statistics["std"], statistics["mean"] + statistics["std"]
    return None
