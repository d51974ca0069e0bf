"""The application: what is looked at, and what keys do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from tbtools.errors import InvalidExpression, TbtoolsError
from tbtools.live.app.bars import Bar, told_below, told_of_runs
from tbtools.live.app.charts_pane import SMOOTHINGS, ChartsPane
from tbtools.live.app.filtering import Filter, parse_filter
from tbtools.live.app.findings_pane import FindingsPane, findings_of
from tbtools.live.app.help import HelpScreen
from tbtools.live.app.keys import BINDINGS, CSS, THEMES
from tbtools.live.app.panels import varied_hparams
from tbtools.live.app.reader import Reader, Snapshot
from tbtools.live.app.reports import write_report
from tbtools.live.app.rows import in_order
from tbtools.live.app.runs_pane import RunsPane, assign_colors
from tbtools.live.app.samples import VIEWS
from tbtools.live.app.settings import Settings
from tbtools.render.format import printable
from tbtools.render.terminal.chart import SIGNS, Look
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.screen import Screen

    from tbtools.live.app.pane import ListPane
    from tbtools.live.app.rows import RunRow
    from tbtools.live.events import Event
    from tbtools.live.watch import Watch

# Curves of so many runs can be told apart on one chart.
_MOST_RUNS = 6
_NOTHING = {
    "scalars": "these runs have no scalars",
    "hparams": "the listed runs do not differ in a hyperparameter",
}


class WatchApp(App[None]):
    """Runs, charts and findings on one screen.

    Args:
        watch: What is followed; it was not begun.
        title: What it is called: the path that the user gave.
        settings: What was chosen the last time.
        settings_path: Where that is kept; None for nowhere.
        ascii_only: Whether the terminal knows nothing but ASCII.
        colors: Whether it has any.
        many_colors: Whether it has more than sixteen.

    Attributes:
        snapshot: What is shown.
        trouble: What ended the reading; None for nothing.
        has_colors: Whether the terminal has any.
    """

    TITLE = "tbtools watch"
    CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(
        self,
        watch: Watch,
        title: str,
        settings: Settings | None = None,
        settings_path: Path | None = None,
        *,
        ascii_only: bool = False,
        colors: bool = True,
        many_colors: bool = True,
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
            Look(
                kept.smoothing,
                kept.x,
                kept.log,
                self._line_colors,
                ascii_only=ascii_only,
                many_colors=colors and many_colors,
            )
        )
        self.charts.view = kept.view if kept.view in VIEWS else VIEWS[0]
        self.charts.superseded = kept.superseded
        self.findings = FindingsPane(ascii_only=ascii_only)
        self.input = Input(placeholder="seed*  status:stalled  lr>=1e-3  val/loss<2", id="filter")
        self._bar, self._foot = Bar(id="bar"), Bar(id="foot")

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
            self.charts.view,
            self.charts.superseded,
        ).save(self._settings_path)

    # -- what comes from the reader

    def _from_reader(self, take: object, *news: object) -> None:
        """Has something done in the screen's thread, if there still is one."""
        if self.is_running:
            self.call_later(take, *news)  # type: ignore[arg-type]

    def _take(self, snapshot: Snapshot, events: tuple[Event, ...]) -> None:
        self.snapshot = snapshot
        for event in events:
            if event.kind != "run" or self._last is None or self._last.run is None:
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
        if self.has_colors:
            assign_colors(self._line_colors, names)
        self.charts.rows = self.runs.rows
        self.charts.take(self._tags_of(drawn), names)
        if self.snapshot.time and not drawn:
            told = "no run is listed" if self.snapshot.rows else "waiting for runs in"
            self.charts.waiting = f"{told} {'' if self.snapshot.rows else printable(self._title)}"
        elif drawn:
            self.charts.waiting = _NOTHING.get(
                self.charts.view, f"no {self.charts.view} in this run"
            )
        found = [each for row in drawn for each in row.findings if each.is_serious]
        self.charts.give(self.snapshot, found)
        self.charts.look = replace(self.charts.look, light=not self.current_theme.dark)
        self.charts.redraw()
        self.reader.want(self.charts.wanted())
        line = "--" if self._ascii else "━"
        signs = {name: SIGNS[place % len(SIGNS)] for place, name in enumerate(names)}
        self.runs.shown = (
            dict.fromkeys(names, line[0]) if self.charts.look.drawn_as != "ascii" else signs
        )
        self.runs.line_colors = self._line_colors
        self.runs.redraw()

    def _tags_of(self, drawn: Sequence[RunRow]) -> list[str]:
        """What there is a chart of."""
        if self.charts.view == "scalars":
            own = {tag for row in drawn for tag in row.tags}
            return [tag for tag in self.snapshot.tags if tag in own]
        if self.charts.view == "hparams":
            return varied_hparams(self.runs.rows, self.snapshot.hparams)
        return list(self._views().get(self.charts.view, ()))

    def _views(self) -> Mapping[str, Collection[str]]:
        """The tags of the chosen run that are no scalars, by what shows them."""
        chosen = self.runs.chosen
        return self.snapshot.tags_by_view.get(chosen.name, {}) if chosen else {}

    def _drawn_runs(self) -> list[RunRow]:
        """The pinned runs, or the first in the list; and the chosen one, on top."""
        rows = self.runs.rows
        chosen = self.runs.chosen
        pinned = [row for row in rows if row.name in self.runs.pinned]
        drawn = (pinned or list(rows[:_MOST_RUNS]))[: len(SIGNS) - 1]
        if chosen is None:
            return drawn
        return [*[row for row in drawn if row.name != chosen.name][::-1], chosen]

    def _show_bars(self) -> None:
        snapshot, width = self.snapshot, self.size.width
        self._bar.say(told_of_runs(snapshot, printable(self._title), width))
        trouble = self._filter_trouble or snapshot.trouble
        now = self.reader.watch.follower.clock()
        self._foot.say(told_below(trouble, self._last, now, width))

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
        """Gives one chart all the place, or no more; its new size has it drawn."""
        if full == self.charts.full:
            return
        self.charts.full = full
        self.screen.set_class(full, "-full")
        if full:
            self.charts.focus()

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
        axes: list[str] = [*AXES]
        place = axes.index(self.charts.look.x) if self.charts.look.x in axes else -1
        self.charts.change(x=axes[(place + 1) % len(axes)])
        self._show_charts()

    def action_axis_of_chart(self) -> None:
        """The scalar of the chosen chart along the x axis, or steps again."""
        tag = self.charts.chosen
        if self.charts.view == "scalars" and tag is not None:
            self.charts.change(x="step" if self.charts.look.x == tag else tag)
            self._show_charts()

    def action_view(self) -> None:
        """The next of what can be shown of the chosen run."""
        there = [
            view for view in VIEWS if view in ("scalars", "hparams") or self._views().get(view)
        ]
        place = there.index(self.charts.view) if self.charts.view in there else -1
        self.charts.view = there[(place + 1) % len(there)]
        self._show_charts()

    def action_superseded(self) -> None:
        """Shows what restarts have superseded, or not."""
        self.charts.superseded = not self.charts.superseded
        self._show_charts()

    def action_unpin(self) -> None:
        """Keeps no runs in the charts."""
        self.runs.pinned.clear()
        self._show_charts()

    def action_theme(self) -> None:
        """The next theme."""
        place = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(place + 1) % len(THEMES)]
        self._show()

    def action_report(self) -> None:
        """Writes a report of the runs that are listed."""
        names = [row.name for row in self.runs.rows]
        smoothing = self.charts.look.smoothing
        self.notify("writing a report ...", markup=False)
        self.reader.do(lambda: self._write_report(names, smoothing))

    def _write_report(self, names: list[str], smoothing: float) -> None:
        """In the reader's thread, which alone may read from the runs."""
        runs = self.reader.watch.follower.runs
        try:
            path = write_report([runs[name].run for name in names], smoothing)
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
