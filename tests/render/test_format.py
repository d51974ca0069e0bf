"""Numbers, times and names as text."""

from __future__ import annotations

import math
import time
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbtools.render.format import (
    format_bytes,
    format_count,
    format_duration,
    format_number,
    format_time,
    plural,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@given(st.floats(width=32, allow_nan=False))
def test_a_float32_is_the_decimal_that_numpy_has_for_it(value: float) -> None:
    text = format_number(value, "float32")
    assert np.float32(text) == np.float32(value)
    assert Decimal(text) == Decimal(str(np.float32(value)))


@given(st.floats())
def test_a_float64_reads_back(value: float) -> None:
    assert float(format_number(value)) == value or math.isnan(value)


@given(st.floats(width=16, allow_nan=False))
def test_a_float16_reads_back(value: float) -> None:
    assert np.float16(format_number(value, "float16")) == np.float16(value)


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (float(np.float32(1e-4)), "float32", "0.0001"),
        (float(np.float32(0.1)), "float64", "0.10000000149011612"),
        (3.0, "float32", "3"),
        (1e20, "float64", "1e+20"),
        (-0.5, "float32", "-0.5"),
        (7.0, "int64", "7"),
        (1.0, "bool", "1"),
        (math.nan, "float32", "nan"),
        (-math.inf, "float32", "-inf"),
        (None, "float32", "-"),
    ],
)
def test_number(value: float | None, dtype: str, text: str) -> None:
    assert format_number(value, dtype) == text


def test_counts() -> None:
    assert format_count(1234567) == "1,234,567"
    assert [plural(count, "run") for count in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"),
     (45_500_000, "45.5 MB"), (10**15, "1 PB"), (10**19, "1e+04 PB")],
)  # fmt: skip
def test_bytes(count: int, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.0 s"), (0.84, "0.8 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min"),
     (725, "12 min 5 s"), (3600, "1 h"), (3599.7, "1 h"), (86_400 * 3 + 3600 * 4, "3 d 4 h"),
     (-725, "-12 min 5 s"), (math.nan, "-"), (math.inf, "-"), (None, "-")],
)  # fmt: skip
def test_duration(seconds: float | None, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
def test_times_are_local_and_name_their_zone() -> None:
    assert format_time(datetime(2026, 1, 5, 11, 4, 5, tzinfo=UTC).timestamp()).endswith(
        "12:04:05 CET"
    )
    assert format_time(datetime(2026, 7, 5, 11, 4, 5, tzinfo=UTC).timestamp()).endswith(
        "13:04:05 CEST"
    )


@given(st.floats())
def test_any_wall_time_can_be_told(seconds: float) -> None:
    assert format_time(seconds)


def test_a_time_beyond_the_calendar_is_told_in_seconds() -> None:
    assert format_time(1e18) == "1e+18 s"


@given(st.text())
def test_printable_text_has_nothing_that_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    categories = {unicodedata.category(character) for character in shown}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Mn", "Zs"])))
def test_printable_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_escapes_are_visible() -> None:
    assert printable("\x1b[31m\x9b\u202e\udcff\U000e0001\n") == (
        r"\x1b[31m\x9b\u202e\udcff\U000e0001\x0a"
    )
