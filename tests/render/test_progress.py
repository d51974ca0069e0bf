"""Progress: only where somebody looks, and only for what takes long."""

from __future__ import annotations

import io
import sys

import pytest

from tbtools.render.terminal import progress
from tests.commands import Screen


def test_no_terminal_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    for stderr in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress.scan_progress() as show:
            assert show is None


@pytest.mark.parametrize(("patience", "seen"), [(0.0, True), (1000.0, False)])
def test_a_bar_after_a_while(patience: float, seen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", patience)
    with progress.scan_progress() as show:
        assert show is not None
        for done in (10_000_000, 20_000_000):
            show(done, 20_000_000)
    assert ("reading" in screen.getvalue()) == seen
    assert ("20.0/20.0 MB" in screen.getvalue()) == seen
    assert "0/100 bytes" not in screen.getvalue()


def test_an_error_takes_the_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    with pytest.raises(KeyError):
        _fail_while_shown()
    assert screen.getvalue().endswith("\x1b[2K")  # the line is cleared


def _fail_while_shown() -> None:
    with progress.scan_progress() as show:
        assert show is not None
        show(1, 2)
        raise KeyError
