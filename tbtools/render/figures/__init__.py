"""Plotly figures of scalars and findings, for notebooks and papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tbtools.analysis.detect import Findings
from tbtools.render.figures.files import write_figure
from tbtools.render.figures.findings import plot_findings
from tbtools.render.figures.scalars import plot

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["plot", "plot_findings", "plot_of", "write_figure"]


def plot_of(x: Any, *args: Any, **options: Any) -> go.Figure:
    """The figure of whatever has one: what the method `plot` of a result gives.

    Args:
        x: A Run, an Experiment or Findings.
        *args: Those of the function for it.
        **options: Likewise.
    """
    if isinstance(x, Findings):
        return plot_findings(x, *args, **options)
    return plot(x, *args, **options)
