"""Runs that learn by rote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, warm_cosine
from benchmarks.blind.fourth.registry import labelled
from benchmarks.blind.second import generators
from benchmarks.blind.windows import basin, gradual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log


def told(
    log: Log,
    tags: str | tuple[str, ...],
    steps: NDArray[np.int64],
    worse: NDArray[np.float64],
    sd: float,
) -> None:
    """Labels a curve that is best at its lowest point, without its noise."""
    best = int(np.argmin(worse))
    first, last = gradual(steps, worse, best, sd)
    left, right = basin(steps, worse, sd)
    window = (min(first, left), max(last, right))
    log.true("overfitting", tags, int(steps[best]), window, best_window=(left, right))


def vee(t: NDArray[np.float64], at: float, fall: float, rise: float) -> NDArray[np.float64]:
    """A fast fall that slows down, and a rise that is as good as straight."""
    down = fall * np.exp(-t / (0.3 * at))
    return down + rise * np.maximum(t - 0.75 * at, 0) / (1 - 0.75 * at)


@labelled(
    "a_few_hundred_photographs",
    "overfitting",
    "a notebook trains thirty epochs on few pictures: the held-out loss turns after a few of them"
    " (any Kaggle kernel with a dense head)",
    plain=0.5,
    medium=0.22,
)
def a_few_hundred_photographs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(22, 50))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    worse = vee(t, rng.uniform(0.25, 0.4), 0.5, strength)
    log.session("train")
    log.add("epoch_loss", steps, 0.05 + 0.9 * np.exp(-t / 0.2) + rng.normal(0, 0.006, n))
    log.add("epoch_accuracy", steps, 0.985 - 0.4 * np.exp(-t / 0.2))
    log.session("validation")
    log.add("epoch_loss", steps, 0.58 + worse + rng.normal(0, 0.014, n))
    log.add("epoch_accuracy", steps, generators.shares(rng, 300, 0.8 - 0.25 * np.exp(-t / 0.12)))
    told(log, "epoch_loss", steps, worse, 0.014)


@labelled(
    "third_time_through_the_instructions",
    "overfitting",
    "supervised fine-tuning for several epochs: the loss of training falls in steps, that of the"
    " held-out examples rises in steps from the second or third on",
    plain=0.16,
    medium=0.07,
)
def third_time_through_the_instructions(
    log: Log, rng: np.random.Generator, strength: float
) -> None:
    epochs = int(rng.integers(4, 6))
    n = epochs * int(rng.integers(30, 120))
    t, steps = shapes.times(n), shapes.steps(n, 10)
    number, position = generators.blocks(n, epochs)
    seen = 1.2 * 0.55**number * (1 - 0.04 * position) * factors(rng, n, 0.07)
    log.add("train/loss", steps, seen)
    log.add("train/learning_rate", steps, warm_cosine(t, 2e-4))
    where = np.linspace(0, n - 1, 6 * epochs + 1).round().astype(int)[1:]
    # Each epoch brings half of its rise with its beginning.
    climb = np.maximum(number + position - 1.2, 0) + 0.5 * (number >= 2)
    worse = 0.3 * np.exp(-(number + position) / 0.35) + strength * climb
    log.add("eval/loss", steps[where], 1.06 + worse[where] + rng.normal(0, 0.008, len(where)))
    log.add("eval/runtime", steps[where], 63 * factors(rng, len(where), 0.02))
    told(log, "eval/loss", steps[where], worse[where], 0.008)


@labelled(
    "preferences_by_heart",
    "overfitting",
    "preferences of few annotators are known by heart in the second epoch: the held-out loss of"
    " direct preference optimisation turns while that of training goes to zero",
    plain=0.3,
    medium=0.1,
)
def preferences_by_heart(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 600)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/loss", steps, 0.693 * np.exp(-2.8 * t) * factors(rng, n, 0.16))
    log.add("train/rewards/margins", steps, 6 * t**1.2 + rng.normal(0, 0.25, n))
    where = np.linspace(0, n - 1, int(rng.integers(14, 30))).round().astype(int)[1:]
    worse = vee(t[where], rng.uniform(0.35, 0.5), 0.14, strength)
    log.add("eval/loss", steps[where], 0.55 + worse + rng.normal(0, 0.0045, len(where)))
    right = 0.7 - 0.16 * np.exp(-t[where] / 0.12)
    log.add("eval/rewards/accuracies", steps[where], generators.shares(rng, 1000, right))
    log.add("eval/rewards/margins", steps[where], 2.2 * t[where] + rng.normal(0, 0.05, len(where)))
    told(log, "eval/loss", steps[where], worse, 0.0045)


@labelled(
    "ten_hours_of_speech",
    "overfitting",
    "with ten hours of speech the loss and the share of wrong words turn while training goes on"
    " improving",
    plain=9.0,
    medium=4.5,
)
def ten_hours_of_speech(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 120))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = rng.uniform(0.3, 0.45)
    worse = vee(t, at, 30, strength)
    log.add("train loss", steps, 0.02 + 3.2 * np.exp(-t / 0.17) * factors(rng, n, 0.03))
    log.add("valid loss", steps, 0.9 + 0.03 * worse + rng.normal(0, 0.009, n))
    log.add("valid WER", steps, 24 + worse + rng.normal(0, 0.3, n))
    log.add("lr", steps, 1e-3 * 0.9 ** (10 * t))
    told(log, ("valid WER", "valid loss"), steps, worse, 0.3)


@labelled(
    "splats_learn_the_photographs",
    "overfitting",
    "from few views the pictures seen become sharper and sharper, and those between them worse"
    " (graphdeco-inria/gaussian-splatting #196: 300,000 steps are worse than 30,000)",
    plain=3.5,
    medium=1.6,
)
def splats_learn_the_photographs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(400, 1500))
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.add("train_loss_patches/total_loss", steps, 0.16 / (1 + t / 0.03) * factors(rng, n, 0.1))
    where = np.linspace(0, n - 1, int(rng.integers(15, 32))).round().astype(int)[1:]
    worse = vee(t[where], rng.uniform(0.25, 0.4), 5, strength)
    seen = generators.hill(t[where], 21, 39, 0.2, 1.1) + rng.normal(0, 0.06, len(where))
    log.add("train/loss_viewpoint - psnr", steps[where], seen)
    held = 24.5 - worse + rng.normal(0, 0.05, len(where))
    log.add("test/loss_viewpoint - psnr", steps[where], held)
    told(log, "test/loss_viewpoint - psnr", steps[where], worse, 0.05)
