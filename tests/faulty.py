"""A source that fails once, at one of the calls that a command makes, and tells of all of them."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tbtools.eventfile.source import LocalSource, Source, SourceFile
from tests.builders import EventFileBuilder
from tests.sources import error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.source import Entry, Status


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


class FaultySource(Source):
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
        self.most = most
        self.calls: Counter[tuple[str, str]] = Counter()
        self._at, self._fault = at, fault
        self._local = LocalSource()

    def called(self) -> list[Call]:
        """All calls; of many of one kind the first and the last ones."""
        return [
            Call(operation, path, number)
            for (operation, path), count in sorted(self.calls.items())
            for number in range(count)
            if number < _FIRST or number == count - 1
        ]

    def call(self, operation: str, path: str) -> None:
        call = Call(operation, path, self.calls[operation, path])
        self.calls[operation, path] += 1
        if call == self._at and self._fault:
            self._fault(Path(path))

    def open(self, path: str) -> SourceFile:
        self.call("open", path)
        return _FaultyFile(self._local.open(path), self)

    def stat(self, path: str) -> Status:
        self.call("stat", path)
        return self._local.stat(path)

    def list(self, path: str) -> Iterator[Entry]:
        self.call("list", path)
        return self._local.list(path)

    def resolve(self, path: str) -> str:
        return self._local.resolve(path)


class _FaultyFile(SourceFile):
    def __init__(self, file: SourceFile, source: FaultySource) -> None:
        self.path = file.path
        self._file = file
        self._source = source

    def status(self) -> Status:
        self._source.call("status", self.path)
        return self._file.status()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        self._source.call("read", self.path)
        return self._file.read_into(buffer[: self._source.most], offset)

    def close(self) -> None:
        self._file.close()
