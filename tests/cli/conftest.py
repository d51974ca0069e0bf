"""Fixtures for the command line: UTC, no colour settings from outside, a small log directory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.builders import START, EventFileBuilder
from tests.commands import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times in UTC, no colour settings from outside, paths as golden outputs have them."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.chdir(ROOT)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Runs `a`, whose loss ends in NaN and infinity, and `b/c`, with a float64 and a text."""
    values = [(0, 0.1), (1, 0.3), (2, 0.2), (3, float("nan")), (4, float("inf"))]
    EventFileBuilder().file_version().scalars("val/loss", values).scalar("lr", 0, 1e-4).write(
        tmp_path / "logs" / "a" / "events.out.tfevents.1"
    )
    (
        EventFileBuilder()
        .file_version()
        .tensor_scalar("accuracy", 0, 1 / 3, "float64")
        .tensor_scalar("accuracy", 10, 2 / 3, "float64", wall_time=START + 3600)
        .text("notes", 0, "hello")
        .write(tmp_path / "logs" / "b" / "c" / "events.out.tfevents.1")
    )
    return tmp_path / "logs"
