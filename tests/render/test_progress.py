"""Progress: only where somebody looks, and only for what takes long."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING

import pytest

from tbtools.cli.main import run
from tbtools.render.terminal import progress
from tests.commands import ROOT, Screen, on_terminal

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize(
    ("command", "bars"),
    [
        (["summarize"], ["reading", "judging"]),
        (["detect"], ["reading", "judging"]),
        (["plot"], ["reading", "judging"]),
        (["aggregate", "-o", "OUT"], ["reading", "aggregating"]),
        (["report", "-o", "OUT.html"], ["reading", "judging", "building the page"]),
        (["report", "-o", "OUT.svg", "--tag", "val/loss"], ["reading", "judging"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_what_takes_long_shows_how_far_it_is(
    command: list[str], bars: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.chdir(ROOT)
    arguments = [word.replace("OUT", f"{tmp_path}/out") for word in command]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(screen):
        run([arguments[0], "tests/logs", *arguments[1:]])
    places = [screen.getvalue().index(name) for name in bars]
    assert places == sorted(places)


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


def test_a_signal_leaves_neither_bar_nor_hidden_cursor() -> None:
    script = (
        "import os, signal\n"
        "from tbtools.cli.signals import take_signals\n"
        "from tbtools.render.terminal import progress\n"
        "take_signals(lambda status, _: os._exit(status))\n"
        "progress._PATIENCE_SECONDS = 0\n"
        "with progress.scan_progress() as show:\n"
        "    show(1, 2)\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
    )
    status, shown = on_terminal(command=(sys.executable, "-c", script), columns=80)
    assert status == 143
    assert "\x1b[?25l" in shown
    assert "reading" in shown
    assert shown.endswith("\r\x1b[2K\x1b[?25h")
