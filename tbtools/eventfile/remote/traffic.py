"""How many requests were made, and how many bytes came: for who pays for them."""

from __future__ import annotations

import threading


class Traffic:
    """Counts of this process.

    Attributes:
        requests: The requests that were made; what a library repeats by itself after a failure is
            not seen.
        bytes_read: The bytes of files that were received.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.bytes_read = 0
        self._lock = threading.Lock()

    def count(self, requests: int = 1, bytes_read: int = 0) -> None:
        """Adds to them."""
        with self._lock:
            self.requests += requests
            self.bytes_read += bytes_read


traffic = Traffic()
