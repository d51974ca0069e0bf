"""Machines that become slow, or stop for hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    at,
    cosine,
    counted,
    interval,
    jitter,
    noise,
    says_overfitting,
)
from benchmarks.blind.twelfth.making import (
    drift,
    hangs,
    jumps,
    saturating,
    since,
    single,
    sinking,
    slows,
    slows_at,
)
from benchmarks.blind.twelfth.registry import labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "fan_of_one_node",
    "throughput",
    "a node throttles in two stages, tokens a second fall and stay; one evaluation was far off"
    " (bigscience, chronicles)",
    clear=0.55,
    faint=0.84,
)
def fan_of_one_node(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 500, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    index = int(n * rng.uniform(0.3, 0.55))
    stages = (np.arange(n) >= index).astype(float) + (np.arange(n) >= index + n // 25)
    slower = strength ** (-stages / 2)
    loss = sinking(t, 9.8, 2.6, 0.5)
    log.add("tokens/sec", steps, np.round(4.1e5 / slower * np.exp(noise(rng, n, 0.012))))
    log.add("train/loss", steps, single(loss + noise(rng, n, 0.03)))
    evals = interval(steps, int(steps[-1]) // 50)
    seen = at(evals, steps, loss) + noise(rng, len(evals), 0.006)
    leap = int(rng.integers(25, 45))
    seen[leap] += 0.35
    log.add("valid/loss", evals, seen)
    jumps(log, "spike", "valid/loss", evals, leap)
    for point in (index, index + n // 25):
        log.slower(int(steps[point]), strength**-0.5)
    slows(log, ("tokens/sec", "train/loss"), steps, slower, index, 0.015)


@labelled(
    "workers_that_keep_everything",
    "throughput",
    "loaders' memory grows until the machine swaps: the time of an iteration goes up steadily, and"
    " on the first night it hung for hours (pytorch/pytorch #13246)",
    clear=2.0,
    faint=0.5,
)
def workers_that_keep_everything(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.seconds_per_step = 0.42
    index, gap = int(n * rng.uniform(0.25, 0.4)), int(n * rng.uniform(0.1, 0.2))
    slower = 1 + strength * since(n, index)
    waits = 0.03 + 0.42 * strength * since(n, index)
    log.add("time", steps, (0.39 + waits) * np.exp(noise(rng, n, 0.03)))
    log.add("data_time", steps, waits * np.exp(noise(rng, n, 0.12)))
    log.add("loss", steps, np.round(jitter(rng, sinking(t, 4.4, 0.81, 0.6), 0.06), 4))
    log.add("lr", steps, np.where(t < 0.67, 0.02, 0.002))
    drift(log, steps, slower)
    tags = ("time", "data_time", "loss", "lr")
    slows(log, tags, steps, slower, index, 0.045)
    hangs(log, tags, steps, gap, float(rng.uniform(5, 11)))


@labelled(
    "seconds_nobody_logs",
    "throughput",
    "no speed is logged, but by the clock each step takes much longer from one point on"
    " (a shared workstation)",
    clear=3.0,
    faint=1.5,
)
def seconds_nobody_logs(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    index = int(n * rng.uniform(0.35, 0.65))
    log.add("Loss/train", steps, jitter(rng, sinking(t, 2.4, 0.5, 0.6), 0.05))
    log.add("PSNR/train", steps, 19 + 11 * saturating(t, 0, 1, 3) + noise(rng, n, 0.3))
    log.slower(int(steps[index]), strength)
    slows_at(log, ("Loss/train", "PSNR/train"), steps, index)


@labelled(
    "hiccups_that_grow",
    "throughput",
    "every so many steps one waits for a slow disk, at first a little, in the end twenty times as"
    " long as a step: time of step and examples a second both tell (fairscale, issues)",
    clear=24.0,
    middling=12.0,
)
def hiccups_that_grow(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 400, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    every = int(rng.integers(6, 9))
    late = np.arange(n) % every == every - 1
    slower = (1 + strength * t**1.3 * late * np.exp(noise(rng, n, 0.1))) * np.exp(
        noise(rng, n, 0.02)
    )
    log.add("perf/step_time", steps, 0.31 * slower)
    log.add("train/loss", steps, sinking(t, 4.2, 1.6) + noise(rng, n, 0.05))
    for point in np.flatnonzero(late).tolist():
        log.pause(int(steps[point]), 0.31 * (slower[point] - 1))
    log.seconds_per_step = 0.31
    # It grows from the first on, and is beyond doubt once a hiccup is seven times a step.
    doubt = int(np.argmax(strength * t**1.3 >= 6)) + 2 * every
    tags = ("perf/step_time", "train/loss")
    log.true("throughput", tags, steps[every], (steps[0], steps[min(doubt, n - 1)]))


@labelled(
    "laptop_on_the_train",
    "throughput",
    "without its mains a laptop takes four times as long for an epoch, then it sleeps through the"
    " night; the validation's loss turned long before (course projects, Keras)",
    tolerated=("divergence", "plateau"),
    clear=4.0,
    middling=2.2,
)
def laptop_on_the_train(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(36, 70))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = float(rng.uniform(30, 80))
    index, gap = int(n * rng.uniform(0.35, 0.45)), int(n * rng.uniform(0.7, 0.8))
    worse = 0.62 + 0.7 * np.exp(-16 * t) + 0.55 * np.clip((t - 0.22) / 0.78, 0, None)
    log.slower(int(steps[index]), strength)
    log.add("loss", steps, jitter(rng, sinking(t, 1.5, 0.05, 0.9, 0.1), 0.02))
    log.add("accuracy", steps, counted(rng, 1 - 0.5 * np.exp(-5 * t), 8000))
    log.add("val_loss", steps, single(worse + noise(rng, n, 0.012)))
    log.add("val_accuracy", steps, counted(rng, 0.8 - 0.35 * np.exp(-16 * t), 2000))
    says_overfitting(log, "val_loss", steps, worse, 0.016)
    tags = ("loss", "accuracy", "val_loss", "val_accuracy")
    slows_at(log, tags, steps, index)
    hangs(log, tags, steps, gap, 8)


@labelled(
    "card_of_the_neighbours",
    "throughput",
    "another job on the same card for the rest of the run: samples a second fall by a third, and"
    " one night nothing ran (wandb reports of shared servers)",
    tolerated=("plateau",),
    clear=0.45,
    faint=0.72,
)
def card_of_the_neighbours(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 120, 500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = 0.6
    gap, index = int(n * rng.uniform(0.2, 0.3)), int(n * rng.uniform(0.4, 0.6))
    speed = np.where(np.arange(n) < index, 1, strength) * np.exp(noise(rng, n, 0.025))
    tags = ("train_samples_per_second", "train/loss", "train/learning_rate")
    log.add(tags[0], steps, np.round(27.4 * speed, 3))
    log.add(tags[1], steps, np.round(jitter(rng, sinking(t, 1.8, 0.7), 0.06), 4))
    log.add(tags[2], steps, cosine(t, 1e-4))
    log.slower(int(steps[index]), 1 / strength)
    slows_at(log, tags, steps, index)
    hangs(log, tags, steps, gap, 10)
