"""The index in tests: a cache directory of their own, and clocks that do not make them wait."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tbtools.eventfile.index import index
from tbtools.eventfile.source import LocalSource, using
from tbtools.eventfile.source_types import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tbtools.eventfile.source_types import Status


@contextlib.contextmanager
def eager_index(cache: Path) -> Iterator[pytest.MonkeyPatch]:
    """Everything is kept, in that directory, and counts as left alone for a while.

    Whoever changes a file calls `let_clocks_tick` first.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TBTOOLS_CACHE", str(cache))
        patch.setattr(index, "_PAYS_FROM_SECONDS", 0.0)
        patch.setattr(index, "_PAYS_TIMES", 0.0)
        patch.setattr(index, "_SETTLED_AFTER", -60_000_000_000)
        yield patch


def let_clocks_tick(folder: Path) -> None:
    """Waits until the file system's clock shows another time."""
    probe = folder / "probe"
    probe.write_bytes(b"")
    first = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == first:
        probe.write_bytes(b"")
    probe.unlink()


class _CountedFile(SourceFile):
    def __init__(self, file: SourceFile, counts: dict[str, int]) -> None:
        self.path = file.path
        self._file = file
        self._counts = counts

    def status(self) -> Status:
        return self._file.status()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        count = self._file.read_into(buffer, offset)
        self._counts[Path(self.path).parent.name] += count
        return count

    def close(self) -> None:
        self._file.close()


class CountingSource(LocalSource):
    """The local files, and how many bytes were read of those in each directory."""

    def __init__(self) -> None:
        self.bytes: dict[str, int] = {}

    def open(self, path: str) -> SourceFile:
        self.bytes.setdefault(Path(path).parent.name, 0)
        return _CountedFile(super().open(path), self.bytes)


@contextlib.contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Directory to the bytes read of its files meanwhile; none where no file was opened."""
    source = CountingSource()
    with using(source):
        yield source.bytes
