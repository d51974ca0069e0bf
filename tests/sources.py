"""Sources of input files for tests: one in memory, and one that fails when told to."""

from __future__ import annotations

import errno
import os
import posixpath
from typing import TYPE_CHECKING

from tbtools.eventfile.source import LocalSource
from tbtools.eventfile.source_types import Entry, Source, SourceFile, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    # Operation ("open", "stat", "list", "status", "read") and path to what it fails with, or None.
    Failure = Callable[[str, str], OSError | None]


def error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class MemoryFile(SourceFile):
    def __init__(self, path: str, files: dict[str, bytes]) -> None:
        self.path = path
        self._files = files

    def status(self) -> Status:
        size = len(self._files[self.path])
        return Status("file", size, (1, self.path), 1)

    def read_into(self, buffer: memoryview, offset: int) -> int:
        data = self._files[self.path][offset : offset + len(buffer)]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        pass


class MemorySource(Source):
    """Files in memory, without descriptors and without inodes, as in an object store.

    Attributes:
        files: Path to content.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    @classmethod
    def of(cls, folder: Path, root: str) -> MemorySource:
        """The files of a folder, as if they lay elsewhere."""
        return cls(
            {
                posixpath.join(root, path.relative_to(folder).as_posix()): path.read_bytes()
                for path in folder.rglob("*")
                if path.is_file()
            }
        )

    def open(self, path: str) -> SourceFile:
        if self.stat(path).kind == "directory":
            raise error(errno.EISDIR)
        return MemoryFile(path, self.files)

    def stat(self, path: str) -> Status:
        if path in self.files:
            return MemoryFile(path, self.files).status()
        if any(each.startswith(f"{path.rstrip('/')}/") for each in self.files):
            return Status("directory", 0, (1, path.rstrip("/")), 1)
        raise error(errno.ENOENT)

    def list(self, path: str) -> Iterator[Entry]:
        prefix = f"{path.rstrip('/')}/"
        below = [each[len(prefix) :] for each in self.files if each.startswith(prefix)]
        for name in dict.fromkeys(each.partition("/")[0] for each in below):
            yield name, prefix + name, "file" if name in below else "directory"

    def resolve(self, path: str) -> str:
        return posixpath.normpath(path)


class WatchedSource(Source):
    """The local files; each call is told before it is made."""

    most: int | None = None  # bytes that are read at once

    def __init__(self) -> None:
        self._local = LocalSource()

    def before(self, operation: str, path: str) -> None:
        """What happens before ``open``, ``stat``, ``list``, ``status`` or ``read`` of a path."""

    def after_read(self, count: int) -> None:
        """What happens when so many bytes have been read."""

    def open(self, path: str) -> SourceFile:
        self.before("open", path)
        return _WatchedFile(self._local.open(path), self)

    def stat(self, path: str) -> Status:
        self.before("stat", path)
        return self._local.stat(path)

    def list(self, path: str) -> Iterator[Entry]:
        self.before("list", path)
        return self._local.list(path)

    def resolve(self, path: str) -> str:
        return self._local.resolve(path)


class _WatchedFile(SourceFile):
    def __init__(self, file: SourceFile, source: WatchedSource) -> None:
        self.path = file.path
        self._file = file
        self._source = source

    def status(self) -> Status:
        self._source.before("status", self.path)
        return self._file.status()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        self._source.before("read", self.path)
        count = self._file.read_into(buffer[: self._source.most], offset)
        self._source.after_read(count)
        return count

    def close(self) -> None:
        self._file.close()


class FailingSource(WatchedSource):
    """The local files, but for what is to fail.

    Attributes:
        calls: The operations and paths so far.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self.calls: list[tuple[str, str]] = []
        self._failure = failure

    def before(self, operation: str, path: str) -> None:
        self.calls.append((operation, path))
        if failure := self._failure(operation, path):
            raise failure


class CountingSource(WatchedSource):
    """The local files, and how many bytes of them were read."""

    bytes_read = 0

    def after_read(self, count: int) -> None:
        self.bytes_read += count


def failing(operation: str, number: int = errno.EIO, path: str = "") -> FailingSource:
    """A source that fails at one operation, of paths that contain a text."""
    return FailingSource(
        lambda what, where: error(number) if what == operation and path in where else None
    )
