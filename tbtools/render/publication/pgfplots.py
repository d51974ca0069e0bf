r"""Figures as pgfplots, to be had into a paper with ``\input``: its fonts are those of the text.

The bounding box is set outright, so that the size is exact whatever the fonts are; the charts lie
inside it with margins that hold the labels of the usual sizes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tbtools.render.colors import RUN_COLORS
from tbtools.render.publication.styles import DASHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tbtools.render.publication.panels import Curve, Drawing, Panel
    from tbtools.render.publication.styles import PublicationStyle, Size

    Floats = NDArray[np.float64]

# Inches around a chart, for labels of 7 to 9 points.
_LEFT, _RIGHT, _BOTTOM, _TOP, _TITLE = 0.55, 0.1, 0.42, 0.08, 0.2
_LEGEND_LINE = 0.15
_KEY = 0.22  # of a line in the legend
_LETTER = 0.068  # a letter of \scriptsize takes about this
_HEAD = r"""% Made by tbtools. In the preamble:
%   \usepackage{pgfplots}
%   \pgfplotsset{compat=1.16}"""


def pgfplots(
    drawing: Drawing, style: PublicationStyle, size: Size, grid: tuple[int, int]
) -> Iterator[str]:
    """The lines of a ``tikzpicture``.

    Args:
        drawing: What it shows.
        style: Widths of lines; the fonts are the document's.
        size: Of the picture, in inches.
        grid: Rows and columns of charts.
    """
    width, height = size
    yield _HEAD
    if drawing.caption:
        yield f"% {_comment(drawing.caption)}"
    above = _LEGEND_LINE * _legend_rows(drawing, width)
    drawing.note_legend(above / height)
    for note in drawing.notes:
        yield f"% {_comment(note)}"
    yield r"\begin{tikzpicture}"
    for number, color in enumerate(RUN_COLORS):
        yield rf"\definecolor{{tbtools{number}}}{{HTML}}{{{color.removeprefix('#').upper()}}}"
    yield rf"\useasboundingbox (0,0) rectangle ({width:.4f}in,{height:.4f}in);"
    legend = list(_legend(drawing, size, style))
    rows, columns = grid
    room = height - above
    cell = width / columns, room / rows
    for number, panel in enumerate(drawing.panels):
        row, column = divmod(number, columns)
        corner = column * cell[0], room - (row + 1) * cell[1]
        yield from _axis(panel, drawing, style, corner, cell)
    yield from legend
    yield r"\end{tikzpicture}%"  # the end of a line is a blank to TeX


def _comment(text: str) -> str:
    return " ".join(text.split())


def _axis(
    panel: Panel, drawing: Drawing, style: PublicationStyle, corner: Size, cell: Size
) -> Iterator[str]:
    alone = len(drawing.panels) == 1
    titled = not alone or panel.y_label is not None
    y_label = panel.y_label or (panel.title if alone else None)
    top = _TOP + (_TITLE if titled else 0)
    options = [
        f"at={{({corner[0] + _LEFT:.4f}in,{corner[1] + _BOTTOM:.4f}in)}}, anchor=south west",
        f"scale only axis, width={max(cell[0] - _LEFT - _RIGHT, 0.2):.4f}in",
        f"height={max(cell[1] - _BOTTOM - top, 0.2):.4f}in",
        r"label style={font=\footnotesize}, tick label style={font=\scriptsize}",
        r"title style={font=\footnotesize, yshift=-1ex}",
        "axis lines=left, axis line style={-}, enlarge x limits=0.01, unbounded coords=jump",
        f"xlabel={{{drawing.x_label.tex}}}",
    ]
    if y_label:
        options.append(f"ylabel={{{y_label.tex}}}")
    if titled:
        options.append(f"title={{{panel.title.tex}}}")
    if drawing.log:
        options.append("ymode=log")
    if panel.y_ticks:
        options.append(f"ytick={{{','.join(f'{at!r}' for at, _ in panel.y_ticks)}}}")
        options.append(f"yticklabels={{{','.join(f'{{{text}}}' for _, text in panel.y_ticks)}}}")
    else:
        options.append("grid=major, grid style={black!10}, enlarge y limits=0.05")
    yield r"\begin{axis}["
    yield from (f"  {option}," for option in options)
    yield "]"
    for curve in panel.curves:
        yield from _plot(curve, style, is_ridge=panel.is_ridges)
    yield r"\end{axis}"


def _plot(curve: Curve, style: PublicationStyle, *, is_ridge: bool) -> Iterator[str]:
    color = f"tbtools{curve.style % len(RUN_COLORS)}"
    fill = f"fill={color}!35!white" if is_ridge else f"fill={color}, fill opacity=0.2"
    for stretch in _stretches(curve):
        assert curve.low is not None
        assert curve.high is not None
        yield rf"\addplot[draw=none, {fill}, forget plot] coordinates {{"
        yield from _coordinates(curve.x[stretch], curve.high[stretch])
        yield from _coordinates(curve.x[stretch][::-1], curve.low[stretch][::-1])
        yield "} -- cycle;"
    mark = "mark=*, mark size=1pt" if curve.x.size == 1 else "mark=none"
    dash = DASHES[curve.style % len(DASHES)][1]
    yield rf"\addplot[{color}, {dash}, line width={style.line:g}pt, {mark}] coordinates {{"
    yield from _coordinates(curve.x, np.where(np.isfinite(curve.y), curve.y, np.nan))
    yield "};"


def _stretches(curve: Curve) -> list[NDArray[np.int64]]:
    """Where the band is known without a gap."""
    if curve.low is None or curve.high is None:
        return []
    known = np.flatnonzero(np.isfinite(curve.low) & np.isfinite(curve.high))
    parts = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1)
    return [part for part in parts if part.size > 1]


def _coordinates(x: Floats, y: Floats) -> Iterator[str]:
    for start in range(0, x.size, 8):
        here = slice(start, start + 8)
        pairs = zip(x[here].tolist(), y[here].tolist(), strict=True)
        yield "  " + " ".join(f"({at!r},{value!r})" for at, value in pairs)


def _legend_columns(drawing: Drawing, width: float) -> int:
    longest = max((len(each.label.text) for each in drawing.legend), default=0)
    return max(1, min(len(drawing.legend), int(width / (_KEY + _LETTER * (longest + 2)))))


def _legend_rows(drawing: Drawing, width: float) -> int:
    return -(-len(drawing.legend) // _legend_columns(drawing, width))


def _legend(drawing: Drawing, size: Size, style: PublicationStyle) -> Iterator[str]:
    width, height = size
    columns = _legend_columns(drawing, width)
    step = width / columns
    for number, curve in enumerate(drawing.legend):
        row, column = divmod(number, columns)
        x, y = column * step + 0.05, height - (row + 0.5) * _LEGEND_LINE
        color = f"tbtools{curve.style % len(RUN_COLORS)}"
        dash = DASHES[curve.style % len(DASHES)][1]
        yield (
            rf"\draw[{color}, {dash}, line width={style.line:g}pt] ({x:.4f}in,{y:.4f}in) -- "
            rf"++({_KEY:.2f}in,0) node[right, black, inner sep=2pt, font=\scriptsize] "
            rf"{{{curve.label.tex}}};"
        )
