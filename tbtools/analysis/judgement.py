"""Judges runs: the one place that decides what is wrong with them, and what was not judged.

Whole runs are judged, with all their series and steps: a twin in training or the learning rate
explains a series, and a view of a few steps must not decide what is a plateau. The findings are
then restricted to what was selected. `detect`, `summarize`, `plot`, `report` and the notebook all
take their findings from here, so that they agree.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, Any

from tbtools.analysis.configuration import configuration_of
from tbtools.analysis.detect import Findings, detect_series, is_judged
from tbtools.analysis.frames import series_of_frame
from tbtools.analysis.judged_runs import Judging, judge_runs
from tbtools.analysis.judging import restrict
from tbtools.analysis.objective import require_objectives
from tbtools.analysis.siblings import finding_groups
from tbtools.collector import uncollected
from tbtools.errors import InvalidArgument
from tbtools.runs.diagnostics import Provenance
from tbtools.runs.inputs import open_inputs
from tbtools.runs.selection import EVERYTHING, Selection, select_tags
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pandas as pd

    from tbtools.analysis.configuration import Configuration
    from tbtools.analysis.judging import FindingTrend
    from tbtools.analysis.siblings import FindingGroup
    from tbtools.runs.inputs import Inputs, RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Key = tuple[str, str]
    Progress = Callable[[int, int], None] | None


@dataclass(frozen=True, slots=True, repr=False)
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
        tags: The tags of the series that were looked at, by run.
        objectives: Which way is better, by glob, as the caller and the configuration say.
        configuration: What a file says of the runs.
    """

    logdir: str
    runs: tuple[str, ...]
    unreadable: tuple[str, ...]
    series: int
    points: int
    findings: Findings
    trends: tuple[FindingTrend, ...]
    tags: Mapping[str, Collection[str]]
    objectives: Mapping[str, Objective]
    configuration: Configuration

    @property
    def groups(self) -> tuple[FindingGroup, ...]:
        """The findings, those of one kind about one tag in whichever runs together."""
        runs_with = Counter(tag for tags in self.tags.values() for tag in tags)
        return finding_groups(self.findings, runs_with)

    def judged_runs(self) -> list[str]:
        """The runs of which at least one series was judged for every kind of finding."""
        omitted: dict[str, set[str | None]] = defaultdict(set)
        for each in self.findings.not_judged:
            omitted[each.run].add(each.tag)
        return [run for run in self.runs if is_judged(omitted[run], self.tags[run])]

    def only(self, kinds: Collection[str] = (), severities: Collection[str] = ()) -> Judgement:
        """The same with but some of the findings.

        Args:
            kinds: Their kinds; all where there are none.
            severities: Their severities, likewise.
        """
        kept = [
            (not kinds or each.kind in kinds) and (not severities or each.severity in severities)
            for each in self.findings
        ]
        findings = replace(self.findings, findings=tuple(compress(self.findings, kept)))
        return replace(self, findings=findings, trends=tuple(compress(self.trends, kept)))

    def fails(self, kinds: Sequence[str]) -> bool:
        """Whether there is a finding of one of the kinds that is more than an info."""
        return any(each.fails(kinds) for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tbtools detect`."""
        return self.findings.to_dict() | {
            "groups": [each.to_dict() for each in self.groups],
            "configuration": self.configuration.path,
            "kinds_off": list(self.configuration.kinds_off),
        }

    def __repr__(self) -> str:
        """In a line."""
        return f"<Judgement of {plural(len(self.runs), 'run')}: {self.findings!r}>"


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
            - a wide frame with a column a tag, or a column a (run, tag) pair, and with the steps as
              its index; or as a column ``step``, beside which ``run`` and ``wall_time`` are no tags
              either.
        tags: Names or globs; findings about other tags are left out. All series are judged.
        steps: First and last step, both included; findings that do not touch them are left out.
            Whole series are judged.
        objectives: Which way is better, by glob over tags, as in ``{"score/*": "min"}``; the last
            that matches holds. Where none does, the words of the tag decide
            (`tbtools.analysis.objective`). Series without an objective are judged for
            values that are not finite, for stalls, for their scale, and as speeds, rates and norms.

    Returns:
        The findings: run by run, the worst first, then the earliest. Its `not_judged` says what
        was not judged, and why, its `problems` what of the files is damaged.

    Raises:
        InvalidObjective: A direction is none of ``min``, ``max``, ``none``.
        InvalidArgument: `x` is none of these, or there is no point in the steps.
        UnknownTag: A tag or glob, also one of the objectives, matches no scalar.
        NoEventFiles: There is nothing to read under a path.

    Examples:
        >>> findings = tbtools.detect(tbtools.load("examples/logs")["diverged"])
        >>> [(each.kind, each.onset_step) for each in findings if each.severity == "error"][:2]
        [('divergence', 351), ('nonfinite', 372)]
    """
    selection = Selection.of(tags, steps)
    frame = _as_pandas(x)
    if frame is None:
        return judge(x, selection, objectives=objectives).findings  # type: ignore[arg-type]
    series = list(series_of_frame(frame))
    chosen = _require_match(series, selection)
    require_objectives((each.tag for each in series), objectives)
    return restrict(detect_series(series, objectives=objectives), series, chosen, selection)


def _as_pandas(x: object) -> pd.Series | pd.DataFrame | None:
    if isinstance(x, (str, os.PathLike, Mapping)):
        return None
    import pandas as pd

    return x if isinstance(x, (pd.Series, pd.DataFrame)) else None


def _require_match(series: Sequence[ScalarSeries], selection: Selection) -> set[Key]:
    """The series that are selected.

    Raises:
        UnknownTag: A tag or glob matches none.
        InvalidArgument: They have no point in the steps.
    """
    tags = set(select_tags((each.tag for each in series), selection.tags, selection.exclude_tags))
    chosen = {
        (each.run, each.tag)
        for each in series
        if each.tag in tags and (selection.steps is None or each.within(selection).step.size)
    }
    if selection.steps is not None and not chosen:
        first, last = ("" if step is None else step for step in selection.steps)
        raise InvalidArgument(f"no points in steps {first}:{last}")
    return chosen


@uncollected()  # until what was read is let go of, or all of it would be looked at once more
def judge(
    runs: RunsLike | Inputs,
    selection: Selection = EVERYTHING,
    *,
    objectives: Mapping[str, Objective] | None = None,
    scalars: bool = True,
    configuration: Configuration | None = None,
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
        configuration: What is said of the runs; by default what `configuration_of` finds.
        progress: As for `Experiment.scan`.
        judging: Called now and then with the series that have been judged and those of all.

    Raises:
        UnknownTag: A tag or glob, also one of the objectives, matches no scalar.
        InvalidArgument: There is no point in the steps.
        NoEventFiles: There is nothing to read under a path.
        InvalidConfiguration: As for `configuration_of`.
    """
    inputs = open_inputs(runs)
    known = inputs.runs
    configuration = configuration or configuration_of(inputs)
    directions = configuration.with_objectives(objectives)
    how = Judging(selection, scalars, configuration, directions, objectives)
    found = judge_runs(known, how, progress, judging)
    unreadable = tuple(name for name, run in known.items() if run.data.diagnostics.is_unreadable)
    return Judgement(
        logdir=inputs.label,
        runs=tuple(name for name in known if name not in unreadable),
        unreadable=unreadable,
        series=sum(map(len, found.tags.values())),
        points=found.points,
        findings=Findings(
            found.findings, found.every_not_judged, Provenance.of(known, inputs.unreadable)
        ),
        trends=found.trends,
        tags=found.tags,
        objectives=directions,
        configuration=configuration,
    )


def found_kinds(runs: Mapping[str, Run]) -> dict[str, frozenset[str] | None]:
    """The kinds of findings for which `detect --fail-on` would fail, of each run.

    Returns:
        By run; None of one in which nothing is found and nothing could be judged for every kind.
    """
    judged = judge(runs)
    kinds: dict[str, set[str]] = {run: set() for run in judged.judged_runs()}
    for each in judged.findings:
        if each.fails([each.kind]):
            kinds.setdefault(each.run, set()).add(each.kind)
    return {run: frozenset(kinds[run]) if run in kinds else None for run in runs}
