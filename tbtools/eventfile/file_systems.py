"""What kind of file system a device has: a server's or the machine's own."""

from __future__ import annotations

import contextlib
import os

# A file that is mapped from others, as those of a network, takes the process with it (SIGBUS)
# where another host removes it; nor do they tell of what other hosts write.
LOCAL = frozenset(
    ("bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "ramfs", "tmpfs", "xfs", "zfs")
)
_known: dict[str, str | None] = {}


def file_system(device: int) -> str | None:
    """The type of the file system on a device; None where the system does not tell.

    Args:
        device: `os.stat_result.st_dev`.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    if number not in _known:
        _known[number] = None
        with contextlib.suppress(OSError), open("/proc/self/mountinfo", "rb") as mounts:
            # proc_pid_mountinfo(5): device is the third field, the type the first behind " - ".
            for line in mounts:
                fields, _, kind = line.decode(errors="replace").partition(" - ")
                if fields.split(" ", 3)[2] == number:
                    _known[number] = kind.split(" ", 1)[0]
    return _known[number]
