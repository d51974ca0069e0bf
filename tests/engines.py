"""An engine that does what one of other processes does, in this one, and work for real ones.

Other processes import this module for the work, and wait for what it imports.
"""

from __future__ import annotations

import os
import pickle
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class PickledEngine:
    """See `tbtools.runs.engine.Engine`. It pickles all that passes.

    Attributes:
        tasks: How many calls it has done.
        sent: The bytes of the largest one.
        given: Those of what each has given.
    """

    workers = 3
    shares_directory = True

    def __init__(self) -> None:
        self.tasks = 0
        self.sent = 0
        self.given: list[int] = []

    def __str__(self) -> str:
        return "pickled"

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """What the calls give, in order."""
        for item in items:
            self.tasks += 1
            pickled = pickle.dumps((function, item))
            self.sent = max(self.sent, len(pickled))
            sent = pickle.loads(pickled)
            given = pickle.dumps(sent[0](sent[1]))
            self.given.append(len(given))
            yield pickle.loads(given)


def dies(read: Iterator[tuple[str, Any]]) -> int:
    """Work that ends each process that does it."""
    for name, _ in read:
        if name == "run3_val":
            os.kill(os.getpid(), signal.SIGKILL)
    return 0


def names_with_trouble(read: Iterator[tuple[str, Any]], trouble: str, told: str) -> list[str]:
    """The names of runs; with one of them it takes a second, or far too much memory at first.

    Args:
        read: The runs.
        trouble: ``slow`` or another.
        told: A file that is there when the memory has been taken.
    """
    names = [name for name, _ in read]
    if "run0_train" in names and trouble == "slow":
        time.sleep(1.0)
    elif "run0_train" in names and not Path(told).exists():
        Path(told).touch()
        much = bytearray(600_000_000)
        much[::1000] = bytes([1]) * len(much[::1000])  # else the pages are not there
        time.sleep(30.0)
    return names
