"""What users hand over as runs: paths, runs, experiments, or several of these."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from tbtools.runs.experiment import Experiment, load
from tbtools.runs.run import Run
from tbtools.runs.select import select_tags

RunsLike: TypeAlias = "str | os.PathLike[str] | Run | Experiment | Sequence[RunsLike]"


def as_runs(given: RunsLike) -> dict[str, Run]:
    """The runs that are meant, by name.

    Of several paths each run has its path in front, as `load` has it. A run whose name another one
    has already is called by its directory.

    Args:
        given: A path, a `Run`, an `Experiment`, or several of them.

    Raises:
        NoEventFiles: There is nothing to read under a path.
        TypeError: It is none of these.
    """
    if isinstance(given, Run):
        return {given.name: given}
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, (str, os.PathLike)):
        return dict(load(given))
    if not isinstance(given, Sequence):
        raise TypeError(f"{type(given).__name__} is no path, Run or Experiment, nor several")
    paths = [one for one in given if isinstance(one, (str, os.PathLike))]
    if len(paths) == len(given):
        return dict(load(paths))
    runs: dict[str, Run] = {}
    for one in given:
        for name, run in as_runs(one).items():
            runs[run.path if name in runs else name] = run
    return runs


def require_tags(runs: Mapping[str, Run], tags: Sequence[str]) -> None:
    """Refuses a tag, given without wildcards, that no run has: nothing is passed over silently.

    Args:
        runs: Name to run; they are read.
        tags: Globs.

    Raises:
        UnknownTag: No run has it.
    """
    named = [tag for tag in tags if not set("*?[") & set(tag)]
    if named:
        known = {
            part.shown_tag(series.tag)
            for run in runs.values()
            for part in run.parts
            for series in part.columns.series
        }
        select_tags(known, named)
