"""Curves and labels of the twelfth blind set are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.blind.runs import Log
from benchmarks.blind.twelfth.making import (
    drift,
    faded,
    hangs,
    lost_scale,
    saturating,
    says_scale,
    scales,
    since,
    sinking,
    slows,
    until,
    worsens,
)

STEPS = np.arange(0, 1000, 10)


def test_curves_go_from_their_start_to_their_end() -> None:
    t = np.linspace(0, 1, 300)
    sunk, risen = sinking(t, 5.0, 1.0), saturating(t, 0.2, 0.9)
    assert (sunk[0], sunk[-1], risen[0], risen[-1]) == pytest.approx((5, 1, 0.2, 0.9))
    assert (np.diff(sunk) < 0).all()
    assert (np.diff(risen) > 0).all()


def test_what_is_over_since_a_point() -> None:
    np.testing.assert_allclose(since(7, 2), [0, 0, 0, 0.25, 0.5, 0.75, 1])
    assert until(since(101, 0), 0, 0.5) == 50


def test_the_clock_drifts_as_it_is_told() -> None:
    log = Log(np.random.default_rng(1))
    log.seconds_per_step = 0.5
    steps = np.arange(0, 24_000, 10)
    log.add("loss", steps, 1.0)
    drift(log, steps, np.repeat([1.0, 3.0, 2.0], 800))
    took = np.diff(log.close().sessions[0].series["loss"].wall_times)
    for first, seconds in ((0, 5.0), (800, 15.0), (1600, 10.0)):
        assert took[first : first + 799].mean() == pytest.approx(seconds, rel=0.02)


def test_a_stall_is_dated_by_the_points_on_either_side() -> None:
    log = Log(np.random.default_rng(1))
    log.add("loss", STEPS, 1.0)
    hangs(log, "loss", STEPS, 50, 2)
    run = log.close()
    assert np.diff(run.sessions[0].series["loss"].wall_times)[49] > 7200
    [truth] = run.truths
    assert (truth.kind, truth.onset, truth.window) == ("stall", 500, (480, 510))


def test_a_rate_that_melts_is_dated_from_a_tenth_to_nothing() -> None:
    log = Log(np.random.default_rng(1))
    rate = np.concatenate([[0.5, 1, 0.8, 0.4, 0.1, 0.03, 0.01, 0.001], np.zeros(92)])
    log.add("lr", STEPS, rate)
    faded(log, "lr", STEPS, rate)
    [truth] = log.close().truths
    assert (truth.onset, truth.window) == (40, (20, 100))


def test_a_scale_is_halved_until_it_is_least() -> None:
    scale = lost_scale(np.full(100, 16.0), 30, 2, 10)
    assert (scale[29], scale[30], scale[-1]) == (2**16, 2**15, 2**10)
    assert set(np.diff(np.log2(scale)).tolist()) == {0.0, -1.0}
    log = Log(np.random.default_rng(1))
    log.add("scale", STEPS, scale)
    says_scale(log, "scale", STEPS, scale, 30)
    [truth] = log.close().truths
    assert (truth.kind, truth.onset, truth.window) == ("loss_scale", 300, (280, 410))


def test_what_creeps_in_may_be_told_until_a_share_of_it_has_come() -> None:
    log = Log(np.random.default_rng(1))
    ramp = since(len(STEPS), 40)
    log.add("loss", STEPS, ramp)
    worsens(log, "loss", STEPS, ramp, 40, 1e-6)
    slows(log, "loss", STEPS, 1 + ramp, 40, 1e-6)
    scales(log, "explosion", "loss", STEPS, 10 ** (1 + ramp), 40, 1e-6)
    worse, slower, grown = log.close().truths
    assert [one.onset for one in (worse, slower, grown)] == [400] * 3
    ends = [one.window[1] for one in (worse, slower, grown)]
    np.testing.assert_allclose(ends, [400 + 0.34 * 590, 400 + 295, 400 + 0.7 * 590], atol=30)
    assert min(one.window[0] for one in (worse, slower, grown)) >= 360
