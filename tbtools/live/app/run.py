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


def is_on_terminal() -> bool:
    """Whether there is a terminal to draw on and to read keys from."""
    # Textual draws on standard error.
    is_terminal = all(each.isatty() for each in (sys.stdin, sys.stdout, sys.stderr))
    return is_terminal and not Console().is_dumb_terminal


def has_textual() -> bool:
    """Whether what draws the screen is installed."""
    return importlib.util.find_spec("textual") is not None


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
