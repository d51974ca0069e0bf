"""A page that is written anew as long as its runs go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tbtools.errors import InvalidArgument, NoEventFiles, UnknownName
from tbtools.render.report.page_file import settle_page
from tbtools.render.unfinished import unfinished
from tbtools.runs.status import run_ending, run_status

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from tbtools.render.report.write import WrittenReport
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.run import Run

# Seconds between two looks: nobody reads a page anew more often.
INTERVAL = 10.0
# Writing takes at most a fifth of the time.
_PAUSE_OF_WRITING = 4.0
# For so long after a write a run may still have its first value: some compile and download.
_SECONDS_TO_BEGIN = 3600.0
# What is selected is not there, and may come.
_NOT_YET = (NoEventFiles, UnknownName, InvalidArgument)


def await_runs(
    load: Callable[[], Experiment],
    waiting: Callable[[Exception], None],
    interval: float = INTERVAL,
) -> Experiment:
    """The runs, as soon as there are some.

    Args:
        load: Finds them.
        waiting: Told why there are none yet.
        interval: Seconds between two looks.
    """
    while True:
        try:
            return load()
        except _NOT_YET as error:
            waiting(error)
        time.sleep(interval)


def keep_written(
    experiment: Experiment,
    path: str | os.PathLike[str],
    write: Callable[[float | None, bool], WrittenReport],
    waiting: Callable[[Exception], None],
    interval: float = INTERVAL,
) -> WrittenReport:
    """Writes a page, and writes it again when there is something new, until all runs are over.

    Where nothing of what is selected is there yet, it is waited for as long as runs go on. A signal
    that ends the process leaves a page that does not wait for another one any more.

    Args:
        experiment: The runs.
        path: The page.
        write: Writes it: given after how many seconds a browser looks for the next one, None for
            the last, and whether the page may be replaced though it was there before.
        waiting: Told why there is nothing to write yet.
        interval: Seconds between two looks.
    """
    written = _write_first(experiment, write, waiting, interval)
    with unfinished(lambda: settle_page(path)):
        took = 0.0
        goes_on = _goes_on(experiment)
        while goes_on:
            time.sleep(max(interval, _PAUSE_OF_WRITING * took))
            begun = time.monotonic()
            new = experiment.refresh()
            goes_on = _goes_on(experiment)
            if new or not goes_on:
                written = write(interval if goes_on else None, True)
            took = time.monotonic() - begun
    return written


def _goes_on(experiment: Experiment) -> bool:
    return any(run_status(run) == "training" or _may_begin(run) for run in experiment.values())


def _write_first(
    experiment: Experiment,
    write: Callable[[float | None, bool], WrittenReport],
    waiting: Callable[[Exception], None],
    interval: float,
) -> WrittenReport:
    while True:
        begun = time.monotonic()
        goes_on = _goes_on(experiment)
        try:
            return write(interval if goes_on else None, False)
        except _NOT_YET as error:
            if not goes_on:
                raise
            waiting(error)
        time.sleep(max(interval, _PAUSE_OF_WRITING * (time.monotonic() - begun)))
        experiment.refresh()


def _may_begin(run: Run) -> bool:
    """Whether a run without a value has files that were written to in the last hour."""
    if run_ending(run).status != "empty":
        return False
    touched = max((file.modified for file in run.data.all_files), default=0) / 1e9
    return abs(time.time() - touched) <= _SECONDS_TO_BEGIN
