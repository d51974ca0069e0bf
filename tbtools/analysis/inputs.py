"""What users hand over as runs: paths, runs, experiments, or several of these."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.eventfile.discover import natural_key
from tbtools.runs.experiment import Experiment, load
from tbtools.runs.run import Run
from tbtools.runs.select import matches

if TYPE_CHECKING:
    from collections.abc import Collection

    from tbtools.runs.frames import Steps

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


def require_selection(
    runs: Mapping[str, Run],
    tags: Sequence[str],
    steps: Steps,
    found: Collection[str],
    *,
    scalars: bool = True,
) -> None:
    """Refuses to do nothing as if there were nothing to do.

    Args:
        runs: Name to run; they are read again only where something is missing.
        tags: Globs.
        steps: First and last step, both included; None for no bound.
        found: The tags that were found between these steps.
        scalars: Whether only scalars were looked for.

    Raises:
        UnknownTag: A glob matches no tag.
        InvalidArgument: No tag has points in these steps.
    """
    missing = [glob for glob in tags if not any(matches(tag, (glob,)) for tag in found)]
    if not missing and (found or steps is None):
        return
    every = [
        (part.shown_tag(series.tag), part.columns.rows.step[part.columns.of(series)])
        for run in runs.values()
        for part in run.parts
        for series in part.columns.series
        if series.count and (series.scalar or not scalars)
    ]
    known = sorted({tag for tag, _ in every}, key=natural_key)
    for glob in missing:
        if not any(matches(tag, (glob,)) for tag in known):
            raise UnknownTag(glob, known)
    chosen = [step for tag, step in every if matches(tag, tags)]
    if steps is not None and not found and chosen:
        low, high = min(step.min() for step in chosen), max(step.max() for step in chosen)
        first, last = ("" if step is None else step for step in steps)
        raise InvalidArgument(f"no points in steps {first}:{last}; they go from {low} to {high}")
