"""Healthy runs whose speed or learning rate looks like a fault and is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine, interval, jitter, noise
from benchmarks.blind.ninth.making import paced, rounded, spells, taught, train_loss
from benchmarks.blind.ninth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "slow_only_while_it_compiles",
    "the first points wait for the compiler, and each evaluation costs a point of speed; between"
    " them it is always the same (torchtitan's tags)",
)
def slow_only_while_it_compiles(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 24, 300)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    pace = np.ones(n)
    pace[0] = rng.uniform(0.1, 0.3)
    pace[1] = rng.uniform(0.6, 0.9)
    every = max(n // int(rng.integers(4, 12)), 8)
    pace[every::every] *= rng.uniform(0.55, 0.8)
    speed = jitter(rng, rng.uniform(5000, 8000) * pace, 0.012, 0.4)
    paced(log, steps, 16384 / speed)
    log.add("throughput(tps)", steps, np.round(speed))
    log.add("mfu(%)", steps, np.round(speed / 160, 2))
    log.add("time_metrics/end_to_end(s)", steps, rounded(16384 / speed, 5))
    log.add("loss_metrics/global_avg_loss", steps, train_loss(rng, n, 11.5, 3.1, 0.01))
    log.add("lr", steps, cosine(t, 3e-4))


@healthy(
    "busy_hours_that_pass",
    "a machine that is shared: steps take up to twice as long while somebody else computes, and"
    " each time it comes back to where it was",
)
def busy_hours_that_pass(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 300)
    steps = shapes.steps(n, 20)
    busy = spells(rng, n, int(rng.integers(3, 6)), 0.09, rng.uniform(1.5, 2.2))
    seconds = jitter(rng, rng.uniform(0.2, 0.9) * busy, 0.08, 0.5)
    paced(log, steps, seconds)
    log.add("train/step_time", steps, rounded(seconds, 4))
    log.add("train/examples_per_sec", steps, np.round(256 / seconds, 1))
    log.add("train/loss", steps, train_loss(rng, n, 6.9, 2.1, 0.02))


@healthy(
    "larger_batches_take_longer",
    "the batch grows by plan, as its own tag says, and an iteration takes longer by as much: the"
    " tokens a second are the same or more (Megatron-LM's --rampup-batch-size)",
)
def larger_batches_take_longer(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 300)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    stages = int(rng.integers(3, 7))
    stage = np.minimum((t / rng.uniform(0.4, 0.6) * stages).astype(np.int64), stages)
    batch = 128 * (1 + stage)
    seconds = jitter(rng, 0.35 + 0.004 * batch, 0.015, 0.3)
    paced(log, steps, seconds)
    log.add("batch-size", steps, batch)
    log.add("iteration-time", steps, rounded(seconds, 5))
    log.add("tokens-per-second", steps, np.round(2048 * batch / seconds))
    log.add("lm loss", steps, train_loss(rng, n, 10.7, 2.7, 0.01))
    log.add("learning-rate", steps, cosine(t, 1.5e-4, 0.02))


@healthy(
    "preempted_and_resumed_as_it_was",
    "the cluster takes its nodes back now and then: each session starts with a slow point and goes"
    " on with the speed and the rate of the last",
    tolerated=("stall",),
)
def preempted_and_resumed_as_it_was(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    starts = np.sort(rng.choice(np.arange(2, 9), int(rng.integers(2, 4)), replace=False)) * n // 10
    pace = np.ones(n)
    pace[[0, *starts]] = rng.uniform(0.3, 0.6, len(starts) + 1)
    speed = jitter(rng, rng.uniform(3.1e5, 3.6e5) * pace, 0.02, 0.4)
    loss = train_loss(rng, n, 10.9, 2.5, 0.01)
    rate = cosine(t, 3e-4, 0.05)
    paced(log, steps, 1e6 / speed)
    log.hours_between_sessions = float(rng.uniform(0.2, 4))
    for first, last in zip([0, *starts], [*starts, n], strict=True):
        where = slice(first, last)
        log.session()
        log.add("train/loss", steps[where], loss[where])
        log.add("train/tokens_per_sec", steps[where], np.round(speed[where]))
        log.add("train/lr", steps[where], rate[where])


@healthy(
    "once_up_and_down_to_nothing",
    "one cycle by plan: the rate climbs for a third of the run and ends at a hundred-thousandth of"
    " its peak, momentum against it (torch's OneCycleLR)",
    tolerated=("plateau",),
)
def once_up_and_down_to_nothing(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 16, 300)
    t, steps = shapes.times(n), shapes.steps(n, 40, 39)
    top = rng.uniform(0.25, 0.35)
    rise = (1 - np.cos(np.pi * np.clip(t / top, 0, 1))) / 2
    fall = (1 + np.cos(np.pi * np.clip((t - top) / (1 - top), 0, 1))) / 2
    peak = float(rng.choice([0.1, 0.05, 0.4]))
    rate = peak * np.where(t < top, 0.04 + 0.96 * rise, 4e-6 + (1 - 4e-6) * fall)
    log.add("lr-SGD", steps, rate)
    log.add("lr-SGD-momentum", steps, 0.95 - 0.1 * np.where(t < top, rise, fall))
    log.add(
        "train_loss_step", steps, rounded(jitter(rng, taught(rate, peak / 2, 2.3, 0.2), 0.05), 5)
    )
    evals = interval(steps, 200)
    right = shapes.approach(shapes.times(len(evals)), 0.45, 0.93, 3)
    log.add("val_acc", evals, np.round(right + noise(rng, len(evals), 0.006), 4))


@healthy(
    "restarts_in_its_plan",
    "cosine with warm restarts since the start, each cycle twice as long: the rate leaps back to"
    " its peak and the loss with it, for a while (SGDR)",
)
def restarts_in_its_plan(log: Log, rng: np.random.Generator) -> None:
    cycles = int(rng.integers(3, 5))
    first = int(rng.integers(10, 20))
    lengths = first * 2 ** np.arange(cycles)
    inside = np.concatenate([np.arange(length) / length for length in lengths])
    n = len(inside)
    epochs = shapes.steps(n, 1, 0)
    rate = 1e-6 + (1e-3 - 1e-6) * (1 + np.cos(np.pi * inside)) / 2
    worse = 0.25 * rate / 1e-3
    log.add("lr", epochs, rounded(rate, 6))
    loss = taught(rate, 5e-4, 4.2, 1.5)
    log.add("train_loss", epochs, rounded(jitter(rng, loss + worse, 0.01), 5))
    log.add("eval_loss", epochs, rounded(jitter(rng, 0.1 + loss + worse, 0.015), 5))


@healthy(
    "cut_where_it_no_longer_improves",
    "ReduceLROnPlateau as it is meant: the loss comes to rest, the rate is cut, and the loss falls"
    " by another step",
    tolerated=("plateau",),
)
def cut_where_it_no_longer_improves(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 45, 150)
    epochs = shapes.steps(n, 1, 0)
    cuts = np.sort(np.round(n * np.array([0.4, 0.65, 0.85]) + rng.uniform(-0.05, 0.05, 3) * n))
    stage = np.searchsorted(cuts, np.arange(n), side="right")
    rate = 1e-2 * 0.2 ** stage.astype(np.float64)
    since = np.arange(n) - np.array([0, *cuts])[stage]
    floors = np.array([0.9, 0.62, 0.52, 0.48])
    before = np.array([2.3, 0.9, 0.62, 0.52])[stage]
    loss = floors[stage] + (before - floors[stage]) * np.exp(-since / (n / 18))
    log.session("train")
    log.add("epoch_loss", epochs, rounded(jitter(rng, loss - 0.1, 0.01), 5))
    log.add("epoch_learning_rate", epochs, rate)
    log.session("validation")
    log.add("epoch_loss", epochs, rounded(jitter(rng, loss, 0.02), 5))


@healthy(
    "level_and_then_down",
    "warm-up, a long constant rate, and over the last part down to zero, with the loss falling"
    " faster there (the WSD schedule of MiniCPM)",
)
def level_and_then_down(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 24, 300)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    last = rng.uniform(0.1, 0.2)
    down = np.clip((t - 1 + last) / last, 0, 1)
    warm = np.minimum((t + 1 / n) / 0.02, 1)
    rate = 1e-3 * warm * (1 - np.sqrt(down) if rng.random() < 0.5 else 1 - down)
    loss = taught(np.ones(n), 1, 10.3, 2.6) - 0.15 * down
    log.add("train/loss", steps, rounded(jitter(rng, loss, 0.008), 5))
    log.add("train/learning_rate", steps, rate)
    norm = jitter(rng, 0.3 + 2 * np.exp(-25 * t), 0.1)
    log.add("train/grad_norm", steps, rounded(norm, 4))
