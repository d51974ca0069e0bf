"""Healthy curves of the development set, many of which look odd."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.detection.curves import (
    autocorrelated,
    decay,
    noise,
    single,
    size,
    steps,
)
from benchmarks.detection.development.shapes import PAIRS, Made, Rng, noise_scale


def noiseless(rng: Rng) -> Made:
    return single(rng, decay(rng, size(rng)))


def late_learner(rng: Rng) -> Made:
    n = size(rng, 100)
    t = np.linspace(0, 1, n)
    at = rng.uniform(0.2, 0.65)
    y = 1 / (1 + np.exp((t - at) * rng.uniform(15, 40))) + 0.3 * (1 - t)
    return single(rng, y + 0.02 * noise(rng, n))


def counted_accuracy(rng: Rng) -> Made:
    n = size(rng, 40, 1500)
    of = int(rng.choice([50, 100, 500, 1000]))
    share = 1 - 0.85 * decay(rng, n)
    # What rises in the last third is to be seen: else nobody could tell.
    rises = share[-1] - share[2 * n // 3]
    if rises * np.sqrt(n / 36) / np.sqrt(share[-1] * (1 - share[-1]) / of + 1e-9) < 8:
        share = np.linspace(0.1, 0.95, n)
    y = rng.binomial(of, np.clip(share, 0, 1)) / of
    return "accuracy", {"accuracy": (steps(rng, n), y)}, -1, False


def two_outcomes(rng: Rng) -> Made:
    n = size(rng, 300)
    t = np.linspace(0, 1, n)
    won = rng.random(n) < 0.05 + 0.85 * t ** rng.uniform(0.6, 1.5)
    y = np.where(won, 200, 20) + rng.normal(size=n) * 5
    return "episode/reward", {"episode/reward": (steps(rng, n), y)}, -1, False


def long_spikes(rng: Rng) -> Made:
    n = size(rng, 300)
    y = decay(rng, n) + 0.015 * noise(rng, n)
    for at in rng.integers(n // 20, int(n * 0.85), rng.integers(1, 4)):
        back = rng.uniform(0.003, 0.02) * n
        k = np.arange(n - at)
        y[at:] += rng.uniform(0.3, 5) * np.exp(-k / back)
    return single(rng, y)


def sawtooth(rng: Rng) -> Made:
    n = size(rng, 200)
    period = n / rng.integers(5, 30)
    y = decay(rng, n) + rng.uniform(0.02, 0.1) * ((np.arange(n) / period) % 1)
    return single(rng, y + 0.01 * noise(rng, n))


def warm_restarts(rng: Rng) -> Made:
    n = size(rng, 200)
    t = np.linspace(0, 1, n)
    edges = np.array([0, 1, 3, 7]) / 7
    phase = np.zeros(n)
    for a, b in pairwise(edges.tolist()):
        inside = (t >= a) & (t <= b)
        phase[inside] = (t[inside] - a) / (b - a)
    y = decay(rng, n) + rng.uniform(0.1, 0.4) * 0.5 * (1 + np.cos(np.pi * phase))
    return single(rng, y + 0.01 * noise(rng, n))


def resumed(rng: Rng) -> Made:
    n = size(rng, 150)
    y = decay(rng, n) + 0.02 * noise(rng, n)
    x = np.arange(n, dtype=np.int64)
    for at in rng.integers(n // 5, int(n * 0.9), 2):
        k = np.clip(np.arange(n) - at, 0, None)
        y += 0.15 * np.where(np.arange(n) >= at, np.exp(-k / (0.01 * n + 2)), 0)
        x[at:] -= n // 30
    tag = "train/loss"
    return tag, {tag: (x, y)}, -1, False


def heavy_tails(rng: Rng) -> Made:
    n = size(rng, 200)
    y = decay(rng, n) + 0.02 * rng.standard_t(rng.uniform(1.5, 3), n)
    return single(rng, y)


def evaluations(rng: Rng) -> Made:
    n = int(rng.integers(20, 40))
    y = decay(rng, n, 1.0)
    clear = (y[n // 2] - y[-1]) * np.sqrt(n / 24) / 6
    return single(rng, y + min(0.06, clear) * rng.normal(size=n))


def noisy_plain(rng: Rng) -> Made:
    n = size(rng, 400, 5000)
    y = 1 - 0.9 * np.linspace(0, 1, n) ** rng.uniform(0.5, 1)
    return single(rng, y + rng.uniform(0.3, 1.0) * noise(rng, n))


def falling(rng: Rng) -> Made:
    n = size(rng)
    y = decay(rng, n)
    late = y[2 * n // 3 :]
    # What falls in the last third is to be seen above the noise of its mean.
    clear = (late[0] - late[-1]) * np.sqrt(n / 36) / 8
    return single(rng, y + min(noise_scale(rng), clear) * noise(rng, n))


def large(rng: Rng) -> Made:
    n = size(rng, 20_000, 60_000)
    return single(rng, decay(rng, n) + noise_scale(rng) * noise(rng, n))


def small(rng: Rng) -> Made:
    n = size(rng, 20, 60)
    y = decay(rng, n)
    return single(rng, y + 0.03 * rng.normal(size=n) * rng.random())


def magnitudes(rng: Rng) -> Made:
    n = size(rng)
    t = np.linspace(0, 1, n)
    y = 10.0 ** (-rng.uniform(4, 8) * t ** rng.uniform(0.3, 1))
    y *= np.exp(rng.uniform(0.02, 0.3) * noise(rng, n))
    return "train/loss", {"train/loss": (steps(rng, n), y)}, -1, False


def multiplicative(rng: Rng) -> Made:
    n = size(rng)
    y = (decay(rng, n) + 0.05) * np.exp(rng.uniform(0.02, 0.12) * noise(rng, n))
    return "loss", {"loss": (steps(rng, n), y)}, -1, False


def warmup_bump(rng: Rng) -> Made:
    n = size(rng, 100)
    t = np.linspace(0, 1, n)
    width = rng.uniform(0.01, 0.06)
    centre = rng.uniform(1.5, 3) * width
    y = decay(rng, n) + rng.uniform(0.3, 2.5) * np.exp(-(((t - centre) / width) ** 2))
    return single(rng, y + 0.02 * noise(rng, n))


def double_descent(rng: Rng) -> Made:
    n = size(rng, 100)
    t = np.linspace(0, 1, n)
    bump = rng.uniform(0.15, 0.5) * np.exp(-(((t - rng.uniform(0.3, 0.5)) / 0.1) ** 2))
    y = 0.6 * np.exp(-8 * t) + 0.4 * (1 - t) + bump
    return single(rng, y + 0.02 * noise(rng, n))


def cyclical(rng: Rng) -> Made:
    n = size(rng, 150)
    t = np.linspace(0, 1, n)
    cycles = rng.uniform(3, 12)
    phase = (t * cycles) % 1
    wave = rng.choice([0, 1])
    rate = np.abs(2 * phase - 1) if wave else 0.5 * (1 + np.cos(np.pi * phase))
    y = decay(rng, n) + rng.uniform(0.05, 0.35) * rate
    return single(rng, y + 0.015 * noise(rng, n))


def staircase(rng: Rng) -> Made:
    n = size(rng, 150)
    t = np.linspace(0, 1, n)
    drops = [(0.5, 0.75), (0.33, 0.66), (0.25, 0.5, 0.75), (0.3, 0.6, 0.9)][rng.integers(0, 4)]
    y = np.exp(-t * rng.uniform(15, 40))
    for i, at in enumerate(drops):
        after = np.clip(t - at, 0, None)
        y += 0.4 * 0.5**i * np.where(t < at, 1, np.exp(-after * 80))
    return single(rng, y + 0.01 * rng.normal(size=n))


def spiky(rng: Rng) -> Made:
    n = size(rng, 100)
    y = decay(rng, n) + 0.02 * noise(rng, n)
    for at in rng.integers(3, n - 8, rng.integers(1, 8)):
        long = int(rng.integers(1, 5))
        y[at : at + long] += rng.uniform(0.5, 20) * 0.6 ** np.arange(long)
    return single(rng, y)


def rising_reward(rng: Rng) -> Made:
    n = size(rng, 150)
    t = np.linspace(0, 1, n)
    y = rng.uniform(100, 300) * t ** rng.uniform(0.5, 1.5)
    y = y + rng.uniform(20, 60) * noise(rng, n)
    return "rollout/ep_rew_mean", {"rollout/ep_rew_mean": (steps(rng, n), y)}, -1, False


def gan(rng: Rng) -> Made:
    n = size(rng, 200)
    t = np.linspace(0, 1, n)
    y = 1 + 0.3 * np.sin(2 * np.pi * rng.uniform(3, 15) * t + rng.uniform(0, 6))
    y += 0.15 * autocorrelated(rng, n, 1 - 12 / n) + 0.08 * rng.normal(size=n)
    y += rng.uniform(0, 0.5) * np.exp(-t * 30)
    return "loss", {"loss": (steps(rng, n), y)}, -1, False


def pair_healthy(rng: Rng) -> Made:
    n = size(rng, 40, 600)
    y = decay(rng, n)
    every = int(rng.choice([1, 2, 5])) if n > 150 else 1
    x = steps(rng, n)
    train = y + 0.03 * noise(rng, n)
    val = (y * rng.uniform(0.6, 1) + rng.uniform(0.05, 0.4) + 0.02 * noise(rng, n))[::every]
    a, b = PAIRS[rng.integers(0, len(PAIRS))]
    return b, {a: (x, train), b: (x[::every], val)}, -1, False


def many_cycles(rng: Rng) -> Made:
    n = size(rng, 200)
    phase = (np.linspace(0, 1, n) * rng.uniform(8, 15)) % 1
    y = 0.5 * decay(rng, n) + rng.uniform(0.1, 0.3) * np.cos(np.pi * phase / 2)
    return single(rng, y + 0.01 * noise(rng, n))


def doubling_cycles(rng: Rng) -> Made:
    n = size(rng, 200)
    t = np.linspace(0, 1, n) * 15
    number = np.floor(np.log2(t + 1))
    phase = (t + 1) / 2**number - 1
    y = decay(rng, n) + rng.uniform(0.05, 0.3) * np.cos(np.pi * phase / 2)
    y = y + 0.01 * noise(rng, n)
    return single(rng, y[: int(n * rng.uniform(0.6, 1))])


HEALTHY = (
    many_cycles,
    doubling_cycles,
    noiseless,
    late_learner,
    counted_accuracy,
    two_outcomes,
    long_spikes,
    sawtooth,
    warm_restarts,
    resumed,
    heavy_tails,
    evaluations,
    noisy_plain,
    falling,
    large,
    small,
    magnitudes,
    multiplicative,
    warmup_bump,
    double_descent,
    cyclical,
    staircase,
    spiky,
    rising_reward,
    gan,
    pair_healthy,
)
