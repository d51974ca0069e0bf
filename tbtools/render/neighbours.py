"""Hidden neighbours of an output: what it is until it is whole, and what kills have left of them.

A neighbour is locked by the process that fills it, and a lock ends with its process, however that
ends. What nobody holds is a leftover, which the next run of the same output takes away.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tbtools import system
from tbtools.digest import digest
from tbtools.errors import FileError
from tbtools.render.results import files_below, is_result
from tbtools.render.unfinished import unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Behind the name of a neighbour: the earlier result, which has stepped aside for the new one.
ASIDE = "-former"
# Behind that: its place is taken, and files of it may be gone, so that it never comes back.
_GIVEN_UP = "-given-up"
# What a rename or a link says where something is there already.
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


def _prefix(target: Path) -> str:
    """The same for each neighbour of a target, and short: the target's own name may be too long."""
    # Some shared disks do not tell one host of the locks of another, so its name is in it, too.
    whose = os.fsencode(f"{system.host_name()}/{target.name}")
    return f".tbtools-{digest(whose, 8)}-"


@contextmanager
def beside(target: Path, make: Callable[[Path], int]) -> Iterator[tuple[Path, int]]:
    """A neighbour of a target, and its open descriptor; it is gone, or renamed, in the end.

    Args:
        target: What it is to become.
        make: Makes a file or a directory at a path, and opens it.
    """
    while True:
        with _made(target, make) as (path, handle):
            with contextlib.suppress(OSError):  # without locks no other process takes it either
                system.lock(handle)
            if os.path.lexists(path):  # else it was taken for a leftover before it was locked
                yield path, handle
                return


@contextmanager
def _made(target: Path, make: Callable[[Path], int]) -> Iterator[tuple[Path, int]]:
    path = target.with_name(f"{_prefix(target)}{os.urandom(8).hex()}")
    handle = None
    with unfinished(lambda: _take_back(path, target)):
        try:
            handle = make(path)
            yield path, handle
        finally:
            remove(path)
            if handle is not None:
                os.close(handle)


def _take_back(path: Path, target: Path) -> None:
    for suffix in ("", ASIDE, ASIDE + _GIVEN_UP):
        if os.path.lexists(each := path.with_name(path.name + suffix)):
            _take_away(each, target)


def _take_away(path: Path, target: Path) -> None:
    """Removes a neighbour; an earlier result comes back, if none has taken its place."""
    if path.name.endswith(_GIVEN_UP):
        remove(path, is_result)
    elif not path.name.endswith(ASIDE):
        remove(path)
    elif not renamed(path, target):
        remove(give_up(path), is_result)


def sweep(target: Path) -> None:
    """Takes away what killed processes have left of a target.

    An earlier result that had stepped aside comes back, if none has taken its place.
    """
    name = re.compile(re.escape(_prefix(target)) + f"[0-9a-f]{{16}}(?:{ASIDE}(?:{_GIVEN_UP})?)?")
    with contextlib.suppress(OSError):  # what may not be listed or removed is in nobody's way
        with os.scandir(target.parent) as entries:
            found = [Path(entry.path) for entry in entries if name.fullmatch(entry.name)]
        for path in found:
            with contextlib.suppress(OSError):  # somebody is at work in it, or has taken it away
                _sweep_away(path, target)


def _sweep_away(path: Path, target: Path) -> None:
    handle = system.open_to_read(path, follow=False)
    try:
        system.lock(handle, wait=False)
        status = os.fstat(handle)
        if status.st_uid != system.user_id():
            return  # made by somebody else, be it to look like ours
        if not os.path.samestat(status, path.lstat()):
            return  # another process swept it meanwhile, and its maker is filling a new one
        _take_away(path, target)
    finally:
        os.close(handle)


def give_up(aside: Path) -> Path:
    """Lets an earlier result never come back, of which files will be removed; where it is then."""
    return aside.rename(aside.with_name(aside.name + _GIVEN_UP))


def remove(path: Path, which: Callable[[Path], bool] = lambda _: True) -> None:
    """Removes a file, or files in a directory and what is then empty; or nothing, if none is there.

    Args:
        path: What.
        which: Of a directory, which files.
    """
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for file in files_below(path):
        if which(file):
            file.unlink(missing_ok=True)
    for directory, _, _ in os.walk(path, topdown=False):
        _remove_if_empty(Path(directory))


def _remove_if_empty(directory: Path) -> None:
    try:
        directory.rmdir()
    except OSError as error:  # to look first would not tell of a file that comes after the look
        if error.errno not in _TAKEN:
            raise


def remove_at_once(directory: Path) -> None:
    """Removes a directory with all that is in it; where that ends early, nothing has its name."""
    target = Path(os.path.realpath(directory))
    remove(target.rename(target.with_name(f"{_prefix(target)}{os.urandom(8).hex()}")))


def renamed(directory: Path, target: Path) -> bool:
    """Gives a directory its name, be that free or an empty directory; false if something is there.

    Raises:
        OSError: It cannot have it.
    """
    try:
        rename(directory, target)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def rename(source: Path, target: Path) -> None:
    """Gives a file or a directory its name.

    Raises:
        FileError: A file system is mounted there, which nothing can be renamed onto.
        OSError: As the operating system has it.
    """
    try:
        source.replace(target)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise _mount_point(os.fspath(target)) from error
        raise


def require_no_mount_point(path: Path, name: str) -> None:
    """Refuses what `rename` will; of bind mounts only that can tell.

    Raises:
        FileError: A file system is mounted there.
    """
    if os.path.ismount(path):
        raise _mount_point(name)


def _mount_point(name: str) -> FileError:
    message = "this is a mount point, which cannot be replaced; name something inside it"
    return FileError(errno.EBUSY, message, name)


def keep_owner_and_mode(path: Path, former: os.stat_result) -> None:
    """Gives what replaces something its mode, and its owner and group as far as one may."""
    made = path.lstat()
    if (made.st_uid, made.st_gid) != (former.st_uid, former.st_gid):
        for owner in (former.st_uid, -1):  # who may not give files away may still change the group
            with contextlib.suppress(OSError):
                system.change_owner(path, owner, former.st_gid)
                break
    if path.lstat().st_mode != former.st_mode:  # chown takes bits away
        path.chmod(stat.S_IMODE(former.st_mode))
