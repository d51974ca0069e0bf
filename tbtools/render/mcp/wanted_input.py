"""Standard input that ends as soon as nobody reads standard output any more."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any

from tbtools import system

if TYPE_CHECKING:
    from collections.abc import Iterator


class _WantedInput(io.RawIOBase):
    def __init__(self, given: int, output: int) -> None:
        self._given = given
        self._output = output

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not system.wait_for_input(self._given, self._output):
            return 0
        data = os.read(self._given, len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextlib.contextmanager
def wanted_input() -> Iterator[None]:
    """Ends `sys.stdin` also when standard output has no reader; what waits for it is not stuck."""
    given = sys.stdin
    # Whoever serves may put another file in its place meanwhile, as the SDK does.
    output = os.dup(sys.stdout.fileno())
    sys.stdin = io.TextIOWrapper(io.BufferedReader(_WantedInput(given.fileno(), output)), "utf-8")
    try:
        yield
    finally:
        sys.stdin = given
        os.close(output)
