"""What a tired person wants to know of an experiment: one row a run, one row a series."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tbtools.analysis.detect import Findings, detect_series
from tbtools.analysis.detect.runs import series_of_parts
from tbtools.analysis.series_summary import main_objective, series_summaries
from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.eventfile.discover import natural_key
from tbtools.runs.numbers import json_number
from tbtools.runs.select import matches
from tbtools.runs.statistics import scalar_rows
from tbtools.runs.timeline.sessions import find_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from tbtools.analysis.detect import Series as DetectedSeries
    from tbtools.analysis.series_summary import ObjectiveSummary, SeriesSummary
    from tbtools.eventfile.problems import Problem
    from tbtools.runs.columns import Series
    from tbtools.runs.experiment import Experiment
    from tbtools.runs.frames import Part, Steps
    from tbtools.runs.run import Run

Status = Literal["writing", "stopped", "empty", "unreadable"]

# A run counts as being written for this long after its last event, or for some of its own rhythm.
# Ten minutes: writers flush every two (TensorBoard, torch and tensorboardX alike), and an
# evaluation in between takes a while.
_RECENT_SECONDS = 600.0
_RECENT_GAPS = 3.0
_RHYTHM_ROWS = 200
# Beyond these a summary leaves judging to `detect`: what says what is there must not take longer
# than reading it. A series costs about a millisecond, a million points about 0.1 s.
_JUDGED_SERIES = 1_000
_JUDGED_POINTS = 4_000_000


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
        findings: What detection has to say of it.
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
    findings: Findings = field(default_factory=Findings)

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
            "objective": self.objective and self.objective.to_dict(),
            "tags": [series.statistics.to_dict() for series in self.tags],
            **self.findings.to_dict(),
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
        left_out: How many runs have none of the points that were asked for, and are left out.
        judged: Whether the runs have their findings; not where there was too much to judge.
    """

    logdir: str
    runs: tuple[RunSummary, ...]
    unreadable: tuple[tuple[str, Problem], ...] = ()
    left_out: int = 0
    judged: bool = True

    @property
    def readable(self) -> bool:
        """Whether there is a run of which something could be read."""
        return self.left_out > 0 or any(run.status != "unreadable" for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools summarize`."""
        return {
            "logdir": self.logdir,
            "judged": self.judged,
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

    Raises:
        UnknownTag: A glob matches no tag of any run.
        InvalidArgument: No run has a point in these steps.
    """
    now = time.time() if now is None else now
    asked = _Asked(tuple(tags), steps)
    jury = _Jury()
    runs = []
    left_out = 0
    for run in experiment.each_run(progress):
        summary, parts = _run_summary(run, asked, now)
        jury.hear(parts)
        if asked.for_part and not summary.points and not summary.problems:
            left_out += 1
        else:
            runs.append(summary)
    asked.require_points(sum(run.points for run in runs))
    judged = jury.judged(runs)
    return Summary(
        logdir=experiment.logdir,
        runs=tuple(runs if judged is None else judged),
        unreadable=tuple(experiment.unreadable.items()),
        left_out=left_out,
        judged=judged is not None,
    )


class _Jury:
    """Keeps the series of the runs until all are there, to be judged together.

    A run's validation may be a run of its own, and series that are not asked for still tell: a twin
    in training, the learning rate. When there are too many, it lets go of them, and of judging.
    """

    def __init__(self) -> None:
        self._series: list[DetectedSeries] | None = []
        self._points = 0

    def hear(self, parts: Sequence[Part]) -> None:
        """Takes the series of a run."""
        if self._series is None:
            return
        series = list(series_of_parts(parts))
        self._series += series
        self._points += sum(len(each.value) for each in series)
        if len(self._series) > _JUDGED_SERIES or self._points > _JUDGED_POINTS:
            self._series = None

    def judged(self, runs: Sequence[RunSummary]) -> list[RunSummary] | None:
        """The runs with their findings; None where there was too much to judge."""
        if self._series is None:
            return None
        findings = detect_series(self._series)
        return [replace(run, findings=_findings_of(run, findings)) for run in runs]


def _findings_of(run: RunSummary, findings: Findings) -> Findings:
    """Those about the series of a run that are summed up."""
    tags = {series.statistics.tag for series in run.tags}
    return Findings(tuple(each for each in findings if each.run == run.run and each.tag in tags))


class _Asked:
    """Which points count, and what there would have been to choose from.

    Attributes:
        tags: Globs; none means all.
        steps: First and last step, both included; None for no bound.
    """

    def __init__(self, tags: tuple[str, ...], steps: Steps) -> None:
        self.tags = tags
        self.steps = None if steps == (None, None) else steps
        self._tags_seen: set[str] = set()
        self._steps_seen: list[int] = []

    @property
    def for_part(self) -> bool:
        """Whether some points may not count."""
        return bool(self.tags) or self.steps is not None

    def of(self, part: Part) -> tuple[Part, list[SeriesSummary]]:
        """The part with the steps that count, and its series that do."""
        if self.for_part:
            self._note(part)
        part = part.within(self.steps)
        series = [
            each for each in series_summaries(part) if matches(each.statistics.tag, self.tags)
        ]
        return part, series

    def _note(self, part: Part) -> None:
        series = [each for each in part.columns.series if each.count]
        self._tags_seen |= {part.shown_tag(each.tag) for each in series}
        counted = [each for each in series if matches(part.shown_tag(each.tag), self.tags)]
        self._steps_seen += _step_range(part, counted)

    def require_points(self, points: int) -> None:
        """Refuses to show nothing as if there were nothing.

        Raises:
            UnknownTag: A glob matches no tag.
            InvalidArgument: The tags have no points in these steps.
        """
        for glob in self.tags:
            if not any(matches(tag, (glob,)) for tag in self._tags_seen):
                raise UnknownTag(glob, sorted(self._tags_seen, key=natural_key))
        if self.steps is not None and not points and self._steps_seen:
            low, high = min(self._steps_seen), max(self._steps_seen)
            first, last = ("" if step is None else step for step in self.steps)
            raise InvalidArgument(
                f"no points in steps {first}:{last}; they go from {low} to {high}"
            )


def _step_range(part: Part, series: list[Series]) -> list[int]:
    """The lowest and the highest step of some series; nothing where they have none."""
    step = part.columns.rows.step[scalar_rows(part.columns, series)]
    return [int(step.min()), int(step.max())] if step.size else []


def _run_summary(run: Run, asked: _Asked, now: float) -> tuple[RunSummary, list[Part]]:
    """The run summed up, and its parts with the steps that count."""
    parts = []
    series = []
    steps = []
    for whole in run.parts:
        part, counted = asked.of(whole)
        parts.append(part)
        series += counted
        tags = {each.statistics.tag for each in counted}
        chosen = [each for each in part.columns.series if part.shown_tag(each.tag) in tags]
        steps += _step_range(part, chosen)
    files = run.all_files
    sessions = [session for part in parts for session in find_sessions(part.columns.rows)]
    starts = [each.start_time for each in sessions if np.isfinite(each.start_time)]
    ends = [each.end_time for each in sessions if np.isfinite(each.end_time)]
    summary = RunSummary(
        run=run.name,
        path=run.path,
        event_files=len(files),
        bytes=sum(file.size for file in files),
        sessions=len(sessions),
        points=sum(each.statistics.count for each in series),
        superseded=run.superseded,
        first_step=min(steps, default=None),
        last_step=max(steps, default=None),
        start_time=min(starts, default=None),
        end_time=max(ends, default=None),
        status="stopped",
        tags=tuple(series),
        objective=main_objective(series),
        problems=tuple(run.iter_problems()),
    )
    status = _status(summary, parts, now, any(file.records for file in files))
    return replace(summary, status=status), parts


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
