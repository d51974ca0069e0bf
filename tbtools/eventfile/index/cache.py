"""The directory in which stores lie: where it is, how large it may become, what leaves it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tbtools import system
from tbtools.digest import digest
from tbtools.eventfile.scan import SCAN_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

# A home directory on a cluster often has a quota of some ten GB. Room for 80 million scalars.
SIZE_LIMIT = 2_000_000_000
# Raised whenever packs or entries are laid out otherwise.
FORMAT_VERSION = 1
PACK_SUFFIX = ".pack"
PART_SUFFIX = ".part"
# What was used since is not pushed out by others: a look at more than there is room for would push
# out what the next one wants.
_IN_USE_SECONDS = 3600.0
_PACKAGE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
_PART_SECONDS = 86_400.0  # no reading takes that long


def cache_directory() -> str | None:
    """Where tbtools keeps what it may lose at any moment; None where it shall not, or nowhere is.

    TBTOOLS_CACHE names it, or says ``off``; else it is that of the platform: XDG_CACHE_HOME, or
    ``~/.cache``, or ``~/Library/Caches``, or ``%LOCALAPPDATA%``.
    """
    return own_directory("TBTOOLS_CACHE", "XDG_CACHE_HOME", "~/.cache", "~/Library/Caches")


def own_directory(variable: str, xdg: str, usual: str, mac: str) -> str | None:
    """A directory of tbtools among the user's own; None where it shall not be, or is nowhere.

    Args:
        variable: The environment variable that names it, or says ``off``.
        xdg: That of the XDG Base Directory Specification, which names the one above it.
        usual: The one above it where neither does.
        mac: The same on a Mac.
    """
    asked = os.environ.get(variable, "")
    if asked:
        return None if asked.lower() == "off" else os.path.abspath(asked)
    home = os.environ.get(xdg, "")
    if not os.path.isabs(home):  # which the specification says to ignore
        home = system.user_directory(usual, mac)
    return os.path.join(home, "tbtools") if os.path.isabs(home) else None


def stores_directory() -> str | None:
    """Where the stores lie that this version of tbtools reads and writes."""
    directory = cache_directory()
    version = f"{FORMAT_VERSION}.{SCAN_VERSION}-{sys.byteorder}"
    return None if directory is None else os.path.join(directory, "index", version)


@lru_cache
def code_digest(layers: tuple[str, ...]) -> str | None:
    """Tells the code of some packages of tbtools from any other; None where it is in no files.

    Args:
        layers: Their names.
    """
    files = []
    for layer in layers:
        for folder, below, names in os.walk(os.path.join(_PACKAGE, layer)):
            below[:] = sorted(set(below) - {"__pycache__"})  # which comes and goes
            for name in sorted(names):
                status = os.stat(os.path.join(folder, name))
                files.append((folder, name, status.st_size, status.st_mtime_ns))
    return digest(repr(files).encode(), 8) if files else None


def is_private(folder: str) -> bool:
    """Whether nobody but this user can have put anything into a store.

    Raises:
        OSError: It is not there, or cannot be looked at.
    """
    top = cache_directory() or folder
    while True:
        status = os.stat(folder)
        if status.st_uid != system.user_id() or not system.is_closed_to_others(status):
            return False
        if len(folder) <= len(top):
            return True
        folder = os.path.dirname(folder)


def make_directory(directory: str) -> None:
    """Makes a directory for this user alone, and those above it that are missing.

    Raises:
        OSError: It cannot be made.
    """
    missing = []
    while not os.path.isdir(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    if system.user_id() == 0 and os.stat(directory).st_uid != 0:
        # Whose home it is could not use it any more.
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), directory)
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):
            os.mkdir(each, 0o700)


class CachedFile(NamedTuple):
    """A file in the cache.

    Attributes:
        path: Its path.
        bytes: Its size.
        used: When it was last used, seconds since the epoch.
    """

    path: str
    bytes: int
    used: float


def cached_files() -> list[CachedFile]:
    """All packs of all versions, and parts of packs; those used longest ago first."""
    directory = cache_directory()
    if directory is None:
        return []
    found = _files_below(os.path.join(directory, "index"), levels=3)
    return sorted(found, key=lambda file: file.used)


def _files_below(directory: str, levels: int) -> Iterator[CachedFile]:
    """What looks like ours: nothing else is counted, and nothing else ever removed."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if levels > 1 and entry.is_dir(follow_symlinks=False):
                    yield from _files_below(entry.path, levels - 1)
                elif levels == 1 and entry.name.endswith((PACK_SUFFIX, PART_SUFFIX)):
                    status = entry.stat(follow_symlinks=False)
                    yield CachedFile(entry.path, status.st_size, status.st_mtime)
    except OSError:  # gone meanwhile, or closed to us
        return


def touch(path: str) -> None:
    """Takes note that a file was used."""
    with contextlib.suppress(OSError):
        os.utime(path)


def room() -> int:
    """How many bytes can be added before something leaves that was in use lately."""
    recent = time.time() - _IN_USE_SECONDS
    return SIZE_LIMIT - sum(file.bytes for file in cached_files() if file.used > recent)


def make_room() -> None:
    """Removes what was used longest ago until the rest fits, and what dead processes have left."""
    files = cached_files()
    total = sum(file.bytes for file in files)
    old_parts = time.time() - _PART_SECONDS
    for file in files:
        is_part = file.path.endswith(PART_SUFFIX)
        if total > SIZE_LIMIT if not is_part else file.used < old_parts:
            remove(file.path)
            total -= file.bytes


def clear() -> list[CachedFile]:
    """Removes everything; what could not be removed is returned."""
    return [file for file in cached_files() if not remove(file.path)]


def remove(path: str) -> bool:
    """Removes a file, and its store where that is empty; tells whether it is gone."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(path))
    return True
