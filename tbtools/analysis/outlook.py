"""Where a series that goes on will be, and whether that is as good as the best of its siblings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tbtools.analysis.detect.forecast import AHEAD, CONFIDENCE, Forecast, law_of, level_at_end
from tbtools.analysis.detect.judged import Judged
from tbtools.analysis.detect.learning_rate import learning_rates
from tbtools.analysis.objective import objectives_of
from tbtools.runs.numbers import json_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.detect.forecast import Law
    from tbtools.runs.series import ScalarSeries
    from tbtools.vocabulary import Objective

    Key = tuple[str, str]
    _Level = tuple[float, str]
    # The two best levels, and the two last steps.
    Known = tuple[list[_Level], list[tuple[int, str]]]
    # The tags of a class of runs, one of them, and which way is better.
    Asked = tuple[frozenset[str], str, Objective]

# The part of the tags of either that siblings have together.
ALIKE = 0.8


class Outlook(NamedTuple):
    """Where a series will be if it goes on as it has.

    Attributes:
        tag: Its tag.
        forecast: Its level at a later step.
        best_sibling: The run whose level of this tag at its end is the best; None without siblings.
        best_value: That level.
        reaches_best: Whether the forecast is better than that, its whole interval (True) or no part
            of it (False); None where that is open.
    """

    tag: str
    forecast: Forecast
    best_sibling: str | None
    best_value: float | None
    reaches_best: bool | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, without the tag."""
        return {
            **self.forecast.to_dict(),
            "best_sibling": self.best_sibling,
            "best_sibling_value": None if self.best_value is None else json_number(self.best_value),
            "reaches_best": self.reaches_best,
        }


class Siblings:
    """The runs that log nearly the same tags, as those of one script do, and how good they are.

    Runs with exactly the same tags are one class, of which the two best and the two longest runs
    are known by each tag that was asked for: enough for any run and its siblings, however many.
    """

    def __init__(self, by_run: Mapping[str, Mapping[str, ScalarSeries]]) -> None:
        """Gathers them.

        Args:
            by_run: The series of each run, by tag.
        """
        self._classes: dict[frozenset[str], list[Mapping[str, ScalarSeries]]] = defaultdict(list)
        for own in by_run.values():
            self._classes[frozenset(own)].append(own)
        self._known: dict[tuple[frozenset[str], str, Objective], Known] = {}
        self._alike: dict[frozenset[str], list[frozenset[str]]] = {}

    @classmethod
    def joined(cls, parts: Iterable[Mapping[Asked, Known]]) -> Siblings:
        """Siblings of which parts know some.

        Args:
            parts: What `known` gave of some runs after the others.
        """
        siblings = cls({})
        for part in parts:
            for (tags, tag, objective), known in part.items():
                before = siblings._known.get((tags, tag, objective), ([], []))
                siblings._known[tags, tag, objective] = _first_two([before, known], objective)
                siblings._classes[tags] = []
        return siblings

    @property
    def all_known(self) -> dict[Asked, Known]:
        """What is known of each class, by the tags that were asked for."""
        return self._known

    def beside(
        self, run: str, tags: frozenset[str], tag: str, objective: Objective
    ) -> tuple[_Level | None, int | None]:
        """The best level at its end that another run has, and the last step that another one has.

        Args:
            run: The run whose siblings they are.
            tags: All its tags.
            tag: The tag that is compared.
            objective: Which way is better.
        """
        alike = [each for each in self._like(tags) if tag in each]
        levels, ends = _first_two(
            [self._of_class(each, tag, objective) for each in alike], objective
        )
        best = next((each for each in levels if each[1] != run), None)
        return best, next((end for end, other in ends if other != run), None)

    def _of_class(self, tags: frozenset[str], tag: str, objective: Objective) -> Known:
        key = tags, tag, objective
        if key not in self._known:
            self._known[key] = _known([own[tag] for own in self._classes[tags]], objective)
        return self._known[key]

    def _like(self, tags: frozenset[str]) -> list[frozenset[str]]:
        if tags not in self._alike:
            self._alike[tags] = [
                each for each in self._classes if len(tags & each) >= ALIKE * len(tags | each)
            ]
        return self._alike[tags]


def known_of(
    tags: frozenset[str],
    own: Mapping[str, ScalarSeries],
    asked: Iterable[tuple[str, Objective]],
) -> dict[Asked, Known]:
    """What is known of the class of one run.

    Args:
        tags: All tags of the run.
        own: Its series of the tags that are asked for.
        asked: These tags, with which way is better.
    """
    return {
        (tags, tag, objective): _known([own[tag]], objective)
        for tag, objective in asked
        if tag in tags
    }


def _known(series: Sequence[ScalarSeries], objective: Objective) -> Known:
    """The two best levels, and the two last steps: one of them is of another run.

    A series that ends in no number has no level.
    """
    levels = []
    for each in series:
        judged = Judged(each, objective)
        if len(judged) and np.isfinite(each.value[-1]):
            levels.append((judged.logged(level_at_end(judged)), each.run))
    ends = [(int(each.step[-1]), each.run) for each in series if each.step.size]
    return _first_two([(levels, ends)], objective)


def _first_two(several: Iterable[Known], objective: Objective) -> Known:
    levels, ends = ([], []) if not (parts := list(several)) else zip(*parts, strict=True)
    best = sorted((each for own in levels for each in own), reverse=objective == "max")
    return best[:2], sorted((each for own in ends for each in own), reverse=True)[:2]


class Course(NamedTuple):
    """A series that goes on: the law that it follows, and what else its outlook takes.

    Attributes:
        run: Its run.
        tag: Its tag.
        tags: All tags of its run.
        objective: Which way is better.
        law: The law.
        last: Its last step.
        farthest: The step up to which it can be foreseen.
    """

    run: str
    tag: str
    tags: frozenset[str]
    objective: Objective
    law: Law
    last: int
    farthest: int

    def outlook(self, siblings: Siblings) -> Outlook | None:
        """Where it will be; None where that cannot be told.

        It is told for the last step of the sibling that goes on the longest, or where none goes on
        longer, or it goes on for very long, for half as many steps again as there are.
        """
        best, end = siblings.beside(self.run, self.tags, self.tag, self.objective)
        found = self.law.at(min(end, self.farthest) if end and end > self.last else self.farthest)
        if found is None:
            return None
        if best is None:
            return Outlook(self.tag, found, None, None, None)
        sign = 1 if self.objective == "min" else -1
        better, worse = sorted([sign * found.low, sign * found.high])
        reaches = True if worse <= sign * best[0] else False if better > sign * best[0] else None
        return Outlook(self.tag, found, best[1], best[0], reaches)


def course_of(
    series: ScalarSeries,
    objective: Objective,
    tags: Iterable[str] = (),
    rate: ScalarSeries | None = None,
    since: int = 0,
) -> Course | None:
    """The course of a series; None where it follows no law.

    Args:
        series: The series.
        objective: Which way is better.
        tags: All tags of its run.
        rate: The run's learning rate, where it logs one.
        since: The first point from which it is foreseen, as of a plateau.
    """
    own = Judged(series.at(np.arange(since, series.step.size)) if since else series, objective)
    law = law_of(own, rate) if len(own) else None
    if law is None:
        return None
    last = own.last_step(-1)
    farthest = last + int(AHEAD * (last - own.step(0)))
    return Course(series.run, series.tag, frozenset(tags), objective, law, last, farthest)


def open_courses(
    findings: Iterable[Finding],
    series: Iterable[ScalarSeries],
    overrides: Mapping[str, Objective] | None,
) -> dict[Key, Course]:
    """The courses of plateaus that go on, by run and tag; of those that are one event the first.

    Args:
        findings: The findings.
        series: All series of the runs.
        overrides: Which way is better, by glob, where the words of a tag do not say.
    """
    found = [each for each in findings if _is_open(each)]
    if not found:
        return {}
    by_run = _by_run(series)
    courses = {(each.run, each.tag): _course(each, by_run[each.run], overrides) for each in found}
    return {key: course for key, course in courses.items() if course is not None}


def _is_open(finding: Finding) -> bool:
    is_first = "cause" not in finding.evidence
    return finding.kind == "plateau" and finding.is_serious and finding.ongoing and is_first


def _by_run(series: Iterable[ScalarSeries]) -> dict[str, dict[str, ScalarSeries]]:
    by_run: dict[str, dict[str, ScalarSeries]] = defaultdict(dict)
    for one in series:
        by_run[one.run][one.tag] = one
    return by_run


def _course(
    finding: Finding, own: Mapping[str, ScalarSeries], overrides: Mapping[str, Objective] | None
) -> Course | None:
    series = own[finding.tag]
    objective = objectives_of(own, overrides)[finding.tag]
    rate = learning_rates(own.values()).get(finding.run)
    since = series.find(finding.onset_step, finding.onset_time)
    return course_of(series, objective, own, rate, since)


def with_outlooks(
    findings: Iterable[Finding],
    series: Sequence[ScalarSeries],
    overrides: Mapping[str, Objective] | None,
) -> tuple[Finding, ...]:
    """Adds to each plateau that goes on where it will be: ``outlook`` in its evidence.

    Args:
        findings: The findings.
        series: All series of the runs.
        overrides: As for `open_courses`.
    """
    found = tuple(findings)
    courses = open_courses(found, series, overrides)
    return told_outlooks(found, courses, Siblings(_by_run(series))) if courses else found


def told_outlooks(
    findings: Iterable[Finding], courses: Mapping[Key, Course], siblings: Siblings
) -> tuple[Finding, ...]:
    """The same where the courses of these plateaus are known."""
    return tuple(
        _with_outlook(each, courses[each.run, each.tag], siblings)
        if (each.run, each.tag) in courses and _is_open(each)
        else each
        for each in findings
    )


def _with_outlook(finding: Finding, course: Course, siblings: Siblings) -> Finding:
    found = course.outlook(siblings)
    if found is None:
        return finding
    message = finding.message
    if found.reaches_best is False:
        message += f"; going on like this it will not reach the {found.best_value:.4g} of the run "
        message += f"{found.best_sibling} by step {found.forecast.step:,} ({CONFIDENCE:.0%})"
    return replace(
        finding, message=message, evidence={**finding.evidence, "outlook": found.to_dict()}
    )
