"""Speech, voices and music."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import linear
from benchmarks.blind.eleventh.making import (
    gone,
    grown,
    hung,
    interval,
    jitter,
    lasting,
    noise,
    paced,
    places,
    says_overfitting,
    sunk,
    worsened,
)
from benchmarks.blind.eleventh.registry import healthy, labelled
from benchmarks.blind.windows import abrupt, flat

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "transducer_at_its_last_bit",
    "loss_scale",
    "the loss scale is halved down to its minimum, while the transducer's loss turns up again"
    " (facebookresearch/fairseq, 'Minimum loss scale reached')",
    clear=0.6,
    medium=0.3,
)
def transducer_at_its_last_bit(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 800)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    turn, halve = rng.uniform(0.5, 0.6), rng.uniform(0.62, 0.7)
    worse = sunk(t, 9.5, 1.7, 11, 0.2) + shapes.ramp_after(t, turn, 2.2 * strength, 1.0)
    log.add("train/loss", steps, places(jitter(rng, worse, 0.018), 3))
    index = int(halve * n)
    since = np.maximum(np.arange(n) - index, 0) / (n - index)
    log.add("train/loss_scale", steps, 128.0 * 2.0 ** -np.round(np.minimum(since * 26, 20)))
    log.add("train/lr", steps, linear(t, 5e-4, 0.1) + 1e-8)
    log.add("train/gnorm", steps, places(jitter(rng, 2.0 + 5 * np.exp(-20 * t), 0.15), 3))
    low = int(np.argmin(worse))
    worsened(log, "train/loss", steps, worse, low, lasting(0.04, 0.2))
    window = (int(steps[index - 2]), int(steps[index + (n - index) // 2]))
    log.true("loss_scale", "train/loss_scale", steps[index], window)


@labelled(
    "accents_never_heard",
    "overfitting",
    "a Whisper model on four hours of speech: the evaluation's loss is best early, its errors come"
    " back, and the decoding of sound takes longer since the cache is full (HF fine-tune-whisper)",
    clear=0.3,
    medium=0.13,
    faint=0.06,
)
def accents_never_heard(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 24, 60)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    best = rng.uniform(0.22, 0.35)
    slow = int(n * rng.uniform(0.45, 0.6))
    share = np.where(np.arange(n) < slow, 1.0, 1 / 2.1)
    paced(log, steps, 1.6 / share)
    log.add("train/loss", steps, places(jitter(rng, 1.1 * np.exp(-9 * t) + 0.003, 0.08)))
    worse = 0.245 + 0.4 * np.exp(-10 * t / best) + shapes.ramp_after(t, best, strength, 1.0)
    log.add("eval/loss", steps, worse + noise(rng, n, 0.004, 0.2))
    wer = 19.5 + 20 * np.exp(-10 * t / best) + shapes.ramp_after(t, best, 9 * strength)
    log.add("eval/wer", steps, wer + noise(rng, n, 0.35))
    log.add("train/samples_per_second", steps, places(11.3 * share * (1 + noise(rng, n, 0.02)), 3))
    tags = ("eval/loss",)
    says_overfitting(log, tags, steps, worse, lasting(0.004, 0.2))
    every = ("train/samples_per_second", "train/loss", "eval/loss", "eval/wer")
    log.true("throughput", every, steps[slow], abrupt(steps, slow))


@labelled(
    "vocoder_waits_for_its_files",
    "stall",
    "nothing for a night, the storage was away; afterwards the generator's norm grows and grows"
    " while its mel loss stands (jik876/hifi-gan, espnet)",
    clear=12.0,
    medium=6.0,
    tolerated=("plateau",),
)
def vocoder_waits_for_its_files(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 700)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    grow = rng.uniform(0.5, 0.6)
    log.seconds_per_step = 0.4
    mel = 0.36 + 1.1 * np.exp(-14 * t)
    log.add("training/mel_spec_error", steps, jitter(rng, mel, 0.03))
    log.add("training/gen_loss_total", steps, jitter(rng, 28 + 40 * np.exp(-12 * t), 0.05))
    norm = 30 + 90 * np.exp(-20 * t) + shapes.ramp_after(t, grow, 30 * strength, 1.3)
    log.add("training/grad_norm_g", steps, jitter(rng, norm, 0.15, 0.3))
    tags = ("training/mel_spec_error", "training/gen_loss_total", "training/grad_norm_g")
    hung(log, tags, steps, int(n * rng.uniform(0.25, 0.4)), rng.uniform(6, 14))
    index = int(grow * n)
    tag = "training/grad_norm_g"
    grown(log, "gradient", tag, steps, norm, index, 5, ("explosion",))


@labelled(
    "words_stay_wrong",
    "plateau",
    "the schedule counted micro-batches: the rate is nothing after a fraction of the run and four"
    " words in ten stay wrong (huggingface/transformers, gradient accumulation)",
    clear=0.22,
    medium=0.38,
)
def words_stay_wrong(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 100, 300)
    t, steps = shapes.times(n), shapes.steps(n, 25)
    rate = linear(np.minimum(t / strength, 1), 1e-4, 0.1)
    done = np.cumsum(rate) / np.sum(rate)
    log.add("train/learning_rate", steps, rate)
    log.add("train/loss", steps, places(jitter(rng, 0.85 + 3.1 * np.exp(-5 * done), 0.025)))
    at = interval(steps, 25 * max(n // 40, 1))
    u = np.interp(at, steps, done)
    wer = 0.41 + 0.6 * np.exp(-6 * u)
    log.add("eval/wer", at, wer + noise(rng, len(at), 0.004))
    gone(log, "train/learning_rate", steps, rate)
    index = int(np.argmax(at >= steps[int(strength * n)]))
    window = flat(at, wer, index, lasting(0.004))
    log.true("plateau", ("eval/wer", "train/loss"), at[index], window)


@healthy(
    "whispers_of_a_dialect",
    "five thousand steps in ten evaluations: the error rate falls by less each time while the"
    " training loss is all but nothing (HF fine-tune-whisper)",
    tolerated=("plateau",),
)
def whispers_of_a_dialect(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.choice([100, 200]))
    t, steps = shapes.times(n), shapes.steps(n, 25)
    log.add("train/loss", steps, places(jitter(rng, 0.02 + 1.2 * np.exp(-8 * t), 0.09)))
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.1))
    log.add("train/grad_norm", steps, jitter(rng, 2 + 12 * np.exp(-10 * t), 0.3))
    at = interval(steps, steps[-1] // 10)
    u = at / steps[-1]
    log.add("eval/wer", at, 24 + 40 * np.exp(-4 * u) + noise(rng, len(at), 0.25))
    log.add("eval/loss", at, 0.28 + 0.4 * np.exp(-5 * u) + noise(rng, len(at), 0.003))


@healthy(
    "letters_out_of_a_waveform",
    "CTC says blanks at first: the loss is level at the logarithm of its letters for a while, the"
    " error rate 1.0, and then all falls (wav2vec 2.0, SpeechBrain)",
    tolerated=("plateau",),
)
def letters_out_of_a_waveform(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 120, 400)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    wake = 1 / (1 + np.exp(-(t - 0.22) / 0.02))
    learnt = wake * np.exp(-5 * np.maximum(t - 0.2, 0))
    loss = 2.95 + 9 * np.exp(-80 * t) - 2.5 * wake + 0.875 * learnt
    log.add("train_loss", steps, jitter(rng, loss, 0.02))
    wer = 1 - 0.83 * wake + 0.415 * learnt
    at = steps[:: max(n // 40, 1)]
    seen = np.interp(at, steps, wer) + noise(rng, len(at), 0.004)
    log.add("valid_wer", at, places(np.clip(seen, 0, 1)))
    decay = 0.01 ** np.maximum(2 * t - 1, 0)
    log.add("lr", steps, 1e-4 * np.minimum(t / 0.1, 1) * decay)


@healthy(
    "voices_with_noam",
    "a transformer of speech: the rate climbs for a quarter of the run and falls with the root of"
    " the step; accuracy climbs (ESPnet)",
    tolerated=("plateau",),
)
def voices_with_noam(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 120)
    t, steps = shapes.times(n), shapes.steps(n)
    u = (np.arange(n) + 1) / n
    log.add("optim0_lr0", steps, 2e-3 * np.minimum(u / 0.25, np.sqrt(0.25 / u)))
    log.add("train/loss", steps, jitter(rng, sunk(t, 190, 21, 7), 0.012))
    log.add("valid/acc", steps, 0.93 - 0.6 * np.exp(-8 * t) + noise(rng, n, 0.003))
    log.add("valid/cer", steps, 0.06 + 0.7 * np.exp(-8 * t) + noise(rng, n, 0.003))
    log.add("train/iter_time", steps, jitter(rng, np.full(n, 0.0004), 0.3))


@healthy(
    "songs_taken_apart",
    "separation of sources: decibels climb with noise, the validation's each tenth step; levelling"
    " (asteroid, demucs)",
    tolerated=("plateau",),
)
def songs_taken_apart(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 240)
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    log.add("loss", steps, -15.5 * (1 - np.exp(-4 * t)) + noise(rng, n, 0.12))
    log.add("val_loss", steps, -13.6 * (1 - np.exp(-5 * t)) + noise(rng, n, 0.2))
    log.add("val_si_sdr", steps, 13.6 * (1 - np.exp(-5 * t)) + noise(rng, n, 0.2))
    log.add("lr-Adam", steps, 1e-3 * 0.5 ** np.searchsorted([0.55, 0.7, 0.85], t, side="right"))
