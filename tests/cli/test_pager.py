"""What is long goes through a pager, where somebody sits at a terminal; nowhere else."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, TBTOOLS, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = "tests/logs/baseline/events.out.tfevents.1772438400.node7.4242.0"
LONG = ("inspect", EVENTS, "--records", "--limit", "60")
LINES = 30


def at_a_terminal(*arguments: str, stdin: bool = True, **env: str | None) -> tuple[int, list[str]]:
    """Exit status and lines of a command that has a terminal of 30 lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, 90, 0, 0))
    with subprocess.Popen(
        [*TBTOOLS, *arguments],
        stdin=theirs if stdin else subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL,
        env=environment(LINES=None, NO_COLOR="1", **env), cwd=ROOT,
    ) as child:  # fmt: skip
        os.close(theirs)
        shown = b"".join(_until_closed(ours))
    os.close(ours)
    return child.returncode, shown.decode().splitlines()


def _until_closed(terminal: int) -> Iterator[bytes]:
    try:
        while block := os.read(terminal, 65536):
            yield block
    except OSError:  # EIO: nobody has the other side open any more
        return


def test_more_lines_than_there_are_on_the_screen() -> None:
    plain = at_a_terminal(*LONG, PAGER="cat")
    status, lines = at_a_terminal(*LONG, PAGER="sed s/^/paged:/")
    assert (status, plain[0]) == (0, 0)
    assert len(lines) > 60
    assert lines == [f"paged:{line}" for line in plain[1]]


def test_who_leaves_it_has_seen_enough() -> None:
    assert at_a_terminal(*LONG, PAGER="head -n 2")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        ((*LONG[:-1], "5"), {}),
        ((*LONG, "--no-pager"), {}),
        (LONG, {"PAGER": ""}),
        (LONG, {"PAGER": "/nowhere/less"}),
        (LONG, {"PAGER": "'"}),
        (LONG, {"TERM": "dumb"}),
        (("plot", "tests/logs/baseline", "--tag", "*", "--no-pager"), {}),
    ],
    ids=["short", "--no-pager", "none", "missing", "no command", "dumb", "plot"],
)  # fmt: skip
def test_what_is_not_paged(arguments: tuple[str, ...], env: dict[str, str]) -> None:
    status, lines = at_a_terminal(*arguments, **{"PAGER": "sed s/^/paged:/", **env})
    assert status == 0
    assert len(lines) > 5
    assert not any(line.startswith("paged:") for line in lines)


def test_nobody_sits_at_a_terminal_that_nothing_is_read_from() -> None:
    status, lines = at_a_terminal(*LONG, stdin=False, PAGER="sed s/^/paged:/")
    assert (status, len(lines) > 60) == (0, True)
    assert not any(line.startswith("paged:") for line in lines)


def test_a_pipe_is_never_paged() -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*TBTOOLS, *LONG], stdin=theirs, capture_output=True, text=True, cwd=ROOT, check=True,
        env=environment(PAGER="sed s/^/paged:/"),
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert len(done.stdout.splitlines()) > 60
    assert "paged:" not in done.stdout
