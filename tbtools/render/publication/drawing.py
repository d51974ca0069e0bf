"""Figures as PDF, SVG and PNG, by matplotlib."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any

from tbtools.errors import InvalidArgument
from tbtools.render.colors import RUN_COLORS
from tbtools.render.publication.styles import DASHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tbtools.render.publication.labels import Label
    from tbtools.render.publication.panels import Curve, Drawing, Panel
    from tbtools.render.publication.styles import PublicationStyle, Size
    from tbtools.vocabulary import FigureFormat

# Of a picture of dots: what journals ask of line art in colour at its final size, at least.
_DOTS_PER_INCH = 300
_BAND_OPACITY = 0.2
# Steps from here on are written as 20k and 3M.
_MANY = 10_000
_FEW_DECADES = 100
_GREY = "#3c434b"
_GLYPH = re.compile(r"Glyph (\d+) ")


def picture(
    drawing: Drawing, kind: FigureFormat, style: PublicationStyle, size: Size, grid: tuple[int, int]
) -> bytes:
    """A figure as a file.

    The same figure gives the same bytes: neither time nor chance is in them.

    Args:
        drawing: What it shows; letters that the font lacks are added to its notes.
        kind: ``pdf``, ``svg`` or ``png``.
        style: Fonts and widths.
        size: Of the page, in inches.
        grid: Rows and columns of charts.

    Raises:
        InvalidArgument: The size has no room for the charts, or a formula in a label is none.
    """
    import matplotlib as mpl
    from matplotlib import style as styles
    from matplotlib.figure import Figure

    content = io.BytesIO()
    with (
        styles.context("default", after_reset=True),
        mpl.rc_context(_settings(style)),
        warnings.catch_warnings(record=True) as said,
    ):
        warnings.simplefilter("always")
        figure = Figure(figsize=size, layout="constrained")
        _draw(figure, drawing, grid)
        _check_formulas(drawing)
        metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
        figure.savefig(content, format=kind, dpi=_DOTS_PER_INCH, metadata=metadata)
    _judge(said, drawing)
    return content.getvalue()


def _settings(style: PublicationStyle) -> Any:  # matplotlib types each name
    return {
        "font.family": style.family,
        "mathtext.fontset": style.math,
        "font.size": style.text,
        "axes.titlesize": style.text,
        "axes.labelsize": style.text,
        "xtick.labelsize": style.small,
        "ytick.labelsize": style.small,
        "legend.fontsize": style.small,
        "axes.linewidth": style.rule,
        "axes.edgecolor": _GREY,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": "#e3e6ea",
        "grid.linewidth": style.rule * 0.8,
        "xtick.major.width": style.rule,
        "ytick.major.width": style.rule,
        "xtick.major.size": style.text / 3,
        "ytick.major.size": style.text / 3,
        "xtick.color": _GREY,
        "ytick.color": _GREY,
        "xtick.labelcolor": "black",
        "ytick.labelcolor": "black",
        "lines.linewidth": style.line,
        "pdf.fonttype": 42,  # TrueType: publishers refuse matplotlib's own, which is Type 3
        "svg.fonttype": "path",  # letters as shapes, for who has not the font
        "svg.hashsalt": "tbtools",
        "axes.unicode_minus": True,
    }


def _draw(figure: Figure, drawing: Drawing, grid: tuple[int, int]) -> None:
    rows, columns = grid
    charts = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes in charts[len(drawing.panels) :]:
        axes.remove()
    alone = len(drawing.panels) == 1
    for number, (axes, panel) in enumerate(zip(charts, drawing.panels, strict=False)):
        _draw_panel(axes, panel, drawing, alone=alone)
        if number + columns >= len(drawing.panels):
            axes.set_xlabel(drawing.x_label.text, parse_math=drawing.x_label.is_written)
    if drawing.legend:
        height = _draw_legend(figure, drawing.legend)
        drawing.note_legend(height / figure.bbox.height)


def _draw_panel(axes: Axes, panel: Panel, drawing: Drawing, *, alone: bool) -> None:
    from matplotlib.ticker import EngFormatter, MaxNLocator

    for depth, curve in enumerate(panel.curves):
        _draw_curve(axes, curve, depth, is_ridge=panel.is_ridges)
    if drawing.log:
        _set_logarithmic(axes)
    if panel.y_ticks:
        axes.set_yticks([at for at, _ in panel.y_ticks], [text for _, text in panel.y_ticks])
    else:
        axes.grid(visible=True)
    axes.margins(x=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    if max(map(abs, axes.get_xlim())) >= _MANY:
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    y_label = panel.y_label or (panel.title if alone else None)
    if y_label:
        axes.set_ylabel(y_label.text, parse_math=y_label.is_written)
    if not alone or panel.y_label:
        axes.set_title(panel.title.text, parse_math=panel.title.is_written)


def _set_logarithmic(axes: Axes) -> None:
    """Gives a chart a logarithmic axis; of few decades with more ticks, and plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high < low * _FEW_DECADES:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_curve(axes: Axes, curve: Curve, depth: int, *, is_ridge: bool) -> None:
    color = RUN_COLORS[curve.style % len(RUN_COLORS)]
    dashes = DASHES[curve.style % len(DASHES)][0]
    if curve.low is not None and curve.high is not None:
        axes.fill_between(
            curve.x,
            curve.low,
            curve.high,
            color="white" if is_ridge else color,
            alpha=1 if is_ridge else _BAND_OPACITY,
            linewidth=0,
            zorder=2 + depth * 0.01,
        )
        if is_ridge:
            axes.fill_between(
                curve.x, curve.low, curve.high, color=color, alpha=0.35, linewidth=0,
                zorder=2 + depth * 0.01,
            )  # fmt: skip
    axes.plot(
        curve.x,
        curve.y,
        color=color,
        dashes=dashes or (None, None),
        marker="o" if curve.x.size == 1 else None,
        markersize=3,
        zorder=(2.005 if is_ridge else 3) + depth * 0.01,
    )


def _draw_legend(figure: Figure, curves: list[Curve]) -> float:
    """Above the charts, in as many columns as there is room for; returns its height."""
    from matplotlib.lines import Line2D

    lines = [
        Line2D(
            [],
            [],
            color=RUN_COLORS[each.style % len(RUN_COLORS)],
            dashes=DASHES[each.style % len(DASHES)][0] or (None, None),
        )
        for each in curves
    ]
    room = figure.bbox.width
    columns = min(len(curves), 6)
    while True:
        legend = figure.legend(
            lines,
            [each.label.text for each in curves],
            loc="outside upper center",
            ncols=columns,
            frameon=False,
            borderpad=0,
            borderaxespad=0.4,
            columnspacing=1.2,
            handlelength=2.2,
            labelspacing=0.25,
        )
        for text, each in zip(legend.get_texts(), curves, strict=True):
            text.set_parse_math(each.label.is_written)
        place = legend.get_window_extent()
        if columns == 1 or place.width <= room:
            return float(place.height)
        legend.remove()
        columns -= 1


def _check_formulas(drawing: Drawing) -> None:
    """Refuses a label with a formula that is none, by its name."""
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("path")
    for label in _labels(drawing):
        if label.is_written and label.text.count("$") % 2 == 0:
            try:
                parser.parse(label.text)
            except ValueError as error:
                reason = str(error).strip().splitlines()[-1]
                raise InvalidArgument(f"labels: {label.text!r} is no formula: {reason}") from error


def _labels(drawing: Drawing) -> list[Label]:
    curves = [each.label for panel in drawing.panels for each in panel.curves]
    return [drawing.x_label, *(panel.title for panel in drawing.panels), *curves]


def _judge(said: list[warnings.WarningMessage], drawing: Drawing) -> None:
    """What matplotlib warned of: letters that are missing become a note, no room an error."""
    missing: list[str] = []
    for each in said:
        text = str(each.message)
        if "constrained_layout not applied" in text or "Tight layout" in text:
            raise InvalidArgument("size has no room for the charts, their labels and the legend")
        if glyph := _GLYPH.match(text):
            missing.append(chr(int(glyph[1])))
    if missing:
        letters = " ".join(dict.fromkeys(missing))
        drawing.notes.append(f"the font has no {letters}; say it otherwise with labels")
