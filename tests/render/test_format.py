"""Numbers, times and names as text."""

from __future__ import annotations

import math
import time
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbtools.render.format import (
    format_bytes,
    format_change,
    format_count,
    format_duration,
    format_number,
    format_rounded,
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
        (float(2**53 - 1), "int64", "9007199254740991"),
        (float(2**53 + 1), "int64", "9.007199254740992e+15"),  # may be rounded, and is
        (-(2.0**53), "uint64", "-9.007199254740992e+15"),
        (1e18, "int64", "1e+18"),
        (2.0**53, "float64", "9007199254740992"),
        (1.0, "bool", "1"),
        (math.nan, "float32", "nan"),
        (-math.inf, "float32", "-inf"),
        (None, "float32", "-"),
    ],
)
def test_number(value: float | None, dtype: str, text: str) -> None:
    assert format_number(value, dtype) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.829996, "1.83"), (123456.7, "123457"), (1234567.8, "1234568"), (9999999.6, "1e+07"),
     (12345678.0, "1.2346e+07"), (0.00012345678, "0.00012346"), (0.0000125, "1.25e-05"),
     (2.0**-16, "1.5259e-05"), (100000.5, "100001"),
     (-100000.5, "-100001"),
     (-0.0, "0"), (1.7976931348623157e308, "1.7976931348623157e+308"), (math.nan, "nan"),
     (math.inf, "inf"), (None, "-")],
)  # fmt: skip
def test_rounded(value: float | None, text: str) -> None:
    assert format_rounded(value) == text
    rises = value is not None and value > 0
    assert format_change(value) == f"+{text}" * rises + text * (not rises)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_rounded_number_is_near(value: float) -> None:
    assert float(format_rounded(value)) == pytest.approx(value, rel=5.001e-5, abs=1e-320)


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
    [(0.0, "0.0 s"), (0.25, "0.3 s"), (0.84, "0.8 s"), (9.94, "9.9 s"), (9.96, "10 s"),
     (10.5, "11 s"), (59.6, "1 min"),
     (725, "12 min 5 s"), (3600, "1 h"), (3599.7, "1 h"), (86_400 * 3 + 3600 * 4, "3 d 4 h"),
     (1e12, "over 30,000 years"), (-1e300, "-over 30,000 years"),
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


def test_a_time_of_another_zone() -> None:
    moment = datetime(2026, 1, 5, 11, 4, 5, tzinfo=UTC)
    assert format_time(moment.timestamp(), UTC) == "2026-01-05 11:04:05 UTC"


@pytest.mark.parametrize(("hours", "shown"), [(1, "UTC+01:00"), (-3.5, "UTC-03:30"), (0, "UTC")])
def test_a_zone_with_a_long_name_is_an_offset(hours: float, shown: str) -> None:
    zone = timezone(timedelta(hours=hours), "W. Europe Standard Time")
    moment = datetime(2026, 1, 5, 11, 4, 5, tzinfo=zone)
    assert format_time(moment.timestamp(), zone) == f"2026-01-05 11:04:05 {shown}"


def test_a_time_is_told_by_the_second_that_it_lies_in() -> None:
    moment = datetime(2026, 1, 5, 11, 4, 5, tzinfo=UTC).timestamp()
    for part in (0, 0.5, 0.9999998):
        assert format_time(moment + part, UTC) == "2026-01-05 11:04:05 UTC"
    assert format_time(-0.5, UTC) == "1969-12-31 23:59:59 UTC"


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
