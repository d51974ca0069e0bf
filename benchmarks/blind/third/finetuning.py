"""Healthy runs of models that go on from others', on language and speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.third.making import batches, cosine, counted, evaluations, factor
from benchmarks.blind.third.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "adapter_in_an_afternoon",
    "LoRA by the Trainer of Hugging Face: 60 to 160 noisy points, batches of very unlike texts, a"
    " rate that ends at zero, six evaluations",
    tolerated=("plateau",),
)
def adapter_in_an_afternoon(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 160)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = 1.02 + 0.55 * np.exp(-t / 0.08) - 0.09 * t
    log.add("train/loss", steps, loss * factor(rng, n, 0.09, 0.0, 0.02))
    log.add("train/grad_norm", steps, (0.35 + 0.3 * t) * factor(rng, n, 0.35))
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 2e-4, 0.03))
    log.add("train/epoch", steps, np.round(2 * t, 2))
    rare = steps[n // 6 - 1 :: n // 6]
    log.add("eval/loss", rare, 1.06 + 0.12 * np.exp(-np.arange(len(rare)) / 1.5))
    evaluations(log, rare, 60)


@healthy(
    "error_rate_falls_as_loss_rises",
    "fine-tuned Whisper: the loss of the evaluation creeps up since the model is surer of itself,"
    " the word error rate still falls (SeanNaren/deepspeech.pytorch #78)",
    tolerated=("overfitting",),
)
def error_rate_falls_as_loss_rises(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 400)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.add("train/loss", steps, (1.1 * np.exp(-t / 0.1) + 0.0008) * factor(rng, n, 0.3))
    log.add("train/learning_rate", steps, shapes.warmup_linear(t, 1e-5, 0.1))
    rare = steps[n // 16 - 1 :: n // 16]
    u = np.linspace(0, 1, len(rare))
    rise = 0.24 + 0.25 * np.exp(-u / 0.07) + 0.07 * u
    log.add("eval/loss", rare, rise * factor(rng, len(rare), 0.01))
    wer = 21 + 16 * np.exp(-u / 0.25) - 1.5 * u
    log.add("eval/wer", rare, wer + batches(rng, len(rare), 0.25))
    evaluations(log, rare, 400)


@healthy(
    "one_batch_by_heart",
    "the usual test of a new model, one batch over and over: the loss falls by six decades, as it"
    " should, ever more slowly",
)
def one_batch_by_heart(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    decades = -6.2 * t**0.55 + batches(rng, n, 0.05, 0.8)
    log.add("train_loss_step", steps, 2.3 * 10**decades)
    log.add("train_acc_step", steps, np.minimum(np.floor((0.1 + 6 * t) * 32) / 32, 1))


@healthy(
    "judges_of_preference",
    "a reward model: accuracy of 200 pairs an evaluation, between 0.6 and 0.72, where one flips"
    " the next by three points",
    tolerated=("plateau",),
)
def judges_of_preference(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 20, 70)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.add("eval/accuracy", steps, counted(rng, shapes.approach(t, 0.56, 0.705, 3), 200))
    log.add("eval/loss", steps, shapes.approach(t, 0.69, 0.575, 2.6) + batches(rng, n, 0.012))
    often = shapes.steps(10 * n, 10)
    u = shapes.times(10 * n)
    log.add("train/loss", often, shapes.approach(u, 0.7, 0.52, 2.2) + batches(rng, 10 * n, 0.06))
    log.add("train/learning_rate", often, cosine(u, 9e-6, 0.05, 0))


@healthy(
    "ten_evaluations",
    "ten evaluations of an accuracy that rises with one that is lower between: what a glance at"
    " GLUE's fine-tuning shows",
    tolerated=("plateau",),
)
def ten_evaluations(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(9, 13))
    t, steps = shapes.times(n), shapes.steps(n, 200)
    log.add("eval/accuracy", steps, counted(rng, shapes.approach(t, 0.79, 0.905, 3), 872))
    log.add("eval/loss", steps, shapes.approach(t, 0.47, 0.29, 2.5) + batches(rng, n, 0.008))
    log.add("eval/samples_per_second", steps, 412 * factor(rng, n, 0.02))
