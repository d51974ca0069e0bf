"""Runs at a glance: one row a run, one row a series."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.configuration import configuration_of
from tbtools.analysis.detect import Findings, NotJudged, is_judged
from tbtools.analysis.judgement import judge_series, runs_not_judged
from tbtools.analysis.main_objective import rank_objectives
from tbtools.analysis.series_summary import objective_summary, series_summaries
from tbtools.errors import UnsupportedType
from tbtools.runs.inputs import open_inputs
from tbtools.runs.numbers import is_number, json_number
from tbtools.runs.reading import read_each
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.series import read_scalars_of
from tbtools.showing import Tabled
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from tbtools.analysis.configuration import Configuration
    from tbtools.analysis.detect import Finding
    from tbtools.analysis.series_summary import ObjectiveSummary, SeriesSummary
    from tbtools.eventfile.problems import Problem
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Part, Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs
    from tbtools.runs.series import ScalarSeries
    from tbtools.runs.timeline.notes import Note
    from tbtools.vocabulary import Objective, RunStatus

    Progress = Callable[[int, int], None] | None

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
_TOO_MUCH = "too many series or points to be judged in a summary; `tbtools detect` judges them"


@dataclass(frozen=True, slots=True, repr=False)
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
        status: ``training`` (the last event is recent), ``finished`` (its hparams' end follows its
            last point), ``stopped``, ``empty`` (no points), ``unreadable`` (not one event, though
            there are bytes).
        tags: Its series, in natural order of their tags.
        objective: The series by which it is judged at a glance, see `rank_objectives`; None where
            no tag tells which way is better.
        problems: Damaged stretches, each with the path of its file.
        notes: What should be known of its timeline.
        findings: What is wrong with it, with what was not judged.
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
    status: RunStatus
    tags: tuple[SeriesSummary, ...]
    objective: ObjectiveSummary | None
    problems: tuple[tuple[str, Problem], ...]
    notes: tuple[Note, ...] = ()
    findings: Findings = field(default_factory=Findings)

    def __repr__(self) -> str:
        """Its name, size and state, on one line."""
        size = f"{plural(len(self.tags), 'series')}, {plural(self.points, 'point')}"
        return f"<RunSummary {self.run!r}: {size}, {self.status}>"

    @property
    def nonfinite(self) -> int:
        """How many values of all its series are NaN or infinite."""
        return sum(series.statistics.nonfinite for series in self.tags)

    @property
    def is_judged(self) -> bool:
        """Whether at least one of its series was judged for every kind of finding."""
        scalars = {each.statistics.tag for each in self.tags if each.statistics.dtype}
        return is_judged({each.tag for each in self.findings.not_judged}, scalars)

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
            "findings": [each.to_dict() for each in self.findings],
            "not_judged": [each.to_dict() for each in self.findings.not_judged],
            "problems": self.problem_dicts(),
            "notes": self.note_dicts(),
        }

    def problem_dicts(self) -> list[dict[str, Any]]:
        """Its damaged stretches, as JSON has them."""
        return [{"file": file, **each.to_dict()} for file, each in self.problems]

    def note_dicts(self) -> list[dict[str, Any]]:
        """What should be known of its timeline, as JSON has it."""
        return [{"run": self.run, **note.to_dict()} for note in self.notes]


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Tabled):
    """An experiment.

    Attributes:
        logdir: The path, as it was given.
        runs: Its runs, in natural order of their names.
        unreadable: Directories that could not be looked into, with the reason.
        left_out: How many runs have none of the points that were asked for, and are left out.
        judged: Whether the runs have their findings; not where there was too much to judge.
        configuration: The tbtools.toml that was followed; None without.
    """

    logdir: str
    runs: tuple[RunSummary, ...]
    unreadable: tuple[tuple[str, Problem], ...] = ()
    left_out: int = 0
    judged: bool = True
    configuration: str | None = None

    def __repr__(self) -> str:
        """How much there is, on one line."""
        points = plural(sum(run.points for run in self.runs), "point")
        return f"<Summary {self.logdir!r}: {plural(len(self.runs), 'run')}, {points}>"

    @property
    def readable(self) -> bool:
        """Whether there is a run of which something could be read."""
        return self.left_out > 0 or any(run.status != "unreadable" for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools summarize`."""
        return {
            "logdir": self.logdir,
            "judged": self.judged,
            "configuration": self.configuration,
            "runs": [run.to_dict() for run in self.runs],
            "problems": self._problem_dicts(),
        }

    def _problem_dicts(self) -> list[dict[str, Any]]:
        return [{"file": path, **problem.to_dict()} for path, problem in self.unreadable]

    def to_frame(self) -> pd.DataFrame:
        """One row a series: run, and what `to_dict` has of each tag.

        `attrs` holds superseded, problems and notes of all runs.
        """
        import pandas as pd

        frame = pd.DataFrame(
            [
                {"run": run.run, **series.statistics.to_dict()}
                for run in self.runs
                for series in run.tags
            ]
        )
        frame.attrs["superseded"] = sum(run.superseded for run in self.runs)
        frame.attrs["problems"] = self._problem_dicts() + [
            {"run": run.run, **problem} for run in self.runs for problem in run.problem_dicts()
        ]
        frame.attrs["notes"] = [note for run in self.runs for note in run.note_dicts()]
        return frame


def summarize(
    runs: RunsLike,
    *,
    tags: Globs = None,
    exclude_tags: Globs = None,
    steps: Steps = None,
    now: float | None = None,
    progress: Progress = None,
    judging: Progress = None,
) -> Summary:
    """Sums up runs one after the other, so that memory does not grow with their number.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        tags: Names or globs; only series whose tag one of them matches count.
        exclude_tags: Names or globs of tags that do not count.
        steps: First and last step that count, both included; None for no bound. Findings are those
            of the whole series that touch these steps.
        now: The time by which a run is recent, seconds since the epoch; the present by default.
        progress: As for `Experiment.scan`.
        judging: As for `judge`.

    Raises:
        UnknownTag: A tag or glob matches no tag of any run.
        NoEventFiles: There is nothing to read under a path.
        InvalidArgument: No run has a point in these steps.
    """
    now = time.time() if now is None else now
    if not is_number(now):
        raise UnsupportedType(f"now={now!r} is no number of seconds")
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    selector = Selector(selection, scalars=False)
    inputs = open_inputs(runs)
    configuration = configuration_of(inputs)
    to_judge = _SeriesToJudge(selection, configuration)
    summed = []
    left_out = 0
    for name, run in read_each(inputs.runs, progress):
        summary, chosen = _run_summary(name, run, selector, now)
        to_judge.add(name, run, chosen)
        if not selection.is_all and not summary.points and not summary.problems:
            left_out += 1
        else:
            summed.append(summary)
    selector.require_match()
    summed = _with_objectives(summed, configuration.objectives)
    findings = to_judge.judge(judging)
    return Summary(
        logdir=inputs.label,
        runs=tuple(replace(each, findings=findings.get(each.run, Findings())) for each in summed),
        unreadable=tuple(inputs.unreadable.items()),
        left_out=left_out,
        judged=to_judge.few,
        configuration=configuration.path,
    )


def _with_objectives(
    runs: Sequence[RunSummary], overrides: Mapping[str, Objective]
) -> list[RunSummary]:
    """The runs with their objectives: the same one for all runs that have it."""
    points = {
        run.run: {
            each.statistics.tag: each.statistics.count for each in run.tags if each.statistics.dtype
        }
        for run in runs
    }
    objectives = rank_objectives(points, overrides)
    found = []
    for run in runs:
        tag = objectives.of_run(run.run)
        if tag is not None:
            direction = objectives.by_run[run.run][tag]
            run = replace(run, objective=objective_summary(run.tags, tag, direction))
        found.append(run)
    return found


class _SeriesToJudge:
    """Keeps the series of the runs until all are there, to be judged together.

    A run's validation may be a run of its own. When there are too many, it lets go of them, and of
    judging.

    Args:
        selection: What is selected.
        configuration: What is said of the runs.

    Attributes:
        few: Whether there are few enough to be judged.
    """

    def __init__(self, selection: Selection, configuration: Configuration) -> None:
        self.few = True
        self._selection = selection
        self._configuration = configuration
        self._series: list[ScalarSeries] = []
        self._folders: dict[str, str] = {}
        self._points = 0
        self._chosen: dict[str, set[str]] = {}
        self._not_judged: list[NotJudged] = []

    def add(self, name: str, run: Run, chosen: set[str]) -> None:
        """Takes the series of a run, of which some tags are selected."""
        self._not_judged += runs_not_judged({name: run}, self._selection)
        self._folders[name] = run.path
        self._chosen[name] = chosen
        if not self.few:
            return
        counts = [each.count for part in run.data.parts for each in part.columns.scalars()]
        self._points += sum(counts)
        if len(self._series) + len(counts) > _JUDGED_SERIES or self._points > _JUDGED_POINTS:
            self.few = False
            self._series = []
        else:
            self._series += read_scalars_of(run, name=name).series.values()

    def judge(self, progress: Progress) -> dict[str, Findings]:
        """The findings of each run."""
        if not self.few:
            self._not_judged += [
                NotJudged(run, None, _TOO_MUCH) for run, tags in self._chosen.items() if tags
            ]
        chosen = {(run, tag) for run, tags in self._chosen.items() for tag in tags}
        found = judge_series(
            self._series,
            chosen if self.few else set(),
            self._selection,
            self._configuration,
            folders=self._folders,
            objectives=self._configuration.objectives,
            progress=progress,
        )
        by_run: dict[str, list[Finding]] = defaultdict(list)
        for finding in found:
            by_run[finding.run].append(finding)
        not_judged: dict[str, list[NotJudged]] = defaultdict(list)
        for reason in (*self._not_judged, *found.not_judged):
            not_judged[reason.run].append(reason)
        return {
            run: Findings(tuple(by_run.get(run, ())), not_judged=tuple(not_judged.get(run, ())))
            for run in {**by_run, **not_judged}
        }


def _run_summary(
    name: str, run: Run, selector: Selector, now: float
) -> tuple[RunSummary, set[str]]:
    """The summary of a run but for its findings, and its tags of scalars that are selected."""
    parts = []
    scalars: set[str] = set()
    series: list[SeriesSummary] = []
    for whole in run.data.parts:
        part, chosen = selector.choose(whole)
        parts.append(part)
        scalars |= {part.shown_tag(each.tag) for each in chosen if each.scalar}
        series += series_summaries(part, chosen)
    files, known = run.data.all_files, run.data.diagnostics
    timelines = [part.columns.timeline for part in parts]
    starts = [each.start_time for each in timelines if np.isfinite(each.start_time)]
    ends = [each.end_time for each in timelines if np.isfinite(each.end_time)]
    summary = RunSummary(
        run=name,
        path=run.path,
        event_files=len(files),
        bytes=sum(file.size for file in files),
        sessions=sum(len(each.sessions) for each in timelines),
        points=sum(each.statistics.count for each in series),
        superseded=known.superseded,
        first_step=min((each.statistics.first_step for each in series), default=None),
        last_step=max((each.statistics.last_step for each in series), default=None),
        start_time=min(starts, default=None),
        end_time=max(ends, default=None),
        status="stopped",
        tags=tuple(series),
        objective=None,
        problems=known.problems,
        notes=known.notes,
    )
    return replace(summary, status=_status(summary, run, parts, now)), scalars


def _status(summary: RunSummary, run: Run, parts: Sequence[Part], now: float) -> RunStatus:
    if run.data.diagnostics.is_unreadable:
        return "unreadable"
    if not summary.points:
        return "empty"
    if run.data.has_ended:
        from tbtools.runs.plugins.hparams import ended_well

        return "finished" if ended_well(run.data) else "stopped"
    patience = max(_RECENT_SECONDS, _RECENT_GAPS * max(_rhythm(part) for part in parts))
    if summary.end_time is not None and abs(now - summary.end_time) <= patience:
        return "training"
    return "stopped"


def _rhythm(part: Part) -> float:
    """Seconds between its last events, typically."""
    gaps = np.diff(np.sort(part.columns.rows.wall_time[-_RHYTHM_ROWS:]))
    gaps = gaps[gaps > 0]
    return float(np.sort(gaps)[gaps.size // 2]) if gaps.size else 0.0
