"""Which run is meant, and those in the folders beside it, with which it is compared."""

from __future__ import annotations

import contextlib
from itertools import compress
from typing import TYPE_CHECKING

from tbtools.errors import FileError, InvalidArgument, UnknownRun
from tbtools.eventfile.listing import each_path
from tbtools.eventfile.source import NamedErrors, paths_of, source_of
from tbtools.runs.selection import select_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tbtools.eventfile.source_types import Entry
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.inputs import Inputs
    from tbtools.runs.selection import Globs


def load_with_siblings(path: str, load_paths: Callable[[Sequence[str]], Experiment]) -> Experiment:
    """The runs under a path; where it is a single run, with those in the directories beside it.

    Only directories that directly hold event files count, so that naming a run in a large folder
    does not search all of that.

    Args:
        path: A log directory, a run, or an event file.
        load_paths: Loads the runs under some paths.

    Raises:
        NoEventFiles: There is nothing to read under the path.
        FileError: The directory around it cannot be listed, for another reason than permissions.
    """
    experiment = load_paths([path])
    [first, *others] = experiment.all_runs.values()
    if others or first.data.found.is_file or first.path.rstrip("/") != path.rstrip("/"):
        return experiment
    beside = _beside(path)
    beside = list(compress(beside, each_path(_may_be_a_run, beside)))
    return load_paths([path, *beside]) if beside else experiment


def _beside(path: str) -> list[str]:
    parts = paths_of(path)
    path = path.rstrip(f"/{parts.sep}")
    above = parts.dirname(path)
    if not above and path in ("", ".", ".."):
        return []  # the directory around it is not named
    paths = [
        parts.join(above, name) for name, _, kind in sorted(_listed(above or ".")) if kind != "file"
    ]
    return [each for each in paths if each != path]


def _may_be_a_run(path: str) -> bool:
    try:
        return any("tfevents" in name for name, _, _ in _listed(path))
    except FileError:  # whoever loads it tells what is wrong with it
        return True


def _listed(directory: str) -> list[Entry]:
    """What is in a directory; nothing in what is none, is gone, or may not be listed."""
    with (
        contextlib.suppress(NotADirectoryError, FileNotFoundError, PermissionError),
        NamedErrors(directory),
    ):
        return list(source_of(directory).list(directory))
    return []


def named_run(inputs: Inputs, name: Globs) -> str:
    """The name of the run that is meant.

    Args:
        inputs: The runs.
        name: A name or glob; None for the only one, or the first path that was given.

    Raises:
        UnknownRun: There is none of that name.
        InvalidArgument: There are several.
    """
    runs = list(inputs.runs)
    if name is not None:
        chosen = select_runs(runs, name)
    else:
        own = inputs.experiment.paths[0].rstrip("/") if inputs.experiment else ""
        chosen = [each for each in runs if inputs.runs[each].path.rstrip("/") == own] or runs
    if not chosen:
        raise UnknownRun(str(name), runs)
    if len(chosen) > 1:
        names = ", ".join(chosen[:5]) + " ..." * (len(chosen) > 5)
        raise InvalidArgument(f"{len(chosen)} runs are meant, name one (--run): {names}")
    return chosen[0]
