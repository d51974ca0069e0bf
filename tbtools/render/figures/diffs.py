"""A diff as a figure: how much each tag changed, and whether that is more than noise."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from tbtools.render.extras import require_report_extra
from tbtools.render.figures.style import apply_style, style_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    import plotly.graph_objects as go

    from tbtools.analysis.diff import Diff, TagDiff
    from tbtools.render.figures.style import StyleName

_ROW = 26
_COLORS = {"better": "#1a7f37", "worse": "#d1242f", "no evidence": "#6e7781"}


def plot_diff(diff: Diff, *, style: StyleName = "screen") -> go.Figure:
    """Draws how the level at the end changed from a to b, in percent of that of a, with intervals.

    A row a tag that has an objective; green is better, red is worse, grey is no evidence.

    Args:
        diff: What `tbtools.diff` gave.
        style: ``screen`` or ``paper``.

    Raises:
        InvalidArgument: There is no such style.
        MissingExtra: The extra ``report`` is not installed.
    """
    require_report_extra("a figure")
    import plotly.graph_objects as go

    rows = list(_rows(diff))
    figure = go.Figure()
    for verdict, color in _COLORS.items():
        of_verdict = [(name, tag) for name, tag in rows if tag.evidence.verdict == verdict]  # type: ignore[union-attr]  # _rows has checked
        if not of_verdict:
            continue
        changes = [_percent(tag) for _, tag in of_verdict]
        figure.add_trace(
            go.Scatter(
                x=[change for change, _, _ in changes],
                y=[name for name, _ in of_verdict],
                mode="markers",
                marker={"color": color, "size": 9},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [high - change for change, _, high in changes],
                    "arrayminus": [change - low for change, low, _ in changes],
                    "color": color,
                },
                name=verdict,
                hovertemplate="%{y}: %{x:+.3g} %<extra></extra>",
            )
        )
    apply_style(figure, style_named(style), 1)
    figure.update_layout(height=110 + _ROW * max(1, len(rows)), showlegend=True)
    figure.update_xaxes(title="change at the end, % of a", zeroline=True, zerolinecolor="#6e7781")
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=[name for name, _ in rows][::-1],
        automargin=True,
    )
    if not rows:
        text = "no difference" if diff.identical else "no tag with an objective to compare"
        figure.add_annotation(text=text, showarrow=False, font={"size": 16})
    return figure


def _rows(diff: Diff) -> Iterator[tuple[str, TagDiff]]:
    for run in diff.runs:
        for tag in run.tags:
            evidence = tag.evidence
            known = evidence and evidence.verdict and evidence.change is not None
            if known and tag.level_a and math.isfinite(tag.level_a):
                name = tag.tag if len(diff.runs) == 1 else f"{run.b}  {tag.tag}"
                yield html.escape(name, quote=False), tag


def _percent(tag: TagDiff) -> tuple[float, float, float]:
    """Change, and the ends of its interval; where there is none, the change itself."""
    assert tag.evidence is not None
    assert tag.level_a is not None
    change = tag.evidence.change or 0.0
    ends = [change if end is None else end for end in (tag.evidence.low, tag.evidence.high)]
    low, high = (100 * each / abs(tag.level_a) for each in ends)
    return 100 * change / abs(tag.level_a), low, high
