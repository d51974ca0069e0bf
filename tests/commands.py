"""Running tbtools: in this process, as a process, and on a terminal."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tbtools.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[1]
TBTOOLS = (sys.executable, "-m", "tbtools")
# Windows numbers no users.
IS_ROOT = getattr(os, "geteuid", lambda: None)() == 0
# What is said on standard error of all runs in tests/logs: one of them was resumed.
SUPERSEDED = "319 points superseded by restarts\n"


@dataclass(frozen=True)
class Result:
    """What a command line did: its exit status, standard output and standard error."""

    status: int
    out: str
    err: str

    @property
    def besides(self) -> str:
        """Standard error behind the line that says what was done, where the result is for programs.

        What is wrong begins with ``tbtools: `` and stands there alone.
        """
        closing, _, rest = self.err.partition("\n")
        return self.err if closing.startswith("tbtools: ") else rest


class Screen(io.StringIO):
    """Standard output that says it is a terminal; COLUMNS says how wide."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def call(*arguments: str, out: io.StringIO | None = None) -> Result:
    """Runs a command line in this process."""
    out = out or io.StringIO()
    err = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(list(arguments))
    return Result(status, out.getvalue(), err.getvalue())


def plain(shown: str) -> str:
    """What a terminal shows, without its colours and weights."""
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


@contextlib.contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Lets go of root's right to read everything, where the tests run as root.

    Paths are then to be relative to the folder: those above may be closed.
    """
    if os.geteuid() != 0:
        yield
        return
    folder.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def environment(**changes: str | None) -> dict[str, str]:
    """That of a process: of this one, but in UTC and without what steers colours and widths."""
    steering = dict.fromkeys(("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"))
    wanted = {**os.environ, "TZ": "UTC", "TERM": "xterm-256color", **steering, **changes}
    return {name: value for name, value in wanted.items() if value is not None}


def process(
    *arguments: str,
    env: dict[str, str] | None = None,
    cwd: Path = ROOT,
    encoding: str = "utf-8",
) -> Result:
    """Runs a command line as a process whose output is a pipe."""
    done = subprocess.run(
        [*TBTOOLS, *arguments],
        capture_output=True,
        env=env or environment(),
        cwd=cwd,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(encoding), done.stderr.decode())


def shell(line: str) -> Result:
    """Runs a line of bash; ``tbtools`` stands for the command."""
    script = f"tbtools() {{ '{sys.executable}' -m tbtools \"$@\"; }}; {line}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=environment(), cwd=ROOT,
        check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


def on_terminal(
    *arguments: str, columns: int, command: Sequence[str] = TBTOOLS, **env: str | None
) -> tuple[int, str]:
    """Runs a command line on a pseudo-terminal; returns its status and all that it showed."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen(
        [*command, *arguments],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment(**env), cwd=ROOT,
    ) as child:  # fmt: skip
        os.close(theirs)
        shown = b"".join(_until_closed(lambda: os.read(ours, 65536)))
    os.close(ours)
    return child.returncode, shown.decode().replace("\r\n", "\n")


def _until_closed(read: Callable[[], bytes]) -> Iterator[bytes]:
    # Linux answers EIO when nobody has the other side of a terminal open any more.
    with contextlib.suppress(OSError):
        while block := read():
            yield block
