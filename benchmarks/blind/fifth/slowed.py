"""Runs that are slower from some point on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, fall, settle
from benchmarks.blind.fifth.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "node_is_shared_now",
    "throughput",
    "another job is put on the node: fewer tokens a second from one point on and to the end",
    plain=0.45,
    medium=0.7,
    faint=0.85,
)
def node_is_shared_now(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10, 1)
    log.seconds_per_step = rng.uniform(0.8, 4)
    onset = int(n * rng.uniform(0.3, 0.7))
    share = np.where(np.arange(n) < onset, 1, strength) * rng.gamma(1500, 1 / 1500, n)
    log.add(
        "loss_metrics/global_avg_loss", steps, fall(t, 9.9, 3.0, 0.01, 0.5) * batches(rng, n, 0.012)
    )
    log.add("throughput(tps)", steps, 6900 * share)
    log.add("mfu(%)", steps, 41.5 * share)
    log.slower(int(steps[onset]), 1 / strength)
    tags = ("throughput(tps)", "mfu(%)")
    log.true("throughput", tags, steps[onset], abrupt(steps, onset, 2))


@labelled(
    "four_seconds_then_sixteen",
    "throughput",
    "after some hundred iterations the loader no longer keeps up and each iteration waits for it"
    " (megvii-model/ShuffleNet-Series #20)",
    plain=4.0,
    medium=1.6,
)
def four_seconds_then_sixteen(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    base = rng.uniform(0.2, 0.8)
    log.seconds_per_step = base
    onset = int(n * rng.uniform(0.2, 0.6))
    after = np.arange(n) >= onset
    wait = np.where(after, (strength - 1) * base, 0.015 * base) * batches(rng, n, 0.12)
    log.add("data_time", steps, wait)
    log.add("time", steps, base * rng.gamma(2000, 1 / 2000, n) + wait)
    log.slower(int(steps[onset]), strength)
    log.add("loss", steps, fall(t, 1.9, 0.48, 0.02, 0.5) * batches(rng, n, 0.12))
    log.add("lr", steps, np.where(t < 0.75, 0.02, 0.002))
    window = abrupt(steps, onset, 2)
    tags = ("time", "data_time")
    log.true("throughput", tags, steps[onset], window, also=("explosion",))


@labelled(
    "simulator_hung_and_limps",
    "throughput",
    "the simulator hangs for an hour or more and is slow from then on; what is logged is the mean"
    " speed since the start, which falls at once and goes on falling (Stable-Baselines3, time/fps)",
    tolerated=("collapse",),
    plain=0.3,
)
def simulator_hung_and_limps(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 800)
    t, steps = shapes.times(n), shapes.steps(n, 8192)
    log.seconds_per_step = rng.uniform(0.004, 0.01)
    onset = int(n * rng.uniform(0.4, 0.65))
    each = 8192 * log.seconds_per_step * np.where(np.arange(n) < onset, 1, 1 / strength)
    spent = np.cumsum(each * rng.gamma(300, 1 / 300, n))
    hung = max(rng.uniform(0.5, 0.9) * spent[onset], 2400.0)
    spent = spent + np.where(np.arange(n) >= onset, hung, 0)
    log.add("time/fps", steps, np.floor(steps / spent))
    log.add(
        "rollout/ep_rew_mean", steps, settle(t, 30, 910, 1.8) + shapes.correlated(rng, n, 14, 0.7)
    )
    log.add("rollout/ep_len_mean", steps, settle(t, 60, 480, 1.8) + rng.normal(0, 5, n))
    log.slower(int(steps[onset]), 1 / strength)
    log.pause(int(steps[onset]), hung)
    window = abrupt(steps, onset, 2)
    log.true("throughput", "time/fps", steps[onset], window, also=("stall",))
    every = ("time/fps", "rollout/ep_rew_mean", "rollout/ep_len_mean")
    log.true("stall", every, steps[onset], window)


@labelled(
    "memory_fills_up",
    "throughput",
    "each step takes a little longer than the one before, from a third on, until speed is halved"
    " (pytorch/pytorch #31867 and others: what is kept of each batch)",
    plain=0.5,
    faint=0.75,
)
def memory_fills_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.seconds_per_step = rng.uniform(0.3, 2)
    onset = int(n * rng.uniform(0.2, 0.4))
    lost = (1 - strength) * np.clip((t - t[onset]) / (1 - t[onset]), 0, 1)
    log.add("runtime/samples_per_sec", steps, 148 * (1 - lost) * rng.gamma(1200, 1 / 1200, n))
    log.add("runtime/iteration_time", steps, 6.9 / (1 - lost) * rng.gamma(1200, 1 / 1200, n))
    log.add("train/lm_loss", steps, fall(t, 8.8, 2.7, 0.01, 0.45) + rng.normal(0, 0.03, n))
    log.add("train/learning_rate", steps, shapes.warmup_cosine(t, 2e-4, 0.02, 0.1))
    for part in range(1, 6):
        at = onset + (n - 1 - onset) * part // 6
        log.slower(int(steps[at]), float((1 - lost[at - (n - 1 - onset) // 6]) / (1 - lost[at])))
    tags = ("runtime/samples_per_sec", "runtime/iteration_time")
    window = gradual(steps, lost, onset, 0.029)
    log.true("throughput", tags, steps[onset], window)
