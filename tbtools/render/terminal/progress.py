"""Progress of a long scan, on standard error."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What takes no longer needs no progress.
_PATIENCE_SECONDS = 1.0


@contextmanager
def scan_progress() -> Iterator[Callable[[int, int], None] | None]:
    """A callback for (bytes read, bytes of all) that shows a bar once a second has passed.

    Yields:
        The callback; None where standard error is no terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    started = time.monotonic()
    bar = Progress(
        "reading",
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("reading", start=True)

    def show(done: int, total: int) -> None:
        if not bar.live.is_started and time.monotonic() - started > _PATIENCE_SECONDS:
            bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        bar.stop()
