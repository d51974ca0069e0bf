"""What the browser computes itself, it writes and cuts off as Python does."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbtools.render.format import (
    format_count,
    format_duration,
    format_number,
    format_rounded,
)
from tbtools.render.ranges import FEWEST, SQUEEZED, value_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    Evaluate = Callable[..., Any]

pytestmark = pytest.mark.browser

# Decimals of few digits, and halves of them, are where two ways of rounding part.
DECIMALS = st.builds(
    lambda number, power: number * 10.0**power / 2,
    st.integers(-(10**7), 10**7),
    st.integers(-12, 12),
)
BINARY = st.builds(
    lambda number, power: number * 2.0**power, st.integers(-(10**8), 10**8), st.integers(-12, 4)
)
NUMBERS = st.lists(
    st.one_of(st.floats(), st.floats(width=32), DECIMALS, BINARY), min_size=200, max_size=400
)


@pytest.fixture(scope="module")
def evaluate(chromium: Browser) -> Iterator[Evaluate]:
    """Calls JavaScript in a page with the scripts of the page that know no page."""
    page = chromium.new_page()
    for name in ("format.js", "smooth.js"):
        module = files("tbtools.render.report").joinpath("assets", name).read_text("utf-8")
        page.add_script_tag(content=module.replace("export ", ""))
    yield page.evaluate
    page.close()


@given(NUMBERS)
@settings(max_examples=12, deadline=None)
def test_numbers(evaluate: Evaluate, values: list[float]) -> None:
    exact = evaluate("(values) => values.map((each) => formatNumber(each))", values)
    assert exact == [format_number(each) for each in values]
    for digits in (3, 5):
        rounded = evaluate(
            "([values, digits]) => values.map((each) => formatRounded(each, digits))",
            [values, digits],
        )
        assert rounded == [format_rounded(each, digits) for each in values]


# The milliseconds of a page: as far as a browser has dates.
@given(st.lists(st.integers(-(86400 * 10**11), 86400 * 10**11) | st.integers(-(10**8), 10**8)))
@settings(max_examples=25, deadline=None)
def test_durations(evaluate: Evaluate, milliseconds: list[int]) -> None:
    seconds = [each / 1000 for each in milliseconds]
    told = evaluate("(seconds) => seconds.map((each) => formatDuration(each))", seconds)
    assert told == [format_duration(each) for each in seconds]


def test_durations_that_are_not_known(evaluate: Evaluate) -> None:
    for seconds in (float("nan"), float("inf"), float("-inf")):
        assert evaluate("formatDuration", seconds) == format_duration(seconds) == "-"


@given(st.lists(st.integers(-(2**53), 2**53) | st.integers(-(10**7), 10**7)))
@settings(max_examples=25, deadline=None)
def test_counts(evaluate: Evaluate, counts: list[int]) -> None:
    # As floats, which is what a step is in the browser.
    told = evaluate("(counts) => counts.map((each) => formatCount(each))", list(map(float, counts)))
    assert told == [format_count(each) for each in counts]


@given(
    st.lists(st.lists(st.floats() | st.floats(0, 1), max_size=40), max_size=3),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_the_range_of_an_axis(
    evaluate: Evaluate, values: list[list[float]], log: bool, outliers: bool
) -> None:
    found = evaluate(
        "([values, options]) => valueRange(values, options)",
        [
            values,
            {"log": log, "ignoreOutliers": not outliers, "squeezed": SQUEEZED, "fewest": FEWEST},
        ],
    )
    arrays = [np.array(each, float) for each in values]
    wanted = value_range(arrays, log=log, outliers=outliers)
    # Logarithms may differ in their last bit.
    assert (found is None) == (wanted is None)
    if wanted is not None:
        np.testing.assert_allclose(found, wanted, rtol=1e-12 if log else 0, atol=1e-12 * log)
