"""Runs of several sessions, and rates that rise again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.making import (
    bend,
    count,
    ends_of_epochs,
    every,
    grain,
    places,
    scored,
)
from benchmarks.blind.seventh.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "taken_up_again_three_times",
    "a queue with a limit of hours: each session goes back to the last checkpoint, tells its first"
    " mean from a few batches only, and goes on (Slurm scripts of fairseq and detectron2)",
    tolerated=("stall",),
)
def taken_up_again_three_times(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 60, 140)
    steps = every(200 * n, 200)
    log.seconds_per_step = rng.uniform(0.3, 1)
    log.hours_between_sessions = rng.uniform(0.5, 6)
    loss = bend(n, 7.1, 3.4, 14)
    ends = [int(n * share) for share in (0.3, 0.55, 0.8)] + [n]
    begin = 0
    for end in ends:
        log.session()
        here = slice(begin, end)
        k = end - begin
        noise = grain(rng, k, 0.05)
        noise[0] *= 2
        log.add("train_inner/loss", steps[here], places(loss[here] + noise, 3))
        log.add("train_inner/ppl", steps[here], places(2 ** (loss[here] + noise), 2))
        log.add("train_inner/gnorm", steps[here], places(1.1 * np.exp(grain(rng, k, 0.2)), 3))
        log.add("train_inner/lr", steps[here], 5e-4 / np.sqrt(np.maximum(steps[here] / 4000, 1)))
        log.add("train_inner/wall", steps[here], (steps[here] - steps[begin]) * 0.5)
        val = slice(begin + 4, end, 5)
        m = len(steps[val])
        log.add("valid/loss", steps[val], places(loss[val] * 1.03 + grain(rng, m, 0.02), 3))
        begin = end - count(rng, 2, 5)


@healthy(
    "five_warm_restarts",
    "the rate of a cosine jumps up again at the end of each cycle and what was gained is half"
    " lost; each cycle ends better than the one before (Loshchilov and Hutter 2017; timm)",
)
def five_warm_restarts(log: Log, rng: np.random.Generator) -> None:
    length = count(rng, 9, 14)
    n = 5 * length
    at = ends_of_epochs(n, count(rng, 90, 300))
    log.seconds_per_step = rng.uniform(0.1, 0.5)
    within = (np.arange(n) % length) / length
    rate = 0.05 * (1 + np.cos(np.pi * within)) / 2 + 1e-5
    low = bend(n, 1.9, 0.62, 5)
    loss = low + 0.33 * rate / 0.05 * np.minimum(np.arange(n) / length, 1)
    shaken = 0.012 + 0.05 * rate / 0.05
    val = loss * 1.05 * np.exp(shaken * grain(rng, n, 1))
    log.add("train/loss", at, places(loss * np.exp(grain(rng, n, 0.01)), 4))
    log.add("val/loss", at, places(val, 4))
    log.add("val/top1", at, places(100 * scored(rng, np.exp(-0.37 * val), 5000), 2))
    log.add("lr", at, rate)
