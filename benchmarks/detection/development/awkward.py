"""Healthy runs that look ill: recoveries, rare successes, restarts, scores near their bounds."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.curves import autocorrelated, decay, noise, single, size, steps
from benchmarks.detection.development.shapes import PAIRS, Made, Rng

NAN = float("nan")


def recovers_to_a_new_best(rng: Rng) -> Made:
    """Few smooth points of a return that falls back, and then is better than ever."""
    n = int(rng.integers(30, 200))
    places = [0.0, rng.uniform(0.25, 0.4), rng.uniform(0.55, 0.7), 1.0]
    heights = [0.0, rng.uniform(0.6, 0.9), rng.uniform(0.0, 0.2), rng.uniform(1.0, 1.3)]
    y = np.interp(np.linspace(0, 1, n), places, heights)
    y = np.convolve(np.pad(y, 4, "edge"), np.full(9, 1 / 9), "valid")
    y = -100 + 15 * y + rng.uniform(0, 0.3) * rng.normal(size=n)
    return "eval/mean_reward", {"eval/mean_reward": (steps(rng, n), y)}, -1, False


def scatter_grows_with_the_return(rng: Rng) -> Made:
    n = size(rng, 60, 1500)
    t = np.linspace(0, 1, n)
    y = t ** rng.uniform(0.7, 1.3) * (200 + rng.uniform(20, 90) * rng.normal(size=n))
    return "rollout/ep_rew_mean", {"rollout/ep_rew_mean": (steps(rng, n), y)}, -1, False


def rare_successes(rng: Rng) -> Made:
    """One episode in a hundred succeeds, then more and more."""
    n = size(rng, 100, 5000)
    share = rng.uniform(0.01, 0.03) + rng.uniform(0.05, 0.4) * np.linspace(0, 1, n) ** 1.5
    y = (rng.random(n) < share) * float(rng.choice([1, 10, 100]))
    tag = str(rng.choice(["success", "episode_reward", "eval/success_rate"]))
    return tag, {tag: (steps(rng, n), y)}, -1, False


def near_its_bound(rng: Rng) -> Made:
    n = size(rng, 40, 1000)
    missing = 0.3 * np.exp(-np.linspace(0, 1, n) * rng.uniform(20, 60)) + rng.uniform(0.001, 0.008)
    y = 1 - missing * np.exp(0.1 * rng.normal(size=n))
    scale = float(rng.choice([1, 100]))
    tag = str(rng.choice(["val/accuracy", "test_f1", "train_acc"]))
    return tag, {tag: (steps(rng, n), scale * y)}, -1, False


def all_at_one_step(rng: Rng) -> Made:
    """A script evaluates many tasks, and logs each at the step of the checkpoint."""
    n = int(rng.integers(20, 120))
    y = rng.uniform(-3, 0) + 0.5 * rng.normal(size=n)
    step = np.full(n, int(rng.integers(0, 10_000)), np.int64)
    step[: int(n * rng.random())] = 0
    return "eval/reward", {"eval/reward": (step, y)}, -1, False


def still_by_a_quarter(rng: Rng) -> Made:
    """Next to the fall of its beginning nothing, but a quarter of what is left."""
    n = size(rng, 100, 2000)
    t = np.linspace(0, 1, n)
    rest = rng.uniform(0.01, 0.06)
    y = np.exp(-t * rng.uniform(40, 80)) + rest * (1 - rng.uniform(0.25, 0.45) * t)
    y = y * np.exp(rng.uniform(0.005, 0.04) * rng.normal(size=n))
    return "train/loss", {"train/loss": (steps(rng, n), y)}, -1, False


def _cosine_cycles(rng: Rng, n: int) -> np.ndarray:
    """The phases of cycles that may double, the last of which is complete."""
    factor = int(rng.choice([1, 2]))
    count = int(rng.integers(3, 8)) if factor == 1 else int(rng.integers(2, 4))
    lengths = factor ** np.arange(count)
    ends = np.rint(n * np.cumsum(lengths) / lengths.sum()).astype(int)
    return np.concatenate([np.arange(k) / k for k in np.diff(ends, prepend=0)])


def restarts_with_their_rate(rng: Rng) -> Made:
    """Warm restarts whose learning rate is logged, up to some point of the run."""
    n = size(rng, 200)
    phase = _cosine_cycles(rng, n)
    y = decay(rng, n) + rng.uniform(0.1, 0.5) * np.cos(np.pi * phase / 2)
    y = y + 0.01 * noise(rng, n)
    end = int(n * rng.uniform(0.25, 1))
    x = steps(rng, n)[:end]
    rate = 0.1 * (0.5 + 0.5 * np.cos(np.pi * phase))[:end]
    tag = str(rng.choice(["lr", "train/learning_rate", "lr-SGD"]))
    return "train/loss", {"train/loss": (x, y[:end]), tag: (x, rate)}, -1, False


def restarts_without_their_rate(rng: Rng) -> Made:
    n = size(rng, 200)
    y = decay(rng, n) + rng.uniform(0.1, 0.4) * np.cos(np.pi * _cosine_cycles(rng, n) / 2)
    return single(rng, y + 0.01 * noise(rng, n))


def one_long_spike(rng: Rng) -> Made:
    n = size(rng, 200)
    y = decay(rng, n) + 0.015 * noise(rng, n)
    at = int(n * rng.uniform(0.15, 0.7))
    back = rng.uniform(0.01, 0.06) * n
    y[at:] += rng.uniform(0.3, 3) * np.exp(-np.arange(n - at) / back)
    return single(rng, y)


def curriculum(rng: Rng) -> Made:
    """Harder data from a point on, of which the loss recovers."""
    n = size(rng, 200)
    t = np.linspace(0, 1, n)
    at = rng.uniform(0.2, 0.5)
    after = np.clip(t - at, 0, None) / (1 - at)
    y = np.exp(-4 * t / at) * 0.7 + 0.5
    y = np.where(t < at, y, 0.2 + (0.3 + rng.uniform(0.2, 0.6)) * np.exp(-4 * after))
    return single(rng, y + 0.015 * noise(rng, n))


def few_evaluations_of_a_pair(rng: Rng) -> Made:
    n = int(rng.integers(8, 50))
    t = np.linspace(0, 1, n)
    train = np.exp(-rng.uniform(1, 4) * t) + 0.02 * rng.normal(size=n)
    val = np.exp(-rng.uniform(1, 8 if n < 20 else 3) * t) + rng.uniform(0.2, 0.5)
    phi = float(rng.choice([0, 0, 0.3, 0.6]))
    val = val + rng.uniform(0.01, 0.08) * autocorrelated(rng, n, phi)
    x = steps(rng, n)
    a, b = PAIRS[rng.integers(0, len(PAIRS))]
    return b, {a: (x, train), b: (x, val)}, -1, False


def validation_stands_still(rng: Rng) -> Made:
    """It wanders about its level for less than shows it to be flat."""
    n = int(rng.integers(8, 20))
    train = np.exp(-2 * np.linspace(0, 1, n)) + 0.01 * rng.normal(size=n)
    falls = np.exp(-np.arange(n) / (n * rng.uniform(0.08, 0.25)))
    val = 0.6 + falls + rng.uniform(0.01, 0.05) * autocorrelated(rng, n, rng.uniform(0, 0.6))
    x = steps(rng, n)
    return "val_loss", {"loss": (x, train), "val_loss": (x, val)}, -1, False


def quantities_of_a_sound_run(rng: Rng) -> Made:
    """Series without an objective that go through orders of magnitude in health."""
    n = size(rng, 100)
    t = np.linspace(0, 1, n)
    x = steps(rng, n)
    tail = np.exp(rng.uniform(0.1, 0.8) * rng.normal(size=n))
    series = {
        "train/approx_kl": (x, 1e-2 * (1 - np.exp(-t * 30)) * tail + 1e-9),
        "train/value_loss": (x, (1e-2 + 30 * t**2) * tail),
        "train/entropy": (
            x,
            1.5 * 10 ** (-rng.uniform(0.5, 2.5) * t) * np.exp(0.1 * noise(rng, n)),
        ),
        "grad_norm": (x, np.exp(rng.uniform(0.2, 1.0) * rng.standard_t(4, n))),
        "alpha": (x, 10 ** (-rng.uniform(1, 3) * np.minimum(4 * t, 1))),
        "aux/margin": (x, np.where(rng.random(n) < 0.4, 0.0, rng.random(n))),
        "num_timesteps": (x, np.arange(n) * 2048.0),
        "lr": (x, 0.1 ** (1 + np.floor(t * 2.99))),
    }
    return "train/entropy", series, -1, False


def two_players_of_many_scales(rng: Rng) -> Made:
    n = size(rng, 200)
    x = steps(rng, n)
    log = 1.5 * np.sin(2 * np.pi * rng.uniform(3, 9) * np.linspace(0, 1, n))
    log = log + 0.8 * autocorrelated(rng, n, 0.9)
    return "d_loss", {"d_loss": (x, np.exp(log)), "g_loss": (x, np.exp(-0.5 * log))}, -1, False


def a_margin_that_is_met(rng: Rng) -> Made:
    """A hinge loss that comes down to zero, first in some batches, then in all."""
    n = size(rng, 100)
    level = 1 - np.linspace(0, rng.uniform(1.1, 1.4), n)
    y = np.clip(level + 0.1 * rng.normal(size=n), 0, None)
    return "train/hinge_loss", {"train/hinge_loss": (steps(rng, n), y)}, -1, False


def undefined_at_first(rng: Rng) -> Made:
    """Of constant returns nothing can be explained: 0 / 0."""
    n = size(rng, 60, 600)
    y = 1 - decay(rng, n) + 0.02 * noise(rng, n)
    y[: int(n * rng.uniform(0.1, 0.5))] = NAN
    if rng.random() < 0.4:
        y[:] = NAN
    x = steps(rng, n)
    loss = decay(rng, n) + 0.02 * noise(rng, n)
    tag = "train/explained_variance"
    return tag, {tag: (x, y), "train/loss": (x, loss)}, -1, False


AWKWARD = (
    recovers_to_a_new_best,
    scatter_grows_with_the_return,
    rare_successes,
    near_its_bound,
    all_at_one_step,
    still_by_a_quarter,
    restarts_with_their_rate,
    restarts_without_their_rate,
    one_long_spike,
    curriculum,
    few_evaluations_of_a_pair,
    validation_stands_still,
    quantities_of_a_sound_run,
    two_players_of_many_scales,
    a_margin_that_is_met,
    undefined_at_first,
)
