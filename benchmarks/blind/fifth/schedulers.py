"""Learning rates that are not what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, fall, linear
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "counted_once_a_process",
    "learning_rate",
    "a scheduler stepped by each process: the rate is zero at a half or a quarter of the run and"
    " stays, and the loss stands (huggingface/transformers #26827)",
    tolerated=("plateau", "collapse"),
    two=2.0,
    four=4.0,
)
def counted_once_a_process(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 800)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(0.3, 3)
    rate = linear(np.minimum(t * strength, 1), 5e-5, 0.06)
    onset = int(np.flatnonzero((rate == 0) & (t > 0.1))[0])
    moved = np.cumsum(rate) / np.sum(rate)
    log.add(
        "train/loss", steps, np.round(fall(moved, 2.9, 1.62, 0.05, 0.5) * batches(rng, n, 0.04), 4)
    )
    log.add("train/learning_rate", steps, rate)
    log.add("train/grad_norm", steps, 1.4 * batches(rng, n, 0.15))
    log.true("learning_rate", "train/learning_rate", steps[onset], abrupt(steps, onset, 2))


@labelled(
    "schedule_begun_again",
    "learning_rate",
    "the job goes on from its checkpoint with a new scheduler: the rate jumps back to its peak and"
    " comes down anew; the loss rises by some per cent and comes back",
    tolerated=("stall", "divergence"),
    plain=1.0,
)
def schedule_begun_again(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.seconds_per_step = rng.uniform(0.2, 1.5)
    log.hours_between_sessions = rng.uniform(0.1, 8)
    a = int(n * rng.uniform(0.6, 0.75))
    rate = 4e-4 * (1 + np.cos(np.pi * np.minimum(t / 0.85, 1))) / 2
    rate[a:] = strength * 4e-4 * (1 + np.cos(np.pi * (t[a:] - t[a]) / 0.85)) / 2
    loss = fall(t, 6.6, 2.02, 0.02, 0.5) + 0.3 * rate / 4e-4
    for part in (slice(None, a), slice(a, None)):
        log.session()
        log.add("train/loss", steps[part], loss[part] * batches(rng, len(loss[part]), 0.015))
        log.add("train/lr", steps[part], rate[part])
    log.true("learning_rate", "train/lr", steps[a], abrupt(steps, a, 2))


@labelled(
    "gamma_of_ten",
    "learning_rate",
    "a milestone multiplies the rate by ten instead of dividing it: both losses are worse from that"
    " epoch on (torch.optim.lr_scheduler.StepLR with gamma=10)",
    tolerated=("plateau",),
    plain=0.55,
    medium=0.3,
)
def gamma_of_ten(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(40, 161))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(20, 200)
    onset = int(n * rng.uniform(0.4, 0.6))
    after = np.arange(n) >= onset
    down = fall(t, 2.2, 0.5, 0.05, 0.7)
    worse = np.where(after, down[onset] + strength, down)
    log.add("train/loss", steps, worse * batches(rng, n, 0.02))
    log.add("val/loss", steps, (worse + 0.07) * batches(rng, n, 0.03))
    log.add("train/lr", steps, np.where(after, 1e-2, 1e-3))
    window = abrupt(steps, onset, 2)
    log.true("learning_rate", "train/lr", steps[onset], window)
    log.true("divergence", ("train/loss", "val/loss"), steps[onset], window)
