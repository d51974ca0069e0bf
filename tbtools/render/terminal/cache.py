"""What `tbtools cache` prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tbtools.eventfile.index.cache import SIZE_LIMIT
from tbtools.render.format import format_bytes, plural, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.eventfile.index.cache import CachedFile

_OFF = "nothing is kept: TBTOOLS_CACHE=off, or there is no home directory"


def cache_line(directory: str | None, files: Sequence[CachedFile]) -> str:
    """One line: where it is, and how much there is."""
    if directory is None:
        return _OFF
    logs = "1 log directory" if (count := _stores(files)) == 1 else f"{count:,} log directories"
    return f"{printable(directory)}: {_size(files)} of at most {format_bytes(SIZE_LIMIT)}, {logs}"


def cleared_line(
    directory: str | None, files: Sequence[CachedFile], kept: Sequence[CachedFile]
) -> str:
    """One line: what was removed, and what could not be."""
    if directory is None:
        return _OFF
    left = {file.path for file in kept}
    removed = [file for file in files if file.path not in left]
    rest = f"; {_size(kept)} could not be removed" if kept else ""
    return f"{printable(directory)}: {_size(removed)} removed{rest}"


def _size(files: Sequence[CachedFile]) -> str:
    return f"{plural(len(files), 'file')}, {format_bytes(sum(file.bytes for file in files))}"


def _stores(files: Sequence[CachedFile]) -> int:
    return len({Path(file.path).parent for file in files})
