"""Delivers alarms beside the watch: tries again with pauses, gives up in the end, and says so."""

from __future__ import annotations

import queue
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tbtools.live.alarms import Alarm

# Seconds before the second, third and fourth try; then it is given up.
PAUSES = (2.0, 10.0, 60.0)
# A hook that hangs must not keep the others waiting.
_AT_ONCE = 8


class Failure(Exception):
    """An alarm did not get through.

    Args:
        reason: Why.
        is_final: Whether another try would change nothing.
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


class Target(Protocol):
    """What alarms are delivered to."""

    @property
    def label(self) -> str:
        """What it is called where it fails."""

    def deliver(self, alarm: Alarm) -> None:
        """Delivers one, or raises `Failure`."""


class Delivery:
    """Delivers alarms in threads of its own.

    Args:
        pauses: Seconds before each further try.
    """

    def __init__(self, pauses: Sequence[float] = PAUSES) -> None:
        self._pauses = pauses
        self._pool = ThreadPoolExecutor(_AT_ONCE, "tbtools-alarm")
        self._failures: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._sent: list[Future[None]] = []

    def send(self, target: Target, alarm: Alarm, done: Callable[[], None]) -> None:
        """Delivers an alarm, later.

        Args:
            target: To what.
            alarm: The alarm.
            done: Called when it got through, or was given up.
        """
        self._sent.append(self._pool.submit(self._send, target, alarm, done))

    def failures(self) -> list[tuple[str, str]]:
        """What has failed since the last call: the run, and a sentence."""
        for future in [each for each in self._sent if each.done()]:
            self._sent.remove(future)
            future.result()  # a fault of ours is no failure of theirs
        found = []
        while not self._failures.empty():
            found.append(self._failures.get())
        return found

    def close(self) -> None:
        """Waits for what is on its way; what fails is not tried more often than is promised."""
        self._pool.shutdown()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "tbtools-alarm")  # for who goes on watching

    def _send(self, target: Target, alarm: Alarm, done: Callable[[], None]) -> None:
        for number, pause in enumerate((*self._pauses, None), start=1):
            try:
                target.deliver(alarm)
            except Failure as failure:
                last = pause is None or failure.is_final
                what = f"{target.label} {failure}"
                if last:
                    what += f"; given up after {number} tries" if number > 1 else "; given up"
                else:
                    what += f"; tried again in {pause:g} s"
                self._failures.put((alarm.values["run"], what))
                if last:
                    break
                time.sleep(pause or 0.0)
            else:
                break
        done()
