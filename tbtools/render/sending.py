"""Directories that are written to URLs: made locally, and sent file by file when they are whole."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tbtools.errors import (
    FileError,
    NotADirectory,
    OutputExists,
    OutputInsideInput,
    file_error,
)
from tbtools.eventfile.source import NO_TARGET, source_of
from tbtools.eventfile.threads import submitted
from tbtools.render.unfinished import unfinished
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future


def require_free_url(name: str, inputs: Sequence[str | os.PathLike[str]]) -> None:
    """Refuses a URL at which a directory cannot be made.

    Args:
        name: The URL.
        inputs: What is read: neither may lie inside the other.

    Raises:
        OutputExists: Something is there. It is never replaced: of an earlier result files might
            stay among the new ones.
        OutputInsideInput: It would lie in a directory that is read, or the other way round.
        NotADirectory: There is a file.
        FileError: The server refuses, or takes no files.
    """
    source = source_of(name)
    ours = source.resolve(name).rstrip("/") + "/"
    for given in [os.fspath(each) for each in inputs]:
        if source_of(given) is source:
            theirs = source.resolve(given).rstrip("/") + "/"
            if ours.startswith(theirs) or theirs.startswith(ours):
                raise OutputInsideInput(name, given)
    source.forget(name)
    try:
        source.require_writable(name)
        kind = source.stat(name).kind
        if kind == "directory" and not any(True for _ in source.list(name)):
            return
    except OSError as error:
        if error.errno in NO_TARGET:
            return
        raise file_error(error, name) from error
    if kind == "directory":
        raise OutputExists(name, "")
    raise NotADirectory(errno.ENOTDIR, "this is a file; name a directory", name)


@contextmanager
def made_locally() -> Iterator[Path]:
    """A local directory to fill with what is to be sent."""
    folder = Path(tempfile.mkdtemp(prefix="tbtools-"))
    try:
        with unfinished(lambda: shutil.rmtree(folder, ignore_errors=True)):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def send(folder: Path, files: Sequence[str], name: str) -> None:
    """Sends files.

    Args:
        folder: The directory in which they lie.
        files: Their paths in it.
        name: The URL of the directory that they make.

    Raises:
        FileError: One could not be sent; it tells how many of them were.
    """
    source = source_of(name)
    sending: list[Future[None]] = []

    def send_one(file: str) -> None:
        url = f"{name.rstrip('/')}/{file}"
        source.make_directory(url.rpartition("/")[0])
        source.write(url, os.fspath(folder / file), force=False)

    def left() -> str:
        done = [each for each in sending if each.done() and not each.cancelled()]
        sent = sum(not each.exception() for each in done)
        return f"{sent:,} of {plural(len(files), 'file')} were sent and are there"

    def tell() -> None:
        sys.stderr.write(f"tbtools: {name}: {left()}\n")

    refused: OSError | None = None
    with unfinished(tell), ThreadPoolExecutor(source.at_once or 1) as pool:
        sending += [submitted(pool, send_one, file) for file in files]
        try:
            for each in as_completed(sending):
                each.result()
        except OSError as error:
            refused = error
            for each in sending:
                each.cancel()
    source.forget(name)
    if refused is not None:  # all that were on their way have come to their end
        reason = refused.strerror or str(refused)
        raise FileError(refused.errno or errno.EIO, f"{reason}; {left()}", name) from refused
