"""Speech: recognised and spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import (
    beside_the_gap,
    interval,
    jitter,
    lasting,
    learned,
    linear,
    noise,
)
from benchmarks.blind.eighth.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, gradual

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "dialect_transcribed",
    "Whisper fine-tuned: word errors in percent at every thousandth step (CoralReefFish/"
    "whisper-tiny-nbaiLab, trainer_state.json)",
    tolerated=("plateau",),
)
def dialect_transcribed(log: Log, rng: np.random.Generator) -> None:
    evals = shapes.whole(rng, 8, 40)
    steps = shapes.steps(evals * 8, 125)
    t, s = shapes.times(len(steps)), shapes.times(evals)
    seen = interval(steps, 1000)
    log.add("train/loss", steps, np.round(jitter(rng, learned(t, 2.0, 0.9, 9, 0.2), 0.006), 4))
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.08))
    log.add("eval/loss", seen, learned(s, 1.15, 0.72, 5, 0.3) + noise(rng, evals, 0.003))
    log.add("eval/wer", seen, learned(s, 61, 30, 5, 0.35) + noise(rng, evals, 0.55))
    log.add("eval/runtime", seen, np.round(jitter(rng, np.full(evals, 38.4), 0.03), 4))


@healthy(
    "letters_after_blanks",
    "CTC: only blanks for the first epochs, each word an error, then letters come (Graves 2006;"
    " wav2vec 2.0 fine-tunings)",
)
def letters_after_blanks(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 25, 60)
    t, steps = shapes.times(n), shapes.steps(n, 400)
    opens = 3.5 / n
    errors = 0.22 + 0.78 * np.exp(-5 * np.clip(t - opens, 0, None)) - 0.04 * t
    errors[:3] = 1
    log.add("train/loss", steps, np.round(jitter(rng, learned(t, 3.4, 0.25, 6, 0.12), 0.02), 4))
    log.add("eval/loss", steps, jitter(rng, learned(t, 3.1, 0.42, 6, 0.12), 0.012))
    sd = np.where(np.arange(n) < 3, 0, 0.005)
    log.add("eval/wer", steps, errors + sd * noise(rng, n, 1))
    log.add("eval/cer", steps, 0.35 * errors + 0.3 * sd * noise(rng, n, 1))
    log.add("train/learning_rate", steps, linear(t, 3e-4, 0.1))


@healthy(
    "voice_cloned",
    "text to speech: the losses of mel spectra, durations and pitch fall and level off one after"
    " the other",
    tolerated=("plateau",),
)
def voice_cloned(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    parts = (("mel", 1.5, 0.34, 9), ("duration", 0.5, 0.06, 14), ("pitch", 0.9, 0.19, 11))
    for part, (name, high, low, haste) in enumerate(parts):
        curve = learned(t, high, low, haste, 0.08)
        log.add(f"train/{name}_loss", steps, jitter(rng, curve, 0.025 + 0.01 * part))
        log.add(f"val/{name}_loss", steps, jitter(rng, 1.1 * curve, 0.015))
    log.add("train/grad_norm", steps, jitter(rng, 0.8 + 2 * np.exp(-10 * t), 0.25))
    log.add("lr", steps, 1e-3 * np.minimum(t / 0.04, np.sqrt(0.04 / np.maximum(t, 0.01))))


@labelled(
    "more_errors_at_less_loss",
    "divergence",
    "Whisper on an hour of speech: word errors rise and rise while both losses fall"
    " (huggingface/community-events #202); the notebook was cut off for a night",
    clear=26.0,
    medium=11.0,
    faint=7.0,
)
def more_errors_at_less_loss(log: Log, rng: np.random.Generator, strength: float) -> None:
    evals = shapes.whole(rng, 15, 30)
    steps = shapes.steps(evals * 4, 25)
    t, s = shapes.times(len(steps)), shapes.times(evals)
    seen = interval(steps, 100)
    begins = rng.uniform(0.2, 0.3)
    worse = 24 + 4 * np.exp(-16 * s) + shapes.ramp_after(s, begins, strength)
    onset = int(np.argmin(worse))
    log.add("train/loss", steps, np.round(jitter(rng, learned(t, 0.9, 0.1, 6), 0.05), 4))
    log.add("eval/loss", seen, learned(s, 0.52, 0.4, 5) + noise(rng, evals, 0.002))
    log.add("eval/wer", seen, worse + noise(rng, evals, 0.7))
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.1))
    window = gradual(seen, worse, onset, lasting(0.7))
    log.true("divergence", "eval/wer", seen[onset], window, also=("overfitting",))
    index = int(len(steps) * rng.uniform(0.4, 0.8))
    log.pause(int(steps[index]), rng.uniform(6, 12) * 3600)
    tags = ("train/loss", "eval/loss", "eval/wer", "train/learning_rate")
    first, last = beside_the_gap(steps, index)
    window = (max(first - 100, steps[0]), min(last + 100, steps[-1]))  # evaluations are 100 apart
    log.true("stall", tags, steps[index - 1], window)


@labelled(
    "nothing_but_nan",
    "nonfinite",
    "half precision: the scale is halved line by line, then the loss is no number any more"
    " (jumon/whisper-finetuning #13, SWivid/F5-TTS #341)",
)
def nothing_but_nan(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 250)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.4, 0.8))
    dead = np.arange(n) >= onset
    halved = int(min(20, onset // 2))
    exponent = np.clip(np.arange(n) - (onset - halved), 0, halved)
    log.add(
        "train/loss",
        steps,
        np.where(dead, np.nan, strength * jitter(rng, learned(t, 1.4, 0.3, 7), 0.06)),
    )
    log.add("train/grad_norm", steps, np.where(dead, np.nan, jitter(rng, np.full(n, 2.2), 0.3)))
    log.add("train/loss_scale", steps, 2.0 ** (16 - exponent))
    log.add("train/lr", steps, linear(t, 1e-4, 0.1))
    tags = ("train/loss", "train/grad_norm")
    log.true("nonfinite", tags, steps[onset], abrupt(steps, onset, 1))
    start = onset - halved
    window = (int(steps[max(start - 1, 0)]), int(steps[min(onset + 2, n - 1)]))
    log.true("loss_scale", "train/loss_scale", steps[start], window, also=("collapse",))
