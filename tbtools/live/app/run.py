"""Starts the application, and ends it in order."""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import sys
from typing import TYPE_CHECKING

from rich.console import Console

from tbtools import system
from tbtools.live.state import state_path

if TYPE_CHECKING:
    from tbtools.live.watch import Watch

# Ctrl-C is a key while the application runs.
_SIGNALS = tuple(each for each in system.ENDING_SIGNALS if each != signal.SIGINT)


def hindrance() -> str | None:
    """Why there is no screen to draw on, told to who sees standard output; None where there is."""
    if sys.stdin is None or not sys.stdin.isatty():
        return "standard input, which keys come from, is no terminal"
    # Textual draws on standard error.
    if sys.stderr is None or not sys.stderr.isatty():
        return "standard error, which the screen is drawn on, is no terminal"
    if Console().is_dumb_terminal:
        return "TERM says that the terminal is dumb"
    if importlib.util.find_spec("textual") is None:
        return "Textual is not installed: pip install 'tbtools[watch]' shows the whole screen"
    return None


def run_app(watch: Watch) -> None:
    """Shows a watch on the whole terminal until the user, the watch or a signal ends it.

    Args:
        watch: The watch; it was not begun.

    Raises:
        TbtoolsError: What ended the reading.
    """
    from tbtools.live.app.app import WatchApp
    from tbtools.live.app.settings import Settings

    watch.follower.history = True
    # A collection that goes through all runs takes longer than a key may; they stay anyway.
    watch.on_begun = gc.freeze
    console = Console()
    paths = [os.fspath(path) for path in watch.follower.watched.paths]
    kept = state_path(paths, ".screen.json")
    app = WatchApp(
        watch,
        " ".join(paths),
        Settings.load(kept),
        kept,
        ascii_only=console.options.ascii_only,
        colors=console.color_system is not None and not console.no_color,
        many_colors=console.color_system in ("256", "truecolor"),
    )
    got: list[int] = []

    def end(number: int, _: object) -> None:
        got.append(number)
        app.call_later(app.exit)

    before = {each: signal.signal(each, end) for each in _SIGNALS}
    try:
        app.run()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    if got:
        signal.raise_signal(got[0])
    if app.trouble is not None:
        raise app.trouble
