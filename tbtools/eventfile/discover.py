"""Finds runs: the directories under a log directory that directly hold event files."""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tbtools import errors
from tbtools.eventfile.listing import Lister
from tbtools.eventfile.problems import Problem, unreadable
from tbtools.eventfile.source import NO_TARGET, as_path, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tbtools.eventfile.foreign.formats import Also
    from tbtools.eventfile.source_types import Identity

# TensorBoard's rule (tensorboard/backend/event_processing/io_wrapper.py, IsSummaryEventsFile). The
# suffix is that of the files without events that TensorFlow's profiler leaves.
_EVENT_FILE_MARK = "tfevents"
PROFILER_SUFFIX = ".profile-empty"
# A fraction below one, such as a learning rate; in 1.10 the point may be one of a version.
_NUMBER = re.compile(r"(?<![0-9.])0\.([0-9]+)(?![0-9.])|[0-9]+")
# Runs of an experiment have the same tags, again and again.
_NAMES_KEPT = 10_000


class RunFiles(NamedTuple):
    r"""A run: a directory that directly holds event files.

    Attributes:
        name: Its path relative to the log directory, with ``/``; ``.`` for the log directory
            itself. Bytes that are no UTF-8 stand as ``\xff``, so that the name can be printed.
        path: The directory, as it can be opened.
        event_files: The paths of its event files, sorted by name.
        duplicates: Links that lead to one of them and are not read for that, from wherever in the
            log directory: pairs of the link's path and that of the event file, sorted.
        is_file: Whether the event file was given, and not its directory.
    """

    name: str
    path: str
    event_files: tuple[str, ...]
    duplicates: tuple[tuple[str, str], ...] = ()
    is_file: bool = False

    @property
    def place(self) -> str:
        """Where it lies, as it was named: a directory, or the event file that was given."""
        return self.event_files[0] if self.is_file else self.path


class LogDirectory(NamedTuple):
    """What was found under a path.

    Attributes:
        path: The path, as it was given.
        runs: In natural order of their names, ``seed_2`` before ``seed_10``.
        unreadable: Directories that could not be looked into, with the reason.
        directories: Those that were looked into: whatever changes in the event files changes in one
            of these. None where it may change elsewhere, and where others are taken as such.
    """

    path: str
    runs: tuple[RunFiles, ...]
    unreadable: dict[str, Problem]
    directories: tuple[str, ...] | None = None


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


def discover(path: str | os.PathLike[str], also: Also | None = None) -> LogDirectory:
    """Finds the runs under a log directory, in a run, or that of one event file.

    Links are followed, and each directory is visited and each file taken once, under its own name
    rather than a link's. Event files are regular files, or links to such, whose name contains
    ``tfevents``; a file given as the path is taken whatever its name.

    Args:
        path: A log directory, a run, or an event file. The file's run is called ``.``, as its
            directory's would be.
        also: Which files of other programs are taken as if they were event files. Those that are
            called like a log belong to the run of their directory, others are runs in it.

    Returns:
        The runs, perhaps none, and the directories that could not be looked into.

    Raises:
        NoEventFiles: There is nothing at the path, or neither a directory nor a regular file.
    """
    path = as_path(path)
    try:
        status = source_of(path).look(path)
    except OSError as error:
        raise errors.NoEventFiles(f"{path}: {error.strerror}") from error
    if status.kind == "file":
        return LogDirectory(path, _runs_of_file(path, also), {})
    if status.kind != "directory":
        raise errors.NoEventFiles(f"{path}: neither a directory nor a regular file")
    walk = _Walk(path, also)
    runs = sorted(walk.runs(), key=lambda run: natural_key(run.name))
    return LogDirectory(path, tuple(runs), walk.unreadable, walk.directories)


def _runs_of_file(path: str, also: Also | None) -> tuple[RunFiles, ...]:
    """The run of an event file, or the runs in a file of another program."""
    directory = os.path.dirname(path) or "."
    foreign: list[tuple[str, str]] = []
    if also and not is_event_file(os.path.basename(path)):
        try:
            foreign = list(also.found(path, is_named=True))
        except OSError as error:
            raise errors.NoEventFiles(f"{path}: {error.strerror}") from error
    if len(foreign) == 1:
        foreign = [(".", foreign[0][1])]
    return tuple(
        RunFiles(name or ".", directory, (each,), is_file=True)
        for name, each in foreign or [(".", path)]
    )


def _printable(name: str) -> str:
    """The name, with the bytes escaped that are no UTF-8 and that Python holds as surrogates."""
    if name.isascii():
        return name
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


class _Directory(NamedTuple):
    """A directory: its path, its name relative to the log directory, the paths of event files."""

    path: str
    name: str
    event_files: list[str]


class _Walk:
    """A walk over a directory tree.

    Only where there are links are directories, or files, asked for their identity. Else the entries
    of their parents tell all that is needed, without a system call a directory or file.
    """

    def __init__(self, root: str, also: Also | None) -> None:
        self.unreadable: dict[str, Problem] = {}
        self.directories: tuple[str, ...] | None = None
        self._also = also
        # Runs in files of other programs, by their names: the directory, and the files.
        self._foreign: dict[str, tuple[str, list[str]]] = {}
        self._root = root
        self._source = source_of(root)
        self._lister = Lister(self._source)
        self._links: list[tuple[str, str]] = []
        # Links to event files, with what tells these from one another.
        self._file_links: list[tuple[str, Identity, _Directory]] = []

    def runs(self) -> list[RunFiles]:
        """The directories that directly hold event files, each file taken once."""
        try:
            directories = list(self._directories())
        finally:
            self._lister.close()
        if not self._file_links and self._also is None:
            self.directories = tuple(each.path for each in directories)
        duplicates = self._take_links(directories)
        foreign = [
            RunFiles(_printable(name), path, tuple(sorted(files)), is_file=True)
            for name, (path, files) in self._foreign.items()
        ]
        return foreign + [
            RunFiles(
                _printable(each.name) or ".",
                each.path,
                tuple(sorted(each.event_files)),
                tuple(duplicates.get(each.path, ())),
            )
            for each in directories
            if each.event_files
        ]

    def _take_links(self, directories: list[_Directory]) -> dict[str, list[tuple[str, str]]]:
        """Takes the links to files that have no name of their own here, each file once.

        Returns:
            The others by the directory of the event file that they lead to: link and event file.
        """
        duplicates: dict[str, list[tuple[str, str]]] = {}
        if not self._file_links:
            return duplicates
        owners = {
            self._identity(path): (path, each) for each in directories for path in each.event_files
        }
        for path, identity, directory in sorted(self._file_links):
            if identity in owners:
                event_file, owner = owners[identity]
                duplicates.setdefault(owner.path, []).append((path, event_file))
            else:
                owners[identity] = path, directory
                directory.event_files.append(path)
        return duplicates

    def _directories(self) -> Iterator[_Directory]:
        visited = []
        for directory in self._tree(self._root, "", None):
            visited.append(directory.path)
            yield directory
        if not self._links:
            return
        seen = {self._identity(path) for path in visited}
        while self._links:
            links, self._links = sorted(self._links), []
            for path, name in links:
                yield from self._tree(path, name, seen)

    def _tree(
        self, root: str, root_name: str, seen: set[Identity | None] | None
    ) -> Iterator[_Directory]:
        """The same for the directories below one, links apart, but for those already seen."""
        pending = [(root, root_name)]
        while pending:
            path, name = pending.pop()
            if seen is not None:
                identity = self._identity(path)
                if identity is None or identity in seen:
                    continue
                seen.add(identity)
            directory = _Directory(path, name, [])
            pending += self._list(directory, pending if seen is None else ())
            yield directory

    def _list(
        self, directory: _Directory, pending: Sequence[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """Finds the event files; returns the subdirectories, as pairs of path and name."""
        prefix = f"{directory.name}/" if directory.name else ""
        subdirectories: list[tuple[str, str]] = []
        entries, refused = self._lister.list(directory.path, pending)
        for name, path, kind in entries:
            if kind == "directory":
                subdirectories.append((path, prefix + name))
            elif kind == "link":
                self._add_link(path, name, prefix, directory)
            # Most files are none, which is seen without a call.
            elif _EVENT_FILE_MARK in name and kind == "file" and is_event_file(name):
                directory.event_files.append(path)
            elif self._also is not None and kind == "file":
                self._add_foreign(path, prefix, directory, self._also)
        if refused is not None:
            self.unreadable[directory.path] = unreadable(refused)
        return subdirectories

    def _add_foreign(self, path: str, prefix: str, directory: _Directory, also: Also) -> None:
        try:
            for run, each in also.found(path):
                if run:
                    _, files = self._foreign.setdefault(prefix + run, (directory.path, []))
                    files.append(each)
                else:
                    directory.event_files.append(each)
        except OSError as error:
            self.unreadable[path] = unreadable(error)

    def _add_link(self, path: str, name: str, prefix: str, directory: _Directory) -> None:
        try:
            status = self._source.stat(path)
        except OSError as error:
            # Nothing says what it was, unless its name does.
            if error.errno not in NO_TARGET or is_event_file(name):
                self.unreadable[path] = unreadable(error)
            return
        if status.kind == "directory":
            self._links.append((path, prefix + name))
        elif status.kind == "file" and is_event_file(name):
            self._file_links.append((path, status.identity, directory))
        elif status.kind == "file" and self._also is not None:
            self._add_foreign(path, prefix, directory, self._also)

    def _identity(self, path: str) -> Identity | None:
        """What tells it from others; None where it is gone or closed to us."""
        try:
            return self._source.stat(path).identity
        except OSError as error:
            self.unreadable[path] = unreadable(error)
            return None


def is_event_file(name: str) -> bool:
    """Whether a file is an event file by its base name."""
    return _EVENT_FILE_MARK in name and not name.endswith(PROFILER_SUFFIX)
