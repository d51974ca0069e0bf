"""Runs that differ only in their seed, as mean and band."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.analysis.aggregate import aggregate
from tbtools.analysis.grouping import group_runs
from tbtools.render.format import plural
from tbtools.render.report.series import begins_of, breaks_of, encoded_breaks, encoded_buckets
from tbtools.render.thinning import bucketed
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tbtools.analysis.aggregated import AggregatedSeries
    from tbtools.render.report.columns import Columns
    from tbtools.runs.parts import Steps
    from tbtools.runs.run import Run

# ``seed_3``, ``seed=3``, ``s3``, as a part of a name by itself.
_SEED = re.compile(r"(?i)(?<![a-z0-9])(?:seed|rng|s)[-_=]?\d+(?![a-z0-9])")
_EDGES = re.compile(r"(?<=/)[-_.,/]+|[-_.,]+(?=/)|^[-_.,/]+|[-_.,/]+$")


def seeds_by_name(names: Sequence[str]) -> dict[str, list[str]]:
    """Names that are the same but for a seed in them, two or more, by what they have in common."""
    groups: dict[str, list[str]] = {}
    for name in names:
        rest = _EDGES.sub("", _SEED.sub("", name))
        if _SEED.search(name):
            groups.setdefault(rest or "seeds", []).append(name)
    return {label: found for label, found in groups.items() if len(found) > 1}


@dataclass(frozen=True, slots=True)
class Groups:
    """Runs that repeat one another, and the mean and the spread of each of their series.

    Attributes:
        members: The names of the runs of each group, by its name.
        series: The series of all groups, with ``mean`` and ``std``.
    """

    members: dict[str, list[str]]
    series: list[AggregatedSeries]

    def means(self) -> list[ScalarSeries]:
        """The means as series of runs that are called like the groups."""
        return [
            ScalarSeries.from_arrays(each.group, each.tag, each.x, each.statistics["mean"])
            for each in self.series
        ]


def grouped_series(
    runs: Mapping[str, Run],
    drawn: Mapping[str, Collection[str]],
    group: str | Sequence[str] | None,
    all_runs: Mapping[str, Run],
    steps: Steps,
) -> Groups:
    """Finds groups and aggregates their series.

    Args:
        runs: The runs by name.
        drawn: The tags of the series of the page, by run.
        group: Which runs repeat one another; by default those whose names differ only in a seed.
        all_runs: As for `group_runs`.
        steps: First and last step, both included; None for no bound.
    """
    if group is None:
        members = seeds_by_name(list(runs))
    else:
        found = group_runs(runs, group, all_runs=all_runs).groups
        members = {each.name: list(each.runs) for each in found}
    series = [
        replace(each, group=name)
        for name, names in members.items()
        if (tags := list(dict.fromkeys(tag for run in names for tag in drawn[run])))
        for each in aggregate(
            [runs[run] for run in names],
            tags=tags,
            steps=steps,
            statistics=("mean", "std"),
            nonfinite="drop",
        ).series
        if each.x.size
    ]
    return Groups(members, series)


def encoded_groups(
    groups: Groups, runs: Mapping[str, Run], columns: Columns, points: int
) -> dict[str, Any]:
    """Groups as the page has them.

    Args:
        groups: The groups.
        runs: The runs by name.
        columns: Where the arrays go.
        points: How many points a series may have, about.

    Returns:
        ``groups`` (name, numbers of their runs, and how many) and ``group_series``: group and tag
        as in ``groups`` and by name, and numbers of arrays: step, ms, value (the mean), and spread
        (the standard deviation with n - 1).
    """
    number = {name: index for index, name in enumerate(runs)}
    index = {name: place for place, name in enumerate(groups.members)}
    return {
        "groups": [
            {
                "name": name,
                "runs": [number[run] for run in names],
                "text": plural(len(names), "run"),
            }
            for name, names in groups.members.items()
        ],
        "group_series": [
            {"group": index[each.group], "tag": each.tag}
            | _encoded(
                each, _start_time(runs[run] for run in groups.members[each.group]), columns, points
            )
            for each in groups.series
        ],
    }


def _start_time(runs: Iterable[Run]) -> float:
    """Of the first event of all: what `aggregate` counts the wall times of a group from."""
    starts = [run.data.start_time for run in runs]
    return min((start for start in starts if np.isfinite(start)), default=0.0)


def _encoded(
    series: AggregatedSeries, start: float, columns: Columns, points: int
) -> dict[str, Any]:
    mean = series.statistics["mean"]
    # Where one run is left there is no spread to tell of.
    spread = np.nan_to_num(series.statistics["std"])
    seconds = np.nan_to_num(series.wall_time - start)
    breaks = breaks_of(series.x, seconds, np.zeros(len(mean), np.int64), points)
    buckets = bucketed(mean, points, begins=begins_of(breaks))
    seconds = seconds[buckets.first] / 2 + seconds[buckets.last] / 2
    return encoded_buckets(series.x, mean, buckets, columns) | {
        "n": len(mean),
        "start": start,
        "ms": columns.integers(np.rint(seconds * 1000)),
        "spread": columns.rough(buckets.mean(spread)),
        "nonfinite": 0,
        **encoded_breaks(breaks, buckets),
    }
