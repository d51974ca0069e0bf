"""Small experiments: few evaluations, worse from the first on, lost at once."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, detect_series
from tbtools.analysis.detect.signals import chance
from tbtools.analysis.objective import objectives_of
from tbtools.runs.series import ScalarSeries


def found(**series: np.ndarray | list[float]) -> list[Finding]:
    """What is found in series of one run, whose tags have `__` for `/`."""
    return list(
        detect_series(
            ScalarSeries.from_arrays(
                "run", tag.replace("__", "/"), np.arange(len(values)), np.asarray(values, float)
            )
            for tag, values in series.items()
        )
    )


def serious(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.kind, each.tag) for each in findings if each.is_serious]


def noise(n: int, sigma: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, n)


def falling(n: int) -> np.ndarray:
    return 0.05 + np.exp(-4 * np.linspace(0, 1, n))


# Overfitting


@pytest.mark.parametrize("n", [8, 12, 25])
def test_what_never_was_better_than_at_its_first_evaluation_overfits(n: int) -> None:
    for seed in range(5):
        loss = np.linspace(1, 2, n) + noise(n, 0.02, seed)
        [finding] = found(train_loss=falling(n), val_loss=loss)
        assert (finding.kind, finding.tag) == ("overfitting", "val_loss")
        assert finding.best_step == np.argmin(loss)
        assert finding.onset_step <= 0.1 * n


def test_few_evaluations_that_come_to_rest_above_their_first_are_no_average_from_zero() -> None:
    loss = 20 + 40 * (1 - np.exp(-np.arange(15) / 1.5)) + noise(15, 0.5)
    [finding] = found(train_loss=falling(15), validation_loss=loss)
    assert (finding.kind, finding.tag) == ("overfitting", "validation_loss")


def test_a_noisy_level_that_doubles_overfits_though_it_never_fell() -> None:
    # The noise is in proportion to the level, as that of small validation sets is.
    for seed in range(5):
        rise = np.log(3) * np.clip((np.arange(40) - 10) / 29, 0, 1)
        loss = np.exp(rise + noise(40, 0.12, seed))
        [finding] = found(train_loss=falling(40), val_loss=loss)
        assert finding.kind == "overfitting"
        assert finding.onset_step <= 18


def test_two_evaluations_down_and_six_up_are_told_through_some_noise() -> None:
    loss = [1.34, 1.22, 1.17, 1.21, 1.31, 1.45, 1.48, 1.43, 1.56]
    [finding] = found(train_loss=falling(9), val_loss=loss)
    assert (finding.kind, finding.best_step) == ("overfitting", 2)
    assert 2 <= finding.onset_step <= 4


@pytest.mark.parametrize("best", [3, 5, 8])
def test_the_onset_of_a_smooth_curve_is_not_before_its_best(best: int) -> None:
    away = np.arange(20) - best
    loss = 1 + np.where(away < 0, 0.4 * (np.abs(away) / best) ** 3, 0.008 * np.abs(away) ** 1.5)
    [finding] = found(train_loss=falling(20), val_loss=loss)
    assert finding.best_step == best
    assert best <= finding.onset_step <= best + 2


@pytest.mark.parametrize("still", [1, 3, 6])
def test_a_score_within_hundredths_of_its_bound_has_not_fallen_yet(still: int) -> None:
    # The course of a real sensitivity: some hundredths are nothing beside what it loses later.
    near = [0.997, 0.986, 0.993, 0.975, 0.99, 0.993][:still]
    low = [0.739, 0.596, 0.902, 0.341, 0.254, 0.429, 0.31, 0.213, 0.226, 0.582, 0.192, 0.286, 0.223]
    score = np.array([1.0] * 5 + near + low + [0.188, 0.254, 0.324, 0.254, 0.268, 0.244, 0.258])
    [finding] = found(train_loss=falling(len(score)), test_accuracy=score)
    assert (finding.kind, finding.tag) == ("overfitting", "test_accuracy")
    assert finding.best_step == 4  # of equal ones the last
    assert 4 + still <= finding.onset_step <= 8 + still


def test_a_loss_that_comes_to_scatter_is_lost_behind_its_level() -> None:
    # It scatters by a thousandth up to its best and a little beyond, and then by fifty times as
    # much on its way up.
    rise = 0.45 + 0.08 * np.clip(np.arange(43) / 13, 0, 1)
    for seed in range(5):
        level = 0.44 + np.abs(noise(13, 0.001, seed))
        good = [0.4372, 0.4381, 0.4388, 0.4394]
        loss = np.concatenate([level, good, rise + np.abs(noise(43, 0.02, seed))])
        [finding] = found(val_loss=loss)
        assert finding.kind == "divergence"
        assert finding.onset_step > finding.best_step == 13
        assert 17 <= finding.onset_step <= 24


def test_six_evaluations_that_double_are_told() -> None:
    loss = [4.9, 6.2, 7.6, 9.2, 10.6, 9.3]
    assert serious(found(loss=falling(6), val_loss=loss)) == [("overfitting", "val_loss")]
    assert found(loss=falling(6), val_loss=[1.0, 1.02, 1.04, 1.05, 1.07, 1.06]) == []


@pytest.mark.parametrize("loss", [[0.32, 0.36, 0.4], [1.9, 2.0, 2.2, 2.5]])
def test_three_evaluations_in_order_are_told_beside_a_loss_learned_by_heart(
    loss: list[float],
) -> None:
    by_heart = 0.3 * np.exp(-np.arange(60) / 12)
    assert serious(found(train__loss=by_heart, eval__loss=loss)) == [("overfitting", "eval/loss")]
    learned = 0.3 - 0.1 * np.arange(60) / 60
    assert found(train__loss=learned, eval__loss=loss) == []
    assert found(train__loss=by_heart, eval__loss=[one**0.2 for one in loss]) == []
    assert found(train__loss=by_heart, eval__loss=[loss[0], loss[-1], *loss[1:-1]]) == []


@pytest.mark.parametrize(
    "loss",
    [
        [6.3, 2.2, 2.4, 3.1, 4.3, 5.1, 4.8, 4.9],
        [4.4, 2.7, 5.0, 6.0, 7.3, 7.2, 7.8, 8.2],
        [0.77, 0.53, 0.46, 0.57, 0.63, 0.78, 0.84, 0.83],
        [2.9, 1.5, 1.2, 1.25, 1.4, 1.5, 1.7, 1.8, 2.1, 2.0],
    ],
)
def test_some_evaluations_that_fall_and_rise_in_order_overfit(loss: list[float]) -> None:
    assert serious(found(val__loss=loss, train__loss=falling(len(loss)))) == [
        ("overfitting", "val/loss")
    ]


@pytest.mark.parametrize("n", [8, 10, 14])
def test_evaluations_about_a_level_are_seldom_in_order(n: int) -> None:
    alarms = sum(
        ("overfitting", "val/loss")
        in serious(found(val__loss=1 + noise(n, 0.1, seed), train__loss=falling(n)))
        for seed in range(400)
    )
    assert alarms <= 12


def test_evaluations_that_peak_and_come_down_again_do_not_overfit() -> None:
    t = np.linspace(0, 1, 24)
    for seed in range(5):
        bump = 5 * t / 0.15 * np.exp(1 - t / 0.15)
        loss = 0.5 + np.exp(-3 * t) + bump + noise(24, 0.03, seed)
        assert serious(found(train_loss=falling(24), val_loss=loss)) == []


@pytest.mark.parametrize("points", [10, 16, 32, 64])
def test_noise_explains_a_line_as_seldom_as_the_table_says(points: int) -> None:
    rng = np.random.default_rng(points)
    least = chance.least_explained(points, chance.LEAST_OF_A_LINE)
    found = 0
    for _ in range(600):
        white = rng.normal(size=points + 1)
        # A moving average has this correlation from point to point.
        correlated = white[1:] + 0.33 * white[:-1]
        found += chance.explained_by_a_line(correlated) > least
    assert found <= 9  # 3 are one in two hundred


@pytest.mark.parametrize("points", [8, 16, 32])
def test_noise_seldom_rises_by_so_many_of_its_second_differences(points: int) -> None:
    rng = np.random.default_rng(points)
    found = 0
    for _ in range(600):
        white = rng.normal(size=points + 1)
        rise = chance.rise_in_noise(white[1:] + 0.5 * white[:-1])
        found += rise > chance.LEAST_RISE
    assert found <= 9


# Divergence


@pytest.mark.parametrize("tag", ["metrics__mAP50(B)", "val__dice", "val__f1"])
def test_a_score_that_falls_to_zero_is_lost_there(tag: str) -> None:
    score = 0.01 + noise(50, 0.001)
    score[7] = 0.04  # one lucky evaluation
    score[14:] = 0.0
    loss = falling(50)
    findings = found(train__loss=loss, **{tag: score})
    assert serious(findings) == [("divergence", tag.replace("__", "/"))]
    assert (findings[0].onset_step, findings[0].last_good_step) == (14, 13)


def test_a_score_that_is_zero_at_first_and_now_and_then_is_not_lost() -> None:
    score = np.clip((np.arange(60) - 8) / 60, 0, None) + 0.0
    score[25:27] = 0.0
    assert serious(found(train__loss=falling(60), val__dice=score)) == []


@pytest.mark.parametrize("n", [9, 15, 24])
def test_a_loss_ten_times_its_first_is_lost_though_it_comes_down(n: int) -> None:
    way = np.interp(np.arange(n), [0, 4, n - 1], [0, 1.7, 1.2])
    [finding] = found(loss=60 * 10**way)
    assert (finding.kind, finding.severity) == ("divergence", "warning")
    assert (finding.onset_step, finding.last_good_step) == (1, 0)


def test_a_first_point_that_is_no_loss_yet_is_no_level() -> None:
    loss = 0.5 + 2 * falling(20)
    loss[0] = 0.01
    assert serious(found(loss=loss)) == []


def test_few_noisy_returns_that_rise_and_fall_again_are_told() -> None:
    for seed in range(5):
        course = np.interp(np.arange(36), [0, 18, 35], [30, 120, 5])
        [finding] = [
            each for each in found(eval__mean_reward=course + noise(36, 8, seed)) if each.is_serious
        ]
        assert finding.kind == "divergence"
        assert 15 <= finding.onset_step <= 22


def test_a_drift_through_correlated_noise_is_told_where_windows_show_none() -> None:
    rng = np.random.default_rng(1)
    shocks = rng.normal(size=2500) * 0.07 * (1 - 0.9**2) ** 0.5
    wander = np.zeros(2500)
    for i in range(1, 2500):
        wander[i] = 0.9 * wander[i - 1] + shocks[i]
    i = np.arange(2500)
    loss = np.exp(-i / 250) + 0.8 * np.clip(i - 1200, 0, None) / 1300 + wander
    [finding] = [each for each in found(loss=loss) if each.is_serious]
    assert finding.kind == "divergence"
    assert 1000 <= finding.onset_step <= 1450


def test_what_came_down_before_it_rose_did_not_rise_from_the_start() -> None:
    loss = np.interp(np.arange(65), [0, 4, 9, 64], [1.12, 0.96, 0.935, 1.33]) + noise(65, 0.007)
    [finding] = [each for each in found(val_loss=loss) if each.is_serious]
    assert 7 <= finding.onset_step <= 15


# What explains it


@pytest.mark.parametrize(
    ("up", "down"),
    [("val__recall", "val__precision"), ("val__specificity", "val__sensitivity")],
)
def test_one_end_of_a_trade_off_is_not_judged_without_the_other(up: str, down: str) -> None:
    t = np.linspace(0, 1, 60)
    falls, rises = 0.95 - 0.3 * t + noise(60, 0.01), 0.3 + 0.5 * t + noise(60, 0.01, 1)
    loss = falling(60)
    assert serious(found(train__loss=loss, **{down: falls, up: rises})) == []
    alone = serious(found(train__loss=loss, **{down: falls}))
    assert [tag for _, tag in alone] == [down.replace("__", "/")]
    gained_little = 0.3 + 0.03 * t + noise(60, 0.01, 1)
    told = serious(found(train__loss=loss, **{down: falls, up: gained_little}))
    assert down.replace("__", "/") in [tag for _, tag in told]


def test_more_misses_are_no_divergence_where_false_alarms_become_fewer() -> None:
    t = np.linspace(0, 1, 30)
    misses, alarms = 0.005 + 0.015 * t + noise(30, 2e-4), 0.3 - 0.25 * t + noise(30, 0.005, 1)
    both = found(mask_rcnn__false_negative=misses, mask_rcnn__false_positive=alarms)
    assert serious(both) == []
    assert serious(found(mask_rcnn__false_negative=misses)) != []


def test_a_training_loss_that_jumps_while_evaluations_improve_has_other_data() -> None:
    """An augmentation is left out in the last ten epochs."""
    loss = 1.6 + 4 * falling(50) + noise(50, 0.05)
    loss[40:] += 0.7
    evaluated = 1.8 + 4 * falling(50) - 0.003 * np.arange(50) + noise(50, 0.005, 1)
    assert serious(found(train__cls_loss=loss, val__cls_loss=evaluated)) == []
    worse = evaluated + 0.7 * (np.arange(50) >= 40)
    told = serious(found(train__cls_loss=loss, val__cls_loss=worse))
    assert ("divergence", "train/cls_loss") in told


def test_a_loss_that_grows_with_the_weight_of_its_term_from_the_start_does_not_diverge() -> None:
    n = 80
    weight = np.clip(np.arange(n) / 30, 0, 1)
    loss = 1.3 + 4 * weight + noise(n, 0.03)
    assert serious(found(train__loss=loss, train__kl_weight=weight)) == []
    assert serious(found(train__loss=loss)) == [("divergence", "train/loss")]


# Explosion


@pytest.mark.parametrize("power", [1.5, 2.0])
def test_a_loss_without_a_lower_bound_is_told(power: float) -> None:
    loss = -3e3 * np.arange(1, 41) ** power
    [finding] = [each for each in found(val_loss=loss) if each.is_serious]
    assert (finding.kind, finding.severity, finding.onset_step) == ("explosion", "warning", 0)
    assert "no lower bound" in finding.message


def test_the_likelihood_of_a_density_comes_to_rest() -> None:
    loss = 5 - 1e4 * (1 - np.exp(-np.arange(60) / 15))
    assert serious(found(nll=loss)) == []
    assert serious(found(nll=loss[:20])) == []


def test_the_learned_reward_of_an_imitator_is_no_objective() -> None:
    assert objectives_of(["reward signal mean", "mean reward"]) == {
        "reward signal mean": "none",
        "mean reward": "max",
    }


def test_what_has_vanished_and_goes_on_falling_collapses_no_second_time() -> None:
    falls = 1e-12 * 10 ** -np.interp(np.arange(30), [0, 8, 30], [0, 3, 7])
    falls[0] = 0.5
    assert serious(found(reward_signal_mean=falls)) == []


def test_one_sample_to_and_fro_below_a_bound_is_no_decline() -> None:
    # Precision of 890 samples: all right, or one or two of them wrong.
    wrong = [2, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1]
    precision = 1 - np.asarray(wrong) / 890
    for train in (falling(25), 0.11 + noise(25, 0.005)):
        kinds = {each.kind for each in found(train_loss=train, val_precision=precision)}
        assert not kinds & {"overfitting", "divergence"}


def test_one_step_between_two_constants_is_a_jump_whatever_its_height() -> None:
    [finding] = found(val_precision=[0.95] * 20 + [0.6] * 15)
    assert (finding.kind, finding.onset_step) == ("divergence", 20)
