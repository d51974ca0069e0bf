"""Runs that stand still for hours within a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, evaluations, factor
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "one_rank_is_missing",
    "stall",
    "a collective waits for a rank that hangs, and is gone on with after 600, 150 or 60 times what"
    " lies between two points otherwise (NVIDIA/nccl #1324, huggingface/accelerate #3512)",
    plain=600.0,
    medium=150.0,
    faint=60.0,
)
def one_rank_is_missing(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    at = int(n * rng.uniform(0.25, 0.85))
    log.add("train/loss", steps, shapes.power_law(t, 10.5, 2.5, 0.5, 0.005) + batches(rng, n, 0.04))
    log.add("train/grad_norm", steps, 0.5 * factor(rng, n, 0.2))
    log.seconds_per_step = 6.0
    log.pause(int(steps[at]), 60 * strength)
    log.true("stall", ("train/loss", "train/grad_norm"), steps[at], abrupt(steps, at))


@labelled(
    "file_system_is_full",
    "stall",
    "checkpoints are written every so often within a minute, one of them takes seven hours",
)
def file_system_is_full(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.add(
        "training/loss", steps, shapes.power_law(t, 6.5, 1.7, 0.5, 0.01) + batches(rng, n, 0.05)
    )
    log.add("training/lr", steps, 1e-4 * np.minimum(t / 0.02, 1))
    log.seconds_per_step = 0.5
    saved = steps[n // 20 - 1 :: n // 20]
    evaluations(log, saved, 55)
    step = int(saved[int(len(saved) * rng.uniform(0.3, 0.85))])
    log.pause(step, 7 * 3600)
    at = int(np.searchsorted(steps, step))
    log.true("stall", ("training/loss", "training/lr"), step, abrupt(steps, at))


@labelled(
    "lid_was_closed",
    "stall",
    "Keras on a laptop, an epoch every two minutes; between two of them lie nine hours of the"
    " night",
)
def lid_was_closed(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    at = int(n * rng.uniform(0.3, 0.8))
    log.add("epoch_loss", steps, shapes.approach(t, 1.8, 0.5, 3) * factor(rng, n, 0.03))
    log.add("epoch_accuracy", steps, shapes.approach(t, 0.35, 0.86, 3) + batches(rng, n, 0.006))
    log.seconds_per_step = 125.0
    log.pause(int(steps[at]), 9 * 3600)
    log.true("stall", ("epoch_loss", "epoch_accuracy"), steps[at], abrupt(steps, at))


@labelled(
    "workers_wait_for_each_other",
    "stall",
    "a data loader deadlocks three times in a day, each time for most of an hour until a watchdog"
    " starts it again; a point comes every eight seconds otherwise",
)
def workers_wait_for_each_other(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 600, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("loss/train", steps, shapes.approach(t, 3.9, 1.3, 3) * factor(rng, n, 0.08))
    log.add("acc/train", steps, shapes.approach(t, 0.1, 0.68, 3) + batches(rng, n, 0.03))
    log.seconds_per_step = 0.8
    points = [
        int(n * at)
        for at in (rng.uniform(0.2, 0.35), rng.uniform(0.45, 0.6), rng.uniform(0.7, 0.9))
    ]
    for at in points:
        log.pause(int(steps[at]), float(rng.uniform(40, 55)) * 60)
    # Any of the three is one, and a single finding may name the first or the longest.
    window = (steps[points[0] - 2], steps[points[-1] + 2])
    log.true("stall", ("loss/train", "acc/train"), steps[points[0]], window)


@labelled(
    "suspended_by_the_queue",
    "stall",
    "Slurm suspends the job for fourteen hours in favour of another and lets it go on, in the same"
    " process and the same file",
)
def suspended_by_the_queue(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    at = int(n * rng.uniform(0.2, 0.85))
    log.add(
        "rollout/ep_rew_mean", steps, shapes.approach(t, -150, 190, 3) + batches(rng, n, 12, 0.5)
    )
    log.add("train/value_loss", steps, (3 + 40 * np.exp(-t / 0.1)) * factor(rng, n, 0.4))
    log.seconds_per_step = 0.3
    log.pause(int(steps[at]), 14 * 3600)
    tags = ("rollout/ep_rew_mean", "train/value_loss")
    log.true("stall", tags, steps[at], abrupt(steps, at))
