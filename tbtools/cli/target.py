"""Options of commands that write a result somewhere and say what they did."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from tbtools.cli.options import Output, let_go_of_stdout
from tbtools.vocabulary import OUTPUT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tbtools.cli.options import Command
    from tbtools.render.output import View


def target_options(metavar: str, help: str) -> Callable[[Command], Command]:  # noqa: A002 - click's
    """-o, --force and --format, handed over as `target`, `force` and `said`.

    Args:
        metavar: What -o names, ``DIR`` or ``DIR|FILE``.
        help: What is written there.
    """

    def decorate(command: Command) -> Command:
        decorators = [
            click.option(
                "-o", "--output", "target", metavar=metavar, required=True, type=click.Path(),
                help=help,
            ),
            click.option(
                "--force", is_flag=True, help="Replace an earlier result of tbtools, or a file."
            ),
            click.option(
                "--format", "said", type=click.Choice(OUTPUT_FORMATS), default="table",
                show_default=True, help="How to say what was done.",
            ),
        ]  # fmt: skip
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


@contextlib.contextmanager
def readers_may_leave() -> Iterator[None]:
    """While a result goes to standard output: a reader who has seen enough is no trouble.

    click would make it status 1, which is a verdict.
    """
    try:
        yield
    except BrokenPipeError:
        let_go_of_stdout()


def say(view: View, said: str, target: str) -> None:
    """Says what was done, unless standard output holds the result itself."""
    if target != "-":
        Output(said, None, force=False).write(view)
