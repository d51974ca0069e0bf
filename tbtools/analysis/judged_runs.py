"""How runs are judged: family by family, by this process or by others.

What is found of a run depends on the other series of its family, for these explain it; on the
hyperparameters of the runs above it; and, for where a plateau will be, on how good its siblings
are. The first travels with the runs to wherever they are judged. The rest is few numbers, which are
gathered of all runs where they are asked for. So only the points of some families are in memory at
a time.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import TYPE_CHECKING

from tbtools.analysis.declared import hparams_with, hyperparameters
from tbtools.analysis.detect.pairs import family
from tbtools.analysis.judging import found_in, trend_of
from tbtools.analysis.not_judged import runs_not_judged
from tbtools.analysis.objective import require_objectives
from tbtools.analysis.outlook import Siblings, known_of, open_courses, told_outlooks
from tbtools.eventfile.discover import natural_key
from tbtools.runs.engine import engine_of, over_runs
from tbtools.runs.reading import OneByOne, check_progress
from tbtools.runs.scalars import read_scalars_of, scalar_tags
from tbtools.runs.selection import Selection, Selector

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
    )
    from typing import Any

    from tbtools.analysis.configuration import Configuration
    from tbtools.analysis.declared import Asked as Declared
    from tbtools.analysis.detect import Finding, NotJudged
    from tbtools.analysis.judging import FindingTrend
    from tbtools.analysis.outlook import Asked, Course, Known
    from tbtools.runs.run import Run
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Key = tuple[str, str]
    Progress = Callable[[int, int], None] | None


@dataclass(frozen=True, slots=True)
class Judging:
    """Judges runs, for `over_runs`; see `tbtools.analysis.judgement.judge` for what it is told.

    Attributes:
        selection: Findings that do not touch it are left out.
        scalars: Whether what is selected must be scalars.
        configuration: What is said of the runs.
        directions: Which way is better, by glob, that of the configuration included.
        objectives: Those of them that must match a tag.
        progress: Is told of the series that have been judged.
        declared: Gives what any run says of itself; None where it sees some families without the
            runs above them, and notes who asks.
        hparams: Then the hyperparameters of runs that asked for them, where there are such.
        seen: What is selected of all runs, where somebody has looked already.
    """

    selection: Selection
    scalars: bool
    configuration: Configuration
    directions: Mapping[str, Objective]
    objectives: Mapping[str, Objective] | None
    progress: _Progress | None = None
    declared: Declared | None = None
    hparams: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seen: JudgedRuns | None = None

    def __call__(self, read: Iterator[tuple[str, Run]]) -> JudgedRuns:
        """What is found of the runs that are read."""
        found = self._nothing()
        runs: dict[str, Run] = {}
        every: list[ScalarSeries] = []
        for name, run in read:
            runs[name] = run
            if self.seen is None:
                found.choose(name, run)
            every += read_scalars_of(run, name=name).series.values()
        self._judge(runs, every, found)
        return found

    def only_choosing(self, read: Iterator[tuple[str, Run]]) -> JudgedRuns:
        """The same without any findings."""
        found = self._nothing()
        for name, run in read:
            found.choose(name, run)
        return found

    def _nothing(self) -> JudgedRuns:
        return JudgedRuns(Selector(self.selection, scalars=self.scalars))

    def of(self, runs: Collection[str]) -> Judging:
        """The same for some runs in another process, without what concerns others."""
        hparams = {run: self.hparams[run] for run in runs & self.hparams.keys()}
        return replace(self, hparams=hparams, progress=None)

    def _judge(self, runs: Mapping[str, Run], every: list[ScalarSeries], found: JudgedRuns) -> None:
        def told(run: str, words: tuple[str, ...]) -> Mapping[str, Any]:
            found.asking.add((run, words))
            return self.hparams.get(run, {})

        # Of everything that is selected nobody asks what it is.
        asked = not self.selection.is_all or self.configuration.ignore_tags
        tags = (self.seen or found).tags if asked else {}
        chosen = {(run, tag) for run, own in tags.items() if run in runs for tag in own}
        judged = found_in(
            every,
            chosen,
            self.selection,
            self.configuration,
            folders={name: run.path for name, run in runs.items()},
            objectives=self.directions,
            progress=self.progress,
            declared=self.declared or hyperparameters(runs, told),
        )
        found.judged = len(every)
        found.findings, found.not_judged = judged.findings, judged.not_judged
        found.courses = open_courses(judged, every, self.directions)
        by_key = {(each.run, each.tag): each for each in every} if judged else {}
        found.trends = tuple(trend_of(by_key[each.run, each.tag], each) for each in judged)
        found.runs_not_judged = tuple(runs_not_judged(runs, self.selection))
        found.ignored = self.configuration.ignored(chosen)


@dataclass(slots=True)
class JudgedRuns:
    """What is found of some runs.

    Attributes:
        selector: What matched.
        tags: The tags that are selected, by run.
        all_tags: Those of all scalars.
        series: How many series of scalars there are.
        points: How many points the selected series have.
        judged: How many series were judged.
        findings: Run by run, the worst first, then the earliest.
        trends: The trend of each.
        runs_not_judged: The runs of which nothing was judged.
        not_judged: The series that were not.
        ignored: The series that are not to be judged.
        courses: Of plateaus whose outlook is still to be told, by run and tag.
        asking: The runs whose hyperparameters were asked for, with the words in their names.
    """

    selector: Selector
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    all_tags: set[str] = field(default_factory=set)
    series: int = 0
    points: int = 0
    judged: int = 0
    findings: tuple[Finding, ...] = ()
    trends: tuple[FindingTrend, ...] = ()
    runs_not_judged: tuple[NotJudged, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    ignored: tuple[NotJudged, ...] = ()
    courses: dict[Key, Course] = field(default_factory=dict)
    asking: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    @property
    def every_not_judged(self) -> tuple[NotJudged, ...]:
        """All runs and series that were not judged, with the reasons."""
        return (*self.runs_not_judged, *self.not_judged, *self.ignored)

    def choose(self, name: str, run: Run) -> None:
        """Takes note of what is selected of a run."""
        chosen: dict[str, int] = {}
        for part in run.data.parts:
            within, selected = self.selector.choose(part)
            scalars = [each for each in selected if each.scalar]
            for tag, each in zip(within.shown_tags(scalars), scalars, strict=True):
                chosen[tag] = chosen.get(tag, 0) + each.count
        tags = scalar_tags(run)
        self.tags[name] = tuple(chosen)
        self.points += sum(chosen.values())
        self.all_tags |= tags
        self.series += len(tags)

    def require_match(self, objectives: Mapping[str, Objective] | None) -> None:
        """Refuses what is asked for and is not there.

        Raises:
            UnknownTag: A tag or glob, also one of the objectives, matches no scalar.
            InvalidArgument: There is no point in the steps.
        """
        self.selector.require_match()
        require_objectives(sorted(self.all_tags, key=natural_key), objectives)

    def without(self, runs: Collection[str]) -> JudgedRuns:
        """The same without what is found of some runs."""
        kept = [each.run not in runs for each in self.findings]

        def others(each: Iterable[NotJudged]) -> tuple[NotJudged, ...]:
            return tuple(one for one in each if one.run not in runs)

        return replace(
            self,
            tags={run: tags for run, tags in self.tags.items() if run not in runs},
            findings=tuple(compress(self.findings, kept)),
            trends=tuple(compress(self.trends, kept)),
            runs_not_judged=others(self.runs_not_judged),
            not_judged=others(self.not_judged),
            ignored=others(self.ignored),
            courses={key: each for key, each in self.courses.items() if key[0] not in runs},
        )


def judge_runs(
    runs: Mapping[str, Run], judging: Judging, progress: Progress, told: Progress
) -> JudgedRuns:
    """Judges runs, where they say; the result is the same wherever that is.

    Args:
        runs: Run name to run; they stay read where this process reads them.
        judging: How.
        progress: As for `Experiment.scan`.
        told: Called now and then with the series that have been judged and those of all, where this
            process judges them.

    Raises:
        UnknownTag: As for `judge`.
        InvalidArgument: Likewise.
    """
    if engine_of(runs) is None:
        judging = _judging_here(runs, judging, progress, told)
    seen = [judging.seen] if judging.seen else []
    found = _joined(runs, [*seen, *_parts(runs, judging, progress)])
    found.require_match(judging.objectives)
    words = {word for _, asked in found.asking for word in asked}
    if words and (hparams := hparams_with(runs, words)):
        families = {family(run) for run, _ in found.asking if run in hparams}
        again = {name: run for name, run in runs.items() if family(name) in families}
        judging = replace(judging, hparams=hparams)
        anew = _parts(again, judging, None)
        found = _joined(runs, [found.without(again.keys()), *anew])
    if found.courses:
        asked = frozenset((each.tag, each.objective) for each in found.courses.values())
        siblings = siblings_of(runs, asked)
        found.findings = told_outlooks(found.findings, found.courses, siblings)
    return found


def _parts(runs: Mapping[str, Run], judging: Judging, progress: Progress) -> list[JudgedRuns]:
    """What is found, group after group of families."""
    found = []
    parts = over_runs(runs, judging, progress, together=family, keep=True, portion=Judging.of)
    with closing(parts):  # ends the processes that are at it
        for part in parts:
            found.append(part)
            if judging.progress is not None:
                judging.progress.leave(part.judged)
    return found


def _judging_here(
    runs: Mapping[str, Run], judging: Judging, progress: Progress, told: Progress
) -> Judging:
    """How this process judges: it can look at all runs, and at whether they have what is asked for.

    Raises:
        UnknownTag: As for `judge`.
        InvalidArgument: Likewise.
    """
    [seen] = over_runs(runs, judging.only_choosing, progress, keep=True)
    seen.require_match(judging.objectives)
    check_progress(told)
    counting = _Progress(told, seen.series) if told else None
    declared = hyperparameters(OneByOne(runs))
    return replace(judging, progress=counting, declared=declared, seen=seen)


class _Progress:
    """Tells of the series that have been judged, group after group.

    Args:
        tell: Is told of them, and of those of all.
        total: How many there are of all.
    """

    def __init__(self, tell: Callable[[int, int], None], total: int) -> None:
        self._tell = tell
        self._total = total
        self._before = 0

    def __call__(self, judged: int, _of: int) -> None:
        self._tell(self._before + judged, self._total)

    def leave(self, series: int) -> None:
        """Goes on behind a group of so many series."""
        self._before += series
        self._tell(self._before, self._total)


def siblings_of(runs: Mapping[str, Run], asked: frozenset[tuple[str, Objective]]) -> Siblings:
    """How good all runs are by some tags.

    Args:
        runs: Name to run.
        asked: The tags, with which way is better.
    """
    return Siblings.joined(over_runs(runs, _Asking(asked)))


def _joined(runs: Mapping[str, Run], parts: Iterable[JudgedRuns]) -> JudgedRuns:
    """What is found of all runs, in their order."""
    every = list(parts)
    order = {name: number for number, name in enumerate(runs)}
    alike: dict[tuple[str, ...], tuple[str, ...]] = {}
    found = replace(every[0], courses={}, asking=set(), tags={}, all_tags=set(), series=0, points=0)
    for each in every:
        found.selector.join(each.selector)
        found.tags |= {run: alike.setdefault(tags, tags) for run, tags in each.tags.items()}
        found.all_tags |= each.all_tags
        found.series += each.series
        found.points += each.points
        found.courses |= each.courses
        found.asking |= each.asking
    pairs = [pair for each in every for pair in zip(each.findings, each.trends, strict=True)]
    pairs.sort(key=lambda pair: order[pair[0].run])
    found.findings = tuple(finding for finding, _ in pairs)
    found.trends = tuple(trend for _, trend in pairs)
    found.tags = {run: found.tags[run] for run in runs}
    for name in ("runs_not_judged", "not_judged"):
        own = [one for each in every for one in getattr(each, name)]
        setattr(found, name, tuple(sorted(own, key=lambda one: order[one.run])))
    ignored = [one for each in every for one in each.ignored]
    found.ignored = tuple(sorted(ignored, key=lambda one: (one.run, one.tag or "")))
    return found


@dataclass(frozen=True, slots=True)
class _Asking:
    """Says how good runs are by some tags, for `over_runs`.

    Attributes:
        asked: The tags, with which way is better.
    """

    asked: frozenset[tuple[str, Objective]]

    def __call__(self, read: Iterator[tuple[str, Run]]) -> dict[Asked, Known]:
        return Siblings.joined(self._known(name, run) for name, run in read).all_known

    def _known(self, name: str, run: Run) -> dict[Asked, Known]:
        tags = scalar_tags(run)
        asked = {tag for tag, _ in self.asked} & tags
        selector = Selector(Selection.of(sorted(asked))) if asked else None
        own = read_scalars_of(run, selector, name=name).series if asked else {}
        return known_of(tags, own, self.asked)
