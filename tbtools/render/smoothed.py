"""Smoothed scalars as runs or as a table, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tbtools.render.event_files import write_runs
from tbtools.render.export_tables import LONG_SCHEMA, long_batch, require_scalars
from tbtools.render.files import is_stream
from tbtools.render.names import run_paths
from tbtools.render.tables import means_table, write_table
from tbtools.render.write import require_free_target
from tbtools.runs.inputs import require_points
from tbtools.runs.scalars import stream_scalars
from tbtools.runs.selection import Selection, Selector

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.smooth import Smoothing
    from tbtools.render.batches import Batch
    from tbtools.render.event_files import Points
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.parts import Steps
    from tbtools.runs.series import ScalarSeries


@dataclass(frozen=True, slots=True)
class SmoothedRun:
    """What was smoothed of one run.

    Attributes:
        run: Its name.
        tags: How many tags.
        points: How many points.
        nonfinite: How many of them are NaN or infinite, and stay so.
    """

    run: str
    tags: int
    points: int
    nonfinite: int


def write_smoothed(
    experiment: Experiment,
    path: str | os.PathLike[str],
    smoothing: Smoothing,
    *,
    tags: str | Sequence[str] | None = None,
    exclude_tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    force: bool = False,
    csv_safe: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
    progress: Callable[[int, int], None] | None = None,
) -> list[SmoothedRun]:
    """Smooths all scalars and writes them; memory holds one run at a time.

    Args:
        experiment: The runs.
        path: A log directory; or a table, by its ending, or ``-``.
        smoothing: How.
        tags: Globs; all tags where not given.
        exclude_tags: Globs of tags that are left out.
        steps: First and last step, both included; None for no bound.
        force: Whether what is there may be replaced; see `tbtools.write`.
        csv_safe: As for `write_table`.
        inputs: What is read: no log directory is written inside one of these.
        progress: As for `Experiment.scan`.

    Returns:
        The runs that have such scalars.

    Raises:
        MissingExtra: The method, or the table, needs a package that is not installed.
        UnknownTag: No run has the tag, or a run does not have the one that is the axis.
        NoEventFiles: Not one event could be read.
        InvalidArgument: There are no scalars.
        TbtoolsError: Something is there already; see `tbtools.write`.
        FileError: It cannot be written; then nothing is left behind.
    """
    require_free_target(path, force=force, inputs=inputs)
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    if is_stream(path):
        require_scalars(experiment, selection, smoothing.by, progress)
    selector = Selector(selection)
    written: list[SmoothedRun] = []

    def smoothed() -> Iterator[tuple[str, dict[str, ScalarSeries]]]:
        for run in stream_scalars(experiment, selector, smoothing.by, progress):
            curves = {tag: smoothing.smoothed(run, tag) for tag in run.series}
            if curves:
                written.append(_count(run.run, curves))
                yield run.run, curves
        require_points(experiment.values(), selector)

    if means_table(path):
        write_table(path, LONG_SCHEMA, _batches(smoothed()), force=force, csv_safe=csv_safe)
    else:
        paths = run_paths(experiment)
        runs = ((paths[run], _sessions(curves.values())) for run, curves in smoothed())
        write_runs(runs, path, command="smooth", force=force, inputs=inputs)
    return written


def _count(run: str, curves: dict[str, ScalarSeries]) -> SmoothedRun:
    return SmoothedRun(
        run=run,
        tags=len(curves),
        points=sum(curve.step.size for curve in curves.values()),
        nonfinite=sum(int((~np.isfinite(curve.value)).sum()) for curve in curves.values()),
    )


def _batches(runs: Iterator[tuple[str, dict[str, ScalarSeries]]]) -> Iterator[Batch]:
    for run, curves in runs:
        for tag, curve in curves.items():
            yield long_batch(run, tag, curve)


def _sessions(curves: Collection[ScalarSeries]) -> list[dict[str, Points]]:
    """The points from pause to pause, so that no pause is taken for a stall.

    A reader takes a session that goes back under a tag for a restart, and drops what stands before:
    there is a cut only where no tag goes back.
    """
    begins: dict[int, float] = {}
    for each in curves:
        session, time = (every[each.restarts] for every in (each.session, each.wall_time))
        for number, first in zip(session.tolist(), time.tolist(), strict=True):
            begins[number] = min(first, begins.get(number, first))
    cuts = np.unique(np.array([*begins.values()], np.float64))
    for each in curves:
        cuts = cuts[_goes_on(each, cuts)]
    sessions: list[dict[str, Points]] = [{} for _ in range(cuts.size + 1)]
    for each in curves:
        session = np.searchsorted(cuts, each.wall_time, side="right")
        order = np.argsort(session, kind="stable")
        starts = np.flatnonzero(np.diff(session[order], prepend=-1))
        for first, end in pairwise((*starts.tolist(), order.size)):
            own = order[first:end]
            points = each.step[own], each.wall_time[own], each.value[own]
            sessions[session[own[0]]][each.tag] = points
    return [each for each in sessions if each]


def _goes_on(curve: ScalarSeries, times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For each time whether all points from then on lie beyond those before.

    Nothing does where the time of a point is not known.
    """
    if not np.isfinite(curve.wall_time).all():
        return np.zeros(times.size, bool)
    order = np.argsort(curve.wall_time, kind="stable")
    step = curve.step[order]
    reached = np.maximum.accumulate(step)[:-1]
    follows = np.minimum.accumulate(step[::-1])[::-1][1:]
    at = np.searchsorted(curve.wall_time[order], times)
    return np.concatenate([[True], reached < follows, [True]])[at]
