"""What all remote sources have in common: what was listed is not asked for a second time."""

from __future__ import annotations

import abc
import errno
import hashlib
import os
import threading
from typing import TYPE_CHECKING, NamedTuple

from tbtools.eventfile.remote.ranges import RangeFile, range_count
from tbtools.eventfile.source_types import Entry, Source, SourceFile, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.source_types import Kind

# Reads that go on at once: what a connection pool and a server bear, and enough for 1,000 files of
# 30 ms in a second.
_AT_ONCE = 32


class Listed(NamedTuple):
    """What a listing says of an entry.

    Attributes:
        kind: As that of an `Entry`.
        status: What a look at it would tell; None where the listing does not say so much.
    """

    kind: Kind
    status: Status | None


class RemoteSource(Source):
    """A source whose every look and read is a request.

    A directory that was listed is asked for again after `look` or `forget`; until then `stat` and
    `list` answer from it.
    """

    at_once = _AT_ONCE

    def __init__(self) -> None:
        # By path without a slash at its end; by name.
        self._listed: dict[str, dict[str, Listed]] = {}
        self._lock = threading.Lock()

    # -- what a kind of source does

    @abc.abstractmethod
    def fetch_status(self, path: str) -> Status:
        """What is at a path, by a request."""

    @abc.abstractmethod
    def fetch_entries(self, path: str) -> dict[str, Listed]:
        """The entries of a directory by name, by a request."""

    @abc.abstractmethod
    def fetch(self, path: str, status: Status, offset: int, length: int) -> memoryview:
        """Bytes of a file; fewer only where it ends, more where a server gives no less."""

    def identity(self, place: str) -> tuple[int, ...]:
        """What tells a directory from others, without a request."""
        return identity_of(place)

    # -- what is made of that

    def open(self, path: str) -> SourceFile:
        """Opens a file; what is known of it from a listing is not asked for again."""
        status = self.stat(path)
        if status.kind == "directory":
            raise os_error(errno.EISDIR, path=path)

        def fetch(status: Status, offset: int, length: int) -> memoryview:
            return self.fetch(path, status, offset, length)

        return RangeFile(path, status, fetch, lambda: self.look(path))

    def requests(self, size: int) -> int:
        """One for each range."""
        return range_count(size)

    def stat(self, path: str) -> Status:
        """From the listing of the directory that it lies in, where that is known."""
        place = self.place(path)
        if place in self._listed:
            return Status("directory", 0, self.identity(place), 0)
        above, _, name = place.rpartition("/")
        entries = self._listed.get(above)
        if entries is None:
            return self.fetch_status(place)
        if name not in entries:
            raise os_error(errno.ENOENT, path=path)
        status = entries[name].status
        if status is None:
            status = self.fetch_status(place)
            entries[name] = Listed(entries[name].kind, status)
        return status

    def list(self, path: str) -> Iterator[Entry]:
        """From an earlier listing, where it is known."""
        place = self.place(path)
        entries = self._listed.get(place)
        if entries is None:
            entries = self.fetch_entries(place)
            self._remember({place: entries})
        prefix = f"{path.rstrip('/')}/"
        for name, listed in entries.items():
            yield self.entry_name(name), prefix + name, listed.kind

    def entry_name(self, name: str) -> str:
        """The name that a person reads, of the last part of a path."""
        return name

    def look(self, path: str) -> Status:
        """By requests."""
        self.forget(path)
        return self.stat(path)

    def forget(self, path: str) -> None:
        """Forgets the listings at and below a path, and what its directory's says of it."""
        place = self.place(path)
        below = f"{place}/"
        with self._lock:
            self._listed = {
                each: entries
                for each, entries in self._listed.items()
                if each != place and not each.startswith(below)
            }
            # What else lies beside it may have changed since, too.
            self._listed.pop(place.rpartition("/")[0], None)

    def _remember(self, listed: dict[str, dict[str, Listed]]) -> None:
        with self._lock:
            self._listed.update(listed)

    def resolve(self, path: str) -> str:
        """Where there are no links, the same as `absolute`."""
        return self.place(path)

    def absolute(self, path: str) -> str:
        """Without a request."""
        return self.place(path)

    def place(self, path: str) -> str:
        """The path under which it is known: without dots and empty parts."""
        scheme, _, rest = path.partition("://")
        host, *names = rest.split("/")
        parts: list[str] = []
        for name in names:
            if name == "..":
                del parts[-1:]
            elif name not in ("", "."):
                parts.append(name)
        return "/".join((f"{scheme.lower()}://{host}", *parts))


def identity_of(place: str) -> tuple[int, ...]:
    """What tells a path from others, the same on every host."""
    digest = hashlib.blake2b(place.encode(errors="surrogateescape"), digest_size=8).digest()
    return (int.from_bytes(digest, "little"),)


def os_error(number: int, reason: str = "", path: str = "") -> OSError:
    """An OSError of the kind that its number stands for.

    Args:
        number: The number.
        reason: What is told instead of the operating system's words.
        path: What it is about.
    """
    return OSError(number, reason or os.strerror(number), path)
