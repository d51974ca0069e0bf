"""Plotly figures of scalars, findings and diffs, for notebooks and papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.analysis.aggregate import Aggregate
from tbtools.analysis.detect import Findings
from tbtools.analysis.diff import Diff
from tbtools.render.figures.aggregates import plot_aggregate
from tbtools.render.figures.diffs import plot_diff
from tbtools.render.figures.files import write_figure
from tbtools.render.figures.findings import plot_findings
from tbtools.render.figures.scalars import plot

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["plot", "plot_aggregate", "plot_diff", "plot_findings", "plot_of", "write_figure"]


def plot_of(x: Any, *args: Any, **options: Any) -> go.Figure:
    """The figure of whatever has one: what the method `plot` of a result gives.

    Args:
        x: A Run, an Experiment, Findings, a Diff or an Aggregate.
        *args: Those of the function for it.
        **options: Likewise.
    """
    if isinstance(x, Findings):
        return plot_findings(x, *args, **options)
    if isinstance(x, Aggregate):
        return plot_aggregate(x, *args, **options)
    if isinstance(x, Diff):
        return plot_diff(x, *args, **options)
    return plot(x, *args, **options)
