"""Spikes: what jumps to the worse side and comes back, on every curve and in every noise.

Made as a curve of which more is worse. Nine of ten speak where it is eleven standard deviations
high, and a quarter of all that the curve does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection.curves import autocorrelated
from benchmarks.detection.grammar.machines import Drawn, length, rounded, spaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.detection.grammar.attributes import Array, Draw

TAGS = {
    "loss of training": ("loss", "train/loss", "Loss/train", "train_loss_step", "lm loss"),
    "loss of validation": ("val_loss", "eval/loss", "Loss/val"),
    "score": ("val/accuracy", "eval/f1", "mAP", "test_acc"),
    "percent": ("val_acc1", "eval/bleu"),
    "reward": ("rollout/ep_rew_mean", "eval/mean_reward", "episode_return"),
}
POINTS = (40, 100, 300, 1000, 5000)
BEFORES = ("power law", "exponential", "level", "line", "late", "steps")
AT = (0.05, 0.2, 0.5, 0.8, 0.95)
HEIGHTS = (12.0, 20.0, 50.0, 300.0)
NOISES = (
    *("white", "white", "correlated 0.5", "correlated 0.9", "heavy tails", "proportional", "none"),
)
LASTS = (0.005, 0.02, 0.05)
# A factor and an offset of a loss: usual, tiny, huge, below zero.
SCALES = ((1.0, 0.3), (1.0, 2.0), (1e-7, 0.5), (1e9, 0.5), (1.0, -3.0))
DIGITS = ("not", "float32", "4 digits", "float16")


def faulty(draw: Draw) -> Drawn | None:
    """A curve with a spike, or several; None where one of ten would say nothing."""
    n = length(draw, POINTS)
    level, at = _before(draw, n), round(draw.pick("at", AT) * n)
    shape, height = draw.pick("shape", tuple(SHAPES)), draw.pick("height", HEIGHTS)
    width = WIDTHS.get(shape) or max(3, round(draw.pick("lasts", LASTS) * n))
    if at < max(8, 0.04 * n) or at + 8 * width > n - 5 or width > max(2, n // 20):
        return None
    up = SHAPES[shape](n, at, width)
    noise, sd = _noise(draw, level)
    size = min(height * sd, 3.0)
    if size < max(0.08, 0.25 * np.ptp(level), 11 * sd):
        return None  # nobody sees it in a drawing
    slow = shape in {"triangle", "rises slowly"}
    window = (at - 2, at + (2 * width if slow else 2))
    return _logged(draw, level + noise + size * up, window)


def _point(n: int, at: int, width: int) -> Array:
    since = np.arange(n) - at
    return ((since >= 0) & (since < width)).astype(np.float64)


def _decays(n: int, at: int, width: int) -> Array:
    since = np.arange(n) - at
    return np.where(since >= 0, np.exp(-since.clip(0) / width), 0.0)


def _triangle(n: int, at: int, width: int) -> Array:
    return np.asarray(np.clip(1 - np.abs(np.arange(n) - at - width) / width, 0, 1))


def _rises_slowly(n: int, at: int, width: int) -> Array:
    since = np.arange(n) - at
    return np.where((since >= 0) & (since <= width), (since + 1) / (width + 1), 0.0)


def _half_recovered(n: int, at: int, width: int) -> Array:
    """At once to less than half, and slowly from there."""
    return _point(n, at, width) + 0.4 * _decays(n, at + width, 2 * width)


def _three(n: int, at: int, width: int) -> Array:
    apart = max(3, (n - 6 - at) // 3)
    return sum((_point(n, at + each * apart, width) for each in range(3)), np.zeros(n))


SHAPES: dict[str, Callable[[int, int, int], Array]] = {
    "point": _point,
    "two points": _point,
    "block": _point,
    "decays": _decays,
    "triangle": _triangle,
    "rises slowly": _rises_slowly,
    "half recovered": _half_recovered,
    "three": _three,
}
WIDTHS = {"point": 1, "two points": 2, "three": 1}


def _before(draw: Draw, n: int) -> Array:
    how, t = draw.pick("before", BEFORES), (np.arange(n) + 1) / n
    if how == "power law":
        return np.asarray((1 + t / 0.02) ** -0.5)
    if how == "exponential":
        return np.asarray(np.exp(-3 * t))
    if how == "line":
        return np.asarray(1 - t)
    if how == "late":
        return np.asarray(1 / (1 + np.exp((t - 0.4) / 0.05)))
    return 1 - np.floor(4 * t) / 4 if how == "steps" else np.zeros(n)


def _noise(draw: Draw, level: Array) -> tuple[Array, float]:
    kind, sd = draw.pick("noise", NOISES), draw.pick("sd", (0.003, 0.01, 0.03))
    rng, n = draw.rng, len(level)
    if kind == "correlated 0.5":
        return sd * autocorrelated(rng, n, 0.5), sd
    if kind == "correlated 0.9":
        return 0.7 * sd * autocorrelated(rng, n, 0.9), sd
    if kind == "heavy tails":
        return sd * rng.standard_t(3, n) / 3**0.5, 4 * sd
    if kind == "proportional":
        return sd * rng.normal(size=n) * (0.15 + level), sd
    return sd * rng.normal(size=n) * (0.1 if kind == "none" else 1.0), sd


def _logged(draw: Draw, worse: Array, window: tuple[int, int]) -> Drawn | None:
    words = draw.pick("words", tuple(TAGS))
    tag = draw.pick("tag", TAGS[words])
    if words.startswith("loss"):
        factor, offset = draw.pick("scale", SCALES)
        value = factor * (offset + 2 * worse)
    elif words == "reward":
        value = 200 - 150 * worse
    elif worse.max() > 1.6:
        return None  # it cannot be so bad
    else:
        value = (100 if words == "percent" else 1) * (0.85 - 0.5 * worse)
    series = {tag: (spaced(draw, len(worse)), rounded(draw, value, DIGITS))}
    return Drawn("spike", (tag,), series, window)
