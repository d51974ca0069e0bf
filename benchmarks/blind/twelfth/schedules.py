"""Rates and speeds that look like trouble and are as somebody meant them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import at, cosine, counted, interval, jitter, linear, noise
from benchmarks.blind.twelfth.making import by_epochs, drift, saturating, single, sinking
from benchmarks.blind.twelfth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "cosine_in_rounds",
    "warm restarts with the rate logged from the start; the loss rises a little at each and ends"
    " lower in each round (Loshchilov & Hutter 2017; timm)",
)
def cosine_in_rounds(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(80, 240))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    _, within = shapes.cycle(t, int(rng.integers(5, 8)))
    rate = 0.05 * (1 + np.cos(np.pi * within)) / 2
    wrong = sinking(t, 0.7, 0.24, 0.6, 0.05) * (0.9 + 3 * rate)
    log.add("lr", steps, rate)
    log.add("train_loss", steps, jitter(rng, 3 * wrong, 0.01))
    log.add("eval_loss", steps, jitter(rng, 2.7 * wrong + 0.2, 0.012))
    log.add("eval_top1", steps, np.round(100 * (1 - wrong) + noise(rng, n, 0.3), 4))


@healthy(
    "reducer_that_waits",
    "the rate is halved or cut to a tenth when the validation stands, three times, and each time"
    " the loss steps down (ReduceLROnPlateau)",
    tolerated=("plateau",),
)
def reducer_that_waits(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(70, 160))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    cuts = np.array([0.34, 0.6, 0.84]) + rng.uniform(-0.04, 0.04, 3)
    stage = np.sum(t[:, None] >= cuts, axis=1)
    lower = sum(
        0.3 * 0.55**k * (1 - np.exp(-np.clip(t - cut, 0, 1) / 0.03)) for k, cut in enumerate(cuts)
    )
    loss = 1.42 + 1.6 * np.exp(-t / 0.08) - 0.25 * t - lower
    log.add("val/loss", steps, jitter(rng, loss, 0.012))
    log.add("train/loss", steps, jitter(rng, 0.94 * loss - 0.08 * t, 0.008))
    log.add("lr", steps, 0.01 * 10.0**-stage)


@healthy(
    "stable_then_steep",
    "warm-up, a long constant rate and an exponential decay in the last tenth, in which the loss"
    " falls steeply (Hu et al. 2024, MiniCPM)",
)
def stable_then_steep(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    rate = 0.01 * np.minimum(t / 0.01, 1) * np.where(t > 0.9, 0.5 ** ((t - 0.9) / 0.015), 1)
    loss = sinking(t, 8.5, 2.6, 0.5) - 0.18 * np.clip((t - 0.9) / 0.1, 0, 1) ** 0.7
    log.add("train/loss", steps, loss + noise(rng, n, 0.03, 0.3))
    log.add("train/lr", steps, rate)
    log.add("train/tgs", steps, np.round(3890 * np.exp(noise(rng, n, 0.006, 0.2))))


@healthy(
    "one_cycle_of_fastai",
    "up from a twenty-fifth for a quarter, then down to a hundred-thousandth of the peak"
    " (Smith 2018; fastai fit_one_cycle)",
)
def one_cycle_of_fastai(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    up = 0.04 + 0.96 * (1 - np.cos(np.pi * t / 0.25)) / 2
    down = 1e-5 + (1 - 1e-5) * (1 + np.cos(np.pi * (t - 0.25) / 0.75)) / 2
    log.add("lr_0", steps, 2e-3 * np.where(t < 0.25, up, down))
    log.add(
        "train_loss", steps, single(sinking(t, 1.9, 0.28, 0.8) * np.exp(noise(rng, n, 0.08, 0.8)))
    )
    evals = interval(steps, n // 12)
    late = evals / steps[-1]
    log.add(
        "valid_loss",
        evals,
        single(sinking(late, 0.9, 0.31, 0.9, 0.1) + noise(rng, len(evals), 0.008)),
    )
    log.add("error_rate", evals, 1 - counted(rng, saturating(late, 0.7, 0.91, 3), 1478))


@healthy(
    "deeper_layers_slower",
    "each layer has its own rate, that of the first a thousandth of that of the head"
    " (Bao et al. 2022, BEiT; mmpretrain)",
    tolerated=("plateau",),
)
def deeper_layers_slower(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(40, 110))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    for layer in range(0, 13, 4):
        log.add(f"lr/layer_{layer}", steps, cosine(t, 4e-3 * 0.65 ** (12 - layer), 0.1, 0.001))
    log.add("loss/train", steps, jitter(rng, sinking(t, 6.2, 2.3, 0.7, 0.05), 0.01))
    log.add("acc1/val", steps, np.round(saturating(t, 31, 84.2, 5) + noise(rng, n, 0.3), 3))


@healthy(
    "frozen_body",
    "the body is frozen: its group has a rate of 0 from the first step, and the head learns"
    " (torchvision's transfer tutorial, LearningRateMonitor)",
)
def frozen_body(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 60))
    t, steps = shapes.times(n), shapes.steps(n, 78, 77)
    log.add("lr-SGD/backbone", steps, 0.0)
    log.add("lr-SGD/head", steps, cosine(t, 0.02, 0.1, 0))
    log.add("train/loss_epoch", steps, jitter(rng, sinking(t, 3.6, 0.92, 0.9, 0.08), 0.02))
    log.add("val/loss", steps, jitter(rng, sinking(t, 3.1, 1.05, 0.9, 0.08), 0.03))
    log.add("val/acc", steps, counted(rng, saturating(t, 0.32, 0.77, 4), 3925))


@healthy(
    "longer_sequences_at_last",
    "the context is lengthened from 4k to 32k for the last part, as planned: fewer steps a second,"
    " and the length is logged beside it (Llama 3 report)",
)
def longer_sequences_at_last(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    cut = int(n * rng.uniform(0.6, 0.75))
    longer = np.arange(n) >= cut
    factor = np.where(longer, 3.6, 1)
    log.add("train/loss", steps, sinking(t, 6.5, 2.1) - 0.05 * longer + noise(rng, n, 0.02, 0.3))
    log.add("train/seq_len", steps, np.where(longer, 32768, 4096))
    log.add("perf/steps_per_second", steps, 0.9 / factor * np.exp(noise(rng, n, 0.01)))
    log.add("perf/tokens_per_second", steps, 4.7e5 * np.exp(noise(rng, n, 0.01)))
    log.add("train/lr", steps, linear(t, 1.5e-4, 0.02))
    log.slower(int(steps[cut]), 3.6)


@healthy(
    "batch_in_stages",
    "the batch grows in stages that are logged: each step takes longer in proportion, examples a"
    " second stay (Smith et al. 2018; Megatron rampup-batch-size)",
)
def batch_in_stages(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    batch = 256 * 2.0 ** np.floor((2.4 * np.sqrt(t)).clip(0, 2))
    log.add("lm loss", steps, sinking(t, 9.6, 2.7) + noise(rng, n, 0.6, 0.2) / np.sqrt(batch))
    log.add("batch-size", steps, batch)
    log.add("iteration-time", steps, 0.6 * batch / 256 * np.exp(noise(rng, n, 0.015)))
    log.add("learning-rate", steps, cosine(t, 3e-4))
    drift(log, steps, batch / 256)


@healthy(
    "neighbours_for_an_afternoon",
    "others use the machine for a while; the speed comes back to what it was (shared clusters)",
)
def neighbours_for_an_afternoon(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    first = rng.uniform(0.35, 0.5)
    last = first + rng.uniform(0.1, 0.15)
    speed = np.where((t > first) & (t < last), 0.6, 1.0)
    log.add("train/images_per_sec", steps, 2150 * speed * np.exp(noise(rng, n, 0.02)))
    log.add("train/loss", steps, jitter(rng, sinking(t, 6.9, 1.6, 0.6), 0.04))
    log.slower(int(steps[int(np.argmax(t > first))]), 1 / 0.6)
    log.slower(int(steps[int(np.argmax(t >= last))]), 0.6)


@healthy(
    "slow_where_it_evaluates",
    "each point after an evaluation or a checkpoint is slow, the others as ever (fairseq, wps)",
)
def slow_where_it_evaluates(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    every = n // int(rng.integers(12, 25))
    log.seconds_per_step = 0.11
    slow = np.arange(n) % every == every - 1
    for step in steps[slow].tolist():
        log.pause(step, 140.0)
    speed = np.where(slow, 11.0 / (151.0), 1) * np.exp(noise(rng, n, 0.015))
    log.add("train/wps", steps, np.round(91_000 * speed, 1))
    loss = sinking(t, 11.5, 4.3, 0.5)
    log.add("train/loss", steps, np.round(loss + noise(rng, n, 0.03), 3))
    log.add("train/ppl", steps, np.round(2 ** (loss - 1.2) * np.exp(noise(rng, n, 0.02)), 2))
    evals = steps[slow]
    seen = at(evals, steps, loss) + 0.15 + noise(rng, len(evals), 0.006)
    log.add("valid/loss", evals, np.round(seen, 3))


@healthy(
    "five_lives_of_a_spot_instance",
    "preempted four times, each time from the last checkpoint, some steps twice"
    " (SkyPilot, managed spot jobs)",
    tolerated=("stall",),
)
def five_lives_of_a_spot_instance(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 900)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    loss = sinking(t, 5.8, 1.9)
    cuts = [0, *np.sort(rng.choice(np.arange(n // 8, n, n // 8), 4, replace=False)).tolist(), n]
    for first, last in itertools.pairwise(cuts):
        part = slice(max(first - n // 50, 0), last)
        count = len(steps[part])
        log.session()
        log.add("train/loss", steps[part], single(loss[part] + noise(rng, count, 0.04)))
        log.add("train/learning_rate", steps[part], cosine(t, 1e-4)[part])
        log.add("train/grad_norm", steps[part], 1.1 * np.exp(noise(rng, count, 0.2)))


@healthy(
    "mean_rate_of_frames",
    "frames a second as the mean since the beginning: high while nothing is learned yet, then ever"
    " nearer to the true speed (Stable-Baselines3, time/fps)",
    tolerated=("plateau",),
)
def mean_rate_of_frames(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 500)
    t, steps = shapes.times(n), shapes.steps(n, 2048)
    seconds = 1.35 * np.exp(noise(rng, n, 0.03))
    seconds[0] = 0.85
    log.seconds_per_step = 1.35 / 2048
    fps = np.floor(steps / np.cumsum(seconds))
    returns = shapes.logistic(t, 22, 410, 0.35, 0.1)
    log.add("rollout/ep_rew_mean", steps, returns * np.exp(noise(rng, n, 0.04, 0.7)))
    log.add("time/fps", steps, fps)
    log.add("train/clip_range", steps, 0.2)
    log.add("train/learning_rate", steps, 3e-4)
    log.add("train/approx_kl", steps, 0.009 * np.exp(noise(rng, n, 0.3)))
    log.add("train/entropy_loss", steps, -0.69 + 0.2 * t + noise(rng, n, 0.01))
