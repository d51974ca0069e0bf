"""Progress of long work, on standard error."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tbtools.render.unfinished import unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

    Report = Callable[[int, int], None] | None

# What takes no longer needs no progress.
_PATIENCE_SECONDS = 1.0
# ECMA-48: to the first column, the line erased, the cursor shown, which rich hides.
_ERASED = b"\r\x1b[2K\x1b[?25h"


@contextmanager
def scan_progress() -> Iterator[Report]:
    """A callback for (bytes read, bytes of all) that shows a bar once a second has passed.

    Yields:
        The callback; None where standard error is no terminal.
    """
    with _bar_on_terminal("reading", in_bytes=True) as report:
        yield report


@contextmanager
def judging_progress() -> Iterator[Report]:
    """The same for (series judged, all series), for `judge(..., judging=)`."""
    with _bar_on_terminal("judging", in_bytes=False) as report:
        yield report


@contextmanager
def aggregating_progress() -> Iterator[Report]:
    """The same for (runs aggregated, all runs), for `aggregate(..., progress=)`."""
    with _bar_on_terminal("aggregating", in_bytes=False) as report:
        yield report


@contextmanager
def building_progress() -> Iterator[Report]:
    """The same for (series drawn, all series), for `write_report(..., building=)`."""
    with _bar_on_terminal("building the page", in_bytes=False) as report:
        yield report


@contextmanager
def _bar_on_terminal(what: str, *, in_bytes: bool) -> Iterator[Report]:
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    bar = _LateBar(what, in_bytes=in_bytes)
    with unfinished(bar.erase):
        try:
            yield bar.show
        finally:
            bar.stop()


class _LateBar:
    """A bar that is made, and what it needs imported, when it is first shown.

    Args:
        what: What is being done.
        in_bytes: Whether it counts bytes, rather than things.
    """

    def __init__(self, what: str, *, in_bytes: bool) -> None:
        self._what = what
        self._in_bytes = in_bytes
        self._started: float | None = None
        self._bar: Progress | None = None

    def show(self, done: int, total: int) -> None:
        """Shows how far the work is; takes the bar away when it is done."""
        if self._started is None:
            self._started = time.monotonic()
        if self._bar is None:
            if time.monotonic() - self._started < _PATIENCE_SECONDS:
                return
            self._bar = _make_bar(in_bytes=self._in_bytes)
            self._bar.add_task(self._what, total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)
        if done >= total:  # another bar may follow
            self.stop()

    def stop(self) -> None:
        """Takes the bar away, where there is one."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def erase(self) -> None:
        """Takes it from the terminal without rich, whose locks others may hold."""
        if self._bar is not None and not self._bar.console.is_dumb_terminal:
            os.write(2, _ERASED)


def _make_bar(*, in_bytes: bool) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TimeRemainingColumn,
    )

    return Progress(
        "{task.description}",
        BarColumn(),
        DownloadColumn() if in_bytes else MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
