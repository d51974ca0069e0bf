"""Scalars encoded many at a time, against protobuf and google-crc32c record by record."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbtools.errors import UnwritableValue
from tbtools.eventfile import messages
from tbtools.eventfile.scalar_records import encode_scalars
from tests.builders import frame

POINTS = st.tuples(
    st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 300)),
    st.floats(width=64, allow_nan=False).filter(bool),
    st.floats(width=32),
)


def one_by_one(tag: str, points: list[tuple[int, float, float]]) -> bytes:
    records = []
    for step, wall_time, value in points:
        event = messages.Event(wall_time=wall_time, step=step)
        event.summary.value.add(tag=tag, simple_value=value)
        records.append(frame(event.SerializeToString()))
    return b"".join(records)


def encoded(tag: str, points: list[tuple[int, float, float]]) -> bytes:
    steps, wall_times, values = zip(*points, strict=True)
    columns = np.array(steps, np.int64), np.array(wall_times), np.array(values, np.float64)
    return b"".join(encode_scalars(tag, *columns))


@settings(deadline=None)
@given(tag=st.text(min_size=1, max_size=200), points=st.lists(POINTS, min_size=1, max_size=20))
def test_the_bytes_are_those_of_protobuf(tag: str, points: list[tuple[int, float, float]]) -> None:
    assert encoded(tag, points) == one_by_one(tag, points)


@pytest.mark.parametrize("step", [0, 1, 127, 128, 1 << 62, -1, -(2**63)])
@pytest.mark.parametrize("count", [1, 300])
def test_steps_of_any_length(step: int, count: int) -> None:
    points = [(step, 1.5e9 + number, 1 / (number + 1)) for number in range(count)]
    assert encoded("loss", points) == one_by_one("loss", points)


def test_more_points_than_are_encoded_at_once() -> None:
    points = [(step, 1.5e9 + step, step / 7) for step in range(40_000)]
    assert encoded("loss", points) == one_by_one("loss", points)


def test_no_points() -> None:
    empty = np.empty(0)
    assert b"".join(encode_scalars("loss", empty.astype(np.int64), empty, empty)) == b""


def test_what_float32_cannot_hold_is_refused() -> None:
    for before in (1, 300):
        with pytest.raises(UnwritableValue, match=r"1e\+39 of loss does not fit into float32"):
            encoded("loss", [(0, 1.0, 1.0)] * before + [(1, 1.0, 1e39)])
    assert encoded("loss", [(0, 1.0, float("inf"))])
