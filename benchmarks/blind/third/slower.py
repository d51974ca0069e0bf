"""Runs that become slower for good, though nothing of the sort was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, factor
from benchmarks.blind.third.registry import labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "graph_grows_at_every_step",
    "throughput",
    "an operation is added to the graph at each iteration: its time grows in proportion to the"
    " iterations done (smallcorgi/Faster-RCNN_TF #10), fivefold or twofold in the end",
    plain=4.0,
    medium=1.0,
)
def graph_grows_at_every_step(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    log.add("speed/sec_per_iter", steps, 0.4 * (1 + strength * t) * factor(rng, n, 0.06, 0.2))
    log.add("train/rpn_loss", steps, shapes.approach(t, 1.1, 0.3, 3) * factor(rng, n, 0.15))
    log.seconds_per_step = 0.4
    for part in range(1, 20):
        slower = (1 + strength * part / 20) / (1 + strength * (part - 1) / 20)
        log.slower(int(steps[part * n // 20]), slower)
    # It is slower from the first step on, and beyond doubt once it takes half as long again.
    doubt = steps[min(int(n * min(0.5 / strength, 0.6)), n - 1)]
    log.true("throughput", "speed/sec_per_iter", steps[0], (steps[0], doubt), also=("explosion",))


@labelled(
    "neighbour_moves_in",
    "throughput",
    "another job lands on the node about the middle of the run and stays: samples a second fall at"
    " once to 45, 70 or 88 per cent, through noise of 3",
    plain=0.45,
    medium=0.7,
    faint=0.88,
)
def neighbour_moves_in(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    at = int(n * rng.uniform(0.3, 0.6))
    share = np.where(np.arange(n) >= at, strength, 1)
    log.add("perf/samples_per_second", steps, 780 * share * factor(rng, n, 0.03, 0.2))
    log.add("perf/gpu_utilization", steps, np.minimum(93 + batches(rng, n, 2), 100))
    log.add("loss", steps, shapes.approach(t, 2.2, 0.4, 3) * factor(rng, n, 0.1))
    log.slower(int(steps[at]), 1 / strength)
    log.true("throughput", "perf/samples_per_second", steps[at], abrupt(steps, at, 3))


@labelled(
    "down_three_steps",
    "throughput",
    "one rank after the other begins to swap: iterations a second fall by a fifth three times, and"
    " never recover",
)
def down_three_steps(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    falls = [int(n * at) for at in (0.35, 0.5, 0.66)]
    share = np.prod([np.where(np.arange(n) >= at, 0.8, 1) for at in falls], axis=0)
    log.add("train/it_per_sec", steps, 3.1 * share * factor(rng, n, 0.025))
    log.add("train/loss", steps, shapes.power_law(t, 7, 1.5, 0.5, 0.01) + batches(rng, n, 0.05))
    log.seconds_per_step = 0.32
    for at in falls:
        log.slower(int(steps[at]), 1.25)
    # The first fall is the onset; each of them is one of the same trouble.
    window = (steps[falls[0] - 3], steps[falls[2] + 3])
    log.true("throughput", "train/it_per_sec", steps[falls[0]], window)


@labelled(
    "cable_half_broken",
    "throughput",
    "one of the links runs at a lower rate: tokens a second and FLOPs fall to 60 or 82 per cent at"
    " about a third of the run, where a point scatters by 2",
    plain=0.6,
    medium=0.82,
)
def cable_half_broken(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    at = int(n * rng.uniform(0.25, 0.45))
    share = np.where(np.arange(n) >= at, strength, 1) * factor(rng, n, 0.02, 0.3)
    log.add("throughput/tokens_per_sec", steps, 412000 * share)
    log.add("throughput/tflops_per_gpu", steps, 187 * share)
    log.add("iteration_time", steps, 10.2 / share)
    log.add("lm loss", steps, shapes.power_law(t, 10.8, 2.4, 0.5, 0.004) + batches(rng, n, 0.04))
    log.seconds_per_step = 10.2
    log.slower(int(steps[at]), 1 / strength)
    tags = ("throughput/tokens_per_sec", "throughput/tflops_per_gpu", "iteration_time")
    log.true("throughput", tags, steps[at], abrupt(steps, at, 3))


@labelled(
    "simulator_leaks",
    "throughput",
    "the environment keeps what it should free: frames a second, which stable-baselines3 counts"
    " from the beginning, fall more and more slowly, to less than a third",
)
def simulator_leaks(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    onset = int(n * rng.uniform(0.15, 0.35))
    cost = 1 + 7 * np.clip((t - t[onset]) / (1 - t[onset]), 0, 1)
    fps = 1900 * np.arange(1, n + 1) / np.cumsum(cost)
    log.add("time/fps", steps, np.floor(fps * factor(rng, n, 0.01)))
    reward = shapes.approach(t, -90, 260, 3) + batches(rng, n, 13, 0.6)
    log.add("rollout/ep_rew_mean", steps, reward)
    log.seconds_per_step = 1 / 1900
    for part in range(10):
        index = onset + part * (n - onset) // 10
        log.slower(
            int(steps[index]),
            float(cost[min(index + n // 20, n - 1)] / cost[max(index - n // 20, 0)]),
        )
    log.true("throughput", "time/fps", steps[onset], gradual(steps, 1 - fps / 1900, onset, 0.02))
