"""The application: what is looked at, and what keys do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from tbtools.errors import InvalidExpression, TbtoolsError
from tbtools.live.app.charts_pane import SMOOTHINGS, ChartsPane
from tbtools.live.app.filtering import Filter, parse_filter
from tbtools.live.app.findings_pane import FindingsPane, findings_of
from tbtools.live.app.help import HelpScreen
from tbtools.live.app.pane import ListPane, Pane
from tbtools.live.app.reader import Reader, Snapshot
from tbtools.live.app.rows import in_order
from tbtools.live.app.runs_pane import RunsPane
from tbtools.live.app.settings import Settings
from tbtools.render.colors import RUN_COLORS
from tbtools.render.format import format_count, format_time, plural, printable
from tbtools.render.terminal.chart import SIGNS, Look
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.screen import Screen

    from tbtools.live.app.rows import RunRow
    from tbtools.live.events import Event
    from tbtools.live.watch import Watch
    from tbtools.render.terminal.chart import Cells

# Curves of so many runs can be told apart on one chart.
_MOST_RUNS = 6
# How long the last event is told at the bottom.
_EVENT_SECONDS = 30.0
_THEMES = ("textual-dark", "textual-light", "nord", "gruvbox", "solarized-light", "textual-ansi")


class _Bar(Pane, can_focus=False):
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


class WatchApp(App[None]):
    """Runs, charts and findings on one screen.

    Args:
        watch: What is followed; it was not begun.
        title: What it is called: the path that the user gave.
        settings: What was chosen the last time.
        settings_path: Where that is kept; None for nowhere.
        ascii_only: Whether the terminal knows nothing but ASCII.
        colors: Whether it has any.

    Attributes:
        snapshot: What is shown.
        trouble: What ended the reading; None for nothing.
        has_colors: Whether the terminal has any.
    """

    TITLE = "tbtools watch"
    CSS = """
    #bar, #foot { height: 1; background: $panel; }
    #filter { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
    #filter.-asked { display: block; }
    #left { width: 40%; min-width: 30; max-width: 100; border-right: none; margin-right: 1; }
    #runs, #charts { height: 1fr; }
    #findings { height: 30%; min-height: 5; max-height: 16; }
    .-full #left, .-full #findings { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "these keys"),
        Binding("slash", "filter", "filter the runs, while typing"),
        Binding("escape", "leave", "out of the filter, or of one chart; then without a filter"),
        Binding("tab", "focus_next", "next pane"),
        Binding("1", "go('runs')", "the runs"),
        Binding("2", "go('charts')", "the charts"),
        Binding("3", "go('findings')", "the findings"),
        Binding("s", "smooth(1)", "smooth more"),
        Binding("S", "smooth(-1)", "smooth less"),
        Binding("l", "log", "logarithmic y axes, or not"),
        Binding("x", "axis", "x axis: step, relative time, wall time"),
        Binding("f", "full", "one chart, or all"),
        Binding("c", "unpin", "keep no runs in the charts"),
        Binding("o", "report", "write a report of the runs that are listed"),
        Binding("t", "theme", "another theme"),
        Binding("ctrl+p", "command_palette", "all of this by name"),
        Binding("ctrl+c,q", "quit", "end", priority=False),
    ]

    def __init__(
        self,
        watch: Watch,
        title: str,
        settings: Settings | None = None,
        settings_path: Path | None = None,
        *,
        ascii_only: bool = False,
        colors: bool = True,
    ) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self.snapshot = Snapshot()
        self.trouble: BaseException | None = None
        self.reader = Reader(
            watch,
            lambda *news: self._from_reader(self._take, *news),
            lambda error: self._from_reader(self._end, error),
        )
        self._title = title
        self._settings_path = settings_path
        self._ascii = ascii_only
        self.has_colors = colors
        self._line_colors: dict[str, str] = {}
        self._filter = Filter()
        self._filter_trouble = ""
        self._last: Event | None = None
        self.runs = RunsPane(ascii_only=ascii_only)
        kept = self.settings
        self.charts = ChartsPane(
            Look(kept.smoothing, kept.x, kept.log, self._line_colors, ascii_only=ascii_only)
        )
        self.findings = FindingsPane(ascii_only=ascii_only)
        self.input = Input(placeholder="seed*  status:stalled  lr>=1e-3  val/loss<2", id="filter")
        self._bar, self._foot = _Bar(id="bar"), _Bar(id="foot")

    def compose(self) -> ComposeResult:
        """The panes."""
        yield self._bar
        with Horizontal():
            with Vertical(id="left"):
                yield self.input
                yield self.runs
            with Vertical():
                yield self.charts
                yield self.findings
        yield self._foot

    def on_mount(self) -> None:
        """Begins to read, with what was chosen the last time."""
        kept = self.settings
        if kept.theme in self.available_themes:
            self.theme = kept.theme
        self.runs.pinned = set(kept.runs)
        self.charts.pinned = list(kept.tags)
        self.charts.waiting = f"reading {printable(self._title)} ..."
        if kept.filter:
            self.input.value = kept.filter
            self.input.add_class("-asked")
        self.runs.focus()
        self._show()
        self.set_interval(1.0, self._show_bars)
        self.reader.start()

    def on_unmount(self) -> None:
        """Ends the reading, and keeps what was chosen."""
        self.reader.stop()
        look = self.charts.look
        Settings(
            self.theme,
            look.smoothing,
            look.x,
            look.log,
            self.input.value,
            tuple(sorted(self.runs.pinned)),
            tuple(self.charts.pinned),
        ).save(self._settings_path)

    # -- what comes from the reader

    def _from_reader(self, take: object, *news: object) -> None:
        """Has something done in the screen's thread, if there still is one."""
        if self.is_running:
            self.call_later(take, *news)  # type: ignore[arg-type]

    def _take(self, snapshot: Snapshot, events: tuple[Event, ...]) -> None:
        self.snapshot = snapshot
        for event in events:
            if event.kind != "run" or self._last is None:
                self._last = event
        self._show()

    def _end(self, error: BaseException | None) -> None:
        self.trouble = error
        self.exit()

    # -- what is shown

    def _show(self) -> None:
        """Shows what is known, as the filter and the choices want it."""
        snapshot = self.snapshot
        rows = [row for row in snapshot.rows if self._is_listed(row)]
        self.runs.show(in_order(rows), len(snapshot.rows))
        self.findings.show(findings_of(rows))
        self._show_charts()
        self._show_bars()

    def _is_listed(self, row: RunRow) -> bool:
        matching = self.snapshot.matching
        if self._filter.where is not None and matching is not None and row.name not in matching:
            return False
        return self._filter.matches(row)

    def _show_charts(self) -> None:
        """Draws the runs that are looked at, and asks for the series that are not there yet."""
        drawn = self._drawn_runs()
        names = tuple(row.name for row in drawn)
        self._assign_colors(names)
        own = {tag for row in drawn for tag in row.tags}
        self.charts.take([tag for tag in self.snapshot.tags if tag in own], names)
        if self.snapshot.time and not drawn:
            told = "no run is listed" if self.snapshot.rows else "waiting for runs in"
            self.charts.waiting = f"{told} {'' if self.snapshot.rows else printable(self._title)}"
        elif drawn and not own:
            self.charts.waiting = "these runs have no scalars"
        found = [each for row in drawn for each in row.findings if each.is_serious]
        self.charts.give(self.snapshot.series, found)
        self.charts.redraw()
        self.reader.want(self.charts.wanted())
        line = "--" if self._ascii else "━"
        signs = {name: SIGNS[place % len(SIGNS)] for place, name in enumerate(names)}
        self.runs.shown = dict.fromkeys(names, line[0]) if self.charts.look.braille else signs
        self.runs.line_colors = self._line_colors
        self.runs.redraw()

    def _drawn_runs(self) -> list[RunRow]:
        """The pinned runs, or the first in the list; and the chosen one, on top."""
        rows = self.runs.rows
        chosen = self.runs.chosen
        pinned = [row for row in rows if row.name in self.runs.pinned]
        drawn = (pinned or list(rows[:_MOST_RUNS]))[: len(SIGNS) - 1]
        if chosen is None:
            return drawn
        return [*[row for row in drawn if row.name != chosen.name][::-1], chosen]

    def _assign_colors(self, names: Iterable[str]) -> None:
        """Gives each new run a colour that no other on the charts has, if there is one."""
        if not self.has_colors:
            return
        names = list(names)
        taken = [self._line_colors[name] for name in names if name in self._line_colors]
        for name in names:
            if name not in self._line_colors:
                free = min(RUN_COLORS, key=taken.count)
                self._line_colors[name] = free
                taken.append(free)

    def _show_bars(self) -> None:
        self._bar.say(self._told())
        self._foot.say(self._hints())

    def _told(self) -> Cells:
        rows = self.snapshot.rows
        counts: dict[str, int] = {}
        for row in rows:
            counts[str(row.status)] = counts.get(str(row.status), 0) + 1
        states = ", ".join(f"{format_count(n)} {state}" for state, n in sorted(counts.items()))
        told = f"{plural(len(rows), 'run')}: {states}" if rows else "no run yet"
        cells: Cells = [(f" {printable(self._title)}", "bold"), (f"  {told}", "")]
        if self.snapshot.time:
            clock = format_time(self.snapshot.time)[11:19]
            width = self.size.width - sum(cell_len(text) for text, _ in cells) - len(clock) - 1
            cells.append((f"{' ' * max(1, width)}{clock}", "dim"))
        return cells

    def _hints(self) -> Cells:
        trouble = self._filter_trouble or self.snapshot.trouble
        if trouble:
            return [(f" {printable(trouble.splitlines()[0])}", "bold red")]
        last = self._last
        if last is not None and self.reader.watch.follower.clock() - last.time < _EVENT_SECONDS:
            run = f"{printable(last.run)}: " if last.run else ""
            style = "bold red" if last.kind in ("finding", "problem") else "bold"
            return [(f" {format_time(last.time)[11:19]} {run}{printable(last.message)}", style)]
        keys = [("?", "help"), ("/", "filter"), ("tab", "pane"), ("space", "keep run")]
        keys += [("f", "one chart"), ("s S", "smooth"), ("x", "axis"), ("l", "log"), ("q", "end")]
        cells: Cells = []
        for key, what in keys:
            cells += [(f" {key}", "bold"), (f" {what} ", "dim")]
        return cells

    # -- what is done

    def on_list_pane_moved(self, message: ListPane.Moved) -> None:
        """Draws the chosen run on top."""
        if message.pane is self.runs:
            self._show_charts()

    def on_list_pane_chosen(self, message: ListPane.Chosen) -> None:
        """Goes to the charts: to those of the run, or to the place of the finding."""
        finding = self.findings.chosen
        if message.pane is self.findings and finding is not None:
            names = [row.name for row in self.runs.rows]
            self.runs.move_to(names.index(finding.run))
            self._show_charts()
            self.charts.choose(finding.tag)
            self._show_charts()
            self.charts.cross_at(finding)
        self.charts.focus()

    def on_runs_pane_pinned(self) -> None:
        """Draws other runs."""
        self._show_charts()

    def on_charts_pane_changed(self) -> None:
        """Shows other charts."""
        self._show_charts()

    def on_charts_pane_full_asked(self) -> None:
        """Gives one chart all the place, or no more."""
        self.action_full()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Lists what matches."""
        try:
            self._filter, self._filter_trouble = parse_filter(event.value), ""
        except InvalidExpression as error:  # as it is while it is being typed
            self._filter, self._filter_trouble = Filter(), str(error)
        self.reader.ask(self._filter.where)
        self._show()

    def on_input_submitted(self) -> None:
        """Goes back to the runs."""
        self.runs.focus()

    def action_help(self) -> None:
        """Shows all keys."""
        self.push_screen(HelpScreen(self.BINDINGS, ascii_only=self._ascii))

    def action_filter(self) -> None:
        """Lets a filter be typed."""
        self.set_full(False)
        self.input.add_class("-asked")
        self.input.focus()

    def action_leave(self) -> None:
        """One step back to where everything is listed."""
        if self.charts.full:
            self.set_full(False)
        elif self.input.has_focus and self.input.value:
            self.runs.focus()
        else:
            self.input.value = ""
            self.input.remove_class("-asked")
            self.runs.focus()

    def action_go(self, pane: str) -> None:
        """Goes to a pane."""
        self.set_full(False)
        self.query_one(f"#{pane}").focus()

    def action_full(self) -> None:
        """One chart, or all."""
        self.set_full(not self.charts.full)

    def set_full(self, full: bool) -> None:
        """Gives one chart all the place, or no more."""
        self.charts.full = full
        self.screen.set_class(full, "-full")
        if full:
            self.charts.focus()
        self._show_charts()

    def action_smooth(self, by: int) -> None:
        """Smooths more, or less."""
        now = self.charts.look.smoothing
        place = min(range(len(SMOOTHINGS)), key=lambda each: abs(SMOOTHINGS[each] - now))
        self.charts.change(smoothing=SMOOTHINGS[max(0, min(place + by, len(SMOOTHINGS) - 1))])

    def action_log(self) -> None:
        """Logarithmic y axes, or not."""
        self.charts.change(log=not self.charts.look.log)

    def action_axis(self) -> None:
        """The next x axis."""
        place = AXES.index(self.charts.look.x)
        self.charts.change(x=AXES[(place + 1) % len(AXES)])

    def action_unpin(self) -> None:
        """Keeps no runs in the charts."""
        self.runs.pinned.clear()
        self._show_charts()

    def action_theme(self) -> None:
        """The next theme."""
        place = _THEMES.index(self.theme) if self.theme in _THEMES else -1
        self.theme = _THEMES[(place + 1) % len(_THEMES)]

    def action_report(self) -> None:
        """Writes a report of the runs that are listed."""
        names = [row.name for row in self.runs.rows]
        smoothing = self.charts.look.smoothing
        self.notify("writing a report ...", markup=False)
        self.reader.do(lambda: self._write_report(names, smoothing))

    def _write_report(self, names: list[str], smoothing: float) -> None:
        """In the reader's thread, which alone may read from the runs."""
        from tbtools.render.report.write import report

        runs = self.reader.watch.follower.runs
        path = _free_path()
        try:
            report([runs[name].run for name in names], path, smoothing=smoothing)
        except TbtoolsError as error:
            self._from_reader(self._tell, str(error), "error")
        else:
            self._from_reader(self._tell, f"{path} was written", "information")

    def _tell(self, text: str, severity: str) -> None:
        self.notify(printable(text), severity=severity, markup=False)  # type: ignore[arg-type]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette has: the keys by name, and Textual's own."""
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and binding.action != "command_palette":
                action = binding.action
                text = binding.description
                yield SystemCommand(
                    text[:1].upper() + text[1:],
                    f"key {binding.key}",
                    lambda action=action: self.call_later(self.run_action, action),
                )
        theme = "Change theme"
        yield SystemCommand(theme, "All themes, with a preview", self.action_change_theme)


def _free_path() -> Path:
    """A name for a report that no file has."""
    number, path = 1, Path("watch-report.html")
    while path.exists():
        number += 1
        path = Path(f"watch-report-{number}.html")
    return path
