"""A learning rate that had come down and leaps back: a warm restart comes down again."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Findings, detect_series
from tbtools.runs.series import ScalarSeries

Array = np.ndarray

POINTS, LEAP = 160, 110
POINT = np.arange(POINTS)
CAME_DOWN = 1e-3 * np.exp(-3.2 * POINT / LEAP)


def judged(rate: Array, loss: Array | None = None) -> Findings:
    """A rate, and a loss beside it."""
    if loss is None:
        loss = 0.3 + 0.5 * np.exp(-np.arange(len(rate)) / 30)
    loss = loss + np.random.default_rng(1).normal(0, 0.015, len(rate))
    steps = 500 * np.arange(1, len(rate) + 1)
    return detect_series(
        ScalarSeries.from_arrays("run", tag, steps, value)
        for tag, value in {"learning_rate": rate, "train_loss": loss}.items()
    )


def cosine(points: int, lowest: float = 0.0) -> Array:
    return 1e-3 * (lowest + (1 - lowest) * (1 + np.cos(np.pi * np.arange(points) / points)) / 2)


def stable(points: int) -> Array:
    """At its peak for most of the way, then down to a twentieth."""
    return 1e-3 * np.clip(np.linspace(4, 0, points), 0.05, 1)


@pytest.mark.parametrize("times", [0.6, 1.0, 1.3])
def test_a_rate_that_leaps_back_to_its_peak_and_stands_there(times: float) -> None:
    rate = np.where(POINT < LEAP, CAME_DOWN, times * 1e-3)
    [one] = judged(rate).of("learning_rate")
    assert (one.severity, one.onset_step) == ("info", 500 * (LEAP + 1))
    assert "has not come down since" in one.message


def test_a_rate_that_leaps_back_and_hardly_comes_down() -> None:
    rate = np.where(POINT < LEAP, CAME_DOWN, 9e-4 - 1e-6 * (POINT - LEAP))
    assert judged(rate).of("learning_rate")


def test_such_a_leap_explains_no_loss_that_jumps_with_it() -> None:
    rate = np.where(POINT < LEAP, CAME_DOWN, 9e-4)
    loss = np.where(POINT < LEAP, 0.3 + 0.5 * np.exp(-POINT / 20), 0.62)
    [one] = judged(rate, loss).of("divergence")
    assert (one.severity, one.onset_step) == ("warning", 500 * (LEAP + 1))
    assert "the learning rate went up there, and has not come down again" in one.message


def test_a_warm_restart_explains_a_loss_that_jumps_with_it() -> None:
    rate = np.concatenate([cosine(LEAP, 0.04)[:-4], cosine(2 * LEAP, 0.04)[: POINTS - LEAP + 4]])
    loss = np.where(POINT < LEAP - 4, 0.3 + 0.5 * np.exp(-POINT / 20), 0.62)
    findings = judged(rate, loss)
    assert not findings.of("learning_rate")
    assert not findings.of("divergence")


@pytest.mark.parametrize(
    "rate",
    [
        *(np.concatenate([cosine(60, low), cosine(240, low)]) for low in (0.0, 0.03, 0.1)),
        np.concatenate([cosine(60, 0.03), cosine(240, 0.03) / 2]),
        np.concatenate([CAME_DOWN[:LEAP], CAME_DOWN]),
        np.tile(1e-3 * np.linspace(1, 0.03, 100), 3),
        np.concatenate([stable(60), stable(60), stable(120)]),
        np.concatenate([cosine(LEAP), np.full(50, 5e-4)]),
        np.concatenate([cosine(LEAP, 0.1), np.full(50, 6e-4)]),
        np.concatenate([CAME_DOWN[:LEAP], np.full(50, 3e-4)]),
    ],
    ids=[
        "restart",
        "restart from above zero",
        "restart from a tenth",
        "restart at half",
        "begins anew",
        "lines",
        "stable cycles",
        "a stage after the end",
        "a stage after a floor",
        "a stage at a lower rate",
    ],
)
def test_what_is_planned_is_told_at_no_prefix(rate: Array) -> None:
    for end in range(40, len(rate) + 1, 5):
        assert not judged(rate[:end]).of("learning_rate"), end


def test_a_rate_beyond_all_before_explains_no_loss_that_climbs_in_some_points() -> None:
    rate = np.where(POINT < LEAP, 3e-4 * np.exp(-POINT / 190), 1.7e-3)
    climbs = np.where(POINT < LEAP, 0, 0.25 * (1 - np.exp(-(POINT - LEAP) / 1.5)))
    [one] = judged(rate, 0.3 + 0.5 * np.exp(-POINT / 30) + climbs).of("divergence")
    assert one.provisional
    assert 500 * LEAP <= one.onset_step <= 500 * (LEAP + 4)
