"""What `tbtools plot` draws where it is not every run's points as they are: means, other axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tbtools.analysis.aggregate import aggregate
from tbtools.render.format import plural, printable
from tbtools.runs.series import ScalarSeries
from tbtools.vocabulary import AXES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from tbtools.analysis.aggregated import AggregatedSeries
    from tbtools.runs.inputs import RunsLike
    from tbtools.runs.selection import Selection
    from tbtools.runs.series import RunScalars

    Places = dict[tuple[str, str], NDArray[np.float64]]


class Drawn(NamedTuple):
    """Curves, and what should be said of them.

    Attributes:
        series: The curves.
        places: By run and tag where the points of a curve lie on the axis, shape (n,); of those
            that are not here, the axis tells.
        notes: What is left out.
        runs: How many runs are behind the curves.
    """

    series: list[ScalarSeries]
    places: Places
    notes: list[str]
    runs: int


def lines_of_runs(runs: Iterable[RunScalars], x: str) -> Drawn:
    """Every series by itself; points whose place on another scalar is not known are left out."""
    known = list(runs)
    series: list[ScalarSeries] = []
    places: Places = {}
    left_out = 0
    for run in known:
        for tag, each in run.series.items():
            if x in AXES:
                series.append(each)
                continue
            on_axis = run.places(tag, x).astype(np.float64)
            kept = np.flatnonzero(np.isfinite(on_axis))
            left_out += on_axis.size - kept.size
            if kept.size:
                series.append(each.at(kept))
                places[run.run, tag] = on_axis[kept]
    notes = [f"{plural(left_out, 'point')} left out, where {printable(x)} has no value"]
    return Drawn(series, places, notes if left_out else [], sum(bool(run.series) for run in known))


def lines_of_groups(
    runs: RunsLike, tags: Collection[str], selection: Selection, group: Sequence[str], x: str
) -> Drawn:
    """The mean of each group of runs.

    Args:
        runs: The runs.
        tags: Which tags.
        selection: Which steps.
        group: As for `tbtools.aggregate`.
        x: The axis.

    Raises:
        TbtoolsError: As `tbtools.aggregate`.
    """
    result = aggregate(
        runs, group=group, tags=list(tags), steps=selection.steps, x=x,
        align="interpolate", statistics=("mean",),
    )  # fmt: skip
    shown = [each for each in result.series if each.x.size]
    series = [_mean(each) for each in shown]
    places = {
        (line.run, line.tag): each.x.astype(np.float64)
        for line, each in zip(series, shown, strict=True)
    }
    notes = [
        printable(f"{name}: may not be repeats of one run (--group): {why}")
        for name, why in result.unlike.items()
    ]
    if result.left_out:
        notes.append(f"{plural(len(result.left_out), 'run')} in no group, and not shown")
    return Drawn(series, places, notes, len({run for each in shown for run in each.members}))


def _mean(each: AggregatedSeries) -> ScalarSeries:
    """As a series of a run that is called like the group."""
    name = f"{each.group} ({plural(len(each.members), 'run')})"
    steps = np.arange(each.x.size)
    return ScalarSeries.from_arrays(name, each.tag, steps, each.statistics["mean"], each.wall_time)
