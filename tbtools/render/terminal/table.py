"""Tables that fit: the least important columns are left out first, and named below."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from tbtools.render.terminal.cutting import cut_middle, cut_names
from tbtools.render.terminal.lines import are_narrow, cells_of, cells_of_each, print_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

_GAP = 2
# A name may be cut to this width, and that of a row to a quarter of the terminal.
_SHORTEST_NAME = 16
_ROW_NAME_SHARE = 4
_INDENT = "  "
# Names of people and programs are no longer and no deeper; a hostile tag may be a million slashes.
_LONGEST_NAME = 1000
_DEEPEST = 32


@dataclass(frozen=True)
class Column:
    """A column of a table; what is made of its cells is made once, for there may be many.

    Attributes:
        name: Its heading.
        cells: One text a row; a string, or a Text where it has a style.
        right: Whether it is set flush right, as numbers are.
        rank: What gives way first in a narrow terminal: the highest rank. Rank 0 never does.
        names: Whether the cells are names. Those of the first such column are shown whole, below
            the directory that they share where they do not fit; others are cut in their middle.
    """

    name: str
    cells: Sequence[str | Text]
    right: bool = False
    rank: int = 0
    names: bool = field(default=False)

    @cached_property
    def width(self) -> int:
        """The widest cell."""
        return max(cells_of_each([self.name, *self.plain]))

    @cached_property
    def plain(self) -> list[str]:
        """The cells without their style."""
        return [each.plain if isinstance(each, Text) else each for each in self.cells]

    @property
    def has_content(self) -> bool:
        """Whether there is a cell that is neither blank nor a dash."""
        return any(text.strip(" -") for text in self.plain)


def print_table(
    console: Console, columns: Sequence[Column], sections: Sequence[str] | None = None
) -> list[str]:
    """Prints a table; columns without content are left out.

    Args:
        console: Where to. What is no terminal has room for everything.
        columns: Columns of equal length.
        sections: The section of each row: a line of its own above the first row of each.

    Returns:
        The names of the columns for which there was no room.
    """
    if not console.is_terminal:  # which shows no style
        columns = [replace(column, cells=column.plain) for column in columns]
    filled = [column for column in columns if column.rank == 0 or column.has_content]
    natural = {column.name: column.width for column in filled}
    kept = _fitting(filled, natural, console.width)
    ellipsis = "..." if console.options.ascii_only else "…"
    headings, shown = _fit_names(kept, _widths(kept, natural, console.width), ellipsis)
    widths = [column.width for column in shown]
    head = _line([_bold(column.name) for column in shown], shown, widths)
    print_line(console, head, wrap=False)
    lines = _lines(shown, widths)
    if sections or headings or console.is_terminal:
        _print_rows(console, lines, headings, sections)
    else:  # all at once: to ask each time what kind of file it is takes longer than to write
        console.file.writelines(f"{line}\n" for line in lines)
    hidden = [column.name for column in filled if column not in kept]
    if hidden:
        print_line(console, f"hidden in this width: {', '.join(hidden)}", style="dim")
    return hidden


def _print_rows(
    console: Console,
    lines: Iterable[str | Text],
    headings: Mapping[int, str],
    sections: Sequence[str] | None,
) -> None:
    """Prints the rows, with a line above those that begin a section or are below a directory."""
    for number, line in enumerate(lines):
        if sections and (number == 0 or sections[number] != sections[number - 1]):
            print_line(console, f"\n{sections[number]}" if number else sections[0], style="bold")
        if number in headings:
            print_line(console, headings[number], wrap=False)
        print_line(console, line, wrap=False)


def _bold(name: str) -> Text:
    return Text(name, style="bold")


def _lines(columns: Sequence[Column], widths: Sequence[int]) -> Iterator[str | Text]:
    """A line a row; without styles all cells of a column are filled up at once."""
    if any(isinstance(cell, Text) for column in columns for cell in column.cells):
        for row in zip(*(column.cells for column in columns), strict=True):
            yield _line(row, columns, widths)
        return
    filled = [_filled_up(column, width) for column, width in zip(columns, widths, strict=True)]
    for cells in zip(*filled, strict=True):
        yield (" " * _GAP).join(cells).rstrip()


def _filled_up(column: Column, width: int) -> list[str]:
    """The cells of a column without style, with the blanks that make them as wide."""
    if are_narrow(column.plain):
        fill = str.rjust if column.right else str.ljust
        return [fill(cell, width) for cell in column.plain]
    blanks = [" " * (width - own) for own in cells_of_each(column.plain)]
    if column.right:
        return [blank + cell for blank, cell in zip(blanks, column.plain, strict=True)]
    return [cell + blank for blank, cell in zip(blanks, column.plain, strict=True)]


def _line(
    cells: Sequence[str | Text], columns: Sequence[Column], widths: Sequence[int]
) -> str | Text:
    pieces: list[str | Text] = []
    blanks = 0
    for cell, column, width in zip(cells, columns, widths, strict=True):
        missing = width - cells_of(cell if isinstance(cell, str) else cell.plain)
        pieces += (" " * (blanks + (missing if column.right else 0)), cell)
        blanks = _GAP + (0 if column.right else missing)
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces).rstrip()  # type: ignore[arg-type]
    line = Text.assemble(*pieces)
    line.rstrip()
    return line


# -- widths


def _least_width(column: Column, natural: int, *, first: bool, room: int) -> int:
    if not column.names:
        return natural
    return min(natural, max(_SHORTEST_NAME, room // _ROW_NAME_SHARE if first else 0))


def _least_widths(columns: Sequence[Column], natural: dict[str, int], room: int) -> list[int]:
    first = _first_names(columns)
    return [
        _least_width(column, natural[column.name], first=column is first, room=room)
        for column in columns
    ]


def _first_names(columns: Sequence[Column]) -> Column | None:
    return next((column for column in columns if column.names), None)


def _spare(least: Sequence[int], room: int) -> int:
    return room - sum(least) - _GAP * (len(least) - 1)


def _fitting(columns: Sequence[Column], natural: dict[str, int], room: int) -> list[Column]:
    kept = list(columns)
    while _spare(_least_widths(kept, natural, room), room) < 0:
        least = max(kept, key=lambda each: each.rank)
        if least.rank == 0:
            break
        kept.remove(least)
    return kept


def _widths(columns: Sequence[Column], natural: dict[str, int], room: int) -> dict[str, int]:
    """The width of each column by its name; what is spare goes to the last names first.

    Those of the first are shown whole anyway.
    """
    least = _least_widths(columns, natural, room)
    spare = max(_spare(least, room), 0)
    widths = {column.name: width for column, width in zip(columns, least, strict=True)}
    for column in reversed(columns):
        grown = min(spare, natural[column.name] - widths[column.name])
        widths[column.name] += grown
        spare -= grown
    return widths


# -- names


def _fit_names(
    columns: Sequence[Column], widths: dict[str, int], ellipsis: str
) -> tuple[dict[int, str], list[Column]]:
    """Lines above rows, by the row's number, and the columns with names that fit."""
    headings: dict[int, str] = {}
    shown = []
    first = _first_names(columns)
    for column in columns:
        width = widths[column.name]
        cells = column.cells
        if column is first:
            headings, cells = _below_directories(column.plain, width, ellipsis)
        elif column.names and column.width > width:
            cells = [_cut(cell, width, ellipsis) for cell in cells]
        shown.append(Column(column.name, cells, column.right))
    return headings, shown


def _cut(cell: str | Text, width: int, ellipsis: str) -> str | Text:
    if isinstance(cell, str):
        return cut_middle(cell, width, ellipsis)
    return Text(cut_middle(cell.plain, width, ellipsis), style=cell.style)


def _below_directories(
    names: Sequence[str], width: int, ellipsis: str
) -> tuple[dict[int, str], list[str]]:
    """Names that fit; what does not stands, indented, below a line with its directory.

    Of the directories that would do for a name, that below which most of its neighbours fit too.

    Returns:
        The lines, by the number of the name below, and the names.
    """
    headings: dict[int, str] = {}
    shown: list[str] = []
    if max(cells_of_each(names), default=0) <= width:
        return headings, list(names)
    while len(shown) < len(names):
        directory, end = _widest_directory(names, len(shown), width)
        if directory:
            headings[len(shown)] = directory
        indent = _INDENT if directory else ""
        rest = [name.removeprefix(directory) for name in names[len(shown) : end]]
        shown += [indent + name for name in cut_names(rest, width - len(indent), ellipsis)]
    return headings, shown


def _widest_directory(names: Sequence[str], start: int, width: int) -> tuple[str, int]:
    """A directory for the name, "" for none, and the first name behind it that needs another."""
    candidates = [""]
    candidates += [part for part in _directories(names[start]) if cell_len(part) > len(_INDENT)]
    best, best_end = candidates[-1], start + 1
    for directory in reversed(candidates):
        end = start
        while end < len(names) and _fits(names[end], directory, width):
            end += 1
        if end >= best_end:  # of two that serve as many, the shorter
            best, best_end = directory, end
    return best, best_end


def _directories(name: str) -> Iterator[str]:
    """Those that the name lies in, from the outermost in, each with its ``/``."""
    if len(name) > _LONGEST_NAME:
        return
    ends = (position + 1 for position, letter in enumerate(name[:-1]) if letter == "/")
    for end in islice(ends, _DEEPEST):
        yield name[:end]


def _fits(name: str, directory: str, width: int) -> bool:
    """Whether a name can stand below a directory; what has no directory left can only be cut."""
    if not name.startswith(directory) or name == directory:
        return False
    rest = name.removeprefix(directory)
    if "/" not in rest:
        return True
    return len(rest) <= _LONGEST_NAME and cell_len(_INDENT * bool(directory) + rest) <= width
