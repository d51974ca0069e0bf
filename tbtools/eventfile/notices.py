"""What Linux tells of changes in directories (inotify): without it, all must be looked at."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from tbtools import system
from tbtools.eventfile.discover import is_event_file
from tbtools.eventfile.source import source_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# inotify(7): the masks that are asked for, of entries of a directory and of itself.
_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO = 0x2, 0x4, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_ONLY_DIRECTORIES = 0x01000000
_ASKED = (
    _MODIFY | _ATTRIB | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
    | _ONLY_DIRECTORIES
)  # fmt: skip
# What is told besides: the file system is gone; events were lost; the watch has ended.
_UNMOUNT, _OVERFLOW, _IGNORED, _IS_DIRECTORY = 0x2000, 0x4000, 0x8000, 0x40000000
_GONE = _UNMOUNT | _OVERFLOW | _IGNORED | _DELETE_SELF | _MOVE_SELF
_COME_AND_GO = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_EVENT = struct.Struct("iIII")
_BUFFER = 1 << 16
# Of containers: all that write there do so through it.
_TELLING = system.LOCAL_FILE_SYSTEMS | {"overlay"}


class Notices:
    """Tells in which directories event files have been written to since the last time.

    Only local file systems tell, and of as many directories as the system allows
    (``fs.inotify.max_user_watches``).
    """

    def __init__(self) -> None:
        self._handle: int | None = None
        self._directories: dict[int, str] = {}
        # Whether nothing was written but what is told, since all was looked at.
        self._is_complete = False

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Watches nothing any more."""
        handle, self._handle = self._handle, None
        self._directories, self._is_complete = {}, False
        if handle is not None:
            os.close(handle)

    def watch(self, directories: Collection[str]) -> None:
        """Watches some directories, and no others any more; what is in them is looked at next.

        Args:
            directories: None of them twice.
        """
        watched = set(self._directories.values())
        if watched - set(directories):  # few are ever deleted
            self.close()
            watched = set()
        new = [each for each in directories if each not in watched]
        self._is_complete = not new
        if not all(map(self._add, new)):
            self.close()

    def _add(self, directory: str) -> bool:
        """Watches a directory; whether changes in it are told."""
        try:
            device, _ = source_of(directory).stat(directory).identity
        except OSError:
            return False
        if system.file_system(int(device)) not in _TELLING:
            return False
        if self._handle is None:
            self._handle = system.open_notices()
        if self._handle is None:
            return False
        number = system.watch_directory(self._handle, directory, _ASKED)
        if number < 0 or number in self._directories:  # the same by another name
            return False
        self._directories[number] = directory
        return True

    def written(self) -> set[str] | None:
        """The directories in which event files were written to since the last call.

        Returns:
            None where more may have changed, as where files or directories came or went, and where
            changes are not told.
        """
        if self._handle is None:
            return None
        is_complete, self._is_complete = self._is_complete, True
        found = set()
        for number, mask, name in self._events(self._handle):
            directory = self._directories.get(number)
            if mask & _IGNORED:
                self._directories.pop(number, None)
            if mask & (_GONE | _IS_DIRECTORY) or directory is None:
                is_complete = False
            elif is_event_file(name):
                found.add(directory)
                is_complete = is_complete and not mask & _COME_AND_GO
        return found if is_complete else None

    def _events(self, handle: int) -> Iterator[tuple[int, int, str]]:
        """Number of the watch, what happened, and the name of the file."""
        while True:
            try:
                data = os.read(handle, _BUFFER)
            except BlockingIOError:
                return
            end = 0
            while end < len(data):
                number, mask, _, length = _EVENT.unpack_from(data, end)
                end += _EVENT.size + length
                yield number, mask, os.fsdecode(data[end - length : end].rstrip(b"\0"))
