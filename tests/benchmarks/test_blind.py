"""The blind set is the same in every making, its labels are about its runs, and scores add up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tbtools
from benchmarks.blind.eighteenth import EIGHTEENTH
from benchmarks.blind.eighth import EIGHTH
from benchmarks.blind.eighth.making import beside_the_gap, counted, lasting, noise, turned
from benchmarks.blind.eleventh import ELEVENTH
from benchmarks.blind.eleventh.making import (
    gone,
    grown,
    hung,
    kept,
    over_epochs,
    shrunk,
    sunk,
)
from benchmarks.blind.eleventh.making import (
    paced as timed,
)
from benchmarks.blind.every import EVERY
from benchmarks.blind.families import FAMILIES
from benchmarks.blind.fifteenth import FIFTEENTH
from benchmarks.blind.fifth import FIFTH
from benchmarks.blind.fourteenth import FOURTEENTH
from benchmarks.blind.fourth import FOURTH
from benchmarks.blind.frozen import digest, digests, frozen
from benchmarks.blind.nineteenth import NINETEENTH
from benchmarks.blind.ninth import NINTH
from benchmarks.blind.ninth.making import dwindled, near_nothing, paced, rounded, spells, taught
from benchmarks.blind.runs import PARTS, Family, Log, prefixes
from benchmarks.blind.score import Share, by_kind, of_healthy, score
from benchmarks.blind.second import SECOND
from benchmarks.blind.second.generators import loss_scale, memorised
from benchmarks.blind.seventeenth import SEVENTEENTH
from benchmarks.blind.seventh import SEVENTH
from benchmarks.blind.seventh.making import felt, grain, kept_until, reduced, scored
from benchmarks.blind.sixteenth import SIXTEENTH
from benchmarks.blind.sixth import SIXTH
from benchmarks.blind.tenth import TENTH
from benchmarks.blind.tenth.making import clocked, fades, grows, learns, significant, stopped
from benchmarks.blind.third import THIRD
from benchmarks.blind.third.making import bfloat16, dynamic_scale
from benchmarks.blind.thirteenth import THIRTEENTH
from benchmarks.blind.twelfth import TWELFTH
from benchmarks.blind.writing import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


FROZEN = [
    *(THIRD, FOURTH, FIFTH, SIXTH, SEVENTH, EIGHTH, NINTH, TENTH, ELEVENTH, TWELFTH),
    *(THIRTEENTH, FOURTEENTH, FIFTEENTH, SIXTEENTH, SEVENTEENTH, EIGHTEENTH, NINETEENTH),
]


def made(family: Family, seed: int) -> list[tuple[Any, ...]]:
    return [
        (session.run, tag, *(column.tobytes() for column in series))
        for session in family.run(seed).sessions
        for tag, series in session.series.items()
    ]


def test_the_same_seed_makes_the_same_run_and_another_seed_another() -> None:
    for family in EVERY:
        assert made(family, 3) == made(family, 3), family.name
        assert made(family, 3) != made(family, 4), family.name


def test_labels_are_about_series_of_their_run() -> None:
    for family in EVERY:
        run = family.run(0)
        steps = {
            (session.run, tag): series.steps
            for session in run.sessions
            for tag, series in session.series.items()
        }
        assert bool(run.truths) == (family.kind != "healthy"), family.name
        for truth in run.truths:
            assert {(truth.run, tag) for tag in truth.tags} <= steps.keys(), family.name
            assert truth.window[0] <= truth.onset <= truth.window[1], family.name


def test_the_set_is_as_large_and_as_healthy_as_it_says() -> None:
    names = {family.name.partition("/")[0]: family for family in FAMILIES}
    assert len(names) >= 90
    assert sum(family.healthy for family in names.values()) >= len(names) / 2
    sizes = Counter(family.part for family in FAMILIES)
    assert set(sizes) == {"development", "held-out"}
    assert 0.25 < sizes["development"] / sizes.total() < 0.42


def test_the_second_set_is_apart_from_the_first_and_has_each_kind_often() -> None:
    names = {family.name.partition("/")[0]: family for family in SECOND}
    assert not names.keys() & {family.name.partition("/")[0] for family in FAMILIES}
    assert {family.part for family in SECOND} == {"second"}
    assert PARTS[2:] == (
        *("second", "third", "fourth", "fifth", "sixth", "seventh"),
        *("eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth"),
        *("fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    )
    assert 80 <= len(names) <= 110
    assert sum(family.healthy for family in names.values()) >= len(names) / 2
    kinds = Counter(family.kind for family in names.values())
    assert len(kinds) == 12
    assert min(kinds.values()) >= 5


def test_the_third_set_is_apart_from_the_others_and_has_each_kind_often() -> None:
    names = {family.name.partition("/")[0]: family for family in THIRD}
    others = {family.name.partition("/")[0] for family in (*FAMILIES, *SECOND)}
    assert not names.keys() & others
    assert {family.part for family in THIRD} == {"third"}
    assert 100 <= len(names) <= 140
    assert sum(family.healthy for family in names.values()) >= len(names) / 2
    kinds = Counter(family.kind for family in names.values())
    assert len(kinds) == 13
    assert min(kinds.values()) >= 5


def test_the_fourth_set_is_apart_from_the_others_and_has_each_kind_often() -> None:
    names = {family.name.partition("/")[0]: family for family in FOURTH}
    others = {family.name.partition("/")[0] for family in (*FAMILIES, *SECOND, *THIRD)}
    assert not names.keys() & others
    assert {family.part for family in FOURTH} == {"fourth"}
    assert 90 <= len(names) <= 120
    assert sum(family.healthy for family in names.values()) >= len(names) / 2
    kinds = Counter(family.kind for family in names.values())
    assert len(kinds) == 13
    assert min(kinds.values()) >= 4


@pytest.mark.parametrize(
    ("part", "families", "before", "least", "most"),
    [
        ("fifth", FIFTH, (*FAMILIES, *SECOND, *THIRD, *FOURTH), 70, 90),
        ("sixth", SIXTH, (*FAMILIES, *SECOND, *THIRD, *FOURTH, *FIFTH), 55, 70),
        ("seventh", SEVENTH, (*FAMILIES, *SECOND, *THIRD, *FOURTH, *FIFTH, *SIXTH), 60, 80),
        ("eighth", EIGHTH, tuple(one for one in EVERY if one.part != "eighth"), 60, 80),
        ("tenth", TENTH, tuple(one for one in EVERY if one.part != "tenth"), 80, 100),
        ("eleventh", ELEVENTH, tuple(one for one in EVERY if one.part != "eleventh"), 80, 100),
        ("twelfth", TWELFTH, tuple(one for one in EVERY if one.part != "twelfth"), 80, 100),
    ],
    ids=["fifth", "sixth", "seventh", "eighth", "tenth", "eleventh", "twelfth"],
)
def test_later_sets_are_apart_from_the_others_and_have_each_kind_often(
    part: str, families: tuple[Family, ...], before: tuple[Family, ...], least: int, most: int
) -> None:
    """A family may have several labels, and half of them have none."""
    names = {family.name.partition("/")[0]: family for family in families}
    assert not names.keys() & {family.name.partition("/")[0] for family in before}
    assert {family.part for family in families} == {part}
    assert least <= len(names) <= most
    assert sum(family.kind == "healthy" for family in names.values()) >= len(names) / 2
    labels = Counter(
        kind for one in names.values() for kind in {truth.kind for truth in one.run(0).truths}
    )
    assert len(labels) == 12
    assert min(labels.values()) >= 4


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "families",
    FROZEN,
    ids=lambda each: each[0].part,
)
def test_labels_lie_within_what_they_are_about(families: tuple[Family, ...], seed: int) -> None:
    for family in families:
        run = family.run(seed)
        steps: dict[tuple[str, str], list[int]] = {}
        for session in run.sessions:
            for tag, series in session.series.items():
                assert (np.diff(series.wall_times) > 0).all(), family.name
                steps.setdefault((session.run, tag), []).extend(series.steps.tolist())
        for truth in run.truths:
            about = [step for tag in truth.tags for step in steps[truth.run, tag]]
            for first, last in filter(None, (truth.window, truth.best_window)):
                assert min(about) <= first <= last <= max(about), family.name
            assert truth.window[0] <= truth.onset <= truth.window[1], family.name


@pytest.mark.parametrize(
    "families",
    FROZEN,
    ids=lambda each: each[0].part,
)
def test_a_set_is_as_it_was_frozen(families: tuple[Family, ...]) -> None:
    assert digests(families) == frozen(families[0].part)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "families",
    FROZEN[1:],
    ids=lambda each: each[0].part,
)
def test_healthy_runs_are_numbers_throughout(families: tuple[Family, ...], seed: int) -> None:
    """Except for the first explained variance of PPO, which is none."""
    for family in families:
        if not family.healthy:
            continue
        for session in family.run(seed).sessions:
            for tag, series in session.series.items():
                odd = int(np.sum(~np.isfinite(series.values)))
                assert odd <= (tag == "train/explained_variance"), (family.name, tag)


def test_a_digest_tells_another_value_time_or_label() -> None:
    one = family("divergence", jump)
    assert digest(one) == digest(family("divergence", jump))
    assert digest(one) != digest(family("divergence", level))
    assert digest(one) != digest(family("divergence", jump, tolerated=("plateau",)))

    def later(log: Log, rng: np.random.Generator) -> None:
        jump(log, rng)
        log.pause(50, 1)

    def brighter(log: Log, rng: np.random.Generator) -> None:
        jump(log, rng)
        log.add("accuracy", np.arange(100), np.nan)

    assert len({digest(family("divergence", make)) for make in (jump, later, brighter)}) == 3


def test_bfloat16_keeps_eight_bits() -> None:
    values = np.array([3.0, 3.01, -3.2e38, 1.0, 1e-3])
    bits = np.array([0x4040, 0x4041, 0xFF71, 0x3F80, 0x3A83], np.uint32) << 16
    np.testing.assert_array_equal(bfloat16(values), bits.view(np.float32))


def test_a_scale_that_is_too_high_is_halved_until_gradients_fit() -> None:
    scales = dynamic_scale(np.random.default_rng(1), 300, 32, 17.5, 20)
    assert (np.diff(scales[:14]) == -1).all()
    assert set(np.abs(np.diff(scales)).tolist()) == {0.0, 1.0}
    assert scales[20:].min() >= 15
    assert scales[20:].max() <= 20


def test_an_exponent_is_halved_at_overflows_and_doubled_after_good_steps() -> None:
    limits = np.array([9.0, 3, 3, 3, 3, 3, 3, 3, 1, 9])
    assert loss_scale(limits, 4, 3, 2).tolist() == [4, 4, 3, 3, 3, 4, 3, 3, 3, 2]


def test_a_memorising_model_is_best_where_it_should_be() -> None:
    t = np.linspace(0, 1, 200)
    curve = memorised(np.random.default_rng(1), t, 0.3, 2.0, 0.5)
    assert curve.best == int(np.argmin(curve.worse)) == pytest.approx(60, abs=3)
    assert (curve.worse[0], curve.worse[-1]) == pytest.approx((2.0, 0.5))
    assert curve.train[0] == 1
    assert (np.diff(curve.train) < 0).all()


def test_noise_with_a_memory_has_the_size_and_the_means_that_it_says() -> None:
    """Means of a hundred points vary as those of independent ones of the size that is felt."""
    noise = grain(np.random.default_rng(1), 400_000, 2.0, 0.5)
    assert noise.std() == pytest.approx(2, rel=0.03)
    assert np.corrcoef(noise[1:], noise[:-1])[0, 1] == pytest.approx(0.5, abs=0.02)
    assert noise.reshape(-1, 100).mean(axis=1).std() == pytest.approx(felt(2, 0.5) / 10, rel=0.05)


def test_scores_of_so_many_examples_are_shares_of_them() -> None:
    scores = scored(np.random.default_rng(1), np.linspace(0.5, 1, 40), 25)
    np.testing.assert_allclose(scores * 25, np.round(scores * 25), atol=1e-9)
    assert 0 <= scores.min() <= scores.max() <= 1


def test_heavy_noise_with_a_memory_has_the_size_and_the_means_that_it_says() -> None:
    values = noise(np.random.default_rng(1), 400_000, 2.0, 0.5, 6)
    assert values.std() == pytest.approx(2, rel=0.03)
    assert np.corrcoef(values[1:], values[:-1])[0, 1] == pytest.approx(0.5, abs=0.02)
    means = values.reshape(-1, 100).mean(axis=1)
    assert means.std() == pytest.approx(lasting(2, 0.5) / 10, rel=0.05)


def test_what_is_counted_is_a_share_of_examples() -> None:
    shares = counted(np.random.default_rng(1), np.linspace(-0.1, 1.1, 50), 20)
    np.testing.assert_allclose(20 * shares, np.round(20 * shares), atol=1e-9)
    assert (shares[0], shares[-1]) == (0, 1)


def test_a_loss_turns_where_it_should() -> None:
    worse = turned(np.linspace(0, 1, 200), 0.3, 2.0, 0.5, 1.0)
    assert int(np.argmin(worse)) == pytest.approx(60, abs=8)
    assert (worse[0], worse[-1]) == pytest.approx((3.0, 1.5), abs=0.001)


def test_a_gap_is_dated_by_the_points_beside_it() -> None:
    assert beside_the_gap(np.arange(10, 110, 10), 5) == (40, 70)
    assert beside_the_gap(np.arange(10, 110, 10), 9) == (80, 100)


def test_the_eighth_set_has_many_divergences_of_several_strengths() -> None:
    of = {family.name.partition("/")[0] for family in EIGHTH if has(family, "divergence")}
    assert len(of) >= 8
    strengths = {family.name.partition("/")[2] for family in EIGHTH if has(family, "divergence")}
    assert strengths >= {"clear", "medium", "faint"}


def test_the_ninth_set_is_of_speeds_and_rates_and_of_what_looks_like_them() -> None:
    names = {family.name.partition("/")[0]: family for family in NINTH}
    assert not names.keys() & {one.name.partition("/")[0] for one in EVERY if one.part != "ninth"}
    assert {family.part for family in NINTH} == {"ninth"}
    kinds = Counter(family.kind for family in names.values())
    assert kinds == {"throughput": 8, "learning_rate": 8, "healthy": 8}
    assert {truth.kind for family in NINTH for truth in family.run(0).truths} == kinds.keys() - {
        "healthy"
    }


@pytest.mark.parametrize("seed", range(4))
def test_series_of_the_ninth_set_have_three_to_three_hundred_points(seed: int) -> None:
    for family in NINTH:
        points: Counter[tuple[str, str]] = Counter()
        for session in family.run(seed).sessions:
            for tag, series in session.series.items():
                points[session.run, tag] += len(series.steps)
        assert 12 <= max(points.values()) <= 300, family.name
        assert min(points.values()) >= 3, family.name


def test_steps_take_the_seconds_that_they_are_paced_to() -> None:
    """Within the jitter of the clock, which is an eighth of each."""
    log = Log(np.random.default_rng(1))
    seconds = np.repeat([2.0, 5.0], 500)
    steps = np.arange(1000) * 10
    log.add("loss", steps, 1.0)
    paced(log, steps, seconds)
    took = np.diff(log.close().sessions[0].series["loss"].wall_times)
    assert took[:499].mean() == pytest.approx(20, rel=0.03)
    assert took[499:].mean() == pytest.approx(50, rel=0.03)


def test_a_loss_learns_by_the_rate_and_not_without_one() -> None:
    loss = taught(np.repeat([2.0, 0.0], 50), 1.0, 5.0, 1.0)
    assert (np.diff(loss[:50]) < 0).all()
    assert np.ptp(loss[50:]) == 0
    assert 1 < loss[-1] < taught(np.ones(10), 1.0, 5.0, 1.0)[4]


def test_numbers_are_written_to_so_many_digits() -> None:
    np.testing.assert_allclose(
        rounded([123456.0, 0.00123456, 0.0, -9.876], 3), [123e3, 0.00123, 0, -9.88]
    )


def test_busy_spells_are_over_in_time() -> None:
    for seed in range(20):
        factors = spells(np.random.default_rng(seed), 200, 4, 0.09, 2.0)
        assert np.count_nonzero(np.diff(factors > 1)) == 8
        assert (factors[160:] == 1).all()
        assert 1.6 <= factors.max() <= 2


def test_a_rate_is_dated_from_where_little_is_left_of_it() -> None:
    steps = np.arange(0, 200, 10)
    rate = np.array([1, 0.8, 0.6, 0.4, 0.2, 0.1, 0.01, 0.005, *[0.0] * 12])
    assert near_nothing(steps, rate) == (40, 100)
    assert dwindled(steps, rate, 1, 0.05) == (0, 80)


def test_the_tenth_set_has_each_kind_as_often_as_it_says() -> None:
    names = {family.name.partition("/")[0]: family for family in TENTH}
    assert sum(family.kind == "healthy" for family in names.values()) >= 40
    labels = Counter(
        kind for one in names.values() for kind in {truth.kind for truth in one.run(0).truths}
    )
    least = {"divergence": 12, "learning_rate": 12, "throughput": 12, "overfitting": 8}
    assert all(count >= least.get(kind, 5) for kind, count in labels.items())
    assert {kind for kind, count in labels.items() if count < 6} <= {"nonfinite"}


def test_a_clock_takes_as_much_longer_as_it_is_told() -> None:
    """Within the jitter of the clock, which is an eighth of each."""
    log = Log(np.random.default_rng(1))
    log.seconds_per_step = 2.0
    steps = np.arange(900)
    log.add("loss", steps, 1.0)
    clocked(log, steps, np.repeat([1.0, 3.0, 0.5], 300))
    took = np.diff(log.close().sessions[0].series["loss"].wall_times)
    for first, seconds in ((0, 2.0), (300, 6.0), (600, 1.0)):
        assert took[first : first + 299].mean() == pytest.approx(seconds, rel=0.03)


def test_a_csv_has_so_many_significant_digits() -> None:
    values = significant([123456.0, 0.0123456, 0.0, -9.876, np.nan], 3)
    np.testing.assert_allclose(values, [123e3, 0.0123, 0, -9.88, np.nan])


def test_nothing_is_learnt_at_a_rate_of_nought() -> None:
    loss = learns(np.repeat([0.1, 0.0], 40), 3.0, 1.0, 5.0)
    assert (np.diff(loss[:40]) < 0).all()
    assert np.ptp(loss[40:]) == 0


def test_what_has_stopped_is_level() -> None:
    np.testing.assert_array_equal(stopped(np.arange(5.0), 2), [0, 1, 2, 2, 2])


def test_a_rate_fades_from_a_tenth_of_its_peak_to_nothing() -> None:
    log = Log(np.random.default_rng(1))
    steps = np.arange(0, 200, 10)
    rate = np.array([0.5, 1, 0.8, 0.4, 0.1, 0.03, 0.01, 0.001, *[0.0] * 12])
    log.add("lr", steps, rate)
    fades(log, "lr", steps, rate, 1)
    [truth] = log.close().truths
    assert (truth.onset, truth.window) == (40, (20, 100))


def test_a_growth_may_be_dated_until_it_is_halfway_on_either_scale() -> None:
    log = Log(np.random.default_rng(1))
    steps = np.arange(100)
    curve = 2.0 ** np.clip(steps - 40, 0, None)
    log.add("norm", steps, curve)
    grows(log, "explosion", "norm", steps, curve, 40, 0.1)
    [truth] = log.close().truths
    assert (truth.onset, truth.window[1]) == (40, 98)
    assert 35 <= truth.window[0] <= 40


@pytest.mark.parametrize("families", [ELEVENTH, TWELFTH], ids=lambda each: each[0].part)
def test_a_set_has_each_kind_as_often_as_it_says(families: tuple[Family, ...]) -> None:
    names = {family.name.partition("/")[0]: family for family in families}
    assert sum(family.kind == "healthy" for family in names.values()) >= 40
    labels = Counter(
        kind for one in names.values() for kind in {truth.kind for truth in one.run(0).truths}
    )
    least = {"divergence": 12, "learning_rate": 12, "throughput": 12, "overfitting": 8}
    least |= {"nonfinite": 5}
    assert all(count >= least.get(kind, 6) for kind, count in labels.items())


def test_a_loss_sinks_from_its_start_to_its_end() -> None:
    for curve in (
        sunk(np.linspace(0, 1, 300), 5.0, 1.0, 12, 0.3),
        kept(sunk(np.linspace(0, 1, 300), 5.0, 1.0), 299),
    ):
        assert (curve[0], curve[-1]) == pytest.approx((5, 1), abs=1e-3)
        assert (np.diff(curve) < 0).all()


def test_a_loss_steps_down_where_the_data_come_round_again() -> None:
    loss = over_epochs(np.linspace(0, 1, 400), 2.0, 0.0, 4, 0.5)
    falls = np.sort(np.argsort(np.diff(loss[50:]))[:3] + 50)
    np.testing.assert_allclose(falls, [99, 199, 299], atol=1)


def test_what_is_kept_does_not_change_any_more() -> None:
    np.testing.assert_array_equal(kept(np.arange(5.0), 2), [0, 1, 2, 2, 2])


def test_the_clock_takes_its_seconds_and_hangs_where_it_is_told() -> None:
    """Within the jitter of the clock, which is an eighth of each step."""
    log = Log(np.random.default_rng(1))
    steps = np.arange(0, 6000, 10)
    log.add("loss", steps, 1.0)
    timed(log, steps, np.repeat([0.2, 0.8, 0.1], 200))
    hung(log, ("loss",), steps, 500, 3)
    run = log.close()
    took = np.diff(run.sessions[0].series["loss"].wall_times)
    for first, seconds in ((0, 2.0), (200, 8.0), (400, 1.0)):
        assert took[first : first + 99].mean() == pytest.approx(seconds, rel=0.03)
    assert took[499] == pytest.approx(3 * 3600, abs=5)
    [truth] = run.truths
    assert (truth.kind, truth.onset, truth.window) == ("stall", 5000, (4980, 5010))


def test_what_goes_by_decades_may_be_dated_until_most_of_it_is_done() -> None:
    log = Log(np.random.default_rng(1))
    steps = np.arange(100)
    growth = 1 + np.clip(steps - 40, 0, None) / 10
    log.add("norm", steps, growth)
    log.add("entropy", steps, 8 - growth)
    grown(log, "gradient", "norm", steps, growth, 40, 0.01)
    shrunk(log, "entropy", steps, 8 - growth, 40, 0.01)
    up, down = log.close().truths
    assert (up.kind, up.onset, up.window[1]) == ("gradient", 40, 70)
    assert (down.kind, down.onset) == ("collapse", 40)
    assert down.window[1] in {97, 98}
    assert min(up.window[0], down.window[0]) >= 35


def test_a_rate_that_melts_is_dated_from_a_tenth_to_nothing() -> None:
    log = Log(np.random.default_rng(1))
    steps = np.arange(0, 200, 10)
    rate = np.array([0.5, 1, 0.8, 0.4, 0.1, 0.03, 0.01, 0.001, *[0.0] * 12])
    log.add("lr", steps, rate)
    gone(log, "lr", steps, rate)
    [truth] = log.close().truths
    assert (truth.onset, truth.window) == (40, (30, 100))


def has(family: Family, kind: str) -> bool:
    return any(truth.kind == kind for truth in family.run(0).truths)


def test_early_stopping_waits_for_a_new_best() -> None:
    assert kept_until(np.array([3.0, 2, 1, 2, 0.5, 1, 2, 0.6, 9]), 3) == 8
    assert kept_until(np.arange(9.0, 0, -1), 3) == 9


def test_a_rate_is_cut_where_patience_is_over_and_only_there() -> None:
    run = reduced(np.random.default_rng(1), 60, (2.0, 0.4, 0.3), 0.1, rate=1e-3, patience=3)
    cuts = np.flatnonzero(np.diff(run.rate)) + 1
    assert len(cuts) > 1
    np.testing.assert_allclose(run.rate[cuts] / run.rate[cuts - 1], 0.5)
    for first, last in zip([0, *cuts], cuts, strict=False):
        best = run.seen[: last - 4].min()
        assert last - first >= 4
        assert (run.seen[last - 4 : last] >= best * (1 - 1e-4)).all()


def test_what_is_written_is_what_was_made(tmp_path: Path) -> None:
    family = next(one for one in FAMILIES if one.name == "keras_two_writers")
    run = family.run(0)
    write(run, tmp_path)
    frame = tbtools.read_scalars(tmp_path).set_index(["run", "tag"]).sort_index()
    for session in run.sessions:
        for tag, series in session.series.items():
            read = frame.loc[(f"{run.name}/{session.run}", tag)]
            assert read["step"].to_list() == series.steps.tolist()
            np.testing.assert_allclose(read["value"], series.values, rtol=1e-6)
            np.testing.assert_array_equal(read["wall_time"], series.wall_times)


def test_prefixes_grow_to_the_run() -> None:
    run = next(one for one in FAMILIES if one.name == "resumed_rewound").run(1)
    points = [
        sum(len(series.steps) for session in cut.sessions for series in session.series.values())
        for cut in [*prefixes(run), run]
    ]
    assert len(points) == 11
    assert points == sorted(points)
    assert points[0] >= points[-1] / 11


def family(kind: str, make: Callable[[Log, np.random.Generator], None], **more: Any) -> Family:
    return Family(kind, kind, "for this test", more.pop("tolerated", ()), True, make)


def level(log: Log, rng: np.random.Generator) -> None:
    log.add("loss", np.arange(100), 1 - np.arange(100) / 200 + rng.normal(0, 0.01, 100))


def jump(log: Log, rng: np.random.Generator) -> None:
    level(log, rng)
    log.true("divergence", "loss", 60, (58, 62))


def turn(log: Log, rng: np.random.Generator) -> None:
    log.session("validation")
    level(log, rng)
    log.true("overfitting", "loss", 40, (35, 50), best_window=(38, 42))


def finding(kind: str, severity: str, onset: int, **more: Any) -> dict[str, Any]:
    return {
        "run": "run",
        "tag": "loss",
        "kind": kind,
        "severity": severity,
        "onset_step": onset,
        "best_step": None,
    } | more


def test_scores_of_a_detector_that_is_known() -> None:
    """It dates labels at and past their windows' ends, alarms on all, and early too."""

    def detect(logdir: Path) -> list[dict[str, Any]]:
        frame = tbtools.read_scalars(logdir)
        if len(frame) < 100:
            return [finding("divergence", "error", 1)] if len(frame) < 50 else []
        run = str(frame["run"].iloc[0])
        return [
            finding("divergence", "error", 62, run=run),
            finding("overfitting", "warning", 51, run=run, best_step=38),
            finding("plateau", "warning", 3, run=run),
            finding("spike", "info", 3, run=run),
        ]

    families = [
        family("healthy", level, tolerated=("plateau",)),
        family("divergence", jump),
        family("overfitting", turn),
    ]
    scores = score(families, range(3), detect=detect)

    kinds = by_kind(scores)
    assert str(kinds["divergence"].found).startswith("3/3 = 100.0 %")
    assert str(kinds["divergence"].onset).startswith("3/3")
    assert str(kinds["divergence"].error).startswith("3/3")
    assert str(kinds["divergence"].best) == "-"
    assert str(kinds["overfitting"].found).startswith("3/3")
    assert str(kinds["overfitting"].onset).startswith("0/3")
    assert str(kinds["overfitting"].best).startswith("3/3")
    assert str(kinds["overfitting"].error).startswith("0/3")

    healthy = of_healthy([one for one in scores if one.family == "healthy"])
    assert str(healthy.errors).startswith("3/3")
    assert healthy.kinds == {("divergence", "error"): 3, ("overfitting", "warning"): 3}
    # Ten cuts, of which those with 1/11 to 5/11 of a hundred points have fewer than fifty.
    assert (healthy.errors_at_cuts.count, healthy.errors_at_cuts.of) == (15, 30)
    assert str(healthy.errors_at_any_cut).startswith("3/3")
    assert scores[3].others == (("overfitting", "warning"), ("plateau", "warning"))


def test_a_silent_detector_finds_nothing_and_alarms_nobody() -> None:
    scores = score([family("healthy", level), family("divergence", jump)], [0], detect=lambda _: [])
    assert str(by_kind(scores)["divergence"].found).startswith("0/1")
    assert of_healthy(scores[:1]).alarmed.count == 0


@pytest.mark.parametrize(("count", "of"), [(0, 20), (19, 20), (50, 100)])
def test_intervals_are_wilsons(count: int, of: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    truth = stats.binomtest(count, of).proportion_ci(method="wilson")
    assert Share(of, count).interval() == pytest.approx((truth.low, truth.high), abs=1e-6)
