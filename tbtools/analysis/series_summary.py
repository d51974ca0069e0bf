"""A series at a glance: its numbers and a sparkline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tbtools.runs.numbers import json_number
from tbtools.runs.statistics import scalar_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def series_summaries(
    part: Part, chosen: Sequence[SeriesRows] | None = None
) -> Iterator[SeriesSummary]:
    """The series of a part that have points, in their order; those that are chosen, or all."""
    sparklines = _sparklines(part)
    keys = None if chosen is None else {(part.shown_tag(each.tag), each.plugin) for each in chosen}
    for statistics in part.statistics():
        if keys is not None and (statistics.tag, statistics.plugin) not in keys:
            continue
        is_scalar = statistics.plugin == "scalars"
        yield SeriesSummary(statistics, sparklines.get(statistics.tag, ()) if is_scalar else ())


def _sparklines(part: Part) -> dict[str, tuple[float | None, ...]]:
    """The sparkline of each series of scalars by its shown tag, all in one go."""
    chosen = [series for series in part.columns.scalars() if series.count]
    if not chosen:
        return {}
    rows = scalar_rows(part.columns, chosen)
    value, session = part.columns.rows.value[rows], part.columns.timeline.session_of(rows)
    means = stretch_means(value, session, [series.count for series in chosen], SPARKLINE_BINS)
    return {part.shown_tag(series.tag): cells for series, cells in zip(chosen, means, strict=True)}


def stretch_means(
    value: NDArray[np.float64], session: NDArray[np.int64], counts: Sequence[int], bins_each: int
) -> list[tuple[float | None, ...]]:
    """Series as few numbers: the means of the finite values in stretches of equally many points.

    Where sessions write side by side, as ranks do, each counts in a stretch by its share of the
    series: that one has a point more here and another one there makes no zigzag of a smooth curve.

    Args:
        value: The values of the series, one series behind the other.
        session: The number of the session that wrote each.
        counts: How many points each has, at least one.
        bins_each: How many stretches; a series of fewer points has one a point.

    Returns:
        The means of each series; None for a stretch without a finite one.
    """
    sizes = np.array(counts)
    bins = np.minimum(sizes, bins_each)
    firsts = np.repeat(np.cumsum(sizes) - sizes, bins)
    number = np.arange(bins.sum()) - np.repeat(np.cumsum(bins) - bins, bins)
    edges = firsts + number * np.repeat(sizes, bins) // np.repeat(bins, bins)
    finite = np.isfinite(value)
    weight = finite * _weights(finite, session, sizes, edges)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduceat(np.where(finite, value, 0.0) * weight, edges)
        many = np.add.reduceat(weight, edges)
        means = np.divide(total, many, out=np.full(total.size, np.nan), where=many > 0)
    cells: list[float | None] = means.tolist()
    for empty in np.flatnonzero(~np.isfinite(means)).tolist():
        cells[empty] = None
    ends = np.cumsum(bins).tolist()
    return [tuple(cells[end - size : end]) for end, size in zip(ends, bins.tolist(), strict=True)]


def _weights(
    finite: NDArray[np.bool_],
    session: NDArray[np.int64],
    sizes: NDArray[np.int64],
    edges: NDArray[np.int64],
) -> NDArray[np.float64]:
    """How much each point counts in its stretch: 1 where sessions follow each other."""
    weight = np.ones(session.size)
    if (session == session[0]).all():
        return weight
    series = np.repeat(np.arange(sizes.size), sizes)
    writer = series * (session.max() + 1) + session
    changes = np.flatnonzero(np.diff(writer, prepend=-1))
    once = np.unique(writer[changes], return_index=True)[1]
    turns = np.bincount(series[changes]) - np.bincount(series[changes[once]])
    if turns.any():
        here = np.flatnonzero((turns > 0)[series])
        _, writers, share = np.unique(writer[here], return_inverse=True, return_counts=True)
        stretch = np.searchsorted(edges, here, side="right")
        _, pair = np.unique(stretch * share.size + writers, return_inverse=True)
        many = np.maximum(np.bincount(pair, finite[here]), 1)
        weight[here] = (share / share.max())[writers] / many[pair]
    return weight


def objective_summary(
    series: Sequence[SeriesSummary], tag: str, direction: Objective
) -> ObjectiveSummary:
    """The objective of a run in numbers.

    Args:
        series: The series of the run; one of them is a scalar with the tag.
        tag: The tag by which the run is judged, as `rank_objectives` chooses it.
        direction: Which way is better.
    """
    chosen = next(each for each in series if each.statistics.tag == tag and each.statistics.dtype)
    numbers = chosen.statistics
    down = direction == "min"
    return ObjectiveSummary(
        tag=tag,
        direction=direction,
        last=numbers.last,
        best=numbers.min if down else numbers.max,
        best_step=numbers.min_step if down else numbers.max_step,
        dtype=numbers.dtype,
        sparkline=chosen.sparkline,
    )
