"""A log directory that is being written, and its follower."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.logs import Log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path / "logs")
    yield log
    log.close()
