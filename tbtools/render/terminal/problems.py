"""What is wrong with a file, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import format_count, printable
from tbtools.runs.diagnostics import OF_WHOLE_FILES

if TYPE_CHECKING:
    from tbtools.eventfile.problems import Problem


def problem_text(problem: Problem) -> str:
    """The kind, the place, and what it means."""
    message = printable(problem.message)
    if problem.kind in OF_WHOLE_FILES:  # which have no place in it
        return message
    return f"{problem.kind} at byte {format_count(problem.offset)}: {message}"
