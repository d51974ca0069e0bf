"""The charts: one a tag, of the runs that are looked at, on one x axis."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.message import Message

from tbtools.live.app.curves import Curves
from tbtools.live.app.pane import Pane
from tbtools.live.app.panels import Panel, curves_panel, hparam_panel, samples_panel, told
from tbtools.live.app.reader import Snapshot
from tbtools.live.app.samples import Wanted
from tbtools.render.format import printable
from tbtools.render.terminal.chart import Chart, Look, place_label, x_range
from tbtools.render.terminal.cutting import cut_middle
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType

    from tbtools.analysis.detect import Finding
    from tbtools.live.app.rows import RunRow
    from tbtools.render.terminal.chart import Cells, Range

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
        rows: All that are listed, for what compares them.
        view: What is shown of them, one of `VIEWS`.
        superseded: Whether points are drawn faintly that restarts have superseded.
        look: How charts look.
        full: Whether the chosen chart has all the place.
        place: Where on the x axis the crosshair of all charts is; None where there is none.
        step: The step of the samples that other views show; None for the last ones.
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
        self.rows: Sequence[RunRow] = ()
        self.view = "scalars"
        self.superseded = False
        self.look = look
        self.full = False
        self.place: float | None = None
        self.step: float | None = None
        self.window: Range | None = None
        self.waiting = "reading ..."
        self._chosen = 0
        self._asked: Finding | None = None
        self._snapshot = Snapshot()
        self._findings: Sequence[Finding] = ()
        self._curves = Curves()

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
        for line in self._curves.lines(self.runs, finding.tag, self.look):
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

    def give(self, snapshot: Snapshot, findings: Sequence[Finding]) -> None:
        """Takes over what was read, and what is wrong with it."""
        self._snapshot, self._findings = snapshot, findings
        self._curves.give(snapshot.curves)
        self._find_asked()

    def wanted(self) -> Wanted:
        """What is shown, and so has to be read."""
        runs = self.runs if self.view == "scalars" else self.runs[-1:]
        page = self._page() if self.view != "hparams" else []
        keys = tuple((run, tag) for tag in page or [""] for run in runs)
        axis = None if self.look.x in AXES else self.look.x
        return Wanted(self.view, keys, axis, self.superseded)

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

    # -- drawing

    def lines(self, width: int, height: int) -> list[Cells]:
        """The title, and the charts of this page."""
        title = self.title("Charts", self._details(), width)
        page = self._page()
        if not page or not self.runs:
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
        if self.view != "scalars":
            return "  ".join([self.view, *told[: pages > 1]])
        told += [f"x {cut_middle(printable(self.look.x), 24, self.look.frame.ellipsis)}"]
        told += ["with superseded points"] if self.superseded else []
        told += ["zoomed"] if self.window else []
        if self.place is not None:
            told.append(f"at {place_label(self.place, self.look.x)}")
        return "  ".join(told)

    def _chart(self, tag: str, width: int, height: int) -> list[Cells]:
        panel = self._panel(tag, width, height - 1)
        return [self._chart_title(tag, panel, width), *panel.rows]

    def _panel(self, tag: str, width: int, height: int) -> Panel:
        run = self.runs[-1]
        if self.view == "hparams":
            known = self._snapshot.hparams
            return hparam_panel(tag, self.rows, run, known, self.look, width, height)
        if self.view != "scalars":
            samples = self._snapshot.samples.get((run, tag))
            if samples is None:
                return Panel()
            return samples_panel(self.view, samples, self.step, self.look, width, height)
        lines = self._curves.lines(self.runs, tag, self.look)
        if not lines:
            return Panel() if self._is_coming() else told(self._no_line())
        names = {line.series.run for line in lines}
        findings = [each for each in self._findings if each.tag == tag and each.run in names]
        chart = Chart(
            lines, findings, self.look, self.window, self._curves.faint(self.runs, tag, self.look)
        )
        return curves_panel(chart, self.place, width, height, legend=self.full)

    def _is_coming(self) -> bool:
        return self._snapshot.shown != self.wanted()

    def _no_line(self) -> str:
        own = "" if self.look.x in AXES else f" along {printable(self.look.x)}"
        return f"nothing to draw{own}"

    def _chart_title(self, tag: str, panel: Panel, width: int) -> Cells:
        pin = ("* " if self.look.ascii_only else "● ") if tag in self.pinned else ""
        room = max(4, width - cell_len(panel.value) - 2)
        name = cut_middle(f"{pin}{printable(tag)}", room, self.look.frame.ellipsis)
        style = f"bold {self.chosen_style()}" if self._is_marked(tag) else "bold"
        return [(set_cell_size(f" {name}", room + 1), style), (panel.value, panel.style)]

    def _is_marked(self, tag: str) -> bool:
        return tag == self.chosen and self.has_focus and not self.full

    # -- keys

    def _range(self) -> Range:
        lines = [
            line for tag in self._page() for line in self._curves.lines(self.runs, tag, self.look)
        ]
        return self.window or x_range(lines)

    def action_cross(self, by: int) -> None:
        """Moves the crosshair by so many columns; among samples, by so many of them."""
        if self.view != "scalars":
            self._cross_samples(by)
            return
        low, high = self._range()
        columns, _ = self._grid()
        step = (high - low) / max(10, self.size.width // columns - 10)
        start = (high if by < 0 else low) - by * step if self.place is None else self.place
        self.place = min(max(start + by * step, low), high)
        if self.look.x == "step":
            self.step = self.place
        self.redraw()

    def _cross_samples(self, by: int) -> None:
        run = self.runs[-1] if self.runs else ""
        samples = self._snapshot.samples.get((run, self.chosen or ""))
        if samples is None or not samples.steps:
            return
        at = samples.at(self.step) + (by if abs(by) == 1 else int(math.copysign(10, by)))
        self.step = float(samples.steps[max(0, min(at, len(samples.steps) - 1))])
        if self.look.x == "step":
            self.place = self.step
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
        lines = [
            line for tag in self._page() for line in self._curves.lines(self.runs, tag, self.look)
        ]
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
        self.window = self.place = self.step = None
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
