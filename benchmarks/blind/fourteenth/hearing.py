"""Speech and sound: ESPnet, fairseq, NeMo, VITS, SpeechBrain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, linear, turned
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, turns
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import approach, logistic, ramp_after, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    every,
    from_the_start,
    grows,
    jumps,
    levels,
    overfits,
    scaler,
    spikes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


def noam(t: Array, warmup: float) -> Array:
    """The inverse square root after a linear warm-up, from its peak of 1."""
    return np.minimum(t / warmup, np.sqrt(warmup / np.maximum(t, warmup)))


def fairseq(
    log: Log, rng: np.random.Generator, steps: Steps, loss: Array, norm: Array, clipped: Array
) -> None:
    """What fairseq logs of training, but for the loss scale."""
    near(log, rng, "train_inner/loss", steps, loss, 0.015)
    near(log, rng, "train_inner/ppl", steps, 2**loss, 0.03)
    near(log, rng, "train_inner/gnorm", steps, norm, 0.12)
    log.add("train_inner/clip", steps, np.round(100 * clipped))
    near(log, rng, "train_inner/wps", steps, 91000, 0.02)
    near(log, rng, "train_inner/ups", steps, 2.6, 0.02)
    log.add("train_inner/lr", steps, 7e-4 * noam(times(len(steps)), 0.04))


def espnet(log: Log, rng: np.random.Generator, epochs: Steps, seen: Array, held: Array) -> None:
    """What ESPnet2 writes for both sides; losses and shares that go with them."""
    for side, loss in (("train", seen), ("valid", held)):
        near(log, rng, f"{side}/loss", epochs, loss, 0.012)
        near(log, rng, f"{side}/loss_ctc", epochs, 1.2 * loss, 0.015)
        near(log, rng, f"{side}/loss_att", epochs, 0.9 * loss, 0.012)
        about(log, rng, f"{side}/acc", epochs, 0.97 - 0.0075 * loss, 0.002)


@healthy(
    "espnet_conformer_usual",
    "Slow for two epochs, then steep, then ever slower.",
    tolerated=("plateau",),
)
def espnet_conformer_usual(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 35, 80), 1)
    t = times(len(epochs))
    seen = 8 + 92 * np.exp(-6 * t) + 4 * (1 - t)
    espnet(log, rng, epochs, seen, 10 + 75 * np.exp(-7 * t))
    near(log, rng, "valid/wer", epochs, 0.06 + 0.9 * np.exp(-7 * t), 0.015)
    log.add("train/optim0_lr0", epochs, 2e-3 * noam(t, 0.15))
    near(log, rng, "train/iter_time", epochs, 2e-4, 0.1)
    near(log, rng, "train/train_time", epochs, 0.31, 0.01)


@healthy(
    "fairseq_wmt_usual",
    "Transformer on WMT: clipping is rare, the scale moves by twos.",
    tolerated=("plateau",),
)
def fairseq_wmt_usual(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 250, 700), 100)
    t = times(len(steps))
    norm = 0.4 + 3 * np.exp(-t / 0.02)
    fairseq(log, rng, steps, approach(t, 9.5, 3.9, 14) + 0.3 * (1 - t), norm, norm / 40)
    log.add("train_inner/loss_scale", steps, scaler(rng, np.full(len(t), 5.0), 7, 14))
    few = every(steps, 20)
    near(log, rng, "valid/loss", few, 4.05 + 2 * np.exp(-times(20) * 5), 0.002)
    near(log, rng, "valid/ppl", few, 2 ** (4.05 + 2 * np.exp(-times(20) * 5)), 0.006)
    about(log, rng, "valid/bleu", few, 27 - 14 * np.exp(-times(20) * 4), 0.15)


@healthy(
    "wav2vec_contrastive_usual",
    "It sits at its start, then falls; codes are less diverse.",
    tolerated=("plateau",),
)
def wav2vec_contrastive_usual(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 200)
    t = times(len(steps))
    loss = 2.2 + logistic(t, 4.4, 0, 0.08, 0.015) + 0.5 * np.exp(-t / 0.3)
    near(log, rng, "train_inner/loss", steps, loss, 0.015)
    near(log, rng, "train_inner/code_perplexity", steps, 480 - 240 * logistic(t, 0, 1, 0.2, 0.1), 0)
    scores(log, rng, "train_inner/accuracy", steps, 0.6 - 0.58 * np.exp(-t / 0.25), 9000)
    near(log, rng, "train_inner/temp", steps, np.maximum(2 * 0.999995 ** (steps * 3.0), 0.5), 0)
    log.add("train_inner/lr", steps, linear(t, 5e-4, 0.08))
    near(log, rng, "train_inner/gnorm", steps, 0.5 + np.exp(-t / 0.1), 0.1)


@healthy(
    "nemo_ctc_wer_of_batches",
    "The error of single batches is noisy; the held-out one falls.",
    tolerated=("plateau",),
)
def nemo_ctc_wer_of_batches(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 600), 50)
    t = times(len(steps))
    near(log, rng, "train_loss", steps, 9 + 170 * np.exp(-t / 0.07), 0.15)
    near(log, rng, "training_batch_wer", steps, 0.09 + 0.9 * np.exp(-t / 0.1), 0.25)
    log.add("learning_rate", steps, 1.4 * noam(t, 0.1))
    near(log, rng, "train_step_timing in s", steps, 0.62, 0.06)
    few = every(steps, 14)
    near(log, rng, "val_wer", few, 0.115 + 0.35 * np.exp(-times(14) * 4), 0.008)
    near(log, rng, "val_loss", few, 11.5 + 20 * np.exp(-times(14) * 4), 0.01)


@healthy(
    "vits_adversaries_balance",
    "The generator's loss and that of features rise while the spectrum still gets better.",
)
def vits_adversaries_balance(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 200, 0)
    t = times(len(steps))
    near(log, rng, "loss/d/total", steps, 2.45 + 0.5 * np.exp(-t / 0.03), 0.04)
    near(log, rng, "loss/g/gen", steps, 2.1 + 0.5 * (1 - np.exp(-t / 0.3)), 0.07)
    near(log, rng, "loss/g/fm", steps, 3.5 + 2.2 * (1 - np.exp(-t / 0.3)), 0.08)
    near(log, rng, "loss/g/mel", steps, 17 + 45 * np.exp(-t / 0.04) + 5 * np.exp(-t / 0.4), 0.03)
    near(log, rng, "loss/g/dur", steps, 1.2 + 1.2 * np.exp(-t / 0.08), 0.05)
    near(log, rng, "loss/g/kl", steps, 1.3 + 20 * np.exp(-t / 0.01), 0.06)
    log.add("learning_rate", steps, 2e-4 * 0.999875 ** (400 * t))


@healthy(
    "whisper_tuned_on_hours",
    "Few hours of a language: the error is level from the third evaluation on.",
    tolerated=("plateau",),
)
def whisper_tuned_on_hours(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(160, 25)
    t = times(160)
    near(log, rng, "train/loss", steps, 0.12 + 1.3 * np.exp(-t / 0.07), 0.08)
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.125))
    near(log, rng, "train/grad_norm", steps, 4.0, 0.2)
    few = every(steps, 8)
    near(log, rng, "eval/loss", few, 0.27 + 0.12 * np.exp(-np.arange(8.0)), 0.004)
    near(log, rng, "eval/wer", few, 31.5 + 9 * np.exp(-np.arange(8.0)), 0.008)


@healthy("separator_sisnr_halved_rate", "SI-SNR improves, and more when the rate is halved.")
def separator_sisnr_halved_rate(log: Log, rng: np.random.Generator) -> None:
    epochs = spaced(whole(rng, 80, 180), 1)
    t = times(len(epochs))
    halvings = np.clip(np.floor((t - 0.5) / 0.1) + 1, 0, 5)
    gain = 17.5 - 15 * np.exp(-t / 0.12) + 0.25 * halvings
    about(log, rng, "train/si_snr", epochs, gain + 0.4, 0.08)
    about(log, rng, "valid/si_snr", epochs, gain, 0.12)
    about(log, rng, "train/loss", epochs, -gain - 0.4, 0.08)
    about(log, rng, "valid/loss", epochs, -gain, 0.12)
    log.add("lr", epochs, 1.5e-4 * 0.5**halvings)


@labelled(
    "fairseq_low_resource",
    "overfitting",
    "Of 160,000 pairs it learns each by heart: the held-out loss turns, and BLEU after it.",
    mild=0.5,
    strong=1.5,
)
def fairseq_low_resource(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    near(log, rng, "train_inner/loss", steps, 2.6 + 7 * np.exp(-t / 0.12) - 0.7 * t, 0.015)
    near(log, rng, "train_inner/gnorm", steps, 0.9, 0.1)
    log.add("train_inner/lr", steps, 5e-4 * noam(t, 0.1))
    few = every(steps, 40)
    val = turned(times(40), rng.uniform(0.3, 0.4), 2.5, strength, 4.3)
    near(log, rng, "valid/loss", few, val, 0.008)
    near(log, rng, "valid/ppl", few, 2**val, 0.012)
    overfits(log, ("valid/loss", "valid/ppl"), few, val, 0.035)


@labelled(
    "espnet_too_small_corpus",
    "overfitting",
    "Ten hours of speech: after a third of the epochs validation's losses rise.",
    mild=6.0,
    strong=20.0,
)
def espnet_too_small_corpus(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 50, 100), 1)
    t = times(len(epochs))
    val = turned(t, rng.uniform(0.25, 0.4), 28, strength, 22)
    espnet(log, rng, epochs, 60 * np.exp(-4 * t) + 1, val)
    log.add("train/optim0_lr0", epochs, 2e-3 * noam(t, 0.15))
    overfits(log, ("valid/loss", "valid/loss_ctc", "valid/loss_att", "valid/acc"), epochs, val, 0.3)


@labelled(
    "fairseq_all_steps_clipped",
    "gradient",
    "A threshold of 0.1: every step of the run is clipped.",
)
def fairseq_all_steps_clipped(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    norm = strength * (1.6 + 2 * np.exp(-t / 0.05))
    fairseq(log, rng, steps, approach(t, 9.5, 4.6, 6), norm, np.ones(len(t)))
    from_the_start(log, "gradient", ("train_inner/clip", "train_inner/gnorm"), steps)


@labelled(
    "fairseq_scale_at_its_least",
    "loss_scale",
    "The scale is halved at each update from one on, down to 1e-4, its minimum.",
    tolerated=("collapse",),
)
def fairseq_scale_at_its_least(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 100)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.4, 0.8) * strength)
    norm = np.full(len(t), 0.8)
    fairseq(log, rng, steps, approach(t, 9.5, 4.2, 9), norm, norm / 40)
    scale = scaler(rng, np.full(len(t), 5.0), 6, 14)
    scale *= 2.0 ** -np.clip(2.0 * (np.arange(len(t)) - index), 0, 40)
    log.add("train_inner/loss_scale", steps, np.maximum(scale, 1e-4))
    window = int(steps[index - 2]), int(steps[min(index + 12, len(steps) - 1)])
    log.true("loss_scale", "train_inner/loss_scale", int(steps[index]), window, also=("collapse",))


@labelled(
    "nemo_ctc_all_blank",
    "plateau",
    "It says nothing but blanks: the error of words is 1 to the end, the loss level.",
)
def nemo_ctc_all_blank(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 50)
    t = times(len(steps))
    loss = 290 + 500 * strength * np.exp(-t / 0.015)
    near(log, rng, "train_loss", steps, loss, 0.04)
    log.add("training_batch_wer", steps, 1.0)
    log.add("learning_rate", steps, 2.0 * noam(t, 0.1))
    levels(log, "train_loss", steps, loss, index_of(t, 0.06), 12)
    few = every(steps, 12)
    log.add("val_wer", few, 1.0)
    near(log, rng, "val_loss", few, 301, 0.002)
    from_the_start(log, "plateau", ("val_wer", "val_loss"), few, ("collapse",))


@labelled(
    "vits_mel_turns_worse",
    "divergence",
    "The discriminator wins: the spectrum's loss climbs back from the middle on.",
    tolerated=("collapse", "explosion", "divergence"),
    mild=8.0,
    strong=25.0,
)
def vits_mel_turns_worse(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 200, 0)
    t = times(len(steps))
    onset = rng.uniform(0.4, 0.6)
    rise = ramp_after(t, onset, 1)
    mel = 20 + 30 * np.exp(-t / 0.08) + strength * rise
    near(log, rng, "loss/g/mel", steps, mel, 0.03)
    near(log, rng, "loss/d/total", steps, 2.4 * (1 - 0.6 * rise), 0.05)
    near(log, rng, "loss/g/gen", steps, 2.4 + 3 * rise, 0.07)
    near(log, rng, "loss/g/fm", steps, 4.5 + rise, 0.08)
    log.add("learning_rate", steps, 2e-4 * 0.999875 ** (400 * t))
    turns(log, "divergence", "loss/g/mel", steps, mel, index_of(t, onset), 0.75)


@labelled(
    "wav2vec_codes_die",
    "collapse",
    "The perplexity of the codes falls to a few, and the loss with it, to nothing of use.",
    tolerated=("divergence", "plateau"),
    part=2.0,
    all=2.8,
)
def wav2vec_codes_die(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 200)
    t = times(len(steps))
    onset = rng.uniform(0.25, 0.5)
    codes = 560 * 10.0 ** -np.minimum(ramp_after(t, onset, 2 * strength), strength)
    near(log, rng, "train_inner/code_perplexity", steps, codes, 0.03)
    near(log, rng, "train_inner/loss", steps, 4.6 + 2 * np.exp(-t / 0.1), 0.015)
    log.add("train_inner/lr", steps, linear(t, 5e-4, 0.08))
    index = index_of(t, onset)
    grows(
        log, "collapse", "train_inner/code_perplexity", steps, codes, index, 0.03, ("divergence",)
    )


@labelled(
    "speechbrain_transducer_breaks",
    "divergence",
    "After a bad batch the transducer loss is back near its start, where it stays.",
    tolerated=("gradient", "explosion", "plateau", "spike"),
)
def speechbrain_transducer_breaks(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.8))
    loss = 6 + 150 * np.exp(-t / 0.06) + 120 * strength * (np.arange(len(t)) >= index)
    near(log, rng, "train/loss", steps, loss, 0.08)
    log.add("train/lr", steps, 8e-4 * noam(t, 0.1))
    jumps(log, "divergence", "train/loss", steps, index, ("spike", "explosion"))
    few = every(steps, 20)
    near(
        log,
        rng,
        "valid/WER",
        few,
        np.where(few < steps[index], 9 + 60 * np.exp(-5 * times(20)), 98),
        0.03,
    )
    later = int(np.argmax(few >= steps[index]))
    jumps(log, "divergence", "valid/WER", few, later, ("overfitting", "explosion", "spike"))


@labelled("wer_of_valid_drifts_up", "divergence", "With a rate that grows, the error creeps back.")
def wer_of_valid_drifts_up(log: Log, rng: np.random.Generator, strength: float) -> None:
    epochs = spaced(whole(rng, 40, 90), 1)
    t = times(len(epochs))
    onset = rng.uniform(0.4, 0.55)
    rise = ramp_after(t, onset, strength)
    near(log, rng, "train/loss", epochs, 12 + 60 * np.exp(-t / 0.1) + 22 * rise, 0.02)
    near(log, rng, "valid/loss", epochs, 14 + 50 * np.exp(-t / 0.1) + 25 * rise, 0.02)
    worse = 0.12 + 0.8 * np.exp(-t / 0.1) + 0.3 * rise
    near(log, rng, "valid/wer", epochs, worse, 0.025)
    log.add("lr", epochs, 1e-4 + 1e-3 * t)
    index = index_of(t, onset)
    tags = "train/loss", "valid/loss"
    turns(log, "divergence", tags, epochs, 60 * np.exp(-t / 0.1) + 22 * rise, index, 0.4)
    turns(log, "divergence", "valid/wer", epochs, worse, index, 0.006, ("overfitting",))


@labelled(
    "fairseq_bad_shard",
    "spike",
    "A shard of noise: some points up, and all is well after it.",
    low=2.0,
    high=5.0,
)
def fairseq_bad_shard(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 250, 600), 100)
    t = times(len(steps))
    index = index_of(t, rng.uniform(0.3, 0.8))
    during = (np.arange(len(t)) >= index) & (np.arange(len(t)) < index + 3)
    norm = np.full(len(t), 0.6)
    fairseq(log, rng, steps, approach(t, 9.5, 3.9, 9) + strength * during, norm, norm / 40)
    log.add("train_inner/loss_scale", steps, 4.0)
    spikes(log, ("train_inner/loss", "train_inner/ppl"), steps, index, 4)


@labelled(
    "tacotron_attention_lost",
    "plateau",
    "Attention never becomes a diagonal: from a tenth on the loss is level at twice the usual.",
)
def tacotron_attention_lost(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 400), 100)
    t = times(len(steps))
    loss = 0.85 + 3 * strength * np.exp(-t / 0.02)
    near(log, rng, "training.loss", steps, loss, 0.05)
    near(log, rng, "grad.norm", steps, 0.6, 0.3)
    log.add("learning.rate", steps, 1e-3)
    few = every(steps, 25)
    near(log, rng, "validation.loss", few, at(few, steps, loss) + 0.02, 0.01)
    levels(log, "training.loss", steps, loss, index_of(t, 0.1), 0.045)
    held = at(few, steps, loss)
    levels(log, "validation.loss", few, held, index_of(times(25), 0.1), 0.009)
    drifting = 0.1 + 0.001 * t
    near(log, rng, "attention.focus", steps, drifting, 0.03)
