"""Objectives that stop improving, or never do, while the run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.runs import labelled
from benchmarks.blind.windows import flat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log


def _stops(n: int, at: float, start: float, end: float) -> tuple[NDArray[np.float64], int]:
    """A curve that improves until `at`, and the point from which it is flat."""
    t = shapes.times(n)
    return shapes.approach(np.minimum(t / at, 1), start, end, 3), int(at * (n - 1))


@labelled(
    "stuck_at_chance",
    "plateau",
    "the loss stays at the logarithm of the number of classes, the"
    " accuracy at chance: nothing is learned",
)
def stuck_at_chance(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(25, 200))
    steps = shapes.steps(n, 100)
    classes = int(rng.choice([2, 4, 10]))
    log.add("train/loss", steps, np.log(classes) + shapes.white(rng, n, 0.004))
    log.add("eval/accuracy", steps, 1 / classes + shapes.white(rng, n, 0.006))
    window = (steps[0], steps[max(2, n // 10)])
    log.true("plateau", ("train/loss", "eval/accuracy"), steps[0], window)


@labelled(
    "stops_improving",
    "plateau",
    "from some epoch on the validation loss is flat at a constant rate, far from any bound",
    plain=0.01,
    noisy=0.04,
)
def stops_improving(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(60, 300))
    steps = shapes.steps(n)
    loss, onset = _stops(n, rng.uniform(0.25, 0.45), 2.0, 1.2)
    log.add("val/loss", steps, loss + shapes.white(rng, n, strength))
    log.add("train/lr", steps, 1e-3)
    log.true("plateau", "val/loss", steps[onset], flat(steps, loss, onset, strength))


@labelled(
    "local_optimum",
    "plateau",
    "the return rises and then stands at a third of its goal for the rest of the run",
    plain=8.0,
    noisy=25.0,
)
def local_optimum(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 800)
    steps = shapes.steps(n, 4096)
    level, onset = _stops(n, rng.uniform(0.2, 0.4), 20, 170)
    log.add("rollout/ep_rew_mean", steps, level + shapes.white(rng, n, strength))
    log.true("plateau", "rollout/ep_rew_mean", steps[onset], flat(steps, -level, onset, strength))


@labelled(
    "never_learns",
    "plateau",
    "Pong at -21 to -19 for thousands of episodes (a real log of REINFORCE)",
)
def never_learns(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 500, 5000)
    steps = np.cumsum(rng.integers(2000, 5000, n))
    log.add("PongNoFrameskip-v4/evaluation/returns-by-frame", steps, -21 + rng.binomial(3, 0.25, n))
    tag = "PongNoFrameskip-v4/evaluation/returns-by-frame"
    log.true("plateau", tag, steps[0], (steps[0], steps[n // 10]))


@labelled(
    "detector_stalls",
    "plateau",
    "40 to 100 evaluations of mAP, the last six tenths of them level",
    plain=0.005,
    noisy=0.012,
)
def detector_stalls(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 101))
    steps = shapes.steps(n)
    quality, onset = _stops(n, rng.uniform(0.25, 0.4), 0.02, 0.31)
    log.add("val/mAP", steps, quality + shapes.white(rng, n, strength))
    log.true("plateau", "val/mAP", steps[onset], flat(steps, -quality, onset, strength))


@labelled(
    "long_plateau",
    "plateau",
    "5,000 to 15,000 points, of which more than half are level",
    plain=0.05,
    noisy=0.3,
)
def long_plateau(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 5000, 15_000)
    steps = shapes.steps(n)
    loss, onset = _stops(n, rng.uniform(0.25, 0.45), 5.0, 3.5)
    log.add("train/loss", steps, loss + shapes.white(rng, n, strength))
    log.true("plateau", "train/loss", steps[onset], flat(steps, loss, onset, strength))


@labelled("word_errors_stall", "plateau", "the word error rate stays at 0.4", plain=0.004)
def word_errors_stall(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 80))
    steps = shapes.steps(n, 1000)
    wer, onset = _stops(n, rng.uniform(0.25, 0.4), 1.0, 0.41)
    log.add("val_wer", steps, wer + shapes.white(rng, n, strength))
    log.true("plateau", "val_wer", steps[onset], flat(steps, wer, onset, strength))
