"""Options of commands that write a result somewhere and show what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tbtools.cli.options import refuse_option
from tbtools.cli.outputs import Output, csv_safe_option
from tbtools.cli.parameters import LogPath
from tbtools.vocabulary import OUTPUT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tbtools.cli.options import Command
    from tbtools.render.output import View


def target_options(
    metavar: str,
    help: str,  # noqa: A002 - click's
    *,
    replaces: bool = True,
) -> Callable[[Command], Command]:
    """-o, --force and --format, handed over as `target`, `force` and `summary_format`.

    Args:
        metavar: What -o names, ``DIR`` or ``DIR|FILE``.
        help: What is written there.
        replaces: Whether there is --force.
    """

    def decorate(command: Command) -> Command:
        target = click.option(
            "-o", "--output", "target", metavar=metavar, required=True,
            type=LogPath(readable=False),
            help=help,
        )  # fmt: skip
        force = click.option(
            "--force", is_flag=True, help="Replace an earlier result of tbtools, or a file."
        )
        summary_format = click.option(
            "--format", "summary_format", type=click.Choice(OUTPUT_FORMATS), default="table",
            show_default=True, help="How to show what was done.",
        )  # fmt: skip
        decorators = [target, *([force] if replaces else []), summary_format, csv_safe_option]
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def is_csv(target: str) -> bool:
    """Whether a file is CSV by the ending of its name, compressed or not."""
    return target.lower().removesuffix(".gz").endswith(".csv")


def check_target(target: str, summary_format: str) -> None:
    """Refuses options that have no effect, as where the result goes to standard output.

    Raises:
        click.UsageError: One was given.
    """
    if summary_format != "csv" and target != "-" and not is_csv(target):
        refuse_option("csv_safe", "but on CSV")
    if target == "-":
        refuse_option("summary_format", "with -o -: standard output holds the result itself")
        refuse_option("force", "with -o -")


def show_summary(view: View, summary_format: str, target: str, *, csv_safe: bool) -> None:
    """Shows what was done; in a line on standard error where standard output holds the result."""
    from tbtools.render.output import print_totals

    if target == "-":
        print_totals(view.totals(), None)
    else:
        Output(summary_format, None, force=False, csv_safe=csv_safe).write(view)
