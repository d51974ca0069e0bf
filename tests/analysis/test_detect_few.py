"""What a handful of points shows: guessing, what never moves, what is twice as much."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.analysis.handful import alarms, of, the_only

# -- guessing


@pytest.mark.parametrize("points", [6, 7, 9, 11, 20])
@pytest.mark.parametrize("classes", [2, 4, 10, 100])
def test_a_loss_beside_the_accuracy_of_guessing_stands_at_the_entropy(
    points: int, classes: int
) -> None:
    rng = np.random.default_rng(points)
    loss = math.log(classes) * (1 + rng.normal(0, 0.004, points))
    accuracy = (1 + rng.normal(0, 0.02, points)) / classes
    found = [one for one in of(loss=loss, accuracy=accuracy) if one.tag == "loss"]
    [one] = found
    assert (one.kind, one.severity, one.onset_step) == ("plateau", "warning", 0)
    told = one.evidence["classes_guessed"]
    assert told == classes if classes < 20 else abs(told - classes) <= 5
    about = "about " if classes > 20 else ""
    assert f"that is {about}ln {told}, what guessing among {told} classes gives" in one.message


def test_a_first_loss_above_that_of_guessing_is_no_learning() -> None:
    loss = [8.33, 2.304, 2.301, 2.303, 2.302, 2.303, 2.302, 2.303]
    accuracy = [9.8, 10.1, 9.9, 10.0, 10.0, 10.2, 9.9, 10.0]  # in percent
    [one] = [one for one in of(loss=loss, val_acc=accuracy) if one.tag == "loss"]
    assert (one.kind, one.onset_step, one.evidence["classes_guessed"]) == ("plateau", 1, 10)


@pytest.mark.parametrize(
    ("loss", "accuracy"),
    [
        (np.linspace(0.70, 0.66, 8), np.linspace(0.5, 0.6, 8)),  # learns
        (np.full(8, 0.693) + np.array([0, 1, -1, 0, 1, -1, 0, 1]) / 500, np.full(8, 0.74)),
        (1.0986 * (1 + np.array([0, 1, -1, 0, 1, -1, 0, 1]) / 300), None),  # of what, nobody says
        (np.array([0.40, 0.55, 0.692, 0.694, 0.693, 0.694, 0.692, 0.693]), np.full(8, 0.5)),
    ],
)
def test_what_is_near_an_entropy_by_accident_is_no_guess(
    loss: np.ndarray, accuracy: np.ndarray | None
) -> None:
    series = {"loss": loss} if accuracy is None else {"loss": loss, "accuracy": accuracy}
    assert not [one for one in of(**series) if "guessing" in one.message]


def test_a_loss_of_two_classes_without_an_accuracy_has_to_be_closer() -> None:
    loss = [0.6935, 0.6929, 0.6932, 0.6931, 0.6930, 0.6932, 0.6933, 0.6931]
    assert "guessing among 2 classes" in the_only(of(loss=loss)).message
    assert not of(loss=loss[:6])  # those of preferences begin there
    assert not of(loss=[0.71, 0.68, 0.70, 0.69, 0.685, 0.70, 0.66, 0.67])


def test_a_term_of_a_loss_guesses_no_classes() -> None:
    kl = [0.6935, 0.6929, 0.6932, 0.6931, 0.6930, 0.6932, 0.6933, 0.6931]
    assert not [one for one in of(**{"loss/kl_term": kl}) if "guessing" in one.message]


def test_what_is_told_of_few_points_was_judged() -> None:
    found = of(loss=[0.6931] * 6, val_loss=[0.7, 0.6, 0.5])
    assert "does not move at all; that is ln 2" in the_only(found).message
    assert [(one.tag, one.reason) for one in found.not_judged] == [
        ("val_loss", "fewer than 8 finite points")
    ]


# -- what does not move


@pytest.mark.parametrize("points", [6, 7])
def test_what_never_was_another_takes_six_points(points: int) -> None:
    assert alarms(of(loss=np.full(points, 14.5063))) == [("loss", "plateau", 0)]
    assert not of(loss=np.full(5, 14.5063))
    assert not of(loss=[2.3, *np.full(points, 1.9)])  # it was another


@pytest.mark.parametrize("still", [8, 9, 10, 11, 12])
def test_what_stands_still_for_half_of_the_run_is_told_however_many_points_that_are(
    still: int,
) -> None:
    y = [0.2, 0.25, 0.3, 0.33, 0.36, 0.38] + [0.4] * still
    [(tag, kind, onset)] = alarms(of(accuracy=y))
    assert (tag, kind) == ("accuracy", "plateau")
    assert onset in {6, 7}


def test_what_stands_still_for_less_than_half_of_few_points_is_not_told() -> None:
    assert not alarms(of(accuracy=[*np.linspace(0.2, 0.4, 9), *[0.41] * 8]))


# -- what may be level or a little worse


@pytest.mark.parametrize(("points", "least"), [(10, 50), (12, 55), (16, 70), (20, 80)])
def test_noise_about_a_level_is_mostly_seen_to_be_level(points: int, least: int) -> None:
    told = sum(
        bool(of(loss=10 + np.random.default_rng(seed).normal(0, 0.1, points)).of("plateau"))
        for seed in range(100)
    )
    assert told >= least


@pytest.mark.parametrize("points", [10, 12, 16, 20])
def test_what_improves_by_three_times_its_noise_seldom_is(points: int) -> None:
    line = np.linspace(0, -0.3, points)
    told = sum(
        bool(of(loss=10 + line + np.random.default_rng(seed).normal(0, 0.1, points)).of("plateau"))
        for seed in range(100)
    )
    assert told <= 8


# -- what is twice as much


def test_a_loss_that_trebles_after_two_points_of_eight_is_lost() -> None:
    loss = [1.593, 1.406, 3.316, 6.437, 5.478, 4.857, 4.874, 4.604]
    [one] = of(loss=loss)
    assert (one.kind, one.severity, one.onset_step) == ("divergence", "warning", 2)
    assert one.provisional
    assert one.last_good_step == 1


@pytest.mark.parametrize("spread", [0.2, 0.5])
def test_noise_in_proportion_to_a_loss_seldom_is_twice_as_much(spread: float) -> None:
    rng = np.random.default_rng(7)
    told = sum(
        bool(of(loss=np.exp(rng.normal(0, spread, 10))).of("divergence")) for _ in range(300)
    )
    assert told <= 4


@pytest.mark.parametrize("high", [[3.1, 4.2], [3.1, 2.2, 3.9]])
def test_a_loss_that_is_twice_as_much_at_a_few_last_points_is_not_lost_yet(
    high: list[float],
) -> None:
    assert not of(loss=[1.5, 0.9, 1.3, 0.8, 1.3, 1.2, *high]).of("divergence")


# -- a discriminator


def test_a_discriminator_that_has_won_within_eight_points_is_told() -> None:
    loss = [1.801, 7.529, 0.0425, 0.2492, 0.0, 0.0, 0.0001, 0.0]
    found = of(Loss_D=loss, Loss_G=[8.1, 38.1, 58.4, 57.4, 56.7, 57.0, 56.8, 57.1])
    assert alarms(found) == [("Loss_D", "collapse", 4)]
    assert not of(Loss_D=[1.4, 1.2, 1.1, 0.9, 0.7, 0.8, 0.6, 0.7]).of("collapse")


# -- what hardly moves, and what is written with few digits


def test_the_last_digit_is_no_move() -> None:
    assert alarms(of(loss=[*[0.35977894] * 5, 0.35977891])) == [("loss", "plateau", 0)]


def test_a_loss_that_moves_by_a_thousandth_in_eight_points_stands_still() -> None:
    loss = [0.722369, 0.722521, 0.722504, 0.722227, 0.722706, 0.722656, 0.722005, 0.722071]
    assert alarms(of(loss=loss)) == [("loss", "plateau", 0)]
    assert not of(loss=loss[:7])
    assert not of(loss=0.7225 - 0.0001 * np.arange(8))  # that goes on
    assert not of(loss=10 * np.array(loss) - 6.5)  # that moves by a hundredth


def test_an_error_that_hardly_moves_stands_still_too() -> None:
    error = [6.9076, 6.9091, 6.9048, 6.9069, 6.9074, 6.9080, 6.9067, 6.9071, 6.9045]
    assert alarms(of(Err=error)) == [("Err", "plateau", 0)]


def test_two_values_a_digit_apart_are_no_outcomes() -> None:
    loss = np.full(31, 3.0447)
    loss[[18, 27]], loss[21] = 3.0446, 3.0445
    found = of(loss=loss)
    assert alarms(found) == [("loss", "plateau", 0)]
    assert not found.not_judged


def test_what_is_won_or_lost_is_judged_by_its_share() -> None:
    won = np.random.default_rng(0).random(31) < 0.2
    [not_judged] = of(reward=won.astype(float)).not_judged
    assert not_judged.reason == "fewer than 32 outcomes that differ"


# -- spikes


def test_a_point_far_above_all_others_of_few_is_a_spike() -> None:
    loss = [0.6623, 0.8022, 4.2653, 0.77, 0.556, 0.8223]
    spike = the_only(of(loss=loss))
    assert (spike.kind, spike.severity, spike.onset_step, spike.ongoing) == (
        "spike",
        "info",
        2,
        False,
    )
    assert spike.message.startswith("a spike to 4.265 at step 2, and back")
    losses = [
        0.13,
        0.28,
        0.32,
        0.18,
        0.19,
        0.18,
        0.22,
        0.17,
        0.23,
        0.24,
        2.14,
        0.18,
        0.27,
        0.47,
        0.16,
    ]
    assert [one.onset_step for one in of(loss=losses).of("spike")] == [10]
    dip = the_only(of(accuracy=1 - 0.1 * np.array(loss)))
    assert dip.message.startswith("a dip to 0.5735 at step 2, and back")


@pytest.mark.parametrize(
    "loss",
    [
        [9.0, 0.8, 0.77, 0.75, 0.76, 0.74, 0.75],  # the first is where it begins
        [0.66, 0.80, 1.6, 0.77, 0.556, 0.8223],
        [1.0, 1.0, 1.05, 1.0, 1.0, 1.0, 1.0],  # a little, beside nothing
        [0.66, 0.80, 0.7, 0.77, 0.556, 9.0],  # which may stay there
    ],
)
def test_what_is_no_spike_of_few_points(loss: list[float]) -> None:
    assert not of(loss=loss).of("spike")


# -- a thousand times as much


def test_a_loss_a_thousand_times_its_first_has_exploded() -> None:
    loss = [0.1442, 25237.9, 75835.3, 28575.2, 134869.9, 437442.4, 212268.5, 1216893.1]
    assert alarms(of(loss=loss)) == [("loss", "divergence", 1)]
    assert not of(loss=[0.0001, *np.linspace(2.5, 1.1, 7)]).of("divergence")  # no loss yet


def test_a_loss_ten_times_as_large_for_three_points_is_lost() -> None:
    loss = [5.96, 6.08, 5.98, 5.97, 6.00, 6.06, 2948.0, 3150.1, 3019.9]
    assert alarms(of(loss=loss)) == [("loss", "divergence", 6)]


# -- a scale of the loss


def test_a_scale_halved_from_point_to_point_down_to_two_is_told_of_six() -> None:
    found = the_only(of(loss_scale=[64, 32, 16, 8, 4, 2]))
    assert (found.kind, found.severity, found.onset_step) == ("loss_scale", "warning", 1)
    assert not of(loss_scale=[65536, 32768, 16384, 8192, 4096, 2048])  # which it begins with
    assert not of(loss_scale=[64, 32, 32, 8, 4, 2])


def test_scales_are_halved_as_exactly_as_they_are_written() -> None:
    scale = [float(f"{8.165126103939127e-202 / 2**k:.15e}") for k in range(14)]
    [found] = of(**{"loss scale": scale})
    assert (found.kind, found.severity) == ("loss_scale", "warning")


# -- a score of next to nothing


def test_a_score_that_never_was_more_than_next_to_nothing_is_told() -> None:
    accuracy = [0.00125, 0.000625, 0, 0, 0.000625, 0, 0, 0.00125, 0, 0.000625, 0, 0]
    assert alarms(of(accuracy=accuracy)) == [("accuracy", "plateau", 0)]
    assert not of(mAP=[0.0001, 0.0003, 0.0002, 0.0008, 0.0011, 0.0021, 0.0035, 0.0052])
    assert not of(accuracy=accuracy[:7])


# -- scales


def test_a_norm_that_grows_by_decades_in_eleven_points_has_exploded() -> None:
    norm = [1.273, 1.269, 1.119, 0.9899, 9.587, 76.89, 916.2, 14240.0, 12970.0, 8884.0, 10870.0]
    loss = np.linspace(2.2, 1.75, 11)
    assert alarms(of(grad_norm=norm, loss=loss)) == [("grad_norm", "explosion", 4)]
    assert not alarms(of(grad_norm=[*norm[:6], 1.2, 1.1, 1.3, 1.0, 1.2], loss=loss))  # it came back
    assert not alarms(of(q_values=norm))  # which grow with what an agent gets


def test_the_noise_of_actions_may_not_grow_unless_a_reward_does() -> None:
    t = np.arange(400)
    std = 0.5 * 30 ** np.clip((t - 180) / 160, 0, 1) * np.exp(0.01 * np.sin(t * 1.7))
    reward = 10 - 9 * np.clip((t - 180) / 160, 0, 1) + np.random.default_rng(0).normal(0, 0.3, 400)
    tag, better = "Policy/mean_noise_std", 20 - reward
    lost = of(**{tag: std, "Train/mean_reward": reward})
    assert [one.kind for one in lost if one.tag == tag] == ["explosion"]
    assert not of(**{tag: std, "Train/mean_reward": better}).of("explosion")


@pytest.mark.parametrize(("before", "zeros"), [(1, 8), (4, 5)])
def test_a_loss_that_is_zero_at_the_end_of_nine_points_is_an_error(before: int, zeros: int) -> None:
    loss = [*[1.63, 1.56, 1.46, 1.4][:before], *[0.0] * zeros]
    found = of(**{"train/loss": loss})
    assert alarms(found) == [("train/loss", "collapse", before)]
    assert the_only(found).severity == "error"
    assert not found.not_judged
    assert not of(**{"train/loss": loss[:-1]}).of("collapse")


def test_three_epochs_down_and_ten_level_are_a_plateau() -> None:
    loss = [2.0, 1.29, 1.14, 1.1, 1.1, 1.09, 1.1, 1.11, 1.09, 1.1, 1.1, 1.1, 1.11, 1.11]
    [found] = alarms(of(train_loss=loss))
    assert found[:2] == ("train_loss", "plateau")
    assert 2 <= found[2] <= 4
