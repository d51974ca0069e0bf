"""What a run has, whether it is sick or sound: its tag, length, steps, descent, noise and scale.

Curves are made as `w`, of which more is worse: 1 at the start, 0 where training would end. A
`Measure` turns it into the values of a tag.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from benchmarks.blind.shapes import correlated, heavy, white

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]

Value = TypeVar("Value")


@dataclass
class Draw:
    """Picks values by chance and keeps, under the name of the attribute, which."""

    rng: np.random.Generator
    picked: dict[str, str] = field(default_factory=dict)

    def pick(self, attribute: str, values: Sequence[Value]) -> Value:
        """One of the values, each as likely."""
        value = values[int(self.rng.integers(len(values)))]
        self.picked[attribute] = str(value)
        return value

    def one(self, values: Sequence[Value]) -> Value:
        """Likewise, of what is not kept."""
        return values[int(self.rng.integers(len(values)))]


class Measure(NamedTuple):
    """What a tag measures.

    Attributes:
        tag: The tag.
        twin: The tag of the same in training; none where the tag is itself of training.
        bad: Its value where nothing is learned yet.
        good: Its value where training would end.
        bound: The worst value there is.
    """

    tag: str
    twin: str
    bad: float
    good: float
    bound: float

    @property
    def worst(self) -> float:
        """The bound as `w`."""
        return (self.bound - self.good) / (self.bad - self.good)

    def values(self, worse: Array) -> Array:
        """The values of a curve `w`."""
        values = self.good + (self.bad - self.good) * worse
        beyond = np.maximum if self.bad < self.good else np.minimum
        return np.asarray(beyond(values, self.bound))


_INF = float("inf")
LOSSES = (
    "loss", "train/loss", "Loss/train", "train_loss", "training.loss", "train_loss_epoch",
    "train/total_loss", "lm loss", "train_inner/nll_loss", "epoch_loss",
)  # fmt: skip
HELD_OUT = (
    ("val_loss", "loss"), ("eval/loss", "train/loss"), ("Loss/val", "Loss/train"),
    ("validation/loss", "training/loss"), ("valid_nll", "train_nll"), ("dev.loss", "train.loss"),
    ("test_loss", "train_loss"), ("lossVal", "lossTrain"), ("val/ce", "train/ce"),
)  # fmt: skip
ERRORS = (
    ("eval/wer", "train/loss"), ("val_error", "train_error"), ("val_top1_err", "train_top1_err"),
)  # fmt: skip
SHARES = (
    ("val_accuracy", "accuracy"), ("eval/accuracy", "train/accuracy"), ("Acc/val", "Acc/train"),
    ("val/f1", "train/f1"), ("valid_auc", "train_auc"), ("val/mIoU", "train/mIoU"),
    ("dev_dice", "train_dice"),
)  # fmt: skip
PERCENTS = (
    ("val/acc1", "train/acc1"), ("eval_bleu", "train/loss"), ("test/top1", "train/top1"),
)  # fmt: skip
RATIOS = (("val/psnr", "train/psnr"), ("eval/si_sdr", "train/si_sdr"))
REWARDS = (
    "rollout/ep_rew_mean", "train/episode_return", "Environment/Cumulative Reward",
    "charts/episodic_return", "eval/mean_reward", "reward", "episode_reward_mean",
)  # fmt: skip
SCALES = ("plain", "plain", "plain", "tiny", "huge", "below zero")


def measure(draw: Draw, words: Sequence[str]) -> Measure:
    """A tag of one of these sorts, and what its values are."""
    sort = draw.pick("words", words)
    one, rng = draw.one, draw.rng
    if sort == "training loss":
        return _loss(draw, one(LOSSES), "")
    if sort == "held-out loss":
        return _loss(draw, *one(HELD_OUT))
    if sort == "error":
        return Measure(*one(ERRORS), rng.uniform(0.7, 0.95), rng.uniform(0.05, 0.3), 1.0)
    if sort == "share":
        return Measure(*one(SHARES), rng.uniform(0.1, 0.5), rng.uniform(0.7, 0.93), 0.0)
    if sort == "percent":
        return Measure(*one(PERCENTS), rng.uniform(3, 10), rng.uniform(40, 90), 0.0)
    if sort == "ratio":
        return Measure(*one(RATIOS), rng.uniform(8, 15), rng.uniform(25, 35), -_INF)
    level = draw.pick("scale", ("plain", "huge", "below zero"))
    bad, good = {"plain": (15, 400), "huge": (2e4, 3e6), "below zero": (-1200, -150)}[level]
    return Measure(one(REWARDS), "", bad, good, -_INF)


def _loss(draw: Draw, tag: str, twin: str) -> Measure:
    scale = draw.pick("scale", SCALES)
    bad, good = draw.rng.uniform(2, 8), draw.rng.uniform(0.1, 1)
    factor = {"tiny": 1e-7, "huge": 1e9}.get(scale, 1.0)
    shift = -12.0 if scale == "below zero" else 0.0
    return Measure(tag, twin, bad * factor + shift, good * factor + shift, _INF)


POINTS = (8, 12, 20, 40, 100, 300, 1000, 5000)
SPACINGS = ("each", "each", "every 50th", "irregular")


def steps(draw: Draw, points: Sequence[int] = POINTS) -> Steps:
    """The steps that are logged."""
    n, spacing = draw.pick("points", points), draw.pick("spacing", SPACINGS)
    if spacing == "irregular":
        return np.cumsum(draw.rng.integers(20, 181, n)).astype(np.int64)
    every = 1 if spacing == "each" else 50
    return (np.arange(n, dtype=np.int64) + 1) * every


DESCENTS = ("power law", "exponential", "fast and slow", "straight", "stairs", "late")


def descent(draw: Draw, t: Array, curves: Sequence[str] = DESCENTS) -> Array:
    """The curve before trouble: from 1 to about 0 over t in 0 to 1, and still getting better."""
    curve, rng = draw.pick("before", curves), draw.rng
    if curve == "power law":
        knee = rng.uniform(0.01, 0.05)
        return np.asarray((1 + t / knee) ** -rng.uniform(0.4, 0.9))
    if curve == "exponential":
        return np.asarray(np.exp(-rng.uniform(2, 4) * t))
    if curve == "fast and slow":
        return np.asarray(0.6 * np.exp(-25 * t) + 0.4 * np.exp(-1.5 * t))
    if curve == "straight":
        return np.asarray(1 - 0.95 * t)
    if curve == "stairs":
        return np.asarray(1 - 0.3 * np.minimum(np.floor(4 * t), 3) - 0.05 * t)
    if curve == "late":
        return np.asarray(1 / (1 + np.exp((t - 0.25) / 0.06)) * 0.8 + 0.2 * (1 - t))
    return np.full(len(t), 1.0)  # level


NOISES = (
    "none", "white", "white", "white", "correlated 0.5", "correlated 0.9", "heavy tails",
    "proportional", "smoothed", "3 digits", "4 digits", "float16",
)  # fmt: skip
AMOUNTS = (0.003, 0.02, 0.06, 0.15)


class Noise(NamedTuple):
    """What the noise of a run is, for the oracle.

    Attributes:
        points: Shape (n,), in units of `w`.
        sd: The standard deviation of a point.
        correlation: From point to point.
    """

    points: Array
    sd: float
    correlation: float
    kind: str


def noise(draw: Draw, worse: Array) -> Noise:
    """Noise for a curve, as much as picked beside a range of 1."""
    kind, n, rng = draw.pick("noise", NOISES), len(worse), draw.rng
    if kind == "none":
        return Noise(np.zeros(n), 0.0, 0.0, kind)
    sd = draw.pick("amount", AMOUNTS)
    if kind == "correlated 0.5":
        return Noise(correlated(rng, n, sd, 0.5), sd, 0.5, kind)
    if kind == "correlated 0.9":
        return Noise(correlated(rng, n, sd, 0.9), sd, 0.9, kind)
    if kind == "smoothed":
        # What an average with a weight of 0.8 leaves of white noise.
        return Noise(correlated(rng, n, sd / 3, 0.8), sd / 3, 0.8, kind)
    if kind == "heavy tails":
        return Noise(heavy(rng, n, sd), sd, 0.0, kind)
    if kind == "proportional":
        level = np.clip(np.abs(worse), 0.02, None)
        return Noise(white(rng, n, sd) * level, sd * float(np.median(level)), 0.0, kind)
    return Noise(white(rng, n, sd), sd, 0.0, kind)


def rounded(noise: Noise, values: Array) -> Array:
    """As few digits as the log keeps."""
    if noise.kind == "float16" and np.abs(values[np.isfinite(values)]).max() < 6e4:
        return values.astype(np.float16).astype(np.float64)
    if noise.kind in {"3 digits", "4 digits"}:
        digits = int(noise.kind[0])
        return np.array([float(f"{value:.{digits}g}") for value in values])
    return values
