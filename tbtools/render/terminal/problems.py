"""What is wrong with a file, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import format_count, printable
from tbtools.runs.diagnostics import OF_WHOLE_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tbtools.eventfile.problems import Problem

PROBLEM_COLUMNS = ("offset", "length", "kind", "message")


def problem_text(problem: Problem) -> str:
    """The kind, the place, and what it means."""
    message = printable(problem.message)
    if problem.kind in OF_WHOLE_FILES:  # which have no place in it
        return message
    return f"{problem.kind} at byte {format_count(problem.offset)}: {message}"


def problem_rows(
    about: Sequence[object], problems: Sequence[Problem]
) -> Iterator[Sequence[object]]:
    """Rows of CSV for a file: one a problem, or one without (`PROBLEM_COLUMNS`).

    Args:
        about: What stands in front in each.
        problems: Those of the file.
    """
    for problem in problems:
        yield (*about, problem.offset, problem.length, problem.kind, problem.message)
    if not problems:
        yield (*about, *[""] * len(PROBLEM_COLUMNS))
