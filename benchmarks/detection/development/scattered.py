"""What gets worse by no more than it scatters, told by how many points are worse; and noise alone.

Returns of few episodes, the loss of a small validation set: the noise of a point is as large as
what is lost, and no single point tells.
"""

from __future__ import annotations

import numpy as np

from benchmarks.detection.curves import Array, autocorrelated, decay, steps
from benchmarks.detection.development.shapes import PAIRS, Made, Rng

RETURNS = ["rollout/ep_rew_mean", "eval/mean_reward", "Episode_Reward", "return", "r"]


def _size(rng: Rng) -> int:
    return int(np.exp(rng.uniform(np.log(24), np.log(240))))


def _memory(rng: Rng) -> float:
    return float(rng.choice([0.0, 0.0, 0.3, 0.5]))


def _lost(rng: Rng, n: int, at: int) -> Array:
    """From 0 to 1, from a point on: at once, or as a policy forgets."""
    since = np.arange(n) - at
    if rng.random() < 0.4:
        return (since >= 0) * 1.0
    return 1 - np.exp(-np.clip(since, 0, None) / (rng.uniform(0.02, 0.1) * n))


def _least(n: int, before: int, memory: float) -> float:
    """How many standard deviations of points a person would have to see, by how many there are."""
    independent = (1 - memory) / (1 + memory)
    return 8.0 / np.sqrt(independent * before * (n - before) / n)


def _returns(rng: Rng, y: Array, at: int) -> Made:
    tag = str(rng.choice(RETURNS))
    scale = 10.0 ** rng.uniform(-1, 3)
    y = scale * (y + rng.uniform(-5, 5))
    return tag, {tag: (steps(rng, len(y)), y)}, at, False


def _pair(rng: Rng, val: Array, at: int) -> Made:
    n = len(val)
    x = steps(rng, n)
    train = decay(rng, n) * np.exp(0.03 * rng.normal(size=n)) + 0.05
    a, b = PAIRS[rng.integers(0, len(PAIRS))]
    scale = 10.0 ** rng.uniform(-2, 1)
    return b, {a: (x, scale * train), b: (x, scale * val)}, at, False


# ---- divergence


def return_lost_in_its_scatter(rng: Rng) -> Made:
    """A policy that learned, or was at its level, and is worse for good by a few deviations."""
    n, memory = _size(rng), _memory(rng)
    at = int(n * rng.uniform(0.4, 0.7))
    lost = max(1.5, _least(n, at // 2, memory)) * rng.uniform(1, 1.5)
    up = np.exp(-np.arange(n) / (0.1 * n)) * lost * rng.choice([0.0, 1.0, 2.0])
    y = -up - lost * _lost(rng, n, at) + autocorrelated(rng, n, memory)
    return _returns(rng, y, at)


def return_lost_at_first(rng: Rng) -> Made:
    """A policy that had been taught, and forgets it within the first updates."""
    n, memory = _size(rng), 0.0
    since = np.arange(n) / (rng.uniform(0.12, 0.2) * n)
    lost = rng.uniform(6, 9)
    y = -lost * (1 - np.exp(-since)) + autocorrelated(rng, n, memory)
    return _returns(rng, y, 0)


# ---- overfitting


def validation_worse_within_noise(rng: Rng) -> Made:
    """It fell, and rises since, by no more than twice what its evaluations scatter by."""
    n = int(rng.integers(40, 121))
    at = int(n * rng.uniform(0.2, 0.35))
    noise = 0.06
    rise = noise * max(2.5, _least(n, at // 2, 0.0)) * rng.uniform(1.2, 1.6)
    fall = np.clip(1 - np.arange(n) / at, 0, None) * rise * rng.uniform(1, 2)
    back = 1 - np.exp(-np.clip(np.arange(n) - at, 0, None) / (rng.uniform(0.06, 0.1) * n))
    y = 1 + fall + rise * back + noise * rng.normal(size=n)
    return _pair(rng, y, at)


# ---- sound


def returns_creep_up(rng: Rng) -> Made:
    """They learn slowly, in noise with a memory or without one."""
    n, memory = _size(rng), _memory(rng)
    up = rng.uniform(3, 6) * np.arange(n) / n
    return _returns(rng, autocorrelated(rng, n, memory) + up, -1)


def returns_that_come_back(rng: Rng) -> Made:
    """A policy loses as much as its returns scatter, or twice that, and learns it again."""
    n, memory = _size(rng) + 36, _memory(rng)
    at, width = n * rng.uniform(0.4, 0.6), n * rng.uniform(0.05, 0.1)
    dip = np.exp(-(((np.arange(n) - at) / width) ** 2)) * rng.uniform(2, 4)
    rise = 4 * np.arange(n) / n
    return _returns(rng, rise - dip + autocorrelated(rng, n, memory), -1)


def returns_in_slow_waves(rng: Rng) -> Made:
    """Self-play: as good as ever at the crest of each wave, and at its trough once more."""
    n = _size(rng) + 60
    waves = rng.uniform(3, 6)
    y = 2 * np.sin(2 * np.pi * (waves * np.arange(n) / n + rng.uniform(0, 1)))
    return _returns(rng, y + 0.7 * rng.normal(size=n), -1)


def validation_creeps_down(rng: Rng) -> Made:
    """A validation loss that falls by a few times its noise while training goes on."""
    n = int(rng.integers(12, 121))
    fall = rng.uniform(3, 6) * (1 - np.arange(n) / n)
    noise = rng.uniform(0.02, 0.08) * (fall + autocorrelated(rng, n, rng.uniform(0, 0.3)))
    return _pair(rng, 1 + noise, -1)


SCATTERED = {
    "divergence": [return_lost_in_its_scatter, return_lost_at_first],
    "overfitting": [validation_worse_within_noise],
    "healthy": [
        returns_creep_up,
        returns_that_come_back,
        returns_in_slow_waves,
        validation_creeps_down,
    ],
}
