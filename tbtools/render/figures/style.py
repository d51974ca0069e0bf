"""How figures look: on a screen, and in a paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from tbtools.errors import InvalidArgument

if TYPE_CHECKING:
    import plotly.graph_objects as go

StyleName = Literal["screen", "paper"]
STYLES: tuple[StyleName, ...] = get_args(StyleName)


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes in pixels; of a paper's figure 96 make an inch.

    Attributes:
        font: Of ticks and legends.
        title: Of the charts' titles.
        line: Width of a line.
        faint: Width of a raw line behind a smoothed one.
        width: Of the whole figure; None to fill what there is.
        row: Height of a row of charts.
        dashes: How lines are drawn when the colours come round again.
        family: Of the fonts.
    """

    font: int
    title: int
    line: float
    faint: float
    width: int | None
    row: int
    dashes: tuple[str, ...]
    family: str


_STYLES = {
    "screen": Style(12, 13, 1.6, 1, None, 290, ("solid",), "system-ui, sans-serif"),
    # Two columns' width of a page, 6.75 in, in which 13 px is a 10 pt letter; black and white
    # prints tell lines apart by their dashes.
    "paper": Style(
        13, 14, 2, 1, 648, 270, ("solid", "dash", "dot", "dashdot"), "Helvetica, Arial, sans-serif"
    ),
}


def style_named(name: str) -> Style:
    """The style of that name.

    Raises:
        InvalidArgument: There is none.
    """
    if name not in _STYLES:
        raise InvalidArgument(f"style={name!r} is none of {', '.join(STYLES)}")
    return _STYLES[name]


def apply_style(figure: go.Figure, style: Style, rows: int) -> None:
    """Gives a figure its fonts, sizes and axes."""
    top = 34
    layout: dict[str, Any] = {
        "template": "plotly_white",
        "font": {"size": style.font, "family": style.family},
        "height": rows * style.row + top,
        "margin": {"l": 56, "r": 16, "t": top, "b": 40},
        "hovermode": "closest",
        "legend": {"groupclick": "togglegroup", "itemsizing": "constant"},
    }
    if style.width:
        layout["width"] = style.width
    figure.update_layout(layout)
    figure.update_annotations(font={"size": style.title})
    figure.update_xaxes(showline=True, linecolor="#8a929c", ticks="outside", zeroline=False)
    figure.update_yaxes(showline=True, linecolor="#8a929c", ticks="outside", zeroline=False)
