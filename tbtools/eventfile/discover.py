"""Finds runs: the directories under a log directory that directly hold event files."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import stat
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tbtools import errors
from tbtools.eventfile.problems import Problem, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

# TensorBoard's rule (tensorboard/backend/event_processing/io_wrapper.py, IsSummaryEventsFile). The
# suffix is that of the files without events that TensorFlow's profiler leaves.
_EVENT_FILE_MARK = "tfevents"
_PROFILER_SUFFIX = ".profile-empty"
# What a link that leads nowhere, or to itself, answers.
_NO_TARGET = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
# A fraction below one, such as a learning rate; in 1.10 the point may be one of a version.
_NUMBER = re.compile(r"(?<![0-9.])0\.([0-9]+)(?![0-9.])|[0-9]+")
# Runs of an experiment have the same tags, again and again.
_NAMES_KEPT = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class RunFiles:
    r"""A run: a directory that directly holds event files.

    Attributes:
        name: Its path relative to the log directory, with ``/``; ``.`` for the log directory
            itself. Bytes that are no UTF-8 stand as ``\xff``, so that the name can be printed.
        path: The directory, as it can be opened.
        event_files: The paths of its event files, sorted by name.
    """

    name: str
    path: str
    event_files: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class LogDirectory:
    """What was found under a path.

    Attributes:
        path: The path, as it was given.
        runs: In natural order of their names, ``seed_2`` before ``seed_10``.
        unreadable: Directories that could not be looked into, with the reason.
    """

    path: str
    runs: tuple[RunFiles, ...]
    unreadable: dict[str, Problem]


@lru_cache(_NAMES_KEPT)
def natural_key(name: str) -> tuple[str, str]:
    """A sort key by which names read in the order a person expects.

    Digits and fractions such as 0.25 compare as numbers, the parts of a path each for themselves (a
    run comes in front of the runs inside it), and ``.`` comes first.
    """
    if name == ".":
        return "", name
    # The text itself tells "01" and "1" apart.
    return _NUMBER.sub(_number_key, name.replace("/", "\0")), name


def _number_key(number: re.Match[str]) -> str:
    """Where any digit would sort, and there the longer number after the shorter."""
    if number[1]:
        # Behind all of 0, digit by digit; the end comes before any further digit.
        return f"0\0.{number[1]}\0"
    digits = number[0].lstrip("0")
    return f"0{chr(min(len(digits), sys.maxunicode))}{digits}"


def discover(path: str | os.PathLike[str]) -> LogDirectory:
    """Finds the runs under a log directory, in a run, or that of one event file.

    Links to directories are followed, and each directory is visited once, under its own name rather
    than a link's. Event files are regular files, or links to such, whose name contains
    ``tfevents``; a file given as the path is taken whatever its name.

    Args:
        path: A log directory, a run, or an event file. The file's run is called ``.``, as its
            directory's would be.

    Returns:
        The runs, perhaps none, and the directories that could not be looked into.

    Raises:
        NoEventFiles: There is nothing at the path, or neither a directory nor a regular file.
    """
    path = os.fspath(path)
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise errors.NoEventFiles(f"{path}: {error.strerror}") from error
    if stat.S_ISREG(mode):
        return LogDirectory(path, (RunFiles(".", str(Path(path).parent), (path,)),), {})
    if not stat.S_ISDIR(mode):
        raise errors.NoEventFiles(f"{path}: neither a directory nor a regular file")
    walk = _Walk()
    runs = (
        RunFiles(_printable(name) or ".", directory, tuple(sorted(event_files)))
        for directory, name, event_files in walk.directories(path)
        if event_files
    )
    return LogDirectory(
        path, tuple(sorted(runs, key=lambda run: natural_key(run.name))), walk.unreadable
    )


def _printable(name: str) -> str:
    """The name, with the bytes escaped that are no UTF-8 and that Python holds as surrogates."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


class _Walk:
    """A walk over a directory tree.

    Only where there are links are directories asked for their identity. Else the entries of their
    parents tell all that is needed, without a system call a directory or file.
    """

    def __init__(self) -> None:
        self.unreadable: dict[str, Problem] = {}
        self._links: list[tuple[str, str]] = []

    def directories(self, root: str) -> Iterator[tuple[str, str, list[str]]]:
        """Yields path, name relative to the root, and event files of each directory."""
        visited = []
        for directory in self._tree(root, "", None):
            visited.append(directory[0])
            yield directory
        if not self._links:
            return
        seen = {self._identity(path) for path in visited}
        while self._links:
            links, self._links = sorted(self._links), []
            for path, name in links:
                yield from self._tree(path, name, seen)

    def _tree(
        self, root: str, root_name: str, seen: set[tuple[int, int] | None] | None
    ) -> Iterator[tuple[str, str, list[str]]]:
        """The same for the directories below one, links apart, but for those already seen."""
        pending = [(root, root_name)]
        while pending:
            path, name = pending.pop()
            if seen is not None:
                identity = self._identity(path)
                if identity is None or identity in seen:
                    continue
                seen.add(identity)
            subdirectories, event_files = self._list(path, f"{name}/" if name else "")
            pending += subdirectories
            yield path, name, event_files

    def _list(self, path: str, prefix: str) -> tuple[list[tuple[str, str]], list[str]]:
        """Subdirectories, as pairs of path and name, and event files."""
        subdirectories: list[tuple[str, str]] = []
        event_files: list[str] = []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        self._add_link(entry, prefix, event_files)
                    elif entry.is_dir(follow_symlinks=False):
                        subdirectories.append((entry.path, prefix + entry.name))
                    elif is_event_file(entry.name) and entry.is_file(follow_symlinks=False):
                        event_files.append(entry.path)
        except OSError as error:
            self.unreadable[path] = unreadable(error)
        return subdirectories, event_files

    def _add_link(self, entry: os.DirEntry[str], prefix: str, event_files: list[str]) -> None:
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            if error.errno not in _NO_TARGET:
                self.unreadable[entry.path] = unreadable(error)
            return
        if stat.S_ISDIR(mode):
            self._links.append((entry.path, prefix + entry.name))
        elif stat.S_ISREG(mode) and is_event_file(entry.name):
            event_files.append(entry.path)

    def _identity(self, path: str) -> tuple[int, int] | None:
        """Device and inode; None where the directory is gone or closed to us."""
        try:
            status = Path(path).stat()
        except OSError as error:
            self.unreadable[path] = unreadable(error)
            return None
        return status.st_dev, status.st_ino


def is_event_file(name: str) -> bool:
    """Whether a file is an event file by its base name."""
    return _EVENT_FILE_MARK in name and not name.endswith(_PROFILER_SUFFIX)
