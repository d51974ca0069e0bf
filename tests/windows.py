"""Windows, as far as tbtools can tell, on another system.

What the standard library lacks there is taken away, by typeshed's word for it, and what
`tbtools.system._windows` asks of Windows itself answers by means of this system. As a program, it
runs command lines, one behind the other, and prints their statuses and what they have said::

    python -m tests.windows windows '[["summarize", "logs"]]'
"""

from __future__ import annotations

import ast
import ctypes
import errno
import fcntl
import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

LOCK_VIOLATION = 33
# What the standard library itself goes on calling here: as it would call something else there.
NEEDED = {"fork", "WIFSTOPPED", "WNOHANG", "get_blocking", "set_blocking", "O_NONBLOCK"}
THEIRS = ("asyncio", "click._termui_impl", "multiprocessing", "pandas", "plotly", "rich.console",
          "shutil", "tempfile")  # fmt: skip
MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")


@cache
def missing(module: str) -> frozenset[str]:
    """What a module of the standard library has on Linux, and not on Windows."""
    return _has(module, "linux") - _has(module, "win32")


@cache
def is_missing(module: str) -> bool:
    """Whether Windows has nothing of it."""
    return bool(_has(module, "linux")) and not _has(module, "win32")


@cache
def _has(module: str, platform: str) -> frozenset[str]:
    import mypy

    stubs = Path(mypy.__file__).parent / "typeshed" / "stdlib"
    for path in (stubs / f"{module}.pyi", stubs / module / "__init__.pyi"):
        if path.exists():
            return frozenset(_names(ast.parse(path.read_text("utf-8")).body, platform))
    return frozenset()


def _names(body: Sequence[ast.stmt], platform: str) -> Iterator[str]:
    here = {"sys": SimpleNamespace(platform=platform, version_info=sys.version_info)}
    for node in body:
        if isinstance(node, ast.If):
            known = "sys." in ast.unparse(node.test)
            holds = not known or eval(ast.unparse(node.test), here)
            yield from _names(node.body if holds else node.orelse, platform)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign):
            yield from (ast.unparse(each) for each in node.targets)


class Kernel:
    """As much of kernel32 as is asked for."""

    def __init__(self) -> None:
        self.error = 0
        # Methods take no attributes, as `restype`.
        self.CreateFileW = lambda *each: self._create(*each)
        self.LockFile = lambda file, *place: self._lock(file.value, *place)
        self.OpenProcess = lambda _access, _inherit, number: self._process(number)
        self.WaitForSingleObject = lambda handle, _: 0x102 if _goes_on(handle.value) else 0
        self.CloseHandle = lambda handle: handle.value > 0

    def _create(
        self,
        path: str,
        access: ctypes.c_uint32,
        shared: int,
        _: None,
        how: int,
        flags: int,
        __: None,
    ) -> int | None:
        assert shared == 1 | 2 | 4  # FILE_SHARE_READ, WRITE, DELETE
        assert flags & 0x02000000  # FILE_FLAG_BACKUP_SEMANTICS
        mode = {0x80000000: os.O_RDONLY, 0x40000000: os.O_WRONLY, 0xC0000000: os.O_RDWR}
        making = {1: os.O_CREAT | os.O_EXCL, 3: 0, 4: os.O_CREAT}
        try:
            return os.open(path, mode[access.value] | making[how], 0o666)
        except OSError as failed:
            self.error = failed.errno or 0
            return ctypes.c_void_p(-1).value

    def _lock(
        self, file: int, low: ctypes.c_uint32, high: ctypes.c_uint32, count: int, more: int
    ) -> bool:
        # An OVERLAPPED has signed offsets, and all of a file lies before this one.
        assert (low.value | high.value << 32, count, more) == (0x7FFFFFFF_FFFFFFFE, 1, 0)
        if Path(f"/proc/self/fd/{file}").is_dir():
            self.error = errno.EINVAL
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.error = LOCK_VIOLATION
            return False
        return True

    def _process(self, number: int) -> int | None:
        try:
            Path(f"/proc/{number}").stat()
        except OSError:
            self.error = 87  # ERROR_INVALID_PARAMETER
            return None
        return number


def _goes_on(number: int) -> bool:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def windows() -> ModuleType:
    """The module `tbtools.system._windows`; what it has found is put back afterwards."""
    kernel = Kernel()

    fakes: dict[str, Any] = {
        "msvcrt": SimpleNamespace(
            open_osfhandle=lambda handle, _: handle, get_osfhandle=lambda handle: handle
        ),
        "ctypes": SimpleNamespace(
            WinDLL=lambda *_, **__: kernel,
            WinError=lambda code: OSError(code, os.strerror(code)),
            get_last_error=lambda: kernel.error,
            c_uint32=ctypes.c_uint32,
            c_void_p=ctypes.c_void_p,
        ),
    }
    for where, name, value in (
        (os, "O_BINARY", 0), (os, "O_NOINHERIT", 0), (signal, "SIGBREAK", signal.SIGUSR1),
        (subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    ):  # fmt: skip
        setattr(where, name, value)
    with pytest.MonkeyPatch.context() as patch:
        for name, fake in fakes.items():
            patch.setitem(sys.modules, name, fake)
        patch.setattr(sys, "platform", "win32")
        return importlib.import_module("tbtools.system._windows")


def become_windows() -> None:
    """Takes away what Windows lacks; for good, so that it is done in a process of its own."""
    assert "tbtools.system" not in sys.modules
    gone = {module: missing(module.__name__) - NEEDED for module in (os, signal)}
    windows()
    for module, names in gone.items():
        for name in names & vars(module).keys():
            delattr(module, name)
    sys.modules.update(dict.fromkeys(MODULES))  # type: ignore[arg-type]


def main(mode: str, lines: str) -> None:
    """Runs command lines: here, or as if on Windows."""
    for module in THEIRS:  # which ask for what is about to go
        importlib.import_module(module)
    if mode == "windows":
        become_windows()
    from tests.commands import call

    json.dump([asdict(call(*line)) for line in json.loads(lines)], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
