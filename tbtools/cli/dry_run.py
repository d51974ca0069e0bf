"""`--dry-run`: what reading would take, before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.runs.experiment import Experiment

    Command = TypeVar("Command", bound=Callable[..., Any])


def dry_run_option(command: Command) -> Command:
    """--dry-run, handed over as `dry_run`."""
    return click.option(
        "--dry-run",
        is_flag=True,
        help="Read no event file, but say how many requests and bytes it would take.",
    )(command)


def tell_cost(experiment: Experiment) -> int:
    """Prints what it would take to read the event files; gives the exit status."""
    from tbtools.cli.ending import finish_unreadable
    from tbtools.cli.options import refuse_option
    from tbtools.render.format import format_bytes, format_count, plural, printable
    from tbtools.runs.reading import reading_cost

    for output in ("path", "format"):
        refuse_option(output, "with --dry-run")
    cost = reading_cost(list(experiment.values()))
    found = f"{plural(cost.runs, 'run')}, {plural(cost.files, 'event file')}"
    known = cost.files - cost.unread_files
    cached = f"; {format_count(known)} known from earlier" if known else ""
    requests = f" by {plural(cost.requests, 'request')}" if cost.requests else ""
    click.echo(
        f"{printable(experiment.logdir)}: {found}, {format_bytes(cost.bytes)}{cached}; "
        f"to read: {format_bytes(cost.unread_bytes)}{requests}"
    )
    return finish_unreadable({path: each.message for path, each in experiment.unreadable.items()})
