"""Runs that do not get on, with most of what there is to gain still ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, counted, factor, staircase
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import flat

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "logarithm_of_a_thousand",
    "plateau",
    "the loss is that of guessing among a thousand classes from the first step to the last"
    " (jixing0415/caffe-mobilenet-v3 #1)",
)
def logarithm_of_a_thousand(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 2000)
    steps = shapes.steps(n, 20, 0)
    log.add("train/loss", steps, 6.9078 + batches(rng, n, 0.006))
    log.add("train/top5", steps, counted(rng, np.full(n, 0.005), 256))
    log.add("train/lr", steps, 0.01)
    window = flat(steps, np.zeros(n), 0, 0.006)
    log.true("plateau", ("train/loss", "train/top5"), steps[0], window)


@labelled(
    "tenth_of_what_it_should",
    "plateau",
    "pairs are matched no better than by their frequency: training and validation fall for a"
    " moment to the same value and never again (NTMC-Community/MatchZoo #628)",
)
def tenth_of_what_it_should(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 400)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = rng.uniform(0.06, 0.15)
    worse = 0.11 * np.clip(1 - t / at, 0, 1) ** 2
    log.add("loss", steps, 0.1389 + worse + batches(rng, n, 0.0016))
    log.add("val_loss", steps, 0.1391 + worse + batches(rng, n, 0.0022))
    index = int(np.argmax(worse <= 0))
    window = flat(steps, worse, index, 0.0022)
    log.true("plateau", ("loss", "val_loss"), steps[index], window)


@labelled(
    "stands_still_to_be_safe",
    "plateau",
    "a walker learns within a sixth of the run not to fall, which is to stand; the reward stays"
    " there (the local optimum of BipedalWalker that everybody meets)",
)
def stands_still_to_be_safe(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 4096)
    at = rng.uniform(0.12, 0.25)
    worse = 85 * np.clip(1 - t / at, 0, 1) ** 1.8
    log.add("rollout/ep_rew_mean", steps, -32 - worse + batches(rng, n, 1.6, 0.2))
    log.add("rollout/ep_len_mean", steps, np.minimum(1600 - 14 * worse + batches(rng, n, 9), 1600))
    log.add("train/std", steps, 0.3 + 0.7 * np.exp(-t / 0.3))
    index = int(np.argmax(worse <= 0))
    window = flat(steps, worse, index, 1.6)
    log.true("plateau", ("rollout/ep_rew_mean", "rollout/ep_len_mean"), steps[index], window)


@labelled(
    "rate_fell_too_soon",
    "plateau",
    "milestones were meant as epochs and are counted in steps: the rate is a thousandth after a"
    " quarter of the run, and the accuracy stays where it was then",
)
def rate_fell_too_soon(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 400)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    at = rng.uniform(0.14, 0.24)
    worse = 0.33 * np.clip(1 - t / at, 0, 1) ** 1.3
    log.add("val/acc", steps, 0.46 - worse + batches(rng, n, 0.004))
    log.add("train/loss", steps, 1.92 + 2.4 * worse + batches(rng, n, 0.02))
    log.add("lr-SGD", steps, staircase(t, 0.1, (0.5 * at, 0.75 * at, at)))
    index = int(np.argmax(worse <= 0))
    window = flat(steps, worse, index, 0.004)
    log.true("plateau", ("val/acc", "train/loss"), steps[index], window)


@labelled(
    "only_the_head_learns",
    "plateau",
    "the backbone was frozen by mistake: the mean IoU is flat at two fifths from a quarter of the"
    " run on, through noise of a twelfth of its climb",
)
def only_the_head_learns(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 50, 250)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    at = rng.uniform(0.18, 0.3)
    worse = 0.24 * np.clip(1 - t / at, 0, 1) ** 1.6
    log.add("val/mIoU", steps, 0.41 - worse + batches(rng, n, 0.02))
    often = shapes.steps(20 * n, 50)
    seen = np.interp(often, steps, worse)
    log.add("train/loss", often, (0.83 + 2 * seen) * factor(rng, 20 * n, 0.12))
    index = int(np.argmax(worse <= 0))
    window = flat(steps, worse, index, 0.02)
    log.true("plateau", ("val/mIoU", "train/loss"), steps[index], window)


@labelled(
    "thirtythree_to_three",
    "plateau",
    "a detector's loss falls from 33 to 3.0 in the first fifth of the run and not by a hundredth"
    " in the rest (BichenWuUCB/squeezeDet #147)",
)
def thirtythree_to_three(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    worse = 30 * np.exp(-t / rng.uniform(0.025, 0.04))
    log.add("total_loss", steps, 3.0 + worse + batches(rng, n, 0.22, 0.1))
    log.add("conf_loss", steps, 1.4 + 0.45 * worse + batches(rng, n, 0.12, 0.1))
    index = int(np.argmax(worse < 0.1))
    log.true("plateau", ("total_loss", "conf_loss"), steps[index], flat(steps, worse, index, 0.22))
