"""Windows: the same names as in `_posix`, where they are explained.

Files are opened so that they can be renamed and removed meanwhile, as elsewhere; directories can be
opened, but not locked. Who may read and write is decided by access lists, of which modes and owners
as numbers tell nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import msvcrt
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

assert sys.platform == "win32"

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Sequence

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
OWN_GROUP: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
READS_ANYWHERE = False
LOCAL_FILE_SYSTEMS: frozenset[str] = frozenset()  # of which none is known
# What goes into a pipe or a file would have that of the machine's language, of 256 characters.
OUTPUT_ENCODING = None if os.environ.get("PYTHONIOENCODING") else "utf-8"

# Of CreateFileW, LockFile, OpenProcess and WaitForSingleObject (Microsoft, "Windows API index").
_READ, _WRITE = 0x80000000, 0x40000000
_SHARED = 0x7  # with who reads, writes, renames and removes it
_CREATE_NEW, _OPEN_EXISTING, _OPEN_ALWAYS = 1, 3, 4
_DIRECTORIES_TOO, _LINK_ITSELF = 0x02000000, 0x00200000
_SYNCHRONIZE, _STILL_THERE, _ACCESS_DENIED = 0x00100000, 0x102, 5
_NO_HANDLE = ctypes.c_void_p(-1).value
# A lock keeps others from reading and writing what it covers: one byte, where no file has any.
_LOCKED_BYTE = 0xFFFFFFFE, 0x7FFFFFFF  # the lower and the higher 32 bits of its offset
_LOCK_VIOLATION = 33
_LOCK_TRIED_EVERY = 0.05  # seconds

_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.CreateFileW.restype = _kernel.OpenProcess.restype = ctypes.c_void_p
# All threads share the one place where a descriptor stands.
_place = threading.Lock()


def _opened(path: str | os.PathLike[str], access: int, creation: int, flags: int = 0) -> int:
    handle = _kernel.CreateFileW(
        os.fspath(path), ctypes.c_uint32(access), _SHARED, None, creation,
        _DIRECTORIES_TOO | flags, None,
    )  # fmt: skip
    if handle == _NO_HANDLE:
        error = ctypes.WinError(ctypes.get_last_error())
        error.filename = os.fspath(path)
        raise error
    return msvcrt.open_osfhandle(handle, os.O_BINARY | os.O_NOINHERIT)


def read_at(descriptor: int, length: int, offset: int) -> bytes:
    with _place:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, length)


def read_into(descriptor: int, buffer: memoryview, offset: int) -> int:
    data = read_at(descriptor, len(buffer), offset)
    buffer[: len(data)] = data
    return len(data)


def open_to_read(path: str | os.PathLike[str], *, follow: bool = True) -> int:
    return _opened(path, _READ, _OPEN_EXISTING, 0 if follow else _LINK_ITSELF)


def open_directory(path: str | os.PathLike[str]) -> int:
    return _opened(path, _READ, _OPEN_EXISTING, _LINK_ITSELF)


def may_change(directory: str | os.PathLike[str]) -> bool:
    os.stat(directory)
    return True  # what its access list forbids is told where it is tried


def create(path: str | os.PathLike[str], _mode: int) -> int:
    return _opened(path, _WRITE, _CREATE_NEW)


def open_lock(path: str | os.PathLike[str]) -> int:
    return _opened(path, _READ | _WRITE, _OPEN_ALWAYS)


def open_stream(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_BINARY | os.O_NOINHERIT)


def wait_for_input(_given: int, _output: int) -> bool:
    return True  # a pipe tells it when it is written to


def copy_range(_source: int, _target: int, _length: int, _offset: int) -> int:
    return 0


def lock(descriptor: int, *, wait: bool = True) -> None:
    file = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))
    while not _kernel.LockFile(file, *map(ctypes.c_uint32, _LOCKED_BYTE), 1, 0):
        code = ctypes.get_last_error()
        if code != _LOCK_VIOLATION:
            raise ctypes.WinError(code)
        if not wait:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        time.sleep(_LOCK_TRIED_EVERY)


def flush(path: str | os.PathLike[str]) -> None:
    if os.path.isdir(path):  # NTFS keeps a journal of its directories, and lets nobody write it
        return
    handle = _opened(path, _READ | _WRITE, _OPEN_EXISTING)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def user_id() -> int:
    return 0  # as all files have it


def is_closed_to_others(_status: os.stat_result) -> bool:
    return True  # what lies in a user's profile is


def change_owner(path: str | os.PathLike[str], owner: int, group: int) -> None:
    pass


def host_name() -> str:
    return os.environ.get("COMPUTERNAME", "")


def changed_ns(_status: os.stat_result) -> int:
    return 0  # it tells when a file was made


def file_system(_device: int) -> str | None:
    return None


def open_notices() -> None:
    """There are none of this kind."""


def give_back_memory() -> None:
    """Nothing is kept."""


def let_go_of(_mapping: mmap.mmap) -> None:
    """Windows takes it where it is short of memory, and has no call that gives it back."""


def watch_directory(_notices: int, _path: str, _mask: int) -> int:
    return -1


def process_exists(number: int) -> bool:
    handle = _kernel.OpenProcess(_SYNCHRONIZE, False, number)
    if not handle:
        return ctypes.get_last_error() == _ACCESS_DENIED
    try:
        return bool(_kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == _STILL_THERE)
    finally:
        _kernel.CloseHandle(ctypes.c_void_p(handle))


def end_group(process: subprocess.Popen[Any]) -> None:
    tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
    subprocess.run(tree, capture_output=True, check=False)  # noqa: S603 - numbers alone
    process.kill()


def after_fork(_call: Callable[[], object]) -> None:
    pass


def may_fork() -> bool:
    return False  # there are no forks


def signals_held() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def begin_fork(_work: Callable[[], None]) -> int:
    raise OSError(errno.ENOSYS, "there are no forks on Windows")


def end_forks(_processes: Sequence[int]) -> None:
    """There are none."""


def usable_cores() -> int:
    return os.cpu_count() or 1


def user_directory(_usual: str, _mac: str) -> str:
    return os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
