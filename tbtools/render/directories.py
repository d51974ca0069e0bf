"""Directories of event files that are whole or not there."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tbtools.errors import (
    ForeignFiles,
    NotADirectory,
    OutputExists,
    OutputInsideInput,
    RecordError,
)
from tbtools.eventfile.discover import is_event_file
from tbtools.eventfile.source import NamedErrors
from tbtools.render.files import output_path, require_parent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

# Writers of results call themselves this and the name of the command. A result may be made again,
# and so replaced; what `EventFileWriter` writes is somebody's training.
RESULT_WRITER = "tbtools "
_PREFIX = ".tbtools-"
_PART = ".part"


def require_free_directory(
    path: str | os.PathLike[str], *, force: bool, inputs: Sequence[str | os.PathLike[str]] = ()
) -> None:
    """Refuses what cannot be written, or would be written over, before any work is done.

    Args:
        path: Where the directory is to be; an empty one may be there.
        force: Whether an earlier result may be replaced.
        inputs: What is read for it: neither may lie inside the other.

    Raises:
        OutputExists: Something is in the directory, and `force` does not allow to replace it.
        ForeignFiles: Something is in it that is no result of tbtools.
        OutputInsideInput: It would lie in a directory that is read, or the other way round.
        NotADirectory: There is a file at the path.
        MissingFile: The directory that it would lie in does not exist.
    """
    name, path = output_path(path)
    for given in map(Path, inputs):
        if given.exists():  # reading it will say that it does not
            _require_apart(path, given, name)
    if path.exists() and not path.is_dir():
        raise NotADirectory(errno.ENOTDIR, "this is a file; name a directory", name)
    require_parent(path)
    if path.is_dir() and any(path.iterdir()):
        if not force:
            raise OutputExists(name)
        for file in _files_below(path):
            if not _is_result(file):
                raise ForeignFiles(name, os.fspath(file.relative_to(path)))


def _require_apart(output: Path, given: Path, name: str) -> None:
    ours, theirs = output.resolve(), given.resolve()
    if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
        raise OutputInsideInput(name, os.fspath(given))


def _files_below(path: Path) -> list[Path]:
    return [
        Path(directory, file) for directory, _, files in os.walk(path) for file in sorted(files)
    ]


def _is_result(file: Path) -> bool:
    """Whether a file is an event file that a command of tbtools has written."""
    from tbtools.eventfile.messages import Event
    from tbtools.eventfile.records import RecordReader

    if not is_event_file(file.name) or file.is_symlink():
        return False
    try:
        with RecordReader(file) as records:
            writer = Event.FromString(next(records).data).source_metadata.writer
    except (StopIteration, RecordError):
        return False
    return str(writer).startswith(RESULT_WRITER)


class NewDirectory:
    """A directory that is being filled, under a name of its own.

    Args:
        path: Where it is for the time being.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[Path, Path] = {}  # where it belongs, to where it is

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
        place.parent.mkdir(parents=True, exist_ok=True)
        path = place.with_name(f"{len(self._files)}{_PART}")
        with path.open("xb") as opened:
            self._files[place] = path
            yield opened
            opened.flush()
            os.fsync(opened.fileno())

    def complete(self) -> None:
        """Gives the files their names."""
        for place, path in self._files.items():
            self._files[place] = path.rename(place)

    def discard(self) -> None:
        """Takes away what is left of it: nothing, where it has found its place."""
        _remove(self._path, self._files.values())


@contextmanager
def directory_whole(
    path: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> Iterator[NewDirectory]:
    """A directory to fill that appears under its name only when all has been written.

    Args:
        path: Where it is to be.
        force: Whether an earlier result of tbtools that is there may be replaced.
        inputs: What is read for it.

    Raises:
        FileError: It cannot be written; then nothing is left behind.
        TbtoolsError: As `require_free_directory`.
    """
    import tempfile

    require_free_directory(path, force=force, inputs=inputs)
    name, path = os.fspath(path), Path(path).resolve()
    with NamedErrors(name):  # and not its temporary neighbour
        temporary = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=path.parent))
        filled = NewDirectory(temporary)
        try:
            yield filled
            filled.complete()
            _take_name(temporary, path)
        finally:
            filled.discard()


def _take_name(temporary: Path, path: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o777 & ~umask)  # mkdtemp lets its owner alone in
    if not path.is_dir() or not any(path.iterdir()):
        temporary.rename(path)
        return
    former = temporary.with_name(f"{temporary.name}-former")
    path.rename(former)
    try:
        temporary.rename(path)
    except OSError:
        former.rename(path)
        raise
    _remove(former, [file for file in _files_below(former) if _is_result(file)])


def _remove(path: Path, files: Iterable[Path]) -> None:
    """Removes files below a directory, one by one, and what is then empty."""
    for file in files:
        file.unlink(missing_ok=True)
    for directory, _, _ in os.walk(path, topdown=False):
        if not any(Path(directory).iterdir()):
            Path(directory).rmdir()
