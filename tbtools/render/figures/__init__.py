"""Plotly figures of scalars and findings, for notebooks and papers."""

from __future__ import annotations

from tbtools.render.figures.files import write_figure
from tbtools.render.figures.findings import plot_findings
from tbtools.render.figures.scalars import plot

__all__ = ["plot", "plot_findings", "write_figure"]
