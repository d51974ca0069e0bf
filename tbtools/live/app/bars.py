"""The first line of the screen and the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from tbtools.live.app.pane import Pane
from tbtools.render.format import format_count, format_time, plural, printable

if TYPE_CHECKING:
    from tbtools.live.app.reader import Snapshot
    from tbtools.live.events import Event
    from tbtools.render.terminal.chart import Cells

# How long the last event is told at the bottom.
_EVENT_SECONDS = 30.0
_KEYS = (
    ("?", "help"), ("/", "filter"), ("tab", "pane"), ("space", "keep run"), ("f", "one chart"),
    ("v", "view"), ("q", "end"), ("s S", "smooth"), ("x", "axis"), ("l", "log"),
)  # fmt: skip


class Bar(Pane, can_focus=False):
    """One line of text.

    Attributes:
        cells: What it says.
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.cells: Cells = []

    def lines(self, width: int, height: int) -> list[Cells]:
        """The line."""
        return [self.cells][:height]

    def say(self, cells: Cells) -> None:
        """Says something else."""
        self.cells = cells
        self.redraw()


def told_of_runs(snapshot: Snapshot, title: str, width: int) -> Cells:
    """What is watched, how many runs there are in which state, and when that was."""
    rows = snapshot.rows
    counts: dict[str, int] = {}
    for row in rows:
        counts[str(row.status)] = counts.get(str(row.status), 0) + 1
    states = ", ".join(f"{format_count(n)} {state}" for state, n in sorted(counts.items()))
    told = f"{plural(len(rows), 'run')}: {states}" if rows else "no run yet"
    cells: Cells = [(f" {title}", "bold"), (f"  {told}", "")]
    if snapshot.time:
        clock = format_time(snapshot.time)[11:19]
        room = width - sum(cell_len(text) for text, _ in cells) - len(clock) - 1
        cells.append((f"{' ' * max(1, room)}{clock}", "dim"))
    return cells


def told_below(trouble: str, last: Event | None, now: float, width: int) -> Cells:
    """What is wrong, or has just happened, or else what keys do."""
    if trouble:
        return [(f" {printable(trouble.splitlines()[0])}", "bold red")]
    if last is not None and now - last.time < _EVENT_SECONDS:
        run = f"{printable(last.run)}: " if last.run else ""
        style = "bold red" if last.kind in ("finding", "problem") else "bold"
        return [(f" {format_time(last.time)[11:19]} {run}{printable(last.message)}", style)]
    cells: Cells = []
    for key, what in _KEYS:
        width -= len(f" {key} {what} ")
        if width < 0:
            break
        cells += [(f" {key}", "bold"), (f" {what} ", "dim")]
    return cells
