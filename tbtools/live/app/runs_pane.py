"""The list of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from textual.message import Message

from tbtools.live.app.pane import ListPane
from tbtools.render.colors import RUN_COLORS
from tbtools.render.format import format_count, format_duration, format_rounded, printable
from tbtools.render.terminal.cutting import cut_names
from tbtools.render.terminal.lines import SEVERITY_STYLES
from tbtools.render.terminal.sparkline import sparkline
from tbtools.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.binding import BindingType

    from tbtools.live.app.rows import RunRow
    from tbtools.render.terminal.chart import Cells

_STATUS_STYLES = {
    "training": "green",
    "stalled": "bold red",
    "unreadable": "bold red",
    "stopped": "dim",
    "empty": "dim",
}
_LEAST_NAME = 14
# From so many lines on the last one tells all of the chosen run.
_TOLD_FROM = 8


class _Column(NamedTuple):
    head: str
    width: int
    right: bool
    text: Callable[[RunRow, bool], str]


def _number(value: float | None) -> str:
    return format_rounded(value, 4)


def _kind(row: RunRow) -> str:
    """Its state, or what is wrong with it."""
    if row.trouble < len(SEVERITIES):
        worst = SEVERITIES[row.trouble]
        return next(each.kind for each in row.findings if each.severity == worst and each.ongoing)
    return str(row.status or "")


def _spark(row: RunRow, ascii_only: bool) -> str:
    values = [value if value == value else None for value in row.curve]
    return sparkline(values, ascii_only=ascii_only)


def _step(row: RunRow) -> str:
    return "-" if row.last_step is None else format_count(row.last_step)


# What matters most comes first: as many as there is room for beside the name.
_COLUMNS = (
    _Column("state", 11, False, lambda row, _: _kind(row)),
    _Column("last", 9, True, lambda row, _: _number(row.last)),
    _Column("step", 10, True, lambda row, _: _step(row)),
    _Column("best", 9, True, lambda row, _: _number(row.best)),
    _Column("curve", 12, False, _spark),
    _Column("ETA", 12, True, lambda row, _: format_duration(row.remaining)),
    _Column("steps/s", 9, True, lambda row, _: format_rounded(row.speed, 3)),
    _Column("status", 10, False, lambda row, _: str(row.status or "-")),
    _Column("of", 16, False, lambda row, _: printable(row.tag or "-")),
)


def assign_colors(colors: dict[str, str], names: Sequence[str]) -> None:
    """Gives each run without a colour one that no other of these has, if there is one."""
    taken = [colors[name] for name in names if name in colors]
    for name in names:
        if name not in colors:
            colors[name] = min(RUN_COLORS, key=taken.count)
            taken.append(colors[name])


class RunsPane(ListPane):
    """The list of runs: the worst first, then the newest.

    Attributes:
        rows: Those that the filter leaves, in order.
        pinned: The names of those that stay in the charts.
        line_colors: The colours of those that are in the charts.
    """

    HEAD = 2
    BINDINGS: ClassVar[list[BindingType]] = [
        ("space", "pin", "keep the run in the charts, or no more"),
    ]

    class Pinned(Message):
        """Other runs are kept in the charts."""

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__(id="runs")
        self.rows: Sequence[RunRow] = ()
        self.total = 0
        self.pinned: set[str] = set()
        self.line_colors: Mapping[str, str] = {}
        self.shown: Mapping[str, str] = {}
        self._ascii = ascii_only

    def count(self) -> int:
        """How many runs there are."""
        return len(self.rows)

    @property
    def chosen(self) -> RunRow | None:
        """The chosen run; None where there is none."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def show(self, rows: Sequence[RunRow], total: int) -> None:
        """Takes over the runs, undrawn; the chosen one stays so, wherever it is now."""
        name = self.chosen.name if self.chosen else None
        self.rows, self.total = rows, total
        places = {row.name: place for place, row in enumerate(rows)}
        # Who has not moved yet looks at the worst.
        if name is not None and self.cursor:
            self.cursor = places.get(name, self.cursor)
        self.keep_cursor()

    def action_pin(self) -> None:
        """Keeps the chosen run in the charts, or no more."""
        if self.chosen is not None:
            self.pinned ^= {self.chosen.name}
            self.redraw()
            self.post_message(self.Pinned())

    def lines(self, width: int, height: int) -> list[Cells]:
        """The title, the heads of columns, and a line a run."""
        behind = self._told(width) if height >= _TOLD_FROM else []
        seen = self.window(height - len(behind))
        of = "" if self.total == len(self.rows) else f" of {format_count(self.total)}"
        title = self.title("Runs", f"{self.place()}{of}", width)
        columns, name_width = _layout(width)
        heads = "".join(f" {_aligned(each.head, each)}" for each in columns)
        head: Cells = [(f"   {'run':{name_width}}{heads}", "dim")]
        printed = [printable(self.rows[place].name) for place in seen]
        names = cut_names(printed, name_width, "..." if self._ascii else "…")
        lines = [title, head]
        lines += [
            self._line(place, columns, set_cell_size(name, name_width))
            for place, name in zip(seen, names, strict=True)
        ]
        return [*lines, *[[]] * (height - len(lines) - len(behind)), *behind]

    def _told(self, width: int) -> list[Cells]:
        """How far the chosen run is, how fast, and how good, whatever columns there are."""
        row = self.chosen
        if row is None or row.last_step is None:
            return []
        told = [f" step {format_count(row.last_step)}"]
        if row.total_steps is not None:
            told[0] += f" of {format_count(row.total_steps)}"
            told[0] += " by its learning rate" if row.is_by_rate else ""
        told += [f"ETA {format_duration(row.remaining)}"] if row.remaining is not None else []
        told += [f"{format_rounded(row.speed, 3)} steps/s"] if row.speed is not None else []
        if row.tag is not None and row.best is not None:
            told.append(f"best {_number(row.best)} of {printable(row.tag)}")
        while len(told) > 1 and cell_len(", ".join(told)) > width:
            told.pop()
        return [[(set_cell_size(", ".join(told), width), "dim")]]

    def _line(self, place: int, columns: Sequence[_Column], name: str) -> Cells:
        row = self.rows[place]
        chosen = place == self.cursor
        pin = ("*" if self._ascii else "●") if row.name in self.pinned else ""
        mark = self.shown.get(row.name, " ")
        cells: Cells = [
            (mark, self.line_colors.get(row.name, "") if mark.strip() else ""),
            (f"{pin:1} ", "bold"),
            (name, self.marked("", chosen)),
        ]
        for column in columns:
            text = _aligned(column.text(row, self._ascii), column)
            cells.append((f" {text}", self.marked(self._column_style(row, column), chosen)))
        return cells

    def _column_style(self, row: RunRow, column: _Column) -> str:
        if column.head != "state":
            return ""
        if row.trouble < len(SEVERITIES):
            return SEVERITY_STYLES[SEVERITIES[row.trouble]]
        return _STATUS_STYLES.get(str(row.status), "")


def _layout(width: int) -> tuple[list[_Column], int]:
    """The columns that there is room for, and how wide the name is."""
    room = width - 3 - _LEAST_NAME
    columns = []
    for column in _COLUMNS:
        if column.width + 1 > room:
            break
        columns.append(column)
        room -= column.width + 1
    return columns, max(4, _LEAST_NAME + room) if columns else max(4, width - 3)


def _aligned(text: str, column: _Column) -> str:
    blank = " " * max(0, column.width - cell_len(text))
    return set_cell_size(f"{blank}{text}" if column.right else f"{text}{blank}", column.width)
