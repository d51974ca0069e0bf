"""Curves of the development set that went wrong."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.curves import (
    decay,
    noise,
    single,
    size,
    steps,
)
from benchmarks.detection.development.shapes import PAIRS, Made, Rng, base, noise_scale


def bump_then_diverged(rng: Rng) -> Made:
    n = size(rng, 150)
    t = np.linspace(0, 1, n)
    at = int(n * rng.uniform(0.35, 0.85))
    y = decay(rng, n) + rng.uniform(0.3, 1.5) * np.exp(-(((t - 0.06) / 0.025) ** 2))
    y[at:] = y[at] + rng.uniform(0.5, 1.2)
    return single(rng, y + 0.02 * noise(rng, n), at, sudden=True)


def spikes_then_diverged(rng: Rng) -> Made:
    n, y = base(rng, 150)
    at = int(n * rng.uniform(0.35, 0.85))
    y[at:] = y[at]
    y = y + 0.02 * noise(rng, n)
    for spike in rng.integers(3, at - 5, 4):
        y[spike : spike + 2] += rng.uniform(0.5, 3)
    k = np.clip(np.arange(n) - at, 0, None) / (n - at)
    return single(rng, y + rng.uniform(0.6, 3) * k, at)


def partly_recovered(rng: Rng) -> Made:
    n, y = base(rng, 150)
    at = int(n * rng.uniform(0.4, 0.8))
    k = np.arange(n - at) / (n - at)
    y[at:] = y[at] + rng.uniform(0.8, 2) * (0.5 + 0.5 * np.exp(-5 * k))
    return single(rng, y + 0.03 * noise(rng, n), at, sudden=True)


def multiplicative_drift(rng: Rng) -> Made:
    n, y = base(rng, 100)
    at = int(n * rng.uniform(0.3, 0.7))
    k = np.clip(np.arange(n) - at, 0, None) / (n - at)
    y = (np.where(np.arange(n) < at, y, y[at]) + 0.05) * np.exp(rng.uniform(1, 6) * k)
    y *= np.exp(rng.uniform(0.02, 0.12) * noise(rng, n))
    return "loss", {"loss": (steps(rng, n), y)}, at, False


def to_chance(rng: Rng) -> Made:
    n = size(rng, 60, 1000)
    at = int(n * rng.uniform(0.3, 0.9))
    y = 0.95 - 0.8 * decay(rng, n) + 0.01 * noise(rng, n)
    y[at:] = 0.1 + 0.005 * rng.normal(size=n - at)
    return "val/accuracy", {"val/accuracy": (steps(rng, n), y)}, at, True


def noisy_drift(rng: Rng) -> Made:
    n = size(rng, 400)
    y = decay(rng, n)
    at = int(n * rng.uniform(0.3, 0.65))
    y[at:] = y[at] + rng.uniform(0.4, 1) * np.arange(n - at) / (n - at)
    return single(rng, y + rng.uniform(0.08, 0.2) * noise(rng, n), at)


def huge_values(rng: Rng) -> Made:
    n, y = base(rng)
    at = int(n * rng.uniform(0.3, 0.95))
    y = y + 0.02 * noise(rng, n)
    power = rng.uniform(5, 300)
    y[at:] = np.abs(y[at:]) * 10 ** (power * np.minimum(np.arange(1, n - at + 1) / 5, 1))
    return "train/loss", {"train/loss": (steps(rng, n), y)}, at, True


def small_diverged(rng: Rng) -> Made:
    n = int(rng.integers(20, 45))
    y = decay(rng, n)
    at = int(n * rng.uniform(0.3, 0.7))
    y[at:] = y[at] + rng.uniform(0.5, 1.5)
    return single(rng, y + rng.uniform(0.005, 0.04) * rng.normal(size=n), at, sudden=True)


def blow_up(rng: Rng) -> Made:
    n, y = base(rng)
    at = int(n * rng.uniform(0.15, 0.9))
    k = np.clip(np.arange(n) - at + 1, 0, None)
    rate = rng.uniform(5, 40) / (n - at)
    y[at:] = y[at]
    y = y + 0.02 * noise(rng, n) + 0.02 * np.expm1(k * rate)
    return single(rng, y, at)


def jump(rng: Rng) -> Made:
    n, y = base(rng)
    at = int(n * rng.uniform(0.15, 0.93))
    sigma = noise_scale(rng)
    # Training goes on after the jump, but does not get back what it has lost.
    y[at:] = y[at] + rng.uniform(0, 0.3) * (y[at:] - y[at]) + max(rng.uniform(0.5, 1.5), 8 * sigma)
    y = y + sigma * noise(rng, n)
    return single(rng, y, at, sudden=True)


def back_to_start(rng: Rng) -> Made:
    n, y = base(rng)
    at = int(n * rng.uniform(0.3, 0.9))
    y[at:] = rng.uniform(0.9, 1.1)
    return single(rng, y + 0.03 * noise(rng, n), at, sudden=True)


def drift(rng: Rng) -> Made:
    n, y = base(rng)
    at = int(n * rng.uniform(0.3, 0.75))
    rise = np.clip(np.arange(n) - at, 0, None) / (n - at)
    y[at:] = y[at]
    sigma = min(noise_scale(rng), 0.1)
    y = y + rng.uniform(0.35, 1.0) * rise ** rng.uniform(0.8, 1.3) + sigma * noise(rng, n)
    return single(rng, y, at)


def oscillation(rng: Rng) -> Made:
    n, y = base(rng, 100)
    at = int(n * rng.uniform(0.25, 0.7))
    k = np.clip(np.arange(n) - at, 0, None) / (n - at)
    period = rng.uniform(3, max(4, n / 25))
    wave = np.sin(2 * np.pi * np.arange(n) / period)
    y = y + 0.02 * noise(rng, n) + rng.uniform(0.6, 3) * k ** rng.uniform(1, 2) * wave
    return single(rng, y, at)


def collapse(rng: Rng) -> Made:
    n = size(rng, 100)
    t = np.linspace(0, 1, n)
    at = int(n * rng.uniform(0.35, 0.85))
    y = 200 * np.minimum(t / t[at], 1) ** rng.uniform(0.4, 1)
    width = rng.uniform(0.01, 0.15) * n
    k = np.clip(np.arange(n) - at, 0, None)
    y = y * np.exp(-k / width) + rng.uniform(5, 25) * noise(rng, n)
    return "eval/reward", {"eval/reward": (steps(rng, n), y)}, at, False


def from_start(rng: Rng) -> Made:
    n = size(rng)
    t = np.linspace(0, 1, n)
    kind = rng.integers(0, 3)
    rise = [t, 1 - np.exp(-t * rng.uniform(3, 12)), np.expm1(t * 2) / 6][kind]
    return single(rng, 1 + rng.uniform(0.5, 4) * rise + 0.05 * noise(rng, n), 0)


def late_jump(rng: Rng) -> Made:
    n, y = base(rng, 500, 5000)
    at = n - int(rng.integers(8, 40))
    y = y + 0.03 * noise(rng, n)
    y[at:] += rng.uniform(0.5, 5)
    return single(rng, y, at, sudden=True)


def not_finite(rng: Rng) -> Made:
    n, y = base(rng)
    at = int(n * rng.uniform(0.1, 0.97))
    y = y + 0.03 * noise(rng, n)
    y[at:] = rng.choice([np.nan, np.inf])
    return single(rng, y, at, sudden=True)


def late_plateau(rng: Rng) -> Made:
    n = size(rng, 150)
    at = int(n * rng.uniform(0.65, 0.82))
    y = 1 - np.minimum(np.arange(n) / at, 1) ** rng.uniform(0.6, 1.2)
    return single(rng, y + rng.uniform(0.005, 0.04) * noise(rng, n), at)


def early_plateau(rng: Rng) -> Made:
    n = size(rng, 150)
    at = int(n * rng.uniform(0.03, 0.15))
    y = 1 - np.minimum(np.arange(n) / at, 1)
    return single(rng, y + rng.uniform(0.005, 0.1) * noise(rng, n), at)


def stuck_accuracy(rng: Rng) -> Made:
    n = size(rng, 60, 1500)
    at = int(n * rng.uniform(0.2, 0.7))
    share = 0.1 + rng.uniform(0.4, 0.8) * np.minimum(np.arange(n) / at, 1) ** 0.7
    y = rng.binomial(200, share) / 200
    return "val_acc", {"val_acc": (steps(rng, n), y)}, at, False


def spiky_plateau(rng: Rng) -> Made:
    n = size(rng, 150)
    at = int(n * rng.uniform(0.2, 0.65))
    y = 1 - np.minimum(np.arange(n) / at, 1) ** 0.7 + 0.03 * noise(rng, n)
    for spike in rng.integers(3, n - 3, 6):
        y[spike] += rng.uniform(0.5, 5)
    return single(rng, y, at)


def multiplicative_plateau(rng: Rng) -> Made:
    n = size(rng, 100)
    at = int(n * rng.uniform(0.2, 0.65))
    y = 10.0 ** (-rng.uniform(1, 5) * np.minimum(np.arange(n) / at, 1))
    y *= np.exp(rng.uniform(0.05, 0.3) * noise(rng, n))
    return "train/loss", {"train/loss": (steps(rng, n), y)}, at, False


def chance_level(rng: Rng) -> Made:
    n = size(rng, 40, 1000)
    y = rng.binomial(500, 0.1, n) / 500
    return "accuracy", {"accuracy": (steps(rng, n), y)}, 0, False


def exactly_flat(rng: Rng) -> Made:
    n = size(rng)
    at = int(n * rng.uniform(0.2, 0.6))
    y = decay(rng, n)
    y[at:] = y[at]
    tag = "loss"
    return tag, {tag: (steps(rng, n), 2 + y)}, at, False


def kink(rng: Rng) -> Made:
    n, y = base(rng)
    at = int(n * rng.uniform(0.12, 0.7))
    shape = decay(rng, n)
    y = shape.copy()
    y[at:] = y[at]
    y = (y - y[-1]) / (y[0] - y[-1])
    return single(rng, y + min(noise_scale(rng), 0.08) * noise(rng, n), at)


def saturated(rng: Rng) -> Made:
    n = size(rng, 100)
    t = np.linspace(0, 1, n)
    at = rng.uniform(0.15, 0.5)
    y = np.exp(-t / at * 5)  # 0.7 % of the way is left at the onset
    sigma = rng.uniform(0.02, 0.08)
    left = np.log(1 / sigma) / 5  # the descent sinks into the noise here
    return single(rng, y + sigma * noise(rng, n), int(at * left * n))


def never_learnt(rng: Rng) -> Made:
    n = size(rng, 40)
    y = rng.uniform(0.5, 5) + 10.0 ** rng.uniform(-3, -1) * noise(rng, n)
    return single(rng, y, 0)


def stuck_reward(rng: Rng) -> Made:
    n = size(rng, 100)
    at = int(n * rng.uniform(0.2, 0.6))
    y = 100 * np.minimum(np.arange(n) / at, 1) + rng.uniform(5, 20) * noise(rng, n)
    return "return", {"return": (steps(rng, n), y)}, at, False


def overfit_small(rng: Rng) -> Made:
    n = int(rng.integers(15, 40))
    t = np.linspace(0, 1, n)
    at = int(n * rng.uniform(0.25, 0.6))
    train = 0.1 + 2 * np.exp(-3 * t) + 0.02 * rng.normal(size=n)
    val = 0.8 + 1.4 * np.where(t < t[at], (t[at] - t) ** 2 / t[at] ** 2, 0)
    val += rng.uniform(0.5, 1.5) * np.clip(t - t[at], 0, None)
    val += 0.02 * rng.normal(size=n)
    x = steps(rng, n)
    return "val/loss", {"train/loss": (x, train), "val/loss": (x, val)}, at, False


def overfit_loss(rng: Rng) -> Made:
    n = size(rng, 30, 600)
    t = np.linspace(0, 1, n)
    at = int(n * rng.uniform(0.2, 0.7))
    train = decay(rng, n) + 0.02 * noise(rng, n)
    fall = np.exp(-4 * t) - np.exp(-4 * t[at])
    rise = np.clip(t - t[at], 0, None)
    val = np.where(t < t[at], fall, rng.uniform(0.4, 2) * rise) + 0.4
    x = steps(rng, n)
    a, b = PAIRS[rng.integers(0, len(PAIRS))]
    val = val + rng.uniform(0.005, 0.03) * noise(rng, n)
    return b, {a: (x, train + 0.3), b: (x, val)}, at, False


def overfit_accuracy(rng: Rng) -> Made:
    n = size(rng, 30, 300)
    t = np.linspace(0, 1, n)
    at = int(n * rng.uniform(0.2, 0.7))
    train = 1 - 0.8 * decay(rng, n) + 0.01 * noise(rng, n)
    rise = np.clip(t - t[at], 0, None)
    val = 0.8 - 0.5 * np.clip(t[at] - t, 0, None) / t[at] - rng.uniform(0.2, 0.5) * rise
    x = steps(rng, n)
    a, b = ("train/accuracy", "val/accuracy") if rng.random() < 0.5 else ("acc", "val_acc")
    return b, {a: (x, train), b: (x, val + 0.01 * noise(rng, n))}, at, False


def short_oscillation(rng: Rng) -> Made:
    n = size(rng, 45, 120)
    at = int(n * rng.uniform(0.3, 0.6))
    k = np.clip(np.arange(n) - at, 0, None) / (n - at)
    wave = np.sin(np.arange(n) * rng.uniform(0.6, 2.5) + rng.uniform(0, 6))
    y = np.where(k > 0, 0.3, 0.3 + 0.7 * (1 - np.arange(n) / at))
    return single(rng, y + rng.uniform(0.5, 2) * k * wave + 0.01 * noise(rng, n), at)


def blow_up_in_points(rng: Rng) -> Made:
    n, y = base(rng)
    at = int(n * rng.uniform(0.3, 0.9))
    k = np.clip(np.arange(n) - at + 1, 0, None)
    rise = np.where(k > 0, 10 ** np.minimum(k * rng.uniform(0.3, 1), 8), 0)
    return single(rng, y + 0.02 * noise(rng, n) + rise, at, sudden=True)


def climb_from_a_floor(rng: Rng) -> Made:
    n = size(rng, 100)
    at = int(n * rng.uniform(0.45, 0.7))
    falls = np.clip(1 - np.arange(n) / (0.2 * n), 0, None)
    rises = rng.uniform(0.3, 1) * np.clip(np.arange(n) - at, 0, None) / (n - at)
    return single(rng, falls + rises + 0.02 * noise(rng, n), at)


DIVERGING = (
    short_oscillation,
    blow_up_in_points,
    climb_from_a_floor,
    bump_then_diverged,
    spikes_then_diverged,
    partly_recovered,
    multiplicative_drift,
    to_chance,
    noisy_drift,
    huge_values,
    small_diverged,
    blow_up,
    jump,
    back_to_start,
    drift,
    oscillation,
    collapse,
    from_start,
    late_jump,
)


def cut_short(rng: Rng) -> Made:
    n = size(rng, 60)
    at = int(n * rng.uniform(0.2, 0.6))
    t = np.minimum(np.arange(n), at)
    y = np.exp(-4 * t / at) if rng.random() < 0.5 else (1 + t / (0.02 * n)) ** -0.6
    return single(rng, y + 0.015 * noise(rng, n), at)


def never_moves(rng: Rng) -> Made:
    n = size(rng, 20)
    return "train/loss", {"train/loss": (steps(rng, n), np.full(n, np.log(10)))}, 0, False


FLAT = (
    cut_short,
    never_moves,
    late_plateau,
    early_plateau,
    stuck_accuracy,
    spiky_plateau,
    multiplicative_plateau,
    chance_level,
    exactly_flat,
    kink,
    saturated,
    never_learnt,
    stuck_reward,
)
OVERFITTING = (overfit_small, overfit_loss, overfit_accuracy)
