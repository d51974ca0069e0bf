"""The keys of the application, how its parts are laid out, and its themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding

if TYPE_CHECKING:
    from textual.binding import BindingType

# Those that the key goes through; the palette has all of Textual's.
THEMES = ("textual-dark", "textual-light", "nord", "gruvbox", "solarized-light", "textual-ansi")
CSS = """
#bar, #foot { height: 1; background: $panel; }
#filter { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
#filter.-asked { display: block; }
#left { width: 40%; min-width: 30; max-width: 100; border-right: none; margin-right: 1; }
#runs, #charts { height: 1fr; }
#findings { height: 30%; min-height: 5; max-height: 16; }
.-full #left, .-full #findings { display: none; }
"""
BINDINGS: list[BindingType] = [
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
    Binding("x", "axis", "x axis: step, relative, active, wall time"),
    Binding("X", "axis_of_chart", "x axis: the scalar of the chosen chart, or the step again"),
    Binding("v", "view", "scalars, histograms, images, text, hyperparameters"),
    Binding("h", "superseded", "what restarts have superseded, faintly, or not"),
    Binding("f", "full", "one chart, or all"),
    Binding("c", "unpin", "keep no runs in the charts"),
    Binding("o", "report", "write a report of the runs that are listed"),
    Binding("t", "theme", "another theme"),
    Binding("ctrl+p", "command_palette", "all of this by name"),
    Binding("ctrl+c,q", "quit", "end", priority=False),
]
