"""How a command ends: what it could not do on standard error, and the exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tbtools.render.terminal.diagnostics import Diagnostics

TROUBLE = 2
"""The exit status of what could not be done, whatever the verdict on the rest."""


def finish(diagnostics: Diagnostics, status: int = 0) -> int:
    """Prints damage, notes and paths that could not be read; gives the exit status.

    Args:
        diagnostics: Of the runs that were read.
        status: The command's own verdict.

    Returns:
        2 where a path that was named could not be read, whatever the verdict: as `grep` does; and
        where a server refused anything below it.
    """
    for line in diagnostics.lines():
        click.echo(line, err=True)
    status = finish_paths(diagnostics, status)
    return TROUBLE if diagnostics.has_unread_remotely else status


def finish_paths(diagnostics: Diagnostics, status: int = 0) -> int:
    """As `finish`, with no word on damage and notes: for who has seen enough."""
    return finish_unreadable(diagnostics.unreadable_paths(), status)


def finish_unreadable(paths: Mapping[str, str], status: int = 0) -> int:
    """As `finish_paths`, for paths that are known with their reasons."""
    print_unreadable(paths)
    return TROUBLE if paths else status


def finish_verdict(diagnostics: Diagnostics, verdict: int) -> int:
    """As `finish`; there is no verdict on what was not read, also where no path names it."""
    return finish(diagnostics, TROUBLE if diagnostics.has_unread else verdict)


def print_unreadable(paths: Mapping[str, str]) -> None:
    """Prints a line for each path that could not be read.

    Args:
        paths: Path to reason.
    """
    from tbtools.render.format import printable

    for path, reason in paths.items():
        click.echo(f"tbtools: {printable(path)}: {printable(reason)}", err=True)


def require_all_paths(diagnostics: Diagnostics) -> None:
    """Refuses to make one result of several paths of which one could not be read.

    Raises:
        NoEventFiles: One could not.
    """
    from tbtools.errors import NoEventFiles

    unreadable = diagnostics.unreadable_paths()
    if unreadable:
        raise NoEventFiles("; ".join(f"{path}: {reason}" for path, reason in unreadable.items()))
