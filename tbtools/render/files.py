"""Output files: written beside their place and renamed into it, so they are whole or not there."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

from tbtools import system
from tbtools.errors import (
    FileError,
    ForeignFiles,
    InvalidArgument,
    MissingFile,
    NotAFile,
    OutputChanged,
    OutputExists,
    file_error,
)
from tbtools.eventfile.source import NO_TARGET, NamedErrors, as_path, source_of
from tbtools.render.neighbours import (
    beside,
    keep_owner_and_mode,
    rename,
    require_no_mount_point,
    sweep,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# UTF-8 has no bytes for what stands for undecodable bytes of a path (lone surrogates).
_UNENCODABLE = "backslashreplace"
_LIKE_AN_EVENT_FILE = "by this name all readers take it for an event file"
# Paths of what this process has open.
_STANDARD = {"/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")


def output_path(path: str | os.PathLike[str]) -> tuple[str, Path]:
    """A path to write to, as it was given, and as a Path.

    Raises:
        UnsupportedType: It is no path.
        InvalidArgument: No file can have it.
    """
    name = as_path(path)
    if not name or "\0" in name:
        reason = "there is a null byte in it" if name else "it is empty"
        raise InvalidArgument(f"{name!r} is no path: {reason}")
    return name, Path(name)


def written_path(path: Path) -> Path:
    """Where a file or directory lies that is written to a path: links are written through."""
    if path.is_symlink() or path.name in ("", ".."):
        return Path(os.path.realpath(path))
    return path  # and not its real one, which may lead through a directory that is closed to us


def require_parent(path: Path) -> None:
    """Refuses a path in a directory that does not exist.

    Raises:
        MissingFile: It does not.
    """
    if not path.parent.is_dir():
        parent = os.fspath(path.parent)
        raise MissingFile(errno.ENOENT, "there is no such directory; make it first", parent)


def status_of(path: Path) -> os.stat_result | None:
    """What is at a path, or where a link leads to; None for nothing.

    Raises:
        OSError: It may not be looked at, or links form a loop.
    """
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def require_free(path: str | os.PathLike[str], *, force: bool) -> os.stat_result | None:
    """Refuses what cannot be written, or would be written over, before any work is done.

    What killed processes have left of it is taken away.

    Returns:
        The file that is to be replaced; None for none.

    Raises:
        OutputExists: There is something at the path, and `force` does not allow to replace it.
        NotAFile: There is a directory at the path; it is never replaced.
        ForeignFiles: An event file is there: no table or page ever takes the place of a training.
        InvalidArgument: It would look like an event file, and be none.
        MissingFile: The directory that it would lie in does not exist.
        FileError: Neither a file nor a stream can be there, or links form a loop.
        UnsupportedType: It is no path.
    """
    name, path = output_path(path)
    if is_stream(path):
        return None
    if source_of(name).is_remote:
        _require_free_remotely(name, force=force)
        return None
    with NamedErrors(name):
        status = status_of(path)
    target = written_path(path)
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise NotAFile(errno.EISDIR, "this is a directory; name a file", name)
    require_parent(target)
    require_no_mount_point(target, name)
    sweep(target)
    event_file = any("tfevents" in each.name for each in (path, target))
    if status is None and not path.is_symlink():
        if event_file:
            raise InvalidArgument(f"{name}: {_LIKE_AN_EVENT_FILE}")
    elif event_file:
        raise ForeignFiles(os.fspath(path.parent), path.name)
    elif not force:
        raise OutputExists(name)
    elif status is not None and not stat.S_ISREG(status.st_mode):
        message = "this is a socket or a disk, which is never replaced; name a file"
        raise FileError(errno.EINVAL, message, name)
    return status


def _require_free_remotely(name: str, *, force: bool) -> None:
    """As `require_free`, of a URL; whoever writes there meanwhile is found out when it is sent."""
    source = source_of(name)
    source.forget(name)
    try:
        kind = source.stat(name).kind
    except OSError as error:
        if error.errno not in NO_TARGET:
            raise file_error(error, name) from error
        if "tfevents" in name.rpartition("/")[2]:
            raise InvalidArgument(f"{name}: {_LIKE_AN_EVENT_FILE}") from None
        return
    if kind == "directory":
        raise NotAFile(errno.EISDIR, "this is a directory; name a file", name)
    above, _, base = name.rpartition("/")
    if "tfevents" in base:
        raise ForeignFiles(above, base)
    if not force:
        raise OutputExists(name)


@contextmanager
def _sent_to(name: str, *, force: bool, binary: bool) -> Iterator[IO[str] | IO[bytes]]:
    """A local file to write to, which is sent to a URL when all has been written."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder, "output")
        with _opened(system.create(local, 0o600), binary=binary) as file:
            yield file
        try:
            source_of(name).write(name, os.fspath(local), force=force)
        except FileExistsError:
            raise OutputExists(name) from None


def place_of(path: str | os.PathLike[str]) -> str | Path:
    """Where a file was written: a Path, or a URL as text, which no Path can be."""
    name, local = output_path(path)
    return name if source_of(name).is_remote else local


@contextmanager
def replaced_whole(
    path: str | os.PathLike[str], *, force: bool = False, binary: bool = False
) -> Iterator[IO[str] | IO[bytes]]:
    """A file to write to that appears under its name only when all has been written.

    A link stays one, and what it leads to is written. What is replaced leaves its mode behind, and
    its owner and group where one may give files to them. Devices, pipes that are read from, and
    what is open already (``/dev/stdout``) are written directly: nothing in them can be lost. What
    is to be at a URL is written to a temporary file and sent.

    Args:
        path: Where it is to be; ``-`` for standard output.
        force: Whether a file that is there may be replaced.
        binary: Whether bytes are written rather than text in UTF-8.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it, or one that was
            made or changed meanwhile.
        FileError: It cannot be written; then nothing is left behind.
    """
    if as_path(path) == "-":
        with _standard_output() as stdout:
            yield stdout.buffer if binary else stdout
        return
    former = require_free(path, force=force)
    name, path = output_path(path)
    with NamedErrors(name):
        if source_of(name).is_remote:
            with _sent_to(name, force=force, binary=binary) as file:
                yield file
        elif is_stream(path):
            with _opened(_open_stream(name), binary=binary) as file:
                yield file
        else:
            taken = (OutputChanged if force else OutputExists)(name)
            with _renamed_into(written_path(path), former, taken, binary=binary) as file:
                yield file


def is_standard_output(path: str | os.PathLike[str]) -> bool:
    """Whether a result that is written there goes to standard output: ``-``, ``/dev/stdout``."""
    if os.fspath(path) == "-":
        return True
    try:
        return os.path.samestat(Path(path).stat(), os.fstat(sys.stdout.fileno()))
    except (AttributeError, ValueError, OSError):  # no file there, or no file behind the stream
        return False


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether what is written there is read at once: standard output, a pipe, a device."""
    name, path = output_path(path)
    if name == "-" or _own_descriptor(name) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:  # nothing there, or nothing that we may see: opening it will tell
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _own_descriptor(name: str) -> int | None:
    """The open descriptor of this process that a path stands for; None for another path."""
    if name in _STANDARD:
        return _STANDARD[name]
    found = _DESCRIPTOR.fullmatch(name)
    return int(found[1]) if found else None


def _open_stream(name: str) -> int:
    descriptor = _own_descriptor(name)
    if descriptor is not None:
        # To open it anew would begin at the start of a file, and cannot be done with a socket.
        return os.dup(descriptor)
    try:
        return system.open_stream(name)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise FileError(errno.ENXIO, "nothing reads from this pipe", name) from None


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    if sys.stdout is None:  # closed by the caller, as `>&-` does
        raise FileError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    with NamedErrors("standard output"):
        yield sys.stdout
        sys.stdout.flush()


@contextmanager
def _renamed_into(
    path: Path, former: os.stat_result | None, taken: OutputExists, *, binary: bool
) -> Iterator[IO[str] | IO[bytes]]:
    mode = 0o600 if former else 0o666  # until it has that of the former one, it is nobody else's

    def make(temporary: Path) -> int:
        return system.create(temporary, mode)

    with beside(path, make) as (temporary, handle):
        with _opened(os.dup(handle), binary=binary) as file:
            yield file
            file.flush()
            os.fsync(handle)
        if former is not None:
            keep_owner_and_mode(temporary, former)
            done = _replaced(temporary, path, former)
        else:
            done = _linked(temporary, path)
        if not done:
            raise taken


def _opened(handle: int, *, binary: bool) -> IO[str] | IO[bytes]:
    if binary:
        return os.fdopen(handle, "wb")
    return os.fdopen(handle, "w", encoding="utf-8", errors=_UNENCODABLE, newline="")


def _linked(temporary: Path, path: Path) -> bool:
    """Gives a file a name that is free; false where it is not."""
    try:
        # Unlike a rename, this fails where a file has appeared meanwhile.
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        try:
            with path.open("xb") as empty:
                status = os.fstat(empty.fileno())
        except FileExistsError:
            return False
        try:
            return _replaced(temporary, path, status)
        except OSError:
            path.unlink()
            raise
    return True


def _replaced(temporary: Path, path: Path, former: os.stat_result) -> bool:
    """Replaces a file by another, if it is still as it was; false where it is not."""
    try:
        unchanged = identity(path.lstat()) == identity(former)
    except FileNotFoundError:
        return False
    if unchanged:
        rename(temporary, path)
    return unchanged


def identity(status: os.stat_result) -> tuple[int, ...]:
    """What is another where a file has been replaced or written."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
