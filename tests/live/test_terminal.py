"""The whole screen in a real terminal, which tmux is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytest.importorskip("textual", reason="the extra watch is not installed")
pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")

_PATIENCE = 60.0


class Terminal:
    """A window of a tmux of its own."""

    def __init__(self, socket: Path, size: tuple[int, int]) -> None:
        self._tmux = ["tmux", "-f", "/dev/null", "-S", str(socket)]
        self._size = size

    def start(self, *arguments: str) -> None:
        width, height = map(str, self._size)
        script = 'cd "$1" && shift && "$@"; echo "status $?"; exec sleep 600'
        command = ["sh", "-c", script, "sh", str(ROOT), sys.executable, "-m", "tbtools", *arguments]
        self._call("new-session", "-d", "-x", width, "-y", height, *command)

    def _call(self, *arguments: str) -> str:
        env = environment(LANG="C.UTF-8", TERM="xterm-256color", TBTOOLS_STATE="off")
        done = subprocess.run(
            [*self._tmux, *arguments], env=env, capture_output=True, check=True, encoding="utf-8"
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        self._call("send-keys", *keys)

    def screen(self) -> str:
        return self._call("capture-pane", "-p")

    def wait(self, is_there: Callable[[str], bool]) -> str:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            seen = self.screen()
            if is_there(seen):
                return seen
            time.sleep(0.1)
        raise AssertionError(seen)

    def pid(self) -> str:
        return self._call("list-panes", "-F", "#{pane_pid}").strip()

    def close(self) -> None:
        self._call("kill-server")


@pytest.fixture(params=[(80, 24), (120, 40), (300, 80)], ids=str)
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "tmux", request.param)
    terminal.start("watch", "tests/logs")
    yield terminal
    terminal.close()


def test_it_starts_heeds_keys_and_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    seen = terminal.wait(lambda seen: "Findings" in seen and "baseline" in seen)
    assert "Charts" in seen
    terminal.press("f")
    terminal.wait(lambda seen: "smoothed" in seen and "Findings" not in seen)
    terminal.press("q")
    ended = terminal.wait(lambda seen: "status" in seen)
    assert "status 0" in ended
    assert "Charts" not in ended


def test_sigterm_ends_it_in_order(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "tmux", (100, 30))
    terminal.start("watch", "tests/logs")
    try:
        terminal.wait(lambda seen: "baseline" in seen)
        subprocess.run(["pkill", "-TERM", "-P", terminal.pid()], check=True)
        ended = terminal.wait(lambda seen: "status" in seen)
        assert "status 143" in ended
        assert "tbtools: interrupted" in ended
    finally:
        terminal.close()
