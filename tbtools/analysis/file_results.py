"""What is told file by file, of event files that are checked, repaired or imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tbtools.runs.diagnostics import reason_of, runs_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from tbtools.eventfile.problems import Problem
    from tbtools.runs.experiment import Experiment


class FileResult(Protocol):
    """What was found of one file."""

    @property
    def file(self) -> str:
        """Its path."""
        ...

    @property
    def status(self) -> str:
        """How it is."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """Its damaged stretches."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        ...


def files_frame(files: Sequence[FileResult], columns: Sequence[str]) -> pd.DataFrame:
    """One row a file: some of its keys, and how many problems it has.

    `attrs` holds the problems.
    """
    import pandas as pd

    rows = [{**file.to_dict(), "problems": len(file.problems)} for file in files]
    frame = pd.DataFrame(rows, columns=[*columns, "problems"])
    frame.attrs["problems"] = [
        {"file": file.file, **problem.to_dict()} for file in files for problem in file.problems
    ]
    return frame


def unreadable_paths(experiment: Experiment, files: Iterable[FileResult]) -> dict[str, str]:
    """Which of the paths that were named hold no event that could be read, and why.

    Args:
        experiment: What was found under them.
        files: What is known of its files.
    """
    bad = {
        file.file: file.problems[0]
        for file in files
        if file.status in ("nothing_whole", "not_an_event_file", "unreadable")
    }
    reasons = {}
    for path in experiment.paths:
        below = [file for run in runs_below(experiment, path) for file in run.event_files]
        lost = [(file, bad[file]) for file in (below or [path]) if file in bad]
        if lost and len(lost) == max(len(below), 1):
            reasons[path] = reason_of(path, lost)
    return reasons
