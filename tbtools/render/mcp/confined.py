"""Which files an agent may have read: those of the log directories that the server was given."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tbtools.errors import InvalidArgument
from tbtools.eventfile.source import LocalSource, as_path, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tbtools.eventfile.source_types import Entry, SourceFile, Status

# Above a log directory, a project says here what is judged in it, and how.
_CONFIGURATIONS = frozenset({"tbtools.toml", "pyproject.toml"})


def is_below(path: str, root: str) -> bool:
    """Whether a resolved path is another one, or lies in it."""
    return path == root or path.startswith(f"{root.rstrip('/')}/")


class Roots:
    """The log directories of a server.

    Args:
        paths: Those that it was given.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(as_path(path) for path in paths)
        self._resolved = tuple(_resolved(path) for path in self.paths)

    def require(self, path: str) -> str:
        """A path that an agent has named, if it lies in a log directory.

        Raises:
            InvalidArgument: It does not, also where only a link leads there, or out of it.
        """
        name = as_path(path)
        if "\0" in name or not self.holds(name):
            raise InvalidArgument(
                f"{path!r} is in none of the log directories of this server: {self}"
            )
        return name

    def holds(self, path: str) -> bool:
        """Whether what is behind a path lies in a log directory."""
        real = _resolved(path)
        return any(is_below(real, root) for root in self._resolved)

    def allows(self, path: str) -> bool:
        """Whether it may be read: also the configuration of a project above a log directory."""
        if self.holds(path):
            return True
        real = _resolved(path)
        above, name = os.path.split(real)
        return name in _CONFIGURATIONS and any(is_below(root, above) for root in self._resolved)

    def __str__(self) -> str:
        """The paths as they were given."""
        return ", ".join(self.paths)


def _resolved(path: str) -> str:
    """Without links and ``..``, also such as a server would make of an escaped one."""
    return source_of(path).resolve(unquote(path) if "://" in path else path)


class ConfinedSource(LocalSource):
    """The local files that a server may read; what links lead to elsewhere is refused.

    Args:
        roots: Its log directories.
    """

    def __init__(self, roots: Roots) -> None:
        self._roots = roots

    def open(self, path: str) -> SourceFile:
        """Opens a file of a log directory."""
        return super().open(self._allowed(path))

    def stat(self, path: str) -> Status:
        """What is at a path of a log directory."""
        return super().stat(self._allowed(path))

    def fresh_stat(self, path: str) -> Status:
        """What is at a path of a log directory now."""
        return super().fresh_stat(self._allowed(path))

    def list(self, path: str) -> Iterator[Entry]:
        """The entries of a directory."""
        return super().list(self._allowed(path))

    def _allowed(self, path: str) -> str:
        if not self._roots.allows(path):
            reason = "outside of the log directories of this server"
            raise PermissionError(errno.EACCES, reason, path)
        return path
