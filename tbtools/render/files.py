"""Output files: written beside their place and renamed into it, so they are whole or not there."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tbtools.errors import OutputExists

if TYPE_CHECKING:
    from collections.abc import Iterator


def require_free(path: str | os.PathLike[str], *, force: bool) -> None:
    """Refuses to write over something, before any work is done.

    Raises:
        OutputExists: There is something at the path, and `force` does not allow to replace it.
        IsADirectoryError: There is a directory at the path; it is never replaced.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; name a file")
    if not force and (path.exists() or path.is_symlink()):
        raise OutputExists(os.fspath(path))


@contextmanager
def replaced_whole(
    path: str | os.PathLike[str], *, force: bool = False, binary: bool = False
) -> Iterator[IO[str] | IO[bytes]]:
    """A file to write to that appears under its name only when all has been written.

    Args:
        path: Where it is to be; ``-`` for standard output.
        force: Whether a file that is there may be replaced.
        binary: Whether bytes are written rather than text in UTF-8.

    Raises:
        OutputExists: There is a file, and `force` does not allow to replace it.
        OSError: It cannot be written; then nothing is left behind.
    """
    if os.fspath(path) == "-":
        yield sys.stdout.buffer if binary else sys.stdout
        return
    import tempfile  # costs more than all of `tbtools --help`

    path = Path(path)
    require_free(path, force=force)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
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
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


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
