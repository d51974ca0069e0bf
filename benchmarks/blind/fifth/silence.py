"""Hours in which nothing was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, evaluations, fall
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "storage_away_for_a_night",
    "stall",
    "the file system does not answer for hours, then all goes on as if nothing had been"
    " (horovod/horovod #777 and others)",
    plain=9.0,
    faint=0.7,
)
def storage_away_for_a_night(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(0.2, 1.2)
    onset = int(n * rng.uniform(0.2, 0.8))
    log.add("train/loss", steps, fall(t, 8.1, 2.6, 0.02, 0.5) + rng.normal(0, 0.04, n))
    log.add("train/grad_norm", steps, 0.7 * batches(rng, n, 0.2))
    log.add("train/learning_rate", steps, shapes.warmup_cosine(t, 3e-4, 0.03, 0.1))
    log.pause(int(steps[onset]), 3600 * strength)
    tags = ("train/loss", "train/grad_norm", "train/learning_rate")
    log.true("stall", tags, steps[onset], abrupt(steps, onset, 1))


@labelled(
    "epoch_of_fourteen_hours",
    "stall",
    "epochs of some minutes, and one that ended the next day: a laptop asleep, a rank that waited",
    plain=14.0,
)
def epoch_of_fourteen_hours(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(30, 121))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(60, 300)
    onset = int(n * rng.uniform(0.3, 0.8))
    log.session("train")
    log.add("epoch_loss", steps, fall(t, 1.4, 0.21, 0.1, 0.7) * batches(rng, n, 0.02))
    log.add("epoch_auc", steps, fall(t, 0.7, 0.965, 0.1, 0.7) + rng.normal(0, 0.002, n))
    log.pause(int(steps[onset]), 3600 * strength)
    tags = ("epoch_loss", "epoch_auc")
    log.true("stall", tags, steps[onset], abrupt(steps, onset, 1))


@labelled(
    "evaluation_that_hung",
    "stall",
    "each evaluation takes two minutes, and one of them took half a day",
    plain=11.0,
    medium=3.0,
)
def evaluation_that_hung(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 20, 19)
    log.seconds_per_step = rng.uniform(0.15, 0.5)
    k = 16
    at = np.linspace(n // k, n - 1, k).astype(int)
    evaluations(log, steps[at], 120)
    hung = int(at[int(k * rng.uniform(0.3, 0.8))])
    log.pause(int(steps[hung]), 3600 * strength)
    log.add("total_loss", steps, fall(t, 3.3, 0.62, 0.01, 0.6) * batches(rng, n, 0.13))
    log.add("lr", steps, np.where(t < 0.7, 0.02, 0.002))
    log.add("bbox/AP", steps[at], fall(t[at], 12, 38.5, 0.2, 0.9) + rng.normal(0, 0.4, k))
    # The AP of the evaluation that hung is the point that came late.
    log.true("stall", ("total_loss", "lr", "bbox/AP"), steps[hung], abrupt(steps, hung, 1))
