"""Rows that lie in a spool while nobody looks: what comes back is what a fresh scan finds."""

from __future__ import annotations

import errno
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tbtools.eventfile.aside import brought_back, put_aside
from tbtools.eventfile.rescan import rescan
from tbtools.eventfile.scan import FileColumns, scan_file
from tbtools.eventfile.spool import Spool
from tests.builders import START, EventFileBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class FullSpool(Spool):
    """A disk without room from some call on."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    def write(self, columns: Sequence[NDArray[np.generic]]) -> int:
        self.calls -= 1
        if self.calls < 0:
            raise OSError(errno.ENOSPC, "no room")
        return super().write(columns)


def stretch(number: int, first: int, count: int) -> bytes:
    """Some records: floats; doubles that no float holds; a picture among them."""
    builder = EventFileBuilder()
    if number == 4:
        builder.image("picture", first, b"\x89PNG")
    for step in range(first, first + count):
        value = 1 / 3 if number == 6 else float(step % 97)
        if number == 6:
            builder.tensor_scalar("loss", step, value, "float64")
        else:
            builder.scalar(f"tag{step % 3}", step, value, START + step)
    return builder.bytes()


def same(found: FileColumns, fresh: FileColumns) -> None:
    for name in ("step", "wall_time", "value", "tag_id", "offset", "length", "kind", "dtype"):
        np.testing.assert_array_equal(getattr(found, name), getattr(fresh, name), err_msg=name)
    plain = {each.name for each in fields(FileColumns)} - {"values", "memory"}
    for name in plain:
        np.testing.assert_array_equal(getattr(found, name), getattr(fresh, name), err_msg=name)


@pytest.mark.parametrize("wholes", ["nothing", "now and then", "always"])
@pytest.mark.parametrize("calls", [1_000_000, 3, 0])
def test_what_grows_meanwhile_is_all_there(tmp_path: Path, wholes: str, calls: int) -> None:
    path, spool, noise = tmp_path / "tfevents", FullSpool(calls), np.random.default_rng(5)
    path.write_bytes(b"")
    file, step = scan_file(path), 0
    for number in range(12):
        count = int(noise.integers(1, 3000))
        with path.open("ab") as out:
            out.write(stretch(number, step, count))
        step += count
        look = rescan(file)
        assert look.new_rows == count + (number == 4)
        same(brought_back(look.columns), scan_file(path))
        whole = wholes == "always" or (wholes == "now and then" and number % 3 == 0)
        file = put_aside(look.columns, spool, whole=whole)
        file = put_aside(file, spool, whole=whole)
        same(brought_back(file), scan_file(path))
    assert bool(file.rows_aside) == (calls > 10)
    assert rescan(file).change is None
    if file.rows_aside:
        assert file.values.count == 0
        path.write_bytes(stretch(0, 0, 7))
        same(rescan(file).columns, scan_file(path))
