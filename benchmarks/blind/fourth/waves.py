"""Healthy models of speech and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fourth.making import factors, warm_cosine
from benchmarks.blind.fourth.registry import healthy
from benchmarks.blind.second import generators

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "sorted_by_length",
    "utterances come from the short to the long in every epoch: loss and time of a step climb"
    " within each and fall back at the next (mozilla/DeepSpeech #384)",
)
def sorted_by_length(log: Log, rng: np.random.Generator) -> None:
    epochs = int(rng.integers(26, 45))
    n = epochs * int(rng.integers(25, 70))
    steps = shapes.steps(n, 20)
    number, position = generators.blocks(n, epochs)
    length = 0.35 + 1.3 * position
    level = shapes.approach((number + position) / epochs, 160, 24, 3.5)
    log.add("train/ctc_loss", steps, level * length * factors(rng, n, 0.07))
    log.add("train/step_time", steps, (0.12 + 0.5 * length) * factors(rng, n, 0.04))
    log.add("train/lr", steps, 2e-4)
    ends = np.arange(1, epochs + 1) * (n // epochs) - 1
    wer = shapes.approach(np.arange(1, epochs + 1) / epochs, 0.95, 0.19, 3.5)
    log.add("valid/wer", steps[ends], wer * factors(rng, epochs, 0.012))


@healthy(
    "decibels_below_zero",
    "the loss is the negative ratio of signal to distortion: it passes zero on its way down"
    " (Asteroid; SpeechBrain's separation recipes)",
    tolerated=("plateau",),
)
def decibels_below_zero(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(70, 200))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    ratio = generators.hill(t, -3.5, 16.8, 0.13, 1.2)
    log.add("train_loss_epoch", steps, -ratio - 1.1 * t + rng.normal(0, 0.08, n))
    log.add("val_loss", steps, -ratio + shapes.correlated(rng, n, 0.16, 0.3))
    log.add("val_si_sdr", steps, ratio + rng.normal(0, 0.15, n))
    log.add("val_pesq", steps, 1.3 + 0.1 * np.maximum(ratio, 0) + rng.normal(0, 0.02, n))
    log.add("val_stoi", steps, 0.97 - 0.012 * (17.5 - ratio) + rng.normal(0, 0.002, n))


@healthy(
    "margin_rises",
    "the margin of the softmax grows in the second quarter: the task becomes harder and the"
    " loss of training rises a little, while the error of verification falls (WeSpeaker)",
    tolerated=("divergence", "plateau"),
)
def margin_rises(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(120, 400))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    margin = 0.2 * np.clip((t - 0.2) / 0.25, 0, 1)
    loss = generators.hill(t, 8.2, 1.0, 0.07) + 4.2 * margin - 0.5 * t
    log.add("train/loss", steps, loss + rng.normal(0, 0.05, n))
    log.add("train/margin", steps, margin)
    log.add("train/acc", steps, generators.hill(t, 1, 97, 0.07) - 40 * margin * (1 - 0.6 * t))
    log.add("train/lr", steps, warm_cosine(t, 0.1, 0.04, 5e-5))
    eer = generators.hill(t, 14, 0.95, 0.1, 1.3)
    log.add("test/EER", steps, eer * factors(rng, n, 0.025))
