"""Compares runs, log directories, or groups of runs that repeat one another."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tbtools.analysis.configuration import configuration_of
from tbtools.analysis.diff import evidence, points
from tbtools.analysis.diff.payloads import compare_hparams, compare_payloads
from tbtools.analysis.diff.results import Diff, RunDiff, TagDiff
from tbtools.analysis.grouping import group_runs
from tbtools.analysis.objective import objectives_of, require_objectives
from tbtools.errors import InvalidArgument, UnknownRun
from tbtools.eventfile.discover import natural_key
from tbtools.runs.diagnostics import Provenance, require_readable
from tbtools.runs.experiment import Experiment
from tbtools.runs.inputs import Inputs, open_inputs, require_events
from tbtools.runs.levels import mean_level, window_start
from tbtools.runs.numbers import is_number
from tbtools.runs.reading import read_ahead, read_each
from tbtools.runs.run import Run
from tbtools.runs.scalars import read_scalars_of, stream_scalars
from tbtools.runs.selection import Selection, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.diff.results import CurveSide
    from tbtools.analysis.grouping import Grouping, RunGroup
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.series import RunScalars
    from tbtools.vocabulary import Objective

    Floats = NDArray[np.float64]
    Progress = Callable[[int, int], None] | None
    # A run with the name that it goes by.
    _Named = tuple[str, Run]


@dataclass(frozen=True, slots=True)
class _Options:
    selector: Selector
    x: str
    rtol: float
    atol: float
    objectives: Mapping[str, Objective]
    at_steps: tuple[int, ...]


def diff(
    a: RunsLike,
    b: RunsLike | None = None,
    *,
    baseline: str | None = None,
    group: str | Sequence[str] | None = None,
    tags: str | Sequence[str] | None = None,
    exclude_tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    x: str = "step",
    rtol: float = 0.0,
    atol: float = 0.0,
    objectives: Mapping[str, Objective] | None = None,
    at_steps: Iterable[int] = (),
    progress: Progress = None,
) -> Diff:
    """Says what differs, since when, and whether it is more than noise.

    There are three ways to use it:

    - ``diff(a, b)`` compares two runs; of log directories, the runs of the same names.
    - ``diff(logs, baseline="run")`` compares every other run with one.
    - ``diff(logs, group=...)`` compares groups of runs that repeat one another, with the first
      group, or with the one that `baseline` names. Of ``diff(a, b, group=...)``, the runs have the
      paths in front of their names.

    Wall times are not compared, nor graphs.

    Args:
        a: A path, a `Run`, an `Experiment`, or several of them.
        b: With what it is compared.
        baseline: The run, or the group, that others are compared with.
        group: As `tbtools.analysis.grouping.group_runs` reads it.
        tags: Globs; all tags where not given.
        exclude_tags: Globs of tags that are left out.
        steps: First and last step, both included; None for no bound.
        x: Along which axis levels at the end, areas and verdicts are compared: ``step``,
            ``relative`` (seconds since the run's first event), ``active`` (the same without the
            pauses between sessions), ``wall`` (seconds since the epoch), or the tag of another
            scalar. Point by point, runs are compared at their steps.
        rtol: Scalars are the same that differ by no more than `rtol` times the one of a,
        atol: plus this.
        objectives: Which way is better, by glob over tags; their words tell for the others.
        at_steps: Steps of which the values are told, in `CurveSide.at`.
        progress: Called now and then with the bytes that have been read and those of all files.

    Raises:
        InvalidArgument: There is nothing to compare with, or too much, or a tolerance is none, or
            is given for groups, which it means nothing for.
        UnknownRun: There is no such baseline.
        UnknownTag: A glob, also one of the objectives, matches no tag, or a run does not have the
            tag that is the axis.
        NoEventFiles: There is nothing to read under a path, or of one side nothing could be read.

    Examples:
        >>> before, after = "examples/logs/baseline", "examples/logs/resumed"
        >>> tbtools.diff(before, after, tags="val/loss").identical
        True
    """
    _check_tolerances(rtol, atol, group)
    wanted = _whole_steps(at_steps)
    if b is not None and baseline is not None and group is None:
        raise InvalidArgument(
            f"baseline {baseline!r} is of one log directory, or of groups: leave out {_label(b)!r}"
        )
    selection = Selection.of(tags, steps, exclude_tags=exclude_tags)
    inputs = open_inputs([*_listed(a), *_listed(b)] if b is not None and group is not None else a)
    others = Inputs({}, {}) if b is None or group is not None else open_inputs(b)
    directions = configuration_of(inputs).with_objectives(objectives)
    options = _Options(Selector(selection, scalars=False), x, rtol, atol, directions, wanted)
    if group is not None:
        runs = inputs.runs
        grouping = group_runs(runs, group, all_runs=inputs.all_runs)
        found = list(_group_diffs(runs, grouping, baseline, options, progress))
        labels = found[0].a or "", ", ".join(each.b or "" for each in found)
        sides = _members(runs, grouping, labels[0])
    elif b is not None:
        found = list(_paired(inputs.runs, others.runs, options, progress))
        labels = _label(a), _label(b)
        pairs = [(each.a, each.b) for each in found if each.a and each.b]
        sides = (
            {name: inputs.runs[name] for name, _ in pairs},
            {name: others.runs[name] for _, name in pairs},
        )
    elif baseline is not None:
        runs = inputs.runs
        if baseline not in runs:
            raise UnknownRun(baseline, runs)
        sides = {baseline: runs.pop(baseline)}, runs
        if not runs:
            raise InvalidArgument(f"{baseline!r} is the only run: there is nothing to compare with")
        named = [((baseline, sides[0][baseline]), other) for other in runs.items()]
        found = list(_compare_each(named, options, progress))
        labels = baseline, ", ".join(runs)
    else:
        raise InvalidArgument("nothing to compare with: give b, a baseline or a group")
    for side in sides:
        require_readable(side)
    options.selector.require_match()
    if not options.selector.matched and (sides[0] or sides[1]):
        require_events([*sides[0].values(), *sides[1].values()])
    scalars = (tag.tag for run in found for tag in run.tags if tag.plugin == "scalars")
    require_objectives(scalars, objectives)
    return Diff(
        *labels,
        tuple(found),
        x,
        Provenance.of(sides[0] if b is None else inputs.runs, inputs.unreadable),
        Provenance.of(sides[1] if b is None else others.runs, others.unreadable),
    )


def _check_tolerances(rtol: float, atol: float, group: object) -> None:
    for name, given in (("rtol", rtol), ("atol", atol)):
        if not is_number(given) or not 0 <= given < math.inf:
            raise InvalidArgument(f"{name}={given!r} is not finite and at least 0")
        if given and group is not None:
            raise InvalidArgument(
                f"{name}={given!r} is for points, and groups are compared by the levels of runs"
            )


def _whole_steps(given: object) -> tuple[int, ...]:
    several = list(given) if isinstance(given, Iterable) else [given]
    steps = [step for step in several if isinstance(step, int) and not isinstance(step, bool)]
    if len(steps) < len(several):
        raise InvalidArgument(f"at_steps={given!r} are no whole numbers")
    return tuple(steps)


def _members(
    runs: Mapping[str, Run], grouping: Grouping, first: str
) -> tuple[dict[str, Run], dict[str, Run]]:
    """The runs of the group of that name, and those of all others."""
    sides: tuple[dict[str, Run], dict[str, Run]] = {}, {}
    for group in grouping.groups:
        sides[group.name != first].update({name: runs[name] for name in group.runs})
    return sides


def _listed(given: RunsLike) -> list[RunsLike]:
    if isinstance(given, (str, os.PathLike, Run, Mapping)):
        return [given]
    return list(given)


def _label(given: RunsLike) -> str:
    if isinstance(given, Run):
        return given.name
    if isinstance(given, Experiment):
        return given.logdir
    if isinstance(given, (str, os.PathLike)):
        return os.fspath(given)
    if isinstance(given, Mapping):
        return ", ".join(given)
    return ", ".join(_label(one) for one in given)


# -- run by run


def _paired(
    a: Mapping[str, Run], b: Mapping[str, Run], options: _Options, progress: Progress
) -> Iterator[RunDiff]:
    """Runs of the same name; two single runs whatever they are called."""
    if len(a) == len(b) == 1:
        yield from _compare_each(list(zip(a.items(), b.items(), strict=True)), options, progress)
        return
    names = sorted({*a, *b}, key=natural_key)
    twins = [((name, a[name]), (name, b[name])) for name in names if name in a and name in b]
    yield from _compare_each(twins, options, progress)
    lonely = {name: (a if name in a else b)[name] for name in names if (name in a) != (name in b)}
    for name, run in read_each(lonely):
        count = _points(run, options.selector)
        if name in a:
            yield RunDiff(name, None, points_a=count)
        else:
            yield RunDiff(None, name, points_b=count)


def _compare_each(
    pairs: Sequence[tuple[_Named, _Named]], options: _Options, progress: Progress
) -> Iterator[RunDiff]:
    """Compares pair by pair, while the next runs are being read on all cores.

    What was read for this is let go after a run's last pair: memory does not grow with their
    number.
    """
    runs = {id(run): run for pair in pairs for _, run in pair}
    unread = {key for key, run in runs.items() if not run.data.is_read}
    last_pair = {id(run): number for number, pair in enumerate(pairs) for _, run in pair}
    reader = read_ahead(list(runs.values()), progress)
    read: set[int] = set()
    for number, (a, b) in enumerate(pairs):
        own = {id(a[1]), id(b[1])}
        while not own <= read:
            read.add(id(next(reader)))
        yield _compare(a[1], b[1], a[0], b[0], options)
        for key in own & unread:
            if last_pair[key] == number:
                runs[key].data.release()


def _compare(a: Run, b: Run, name_a: str, name_b: str, options: _Options) -> RunDiff:
    left, right = (read_scalars_of(run, options.selector, options.x) for run in (a, b))
    tags = sorted({*left.series, *right.series}, key=natural_key)
    objectives = objectives_of({*left.all_tags, *right.all_tags}, options.objectives)
    scalars = [_compare_scalars(tag, left, right, objectives[tag], options) for tag in tags]
    others, text, unread = compare_payloads(a, b, options.selector.selection)
    hparams, undecodable = ((), ()) if options.selector.selection.tags else compare_hparams(a, b)
    return RunDiff(
        a=name_a,
        b=name_b,
        tags=tuple(sorted([*scalars, *others], key=lambda each: natural_key(each.tag))),
        hparams=hparams,
        text=tuple(text),
        not_compared=(*unread, *undecodable),
        points_a=_points(a, options.selector),
        points_b=_points(b, options.selector),
    )


def _points(run: Run, selector: Selector) -> int:
    return sum(each.count for part in run.data.parts for each in selector.choose(part)[1])


def _compare_scalars(
    tag: str, run_a: RunScalars, run_b: RunScalars, objective: Objective, options: _Options
) -> TagDiff:
    a, b = (_placed(run, tag, options.x) for run in (run_a, run_b))
    compared_tag = TagDiff(
        tag=tag,
        plugin="scalars",
        identical=False,
        only_in="b" if a is None else "a" if b is None else None,
        objective=objective,
        count_a=0 if a is None else a.x.size,
        count_b=0 if b is None else b.x.size,
        a=_described(a, b, objective, run_a, options),
        b=_described(b, a, objective, run_b, options),
    )
    if a is None or b is None:
        return compared_tag
    compared = points.compare_points(a, b, options.rtol, options.atol)
    whole = compared.common_steps == compared_tag.count_a == compared_tag.count_b
    left, right = _ends(a, b, options.x)
    return replace(
        compared_tag,
        identical=whole and not compared.differing,
        level_a=mean_level(left),
        level_b=mean_level(right),
        **points.span([a], [b], options.x),
        points=compared,
        evidence=evidence.against_noise(left, right, objective),
    )


def _described(
    side: points.Placed | None,
    other: points.Placed | None,
    objective: Objective,
    run: RunScalars,
    options: _Options,
) -> CurveSide | None:
    if side is None:
        return None
    return points.describe(side, other, objective, run.start_time, options.at_steps)


def _placed(run: RunScalars, tag: str, x: str) -> points.Placed | None:
    curve = run.series.get(tag)
    return None if curve is None else points.Placed(curve, run.places(tag, x))


def _ends(a: points.Placed, b: points.Placed, x: str) -> tuple[Floats, Floats]:
    """The values of both curves over the last quarter of their common points."""
    left, right = (np.empty(0),) * 2
    if x == "step":
        at_a, at_b = points.twins(a.curve.step, b.curve.step)
        left, right = a.curve.value[at_a], b.curve.value[at_b]
    if 2 * left.size < min(a.x.size, b.x.size):
        # Hardly a point in common: compared on the lines between the points.
        _, left, right = points.aligned_pair(a, b)
    first = window_start(left.size)
    return left[first:], right[first:]


# -- group by group


def _group_diffs(
    runs: Mapping[str, Run],
    grouping: Grouping,
    baseline: str | None,
    options: _Options,
    progress: Progress,
) -> Iterator[RunDiff]:
    first = grouping.groups[0] if baseline is None else grouping.named(baseline)
    others = [group for group in grouping.groups if group.name != first.name]
    if not others:
        raise InvalidArgument(f"{first.name!r} is the only group: there is nothing to compare with")
    members = {name: runs[name] for group in grouping.groups for name in group.runs}
    curves = {
        each.run: each for each in stream_scalars(members, options.selector, options.x, progress)
    }
    for other in others:
        yield _compare_groups(first, other, curves, options)


def _compare_groups(
    a: RunGroup, b: RunGroup, curves: Mapping[str, RunScalars], options: _Options
) -> RunDiff:
    sides = [[curves[name] for name in group.runs] for group in (a, b)]
    tags = sorted({tag for side in sides for run in side for tag in run.series}, key=natural_key)
    every = {tag for side in sides for run in side for tag in run.all_tags}
    objectives = objectives_of(every, options.objectives)
    found = []
    for tag in tags:
        left, right = ([run.series[tag] for run in side if tag in run.series] for side in sides)
        lines = [_lines(side, tag, options.x) for side in sides]
        levels_a, levels_b = points.levels(lines[0], lines[1])
        alone = not levels_a or not levels_b
        found.append(
            TagDiff(
                tag=tag,
                plugin="scalars",
                identical=not alone and sorted(levels_a) == sorted(levels_b),
                only_in="b" if not left else "a" if not right else None,
                objective=objectives[tag],
                count_a=sum(curve.step.size for curve in left),
                count_b=sum(curve.step.size for curve in right),
                level_a=mean_level(np.array(levels_a)),
                level_b=mean_level(np.array(levels_b)),
                **points.span(lines[0], lines[1], options.x),
                evidence=(
                    None if alone else evidence.across_runs(levels_a, levels_b, objectives[tag])
                ),
            )
        )
    counts = sum(each.count_a for each in found), sum(each.count_b for each in found)
    return RunDiff(a.name, b.name, tuple(found), points_a=counts[0], points_b=counts[1])


def _lines(runs: Sequence[RunScalars], tag: str, x: str) -> list[points.Placed]:
    """The curves of a tag, of those runs of which something is known on the axis."""
    placed = [_placed(run, tag, x) for run in runs]
    return [each for each in placed if each is not None and np.isfinite(each.x).any()]
