"""--watch: a command that is called again and again, and draws in place."""

from __future__ import annotations

import contextlib
import functools
import io
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tbtools.cli.options import refuse_option
from tbtools.cli.selecting import REDRAWING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tbtools.cli.options import Command

# DEC's and xterm's: the other screen, no cursor, no wrapping; and back.
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l"
# Terminals that know it show what lies between at once, others ignore it.
_BEGIN, _END = "\x1b[?2026h\x1b[H", "\x1b[J\x1b[?2026l"
# Drawing takes at most a quarter of the time.
_PAUSE_OF_DRAWING = 3.0


def watch_option(command: Command) -> Command:
    """--watch, for a command that reads runs and prints a table or a picture."""

    @functools.wraps(command)
    def watching(*, watched: bool, **values: Any) -> Any:
        if not watched:
            return command(**values)
        output = values.get("output")
        if not sys.stdout.isatty():
            refuse_option("watched", "but on a terminal")
        if output is not None and (output.path is not None or output.chosen_format != "table"):
            refuse_option("watched", "but on a table in the terminal")
        return _redraw(lambda: command(**values), values["paths"])

    option = click.option(
        "--watch", "watched", is_flag=True,
        help="Draw again, in place, what has become of it; until Ctrl-C.",
    )  # fmt: skip
    decorated: Any = option(watching)
    result: Command = decorated
    return result


def _redraw(draw: Callable[[], object], paths: Sequence[str]) -> NoReturn:
    """Draws for ever; the screen is as it was when a signal ends that."""
    from tbtools.live.watched import interval_of
    from tbtools.render.unfinished import unfinished

    click.get_current_context().meta[REDRAWING] = True
    interval = interval_of(paths)
    terminal = sys.stdout
    shown = _drawn(draw, terminal)  # what cannot be drawn at all is told on the usual screen
    with unfinished(lambda: _write(terminal, _LEAVE)):
        try:
            _write(terminal, _ENTER)
            while True:
                _write(terminal, _painted(shown))
                begun = time.monotonic()
                shown = _drawn(draw, terminal)
                took = time.monotonic() - begun
                time.sleep(max(interval - took, _PAUSE_OF_DRAWING * took))
        finally:
            _write(terminal, _LEAVE)


def _drawn(draw: Callable[[], object], terminal: Any) -> str:
    """What a command prints, with what it tells on standard error below it."""
    from tbtools.cli.pager import Screen

    screen, told = Screen(terminal.encoding), io.StringIO()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(told):
        draw()
    return screen.getvalue() + told.getvalue()


def _painted(shown: str) -> str:
    """As many lines as the terminal has."""
    import shutil  # brings all compressors to the start of each command

    rows = shutil.get_terminal_size().lines
    lines = shown.splitlines()
    if len(lines) > rows:
        lines[rows - 1 :] = [f"({len(lines) - rows + 1:,} more lines)"]
    return _BEGIN + "\x1b[K\n".join(lines) + "\x1b[K" + _END


def _write(terminal: Any, text: str) -> None:
    terminal.write(text)
    terminal.flush()
