"""Everything known about one run, each number with its file and step, so that it can be checked."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.beside import load_with_siblings, named_run
from tbtools.analysis.detect.learning_rate import learning_rates
from tbtools.analysis.explanation import Curve, Explanation, HParam, Point
from tbtools.analysis.failures import nearest_healthy, settings_of
from tbtools.analysis.judged_runs import siblings_of
from tbtools.analysis.judgement import judge
from tbtools.analysis.main_objective import rank_objectives
from tbtools.analysis.objective import objectives_of
from tbtools.analysis.outlook import course_of
from tbtools.eventfile.discover import natural_key
from tbtools.eventfile.source import as_path
from tbtools.runs.inputs import open_inputs
from tbtools.runs.loading import load
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import EVERYTHING, Selection
from tbtools.runs.status import run_status, run_times
from tbtools.runs.tables import session_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.judgement import Judgement
    from tbtools.analysis.outlook import Outlook, Siblings
    from tbtools.runs.inputs import Inputs, RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective, RunStatus

    Progress = Callable[[int, int], None] | None

# Series of which it is told where they will be.
OUTLOOKS = 4
# Points of a curve, besides those that have a reason.
POINTS = 24


def explain(
    x: RunsLike,
    run: str | None = None,
    *,
    tags: Globs = None,
    steps: Steps = None,
    objectives: Mapping[str, Objective] | None = None,
) -> Explanation:
    """Gathers everything that is known about one run.

    Args:
        x: The log directory, an `Experiment`, a `Run`, or the path of a run; the other runs in it
            are the siblings, with which the hyperparameters are compared. Beside the path of a run
            those of the directories beside it are its siblings; a `Run` has none.
        run: The name of the run; not needed where there is but one, or where `x` is its path.
        tags: Names or globs; only findings about these tags, and their curves.
        steps: First and last step, both included, of the curves; findings touch them.
        objectives: Which way is better, by glob, as for `detect`.

    Raises:
        UnknownRun: There is no run of that name, or more than one and none is named.
        UnknownTag: A tag or glob matches no scalar of any run.
        NoEventFiles: There is nothing to read under a path.

    Examples:
        >>> tbtools.explain("examples/logs/plateau").status
        'finished'
    """
    if isinstance(x, (str, os.PathLike)):
        x = load_with_siblings(as_path(x), lambda paths: load(paths, skip_unreadable=True))
    inputs = open_inputs(x)
    return explain_run(inputs, named_run(inputs, run), Selection.of(tags, steps), objectives)


def explain_run(
    inputs: Inputs,
    name: str,
    selection: Selection = EVERYTHING,
    objectives: Mapping[str, Objective] | None = None,
    *,
    progress: Progress = None,
    judging: Progress = None,
) -> Explanation:
    """As `explain`, of runs that have been found.

    Args:
        inputs: The run and its siblings.
        name: Its name among them.
        selection: Which tags and steps.
        objectives: As for `detect`.
        progress: As for `Experiment.scan`.
        judging: As for `judge`.
    """
    judged = judge(
        inputs, selection, objectives=objectives, scalars=False, progress=progress, judging=judging
    )
    return explain_judged(JudgedInputs(inputs, judged), name, selection)


@dataclass(frozen=True)
class JudgedInputs:
    """Runs that have been judged, and what the explanations of several of them have in common.

    Attributes:
        inputs: The runs.
        judgement: What is wrong with them.
    """

    inputs: Inputs
    judgement: Judgement

    @cached_property
    def siblings(self) -> Callable[[str, Objective], Siblings]:
        """Gives how good they are by a tag, with which way is better; looks at each tag once."""
        runs = self.inputs.runs
        return cache(lambda tag, objective: siblings_of(runs, frozenset([(tag, objective)])))

    @cached_property
    def judged_runs(self) -> list[str]:
        """As `Judgement.judged_runs`."""
        return self.judgement.judged_runs()

    @cached_property
    def settings(
        self,
    ) -> tuple[dict[str, str], dict[str, dict[str, Any]], dict[str, list[str]]]:
        """Their hyperparameters, as `settings_of` has them."""
        return settings_of(self.inputs.runs, self.inputs.all_runs)


def explain_judged(
    known: JudgedInputs, name: str, selection: Selection, *, curves: bool = True
) -> Explanation:
    """As `explain_run`, of runs that have been judged.

    Args:
        known: The runs.
        name: That of the one that is explained.
        selection: Which tags and steps.
        curves: Whether with its curves.
    """
    inputs, judged = known.inputs, known.judgement
    run = inputs.runs[name]
    start_time, end_time = run_times(run)
    status = run_status(run)
    findings = [each for each in judged.findings if each.run == name]
    sessions = [row for part in run.data.parts for row in session_rows(part.columns)]
    whole = read_scalars_of(run, name=name).series
    series = _series(whole, name, selection, judged, findings)
    hparams, nearest, missing = _hparams(known, name)
    partly = {each.tag for each in judged.findings.not_judged if each.run == name}
    return Explanation(
        run=name,
        path=run.path,
        logdir=inputs.label,
        status=status,
        start_time=start_time,
        end_time=end_time,
        sessions=tuple(sessions),
        superseded=run.data.diagnostics.superseded,
        siblings=len(inputs.runs) - 1,
        judged_series=sum(each.tag not in partly for each in series),
        findings=tuple(findings),
        places=tuple(_places(each, whole[each.tag], sessions) for each in findings),
        hparams=hparams,
        nearest=nearest,
        outlook=tuple(_outlook(series, findings, known, whole, status)),
        curves=tuple(_curve(each, findings, sessions) for each in series) if curves else (),
        not_checked=(*missing, *_not_checked(judged, run, name)),
        problems=tuple(
            {"file": file, **each.to_dict()} for file, each in run.data.diagnostics.problems
        ),
        notes=tuple({"run": name, **note.to_dict()} for note in run.data.diagnostics.notes),
        configuration=judged.configuration.path,
        kinds_off=judged.configuration.kinds_off,
    )


def _series(
    whole: Mapping[str, ScalarSeries],
    name: str,
    selection: Selection,
    judged: Judgement,
    findings: Sequence[Finding],
) -> list[ScalarSeries]:
    """The selected series: those with findings first, then by how much they tell."""
    worst = list(dict.fromkeys(each.tag for each in findings))
    points = {name: {tag: each.step.size for tag, each in whole.items()}}
    ranked = [*worst, *rank_objectives(points, judged.objectives).ranked]
    place = {tag: number for number, tag in reversed(list(enumerate(ranked)))}
    chosen = [whole[tag].within(selection) for tag in judged.tags[name] if tag in whole]
    return sorted(
        (each for each in chosen if each.step.size),
        key=lambda each: (place.get(each.tag, len(ranked)), natural_key(each.tag)),
    )


def _outlook(
    series: Sequence[ScalarSeries],
    findings: Sequence[Finding],
    known: JudgedInputs,
    own: Mapping[str, ScalarSeries],
    status: RunStatus,
) -> Iterable[Outlook]:
    """Where the series that tell most will be, of a run that may go on."""
    if status == "finished":
        return
    directions = objectives_of(own, known.judgement.objectives)
    rate = next(iter(learning_rates(own.values()).values()), None)
    serious = {each.tag for each in findings if each.is_serious}
    told = [
        own[each.tag]
        for each in series
        if directions[each.tag] != "none" and each.tag not in serious
    ]
    for one in told[:OUTLOOKS]:
        course = course_of(one, directions[one.tag], own, rate)
        if course is None:
            continue
        found = course.outlook(known.siblings(course.tag, course.objective))
        if found is not None:
            yield found


def _curve(
    series: ScalarSeries, findings: Sequence[Finding], sessions: Sequence[Mapping[str, Any]]
) -> Curve:
    """A few points: those that have a reason, and between them some at even distances."""
    reasons: dict[int, list[str]] = defaultdict(list)

    def because(step: int, reason: str, wall_time: float | None = None) -> None:
        if (series.step == step).any():
            reasons[series.find(step, wall_time)].append(reason)

    finite = np.flatnonzero(np.isfinite(series.value))
    for each in findings:
        if each.tag == series.tag:
            because(each.onset_step, f"{each.kind} begins", each.onset_time)
            if not each.ongoing:
                because(each.end_step, f"{each.kind} ends")
            if each.last_good_step is not None:
                because(each.last_good_step, "last good")
    if finite.size:
        reasons[int(finite[series.value[finite].argmin()])].append("least")
        reasons[int(finite[series.value[finite].argmax()])].append("greatest")
    reasons[0].append("first")
    reasons[series.step.size - 1].append("last")
    for index in series.restarts.tolist():
        reasons[index].append("a session begins")
    even = np.unique(np.linspace(0, series.step.size - 1, POINTS).astype(np.int64))
    kept: NDArray[np.int64] = np.union1d(even, np.array(list(reasons), np.int64))
    points = [
        Point(
            step=int(series.step[index]),
            value=float(series.value[index]),
            session=int(series.session[index]),
            reason=", ".join(dict.fromkeys(reasons.get(index, ()))),
        )
        for index in kept.tolist()
    ]
    nonfinite = series.value.size - finite.size
    files = tuple(str(each["file"]) for each in sessions)
    return Curve(series.tag, series.dtype, series.step.size, nonfinite, tuple(points), files)


def _places(
    finding: Finding, series: ScalarSeries, sessions: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """The event file of each step that a finding names: that of the onset, if it has the step."""
    onset = int(series.session[series.find(finding.onset_step, finding.onset_time)])
    own = series.step[series.session == onset]
    steps = {
        "onset": finding.onset_step,
        "end": finding.end_step,
        "best": finding.best_step,
        "last_good": finding.last_good_step,
    }
    return {
        name: sessions[onset if step in own else int(series.session[series.find(step)])]["file"]
        for name, step in steps.items()
        if step is not None
    }


def _hparams(
    known: JudgedInputs, name: str
) -> tuple[tuple[HParam, ...], Any, list[dict[str, Any]]]:
    """Hyperparameters against those of the siblings, the nearest healthy run, what is missing."""
    judged = known.judgement
    trials, settings, problems = known.settings
    trial = trials[name]
    own = settings[trial]
    others = [values for each, values in settings.items() if each != trial and values]
    undecodable = problems.get(trial, [])
    missing: list[dict[str, Any]] = [
        {"tag": None, "reason": f"a hyperparameter that cannot be decoded: {message}"}
        for message in undecodable
    ]
    if not own and not undecodable:
        missing.append({"tag": None, "reason": "hyperparameters: none are stored"})
    elif own and not others:
        missing.append({"tag": None, "reason": "hyperparameters: no other run to compare with"})
    hparams = tuple(
        HParam.of(key, value, [each[key] for each in others if key in each])
        for key, value in own.items()
    )
    serious = {trials[each.run] for each in judged.findings if each.severity == "error"}
    healthy = {trials[run] for run in known.judged_runs} - serious - {trial}
    failed = any(each.run == name and each.is_serious for each in judged.findings)
    nearest = nearest_healthy(settings, trial, sorted(healthy, key=natural_key)) if failed else None
    return hparams, nearest, missing


def _not_checked(judged: Judgement, run: Run, name: str) -> Iterable[dict[str, Any]]:
    for each in judged.findings.not_judged:
        if each.run == name:
            yield {"tag": each.tag, "reason": each.reason}
    scalars: Collection[str] = {"scalars", "hparams"}
    for statistics in run.data.statistics():
        if statistics.plugin not in scalars:
            what = statistics.plugin or "values without a plugin"
            yield {"tag": statistics.tag, "reason": f"{what}: only scalars are judged"}
