"""Families that no threshold was chosen on: other shapes, other noise, other faults, other tags.

Where a label depends on what can be seen at all (a plateau against a descent that noise hides), the
noise is bounded so that the label is decidable; the bound stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from benchmarks.detection.curves import Array, Family, Steps

Made = tuple[str, Mapping[str, tuple[Steps, Array]], int, bool]
Rng = np.random.Generator


def _length(rng: Rng, low: int = 80, high: int = 4000) -> int:
    return int(low * (high / low) ** rng.random())


def _moving_average(rng: Rng, n: int) -> Array:
    """Noise that a logger's running mean of the last few batches leaves."""
    window = int(rng.integers(2, max(3, min(10, n // 40))))
    raw = np.convolve(rng.normal(size=n + window), np.ones(window) / np.sqrt(window), "valid")
    return np.asarray(raw[:n])


def _contaminated(rng: Rng, n: int) -> Array:
    return np.asarray(rng.normal(size=n) * np.where(rng.random(n) < 0.03, 6.0, 1.0))


def _skewed(rng: Rng, n: int) -> Array:
    return (rng.gamma(2.0, size=n) - 2) / np.sqrt(2)


def _hum(rng: Rng, n: int) -> Array:
    makers = (_moving_average, _contaminated, _skewed, lambda rng, n: rng.uniform(-1.7, 1.7, n))
    return makers[rng.integers(0, len(makers))](rng, n)


def _descent(rng: Rng, n: int) -> Array:
    """From 1 towards 0, still falling at the end."""
    t = np.arange(1, n + 1) / n
    kind = int(rng.integers(0, 4))
    if kind == 0:
        y = np.exp(-((t / 0.3) ** rng.uniform(0.35, 0.6)))
    elif kind == 1:
        y = 1 / (1 + rng.uniform(3, 10) * t)
    elif kind == 2:
        y = -np.log(t * 0.98 + 0.01)
    else:
        y = (1 - t * 0.9) ** rng.uniform(1.0, 1.6)
    return np.asarray((y - y.min()) / (y.max() - y.min()))


def _run(rng: Rng, y: Array, onset: int = -1, *, sudden: bool = False, tag: str = "") -> Made:
    names = ["Loss/total", "metrics/train_nll", "trainLoss", "ppl", "eval/wer", "val/mae"]
    every = int(rng.choice([1, 5, 25, 250]))
    x = (np.arange(len(y), dtype=np.int64) + 1) * every
    if rng.random() < 0.2:
        x = np.sort(rng.choice(len(y) * 5, len(y), replace=True)).astype(np.int64)
    if not tag and rng.random() < 0.25:
        tag, y = str(rng.choice(["test/auroc", "score", "episode_return", "BLEU"])), -y
    tag = tag or str(rng.choice(names))
    return (
        tag,
        {tag: (x, 10 ** rng.uniform(-3, 3) * (y + rng.choice([0, 0.3, 3, -2])))},
        onset,
        sudden,
    )


def _bounded(rng: Rng, y: Array, most: float) -> float:
    """Noise under which what falls in the last third is eight standard errors of its trend."""
    n = len(y)
    seen = float(y[2 * n // 3] - y[-1]) * float(n / 36) ** 0.5
    return min(most, seen / 16)


# Healthy


def still_falling(rng: Rng) -> Made:
    y = _descent(rng, _length(rng))
    return _run(rng, y + _bounded(rng, y, 0.1) * rng.random() * _hum(rng, len(y)))


def perfectly_smooth(rng: Rng) -> Made:
    return _run(rng, _descent(rng, _length(rng, 20)))


def cosine_schedule(rng: Rng) -> Made:
    n = _length(rng)
    t = np.arange(n) / n
    y = 0.7 * np.exp(-12 * t) + 0.3 * (1 - t) + 0.15 * np.cos(np.pi * t / 2)
    return _run(rng, y + 0.01 * _hum(rng, n))


def triangular_rate(rng: Rng) -> Made:
    n = _length(rng, 200)
    t = np.arange(n) / n
    waves = np.abs(((t * rng.integers(4, 10)) % 1) - 0.5) * 2
    y = 1.5 * (1 + 6 * t) ** -0.7 + rng.uniform(0.05, 0.3) * waves * (1 - 0.5 * t)
    return _run(rng, y + 0.01 * _hum(rng, n))


def three_drops(rng: Rng) -> Made:
    n = _length(rng, 200)
    edges = np.cumsum([0, *rng.uniform(0.8, 1.2, 4)])
    edges = (edges / edges[-1] * n).astype(int)
    y = np.zeros(n)
    for k, (a, b) in enumerate(pairwise(edges.tolist())):
        y[a:b] = 0.5**k * (1 + np.exp(-np.arange(b - a) / (0.03 * n)))
    return _run(rng, y + 0.01 * rng.normal(size=n))


def loss_spikes(rng: Rng) -> Made:
    n = _length(rng, 300)
    y = _descent(rng, n)
    y = y + min(0.02, _bounded(rng, y, 0.02)) * _hum(rng, n)
    for at in rng.integers(n // 10, int(0.9 * n), rng.integers(2, 7)):
        width = max(1, int(rng.uniform(0.002, 0.012) * n))
        y[at : at + width] += rng.uniform(1, 8) * np.linspace(1, 0.1, len(y[at : at + width]))
    return _run(rng, y)


def bump_in_the_middle(rng: Rng) -> Made:
    n = _length(rng, 150)
    t = np.arange(n) / n
    y = np.exp(-6 * t) + 0.5 * (1 - t) ** 1.2 + 0.35 * np.exp(-(((t - 0.45) / 0.08) ** 2))
    return _run(rng, y + 0.02 * _hum(rng, n))


def warmup_rise(rng: Rng) -> Made:
    n = _length(rng, 150)
    t = np.arange(n) / n
    top = rng.uniform(0.02, 0.08)
    y = np.where(t < top, 1 + rng.uniform(0.2, 2) * t / top, 0)
    after = (1 - t) / (1 - top)
    y = np.where(t < top, y, (y[t < top].max()) * after ** rng.uniform(1, 2))
    return _run(rng, y + 0.02 * _hum(rng, n))


def returns_of_episodes(rng: Rng) -> Made:
    n = _length(rng, 300)
    t = np.arange(n) / n
    mean = 400 * t / (t + rng.uniform(0.3, 1.0))
    y = rng.gamma(4.0, np.maximum(mean, 5) / 4.0)
    return _run(rng, y, tag="charts/episodic_return")


def counts_of_wins(rng: Rng) -> Made:
    n = _length(rng, 60, 600)
    share = 0.05 + 0.9 * np.linspace(0, 1, n) ** rng.uniform(0.7, 1.5)
    return _run(rng, rng.binomial(40, share) / 40, tag="win_rate")


def two_players(rng: Rng) -> Made:
    n = _length(rng, 300)
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
    n = _length(rng, 300)
    t = np.arange(n) / n
    y = 0.7 + 0.2 * np.sin(2 * np.pi * rng.uniform(5, 12) * t) + 0.05 * rng.normal(size=n)
    return _run(rng, y, tag="loss")


def few_evaluations(rng: Rng) -> Made:
    n = int(rng.integers(20, 35))
    y = 1 / (1 + 2.5 * np.arange(n) / n)
    return _run(rng, y + 0.02 * rng.normal(size=n))


def grokking(rng: Rng) -> Made:
    n = _length(rng, 150)
    t = np.arange(n) / n
    y = 1 - 0.9 / (1 + np.exp(-(t - rng.uniform(0.8, 0.9)) * 30)) - 0.05 * t
    return _run(rng, y + 0.015 * _hum(rng, n), tag="test/error")


def orders_of_magnitude(rng: Rng) -> Made:
    n = _length(rng)
    t = np.arange(n) / n
    y = np.exp(-rng.uniform(8, 18) * t + 0.15 * _moving_average(rng, n))
    return "mse", {"mse": (np.arange(n, dtype=np.int64), y)}, -1, False


def good_pair(rng: Rng) -> Made:
    n = _length(rng, 30, 300)
    y = _descent(rng, n)
    sigma = min(0.03, _bounded(rng, y, 0.03))
    x = np.arange(n, dtype=np.int64)
    train, val = PAIRS[rng.integers(0, len(PAIRS))]
    series = {
        train: (x, y + sigma * rng.normal(size=n)),
        val: (x, 0.2 + 0.9 * y + sigma * rng.normal(size=n)),
    }
    return val, series, -1, False


# Divergence


def _until(rng: Rng, n: int, low: float = 0.2, high: float = 0.85) -> tuple[int, Array]:
    at = int(n * rng.uniform(low, high))
    y = _descent(rng, n)
    y[at:] = y[at]
    return at, y


def exploded(rng: Rng) -> Made:
    n = _length(rng)
    at, y = _until(rng, n)
    k = np.clip(np.arange(n) - at + 1, 0, None)
    tau = rng.uniform(0.02, 0.12) * (n - at) + 1
    return _run(rng, y + 0.01 * _hum(rng, n) + 0.03 * np.expm1(np.minimum(k / tau, 60)), at)


def stepped_up(rng: Rng) -> Made:
    n = _length(rng)
    at, y = _until(rng, n, 0.1, 0.92)
    y[at:] += rng.uniform(0.35, 3)
    return _run(rng, y + 0.02 * _hum(rng, n), at, sudden=True)


def back_where_it_began(rng: Rng) -> Made:
    n = _length(rng)
    at = int(n * rng.uniform(0.3, 0.9))
    y = _descent(rng, n)
    y[at:] = 1.0 - 0.1 * np.arange(n - at) / n
    return _run(rng, y + 0.03 * _hum(rng, n), at, sudden=True)


def crept_up(rng: Rng) -> Made:
    n = _length(rng)
    at, y = _until(rng, n, 0.25, 0.7)
    rise = rng.uniform(0.35, 1.2) * np.clip(np.arange(n) - at, 0, None) / (n - at)
    return _run(rng, y + rise + 0.03 * _hum(rng, n), at)


def swinging(rng: Rng) -> Made:
    n = _length(rng, 150)
    at, y = _until(rng, n, 0.25, 0.7)
    k = np.clip(np.arange(n) - at, 0, None) / (n - at)
    swing = 0.03 * np.expm1(rng.uniform(3, 5) * k) * rng.choice([-1, 1], n)
    return _run(rng, y + 0.01 * rng.normal(size=n) + swing, at)


def policy_collapsed(rng: Rng) -> Made:
    n = _length(rng, 150)
    at = int(n * rng.uniform(0.4, 0.85))
    t = np.arange(n) / at
    y = 300 * np.where(t < 1, t**0.7, 0.1) + rng.normal(size=n) * 15
    return _run(rng, y, at, sudden=True, tag="rollout/ep_rew_mean")


def never_came_down(rng: Rng) -> Made:
    n = _length(rng)
    t = np.arange(n) / n
    y = 2.3 + rng.uniform(1, 6) * t / (t + rng.uniform(0.05, 0.4))
    return _run(rng, y + 0.05 * _hum(rng, n), 0)


def at_the_very_end(rng: Rng) -> Made:
    n = _length(rng, 300, 20_000)
    at = n - int(rng.integers(10, 30))
    y = _descent(rng, n) + 0.02 * _hum(rng, n)
    y[at:] += rng.uniform(0.5, 4)
    return _run(rng, y, at, sudden=True)


def turned_nan(rng: Rng) -> Made:
    n = _length(rng)
    at = int(n * rng.uniform(0.05, 0.99))
    y = _descent(rng, n) + 0.02 * _hum(rng, n)
    y[at:] = np.nan
    return _run(rng, y, at, sudden=True)


# Plateau


def stopped(rng: Rng) -> Made:
    n = _length(rng, 100)
    at = int(n * rng.uniform(0.15, 0.75))
    t = np.minimum(np.arange(n) / at, 1)
    y = (1 - t) ** rng.uniform(0.8, 1.5)
    return _run(rng, y + rng.uniform(0.005, 0.06) * _hum(rng, n), at)


def floor_reached(rng: Rng) -> Made:
    n = _length(rng, 100)
    t = np.arange(n) / n
    sigma = rng.uniform(0.01, 0.05)
    rate = rng.uniform(12, 40)
    return _run(rng, np.exp(-rate * t) + sigma * _hum(rng, n), int(n * np.log(1 / sigma) / rate))


def learns_nothing(rng: Rng) -> Made:
    n = _length(rng, 40)
    return _run(rng, np.log(10) + rng.uniform(0.003, 0.3) * _hum(rng, n), 0)


def best_it_can(rng: Rng) -> Made:
    n = _length(rng, 100)
    at = int(n * rng.uniform(0.2, 0.65))
    mean = 20 + 180 * np.minimum(np.arange(n) / at, 1)
    y = rng.normal(mean, rng.uniform(5, 25), n)
    return _run(rng, y, at, tag="eval/mean_reward")


def exact_stop(rng: Rng) -> Made:
    n = _length(rng, 50)
    at = int(n * rng.uniform(0.2, 0.7))
    y = 3 - np.minimum(np.arange(n) / at, 1)
    return "loss", {"loss": (np.arange(n, dtype=np.int64), y)}, at, False


# Overfitting

PAIRS = [
    ("Train/Loss", "Valid/Loss"),
    ("train/cross_entropy", "eval/cross_entropy"),
    ("loss/train", "loss/validation"),
    ("train_loss_epoch", "val_loss"),
    ("epoch_loss", "epoch_val_loss"),
]


def gap_opens(rng: Rng) -> Made:
    n = _length(rng, 25, 400)
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
    n = _length(rng, 30, 300)
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

FAMILIES = [
    *(Family(make.__name__, "healthy", make) for make in HEALTHY),
    *(Family(make.__name__, "divergence", make) for make in DIVERGING),
    Family("turned_nan", "nonfinite", turned_nan),
    *(Family(make.__name__, "plateau", make) for make in FLAT),
    *(Family(make.__name__, "overfitting", make) for make in OVERFITTING),
]
