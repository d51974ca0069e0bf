"""Rows that are mapped from a spool are those that a fresh scan finds, whatever becomes of them."""

from __future__ import annotations

import errno
import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tbtools import system
from tbtools.eventfile import mapped
from tbtools.eventfile.mapped import MappedRows
from tbtools.eventfile.rescan import rescan
from tbtools.eventfile.scan import FileColumns, scan_file
from tbtools.eventfile.spool import Spool
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from pathlib import Path

ROW_BYTES = 24  # of a float32


def write(path: Path, first: int, count: int) -> None:
    """Adds floats, after each hundred a picture, and at the end a double that no float holds."""
    builder = EventFileBuilder()
    for step in range(first, first + count):
        builder.scalar(f"tag{step % 3}", step, float(step % 97), START + step)
        if step % 100 == 99:
            builder.image("picture", step, b"\x89PNG")
    if count % 2:
        builder.tensor_scalar("exact", first, 1 / 3, "float64")
    with path.open("ab") as out:
        out.write(builder.bytes())


def same(found: FileColumns, fresh: FileColumns) -> None:
    for name in ("step", "wall_time", "value", "tag_id", "offset", "length", "kind", "dtype"):
        np.testing.assert_array_equal(getattr(found, name), getattr(fresh, name), err_msg=name)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Of many sizes; one is empty, and one has more than a page of memory in each column."""
    paths = [tmp_path / f"tfevents.{number}" for number in range(6)]
    for path, count in zip(paths, [0, 1, 2, 301, 1024, 5000], strict=True):
        path.touch()
        write(path, 0, count)
    return paths


@pytest.mark.parametrize("together", [1, 2, 6])
@pytest.mark.parametrize("room", [0, 400 * ROW_BYTES, 1 << 30])
def test_they_are_those_of_a_fresh_scan(
    files: list[Path], together: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "_ROOM", room)
    rows = MappedRows()
    groups = [files[first : first + together] for first in range(0, len(files), together)]
    laid = [one for group in groups for one in rows.laid([scan_file(str(each)) for each in group])]
    for _ in range(2):  # and again when their memory was let go of
        for path, found in zip(files, laid, strict=True):
            same(found, scan_file(str(path)))
            if found.mapping:
                system.let_go_of(found.mapping)
    assert bool(laid[-1].mapping) == (room < 5000 * ROW_BYTES)
    assert not laid[3].mapping or room < 400 * ROW_BYTES or together == 6
    assert not (laid[-1].mapping and laid[-1].values.step.flags.writeable)


def test_what_is_added_to_the_file(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "_ROOM", 0)
    [found] = MappedRows().laid([scan_file(str(files[-1]))])
    for first in (5000, 6001):
        write(files[-1], first, 1001)
        look = rescan(found)
        assert look.change == "grown"
        found = look.columns
        same(found, scan_file(str(files[-1])))
    files[-1].write_bytes(files[3].read_bytes())
    same(rescan(found).columns, scan_file(str(files[3])))


def no_room(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "no room")


@pytest.mark.parametrize("where", ["disk", "addresses"])
def test_without_room_they_stay_in_memory(
    files: list[Path], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "_ROOM", 0)
    monkeypatch.setattr(*((Spool, "mapped") if where == "disk" else (mmap, "mmap")), no_room)
    laid = MappedRows().laid([scan_file(str(path)) for path in files])
    for path, found in zip(files, laid, strict=True):
        assert found.mapping is None
        same(found, scan_file(str(path)))
