"""Sound runs in which scales change as in those that collapse or explode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import Array, autocorrelated, decay, size, steps
from benchmarks.detection.development.vital import (
    ACTIVATIONS,
    CRITICS,
    DIVERGENCES,
    ENTROPIES,
    LOGITS,
    NORMS,
    POSTERIORS,
    SIZES,
    TERMS,
    VALUES,
    beside,
)

if TYPE_CHECKING:
    from benchmarks.detection.development.shapes import Made, Rng


def learns_at_once(rng: Rng) -> Made:
    """An agent finds out how it is done: values grow, entropy and the scatter of rewards fall."""
    n = size(rng, 100, 2000)
    middle, wide = rng.uniform(0.2, 0.7), rng.uniform(0.01, 0.08)
    learned = 1 / (1 + np.exp(-(np.arange(n) / n - middle) / wide))
    learned = learned + 0.4 * np.arange(n) / n
    x = steps(rng, n)
    grown = 0.2 + rng.uniform(5, 25) * learned

    def rough(sigma: float) -> Array:
        return np.exp(sigma * rng.normal(size=n))

    series = {
        "rollout/ep_rew_mean": 10 + 400 * learned + 8 * rng.normal(size=n),
        str(rng.choice(ENTROPIES[1:])): 1.5 * (1 - 0.9 * learned.clip(0, 1)) * rough(0.05),
        str(rng.choice(CRITICS[:-1])): grown**2 * rough(0.3),
        str(rng.choice(VALUES)): grown * rough(0.05),
        "rollout/ep_len_mean": 20 + 400 * learned,
        "train/loss": grown**2 * rough(0.3),
        "reward_std": (0.4 - 0.36 * learned.clip(0, 1)) * rough(0.2),
        "train/approx_kl": 0.01 * rough(0.4),
    }
    tag = "rollout/ep_rew_mean"
    return tag, {name: (x, each) for name, each in series.items()}, -1, False


def norms_fall_with_the_loss(rng: Rng) -> Made:
    """Training comes to its end, evenly or at once, and the gradient with it."""
    n = size(rng, 100, 2000)
    t = np.arange(n) / n
    if rng.random() < 0.5:
        way = -rng.uniform(1, 3) * np.log1p(t / 0.02) / np.log(50)
    else:
        way = -rng.uniform(1, 2.5) / (1 + np.exp(-(t - rng.uniform(0.3, 0.7)) / 0.04))
    loss = 10 ** (way - 0.3 * t) * np.exp(0.1 * rng.normal(size=n))
    norm = 10 ** (rng.uniform(0.5, 1) * way) * np.exp(0.3 * rng.normal(size=n))
    return beside(rng, NORMS, norm, -1, {"train/loss": loss})


def divergence_warms_up(rng: Rng) -> Made:
    """The code of an autoencoder is turned on by a weight that rises."""
    n = size(rng, 100, 2000)
    t = np.arange(n) / n
    wait, warm = rng.uniform(0, 0.1), rng.uniform(0.05, 0.4)
    weight = np.clip((t - wait) / warm, 0, 1)
    if rng.random() < 0.5:
        y = 1e-3 + rng.uniform(5, 40) * (1 - np.exp(-t / rng.uniform(0.01, 0.05)))
    else:
        y = 60 / (1 + 10 * weight) + 3
    y = y * np.exp(0.08 * rng.normal(size=n))
    other = {
        "train/recon_loss": 80 + 60 * np.exp(-3 * t) + 0.3 * rng.normal(size=n),
        str(rng.choice(["beta", "kl_weight", "train/beta"])): weight,
        "loss/weighted_kl": weight * y,
    }
    return beside(rng, POSTERIORS[:5], y, -1, other)


def annealed(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    t = np.arange(n) / n
    wait = rng.uniform(0, 0.4)
    down = np.clip((t - wait) / rng.uniform(0.1, 0.6), 0, 1)
    x = steps(rng, n)
    series = {
        "gumbel/temperature": np.maximum(np.exp(-6 * t), 0.05),
        "exploration_rate": 1 - 0.99 * down,
        "rollout/epsilon": 10 ** (-2 * down),
        "train/ent_coef": 10 ** (-2.5 * (1 - np.exp(-5 * t))) * np.exp(0.02 * rng.normal(size=n)),
        "beta": down,
        "teacher_forcing_ratio": 0.05 + 0.95 / (1 + np.exp((t - 0.5) * 20)),
        "noise_std": np.maximum(1 - t / 0.7, 0.02),
        "curriculum/max_distance": 1 + np.floor(5 * t) ** 2,
        "buffer/size": np.minimum(np.arange(n) * 100.0, 1e5),
        "loss_perceptual": np.where(t < wait, 0.0, 1.5 - t + 0.02 * rng.normal(size=n)),
        "loss/adversarial_weighted": np.where(t < wait, 0.0, 0.6 + 0.1 * rng.random(n)),
    }
    return "beta", {name: (x, each) for name, each in series.items()}, -1, False


def policy_moves_less_with_its_rate(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    rate = 3e-4 * (1 - np.arange(n) / n) if rng.random() < 0.5 else _cosine(n)
    kl = 0.01 * (rate / 3e-4) ** 2 * np.exp(0.4 * rng.normal(size=n)) + 1e-7
    clipped = 0.15 * rate / 3e-4 * np.exp(0.2 * rng.normal(size=n))
    reward = 300 * (1 - np.exp(-3 * np.arange(n) / n)) + 10 * rng.normal(size=n)
    other = {"train/clip_fraction": clipped, "rollout/ep_rew_mean": reward}
    if rng.random() < 0.5:
        other["train/learning_rate"] = rate
    return beside(rng, DIVERGENCES[1:3], kl, -1, other)


def _cosine(n: int) -> Array:
    return np.asarray(3e-4 * (0.5 + 0.5 * np.cos(np.pi * np.arange(n) / n)))


def weights_and_logits_grow(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    t = np.arange(n) / n
    warm = np.clip(t / rng.uniform(0.02, 0.1), 0, 1)
    x = steps(rng, n)
    series = {
        str(rng.choice(SIZES)): 20 * (1 + rng.uniform(1, 30) * t) ** rng.uniform(0.3, 1),
        str(rng.choice(LOGITS[:3])): 0.5 + rng.uniform(5, 40) * np.log1p(50 * t * warm) / 4,
        str(rng.choice(ACTIVATIONS)): 1 + rng.uniform(5, 30) * np.sqrt(t) * warm,
        "train/loss": 0.5 + 3 * decay(rng, n),
        "objective/kl": 1e-4 + rng.uniform(1, 20) * t ** rng.uniform(0.5, 1.5),
    }
    jitter = np.exp(0.03 * rng.normal(size=n))
    return "train/loss", {name: (x, each * jitter) for name, each in series.items()}, -1, False


def harder_tasks(rng: Rng) -> Made:
    """A curriculum: what a step costs and what it pays change ten-fold with the task."""
    n = size(rng, 150, 2000)
    stages = np.sort(rng.integers(int(0.1 * n), int(0.9 * n), 3))
    stage = np.searchsorted(stages, np.arange(n), side="right")
    since = np.arange(n) - np.concatenate([[0], stages])[stage]
    fade = np.exp(-since / (0.05 * n))
    x = steps(rng, n)
    paid = 100 * (1 + 0.8 * np.arange(n) / n - 0.7 * fade)
    series = {
        "rollout/ep_rew_mean": paid + 4 * rng.normal(size=n),
        "rollout/ep_len_mean": 20.0 * 2.5**stage * (1 + 0.05 * rng.random(n)),
        "train/value_loss": (0.3 + 8 * fade) ** 2 * np.exp(0.3 * rng.normal(size=n)),
        "train/entropy": (0.3 + fade) * np.exp(0.1 * rng.normal(size=n)),
    }
    return "train/value_loss", {name: (x, each) for name, each in series.items()}, -1, False


def players_of_a_game(rng: Rng) -> Made:
    """The losses of two networks wander over two powers of ten, and come back."""
    n = size(rng, 200, 2000)
    walk = autocorrelated(rng, n, 1 - 1 / (n * rng.uniform(0.01, 0.04)))
    x = steps(rng, n)
    series = {
        "loss/D": np.exp(rng.uniform(0.6, 1) * walk),
        "loss/G": np.exp(-0.4 * walk),
        "D_real": 1 / (1 + np.exp(-walk - 1)),
        "D_fake": 1 / (1 + np.exp(walk + 1)),
        "train/gp": 0.1 * np.exp(rng.normal(size=n)),
    }
    return "loss/D", {name: (x, each) for name, each in series.items()}, -1, False


def terms_begin_with_the_warm_up(rng: Rng) -> Made:
    """Codes are hardly moved while the rate warms up; then they are learned."""
    n = size(rng, 100, 2000)
    t = np.arange(n) / n
    warm = rng.uniform(0.03, 0.12)
    way = np.clip((t - warm) / rng.uniform(0.03, 0.15), 0, 1)
    y = 10 ** (-2 + rng.uniform(0.9, 1.6) * way) * np.exp(
        rng.uniform(0.05, 0.2) * rng.normal(size=n)
    )
    return beside(rng, TERMS, y, -1, {"train/loss": 0.5 + 3 * decay(rng, n)})


def novelty_wears_off(rng: Rng) -> Made:
    n = size(rng, 100, 2000)
    y = 10 ** (-rng.uniform(1, 3) * (1 - np.exp(-np.arange(n) / (n * rng.uniform(0.05, 0.4)))))
    y *= np.exp(0.2 * rng.normal(size=n))
    tags = ("rnd/intrinsic_reward", "losses/rnd_loss", "curiosity/loss", "icm_bonus")
    reward = 100 * np.arange(n) / n + 10 * rng.normal(size=n)
    return beside(rng, tags, y, -1, {"episode_reward": reward})


LIKE_THEM = (
    learns_at_once,
    norms_fall_with_the_loss,
    divergence_warms_up,
    annealed,
    policy_moves_less_with_its_rate,
    weights_and_logits_grow,
    harder_tasks,
    players_of_a_game,
    terms_begin_with_the_warm_up,
    novelty_wears_off,
)
