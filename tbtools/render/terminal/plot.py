"""What `tbtools plot` shows: curves of several runs in a terminal, with axes, legend and marks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len

from tbtools.analysis.main_objective import rank_objectives
from tbtools.render.colors import run_colors
from tbtools.render.format import (
    format_count,
    format_rounded,
    plural,
    printable,
)
from tbtools.render.terminal.chart import AXIS_ROWS, SIGNS, Chart, Line, Look
from tbtools.render.terminal.lines import SEVERITY_STYLES, cut_names, print_cells, print_line
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from rich.console import Console

    from tbtools.analysis.detect import Finding
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Floats = NDArray[np.float64]

# What is piped has no width: as wide as a page of text.
_PIPED_WIDTH = 100
_LEAST_WIDTH = 30
_ROWS_OF_MANY = 12
_MOST_ROWS = 28
# Lines that are named below a chart; of the others only the number is shown.
_MOST_NAMED = 16
_NAMES = {"nan": "NaN", "inf": "infinity", "-inf": "-infinity"}


@dataclass(frozen=True, slots=True)
class PlotView:
    """Charts for a terminal, one a tag.

    Attributes:
        logdir: Where the runs are.
        series: What is drawn.
        other_tags: How many tags were selected and are not drawn.
        places: By run and tag where the points lie on the axis, where the axis does not tell.
        behind: Of how many runs the means are that are drawn; None where runs are.
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
    x: str
    log: bool
    other_tags: int = 0
    places: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    behind: int | None = None

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
        if self.other_tags:
            told = f"  {plural(self.other_tags, 'tag')} more: --tag '*' draws all"
            print_cells(console, [(told, "dim")])
        print_line(console, "")

    def totals(self) -> str:
        """One line: what is drawn."""
        lines = len({each.run for each in self.series})
        runs = plural(lines, "run")
        if self.behind is not None:
            runs = f"{plural(lines, 'group')} of {plural(self.behind, 'run')}"
        tags = len({each.tag for each in self.series})
        points = sum(each.step.size for each in self.series)
        return (
            f"{printable(self.logdir)}: {runs}, {plural(tags, 'tag')}, "
            f"{plural(len(self.series), 'series')}, {plural(points, 'point')}"
        )


def most_telling(series: Sequence[ScalarSeries], objectives: Mapping[str, Objective]) -> set[str]:
    """The tag that tells most of how good the runs are; all tags where none tells."""
    points: dict[str, dict[str, int]] = {}
    for each in series:
        points.setdefault(each.run, {})[each.tag] = each.step.size
    ranked = rank_objectives(points, objectives).ranked
    return {ranked[0]} if ranked else {each.tag for each in series}


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
        coloured = console.color_system and not console.no_color
        self.look = Look(
            view.smoothing,
            view.x,
            view.log,
            run_colors(view.runs) if coloured else {},
            ascii_only=console.options.ascii_only,
        )
        width = console.width if console.is_terminal else _PIPED_WIDTH
        self.width = max(_LEAST_WIDTH, width)

    def show(self, rows: int) -> None:
        self._line(*self._title())
        chart = Chart(self.lines, self.findings, self.look)
        for cells in chart.rows(self.width, rows + AXIS_ROWS):
            self._line(*cells)
        self._legend()

    @cached_property
    def lines(self) -> list[Line]:
        """The series as they are drawn."""
        places = self.view.places
        return [Line(each, self.look, places.get((each.run, each.tag))) for each in self.series]

    def _title(self) -> list[tuple[str, str]]:
        details = ["mean"] if self.view.behind is not None else []
        details += [f"smoothing {self.view.smoothing:g}"] if self.view.smoothing else []
        details += ["log"] if self.view.log else []
        details += [] if self.view.x in AXES else [f"along {printable(self.view.x)}"]
        behind = f"  {', '.join(details)}" if details else ""
        return [(printable(self.tag), "bold"), (behind, "dim")]

    def _legend(self) -> None:
        worst: dict[str, list[Finding]] = {}
        for finding in self.findings:
            worst.setdefault(finding.run, []).append(finding)
        named = self.series[:_MOST_NAMED]
        printed = [printable(each.run) for each in named]
        names = cut_names(printed, self.width // 2, self.look.frame.ellipsis)
        values = self._last_values(len(named))
        name_width = max(map(cell_len, names))
        signs = [self.look.frame.line] * len(named) if self.look.braille else list(SIGNS)
        head = " " * (2 + len(signs[0]) + 1 + name_width + 2)
        self._line((f"{head}{values[0]}", "dim"))
        for each, name, value, sign in zip(named, names, values[1:], signs, strict=False):
            blank = " " * (name_width - cell_len(name))
            line = [
                ("  ", ""),
                (sign, self.look.colors.get(each.run, "")),
                (f" {name}{blank}  {value}", ""),
            ]
            for finding in worst.get(each.run, []):
                where = f"{finding.kind} at {format_count(finding.onset_step)}"
                mark = f"  {self.look.frame.onset} {where}"
                line.append((mark, SEVERITY_STYLES[finding.severity]))
            self._line(*line)
        if len(self.series) > _MOST_NAMED:
            self._line((f"  and {format_count(len(self.series) - _MOST_NAMED)} more runs", ""))

    def _last_values(self, count: int) -> list[str]:
        """A head, and the last value of each of the first lines: as written, and as drawn."""
        drawn = [_number(line.values[-1]) for line in self.lines[:count]]
        written = [_number(line.series.value[-1]) for line in self.lines[:count]]
        if not self.view.smoothing:
            return _column_of("last", written)
        columns = _column_of("last", written), _column_of("smoothed", drawn)
        return [f"{one}  {other}" for one, other in zip(*columns, strict=True)]

    def _line(self, *cells: tuple[str, str]) -> None:
        print_cells(self.console, cells)


def _column_of(head: str, texts: Sequence[str]) -> list[str]:
    width = max(map(len, [head, *texts]))
    return [f"{text:>{width}}" for text in (head, *texts)]


def _number(value: float) -> str:
    return format_rounded(float(value)) if np.isfinite(value) else _NAMES[str(float(value))]
