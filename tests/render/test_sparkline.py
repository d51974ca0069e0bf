"""Curves in one line."""

from __future__ import annotations

import math
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tbtools.render.terminal.sparkline import sparkline, sparklines

finite = st.floats(allow_nan=False, allow_infinity=False)


def test_eight_levels() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], ascii_only=True) == "_.-=+*#@"


def test_gaps_are_never_a_value() -> None:
    assert sparkline([1.0, None, 2.0]) == "▁ █"
    assert sparkline([None, None]) == "  "
    assert sparkline([]) == ""


def test_a_constant_is_flat() -> None:
    assert sparkline([5.0, 5.0, None]) == "▁▁ "


def test_the_greatest_numbers() -> None:
    assert sparkline([-sys.float_info.max, 0.0, sys.float_info.max])[::2] == "▁█"
    assert sparkline([5e-324, 0.0]) == "█▁"


@given(st.lists(st.none() | finite))
def test_higher_is_never_lower(values: list[float | None]) -> None:
    line = sparkline(values)
    assert len(line) == len(values)
    known = sorted(
        (value, level) for value, level in zip(values, line, strict=True) if value is not None
    )
    levels = [level for _, level in known]
    assert levels == sorted(levels)
    assert " " not in levels


@given(st.lists(st.lists(st.none() | finite, max_size=16), max_size=8), st.booleans())
def test_many_curves_at_once_are_as_each_by_itself(
    curves: list[list[float | None]], ascii_only: bool
) -> None:
    values = np.full((len(curves), 16), 7.0)  # what lies behind a curve does not count
    for row, curve in zip(values, curves, strict=True):
        row[: len(curve)] = [math.nan if each is None else each for each in curve]
    lengths = np.array([len(curve) for curve in curves], np.int64)
    lines = sparklines(values, lengths, ascii_only=ascii_only)
    assert lines == [sparkline(curve, ascii_only=ascii_only) for curve in curves]
