"""What grows for a good part of a run, and what else of the run says why a series got worse."""

from __future__ import annotations

import numpy as np
import pytest

from tbtools.analysis.detect import detect_series
from tbtools.analysis.objective import objectives_of
from tbtools.runs.series import ScalarSeries

N = 300
T = np.arange(N) / N
SINCE = np.clip((T - 0.5) / 0.5, 0, 1)


def noisy(level: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    """Noise in proportion to the level."""
    return level * np.exp(np.random.default_rng(seed).normal(0, sigma, len(level)))


def told(**values: np.ndarray) -> dict[tuple[str, str], int]:
    """The onset of each finding, by kind and tag."""
    every = [
        ScalarSeries.from_arrays("run", tag.replace("__", "/"), np.arange(len(value)), value)
        for tag, value in values.items()
    ]
    return {(each.kind, each.tag): each.onset_step for each in detect_series(every)}


def learned(first: float, last: float) -> np.ndarray:
    return last - (last - first) * np.exp(-6 * T)


@pytest.mark.parametrize("times", [60, 1000])
def test_values_that_were_learned_and_then_grow_to_the_end_explode(times: float) -> None:
    """Of half of the run, as those of a critic without a target network do."""
    values = noisy(learned(2, 48) * times**SINCE, 0.04)
    found = told(losses__q_values=values, reward=noisy(learned(20, 200), 0.05))
    assert found["explosion", "losses/q_values"] == pytest.approx(150, abs=15)


@pytest.mark.parametrize("times", [12, 80])
def test_codes_that_came_to_rest_from_above_and_then_fall_collapse(times: float) -> None:
    """A codebook's use falls while it is learned: what it fell from is no precedent."""
    settled = 180 + 800 * np.exp(-12 * T)
    used = noisy(settled * times ** -np.clip((T - 0.45) / 0.25, 0, 1), 0.03)
    found = told(vq__codebook_usage=used, loss=noisy(0.3 + np.exp(-8 * T), 0.02))
    assert found["collapse", "vq/codebook_usage"] == pytest.approx(135, abs=8)
    still_falling = noisy(980 * np.exp(-5 * T), 0.03)
    found = told(vq__codebook_usage=still_falling, loss=noisy(0.3 + np.exp(-8 * T), 0.02))
    assert ("collapse", "vq/codebook_usage") not in found


def test_values_that_grow_with_the_reward_that_they_foretell_do_not_explode() -> None:
    values = noisy(learned(2, 48) * 60**SINCE, 0.04)
    found = told(losses__q_values=values, reward=noisy(20 + 180 * 60**SINCE, 0.05))
    assert ("explosion", "losses/q_values") not in found


def test_an_update_that_shrank_with_learning_may_explode() -> None:
    norm = noisy((0.8 + 1.5 * np.exp(-9 * T)) * 100**SINCE, 0.07)
    found = told(server__update_norm=norm)
    assert found["explosion", "server/update_norm"] == pytest.approx(150, abs=15)


def test_a_divergence_without_another_word_is_that_of_a_policy_beside_rewards() -> None:
    divergence = noisy(0.008 * 60**SINCE, 0.2)
    reward = 14 - 11 * np.clip(3 * SINCE, 0, 1) + np.random.default_rng(1).normal(0, 0.5, N)
    assert ("explosion", "info/kl") in told(info__kl=divergence, rewards__step=reward)
    assert ("explosion", "info/kl") not in told(info__kl=divergence)


def test_the_loss_of_a_generator_explodes_where_its_judge_is_never_wrong() -> None:
    wins = 1 - np.exp(-7 * SINCE)
    found = told(loss__G=noisy(1.6 * 25**wins, 0.12), loss__D=noisy(1.1 * 3000**-wins, 0.15, 1))
    assert found["explosion", "loss/G"] == pytest.approx(150, abs=10)
    assert ("collapse", "loss/D") in found


def test_a_spike_of_values_is_told_beside_what_they_are_no_numbers_since() -> None:
    loss = noisy(0.1 + 0.7 * np.exp(-12 * T), 0.1)
    loss[80:84] += [3, 2, 1, 0.5]
    loss[200:] = np.nan
    found = told(Loss__value_function=loss)
    assert found["spike", "Loss/value_function"] == 80
    assert found["nonfinite", "Loss/value_function"] == 200


def test_what_is_lost_where_all_embeddings_became_alike_is_not_learned_by_heart() -> None:
    gone = 1 - np.exp(-10 * np.clip((T - 0.4) / 0.6, 0, 1))
    loss = -0.99 + (0.12 + 0.5 * np.exp(-7 * T)) * (1 - gone)
    accuracy = 28 + 34 * (1 - np.exp(-6 * T)) * (1 - gone)
    noise = np.random.default_rng(0).normal(0, 1, (2, N))
    pair = {
        "train__loss": loss + 0.003 * noise[0],
        "val__knn_acc": accuracy - 17 * gone + 0.5 * noise[1],
    }
    alone, beside = (
        told(**pair),
        told(**pair, train__output_std=noisy(0.03 * np.exp(-6 * gone), 0.03)),
    )
    assert ("overfitting", "val/knn_acc") in alone
    assert ("overfitting", "val/knn_acc") not in beside
    assert beside["divergence", "val/knn_acc"] == pytest.approx(120, abs=6)


def test_a_mean_that_begins_when_it_is_full_is_no_worse_than_its_losses() -> None:
    divergences = 0
    for seed in range(20):
        loss = 0.115 * np.random.default_rng(seed).gamma(16, 1 / 16, 900)
        mean = np.convolve(loss, np.full(100, 0.01), "valid")
        series = [
            ScalarSeries.from_arrays("run", "loss/current", np.arange(900), loss),
            ScalarSeries.from_arrays("run", "loss/average", np.arange(99, 900), mean),
        ]
        divergences += len(detect_series(series).of("divergence"))
    assert divergences == 0


def test_how_many_codes_are_in_use_is_no_perplexity_of_words() -> None:
    """`rec_loss` and `perplexity` are the names of taming-transformers."""
    assert objectives_of(["train/perplexity", "train/loss"])["train/perplexity"] == "min"
    assert objectives_of(["train/perplexity", "train/rec_loss"])["train/perplexity"] == "none"


def test_an_expert_that_gets_no_tokens_any_more_collapses() -> None:
    loss = noisy(2 + 6 * np.exp(-6 * T), 0.02)
    starves = noisy(0.125 * 1e-3 ** np.clip((T - 0.5) / 0.5, 0, 1), 0.05)
    found = told(
        loss=loss, moe__expert_4_share=starves, moe__expert_5_share=noisy(0.125 + 0 * T, 0.05)
    )
    assert found == {("collapse", "moe/expert_4_share"): pytest.approx(150, abs=8)}


@pytest.mark.parametrize("end", [0.2, -0.002])
def test_an_entropy_that_goes_through_zero_does_not_collapse(end: float) -> None:
    """That of a continuous policy is of a density, and has no scale."""
    entropy = np.interp(T, [0, 0.5, 0.9, 1], [-1.2, -1.15, -0.1 if end > 0 else end, end])
    found = told(train__entropy_loss=noisy(entropy, 0.03))
    assert (("collapse", "train/entropy_loss") in found) == (end < 0)


@pytest.mark.parametrize("seed", range(4))
def test_logits_that_scatter_about_zero_from_a_point_on_have_collapsed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = np.where(T < 0.5, rng.normal(5, 0.2, N), rng.normal(0, 0.004, N))
    assert told(model__logits_mean=logits) == {("collapse", "model/logits_mean"): 150}


def test_what_grows_by_the_same_factor_up_to_the_end_has_no_new_level_and_explodes() -> None:
    """For two thirds of a run, so that there is no step from one level to another."""
    since = np.clip((T - 1 / 3) * 1.5, 0, 1)
    for times in (80, 1e6):
        found = told(train__density_max=noisy(90 * times**since, 0.1))
        assert found == {("explosion", "train/density_max"): pytest.approx(100, abs=8)}
    slower = 90 * 80 ** np.sqrt(since)  # on its way to a new level
    assert told(train__density_max=noisy(slower, 0.1)) == {}
    came_back = 90 * (0.1 + np.exp(-12 * T)) * 12**since
    assert told(train__density_max=noisy(came_back, 0.1)) == {}


@pytest.mark.parametrize("seed", range(4))
def test_of_many_points_the_bend_is_found_behind_what_falls_ever_slower(seed: int) -> None:
    at = np.arange(3000)
    since = np.clip((at - 1000) / 2000, 0, 1)
    level = (2 + 3 * np.exp(-at / 200)) * 80**since
    value = level * np.random.default_rng(seed).lognormal(0, 0.02, 3000)
    found = told(train__density_max=value)
    assert found["explosion", "train/density_max"] == pytest.approx(1000, abs=25)


def test_the_message_says_that_it_still_grows() -> None:
    value = noisy(0.02 * 300 ** np.clip((T - 0.4) / 0.6, 0, 1), 0.05)
    [found] = detect_series([ScalarSeries.from_arrays("run", "x/norm", np.arange(N), value)])
    assert "by the same factor again and again" in found.message
    assert found.ongoing


def test_the_noise_of_actions_that_grows_from_where_it_had_settled_explodes() -> None:
    std = noisy((0.6 + 0.4 * np.exp(-12 * T)) * 8 ** np.clip((T - 0.45) / 0.55, 0, 1), 0.01)
    lost = 16 - 20 * np.clip((T - 0.45) / 0.55, 0, 1) - 16 * np.exp(-15 * T)
    noise = np.random.default_rng(0).normal(0, 0.5, N)
    found = told(Policy__mean_noise_std=std, Train__mean_reward=lost + noise)
    assert found["explosion", "Policy/mean_noise_std"] == pytest.approx(135, abs=9)
    learns = 16 * (1 - np.exp(-5 * T)) + 10 * np.clip((T - 0.45) / 0.55, 0, 1)
    found = told(Policy__mean_noise_std=std, Train__mean_reward=learns + noise)
    assert ("explosion", "Policy/mean_noise_std") not in found


@pytest.mark.parametrize("reward", ["rises all along", "rises at first", "grows as fast"])
def test_what_is_foretold_grows_again_and_again_only_with_such_a_reward(reward: str) -> None:
    since = np.clip((T - 0.4) / 0.6, 0, 1)
    gained = {
        "rises all along": 0.2 + 0.5 * T,
        "rises at first": -500 + 400 * (1 - np.exp(-5 * T)),
        "grows as fast": -20 + 2 * 60**since,
    }[reward]
    noise = np.random.default_rng(1).normal(0, 0.02 * np.ptp(gained), N)
    loss = noisy(0.15 * 150**since, 0.1)
    found = told(critic__vf_loss=loss, critic__rewards__mean=gained + noise)
    assert (("explosion", "critic/vf_loss") in found) == (reward != "grows as fast")


@pytest.mark.parametrize("offset", [-200, 0, 1000])
def test_the_loss_of_values_grows_with_a_reward_wherever_its_zero_is(offset: float) -> None:
    gained = np.clip((T - 0.3) / 0.55, 0, 1)
    noise = np.random.default_rng(1).normal(0, 8, N)
    found = told(
        rollout__ep_rew_mean=offset + 400 * gained + noise,
        train__value_loss=noisy(1 + 80 * gained, 0.1),
    )
    assert not any(kind == "explosion" for kind, _ in found)


@pytest.mark.parametrize(
    ("tag", "first", "last"),
    [("vq__codebook_usage", 0.03, 0.9), ("model__effective_rank", 3, 60), ("pi__entropy", 0.1, 9)],
)
def test_more_codes_ranks_or_entropy_than_there_were_are_no_explosion(
    tag: str, first: float, last: float
) -> None:
    grows = noisy(first * (last / first) ** np.clip((T - 0.3) / 0.7, 0, 1), 0.04)
    found = told(**{tag: grows, "loss": noisy(0.3 + np.exp(-8 * T), 0.02)})
    assert not any(kind == "explosion" for kind, _ in found)


def test_what_grows_from_the_start_or_back_to_where_it_was_does_not_explode() -> None:
    assert told(x__size=noisy(3 * 200.0**T, 0.05)) == {}
    assert (
        told(x__size=noisy(300 * np.exp(-9 * T) + 2 * 90 ** np.clip(2 * T - 1, 0, 1), 0.05)) == {}
    )


@pytest.mark.parametrize(("level", "explodes"), [(0.9, False), (9.0, True)])
def test_what_was_zero_but_for_noise_has_no_scale(level: float, explodes: bool) -> None:
    """A discriminator that enters late: its loss was none before."""
    noise = np.random.default_rng(0).normal(0, 0.035, N)
    found = told(train__disc_loss=np.where(T < 0.4, 0, level) + noise)
    assert found == ({("explosion", "train/disc_loss"): 120} if explodes else {})
    # What is logged with its sign, as logits are, has a scale about zero, too.
    logits = np.where(T < 0.4, 1, 90) * np.random.default_rng(0).normal(0, 1, N)
    assert told(model__logits_mean=logits) == {("explosion", "model/logits_mean"): 120}


@pytest.mark.parametrize("seed", range(4))
def test_a_norm_that_rises_from_point_to_point_explodes_where_it_began(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = np.arange(13)
    norm = 1.4 * 3.0 ** np.clip(at - 4, 0, None) * rng.lognormal(0, 0.1, 13)
    found = told(train__grad_norm=norm, train__loss=2.7 * 0.98**at + rng.normal(0, 0.02, 13))
    assert found["explosion", "train/grad_norm"] in (4, 5, 6)


def test_a_student_that_knows_its_teacher_by_heart_is_told_by_its_own_words() -> None:
    seen, held_out = np.exp(-5 * T) + 0.05, 0.55 + 0.5 * np.exp(-25 * T) + 0.4 * T
    pair = {"distill__train_kl": noisy(seen, 0.02), "distill__val_kl": noisy(held_out, 0.01)}
    assert ("overfitting", "distill/val_kl") in told(**pair)
    assert objectives_of(["distill/val_kl", "train/ce_loss"])["distill/val_kl"] == "none"
