"""How figures look: on a screen, and in a paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from tbtools.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        family: Of the fonts.
    """

    font: int
    title: int
    line: float
    faint: float
    width: int | None
    row: int
    family: str


_STYLES = {
    "screen": Style(12, 13, 1.6, 1, None, 290, "system-ui, sans-serif"),
    # Two columns' width of a page, 6.75 in, in which 13 px is a 10 pt letter.
    "paper": Style(13, 14, 2, 1, 648, 270, "Helvetica, Arial, sans-serif"),
}


def style_named(name: object) -> Style:
    """The style of that name.

    Raises:
        InvalidArgument: There is none.
    """
    if not isinstance(name, str) or name not in _STYLES:
        raise InvalidArgument(f"style={name!r} is none of {', '.join(STYLES)}")
    return _STYLES[name]


# What an entry of a legend needs beside its text, in pixels; a letter has about this part of the
# font's size.
_KEY = 50
_LETTER = 0.56
_SCREEN_WIDTH = 1000
# Longer names would take the charts their room.
_LONG_NAME = 20


def place_legend(figure: go.Figure, names: Sequence[str], style: Style) -> None:
    """Puts the legend beside the charts, or below them where its names are long.

    Args:
        figure: The figure, with its style applied.
        names: What stands in the legend.
        style: Its style.
    """
    figure.update_layout(showlegend=len(names) > 1)
    longest = max(map(len, names), default=0)
    if len(names) < 2 or (longest <= _LONG_NAME and not style.width):
        return
    entry = round(_KEY + _LETTER * style.font * longest)
    columns = max(1, (style.width or _SCREEN_WIDTH) // entry)
    height = round(-(-len(names) // columns) * style.font * 1.6)
    figure.update_layout(
        height=figure.layout.height + height,
        margin_b=figure.layout.margin.b + height,
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "entrywidth": entry - 40,
            "tracegroupgap": 0,
        },
    )


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
    figure.update_yaxes(exponentformat="power", minexponent=5)
