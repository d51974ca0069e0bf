"""Progress of a long scan, on standard error."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

# What takes no longer needs no progress.
_PATIENCE_SECONDS = 1.0


@contextmanager
def scan_progress() -> Iterator[Callable[[int, int], None] | None]:
    """A callback for (bytes read, bytes of all) that shows a bar once a second has passed.

    Yields:
        The callback; None where standard error is no terminal.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    bar = _LateBar()
    try:
        yield bar.show
    finally:
        bar.stop()


class _LateBar:
    """A bar that is made, and what it needs imported, when it is first shown."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._bar: Progress | None = None

    def show(self, done: int, total: int) -> None:
        """Shows how far the scan is."""
        if self._bar is None:
            if time.monotonic() - self._started < _PATIENCE_SECONDS:
                return
            self._bar = _make_bar()
            self._bar.add_task("reading", total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def stop(self) -> None:
        """Takes the bar away, where there is one."""
        if self._bar is not None:
            self._bar.stop()


def _make_bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    return Progress(
        "reading",
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
