"""The fuzz target that is guided by coverage: it lets the scan pass, and finds a fault in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.fuzz import guided

if TYPE_CHECKING:
    from pathlib import Path

CLANG = next(filter(None, map(shutil.which, ("clang", "clang-19", "clang-16", "clang-14"))), "")
# Reads the checksum of a record of which the last byte is not there yet.
FAULT = "_scan.pyx", "if limit - here < length + FRAME:", "if limit - here < length + FRAME - 1:"


@pytest.mark.minutes
@pytest.mark.timeout(600)
@pytest.mark.skipif(not CLANG, reason="there is no clang")
@pytest.mark.parametrize("faulty", [False, True])
def test_a_read_behind_the_end_is_found(faulty: bool, tmp_path: Path) -> None:
    scan = tmp_path / "scan"
    shutil.copytree(guided.SCAN, scan)
    if faulty:
        name, right, wrong = FAULT
        source = (scan / name).read_text()
        assert source.count(right) == 1
        (scan / name).write_text(source.replace(right, wrong))
    target = guided.build(CLANG, tmp_path, scan)
    guided.write_seeds(tmp_path / "seeds", [])
    (tmp_path / "kept").mkdir()
    status = guided.run(target, "-runs=50000", "-seed=1")
    assert (status != 0) == faulty
    assert any(tmp_path.glob("crash-*")) == faulty
    assert faulty or any((tmp_path / "kept").iterdir())
