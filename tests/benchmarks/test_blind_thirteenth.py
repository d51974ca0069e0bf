"""The thirteenth blind set has each kind often, and its curves and labels are what they say."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmarks.blind.every import EVERY
from benchmarks.blind.runs import LabelledRun, Log
from benchmarks.blind.thirteenth import THIRTEENTH
from benchmarks.blind.thirteenth.making import (
    counted,
    descent,
    drifts,
    every,
    fades,
    grows,
    half_cosine,
    hangs,
    jitter,
    levels,
    noise,
    over_epochs,
    overfits,
    scaler,
    spikes,
    warmed,
)

# How many families at least have a label of each kind.
OFTEN = {
    "divergence": 14,
    "learning_rate": 8,
    "throughput": 8,
    "overfitting": 8,
    "plateau": 6,
    "nonfinite": 5,
    "spike": 6,
    "collapse": 6,
    "explosion": 8,
    "gradient": 6,
    "loss_scale": 5,
    "stall": 5,
}


def test_the_set_is_apart_from_the_others_and_has_each_kind_often() -> None:
    names = {family.name.partition("/")[0]: family for family in THIRTEENTH}
    others = {one.name.partition("/")[0] for one in EVERY if one.part != "thirteenth"}
    assert not names.keys() & others
    assert {family.part for family in THIRTEENTH} == {"thirteenth"}
    assert 90 <= len(names) <= 130
    assert sum(family.kind == "healthy" for family in names.values()) >= 40
    labels = Counter(
        kind for one in names.values() for kind in {truth.kind for truth in one.run(0).truths}
    )
    assert labels.keys() == OFTEN.keys()
    assert all(labels[kind] >= least for kind, least in OFTEN.items()), labels


@pytest.mark.parametrize("seed", range(4))
def test_points_are_in_order_and_labels_are_about_what_is_there(seed: int) -> None:
    for family in THIRTEENTH:
        run = family.run(seed)
        assert bool(run.truths) == (family.kind != "healthy"), family.name
        tags = {(session.run, tag) for session in run.sessions for tag in session.series}
        for session in run.sessions:
            for tag, series in session.series.items():
                assert len(series.steps) >= 5, (family.name, tag)
                assert (np.diff(series.steps) > 0).all(), (family.name, tag)
        for truth in run.truths:
            assert {(truth.run, tag) for tag in truth.tags} <= tags, family.name


def test_noise_has_the_size_and_the_memory_that_it_says() -> None:
    seen = noise(np.random.default_rng(1), 200_000, 2.0, 0.5)
    assert seen.std() == pytest.approx(2, rel=0.03)
    assert np.corrcoef(seen[1:], seen[:-1])[0, 1] == pytest.approx(0.5, abs=0.02)
    near = jitter(np.random.default_rng(1), np.full(50_000, 7.0), 0.1)
    assert np.log(near / 7).std() == pytest.approx(0.1, rel=0.05)
    shares = counted(np.random.default_rng(1), np.full(20_000, 0.3), 50)
    assert shares.mean() == pytest.approx(0.3, abs=0.003)
    assert shares.std() == pytest.approx(np.sqrt(0.3 * 0.7 / 50), rel=0.05)


def test_a_rate_that_is_cut_lets_the_loss_fall_and_one_of_zero_learns_nothing() -> None:
    level = descent(np.ones(400), heat=0.3)
    cut = descent(np.repeat([1.0, 0.1], [200, 200]), heat=0.3)
    assert level[0] == pytest.approx(1, abs=0.3)
    assert (np.diff(level) < 0).all()
    assert cut[250] < level[250]
    np.testing.assert_allclose(descent(np.zeros(50)), 1)
    back = descent(np.repeat([1.0, 0.1, 1.0], 200), heat=0.3)
    assert back[420] > back[399]


def test_schedules() -> None:
    t = np.linspace(0, 1, 101)
    rate = warmed(t, 0.1, half_cosine(t, 0.1, 0.2))
    assert rate[[0, 5, 10, 55, 100]] == pytest.approx([0, 0.5, 1, 0.6, 0.2])
    assert over_epochs(t, 4, 0.5)[[0, 24, 25, 99, 100]].tolist() == [0, 0, 0.5, 1.5, 1.5]
    assert every(np.arange(0, 1000, 10), 3).tolist() == [330, 660, 990]


def test_a_scale_is_halved_where_it_does_not_fit_and_doubled_after_patience() -> None:
    limits = np.repeat([12.0, 3.0, 40.0], 50)
    exponents = np.log2(scaler(np.random.default_rng(1), limits, 10, 30))
    assert set(np.abs(np.diff(exponents))) == {0, 1}
    assert exponents[30] == 11
    assert exponents[70:99].max() <= 5
    assert exponents[149] > exponents[99]


def made() -> Log:
    return Log(np.random.default_rng(1))


def closed(log: Log, tag: str, steps: np.ndarray, values: np.ndarray) -> LabelledRun:
    log.add(tag, steps, values)
    return log.close()


def test_a_slow_change_may_be_dated_until_a_third_of_it_is_done() -> None:
    log, steps = made(), np.arange(0, 1000, 10)
    worse = np.concatenate([np.linspace(3, 1, 40), np.linspace(1, 2, 60)])
    drifts(log, "divergence", "loss", steps, worse, 40, 1e-6)
    [truth] = closed(log, "loss", steps, worse).truths
    assert truth.onset == 400
    assert truth.window[0] == 370  # two points before the fall was over
    assert truth.window[1] == pytest.approx(400 + 600 / 3 + 20, abs=10)


def test_growth_by_decades_may_be_dated_until_it_is_tenfold() -> None:
    log, steps = made(), np.arange(100)
    norm = 10.0 ** (np.clip(steps - 40, 0, None) / 20)
    grows(log, "explosion", "norm", steps, norm, 40, 1e-9)
    [truth] = closed(log, "norm", steps, norm).truths
    assert (truth.onset, truth.window) == (40, (37, 62))


def test_the_turn_of_a_loss_is_where_it_is_least_or_where_it_is_seen_to_rise() -> None:
    log, steps = made(), np.arange(60)
    worse = np.abs(steps - 20) / 20.0
    overfits(log, "loss", steps, worse, 0.05)
    [truth] = closed(log, "loss", steps, worse).truths
    assert truth.onset == 20
    assert truth.best_window == (17, 23)
    assert truth.window[0] <= 18
    assert 34 <= truth.window[1] <= 38


def test_a_level_a_leap_a_gap_and_a_rate_that_is_gone() -> None:
    steps = np.arange(0, 1000, 10)
    log = made()
    worse = np.clip(40 - np.arange(100), 0, None) / 10.0
    levels(log, "loss", steps, worse, 40, 0.01)
    spikes(log, "loss", steps, 70, 3)
    hangs(log, "loss", steps, 50, 2.0)
    rate = np.concatenate([np.ones(20), 10.0 ** -np.arange(1, 81, dtype=float)])
    fades(log, "lr", steps, rate)
    log.add("lr", steps, rate)
    run = closed(log, "loss", steps, worse)
    plateau, spike, stall, gone = run.truths
    assert plateau.window == (380, 500)
    assert (spike.onset, spike.window) == (700, (680, 740))
    assert (stall.onset, stall.window) == (500, (480, 520))
    times = run.sessions[0].series["loss"].wall_times
    assert np.argmax(np.diff(times)) == 49
    assert np.diff(times)[49] > 7200
    assert gone.window == (180, 260)
