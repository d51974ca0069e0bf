"""Tables that fit: the columns that matter least give way first, and that is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

_GAP = 2
# A name is cut in its middle rather than below this width.
_SHORTEST_NAME = 16


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its heading.
        cells: One text a row; a string, or a Text where it has a style.
        right: Whether it is set flush right, as numbers are.
        rank: What gives way first in a narrow terminal: the highest rank. Rank 0 never does.
        names: Whether the cells are names, which may be cut in their middle.
    """

    name: str
    cells: Sequence[str | Text]
    right: bool = False
    rank: int = 0
    names: bool = field(default=False)

    @property
    def width(self) -> int:
        """The widest cell."""
        texts = (each.plain if isinstance(each, Text) else each for each in self.cells)
        return max(cell_len(self.name), *(cell_len(text) for text in texts), 0)

    @property
    def least_width(self) -> int:
        """The width that it can be cut to."""
        return min(self.width, _SHORTEST_NAME) if self.names else self.width


def _is_told(column: Column) -> bool:
    """Whether a column says anything: a row of blanks does not."""
    texts = (each.plain if isinstance(each, Text) else each for each in column.cells)
    return any(text.strip(" -") for text in texts)


def _fitting(columns: Sequence[Column], width: int) -> list[Column]:
    kept = list(columns)
    while sum(each.least_width + _GAP for each in kept) - _GAP > width:
        least = max(kept, key=lambda each: each.rank)
        if least.rank == 0:
            break
        kept.remove(least)
    return kept


def _cut(text: str, width: int, ellipsis: str) -> str:
    """The name with its middle left out: both ends of a path tell runs apart."""
    if cell_len(text) <= width:
        return text
    keep = max(width - len(ellipsis), 2)
    tail = keep * 2 // 3
    return text[: keep - tail] + ellipsis + text[len(text) - tail :]


def print_table(console: Console, columns: Sequence[Column]) -> None:
    """Prints a table; columns in which nothing is said are left out.

    Args:
        console: Where to.
        columns: Columns of equal length.
    """
    told = [column for column in columns if column.rank == 0 or _is_told(column)]
    kept = _fitting(told, console.width)
    spare = console.width - sum(each.least_width + _GAP for each in kept) + _GAP
    ellipsis = "..." if console.options.ascii_only else "…"
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    cells = []
    for column in kept:
        width = column.least_width
        if column.names and spare > 0:
            grown = min(spare, column.width - width)
            width, spare = width + grown, spare - grown
        table.add_column(
            column.name, justify="right" if column.right else "left", no_wrap=True, width=width
        )
        cells.append([_cell(each, width, ellipsis, cut=column.names) for each in column.cells])
    for row in zip(*cells, strict=True):
        table.add_row(*row)
    print_trimmed(console, table)
    hidden = [column.name for column in told if column not in kept]
    if hidden:
        names = ", ".join(hidden)
        console.print(Text(f"hidden in this width: {names}", style="dim"), soft_wrap=True)


def _cell(cell: str | Text, width: int, ellipsis: str, *, cut: bool) -> Text:
    text = cell if isinstance(cell, Text) else Text(cell)
    return Text(_cut(text.plain, width, ellipsis), style=text.style) if cut else text


def print_trimmed(console: Console, table: Table) -> None:
    """Prints a table without the blanks at the ends of its lines, which a pipe would carry on."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        console.file.write(line.rstrip() + "\n")
