"""What `tbtools figure` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import plural

if TYPE_CHECKING:
    from tbtools.render.publication.write import WrittenFigure


def figure_totals(written: WrittenFigure) -> str:
    """One line: what was drawn."""
    drawn = f"{plural(len(written.charts), 'chart')}, {plural(written.curves, 'line')}"
    size = f"{written.width:.4g} x {written.height:.4g} in"
    return f"{drawn} of {plural(written.runs, 'run')}, {size}"
