"""Blind sets from the fourteenth on have each kind often; what they add to the making is right."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.blind.eighteenth import EIGHTEENTH
from benchmarks.blind.eighteenth.making import decades, epochs, from_point, frozen_at, where
from benchmarks.blind.every import EVERY
from benchmarks.blind.fifteenth import FIFTEENTH
from benchmarks.blind.fifteenth.making import held, one_cycle, settled, since, stairs
from benchmarks.blind.fourteenth import FOURTEENTH
from benchmarks.blind.fourteenth.making import averaged, index_of, settling, turns
from benchmarks.blind.runs import Log
from benchmarks.blind.seventeenth import SEVENTEENTH
from benchmarks.blind.seventeenth.making import eased, good_scale, rises, says_scale, scale_lost
from benchmarks.blind.shapes import ramp_after
from benchmarks.blind.sixteenth import SIXTEENTH
from benchmarks.blind.sixteenth.making import bent, learning, left, turns_soon

if TYPE_CHECKING:
    from benchmarks.blind.runs import Family

SEVERAL = 8  # families, strengths counted, that have a label of each kind
MANY = 16  # of the kinds that are asked about most

of_each_set = pytest.mark.parametrize(
    "families",
    [FOURTEENTH, FIFTEENTH, SIXTEENTH, SEVENTEENTH, EIGHTEENTH],
    ids=lambda each: each[0].part,
)


@of_each_set
def test_it_is_apart_from_the_other_sets_and_has_each_kind_often(
    families: tuple[Family, ...],
) -> None:
    names = {family.name.partition("/")[0]: family for family in families}
    others = {one.name.partition("/")[0] for one in EVERY if one.part != families[0].part}
    assert not names.keys() & others
    assert sum(family.kind == "healthy" for family in names.values()) >= 60
    labels = Counter(
        kind for one in families for kind in {truth.kind for truth in one.run(0).truths}
    )
    assert len(labels) == 12
    assert min(labels.values()) >= SEVERAL, labels
    assert min(labels[kind] for kind in ("divergence", "overfitting", "plateau")) >= MANY, labels


@of_each_set
@pytest.mark.parametrize("seed", range(4))
def test_no_series_is_short_or_out_of_order(families: tuple[Family, ...], seed: int) -> None:
    for family in families:
        for session in family.run(seed).sessions:
            for tag, series in session.series.items():
                assert len(series.steps) >= 5, (family.name, tag)
                assert (np.diff(series.steps) > 0).all(), (family.name, tag)


def test_a_drift_is_dated_from_where_it_was_made_or_from_the_lowest_point() -> None:
    steps = np.arange(0, 1000, 10)
    t = np.linspace(0, 1, 100)
    worse = 6 * np.exp(-3 * t) + ramp_after(t, 0.4, 1.5)
    made = index_of(t, 0.4)
    assert t[made - 1] < 0.4 <= t[made]
    log = Log(np.random.default_rng(1))
    turns(log, "divergence", "loss", steps, worse, made, 0.01)
    log.add("loss", steps, worse)
    [truth] = log.close().truths
    assert truth.onset == steps[made]
    assert truth.window[0] <= truth.onset < steps[np.argmin(worse)] < truth.window[1]


def test_running_means_and_norms_that_settle() -> None:
    assert averaged(np.array([2.0, 4, 6, 8]), 2).tolist() == [2, 3, 5, 7]
    norm = settling(np.linspace(0, 1, 101), 0.5)
    assert norm[[0, 100]] == pytest.approx([3.5, 0.5])
    assert (np.diff(norm) <= 0).all()


def test_rates_of_the_fifteenth_set_go_up_and_down_where_they_should() -> None:
    t = np.linspace(0, 1, 101)
    assert held(t, 0.1, 0.2)[[5, 50, 90]] == pytest.approx([0.5, 1, 0.5])
    assert int(np.argmax(one_cycle(t, 0.3))) == 30
    assert stairs(t, 0.3, 0.6)[[29, 30, 60]] == pytest.approx([1, 0.1, 0.01])


def test_what_is_left_and_what_has_passed() -> None:
    t = np.linspace(0, 1, 101)
    assert settled(t, 0.2)[[0, 20]] == pytest.approx([1, np.exp(-6)])
    assert since(t, 0.5)[[10, 50, 75, 100]] == pytest.approx([0, 0, 0.5, 1])


def test_curves_of_the_sixteenth_set_go_where_they_say() -> None:
    t = np.linspace(0, 1, 101)
    assert bent(t, 0.4, 3.0, 1.0, 2.0)[[0, 40, 70, 100]] == pytest.approx([3, 1, 1.5, 2])
    falls = learning(t, 2.0, 0.5)
    assert falls[[0, 100]] == pytest.approx([2, 0.5 + 1.2 * np.exp(-4)])
    assert (np.diff(falls) < 0).all()
    assert left(t, 60)[[59, 60, 100]].tolist() == [1, 0, 0]
    assert np.isnan(left(t, 60, np.nan)[60:]).all()


def test_a_short_u_is_dated_from_its_lowest_point_to_a_third_of_its_way_up() -> None:
    steps = np.arange(10, 110, 10)
    worse = np.array([3.0, 2, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4])
    log = Log(np.random.default_rng(1))
    log.add("val_loss", steps, worse)
    turns_soon(log, "val_loss", steps, worse, 0.1)
    [truth] = log.close().truths
    assert (truth.kind, truth.onset) == ("overfitting", 30)
    assert (truth.window, truth.best_window) == ((20, 50), (20, 40))


def test_curves_of_the_seventeenth_set_go_where_they_say() -> None:
    t = np.linspace(0, 1, 101)
    assert eased(t, 3.0, 1.0, 0.5)[[0, 25, 50, 100]] == pytest.approx([3, 1.5, 1, 1])
    learnt = rises(t, 0.0, 1.0)
    assert learnt[[0, 30, 100]] == pytest.approx([0.9 * 0.0474, 0.48, 0.9991], abs=1e-3)


def test_a_scale_is_kept_in_good_times_and_lost_at_one_point() -> None:
    rng = np.random.default_rng(1)
    assert set(np.log2(good_scale(rng, 90))) <= {15, 16, 17}
    scale, bottom = scale_lost(rng, 100, 60, 16, 2, 0)
    exponent = np.log2(scale)
    assert exponent[:60].min() >= 15
    assert exponent[[60, 62, 64]].tolist() == [14, 13, 12]
    assert (exponent[bottom - 1], exponent[bottom], exponent[-1]) == (1, 0, 0)
    log = Log(rng)
    steps = np.arange(100)
    log.add("loss_scale", steps, scale)
    says_scale(log, "loss_scale", steps, 60, bottom)
    [truth] = log.close().truths
    assert (truth.onset, truth.window) == (60, (58, bottom + 2))


def test_curves_of_the_eighteenth_set_go_where_they_say() -> None:
    t = np.linspace(0, 1, 101)
    grown = decades(t, 0.3, 2.0, 1000, 0.6)
    assert (grown[: where(t, 0.3)] == 2).all()
    assert grown[where(t, 0.45)] == pytest.approx(2 * 1000**0.5)
    assert grown[-1] == pytest.approx(2000)
    falling = 1 - t
    assert (frozen_at(falling, 40)[40:] == falling[40]).all()
    assert np.isnan(from_point(falling, 40, np.nan)[40:]).all()
    assert (from_point(falling, 40, np.nan)[:40] == falling[:40]).all()


def test_an_epoch_takes_the_minutes_that_it_should() -> None:
    rng = np.random.default_rng(1)
    log = Log(rng)
    steps, t = epochs(log, rng, 40, 60, 5)
    log.add("loss", steps, 1 - t)
    times = log.close().sessions[0].series["loss"].wall_times
    assert 40 <= len(steps) <= 60
    assert 2.5 * 60 < np.diff(times).mean() < 8.5 * 60
