"""Ordinary training for speech and translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import batches, evaluations, fall, held_out, settle
from benchmarks.blind.fifth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "from_english_to_german",
    "fairseq: train_inner each hundred updates and an inverse square root of a rate, a validation"
    " an epoch with its BLEU",
)
def from_english_to_german(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 300, 2000)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = rng.uniform(0.2, 0.8)
    loss = fall(t, 13.6, 4.02, 0.004, 0.55) + rng.normal(0, 0.03, n)
    log.session("train_inner")
    log.add("loss", steps, loss)
    log.add("nll_loss", steps, (loss - 1.75) * 1.1)
    log.add("ppl", steps, 2 ** ((loss - 1.75) * 1.1))
    log.add("gnorm", steps, fall(t, 3.1, 0.36, 0.01, 0.7) * batches(rng, n, 0.06))
    log.add("lr", steps, 7e-4 * np.minimum((t + 1e-4) / 0.04, np.sqrt(0.04 / (t + 1e-9))))
    log.add("wps", steps, 51000 * rng.gamma(2500, 1 / 2500, n))
    log.add("clip", steps, 0.0)
    log.session("valid")
    k = int(rng.integers(15, 41))
    at = np.linspace(n // k, n - 1, k).astype(int)
    log.add("loss", steps[at], fall(t[at], 6.4, 4.05, 0.05, 0.8) + held_out(rng, k, 0.008))
    log.add("bleu", steps[at], fall(t[at], 9.0, 26.9, 0.05, 0.9) + held_out(rng, k, 0.15))
    evaluations(log, steps[at], 70)


@healthy(
    "words_heard_rightly",
    "a recogniser in NeMo: word error rates of batches of 32 jump about, the validation's falls"
    " to a tenth",
)
def words_heard_rightly(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 4000)
    t, steps = shapes.times(n), shapes.steps(n, 25, 24)
    log.seconds_per_step = rng.uniform(0.3, 1)
    log.add("train_loss", steps, fall(t, 320, 17, 0.01, 0.8) * batches(rng, n, 0.17))
    heard = np.clip(fall(t, 1.0, 0.12, 0.04, 0.9), 0, 1)
    log.add("training_batch_wer", steps, np.clip(heard * batches(rng, n, 0.2), 0, 1.05))
    log.add("learning_rate", steps, shapes.warmup_cosine(t, 1e-3, 0.06, 0.02))
    log.add("train_step_timing in s", steps, log.seconds_per_step * rng.gamma(90, 1 / 90, n))
    k = int(rng.integers(20, 61))
    at = np.linspace(n // k, n - 1, k).astype(int)
    log.add("val_wer", steps[at], fall(t[at], 0.97, 0.098, 0.04, 0.9) + held_out(rng, k, 0.004))
    log.add("val_loss", steps[at], fall(t[at], 130, 14.1, 0.04, 0.9) + held_out(rng, k, 0.5))
    evaluations(log, steps[at], 45)


@healthy(
    "voices_taken_apart",
    "a separator: the negative SI-SDR falls below -10, its improvement rises above 10 dB"
    " (Asteroid, Conv-TasNet)",
    tolerated=("plateau",),
)
def voices_taken_apart(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(60, 201))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.seconds_per_step = rng.uniform(200, 900)
    halved = np.where(t > 0.65, 0.35 * settle(np.clip((t - 0.65) / 0.35, 0, 1), 0, 1, 4), 0)
    log.add("loss", steps, fall(t, 1.5, -15.1, 0.02, 0.6) - halved + rng.normal(0, 0.08, n))
    log.add("val_loss", steps, fall(t, -2.5, -14.0, 0.02, 0.7) - halved + held_out(rng, n, 0.08))
    si_sdr = fall(t, 2.6, 14.2, 0.02, 0.7) + halved + held_out(rng, n, 0.09)
    log.add("val_si_sdr_improvement", steps, si_sdr)
