"""The charts: one a tag, of the runs that are looked at, on one x axis."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.message import Message

from tbtools.live.app.pane import Pane
from tbtools.render.format import format_rounded, plural, printable
from tbtools.render.terminal.chart import SIGNS, Chart, Line, Look, place_label, x_range
from tbtools.render.terminal.lines import cut_middle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual import events
    from textual.binding import BindingType

    from tbtools.analysis.detect import Finding
    from tbtools.render.terminal.chart import Cells, Range
    from tbtools.runs.series import ScalarSeries

    Key = tuple[str, str]

# Below these a chart shows nothing that a sparkline does not.
_LEAST_WIDTH, _LEAST_HEIGHT = 40, 9
_MOST_COLUMNS = 4
# TensorBoard's slider, in steps that are seen.
SMOOTHINGS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99)
# A window is no smaller than this part of the whole: below it there is a point or none.
_SMALLEST_PART = 1e-4


class ChartsPane(Pane):
    """A grid of charts, or one on all of it.

    Attributes:
        tags: The tags of the runs that are looked at, the pinned ones first.
        pinned: The tags that come first.
        runs: The runs that are drawn, the chosen one last, which is on top.
        look: How charts look.
        full: Whether the chosen chart has all the place.
        place: Where on the x axis the crosshair of all charts is; None where there is none.
        window: From where to where all charts go; None for all of each.
        waiting: What is shown as long as there is nothing else.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("left", "cross(-1)", "crosshair to the left"),
        ("right", "cross(1)", "crosshair to the right"),
        ("shift+left", "cross(-10)", "crosshair far to the left"),
        ("shift+right", "cross(10)", "crosshair far to the right"),
        ("up,k", "move(-1)", "chart before"),
        ("down,j", "move(1)", "chart behind"),
        ("pageup", "page(-1)", "page before"),
        ("pagedown", "page(1)", "page behind"),
        ("plus,equals_sign", "zoom(0.5)", "zoom in, around the crosshair"),
        ("minus", "zoom(2)", "zoom out"),
        ("comma", "pan(-0.25)", "pan to the left"),
        ("full_stop", "pan(0.25)", "pan to the right"),
        ("0", "reset", "all of the x axis, no crosshair"),
        ("p", "pin", "keep the chart in front, or no more"),
        ("enter", "full", "one chart, or all"),
    ]

    class Changed(Message):
        """Other series are shown, or other tags pinned."""

    class FullAsked(Message):
        """The chosen chart wants all the place, or no more."""

    def __init__(self, look: Look) -> None:
        super().__init__(id="charts")
        self.tags: list[str] = []
        self.pinned: list[str] = []
        self.runs: tuple[str, ...] = ()
        self.look = look
        self.full = False
        self.place: float | None = None
        self.window: Range | None = None
        self.waiting = "reading ..."
        self._chosen = 0
        self._asked: Finding | None = None
        self._series: Mapping[Key, ScalarSeries] = {}
        self._findings: Sequence[Finding] = ()
        self._drawn: dict[Key, tuple[ScalarSeries, tuple[float, str], Line]] = {}

    # -- what is shown

    @property
    def chosen(self) -> str | None:
        """The tag of the chosen chart; None where there is none."""
        return self.tags[self._chosen] if self._chosen < len(self.tags) else None

    def choose(self, tag: str) -> None:
        """Chooses the chart of a tag, if there is one."""
        if tag in self.tags:
            self._chosen = self.tags.index(tag)

    def cross_at(self, finding: Finding) -> None:
        """Puts the crosshair where a finding began, as soon as its series is there."""
        self._asked = finding
        self._find_asked()
        self.redraw()

    def _find_asked(self) -> None:
        finding = self._asked
        if finding is None:
            return
        for line in self._lines_of(finding.tag):
            if line.series.run == finding.run:
                self.place, self._asked = line.place_of(finding), None
                if self.window and not self.window[0] <= self.place <= self.window[1]:
                    self.window = None

    def take(self, tags: Sequence[str], runs: tuple[str, ...]) -> None:
        """Takes over which tags there are, and which runs are drawn; the chosen chart stays so."""
        chosen = self.chosen
        first = [tag for tag in self.pinned if tag in tags]
        self.tags = [*first, *(tag for tag in tags if tag not in first)]
        self.runs = runs
        if chosen is not None:
            self.choose(chosen)
        self._chosen = max(0, min(self._chosen, len(self.tags) - 1))

    def give(self, series: Mapping[Key, ScalarSeries], findings: Sequence[Finding]) -> None:
        """Takes over the series that were read, and what is wrong with them."""
        self._series, self._findings = series, findings
        self._drawn = {key: kept for key, kept in self._drawn.items() if key in series}
        self._find_asked()

    def wanted(self) -> list[Key]:
        """The series that are shown."""
        return [(run, tag) for tag in self._page() for run in self.runs]

    def _grid(self) -> tuple[int, int]:
        """Columns and rows of charts."""
        if self.full:
            return 1, 1
        width, height = self.size
        columns = max(1, min(_MOST_COLUMNS, width // _LEAST_WIDTH))
        rows = max(1, (height - 1) // _LEAST_HEIGHT)
        columns = min(columns, max(1, len(self.tags)))
        return columns, min(rows, max(1, math.ceil(len(self.tags) / columns)))

    def _page(self) -> list[str]:
        """The tags of this page."""
        columns, rows = self._grid()
        size = columns * rows
        first = self._chosen // size * size
        return self.tags[first : first + size]

    def _lines_of(self, tag: str) -> list[Line]:
        found = []
        kind = (self.look.smoothing, self.look.x)
        for run in self.runs:
            series = self._series.get((run, tag))
            if series is None or not series.step.size:
                continue
            kept = self._drawn.get((run, tag))
            if kept is None or kept[0] is not series or kept[1] != kind:
                kept = self._drawn[run, tag] = series, kind, Line(series, self.look)
            found.append(kept[2])
        return found

    # -- drawing

    def lines(self, width: int, height: int) -> list[Cells]:
        """The title, and the charts of this page."""
        title = self.title("Charts", self._details(), width)
        page = self._page()
        if not page:
            return [title, [], [(f"  {self.waiting}", "dim")]]
        columns, rows = self._grid()
        room = (height - 1) // rows
        drawn = [title]
        for row in range(rows):
            tags = page[row * columns : (row + 1) * columns]
            # What does not divide evenly goes to the last row.
            own = room if row < rows - 1 else height - len(drawn)
            wide = (width - columns + 1) // columns
            blocks = [self._chart(tag, wide, own) for tag in tags]
            for line in range(own):
                cells: Cells = []
                for block in blocks:
                    cells += [*_fitted(block[line] if line < len(block) else [], wide), (" ", "")]
                drawn.append(cells)
        return drawn

    def _details(self) -> str:
        columns, rows = self._grid()
        pages = math.ceil(len(self.tags) / (columns * rows))
        told = [f"{self._chosen // (columns * rows) + 1}/{pages}"] if pages > 1 else []
        told += [f"smoothing {self.look.smoothing:g}"] if self.look.smoothing else []
        told += ["log"] if self.look.log else []
        told += [f"x {self.look.x}"]
        told += ["zoomed"] if self.window else []
        if self.place is not None:
            told.append(f"at {place_label(self.place, self.look.x)}")
        return "  ".join(told)

    def _chart(self, tag: str, width: int, height: int) -> list[Cells]:
        lines = self._lines_of(tag)
        if not lines:
            return [self._chart_title(tag, None, width), [("  ...", "dim")]]
        title = self._chart_title(tag, lines[-1], width)
        names = {line.series.run for line in lines}
        findings = [each for each in self._findings if each.tag == tag and each.run in names]
        legend = self._legend(lines, width, height // 3) if self.full else []
        chart = Chart(lines, findings, self.look, self.window)
        body = chart.rows(width, max(4, height - 1 - len(legend)), self.place)
        return [title, *body, *legend]

    def _chart_title(self, tag: str, line: Line | None, width: int) -> Cells:
        pin = ("* " if self.look.ascii_only else "● ") if tag in self.pinned else ""
        value = "" if line is None else self._value(line)
        room = max(4, width - cell_len(value) - 2)
        name = cut_middle(f"{pin}{printable(tag)}", room, self.look.frame.ellipsis)
        style = f"bold {self.chosen_style()}" if self._is_marked(tag) else "bold"
        color = "" if line is None else self.look.colors.get(line.series.run, "")
        return [(set_cell_size(f" {name}", room + 1), style), (value, color)]

    def _is_marked(self, tag: str) -> bool:
        return tag == self.chosen and self.has_focus and not self.full

    def _value(self, line: Line) -> str:
        """The value at the crosshair, or else the last one, as it is drawn."""
        index = line.values.size - 1 if self.place is None else line.index_at(self.place)
        return "-" if index is None else format_rounded(float(line.values[index]), 5)

    def _legend(self, lines: Sequence[Line], width: int, most: int) -> list[Cells]:
        smoothed = bool(self.look.smoothing)
        head = f"{'smoothed' if smoothed else 'value':>11}{'raw' if smoothed else '':>11}"
        room = max(8, min(60, width - 24 - len(head)))
        rows: list[Cells] = [[(f"    {'run':{room}}{head}  {self.look.x}", "dim")]]
        numbered = list(enumerate(lines))[::-1]
        for number, line in numbered[:most]:
            index = line.values.size - 1 if self.place is None else line.index_at(self.place)
            name = cut_middle(printable(line.series.run), room, self.look.frame.ellipsis)
            value = raw = where = "-"
            if index is not None:
                value = format_rounded(float(line.values[index]), 5)
                raw = format_rounded(float(line.series.value[index]), 5)
                where = place_label(float(line.x[index]), self.look.x)
            values = f"{value:>11}{raw if smoothed else '':>11}  {where}"
            sign = self.look.frame.line if self.look.braille else SIGNS[number % len(SIGNS)] * 2
            color = self.look.colors.get(line.series.run, "")
            rows.append([(f" {sign} ", color), (f"{set_cell_size(name, room)}{values}", "")])
        if len(lines) > most:
            rows.append([(f"    and {plural(len(lines) - most, 'run')} more", "dim")])
        return rows

    # -- keys

    def _range(self) -> Range:
        lines = [line for tag in self._page() for line in self._lines_of(tag)]
        return self.window or x_range(lines)

    def action_cross(self, by: int) -> None:
        """Moves the crosshair by so many columns."""
        low, high = self._range()
        columns, _ = self._grid()
        step = (high - low) / max(10, self.size.width // columns - 10)
        start = (high if by < 0 else low) - by * step if self.place is None else self.place
        self.place = min(max(start + by * step, low), high)
        self.redraw()

    def action_move(self, by: int) -> None:
        """Chooses another chart."""
        before = self._page()
        self._chosen = max(0, min(self._chosen + by, len(self.tags) - 1))
        if before != self._page():
            self.post_message(self.Changed())
        self.redraw()

    def action_page(self, by: int) -> None:
        """Goes to another page."""
        columns, rows = self._grid()
        self.action_move(by * columns * rows)

    def action_zoom(self, factor: float) -> None:
        """Shows more or less of the x axis."""
        self.window = self._zoomed(factor)
        self.redraw()

    def _zoomed(self, factor: float) -> Range | None:
        low, high = self._range()
        lines = [line for tag in self._page() for line in self._lines_of(tag)]
        whole_low, whole_high = x_range(lines)
        middle = self.place if self.place is not None else (low + high) / 2
        half = max((high - low) * factor, (whole_high - whole_low) * _SMALLEST_PART) / 2
        low, high = max(whole_low, middle - half), min(whole_high, middle + half)
        return None if (low, high) == (whole_low, whole_high) or low >= high else (low, high)

    def action_pan(self, by: float) -> None:
        """Moves along the x axis, by a part of what is seen."""
        if self.window is not None:
            low, high = self.window
            distance = by * (high - low)
            self.window = low + distance, high + distance
            self.redraw()

    def action_reset(self) -> None:
        """Shows all of the x axis, without a crosshair."""
        self.window = self.place = None
        self.redraw()

    def action_pin(self) -> None:
        """Keeps the chosen chart in front, or no more."""
        tag = self.chosen
        if tag is None:
            return
        if tag in self.pinned:
            self.pinned.remove(tag)
        else:
            self.pinned.append(tag)
        self.post_message(self.Changed())

    def action_full(self) -> None:
        """Gives the chosen chart all the place, or no more."""
        if self.chosen is not None:
            self.post_message(self.FullAsked())

    def change(self, **look: object) -> None:
        """Makes charts look otherwise."""
        if "x" in look:
            self.window = self.place = None
        self.look = replace(self.look, **look)  # type: ignore[arg-type]
        self.redraw()

    def on_resize(self) -> None:
        """Other charts may be seen."""
        super().on_resize()
        self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        """Chooses the chart under the pointer; twice gives it all the place."""
        page = self._page()
        if not page or event.y < 1:
            return
        columns, rows = self._grid()
        row = min((event.y - 1) // max(1, (self.size.height - 1) // rows), rows - 1)
        place = row * columns + min(event.x * columns // max(1, self.size.width), columns - 1)
        if place < len(page):
            self.choose(page[place])
            self.redraw()
            if event.chain == 2:
                self.action_full()

    def on_mouse_scroll_down(self) -> None:
        """Zooms out."""
        self.action_zoom(2)

    def on_mouse_scroll_up(self) -> None:
        """Zooms in."""
        self.action_zoom(0.5)


def _fitted(cells: Cells, width: int) -> Cells:
    """A row of exactly so many cells."""
    fitted: Cells = []
    room = width
    for text, style in cells:
        size = cell_len(text)
        if size > room:
            fitted.append((set_cell_size(text, room), style))
            return fitted
        fitted.append((text, style))
        room -= size
    return [*fitted, (" " * room, "")]
