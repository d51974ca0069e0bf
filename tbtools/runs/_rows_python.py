"""The loops over the rows of a run with NumPy: the reference for `_rows.pyx`, and the fallback."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def stable_order(
    numbers: NDArray[Any],
    count: int,
    rank: NDArray[np.int32] | None = None,
    rows: Ints | None = None,
) -> tuple[Ints, Ints]:
    """Rows by their numbers, in linear time, the rows of one number staying in their order.

    Args:
        numbers: Of all rows: integers from 0 to `count` - 1, or indices of `rank`.
        count: How many different ones there can be.
        rank: What stands for each number; the number itself where there is none.
        rows: The rows in question; all of them by default.

    Returns:
        The rows, and for each number where those of it end; both int64.
    """
    own = numbers if rows is None else numbers[rows]
    own = own if rank is None else rank[own]
    order = _argsort(own, count)
    ends = np.cumsum(np.bincount(own, minlength=count))
    return order if rows is None else rows[order], ends


def _argsort(numbers: NDArray[Any], count: int) -> Ints:
    """np.argsort(numbers, kind="stable"), which NumPy does in linear time only up to 16 bits."""
    if count <= 1:
        return np.arange(numbers.size)
    if count <= 1 << 8:
        return np.argsort(numbers.astype(np.uint8, copy=False), kind="stable")
    low = np.argsort(numbers.astype(np.uint16), kind="stable")  # astype keeps the low 16 bits
    if count <= 1 << 16:
        return low
    high = np.argsort((numbers[low] >> 16).astype(np.uint16), kind="stable")
    return low[high]


def spaced_series(rows: Ints, ends: Ints) -> Ints | None:
    """The first row of each series, and how far its rows are from one another.

    Args:
        rows: Those of the first series, then those of the second, and so on.
        ends: Where those of each series end.

    Returns:
        int64, shape (series, 2); 0 where there are not that many rows. None where the rows of any
        series are not all as far from one another.
    """
    spaced = np.zeros((ends.size, 2), np.int64)
    for number, (first, end) in enumerate(pairwise([0, *ends.tolist()])):
        own = rows[first:end]
        if (np.diff(own, 2) != 0).any():
            return None
        spaced[number, : own.size] = [*own[:1], *np.diff(own[:2])]
    return spaced


def spaced_rows(spaced: Ints, ends: Ints) -> Ints:
    """The rows of which `spaced_series` tells.

    Args:
        spaced: What it has returned.
        ends: Where those of each series end.
    """
    counts = np.diff(ends, prepend=0)
    first_row, spacing = np.repeat(spaced, counts, axis=0).T
    place = np.arange(first_row.size) - np.repeat(ends - counts, counts)
    rows: Ints = first_row + spacing * place
    return rows


def evenly_spaced(
    numbers: NDArray[Any], count: int, rank: NDArray[np.int32]
) -> tuple[Ints, Ints] | None:
    """What `spaced_series` tells of the order of all rows by their numbers, without that order.

    Args:
        numbers: Of all rows: indices of `rank`.
        count: How many series there are.
        rank: The series of each number.

    Returns:
        The first row of each series, with how far its rows are from one another, and where those of
        each end; None where those of any are not all as far from one another.
    """
    rows, ends = stable_order(numbers, count, rank)
    spaced = spaced_series(rows, ends)
    return None if spaced is None else (spaced, ends)


def take_spaced(column: NDArray[Any], spaced: Ints, ends: Ints, taken: NDArray[Any]) -> None:
    """The rows of which `spaced_series` tells, of one column.

    Args:
        column: int64, float32 or float64.
        spaced: As for `spaced_rows`.
        ends: Likewise.
        taken: Where they go: int64, or float64 for floats.
    """
    taken[:] = column[spaced_rows(spaced, ends)]


def take_rows(column: NDArray[Any], rows: NDArray[Any], taken: NDArray[Any]) -> None:
    """Some rows of a column.

    Args:
        column: int64, float32 or float64.
        rows: int32 or int64, which rows.
        taken: Where they go: int64, or float64 for floats.
    """
    taken[:] = column[rows]


def falls(numbers: NDArray[Any], by: float) -> Ints:
    """The places at which a number is less than the one in front of it by more than `by`."""
    places: Ints = np.flatnonzero(numbers[1:] < numbers[:-1] - by) + 1
    return places


def falls_by_tag(
    numbers: NDArray[Any],
    by: float,
    shape: NDArray[np.int32],
    tag_of_shape: NDArray[np.int32],
    tags: int,
    first_rows: Ints,
) -> Ints:
    """Where a number is less by more than `by` than the finite one before it of the same tag.

    Args:
        numbers: Of all rows, int64, float32 or float64.
        by: By how much.
        shape: Of all rows, an index of the next.
        tag_of_shape: The tag of each shape.
        tags: How many tags there are.
        first_rows: The first row of each session, in order: numbers of two are not compared.

    Returns:
        Shape (2, n), by rows: that of the number before, and that of the lesser one.
    """
    rows = np.flatnonzero(np.isfinite(numbers))
    tag = tag_of_shape[shape[rows]]
    order = _argsort(tag, tags)
    rows, tag = rows[order], tag[order]
    own = numbers[rows]
    at = np.flatnonzero((own[1:] < own[:-1] - by) & (tag[1:] == tag[:-1]))
    pairs = np.array([rows[at], rows[at + 1]])
    session = np.searchsorted(first_rows, pairs, side="right")
    pairs = pairs[:, session[0] == session[1]]
    found: Ints = pairs[:, np.argsort(pairs[1])]
    return found


def counts(
    numbers: NDArray[Any], count: int, rank: NDArray[np.int32], chosen: NDArray[np.uint8]
) -> Ints:
    """How many of the rows that are chosen there are of each number.

    Args:
        numbers: Of all rows: indices of `rank`.
        count: How many different ones there can be.
        rank: What stands for each number.
        chosen: Of all rows; 0 for one that does not count.
    """
    own = rank[numbers[chosen != 0]]
    return np.bincount(own, minlength=count)


def reach(
    step: Ints,
    shape: NDArray[np.int32],
    tag_of_shape: NDArray[np.int32],
    tags: int,
    rows: Ints,
) -> tuple[Ints, Ints]:
    """The lowest and the highest step of each tag in some rows.

    Args:
        step: Of all rows.
        shape: Of all rows, an index of the next.
        tag_of_shape: The tag of each shape.
        tags: How many tags there are.
        rows: The rows in question.

    Returns:
        Both int64; of a tag without rows, the greatest number that there is and the least.
    """
    bounds = np.iinfo(np.int64)
    lowest, highest = np.full(tags, bounds.max), np.full(tags, bounds.min)
    tag, own = tag_of_shape[shape[rows]], step[rows]
    np.minimum.at(lowest, tag, own)
    np.maximum.at(highest, tag, own)
    return lowest, highest


def course(step: Ints, rows: Ints) -> tuple[int, int, int, int]:
    """How the steps of some rows go on.

    Args:
        step: Of all rows.
        rows: At least one row.

    Returns:
        The lowest and the highest step, the least change from one row to the next, and how many
        changes are none of 0; changes are int64, which wrap, and the least of none is 0.
    """
    own = step[rows]
    change = np.diff(own)
    least = int(change.min()) if change.size else 0
    return int(own.min()), int(own.max()), least, int(np.count_nonzero(change))


def holding(starts: Ints, places: Ints) -> Ints:
    """Which of some neighbouring stretches each of some places lies in; -1 in front of the first.

    Args:
        starts: Where the stretches start, in order.
        places: In order, too.
    """
    return np.searchsorted(starts, places, side="right") - 1


def series_keys(
    tag_id: NDArray[np.int32],
    kind: NDArray[np.uint8],
    dtype: NDArray[np.uint8],
    slot_of_kind: NDArray[np.uint8],
    declared: NDArray[np.uint8],
    slots: int,
    by_metadata: int,
    scalars: int,
) -> tuple[NDArray[np.int32], Ints]:
    """Tag and plugin of each shape of rows as one number: the tag's id times `slots`, and the slot.

    Args:
        tag_id: Of each shape of rows.
        kind: Of each shape.
        dtype: Of each shape.
        slot_of_kind: For each of the 256 kinds the slot of its plugin, or `by_metadata`.
        declared: For each tag the slot of the plugin that its metadata declares.
        slots: How many slots there are.
        by_metadata: Stands for the slot that is declared.
        scalars: The slot of the scalars; what is declared so and reads as no number has slot 0.

    Returns:
        The number of each shape, int32, and the numbers that occur, int64, in order.
    """
    slot = slot_of_kind[kind]
    rows = np.flatnonzero(slot == by_metadata)
    if rows.size:
        own = declared[tag_id[rows]]
        own[(own == scalars) & (dtype[rows] == 0)] = 0
        slot[rows] = own
    keys = tag_id * np.int32(slots) + slot
    return keys, np.flatnonzero(np.bincount(keys, minlength=declared.size * slots))


def measure(
    order: Ints,
    firsts: Ints,
    ends: Ints,
    is_scalar: NDArray[np.uint8],
    step: Ints,
    wall_time: Floats,
    number: NDArray[np.floating[Any]],
    shape: NDArray[np.int32],
    dtype: NDArray[np.uint8],
    mixed: int,
    found: NDArray[np.void],
) -> None:
    """The numbers of series.

    Args:
        order: Rows, series after series.
        firsts: Where the rows of each series start in the order.
        ends: Where they end; behind where they start.
        is_scalar: Whether each is one of scalars; of others, values and dtype stay as they are.
        step: Of all rows, as what follows.
        wall_time: Likewise.
        number: Likewise, the values as float32 or float64.
        shape: Likewise, an index of `dtype`.
        dtype: Of each shape.
        mixed: What stands for several dtypes.
        found: Where the numbers go: `statistics.NUMBERS`, all 0. Of a series without a finite value
            min is inf, and max -inf.
    """
    found["count"] = ends - firsts
    found["first_time"], found["last_time"] = wall_time[order[firsts]], wall_time[order[ends - 1]]
    for i in range(firsts.size):
        rows = order[firsts[i] : ends[i]]
        found["first_step"][i], found["last_step"][i] = _range(step[rows])
        if is_scalar[i]:
            value = number[rows].astype(np.float64, copy=False)
            _measure_values(found[i], step[rows], value, dtype[shape[rows]], mixed)


def _range(steps: Ints) -> tuple[int, int]:
    return int(steps.min()), int(steps.max())


def _measure_values(
    found: Any, step: Ints, value: Floats, dtype: NDArray[np.uint8], mixed: int
) -> None:
    finite = np.isfinite(value)
    found["dtype"] = dtype[0] if (dtype == dtype[0]).all() else mixed
    found["first"], found["last"] = value[0], value[-1]
    found["nonfinite"] = value.size - np.count_nonzero(finite)
    for name, pick, default in (("min", np.argmin, np.inf), ("max", np.argmax, -np.inf)):
        known = np.where(finite, value, default)
        found[name] = known[at := int(pick(known))]
        found[f"{name}_step"] = step[at] if finite[at] else 0


def stretch_means(
    value: NDArray[np.floating[Any]],
    firsts: Ints,
    ends: Ints,
    means: Floats,
    order: Ints | None = None,
) -> None:
    """Means of the finite values of series in stretches of equally many points.

    Args:
        value: Of all rows, float32 or float64.
        firsts: Where the rows of each series start in the order.
        ends: Where they end.
        means: Where the means go: shape (series, stretches); NaN where there is no finite value,
            and behind the last stretch of a series with fewer points, which has one a point.
        order: Rows, series after series; as they stand by default.
    """
    means[:] = np.nan
    for number, (first, end) in enumerate(zip(firsts.tolist(), ends.tolist(), strict=True)):
        own = value[first:end] if order is None else value[order[first:end]]
        bins = min(own.size, means.shape[1])
        if not bins:
            continue
        edges = np.arange(bins + 1) * own.size // bins
        stretch = np.repeat(np.arange(bins), np.diff(edges))
        finite = np.isfinite(own)
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.bincount(stretch[finite], own[finite], bins)
            many = np.bincount(stretch[finite], minlength=bins)
            mean = np.divide(total, many, out=np.full(bins, np.nan), where=many > 0)
        means[number, :bins] = np.where(np.isfinite(mean), mean, np.nan)
