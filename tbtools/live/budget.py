"""How much time may be spent on something that could always take more."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What was not needed is not saved for long: a burst must not take seconds.
_SAVED_SECONDS = 60.0


class Budget:
    """A share of the time that passes.

    Attributes:
        share: Which part of it may be spent; 1 for all.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self._looked = time.monotonic()
        self._left = 0.0

    def accrue(self) -> None:
        """Adds what came since the last call."""
        now = time.monotonic()
        self._left += self.share * (now - self._looked)
        self._left = min(self._left, self.share * _SAVED_SECONDS)
        self._looked = now

    @property
    def is_left(self) -> bool:
        """Whether something may be begun; it is paid for afterwards."""
        return self._left > 0 or self.share >= 1

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Takes what the block takes of this thread's time on a core."""
        begun = time.thread_time()
        try:
            yield
        finally:
            self._left -= time.thread_time() - begun
