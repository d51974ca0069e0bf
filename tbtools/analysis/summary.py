"""What a tired person wants to know of an experiment: one row a run, one row a series."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tbtools.analysis.objective import objectives_of, words
from tbtools.runs.numbers import json_number
from tbtools.runs.select import matches
from tbtools.runs.sessions import find_sessions
from tbtools.runs.statistics import scalar_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from tbtools.eventfile.problems import Problem
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.frames import Part, Steps
    from tbtools.runs.run import Run
    from tbtools.runs.statistics import SeriesStatistics

Status = Literal["writing", "stopped", "empty", "unreadable"]

# How many stretches of equal numbers of points a sparkline shows.
SPARKLINE_BINS = 16
# A run counts as being written for this long after its last event, or for some of its own rhythm.
# Ten minutes: writers flush every two (TensorBoard, torch and tensorboardX alike), and an
# evaluation in between takes a while.
_RECENT_SECONDS = 600.0
_RECENT_GAPS = 3.0
_RHYTHM_ROWS = 200
_VALIDATION_WORDS = frozenset({"val", "valid", "validation", "eval", "evaluation", "test", "dev"})


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """One series.

    Attributes:
        statistics: Its numbers.
        sparkline: Means of the finite values in stretches of equally many points; None for a
            stretch without any. Empty for what is no scalar.
    """

    statistics: SeriesStatistics
    sparkline: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectiveSummary:
    """The series by which a run is judged at a glance.

    Attributes:
        tag: Its tag.
        direction: ``min`` or ``max``: which way is better.
        last: Its last value; None where it is not finite.
        best: Its best finite value; None where there is none.
        best_step: Where that was reached first.
        dtype: How its values are stored.
        sparkline: As in SeriesSummary.
    """

    tag: str
    direction: str
    last: float | None
    best: float | None
    best_step: int | None
    dtype: str
    sparkline: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run.

    Attributes:
        run: Its name.
        path: Its directory.
        event_files: How many event files it has.
        bytes: Their size.
        sessions: How many writer sessions.
        points: How many points are shown, of all kinds.
        superseded: How many points restarts have superseded.
        first_step: Lowest step; None for a run without points.
        last_step: Highest step.
        start_time: Wall time of the first event, seconds since the epoch; None without any.
        end_time: Wall time of the last event.
        status: ``writing`` (the last event is recent), ``stopped``, ``empty`` (no points),
            ``unreadable`` (not one sound record, though there are bytes).
        tags: Its series, in natural order of their tags.
        objective: The series by which it is judged; None where no tag tells which way is better.
        problems: Damaged stretches, each with the path of its file.
    """

    run: str
    path: str
    event_files: int
    bytes: int
    sessions: int
    points: int
    superseded: int
    first_step: int | None
    last_step: int | None
    start_time: float | None
    end_time: float | None
    status: Status
    tags: tuple[SeriesSummary, ...]
    objective: ObjectiveSummary | None
    problems: tuple[tuple[str, Problem], ...]

    @property
    def nonfinite(self) -> int:
        """How many values of all its series are NaN or infinite."""
        return sum(series.statistics.nonfinite for series in self.tags)

    @property
    def duration(self) -> float | None:
        """Seconds from the first event to the last."""
        if self.start_time is None or self.end_time is None:
            return None
        return self.end_time - self.start_time

    def to_dict(self) -> dict[str, Any]:
        """As design and README promise the JSON."""
        return {
            "run": self.run,
            "path": self.path,
            "event_files": self.event_files,
            "bytes": self.bytes,
            "sessions": self.sessions,
            "points": self.points,
            "superseded": self.superseded,
            "first_step": self.first_step,
            "last_step": self.last_step,
            "start_time": json_number(self.start_time),
            "end_time": json_number(self.end_time),
            "status": self.status,
            "tags": [series.statistics.to_dict() for series in self.tags],
            "findings": [],
            "problems": [
                {
                    "file": file,
                    "offset": problem.offset,
                    "length": problem.length,
                    "kind": problem.kind,
                    "message": problem.message,
                }
                for file, problem in self.problems
            ],
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """An experiment.

    Attributes:
        logdir: The path, as it was given.
        runs: Its runs, in natural order of their names.
        unreadable: Directories that could not be looked into, with the reason.
    """

    logdir: str
    runs: tuple[RunSummary, ...]
    unreadable: tuple[tuple[str, Problem], ...] = ()

    @property
    def readable(self) -> bool:
        """Whether there is a run of which something could be read."""
        return any(run.status != "unreadable" for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools summarize`."""
        return {
            "logdir": self.logdir,
            "runs": [run.to_dict() for run in self.runs],
            "problems": [
                {"file": path, "offset": 0, "kind": problem.kind, "message": problem.message}
                for path, problem in self.unreadable
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a series: run, and what `to_dict` has of each tag."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"run": run.run, **series.statistics.to_dict()}
                for run in self.runs
                for series in run.tags
            ]
        )


def summarize(
    experiment: Experiment,
    *,
    tags: Sequence[str] = (),
    steps: Steps = None,
    now: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Sums up an experiment, run after run, so that memory does not grow with their number.

    Args:
        experiment: Its runs.
        tags: Globs; only series whose tag one of them matches count, all where there are none.
        steps: First and last step that count, both included; None for no bound.
        now: The time by which a run is recent, seconds since the epoch; the present by default.
        progress: As for `Experiment.scan`.
    """
    now = time.time() if now is None else now
    return Summary(
        logdir=experiment.logdir,
        runs=tuple(_run_summary(run, tags, steps, now) for run in experiment.each_run(progress)),
        unreadable=tuple(experiment.unreadable.items()),
    )


def _run_summary(run: Run, tags: Sequence[str], steps: Steps, now: float) -> RunSummary:
    parts = [part.within(steps) for part in run.parts]
    series = [
        each
        for part in parts
        for each in _series_summaries(part)
        if matches(each.statistics.tag, tags)
    ]
    files = run.all_files
    sessions = [session for part in parts for session in find_sessions(part.columns.rows)]
    starts = [each.start_time for each in sessions if np.isfinite(each.start_time)]
    ends = [each.end_time for each in sessions if np.isfinite(each.end_time)]
    points = sum(each.statistics.count for each in series)
    problems = tuple(run.iter_problems())
    end_time = max(ends, default=None)
    summary = RunSummary(
        run=run.name,
        path=run.path,
        event_files=len(files),
        bytes=sum(file.size for file in files),
        sessions=len(sessions),
        points=points,
        superseded=run.superseded,
        first_step=min((each.statistics.first_step for each in series), default=None),
        last_step=max((each.statistics.last_step for each in series), default=None),
        start_time=min(starts, default=None),
        end_time=end_time,
        status="stopped",
        tags=tuple(series),
        objective=_main_objective(series),
        problems=problems,
    )
    return replace(summary, status=_status(summary, parts, now, any(f.records for f in files)))


def _status(summary: RunSummary, parts: Sequence[Part], now: float, any_records: bool) -> Status:
    if not any_records and summary.problems:
        return "unreadable"
    if not summary.points:
        return "empty"
    patience = max(_RECENT_SECONDS, _RECENT_GAPS * max(_rhythm(part) for part in parts))
    if summary.end_time is not None and abs(now - summary.end_time) <= patience:
        return "writing"
    return "stopped"


def _rhythm(part: Part) -> float:
    """Seconds between its last events, typically."""
    gaps = np.diff(np.sort(part.columns.rows.wall_time[-_RHYTHM_ROWS:]))
    gaps = gaps[gaps > 0]
    return float(np.sort(gaps)[gaps.size // 2]) if gaps.size else 0.0


def _series_summaries(part: Part) -> Iterator[SeriesSummary]:
    sparklines = _sparklines(part)
    for statistics in part.statistics():
        tag = part.shown_tag(statistics.tag)
        sparkline = sparklines.get(statistics.tag, ()) if statistics.plugin == "scalars" else ()
        yield SeriesSummary(replace(statistics, tag=tag), sparkline)


def _sparklines(part: Part) -> dict[str, tuple[float | None, ...]]:
    """The sparkline of each series of scalars, all in one go."""
    chosen = [series for series in part.columns.scalars() if series.count]
    if not chosen:
        return {}
    value = part.columns.rows.value[scalar_rows(part.columns, chosen)]
    counts = np.array([series.count for series in chosen])
    bins = np.minimum(counts, SPARKLINE_BINS)
    firsts = np.repeat(np.cumsum(counts) - counts, bins)
    number = np.arange(bins.sum()) - np.repeat(np.cumsum(bins) - bins, bins)
    edges = firsts + number * np.repeat(counts, bins) // np.repeat(bins, bins)
    finite = np.isfinite(value)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduceat(np.where(finite, value, 0.0), edges)
        many = np.add.reduceat(finite, edges, dtype=np.int64)
        means = np.divide(total, many, out=np.full(total.size, np.nan), where=many > 0)
    cells = [mean if np.isfinite(mean) else None for mean in means.tolist()]
    ends = np.cumsum(bins).tolist()
    return {
        series.tag: tuple(cells[end - size : end])
        for series, end, size in zip(chosen, ends, bins.tolist(), strict=True)
    }


def _main_objective(series: Sequence[SeriesSummary]) -> ObjectiveSummary | None:
    """The series to judge the run by.

    One of validation before one of training, a loss or a reward before another, then the one with
    the most points: among equals the one whose tag is shortest, which is mostly the total.
    """
    scalars = {each.statistics.tag: each for each in series if each.statistics.dtype}
    directions = objectives_of(list(scalars))
    judged = [each for tag, each in scalars.items() if directions[tag] != "none"]
    if not judged:
        return None
    best = min(judged, key=_prominence)
    numbers = best.statistics
    down = directions[numbers.tag] == "min"
    return ObjectiveSummary(
        tag=numbers.tag,
        direction=directions[numbers.tag],
        last=numbers.last,
        best=numbers.min if down else numbers.max,
        best_step=numbers.min_step if down else numbers.max_step,
        dtype=numbers.dtype,
        sparkline=best.sparkline,
    )


def _prominence(series: SeriesSummary) -> tuple[bool, bool, int, int, str]:
    tag, count = series.statistics.tag, series.statistics.count
    said = set(words(tag))
    return (
        not said & _VALIDATION_WORDS,
        not said & {"loss", "reward", "return"},
        -count,
        len(tag),
        tag,
    )
