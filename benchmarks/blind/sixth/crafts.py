"""Healthy runs on sound, and of what makes pictures and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "dialect_in_five_thousand_steps",
    "a large recogniser is fine-tuned: word error rates of a handful of evaluations fall, the loss"
    " falls fast (Hugging Face's recipe for Whisper)",
    tolerated=("plateau",),
)
def dialect_in_five_thousand_steps(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.integers(5, 13))
    t, evals = shapes.times(n), shapes.steps(n, 500)
    wer = making.descent(t, rng.uniform(30, 38), rng.uniform(19, 24), 0.25 * pace, 0.7)
    log.add("eval/wer", evals, wer + rng.normal(0, 0.12, n))
    log.add(
        "eval/loss",
        evals,
        making.descent(t, 0.42, 0.29, 0.25 * pace, 0.7) + rng.normal(0, 0.001, n),
    )
    steps = shapes.steps(n * 20, 25)
    s = shapes.times(n * 20)
    log.add(
        "train/loss",
        steps,
        making.descent(s, 0.95, 0.16, 0.05 * pace) * making.batch_factors(rng, n * 20, 0.08),
    )
    log.add("train/learning_rate", steps, shapes.warmup_linear(s, 1e-5, 0.1))
    making.waits(log, evals, 900)


@healthy(
    "broadcasts_by_conformer",
    "a recogniser from scratch: the error rate of one batch is anything, that of the held-out hours"
    " falls from all wrong (NVIDIA NeMo, its tags)",
)
def broadcasts_by_conformer(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 200, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 100, 99)
    loss = making.descent(t, 320, 14, 0.035 * pace, 0.92)
    log.add("train_loss", steps, loss * making.batch_factors(rng, n, 0.16))
    share = np.clip(1.02 * (loss / 320) ** 0.6, 0, 1)
    log.add("training_batch_wer", steps, np.clip(share + rng.normal(0, 0.05, n), 0.01, 1))
    rate = 2e-3 * np.minimum(t / 0.06, (0.06 / np.maximum(t, 1e-4)) ** 0.5)
    log.add("learning_rate", steps, rate)
    log.add("train_step_timing", steps, 0.62 * np.exp(rng.normal(0, 0.05, n)))
    at = np.arange(n // 25, n, n // 25)
    log.add("val_loss", steps[at], 0.9 * loss[at] + 6 + rng.normal(0, 0.3, len(at)))
    log.add("val_wer", steps[at], share[at] + 0.01 + rng.normal(0, 0.0015, len(at)))
    making.waits(log, steps[at], 150)


@healthy(
    "speaker_and_two_critics",
    "of the losses of a voice, that of its spectrum falls; those of the game between generator and"
    " critics stand where they are balanced (coqui-ai/TTS, its tags)",
    tolerated=("plateau",),
)
def speaker_and_two_critics(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 200, 3000)
    t, steps = shapes.times(n), shapes.steps(n, 250)
    tags = "TrainIterStats"
    game = shapes.correlated(rng, n, 0.05, 0.9)
    log.add(f"{tags}/loss_disc", steps, 2.45 + game + rng.normal(0, 0.1, n))
    log.add(f"{tags}/loss_gen", steps, 2.2 - game + rng.normal(0, 0.12, n))
    log.add(f"{tags}/loss_feat", steps, 1.3 + 1.8 * (1 - np.exp(-5 * t)) + rng.normal(0, 0.15, n))
    mel = making.descent(t, 46, 19, 0.05 * pace, 0.7)
    log.add(f"{tags}/loss_mel", steps, mel * making.batch_factors(rng, n, 0.04))
    log.add(
        f"{tags}/loss_duration",
        steps,
        making.descent(t, 2.4, 1.4, 0.05 * pace) + rng.normal(0, 0.06, n),
    )
    log.add(f"{tags}/current_lr_0", steps, 2e-4 * 0.9 ** (4 * t))


@healthy(
    "noise_out_of_flowers",
    "the loss of a batch is mostly the luck of its time steps, and all that can be seen in it"
    " after the first hour is noise; the distance to real pictures falls"
    " (lucidrains/denoising-diffusion-pytorch)",
    tolerated=("plateau",),
)
def noise_out_of_flowers(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 1000, 10000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = making.descent(t, 0.45, 0.031, 0.008 * pace, 0.97)
    log.add("loss", steps, loss * making.batch_factors(rng, n, 0.28))
    at = np.arange(n // 10 - 1, n, n // 10)
    log.add(
        "fid",
        steps[at],
        making.descent(t[at], 95, 11, 0.12 * pace, 0.75) + rng.normal(0, 0.4, len(at)),
    )
    log.add(
        "ema_decay", steps, np.minimum(0.9999, (1 + np.arange(n) * 10) / (10 + np.arange(n) * 10))
    )
    making.waits(log, steps[at], 1500)


@healthy(
    "my_dog_in_twenty_pictures",
    "the adapter of a diffusion model on a few pictures: its loss is noise about a level, and the"
    " mean over the last epoch hardly sinks (kohya-ss/sd-scripts, its tags)",
    tolerated=("plateau",),
)
def my_dog_in_twenty_pictures(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(800, 3000))
    t, steps = shapes.times(n), shapes.steps(n, 1, 1)
    log.seconds_per_step = 1.4
    loss = (0.105 - 0.015 * t) * rng.gamma(4, 0.25, n)
    log.add("loss/current", steps, loss)
    log.add("loss/average", steps, shapes.moving_mean(loss, 200))
    log.add("lr/unet", steps, making.cosine(t, 1e-4, 0.05))
    log.add("lr/textencoder", steps, making.cosine(t, 5e-5, 0.05))
