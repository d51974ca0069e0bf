"""Findings as a figure: when what went wrong in which series."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from tbtools.render.colors import SEVERITY_COLORS
from tbtools.render.extras import require_report_extra
from tbtools.render.figures.style import apply_style, style_named

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tbtools.analysis.detect import Finding, Findings
    from tbtools.render.figures.style import StyleName

_ROW = 22
_NAME = 60


def plot_findings(findings: Findings, *, style: StyleName = "screen") -> go.Figure:
    """Draws findings as bars over the steps, a row a series, the worst run first.

    Args:
        findings: What `tbtools.detect` gave.
        style: ``screen`` or ``paper``.

    Raises:
        InvalidArgument: There is no such style.
        MissingExtra: The extra ``report`` is not installed.
    """
    require_report_extra("a figure")
    import plotly.graph_objects as go

    figure = go.Figure()
    rows = list(dict.fromkeys(_row(each) for each in findings))
    for severity, color in SEVERITY_COLORS.items():
        for number, finding in enumerate(each for each in findings if each.severity == severity):
            figure.add_trace(
                go.Scatter(
                    x=[finding.onset_step, finding.end_step],
                    y=[_row(finding), _row(finding)],
                    mode="lines+markers",
                    line={"color": color, "width": 7},
                    marker={
                        "color": color,
                        "size": [12, 7],
                        "symbol": ["line-ns-open", "square"],
                        "line": {"width": [2, 0]},
                    },
                    name=severity,
                    legendgroup=severity,
                    showlegend=number == 0,
                    hovertemplate=f"{finding.kind}: {html.escape(finding.message)}<extra></extra>",
                )
            )
    apply_style(figure, style_named(style), 1)
    figure.update_layout(height=110 + _ROW * max(1, len(rows)), showlegend=True)
    figure.update_xaxes(title="step")
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=rows[::-1], automargin=True
    )
    if not rows:
        figure.add_annotation(text="no findings", showarrow=False, font={"size": 16})
    return figure


def _row(finding: Finding) -> str:
    name = f"{finding.run}  {finding.tag}"
    return html.escape(name if len(name) <= _NAME else f"…{name[1 - _NAME :]}", quote=False)
