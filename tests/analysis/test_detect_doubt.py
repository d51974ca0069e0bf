"""What may still recover, what only looks ill, and faults that need no objective."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, Findings, detect_series
from tbtools.analysis.detect.signals import chance, isotonic, unimodal
from tbtools.runs.series import ScalarSeries

if TYPE_CHECKING:
    from collections.abc import Callable


def series(value: object, tag: str = "loss", step: object = None) -> ScalarSeries:
    values = np.asarray(value, float)
    return ScalarSeries.from_arrays(
        "run", tag, np.arange(len(values)) if step is None else np.asarray(step), values
    )


def noise(n: int, sigma: float = 0.02, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, n)


def the_only(findings: Findings) -> Finding:
    assert len(findings) == 1, [each.message for each in findings]
    return findings[0]


def falling(n: int = 300) -> np.ndarray:
    return 2 * (1 + np.arange(n) / 30) ** -0.7 + 0.1


def serious(findings: Findings) -> list[str]:
    return [each.kind for each in findings if each.is_serious]


# Provisional


def test_a_jump_is_provisional_until_it_has_lasted() -> None:
    y = np.where(np.arange(400) < 200, falling(400), 3.0) + noise(400)
    first, later = (the_only(detect_series([series(y[:end])])) for end in (215, 300))
    assert (first.kind, first.severity, first.provisional) == ("divergence", "warning", True)
    assert "it may recover" in first.message
    assert not first.fails(["divergence"])
    assert (later.severity, later.provisional) == ("error", False)
    assert later.fails(["divergence"])
    assert first.to_dict()["provisional"]


def bumped(peak: float, rest: float, seed: int) -> np.ndarray:
    """A loss that jumps at the 66th point, and comes back but for a rest within ten."""
    point = np.arange(100)
    after = np.clip(point - 66, 0, None)
    bump = np.where(point < 66, 0, rest + (peak - rest) * np.exp(-after / 2.5))
    return 0.5 - 0.14 * (point / 100) ** 0.7 + bump + noise(100, 0.004, seed)


@pytest.mark.parametrize("seed", range(6))
def test_what_falls_at_each_of_few_points_is_on_its_way_back(seed: int) -> None:
    y = bumped(0.5, 0.0, seed)
    for end in range(70, 101):
        assert not any(each.severity == "error" for each in detect_series([series(y[:end])])), end


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_back_to_a_worse_level_is_an_error_soon(seed: int) -> None:
    found = detect_series([series(bumped(0.5, 0.2, seed)[:76])]).of("divergence")
    assert [(each.severity, each.onset_step) for each in found] == [("error", 66)]


def test_waves_that_grow_are_on_no_way_back_at_the_foot_of_one() -> None:
    point = np.arange(200)
    swing = np.where(point < 100, 0, 1 - np.cos(np.pi * (point - 100) / 10))
    y = falling(200) + swing * 1.03 ** np.clip(point - 100, 0, None) + noise(200, 0.004)
    found = detect_series([series(y[:199])]).of("divergence")
    assert [each.severity for each in found] == ["error"]


def test_a_blow_up_beyond_everything_is_settled_at_once() -> None:
    y = falling() + noise(300)
    y[290:] = 1e6
    assert the_only(detect_series([series(y)])).severity == "error"


@pytest.mark.parametrize("logged", [True, False])
def test_no_warm_restart_is_an_error_at_any_time(logged: bool) -> None:
    phase = np.concatenate([np.arange(n) / n for n in (80, 160, 320)])
    y = np.exp(-np.arange(560) / 300) + 0.3 * np.cos(np.pi * phase / 2) + noise(560, 0.01)
    rate = 0.1 * (0.5 + 0.5 * np.cos(np.pi * phase))
    for end in range(20, 560, 9):
        run = [series(y[:end]), series(rate[:end], "lr")][: 1 + logged]
        found = detect_series(run)
        assert [each for each in found if each.severity == "error"] == []
        if logged:
            assert serious(found) == []


def test_few_points_that_recover_to_a_new_best_are_never_an_error() -> None:
    y = np.interp(np.arange(49), [0, 16, 32, 48], [-100, -84.7, -98, -80])
    smooth = np.convolve(np.pad(y, 2, "edge"), np.full(5, 0.2), "valid")
    for end in range(8, 50):
        found = detect_series([series(smooth[:end], "eval/mean_reward")])
        assert [each for each in found if each.severity == "error"] == []
    assert not detect_series([series(smooth, "eval/mean_reward")])


@pytest.mark.parametrize(("place", "height"), [(0.18, 1.0), (0.28, 0.9), (0.34, 0.8)])
def test_one_bump_that_is_being_made_good_is_no_settled_oscillation(
    place: float, height: float
) -> None:
    t = np.arange(1000) / 1000
    loss = (1 + t / 0.03) ** -0.5 + height * np.exp(-(((t - place) / 0.03) ** 2))
    loss += np.random.default_rng(0).normal(0, 0.003, 1000)
    for end in range(int(1000 * place), int(1000 * (place + 0.08)), 6):
        found = detect_series([series(loss[:end], "loss")])
        assert [each for each in found if each.severity == "error"] == []


# What only looks ill


RUNNING: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "since the start": lambda x: np.cumsum(x) / np.arange(1, len(x) + 1),
    "of fifty": lambda x: np.convolve(x, np.full(50, 0.02))[49 : len(x)],
    "weighted": lambda x: np.convolve(x, 0.04 * 0.96 ** np.arange(200))[199 : len(x)],
}


@pytest.mark.parametrize("name", RUNNING)
def test_a_running_mean_of_noise_is_no_divergence(name: str) -> None:
    alarms = 0
    for seed in range(30):
        raw = np.random.default_rng(seed).gamma(2.5, 0.4, 900)
        for end in (80, 300, 600):
            alarms += bool(detect_series([series(RUNNING[name](raw)[:end])]).of("divergence"))
        worse = raw + 2 * (np.arange(900) >= 500)
        assert detect_series([series(RUNNING[name](worse))]).of("divergence")
    # Without a thought of memory 66, 23 and 15 of these 90 were alarms.
    assert alarms <= 10


def share_so_far(
    before: float, after: float, points: int, seed: int, digits: int = 9
) -> ScalarSeries:
    """The share of games won since the start, as event files hold it."""
    chance = np.where(np.arange(2 * points) < points, before, after)
    won = np.random.default_rng(seed).random(2 * points) < chance
    share = np.cumsum(won) / np.arange(1, 2 * points + 1)
    return series(np.round(share, digits).astype(np.float32), "success_rate")


@pytest.mark.parametrize(("rate", "points"), [(0.08, 100), (0.15, 40), (0.3, 60), (0.95, 150)])
@pytest.mark.parametrize("digits", [4, 9])
def test_a_share_since_the_start_is_no_worse_for_its_first_draws(
    rate: float, points: int, digits: int
) -> None:
    alarms = sum(
        bool(detect_series([share_so_far(rate, rate, points, seed, digits)]).of("divergence"))
        for seed in range(60)
    )
    # Without a look at the draws most of these 60 were alarms, of the third a tenth.
    assert alarms <= 2


@pytest.mark.parametrize(("before", "after", "points"), [(0.8, 0.1, 100), (0.6, 0.0, 60)])
def test_a_share_since_the_start_got_worse_where_its_draws_did(
    before: float, after: float, points: int
) -> None:
    for seed in range(20):
        one = share_so_far(before, after, points, seed)
        [found] = detect_series([one]).of("divergence")
        assert abs(found.onset_step - points) <= points / 8


def test_a_share_that_rose_first_got_worse_where_its_draws_did() -> None:
    """From 0.2 to 0.9, and down to 0.1: the mean is hardly worse than at first."""
    told = 0
    for seed in range(20):
        rate = np.repeat([0.2, 0.9, 0.1], [100, 100, 200])
        won = np.random.default_rng(seed).random(400) < rate
        share = np.cumsum(won) / np.arange(1, 401)
        told += bool(detect_series([series(share, "win_rate")]).of("divergence"))
    assert told == 20


@pytest.mark.parametrize("ends", ["at its best", "as it was"])
def test_a_share_that_goes_up_and_down_did_not_get_worse(ends: str) -> None:
    at = np.arange(850 if ends == "at its best" else 700)
    rate = 0.6 + 0.3 * np.sin(2 * np.pi * at / 200)
    if ends == "as it was":
        rate = np.repeat([0.9, 0.2, 0.9], [300, 100, 300])
    for seed in range(10):
        won = np.random.default_rng(seed).random(len(at)) < rate
        share = won.cumsum() / np.arange(1, len(at) + 1)
        assert "error" not in [each.severity for each in detect_series([series(share, "win_rate")])]


@pytest.mark.parametrize("first", [50.0, 200.0])
def test_a_mean_of_losses_whose_first_was_large_is_judged_by_its_levels(first: float) -> None:
    losses = 1 + noise(400, 0.1) + 3 * (np.arange(400) >= 200)
    losses[0] = first
    mean = (losses.cumsum() / np.arange(1, 401)).astype(np.float32)
    assert detect_series([series(mean, "loss")]).of("divergence")


@pytest.mark.parametrize("first", [-100.0, -5.0])
@pytest.mark.parametrize("tag", ["train/explained_variance", "val/r2_score"])
def test_a_first_value_far_from_all_others_makes_no_mean(tag: str, first: float) -> None:
    learned = 0.9 * (1 - np.exp(-np.arange(399) / 20)) + noise(399, 0.01)
    learned[249:] -= np.linspace(0, 0.8, 150)
    [found] = detect_series([series([first, *learned], tag)]).of("divergence")
    assert 245 <= found.onset_step <= 270


def test_draws_next_to_nothing_divide_nothing_by_zero() -> None:
    draws = np.random.default_rng(0).integers(-3, 3, 100)
    assert not detect_series([series(draws * 5e-324, "reward")]).of("divergence")


@pytest.mark.parametrize("seed", range(4))
def test_a_share_of_the_last_games_is_judged_by_its_levels(seed: int) -> None:
    """The first hundred values are means since the start: then the oldest game is left out."""
    rate = np.where(np.arange(400) < 250, 0.7, 0.2)
    won = np.random.default_rng(seed).random(400) < rate
    share = [won[max(0, end - 100) : end].mean() for end in range(1, 401)]
    [found] = detect_series([series(share, "success_rate")]).of("divergence")
    assert found.evidence["level_after"] < 0.3


def test_a_mean_that_fell_and_stays_there_is_more_than_its_memory() -> None:
    """The returns of the last hundred episodes, half of which are lost in twenty points."""
    t = np.arange(160)
    told = alarms = 0
    for seed in range(30):
        raw = np.random.default_rng(seed).normal(0, 2000, 4200)
        mean = np.convolve(raw, np.full(100, 0.01))[99:4200:25][:160]
        reward = 2400 * (1 - np.exp(-t / 25)) + mean
        fell = reward - 1200 / (1 + np.exp(-(t - 88) / 3))
        told += bool(detect_series([series(fell, "rollout/ep_rew_mean")]).of("divergence"))
        alarms += bool(detect_series([series(reward, "rollout/ep_rew_mean")]).of("divergence"))
    # Without a thought of how long it has stayed there 23 were told.
    assert told >= 27
    assert alarms == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_rise_beyond_noise_with_little_memory_is_one(seed: int) -> None:
    """Noise that repeats a seventh of itself is no running mean, nor is a steep descent."""
    white = noise(2000, 0.04, seed)
    short = white + 0.15 * np.roll(white, 1)
    t = np.arange(2000) / 2000
    creeping = 2.9 + 2.2 * (1 + np.minimum(t, 0.5) / 0.003) ** -0.5 + 0.4 * np.maximum(t - 0.5, 0)
    assert serious(detect_series([series(creeping + short)])) == ["divergence"]
    t = np.arange(650) / 650
    early = 3.3 * (1 + np.minimum(t, 0.17) / 0.006) ** -0.5 + 0.8 * (t > 0.2)
    found = detect_series([series(early + noise(650, 0.05, seed))])
    assert serious(found)[:1] == ["divergence"]


def test_the_first_points_of_a_series_are_no_level_to_come_back_to() -> None:
    reward = np.concatenate([[-19.3, -20.1], -20.5 + noise(52, 0.1)])
    assert not detect_series([series(reward, "rollout/ep_rew_mean")]).of("divergence")
    loss = np.concatenate([[2.3, 2.3], 11 + noise(52, 0.1)])
    assert detect_series([series(loss)]).of("divergence")


def test_a_rise_that_is_beyond_doubt_may_be_a_smaller_part_of_what_was_achieved() -> None:
    t = np.arange(3000) / 3000
    for turned, height, is_found in ((0.25, 0.22, True), (0.85, 0.22, True), (0.85, 0.1, False)):
        fell = 4 - 2 * np.minimum(t / turned, 1)
        lost = height * np.clip((t - turned) / 0.04, 0, 1)
        found = detect_series([series(fell + lost + noise(3000, 0.05))]).of("divergence")
        assert bool(found) == is_found
        assert all(abs(each.onset_step - 3000 * turned) < 60 for each in found)


def test_a_loss_that_rises_while_a_queue_is_filled_and_then_falls_is_none() -> None:
    t = np.arange(500) / 500
    filled = 6.5 * np.minimum(t / 0.05, 1)
    assert not serious(detect_series([series(2 + filled * np.exp(-t) + noise(500))]))
    assert serious(detect_series([series(2 + filled + noise(500))])) == ["divergence"]


@pytest.mark.parametrize("seed", range(5))
def test_rare_successes_are_no_divergence(seed: int) -> None:
    won = np.random.default_rng(seed).random(1000) < 0.03
    assert not detect_series([series(won, "success")]).of("divergence")


def test_successes_that_stop_are_one_though_most_failed_before() -> None:
    won = np.random.default_rng(0).random(2000) < np.where(np.arange(2000) < 1000, 0.4, 0)
    found = the_only(detect_series([series(won, "success")]))
    assert found.kind == "divergence"
    assert abs(found.onset_step - 1000) < 60


@pytest.mark.parametrize("scale", [1, 100])
def test_an_accuracy_next_to_its_bound_has_nothing_left_to_improve(scale: float) -> None:
    y = 1 - 0.5 * np.exp(-np.arange(200) / 10) - 0.004 + noise(200, 0.001)
    found = the_only(detect_series([series(scale * y, "val/accuracy")]))
    assert (found.kind, found.severity) == ("plateau", "info")
    assert "nothing is left to improve" in found.message


def test_points_at_one_step_are_no_course() -> None:
    findings = detect_series([series(noise(50), "eval/reward", np.full(50, 7))])
    assert not findings
    assert [each.reason for each in findings.not_judged] == ["points at fewer than 8 steps"]


@pytest.mark.parametrize("moved", [-0.25, 0.15])
def test_what_moves_by_a_part_of_its_level_is_no_plateau(moved: float) -> None:
    t = np.arange(400) / 400
    y = np.exp(-t * 60) + 0.05 * (1 + moved * t)
    assert not detect_series([series(y * np.exp(noise(400)))]).of("plateau")


def test_a_stretch_in_which_the_rate_was_raised_is_no_plateau() -> None:
    y = 2 - np.minimum(np.arange(500), 200) / 200 + noise(500)
    rate = np.abs(np.arange(500) - 350) / 350 + 0.01
    assert detect_series([series(y)]).of("plateau")
    assert not detect_series([series(y), series(rate, "lr")])


def test_what_is_left_at_the_end_of_a_descent_is_a_plateau_under_slow_noise() -> None:
    rng = np.random.default_rng(3)
    slow = np.convolve(rng.normal(0, 0.3, 700), np.full(100, 0.1), "valid")[:600]
    level = 60 + 350 * np.clip(1 - np.arange(600) / 180, 0, None)
    found = the_only(detect_series([series(level + 0.3 * slow + noise(600, 0.1), "valid_ppl")]))
    assert (found.kind, found.severity) == ("plateau", "warning")
    assert 150 <= found.onset_step <= 220


def test_an_undefined_ratio_is_no_error() -> None:
    y = np.where(np.arange(100) < 30, np.nan, 0.5)
    for value in (y, y[::-1]):
        found = detect_series([series(value, "train/explained_variance")]).of("nonfinite")
        assert the_only(found).severity == "info"


def test_an_overflow_of_the_gradients_is_provisional_and_a_loss_that_is_nan_is_not() -> None:
    norm = 1 + noise(50)
    norm[[10, 49]] = np.inf
    found = the_only(detect_series([series(norm, "grad_norm")]))
    assert (found.severity, found.provisional) == ("warning", True)
    loss = falling(50)
    loss[49] = np.nan
    assert the_only(detect_series([series(loss)]).of("nonfinite")).severity == "error"


def test_a_loss_of_a_masked_batch_is_provisional_while_another_is_a_number() -> None:
    masked, other = falling(50), falling(50)
    masked[49] = np.nan
    both = [series(masked, "masked_mse"), series(other, "dev/loss")]
    found = the_only(detect_series(both).of("nonfinite"))
    assert (found.severity, found.provisional) == ("warning", True)
    # An accuracy is a number whatever the weights are, and an earlier loss is of other ones.
    for others in (series(np.full(50, 0.1), "accuracy"), series(other[:49], "dev/loss")):
        found = the_only(detect_series([both[0], others]).of("nonfinite"))
        assert found.severity == "error"


def test_infinities_before_the_nan_are_told() -> None:
    y = falling()
    y[[100, 101]] = np.inf
    y[120:] = np.nan
    found = the_only(detect_series([series(y)]).of("nonfinite"))
    assert found.message.startswith("NaN from step 120 on; last finite at step 119; infinite")
    assert "already at step 100" in found.message
    assert found.evidence["first_step"] == 100
    y[[115, 117]] = np.inf
    found = the_only(detect_series([series(y)]).of("nonfinite"))
    assert (found.onset_step, found.last_good_step) == (115, 114)
    assert found.evidence["lasting_step"] == 120
    assert "NaN from step 120 on; it began at step 115 (infinite)" in found.message
    loss = np.where(np.arange(300) < 121, falling(), np.nan)
    both = detect_series([series(y, "grad_norm"), series(loss)]).of("nonfinite")
    assert [each.evidence["cause"] for each in both] == [{"tag": "grad_norm", "step": 115}] * 2


# Overfitting of few points


@pytest.mark.parametrize("n", [8, 10, 12, 14, 30])
def test_a_valley_of_few_evaluations_is_overfitting(n: int) -> None:
    at = n // 2 - 1
    i = np.arange(n)
    valley = np.where(i < at, (at - i) / at, 0.5 * (i - at) / (n - 1 - at))
    for seed in range(5):
        training = np.exp(-3 * i / n) + noise(n, 0.01, seed + 50)
        pair = [series(training, "train_loss"), series(valley + noise(n, 0.02, seed), "val_loss")]
        found = the_only(detect_series(pair))
        assert (found.kind, found.tag) == ("overfitting", "val_loss")
        assert abs(found.onset_step - at) <= 0.1 * n
        assert found.best_step == np.argmin(pair[1].value)


def test_a_return_that_falls_while_the_loss_does_is_no_overfitting() -> None:
    y = 100 * np.minimum(np.arange(200) / 100, 1) - np.clip(np.arange(200) - 100, 0, None)
    pair = [series(falling(200), "train/loss"), series(y + noise(200, 3), "eval/return")]
    assert serious(detect_series(pair)) in ([], ["divergence"])


@pytest.mark.parametrize("n", [2, 5, 40])
def test_the_falling_fit_is_that_of_sklearns_definition(n: int) -> None:
    """Pooled means fall, keep the sum, and no falling step function is nearer."""
    y = np.random.default_rng(n).normal(size=n)
    fit = isotonic.falling(y)
    assert (np.diff(fit) <= 0).all()
    assert fit.sum() == pytest.approx(y.sum())
    # The residuals are orthogonal to the fit, and no beginning of them has a positive sum.
    assert (y - fit) @ fit == pytest.approx(0, abs=1e-9)
    assert np.cumsum(y - fit).max() <= 1e-9


def test_a_harder_task_or_a_better_opponent_explains_a_lower_reward() -> None:
    reward = np.where(np.arange(400) < 250, np.minimum(np.arange(400) / 100, 1), 0.4)
    logged = series(reward + noise(400, 0.03), "Environment/Cumulative_Reward")
    assert detect_series([logged]).of("divergence")
    for until in (245, 100):
        lesson = series(np.where(np.arange(400) < until, 1.0, 2.0), "Environment/Lesson")
        assert len(detect_series([logged, lesson]).of("divergence")) == (until == 100)
    rating = series(1200 + np.arange(400.0), "Self-play/ELO")
    assert not detect_series([logged, rating]).of("divergence")


@pytest.mark.parametrize("tag", ["data/seq_len", "mask_ratio"])
def test_a_setting_that_was_changed_explains_a_loss_that_was_usual_before(tag: str) -> None:
    after = np.arange(400) >= 150
    setting = series(np.where(after, 2048.0, 1024.0), tag)
    usual = series(falling(400) + 0.8 * after + noise(400))
    beyond = series(falling(400) + 3.0 * after + noise(400))
    assert the_only(detect_series([usual])).severity == "error"
    assert not detect_series([usual, setting]).of("divergence")
    found = the_only(detect_series([beyond, setting]))
    assert (found.severity, found.provisional) == ("warning", True)
    assert "a setting was changed" in found.message
    # No task asks for gradients that explode there.
    norm = series(np.where(after, 20.0, 0.4) * np.exp(noise(400, 0.2)), "train/grad_norm")
    found = the_only(detect_series([usual, setting, norm]).of("divergence"))
    assert (found.severity, found.provisional, found.onset_step) == ("warning", True, 150)
    # It changes elsewhere, is measured, or counts what went wrong.
    for other in (
        series(np.where(np.arange(400) < 60, 1024.0, 2048.0), tag),
        series(setting.value + noise(400), tag),
        series(after, "skipped_steps"),
    ):
        assert the_only(detect_series([usual, other]).of("divergence")).severity == "error"


def test_the_weight_of_a_term_that_is_raised_explains_a_sum_that_was_usual_before() -> None:
    t = np.arange(300) / 300
    weight = np.minimum(t / 0.4, 1)
    total = series(86 + 120 * np.exp(-t / 0.03) + 20 * weight + noise(300), "train/loss")
    assert the_only(detect_series([total]).of("divergence")).severity == "error"
    for tag in ("train/kl_weight", "beta", "perceptual_lambda"):
        assert not detect_series([total, series(weight, tag)]).of("divergence")
    # A level of its own is to be seen; what is measured is no weight, and a norm is none.
    later = np.clip((t - 0.3) / 0.3, 0, 1)
    beyond = series(86 + 12 * np.exp(-t / 0.05) + 40 * later + noise(300), "train/loss")
    found = the_only(detect_series([beyond, series(later, "beta")]).of("divergence"))
    assert (found.severity, found.provisional) == ("warning", True)
    assert "the weight of a term was raised" in found.message
    for other in (series(weight + noise(300), "beta"), series(weight, "weight_norm")):
        assert the_only(detect_series([total, other]).of("divergence")).severity == "error"


def test_a_score_that_improves_to_the_end_speaks_for_a_loss_that_creeps_up() -> None:
    t = np.arange(800) / 800
    loss = series(0.2 + 1.6 * np.exp(-t / 0.01) + 0.06 * (1 - np.exp(-t / 0.3)) + noise(800, 0.005))
    assert the_only(detect_series([loss]).of("divergence")).severity == "error"
    better = series(0.3 + 0.4 * t + noise(800, 0.01), "probe/accuracy")
    assert not detect_series([loss, better]).of("divergence")
    stuck = series(0.3 + 0.4 * np.minimum(t, 0.02) + noise(800, 0.01), "probe/accuracy")
    assert detect_series([loss, stuck]).of("divergence")


@pytest.mark.parametrize("zero", [True, False])
def test_a_term_that_is_turned_on_raises_the_sum(zero: bool) -> None:
    total = series(np.where(np.arange(400) < 150, falling(400), 9 + falling(400)) + noise(400))
    term = 8 + noise(400)
    if zero:
        part = series(np.where(np.arange(400) < 150, 0, term), "loss_perceptual")
    else:
        part = series(term[150:], "loss_perceptual", step=np.arange(150, 400))
    assert the_only(detect_series([total]).of("divergence")).severity == "error"
    # The term itself is at rest from there on, and no divergence from zero.
    found = the_only(detect_series([total, part]).of("divergence"))
    assert (found.tag, found.onset_step) == ("loss", 150)
    assert (found.severity, found.provisional) == ("warning", True)
    assert "another term of the loss was turned on there" in found.message


# Scale


def test_a_loss_that_is_zero_from_one_step_to_the_next_is_an_error() -> None:
    y = np.where(np.arange(200) < 120, 0.5 + noise(200), 0.0)
    found = the_only(detect_series([series(y)]))
    assert (found.kind, found.severity, found.onset_step) == ("collapse", "error", 120)
    assert found.last_good_step == 119


def test_a_loss_that_comes_down_to_zero_is_at_its_bound() -> None:
    y = np.maximum(1 - np.arange(200) / 80 + noise(200), 0)
    assert [each.severity for each in detect_series([series(y, "hinge_loss")])] == ["info"]


@pytest.mark.parametrize("tag", ["grad_norm", "train/critic_loss"])
def test_a_scale_that_grew_for_good_needs_no_objective(tag: str) -> None:
    y = np.exp(noise(200, 0.3))
    y[150:] *= 1000
    found = the_only(detect_series([series(y, tag)]))
    assert (found.kind, found.severity, found.onset_step) == ("explosion", "warning", 150)
    assert 500 < found.evidence["level_after"] / found.evidence["level_before"] < 2000
    y[160:] /= 1000
    back = the_only(detect_series([series(y, tag)]))
    assert (back.kind, back.severity, back.onset_step, back.ongoing) == (
        "spike",
        "info",
        150,
        False,
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sign", [1, -1])
def test_a_scale_that_changes_over_some_points_is_dated_where_that_begins(
    seed: int, sign: int
) -> None:
    n, onset, lasts = 800, 400, 60
    orders = 3 * np.clip((np.arange(n) - onset) / lasts, 0, 1)
    y = 10 ** (sign * orders + noise(n, 0.1, seed))
    found = the_only(detect_series([series(y, "critic_loss")]))
    assert found.kind == ("explosion" if sign > 0 else "collapse")
    # The slope is a twentieth of an order a point: in so much noise it is seen after some points.
    assert abs(found.onset_step - onset) <= 12


def test_a_discriminator_that_has_won_is_a_collapse() -> None:
    y = 0.7 + noise(200, 0.1)
    y[120:] = np.abs(noise(80, 1e-4))
    found = the_only(detect_series([series(y, "d_loss"), series(1 + noise(200), "g_loss")]))
    assert (found.kind, found.tag, found.onset_step) == ("collapse", "d_loss", 120)


@pytest.mark.parametrize("part", [0.001, 0.1])
def test_a_discriminator_that_wins_from_the_start_on(part: float) -> None:
    """Its loss falls from the first point, with a wide scatter; to a tenth it may learn."""
    fall = np.maximum(np.exp(-np.arange(200) / 4), part)
    y = 0.7 * fall * np.exp(noise(200, 0.8))
    y[80:84] = 0.3  # for some points the generator fools it again
    found = detect_series([series(y, "d_loss"), series(1 + noise(200), "g_loss")])
    assert [each.kind for each in found] == ["collapse"] * (part < 0.01)
    assert all(5 <= each.onset_step <= 40 for each in found)


def test_a_scale_that_was_another_one_at_first_only() -> None:
    """A norm is large, or a code is unused, until training has begun."""
    rest = np.exp(noise(400, 0.2)) * np.where(np.arange(400) < 150, 1, 2000)
    rest[:20] *= 500
    found = the_only(detect_series([series(rest, "grad_norm")]))
    assert (found.kind, found.onset_step) == ("explosion", 150)
    # It came back from ten points there, and has not come back from 250.
    rest[50:60] *= 2000
    found = the_only(detect_series([series(rest, "grad_norm")]))
    assert (found.kind, found.onset_step) == ("explosion", 150)


def test_a_scale_that_came_back_from_longer_before_may_come_back_again() -> None:
    norm = np.exp(noise(400, 0.2))
    norm[:20] *= 500
    norm[50:110] *= 2000
    norm[350:] *= 2000
    assert not detect_series([series(norm, "grad_norm")])


def test_a_scale_may_grow_for_long_if_it_was_at_rest_before() -> None:
    n = np.arange(600)
    y = 10 ** (4 * np.clip((n - 240) / 360, 0, 1)) * np.exp(noise(600, 0.1))
    found = the_only(detect_series([series(y, "train/mean_q")]))
    assert found.kind == "explosion"
    assert abs(found.onset_step - 240) <= 30
    assert not detect_series([series(y[240:], "train/mean_q")])  # it never was
    # Values grow with the rewards that they foretell.
    better = np.clip((n - 240) / 300, 0, 1) + n / 6000 + noise(600, 0.02)
    assert not detect_series([series(y, "train/mean_q"), series(better, "rollout/return")])
    worse = detect_series([series(y, "train/mean_q"), series(-better, "rollout/return")])
    assert "explosion" in {each.kind for each in worse}


@pytest.mark.parametrize(("times", "points", "kinds"), [(30, 1, 1), (30, 60, 0), (300, 60, 1)])
def test_a_smaller_change_of_scale_has_to_happen_at_once(
    times: float, points: int, kinds: int
) -> None:
    grown = np.clip((np.arange(800) - 400) / points, 0, 1)
    y = np.exp(np.log(times) * grown + noise(800, 0.1))
    assert len(detect_series([series(y, "grad_norm")]).of("explosion")) == kinds


def test_a_penalty_that_is_doubled_again_and_again_beside_a_better_reward() -> None:
    doublings = np.clip((np.arange(400) - 200) // 8 + 1, 0, 12)
    moves = np.random.default_rng(1).integers(-1, 2, 400)
    penalty = series(0.2 * 2.0 ** (doublings + moves), "learner_info/cur_kl_coeff")
    reward = series(np.arange(400) / 3 + noise(400, 4), "episode_reward_mean")
    found = the_only(detect_series([penalty, reward]))
    assert (found.kind, found.tag) == ("explosion", penalty.tag)
    assert abs(found.onset_step - 200) <= 20
    assert not detect_series([series(np.geomspace(1e-3, 1, 400), "kl_coef"), reward])


def test_a_schedule_is_no_collapse() -> None:
    stairs = 0.1 ** (1 + np.arange(300) // 100)
    for tag in ("lr", "temperature", "noise_scale"):
        assert not detect_series([series(stairs, tag)])


def test_a_term_that_is_turned_on_or_a_code_of_one_word() -> None:
    """Zeros before are a schedule; the same least value again and again is what is left."""
    on = np.where(np.arange(300) < 100, 0.0, 0.6 + noise(300, 0.05))
    assert not detect_series([series(on, "loss/adversarial")])
    used = np.where(np.arange(300) < 150, np.rint(400 + noise(300, 20)), 1.0)
    found = the_only(detect_series([series(used, "codebook/active_codes")]))
    assert (found.kind, found.onset_step) == ("collapse", 150)


@pytest.mark.parametrize(
    ("tag", "kind"),
    [("policy/entropy", "collapse"), ("attn/max_logit", "explosion"), ("some/quantity", None)],
)
def test_an_order_of_magnitude_is_enough_of_what_is_vital(tag: str, kind: str | None) -> None:
    way = np.clip((np.arange(400) - 200) / 60, 0, 1) * (1 if kind == "explosion" else -1)
    found = detect_series([series(25.0**way * np.exp(noise(400, 0.1)), tag)])
    assert [each.kind for each in found] == [kind] * bool(kind)
    assert all(abs(each.onset_step - 200) <= 12 for each in found)


def test_units_that_die_are_a_collapse_of_what_is_left() -> None:
    share = np.where(np.arange(300) < 150, 0.1, 0.995) + noise(300, 0.002).clip(-0.004, 0.004)
    for whole in (1, 100):
        found = the_only(detect_series([series(whole * share, "relu/dead_fraction")]))
        assert (found.kind, found.onset_step) == ("collapse", 150)
        assert found.evidence["level_after"] == pytest.approx(0.995 * whole, rel=0.01)


def test_what_moves_with_learning_is_none() -> None:
    """A reward that leaps, a loss that falls, and a rate that comes down explain their own."""
    n = np.arange(600)
    leap = 1 / (1 + np.exp(-(n - 250) / 8))
    learned = leap + n / 500
    reward = series(400 * learned + noise(600, 5), "rollout/ep_rew_mean")
    values = series((0.2 + 20 * learned) ** 2 * np.exp(noise(600, 0.2)), "train/value_loss")
    entropy = series(20**-leap * np.exp(noise(600, 0.05)), "train/entropy")
    assert not detect_series([reward, values, entropy])
    assert len(detect_series([values, entropy])) == 2
    loss = series(100**-learned * np.exp(noise(600, 0.1)), "train/loss")
    norm = series(100**-leap * np.exp(noise(600, 0.2)), "grad_norm")
    assert not detect_series([loss, norm])
    assert the_only(detect_series([norm])).kind == "collapse"
    moved = (1 - n / 600) ** 2 * 0.01 * np.exp(noise(600, 0.3))
    assert not detect_series([series(moved, "train/approx_kl")])


# Spikes


@pytest.mark.parametrize("points", [24, 33, 50, 63, 100])
@pytest.mark.parametrize("place", [0.2, 0.5, 0.7])
def test_a_spike_is_found_wherever_it_is_and_however_short_the_log(
    points: int, place: float
) -> None:
    y = falling(points) + noise(points, 0.01)
    at = round(place * points)
    y[at] += 1
    [found] = detect_series([series(y)]).of("spike")
    assert (found.onset_step, found.evidence["count"]) == (at, 1)


@pytest.mark.parametrize("tag", ["train/grad_norm", "Losses/Value Loss"])
def test_a_spike_of_what_has_no_objective_is_tenfold(tag: str) -> None:
    usual = 4 * np.exp(noise(400, 0.25))
    reward = series(np.minimum(np.arange(400) / 200, 1) + noise(400), "Environment/Reward")
    high = np.where(np.arange(400) == 300, 240, usual)
    found = the_only(detect_series([series(high, tag), reward]).of("spike"))
    assert (found.tag, found.severity, found.onset_step) == (tag, "info", 300)
    assert found.best_step is None
    low = np.where(np.arange(400) == 300, 30, usual)
    for other in (series(low, tag), series(usual, tag), series(high, "tokens")):
        assert not detect_series([other, reward]).of("spike")
    heavy = np.random.default_rng(0).pareto(1.2, 400)
    assert not detect_series([series(heavy, tag), reward]).of("spike")


def test_a_bend_is_no_spike() -> None:
    y = np.abs(np.arange(100.0) - 60)
    assert not detect_series([series(y, "return")]).of("spike")


def test_spikes_before_a_divergence_are_told_beside_it() -> None:
    y = falling(400) + noise(400, 0.01)
    y[120] += 2
    y[300:] += 5
    found = {each.kind: each.onset_step for each in detect_series([series(y)])}
    assert found == {"divergence": 300, "spike": 120}


@pytest.mark.parametrize("back", [8, 30, 60])
def test_a_spike_that_decays_over_many_points_is_found_where_it_begins(back: float) -> None:
    y = falling(2000) + noise(2000, 0.01)
    y[900:] += 2 * np.exp(-np.arange(1100) / back)
    found = the_only(detect_series([series(y)]))
    assert (found.kind, found.severity) == ("spike", "info")
    assert abs(found.onset_step - 900) <= 2
    assert found.evidence["points"][0] > back / 2


# Many series


@pytest.mark.parametrize("n", [60, 400])
def test_series_are_judged_together_as_one_by_one(n: int) -> None:
    """The first look at all series of a length sorts none out in which something is found."""
    curves = [
        curve.series[curve.tag][1][:n]
        for family in import_module("benchmarks.detection.development").FAMILIES
        for curve in family.curves(3)
        if len(curve.series[curve.tag][1]) >= n
    ]
    alone = [
        ScalarSeries.from_arrays(str(number), "loss", np.arange(n), y)
        for number, y in enumerate(curves)
    ]
    one_by_one = [each for one in alone for each in detect_series([one])]
    assert list(detect_series(alone)) == one_by_one
    assert {"divergence", "spike", "plateau"} <= {each.kind for each in one_by_one}


@pytest.mark.parametrize("points", [12, 32])
def test_noise_explains_a_valley_as_seldom_as_the_table_says(points: int) -> None:
    rng = np.random.default_rng(points)
    least = chance.least_explained(points)
    found = 0
    for _ in range(600):
        white = rng.normal(size=points + 1)
        # A moving average has at most this correlation from point to point.
        correlated = white[1:] + 0.33 * white[:-1]
        found += unimodal.explained_by_a_valley(correlated)[0] > least
    assert found <= 15  # 6 are one in a hundred
