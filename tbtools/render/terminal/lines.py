"""Lines of text, and the names of strangers in them."""

from __future__ import annotations

import re
from collections import Counter
from functools import reduce
from itertools import takewhile
from operator import and_
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from tbtools.render.format import format_number, format_rounded, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.console import Console

    # What makes text of a measured number and the dtype that it is stored in.
    FormatNumber = Callable[[float | None, str], str]

# Characters of one cell: ASCII's, and the blocks of a sparkline.
_NARROW = re.compile("[\0-\x7f▁-█]*")
# A word of a name, with the separators behind it.
_WORDS = re.compile(r"[^=_,/ -]+[=_,/ -]*|[=_,/ -]+")

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


def cut_middle(name: str, width: int, ellipsis: str) -> str:
    """A name with its middle left out: both ends of a path tell runs apart.

    Args:
        name: The name; characters may be two cells wide, or none.
        width: How many cells it may take.
        ellipsis: What stands for the middle.
    """
    if cell_len(name) <= width:
        return name
    keep = max(width - cell_len(ellipsis), 2)
    tail = keep * 2 // 3
    return _start(name, keep - tail) + ellipsis + _start(name[::-1], tail)[::-1]


def cut_names(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    """Names that stand together, each cut to a width so that they still differ if that can be.

    They are cut in their middles; where this makes some look alike that are not, what all begin
    with goes first, from the front to the last separator; or else what those begin with that look
    alike; or else every word that all have.

    Args:
        names: The names.
        width: How many cells each may take.
        ellipsis: What stands for what is left out.
    """
    best: list[str] = []
    for cut in (_cut_middles, _cut_ends, _cut_alike, _cut_shared_words):
        told = cut(names, width, ellipsis)
        if len(set(told)) > len(set(best)):
            best = told
        if len(set(best)) == len(set(names)):
            break
    return best


def _cut_middles(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    return [cut_middle(name, width, ellipsis) for name in names]


def _cut_ends(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    shared = len(re.sub(r"[^=_,/ -]*$", "", _shared_start(names)))
    room = width - cell_len(ellipsis)
    return [ellipsis + cut_middle(name[shared:], room, ellipsis) for name in names]


def _cut_alike(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    cut = _cut_middles(names, width, ellipsis)
    alike: dict[str, dict[str, None]] = {}
    for name, short in zip(names, cut, strict=True):
        alike.setdefault(short, {})[name] = None
    told = dict(zip(names, cut, strict=True))
    for group in alike.values():
        if len(group) > 1:
            told |= zip(group, _cut_ends(list(group), width, ellipsis), strict=True)
    return [told[name] for name in names]


def _cut_shared_words(names: Sequence[str], width: int, ellipsis: str) -> list[str]:
    words = {name: _WORDS.findall(name) for name in names if cell_len(name) > width}
    shared = reduce(and_, map(Counter, words.values()))
    told = {
        name: cut_middle(_without(own, shared, ellipsis), width, ellipsis).replace(
            ellipsis * 2, ellipsis
        )
        for name, own in words.items()
    }
    return [told.get(name, name) for name in names]


def _without(words: Sequence[str], shared: Mapping[str, int], ellipsis: str) -> str:
    """Words in their order; what stands for those that all have, once for each stretch of them."""
    left = Counter(shared)
    told: list[str] = []
    for word in words:
        left[word] -= 1
        if left[word] < 0:
            told.append(word)
        elif told[-1:] != [ellipsis]:
            told.append(ellipsis)
    return "".join(told)


def _shared_start(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    alike = (a == b for a, b in zip(first, last, strict=False))
    return "".join(letter for letter, _ in zip(first, takewhile(bool, alike), strict=False))


def _start(text: str, width: int) -> str:
    """As many characters as fit."""
    end = min(width, len(text))
    while cell_len(text[:end]) > width:
        end -= 1
    return text[:end]
