"""Healthy curves of the validation set, many of which look odd."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.detection.validation.shapes import (
    PAIRS,
    Made,
    Rng,
    bounded,
    descent,
    hum,
    length,
    moving_average,
    run,
)


def still_falling(rng: Rng) -> Made:
    y = descent(rng, length(rng))
    return run(rng, y + bounded(rng, y, 0.1) * rng.random() * hum(rng, len(y)))


def perfectly_smooth(rng: Rng) -> Made:
    return run(rng, descent(rng, length(rng, 20)))


def cosine_schedule(rng: Rng) -> Made:
    n = length(rng)
    t = np.arange(n) / n
    y = 0.7 * np.exp(-12 * t) + 0.3 * (1 - t) + 0.15 * np.cos(np.pi * t / 2)
    return run(rng, y + 0.01 * hum(rng, n))


def triangular_rate(rng: Rng) -> Made:
    n = length(rng, 200)
    t = np.arange(n) / n
    waves = np.abs(((t * rng.integers(4, 10)) % 1) - 0.5) * 2
    y = 1.5 * (1 + 6 * t) ** -0.7 + rng.uniform(0.05, 0.3) * waves * (1 - 0.5 * t)
    return run(rng, y + 0.01 * hum(rng, n))


def three_drops(rng: Rng) -> Made:
    n = length(rng, 200)
    edges = np.cumsum([0, *rng.uniform(0.8, 1.2, 4)])
    edges = (edges / edges[-1] * n).astype(int)
    y = np.zeros(n)
    for k, (a, b) in enumerate(pairwise(edges.tolist())):
        y[a:b] = 0.5**k * (1 + np.exp(-np.arange(b - a) / (0.03 * n)))
    return run(rng, y + 0.01 * rng.normal(size=n))


def loss_spikes(rng: Rng) -> Made:
    n = length(rng, 300)
    y = descent(rng, n)
    y = y + min(0.02, bounded(rng, y, 0.02)) * hum(rng, n)
    for at in rng.integers(n // 10, int(0.9 * n), rng.integers(2, 7)):
        width = max(1, int(rng.uniform(0.002, 0.012) * n))
        y[at : at + width] += rng.uniform(1, 8) * np.linspace(1, 0.1, len(y[at : at + width]))
    return run(rng, y)


def bump_in_the_middle(rng: Rng) -> Made:
    n = length(rng, 150)
    t = np.arange(n) / n
    y = np.exp(-6 * t) + 0.5 * (1 - t) ** 1.2 + 0.35 * np.exp(-(((t - 0.45) / 0.08) ** 2))
    return run(rng, y + 0.02 * hum(rng, n))


def warmup_rise(rng: Rng) -> Made:
    n = length(rng, 150)
    t = np.arange(n) / n
    top = rng.uniform(0.02, 0.08)
    y = np.where(t < top, 1 + rng.uniform(0.2, 2) * t / top, 0)
    after = (1 - t) / (1 - top)
    y = np.where(t < top, y, (y[t < top].max()) * after ** rng.uniform(1, 2))
    return run(rng, y + 0.02 * hum(rng, n))


def returns_of_episodes(rng: Rng) -> Made:
    n = length(rng, 300)
    t = np.arange(n) / n
    mean = 400 * t / (t + rng.uniform(0.3, 1.0))
    y = rng.gamma(4.0, np.maximum(mean, 5) / 4.0)
    return run(rng, y, tag="charts/episodic_return")


def counts_of_wins(rng: Rng) -> Made:
    n = length(rng, 60, 600)
    share = 0.05 + 0.9 * np.linspace(0, 1, n) ** rng.uniform(0.7, 1.5)
    return run(rng, rng.binomial(40, share) / 40, tag="win_rate")


def two_players(rng: Rng) -> Made:
    n = length(rng, 300)
    t = np.arange(n) / n
    phase = 2 * np.pi * rng.uniform(4, 12) * t
    size = 0.3 * (1 + 0.2 * rng.normal(size=n))
    series = {}
    x = np.arange(n, dtype=np.int64)
    names = [("loss/G", "loss/D"), ("g_loss", "d_loss"), ("generator_loss", "discriminator_loss")]
    pair = names[rng.integers(0, 3)]
    for k, tag in enumerate(pair):
        series[tag] = (x, 1 + size * np.sin(phase + k * np.pi / 2) + 0.05 * rng.normal(size=n))
    return pair[0], series, -1, False


def one_player(rng: Rng) -> Made:
    n = length(rng, 300)
    t = np.arange(n) / n
    y = 0.7 + 0.2 * np.sin(2 * np.pi * rng.uniform(5, 12) * t) + 0.05 * rng.normal(size=n)
    return run(rng, y, tag="loss")


def few_evaluations(rng: Rng) -> Made:
    n = int(rng.integers(20, 35))
    y = 1 / (1 + 2.5 * np.arange(n) / n)
    return run(rng, y + 0.02 * rng.normal(size=n))


def grokking(rng: Rng) -> Made:
    n = length(rng, 150)
    t = np.arange(n) / n
    y = 1 - 0.9 / (1 + np.exp(-(t - rng.uniform(0.8, 0.9)) * 30)) - 0.05 * t
    return run(rng, y + 0.015 * hum(rng, n), tag="test/error")


def orders_of_magnitude(rng: Rng) -> Made:
    n = length(rng)
    t = np.arange(n) / n
    y = np.exp(-rng.uniform(8, 18) * t + 0.15 * moving_average(rng, n))
    return "mse", {"mse": (np.arange(n, dtype=np.int64), y)}, -1, False


def good_pair(rng: Rng) -> Made:
    n = length(rng, 30, 300)
    y = descent(rng, n)
    sigma = min(0.03, bounded(rng, y, 0.03))
    x = np.arange(n, dtype=np.int64)
    train, val = PAIRS[rng.integers(0, len(PAIRS))]
    series = {
        train: (x, y + sigma * rng.normal(size=n)),
        val: (x, 0.2 + 0.9 * y + sigma * rng.normal(size=n)),
    }
    return val, series, -1, False


HEALTHY = (
    still_falling,
    perfectly_smooth,
    cosine_schedule,
    triangular_rate,
    three_drops,
    loss_spikes,
    bump_in_the_middle,
    warmup_rise,
    returns_of_episodes,
    counts_of_wins,
    two_players,
    one_player,
    few_evaluations,
    grokking,
    orders_of_magnitude,
    good_pair,
)
