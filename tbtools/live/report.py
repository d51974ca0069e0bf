"""A page that is written anew as long as its runs go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tbtools.render.report.write import settle_page
from tbtools.render.unfinished import unfinished
from tbtools.runs.status import run_status

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from tbtools.render.report.write import WrittenReport
    from tbtools.runs.experiment import Experiment

# Seconds between two looks: nobody reads a page anew more often.
INTERVAL = 10.0
# Writing takes at most a fifth of the time.
_PAUSE_OF_WRITING = 4.0


def keep_written(
    experiment: Experiment,
    path: str | os.PathLike[str],
    write: Callable[[float | None, bool], WrittenReport],
    interval: float = INTERVAL,
) -> WrittenReport:
    """Writes a page, and writes it again when there is something new, until all runs are over.

    A signal that ends the process leaves a page that does not wait for another one any more.

    Args:
        experiment: The runs.
        path: The page.
        write: Writes it: given after how many seconds a browser looks for the next one, None for
            the last, and whether the page may be replaced though it was there before.
        interval: Seconds between two looks.
    """
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
    return any(run_status(run) == "training" for run in experiment.values())
