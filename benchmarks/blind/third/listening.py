"""Healthy runs on speech and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, bump, evaluations, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "attention_aligns_late",
    "ESPnet: for a while nothing but the frequencies of words is learnt, then attention aligns and"
    " the loss falls to a third within some epochs; the rate is Noam's",
)
def attention_aligns_late(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 50, 150)
    t, steps = shapes.times(n), shapes.steps(n, 1)
    aligned = shapes.logistic(t, 0, 1, 0.2, 0.025)
    loss = 135 - 98 * aligned - 22 * np.sqrt(t) + 90 * np.exp(-t / 0.02)
    log.add("train/loss_att", steps, loss * factor(rng, n, 0.012))
    log.add("valid/loss_att", steps, (loss + 3) * factor(rng, n, 0.01))
    accuracy = 0.28 + 0.5 * aligned + 0.15 * np.sqrt(t)
    log.add("valid/acc", steps, accuracy + batches(rng, n, 0.003))
    log.add("valid/cer", steps, 0.95 - 0.72 * aligned - 0.14 * np.sqrt(t) + batches(rng, n, 0.006))
    log.add(
        "train/optim0_lr0",
        steps,
        2e-3 * np.minimum((t + 0.005) / 0.12, (0.12 / (t + 0.005)) ** 0.5),
    )


@healthy(
    "codes_before_words",
    "wav2vec 2.0 in fairseq: the loss falls, is flat, and falls again, the temperature of the"
    " codes goes from 2 to 0.5, their perplexity rises, the loss scale halves and doubles",
    tolerated=("plateau",),
)
def codes_before_words(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 500, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    loss = 6.65 - 1.1 * (1 - np.exp(-t / 0.01)) - 2.3 * shapes.logistic(t, 0, 1, 0.12, 0.025)
    log.add("train_inner/loss", steps, loss - 0.8 * t**0.6 + batches(rng, n, 0.05, 0.2))
    codes = 25 + 560 * shapes.logistic(t, 0, 1, 0.16, 0.05)
    log.add("train_inner/code_perplexity", steps, codes * factor(rng, n, 0.02, 0.6))
    log.add("train_inner/temp", steps, np.maximum(2 * 0.25 ** (t / 0.8), 0.5))
    log.add("train_inner/gnorm", steps, (0.5 + 1.5 * np.exp(-t / 0.02)) * factor(rng, n, 0.2))
    exponent = 3 + np.round(batches(rng, n, 0.7, 0.97))
    log.add("train_inner/loss_scale", steps, 2.0**exponent)


@healthy(
    "blanks_first",
    "CTC: at first nothing but blanks is said and the error rate is exactly one, then words are"
    " made up and it is more than one, then it falls (NVIDIA-NeMo/Speech #8485, before its"
    " collapse)",
    tolerated=("plateau",),
)
def blanks_first(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 30, 100)
    t, steps = shapes.times(n), shapes.steps(n, 1500)
    learnt = shapes.logistic(t, 0, 1, 0.25, 0.05)
    rate = 1.0 + 0.09 * np.exp(-(((t - 0.17) / 0.03) ** 2)) - 0.72 * learnt - 0.12 * t
    rate = np.where(t < 0.1, 1.0, rate + batches(rng, n, 0.006))
    log.add("val_wer", steps, rate)
    loss = 290 * np.exp(-t / 0.02) + 130 - 95 * learnt - 15 * t
    log.add("val_loss", steps, loss * factor(rng, n, 0.015))
    often = shapes.steps(30 * n, 50)
    seen = np.interp(often, steps, loss)
    log.add("train_loss", often, seen * factor(rng, 30 * n, 0.14, 0.2))
    evaluations(log, steps, 200)


@healthy(
    "two_frames_for_four",
    "Tacotron, gradual training: at two times fewer frames are made at once, which is harder, and"
    " the loss jumps by a quarter and is soon below what it was (mozilla/TTS)",
    tolerated=("plateau",),
)
def two_frames_for_four(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    loss = 0.34 + 0.7 * (1 + t / 0.01) ** -0.7 - 0.06 * t
    for at in (0.25, 0.55):
        loss = loss + bump(t, at, 0.11, 0.012) - 0.025 * (t >= at)
    log.add("TrainIterStats/avg_postnet_loss", steps, loss * factor(rng, n, 0.045, 0.2))
    reduction = 6 - 2 * (t >= 0.25) - 2.0 * (t >= 0.55)
    log.add("TrainIterStats/r", steps, reduction)
    log.add(
        "TrainIterStats/grad_norm", steps, (0.25 + bump(t, 0.0, 2.0, 0.02)) * factor(rng, n, 0.4)
    )
    log.add(
        "TrainEpochStats/align_error",
        steps,
        0.55 * np.exp(-t / 0.08) + 0.12 + batches(rng, n, 0.012),
    )


@healthy(
    "decibels_of_separation",
    "separated voices: the loss is the negative of SI-SDR, from +3 through zero to -15 dB; the"
    " validation's is above it by two",
    tolerated=("plateau",),
)
def decibels_of_separation(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 200)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    curve = shapes.approach(t, -3.0, 15.3, 3)
    log.add("loss/train", steps, -curve + batches(rng, n, 0.12))
    log.add("loss/valid", steps, -(0.88 * curve) + batches(rng, n, 0.16))
    log.add("valid/si_sdr", steps, 0.88 * curve + batches(rng, n, 0.16))
    log.add("valid/pesq", steps, 1.2 + 0.13 * (curve + 3) + batches(rng, n, 0.02))
