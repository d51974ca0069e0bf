"""What users hand over as runs: paths, runs, experiments, or several of these."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from tbtools.errors import InvalidArgument
from tbtools.runs.experiment import Experiment, load
from tbtools.runs.run import Run

RunsLike: TypeAlias = (
    "str | os.PathLike[str] | Run | Experiment | Mapping[str, Run] | Sequence[RunsLike]"
)


def as_experiment(given: RunsLike) -> Experiment | None:
    """The experiment that is meant, where it is one or what `load` takes; None for runs by hand.

    Args:
        given: A path, a `Run`, an `Experiment`, or several of them.

    Raises:
        NoEventFiles: There is nothing to read under a path.
    """
    if isinstance(given, Experiment):
        return given
    if isinstance(given, (str, os.PathLike)):
        return load(given)
    if isinstance(given, Sequence):
        paths = [one for one in given if isinstance(one, (str, os.PathLike))]
        if len(paths) == len(given):
            return load(paths)
    return None


def as_runs(given: RunsLike) -> dict[str, Run]:
    """The runs that are meant, by name.

    Of several paths each run has its path in front, as `load` has it. A run whose name another one
    has already is called by its directory.

    Args:
        given: A path, a `Run`, an `Experiment`, or several of them.

    Raises:
        NoEventFiles: There is nothing to read under a path.
        InvalidArgument: It is none of these.
    """
    if isinstance(given, Run):
        return {given.name: given}
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, (str, os.PathLike)):
        return dict(load(given))
    if not isinstance(given, Sequence):
        raise InvalidArgument(
            f"{type(given).__name__} is no path, Run or Experiment, nor several of them"
        )
    paths = [one for one in given if isinstance(one, (str, os.PathLike))]
    if len(paths) == len(given):
        return dict(load(paths))
    runs: dict[str, Run] = {}
    for one in given:
        for name, run in as_runs(one).items():
            runs[run.path if name in runs else name] = run
    return runs
