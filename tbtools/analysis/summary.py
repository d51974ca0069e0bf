"""Runs at a glance: one row a run, one row a series."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tbtools.analysis.configuration import configuration_of
from tbtools.analysis.detect import Findings, NotJudged
from tbtools.analysis.kept_summaries import KeptSummaries
from tbtools.analysis.main_objective import rank_objectives
from tbtools.analysis.not_judged import run_not_judged, runs_not_judged
from tbtools.analysis.series_summary import SeriesTable, objective_summaries, share_block
from tbtools.analysis.summarized import RunSummary, Summary, tell
from tbtools.errors import UnsupportedType
from tbtools.runs.data import RunDiagnostics
from tbtools.runs.diagnostics import Provenance
from tbtools.runs.engine import over_runs
from tbtools.runs.inputs import open_inputs
from tbtools.runs.numbers import is_number
from tbtools.runs.reading import check_progress
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import Selection, Selector
from tbtools.runs.status import run_ending, run_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tbtools.analysis.configuration import Configuration
    from tbtools.analysis.detect import Finding
    from tbtools.analysis.main_objective import Objectives
    from tbtools.analysis.series_summary import ObjectiveSummary
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs
    from tbtools.runs.series import ScalarSeries
    from tbtools.runs.status import Ending

    Progress = Callable[[int, int], None] | None

# Beyond these a summary leaves judging to `detect`: what says what is there must not take longer
# than reading it. A series costs about a millisecond, a million points about 0.1 s.
_JUDGED_SERIES = 1_000
_JUDGED_POINTS = 4_000_000
# So many that what an array takes besides its numbers does not count.
_RUNS_A_BLOCK = 256
_TOO_MUCH = "too many series or points to be judged in a summary; `tbtools detect` judges them"


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

    Examples:
        >>> summary = tbtools.summarize("examples/logs/plateau")
        >>> summary.runs[0].status
        'finished'
    """
    now = time.time() if now is None else now
    if not is_number(now):
        raise UnsupportedType(f"now={now!r} is no number of seconds")
    check_progress(judging)
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    inputs = open_inputs(runs)
    configuration = configuration_of(inputs)
    kept = KeptSummaries(inputs.runs if selection.is_all else {})
    found = _Summed(selection, configuration)
    found.take(kept.find(now), inputs.runs)
    unread = {name: run for name, run in inputs.runs.items() if name not in found.runs}
    summing = _Summing(selection, configuration, now, kept)

    def portion(work: _Summing, _: object) -> _Summing:
        return replace(work, few=found.to_judge.few)

    for part in over_runs(unread, summing, progress, portion=portion):
        found.join(part)
    if not found.to_judge.few:
        kept.save()
    found.selector.require_match()
    runs = {name: run for name, run in inputs.runs.items() if name in found.runs}
    scalars = {name: found.to_judge.scalars[name] for name in runs}
    objectives = _objectives(found.runs, rank_objectives(scalars, configuration.objectives))
    findings = found.to_judge.judge(inputs.runs, judging)
    nothing = Findings()
    return Summary(
        logdir=inputs.label,
        runs=tuple(
            # Names and paths of this process: those of another one would be held a second time.
            tell(
                found.runs.pop(name),
                name,
                run.path,
                objectives.get(name),
                findings.get(name, nothing),
            )
            for name, run in runs.items()
        ),
        unreadable=tuple(inputs.unreadable.items()),
        left_out=found.left_out,
        judged=found.to_judge.few,
        configuration=configuration.path,
        kinds_off=configuration.kinds_off,
        provenance=Provenance.of(inputs.runs, inputs.unreadable),
    )


@dataclass(frozen=True, slots=True)
class _Summing:
    """Sums up runs, for `over_runs`.

    Attributes:
        few: Whether there may be few enough series to be judged, which are kept for it.
    """

    selection: Selection
    configuration: Configuration
    now: float
    kept: KeptSummaries
    few: bool = True

    def __call__(self, read: Iterator[tuple[str, Run]]) -> _Summed:
        found = _Summed(self.selection, self.configuration)
        found.to_judge.few = self.few
        for name, run in read:
            ending, summary = _run_summary(run, found.selector, self.now)
            self.kept.add(name, run, summary, ending)
            found.to_judge.add(name, run, summary.tags.scalars())
            if not self.selection.is_all and not summary.points and not summary.problems:
                found.left_out += 1
            else:
                found.add(name, summary)
        return found


class _Summed:
    """What is found of some runs, before the others are known."""

    def __init__(self, selection: Selection, configuration: Configuration) -> None:
        self.selector = Selector(selection, scalars=False)
        self.configuration = configuration
        self.to_judge = _SeriesToJudge(selection, configuration)
        self.runs: dict[str, RunSummary] = {}
        self.left_out = 0
        self._apart: list[SeriesTable] = []

    def add(self, name: str, summary: RunSummary) -> None:
        """Takes the summary of a run."""
        self.runs[name] = summary
        self._apart.append(summary.tags)
        if len(self._apart) == _RUNS_A_BLOCK:
            share_block(self._apart)
            self._apart = []

    def join(self, other: _Summed) -> None:
        """Takes over what was found of the runs that come next."""
        self.selector.join(other.selector)
        self.to_judge.join(other.to_judge)
        for name, summary in other.runs.items():
            self.add(name, summary)
        self.left_out += other.left_out

    def take(self, known: Mapping[str, RunSummary], runs: Mapping[str, Run]) -> None:
        """Takes summaries of runs that are not to be read, if there is too much to be judged."""
        to_judge = _SeriesToJudge(self.selector.selection, self.configuration)
        for name, summary in known.items():
            to_judge.add_known(name, summary)
        if to_judge.few:
            return
        self.to_judge = to_judge
        self.runs |= known
        for name, summary in known.items():
            data = runs[name].data
            data.know(_diagnostics(data.name, summary))


def _diagnostics(name: str, summary: RunSummary) -> RunDiagnostics:
    """What a run would keep, had it been read."""
    return RunDiagnostics(
        run=name,
        event_files=summary.event_files,
        superseded=summary.superseded,
        problems=summary.problems,
        notes=summary.notes,
        is_unreadable=summary.status == "unreadable",
    )


def _objectives(runs: Mapping[str, RunSummary], ranked: Objectives) -> dict[str, ObjectiveSummary]:
    """The objective of each run that has one: the same for all runs that have it."""
    tags = ranked.of_runs(runs)
    chosen = [(runs[name].tags, tag, ranked.by_run[name][tag]) for name, tag in tags.items()]
    return dict(zip(tags, objective_summaries(chosen), strict=True))


class _SeriesToJudge:
    """Keeps the series of the runs until all are there, to be judged together.

    A run's validation may be a run of its own. When there are too many, it lets go of them, and of
    judging.

    Args:
        selection: What is selected.
        configuration: What is said of the runs.

    Attributes:
        few: Whether there are few enough to be judged.
        scalars: The tags of scalars that are selected of each run, and how many points each has.
    """

    def __init__(self, selection: Selection, configuration: Configuration) -> None:
        self.few = True
        self._selection = selection
        self._configuration = configuration
        self._series: list[ScalarSeries] = []
        self._count = 0
        self._points = 0
        self.scalars: dict[str, dict[str, int]] = {}
        self._not_judged: list[NotJudged] = []

    def add(self, name: str, run: Run, scalars: dict[str, int]) -> None:
        """Takes the series of a run, of which some scalars are selected."""
        self._not_judged += runs_not_judged({name: run}, self._selection)
        self.scalars[name] = scalars
        if not self.few:
            return
        counts = [each.count for part in run.data.parts for each in part.columns.scalars()]
        if self._has_room(len(counts), sum(counts)):
            self._series += read_scalars_of(run, name=name).series.values()

    def add_known(self, name: str, summary: RunSummary) -> None:
        """Takes a run of which only the summary is there; it tells how much there is to judge."""
        scalars = summary.tags.scalars()
        self._not_judged += run_not_judged(
            name, is_unreadable=summary.status == "unreadable", has_scalars=bool(scalars)
        )
        self.scalars[name] = scalars
        self._has_room(len(scalars), sum(scalars.values()))

    def join(self, other: _SeriesToJudge) -> None:
        """Takes what another one has taken."""
        self._not_judged += other._not_judged
        self.scalars |= other.scalars
        if self._has_room(other._count, other._points):
            self._series += other._series

    def _has_room(self, series: int, points: int) -> bool:
        """Whether so many more can be judged, too; if not, it lets go of those that it has."""
        self._count += series
        self._points += points
        is_much = self._count > _JUDGED_SERIES or self._points > _JUDGED_POINTS
        self.few = self.few and not is_much
        if not self.few:
            self._series = []
        return self.few

    def judge(self, runs: Mapping[str, Run], progress: Progress) -> dict[str, Findings]:
        """The findings of each run."""
        found = self._found(runs, progress)
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

    def _found(self, runs: Mapping[str, Run], progress: Progress) -> Findings:
        """What is found of all series, or why nothing is looked for."""
        if not self.few:
            too_much = (
                NotJudged(run, None, _TOO_MUCH) for run, tags in self.scalars.items() if tags
            )
            return Findings(not_judged=tuple(too_much))
        # Importing the detectors takes as long as summing up a hundred runs.
        from tbtools.analysis.judging import judge_series

        return judge_series(
            self._series,
            {(run, tag) for run, tags in self.scalars.items() for tag in tags},
            self._selection,
            self._configuration,
            runs=runs,
            objectives=self._configuration.objectives,
            progress=progress,
        )


def _run_summary(run: Run, selector: Selector, now: float) -> tuple[Ending, RunSummary]:
    """The summary of a run and what its state is made of.

    Its name, path, objective and findings are those that who asks for it knows.
    """
    chosen = [selector.choose(part) for part in run.data.parts]
    tags = SeriesTable.joined([SeriesTable.of(part, series) for part, series in chosen])
    files, known = run.data.all_files, run.data.diagnostics
    timelines = [part.columns.timeline for part, _ in chosen]
    start_time, end_time = run_times(run)
    numbers = tags.numbers
    ending = run_ending(run, has_points=len(tags) > 0)
    return ending, RunSummary(
        run="",
        path="",
        event_files=len(files),
        bytes=sum(file.size for file in files),
        sessions=sum(len(each.sessions) for each in timelines),
        points=sum(numbers["count"].tolist()),
        superseded=known.superseded,
        first_step=min(numbers["first_step"].tolist(), default=None),
        last_step=max(numbers["last_step"].tolist(), default=None),
        start_time=start_time,
        end_time=end_time,
        status=ending.at(now, end_time),
        tags=tags,
        objective=None,
        problems=known.problems,
        notes=known.notes,
    )
