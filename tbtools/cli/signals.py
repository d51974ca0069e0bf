"""Signals that end a command: what is unfinished is undone, one line said; status 128 + signal.

The handler does all that itself. An exception that it raised would not always get through: Python
prints and drops those in ``__del__`` and in callbacks of weak references, as the import system has
some, libraries drop others, and one that falls into a block that cleans up ends that too.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from tbtools import system
from tbtools.render.unfinished import undo_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

# `timeout` and shells send a signal twice in a row; a later one is meant.
_REPEATED = 1.0  # seconds


def take_signals(end: Callable[[int, str], None]) -> None:
    """From now on signals end the process in order, at any moment.

    Args:
        end: Says a reason and ends the process with a status, at once.
    """
    handler = _Handler(end)
    for each in system.ENDING_SIGNALS:
        if signal.getsignal(each) != signal.SIG_IGN:  # as SIGHUP under nohup; it stays so
            signal.signal(each, handler.handle)


class _Handler:
    def __init__(self, end: Callable[[int, str], None]) -> None:
        self._end = end
        self._time = float("-inf")
        self._undoing = False

    def handle(self, number: int, _: FrameType | None) -> None:
        """Ends the process; does not wait for what is undone if a later signal asks again."""
        before, self._time = self._time, time.monotonic()
        if self._time - before <= _REPEATED:
            return
        try:
            if not self._undoing:
                self._undoing = True
                undo_all()
        finally:
            self._end(128 + number, "interrupted")  # as shells have it
