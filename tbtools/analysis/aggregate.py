"""Curves of runs that repeat one another, such as seeds, made into one with its spread."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from tbtools.analysis.align import INTERPOLATED, MISSING, align, check_alignment
from tbtools.analysis.ensemble import (
    DEFAULT_STATISTICS,
    Bootstrap,
    Ensemble,
    check_statistics,
)
from tbtools.analysis.grouping import RunGroup, group_runs
from tbtools.errors import InvalidArgument, NonfiniteValue
from tbtools.eventfile.discover import natural_key
from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.runs.inputs import open_inputs, require_points
from tbtools.runs.selection import Selection, Selector, as_globs
from tbtools.runs.series import last_of_each, stream_scalars
from tbtools.showing import Shown, Tabled
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.analysis.align import Alignment, Axis
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run
    from tbtools.runs.series import RunScalars, ScalarSeries

    Floats: TypeAlias = NDArray[np.float64]

# Tags with a few points each cost by the call, not by the point; with many they cost memory.
_VALUES_AT_ONCE = 100_000

NonfinitePolicy = Literal["poison", "drop", "fail"]
NONFINITE_POLICIES: tuple[NonfinitePolicy, ...] = get_args(NonfinitePolicy)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring points with the same number of runs behind them.

    Attributes:
        first: x of the first.
        last: x of the last.
        points: How many.
        runs: How many runs are behind each.
    """

    first: float
    last: float
    points: int
    runs: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AggregatedSeries:
    """One tag of one group.

    Attributes:
        group: The group's name.
        tag: The tag.
        members: The runs of the group that have the tag.
        dtype: How their values are stored (``float32``); ``mixed`` for several ways.
        x: int64 or float64, shape (m,), strictly increasing.
        wall_time: float64, shape (m,): when the first run started, plus the mean over the runs
            behind the point of how long they had been at it; seconds since the epoch.
        runs: int64, shape (m,): how many runs are behind each point.
        interpolated: int64, shape (m,): of how many of them the value was not logged there, but
            lies on the line between two that were.
        nonfinite: int64, shape (m,): how many runs have NaN or infinity there, whether these count
            or not.
        statistics: Name to float64, shape (m,).
        repeated: Points left out because their run has a later one at the same x.
        unplaced: Points left out because their x is not known.
        too_few: Points of the axis left out because fewer runs are behind them than were asked for.
    """

    group: str
    tag: str
    members: tuple[str, ...]
    dtype: str
    x: Axis
    wall_time: Floats
    runs: NDArray[np.int64]
    interpolated: NDArray[np.int64]
    nonfinite: NDArray[np.int64]
    statistics: Mapping[str, Floats]
    repeated: int
    unplaced: int
    too_few: int

    def __repr__(self) -> str:
        """Its name and size, on one line."""
        name = f"{self.group}/{self.tag}"
        size = f"{plural(len(self.members), 'run')}, {plural(self.x.size, 'point')}"
        return f"<AggregatedSeries {name!r}: {size}>"

    def stretches(self) -> list[Stretch]:
        """Where the number of runs behind the points changes."""
        if not self.x.size:
            return []
        firsts = np.append(0, np.flatnonzero(np.diff(self.runs)) + 1)
        ends = np.append(firsts[1:], self.x.size)
        return [
            Stretch(
                self.x[first].item(), self.x[end - 1].item(), end - first, int(self.runs[first])
            )
            for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the points themselves."""
        stretches = self.stretches()
        return {
            "group": self.group,
            "tag": self.tag,
            "runs": list(self.members),
            "points": int(self.x.size),
            "first_x": stretches[0].first if stretches else None,
            "last_x": stretches[-1].last if stretches else None,
            "run_counts": [
                {"first_x": each.first, "last_x": each.last, "runs": each.runs}
                for each in stretches
            ],
            "interpolated": int(self.interpolated.sum()),
            "nonfinite": int(self.nonfinite.sum()),
            "repeated": self.repeated,
            "unplaced": self.unplaced,
            "too_few": self.too_few,
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Aggregate(HasProvenance, Tabled, Shown):
    """Groups of runs, each tag as one curve a statistic.

    Attributes:
        x: The axis: ``step``, ``relative``, ``wall`` or a tag.
        groups: The groups.
        left_out: Runs that are in no group.
        read_paths: The directories and event files that were read for them.
        series: Group by group, tags in natural order.
        provenance: What should be known of the runs that are in a group.
    """

    x: str
    groups: tuple[RunGroup, ...]
    left_out: tuple[str, ...]
    read_paths: tuple[str, ...]
    series: tuple[AggregatedSeries, ...]
    provenance: Provenance = field(default_factory=Provenance)

    def __repr__(self) -> str:
        """How much there is, on one line."""
        runs = sum(len(group.runs) for group in self.groups)
        size = f"{plural(runs, 'run')}, {plural(len(self.groups), 'group')}"
        return f"<Aggregate along {self.x!r}: {size}, {plural(len(self.series), 'series')}>"

    @property
    def axis_column(self) -> str:
        """What the axis is called in tables: its own name, if no other column has it."""
        names = self.series[0].statistics if self.series else ()
        taken = {"group", "tag", "runs", "interpolated", "nonfinite", *names}
        return "x" if self.x in taken else self.x

    def to_frame(self) -> pd.DataFrame:
        """One row a point.

        Returns:
            group and tag (categorical), the axis (see `axis_column`), runs, interpolated, nonfinite
            (how many runs: behind the point, of them not logged there, not finite there), the
            statistics, and wall_time. `attrs` holds superseded, problems and notes.
        """
        import pandas as pd

        series = self.series
        counts = [each.x.size for each in series]
        groups = [group.name for group in self.groups]
        tags = list(dict.fromkeys(each.tag for each in series))

        def repeated(names: list[str], own: list[str]) -> pd.Categorical[Any]:
            codes = np.array([names.index(name) for name in own], np.int32)
            return pd.Categorical.from_codes(
                np.repeat(codes, counts), dtype=pd.CategoricalDtype(names)
            )

        columns: dict[str, Any] = {
            "group": repeated(groups, [each.group for each in series]),
            "tag": repeated(tags, [each.tag for each in series]),
        }
        names = list(series[0].statistics) if series else []
        times = np.concatenate([each.wall_time for each in series] or [np.empty(0)])
        columns[self.axis_column] = np.concatenate(
            [each.x for each in series] or [np.empty(0, np.int64)]
        )
        for name in ("runs", "interpolated", "nonfinite"):
            columns[name] = np.concatenate(
                [getattr(each, name) for each in series] or [np.empty(0, np.int64)]
            )
        for name in names:
            columns[name] = np.concatenate([each.statistics[name] for each in series])
        columns.setdefault("wall_time", times)
        frame = pd.DataFrame(columns, copy=False)
        frame.attrs |= self.provenance.to_dict()
        return frame

    def to_dict(self) -> dict[str, Any]:
        """What was put together, without the points."""
        return {
            "x": self.x,
            "groups": [{"group": each.name, "runs": list(each.runs)} for each in self.groups],
            "left_out": list(self.left_out),
            "tags": [each.to_dict() for each in self.series],
            **self.provenance.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class _Plan:
    selector: Selector
    x: str
    align: Alignment
    statistics: tuple[str, ...]
    nonfinite: NonfinitePolicy
    min_runs: int | None
    bootstrap: Bootstrap


def aggregate(
    runs: RunsLike,
    *,
    group: str | Sequence[str] | None = None,
    tags: str | Sequence[str] | None = None,
    exclude_tags: str | Sequence[str] | None = None,
    steps: Steps = None,
    x: str = "step",
    align: Alignment | None = None,
    statistics: Sequence[str] = DEFAULT_STATISTICS,
    nonfinite: NonfinitePolicy = "poison",
    min_runs: int | None = None,
    bootstrap: Bootstrap | None = None,
) -> Aggregate:
    """Makes one curve with its spread of the curves of repeated runs.

    Args:
        runs: A path, a `Run`, an `Experiment`, or several of them.
        group: Which runs repeat one another, as `tbtools.analysis.grouping.group_runs` reads it;
            all of them where not given.
        tags: Globs; all tags where not given.
        exclude_tags: Globs of tags that are left out.
        steps: First and last step, both included; None for no bound.
        x: ``step``, ``relative`` (seconds since the run's first event), ``wall`` (seconds since the
            epoch), or the tag of another scalar.
        align: How points at different x are brought together: ``exact`` takes each x that any run
            has, and the runs that have a point there; ``interpolate`` takes the same x, and
            straight lines between the points of a run; a number takes its multiples, and straight
            lines. No run counts beyond its ends. By default ``exact`` for steps, else
            ``interpolate``.
        statistics: mean, std, stderr, median, min, max, iqm (interquartile mean), quantiles such as
            q25, and mean_ci, median_ci, iqm_ci, each of which gives two columns (mean_low,
            mean_high).
        nonfinite: What a NaN or an infinity does: ``poison`` lets it count, so that a NaN makes the
            statistics of its point NaN; ``drop`` leaves the run out there; ``fail`` raises.
        min_runs: Points with fewer runs behind them are left out, and counted.
        bootstrap: How intervals are made: level, resamples, seed.

    Raises:
        InvalidArgument: Something of this makes no sense.
        NonfiniteValue: There is one, and `nonfinite` is ``fail``.
        UnknownTag: A glob matches no tag, or a run does not have the tag that is the axis.
        NoEventFiles: There is nothing to read under a path, or not one event could be read.
    """
    if nonfinite not in NONFINITE_POLICIES:
        known = ", ".join(NONFINITE_POLICIES)
        raise InvalidArgument(f"nonfinite={nonfinite!r} is none of {known}")
    names = as_globs(statistics or ())
    check_statistics(names)
    _check_min_runs(min_runs)
    how: Alignment = align if align is not None else "exact" if x == "step" else "interpolate"
    check_alignment(how)
    plan = _Plan(
        selector=Selector(Selection.of(tags, steps, exclude_tags=exclude_tags)),
        x=x,
        align=how,
        statistics=names,
        nonfinite=nonfinite,
        min_runs=min_runs,
        bootstrap=bootstrap or Bootstrap(),
    )
    inputs = open_inputs(runs)
    known_runs = inputs.runs
    grouping = group_runs(known_runs, group)
    series = tuple(
        one for each in grouping.groups for one in _aggregate_group(each, known_runs, plan)
    )
    members = {name: known_runs[name] for each in grouping.groups for name in each.runs}
    require_points(members.values(), plan.selector)
    _require_enough(series, min_runs)
    read_paths = tuple(dict.fromkeys(run.data.read_path for run in members.values()))
    provenance = Provenance.of(members, inputs.unreadable)
    return Aggregate(x, grouping.groups, grouping.left_out, read_paths, series, provenance)


def _check_min_runs(min_runs: int | None) -> None:
    if min_runs is None:
        return
    given: object = min_runs
    is_whole = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
    if not is_whole or min_runs < 1:
        raise InvalidArgument(f"min_runs={min_runs!r} is not a whole number of at least 1")


def _require_enough(series: Sequence[AggregatedSeries], min_runs: int | None) -> None:
    """Refuses a result of which `min_runs` has left nothing."""
    if min_runs is not None and not any(each.x.size for each in series):
        most = max((len(each.members) for each in series), default=0)
        raise InvalidArgument(
            f"min_runs={min_runs}: no point has so many runs behind it; a tag has {most} at most"
        )


def _aggregate_group(
    group: RunGroup, runs: Mapping[str, Run], plan: _Plan
) -> Iterator[AggregatedSeries]:
    chosen = {name: runs[name] for name in group.runs}
    members = {each.run: each for each in stream_scalars(chosen, plan.selector, plan.x)}
    tags = sorted({tag for member in members.values() for tag in member.series}, key=natural_key)

    def places(tag: str) -> list[tuple[str, bytes]]:
        return [
            (name, member.places(tag, plan.x).tobytes())
            for name, member in members.items()
            if tag in member.series
        ]

    for where, alike in groupby(tags, places):
        with_tags = {name: members[name] for name, _ in where}
        most = max(1, _VALUES_AT_ONCE // max(1, sum(len(each) // 8 for _, each in where)))
        while some := list(islice(alike, most)):
            yield from _aggregate_tags(group.name, some, with_tags, plan)


def _aggregate_tags(
    group: str, tags: Sequence[str], members: Mapping[str, RunScalars], plan: _Plan
) -> Iterator[AggregatedSeries]:
    """Aggregates tags of the same runs whose points lie at the same places: all at once."""
    places, values, elapsed = [], [], []
    repeated = unplaced = 0
    for name, member in members.items():
        curves = [member.series[tag] for tag in tags]
        x = member.places(tags[0], plan.x)
        if plan.nonfinite == "fail":
            _require_finite(name, curves)
        taken = last_of_each(x)
        known = int(np.isfinite(x).sum())
        unplaced += x.size - known
        repeated += known - taken.size
        places.append(x[taken])
        values.append(np.array([curve.value for curve in curves])[:, taken])
        times = np.array([curve.wall_time for curve in curves])[:, taken]
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
        enough &= ensemble.count >= plan.min_runs
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


def _require_finite(run: str, curves: Sequence[ScalarSeries]) -> None:
    for curve in curves:
        wrong = np.flatnonzero(~np.isfinite(curve.value))
        if wrong.size:
            at = int(wrong[0])
            raise NonfiniteValue(run, curve.tag, int(curve.step[at]), float(curve.value[at]))


def _mean_where(values: Floats, present: NDArray[np.bool_]) -> Floats:
    count = np.maximum(present.sum(axis=0), 1)
    mean: Floats = np.where(present, values, 0.0).sum(axis=0) / count
    return mean
