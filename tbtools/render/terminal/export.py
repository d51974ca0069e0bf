"""What `tbtools export` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import plural, printable
from tbtools.runs.plugins.table import PLUGINS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.render.export import Export


def export_totals(exported: Export) -> str:
    """One line: what was written."""
    noun = "file" if getattr(PLUGINS.get(exported.data), "files", "") else "row"
    return f"{plural(exported.count, noun)} of {plural(exported.runs, 'run')}"


def lines_not_written(exported: Export) -> Iterator[str]:
    """A line for each thing that was left out."""
    if exported.left_out:
        points = plural(exported.left_out, "point")
        yield f"{points} left out: a later one of the same run, tag and step is shown (not --wide)"
    for problem in exported.undecodable:
        yield f"not written: {printable(problem)}"
