"""`--watch` of summarize and plot: drawn in place, and the screen given back."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
from typing import TYPE_CHECKING

import pytest

from tests.builders import EventFileBuilder
from tests.commands import ROOT, TBTOOLS, call, environment, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

ENTER, LEAVE, END_OF_FRAME = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?2026l"


def run(logs: Path, name: str) -> None:
    points = [(step, 1 / (1 + step)) for step in range(30)]
    EventFileBuilder().scalars("loss", points).write(logs / name / "events.out.tfevents.1")


def until(shown: bytearray, terminal: int, wanted: bytes) -> None:
    """Reads what is shown until something is there."""
    while wanted not in shown:
        shown += os.read(terminal, 65536)


@pytest.mark.parametrize("command", ["summarize", "plot"])
def test_what_comes_is_drawn_in_place_until_ctrl_c(tmp_path: Path, command: str) -> None:
    run(tmp_path, "first")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    child = subprocess.Popen(
        [*TBTOOLS, command, str(tmp_path), "--watch"],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT,
        env=environment(LINES="50", COLUMNS="100"),  # which readline may have set to others
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    os.close(theirs)
    shown = bytearray()
    until(shown, ours, END_OF_FRAME)
    assert b"first" in shown
    run(tmp_path, "second")
    until(shown, ours, b"second")
    child.send_signal(signal.SIGINT)
    until(shown, ours, b"interrupted")
    assert child.wait(60) == 130
    os.close(ours)
    assert (shown.count(ENTER), shown.count(LEAVE)) == (1, 1)
    assert shown.index(ENTER) < shown.index(b"first") < shown.index(b"second")
    assert shown.split(LEAVE)[1].split() == [b"tbtools:", b"interrupted"]


def test_what_is_wrong_is_told_on_the_usual_screen(tmp_path: Path) -> None:
    status, shown = on_terminal("summarize", str(tmp_path), "--watch", columns=100)
    assert status == 2
    assert ENTER.decode() not in shown
    assert "no event files" in shown


@pytest.mark.parametrize("options", [[], ["--format", "json"], ["-o", "out.txt"]])
def test_it_has_no_effect_elsewhere(options: list[str]) -> None:
    result = call("summarize", "tests/logs", "--watch", *options)
    assert result.status == 2
    assert "--watch has no effect but on a" in result.err
