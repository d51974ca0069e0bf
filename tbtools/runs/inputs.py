"""What users hand over as runs: paths, runs, experiments, or several of these."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from tbtools.errors import InvalidArgument, NoEventFiles, UnsupportedType
from tbtools.runs.experiment import Experiment, load
from tbtools.runs.run import Run

if TYPE_CHECKING:
    from tbtools.eventfile.problems import Problem
    from tbtools.runs.selection import Selector

RunsLike: TypeAlias = (
    "str | os.PathLike[str] | Run | Experiment | Mapping[str, Run] | Sequence[RunsLike]"
)


_PATHS_SHOWN = 5


def as_experiment(given: RunsLike, *, fold: bool = False) -> Experiment | None:
    """The experiment that is meant, where it is one or what `load` takes; None for runs by hand.

    Args:
        given: A path, a `Run`, an `Experiment`, or several of them.
        fold: As for `load`, for paths.

    Raises:
        NoEventFiles: There is nothing to read under a path.
    """
    if isinstance(given, Experiment):
        return given
    if isinstance(given, (str, os.PathLike)):
        return load(given, fold=fold)
    if isinstance(given, Sequence) and given:
        paths = [one for one in given if isinstance(one, (str, os.PathLike))]
        if len(paths) == len(given):
            return load(paths, fold=fold)
    return None


def as_runs(given: RunsLike) -> dict[str, Run]:
    """The runs that are meant, by name.

    Of several paths each run has its path in front, as `load` has it. A run whose name another one
    has already is called by its directory.

    Args:
        given: A path, a `Run`, an `Experiment`, a mapping of names to runs, or several of them.

    Raises:
        NoEventFiles: There is nothing to read under a path.
        UnsupportedType: It is none of these.
        InvalidArgument: There is not one run in it.
    """
    return runs_and_unreadable(given)[0]


def runs_and_unreadable(given: RunsLike) -> tuple[dict[str, Run], dict[str, Problem]]:
    """The runs that are meant, by name, and the paths that could not be read, with the reason.

    Args:
        given: As for `as_runs`.

    Raises:
        NoEventFiles: There is nothing to read under a path.
        UnsupportedType: It is none of these.
        InvalidArgument: There is not one run in it.
    """
    if isinstance(given, Run):
        return {given.name: given}, {}
    if isinstance(given, Mapping) and not isinstance(given, Experiment):
        _require_runs(given)
        return dict(given), {}
    experiment = as_experiment(given)
    if experiment is not None:
        return dict(experiment), dict(experiment.unreadable)
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
        raise UnsupportedType(
            f"{type(given).__name__} is no path, Run or Experiment, nor several of them"
        )
    if not given:
        raise InvalidArgument("no run is given")
    runs: dict[str, Run] = {}
    unreadable: dict[str, Problem] = {}
    for one in given:
        own, problems = runs_and_unreadable(one)
        unreadable |= problems
        for name, run in own.items():
            runs[run.path if name in runs else name] = run
    return runs, unreadable


def _require_runs(given: Mapping[str, Run]) -> None:
    if not given:
        raise InvalidArgument("no run is given")
    for name, run in given.items():
        if not isinstance(run, Run):
            raise UnsupportedType(f"{name!r} is {type(run).__name__}, not a Run")


def require_points(runs: Iterable[Run], selector: Selector) -> None:
    """Refuses a result without a point, after all runs have been seen.

    Args:
        runs: The runs that were read.
        selector: What was looked for.

    Raises:
        UnknownTag: A name or glob matches no tag of any run.
        NoEventFiles: There is not one event in the files of the runs.
        InvalidArgument: There is no point in the steps, or no series of this kind at all.
    """
    selector.require_match()
    if not selector.matched:
        runs = list(runs)
        require_events(runs)
        what = ", ".join(selector.selection.plugins) or ("scalars" * selector.scalars or "values")
        raise InvalidArgument(f"{_paths(runs)}: no {what}")


def require_events(runs: Iterable[Run]) -> None:
    """Refuses runs in whose files nothing stands.

    Raises:
        NoEventFiles: There is not one event in them.
    """
    if not any(file.events for run in runs for file in run.data.all_files):
        raise NoEventFiles(f"{_paths(runs)}: no event could be read")


def _paths(runs: Iterable[Run]) -> str:
    paths = list(dict.fromkeys(run.path for run in runs))
    rest = len(paths) - _PATHS_SHOWN
    return ", ".join(paths[:_PATHS_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
