"""Output files: written beside their place and renamed into it, so they are whole or not there."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

from tbtools.errors import (
    FileError,
    ForeignFiles,
    InvalidArgument,
    MissingFile,
    NotAFile,
    OutputExists,
)
from tbtools.eventfile.source import NamedErrors, as_path

if TYPE_CHECKING:
    from collections.abc import Iterator

# UTF-8 has no bytes for what stands for undecodable bytes of a path (lone surrogates).
_UNENCODABLE = "backslashreplace"


def output_path(path: str | os.PathLike[str]) -> tuple[str, Path]:
    """A path to write to, as it was given, and as a Path.

    Raises:
        UnsupportedType: It is no path.
        InvalidArgument: No file can have it.
    """
    name = as_path(path)
    if "\0" in name:
        raise InvalidArgument(f"{name!r} is no path: there is a null byte in it")
    return name, Path(name)


def require_parent(path: Path) -> None:
    """Refuses a path in a directory that does not exist.

    Raises:
        MissingFile: It does not.
    """
    if not path.parent.is_dir():
        parent = os.fspath(path.parent)
        raise MissingFile(errno.ENOENT, "there is no such directory; make it first", parent)


def require_free(path: str | os.PathLike[str], *, force: bool) -> None:
    """Refuses what cannot be written, or would be written over, before any work is done.

    Raises:
        OutputExists: There is something at the path, and `force` does not allow to replace it.
        NotAFile: There is a directory at the path; it is never replaced.
        ForeignFiles: An event file is there: no table or page ever takes the place of a training.
        InvalidArgument: It would look like an event file, and be none.
        MissingFile: The directory that it would lie in does not exist.
        UnsupportedType: It is no path.
    """
    name, path = output_path(path)
    if path.is_dir():
        raise NotAFile(errno.EISDIR, "this is a directory; name a file", name)
    require_parent(path)
    if is_stream(path):
        return
    # A link is written through.
    event_file = any("tfevents" in each.name for each in (path, Path(os.path.realpath(path))))
    if not (path.exists() or path.is_symlink()):
        if event_file:
            raise InvalidArgument(f"{name}: by this name all readers take it for an event file")
    elif not force:
        raise OutputExists(name)
    elif event_file:
        raise ForeignFiles(os.fspath(path.parent), path.name)


@contextmanager
def replaced_whole(
    path: str | os.PathLike[str], *, force: bool = False, binary: bool = False
) -> Iterator[IO[str] | IO[bytes]]:
    """A file to write to that appears under its name only when all has been written.

    A link stays one, and what it leads to is written. Devices and pipes (``/dev/stdout``) are
    written directly: nothing in them can be lost or half there.

    Args:
        path: Where it is to be; ``-`` for standard output.
        force: Whether a file that is there may be replaced.
        binary: Whether bytes are written rather than text in UTF-8.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it.
        FileError: It cannot be written; then nothing is left behind.
    """
    if as_path(path) == "-":
        with _standard_output() as stdout:
            yield stdout.buffer if binary else stdout
        return
    require_free(path, force=force)
    path = Path(path)
    with NamedErrors(os.fspath(path)):
        if is_stream(path):
            with _opened(os.open(path, os.O_WRONLY), binary=binary) as file:
                yield file
        else:
            target = Path(os.path.realpath(path))  # Path.resolve raises where links form a loop
            with _renamed_into(target, force=force, binary=binary) as file:
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
    if os.fspath(path) == "-":
        return True
    try:
        mode = output_path(path)[1].stat().st_mode
    except OSError:  # nothing there, or nothing that we may see: opening it will tell
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    if sys.stdout is None:  # closed by the caller, as `>&-` does
        raise FileError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    with NamedErrors("standard output"):
        yield sys.stdout
        sys.stdout.flush()


_PREFIX = ".tbtools-"  # short: the name with more in front may be longer than a name can be


@contextmanager
def _renamed_into(path: Path, *, force: bool, binary: bool) -> Iterator[IO[str] | IO[bytes]]:
    import tempfile  # costs more than all of `tbtools --help`

    handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=path.parent)
    temporary = Path(name)
    try:
        with _opened(handle, binary=binary) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_name(temporary, path, force=force)
    finally:
        temporary.unlink(missing_ok=True)


def _opened(handle: int, *, binary: bool) -> IO[str] | IO[bytes]:
    if binary:
        return os.fdopen(handle, "wb")
    return os.fdopen(handle, "w", encoding="utf-8", errors=_UNENCODABLE, newline="")


def _take_name(temporary: Path, path: Path, *, force: bool) -> None:
    # mkstemp makes files that only their owner may read; a new file has what the umask leaves.
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)
    if force:
        temporary.replace(path)
        return
    try:
        # Unlike a rename, this fails where a file has appeared meanwhile.
        path.hardlink_to(temporary)
    except FileExistsError:
        raise OutputExists(os.fspath(path)) from None
    except OSError:  # a file system without hard links
        require_free(path, force=False)
        temporary.replace(path)
