"""A result as a table, as JSON or as CSV: to the terminal, a pipe or a file."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from rich.console import Console

from tbtools.errors import InvalidArgument
from tbtools.render.csv_text import CsvText
from tbtools.render.files import is_standard_output, replaced_whole
from tbtools.render.terminal.lines import placed, print_line
from tbtools.vocabulary import PICTURE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

# Wider than any table: what is piped or written to a file is neither cut nor wrapped.
_NO_WIDTH = 1_000_000


# The formats that endings stand for, and endings of files that no view can be.
_ENDINGS = {
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
    ".tex": "latex",
    ".xml": "junit",
    ".junit": "junit",
    ".sarif": "sarif",
    ".html": "html",
    ".htm": "html",
    **{f".{kind}": kind for kind in PICTURE_FORMATS},
}
_OTHER_ENDINGS = frozenset(
    (
        *(".jpg", ".jsonl", ".ndjson", ".parquet", ".pq", ".feather", ".arrow"),
        *(".tsv", ".xlsx", ".xls", ".ods", ".gz", ".zip", ".db", ".sqlite"),
    )
)


def output_format(
    path: str | None,
    format: str | None,  # noqa: A002 - the option's name
    offered: Sequence[str],
) -> str:
    """The format in which a result is written.

    Args:
        path: The file; None or ``-`` for standard output.
        format: What was asked for; None for that of the ending, else the first that is offered.
        offered: The formats that there are; a ``table`` is text, which any ending may have.

    Raises:
        InvalidArgument: The ending means another format, or one that is not offered.
    """
    ending = Path(path or "").suffix.lower()
    by_ending = _ENDINGS.get(ending)
    is_other = ending in _OTHER_ENDINGS or (by_ending is not None and by_ending not in offered)
    is_unknown = by_ending is None and format is None and "table" not in offered
    if is_other or (ending and is_unknown):
        raise InvalidArgument(f"{path}: there is no {ending} here, only {', '.join(offered)}")
    if format and by_ending and format != by_ending:
        raise InvalidArgument(f"{path}: the ending means {by_ending}, and --format is {format}")
    return format or by_ending or offered[0]


class View(Protocol):
    """A result; it has a ``to_<format>`` for each format besides ``table``.

    ``to_json`` gives dicts, lists, strings, finite numbers, None; ``to_csv`` the rows, the names of
    the columns first; others the lines.
    """

    def show(self, console: Console) -> None:
        """Prints it for a person, without the totals."""

    def totals(self) -> str | Text:
        """The closing line: what was done, and below it what was not; empty for nothing at all."""


class _Console(Console):
    @cached_property
    def is_terminal(self) -> bool:
        """As it was in the beginning: rich asks the file and the environment for each line."""
        return super().is_terminal

    def on_broken_pipe(self) -> None:
        """Lets the caller see it; rich would exit with status 1, which is a verdict of ours."""
        raise  # rich calls this while it handles the BrokenPipeError


def terminal(file: IO[str] | None = None) -> Console:
    """A console on a file, standard output by default, that shows text exactly as it is.

    Strangers' strings are never taken for markup, links or emoji; a terminal's width holds, and
    what is no terminal has no width and no colour.
    """
    file = file or sys.stdout
    return _Console(
        file=file,
        width=None if file.isatty() else _NO_WIDTH,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
    )


def write_view(
    view: View,
    format: str,  # noqa: A002 - the option's name
    path: str | None = None,
    *,
    force: bool = False,
    csv_safe: bool = False,
) -> None:
    """Writes a result.

    Args:
        view: The result.
        format: ``table``, ``json``, ``csv``, or another for which the view has a ``to_<format>``
            that gives the lines.
        path: The file; None or ``-`` for standard output.
        force: Whether a file that is there may be replaced.
        csv_safe: Whether no text in CSV may be a formula to a spreadsheet.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written.
    """
    with replaced_whole(path or "-", force=force) as opened:
        file = cast("IO[str]", opened)
        if format == "table":
            console = terminal(file)
            view.show(console)
            if totals := view.totals():
                print_line(console, totals)
            return
        content: Any = getattr(view, f"to_{format}")()
        if format == "json":
            # In ASCII, so that no string in it can steer a terminal or has no encoding.
            json.dump(content, file, indent=2, allow_nan=False)
            file.write("\n")
        elif format == "csv":
            csv = CsvText(on_screen=file.isatty(), safe=csv_safe)
            file.writelines(map(csv.line, content))
        else:
            file.writelines(f"{line}\n" for line in content)


def print_totals(totals: str | Text, path: str | None) -> None:
    """Prints what was done: on standard error where standard output holds the result itself.

    Args:
        totals: What `View.totals` gives.
        path: The file or directory that was written; None or ``-`` for standard output.

    Raises:
        OSError: Standard output cannot be written.
    """
    if not totals:
        return
    if path is not None:
        totals = placed(totals, path)
    if is_standard_output(path or "-"):
        if sys.stderr is not None:  # closed by the caller
            print_line(terminal(sys.stderr), totals)
        return
    with replaced_whole("-") as stdout:
        print_line(terminal(cast("IO[str]", stdout)), totals)
