"""The source of files of other programs: they read as the event files that `import` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.eventfile.foreign.encoding import encoded
from tbtools.eventfile.foreign.formats import ForeignPath, read_logs
from tbtools.eventfile.foreign.log import ForeignLog, refusal
from tbtools.eventfile.source import source_of
from tbtools.eventfile.source_types import Source, SourceFile, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.problems import Problem
    from tbtools.eventfile.source_types import Entry


def read_log(path: str) -> ForeignLog:
    """The log of a `ForeignPath`.

    Raises:
        OSError: It cannot be read, or not be understood.
    """
    asked = ForeignPath.parse(path)
    logs = read_logs(asked.path, asked.format, asked.reading)
    if asked.run not in logs:
        raise refusal(f"no run {asked.run} in it", path)
    return logs[asked.run]


class _ForeignFile(SourceFile):
    """An event file in memory, made of the file when it is opened."""

    def __init__(self, path: str) -> None:
        asked = ForeignPath.parse(path)
        self.path = path
        self._status = source_of(asked.path).stat(asked.path)
        log = read_log(path)
        self._data = encoded(log, asked.reading.dtype)
        self._row_problems = log.problems

    @property
    def row_problems(self) -> tuple[Problem, ...]:
        return self._row_problems

    def status(self) -> Status:
        status = self._status
        return Status(status.kind, len(self._data), status.identity, status.modified)

    def read_into(self, buffer: memoryview, offset: int) -> int:
        data = self._data[offset : offset + len(buffer)]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        pass


class ForeignSource(Source):
    """Reads files of other programs as event files, each run in one as a file of its own."""

    def open(self, path: str) -> SourceFile:
        """Reads the file, which is held in memory as an event file."""
        return _ForeignFile(path)

    def stat(self, path: str) -> Status:
        """That of the file; no index keeps what is found in it, as its rows are read anew."""
        inner = ForeignPath.parse(path).path
        status = source_of(inner).stat(inner)
        return Status(status.kind, status.size, status.identity, status.modified)

    def list(self, path: str) -> Iterator[Entry]:
        """There are no directories of these: the files lie in those of their own source."""
        raise refusal("this is a file", path)

    def resolve(self, path: str) -> str:
        """The same run of the resolved file."""
        asked = ForeignPath.parse(path)
        inner = source_of(asked.path).resolve(asked.path)
        return str(ForeignPath(inner, asked.format, asked.run, asked.reading))

    def requests(self, size: int) -> int:
        """The file is read whole."""
        return 0
