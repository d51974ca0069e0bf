"""Texts as cells of CSV (RFC 4180): any reader finds them as they were."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tbtools.render.format import no_formula, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a cell is quoted for.
_SPECIAL = re.compile('[,"\n\r]')


class CsvText(NamedTuple):
    """How texts become cells.

    Attributes:
        on_screen: Whether a person looks at them: then nothing in them may steer the terminal.
        safe: Whether none may be a formula to a spreadsheet.
    """

    on_screen: bool = False
    safe: bool = False

    def text(self, text: str) -> str:
        """The cell that holds a text."""
        if self.on_screen:
            text = printable(text)
        if self.safe:
            text = no_formula(text)
        if _SPECIAL.search(text):
            return '"' + text.replace('"', '""') + '"'
        return text

    def line(self, values: Iterable[object]) -> str:
        """The line that holds a row; None is an empty cell."""
        row = list(values)
        if not (self.on_screen or self.safe):
            # Mostly no cell needs quotes, which one look at the whole line tells.
            line = ",".join(["" if value is None else str(value) for value in row])
            has_commas_between = line.count(",") == len(row) - 1 > 0
            # A regular expression takes three times as long to find none of them.
            is_quoted = '"' in line or "\n" in line or "\r" in line
            if has_commas_between and not is_quoted:
                return line + "\n"
        return csv_line(
            self.text(value) if isinstance(value, str) else "" if value is None else str(value)
            for value in row
        )


def csv_line(cells: Iterable[str]) -> str:
    """The line of a row of cells."""
    line = ",".join(cells)
    # A blank line is no row to readers; one of a single blank cell is.
    return f'"{line}"\n' if not line or line.isspace() else f"{line}\n"
