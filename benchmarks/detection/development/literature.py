"""Faults as papers have them: spikes, swings, what collapses or explodes beside the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import Array, autocorrelated, decay, noise, single, size, steps

if TYPE_CHECKING:
    from benchmarks.detection.development.shapes import Made, Rng


def _named(rng: Rng, tags: tuple[str, ...], y: Array, at: int, *, sudden: bool = False) -> Made:
    tag = str(rng.choice(tags))
    return tag, {tag: (steps(rng, len(y)), y)}, at, sudden


def _since(n: int, at: int) -> Array:
    return np.clip(np.arange(n) - at, 0, None).astype(float)


# ---- spikes of the loss (Chowdhery 2022; Molybog 2023; Takase 2023; Cohen 2021)


def spike_in_a_short_log(rng: Rng) -> Made:
    n = size(rng, 20, 70)
    at = int(rng.integers(4, n - 7))
    y = decay(rng, n) + 0.02 * rng.normal(size=n)
    y[at : at + int(rng.integers(1, 3))] += rng.uniform(0.4, 3)
    return single(rng, y, at, sudden=True)


def spike_on_the_way_down(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = int(rng.uniform(0.04, 0.15) * n) + 4
    y = decay(rng, n) + 0.01 * rng.normal(size=n)
    y[at : at + int(rng.integers(1, 4))] += rng.uniform(1, 5)
    return single(rng, y, at, sudden=True)


def spike_near_the_end(rng: Rng) -> Made:
    n = size(rng, 60, 2000)
    long = int(rng.integers(1, 4))
    at = n - long - int(rng.integers(6, 14))
    y = decay(rng, n) + 0.02 * noise(rng, n).clip(-4, 4)
    y[at : at + long] += rng.uniform(0.6, 4)
    return single(rng, y, at, sudden=True)


def spikes_ever_more_often(rng: Rng) -> Made:
    n = size(rng, 200, 3000)
    many = int(rng.integers(3, 25))
    places = np.sort((n * (1 - rng.random(many) ** 2 * 0.8)).astype(int)).clip(8, n - 14)
    y = decay(rng, n) + 0.02 * rng.normal(size=n)
    for place in places:
        height, back = rng.uniform(0.8, 3), rng.uniform(0.5, 3)
        y[place:] += height * np.exp(-np.arange(n - place) / back)
    return single(rng, y, int(places[0]), sudden=True)


def evaluation_dips(rng: Rng) -> Made:
    n = size(rng, 40, 400)
    at = int(n * rng.uniform(0.4, 0.85))
    t = np.arange(n) / n
    y = 100 * (1 - np.exp(-4 * t)) + rng.uniform(1, 4) * rng.normal(size=n)
    y[at : at + int(rng.integers(1, 3))] *= rng.uniform(0, 0.4)
    return _named(rng, ("eval/mean_reward", "eval/return", "val/accuracy"), y, at, sudden=True)


def optimizer_state_was_lost(rng: Rng) -> Made:
    """The loss jumps where training goes on without its moments, and finds its way back."""
    n = size(rng, 150, 3000)
    at = int(n * rng.uniform(0.2, 0.7))
    back = n * rng.uniform(0.01, 0.05)
    y = decay(rng, n) + rng.uniform(0.005, 0.02) * rng.normal(size=n)
    y[at:] += rng.uniform(0.3, 1) * np.exp(-np.arange(n - at) / back)
    return single(rng, y, at, sudden=True)


def bump_and_back(rng: Rng) -> Made:
    """A long excursion that takes some time to rise, and comes back as slowly."""
    n = size(rng, 200, 3000)
    at, long = int(n * rng.uniform(0.25, 0.6)), n * rng.uniform(0.03, 0.1)
    shape = np.clip(np.minimum(_since(n, at), at + long - np.arange(n)) / (0.3 * long), 0, 1)
    y = decay(rng, n) + 0.015 * rng.normal(size=n) + rng.uniform(0.4, 2) * shape
    return single(rng, y, at)


# ---- swings that grow (Cohen 2021; Thilak 2022; Wortsman 2023)


def swings_grow_exponentially(rng: Rng) -> Made:
    n = size(rng, 150, 3000)
    at = int(n * rng.uniform(0.3, 0.7))
    sigma = rng.uniform(0.01, 0.03)
    k = _since(n, at) / (n - at)
    # As large as the noise where they begin.
    grown = np.where(k > 0, sigma * np.exp(k * rng.uniform(3.5, 5)), 0)
    wave = np.sin(2 * np.pi * np.arange(n) / rng.uniform(2.2, max(3, n / 30)))
    return single(rng, decay(rng, n) + sigma * rng.normal(size=n) + grown * wave, at)


def swings_from_one_point_on(rng: Rng) -> Made:
    n = size(rng, 150, 3000)
    at = int(n * rng.uniform(0.25, 0.75))
    wave = np.sin(2 * np.pi * _since(n, at) / rng.uniform(2.5, max(4, n / 30)))
    y = decay(rng, n) + 0.02 * noise(rng, n) + rng.uniform(0.5, 2) * wave
    return single(rng, y, at)


def swings_of_a_return(rng: Rng) -> Made:
    n = size(rng, 100, 1500)
    at = int(n * rng.uniform(0.3, 0.6))
    k = _since(n, at) / (n - at)
    wave = np.sin(2 * np.pi * np.arange(n) / rng.uniform(3, max(4, n / 25)))
    y = 100 * np.minimum(np.arange(n) / (0.8 * at), 1) + 3 * rng.normal(size=n)
    y += rng.uniform(60, 150) * k * np.minimum(wave, 0.3)
    return _named(rng, ("eval/return", "rollout/ep_rew_mean"), y, at)


def steps_that_overshoot(rng: Rng) -> Made:
    """Every other point is worse: the step is longer than twice the inverse of the sharpness."""
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.3, 0.7))
    k = _since(n, at) / (n - at)
    y = decay(rng, n) + 0.02 * rng.normal(size=n)
    y += rng.uniform(0.5, 2) * k ** rng.uniform(1, 1.5) * (-1.0) ** np.arange(n)
    return single(rng, y, at)


# ---- collapse (Bowman 2016; Jing 2022; Dhariwal 2020; Cui 2025; Arjovsky 2017; Pascanu 2013)


def _falls(rng: Rng, n: int, at: int, least: float, most: float, part: float) -> Array:
    """A factor that falls by 10^least to 10^most within a part of the series."""
    down = np.minimum(_since(n, at) / (1 + part * n), 1)
    return np.asarray(10 ** (-rng.uniform(least, most) * down))


def posterior_collapses(rng: Rng) -> Made:
    """The divergence of a VAE's code grows from nothing, and falls to nothing."""
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.15, 0.5))
    grown = rng.uniform(3, 30) * (1 - np.exp(-np.arange(n) / (0.02 * n)))
    y = (grown + 0.001) * _falls(rng, n, at, 2.5, 4, rng.uniform(0.01, 0.2))
    return _named(rng, ("train/kl", "kl", "kl_z"), y * np.exp(0.08 * rng.normal(size=n)), at)


def codebook_collapses(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.2, 0.7))
    full = rng.uniform(300, 900)
    y = full * (0.8 + 0.2 * np.arange(n) / n) * np.exp(0.05 * rng.normal(size=n))
    y = 1 + y * _falls(rng, n, at, 2.3, 3, rng.uniform(0.02, 0.2))
    return _named(rng, ("codebook/perplexity", "codebook/usage", "vq/codes_used"), y, at)


def policy_becomes_deterministic(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.25, 0.7))
    y = (1.6 - 0.5 * np.arange(n) / n) * _falls(rng, n, at, 2.3, 4, rng.uniform(0.02, 0.25))
    y *= np.exp(0.1 * noise(rng, n).clip(-4, 4))
    return _named(rng, ("train/entropy", "policy/entropy", "losses/entropy"), y, at)


def embeddings_collapse_early(rng: Rng) -> Made:
    n = size(rng, 200, 3000)
    at = int(n * rng.uniform(0.08, 0.3))
    y = 0.04 * _falls(rng, n, at, 2.3, 4, rng.uniform(0.005, 0.1))
    y *= np.exp(0.08 * rng.normal(size=n))
    return _named(rng, ("ssl/embedding_std", "train/feature_std"), y, at)


def discriminator_wins_slowly(rng: Rng) -> Made:
    n = size(rng, 150, 3000)
    at = int(n * rng.uniform(0.25, 0.6))
    y = 0.6 * _falls(rng, n, at, 3, 5, rng.uniform(0.05, 0.35))
    y *= np.exp(rng.uniform(0.2, 0.7) * rng.normal(size=n))
    x = steps(rng, n)
    return "loss/d", {"loss/d": (x, y), "loss/g": (x, 1 + 0.1 * rng.random(n))}, at, False


def gradients_vanish(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.2, 0.8))
    y = rng.uniform(0.2, 3) * (1 + 5 * np.exp(-np.arange(n) / (0.03 * n)))
    y *= _falls(rng, n, at, 2.5, 6, rng.uniform(0, 0.15)) * np.exp(0.3 * rng.normal(size=n))
    return _named(rng, ("grad_norm", "train/grad_norm", "gradients/layer1.norm"), y, at)


# ---- explosion (van Hasselt 2018; Wortsman 2023; Zhai 2023; Pascanu 2013)


def values_are_overestimated(rng: Rng) -> Made:
    """Bootstrapped values, about zero at first, grow exponentially to the end."""
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.3, 0.6))
    k = _since(n, at) / (n - at)
    y = rng.uniform(0.5, 5) * 10 ** (rng.uniform(3, 6) * k) * np.exp(0.1 * rng.normal(size=n))
    return _named(rng, ("train/mean_q", "q_values", "critic/q1_mean"), y, at)


def critic_diverges_to_the_end(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.3, 0.7))
    k = _since(n, at) / (n - at)
    y = rng.uniform(0.1, 5) * (1 + 10 ** rng.uniform(3, 6) * k ** rng.uniform(2, 4))
    y *= np.exp(rng.uniform(0.1, 0.4) * noise(rng, n).clip(-4, 4))
    return _named(rng, ("train/critic_loss", "losses/qf1_loss", "loss/value"), y, at)


def logits_of_attention_grow(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.2, 0.5))
    rise = np.minimum(_since(n, at) / (n * rng.uniform(0.15, 0.5)), 1)
    y = rng.uniform(3, 10) * 10 ** (rng.uniform(2.5, 4) * rise)
    y *= np.exp(0.06 * rng.normal(size=n))
    return _named(rng, ("attn/max_logit", "layer0/attention_logits_max"), y, at)


def gradients_explode_after_warm_up(rng: Rng) -> Made:
    """Norms that are large at first, too."""
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.3, 0.85))
    y = rng.uniform(0.2, 2) * (1 + rng.uniform(20, 200) * np.exp(-np.arange(n) / (0.02 * n)))
    y[at:] *= 10 ** rng.uniform(2.4, 4)
    y *= np.exp(0.3 * rng.normal(size=n))
    return _named(rng, ("grad_norm", "train/grad_norm"), y, at, sudden=True)


def signed_loss_explodes(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.3, 0.85))
    rise = np.minimum(_since(n, at) / (1 + rng.uniform(0, 0.1) * n), 1)
    y = 0.01 * rng.normal(size=n) * 10 ** (rng.uniform(2.7, 5) * rise)
    return _named(rng, ("train/policy_loss", "actor_loss", "losses/policy_loss"), y, at)


def explodes_early(rng: Rng) -> Made:
    n = size(rng, 300, 3000)
    at = int(n * rng.uniform(0.08, 0.2))
    rise = np.minimum(_since(n, at) / (1 + rng.uniform(0, 0.05) * n), 1)
    y = 10 ** (rng.uniform(2.5, 5) * rise) * np.exp(0.2 * rng.normal(size=n))
    return _named(rng, ("critic_loss", "train/weight_norm", "activations/max"), y, at)


# ---- gradients


def norm_rises_though_nothing_is_learned(rng: Rng) -> Made:
    n = size(rng, 150, 2000)
    at = int(n * rng.uniform(0.3, 0.6))
    k = np.minimum(_since(n, at) / (n * rng.uniform(0.1, 0.4)), 1)
    norm = rng.uniform(0.2, 3) * (1 + 8 * np.exp(-np.arange(n) / (0.03 * n)))
    norm *= np.exp(np.log(rng.uniform(9, 60)) * k + rng.uniform(0.1, 0.3) * rng.normal(size=n))
    loss = 1.2 + 2 * np.exp(-np.arange(n) / (0.15 * at)) + 0.05 * noise(rng, n).clip(-4, 4)
    x = steps(rng, n)
    return "grad_norm", {"train/loss": (x, loss), "grad_norm": (x, norm)}, at, False


def clipped_from_some_point_on(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    at = int(n * rng.uniform(0.2, 0.5))
    norm = np.minimum(0.4 * np.exp(0.3 * rng.normal(size=n)), 1.0)
    norm[at:] = 1.0 - 1e-6 * rng.random(n - at)
    x = steps(rng, n)
    loss = decay(rng, n) + 0.5 + 0.03 * rng.normal(size=n)
    return "grad_norm", {"train/loss": (x, loss), "grad_norm": (x, norm)}, at, True


# ---- and what is like them, and sound


def entropy_falls_as_it_should(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    y = 1.6 * (0.02 + np.exp(-rng.uniform(2, 6) * np.arange(n) / n))
    return _named(rng, ("train/entropy", "policy/entropy"), y * np.exp(0.1 * noise(rng, n)), -1)


def policy_leaves_its_reference(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    y = 10 * (np.arange(1, n + 1) / n) ** rng.uniform(1, 3) * np.exp(0.2 * rng.normal(size=n))
    return _named(rng, ("objective/kl", "train/kl"), y, -1)


def episodes_become_long(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    middle, wide = rng.uniform(0.2, 0.6), rng.uniform(0.02, 0.1)
    grown = 1 / (1 + np.exp(-(np.arange(n) / n - middle) / wide))
    y = 15 + rng.uniform(200, 900) * grown
    return _named(rng, ("rollout/ep_len_mean", "episode_length"), y * (1 + 0.1 * rng.random(n)), -1)


def unnamed_residual_falls(rng: Rng) -> Made:
    """Of no known objective: it falls by orders of magnitude, after a wait or at once."""
    n = size(rng, 100, 2000)
    wait = n * rng.uniform(0, 0.3)
    t = np.clip(np.arange(n) - wait, 0, None) / (n - wait)
    y = 10 ** (-rng.uniform(1.5, 4) * t ** rng.uniform(0.6, 1))
    return _named(rng, ("pde/residual", "delta", "gap"), y * np.exp(0.2 * rng.normal(size=n)), -1)


def weights_grow(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    y = (1 + np.arange(n) / n * rng.uniform(2, 40)) ** rng.uniform(0.5, 1)
    return _named(rng, ("weight_norm", "params/norm"), y * (1 + 0.01 * rng.normal(size=n)), -1)


def scale_wanders(rng: Rng) -> Made:
    """A quantity whose logarithm is a slow walk about its mean."""
    n = size(rng, 200, 3000)
    walk = autocorrelated(rng, n, 1 - 1 / (n * rng.uniform(0.005, 0.05)))
    return _named(rng, ("value_loss", "train/td_error", "d_loss"), np.exp(1.2 * walk), -1)


def a_code_is_turned_on(rng: Rng) -> Made:
    """The weight of a divergence is raised step by step, and it settles at a lower level."""
    n = size(rng, 150, 2000)
    t = np.arange(n) / n
    y = (2 + 60 * np.exp(-t / rng.uniform(0.02, 0.2))) * (1 - np.exp(-t / 0.01) + 0.001)
    return _named(rng, ("train/kl", "kl_z"), y * np.exp(0.08 * rng.normal(size=n)), -1)


def values_grow_with_the_return(rng: Rng) -> Made:
    n = size(rng, 150, 2000)
    wait = rng.uniform(0.2, 0.4) * n
    learned = np.clip((np.arange(n) - wait) / (n - wait), 0, 1)
    reward = 10 + 500 * learned + rng.uniform(2, 20) * rng.normal(size=n)
    loss = (0.3 + 30 * learned) ** 2 * np.exp(0.3 * rng.normal(size=n))
    x = steps(rng, n)
    series = {"rollout/return": (x, reward), "train/value_loss": (x, loss)}
    return "train/value_loss", series, -1, False


SOUND = (
    values_grow_with_the_return,
    entropy_falls_as_it_should,
    policy_leaves_its_reference,
    episodes_become_long,
    unnamed_residual_falls,
    weights_grow,
    scale_wanders,
    a_code_is_turned_on,
)
LITERATURE = {
    "spike": (
        spike_in_a_short_log,
        spike_on_the_way_down,
        spike_near_the_end,
        spikes_ever_more_often,
        evaluation_dips,
        optimizer_state_was_lost,
        bump_and_back,
    ),
    "divergence": (
        swings_grow_exponentially,
        swings_from_one_point_on,
        swings_of_a_return,
        steps_that_overshoot,
    ),
    "collapse": (
        posterior_collapses,
        codebook_collapses,
        policy_becomes_deterministic,
        embeddings_collapse_early,
        discriminator_wins_slowly,
        gradients_vanish,
    ),
    "explosion": (
        values_are_overestimated,
        critic_diverges_to_the_end,
        logits_of_attention_grow,
        gradients_explode_after_warm_up,
        signed_loss_explodes,
        explodes_early,
    ),
    "gradient": (norm_rises_though_nothing_is_learned, clipped_from_some_point_on),
}
