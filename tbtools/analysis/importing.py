"""Logs of other programs as runs: what is found in their files, and what is made of it.

Nothing is written here; `tbtools.render.event_files.write_import` carries out the plan.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tbtools.analysis.file_results import files_frame
from tbtools.errors import InvalidArgument, NoEventFiles
from tbtools.eventfile.discover import natural_key
from tbtools.eventfile.foreign.encoding import series_dtypes
from tbtools.eventfile.foreign.formats import Also, ForeignPath, is_foreign
from tbtools.eventfile.foreign.log import Reading
from tbtools.eventfile.foreign.source import read_log
from tbtools.eventfile.problems import Problem, unreadable
from tbtools.runs.loading import load
from tbtools.showing import Completed, Planned
from tbtools.vocabulary import FOREIGN_FORMATS, SCALAR_DTYPES, plural

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from tbtools.eventfile.foreign.log import HParam
    from tbtools.runs.experiment import Experiment

FILE_COLUMNS = (
    "run", "file", "format", "status", "points", "series", "float64_series", "first_step",
    "last_step", "has_times", "left_out",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportedFile(Completed):
    """What a file holds of one run.

    Attributes:
        run: The run.
        file: The file's path.
        format: Its format.
        status: ``read``, or ``unreadable``.
        points: How many points there are.
        series: How many time series.
        float64_series: How many of them are float64: their numbers are no float32.
        first_step: The least step; None for none.
        last_step: The greatest.
        has_times: Whether the file tells wall times; else they are when it was last changed.
        left_out: Columns without numbers, which are in no run.
        hparams: The hyperparameters.
        problems: What could not be read.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"source", "start_time"})

    run: str
    file: str
    format: str
    status: str
    points: int = 0
    series: int = 0
    float64_series: int = 0
    first_step: int | None = None
    last_step: int | None = None
    has_times: bool = False
    left_out: tuple[str, ...] = ()
    hparams: Mapping[str, HParam] | None = None
    problems: tuple[Problem, ...] = ()
    start_time: float = 0.0
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the JSON of `tbtools import` has it."""
        about: dict[str, Any] = {name: getattr(self, name) for name in FILE_COLUMNS}
        return {
            **about,
            "left_out": list(self.left_out),
            "hparams": dict(self.hparams or {}),
            "problems": [problem.to_dict() for problem in self.problems],
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Import(Planned):
    """What is made of the logs of other programs; `write` or `tbtools.write` carries it out.

    Attributes:
        files: One by one, by run and name; a file with several runs once for each.
        unreadable_paths: Paths that were named and hold nothing that could be read, with the
            reason.
        read_paths: The paths that were read.
    """

    _plumbing: ClassVar[frozenset[str]] = frozenset({"read_paths"})

    files: tuple[ImportedFile, ...]
    unreadable_paths: Mapping[str, str]
    read_paths: tuple[str, ...]

    def __repr__(self) -> str:
        """How much there is, on one line."""
        runs = len({file.run for file in self.files})
        points = sum(file.points for file in self.files)
        return f"<Import: {plural(runs, 'run')}, {plural(points, 'point')}>"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools import`."""
        return {"files": [file.to_dict() for file in self.files]}

    def to_frame(self) -> pd.DataFrame:
        """One row a file: the keys of `ImportedFile.to_dict`, of problems their number.

        `attrs` holds the problems.
        """
        return files_frame(self.files, FILE_COLUMNS)


def import_(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    formats: str | Sequence[str] | None = None,
    *,
    step: str | None = None,
    time: str | None = None,
    run: str | None = None,
    dtype: str | None = None,
) -> Import:
    """Plans runs of event files from the logs of other programs.

    Args:
        paths: Files, or directories in which they lie.
        formats: Which formats; a file that is named is taken for the only one of these, whatever
            it is called. By default the names of the files tell: see docs/import.md.
        step: The column that holds the step, where no usual name tells.
        time: That of wall times: seconds since the epoch, or ISO 8601.
        run: That of runs.
        dtype: ``float32`` or ``float64`` for all series. By default a series is float32 where each
            of its numbers is one, or the shortest decimal of one, else float64.

    Returns:
        The plan; `tbtools.write` carries it out.

    Raises:
        NoEventFiles: There is no log under a path, or it cannot be understood.
        InvalidArgument: There is no such format or dtype.
        UnsupportedType: A path is none.
    """
    if dtype not in (None, *SCALAR_DTYPES):
        raise InvalidArgument(f"no dtype {dtype!r}; there are {', '.join(SCALAR_DTYPES)}")
    for option, column in (("step", step), ("time", time), ("run", run)):
        if not isinstance(column, str | None):
            raise InvalidArgument(f"{option}={column!r} is no name of a column")
    named = Also.of(formats) or Also(FOREIGN_FORMATS)
    also = Also(named.formats, Reading(*(each or "" for each in (step, time, run, dtype))))
    experiment = load(paths, also=also, skip_unreadable=True, cache=False)
    files = [
        _imported(name, path)
        for name, each in experiment.items()
        for path in each.event_files
        if is_foreign(path)
    ]
    if not any(file.points or file.hparams for file in files):
        raise _nothing(experiment, files)
    lost = {path: problem.message for path, problem in experiment.unreadable.items()}
    return Import(tuple(files), lost, experiment.paths)


def _imported(run: str, path: str) -> ImportedFile:
    asked = ForeignPath.parse(path)
    try:
        log = read_log(path)
    except OSError as error:
        problem = unreadable(error)
        return ImportedFile(run, asked.path, asked.format, "unreadable", problems=(problem,))
    dtypes = Counter(series_dtypes(log, asked.reading.dtype).values())
    return ImportedFile(
        run,
        asked.path,
        asked.format,
        "read",
        len(log.value),
        len(log.tags),
        dtypes["float64"],
        min(log.step, default=None),
        max(log.step, default=None),
        log.has_times,
        tuple(sorted(log.left_out, key=natural_key)),
        log.hparams,
        log.problems,
        log.wall_time[0] if log.wall_time else log.modified,
        path,
    )


def _without_points(file: ImportedFile) -> str:
    if file.problems:
        return file.problems[0].message
    return f"no numbers in {', '.join(file.left_out)}" if file.left_out else "no rows of numbers"


def _nothing(experiment: Experiment, files: Sequence[ImportedFile]) -> NoEventFiles:
    reasons = {file.file: _without_points(file) for file in files}
    reasons |= {path: problem.message for path, problem in experiment.unreadable.items()}
    if not reasons:
        known = ", ".join(FOREIGN_FORMATS)
        reasons[", ".join(experiment.paths)] = f"no log in a format that is read ({known})"
    return NoEventFiles("; ".join(f"{path}: {why}" for path, why in reasons.items()))
