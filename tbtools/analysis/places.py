"""Where the files of runs go when a directory of event files is written anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tbtools.eventfile.source import base_name, path_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tbtools.runs.run import Run


class Folders:
    """As they lie under the path that was named, below its name if several were.

    Args:
        runs: The runs.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        found_under = dict.fromkeys(run.data.found_under for run in runs)
        self._below: dict[str, str] = {}
        taken: set[str] = set()
        for path in found_under:
            name = base_name(path) if len(found_under) > 1 else "."
            self._below[path] = free_name(name, taken) if name != "." else name

    def of(self, run: Run) -> Path:
        """The directory of a run's files, relative to that which is written."""
        data = run.data
        if data.found.is_file:
            return Path()
        return Path(self._below[data.found_under], path_below(data.path, data.found_under))


class Places:
    """Gives files paths that no other file has been given yet.

    Args:
        folders: All directories in which there will be files.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        # No file can lie where a directory does.
        self._taken = {each.as_posix() for one in folders for each in (one, *one.parents)}

    def add(self, folder: Path, name: str) -> str:
        """The path of a file, relative to the directory that is written."""
        return free_name((folder / name).as_posix(), self._taken)


def free_name(name: str, taken: set[str]) -> str:
    """A name, with a number behind it where it is taken."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    taken.add(free)
    return free
