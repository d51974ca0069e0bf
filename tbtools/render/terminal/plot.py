"""What `tbtools plot` shows: curves of several runs in a terminal, with axes, legend and marks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len

from tbtools.analysis.main_objective import Objectives, rank_objectives
from tbtools.analysis.reached import reached
from tbtools.render.colors import DASHES, run_colors, run_dashes
from tbtools.render.finding_words import finding_words
from tbtools.render.format import (
    format_count,
    format_rounded,
    plural,
    printable,
)
from tbtools.render.run_names import short_names
from tbtools.render.terminal.chart import AXIS_ROWS, Chart, Line, Look
from tbtools.render.terminal.cutting import cut_names
from tbtools.render.terminal.lines import SEVERITY_STYLES, print_cells, print_line
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from rich.console import Console

    from tbtools.analysis.detect import Finding
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Marker, Objective, SmoothingMethod

    Floats = NDArray[np.float64]

# What is piped has no width: as wide as a page of text.
_PIPED_WIDTH = 100
_LEAST_WIDTH = 30
_ROWS_OF_MANY = 12
_MOST_ROWS = 28
# From so many columns on there is room for names beside the curves.
_NAMED_FROM = 70
_BETTER = ("min", "max")
_NAMES = {"nan": "NaN", "inf": "infinity", "-inf": "-infinity"}


@dataclass(frozen=True)
class PlotView:
    """Charts for a terminal, one a tag.

    Attributes:
        logdir: Where the runs are.
        series: What is drawn.
        other_tags: How many tags were selected and are not drawn.
        directions: Which way is better, by tag, where that is known.
        limit: How many runs a chart has at most, the best; 0 for all.
        marker: How lines are drawn; None for what the terminal can.
        places: By run and tag where the points lie on the axis, where the axis does not tell.
        behind: Of how many runs the means are that are drawn; None where runs are.
        findings: Of these series.
        runs: Names of all runs, for their colours.
        smoothing: TensorBoard's weight, 0 for none.
        method: How it smooths; ``time_weighted_ema`` measures along the x axis.
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
    directions: Mapping[str, Objective] = field(default_factory=dict)
    limit: int = 0
    marker: Marker | None = None
    places: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    behind: int | None = None
    method: SmoothingMethod = "ema"

    @cached_property
    def by_tag(self) -> dict[str, list[ScalarSeries]]:
        """The series of each chart."""
        by_tag: dict[str, list[ScalarSeries]] = {}
        for each in self.series:
            by_tag.setdefault(each.tag, []).append(each)
        return by_tag

    def drawn(self, tag: str) -> list[ScalarSeries]:
        """Those of a chart that are drawn."""
        return best_of(self.by_tag[tag], self.directions.get(tag), self.limit)

    @cached_property
    def drawn_runs(self) -> Sequence[str]:
        """The runs that share the colours: all, unless charts have no more than some of them."""
        drawn = {tag: self.drawn(tag) for tag in self.by_tag}
        if all(len(drawn[tag]) == len(self.by_tag[tag]) for tag in drawn):
            return self.runs
        names = {each.run for series in drawn.values() for each in series}
        return [run for run in self.runs if run in names]

    @cached_property
    def short_names(self) -> Mapping[str, str]:
        """What the runs are called."""
        runs = self.drawn_runs
        return dict(zip(runs, short_names(runs), strict=True))

    def show(self, console: Console) -> None:
        """Prints the charts, below each other, as wide as the terminal."""
        by_tag = self.by_tag
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


def objectives_of(
    series: Sequence[ScalarSeries], objectives: Mapping[str, Objective]
) -> Objectives:
    """Which tags tell most of how good the runs are."""
    points: dict[str, dict[str, int]] = {}
    for each in series:
        points.setdefault(each.run, {})[each.tag] = each.step.size
    return rank_objectives(points, objectives)


def best_of(
    series: Sequence[ScalarSeries], direction: Objective | None, limit: int
) -> list[ScalarSeries]:
    """The series with the best values, the best first; all, in their order, if they are so few.

    Args:
        series: Of one tag.
        direction: Which way is better; where it is not known, the first ones are taken.
        limit: How many; 0 for all.
    """
    if not limit or len(series) <= limit or direction not in _BETTER:
        return list(series[: limit or None])

    def rank(each: ScalarSeries) -> float:
        best = reached(each, direction, "best")
        value = np.nan if best is None else best.level.mean
        return np.inf if not np.isfinite(value) else value if direction == "min" else -value

    return sorted(series, key=rank)[:limit]


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
        self.all_series = series
        self.series = view.drawn(tag)
        drawn = [each.run for each in self.series]
        self.findings = [each for each in findings if each.run in set(drawn)]
        coloured = console.color_system and not console.no_color
        runs = view.drawn_runs
        self.look = Look(
            view.smoothing,
            view.x,
            view.log,
            run_colors(runs) if coloured else {},
            ascii_only=console.options.ascii_only,
            marker=view.marker,
            dashes=run_dashes(runs) if coloured else dict(zip(drawn, cycle(DASHES), strict=False)),
            method=view.method,
        )
        width = console.width if console.is_terminal else _PIPED_WIDTH
        self.width = max(_LEAST_WIDTH, width)

    def show(self, rows: int) -> None:
        self._line(*self._title())
        chart = Chart(self.lines, self.findings, self.look)
        names = self._names(self.width // 5) if self._has_names(rows) else []
        for cells in chart.rows(self.width, rows + AXIS_ROWS, names=names):
            self._line(*cells)
        self._legend()

    @cached_property
    def lines(self) -> list[Line]:
        """The series as they are drawn."""
        places = self.view.places
        return [Line(each, self.look, places.get((each.run, each.tag))) for each in self.series]

    def _has_names(self, rows: int) -> bool:
        """Whether there is room for names at the ends of lines, and any need."""
        return self.width >= _NAMED_FROM and 1 < len(self.series) <= rows

    def _names(self, width: int) -> list[str]:
        """What tells the runs apart that are drawn, no wider than that."""
        shown = self.view.short_names
        printed = [printable(shown.get(each.run, each.run)) for each in self.series]
        return cut_names(printed, width, self.look.frame.ellipsis)

    def _title(self) -> list[tuple[str, str]]:
        details = ["mean"] if self.view.behind is not None else []
        if self.view.smoothing:
            method = self.view.method.replace("_", " ")
            by = "" if method == "ema" else f" by {method}"
            details.append(f"smoothing {self.view.smoothing:g}{by}")
        details += ["log"] if self.view.log else []
        details += [] if self.view.x in AXES else [f"along {printable(self.view.x)}"]
        behind = f"  {', '.join(details)}" if details else ""
        return [(printable(self.tag), "bold"), (behind, "dim")]

    def _legend(self) -> None:
        worst: dict[str, list[Finding]] = {}
        for finding in self.findings:
            worst.setdefault(finding.run, []).append(finding)
        names = self._names(self.width // 2)
        values = self._last_values()
        name_width = max(map(cell_len, names))
        signs = 1 if self.look.drawn_as == "ascii" else 2
        self._line((f"{' ' * (5 + signs + name_width)}{values[0]}", "dim"))
        rows = zip(self.series, names, values[1:], strict=True)
        for number, (each, name, value) in enumerate(rows):
            blank = " " * (name_width - cell_len(name))
            line = [
                ("  ", ""),
                (self.look.sign(number, each.run)[:signs], self.look.colors.get(each.run, "")),
                (f" {name}{blank}  {value}", ""),
            ]
            for finding in worst.get(each.run, []):
                where = finding_words(finding)
                mark = f"  {self.look.frame.onset} {where}"
                line.append((mark, SEVERITY_STYLES[finding.severity]))
            self._line(*line)
        left = len(self.all_series) - len(self.series)
        if left:
            which = "best" if self.view.directions.get(self.tag) in _BETTER else "first"
            told = f"  the {which} {format_count(len(self.series))} of "
            self._line((f"{told}{plural(len(self.all_series), 'run')}: --limit 0 draws all", "dim"))

    def _last_values(self) -> list[str]:
        """A head, and the last value of each line: as written, and as drawn."""
        drawn = [_number(line.values[line.last]) for line in self.lines]
        written = [_number(line.series.value[line.last]) for line in self.lines]
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
