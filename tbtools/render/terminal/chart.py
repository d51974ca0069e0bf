"""A chart of one tag in characters: the curves of several runs, axes, and marks of findings."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len

from tbtools.analysis.smoothers import smooth_values
from tbtools.render.format import format_count, format_duration, format_rounded, format_time
from tbtools.render.ranges import nice_ticks, value_range
from tbtools.render.series import drawn_seconds, drawn_start, line_passes
from tbtools.render.terminal.canvas import Canvas, extreme_points
from tbtools.render.terminal.lines import SEVERITY_STYLES
from tbtools.runs.series import last_of_each
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.detect import Finding
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Marker, SmoothingMethod

    Floats = NDArray[np.float64]
    Cells = list[tuple[str, str]]
    Range = tuple[float, float]

# No time is further away, and the distance of any two is a number.
_FAR = 1e300
# Those that stand out come first; each line that is named has its own.
SIGNS = "*+xo#@%&=~^$ABCDE"
_FAINT = "."
# The axis, and the numbers below it.
AXIS_ROWS = 2


# The fonts of these have no braille.
_WITHOUT_BRAILLE = ("linux", "vt220")
_DASHED = {
    "solid": "━━", "dash": "╍╍", "dot": "┅┅", "dashdot": "━╍", "longdash": "╸╸",
    "longdashdot": "━┅",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """The characters of axes and marks."""

    vertical: str
    corner: str
    horizontal: str
    tick: str
    onset: str
    line: str
    ellipsis: str


_UNICODE = Frame("│", "└", "─", "┬", "▼", "━━", "…")
_ASCII = Frame("|", "+", "-", "+", "v", "--", "...")


@dataclass(frozen=True, slots=True)
class Look:
    """How charts look.

    Attributes:
        smoothing: TensorBoard's weight, 0 for none.
        x: What lies along the x axis: one of `AXES`, or the tag of another scalar.
        log: Whether the y axis is logarithmic.
        colors: The colour of each run; empty where there are none, and each line has a sign.
        ascii_only: Whether the terminal knows nothing but ASCII.
        many_colors: Whether it has more than sixteen colours.
        light: Whether its background is light.
        marker: How lines are drawn: in braille, blocks or, one a line, signs of ascii; None for
            what the terminal can.
        dashes: How the line of each run is dashed; solid where not given.
        method: How it smooths.
    """

    smoothing: float
    x: str
    log: bool
    colors: Mapping[str, str]
    ascii_only: bool = False
    many_colors: bool = False
    light: bool = False
    marker: Marker | None = None
    dashes: Mapping[str, str] = field(default_factory=dict)
    method: SmoothingMethod = "ema"

    @property
    def frame(self) -> Frame:
        """The characters of axes and marks."""
        return _ASCII if self.ascii_only else _UNICODE

    @property
    def drawn_as(self) -> Marker:
        """How lines are drawn: in dots where colours tell them apart."""
        if self.marker is not None:
            return self.marker
        if self.ascii_only or not self.colors:
            return "ascii"
        return "block" if os.environ.get("TERM") in _WITHOUT_BRAILLE else "braille"

    def sign(self, number: int, run: str) -> str:
        """What stands for the line of a run in a legend, two cells wide."""
        if self.drawn_as == "ascii":
            return SIGNS[number % len(SIGNS)] * 2
        return self.frame.line if self.ascii_only else _DASHED[self.dashes.get(run, "solid")]


class Line:
    """A series as it is drawn.

    Args:
        series: The series.
        look: How it is drawn.
        places: Where its points lie on the axis, shape (n,); None where the axis tells.

    Attributes:
        series: The series: of points that lie nowhere on the axis, without them.
        values: What is drawn of it, smoothed; shape (n,).
        x: Where its points lie on the axis; shape (n,). Along another scalar they are in its order.
        last: Which point was written last.
    """

    def __init__(self, series: ScalarSeries, look: Look, places: Floats | None = None) -> None:
        self.series = series
        on_axis = _places(series, look.x) if places is None else places
        self.values: Floats = smooth_values(
            series.value, on_axis, method=look.method, weight=look.smoothing
        )
        self.is_along = places is not None
        self.last = self.values.size - 1
        if places is None:
            self.x = on_axis
            return
        kept = last_of_each(places)
        self.x = np.clip(places[kept], -_FAR, _FAR)
        self.series, self.values = series.at(kept), self.values[kept]
        self.last = int(kept.argmax()) if kept.size else -1

    @cached_property
    def passes(self) -> NDArray[np.int64]:
        """The pass of each point; only those of one are connected."""
        if self.is_along:
            return np.zeros(self.x.size, np.int64)
        return line_passes(self.x, self.series.session)

    def index_at(self, place: float) -> int | None:
        """The point nearest to a place; None where the line does not reach it."""
        if not self.x.size or not self.x.min() <= place <= self.x.max():
            return None
        return int(np.abs(self.x - place).argmin())

    def place_of(self, finding: Finding) -> float:
        """Where a finding of this series began."""
        return float(self.x[self.series.find(finding.onset_step, finding.onset_time)])


class Chart:
    """A chart of one tag.

    Args:
        lines: What is drawn, the last on top; one at least.
        findings: Those that are marked, each of one of the lines.
        look: How it looks.
        window: From where to where on the x axis; all of it where not given.
        faint: What is drawn faintly behind them: what restarts have superseded.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        findings: Sequence[Finding],
        look: Look,
        window: Range | None = None,
        faint: Sequence[Line] = (),
    ) -> None:
        self.lines = lines
        self.faint = faint
        self.look = look
        self.x_range = window or x_range([*lines, *faint])
        self._findings = findings

    def rows(
        self, width: int, height: int, cursor: float | None = None, names: Sequence[str] = ()
    ) -> list[Cells]:
        """The chart, row by row.

        Args:
            width: In characters.
            height: In rows, with the axis and its numbers.
            cursor: Where on the x axis a crosshair stands; None for nowhere.
            names: Of the lines, printable; they stand at the ends of them. None where not given.
        """
        seen = [self._seen(line) for line in (*self.lines, *self.faint)]
        y_range = value_range(seen, log=self.look.log)
        if y_range is None:
            return [[("  nothing finite to draw", "dim")]]
        rows = height - AXIS_ROWS
        ticks = nice_ticks(*y_range, max(2, rows // 3))
        labels = [self._y_label(tick) for tick in ticks]
        margin = max(map(len, labels), default=0)
        behind = max(map(cell_len, names), default=-1) + 1
        canvas = self._canvas(max(2, width - margin - 2 - behind), rows, y_range)
        named = self._named(rows, y_range, names)
        at_row = {
            round((1 - _share(tick, y_range)) * (rows - 1)): label
            for tick, label in zip(ticks, labels, strict=True)
        }
        column = None if cursor is None else self._column(cursor, canvas.width)
        marks = self._marks(canvas.width)
        drawn: list[Cells] = []
        for row in range(rows):
            cells = [(text, self._style(owner)) for text, owner in canvas.stretches(row)]
            signs: dict[int, tuple[str, str]] = {}
            if column is not None and canvas.owner[row, column] < 0:
                signs[column] = (self.look.frame.vertical, "dim")
            if row == 0:
                signs |= marks
            label = f"{at_row.get(row, ''):>{margin}} {self.look.frame.vertical}"
            drawn.append([(label, "dim"), *_replaced(cells, signs), *named.get(row, [])])
        return [*drawn, *self._x_axis(margin, canvas.width)]

    def _named(self, rows: int, y_range: Range, names: Sequence[str]) -> dict[int, Cells]:
        """The names of lines, each in the free row that is nearest to where its line ends."""
        free, placed = set(range(rows)), {}
        for line, name in zip(self.lines, names, strict=False):
            seen = self._seen(line)
            seen = np.log10(seen[seen > 0]) if self.look.log else seen
            seen = seen[np.isfinite(seen)]
            if not seen.size or not free:
                continue
            wanted = (1 - _share(float(seen[-1]), y_range)) * (rows - 1)
            row = min(free, key=lambda each: (abs(each - wanted), each))
            free.remove(row)
            placed[row] = [(f" {name}", self.look.colors.get(line.series.run, ""))]
        return placed

    def _seen(self, line: Line) -> Floats:
        low, high = self.x_range
        return line.values[(line.x >= low) & (line.x <= high)]

    def _canvas(self, width: int, rows: int, y_range: Range) -> Canvas:
        signs = [SIGNS[place % len(SIGNS)] for place in range(len(self.lines))]
        signs += [_FAINT] * len(self.faint)
        marker = self.look.drawn_as
        canvas = Canvas(width, rows, signs if marker == "ascii" else None, blocks=marker == "block")
        low, high = self.x_range
        span = y_range[1] / 2 - y_range[0] / 2
        numbered = list(enumerate((*self.lines, *self.faint)))
        for number, line in (*numbered[len(self.lines) :], *numbered[: len(self.lines)]):
            x, values, passes = _inside(line, low, high)
            kept = extreme_points(values, 2 * width)
            y = values[kept]
            if self.look.log:
                y = np.log10(np.where(y > 0, y, np.nan))
            share = (x[kept] - low) / (high - low)
            up = (y / 2 - y_range[0] / 2) / span
            dash = self.look.dashes.get(line.series.run, "solid")
            canvas.line(share, up, number, passes[kept], dash)
        return canvas

    def _style(self, owner: int) -> str:
        if owner < 0:
            return ""
        if owner < len(self.lines):
            return self.look.colors.get(self.lines[owner].series.run, "")
        return f"dim {self.look.colors.get(self.faint[owner - len(self.lines)].series.run, '')}"

    def _marks(self, width: int) -> dict[int, tuple[str, str]]:
        """The columns in which a finding began, and how bad it is."""
        found: dict[int, tuple[str, str]] = {}
        for finding in self._findings:
            line = next(each for each in self.lines if each.series.run == finding.run)
            column = self._column(line.place_of(finding), width)
            if column is not None:
                found[column] = self.look.frame.onset, SEVERITY_STYLES[finding.severity]
        return found

    def _column(self, place: float, width: int) -> int | None:
        low, high = self.x_range
        if not low <= place <= high:
            return None
        return round(_share(place, self.x_range) * (width - 1))

    def _y_label(self, tick: float) -> str:
        return format_rounded(10**tick, 3) if self.look.log else format_rounded(tick, 6)

    def _x_axis(self, margin: int, width: int) -> list[Cells]:
        low, high = self.x_range
        ticks = nice_ticks(low, high, max(2, width // 16))
        if self.look.x == "wall":
            ticks = np.linspace(low, high, max(2, width // 24)).tolist()
        frame = self.look.frame
        axis, labels = [frame.horizontal] * width, [" "] * (margin + 2 + width)
        free = 0
        for tick in ticks:
            column = round(_share(tick, self.x_range) * (width - 1))
            axis[column] = frame.tick
            text = place_label(tick, self.look.x)
            first = min(max(free, margin + 2 + column - len(text) // 2), len(labels) - len(text))
            if first >= free:
                labels[first : first + len(text)] = text
                free = first + len(text) + 2
        return [
            [(f"{'':{margin}} {frame.corner}{''.join(axis)}", "dim")],
            [("".join(labels).rstrip(), "dim")],
        ]


def x_range(lines: Sequence[Line]) -> Range:
    """From where to where the x axis goes if all is shown."""
    low = min((float(line.x.min()) for line in lines if line.x.size), default=0.0)
    high = max((float(line.x.max()) for line in lines if line.x.size), default=0.0)
    margin = max(1.0, abs(low) * 1e-9)  # of 2^62 and 2^62 + 1 there is only one double
    return (low, high) if low < high else (low - margin, high + margin)


def place_label(place: float, x: str) -> str:
    """A place on the x axis as a short text."""
    if x not in AXES:
        return format_rounded(place, 4)
    if x in ("relative", "active"):
        return format_duration(place)
    if x == "wall":
        return format_time(place)[5:16]
    return format_count(round(place)) if x == "step" else format_rounded(place)


def _places(series: ScalarSeries, x: str) -> Floats:
    if x in ("relative", "active"):
        places = drawn_seconds(series, "active" if x == "active" else "relative")
    elif x == "wall":
        places = drawn_start(series) + drawn_seconds(series)
    else:
        return series.step.astype(np.float64)
    return _bounded(places)


def _bounded(places: Floats) -> Floats:
    return np.clip(np.nan_to_num(places), -_FAR, _FAR)


def _inside(line: Line, low: float, high: float) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """The points that are seen, and the ones before and behind, to which strokes lead."""
    seen = (line.x >= low) & (line.x <= high)
    if seen.all():
        return line.x, line.values, line.passes
    near = seen.copy()
    near[1:] |= seen[:-1]
    near[:-1] |= seen[1:]
    return line.x[near], line.values[near], line.passes[near]


def _replaced(cells: Cells, signs: Mapping[int, tuple[str, str]]) -> Cells:
    """A row with other signs in some columns."""
    if not signs:
        return cells
    single = [(sign, style) for text, style in cells for sign in text]
    for column, sign in signs.items():
        single[column] = sign
    alike = groupby(single, key=itemgetter(1))
    return [("".join(sign for sign, _ in stretch), style) for style, stretch in alike]


def _share(place: float, limits: Range) -> float:
    """How far from the lower to the upper limit a place lies, 0 to 1."""
    low, high = limits
    if np.isinf(high - low):
        place, low, high = place / 2, low / 2, high / 2
    # A tick of a range of a few doubles may lie beside it.
    return min(max(0.0, (place - low) / (high - low)), 1.0)
