"""The paths that were given: what is found under each, and how its runs are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tbtools.errors import NoEventFiles
from tbtools.eventfile.discover import LogDirectory, discover
from tbtools.eventfile.problems import Problem
from tbtools.eventfile.source import source_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.eventfile.discover import RunFiles
    from tbtools.eventfile.foreign.formats import Also


def run_name(path: str, files: RunFiles, *, several: bool) -> str:
    """The name of a run; where several paths were given, with the path in front."""
    if not several:
        return files.name
    prefix = path.rstrip("/") or "/"
    return prefix if files.name == "." else f"{prefix}/{files.name}"


def discover_named(path: str, also: Also | None) -> LogDirectory:
    """What is under a path that was given; where there is no event file, with the reason."""
    try:
        found = discover(path, also)
    except NoEventFiles as error:
        reason = str(error).removeprefix(f"{path}: ")
        return LogDirectory(path, (), {path: Problem(0, 0, "unreadable", reason)})
    if found.runs or path in found.unreadable:
        return found
    reason = "no event files (no regular file has 'tfevents' in its name)"
    if found.unreadable:
        closed, problem = list(found.unreadable.items())[-1]
        reason = f"no event files; {closed}: {problem.message}"
    missing = Problem(0, 0, "unreadable", reason)
    return LogDirectory(path, (), {**found.unreadable, path: missing})


def read_once(runs: Sequence[RunFiles]) -> list[bool]:
    """Which runs are to be read, so that no event file is read twice.

    `logs` and `./logs`, or a link to it, are the same: the first spelling counts. An event file
    that was given beside its run is part of that.
    """
    singles = any(run.is_file for run in runs)
    seen = {
        _resolved(path) for run in runs if singles and not run.is_file for path in run.event_files
    }
    kept = []
    for run in runs:
        place = _resolved(run.place)
        kept.append(place not in seen)
        seen.add(place)
    return kept


def discover_again(path: str, also: Also | None) -> LogDirectory | None:
    """What is under a path by now; None where nothing is left: its runs keep what was read."""
    try:
        return discover(path, also)
    except NoEventFiles:
        return None


def _resolved(path: str) -> str:
    return source_of(path).resolve(path)
