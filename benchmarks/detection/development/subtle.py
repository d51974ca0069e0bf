"""Faults that are short, noisy, without an objective, or hidden among others."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.curves import autocorrelated, decay, noise, single, size, steps
from benchmarks.detection.development.shapes import PAIRS, Made, Rng


def _pair(rng: Rng, n: int, at: int, rise: float, sigma: float, phi: float = 0.0) -> Made:
    i = np.arange(n)
    fall = np.clip(at - i, 0, None) / at
    back = np.clip(i - at, 0, None) / (n - 1 - at)
    val = 0.4 + fall ** rng.uniform(1, 2.5) + rise * back ** rng.uniform(0.8, 1.2)
    val = val + sigma * autocorrelated(rng, n, phi)
    train = np.exp(-rng.uniform(2, 4) * i / n) + 0.01 * rng.normal(size=n)
    x = steps(rng, n)
    a, b = PAIRS[rng.integers(0, len(PAIRS))]
    return b, {a: (x, train), b: (x, val)}, at, False


def overfit_in_few(rng: Rng) -> Made:
    n = int(rng.integers(8, 15))
    return _pair(rng, n, int(n * rng.uniform(0.3, 0.5)), 0.5, 0.02)


def overfit_in_noise(rng: Rng) -> Made:
    n = int(rng.integers(14, 60))
    rise = rng.uniform(0.3, 0.8)
    # The mean of its last third stands out by eight standard errors.
    sigma = min(0.1, rise * (n / 6) ** 0.5 / 10)
    return _pair(rng, n, int(n * rng.uniform(0.25, 0.55)), rise, sigma, rng.uniform(0, 0.3))


def loss_of_exactly_zero(rng: Rng) -> Made:
    """A fine-tuning whose loss is 0.0 from one step to the next: its labels or weights broke."""
    n = size(rng, 30, 1500)
    at = int(n * rng.uniform(0.1, 0.9))
    y = 0.3 + decay(rng, n) + 0.05 * rng.normal(size=n).clip(-3, 3)
    y[at:] = 0.0
    tag = str(rng.choice(["train/loss", "loss", "train_loss"]))
    return tag, {tag: (steps(rng, n), y)}, at, True


def critic_explodes(rng: Rng) -> Made:
    n = size(rng, 80)
    at = int(n * rng.uniform(0.3, 0.85))
    k = np.clip(np.arange(n) - at + 1, 0, None)
    rise = np.minimum(k / rng.uniform(2, 0.05 * n + 3), 1) * rng.uniform(2.5, 6)
    y = rng.uniform(0.1, 10) * 10**rise * np.exp(0.3 * noise(rng, n))
    tag = str(rng.choice(["train/critic_loss", "losses/qf1_loss", "value_loss"]))
    return tag, {tag: (steps(rng, n), y)}, at, False


def gradients_stay_large(rng: Rng) -> Made:
    n = size(rng, 60)
    at = int(n * rng.uniform(0.2, 0.9))
    y = np.exp(rng.uniform(0.1, 0.5) * rng.normal(size=n)) * rng.uniform(0.05, 5)
    y[at:] *= 10 ** rng.uniform(2.3, 5)
    return "grad_norm", {"grad_norm": (steps(rng, n), y)}, at, True


def discriminator_wins(rng: Rng) -> Made:
    n = size(rng, 80)
    at = int(n * rng.uniform(0.2, 0.8))
    y = 0.7 + 0.2 * np.abs(noise(rng, n))
    y[at:] *= 0.0 if rng.random() < 0.3 else 10 ** -rng.uniform(3, 6)
    x = steps(rng, n)
    return "d_loss", {"d_loss": (x, y), "g_loss": (x, 1 + 0.1 * rng.random(n))}, at, True


def collapse_after_a_rise(rng: Rng) -> Made:
    """A return that rose with growing scatter, and fell."""
    n = size(rng, 100)
    at = int(n * rng.uniform(0.4, 0.7))
    t = np.minimum(np.arange(n) / at, 1)
    y = 200 * t * (1 + rng.uniform(0.05, 0.15) * rng.normal(size=n))
    y[at:] = 20 + 8 * rng.normal(size=n - at)
    return "episode/return", {"episode/return": (steps(rng, n), y)}, at, True


def evaluation_return_collapses(rng: Rng) -> Made:
    n = size(rng, 60, 500)
    at = int(n * rng.uniform(0.4, 0.7))
    y = 100 * np.minimum(np.arange(n) / at, 1) + 4 * rng.normal(size=n)
    y -= np.clip(np.arange(n) - at, 0, None) / (n - at) * rng.uniform(60, 100)
    x = steps(rng, n)
    series = {"train/loss": (x, decay(rng, n) + 0.01 * rng.normal(size=n)), "eval/return": (x, y)}
    return "eval/return", series, at, False


def diverges_at_a_constant_rate(rng: Rng) -> Made:
    n = size(rng, 100)
    at = int(n * rng.uniform(0.3, 0.7))
    y = decay(rng, n)
    y[at:] = y[at] + rng.uniform(0.5, 2)
    x = steps(rng, n)
    series = {"loss": (x, y + 0.02 * noise(rng, n)), "lr": (x, np.full(n, 1e-3))}
    return "loss", series, at, True


def diverges_long_after_a_restart(rng: Rng) -> Made:
    n = size(rng, 300)
    i = np.arange(n)
    phase = (i / n * 4) % 1
    at = int(n * rng.uniform(0.55, 0.7))
    y = decay(rng, n) + 0.1 * np.cos(np.pi * phase / 2)
    y[at:] = y[at] + rng.uniform(0.8, 2)
    x = steps(rng, n)
    rate = 0.05 + 0.05 * np.cos(np.pi * phase)
    return "loss", {"loss": (x, y + 0.015 * noise(rng, n)), "lr": (x, rate)}, at, True


def successes_stop(rng: Rng) -> Made:
    n = size(rng, 400, 4000)
    at = int(n * rng.uniform(0.4, 0.7))
    share = rng.uniform(0.3, 0.9) * np.minimum(np.arange(n) / (0.5 * at), 1)
    share[at:] = rng.uniform(0, 0.03)
    y = (rng.random(n) < share).astype(float)
    return "success", {"success": (steps(rng, n), y)}, at, False


def swings_carry_the_loss_away(rng: Rng) -> Made:
    """Past the edge of stability each swing is higher, and none comes lower than before."""
    n = size(rng, 150, 1500)
    at = int(n * rng.uniform(0.3, 0.7))
    k = np.clip(np.arange(n) - at, 0, None) / (n - at)
    wave = 1 + np.sin(2 * np.pi * np.arange(n) / rng.uniform(5, 16))
    y = decay(rng, n) + rng.uniform(1, 4) * k ** rng.uniform(1, 1.6) * wave
    return single(rng, y + rng.uniform(0.02, 0.05) * rng.normal(size=n), at)


def spike_of_many_points(rng: Rng) -> Made:
    n = size(rng, 300)
    at = int(n * rng.uniform(0.2, 0.7))
    back = rng.uniform(8, max(9, min(60, 0.03 * n)))
    y = decay(rng, n) + 0.01 * rng.normal(size=n)
    y[at:] += rng.uniform(0.4, 4) * np.exp(-np.arange(n - at) / back)
    return single(rng, y, at, sudden=True)


def infinite_and_then_nan(rng: Rng) -> Made:
    n = size(rng)
    at = int(n * rng.uniform(0.1, 0.9))
    y = decay(rng, n) + 0.02 * noise(rng, n)
    y[at:] = np.nan
    first = at - int(rng.integers(1, 7))
    y[first] = np.inf
    return single(rng, y, first, sudden=True)


SUBTLE = {
    "overfitting": (overfit_in_few, overfit_in_noise),
    "collapse": (loss_of_exactly_zero, discriminator_wins),
    "explosion": (critic_explodes, gradients_stay_large),
    "divergence": (
        collapse_after_a_rise,
        evaluation_return_collapses,
        diverges_at_a_constant_rate,
        diverges_long_after_a_restart,
        successes_stop,
        swings_carry_the_loss_away,
    ),
    "spike": (spike_of_many_points,),
    "nonfinite": (infinite_and_then_nan,),
}
