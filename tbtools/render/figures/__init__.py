"""Plotly figures of scalars, findings and diffs, for notebooks and papers."""

from __future__ import annotations

from tbtools.render.figures.aggregates import plot_aggregate
from tbtools.render.figures.diffs import plot_diff
from tbtools.render.figures.files import write_figure
from tbtools.render.figures.findings import plot_findings
from tbtools.render.figures.scalars import plot

__all__ = ["plot", "plot_aggregate", "plot_diff", "plot_findings", "write_figure"]
