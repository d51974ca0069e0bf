"""Curves in one line."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
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


def levels_of(value: int | None, known: list[int], levels: str) -> set[str]:
    """Where a value lies between the least and the greatest, in fractions; of halves both."""
    if value is None:
        return {" "}
    place = Fraction(7 * (value - min(known)), (max(known) - min(known)) or 1)
    return {levels[round(place + each)] for each in (Fraction(-1, 10**9), 0, Fraction(1, 10**9))}


@given(st.lists(st.lists(st.none() | st.integers(-700, 700), max_size=16), max_size=8))
@pytest.mark.parametrize("ascii_only", [False, True])
def test_many_curves_at_once_are_each_between_its_own_ends(
    ascii_only: bool, curves: list[list[int | None]]
) -> None:
    values = np.full((len(curves), 16), 9000.0)  # what lies behind a curve does not count
    for row, curve in zip(values, curves, strict=True):
        row[: len(curve)] = [math.nan if each is None else each for each in curve]
    lengths = np.array([len(curve) for curve in curves], np.int64)
    levels = "_.-=+*#@" if ascii_only else "▁▂▃▄▅▆▇█"
    for curve, line in zip(curves, sparklines(values, lengths, ascii_only=ascii_only), strict=True):
        known = [each for each in curve if each is not None]
        assert len(line) == len(curve)
        for value, letter in zip(curve, line, strict=True):
            assert letter in levels_of(value, known, levels)
