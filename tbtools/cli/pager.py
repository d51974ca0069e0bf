"""Long output on a terminal goes through a pager, which `PAGER` names."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence
    from typing import IO, TextIO

# Of less, where its user has not said what else: colours are shown, and nothing is erased.
_LESS = "RX"


class Screen(io.StringIO):
    """Takes what is meant for a terminal.

    Args:
        encoding: That of the terminal.
    """

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the terminal."""
        return self._encoding

    def isatty(self) -> bool:
        """As the terminal would say."""
        return True


class _Pages(Screen):
    """Holds lines until there are more than the terminal has; from then on a pager shows them."""

    def __init__(self, command: Sequence[str], terminal: TextIO) -> None:
        import shutil  # which brings all compressors; what is piped needs none

        super().__init__(terminal.encoding)
        self._command, self._terminal = command, terminal
        self._room = shutil.get_terminal_size().lines - 1  # below them the shell asks for more
        self._shown: IO[str] | None = None
        self._pager: subprocess.Popen[str] | None = None

    def write(self, text: str) -> int:
        """Holds the text, or hands it on."""
        if self._shown is not None:
            return self._shown.write(text)
        self._room -= text.count("\n")
        written = super().write(text)
        if self._room < 0:
            self._begin()
        return written

    def _begin(self) -> None:
        import subprocess

        try:
            self._pager = subprocess.Popen(  # noqa: S603 - the user's own
                self._command, stdin=subprocess.PIPE, env={"LESS": _LESS, **os.environ},
                encoding=self.encoding, errors="backslashreplace",
            )  # fmt: skip
        except OSError:
            self._show(self._terminal)
            return
        # Ctrl-C is the pager's from now on: it ends a search there, and not us before it.
        self._on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        assert self._pager.stdin is not None
        self._show(self._pager.stdin)

    def _show(self, file: IO[str]) -> None:
        self._shown = file
        file.write(self.getvalue())

    def end(self) -> None:
        """Waits for the pager; shows what needs none."""
        if self._shown is None:
            self._show(self._terminal)
        self._terminal.flush()
        if self._pager is not None:
            self._pager.communicate()  # heeds that it may be gone
            signal.signal(signal.SIGINT, self._on_interrupt)


@contextlib.contextmanager
def paged() -> Iterator[None]:
    """What is printed meanwhile goes through the pager if the terminal has too few lines for it.

    Only where somebody sits in front of it: standard input and output are terminals. Whoever leaves
    the pager has seen enough.
    """
    command = _command()
    if command is None:
        yield
        return
    pages = _Pages(command, sys.stdout)
    try:
        with contextlib.redirect_stdout(pages), contextlib.suppress(BrokenPipeError):
            yield
    finally:
        pages.end()


def _command() -> list[str] | None:
    """The pager; None where there is none, or nobody to look at it."""
    if os.environ.get("TERM") == "dumb":
        return None
    try:
        if not (os.isatty(sys.stdin.fileno()) and os.isatty(sys.stdout.fileno())):
            return None
        command = shlex.split(os.environ.get("PAGER", "less"))
    except (AttributeError, OSError, ValueError):  # closed, none of the system's, or a lone quote
        return None
    import shutil

    return command if command and command != ["cat"] and shutil.which(command[0]) else None
