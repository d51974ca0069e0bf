"""Curves of repeated runs as one, and their spread: what `aggregate` gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tbtools.runs.diagnostics import HasProvenance, Provenance
from tbtools.showing import Shown, Tabled
from tbtools.vocabulary import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from tbtools.analysis.align import Axis
    from tbtools.analysis.grouping import RunGroup

    Floats: TypeAlias = NDArray[np.float64]


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
        dtype: How their values are stored (``float32``); ``mixed`` for several ways; ``float64``
            where means of points at one x count.
        x: int64 or float64, shape (m,), strictly increasing.
        wall_time: float64, shape (m,): when the first run started, plus the mean over the runs
            behind the point of how long they had been at it; seconds since the epoch.
        runs: int64, shape (m,): how many runs are behind each point.
        interpolated: int64, shape (m,): of how many of them the value was not logged there, but
            lies on the line between two that were.
        nonfinite: int64, shape (m,): how many runs have NaN or infinity there, whether these count
            or not.
        statistics: Name to float64, shape (m,).
        repeated: How many points of a run came on top of another one of it at the same x.
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
        unlike: Of groups whose runs do not look like repeats of one another, by name: what else
            they differ in.
        provenance: What should be known of the runs that are in a group.
    """

    x: str
    groups: tuple[RunGroup, ...]
    left_out: tuple[str, ...]
    read_paths: tuple[str, ...]
    series: tuple[AggregatedSeries, ...]
    unlike: Mapping[str, str] = field(default_factory=dict)
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
            "unlike": [{"group": group, "reason": why} for group, why in self.unlike.items()],
            **self.provenance.to_dict(),
        }
