"""What `tbtools export` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import plural, printable
from tbtools.runs.plugins.table import exports_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.render.export import Export


def export_totals(exported: Export) -> str:
    """One line: what was written."""
    if exported.is_sheet:
        return f"{plural(exported.count, 'picture')} of {plural(exported.runs, 'run')}"
    noun = "file" if exports_files(exported.data) else "row"
    return f"{plural(exported.count, noun)} of {plural(exported.runs, 'run')}"


def lines_not_written(exported: Export) -> Iterator[str]:
    """A line for each thing that was left out."""
    if exported.left_out and exported.is_sheet:
        pictures = plural(exported.left_out, "picture")
        yield f"{pictures} left out: there is room for some at even distances (--steps, --tag)"
    elif exported.left_out:
        points = plural(exported.left_out, "point")
        yield f"{points} left out: a later one of the same run, tag and step is shown (not --wide)"
    for problem in exported.undecodable:
        yield f"not written: {printable(problem)}"
