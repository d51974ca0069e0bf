"""The nineteenth set has each kind often and many short runs; its making says what is true."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmarks.blind.every import EVERY
from benchmarks.blind.nineteenth import NINETEENTH
from benchmarks.blind.nineteenth.making import (
    drifts,
    grows,
    halts,
    jump,
    levels,
    never_learns,
    slows,
    stepped,
    turns_up,
)
from benchmarks.blind.runs import Log

STEPS = np.arange(0, 1000, 10)
T = np.linspace(0, 1, 100)


def test_it_is_apart_from_the_other_sets_and_has_each_kind_often() -> None:
    names = {family.name.partition("/")[0]: family for family in NINETEENTH}
    others = {one.name.partition("/")[0] for one in EVERY if one.part != "nineteenth"}
    assert not names.keys() & others
    assert len(NINETEENTH) <= 110
    assert sum(family.kind == "healthy" for family in names.values()) >= 45
    labels = Counter(
        kind for one in NINETEENTH for kind in {truth.kind for truth in one.run(0).truths}
    )
    assert len(labels) == 12
    assert min(labels.values()) >= 6, labels
    assert min(labels[kind] for kind in ("divergence", "overfitting", "plateau")) >= 10, labels


def test_many_of_its_runs_are_as_short_as_those_in_issues() -> None:
    longest = [
        max(
            len(series.steps)
            for session in one.run(0).sessions
            for series in session.series.values()
        )
        for one in NINETEENTH
    ]
    assert sum(6 <= points <= 14 for points in longest) >= 20


@pytest.mark.parametrize("seed", range(4))
def test_no_series_is_short_or_out_of_order(seed: int) -> None:
    for family in NINETEENTH:
        for session in family.run(seed).sessions:
            for tag, series in session.series.items():
                assert len(series.steps) >= 5, (family.name, tag)
                assert (np.diff(series.steps) > 0).all(), (family.name, tag)


def test_changes_are_dated_until_a_third_of_their_way() -> None:
    log = Log(np.random.default_rng(1))
    worse = np.maximum(T - 0.5, 0)
    log.add("loss", STEPS, worse)
    drifts(log, "divergence", "loss", STEPS, worse, 50, 0.001)
    turns_up(log, "loss", STEPS, np.abs(T - 0.5), 0.001)
    [drift, turn] = log.close().truths
    assert (drift.onset, drift.window[1]) == (500, 670)
    assert turn.onset == turn.best_window[0] + 10
    assert turn.window[1] == 670


def test_growth_is_dated_until_it_is_tenfold() -> None:
    log = Log(np.random.default_rng(1))
    curve = 10.0 ** np.clip((np.arange(100) - 40) / 20, 0, None)
    log.add("norm", STEPS, curve)
    grows(log, "explosion", "norm", STEPS, curve, 40)
    assert log.close().truths[0].window == (380, 620)


def test_what_is_level_is_dated_from_where_it_begins() -> None:
    log = Log(np.random.default_rng(1))
    curve = np.maximum(0.3 - T, 0)
    log.add("loss", STEPS, curve)
    levels(log, "loss", STEPS, curve, 30, 0.01)
    never_learns(log, "loss", STEPS)
    [late, early] = log.close().truths
    assert late.window[0] <= late.onset == 300 <= late.window[1]
    assert early.window == (0, 200)


def test_a_halt_and_a_slower_clock_are_in_the_wall_times() -> None:
    log = Log(np.random.default_rng(1))
    log.seconds_per_step = 1.0
    log.add("loss", STEPS, T)
    halts(log, "loss", STEPS, 30, 2)
    slows(log, "loss", STEPS, 60, 5)
    run = log.close()
    seconds = np.diff(run.sessions[0].series["loss"].wall_times)
    assert seconds[29] > 7200
    assert seconds[60:].mean() == pytest.approx(50, rel=0.1)
    assert [truth.onset for truth in run.truths] == [300, 600]


def test_a_jump_dies_away_and_stairs_go_down_at_each_pass() -> None:
    assert jump(5, 2, 1.0, 1.0) == pytest.approx([0, 0, 1, np.exp(-1), np.exp(-2)])
    assert stepped(np.array([0, 0.3, 0.5, 1.0]), 2, 0.2) == pytest.approx([0, 0, 0.2, 0.2])
