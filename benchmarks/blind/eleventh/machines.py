"""Clocks and rates: what goes wrong around a model, and what only looks so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import cosine, from_the_start, linear
from benchmarks.blind.eleventh.making import (
    counted,
    gone,
    interval,
    jitter,
    lasting,
    noise,
    paced,
    places,
    says_overfitting,
    sunk,
)
from benchmarks.blind.eleventh.registry import healthy, labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "elastic_world_shrinks",
    "learning_rate",
    "half of the nodes are taken away: examples a second fall, and the rate, scaled by the wrong"
    " quotient, leaps (torchrun --nnodes 2:8, DeepSpeed elasticity)",
    clear=4.0,
    medium=2.0,
    tolerated=("divergence", "stall"),
)
def elastic_world_shrinks(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    index = int(n * rng.uniform(0.4, 0.65))
    late = np.arange(n) >= index
    share = np.where(late, 0.52, 1.0)
    paced(log, steps, 0.7 / share)
    log.add("lr", steps, cosine(t, 4e-4, 0.03) * np.where(late, strength, 1))
    log.add("loss", steps, sunk(t, 8.9, 2.9, 20) + noise(rng, n, 0.03))
    log.add("samples_per_second", steps, 3050 * share * (1 + noise(rng, n, 0.02)))
    log.add("world_size", steps, np.where(late, 32.0, 64.0))
    log.true("learning_rate", "lr", steps[index], abrupt(steps, index))
    tags = ("samples_per_second", "loss", "lr", "world_size")
    log.true("throughput", tags, steps[index], abrupt(steps, index, 3))


@labelled(
    "head_alone_goes_on",
    "learning_rate",
    "one group's rate falls to nought in the middle, a mistake in a lambda; the head alone learns"
    " the training set by heart (torch LambdaLR with two groups)",
    clear=0.5,
    medium=0.25,
    faint=0.12,
    tolerated=("divergence", "plateau"),
)
def head_alone_goes_on(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 40, 120)
    t, steps = shapes.times(n), shapes.steps(n)
    index = int(n * rng.uniform(0.35, 0.5))
    best = t[index]
    log.seconds_per_step = 27.0
    log.add("lr-Adam/pg1", steps, np.where(np.arange(n) < index, 1e-4, 0.0))
    log.add("lr-Adam/pg2", steps, 1e-3)
    log.add("train_loss", steps, jitter(rng, sunk(t, 1.9, 0.1, 6), 0.04))
    worse = 0.8 + 1.1 * np.exp(-7 * t / best) + shapes.ramp_after(t, best, strength, 1.05)
    log.add("val_loss", steps, worse + noise(rng, n, 0.018, 0.2))
    log.add("val_acc", steps, counted(rng, 0.77 - 0.4 * np.exp(-7 * t / best), 3000))
    log.true("learning_rate", "lr-Adam/pg1", steps[index], abrupt(steps, index))
    says_overfitting(log, "val_loss", steps, worse, lasting(0.018, 0.2))


@labelled(
    "scheduler_in_both_loops",
    "learning_rate",
    "the scheduler is stepped in the batch loop and in the epoch loop: the rate melts to a"
    " billionth within a third of the run (Lightning, interval='step' by mistake)",
    clear=0.3,
    medium=0.5,
    tolerated=("plateau",),
)
def scheduler_in_both_loops(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    rate = 1e-3 * np.exp(-t / strength * np.log(1e9))
    done = np.cumsum(rate) / np.sum(rate)
    log.add("lr-AdamW", steps, rate)
    log.add("train_loss", steps, jitter(rng, 1.35 + 2.2 * np.exp(-4.5 * done), 0.03))
    gone(log, "lr-AdamW", steps, rate)


@labelled(
    "comma_instead_of_point",
    "learning_rate",
    "the rate is set by hand in the middle of the run, two decimals too high; the loss leaps up and"
    " stays (student project, set_lr)",
    clear=100.0,
    medium=20.0,
)
def comma_instead_of_point(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n)
    index = int(n * rng.uniform(0.5, 0.75))
    late = np.arange(n) >= index
    log.seconds_per_step = 12.0
    log.add("learning rate", steps, np.where(late, 1e-4 * strength, 1e-4))
    loss = sunk(t, 2.3, 0.45, 6) + late * (0.25 * np.log(strength))
    log.add("training loss", steps, places(jitter(rng, loss, 0.03), 3))
    log.add("test accuracy", steps, 100 * counted(rng, 0.98 - 0.28 * loss, 2000))
    log.true("learning_rate", "learning rate", steps[index], abrupt(steps, index))
    tags = ("training loss", "test accuracy")
    log.true("divergence", tags, steps[index], abrupt(steps, index), also=("collapse",))


@labelled(
    "nought_in_the_configuration",
    "learning_rate",
    "the rate is nought from the first line to the last, and the loss where it began (a YAML that"
    " reads 1e-4 as text and falls back)",
    plain=1.0,
    tolerated=("plateau", "gradient"),
)
def nought_in_the_configuration(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 300)
    steps = shapes.steps(n, 10)
    log.add("train/learning_rate", steps, 0.0)
    log.add("train/loss", steps, places(jitter(rng, np.full(n, 2.71 * strength), 0.03)))
    log.add("train/grad_norm", steps, jitter(rng, np.full(n, 3.9), 0.15))
    log.true("learning_rate", "train/learning_rate", steps[0], from_the_start(steps))


@labelled(
    "peak_again_after_eviction",
    "learning_rate",
    "the scheduler's state was not saved: after the eviction the cosine begins again at its peak,"
    " the loss climbs back half of the way and falls as before (accelerate, load_state)",
    clear=0.75,
    medium=0.6,
    tolerated=("divergence", "spike"),
)
def peak_again_after_eviction(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    index = int(strength * n)
    rate = cosine(t, 3e-4, 0.002, 0.0)
    rate = np.where(np.arange(n) < index, rate, rate[np.maximum(np.arange(n) - index, 0)])
    loss = sunk(t, 4.8, 1.5, 12) + 0.5 * rate / 3e-4 * np.minimum(t / 0.1, 1)
    loss = loss + noise(rng, n, 0.03)
    for where in (slice(None, index), slice(index, None)):
        log.session()
        log.add("train_loss", steps[where], loss[where])
        log.add("lr", steps[where], rate[where])
    log.true("learning_rate", "lr", steps[index], abrupt(steps, index))


@labelled(
    "counted_once_more_at_the_resume",
    "learning_rate",
    "taken up again, the schedule counts the steps twice: the rate falls to a twentieth at once;"
    " the other node is slower, too (Megatron-LM, override-opt_param-scheduler)",
    clear=0.05,
    medium=0.15,
    tolerated=("plateau",),
)
def counted_once_more_at_the_resume(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    index = int(n * rng.uniform(0.35, 0.55))
    late = np.arange(n) >= index
    share = np.where(late, 0.6, 1.0)
    paced(log, steps, 1.1 / share)
    rate = cosine(t, 2e-4, 0.05, 0.2) * np.where(late, strength, 1.0)
    loss = sunk(np.cumsum(rate) / np.sum(rate), 9.8, 2.8, 12) + noise(rng, n, 0.03)
    speed = 118 * share * (1 + noise(rng, n, 0.02))
    for where in (slice(None, index), slice(index, None)):
        log.session()
        log.add("loss", steps[where], loss[where])
        log.add("learning_rate", steps[where], rate[where])
        log.add("throughput/tflops", steps[where], speed[where])
    log.true("learning_rate", "learning_rate", steps[index], abrupt(steps, index))
    tags = ("throughput/tflops", "loss", "learning_rate")
    log.true("throughput", tags, steps[index], abrupt(steps, index, 3))


@healthy(
    "a_tenth_of_the_run_to_warm_up",
    "the rate starts at exactly 0, climbs for a tenth, and falls to 0 in the very last line"
    " (Hugging Face linear schedule)",
    tolerated=("plateau",),
)
def a_tenth_of_the_run_to_warm_up(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 400)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.add("train/learning_rate", steps, linear(t, 5e-5, 0.1))
    log.add("train/loss", steps, places(jitter(rng, sunk(t, 3.1, 1.55, 8), 0.04)))
    log.add("train/grad_norm", steps, jitter(rng, 1.4 + 5 * np.exp(-12 * t), 0.2))


@healthy(
    "neighbours_until_the_morning",
    "a shared machine: for three spells the steps take longer and then they do not (Slurm without"
    " exclusive nodes)",
    tolerated=("plateau",),
)
def neighbours_until_the_morning(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 800)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    slow = np.zeros(n)
    for start in (0.15, 0.38, 0.62):
        slow[(t > start) & (t < start + rng.uniform(0.05, 0.1))] = rng.uniform(0.2, 0.45)
    paced(log, steps, 0.4 / (1 - slow))
    log.add("train/images_per_sec", steps, 880 * (1 - slow) * (1 + noise(rng, n, 0.02)))
    log.add("train/loss", steps, jitter(rng, sunk(t, 6.9, 2.1, 10), 0.02))
    log.add("train/lr", steps, cosine(t, 0.5, 0.04, 0.0))


@healthy(
    "minutes_for_each_evaluation",
    "each five hundred steps an evaluation of minutes, as long each time; speed is logged over the"
    " training steps alone (Hugging Face Trainer)",
    tolerated=("plateau",),
)
def minutes_for_each_evaluation(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 400)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    paced(log, steps, np.full(n, 0.5))
    at = interval(steps, 500)
    for step in at[at < steps[-1]].tolist():
        log.pause(step + 25, 210 * (1 + 0.05 * rng.normal()))
    log.add("train/loss", steps, places(jitter(rng, sunk(t, 2.4, 1.2, 8), 0.05)))
    log.add("train/steps_per_second", steps, places(2.0 * (1 + noise(rng, n, 0.015)), 3))
    log.add("eval/loss", at, sunk(at / steps[-1], 2.2, 1.27, 8) + noise(rng, len(at), 0.006))
    log.add("eval/runtime", at, places(jitter(rng, np.full(len(at), 209.0), 0.01)))


@healthy(
    "cosine_begun_again_as_planned",
    "cycles of growing length with the rate logged from the first step: the loss swells at each and"
    " ends lower (SGDR, T_mult=2)",
    tolerated=("plateau",),
)
def cosine_begun_again_as_planned(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 450)
    t, steps = shapes.times(n), shapes.steps(n)
    ends = np.array([1, 3, 7, 15]) / 15
    number = np.minimum(np.searchsorted(ends, t, side="right"), 3)
    begin = np.array([0, 1, 3, 7])[number] / 15
    within = (t - begin) / (np.array([1, 2, 4, 8])[number] / 15)
    rate = 0.05 * (1 + np.cos(np.pi * np.clip(within, 0, 1))) / 2 + 1e-5
    log.add("lr", steps, rate)
    loss = sunk(t, 2.2, 0.55, 9) + 0.25 * (rate / 0.05)
    log.add("train/loss", steps, jitter(rng, loss, 0.02))
    log.add("test/acc", steps, counted(rng, 0.97 - 0.2 * loss, 10_000))


@healthy(
    "sequences_of_growing_length",
    "a logged curriculum of lengths: each stage's steps take longer, the loss falls on"
    " (Shortformer, DeepSpeed curriculum)",
)
def sequences_of_growing_length(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 250, 800)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    stage = np.searchsorted([0.25, 0.5, 0.75], t, side="right")
    paced(log, steps, 0.25 * 1.9**stage)
    log.add("seqlen", steps, 256.0 * 2**stage)
    log.add("step_time", steps, jitter(rng, 0.25 * 1.9**stage, 0.02))
    log.add("tokens_per_second", steps, 524_000 * 1.05**stage * (1 + noise(rng, n, 0.02)))
    log.add("train/loss", steps, shapes.power_law(t, 10, 2.9, 0.4) + noise(rng, n, 0.03))
    log.add("train/lr", steps, cosine(t, 6e-4, 0.04))


@healthy(
    "first_lines_of_a_compiler",
    "the first steps take a minute for the compiler, a change of shape once more, then all are"
    " alike (torch.compile)",
    tolerated=("plateau", "spike"),
)
def first_lines_of_a_compiler(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 150, 600)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    seconds = np.full(n, 0.62)
    seconds[0], seconds[1] = 71.0, 19.0
    seconds[n // 9] = 24.0
    paced(log, steps, seconds)
    log.add("step_time", steps, jitter(rng, seconds, 0.015))
    log.add("loss", steps, sunk(t, 10.4, 4.3, 14) + noise(rng, n, 0.04))
    log.add("lr", steps, np.minimum((np.arange(n) + 1) / 100, 1) * 3e-4)


@healthy(
    "homework_in_fifteen_epochs",
    "a student's first network: fifteen epochs, four digits, accuracy nears 0.99 (PyTorch"
    " tutorial)",
    tolerated=("plateau",),
)
def homework_in_fifteen_epochs(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(10, 20))
    t, steps = shapes.times(n), shapes.steps(n)
    log.add("Loss/train", steps, places(jitter(rng, 0.03 + 0.45 * np.exp(-6 * t), 0.04)))
    log.add("Loss/test", steps, places(0.042 + 0.12 * np.exp(-6 * t) + noise(rng, n, 0.002)))
    log.add("Accuracy/test", steps, counted(rng, 0.9875 - 0.03 * np.exp(-6 * t), 10_000))
