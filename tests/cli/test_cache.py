"""`tbtools cache`."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from tests.builders import EventFileBuilder
from tests.commands import call
from tests.indexes import eager_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cached(tmp_path: Path) -> Iterator[Path]:
    """A cache directory with the index of two log directories."""
    with eager_index(tmp_path / "cache"):
        for name in "ab":
            EventFileBuilder().scalar("loss", 1, 0.5).write(tmp_path / name / "tfevents.1")
            assert call("summarize", str(tmp_path / name)).status == 0
        yield tmp_path / "cache"


def test_shows_and_clears(cached: Path) -> None:
    size = sum(path.stat().st_size for path in cached.rglob("*.pack"))
    assert size < 1000
    shown = call("cache")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out == f"{cached}: 2 files, {size} B of at most 2 GB, 2 log directories\n"
    mine = cached / "notes.txt"
    mine.touch()
    assert call("cache", "--clear").out == f"{cached}: 2 files, {size} B removed\n"
    assert mine.exists()
    assert not [*cached.rglob("*.pack")]
    assert call("cache").out == f"{cached}: 0 files, 0 B of at most 2 GB, 0 log directories\n"


def test_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TBTOOLS_CACHE", "off")
    for arguments in (["cache"], ["cache", "--clear"]):
        assert call(*arguments).out.startswith("nothing is kept: TBTOOLS_CACHE=off")


def test_what_cannot_be_removed(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        result = call("cache", "--clear")
    assert result.status == 2
    assert result.out.startswith(f"{cached}: 0 files, 0 B removed; 2 files, ")
    assert result.out.endswith(" could not be removed\n")
