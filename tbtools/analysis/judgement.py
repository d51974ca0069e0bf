"""Judges runs: the one place that decides what is wrong with them, and what was not judged.

Whole runs are judged, with all their series and steps: a twin in training or the learning rate
explains a series, and a view of a few steps must not decide what is a plateau. The findings are
then restricted to what was selected. `detect`, `summarize`, `plot`, `report` and the notebook all
take their findings from here, so that they agree.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.detect import Findings, NotJudged, detect_series, without_verdict
from tbtools.analysis.frames import series_of_frame
from tbtools.errors import InvalidArgument
from tbtools.runs.inputs import as_experiment, as_runs
from tbtools.runs.selection import EVERYTHING, Selection, Selector
from tbtools.runs.series import read_scalars_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from tbtools.analysis.detect import Finding
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Progress = Callable[[int, int], None] | None

# How many stretches of equal numbers of points the trend of a finding shows.
_BINS = 24


@dataclass(frozen=True, slots=True)
class FindingTrend:
    """The series of a finding, small enough for a line of text.

    Attributes:
        values: Means of the finite values in stretches of equally many points; None for a stretch
            without any.
        onset: The stretch in which the finding began.
    """

    values: tuple[float | None, ...]
    onset: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with runs.

    Attributes:
        logdir: The path, as it was given.
        runs: Names of the runs that were judged, in natural order.
        unreadable: Names of the runs of which nothing could be read: they were not judged.
        series: How many selected series of scalars were judged.
        points: How many points these have.
        findings: All findings that touch what was selected: run by run, the worst first, then the
            earliest; with the problems, the notes, and what was not judged.
        trends: The trend of each finding, in the same order.
    """

    logdir: str
    runs: tuple[str, ...]
    unreadable: tuple[str, ...]
    series: int
    points: int
    findings: Findings
    trends: tuple[FindingTrend, ...]

    def fails(self, kinds: Sequence[str]) -> bool:
        """Whether there is a finding of one of the kinds that is more than an info."""
        return any(each.kind in kinds and each.severity != "info" for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools detect`."""
        return self.findings.to_dict()


def detect(
    x: pd.Series | pd.DataFrame | RunsLike,
    *,
    tags: Globs = None,
    steps: Steps = None,
    objectives: Mapping[str, Objective] | None = None,
) -> Findings:
    """Says which time series went wrong, how, and since when.

    Args:
        x: One of

            - a path, a Run, an Experiment, or several of them,
            - a Series of values with the steps as its index and the tag as its name,
            - a long frame with the columns ``step`` and ``value``, and where there are such also
              ``run``, ``tag`` and ``wall_time``,
            - a wide frame with the steps as its index and a column a tag, or a column a
              (run, tag) pair.
        tags: Names or globs; findings about other tags are left out. All series are judged.
        steps: First and last step, both included; findings that do not touch them are left out.
            Whole series are judged.
        objectives: Which way is better, by glob over tags, as in ``{"score/*": "min"}``; the last
            that matches holds. Where none does, the words of the tag decide
            (`tbtools.analysis.objective.objective_of`). Series without an objective are judged for
            values that are not finite and for stalls only.

    Returns:
        The findings: run by run, the worst first, then the earliest. Its `not_judged` says what
        was not judged, and why, its `problems` what of the files is damaged.

    Raises:
        InvalidObjective: A direction is none of ``min``, ``max``, ``none``.
        InvalidArgument: `x` is none of these, or there is no point in the steps.
        UnknownTag: A tag or glob matches no scalar.
        NoEventFiles: There is nothing to read under a path.
    """
    selection = Selection.of(tags, steps)
    frame = _as_pandas(x)
    if frame is None:
        return judge(x, selection, objectives=objectives).findings  # type: ignore[arg-type]
    series = list(series_of_frame(frame))
    _require_match(series, selection)
    findings = judge_series(series, objectives)
    return restrict(findings, selection)


def _as_pandas(x: object) -> pd.Series | pd.DataFrame | None:
    if isinstance(x, (str, os.PathLike, Mapping)):
        return None
    import pandas as pd

    return x if isinstance(x, (pd.Series, pd.DataFrame)) else None


def _require_match(series: Sequence[ScalarSeries], selection: Selection) -> None:
    from tbtools.runs.selection import select_tags

    select_tags((each.tag for each in series), selection.tags, selection.exclude_tags)
    chosen = [each for each in series if selection.has_tag(each.tag)]
    if selection.steps and not any(each.within(selection).step.size for each in chosen):
        first, last = ("" if step is None else step for step in selection.steps)
        raise InvalidArgument(f"no points in steps {first}:{last}")


def judge(
    runs: RunsLike,
    selection: Selection = EVERYTHING,
    *,
    objectives: Mapping[str, Objective] | None = None,
    scalars: bool = True,
    progress: Progress = None,
    judging: Progress = None,
) -> Judgement:
    """Judges all series of some runs.

    Args:
        runs: A path, a Run, an Experiment, or several of them; all are read, since a run's training
            and validation may lie in runs of their own.
        selection: Findings that do not touch it are left out.
        objectives: Which way is better, by glob, as for `detect`.
        scalars: Whether what is selected must be scalars; a page shows other data too.
        progress: As for `Experiment.scan`.
        judging: Called now and then with the series that have been judged and those of all.

    Raises:
        UnknownTag: A tag or glob matches no scalar.
        InvalidArgument: There is no point in the steps.
        NoEventFiles: There is nothing to read under a path.
    """
    experiment = as_experiment(runs)
    known = as_runs(runs) if experiment is None else dict(experiment)
    if experiment is not None:
        experiment.scan(progress)
    selector = Selector(selection, scalars=scalars)
    every: list[ScalarSeries] = []
    count = points = 0
    for name, run in known.items():
        chosen = [each for part in run.parts for each in selector.choose(part)[1] if each.scalar]
        count += len(chosen)
        points += sum(each.count for each in chosen)
        every += read_scalars_of(run, name=name).series.values()
    selector.require_match()
    findings = judge_series(every, objectives, judging)
    unreadable = tuple(name for name, run in known.items() if run.is_unreadable)
    findings = replace(
        restrict(findings, selection),
        problems=tuple(problems_of(known, experiment.unreadable if experiment else {})),
        notes=tuple(notes_of(known)),
        not_judged=(
            *_runs_not_judged(known),
            *(each for each in findings.not_judged if selection.has_tag(each.tag or "")),
        ),
    )
    by_name = {(each.run, each.tag): each for each in every}
    return Judgement(
        logdir=experiment.logdir if experiment is not None else ", ".join(known),
        runs=tuple(name for name in known if name not in unreadable),
        unreadable=unreadable,
        series=count,
        points=points,
        findings=findings,
        trends=tuple(_trend(by_name[each.run, each.tag], each) for each in findings),
    )


def judge_series(
    series: Sequence[ScalarSeries],
    objectives: Mapping[str, Objective] | None = None,
    progress: Progress = None,
) -> Findings:
    """Judges whole series, and says which could not be judged."""
    findings = detect_series(series, objectives=objectives, progress=progress)
    return replace(findings, not_judged=tuple(without_verdict(series, objectives)))


def restrict(findings: Findings, selection: Selection) -> Findings:
    """The findings that touch what is selected.

    A finding touches a range of steps if any of its own steps lies in it: what began before and is
    still going on belongs to what is looked at.
    """
    return replace(findings, findings=tuple(each for each in findings if _touches(each, selection)))


def _touches(finding: Finding, selection: Selection) -> bool:
    if not selection.has_tag(finding.tag):
        return False
    first, last = selection.steps or (None, None)
    low, high = sorted((finding.onset_step, finding.end_step))
    return (last is None or low <= last) and (first is None or high >= first)


def problems_of(runs: Mapping[str, Run], unreadable: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """What of the runs' files is damaged or could not be read, as JSON has it."""
    for name, run in runs.items():
        for file, problem in run.iter_problems():
            yield {"run": name, "file": file, **problem.to_dict()}
    for path, problem in unreadable.items():
        yield {"run": None, "file": path, **problem.to_dict()}


def notes_of(runs: Mapping[str, Run]) -> Iterable[dict[str, Any]]:
    """What should be known of the runs' timelines, as JSON has it."""
    for name, run in runs.items():
        for note in run.iter_notes():
            yield {"run": name, **note.to_dict()}


def _runs_not_judged(runs: Mapping[str, Run]) -> Iterable[NotJudged]:
    for name, run in runs.items():
        if run.is_unreadable:
            yield NotJudged(name, None, "nothing could be read")
        elif not any(each.count for part in run.parts for each in part.columns.scalars()):
            yield NotJudged(name, None, "no scalars")


def _trend(series: ScalarSeries, finding: Finding) -> FindingTrend:
    count = len(series.value)
    bins = min(count, _BINS)
    edges = np.arange(bins) * count // bins
    finite = np.isfinite(series.value)
    with np.errstate(over="ignore"):
        totals = np.add.reduceat(np.where(finite, series.value, 0.0), edges)
    many = np.add.reduceat(finite, edges, dtype=np.int64)
    means = [
        float(total) / int(number) if number and np.isfinite(total) else None
        for total, number in zip(totals, many, strict=True)
    ]
    point = series.find(finding.onset_step, finding.onset_time)
    return FindingTrend(tuple(means), int(np.searchsorted(edges, point, side="right")) - 1)
