"""Ctrl-C and SIGTERM, as a question that the loop asks between steps."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType, TracebackType


class Stopper:
    """While it is entered, the first SIGINT or SIGTERM asks the loop to stop; a second one kills.

    Attributes:
        signal: The number of the signal that came, or 0.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.signal = 0
        self._earlier: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Begins to listen, where it can: only a process's main thread gets signals."""
        if threading.current_thread() is threading.main_thread():
            self._earlier = {each: signal.signal(each, self._heard) for each in self.SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Puts back what was there before."""
        self._put_back()

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._put_back()

    def _put_back(self) -> None:
        while self._earlier:
            number, handler = self._earlier.popitem()
            signal.signal(number, handler)  # type: ignore[arg-type]
