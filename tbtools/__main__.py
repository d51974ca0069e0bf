"""`python -m tbtools` is `tbtools`: where it starts, and how signals end it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

# Ctrl-C; what Slurm, Docker, systemd and `timeout` send; what a terminal sends that is closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `timeout` and shells send a signal twice in a row; the second falls into the cleaning up.
_REPEATED = 1.0  # seconds


class _Signals:
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


def main() -> None:
    """The entry point; what it needs is imported where a signal is no traceback."""
    signals, status = _Signals(), 0
    try:
        signals.take()
        from tbtools.cli.main import main as run

        status = run()
        signals.release()
    except KeyboardInterrupt:
        # What holds files open goes with it; only behind this block all is cleaned up.
        signals.caught = signals.caught or signal.SIGINT
    if signals.caught:
        if sys.stderr is not None:  # closed by the caller: another file may have its number
            with contextlib.suppress(OSError):  # the terminal is gone
                os.write(2, b"tbtools: interrupted\n")
        # Nothing is waited for, and no second interrupt falls into Python's own end.
        os._exit(128 + signals.caught)  # as shells have it
    sys.exit(status)


if __name__ == "__main__":
    main()
