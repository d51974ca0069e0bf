"""Curves of the validation set that went wrong."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.validation.shapes import (
    PAIRS,
    Made,
    Rng,
    descent,
    hum,
    length,
    run,
    until,
)


def exploded(rng: Rng) -> Made:
    n = length(rng)
    at, y = until(rng, n)
    k = np.clip(np.arange(n) - at + 1, 0, None)
    tau = rng.uniform(0.02, 0.12) * (n - at) + 1
    return run(rng, y + 0.01 * hum(rng, n) + 0.03 * np.expm1(np.minimum(k / tau, 60)), at)


def stepped_up(rng: Rng) -> Made:
    n = length(rng)
    at, y = until(rng, n, 0.1, 0.92)
    y[at:] += rng.uniform(0.35, 3)
    return run(rng, y + 0.02 * hum(rng, n), at, sudden=True)


def back_where_it_began(rng: Rng) -> Made:
    n = length(rng)
    at = int(n * rng.uniform(0.3, 0.9))
    y = descent(rng, n)
    y[at:] = 1.0 - 0.1 * np.arange(n - at) / n
    return run(rng, y + 0.03 * hum(rng, n), at, sudden=True)


def crept_up(rng: Rng) -> Made:
    n = length(rng)
    at, y = until(rng, n, 0.25, 0.7)
    rise = rng.uniform(0.35, 1.2) * np.clip(np.arange(n) - at, 0, None) / (n - at)
    return run(rng, y + rise + 0.03 * hum(rng, n), at)


def swinging(rng: Rng) -> Made:
    n = length(rng, 150)
    at, y = until(rng, n, 0.25, 0.7)
    k = np.clip(np.arange(n) - at, 0, None) / (n - at)
    swing = 0.03 * np.expm1(rng.uniform(3, 5) * k) * rng.choice([-1, 1], n)
    return run(rng, y + 0.01 * rng.normal(size=n) + swing, at)


def policy_collapsed(rng: Rng) -> Made:
    n = length(rng, 150)
    at = int(n * rng.uniform(0.4, 0.85))
    t = np.arange(n) / at
    y = 300 * np.where(t < 1, t**0.7, 0.1) + rng.normal(size=n) * 15
    return run(rng, y, at, sudden=True, tag="rollout/ep_rew_mean")


def never_came_down(rng: Rng) -> Made:
    n = length(rng)
    t = np.arange(n) / n
    y = 2.3 + rng.uniform(1, 6) * t / (t + rng.uniform(0.05, 0.4))
    return run(rng, y + 0.05 * hum(rng, n), 0)


def at_the_very_end(rng: Rng) -> Made:
    n = length(rng, 300, 20_000)
    at = n - int(rng.integers(10, 30))
    y = descent(rng, n) + 0.02 * hum(rng, n)
    y[at:] += rng.uniform(0.5, 4)
    return run(rng, y, at, sudden=True)


def turned_nan(rng: Rng) -> Made:
    n = length(rng)
    at = int(n * rng.uniform(0.05, 0.99))
    y = descent(rng, n) + 0.02 * hum(rng, n)
    y[at:] = np.nan
    return run(rng, y, at, sudden=True)


def stopped(rng: Rng) -> Made:
    n = length(rng, 100)
    at = int(n * rng.uniform(0.15, 0.75))
    t = np.minimum(np.arange(n) / at, 1)
    y = (1 - t) ** rng.uniform(0.8, 1.5)
    return run(rng, y + rng.uniform(0.005, 0.06) * hum(rng, n), at)


def floor_reached(rng: Rng) -> Made:
    n = length(rng, 100)
    t = np.arange(n) / n
    sigma = rng.uniform(0.01, 0.05)
    rate = rng.uniform(12, 40)
    return run(rng, np.exp(-rate * t) + sigma * hum(rng, n), int(n * np.log(1 / sigma) / rate))


def learns_nothing(rng: Rng) -> Made:
    n = length(rng, 40)
    return run(rng, np.log(10) + rng.uniform(0.003, 0.3) * hum(rng, n), 0)


def best_it_can(rng: Rng) -> Made:
    n = length(rng, 100)
    at = int(n * rng.uniform(0.2, 0.65))
    mean = 20 + 180 * np.minimum(np.arange(n) / at, 1)
    y = rng.normal(mean, rng.uniform(5, 25), n)
    return run(rng, y, at, tag="eval/mean_reward")


def exact_stop(rng: Rng) -> Made:
    n = length(rng, 50)
    at = int(n * rng.uniform(0.2, 0.7))
    y = 3 - np.minimum(np.arange(n) / at, 1)
    return "loss", {"loss": (np.arange(n, dtype=np.int64), y)}, at, False


def gap_opens(rng: Rng) -> Made:
    n = length(rng, 25, 400)
    at = int(n * rng.uniform(0.25, 0.65))
    t = np.arange(n) / n
    train = (1 + 4 * t) ** -1.2
    val = 0.3 + np.where(np.arange(n) < at, np.clip(1 - np.arange(n) / at, 0, None) ** 1.5, 0)
    val = val + rng.uniform(0.4, 1.5) * np.clip(t - at / n, 0, None)
    x = np.arange(n, dtype=np.int64)
    a, b = PAIRS[rng.integers(0, len(PAIRS))]
    sigma = rng.uniform(0.005, 0.02)
    series = {
        a: (x, train + sigma * rng.normal(size=n)),
        b: (x, val + sigma * rng.normal(size=n)),
    }
    return b, series, at, False


def accuracy_slips(rng: Rng) -> Made:
    n = length(rng, 30, 300)
    at = int(n * rng.uniform(0.25, 0.65))
    t = np.arange(n) / n
    train = 1 - 0.6 * (1 - t) ** 2
    val = 0.75 - 0.35 * (1 - np.minimum(np.arange(n) / at, 1)) ** 1.5
    val = val - rng.uniform(0.15, 0.4) * np.clip(t - at / n, 0, None)
    x = np.arange(n, dtype=np.int64)
    series = {
        "Accuracy/train": (x, train + 0.005 * rng.normal(size=n)),
        "Accuracy/test": (x, val + 0.008 * rng.normal(size=n)),
    }
    return "Accuracy/test", series, at, False


DIVERGING = (
    exploded,
    stepped_up,
    back_where_it_began,
    crept_up,
    swinging,
    policy_collapsed,
    never_came_down,
    at_the_very_end,
)
FLAT = (stopped, floor_reached, learns_nothing, best_it_can, exact_stop)
OVERFITTING = (gap_opens, accuracy_slips)
