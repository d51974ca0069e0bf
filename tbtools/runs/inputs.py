"""What users hand over as runs: paths, runs, experiments, or several of these."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeAlias

from tbtools.errors import InvalidArgument, NoEventFiles, UnsupportedType
from tbtools.eventfile.source import as_path, source_of
from tbtools.runs.experiment import Experiment
from tbtools.runs.frames import scalars_frame
from tbtools.runs.loading import load
from tbtools.runs.named_paths import read_once
from tbtools.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

    from tbtools.eventfile.problems import Problem
    from tbtools.runs.selection import Globs, Selector

RunsLike: TypeAlias = (
    "str | os.PathLike[str] | Run | Experiment | Mapping[str, Run] | Sequence[RunsLike]"
)


_PATHS_SHOWN = 5
_LOADING = ("runs", "exclude_runs", "where", "restarts", "fold", "skip_unreadable", "cache", "also")


@dataclass(frozen=True, slots=True)
class Inputs:
    """Runs that were handed over, found once.

    Attributes:
        runs: The runs, by name.
        unreadable: The paths that could not be read, with the reason.
        experiment: What they are, where they are one experiment.
    """

    runs: dict[str, Run]
    unreadable: dict[str, Problem]
    experiment: Experiment | None = None

    @property
    def all_runs(self) -> Mapping[str, Run]:
        """These, and those beside them that were not selected."""
        return self.experiment.all_runs if self.experiment else self.runs

    @property
    def label(self) -> str:
        """What they are called together: the path, as it was given, or the names."""
        return self.experiment.logdir if self.experiment else ", ".join(self.runs)


def open_inputs(given: RunsLike | Inputs, *, fold: bool = False) -> Inputs:
    """The runs that are meant; they are read when something of them is asked for.

    Of several paths each run has its path in front, as `load` has it. A run whose name another one
    has already is called by its directory; one that is there twice is taken once.

    Args:
        given: A path, a `Run`, an `Experiment`, a mapping of names to runs, or several of them; or
            what this function gave for them.
        fold: As for `load`, for paths.

    Raises:
        NoEventFiles: There is nothing to read under a path.
        UnsupportedType: It is none of these.
        InvalidArgument: There is not one run in it, or there are two of one name and directory.
    """
    if isinstance(given, Inputs):
        return given
    if isinstance(given, Run):
        return Inputs({given.name: given}, {})
    if isinstance(given, bytes):
        as_path(given)  # which says what is to be done about it
    if isinstance(given, (str, os.PathLike)) or _are_paths(given):
        given = load(given, fold=fold)  # type: ignore[arg-type]
    if isinstance(given, Experiment):
        return Inputs(dict(given), dict(given.unreadable), given)
    if isinstance(given, Mapping):
        _require_runs(given)
        return Inputs(dict(given), {})
    several: object = given
    if not isinstance(several, Sequence) or isinstance(several, bytes):
        raise UnsupportedType(
            f"{type(given).__name__} is no path, Run or Experiment, nor several of them"
        )
    if not several:
        raise InvalidArgument("no run is given")
    return _joined([open_inputs(one, fold=fold) for one in several])


def _are_paths(given: object) -> bool:
    if not isinstance(given, Sequence) or isinstance(given, bytes):
        return False
    return bool(given) and all(isinstance(one, (str, os.PathLike)) for one in given)


def _joined(several: Sequence[Inputs]) -> Inputs:
    named = [pair for one in several for pair in one.runs.items()]
    by_kind: dict[object, list[Run]] = {}
    for _, run in named:  # the same files read in two ways are two runs
        by_kind.setdefault((run.restarts, run.data.sources), []).append(run)
    once: set[int] = set()
    for alike in by_kind.values():
        once |= {id(run) for run in compress(alike, read_once([run.data.found for run in alike]))}
    runs: dict[str, Run] = {}
    for name, run in named:
        if id(run) not in once:
            continue
        once.discard(id(run))
        shown = run.path if name in runs else name
        if shown in runs:
            raise InvalidArgument(f"several runs are called {shown}; name them in a mapping")
        runs[shown] = run
    unreadable = {path: problem for one in several for path, problem in one.unreadable.items()}
    return Inputs(runs, unreadable)


def _require_runs(given: Mapping[str, Run]) -> None:
    if not given:
        raise InvalidArgument("no run is given")
    for name, run in given.items():
        if not isinstance(run, Run):
            raise UnsupportedType(f"{name!r} is {type(run).__name__}, not a Run")


def split_glob(path: str) -> tuple[str, str | None]:
    """A path with a glob as a directory and a glob over the names of the runs in it.

    Args:
        path: Such as ``logs/seed*/train``; a path at which there is something is none with a glob.

    Returns:
        The directory and the glob; the path and None where there is no glob.
    """
    scheme, mark, rest = path.rpartition("://")
    parts = rest.split("/")
    # In URLs ? begins what is asked of the server, and brackets are those of addresses.
    wildcards = "*" if mark else "*?["
    first = next((n for n, part in enumerate(parts) if set(part) & set(wildcards)), None)
    if first is None or _is_there(path):
        return path, None
    directory = "/".join(parts[:first]) or ("/" if first else ".")
    return f"{scheme}{mark}{directory}", "/".join(parts[first:])


def _is_there(path: str) -> bool:
    try:
        source_of(path).stat(path)
    except OSError:
        return False
    return True


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
    paths = list(dict.fromkeys(run.data.found.place for run in runs))
    rest = len(paths) - _PATHS_SHOWN
    return ", ".join(paths[:_PATHS_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def read_scalars(path: RunsLike, tags: Globs = None, **options: Any) -> pd.DataFrame:
    """The scalars of runs as one long DataFrame.

    Args:
        path: A path, a `Run`, an `Experiment`, or several of them.
        tags: Which tags, as for `Experiment.scalars`.
        **options: For paths those of `load` (runs, exclude_runs, where, restarts, fold,
            skip_unreadable, cache, also); and those of `Experiment.scalars` (steps, wide, dtype).

    Returns:
        See `Experiment.scalars`.

    Raises:
        NoEventFiles: There is nothing to read under a path, or not one event could be read.
        UnknownTag: A tag or glob matches no scalar of any run.
        InvalidArgument: There is no point in these steps, or they are no pair.

    Examples:
        >>> frame = tbtools.read_scalars("examples/logs", "val/loss")
        >>> frame.groupby("run", observed=True)["value"].min().round(3).to_dict()["baseline"]
        1.83
    """
    loading = {name: options.pop(name) for name in _LOADING if name in options}
    inputs = open_inputs(load(path, **loading) if loading else path)  # type: ignore[arg-type]
    if inputs.experiment is not None:
        inputs.experiment.is_kept = inputs.experiment is path
        return inputs.experiment.scalars(tags, **options)
    return scalars_frame(inputs.runs, tags, **options)
