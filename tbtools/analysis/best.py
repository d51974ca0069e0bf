"""Which runs are best: by a tag, at a point of it, alone or as groups that repeat one another."""

from __future__ import annotations

import math
import re
import statistics
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.checkpoints import find_checkpoints, nearest
from tbtools.analysis.detect.learning_rate import learning_rates
from tbtools.analysis.forest import forest
from tbtools.analysis.grouping import group_runs
from tbtools.analysis.importance import importances
from tbtools.analysis.judged_runs import siblings_of
from tbtools.analysis.judgement import judge
from tbtools.analysis.level import (
    CURVE_CONFIDENCE,
    RUNS_CONFIDENCE,
    Level,
    is_tied,
    level_across_runs,
)
from tbtools.analysis.main_objective import rank_objectives
from tbtools.analysis.outlook import course_of
from tbtools.analysis.ranked import RankedRun, Ranking
from tbtools.analysis.standing import Counting, Placing, Standing
from tbtools.errors import InvalidArgument, UnknownTag
from tbtools.eventfile.discover import natural_key
from tbtools.runs.diagnostics import Provenance, require_readable
from tbtools.runs.engine import over_runs
from tbtools.runs.inputs import Inputs, open_inputs, require_points
from tbtools.runs.numbers import is_number
from tbtools.runs.plugins.hparams_table import settings_above
from tbtools.runs.scalars import read_scalars_of
from tbtools.runs.selection import Selection, Selector
from tbtools.vocabulary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tbtools.analysis.detect import Finding
    from tbtools.analysis.main_objective import Objectives
    from tbtools.analysis.outlook import Course
    from tbtools.analysis.standing import Counted
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.selection import Globs
    from tbtools.vocabulary import Objective

    Progress = Callable[[int, int], None] | None

# Points of a series beside which one or two, such as of a run that broke off, tell little.
_LONG, _SHORT = 10, 2
_STEP = re.compile(r"step=(-?\d+)")


def best(
    runs: RunsLike | Inputs,
    by: str | None = None,
    *,
    at: str = "end",
    top: int | None = None,
    group: str | Sequence[str] | None = None,
    tags: Globs = None,
    exclude_tags: Globs = None,
    steps: Steps = None,
    objectives: Mapping[str, Objective] | None = None,
    progress: Progress = None,
    judging: Progress = None,
) -> Ranking:
    """Ranks runs, the best first.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        by: The tag by which they are ranked; by default the one that tells most of them, see
            `tbtools.analysis.main_objective`.
        at: ``end``: the level of the last part, so that one lucky value does not win, with its
            uncertainty; ``last``: the last value; ``best``: the best finite one; ``step=N``: the
            last value up to that step, of runs that have come so far.
        top: How many are given; all by default.
        group: Runs that repeat one another, as `tbtools.aggregate` reads it: they are ranked as
            groups, by the means over their runs.
        tags: Names or globs: only these may be ranked by.
        exclude_tags: Those that may not.
        steps: First and last step that count, both included.
        objectives: Which way is better, by glob, as for `detect`.
        progress: As for `Experiment.scan`.
        judging: As for `judge`.

    Raises:
        InvalidArgument: Nothing can be ranked: no tag tells which way is better, or no run has it
            there; or `at` or `top` is none.
        UnknownTag: No run has the tag, or a glob matches none.
        NoEventFiles: There is nothing to read under a path.

    Examples:
        >>> ranking = tbtools.best("examples/logs/sweep", group="hparam:learning_rate")
        >>> [each.run for each in ranking.runs]
        ['learning_rate=0.003', 'learning_rate=0.001']
    """
    step = _check(at, top)
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    inputs = open_inputs(runs)
    judged = judge(inputs, objectives=objectives, progress=progress, judging=judging)
    require_readable(inputs.runs)
    selector = Selector(selection)
    counted: dict[str, Counted] = {}
    for matched, some in over_runs(inputs.runs, Counting(selection), keep=True):
        selector.join(matched)
        counted |= some
    require_points(inputs.runs.values(), selector)
    ranked = rank_objectives(
        {name: one.points for name, one in counted.items()},
        judged.objectives,
        {name: one.all_tags for name, one in counted.items()},
    )
    tag, runner_up = _chosen(by, ranked, counted.values())
    direction = ranked.directions[tag]
    if direction == "none":
        raise InvalidArgument(
            f"which way is better is not known of {tag!r}: objective {tag}=min or {tag}=max says"
        )
    # A step that a run has reached is told by any of its series.
    looked_at = selection if step is not None else replace(selection, tags=(tag,))
    placing = Placing(looked_at, tag, direction, at, step)
    found = {
        name: place
        for part in over_runs(inputs.runs, placing, keep=True)
        for name, place in part.items()
    }
    places = {name: each for name, each in found.items() if isinstance(each, Standing)}
    not_ranked = {name: each for name, each in found.items() if isinstance(each, str)}
    if not places:
        reasons = "; ".join(dict.fromkeys(not_ranked.values()))
        raise InvalidArgument(f"no run can be ranked by {tag!r}: {reasons}")
    if group is None:
        members: dict[str, tuple[str, ...]] = {name: (name,) for name in places}
        levels = {name: place.level for name, place in places.items()}
    else:
        members, levels, left_out = _groups(inputs, places, group)
        not_ranked |= dict.fromkeys(left_out, "in no group")
    fell = _fell(judged.findings, tag, places) if group is None else frozenset()
    order = _in_order(members, levels, direction, fell)
    declared = settings_above({name: inputs.runs[name] for name in places}, inputs.all_runs)
    settings = _settings({name: own.values for name, (_, own) in declared.items()}, places)
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in judged.findings:
        findings[finding.run].append(finding)
    shown = [
        replace(each, hparams=_common(settings, each.runs), findings=_joined(findings, each.runs))
        for each in order[:top]
    ]
    shown = _with_points(shown, {name: place.points for name, place in places.items()})
    if group is None:
        shown = [_with_place(each, places[each.run], inputs.runs[each.run]) for each in shown]
        shown = _with_outlooks(shown, inputs.runs, tag, direction)
    goodness = {run: _goodness(place.level.mean, direction) for run, place in places.items()}
    return Ranking(
        by=tag,
        direction=direction,
        at=at,
        runner_up=runner_up,
        runs=tuple(shown),
        ranked=len(order),
        grouped=group is not None,
        confidence=_confidence(at, grouped=group is not None),
        not_ranked=not_ranked,
        importance=importances(goodness, settings),
        forest=forest(goodness, settings),
        provenance=Provenance.of(
            inputs.runs,
            inputs.unreadable,
            [problem for _, own in declared.values() for problem in own.problems],
        ),
    )


def _confidence(at: str, *, grouped: bool) -> float | None:
    if grouped:
        return RUNS_CONFIDENCE
    return CURVE_CONFIDENCE if at == "end" else None


def _check(at: object, top: object) -> int | None:
    """The step of ``step=N``.

    Raises:
        InvalidArgument: It is no place in a series, or there is no such number of runs.
    """
    if top is not None and not (is_number(top) and top >= 1 and top == int(top)):  # type: ignore[operator, call-overload]
        raise InvalidArgument(f"top={top!r} is no number of runs from 1 on")
    match = _STEP.fullmatch(at) if isinstance(at, str) else None
    if match is None and at not in LEVELS:
        raise InvalidArgument(f"at={at!r} is none of end, last, best, step=N")
    return int(match[1]) if match else None


def _chosen(
    by: str | None, objectives: Objectives, counted: Iterable[Counted]
) -> tuple[str, str | None]:
    """The tag by which runs are ranked, and the one that comes next where none was asked for."""
    if by is not None:
        known = sorted({tag for one in counted for tag in one.points}, key=natural_key)
        if by not in known:  # in a list, for what cannot be hashed is no tag either
            raise UnknownTag(by, known)
        return by, None
    if not objectives.ranked:
        raise InvalidArgument(
            "no tag tells which way is better: name one (--by TAG) and say it (--objective TAG=min)"
        )
    first, *others = objectives.ranked
    return first, others[0] if others else None


def _settings(
    known: Mapping[str, Mapping[str, Any]], places: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """The hyperparameters of the ranked runs that are not the same in all of them."""
    names = dict.fromkeys(name for own in known.values() for name in own)
    varying = [
        name
        for name in names
        if len({repr(known.get(run, {}).get(name, Standing)) for run in places}) > 1
    ]
    return {
        run: {name: known[run][name] for name in varying if name in known.get(run, {})}
        for run in places
    }


def _common(settings: Mapping[str, Mapping[str, Any]], runs: Sequence[str]) -> dict[str, Any]:
    """The hyperparameters that are the same in all of some runs."""
    first, *others = (settings[run] for run in runs)
    return {
        name: value
        for name, value in first.items()
        if all(name in own and repr(own[name]) == repr(value) for own in others)
    }


def _joined(findings: Mapping[str, Sequence[Finding]], runs: Sequence[str]) -> tuple[Finding, ...]:
    return tuple(each for run in runs for each in findings.get(run, ()))


def _groups(
    inputs: Inputs, places: Mapping[str, Standing], group: str | Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, Level], tuple[str, ...]]:
    """The runs and the level of each group of those that have a place, and the runs in none."""
    runs = {name: inputs.runs[name] for name in places}
    grouping = group_runs(runs, group, all_runs=inputs.all_runs)
    members = {each.name: each.runs for each in grouping.groups}
    levels = {
        name: level_across_runs(np.array([places[run].level.mean for run in own]))
        for name, own in members.items()
    }
    return members, levels, grouping.left_out


def _goodness(value: float, direction: Objective) -> float:
    """The greater the better; what is not finite is worst."""
    if not math.isfinite(value):
        return -math.inf
    return value if direction == "max" else -value


def _in_order(
    members: Mapping[str, tuple[str, ...]],
    levels: Mapping[str, Level],
    direction: Objective,
    fell: Collection[str],
) -> list[RankedRun]:
    """Runs or groups with their ranks, intervals, and whether they are tied with the first.

    What became worse while its level was taken has two levels: its interval is as wide as
    these are apart, and a tie with what is sound would be of the one that is no more.
    """
    goodness = {name: _goodness(level.mean, direction) for name, level in levels.items()}
    order = sorted(members, key=lambda name: -goodness[name])
    places = {
        value: place for place, value in reversed(list(enumerate(map(goodness.get, order), 1)))
    }
    return [
        RankedRun(
            rank=places[goodness[name]],
            run=name,
            value=levels[name].mean,
            low=levels[name].low,
            high=levels[name].high,
            tied=_is_tied(name, order[0], levels, fell),
            runs=members[name],
        )
        for name in order
    ]


def _fell(findings: Iterable[Finding], tag: str, places: Mapping[str, Standing]) -> frozenset[str]:
    """The runs that diverged while their level was taken."""
    return frozenset(
        each.run
        for each in findings
        if each.tag == tag
        and each.kind == "divergence"
        and each.is_serious
        and each.run in places
        and each.onset_step > places[each.run].first_step
    )


def _is_tied(
    name: str, first: str, levels: Mapping[str, Level], fell: Collection[str]
) -> bool | None:
    if name == first:
        return None
    if name in fell and first not in fell:
        return False
    return is_tied(levels[first], levels[name])


def _with_points(shown: Sequence[RankedRun], points: Mapping[str, int]) -> list[RankedRun]:
    """With how many points they have; one or two tell little beside long series."""
    are_long = statistics.median(points.values()) >= _LONG
    counted = [replace(each, points=min(points[run] for run in each.runs)) for each in shown]
    return [replace(each, is_short=are_long and each.points <= _SHORT) for each in counted]


def _with_place(each: RankedRun, place: Standing, run: Run) -> RankedRun:
    """With where and when the run had the value, and how it is."""
    checkpoint = error = None
    try:
        checkpoint = nearest(find_checkpoints(run.path), place.step)
    except OSError as refused:
        error = refused.strerror or str(refused)
    return replace(
        each,
        dtype=place.dtype,
        step=place.step,
        wall_time=place.wall_time,
        seconds=place.seconds,
        status=place.status,
        checkpoint=checkpoint,
        checkpoint_error=error,
    )


@dataclass(frozen=True, slots=True)
class _Courses:
    """Says how a tag of runs goes on, for `over_runs`."""

    tag: str
    direction: Objective

    def __call__(self, read: Iterator[tuple[str, Run]]) -> dict[str, Course | None]:
        courses = {}
        for name, run in read:
            own = read_scalars_of(run, name=name).series
            if self.tag in own:  # else what could be read before cannot be read again
                rate = learning_rates(own.values()).get(name)
                courses[name] = course_of(own[self.tag], self.direction, own, rate)
        return courses


def _with_outlooks(
    shown: Sequence[RankedRun], runs: Mapping[str, Run], tag: str, direction: Objective
) -> list[RankedRun]:
    """With where the tag will be of runs that may go on; what went wrong does not go on so."""
    going = {
        each.run: runs[each.run]
        for each in shown
        if each.status != "finished"
        and not any(one.is_serious and one.tag == tag for one in each.findings)
    }
    courses: dict[str, Course | None] = {}
    for part in over_runs(going, _Courses(tag, direction), keep=True):
        courses |= part
    if not any(courses.values()):
        return list(shown)
    siblings = siblings_of(runs, frozenset({(tag, direction)}))
    return [
        replace(each, outlook=course.outlook(siblings))
        if (course := courses.get(each.run))
        else each
        for each in shown
    ]
