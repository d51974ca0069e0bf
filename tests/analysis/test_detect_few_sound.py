"""What looks like a fault in a handful of points, and is none."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import detect_series
from tbtools.runs.series import ScalarSeries
from tests.analysis.handful import alarms, of

# -- what looks like it and is not


def test_guessing_that_ends_is_none() -> None:
    loss = [0.700, 0.698, 0.696, 0.695, 0.693, 0.692, 0.690, 0.689]
    assert not of(loss=loss, acc=[0.5, 0.51, 0.52, 0.53, 0.54, 0.55, 0.56, 0.57])
    assert not of(loss=[0.6931, 0.6931, 0.6929, 0.6925, 0.6918, 0.6905])
    warm_up = {"lr": [1e-6, 2e-6, 3e-6, 4e-6, 5e-6, 6e-6]}
    still = [2.3031, 2.3029, 2.3032, 2.3027, 2.3025, 2.303]
    chance = [0.101, 0.099, 0.1, 0.102, 0.098, 0.1]
    assert not of(loss=still, accuracy=chance, **warm_up).of("plateau")
    assert of(loss=still, accuracy=chance).of("plateau")


def test_guessing_is_told_by_the_accuracy_of_all_classes_on_the_same_data() -> None:
    loss = 0.693 + np.array([0, 1, -1, 0, 1, -1, 0, 1]) / 500
    noise = np.array([0, 1, -1, 0, 1, -1, 0, 1]) / 100
    guessed, good = 0.5 + noise, 0.76 + noise
    for other in ({"val_acc_class3": guessed}, {"train_acc": guessed}, {"val_balanced": guessed}):
        told = of(val_loss=loss, val_acc=good, **other)
        assert not [one for one in told if "guessing" in one.message]
    told = of(val_loss=loss, val_acc=guessed, train_acc=good)
    assert [one.tag for one in told if "guessing" in one.message] == ["val_loss"]


@pytest.mark.parametrize(
    "accuracy", [[*[0.1] * 7, 0.09, *[0.1] * 10], [0.09, 0.10, 0.08, *[0.1] * 9]]
)
def test_a_known_best_value_is_no_cap_elsewhere(accuracy: list[float]) -> None:
    assert [one.severity for one in of(accuracy=accuracy).of("plateau")] == ["warning"]


def test_what_falls_by_little_at_each_point_goes_on() -> None:
    falls = 2.31 * (1 + 0.0018 * (np.arange(8) + 1.0) ** -0.5)
    assert not of(**{"train/loss": falls.round(5)})


def test_a_series_without_an_objective_is_not_judged_though_it_has_a_spike() -> None:
    norm = [14.98, 9.78, 7.64, 92.10, 29.00, 5.21, 7.83, 7.79, 11140.0]
    assert [(one.tag, one.reason) for one in of(grad_norm=norm).not_judged] == [
        ("grad_norm", "no known objective")
    ]


def test_a_constant_beside_what_is_learned_is_no_loss_that_stands_still() -> None:
    learned = [0.6, 0.7, 0.75, 0.8, 0.83, 0.85]
    assert not of(best_val_acc=[0.83] * 6, best_loss=[0.2] * 6)
    assert not of(loss=[0.02] * 6, val_acc=learned)
    assert of(loss=[0.02] * 6)


def test_norms_that_begin_to_learn_do_not_explode() -> None:
    loss = [2.303, 2.302, 2.303, 2.1, 1.8, 1.6, 1.4, 1.3]
    norm = [0.3, 0.4, 0.3, 520.0, 500.0, 490.0, 480.0, 470.0]
    assert not of(grad_norm=norm, loss=loss).of("explosion")
    weights = [1e-2, 3e-2, 9e-2, 0.4, 5, 10, 200]
    assert not of(**{"lora/weight_norm": weights, "loss": loss[:7]}).of("explosion")


def test_a_loss_that_doubles_while_what_counts_improves_is_another_loss() -> None:
    loss = [0.21, 0.18, 0.55, 0.52, 0.50, 0.47, 0.46, 0.45]
    improves = {"val_acc": [0.7, 0.72, 0.75, 0.78, 0.8, 0.82, 0.83, 0.84]}
    assert not of(**{"train/loss": loss}, **improves).of("divergence")
    assert of(**{"train/loss": loss}).of("divergence")


@pytest.mark.parametrize("tag", ["actor/q_std", "policy/value_std", "policy/reward_std"])
def test_the_spread_of_values_is_no_noise_of_actions(tag: str) -> None:
    t = np.arange(400)
    spread = 0.5 * 12 ** np.clip((t - 180) / 160, 0, 1) * np.exp(0.01 * np.sin(t * 1.7))
    reward = 5 + np.random.default_rng(0).normal(0, 1, 400)
    assert not of(**{tag: spread, "episode_reward": reward}).of("explosion")
    assert of(action_std=spread, episode_reward=reward).of("explosion")
    assert not of(action_std=spread, loss=np.exp(-t / 100)).of("explosion")


def test_the_loss_of_a_critic_that_changes_its_sign_may_come_to_rest_at_zero() -> None:
    assert not of(d_loss=[-3, -0.1, -0.02, -0.01, -0.01, -0.01, -0.01, -0.01])


def test_weights_that_are_halved_are_no_scale_of_a_loss() -> None:
    assert not of(**{"aux/loss_scale": [32, 16, 8, 4, 2, 1]})


def test_the_luck_of_the_first_of_a_hundred_episodes_is_no_level() -> None:
    won = np.zeros(250)
    won[[6, 90, 160, 200]] = 1
    rate = rate_of_the_last_hundred(won)
    assert not of(success_rate_100=rate).of("divergence")
    assert not of(success_rate_100=rate[:80]).of("divergence")


def test_a_rate_that_was_high_from_the_first_episode_on_is_no_luck() -> None:
    won = np.repeat([1.0, 0.0], 200)
    won[5::9] = 0
    [one] = of(success_rate=rate_of_the_last_hundred(won)).of("divergence")
    assert one.severity == "error"
    [one] = of(reward=[-0.78, 0.74, *[1.514] * 55, 1.599, *[0.0] * 900]).of("divergence")
    assert (one.severity, one.onset_step) == ("error", 58)


def rate_of_the_last_hundred(won: np.ndarray) -> np.ndarray:
    total = np.concatenate([[0.0], won.cumsum()])
    at = np.arange(1, len(won) + 1)
    return (total[at] - total[np.maximum(at - 100, 0)]) / np.minimum(at, 100)


def test_a_term_that_rises_from_the_start_while_the_agent_learns_is_no_error() -> None:
    t = np.arange(150)
    rng = np.random.default_rng(0)
    rises = 4 + 8 * (1 - np.exp(-t / 40)) + rng.normal(0, 0.3, 150)
    score = t / 15 + rng.normal(0, 1, 150)
    world = {"train/loss/dyn": rises, "train/loss/rep": rises}  # DreamerV3's
    assert not alarms(of(**world, **{"episode/score": score}))
    peaks = np.where(t < 75, score, score[:75].mean() - score / 10)
    lost = of(**{"train/loss/other": rises, "eval/score": peaks}).of("divergence")
    assert [one.severity for one in lost] == ["error", "error"]
    [one] = of(**{"train/loss/other": rises, "eval/score": score}).of("divergence")
    assert (one.severity, one.provisional) == ("warning", True)
    [one] = of(**{"train/loss/other": rises}).of("divergence")
    assert one.severity == "error"


def test_few_points_behind_a_descent_are_the_end_of_a_run_or_most_of_it() -> None:
    level = [0.44, 0.437, 0.436, 0.442, 0.439, 0.437, 0.436, 0.441, 0.44]
    descent = [0.21, 0.31, 0.38, 0.42]
    assert alarms(of(**{"eval/spearman": [*descent, *level]}))[0][1] == "plateau"
    longer = [*np.linspace(0.05, 0.2, 8), *descent]
    assert not alarms(of(**{"eval/spearman": [*longer, *level]}))


@pytest.mark.parametrize(("hours", "told"), [(4.0, True), (0.4, False)])
def test_a_gap_of_half_an_hour_and_more_needs_to_be_ten_times_the_usual(
    hours: float, told: bool
) -> None:
    usual = 1100.0 if hours > 1 else 110.0
    wall = np.cumsum(np.where(np.arange(32) == 24, 3600 * hours, usual))
    series = ScalarSeries.from_arrays("run", "loss", np.arange(32), 1 / (1 + np.arange(32.0)), wall)
    assert bool(detect_series([series]).of("stall")) == told


def test_two_rewards_far_from_zero_are_won_or_lost() -> None:
    better = np.random.default_rng(0).random(60) < np.linspace(0.05, 0.45, 60)
    assert not alarms(of(**{"rollout/ep_rew_mean": -21.0 + better}))
    assert not alarms(of(reward=(better[:10] + 0.0)))


def test_what_is_level_behind_the_rise_of_an_average_is_not_so_from_the_start() -> None:
    k = np.arange(40)
    average = 0.05 + 0.25 * (1 - np.exp(-k / 10)) * (1 + 0.05 * np.cos(2 * k))
    [plateau] = of(**{"train/loss": average}).of("plateau")
    assert plateau.message.startswith(f"no improvement since step {plateau.onset_step} at 0.295")


def test_nothing_is_level_while_the_rate_warms_up() -> None:
    k = np.arange(10)
    loss, accuracy = 2.303 + 0.002 * np.cos(2 * k), 0.1 + 0.002 * np.cos(3 * k)
    assert not of(loss=loss, accuracy=accuracy, lr=(k + 1) / 1e4).of("plateau")
    assert not of(loss=loss, accuracy=accuracy, lr=np.minimum(k + 1, 7) / 1e4).of("plateau")
    assert of(loss=loss, accuracy=accuracy, lr=np.full(10, 1e-3)).of("plateau")


def test_a_loss_of_another_scale_beside_what_improves_has_not_exploded() -> None:
    loss = [0.9, 5000, 4000, 3500, 3000, 2600, 2400, 2300]
    assert not of(loss=loss, val_mae=[9, 7, 6, 5, 4.5, 4, 3.5, 3]).of("divergence")


def test_a_discriminator_in_balance_has_not_won() -> None:
    assert not of(d_loss=[900, 60, 8.4, 5.3, 2.4, 1.4, 1.5, 1.45], g_loss=[1.0] * 8).of("collapse")


def test_words_of_a_world_model_are_words_elsewhere() -> None:
    accuracy = [*np.linspace(0.5, 0.99, 20), *np.full(20, 0.16)]
    assert of(**{"val/rep_acc": accuracy}).of("divergence")
