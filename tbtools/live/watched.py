"""What is followed, and how often it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tbtools.eventfile.source import as_path, source_of
from tbtools.runs.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tbtools.runs.experiment import LogPath
    from tbtools.runs.selection import Globs
    from tbtools.vocabulary import Objective

# As often as it pays to look at what people read; a server counts every request, and may charge it.
_INTERVAL, _REMOTE_INTERVAL = 2.0, 30.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What is followed.

    Attributes:
        paths: Log directories, runs or event files; they need not be there yet.
        runs: Names or globs of runs; none for all.
        exclude_runs: Those that are left out.
        where: Which of these, as for `tbtools.load`; a run may come to match later.
        selection: Which findings, by their tags.
        objectives: Which way is better, by glob; those that match nothing yet are no error.
        restarts: The restart policy.
        kinds: Kinds that are asked for by name, and so reported whatever tbtools.toml says.
        cache: As for `tbtools.load`.
    """

    paths: Sequence[LogPath]
    runs: Globs = None
    exclude_runs: Globs = None
    where: str | None = None
    selection: Selection = EVERYTHING
    objectives: Mapping[str, Objective] | None = None
    restarts: str = "resume"
    kinds: Sequence[str] = ()
    cache: bool = True


def interval_of(paths: Sequence[LogPath]) -> float:
    """Seconds between two looks at some paths, unless somebody wants another time."""
    remote = any(source_of(as_path(path)).is_remote for path in paths)
    return _REMOTE_INTERVAL if remote else _INTERVAL
