"""How good runs are by a hyperparameter, a sign a run, in characters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from tbtools.render.format import format_number, format_rounded, printable
from tbtools.render.terminal.cutting import cut_middle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.render.terminal.chart import Cells

# From so many times the smallest value on, the axis is logarithmic.
_LOG_FROM = 100.0


class Dot(NamedTuple):
    """A run.

    Attributes:
        x: Its hyperparameter.
        y: How good it is.
        style: Its colour.
        chosen: Whether it is the run that is asked about.
    """

    x: str | float | bool
    y: float
    style: str
    chosen: bool


def scatter_rows(dots: Sequence[Dot], width: int, height: int, *, ascii_only: bool) -> list[Cells]:
    """The dots, with numbers at the ends of both axes; the chosen one is on top.

    Args:
        dots: One or more, whose y is finite.
        width: In characters.
        height: In rows, with the names below the x axis.
        ascii_only: Whether there are only ASCII's signs.
    """
    known, own = ("o", "@") if ascii_only else ("•", "◆")
    low, high = min(each.y for each in dots), max(each.y for each in dots)
    labels = [format_rounded(high, 3), format_rounded(low, 3)]
    margin = max(map(len, labels))
    room, rows = max(2, width - margin - 2), max(2, height - 2)
    shares, texts = _places([each.x for each in dots])
    field = [[(" ", "")] * room for _ in range(rows)]
    for each, share in sorted(zip(dots, shares, strict=True), key=lambda pair: pair[0].chosen):
        # Halves: the distance of two doubles may be none.
        up = 0.5 if low == high else (each.y / 2 - low / 2) / (high / 2 - low / 2)
        cell = (own, f"bold {each.style}".strip()) if each.chosen else (known, each.style)
        field[round((1 - up) * (rows - 1))][round(share * (room - 1))] = cell
    vertical, corner, flat = "|+-" if ascii_only else "│└─"
    at = {0: labels[0], rows - 1: labels[1]}
    drawn: list[Cells] = [
        [(f"{at.get(row, ''):>{margin}} {vertical}", "dim"), *cells]
        for row, cells in enumerate(field)
    ]
    drawn.append([(f"{'':{margin}} {corner}{flat * room}", "dim")])
    return [*drawn, [(f"{'':{margin + 2}}{_below(texts, room, ascii_only)}", "dim")]]


def _places(values: Sequence[str | float | bool]) -> tuple[list[float], list[tuple[float, str]]]:
    """How far along the axis each value lies, 0 to 1; and what is written where."""
    if all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in values):
        numbers = [float(each) for each in values]
        if all(map(math.isfinite, numbers)):
            low, high = min(numbers), max(numbers)
            ends = [(0.0, format_number(low)), (1.0, format_number(high))]
            if low > 0 and high / low >= _LOG_FROM:
                numbers, low, high = (
                    [math.log(each) for each in numbers],
                    math.log(low),
                    math.log(high),
                )
            span = high / 2 - low / 2
            return [(each / 2 - low / 2) / span if span else 0.5 for each in numbers], ends
    names = sorted({str(each) for each in values})
    last = max(1, len(names) - 1)
    places = {name: number / last for number, name in enumerate(names)}
    return [places[str(each)] for each in values], [(places[name], name) for name in names]


def _below(texts: Sequence[tuple[float, str]], room: int, ascii_only: bool) -> str:
    line = ""
    width = max(3, room // max(1, len(texts)) - 1)
    for share, text in texts:
        text = cut_middle(printable(text), width, "..." if ascii_only else "…")
        first = min(max(0, round(share * (room - 1)) - len(text) // 2), room - len(text))
        if not line or first > len(line):
            line = f"{line:{max(0, first)}}{text}"
    return line
