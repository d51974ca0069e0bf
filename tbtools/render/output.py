"""A result as a table, as JSON or as CSV: to the terminal, a pipe or a file."""

from __future__ import annotations

import csv
import json
import sys
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from rich.console import Console

from tbtools.render.files import replaced_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Wider than any table: what is piped or written to a file is neither cut nor wrapped.
_NO_WIDTH = 1_000_000


class View(Protocol):
    """A result in the three forms in which every command can show it."""

    def show(self, console: Console) -> None:
        """Prints it for a person."""

    def to_json(self) -> Any:
        """What becomes the JSON: dicts, lists, strings, finite numbers, None."""

    def to_csv(self) -> Iterable[Sequence[object]]:
        """The rows of the CSV, the names of the columns first."""


def terminal(file: IO[str] | None = None) -> Console:
    """A console on a file, standard output by default, that shows text exactly as it is.

    Strangers' strings are never taken for markup, links or emoji; a terminal's width holds, and
    what is no terminal has no width and no colour.
    """
    file = file or sys.stdout
    return Console(
        file=file,
        width=None if file.isatty() else _NO_WIDTH,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
    )


def write_view(view: View, format: str, path: str | None = None, *, force: bool = False) -> None:  # noqa: A002 - the option's name
    """Writes a result.

    Args:
        view: The result.
        format: ``table``, ``json`` or ``csv``.
        path: The file; None or ``-`` for standard output.
        force: Whether a file that is there may be replaced.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it.
    """
    with replaced_whole(path or "-", force=force) as opened:
        file = cast("IO[str]", opened)
        if format == "json":
            json.dump(view.to_json(), file, indent=2, allow_nan=False, ensure_ascii=False)
            file.write("\n")
        elif format == "csv":
            csv.writer(file, lineterminator="\n").writerows(view.to_csv())
        else:
            view.show(terminal(file))
