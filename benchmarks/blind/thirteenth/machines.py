"""Clocks, precision and rates: what is around the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    at,
    counted,
    drifts,
    every,
    half_cosine,
    hangs,
    jitter,
    jumps,
    noise,
    scaler,
    warmed,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "neighbours_come_and_go",
    "a shared machine: for an hour in the middle a step takes half as long again, then all is as"
    " before; it ends as fast as it began",
    tolerated=("plateau",),
)
def neighbours_come_and_go(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = rng.uniform(0.3, 0.6)
    busy = (t > a) & (t < a + 0.07)
    speed = np.where(busy, 0.68, 1.0)
    log.add("train/samples_per_sec", steps, jitter(rng, 1480 * speed, 0.03))
    log.add("train/loss", steps, jitter(rng, 0.7 + 2.2 * np.exp(-t / 0.2), 0.05))
    log.slower(int(steps[np.argmax(busy)]), 1 / 0.68)
    log.slower(int(steps[n - 1 - int(np.argmax(busy[::-1]))]), 0.68)


@healthy(
    "layers_thawed_one_by_one",
    "ULMFiT: groups of layers are thawed one after the other, each rate 0 until its turn and"
    " then with the others down to nothing",
    tolerated=("plateau",),
)
def layers_thawed_one_by_one(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 160))
    t, steps = shapes.times(n), shapes.steps(n, 20)
    for group in range(4):
        turn = 0.12 * (3 - group)
        log.add(
            f"lr/group{group}", steps, np.where(t >= turn, 2e-3 / 2.6 ** (3 - group) * (1 - t), 0)
        )
    loss = 0.28 + 0.4 * np.exp(-t / 0.2)
    log.add("train/loss", steps, jitter(rng, loss, 0.05))
    seen = every(steps, 12)
    log.add(
        "valid/accuracy", seen, counted(rng, 0.9 - 0.3 * (at(seen, steps, loss) - 0.28), 25_000)
    )


@healthy(
    "saves_that_take_their_time",
    "each two hundredth of the run a checkpoint of ten minutes is written to a slow store; speed"
    " is logged of steps alone",
)
def saves_that_take_their_time(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(300, 900))
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = 2.2
    log.add(
        "Train/Samples/train_loss", steps, shapes.power_law(t, 9, 2.2, 0.35) + noise(rng, n, 0.03)
    )
    log.add("Train/Samples/lr", steps, 2e-5 * warmed(t, 0.03, half_cosine(t, 0.03)))
    log.add("samples_per_second", steps, jitter(rng, np.full(n, 36.0), 0.01))
    for first in steps[n // 24 :: n // 12].tolist():
        log.pause(first, float(rng.uniform(450, 700)))


@healthy(
    "rate_of_the_root",
    "T5 with Adafactor: one over the root of the step, from 0.01 to a tenth of it, nothing else",
    tolerated=("plateau",),
)
def rate_of_the_root(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    log.add("learning_rate", steps, 1 / np.sqrt(np.maximum(steps, 10_000)))
    log.add("cross_ent_loss", steps, shapes.power_law(t, 9.5, 1.9, 0.35) + noise(rng, n, 0.03))
    log.add("timing/steps_per_second", steps, jitter(rng, np.full(n, 3.31), 0.008))
    log.add("z_loss", steps, jitter(rng, 0.02 + 0.5 * np.exp(-t / 0.02), 0.06))


@healthy(
    "scale_breathes",
    "dynamic scaling in good health: from 65,536 down a few halvings in the first steps, then up"
    " and down by one or two for ever",
)
def scale_breathes(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/loss_scale", steps, scaler(rng, 14.2 + 0.6 * np.sin(9 * t), 16, 45))
    log.add("train/loss", steps, shapes.power_law(t, 8.5, 2.4, 0.35) + noise(rng, n, 0.03))
    log.add("train/gnorm", steps, jitter(rng, 0.8 + 3 * np.exp(-t / 0.03), 0.2))
    log.add("train/ups", steps, jitter(rng, np.full(n, 2.75), 0.03))


@healthy(
    "preempted_all_night",
    "spot machines: six sessions of any length with hours between, each from the last"
    " checkpoint, on the same kind of card",
    tolerated=("plateau", "stall"),
)
def preempted_all_night(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(200, 600))
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.hours_between_sessions = float(rng.uniform(0.5, 5))
    loss = 0.42 + 1.9 * np.exp(-t / 0.12) + 0.15 * (1 - t)
    cuts = np.sort(rng.choice(np.arange(n // 8, n - n // 8, n // 16), 5, replace=False))
    first = 0
    for end in [*cuts.tolist(), n]:
        log.session()
        here, k = slice(first, end), end - first
        log.add("train/loss", steps[here], jitter(rng, loss[here], 0.04))
        log.add("train/lr", steps[here], (1e-3 * half_cosine(t, 0, 0.05))[here])
        log.add("perf/images_per_sec", steps[here], jitter(rng, np.full(k, 812.0), 0.02))
        first = end - max(n // 80, 1)


@labelled(
    "one_worker_is_dead",
    "throughput",
    "of four workers of the loader one has died: from then on each fourth logged step waits for"
    " what it should have brought, and the mean step takes much longer",
    clear=6.0,
    moderate=2.2,
)
def one_worker_is_dead(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    a = 4 * int(n * rng.uniform(0.35, 0.6) / 4)
    waits = (np.arange(n) >= a) & (np.arange(n) % 4 == 0)
    took = 1.3 * np.exp(noise(rng, n, 0.03)) + 1.3 * strength * waits * np.exp(noise(rng, n, 0.1))
    log.add("time/step", steps, took)
    log.add("time/step_mean_of_20", steps, shapes.moving_mean(took, 20))
    log.add("loss", steps, jitter(rng, 0.8 + 2.5 * np.exp(-t / 0.15), 0.05))
    clock = 1_772_438_400 + np.cumsum(took)
    log.times = dict(zip(steps.tolist(), clock.tolist(), strict=True))
    window = int(steps[a - 2]), int(steps[a + 20])
    tags = ("time/step", "time/step_mean_of_20", "loss")
    log.true("throughput", tags, int(steps[a]), window, also=("explosion",))


@labelled(
    "half_of_its_cards",
    "throughput",
    "resumed with half of the cards: tokens a second are half from the second session on",
    clear=0.5,
    moderate=0.75,
)
def half_of_its_cards(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    a = int(n * rng.uniform(0.4, 0.7))
    speed = jitter(rng, np.where(np.arange(n) < a, 1.0, strength), 0.015)
    loss = shapes.power_law(t, 6, 1.8, 0.3) + noise(rng, n, 0.03)
    log.hours_between_sessions = 1.2
    log.seconds_per_step = 6.9
    for part in (slice(None, a), slice(a, None)):
        log.session()
        log.add("tokens_per_second", steps[part], (152_000 * speed)[part])
        log.add("iter_time_s", steps[part], (6.9 / speed)[part])
        log.add("loss", steps[part], loss[part])
    log.slower(int(steps[a]), 1 / strength)
    tags = ("tokens_per_second", "iter_time_s", "loss")
    jumps(log, "throughput", tags, steps, a, ("explosion",))


@labelled(
    "card_gets_hot",
    "throughput",
    "the fan of one card fails: images a second sag within some minutes to a lower level and"
    " stay there till the end",
    clear=0.45,
    moderate=0.7,
)
def card_gets_hot(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    a = rng.uniform(0.3, 0.55)
    kept = 1 - (1 - strength) * (1 - np.exp(-np.clip(t - a, 0, None) / 0.04))
    speed = kept * np.exp(noise(rng, n, 0.02))
    log.add("speed/img_s", steps, 2750 * speed)
    log.add(
        "gpu/temperature", steps, np.round(66 + 25 * (1 - kept) / (1 - strength) + noise(rng, n, 1))
    )
    log.add("loss/train", steps, jitter(rng, 1.1 + 5.5 * np.exp(-t / 0.15), 0.04))
    clock = 1_772_438_400 + np.cumsum(9.3 / speed)
    log.times = dict(zip(steps.tolist(), clock.tolist(), strict=True))
    tags = ("speed/img_s", "loss/train")
    drifts(log, "throughput", tags, steps, -kept, int(a * n), 0.025)


@labelled(
    "back_from_a_hang_but_slow",
    "stall",
    "hours without a step, and since then each takes more than twice as long: the job has been"
    " moved to older cards in its sleep",
    clear=2.6,
    moderate=1.7,
)
def back_from_a_hang_but_slow(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = 0.62
    a = int(n * rng.uniform(0.4, 0.65))
    took = jitter(rng, np.where(np.arange(n) < a, 1.0, strength), 0.025)
    log.add("global_batch_time", steps, 0.62 * took)
    log.add("train_loss", steps, jitter(rng, 1.6 + 4 * np.exp(-t / 0.1), 0.04))
    log.slower(int(steps[a]), strength)
    tags = ("global_batch_time", "train_loss")
    hangs(log, tags, steps, a, 6.5)
    jumps(log, "throughput", tags, steps, a, ("explosion",))


@labelled(
    "disk_had_no_room",
    "stall",
    "the file system is full: writing waits for hours until somebody has deleted something,"
    " twice in the run",
    clear=7.0,
    moderate=2.2,
)
def disk_had_no_room(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 5)
    log.seconds_per_step = float(rng.uniform(0.5, 3))
    log.add("train_loss_step", steps, jitter(rng, 0.5 + 1.4 * np.exp(-t / 0.1), 0.07))
    log.add("epoch", steps, np.floor(20 * t))
    tags = ("train_loss_step", "epoch")
    for place in (rng.uniform(0.3, 0.5), rng.uniform(0.6, 0.9)):
        hangs(log, tags, steps, int(n * place), strength)


@labelled(
    "scale_starts_at_one_and_stays",
    "loss_scale",
    "a resumed job whose scaler was not in the checkpoint, with growth turned off: 32,768"
    " before, 1 from its first step to its last",
    clear=0.0,
    moderate=3.0,
    tolerated=("plateau", "collapse"),
)
def scale_starts_at_one_and_stays(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    a = int(n * rng.uniform(0.4, 0.65))
    scale = np.where(np.arange(n) < a, 2.0**15, 2.0**strength)
    loss = jitter(rng, 1.5 + 3 * np.exp(-t / 0.1), 0.03)
    for part in (slice(None, a), slice(a, None)):
        log.session()
        log.add("loss_scale", steps[part], scale[part])
        log.add("train_loss", steps[part], loss[part])
    jumps(log, "loss_scale", "loss_scale", steps, a, ("collapse",))


@labelled(
    "argument_wins_over_checkpoint",
    "learning_rate",
    "a resumed job takes the rate of its command line, ten times that of the checkpoint, and"
    " keeps it; the loss is thrown back and ends where it had been long before",
    clear=30.0,
    moderate=8.0,
    tolerated=("divergence", "plateau"),
)
def argument_wins_over_checkpoint(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    a = int(n * rng.uniform(0.5, 0.7))
    rate = warmed(t, 0.04, half_cosine(t, 0.04, 0.05))
    rate[a:] = rate[a - 1] * strength
    loss = 1.2 + 2 * np.exp(-t / 0.12) + 0.12 * np.log(strength) * (np.arange(n) >= a)
    seen = jitter(rng, loss, 0.025)
    for part in (slice(None, a), slice(a, None)):
        log.session()
        log.add("train/lr", steps[part], (1e-4 * rate)[part])
        log.add("train/loss", steps[part], seen[part])
    jumps(log, "learning_rate", "train/lr", steps, a)


@labelled(
    "disk_of_the_cluster_is_slow",
    "throughput",
    "another job reads the same disk: the time for data goes from a hundredth to most of each"
    " step and stays",
    clear=1.2,
    moderate=0.3,
)
def disk_of_the_cluster_is_slow(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 250, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    a = int(n * rng.uniform(0.3, 0.65))
    wait = np.where(np.arange(n) < a, 0.012, strength * 0.41) * np.exp(noise(rng, n, 0.12))
    log.seconds_per_step = 0.42
    log.add("data_time", steps, wait)
    log.add("time", steps, 0.41 * np.exp(noise(rng, n, 0.02)) + wait)
    log.add("loss", steps, jitter(rng, 0.6 + 1.5 * np.exp(-4 * t), 0.07))
    log.slower(int(steps[a]), 1 + strength)
    jumps(log, "throughput", ("time", "data_time", "loss"), steps, a, ("explosion",))


@labelled(
    "workers_deadlock",
    "stall",
    "workers of the loader wait for each other (pytorch #1355): hours without a step between two"
    " of a few seconds, until a watchdog kicks in",
    clear=5.0,
    moderate=1.5,
)
def workers_deadlock(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = float(rng.uniform(0.2, 0.8))
    log.add("train/loss_ce", steps, jitter(rng, 0.35 + 1.1 * np.exp(-5 * t), 0.05))
    log.add("train/loss_dice", steps, jitter(rng, 0.25 + 0.6 * np.exp(-5 * t), 0.05))
    tags = ("train/loss_ce", "train/loss_dice")
    hangs(log, tags, steps, int(n * rng.uniform(0.35, 0.85)), strength)
