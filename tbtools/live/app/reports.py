"""A report of what is listed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tbtools.runs.run import Run


def write_report(runs: Sequence[Run], smoothing: float) -> Path:
    """Writes a report of some runs into the working directory, under a name that no file has.

    Raises:
        TbtoolsError: As `report`.
    """
    from tbtools.render.report.write import report

    number, path = 1, Path("watch-report.html")
    while path.exists():
        number += 1
        path = Path(f"watch-report-{number}.html")
    report(runs, path, smoothing=smoothing)
    return path
