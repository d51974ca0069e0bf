"""Healthy runs whose schedules show: rates, batches, data and teachers that change by plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "one_cycle",
    "the rate rises for a third of the run and falls to nothing: validation is worst at the"
    " peak and best at the end (Smith and Topin 2018)",
)
def one_cycle(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 400))
    t, steps = shapes.times(n), shapes.steps(n, 98)
    heat = np.where(t < 0.3, t / 0.3, (1 + np.cos(np.pi * (t - 0.3) / 0.7)) / 2)
    loss = generators.hill(t, 1.7, 0.45, 0.1) + 0.22 * heat
    log.add("one_cycle/train_ce", steps, loss + rng.normal(0, 0.012, n))
    wild = 0.012 + 0.07 * heat
    log.add("one_cycle/valid_ce", steps, loss + 0.05 + 0.1 * heat + wild * rng.normal(0, 1, n))
    accuracy = 1 - 0.42 * loss - wild * np.abs(rng.normal(0, 0.4, n))
    log.add("one_cycle/valid_accuracy", steps, np.clip(accuracy, 0.05, 0.99))
    if rng.random() < 0.5:
        log.add("one_cycle/lr", steps, 0.04 + 0.96 * heat)
        log.add("one_cycle/momentum", steps, 0.95 - 0.1 * heat)


@healthy(
    "batches_grow",
    "the batch is doubled four times: the noise shrinks, samples per second go up",
    tolerated=("throughput",),
)
def batches_grow(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    size, _ = generators.blocks(n, 5)
    spread = 0.16 / np.sqrt(2.0**size)
    loss = generators.spectral(t, 9.8, 2.2, 300)
    log.add("lm/xent", steps, loss * (1 + spread * rng.normal(0, 1, n)))
    log.add("lm/global_batch", steps, 256 * 2**size)
    speed = 900 * 1.25**size * generators.skewed(rng, n, 0.02)
    log.add("lm/samples_per_sec", steps, speed)
    log.add("lm/sec_per_step", steps, 256 * 2**size / speed)


@healthy(
    "context_lengthens",
    "the context is extended twice: steps take longer from there on by plan, and the loss goes on",
    tolerated=("throughput", "spike"),
)
def context_lengthens(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    stage = (t > 0.7).astype(float) + (t > 0.88)
    loss = generators.spectral(t, 10.2, 2.0, 300) - 0.03 * stage
    log.add("perf/per_device_tflops", steps, 310 * generators.skewed(rng, n, 0.02))
    log.add("perf/step_time_seconds", steps, 4.1 * 2.2**stage * generators.skewed(rng, n, 0.02))
    log.add("learning/current_context_length", steps, 4096 * 4**stage)
    log.add("learning/loss", steps, loss + rng.normal(0, 0.035, n))
    log.slower(int(steps[np.searchsorted(t, 0.7)]), 2.2)


@healthy(
    "teacher_lets_go",
    "scheduled sampling: as the decoder is fed its own words the training loss rises by a"
    " tenth, while the free-running error falls (Bengio et al. 2015)",
    tolerated=("divergence", "plateau"),
)
def teacher_lets_go(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(80, 300))
    t, steps = shapes.times(n), shapes.steps(n, 300)
    forced = np.clip(1.25 - 1.6 * t, 0.1, 1)
    loss = (
        generators.hill(t, 3.0, 0.7, 0.05)
        + 0.25 * (1 - forced)
        - 0.12 * np.clip((t - 0.72) / 0.28, 0, 1)
    )
    log.add("seq2seq/train_xent", steps, loss + rng.normal(0, 0.02, n))
    log.add("seq2seq/teacher_forcing_ratio", steps, forced)
    log.add(
        "seq2seq/dev_edit_distance",
        steps,
        generators.hill(t, 0.9, 0.12, 0.15) + rng.normal(0, 0.008, n),
    )


@healthy(
    "weights_averaged",
    "at three quarters of the run the rate goes up to a constant for weight averaging: the training"
    " loss rises a little, the averaged model is best (Izmailov et al. 2018)",
    tolerated=("learning_rate", "divergence"),
)
def weights_averaged(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(100, 320))
    t, steps = shapes.times(n), shapes.steps(n)
    swa = np.clip((t - 0.75) / 0.03, 0, 1)
    loss = generators.hill(t, 2.4, 0.3, 0.12) + 0.05 * swa
    log.add("swa/train_loss", steps, loss + rng.normal(0, 0.012, n))
    log.add("swa/rate", steps, 0.1 * np.clip(1 - t / 0.78, 0.01, 1) * (1 - swa) + 0.02 * swa)
    accuracy = 100 * (1 - 0.2 * loss) + 1.8 * swa
    log.add("swa/val_acc_percent", steps, accuracy + rng.normal(0, 0.25, n))


@healthy(
    "saddle_to_saddle",
    "a deep linear net learns one mode after the other: level, fall, level, fall, to the last",
    tolerated=("plateau",),
)
def saddle_to_saddle(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    modes = int(rng.integers(3, 6))
    times = np.linspace(0.1, 0.92, modes) + rng.uniform(-0.04, 0.04, modes)
    heights = 0.6 ** np.arange(modes)
    loss = generators.stairs(
        t, float(heights.sum()) + 0.03, dict(zip(times.tolist(), heights.tolist(), strict=True))
    )
    log.add("mse", steps, np.maximum(loss, 0.03) * generators.skewed(rng, n, 0.02))


@healthy(
    "labels_acquired",
    "active learning: each round starts a new model from scratch, so the loss is back at its"
    " beginning",
    tolerated=("plateau",),
)
def labels_acquired(log: Log, rng: np.random.Generator) -> None:
    n, rounds = shapes.whole(rng, 160, 900), int(rng.integers(5, 12))
    steps = shapes.steps(n, 10)
    number, within = generators.blocks(n, rounds)
    floor = 0.55 * 0.85**number
    loss = floor + (2.3 - floor) * np.exp(-7 * within)
    log.add("al/train_nll", steps, loss * generators.batch(rng, n, 0.05))
    log.add("al/round", steps, number)
    log.add("al/labelled", steps, 100 * (number + 1))
    ends = np.flatnonzero(np.diff(number, append=rounds))
    log.add(
        "al/test_acc",
        steps[ends],
        0.9 - 0.45 * 0.75 ** np.arange(rounds) + rng.normal(0, 0.006, rounds),
    )


@healthy(
    "one_task_after_another",
    "at each new task the loss jumps to that of a beginner and falls again, as all tasks"
    " before did",
    tolerated=("plateau",),
)
def one_task_after_another(log: Log, rng: np.random.Generator) -> None:
    n, tasks = shapes.whole(rng, 200, 1200), int(rng.integers(5, 10))
    steps = shapes.steps(n, 50)
    number, within = generators.blocks(n, tasks)
    start = rng.uniform(1.9, 2.6, tasks)[number]
    loss = 0.35 - 0.02 * number + (start - 0.35) * np.exp(-9 * within)
    log.add("continual/loss", steps, loss * generators.batch(rng, n, 0.06))
    log.add("continual/task_id", steps, number)
    log.add("continual/buffer_size", steps, np.minimum(200 * (number + 1), 1500))


@healthy(
    "backbone_frozen_first",
    "the rate of the backbone is zero for a fifth of the run, by plan, then follows the head's",
    tolerated=("learning_rate",),
)
def backbone_frozen_first(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(50, 300))
    t, steps = shapes.times(n), shapes.steps(n, 100)
    rate = (1 + np.cos(np.pi * t)) / 2
    log.add("lr/backbone", steps, np.where(t < 0.2, 0, 1e-4 * rate))
    log.add("lr/head", steps, 1e-3 * rate)
    loss = generators.hill(t, 1.6, 0.75, 0.04) - 0.35 * generators.hill(
        np.maximum(t - 0.2, 0), 0, 1, 0.1
    )
    log.add("fit/focal", steps, loss + rng.normal(0, 0.02, n))
    log.add("fit/map_50", steps, 0.95 - 0.45 * loss + rng.normal(0, 0.008, n))


@healthy(
    "inverse_root",
    "the rate falls with the root of the steps for ever, and so does the loss, ever slower",
)
def inverse_root(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    log.add("learning_rate", steps, 0.01 / np.sqrt(np.maximum(steps, 10_000) / 10_000))
    log.add(
        "loss_per_nontrivial_token",
        steps,
        2 + 1.4 * (1 + t / 0.004) ** -0.35 + generators.pink(rng, n, 0.012),
    )
    log.add("z_loss", steps, 0.004 * generators.skewed(rng, n, 0.3))
    log.add("non_padding_fraction", steps, np.clip(0.93 + rng.normal(0, 0.01, n), 0, 1))


@healthy(
    "bred_rates",
    "population-based training: at each generation the rate is perturbed, or copied with the"
    " weights of a better member (Jaderberg et al. 2017)",
    tolerated=("learning_rate",),
)
def bred_rates(log: Log, rng: np.random.Generator) -> None:
    n, generations = shapes.whole(rng, 120, 700), int(rng.integers(8, 16))
    t, steps = shapes.times(n), shapes.steps(n, 4096)
    number, _ = generators.blocks(n, generations)
    rate = 3e-4 * np.exp(np.cumsum(rng.choice(np.log([0.8, 1.25]), generations)))[number]
    log.add("pbt/lr", steps, rate)
    gains = np.cumsum(rng.exponential(0.06, generations))[number]
    level = 40 * (generators.hill(t, 0, 1, 0.3) + gains)
    log.add("pbt/mean_return", steps, level + rng.normal(0, 2.5, n))


@healthy(
    "cycles_that_double",
    "warm restarts of which each cycle is twice as long as the last: no excursion is as long as the"
    " next, and each ends lower (Loshchilov and Hutter 2017)",
)
def cycles_that_double(log: Log, rng: np.random.Generator) -> None:
    n, cycles = shapes.whole(rng, 150, 1500), int(rng.integers(3, 5))
    t, steps = shapes.times(n), shapes.steps(n, 40)
    ends = (2.0 ** np.arange(1, cycles + 1) - 1) / (2**cycles - 1)
    number = np.minimum(np.searchsorted(ends, t, side="right"), cycles - 1)
    start = np.insert(ends, 0, 0)[number]
    within = (t - start) / (ends[number] - start)
    heat = (1 + np.cos(np.pi * within)) / 2
    # The loss follows the rate within a few points.
    lag = np.exp(-np.arange(10) / 3)
    warm = np.convolve(np.pad(heat, (9, 0), mode="edge"), lag / lag.sum(), mode="valid")
    loss = 0.5 + 1.6 * np.exp(-30 * t) + 0.3 * warm - 0.08 * number
    log.add("sgdr/train_xe", steps, loss + rng.normal(0, 0.02, n))
    log.add("sgdr/test_err_pct", steps, 24 * loss + rng.normal(0, 0.5, n))
    if rng.random() < 0.5:
        log.add("sgdr/eta", steps, 0.05 * heat)
