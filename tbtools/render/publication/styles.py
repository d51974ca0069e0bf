"""How figures of publications look, and how large they are."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tbtools.errors import InvalidArgument
from tbtools.vocabulary import FIGURE_STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence

Size: TypeAlias = tuple[float, float]

# Inches in a unit.
_UNITS = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}
_SIZE = re.compile(r"\s*([\d.]+)\s*[xX]\s*([\d.]+)\s*([a-z]*)\s*")
_SMALLEST, _LARGEST = 0.8, 60.0
# What lines look like one after the other, as matplotlib and as pgfplots say it: told apart in
# black and white, too.
DASHES: tuple[tuple[tuple[float, ...], str], ...] = (
    ((), "solid"),
    ((4.0, 1.6), "densely dashed"),
    ((1.2, 1.2), "densely dotted"),
    ((5.0, 1.4, 1.2, 1.4), "densely dashdotted"),
)


@dataclass(frozen=True, slots=True)
class PublicationStyle:
    """Sizes in points.

    Attributes:
        family: The fonts, which come with matplotlib and so are the same everywhere.
        math: The fonts of formulas.
        text: Of labels and titles.
        small: Of ticks and legends.
        line: Width of a curve.
        rule: Width of axes and ticks.
        width: Of a figure with one chart, in inches.
        wide: Of one with several.
        row: Height of a row of charts, in inches.
    """

    family: str
    math: str
    text: float
    small: float
    line: float
    rule: float
    width: float
    wide: float
    row: float


# Widths of a column and of a page of two columns, as the IEEE, the ACM and ICML have them within a
# few hundredths of an inch; 8 and 7 points are what they ask for in figures.
_PAPER = PublicationStyle("DejaVu Sans", "dejavusans", 8, 7, 1.1, 0.6, 3.3, 6.75, 2.2)
_SERIF = PublicationStyle("STIXGeneral", "stix", 9, 8, 1.1, 0.6, 3.3, 6.75, 2.2)
_SLIDES = PublicationStyle("DejaVu Sans", "dejavusans", 16, 14, 2.4, 1.0, 10.0, 10.0, 5.0)
_STYLES = {"paper": _PAPER, "paper-serif": _SERIF, "slides": _SLIDES}


def publication_style(name: object) -> PublicationStyle:
    """The style of that name.

    Raises:
        InvalidArgument: There is none.
    """
    if not isinstance(name, str) or name not in _STYLES:
        raise InvalidArgument(f"style={name!r} is none of {', '.join(FIGURE_STYLES)}")
    return _STYLES[name]


def size_in_inches(size: object) -> Size:
    """Width and height.

    Args:
        size: ``3.3x2.2in``, also in cm, mm and pt; or two numbers, in inches.

    Raises:
        InvalidArgument: It is no size, or none that a figure can have.
    """
    if isinstance(size, str):
        match = _SIZE.fullmatch(size)
        unit = _UNITS.get(match[3] or "in") if match else None
        numbers: Sequence[object] = ()
        try:
            if match and unit:
                numbers = (float(match[1]) * unit, float(match[2]) * unit)
        except ValueError:  # 1.2.3
            numbers = ()
    else:
        numbers = size if isinstance(size, (tuple, list)) else ()
    known = [each for each in numbers if isinstance(each, (int, float)) and math.isfinite(each)]
    if len(numbers) != 2 or len(known) != 2:
        raise InvalidArgument(f"size={size!r} is no size such as 3.3x2.2in or 84x56mm")
    width, height = known
    if not all(_SMALLEST <= each <= _LARGEST for each in (width, height)):
        raise InvalidArgument(f"size={size!r}: a side has {_SMALLEST:g} to {_LARGEST:g} inches")
    return float(width), float(height)


def grid_of(panels: int, columns: int | None) -> tuple[int, int]:
    """Rows and columns of charts."""
    across = min(columns or min(panels, 2), panels)
    return -(-panels // across), across


def default_size(style: PublicationStyle, grid: tuple[int, int]) -> Size:
    """The size of a figure with so many rows and columns of charts, in inches."""
    rows, columns = grid
    return (style.width if columns == 1 else style.wide), style.row * rows
