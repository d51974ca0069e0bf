"""The loops over rows, compiled and with NumPy: the same bits, whatever the rows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbtools.runs import _rows_python
from tbtools.runs.row_order import RowOrder
from tbtools.runs.statistics import MIXED, NUMBERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

compiled = pytest.importorskip("tbtools.runs._rows", reason="built without a compiler")
BOTH = (compiled, _rows_python)

seeds = st.integers(0, 2**32 - 1)
EXTREME = np.array([-(2**63), -(2**62), -1, 0, 1, 5, 2**62, 2**63 - 1])
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 0.1]


def same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def stretches(random: np.random.Generator, size: int) -> list[NDArray[np.int64]]:
    """Where series start and end in so many rows: at least one row each, with gaps between them."""
    bounds = np.unique(random.integers(0, size + 1, 2 * random.integers(1, 6)))
    pairs = bounds[: bounds.size // 2 * 2].reshape(-1, 2)
    return [pairs[:, 0].copy(), pairs[:, 1].copy()]


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(0, 60), st.integers(1, 400))
def test_rows_are_ordered_alike(seed: int, size: int, count: int) -> None:
    random = np.random.default_rng(seed)
    numbers = random.integers(0, count, size).astype(np.int32)
    rank = random.permutation(count).astype(np.int32)
    rows = random.permutation(size)[: random.integers(0, size + 1)].astype(np.int64)
    for given_rank in (None, rank):
        for given_rows in (None, rows):
            ours, theirs = (
                each.stable_order(numbers, count, given_rank, given_rows) for each in BOTH
            )
            assert all(map(same, ours, theirs))
            chosen = np.arange(size) if given_rows is None else given_rows
            key = numbers if given_rank is None else rank[numbers]
            want = sorted(chosen.tolist(), key=lambda row: key[row])
            assert ours[0].tolist() == want
            assert ours[1].tolist() == [sum(key[chosen] <= number) for number in range(count)]


@settings(max_examples=100, deadline=None)
@given(seeds, st.lists(st.integers(0, 5), max_size=5), st.booleans())
def test_rows_spaced_evenly_are_found_alike(seed: int, counts: list[int], bent: bool) -> None:
    random = np.random.default_rng(seed)
    ends = np.cumsum(counts, dtype=np.int64)
    starts_and_spacings = random.integers(0, 2**40, (len(counts), 2)).tolist()
    series = [
        [start + i * spacing for i in range(count)]
        for (start, spacing), count in zip(starts_and_spacings, counts, strict=True)
    ]
    is_bent = bent and max(counts, default=0) > 2
    if is_bent:
        next(own for own in series if len(own) > 2)[random.integers(0, 3)] += 1
    rows = np.array([row for own in series for row in own], np.int64)
    ours, theirs = (each.spaced_series(rows, ends) for each in BOTH)
    if is_bent:
        assert ours is theirs is None
    else:
        assert same(ours, theirs)
        for each in BOTH:
            assert same(each.spaced_rows(ours, ends), rows)
    order = RowOrder.of(rows, ends)
    assert order.size == rows.size
    assert same(order.all(), rows)
    for end, own in zip(ends.tolist(), series, strict=True):
        assert order.stretch(end - len(own), end).tolist() == own


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 6), st.integers(0, 40), st.booleans())
def test_series_that_come_in_turn_are_found_without_ordering_them(
    seed: int, count: int, size: int, bent: bool
) -> None:
    """Of a training that logs some tags at each step, under several shapes, and begins with one."""
    random = np.random.default_rng(seed)
    rank = np.concatenate([random.permutation(count), random.permutation(count)]).astype(np.int32)
    place = {(half, rank[i]): i for half in (0, 1) for i in range(half * count, (half + 1) * count)}
    series = [0, *(number % count for number in range(1, size))][:size]
    numbers = np.array([place[random.integers(0, 2), each] for each in series], np.int32)
    if bent and size > 3 * count and count > 1:
        numbers[-1] = place[0, (series[-1] + 1) % count]
    want = [row for each in range(count) for row in range(size) if rank[numbers[row]] == each]
    found = [each.evenly_spaced(numbers, count, rank) for each in BOTH]
    if found[0] is None:
        assert found[1] is None
        assert bent
        return
    assert all(map(same, *found))
    assert RowOrder(found[0][1], found[0][0]).all().tolist() == want


@settings(max_examples=50, deadline=None)
@given(seeds, st.lists(st.integers(0, 1200), min_size=1, max_size=4), st.booleans())
def test_columns_are_taken_alike(seed: int, counts: list[int], bent: bool) -> None:
    random = np.random.default_rng(seed)
    ends = np.cumsum(counts, dtype=np.int64)
    spacing = random.integers(0, 5, len(counts))
    series = [
        (random.integers(0, 9) + step * np.arange(n))
        for step, n in zip(spacing, counts, strict=True)
    ]
    rows = np.concatenate(series).astype(np.int64)
    if bent and rows.size:
        rows = random.permutation(rows)
    size = int(rows.max(initial=0)) + 1
    chosen = [number for number, count in enumerate(counts) if count and random.integers(0, 2)]
    pairs = np.array([[ends[i] - counts[i], ends[i]] for i in chosen], np.int64).reshape(-1, 2)
    for order, own in (
        (RowOrder.of(rows, ends), rows),
        (
            RowOrder.of(rows, ends).stretches(pairs[:, 0], pairs[:, 1]),
            np.concatenate([rows[:0], *(rows[first:end] for first, end in pairs)]),
        ),
    ):
        assert order.size == own.size
        for dtype in (np.int64, np.float32, np.float64):
            column = random.integers(-(2**23), 2**23, size).astype(dtype)
            taken = np.empty(own.size, np.int64 if dtype is np.int64 else np.float64)
            order.take(column, taken)
            assert taken.tolist() == [column.tolist()[row] for row in own]
            for each in BOTH:
                again = np.empty_like(taken)
                each.take_rows(column, own.astype(np.int32), again)
                assert same(again, taken)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([*SPECIAL, 1.0, 3.0, 4.5]), max_size=20), st.sampled_from([0, 2.5]))
def test_falls_are_found_alike(numbers: list[float], by: float) -> None:
    ours, theirs = (each.falls(np.array(numbers), by) for each in BOTH)
    assert same(ours, theirs)
    pairs = enumerate(pairwise(numbers), start=1)
    assert ours.tolist() == [place for place, (before, here) in pairs if here < before - by]


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(0, 80), st.booleans())
def test_falls_of_tags_are_found_alike(seed: int, size: int, whole: bool) -> None:
    random = np.random.default_rng(seed)
    tag_of_shape = random.integers(0, 3, 5).astype(np.int32)
    shape = random.integers(0, 5, size).astype(np.int32)
    first_rows = np.sort(np.concatenate([[0], random.integers(0, size + 1, 2)]))
    numbers = random.integers(0, 6, size) if whole else random.choice([*SPECIAL, 2.0, 5.0], size)
    ours, theirs = (
        each.falls_by_tag(numbers, 1, shape, tag_of_shape, 3, first_rows) for each in BOTH
    )
    assert np.array_equal(ours, theirs)
    wanted, last = [], {}
    for row in range(size):
        session, tag = sum(first <= row for first in first_rows), tag_of_shape[shape[row]]
        if np.isfinite(numbers[row]):
            before = last.get((session, tag))
            if before is not None and numbers[row] < numbers[before] - 1:
                wanted.append([before, row])
            last[session, tag] = row
    assert ours.T.tolist() == wanted


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(0, 60))
def test_keys_are_alike(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    slot_of_kind = random.choice([0, 1, 2, 255], 256).astype(np.uint8)
    declared = random.integers(0, 4, 9).astype(np.uint8)
    tag_id = random.integers(0, 9, size).astype(np.int32)
    kind, dtype = random.integers(0, 256, size, np.uint8), random.integers(0, 2, size, np.uint8)
    ours, theirs = (
        each.series_keys(tag_id, kind, dtype, slot_of_kind, declared, 4, 255, 1) for each in BOTH
    )
    assert all(map(same, ours, theirs))
    for row in range(size):
        slot = slot_of_kind[kind[row]]
        if slot == 255:
            slot = declared[tag_id[row]]
            slot = 0 if slot == 1 and not dtype[row] else slot
        assert ours[0][row] == tag_id[row] * 4 + slot
    assert ours[1].tolist() == sorted(set(ours[0].tolist()))


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 80), st.integers(1, 20), st.sampled_from([np.float32, np.float64]))
def test_series_are_measured_alike(
    seed: int, size: int, bins: int, width: type[np.floating[Any]]
) -> None:
    """`test_statistics` compares with pandas, `test_summary` by hand."""
    random = np.random.default_rng(seed)
    order = random.integers(0, size, size).astype(np.int64)
    firsts, ends = stretches(random, size)
    scalar = random.integers(0, 2, firsts.size).astype(np.uint8)
    step = random.integers(-3, 4, size)
    wall_time = random.choice([1.0, 2.0, np.nan, np.inf], size)
    value = np.where(random.random(size) < 0.5, random.choice(SPECIAL, size), random.random(size))
    with np.errstate(over="ignore"):
        value = value.astype(width)
    shape = random.choice(3, size, p=[0.8, 0.1, 0.1]).astype(np.int32)
    dtype = np.array([1, 1, 2], np.uint8)
    found = []
    for each in BOTH:
        numbers = np.zeros(firsts.size, NUMBERS)
        each.measure(
            order, firsts, ends, scalar, step, wall_time, value, shape, dtype, MIXED, numbers
        )
        means = np.full((firsts.size, bins), 7.0)
        each.stretch_means(value, firsts, ends, means, order)
        plain = np.full((firsts.size, bins), 7.0)
        each.stretch_means(value[order], firsts, ends, plain)
        found.append([*(numbers[name] + 0 for name in NUMBERS.names or ()), means, plain])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert same(found[0][-1], found[0][-2])


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(0, 60), st.integers(1, 5))
def test_rows_are_counted_alike(seed: int, size: int, tags: int) -> None:
    random = np.random.default_rng(seed)
    tag_of_shape = random.integers(0, tags, 7).astype(np.int32)
    shape = random.integers(0, 7, size).astype(np.int32)
    chosen = random.integers(0, 2, size).astype(np.uint8)
    step = random.choice(EXTREME, size)
    rows = random.permutation(size)[: random.integers(0, size + 1)].astype(np.int64)
    ours, theirs = (each.counts(shape, tags, tag_of_shape, chosen) for each in BOTH)
    assert same(ours, theirs)
    tag = tag_of_shape[shape].tolist()
    assert ours.tolist() == [
        sum(own == number for own, is_chosen in zip(tag, chosen, strict=True) if is_chosen)
        for number in range(tags)
    ]
    ours, theirs = (each.reach(step, shape, tag_of_shape, tags, rows) for each in BOTH)
    assert all(map(same, ours, theirs))
    for number in range(tags):
        own = [int(step[row]) for row in rows.tolist() if tag[row] == number]
        bounds = (min(own, default=2**63 - 1), max(own, default=-(2**63)))
        assert (ours[0][number], ours[1][number]) == bounds


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 20), st.booleans())
def test_the_course_of_steps_is_told_alike(seed: int, size: int, rising: bool) -> None:
    random = np.random.default_rng(seed)
    step = np.sort(random.integers(-9, 9, size)) if rising else random.choice(EXTREME, size)
    rows = random.permutation(size)[: random.integers(1, size + 1)].astype(np.int64)
    ours, theirs = (each.course(step, rows) for each in BOTH)
    assert ours == theirs
    own = step[rows].tolist()
    changes = [(after - before + 2**63) % 2**64 - 2**63 for before, after in pairwise(own)]
    nonzero = sum(change != 0 for change in changes)
    assert ours == (min(own), max(own), min(changes, default=0), nonzero)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 20)), st.lists(st.integers(-2, 22)))
def test_places_are_found_in_stretches_alike(starts: list[int], places: list[int]) -> None:
    own, sought = (np.array(sorted(each), np.int64) for each in (starts, places))
    ours, theirs = (each.holding(own, sought) for each in BOTH)
    assert same(ours, theirs)
    assert ours.tolist() == [
        sum(start <= place for start in starts) - 1 for place in sorted(places)
    ]


def test_places_that_are_not_in_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not in order"):
        compiled.holding(np.array([0]), np.array([1, 0]))


@pytest.mark.parametrize("number", [-1, 3, 2**31 - 1])
def test_nothing_is_read_out_of_bounds(number: int) -> None:
    ids, bytes_ = np.array([number], np.int32), np.zeros(1, np.uint8)
    place, times = np.array([number], np.int64), np.zeros(1)
    one, numbers = np.array([1]), np.zeros(1, NUMBERS)
    calls = (
        lambda: compiled.stable_order(np.zeros(1, np.int32), 1, None, place),
        lambda: compiled.stable_order(np.zeros(1, np.int32), 1, ids),
        lambda: compiled.series_keys(
            ids, bytes_, bytes_, np.full(256, 2, np.uint8), bytes_, 3, 2, 1
        ),
        lambda: compiled.measure(
            place, one - 1, one, bytes_, one, times, times, ids * 0, bytes_, MIXED, numbers
        ),
        lambda: compiled.measure(
            one - 1, one - 1, one, bytes_, one, times, times, ids, bytes_, MIXED, numbers
        ),
        lambda: compiled.stretch_means(times, one - 1, one, np.zeros((1, 1)), place),
        lambda: compiled.spaced_series(one, one * 2),
        lambda: compiled.spaced_series(one, np.array([1, 0])),
        lambda: compiled.spaced_rows(np.zeros((1, 2), np.int64), np.array([0, 1])),
        lambda: compiled.spaced_rows(np.zeros((2, 2), np.int64), np.array([2, 1])),
        lambda: compiled.spaced_rows(np.zeros((1, 1), np.int64), one),
        lambda: compiled.evenly_spaced(ids, 2, np.zeros(2, np.int32)),
        lambda: compiled.evenly_spaced(ids * 0, 2, ids),
        lambda: compiled.falls_by_tag(times, 0, ids, ids * 0, 1, one - 1),
        lambda: compiled.falls_by_tag(times, 0, ids * 0, ids, 1, one - 1),
        lambda: compiled.counts(ids, 1, ids * 0, bytes_ + 1),
        lambda: compiled.counts(ids * 0, 1, ids, bytes_ + 1),
        lambda: compiled.counts(ids * 0, 1, ids * 0, np.ones(2, np.uint8)),
        lambda: compiled.reach(one, ids * 0, ids * 0, 1, place),
        lambda: compiled.reach(one, ids, ids * 0, 1, one - 1),
        lambda: compiled.reach(one, ids * 0, ids, 1, one - 1),
        lambda: compiled.course(one, place),
        lambda: compiled.course(one, one[:0]),
        lambda: compiled.take_rows(times, place, np.zeros(1)),
        lambda: compiled.take_rows(times, one - 1, np.zeros(2)),
        lambda: compiled.take_spaced(times, np.array([[number, 1]]), one, np.zeros(1)),
        lambda: compiled.take_spaced(times, np.array([[0, number]]), one * 2, np.zeros(2)),
        lambda: compiled.take_spaced(times, np.zeros((1, 2), np.int64), one, np.zeros(2)),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(IndexError):
            call()


def test_a_column_that_is_one_series_is_not_copied_and_cannot_be_written_to() -> None:
    order = RowOrder.of(np.arange(3), np.array([3]))
    steps, numbers = np.array([5, 6, 7]), np.array([1, 2, 3], np.float32)
    taken = order.taken(steps)
    assert np.shares_memory(taken, steps)
    assert taken.tolist() == [5, 6, 7]
    assert (steps.flags.writeable, taken.flags.writeable) == (True, False)
    assert same(order.taken(numbers), numbers.astype(np.float64))
    assert order.taken(numbers).flags.writeable
