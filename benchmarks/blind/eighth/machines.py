"""Precision, sessions and machines, and small projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import beside_the_gap, jitter, learned, linear, noise
from benchmarks.blind.eighth.registry import healthy, labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "scaler_at_work",
    "mixed precision as it should be: the scale is halved twice in the beginning and now and then"
    " later, and doubled in between",
)
def scaler_at_work(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    exponent = np.empty(n, int)
    now = 16
    for i in range(n):
        now += -1 if i in (0, 1) or (now > 15 and rng.random() < 0.2) else int(i % 20 == 19)
        exponent[i] = now
    log.add("train/loss", steps, jitter(rng, learned(t, 7.5, 3.3, 7), 0.012))
    log.add("amp/scale", steps, 2.0**exponent)
    log.add("train/lr", steps, linear(t, 5e-4, 0.06))
    log.add("train/grad_norm", steps, jitter(rng, 0.9 + 2 * np.exp(-15 * t), 0.2))


@healthy(
    "sentences_translated",
    "machine translation: BLEU on a thousand sentences wavers by half a point on its way up",
    tolerated=("plateau",),
)
def sentences_translated(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 15, 50)
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 500.0
    log.add("train/loss", steps, np.round(jitter(rng, learned(t, 6.1, 3.7, 8), 0.004), 3))
    log.add(
        "valid/nll_loss", steps, np.round(learned(t, 5.0, 2.35, 9, 0.12) + noise(rng, n, 0.008), 3)
    )
    log.add(
        "valid/ppl",
        steps,
        np.round(2 ** (learned(t, 5.0, 2.35, 9, 0.12) + noise(rng, n, 0.008)), 2),
    )
    log.add("valid/bleu", steps, np.round(learned(t, 4, 27.4, 8, 0.12) + noise(rng, n, 0.3), 2))
    log.add("train/gnorm", steps, np.round(jitter(rng, np.full(n, 0.74), 0.04), 3))


@healthy(
    "equation_as_a_loss",
    "a network informed by physics: losses over four decades with noise of a third, errors with"
    " them",
    tolerated=("plateau",),
)
def equation_as_a_loss(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 100, 0)
    fall = 10 ** (-3.6 * (1 - np.exp(-2.2 * t)))
    for name, level in (("loss", 1.8), ("loss_pde", 1.0), ("loss_bc", 0.6)):
        log.add(name, steps, level * jitter(rng, fall, 0.28, 0.3))
    log.add("rel_l2_error", steps, 0.8 * jitter(rng, np.sqrt(fall), 0.05))
    log.add("lr", steps, 1e-3 * 0.9 ** np.floor(20 * t))


@healthy(
    "eight_epochs_of_pets",
    "a first lesson: eight or ten epochs, two losses and an error rate in six digits (fastai)",
    tolerated=("plateau",),
)
def eight_epochs_of_pets(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(8, 13))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = 62.0
    error = 0.055 + 0.05 * np.exp(-4 * t)
    log.add("train_loss", steps, np.round(jitter(rng, 0.13 + 0.75 * np.exp(-4 * t), 0.02), 6))
    log.add("valid_loss", steps, np.round(jitter(rng, 0.18 + 0.16 * np.exp(-4 * t), 0.035), 6))
    log.add("error_rate", steps, np.round(np.round(1478 * jitter(rng, error, 0.03)) / 1478, 6))


@labelled(
    "halved_to_one",
    "loss_scale",
    "DeepSpeed in fp16: overflow at every step, the scale is halved to its least value and stays"
    " there; the loss stands (microsoft/DeepSpeed's 'Current loss scale already at minimum')",
    tolerated=("plateau",),
)
def halved_to_one(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 200)
    steps = shapes.steps(n, 1)
    onset = int(n * rng.uniform(0.25, 0.5))
    fallen = np.clip(np.arange(n) - onset + 1, 0, 16)
    curve = learned(np.minimum(np.arange(n), onset) / n, 2.2, 1.2, 8)
    log.add("Train/Samples/train_loss", steps, jitter(rng, curve, 0.03 * strength))
    log.add("Train/Samples/loss_scale", steps, 2.0 ** (16 - fallen))
    log.add("Train/Samples/lr", steps, np.full(n, 2e-5))
    window = (steps[onset - 1], steps[min(onset + 16, n - 1)])
    log.true("loss_scale", "Train/Samples/loss_scale", steps[onset], window, also=("collapse",))


@labelled(
    "scale_of_nought",
    "loss_scale",
    "faces recognised in fp16: the scale falls to 0 and the loss is NaN with it"
    " (deepinsight/insightface #2262)",
)
def scale_of_nought(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 50, 200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.2, 0.7))
    dead = np.arange(n) >= onset
    log.add(
        "loss", steps, np.where(dead, np.nan, strength * jitter(rng, learned(t, 41, 9, 6), 0.02))
    )
    log.add("fp16_grad_scale", steps, np.where(dead, 0, 2.0 ** (13 + np.arange(n) // 40 % 3)))
    log.add("learning_rate", steps, 0.1 * (1 - t) ** 2)
    log.add("speed", steps, np.round(jitter(rng, np.full(n, 2178), 0.004), 2))
    window = abrupt(steps, onset, 2)
    log.true("loss_scale", "fp16_grad_scale", steps[onset], window, also=("collapse",))
    log.true("nonfinite", "loss", steps[onset], abrupt(steps, onset, 1))


@labelled(
    "scale_sinks_and_a_hang",
    "loss_scale",
    "Megatron in fp16: after a node hung for hours the scale sinks step by step to one, and no"
    " update comes through (its tags; OPT-175B's logbook)",
    tolerated=("plateau", "throughput"),
)
def scale_sinks_and_a_hang(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 250)
    steps = shapes.steps(n, 10)
    log.seconds_per_step = 5.0
    hang = int(n * rng.uniform(0.3, 0.45))
    onset = int(n * rng.uniform(0.6, 0.75))
    fallen = np.clip((np.arange(n) - onset + 2) // 2, 0, 17)
    curve = shapes.power_law(np.minimum(np.arange(n), onset) / n, 10.9, 2.9, 0.4)
    log.add("lm-loss", steps, jitter(rng, curve, 0.008 * strength))
    log.add("loss-scale", steps, 2.0 ** (17 - fallen))
    log.add("learning-rate", steps, np.full(n, 1.5e-4))
    log.add("iteration-time", steps, np.round(jitter(rng, np.full(n, 5.02), 0.01), 3))
    window = (steps[onset - 1], steps[min(onset + 34, n - 1)])
    log.true("loss_scale", "loss-scale", steps[onset], window, also=("collapse",))
    log.pause(int(steps[hang]), rng.uniform(2, 6) * 3600)
    tags = ("lm-loss", "loss-scale", "learning-rate", "iteration-time")
    log.true("stall", tags, steps[hang - 1], beside_the_gap(steps, hang))


@labelled(
    "hung_and_then_slow",
    "throughput",
    "nothing for some hours, then on at a fraction of the speed, with a worker less",
    clear=0.45,
    medium=0.75,
    faint=0.88,
    tolerated=("plateau",),
)
def hung_and_then_slow(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 250)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    log.seconds_per_step = 0.4
    index = int(n * rng.uniform(0.4, 0.7))
    speed = np.where(np.arange(n) < index, 640, 640 * strength)
    log.add("train/loss", steps, jitter(rng, learned(t, 4.6, 1.9, 6), 0.02))
    log.add("train/images_per_sec", steps, np.round(jitter(rng, speed, 0.02), 1))
    log.add("train/lr", steps, linear(t, 1e-3))
    log.slower(int(steps[index]), 1 / strength)
    log.pause(int(steps[index]), rng.uniform(2, 8) * 3600)
    window = abrupt(steps, index, 2)
    log.true("throughput", "train/images_per_sec", steps[index], window)
    tags = ("train/loss", "train/images_per_sec", "train/lr")
    log.true("stall", tags, steps[index - 1], beside_the_gap(steps, index))
