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

import abc
import contextlib
import errno
import os
import posixpath
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from tbtools import system
from tbtools.errors import TbtoolsError, UnsupportedType, file_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType
    from typing import Self

    from tbtools.eventfile.problems import Problem

Kind = Literal["file", "directory", "link", "other"]
# What tells a file from another one under the same name: device and inode, or an object's version.
# The last part is the same on every host and after every mount.
Identity = tuple[int | str, ...]

# What a path that leads nowhere, or a link to itself, answers.
NO_TARGET = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


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
        with bad_path(path):
            return _local_status(path, os.stat(path))

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
