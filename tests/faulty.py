"""A source that fails once, at one of the calls that a command makes, and tells of all of them."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.builders import EventFileBuilder
from tests.sources import WatchedSource, error

_FIRST = 3


class Call(NamedTuple):
    """One call of a source: threads make them in any order, but each of them so many times.

    Attributes:
        operation: ``open``, ``stat``, ``list``, ``status`` or ``read``.
        path: Of what.
        number: The how manieth of its kind it is.
    """

    operation: str
    path: str
    number: int


# What happens just before a call: the operating system's answer is raised, or the file is changed.
Fault = Callable[[Path], None]


def failing_with(number: int) -> Fault:
    """Lets the call fail."""

    def fail(_: Path) -> None:
        raise error(number)

    return fail


def vanish(path: Path) -> None:
    """Takes the file away."""
    path.unlink()


def shrink(path: Path) -> None:
    """Cuts the file to half its length."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def grow(path: Path) -> None:
    """Puts a point behind the others."""
    with path.open("ab") as file:
        file.write(EventFileBuilder().scalar("loss", 1000, 0.5).bytes())


def replace(path: Path) -> None:
    """Puts another file in its place."""
    other = EventFileBuilder().scalars("loss", [(7, 0.25)] * 90).write(path.with_name("other"))
    other.replace(path)


FAILURES = {
    errno.errorcode[number]: failing_with(number)
    for number in (errno.EIO, errno.ESTALE, errno.EACCES, errno.ENOENT, errno.EINTR, errno.EMFILE)
}
CHANGES = {"vanish": vanish, "shrink": shrink, "grow": grow, "replace": replace}


class FaultySource(WatchedSource):
    """The local files, but for one call.

    Args:
        at: The call.
        fault: What happens there.
        most: How many bytes are read at once.

    Attributes:
        calls: How often each operation was asked for, of each path.
    """

    def __init__(
        self, at: Call | None = None, fault: Fault | None = None, most: int | None = None
    ) -> None:
        super().__init__()
        self.most = most
        self.calls: Counter[tuple[str, str]] = Counter()
        self._at, self._fault = at, fault

    def called(self) -> list[Call]:
        """All calls; of many of one kind the first and the last ones."""
        return [
            Call(operation, path, number)
            for (operation, path), count in sorted(self.calls.items())
            for number in range(count)
            if number < _FIRST or number == count - 1
        ]

    def before(self, operation: str, path: str) -> None:
        call = Call(operation, path, self.calls[operation, path])
        self.calls[operation, path] += 1
        if call == self._at and self._fault:
            self._fault(Path(path))
