"""The options that say where a result goes, and in which format."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from tbtools.cli.options import gathered, refuse_option
from tbtools.cli.parameters import LogPath
from tbtools.vocabulary import OUTPUT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tbtools.cli.options import Command
    from tbtools.render.output import View


class Output(NamedTuple):
    """What the output options say.

    Attributes:
        format: One of the command's formats; None for that of the file's ending.
        path: The file to write; None or ``-`` for standard output.
        force: Whether a file that is there may be replaced.
        csv_safe: Whether no text in CSV may be a formula to a spreadsheet.
        no_pager: Whether long output goes to a terminal as it is.
    """

    format: str | None
    path: str | None
    force: bool
    csv_safe: bool = False
    no_pager: bool = False

    @property
    def chosen_format(self) -> str:
        """The format, of those that the command offers.

        Raises:
            InvalidArgument: The file's ending means another one, or one that the command lacks.
        """
        from tbtools.render.output import output_format

        return output_format(self.path, self.format, _offered_formats())

    def check(self) -> None:
        """Refuses what cannot be written, before any work is done.

        Raises:
            OutputExists: There is a file, and nothing allows to replace it.
            InvalidArgument: As for `chosen_format`.
            click.UsageError: --force without a file.
        """
        from tbtools.render.files import require_free

        if self.chosen_format != "csv":
            refuse_option("csv_safe", "but on CSV")
        if self.path is None or self.path == "-":
            if not _writes_another_file():
                refuse_option("force", "without -o FILE")
        else:
            require_free(self.path, force=self.force)

    def write(self, view: View) -> None:
        """Shows a result as the options say.

        A reader who has seen enough (``| head``) is no trouble, and the verdict stays.
        """
        from tbtools.cli.pager import paged
        from tbtools.render.files import is_standard_output
        from tbtools.render.output import print_totals, write_view

        try:
            with contextlib.nullcontext() if self.no_pager else paged():
                write_view(
                    view, self.chosen_format, self.path, force=self.force, csv_safe=self.csv_safe
                )
            if self.chosen_format != "table" or not is_standard_output(self.path or "-"):
                print_totals(view.totals(), self.path)
        except BrokenPipeError:
            discard_stdout()


def _offered_formats() -> tuple[str, ...]:
    """What the --format of the command that is being run takes."""
    context = click.get_current_context(silent=True)
    if context is None:
        return OUTPUT_FORMATS
    types = (each.type for each in context.command.params if each.name == "format")
    return tuple(next((each.choices for each in types if isinstance(each, click.Choice)), ()))


def _writes_another_file() -> bool:
    """Whether an option besides -o names a file, as --report of `diff` does."""
    context = click.get_current_context()
    return context.params.get("page") is not None


def discard_stdout() -> None:
    """After a write to it has failed: Python's own flush at exit would fail once more."""
    # Where there is none, or one without a file as in a notebook, nothing is flushed at exit.
    with contextlib.suppress(AttributeError, io.UnsupportedOperation):
        descriptor = sys.stdout.fileno()
        os.close(descriptor)  # first: there may be none left
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def csv_safe_option(command: Command) -> Command:
    """--csv-safe, for whatever writes CSV."""
    return click.option(
        "--csv-safe",
        is_flag=True,
        help="In CSV, put ' in front of texts that begin with = + - @, which spreadsheets run.",
    )(command)


def pager_option(command: Command) -> Command:
    """--no-pager, for whatever may print more than a terminal has lines."""
    return click.option(
        "--no-pager", is_flag=True, help="Do not show what is long with $PAGER, or less."
    )(command)


def output_options(command: Command) -> Command:
    """--format, -o and --force, handed over as `output`."""
    return _with_output(command, OUTPUT_FORMATS)


def output_options_with(*formats: str) -> Callable[[Command], Command]:
    """`output_options` with formats of the command's own; the view has a ``to_<format>`` each."""

    def decorate(command: Command) -> Command:
        return _with_output(command, (*OUTPUT_FORMATS, *formats))

    return decorate


def _with_output(command: Command, formats: Sequence[str]) -> Command:
    decorators = [
        click.option(
            "--format",
            "format",
            type=click.Choice(formats),
            help="How to show it.  [default: by the ending of the file, else table]",
        ),
        click.option(
            "-o",
            "--output",
            "path",
            metavar="FILE",
            type=LogPath(dir_okay=False, readable=False),
            help="Write to this file instead; - is standard output.",
        ),
        click.option("--force", is_flag=True, help="Replace the file if it is there."),
        csv_safe_option,
        pager_option,
    ]
    return gathered(command, decorators, "output", Output)
