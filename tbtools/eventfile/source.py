"""Where input files come from: the only module that opens, stats or lists them.

Everything that reads logs goes through `source_of(path)`, which picks a `Source` by the path's
scheme (that of the operating system for plain paths, others for the schemes that are registered,
and for those that `remote` knows, which is imported when the first such path is given), and through
`open_file`, whose errors are named.
Tests put a source of their own in place to see what a command does when reading fails::

    with using(FailingSource(...)):              # instead of the local files
        ...
    with using(MemorySource(...), scheme="mem"):  # for paths like mem://logs
        ...
"""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import re
import stat
from typing import TYPE_CHECKING

from tbtools import system
from tbtools.errors import TbtoolsError, UnsupportedType, file_error
from tbtools.eventfile.source_types import Entry, Kind, Source, SourceFile, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from tbtools.eventfile.problems import Problem

# What a path that leads nowhere, or a link to itself, answers.
NO_TARGET = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


class _LocalFile(SourceFile):
    """A file of the operating system, read without buffers in between."""

    is_shared = system.READS_ANYWHERE

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - until close()
        try:
            self._require_size()
        except OSError:
            self._file.close()
            raise

    def _require_size(self) -> None:
        """Refuses what says that it is empty and is not, as the files of /proc do."""
        if not self.size() and self.read_at(0, 1) and not self.size():
            raise OSError(errno.EINVAL, "a special file, which does not tell its size", self.path)

    def status(self) -> Status:
        return _local_status(self.path, os.fstat(self._file.fileno()))

    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def read_into(self, buffer: memoryview, offset: int) -> int:
        return system.read_into(self._file.fileno(), buffer, offset)

    def read_at(self, offset: int, length: int) -> bytes:
        data = system.read_at(self._file.fileno(), length, offset)
        # One call is enough but for the end of the file, and for more than 2 GiB.
        if len(data) == length or not data:
            return data
        return data + self.read_at(offset + len(data), length - len(data))

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


def as_path(path: object) -> str:
    """A path as text, in which no credentials are: the source that needs them has them.

    Raises:
        UnsupportedType: It is none, or one of bytes.
    """
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str):
        hint = "; os.fsdecode makes one of it" if isinstance(name, bytes) else ""
        raise UnsupportedType(f"{type(path).__name__} is no path{hint}")
    if "://" in name:
        from tbtools.eventfile.remote.credentials import put_aside

        return put_aside(name)
    return name


class NamedErrors:
    """Lets what the operating system refuses in a ``with`` be a `FileError` that names the path."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        # Some of ours are an OSError too, and say what is wrong.
        if isinstance(error, OSError) and not isinstance(error, (TbtoolsError, BrokenPipeError)):
            raise file_error(error, self._path) from error


class bad_path:  # noqa: N801 - stands in a `with`
    """Raises OSError for a path that no file can have; Python raises ValueError for a NUL."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ValueError):
            raise OSError(errno.EINVAL, str(error), self._path) from error


class LocalSource(Source):
    """The files of the operating system."""

    tells = True

    def open(self, path: str) -> SourceFile:
        """Opens a file; a directory raises IsADirectoryError."""
        with bad_path(path):
            return _LocalFile(path)

    def stat(self, path: str) -> Status:
        """One system call."""
        try:
            return _local_status(path, os.stat(path))
        except ValueError as error:  # as `bad_path`, which takes half as long as the call
            raise OSError(errno.EINVAL, str(error), path) from error

    def fresh_stat(self, path: str) -> Status:
        """Opens it for a moment: then a network file system asks its server."""
        with bad_path(path):
            descriptor = system.open_to_read(path)
        try:
            return _local_status(path, os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def list(self, path: str) -> Iterator[Entry]:
        """One scandir; where the file system tells the kinds, no call an entry."""
        with os.scandir(path) as entries:
            for entry in entries:
                kind = "file" if entry.is_file(follow_symlinks=False) else _other_kind(entry)
                yield entry.name, entry.path, kind

    def resolve(self, path: str) -> str:
        """By the file system's links."""
        return os.path.realpath(path)

    def absolute(self, path: str) -> str:
        """From the current directory."""
        return os.path.abspath(path)


def _other_kind(entry: os.DirEntry[str]) -> Kind:
    """What no regular file is."""
    if entry.is_dir(follow_symlinks=False):
        return "directory"
    return "link" if entry.is_symlink() else "other"


def _local_status(path: str, status: os.stat_result) -> Status:
    kind: Kind = "other"
    if stat.S_ISREG(status.st_mode):
        kind = "file"
    elif stat.S_ISDIR(status.st_mode):
        kind = "directory"
    # Where a file system numbers no files, as some of networks on Windows, a file is where it lies.
    identity = (status.st_dev, status.st_ino or os.path.realpath(path))
    return Status(kind, status.st_size, identity, status.st_mtime_ns, system.changed_ns(status))


# By scheme; "" is for paths without one, and for those whose scheme nobody has registered.
_sources: dict[str, Source] = {"": LocalSource()}


def source_of(path: str) -> Source:
    """The source that a path is read from: that of its scheme, else the local files.

    Raises:
        MissingExtra: What reads its scheme is not installed.
    """
    found = _SCHEME.match(path)
    if not found:
        return _sources[""]
    scheme = found[1].lower()
    return _sources.get(scheme) or _remote_source(scheme) or _sources[""]


def _remote_source(scheme: str) -> Source | None:
    """The source of a scheme that is asked for the first time; None where nobody knows it.

    Raises:
        MissingExtra: What reads it is not installed.
    """
    if scheme.startswith("log+"):
        from tbtools.eventfile.foreign.source import ForeignSource

        source: Source | None = ForeignSource()
    else:
        from tbtools.eventfile.remote import remote_source

        source = remote_source(scheme)
    if source is not None:
        _sources.setdefault(scheme, source)
    return source


class _NamedFile(SourceFile):
    """An open file of any source; what fails is a `FileError` that names it."""

    def __init__(self, file: SourceFile) -> None:
        self.path = file.path
        self.is_shared = file.is_shared
        self._file = file
        self._errors = NamedErrors(file.path)

    def status(self) -> Status:
        with self._errors:
            return self._file.status()

    def size(self) -> int:
        with self._errors:
            return self._file.size()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        with self._errors:
            return self._file.read_into(buffer, offset)

    def read_at(self, offset: int, length: int) -> bytes:
        with self._errors:
            return self._file.read_at(offset, length)

    @property
    def row_problems(self) -> tuple[Problem, ...]:
        return self._file.row_problems

    def fileno(self) -> int | None:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


def open_file(path: str) -> SourceFile:
    """Opens a file of the source that its path is read from.

    Raises:
        FileError: It cannot be opened; so do the file's methods where it cannot be read.
    """
    with NamedErrors(path):
        return _NamedFile(source_of(path).open(path))


@contextlib.contextmanager
def using(source: Source, scheme: str = "") -> Iterator[None]:
    """Reads the paths of a scheme from another source for a while, in all threads.

    Args:
        source: The source.
        scheme: The scheme, without ``://``; "" for plain paths.
    """
    before = _sources.get(scheme)
    _sources[scheme] = source
    try:
        yield
    finally:
        if before is None:
            del _sources[scheme]
        else:
            _sources[scheme] = before


def read_bytes(path: str) -> bytes:
    """A whole file, for small ones."""
    with open_file(path) as file:
        return file.read_at(0, file.size())


def is_file(path: str) -> bool:
    """Whether there is a regular file at a path, or a link to one."""
    try:
        return source_of(path).stat(path).kind == "file"
    except OSError as error:
        if error.errno in NO_TARGET:
            return False
        raise file_error(error, path) from error


def base_name(path: str) -> str:
    """The last part of a path, also for one like ``.``, which does not say it."""
    return os.path.basename(source_of(path).resolve(path))


def paths_of(path: str) -> ModuleType:
    """What takes a path apart and puts it together: `os.path`, or `posixpath` for a URL."""
    return posixpath if "://" in path else os.path


def path_below(path: str, directory: str) -> str:
    """What stands in a path behind a directory that it was found under, with ``/``; "" for that."""
    return path[len(directory) :].replace(os.sep, "/").strip("/")


def common_directory(paths: Sequence[str]) -> str:
    """The directory that all lie in, from the top; of those that share none, that of the first."""
    absolute = [source_of(path).absolute(path) for path in paths]
    schemes = {each.rpartition("://")[0] for each in absolute}
    if schemes == {""}:
        return os.path.commonpath(absolute)
    prefix = f"{schemes.pop()}://"
    shared = "" if schemes else os.path.commonpath([each.removeprefix(prefix) for each in absolute])
    return prefix + shared if shared else absolute[0]
