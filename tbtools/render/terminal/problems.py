"""What is wrong with a file, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.render.format import format_count, printable

if TYPE_CHECKING:
    from tbtools.eventfile.problems import Problem

# They concern a file as a whole, and have no place in it.
_OF_ALL = frozenset({"not_an_event_file", "unreadable"})


def problem_text(problem: Problem) -> str:
    """The kind, the place, and what it means."""
    message = printable(problem.message)
    if problem.kind in _OF_ALL:
        return message
    return f"{problem.kind} at byte {format_count(problem.offset)}: {message}"
