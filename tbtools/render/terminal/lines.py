"""Lines of text, and the names of strangers in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from tbtools.render.format import format_number, format_rounded, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    # What makes text of a measured number and the dtype that it is stored in.
    FormatNumber = Callable[[float | None, str], str]

# Characters of one cell: ASCII's, and the blocks of a sparkline.
_NARROW = re.compile("[\0-\x7f▁-█]*")

SEVERITY_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


def cells_of(text: str) -> int:
    """How many cells a printable text takes; tables have hundreds of thousands, mostly of ASCII."""
    return len(text) if text.isascii() else cell_len(text)


def cells_of_each(texts: Sequence[str]) -> list[int]:
    """How many cells each of some printable texts takes."""
    return list(map(len if are_narrow(texts) else cells_of, texts))


def are_narrow(texts: Sequence[str]) -> bool:
    """Whether each character of some printable texts is known to take one cell."""
    joined = "".join(texts)
    return joined.isascii() or _NARROW.fullmatch(joined) is not None


def print_line(
    console: Console, line: str | Text, style: str = "", *, wrap: bool = True, indent: int = 0
) -> None:
    """Prints lines as they are: on a terminal broken between words where too long; nothing is cut.

    Args:
        console: Where to; what is no terminal gets neither style nor blanks at the end.
        line: What; printable, which a stranger's string may not be.
        style: For the whole line.
        wrap: Whether it may be broken, as the row of a table may not: the terminal does that.
        indent: How many blanks stand before each line.
    """
    if console.is_terminal:
        text = Text(line, style=style) if isinstance(line, str) else line
        for each in text.split("\n", allow_blank=True):
            for part in _broken(each, console.width - indent) if wrap else [each]:
                console.print(Text(" " * indent).append_text(part), soft_wrap=True)
    else:
        # Rich takes a tenth of a millisecond a line, a file of events has millions.
        plain = line if isinstance(line, str) else line.plain
        console.file.write(" " * indent + plain.rstrip() + "\n")


def _broken(line: Text, width: int) -> Iterable[Text]:
    """A line, in as many as it takes in that width."""
    if cell_len(line.plain) <= width:
        return [line]
    parts = line.divide(_line_starts(line.plain, width))
    for part in parts:
        part.rstrip()
    return parts


def _line_starts(text: str, width: int) -> list[int]:
    """Where lines begin but the first; what is longer than a line, such as a path, stays whole."""
    starts, used = [], 0
    for word in re.finditer(r"\s*\S+\s*", text):
        if used and used + cell_len(word[0].rstrip()) > width:
            starts.append(word.start())
            used = 0
        used += cell_len(word[0])
    return starts


def print_cells(console: Console, cells: Sequence[tuple[str, str]]) -> None:
    """Prints texts, each with its style, as one line as `print_line` does."""
    if console.is_terminal:
        print_line(console, Text.assemble(*cells))
    else:
        print_line(console, "".join(text for text, _ in cells))


def print_lines(console: Console, lines: Iterable[tuple[str, str]]) -> None:
    """Prints many lines, each with a style for the whole line, as `print_line` does."""
    if console.is_terminal:
        for line, style in lines:
            print_line(console, line, style)
    else:
        console.file.writelines(f"{line.rstrip()}\n" for line, _ in lines)


def number_format(console: Console) -> FormatNumber:
    """How measured numbers are written: in five digits on a terminal, with all of them elsewhere.

    Whole numbers keep all of theirs, for they count something.
    """
    return _in_five_digits if console.is_terminal else format_number


def _in_five_digits(value: float | None, dtype: str) -> str:
    is_whole = value is None or float(value).is_integer()
    return format_number(value, dtype) if is_whole else format_rounded(value)


def placed(totals: str | Text, path: str) -> Text:
    """What was done, with where it was written in front.

    Args:
        totals: What.
        path: A file or directory; ``-`` for standard output.
    """
    place = "standard output" if path == "-" else printable(path)
    return Text.assemble(f"{place}: ", totals)


def shown_name(name: str) -> str:
    """A name made printable; in quotes where it would not be seen, or not where it ends."""
    text = printable(name)
    return text if text.strip() == text != "" else f"'{text}'"
