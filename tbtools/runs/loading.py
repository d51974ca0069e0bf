"""Runs found under paths: how `tbtools.load` understands what it is given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tbtools.errors import InvalidArgument
from tbtools.eventfile.source import as_path
from tbtools.runs.experiment import Experiment
from tbtools.runs.run import Run

if TYPE_CHECKING:
    from tbtools.eventfile.foreign.formats import Also
    from tbtools.runs.experiment import Globs, LogPath


def load(
    path: LogPath | Run | Experiment | Sequence[LogPath | Run | Experiment],
    runs: Globs = None,
    restarts: str = "resume",
    *,
    exclude_runs: Globs = None,
    where: str | None = None,
    fold: bool = False,
    skip_unreadable: bool = False,
    cache: bool = True,
    engine: Any = None,
    also: str | Sequence[str] | Also | None = None,
) -> Experiment:
    """Finds the runs under a path; they are read when something of them is asked for.

    Args:
        path: A log directory, a run, or one event file; or several of them, whose names are then in
            front of the names of their runs. A run that lies under several is read once. A `Run` or
            an `Experiment` stands for its paths; an experiment alone, without any option, for
            itself.
        runs: Which runs: a name, a glob (``*seed*``), or several.
        restarts: What to do about restarts: ``resume``, ``preempt``, ``session_log`` or ``keep``.
        exclude_runs: Which runs not, likewise.
        where: Which of these, by their hyperparameters, scalars and state: ``lr>=1e-3 and not
            status==stopped``; see docs/cli.md. All runs are then read at once.
        fold: Whether the sub-runs that `add_scalars` and `add_hparams` make are shown as part of
            the run that made them. All runs are then read at once.
        skip_unreadable: Whether, of several paths, those without event files are left out and
            stand in `Experiment.unreadable`, instead of an error.
        cache: Whether what earlier processes have read is taken from the user's cache directory,
            and what is read is kept there where that pays; see docs/cache.md.
        engine: ``dask`` or ``dask:ADDRESS``, or a `distributed.Client`: what goes over all runs is
            done in other processes; see docs/distributed.md.
        also: Formats of other programs (``csv``, ``jsonl``, ``json``, ``hf``, ``mlflow``,
            ``trackio``, ``wandb``) whose logs are read as if they were event files, where they
            lie in a log directory; see docs/import.md. A run or an experiment keeps those with
            which it was found.

    Raises:
        NoEventFiles: There is nothing at a path, or no event file under it.
        UnknownRun: A name or glob matches no run.
        InvalidExpression: `where` cannot be read, or names what no run has.
        InvalidArgument: There is no such restart policy, no path at all, an empty list of runs, or
            no run that `where` is true of.
        UnsupportedType: It is no path.
        MissingExtra: Dask is not installed.
        EngineError: There is no scheduler at the address.

    Examples:
        >>> experiment = tbtools.load("examples/logs", runs="sweep/*")
        >>> len(experiment)
        6
        >>> list(experiment)[0]
        'sweep/learning_rate=0.001,batch_size=16,seed=0'
    """
    options = (runs, exclude_runs, where, also, engine, restarts, fold, skip_unreadable)
    if isinstance(path, Experiment) and options == (*(None,) * 5, "resume", False, False):
        return path
    return Experiment(
        [one for each in _listed(path) for one in _paths_of(each)],
        runs,
        restarts,
        exclude_runs=exclude_runs,
        where=where,
        fold=fold,
        skip_unreadable=skip_unreadable,
        cache=cache,
        engine=engine,
        also=_also_of(_listed(path)) if also is None else also,
    )


def _listed(path: object) -> list[object]:
    """What was given as a list: one path, run or experiment, or several.

    Raises:
        InvalidArgument: There is none.
    """
    alone = (str, bytes, os.PathLike, Run, Mapping)
    if isinstance(path, alone) or not isinstance(path, Iterable):
        return [path]
    several = list(path)
    if not several:
        raise InvalidArgument("no path is given: give a log directory, a run or an event file")
    return several


def _also_of(given: Sequence[object]) -> Also | None:
    """With which files of other programs the runs and experiments that are given were found."""
    runs = [
        run
        for each in given
        for run in (each.all_runs.values() if isinstance(each, Experiment) else [each])
        if isinstance(run, Run)
    ]
    found = [run.data.also for run in runs if run.data.also is not None]
    if not found:
        return None
    formats = dict.fromkeys(name for also in found for name in also.formats)
    return replace(found[0], formats=tuple(formats))


def _paths_of(given: object) -> Sequence[str]:
    """The paths that it stands for.

    Raises:
        UnsupportedType: It is no path, run or experiment.
    """
    if isinstance(given, Experiment):
        return given.paths
    return (given.data.read_path if isinstance(given, Run) else as_path(given),)
