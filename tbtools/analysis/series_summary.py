"""A series at a glance: its numbers and a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np

from tbtools.runs.loops import loops
from tbtools.runs.numbers import json_number
from tbtools.runs.statistics import NUMBERS, dtype_name, measured, statistics_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tbtools.runs.columns import SeriesRows
    from tbtools.runs.parts import Part
    from tbtools.runs.statistics import SeriesStatistics
    from tbtools.vocabulary import Objective

# How many stretches of equal numbers of points a sparkline shows.
SPARKLINE_BINS = 16


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """One series.

    Attributes:
        statistics: Its numbers.
        sparkline: What `stretch_means` makes of it. Empty for what is no scalar.
    """

    statistics: SeriesStatistics
    sparkline: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectiveSummary:
    """The series by which a run is judged at a glance.

    Attributes:
        tag: Its tag.
        direction: ``min`` or ``max``: which way is better.
        last: Its last value; None where it is not finite.
        best: Its best finite value; None where there is none.
        best_step: Where that was reached first.
        dtype: How its values are stored.
        sparkline: As in SeriesSummary.
    """

    tag: str
    direction: str
    last: float | None
    best: float | None
    best_step: int | None
    dtype: str
    sparkline: tuple[float | None, ...]

    def to_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them: None for what is not finite, float32 as meant."""
        return {
            "tag": self.tag,
            "direction": self.direction,
            "last": json_number(self.last, self.dtype),
            "best": json_number(self.best, self.dtype),
            "best_step": self.best_step,
        }


@dataclass(frozen=True, eq=False)
class SeriesBlock:
    """The series of one run or of several, one behind the other.

    What is asked of each of many runs is made of all at once: a small array costs a microsecond.

    Attributes:
        numbers: A row a series, of dtype `tbtools.runs.statistics.NUMBERS`.
        means: float64, shape (series, `SPARKLINE_BINS`): the sparklines; NaN for None.
    """

    numbers: NDArray[np.void]
    means: NDArray[np.float64]

    @cached_property
    def dtypes(self) -> bytes:
        """The dtype of each, a byte a series."""
        return self.numbers["dtype"].tobytes()

    @cached_property
    def counts(self) -> bytes:
        """How many points each has, eight bytes a series."""
        return self.numbers["count"].tobytes()

    @cached_property
    def nonfinite_before(self) -> NDArray[np.int64]:
        """int64 [series + 1]: how many values of those in front of each are NaN or infinite."""
        return np.concatenate([[0], np.cumsum(self.numbers["nonfinite"])])


@dataclass(slots=True, eq=False)
class SeriesTable(Sequence[SeriesSummary]):
    """The series of a run, as arrays: runs have thousands, and few of them are shown.

    Attributes:
        tags: Tag and plugin of each series, as they are shown.
        block: Where their numbers and sparklines are.
        first: The row of the first of them there.
    """

    tags: tuple[tuple[str, str], ...]
    block: SeriesBlock
    first: int = 0

    @property
    def numbers(self) -> NDArray[np.void]:
        """Those of its own series, as `SeriesBlock` has them."""
        return self.block.numbers[self.first : self.first + len(self.tags)]

    @property
    def means(self) -> NDArray[np.float64]:
        """Likewise."""
        return self.block.means[self.first : self.first + len(self.tags)]

    @classmethod
    def of(cls, part: Part, chosen: Sequence[SeriesRows]) -> SeriesTable:
        """Some series of a part, all of which have points."""
        number = part.columns.rows.values.number
        means = np.empty((len(chosen), SPARKLINE_BINS))
        stretches = part.columns.stretches(chosen)
        loops.stretch_means(number, stretches.firsts, stretches.ends, means, stretches.order)
        timeline = part.columns.timeline
        for row, series in zip(means, chosen if timeline.has_overlaps else (), strict=False):
            if not series.scalar:
                continue
            rows = part.columns.of(series)
            bins = min(rows.size, SPARKLINE_BINS)
            value = part.columns.rows.values.numbers(rows)
            turns = _means_of_turns(value, timeline.session_of(rows), bins)
            if turns is not None:
                row[:bins] = turns
        tags = tuple([(part.shown_tag(each.tag), each.plugin) for each in chosen])
        numbers = measured(part.columns, chosen, stretches)
        return cls(_held_once(tags), SeriesBlock(numbers, means))

    @classmethod
    def whole(cls, parts: Sequence[Part]) -> SeriesTable:
        """All series of the parts of a run that have points."""
        return cls.joined(
            [cls.of(part, [each for each in part.columns.series if each.count]) for part in parts]
        )

    @classmethod
    def joined(cls, tables: Sequence[SeriesTable]) -> SeriesTable:
        """Those of the parts of a run, at least one."""
        if len(tables) == 1:
            return tables[0]
        return cls(
            tuple(each for table in tables for each in table.tags),
            _joined_blocks(tables),
        )

    def scalars(self) -> dict[str, int]:
        """The tags of scalars, and how many points each has; runs that are alike share it."""
        first, end = self.first, self.first + len(self.tags)
        return _scalars(
            self.tags, self.block.dtypes[first:end], self.block.counts[8 * first : 8 * end]
        )

    @property
    def nonfinite(self) -> int:
        """How many values of all series are NaN or infinite."""
        before = self.block.nonfinite_before
        return int(before[self.first + len(self.tags)] - before[self.first])

    @property
    def nbytes(self) -> int:
        """The size of the arrays."""
        return int(self.numbers.nbytes + self.means.nbytes)

    def __len__(self) -> int:
        """How many series there are."""
        return len(self.tags)

    @overload
    def __getitem__(self, number: int) -> SeriesSummary: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[SeriesSummary, ...]: ...

    def __getitem__(self, number: int | slice) -> SeriesSummary | tuple[SeriesSummary, ...]:
        """The series of that number, or some of them."""
        if isinstance(number, slice):
            return tuple(self[each] for each in range(len(self))[number])
        return SeriesSummary(self.statistics(number), self.sparkline(number))

    def sparkline(self, number: int) -> tuple[float | None, ...]:
        """The sparkline of the series of that number, as in `SeriesSummary`."""
        row = self.numbers[number]
        bins = min(int(row["count"]), SPARKLINE_BINS) if row["dtype"] else 0
        means = self.means[number, :bins].tolist()
        return tuple([None if mean != mean else mean for mean in means])

    def statistics(self, number: int) -> SeriesStatistics:
        """The numbers of the series of that number."""
        return statistics_of(*self.tags[number], self.numbers[number].item())

    def __reduce__(self) -> tuple[Any, ...]:
        """Of runs that come one after the other from other processes, too, tags are held once."""
        return _restored, (self.tags, self.numbers.tobytes(), self.means.tobytes())


@lru_cache(maxsize=1024)
def _held_once(tags: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tags


@lru_cache(maxsize=1024)
def _scalars(tags: tuple[tuple[str, str], ...], dtypes: bytes, counts: bytes) -> dict[str, int]:
    rows = zip(tags, dtypes, np.frombuffer(counts, np.int64).tolist(), strict=True)
    return {tag: count for (tag, _), dtype, count in rows if dtype}


def _restored(tags: tuple[tuple[str, str], ...], numbers: bytes, means: bytes) -> SeriesTable:
    rows = np.frombuffer(means).reshape(-1, SPARKLINE_BINS)
    return SeriesTable(_held_once(tags), SeriesBlock(np.frombuffer(numbers, NUMBERS), rows))


def share_block(tables: Sequence[SeriesTable]) -> None:
    """Moves what tables hold into one block: two arrays for each run take more than what they hold.

    Args:
        tables: Those of some runs, at least one.
    """
    block, first = _joined_blocks(tables), 0
    for table in tables:
        table.block, table.first = block, first
        first += len(table)


def _joined_blocks(tables: Sequence[SeriesTable]) -> SeriesBlock:
    return SeriesBlock(
        # As bytes: NumPy compares all fields of each with those of the others before it.
        np.concatenate([table.numbers.view(np.uint8) for table in tables]).view(NUMBERS),
        np.concatenate([table.means for table in tables]),
    )


def stretch_means(
    value: NDArray[np.float64], session: NDArray[np.int64], most: int
) -> tuple[float | None, ...]:
    """A series as few numbers: the means of the finite values in stretches of equally many points.

    Where sessions write side by side, as ranks do, each counts in a stretch by its share of the
    series: that one has a point more here and another one there makes no zigzag of a smooth curve.

    Args:
        value: The values of the series, at least one.
        session: The number of the session that wrote each.
        most: How many stretches; a series of fewer points has one a point.

    Returns:
        The means; None for a stretch without a finite value.
    """
    means = _means_of_turns(value, session, min(most, value.size))
    if means is None:
        means = np.empty((1, min(most, value.size)))
        loops.stretch_means(value, np.array([0]), np.array([value.size]), means)
    return tuple(None if mean != mean else mean for mean in means.ravel().tolist())


def _means_of_turns(
    value: NDArray[np.float64], session: NDArray[np.int64], bins: int
) -> NDArray[np.float64] | None:
    """The means where sessions take turns; None where each follows the one before it."""
    changes = np.count_nonzero(session[1:] != session[:-1])
    if not changes:
        return None
    _, writers, share = np.unique(session, return_inverse=True, return_counts=True)
    if share.size == changes + 1:
        return None
    edges = np.arange(bins) * value.size // bins
    stretch = np.repeat(np.arange(bins), np.diff(edges, append=value.size))
    finite = np.isfinite(value)
    pair = stretch * share.size + writers
    many = np.maximum(np.bincount(pair, finite), 1)
    weight = finite * (share / share.max())[writers] / many[pair]
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduceat(np.where(finite, value, 0.0) * weight, edges)
        weights = np.add.reduceat(weight, edges)
        means = np.divide(total, weights, out=np.full(bins, np.nan), where=weights > 0)
    return np.where(np.isfinite(means), means, np.nan)


class _ObjectiveOfTable(ObjectiveSummary):
    """An objective whose sparkline is made when it is asked for: of most runs it never is.

    Args:
        table: The series of the run.
        row: Which of them it is.
        direction: Which way is better.
        numbers: Its numbers, as a row of `NUMBERS` has them.
    """

    __slots__ = ("row", "table")
    table: SeriesTable
    row: int

    def __init__(
        self, table: SeriesTable, row: int, direction: Objective, numbers: tuple[Any, ...]
    ) -> None:
        count, _, _, _, _, dtype, _, last, least, least_step, most, most_step, nonfinite = numbers
        best, best_step = (least, least_step) if direction == "min" else (most, most_step)
        if nonfinite == count:
            best = best_step = None
        tell = object.__setattr__
        tell(self, "tag", table.tags[row][0])
        tell(self, "direction", direction)
        tell(self, "last", last)
        tell(self, "best", best)
        tell(self, "best_step", best_step)
        tell(self, "dtype", dtype_name(dtype))
        tell(self, "table", table)
        tell(self, "row", row)

    @property
    def sparkline(self) -> tuple[float | None, ...]:
        return self.table.sparkline(self.row)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored_objective, (self.table, self.tag, self.direction)


def _restored_objective(*chosen: Any) -> ObjectiveSummary:
    return objective_summaries([chosen])[0]


def objective_summaries(
    chosen: Sequence[tuple[SeriesTable, str, Objective]],
) -> list[ObjectiveSummary]:
    """The objectives of runs in numbers.

    Args:
        chosen: The series of each run; the tag by which the run is judged, as `rank_objectives`
            chooses it, which one of the scalars among them has; which way is better.
    """
    rows: dict[tuple[int, bytes, str], int] = {}  # runs have the same tags, again and again
    placed = [(table, _row_of(table, tag, rows), direction) for table, tag, direction in chosen]
    found: list[ObjectiveSummary] = []
    for block, group in groupby(placed, lambda each: each[0].block):
        of_block = list(group)
        numbers = block.numbers[[table.first + row for table, row, _ in of_block]].tolist()
        found += map(_ObjectiveOfTable, *zip(*of_block, strict=True), numbers)
    return found


def _row_of(table: SeriesTable, tag: str, known: dict[tuple[int, bytes, str], int]) -> int:
    dtypes = table.block.dtypes[table.first : table.first + len(table.tags)]
    key = id(table.tags), dtypes, tag
    if key not in known:
        rows = zip(table.tags, dtypes, strict=True)
        known[key] = next(row for row, ((own, _), dtype) in enumerate(rows) if own == tag and dtype)
    return known[key]


def curves_of(
    objectives: Sequence[ObjectiveSummary],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The sparklines of objectives that `objective_summaries` has made, as arrays.

    Returns:
        float64 [objectives, `SPARKLINE_BINS`], NaN for None; and int64 [objectives]: how many of
        each count.
    """
    means, counts = [np.empty((0, SPARKLINE_BINS))], [np.empty(0, np.int64)]
    of_tables = cast("Sequence[_ObjectiveOfTable]", objectives)
    for block, group in groupby(of_tables, lambda each: each.table.block):
        rows = [each.table.first + each.row for each in group]
        means.append(block.means[rows])
        counts.append(block.numbers["count"][rows])
    return np.concatenate(means), np.minimum(np.concatenate(counts), SPARKLINE_BINS)
