"""Curves of runs that repeat one another, such as seeds, made into one with its spread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from tbtools.analysis.aggregated import Aggregate, AggregatedSeries
from tbtools.analysis.align import INTERPOLATED, MISSING, align, check_alignment
from tbtools.analysis.distinct import Distinct, check_repeated
from tbtools.analysis.ensemble import (
    DEFAULT_STATISTICS,
    Bootstrap,
    Ensemble,
    as_bootstrap,
    check_statistics,
)
from tbtools.analysis.grouping import RunGroup, group_runs
from tbtools.analysis.repeats import differences
from tbtools.errors import InvalidArgument, NonfiniteValue, RepeatedPoint, UnequalRuns
from tbtools.eventfile.discover import natural_key
from tbtools.runs.diagnostics import Provenance, require_readable
from tbtools.runs.engine import engine_of, over_runs
from tbtools.runs.inputs import open_inputs, require_points
from tbtools.runs.reading import check_progress
from tbtools.runs.scalars import read_scalars_of, stream_scalars
from tbtools.runs.selection import Selection, Selector, as_globs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.align import Alignment
    from tbtools.runs.inputs import Inputs, RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.series import RunScalars, ScalarSeries
    from tbtools.vocabulary import RepeatedPolicy

    Floats: TypeAlias = NDArray[np.float64]
    Progress = Callable[[int, int], None] | None

# Tags with a few points each cost by the call, not by the point; with many they cost memory.
_VALUES_AT_ONCE = 100_000

NonfinitePolicy = Literal["poison", "drop", "fail"]
NONFINITE_POLICIES: tuple[NonfinitePolicy, ...] = get_args(NonfinitePolicy)


@dataclass(frozen=True, slots=True)
class _Plan:
    selector: Selector
    x: str
    align: Alignment
    statistics: tuple[str, ...]
    nonfinite: NonfinitePolicy
    repeated: RepeatedPolicy
    min_runs: int | Literal["all"] | None
    strict: bool
    bootstrap: Bootstrap


def aggregate(
    runs: RunsLike | Inputs,
    *,
    group: str | Sequence[str] | None = None,
    tags: str | Sequence[str] | None = None,
    exclude_tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    x: str = "step",
    align: Alignment | None = None,
    statistics: Sequence[str] = DEFAULT_STATISTICS,
    nonfinite: NonfinitePolicy = "poison",
    repeated: RepeatedPolicy = "last",
    min_runs: int | Literal["all"] | None = None,
    strict: bool = False,
    bootstrap: Bootstrap | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Aggregate:
    """Makes one curve with its spread of the curves of repeated runs.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        group: Which runs repeat one another, as `tbtools.analysis.grouping.group_runs` reads it;
            all of them where not given.
        tags: Globs; all tags where not given.
        exclude_tags: Globs of tags that are left out.
        steps: First and last step, both included; None for no bound.
        x: ``step``, ``relative`` (seconds since the run's first event), ``active`` (the same
            without the pauses between sessions), ``wall`` (seconds since the epoch), or the tag of
            another scalar.
        align: How points at different x are brought together: ``exact`` takes each x that any run
            has, and the runs that have a point there; ``interpolate`` takes the same x, and
            straight lines between the points of a run; a number takes its multiples, and straight
            lines. No run counts beyond its ends. By default ``exact`` for steps, else
            ``interpolate``.
        statistics: mean, std, stderr, median, min, max, iqm (interquartile mean), var, sum,
            quantiles such as q25, and mean_ci, median_ci, iqm_ci, each of which gives two columns
            (mean_low, mean_high).
        nonfinite: What a NaN or an infinity does: ``poison`` lets it count, so that a NaN makes the
            statistics of its point NaN; ``drop`` leaves the run out there; ``fail`` raises.
        repeated: What counts of several points of a run at one x: the ``last`` written, the
            ``first``, their ``mean``; ``fail`` raises.
        min_runs: Points with fewer runs behind them are left out, and counted; with ``all`` those
            that a run of the group that has the tag lacks.
        strict: Refuses groups whose runs do not all have the same tags at the same x.
        bootstrap: How intervals are made: level, resamples, seed.
        progress: Called now and then with the runs that have been aggregated and those of all.

    Raises:
        InvalidArgument: Something of this makes no sense.
        NonfiniteValue: There is one, and `nonfinite` is ``fail``.
        RepeatedPoint: There is one, and `repeated` is ``fail``.
        UnequalRuns: Runs of a group differ in tags or x, and `strict` is set.
        UnknownTag: A glob matches no tag, or a run does not have the tag that is the axis.
        NoEventFiles: There is nothing to read under a path, or not one event could be read.
        UnsupportedType: `progress` cannot be called, or `bootstrap` is none.

    Examples:
        >>> result = tbtools.aggregate(
        ...     "examples/logs/sweep", group="hparam:learning_rate", tags="val/loss"
        ... )
        >>> result.to_frame()["runs"].tolist()
        [3, 3, 3, 3, 3, 3, 3, 3]
    """
    check_progress(progress)
    if nonfinite not in NONFINITE_POLICIES:
        known = ", ".join(NONFINITE_POLICIES)
        raise InvalidArgument(f"nonfinite={nonfinite!r} is none of {known}")
    names = as_globs(statistics or None)
    check_statistics(names)
    check_repeated(repeated)
    _check_min_runs(min_runs)
    how: Alignment = align if align is not None else "exact" if x == "step" else "interpolate"
    check_alignment(how)
    plan = _Plan(
        selector=Selector(Selection.of(tags, steps, exclude_tags=exclude_tags)),
        x=x,
        align=how,
        statistics=names,
        nonfinite=nonfinite,
        repeated=repeated,
        min_runs=min_runs,
        strict=strict,
        bootstrap=as_bootstrap(bootstrap),
    )
    inputs = open_inputs(runs)
    known_runs = inputs.runs
    grouping = group_runs(known_runs, group, all_runs=inputs.all_runs)
    members = {name: known_runs[name] for each in grouping.groups for name in each.runs}
    if engine_of(members) is None:
        series = _aggregate_here(grouping.groups, members, plan, progress)
    else:
        series = _aggregate_elsewhere(grouping.groups, members, plan, progress)
    require_points(members.values(), plan.selector)
    _require_enough(series, min_runs)
    read_paths = tuple(dict.fromkeys(run.data.read_path for run in members.values()))
    provenance = Provenance.of(members, inputs.unreadable)
    unread = {name for name, run in members.items() if run.data.diagnostics.is_unreadable}
    grouping = grouping.without(unread)
    alike = {each.name: [each.runs] for each in grouping.groups}
    return Aggregate(
        x=x,
        groups=grouping.groups,
        left_out=grouping.left_out,
        read_paths=read_paths,
        series=tuple(series),
        unlike=differences(alike, members, inputs.all_runs),
        provenance=provenance,
    )


def _aggregate_here(
    groups: Sequence[RunGroup], runs: Mapping[str, Run], plan: _Plan, progress: Progress
) -> list[AggregatedSeries]:
    series: list[AggregatedSeries] = []
    done = 0
    for each in groups:
        chosen = {name: runs[name] for name in each.runs}
        members = {one.run: one for one in stream_scalars(chosen, plan.selector, plan.x)}
        for part, some in _aggregate_group(each.name, members, plan):
            series += some
            if progress:
                progress(done + int(part * len(each.runs)), len(runs))
        done += len(each.runs)
    return series


def _aggregate_elsewhere(
    groups: Sequence[RunGroup], runs: Mapping[str, Run], plan: _Plan, progress: Progress
) -> list[AggregatedSeries]:
    """Lets an engine do it, a group by one process."""
    group_of = {name: each.name for each in groups for name in each.runs}
    found: list[AggregatedSeries] = []
    done = 0
    for selector, some, count in over_runs(
        runs, _Aggregating(plan, group_of), together=group_of.__getitem__, portion=_Aggregating.of
    ):
        plan.selector.join(selector)
        found += some
        done += count
        if progress:
            progress(done, len(runs))
    require_readable(runs)
    return found


@dataclass(frozen=True, slots=True)
class _Aggregating:
    """Aggregates whole groups, for `over_runs`."""

    plan: _Plan
    group_of: Mapping[str, str]

    def __call__(
        self, read: Iterator[tuple[str, Run]]
    ) -> tuple[Selector, list[AggregatedSeries], int]:
        selector = Selector(self.plan.selector.selection)
        groups: dict[str, dict[str, RunScalars]] = {}
        for name, run in read:
            members = groups.setdefault(self.group_of[name], {})
            members[name] = read_scalars_of(run, selector, self.plan.x, name)
        series = [
            each
            for group, members in groups.items()
            for _, some in _aggregate_group(group, members, self.plan)
            for each in some
        ]
        return selector, series, sum(map(len, groups.values()))

    def of(self, runs: Collection[str]) -> _Aggregating:
        """The same for some runs."""
        return replace(self, group_of={run: self.group_of[run] for run in runs})


def _check_min_runs(min_runs: int | Literal["all"] | None) -> None:
    if min_runs is None or min_runs == "all":
        return
    given: object = min_runs
    is_whole = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
    if not is_whole or min_runs < 1:
        raise InvalidArgument(
            f"min_runs={min_runs!r} is not a whole number of at least 1, and not 'all'"
        )


def _require_enough(
    series: Sequence[AggregatedSeries], min_runs: int | Literal["all"] | None
) -> None:
    """Refuses a result of which `min_runs` has left nothing."""
    if min_runs is None or any(each.x.size for each in series):
        return
    if min_runs == "all":
        raise InvalidArgument("min_runs='all': no tag has a point that all its runs have")
    most = max((len(each.members) for each in series), default=0)
    raise InvalidArgument(
        f"min_runs={min_runs}: no point has so many runs behind it; a tag has {most} at most"
    )


def _aggregate_group(
    group: str, members: Mapping[str, RunScalars], plan: _Plan
) -> Iterator[tuple[float, list[AggregatedSeries]]]:
    """Some tags after the others, each time with which part of all tags is then done."""
    tags = sorted({tag for member in members.values() for tag in member.series}, key=natural_key)
    if plan.strict:
        _require_equal(group, members, tags, plan.x)

    def places(tag: str) -> list[tuple[str, bytes]]:
        return [
            (name, member.places(tag, plan.x).tobytes())
            for name, member in members.items()
            if tag in member.series
        ]

    done = 0
    for where, alike in groupby(tags, places):
        with_tags = {name: members[name] for name, _ in where}
        most = max(1, _VALUES_AT_ONCE // max(1, sum(len(each) // 8 for _, each in where)))
        while some := list(islice(alike, most)):
            done += len(some)
            yield done / len(tags), list(_aggregate_tags(group, some, with_tags, plan))


def _aggregate_tags(
    group: str, tags: Sequence[str], members: Mapping[str, RunScalars], plan: _Plan
) -> Iterator[AggregatedSeries]:
    """Aggregates tags of the same runs whose points lie at the same places: all at once."""
    places, values, elapsed = [], [], []
    repeated = unplaced = 0
    how = plan.repeated
    for name, member in members.items():
        curves = [member.series[tag] for tag in tags]
        x = member.places(tags[0], plan.x)
        if plan.nonfinite == "fail":
            _require_finite(name, curves)
        points = Distinct.of(x)
        if how == "fail" and points.repeated:
            raise RepeatedPoint(name, tags[0], plan.x, points.first_repeated)
        unplaced += x.size - points.size
        repeated += points.repeated
        places.append(points.x)
        values.append(points.values(np.array([curve.value for curve in curves]), how))
        times = points.values(np.array([curve.wall_time for curve in curves]), how)
        elapsed.append(times - member.start_time)
    aligned = align(places, plan.align)
    value, since = (  # one tag behind the other
        aligned.values(columns).reshape(len(members), -1) for columns in (values, elapsed)
    )
    state = np.tile(aligned.state, len(tags))
    present = state != MISSING
    nonfinite = present & ~np.isfinite(value)
    counted = present & ~nonfinite if plan.nonfinite == "drop" else present
    ensemble = Ensemble(value, counted, plan.bootstrap)
    enough = present.any(axis=0)
    if plan.min_runs is not None:
        enough &= ensemble.count >= (len(members) if plan.min_runs == "all" else plan.min_runs)
    starts = [member.start_time for member in members.values()]
    first_start = min((start for start in starts if np.isfinite(start)), default=np.nan)
    columns = {
        "wall_time": first_start + _mean_where(since, present),
        "runs": ensemble.count,
        "interpolated": ((state == INTERPOLATED) & counted).sum(axis=0, dtype=np.int64),
        "nonfinite": nonfinite.sum(axis=0, dtype=np.int64),
    }
    statistics = ensemble.statistics(plan.statistics)
    names = tuple(members)
    for number, tag in enumerate(tags):
        here = slice(number * aligned.x.size, (number + 1) * aligned.x.size)
        own = enough[here]
        dtypes = {member.series[tag].dtype for member in members.values()}
        if how == "mean" and repeated:
            dtypes = {"float64"}  # what counts was computed, and is stored nowhere
        yield AggregatedSeries(
            group=group,
            tag=tag,
            members=names,
            dtype=dtypes.pop() if len(dtypes) == 1 else "mixed",
            x=aligned.x[own],
            **{name: column[here][own] for name, column in columns.items()},
            statistics={name: column[here][own] for name, column in statistics.items()},
            repeated=repeated,
            unplaced=unplaced,
            too_few=own.size - int(np.count_nonzero(own)),
        )


def _require_equal(
    group: str, members: Mapping[str, RunScalars], tags: Sequence[str], x: str
) -> None:
    """Refuses runs of which one lacks a tag, or a place at which others have it."""
    for tag in tags:
        lacking = [run for run, member in members.items() if tag not in member.series]
        if lacking:
            raise UnequalRuns(f"strict: run {lacking[0]} of group {group} has no {tag}")
        first, *others = members
        for run in others:
            ours, theirs = (Distinct.of(members[each].places(tag, x)).x for each in (first, run))
            differing = np.setxor1d(ours, theirs)
            if differing.size:
                has, lacks = (first, run) if differing[0] in ours else (run, first)
                raise UnequalRuns(
                    f"strict: {tag} has a point at {x} {differing[0]:.15g} in run {has}, "
                    f"and none in run {lacks}"
                )


def _require_finite(run: str, curves: Sequence[ScalarSeries]) -> None:
    for curve in curves:
        wrong = np.flatnonzero(~np.isfinite(curve.value))
        if wrong.size:
            at = int(wrong[0])
            raise NonfiniteValue(run, curve.tag, int(curve.step[at]), float(curve.value[at]))


@np.errstate(over="ignore", invalid="ignore")
def _mean_where(values: Floats, present: NDArray[np.bool_]) -> Floats:
    count = np.maximum(present.sum(axis=0), 1)
    mean: Floats = np.where(present, values, 0.0).sum(axis=0) / count
    return mean
