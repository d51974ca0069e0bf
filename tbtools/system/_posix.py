"""Linux, macOS and their like."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import os
import select
import signal
import stat
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

assert sys.platform != "win32"

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from subprocess import Popen

# Ctrl-C; what Slurm, Docker, systemd and `timeout` send; what a terminal sends that is closed.
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Arguments of Popen: Ctrl-C ends this process, and not what it has begun.
OWN_GROUP: dict[str, Any] = {"start_new_session": True}
READS_ANYWHERE = True
# A file that is mapped from others, as those of a network, takes the process with it (SIGBUS)
# where another host removes it; nor do they tell of what other hosts write.
LOCAL_FILE_SYSTEMS = frozenset(
    ("bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "ramfs", "tmpfs", "xfs", "zfs")
)
# So little that the disk works from early on, and so much that asking costs nothing.
_COPIED_AT_ONCE = 8 << 20
_PR_SET_PDEATHSIG = 1  # prctl(2)
# Microseconds of cores that a container may use in a period, and that, by either version of control
# groups, as a container sees its own.
_QUOTAS = (
    ("/sys/fs/cgroup/cpu.max",),
    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)
OUTPUT_ENCODING: str | None = None  # as the locale says

# Whether another process has begun this one by `begin_fork`.
_is_fork = False

read_at = os.pread
user_id = os.geteuid


def read_into(descriptor: int, buffer: memoryview, offset: int) -> int:
    """Fills a buffer with bytes from an offset on; returns how many were read."""
    if hasattr(os, "preadv"):  # not on every macOS
        return os.preadv(descriptor, [buffer], offset)
    data = os.pread(descriptor, len(buffer), offset)
    buffer[: len(data)] = data
    return len(data)


def open_to_read(path: str | os.PathLike[str], *, follow: bool = True) -> int:
    """Opens a file or directory; a pipe of that name is not waited for, and a link not followed."""
    return os.open(
        path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    )


def open_directory(path: str | os.PathLike[str]) -> int:
    """Opens a directory, and nothing else."""
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW)


def may_change(directory: str | os.PathLike[str]) -> bool:
    """Whether files can be made and removed in a directory that is there."""
    handle = open_directory(directory)  # by its path, one that is missing could not be changed
    try:
        return os.access(".", os.W_OK | os.X_OK, dir_fd=handle)
    finally:
        os.close(handle)


def create(path: str | os.PathLike[str], mode: int) -> int:
    """Makes a file that is not there, to write bytes to it."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)


def open_lock(path: str | os.PathLike[str]) -> int:
    """Opens a file that is there to be locked; it is made if need be."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def open_stream(path: str) -> int:
    """Opens a pipe or a device to write to; a pipe that nobody reads raises ENXIO."""
    handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    os.set_blocking(handle, True)
    return handle


def wait_for_input(given: int, output: int) -> bool:
    """Waits until something, or the end, is to be read; False where nobody reads an output now."""
    poll = select.poll()
    poll.register(given, select.POLLIN)
    poll.register(output, 0)
    return not dict(poll.poll()).get(output, 0) & (select.POLLERR | select.POLLHUP)


def copy_range(source: int, target: int, length: int, offset: int) -> int:
    """Copies bytes to where a descriptor stands; how many, which may be none."""
    if not hasattr(os, "copy_file_range"):  # macOS
        return 0
    try:
        copied = os.copy_file_range(source, target, min(length, _COPIED_AT_ONCE), offset)
    except OSError:  # between these file systems it cannot; writing tells what is wrong if not
        return 0
    if copied:
        # Linux begins to write them then, so that whoever flushes the file waits for the last ones.
        first = os.lseek(target, 0, os.SEEK_CUR) - copied
        os.posix_fadvise(target, first, copied, os.POSIX_FADV_DONTNEED)
    return copied


def lock(descriptor: int, *, wait: bool = True) -> None:
    """Keeps other processes from locking a file or directory until the descriptor is closed.

    Raises:
        BlockingIOError: Another process has it, and is not to be waited for.
        OSError: There are no locks here.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def flush(path: str | os.PathLike[str]) -> None:
    """Puts onto the disk what a file holds, or which files a directory has."""
    handle = os.open(path, os.O_RDONLY if os.path.isdir(path) else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_closed_to_others(status: os.stat_result) -> bool:
    """Whether only who owns it may write to it."""
    return not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def change_owner(path: str | os.PathLike[str], owner: int, group: int) -> None:
    """Gives a file to somebody."""
    os.chown(path, owner, group)


def host_name() -> str:
    """What tells this machine from others that see the same files."""
    return os.uname().nodename


def changed_ns(status: os.stat_result) -> int:
    """When its status was last changed, which no program can set back; 0 where nothing tells."""
    return status.st_ctime_ns


def file_system(device: int) -> str | None:
    """The type of the file system on a device; None where the system does not tell."""
    number = f"{os.major(device)}:{os.minor(device)}"
    if number not in _file_systems:
        _file_systems[number] = None
        with contextlib.suppress(OSError), open("/proc/self/mountinfo", "rb") as mounts:
            # proc_pid_mountinfo(5): device is the third field, the type the first behind " - ".
            for line in mounts:
                fields, _, kind = line.decode(errors="replace").partition(" - ")
                if fields.split(" ", 3)[2] == number:
                    _file_systems[number] = kind.split(" ", 1)[0]
    return _file_systems[number]


_file_systems: dict[str, str | None] = {}


def open_notices() -> int | None:
    """A descriptor on which is told what happens in directories (inotify(7)); None without."""
    if not hasattr(_libc(), "inotify_init1"):
        return None
    handle: int = _libc().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    return None if handle < 0 else handle


def watch_directory(notices: int, path: str, mask: int) -> int:
    """Asks to be told what happens in a directory; its number, below 0 where nothing is told."""
    return int(_libc().inotify_add_watch(notices, os.fsencode(path), mask))


def give_back_memory() -> None:
    """Gives back to the system what glibc keeps of memory that was freed."""
    if hasattr(_libc(), "malloc_trim"):
        _libc().malloc_trim(0)


def let_go_of(mapping: mmap.mmap) -> None:
    """Frees the memory in which a file is mapped to be read: what is looked at is read again."""
    mapping.madvise(mmap.MADV_DONTNEED)


@cache
def _libc() -> Any:
    return ctypes.CDLL(None)


def process_exists(number: int) -> bool:
    """Whether a process of this machine goes on."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def end_group(process: Popen[Any]) -> None:
    """Kills a process that was begun with `OWN_GROUP`, and those that it has begun."""
    os.killpg(process.pid, signal.SIGKILL)


def after_fork(call: Callable[[], object]) -> None:
    """Has something called in each process that this one becomes by a fork."""
    os.register_at_fork(after_in_child=call)


def may_fork() -> bool:
    """Whether it is sound that this process goes on as two, of which one works for the other.

    Not with other threads, whose locks nobody would let go of in the other one; nor on macOS, whose
    frameworks do not bear it. A process that works for another one has its core already.
    """
    if sys.platform != "linux":
        return False
    from multiprocessing import parent_process

    works_for_another = _is_fork or parent_process() is not None
    is_alone = threading.current_thread() is threading.main_thread()
    return is_alone and threading.active_count() == 1 and not works_for_another


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Lets signals that end a process wait: one that begins meanwhile has them waiting, too."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        # Where one has come already, its handler may raise here, when they wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_fork(work: Callable[[], None]) -> int:
    """Begins a process that has all that this one has, to be called with `signals_held`.

    Python's multiprocessing loses four descriptors each time that there can be no further process.

    Args:
        work: What it does before it ends, which it does with this process at the latest.

    Returns:
        Its number, for `end_forks`.

    Raises:
        OSError: There can be no further process.
    """
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        _end_with_parent(parent)
        work()
    finally:
        os._exit(0)  # what is to be done at the end is for the other one to do


def end_forks(processes: Sequence[int]) -> None:
    """Ends processes that this one has begun, whatever they are at."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    for process in processes:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process, 0)


def _end_with_parent(parent: int) -> None:
    """Lets a process that was forked end with the one that began it, whatever ends that.

    Ctrl-C is for the other one, and so is any other signal for which it has a handler. Signals that
    end this one do so without handlers: what they would undo belongs to the other one, too.
    """
    global _is_fork
    _is_fork = True
    for each in signal.valid_signals():
        if callable(signal.getsignal(each)):
            signal.signal(each, signal.SIG_DFL if each in ENDING_SIGNALS else signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent != os.getppid():  # it has ended before this call
        os._exit(0)


def usable_cores() -> int:
    """How many cores this process may use, and has the time of."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, _cores_allotted() or cores)


def _cores_allotted() -> int | None:
    """How many cores' time a container may use, which affinity does not tell; None: all."""
    for files in _QUOTAS:
        with contextlib.suppress(OSError):  # control groups are of the other version, or none
            quota, period = " ".join(map(_read, files)).split()
            limited = quota not in {"max", "-1"}
            return -(-int(quota) // int(period)) if limited else None
    return None


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()


def user_directory(usual: str, mac: str) -> str:
    """Where programs keep what is the user's, as ``~/.cache`` or ``~/Library/Caches`` on a Mac."""
    return os.path.expanduser(mac if sys.platform == "darwin" else usual)
