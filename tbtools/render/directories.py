"""Directories of event files that are whole or not there."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tbtools import system
from tbtools.errors import (
    ForeignFiles,
    NotADirectory,
    OutputChanged,
    OutputExists,
    OutputInsideInput,
)
from tbtools.eventfile.source import NamedErrors, source_of
from tbtools.eventfile.threads import submitted
from tbtools.render.files import identity, output_path, require_parent, status_of, written_path
from tbtools.render.neighbours import (
    ASIDE,
    beside,
    give_up,
    keep_owner_and_mode,
    remove,
    renamed,
    require_no_mount_point,
    sweep,
)
from tbtools.render.results import files_below, is_result
from tbtools.render.sending import made_locally, require_free_url, send

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

_PART = ".part"
# A file system writes its journal once for all that wait for it.
_FLUSHED_AT_ONCE = 16


class Former(NamedTuple):
    """What a directory is that may be replaced.

    Attributes:
        status: Of itself.
        files: Of each file in it, by its path there.
    """

    status: os.stat_result
    files: dict[str, os.stat_result]

    @classmethod
    def of(cls, path: Path) -> Former:
        """What is at a path."""
        files = {os.fspath(file.relative_to(path)): file.lstat() for file in files_below(path)}
        return cls(path.stat(), files)

    def is_at(self, path: Path) -> bool:
        """Whether it is there, and nothing in it has changed."""
        try:
            there = Former.of(path)
        except FileNotFoundError:
            return False
        same = os.path.samestat(there.status, self.status)
        return same and _identities(there) == _identities(self)


def _identities(former: Former) -> dict[str, tuple[int, ...]]:
    return {name: identity(status) for name, status in former.files.items()}


def require_free_directory(
    path: str | os.PathLike[str],
    *,
    force: bool | None,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> Former | None:
    """Refuses what cannot be written, or would be written over, before any work is done.

    What killed processes have left of it is taken away; an earlier result comes back that one of
    them had moved.

    Args:
        path: Where the directory is to be; an empty one may be there.
        force: Whether an earlier result may be replaced; None where none ever is.
        inputs: What is read for it: neither may lie inside the other.

    Returns:
        The directory that is to be replaced; None for none.

    Raises:
        OutputExists: Something is in the directory, and `force` does not allow to replace it.
        ForeignFiles: Something is in it that is no result of tbtools.
        OutputInsideInput: It would lie in a directory that is read, or the other way round.
        NotADirectory: There is a file at the path.
        MissingFile: The directory that it would lie in does not exist.
        FileError: A file system is mounted there, it may not be changed, or links form a loop.
    """
    name, path = output_path(path)
    if source_of(name).is_remote:
        require_free_url(name, inputs)
        return None
    require_apart(path, inputs, name)
    with NamedErrors(name):
        status = status_of(path)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            raise NotADirectory(errno.ENOTDIR, "this is a file; name a directory", name)
        target = written_path(path)
        require_parent(target)
        require_no_mount_point(target, name)
        sweep(target)
        try:
            former = Former.of(target) if target.is_dir() else None
            if former is not None and former.files:
                _require_replaceable(target, former, name, force=force)
        except FileNotFoundError:  # another process is replacing it
            raise OutputChanged(name) from None
    return former


def _exists(name: str, force: bool | None) -> OutputExists:
    return OutputExists(name, "") if force is None else OutputExists(name)


def _require_replaceable(target: Path, former: Former, name: str, *, force: bool | None) -> None:
    if force is None:
        raise _exists(name, force)
    for file in former.files:
        if not is_result(target / file):
            raise ForeignFiles(name, file)
    if not force:
        raise _exists(name, force)
    for directory in {(target / file).parent for file in former.files}:
        if not system.may_change(directory):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def require_apart(output: Path, inputs: Iterable[str | os.PathLike[str]], name: str) -> None:
    """Refuses a directory in one that is read, or around it.

    Args:
        output: The directory, which is made or filled.
        inputs: What is read for it.
        name: What the directory is called in a message.

    Raises:
        OutputInsideInput: One of them lies inside the other.
    """
    # Path.resolve raises what it likes where links form a loop.
    ours = Path(os.path.realpath(output))
    for given in inputs:
        theirs = Path(os.path.realpath(given))
        is_inside = ours.is_relative_to(theirs) or theirs.is_relative_to(ours)
        if is_inside and os.path.lexists(given):  # reading it will say that it does not
            raise OutputInsideInput(name, os.fspath(given))


class NewDirectory:
    """A directory that is being filled, under a name of its own.

    Args:
        path: Where it is for the time being.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[Path, Path] = {}  # where it belongs, to where it is
        self._made: set[Path] = set()

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """A file to write to.

        Until all are whole, none of them has a name by which event files are found: wherever
        ``tfevents`` stands in one, TensorBoard reads it.

        Args:
            name: Its path in the directory, with ``/``.
        """
        place = self._path / name
        assert place not in self._files, name
        assert place.is_relative_to(self._path), name  # "/name" is elsewhere
        if place.parent not in self._made:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(place.parent)
        # Hidden, as no name is that `names` makes of a run or a tag.
        path = place.with_name(f".{len(self._files)}{_PART}")
        with path.open("xb") as opened:
            self._files[place] = path
            yield opened

    @contextmanager
    def scratch(self) -> Iterator[BinaryIO]:
        """A file for what is not yet as it will be; it goes when it is closed."""
        path = self._path / f".scratch{_PART}"
        with path.open("xb") as opened:
            yield opened
        path.unlink()

    @property
    def names(self) -> list[str]:
        """The files, by their paths in the directory."""
        return [place.relative_to(self._path).as_posix() for place in self._files]

    def link(self, name: str, file: Path) -> None:
        """Another name for a file that is elsewhere on the same file system."""
        (self._path / name).hardlink_to(file)

    def complete(self) -> None:
        """Gives the files their names, when the bytes of all are on the disk."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as pool:
            for flushed in [submitted(pool, system.flush, path) for path in self._files.values()]:
                flushed.result()  # what failed is raised here
        for place, path in self._files.items():
            self._files[place] = path.rename(place)
        system.flush(self._path)


@contextmanager
def directory_whole(
    path: str | os.PathLike[str],
    *,
    force: bool | None = None,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> Iterator[NewDirectory]:
    """A directory to fill that appears under its name only when all has been written.

    What goes to a URL is sent then, file by file.

    Args:
        path: Where it is to be.
        force: As for `require_free_directory`.
        inputs: What is read for it.

    Raises:
        FileError: It cannot be written; then nothing is left behind.
        TbtoolsError: As `require_free_directory`.
    """
    former = require_free_directory(path, force=force, inputs=inputs)
    name, path = output_path(path)
    if source_of(name).is_remote:
        with made_locally() as folder:
            filled = NewDirectory(folder)
            yield filled
            filled.complete()
            send(folder, filled.names, name)
        return
    mode = 0o700 if former else 0o777  # until it has that of the former one, it is nobody else's

    def make(temporary: Path) -> int:
        while True:
            temporary.mkdir(mode)
            # Another process may take it for a leftover before it can be locked.
            with suppress(FileNotFoundError):
                return system.open_directory(temporary)

    target = written_path(path)
    with NamedErrors(name), beside(target, make) as (temporary, _):  # which no error is to name
        filled = NewDirectory(temporary)
        yield filled
        filled.complete()
        if former is None or not former.files:
            if former is not None:
                keep_owner_and_mode(temporary, former.status)
            if not renamed(temporary, target):
                raise OutputChanged(name) if force else _exists(name, force)
        else:
            _replace(temporary, target, former, name)


def _replace(temporary: Path, target: Path, former: Former, name: str) -> None:
    """Lets an earlier result step aside, and removes it when the new one is in its place."""
    keep_owner_and_mode(temporary, former.status)
    for file in former.files:
        if (temporary / file).is_file():
            keep_owner_and_mode(temporary / file, former.files[file])
    aside = temporary.with_name(temporary.name + ASIDE)
    with _locked(target, name):
        if not former.is_at(target):
            raise OutputChanged(name)
        try:
            target.rename(aside)
            # What has come into it until now has come with it.
            if not former.is_at(aside) or not renamed(temporary, target):
                raise OutputChanged(name)
        finally:
            if temporary.exists():
                _put_back(aside, target, name)
        left = give_up(aside)
        remove(left, lambda file: os.fspath(file.relative_to(left)) in former.files)
    if left.exists():  # a process that was at work in it has made another file
        raise OutputChanged(name, os.fspath(left))


@contextmanager
def _locked(directory: Path, name: str) -> Iterator[None]:
    """Holds a directory that is replaced: no other process does so, or takes it for a leftover."""
    try:
        handle = system.open_directory(directory)
    except FileNotFoundError:
        raise OutputChanged(name) from None
    try:
        try:
            system.lock(handle, wait=False)
        except BlockingIOError:
            raise OutputChanged(name) from None
        except OSError:  # no locks here; then no other process takes it either
            pass
        yield
    finally:
        os.close(handle)


def _put_back(aside: Path, target: Path, name: str) -> None:
    if aside.exists() and not renamed(aside, target):
        kept = aside.with_name(f"{aside.name}-kept")  # which no later run sweeps away
        aside.rename(kept)
        raise OutputChanged(name, os.fspath(kept))
