"""Smoothed scalars as runs or as a table, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tbtools.render.event_files import write_runs
from tbtools.render.export_tables import LONG_SCHEMA, long_batch, require_scalars
from tbtools.render.files import is_stream
from tbtools.render.names import run_paths
from tbtools.render.tables import is_table, write_table
from tbtools.render.write import require_free_target
from tbtools.runs.inputs import require_points
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.series import stream_scalars

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

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

    if is_table(path):
        write_table(path, LONG_SCHEMA, _batches(smoothed()), force=force)
    else:
        paths = run_paths(experiment)
        runs = ((paths[run], _points(curves)) for run, curves in smoothed())
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


def _points(curves: dict[str, ScalarSeries]) -> dict[str, Points]:
    return {tag: (curve.step, curve.wall_time, curve.value) for tag, curve in curves.items()}
