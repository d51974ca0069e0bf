"""Lines of characters, dot by dot."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.render.ranges import nice_ticks, value_range
from tbtools.render.terminal.canvas import Canvas, extreme_points


def shown(canvas: Canvas) -> list[str]:
    return ["".join(text for text, _ in canvas.stretches(row)) for row in range(canvas.height)]


def test_a_diagonal_in_signs() -> None:
    canvas = Canvas(3, 3, "*")
    canvas.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 0)
    assert shown(canvas) == ["  *", " * ", "*  "]


def test_braille_dots_are_unicodes() -> None:
    canvas = Canvas(1, 1)
    for x, y in ((0, 1), (1, 0)):  # the dots 1 and 8 of the pattern
        canvas.line(np.array([float(x)]), np.array([float(y)]), 0)
    assert shown(canvas) == [chr(0x2800 + 0b1000_0001)]
    full = Canvas(1, 1)
    for x in (0.0, 1.0):
        full.line(np.array([x, x]), np.array([0.0, 1.0]), 0)
    assert shown(full) == ["\u28ff"]


def test_nan_is_a_gap_and_never_a_value() -> None:
    canvas = Canvas(5, 1, "*")
    x = np.linspace(0, 1, 5)
    canvas.line(x, np.array([0, 0, np.nan, 0, 0]), 0)
    assert shown(canvas) == ["** **"]
    alone = Canvas(3, 1, "*")
    alone.line(np.array([0.0, 0.5, 1.0]), np.array([np.nan, 0.0, np.nan]), 0)
    assert shown(alone) == [" * "]


def test_what_lies_beyond_is_not_drawn() -> None:
    canvas = Canvas(3, 3, "*")
    canvas.line(np.array([0.0, 0.5, 1.0]), np.array([0.0, 1e12, 0.0]), 0)
    assert shown(canvas)[2][0] == "*"
    assert all(" *"[sign == "*"] == sign for row in shown(canvas) for sign in row)


def test_the_last_line_is_on_top() -> None:
    canvas = Canvas(3, 1, "ab")
    canvas.line(np.array([0.0, 1.0]), np.array([0.0, 0.0]), 0)
    canvas.line(np.array([0.5]), np.array([0.0]), 1)
    assert shown(canvas) == ["aba"]


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0, 1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 2000, 5, [0, 500, 1000, 1500, 2000]),
        (-3, 7, 6, [-2, 0, 2, 4, 6]),
        (1.31, 4.2, 4, [2, 3, 4]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, ticks: list[float]) -> None:
    assert nice_ticks(low, high, most) == pytest.approx(ticks)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e12, 1e300])
def test_ticks_lie_inside_at_any_scale(scale: float) -> None:
    ticks = nice_ticks(-1.7 * scale, 2.9 * scale, 7)
    assert 2 <= len(ticks) <= 7
    assert all(-1.8 * scale < tick < 3.0 * scale for tick in ticks)


def test_outliers_are_left_out_only_where_they_squeeze_the_rest() -> None:
    calm = np.linspace(0, 1, 101)
    assert value_range([calm]) == (0, 1)
    assert value_range([calm, np.array([3.0])]) == (0, 3)
    spiked = np.concatenate([calm, [85.0]])
    low, high = value_range([spiked]) or (0, 0)
    assert (low, high) == (0, 1)  # neither the least values nor the greatest of the others
    both = np.concatenate([calm, [85.0, -85.0]])
    assert value_range([both]) == (0, 1)
    # TensorBoard's ranks, ceil(0.05 (n - 1)) and floor(0.95 (n - 1)), have 0.06 and 0.96 here: what
    # is no more than 0.45 beyond is shown.
    for beyond, end in ((1.40, 1.40), (1.42, 1)):
        assert value_range([np.concatenate([calm, [85.0, beyond]])]) == (0, end)
    assert value_range([both], outliers=True) == (-85, 85)
    # One of twenty is 5 %: of fewer there is none.
    assert value_range([np.array([100.0, 3, 1, 1.1, 1, 1.2])]) == (1, 100)
    assert value_range([np.array([np.nan, np.inf])]) is None
    assert value_range([np.array([2.0, 2.0])]) == (1.8, 2.2)
    assert value_range([np.array([-1.0, 0.1, 10.0])], log=True) == pytest.approx((-1, 1))


def test_a_long_line_keeps_its_extremes_and_its_gaps() -> None:
    values = np.random.default_rng(4).standard_normal(10_000)
    values[[1234, 8765]] = 50, -50
    values[3000:3100] = np.nan
    kept = extreme_points(values, 100)
    assert len(kept) <= 410
    assert {0, 1234, 2999, 3000, 3099, 3100, 8765, 9999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert extreme_points(values[:50], 100).tolist() == list(range(50))
