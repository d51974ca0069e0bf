"""What a source of input files is, and what it says of them; `source` has that of a path."""

from __future__ import annotations

import abc
import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from tbtools.eventfile.problems import Problem

Kind = Literal["file", "directory", "link", "other"]
# What tells a file from another one under the same name: device and inode, or an object's version.
# The last part is the same on every host and after every mount.
Identity = tuple[int | str, ...]
# An entry of a directory: its name; the directory's path, as it was given, with the name behind
# it; its kind. A link is a link here, whatever it leads to; `Source.stat` follows it. There may be
# millions, and a tuple with names takes as long to make as all else that is done for one.
Entry: TypeAlias = tuple[str, str, Kind]


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a file or directory without reading it; links have been followed.

    Attributes:
        kind: Never ``link``.
        size: In bytes.
        identity: Another file under the same name has another.
        modified: When it was last changed, in nanoseconds since the epoch.
        changed: The same, or when its status was, which no program can set back (POSIX: ctime); 0
            where the source does not tell.
        is_exact: Whether all this is another wherever the content is (an object's ETag is in it),
            and no matter of clocks.
    """

    kind: Kind
    size: int
    identity: Identity
    modified: int
    changed: int = field(default=0, compare=False)
    is_exact: bool = field(default=False, compare=False)


class SourceFile(abc.ABC):
    """A file open for reading, at any offset; it has no position of its own.

    Attributes:
        path: The file, as it was given.
        is_shared: Whether several threads may read it at once, and gain by that.
    """

    path: str
    is_shared = False

    @abc.abstractmethod
    def status(self) -> Status:
        """Its status now: a file that is being written grows while it is open."""

    @abc.abstractmethod
    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fills a buffer with the bytes from an offset on.

        Returns:
            How many bytes were read: perhaps fewer than fit, 0 only at the end of the file.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Closes it."""

    def size(self) -> int:
        """Its length now, in bytes."""
        return self.status().size

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from an offset on; fewer than asked for only where the file ends."""
        data = bytearray(length)
        view = memoryview(data)
        count = 0
        while count < length and (got := self.read_into(view[count:], offset + count)):
            count += got
        return bytes(view[:count])

    @property
    def row_problems(self) -> tuple[Problem, ...]:
        """What could not be read of it where it is no event file but is read as one."""
        return ()

    def fileno(self) -> int | None:
        """A descriptor that the operating system can copy from; None where there is none."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Source(abc.ABC):
    """A place that files are read from. Whatever fails raises OSError.

    Attributes:
        at_once: How many files are read side by side, where each read is a request that takes
            milliseconds; 0 where one takes no time, and the cores set the limit.
        tells: Whether the operating system may tell of changes, see `notices`.
    """

    at_once = 0
    tells = False

    @property
    def is_remote(self) -> bool:
        """Whether each look and each read is a request."""
        return self.at_once > 0

    @abc.abstractmethod
    def open(self, path: str) -> SourceFile:
        """Opens a file for reading."""

    @abc.abstractmethod
    def stat(self, path: str) -> Status:
        """What is at a path; links are followed."""

    @abc.abstractmethod
    def list(self, path: str) -> Iterator[Entry]:
        """The entries of a directory, in no order, without a look at each."""

    @abc.abstractmethod
    def resolve(self, path: str) -> str:
        """The absolute path behind a path, without links and ``..``, whether it exists or not."""

    def absolute(self, path: str) -> str:
        """The path from the top, links left as they are, without a look at it."""
        return self.resolve(path)

    def requests(self, size: int) -> int:
        """How many requests it takes to read so many bytes of a file."""
        return 0

    def fresh_stat(self, path: str) -> Status | None:
        """As `stat`, with what no cache holds; None where that costs as much as `open`."""
        return None

    def look(self, path: str) -> Status:
        """As `stat`, before all below it is listed: a source may ask for it in bulk.

        What was known of it from earlier is forgotten.
        """
        return self.stat(path)

    def write(self, path: str, local_file: str, *, force: bool) -> None:
        """Puts a copy of a local file there, whole; local outputs are no matter of sources.

        Args:
            path: Where to.
            local_file: What is to be there.
            force: Whether what is there may be replaced.

        Raises:
            FileExistsError: Something is there.
        """
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), path)

    def require_writable(self, path: str) -> None:  # noqa: B027 - most are
        """Refuses a path to which no file can be written, whatever is there.

        Raises:
            OSError: It is one.
        """

    def make_directory(self, path: str) -> None:  # noqa: B027 - most have none to make
        """Makes a directory for files that are written into it, and those above it."""

    def forget(self, path: str) -> None:  # noqa: B027 - most remember nothing
        """Asks anew when something at or below a path is asked for the next time."""
