"""What goes up, blows up or breaks: in few points, in company, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tbtools.analysis.detect import Finding, detect_series
from tbtools.runs.series import ScalarSeries


def series(value: object, tag: str = "loss", step: object = None) -> ScalarSeries:
    values = np.asarray(value, float)
    return ScalarSeries.from_arrays(
        "run", tag, np.arange(len(values)) if step is None else np.asarray(step), values
    )


def normal(n: int, sigma: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, n)


def found(kind: str, *every: ScalarSeries) -> dict[str, Finding]:
    return {each.tag: each for each in detect_series(every).of(kind)}


def test_an_agent_that_begins_to_win_now_and_then_does_not_oscillate() -> None:
    g = np.random.default_rng(0)
    wins = (g.uniform(size=320) < np.clip((np.arange(320) - 80) / 400, 0, 0.6)) * 17
    assert not found("divergence", series(-10 - g.exponential(0.3, 320) + wins, "reward"))


def test_a_jump_of_five_sigma_in_twenty_evaluations_is_seen() -> None:
    n, at = 30, 18
    level = 3000 * (1 - np.exp(-np.arange(n) / 4)) * np.where(np.arange(n) < at, 1, 0.6)
    told = [
        found("divergence", series(level + normal(n, 200, seed), "eval/reward"))
        for seed in range(20)
    ]
    onsets = [each["eval/reward"].onset_step for each in told if each]
    assert len(onsets) >= 12
    assert all(abs(onset - at) <= 1 for onset in onsets)
    assert all(each["eval/reward"].provisional for each in told if each)


def test_noise_alone_seldom_jumps_in_few_points() -> None:
    g = np.random.default_rng(0)
    every = []
    for number in range(400):
        n = int(g.integers(11, 65))
        y = g.normal(0, 0.1, n) + np.exp(-np.arange(n) / g.uniform(2, n))
        every.append(ScalarSeries.from_arrays(f"run{number}", "loss", np.arange(n), y))
    assert len(detect_series(every).of("divergence")) <= 4


def test_evaluations_that_are_lost_with_the_training_are_settled_with_it() -> None:
    n = 200
    lost = np.arange(n) >= 130
    train = np.where(lost, 2.2, 0.4 + 1.5 * np.exp(-np.arange(n) / 40)) + normal(n, 0.06)
    evaluations = train[4::5] + normal(n // 5, 0.01)
    steps = np.arange(4, n, 5)
    alone = found("divergence", series(evaluations, "eval/loss", steps))
    assert alone["eval/loss"].provisional
    assert "too few points" in alone["eval/loss"].message
    both = found("divergence", series(train, "train/loss"), series(evaluations, "eval/loss", steps))
    assert {tag: each.severity for tag, each in both.items()} == {
        "train/loss": "error",
        "eval/loss": "error",
    }
    assert not both["eval/loss"].provisional
    assert "may recover" not in both["eval/loss"].message


def test_the_farther_a_jump_goes_the_fewer_points_settle_it() -> None:
    n = 48
    falling = 0.4 + np.exp(-np.arange(n) / 10) + normal(n, 0.02)
    severities = [
        found("divergence", series(np.where(np.arange(n) < 30, falling, level)))["loss"].severity
        for level in (2.0, 20.0)
    ]
    assert severities == ["warning", "error"]


def test_growth_with_a_reward_that_improves_by_no_more_than_noise_is_an_explosion() -> None:
    t = np.arange(1000) / 1000
    values = 9 * 30 ** np.clip((t - 0.5) / 0.3, 0, 1) * np.exp(normal(1000, 0.04))
    for gain, kinds in ((0.5, ["explosion"]), (40.0, [])):
        reward = 30 * np.minimum(2 * t, 1) + gain * np.clip((t - 0.5) / 0.5, 0, 1)
        reward = series(reward + normal(1000, 2, 1), "episodic_return")
        told = detect_series([series(values, "losses/qf1_values"), reward])
        assert [each.kind for each in told.of("explosion")] == kinds


# Spikes


def test_a_spike_of_seven_sigma_that_stands_alone_is_one() -> None:
    y = 0.5 + normal(200, 0.01)
    y[120] += 0.065
    assert found("spike", series(y))["loss"].onset_step == 120
    y[40] -= 0.06  # noise that goes as far on the better side is how the series is
    assert not found("spike", series(y))


def test_all_spikes_of_a_series_are_told_though_they_decay() -> None:
    y = 3 * (1 + np.arange(700) / 40) ** -0.3 + normal(700, 0.04)
    places = [150, 380, 600]
    for at in places:
        y[at:] += 0.6 * np.exp(-np.arange(700 - at) / 3)
    assert found("spike", series(y))["loss"].evidence["steps"] == places


def test_a_breakdown_near_the_end_that_came_back_is_a_dip() -> None:
    reward = [-20.229, -19.169, -18.379, -16.742, -15.612, -14.507, -13.54, -12.864, -12.677]
    reward += [-12.454, -12.31, -12.107, -12.058, -12.008, -12.013, -11.977, -11.929, -11.947]
    reward += [-12.044, -11.931, -16.786, -13.83, -13.14, -12.574, -12.21]
    assert found("spike", series(reward, "ep_rew_mean"))["ep_rew_mean"].onset_step == 20


def test_what_is_worse_than_ever_is_a_spike_though_the_logarithm_is_noisy_there() -> None:
    loss = 0.3 * np.exp(-np.arange(40) / 5) * np.exp(normal(40, 0.6))
    loss[[9, 11]] = 1.2, 0.9
    spike = found("spike", series(loss, "val_loss"))["val_loss"]
    assert spike.evidence["steps"] == [9, 11]


def test_a_burst_of_some_points_of_what_has_no_objective_is_fivefold() -> None:
    usual = 0.8 * np.exp(normal(400, 0.15))
    reward = series(np.minimum(np.arange(400) / 200, 1) + normal(400, 0.02), "episode_return")
    burst = usual.copy()
    burst[250:256] *= 7
    assert found("spike", series(burst, "value_loss"), reward)["value_loss"].onset_step == 250
    burst[250:256] = usual[250:256] * 3
    assert not found("spike", series(burst, "value_loss"), reward)


# Scales


@pytest.mark.parametrize("drift", [0.0, 0.5])
def test_an_explosion_is_dated_where_it_begins_though_it_rises_from_a_slope(drift: float) -> None:
    n, at = 800, 400
    t = np.arange(n)
    for seed in range(8):
        growth = 4.5 * np.clip((t - at) / 100, 0, 1)
        norm = 4 * np.exp(growth + drift * np.minimum(t / at, 1) + normal(n, 0.1, seed))
        [explosion] = found("explosion", series(norm, "attention/max_logit")).values()
        # Of a ramp of slope b in noise of s a bend is known to 4 (s / b)^(2/3) points.
        assert abs(explosion.onset_step - at) <= 4 * (0.1 / 0.045) ** (2 / 3) + 2


def test_values_that_grow_far_more_than_the_reward_does_explode() -> None:
    t = np.arange(600) / 600
    reward = series(60 + 120 * (1 - np.exp(-4 * t)) + normal(600, 5), "charts/episodic_return")
    values = 12 * 90 ** np.clip((t - 0.5) / 0.25, 0, 1) * np.exp(normal(600, 0.05, 1))
    assert found("explosion", series(values, "losses/q_values"), reward)


def test_a_discriminator_by_the_name_of_its_error_may_not_vanish() -> None:
    fallen = np.clip((np.arange(400) - 200) / 100, 0, 1)
    loss = 0.9 * 60**-fallen * np.exp(normal(400, 0.2))
    assert found("collapse", series(loss, "errD"))
    assert not found("collapse", series(loss, "errG"))


def test_a_loss_that_is_zero_from_the_second_step_on_is_an_error() -> None:
    [collapse] = found("collapse", series([0.55] + [0.0] * 60, "train/loss")).values()
    assert (collapse.severity, collapse.onset_step) == ("error", 1)
    assert not found("collapse", series([0.55] + [0.0] * 60, "clip_fraction"))


def test_a_loss_that_has_come_down_far_slower_than_it_is_zero_is_an_error() -> None:
    loss = [3.7, 3.64, 3.5, 3.24, 2.8, 2.28, 1.8, 1.48, 1.28, 1.18] + [0.0] * 10
    [collapse] = found("collapse", series(loss, "train/total_loss")).values()
    assert (collapse.severity, collapse.onset_step) == ("error", 10)


def test_a_share_of_random_actions_that_comes_to_nothing_does_not_collapse() -> None:
    share = np.sqrt(np.clip(1 - np.arange(130) / 105, 0, None))
    assert not found("collapse", series(share, "rollout/exploration_rate"))
    share[80:] = 0  # what stops half-way does
    assert found("collapse", series(share, "rollout/exploration_rate"))


# Rewards


@pytest.mark.parametrize("improves", [True, False])
def test_terms_of_a_reward_are_traded_while_the_whole_improves(improves: bool) -> None:
    t = np.arange(400) / 400
    whole = 20 * (1 - np.exp(-3 * t)) if improves else 20 * np.exp(-3 * t)
    run = [
        series(whole + normal(400, 0.5), "Train/mean_reward"),
        series(0.9 * (1 - np.exp(-4 * t)), "Episode_Reward/track_lin_vel_xy_exp"),
        series(
            -0.05 - 0.05 * (1 - np.exp(-5 * t)) + normal(400, 0.003), "Episode_Reward/dof_torques"
        ),
    ]
    assert ("Episode_Reward/dof_torques" in found("divergence", *run)) == (not improves)


# Losses


@pytest.mark.parametrize("improves", [True, False])
def test_a_term_that_regularises_grows_while_the_loss_as_a_whole_improves(improves: bool) -> None:
    """Distortion of a radiance field, which is none where nothing is seen yet."""
    t = np.arange(400) / 400
    rgb = np.exp(-4 * t if improves else 0 * t) + normal(400, 0.01)
    term = 0.001 + 0.003 * (1 - np.exp(-5 * t)) + np.abs(normal(400, 0.0003))
    run = [
        series(rgb + term, "Train Loss"),
        series(rgb, "Train Loss Dict/rgb_loss"),
        series(term, "Train Loss Dict/distortion_loss"),
    ]
    told = found("divergence", *run)
    assert ("Train Loss Dict/distortion_loss" in told) == (not improves)
    # What is no part of the sum has no such excuse.
    run[0] = series(rgb / 300, "Train Loss")
    assert "Train Loss Dict/distortion_loss" in found("divergence", *run)


def test_a_training_loss_is_no_mean_of_what_an_evaluation_measures() -> None:
    train = [2.58, 2.38, 1.65, 1.3, 1.1, 0.885, 0.67, 0.496, 0.339, 0.209, 0.114, 0.069, 0.061]
    train += [0.067, 0.11, 0.204, 0.334, 0.462, 0.554]
    held_out = [2.72, 2.99, 0.807, 1.03, 1.7, 0.981, 0.779, 0.384, 0.322, 0.078, 0.07, 0.066, 0.06]
    held_out += [0.076, 0.111, 0.328, 0.331, 0.727, 0.181]
    told = found("divergence", series(train, "train_loss"), series(held_out, "val_loss"))
    assert 12 <= told["train_loss"].onset_step <= 15


# Onsets


@pytest.mark.parametrize("width", [3, 6, 12])
def test_a_rise_of_a_few_points_is_dated_to_the_point(width: int) -> None:
    n, at = 300, 180
    for seed in range(8):
        loss = 0.45 + 0.9 * np.exp(-np.arange(n) / 20) + normal(n, 0.04, seed)
        loss += 4 * np.clip((np.arange(n) - at + 1) / width, 0, 1)
        assert abs(found("divergence", series(loss))["loss"].onset_step - at) <= 2


# Means


def test_a_mean_that_wanders_is_none_where_its_losses_do_not_rise() -> None:
    n, told = 400, {0.0: 0, 0.5: 0}
    for rise in told:
        for seed in range(20):
            g = np.random.default_rng(seed)
            losses = 0.12 * np.exp(g.normal(0, 0.6, n)) * (1 + rise * (np.arange(n) > 200))
            sums = np.concatenate([[0.0], np.cumsum(losses)])
            first = np.maximum(0, np.arange(n) - 199)
            mean = (sums[1:] - sums[first]) / (np.arange(n) + 1 - first)
            run = [series(losses, "loss/current"), series(mean, "loss/average")]
            told[rise] += "loss/average" in found("divergence", *run)
    assert told[0.0] == 0
    assert told[0.5] >= 12


# Pauses


@pytest.mark.parametrize(("hung", "kinds"), [(0, []), (1500, ["stall"])])
def test_regular_pauses_of_which_some_are_long_are_none(hung: float, kinds: list[str]) -> None:
    n = 1400
    seconds = np.random.default_rng(0).gamma(60, 2 / 60, n)
    seconds[70::118] = np.random.default_rng(1).uniform(30, 110, len(seconds[70::118]))
    seconds[700] += hung
    y = 1 + normal(n, 0.1)
    one = ScalarSeries.from_arrays("run", "loss", np.arange(n), y, 1.7e9 + np.cumsum(seconds))
    assert [each.kind for each in detect_series([one]).of("stall")] == kinds


def test_the_steep_beginning_of_a_short_run_is_no_running_mean() -> None:
    reward = [294, 789, 1087, 1550, 1711, 1712, 2446, 2524, 2725, 2567, 2684, 2786, 2975, 2716]
    reward += [2785, 505, 608, 687, 750, 480, 845, 695, 296, 584]
    assert (
        found("divergence", series(reward, "eval/mean_reward"))["eval/mean_reward"].onset_step == 15
    )


def test_what_is_lost_at_once_after_eight_evaluations_is_no_luck_of_a_running_mean() -> None:
    told = 0
    for seed in range(20):
        hum = np.convolve(normal(44, 0.01, seed), [0.5, 0.4, 0.3, 0.2], "valid")[:40]
        score = np.where(np.arange(40) < 8, 0.75 - 0.55 * np.exp(-np.arange(40) / 2.5), 0.2) + hum
        at = [each.onset_step for each in found("divergence", series(score, "val/acc")).values()]
        told += at == [8]
    assert told >= 19


@pytest.mark.parametrize("sigma", [0.003, 0.02])
def test_a_loss_that_rises_after_a_fifth_of_a_short_run_has_no_lucky_beginning(
    sigma: float,
) -> None:
    x = np.arange(40)
    valley = np.where(x < 8, 2 - x / 8, 1 + np.sqrt(np.maximum(x - 7, 0) / 33))
    told = 0
    for seed in range(20):
        loss = np.round(valley + normal(40, sigma, seed), 3)
        told += "loss" in found("divergence", series(loss))
    assert told == 20


def test_a_loss_that_is_no_number_ever_more_often_is_told() -> None:
    g = np.random.default_rng(0)
    loss = 1 + normal(1000, 0.05)
    usual = np.where(g.uniform(size=1000) < 0.05, np.nan, loss)
    more = np.where(g.uniform(size=1000) < np.linspace(0, 0.4, 1000), np.nan, loss)
    usual[-9:] = more[-9:] = 1.0
    assert found("nonfinite", series(more))["loss"].severity == "warning"
    assert found("nonfinite", series(usual))["loss"].severity == "info"
    assert found("nonfinite", series(more, "tokens"))["tokens"].severity == "info"


@pytest.mark.parametrize(("share", "severity"), [(0.7, "error"), (0.3, "warning")])
def test_a_loss_that_is_seldom_a_number_from_a_point_on_is_told(
    share: float, severity: str
) -> None:
    bad = np.random.default_rng(1).uniform(size=400) < share
    bad[:20], bad[20], bad[-1] = False, True, share > 0.5
    loss = 1 + np.exp(-np.arange(400) / 100)
    told = found("nonfinite", series(np.where(bad, np.nan, loss)))["loss"]
    assert (told.severity, told.onset_step) == (severity, 20)
    bad[:20] = bad[-20:]  # and not where it was so from the start
    assert found("nonfinite", series(np.where(bad, np.nan, loss)))["loss"].severity == "info"


def test_a_penalty_that_is_doubled_again_and_again_is_dated_to_its_first_doublings() -> None:
    n, at, every = 180, 90, 4
    for seed in range(10):
        settled = 2.0 ** np.random.default_rng(seed).integers(-1, 2, n)
        raised = 2.0 ** np.clip((np.arange(n) - at) // every + 1, 0, 9)
        run = series(0.2 * settled * raised, "learner_info/cur_kl_coeff")
        [explosion] = found("explosion", run).values()
        # The third doubling is the first that the settled run has not had.
        assert at - 3 <= explosion.onset_step <= at + 3 * every


def test_a_rate_that_began_anew_with_the_run_does_not_explain_what_was_lost() -> None:
    """As where a job is started again without its optimizer and its schedule."""
    n, begins = 120, 80
    phase = np.arange(n)
    y = 1.6 + 1.8 * np.exp(-phase / 20) + np.where(phase < begins, 0, 0.5)
    y += np.random.default_rng(0).normal(0, 0.04, n)
    rate = np.where(phase < begins, 3e-4 * (1 - phase / 100), 3e-4)
    restarts = np.array([begins])
    one, lr = (
        replace(ScalarSeries.from_arrays("run", tag, phase, value), restarts=restarts)
        for tag, value in (("train/loss", y), ("train/lr", rate))
    )
    found = [each for each in detect_series([one, lr]) if each.kind == "divergence"]
    assert [(each.onset_step, each.provisional) for each in found] == [(begins, True)]
    assert "restarted there" in found[0].message
    assert "the learning rate went up there" in found[0].message
    within = [replace(each, restarts=restarts[:0]) for each in (one, lr)]  # a schedule's own
    assert not [each for each in detect_series(within) if each.kind == "divergence"]


def test_a_slow_rise_from_the_start_is_none_of_first_points() -> None:
    """A fine-tuning at far too high a rate: a seventh of the level is lost, without noise."""
    y = 4.08 + 0.6 * (1 - np.exp(-np.arange(21) / 7))
    y += np.random.default_rng(0).normal(0, 0.015, 21)
    (found,) = detect_series([ScalarSeries.from_arrays("run", "loss", np.arange(21), y)])
    assert (found.kind, found.onset_step) == ("divergence", 1)
    first = y[-1] + np.where(np.arange(21) < 2, -0.6, 0) + (y - np.sort(y))  # but for two points
    assert not detect_series([ScalarSeries.from_arrays("run", "loss", np.arange(21), first)])


def test_a_loss_that_explodes_in_some_batches_is_told_once_and_is_no_plateau() -> None:
    loss = [148, 3.7e10, 140, 5.9e10, 2.1e13, 152, 141, 4.6e12, 1.7e13, 136, 128, 8.6e10, 139, 129]
    [finding] = detect_series([series(loss, "train_loss_step", np.arange(1, 15) * 50 - 1)])
    assert (finding.kind, finding.severity, finding.onset_step) == ("explosion", "warning", 99)
    assert "again and again" in finding.message
    assert "in 6 of 14 points" in finding.message


@pytest.mark.parametrize("high", [[5], [5, 9], [5, 6, 7, 8, 9, 10, 11, 12, 13]])
def test_one_or_two_explosions_or_one_that_stays_are_other_findings(high: list[int]) -> None:
    loss = np.exp(normal(14, 0.1))
    loss[high] = 1e9
    assert not any("again and again" in each.message for each in detect_series([series(loss)]))


def test_a_loss_that_is_often_next_to_nothing_does_not_explode_again_and_again() -> None:
    # A contrastive term of batches that hold nothing to tell apart: tiny values of all sizes.
    g = np.random.default_rng(1)
    loss = np.where(g.uniform(size=60) < 0.3, g.uniform(0.5, 1.5, 60), 10 ** g.uniform(-9, -4, 60))
    assert not found("explosion", series(loss))


@pytest.mark.parametrize("n", [10, 24, 60, 300, 2000])
@pytest.mark.parametrize("last", [1, 2, 3])
def test_what_blows_up_in_its_last_points_is_told_from_the_first_of_them(n: int, last: int) -> None:
    loss = (0.2 + np.exp(-3 * np.arange(n) / n)) * np.exp(normal(n, 0.05))
    assert not found("divergence", series(loss))
    loss[-last:] *= 2000
    blown_up = found("divergence", series(loss))["loss"]
    assert (blown_up.onset_step, blown_up.provisional) == (n - last, last < 3)
    assert ("in 1 point;" in blown_up.message) == (last == 1)


@pytest.mark.parametrize("n", [10, 60, 300])
def test_a_last_point_within_what_a_loss_does_is_no_blow_up(n: int) -> None:
    loss = (0.2 + np.exp(-3 * np.arange(n) / n)) * np.exp(normal(n, 0.05))
    loss[-1] *= 50
    assert not found("divergence", series(loss))
    loss[-1] *= 40
    before = loss.copy()
    before[n // 2] = loss[-1] / 50  # it came back from as far
    assert not found("divergence", series(before))
    tiny = 10 ** np.random.default_rng(1).uniform(-9, -5, n)  # a term of few batches
    tiny[-1] = 1.0
    assert not found("divergence", series(tiny))
