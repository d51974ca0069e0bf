"""A page that is written anew as long as its runs go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tbtools.render.report.write import settle_page
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


def keep_written(
    experiment: Experiment,
    path: str | os.PathLike[str],
    write: Callable[[float | None, bool], WrittenReport],
    waiting: Callable[[], None],
    interval: float = INTERVAL,
) -> WrittenReport:
    """Writes a page, and writes it again when there is something new, until all runs are over.

    Runs whose files are still empty are waited for. A signal that ends the process leaves a page
    that does not wait for another one any more.

    Args:
        experiment: The runs.
        path: The page.
        write: Writes it: given after how many seconds a browser looks for the next one, None for
            the last, and whether the page may be replaced though it was there before.
        waiting: Tells that there is no value yet; called once.
        interval: Seconds between two looks.
    """
    if _is_awaited(experiment):
        waiting()
    while _is_awaited(experiment):
        time.sleep(interval)
        experiment.refresh()
    written = write(interval if _goes_on(experiment) else None, False)
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


def _is_awaited(experiment: Experiment) -> bool:
    """Whether there is no value yet, and may be one soon."""
    is_empty = all(run_ending(run).status == "empty" for run in experiment.values())
    return is_empty and _goes_on(experiment)


def _may_begin(run: Run) -> bool:
    """Whether a run without a value has files that were written to in the last hour."""
    if run_ending(run).status != "empty":
        return False
    touched = max((file.modified for file in run.data.all_files), default=0) / 1e9
    return abs(time.time() - touched) <= _SECONDS_TO_BEGIN
