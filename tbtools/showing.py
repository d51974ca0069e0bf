"""How results show themselves: `plot` and what a notebook displays.

Runs and findings know nothing of figures and HTML: the layer `render` lies above theirs. So they
inherit from `Shown`, which finds their renderer by name when it is asked to show them, as
``tbtools/__init__.py`` finds public names. This is the only way up, and what goes through it is one
call without state.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Shown:
    """Gives a result `plot` and a display in notebooks."""

    __slots__ = ()

    def plot(self, *args: Any, **options: Any) -> go.Figure:
        """A Plotly figure of it.

        A run and an experiment take the arguments of `tbtools.plot`: tags, steps, x, smoothing,
        log, findings, objectives, columns, style. Findings and a diff take only style; an
        aggregate takes middle, columns and style.
        """
        figures = importlib.import_module("tbtools.render.figures")
        return figures.plot_of(self, *args, **options)

    def _repr_html_(self) -> str:
        """What a notebook displays."""
        notebook = importlib.import_module("tbtools.render.notebook")
        html: str = notebook.html_of(self)
        return html
