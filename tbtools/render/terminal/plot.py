"""What `tbtools plot` shows: curves of several runs in a terminal, with axes, legend and marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len

from tbtools.analysis.smoothers import smooth_values
from tbtools.render.colors import run_colors
from tbtools.render.format import (
    format_count,
    format_duration,
    format_rounded,
    format_time,
    plural,
    printable,
)
from tbtools.render.ranges import nice_ticks, value_range
from tbtools.render.series import drawn_seconds, drawn_start, line_passes
from tbtools.render.terminal.canvas import Canvas, extreme_points
from tbtools.render.terminal.lines import SEVERITY_STYLES, cut_names, print_cells, print_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from rich.console import Console

    from tbtools.analysis.detect import Finding
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Axis

    Floats = NDArray[np.float64]

# What is piped has no width: as wide as a page of text.
_PIPED_WIDTH = 100
# No time is further away, and the distance of any two is a number.
_FAR = 1e300
_LEAST_WIDTH = 30
_ROWS_OF_MANY = 12
_MOST_ROWS = 28
# Lines that are named below a chart; of the others only the number is shown.
_MOST_NAMED = 16
_NAMES = {"nan": "NaN", "inf": "infinity", "-inf": "-infinity"}
# Those that stand out come first; each line that is named has its own.
_SIGNS = "*+xo#@%&=~^$ABCDE"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The characters of axes and marks."""

    vertical: str
    corner: str
    horizontal: str
    tick: str
    onset: str
    line: str
    ellipsis: str


_UNICODE = _Frame("│", "└", "─", "┬", "▼", "━━", "…")
_ASCII = _Frame("|", "+", "-", "+", "v", "--", "...")


@dataclass(frozen=True, slots=True)
class PlotView:
    """Charts for a terminal, one a tag.

    Attributes:
        logdir: Where the runs are.
        series: What is drawn.
        findings: Of these series.
        runs: Names of all runs, for their colours.
        smoothing: TensorBoard's weight, 0 for none.
        x: What lies along the x axis.
        log: Whether the y axis is logarithmic.
    """

    logdir: str
    series: Sequence[ScalarSeries]
    findings: Sequence[Finding]
    runs: Sequence[str]
    smoothing: float
    x: Axis
    log: bool

    def show(self, console: Console) -> None:
        """Prints the charts, below each other, as wide as the terminal."""
        by_tag: dict[str, list[ScalarSeries]] = {}
        for each in self.series:
            by_tag.setdefault(each.tag, []).append(each)
        room = console.height - 6 if console.is_terminal else _MOST_ROWS
        rows = _ROWS_OF_MANY if len(by_tag) > 1 else max(8, min(_MOST_ROWS, room))
        findings: dict[str, list[Finding]] = {}
        for finding in self.findings:
            findings.setdefault(finding.tag, []).append(finding)
        for number, (tag, series) in enumerate(by_tag.items()):
            if number:
                print_line(console, "")
            _Chart(self, console, tag, series, findings.get(tag, [])).show(rows)
        print_line(console, "")

    def totals(self) -> str:
        """One line: what is drawn."""
        runs = len({each.run for each in self.series})
        tags = len({each.tag for each in self.series})
        points = sum(each.step.size for each in self.series)
        return (
            f"{printable(self.logdir)}: {plural(runs, 'run')}, {plural(tags, 'tag')}, "
            f"{plural(len(self.series), 'series')}, {plural(points, 'point')}"
        )


class _Chart:
    def __init__(
        self,
        view: PlotView,
        console: Console,
        tag: str,
        series: list[ScalarSeries],
        findings: list[Finding],
    ) -> None:
        self.view = view
        self.console = console
        self.tag = tag
        self.series = series
        self.findings = findings
        self.frame = _ASCII if console.options.ascii_only else _UNICODE
        coloured = console.color_system and not console.no_color
        self.colors = run_colors(view.runs) if coloured else {}
        self.braille = coloured and self.frame is _UNICODE
        self.smoothed = [
            smooth_values(each.value, None, method="ema", weight=view.smoothing, window=None)
            for each in series
        ]
        width = console.width if console.is_terminal else _PIPED_WIDTH
        self.width = max(_LEAST_WIDTH, width)

    def show(self, rows: int) -> None:
        self._line(*self._title())
        x_range = self._x_range()
        y_range = value_range(self.smoothed, log=self.view.log)
        if y_range is None:
            self._line(("  nothing finite to draw", ""))
            return
        ticks = nice_ticks(*y_range, max(2, rows // 3))
        labels = [self._y_label(tick) for tick in ticks]
        margin = max(map(len, labels))
        canvas = self._canvas(self.width - margin - 2, rows, x_range, y_range)
        at_row = {
            round((1 - _share(tick, y_range)) * (rows - 1)): label
            for tick, label in zip(ticks, labels, strict=True)
        }
        marks = self._marks(canvas.width, x_range)
        for row in range(rows):
            label = f"{at_row.get(row, ''):>{margin}} {self.frame.vertical}"
            cells = [(text, self._style(owner)) for text, owner in canvas.stretches(row)]
            if row == 0 and marks:
                cells = self._marked(cells, marks)
            self._line((label, ""), *cells)
        self._x_axis(margin, canvas.width, x_range)
        self._legend()

    def _title(self) -> list[tuple[str, str]]:
        details = [f"smoothing {self.view.smoothing:g}"] if self.view.smoothing else []
        details += ["log"] if self.view.log else []
        behind = f"  {', '.join(details)}" if details else ""
        return [(printable(self.tag), "bold"), (behind, "dim")]

    def _canvas(
        self, width: int, rows: int, x_range: tuple[float, float], y_range: tuple[float, float]
    ) -> Canvas:
        canvas = Canvas(width, rows, None if self.braille else _SIGNS)
        for number, (each, values) in enumerate(zip(self.series, self.smoothed, strict=True)):
            kept = extreme_points(values, 2 * width)
            x = (self._x(each)[kept] - x_range[0]) / (x_range[1] - x_range[0])
            y = values[kept]
            if self.view.log:
                y = np.log10(np.where(y > 0, y, np.nan))
            span = y_range[1] / 2 - y_range[0] / 2
            passes = line_passes(self._x(each), each.session)[kept]
            canvas.line(x, (y / 2 - y_range[0] / 2) / span, number, passes)
        return canvas

    def _style(self, owner: int) -> str:
        return self.colors.get(self.series[owner].run, "") if owner >= 0 else ""

    def _marked(self, cells: list[tuple[str, str]], marks: dict[int, str]) -> list[tuple[str, str]]:
        """The row with the marks in their columns, sign by sign."""
        signs = [(sign, style) for text, style in cells for sign in text]
        for column, severity in marks.items():
            signs[column] = self.frame.onset, SEVERITY_STYLES[severity]
        return signs

    def _x(self, series: ScalarSeries) -> Floats:
        if self.view.x in ("relative", "active"):
            x = drawn_seconds(series, self.view.x)
        elif self.view.x == "wall":
            x = drawn_start(series) + drawn_seconds(series)
        else:
            return series.step.astype(np.float64)
        return np.clip(np.nan_to_num(x), -_FAR, _FAR)

    def _x_range(self) -> tuple[float, float]:
        places = np.concatenate([self._x(each) for each in self.series])
        low, high = float(places.min()), float(places.max())
        margin = max(1.0, abs(low) * 1e-9)  # of 2^62 and 2^62 + 1 there is only one double
        return (low, high) if low < high else (low - margin, high + margin)

    def _marks(self, width: int, x_range: tuple[float, float]) -> dict[int, str]:
        """The columns in which a finding began, and how bad it is."""
        found: dict[int, str] = {}
        for finding in self.findings:
            series = next(each for each in self.series if each.run == finding.run)
            x = self._x(series)[series.find(finding.onset_step, finding.onset_time)]
            found[_column(float(x), width, x_range)] = finding.severity
        return found

    def _y_label(self, tick: float) -> str:
        return format_rounded(10**tick, 3) if self.view.log else format_rounded(tick, 6)

    def _x_label(self, place: float) -> str:
        if self.view.x in ("relative", "active"):
            return format_duration(place)
        if self.view.x == "wall":
            return format_time(place)[5:16]
        return format_count(round(place))

    def _x_axis(self, margin: int, width: int, x_range: tuple[float, float]) -> None:
        low, high = x_range
        ticks = nice_ticks(low, high, max(2, width // 16))
        if self.view.x == "wall":
            ticks = np.linspace(low, high, max(2, width // 24)).tolist()
        axis, labels = [self.frame.horizontal] * width, [" "] * (margin + 2 + width)
        free = 0
        for tick in ticks:
            column = _column(tick, width, x_range)
            axis[column] = self.frame.tick
            text = self._x_label(tick)
            first = min(max(free, margin + 2 + column - len(text) // 2), len(labels) - len(text))
            if first >= free:
                labels[first : first + len(text)] = text
                free = first + len(text) + 2
        self._line((f"{'':{margin}} {self.frame.corner}{''.join(axis)}", ""))
        self._line(("".join(labels).rstrip(), ""))

    def _legend(self) -> None:
        worst: dict[str, list[Finding]] = {}
        for finding in self.findings:
            worst.setdefault(finding.run, []).append(finding)
        named = self.series[:_MOST_NAMED]
        printed = [printable(each.run) for each in named]
        names = cut_names(printed, self.width // 2, self.frame.ellipsis)
        values = [_last(each) for each in named]
        name_width = max(map(cell_len, names))
        value_width = max(map(len, [*values, "last"]))
        signs = [self.frame.line] * len(named) if self.braille else list(_SIGNS)
        head = " " * (2 + len(signs[0]) + 1 + name_width + 2)
        self._line((f"{head}{'last':>{value_width}}", "dim"))
        for each, name, value, sign in zip(named, names, values, signs, strict=False):
            blank = " " * (name_width - cell_len(name))
            line = [
                ("  ", ""),
                (sign, self.colors.get(each.run, "")),
                (f" {name}{blank}  {value:>{value_width}}", ""),
            ]
            for finding in worst.get(each.run, []):
                text = f"  {self.frame.onset} {finding.kind} at {format_count(finding.onset_step)}"
                line.append((text, SEVERITY_STYLES[finding.severity]))
            self._line(*line)
        if len(self.series) > _MOST_NAMED:
            self._line((f"  and {format_count(len(self.series) - _MOST_NAMED)} more runs", ""))

    def _line(self, *cells: tuple[str, str]) -> None:
        print_cells(self.console, cells)


def _share(place: float, limits: tuple[float, float]) -> float:
    """How far from the lower to the upper limit a place lies, 0 to 1."""
    low, high = limits
    if np.isinf(high - low):
        place, low, high = place / 2, low / 2, high / 2
    # A tick of a range of a few doubles may lie beside it.
    return min(max(0.0, (place - low) / (high - low)), 1.0)


def _column(x: float, width: int, x_range: tuple[float, float]) -> int:
    return round(_share(x, x_range) * (width - 1))


def _last(series: ScalarSeries) -> str:
    last = float(series.value[-1])
    return format_rounded(last) if np.isfinite(last) else _NAMES[str(last)]
