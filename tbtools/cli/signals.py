"""Signals that end a command: all is cleaned up as after Ctrl-C."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

# Ctrl-C; what Slurm, Docker, systemd and `timeout` send; what a terminal sends that is closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `timeout` and shells send a signal twice in a row; the second falls into the cleaning up.
_REPEATED = 1.0  # seconds


class Signals:
    """Lets the signals that end a process raise KeyboardInterrupt, for all to be cleaned up.

    Attributes:
        caught: The last one; 0 for none.
    """

    def __init__(self) -> None:
        self.caught = 0
        self._time = float("-inf")
        self._taken: list[signal.Signals] = []

    def take(self) -> None:
        """From now on."""
        # What is ignored, as SIGHUP under nohup, stays so.
        self._taken = [each for each in _SIGNALS if signal.getsignal(each) != signal.SIG_IGN]
        for each in self._taken:
            signal.signal(each, self._interrupt)

    def _interrupt(self, number: int, _: FrameType | None) -> None:
        before, self._time = self._time, time.monotonic()
        if self._time - before > _REPEATED:
            self.caught = number
            raise KeyboardInterrupt

    def release(self) -> None:
        """Lets them end the process at once, as there is nothing left to clean up."""
        for each in self._taken:
            signal.signal(each, signal.SIG_DFL)
