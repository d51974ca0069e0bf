"""What earlier results are made of: event files that a command of tbtools has written."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tbtools.errors import RecordError
from tbtools.eventfile.discover import is_event_file

if TYPE_CHECKING:
    from collections.abc import Iterator

# Writers of results call themselves this and the name of the command. A result may be made again,
# and so replaced; what `EventFileWriter` writes is somebody's training.
RESULT_WRITER = "tbtools "


def files_below(directory: Path) -> Iterator[Path]:
    """All in a directory that is no directory itself, in the order of their names.

    Raises:
        OSError: Part of it cannot be read.
    """
    with os.scandir(directory) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(Path(entry.path))
        else:
            yield Path(entry.path)


def is_result(file: Path) -> bool:
    """Whether a file is an event file that a command of tbtools has written.

    Raises:
        OSError: It cannot be read.
    """
    from tbtools.eventfile.reader import EventFileReader

    if not is_event_file(file.name) or not stat.S_ISREG(file.lstat().st_mode):
        return False
    try:
        first = next(iter(EventFileReader(file, strict=True)), None)
    except RecordError:
        return False
    return first is not None and first.source_metadata.writer.startswith(RESULT_WRITER)
