"""Speech and music: ESPnet, fairseq, NeMo, Whisper, HiFi-GAN, VITS, RVC, Coqui, own taggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighteenth.making import (
    around,
    course,
    decades,
    epochs,
    from_point,
    paced,
    put,
    where,
)
from benchmarks.blind.eighteenth.registry import healthy, labelled
from benchmarks.blind.eighth.making import at, interval, lasting, linear, turned
from benchmarks.blind.seventeenth.making import (
    eased,
    good_scale,
    halts,
    says_scale,
    scale_lost,
)
from benchmarks.blind.thirteenth.making import grows, jumps, overfits

if TYPE_CHECKING:
    from benchmarks.blind.eighteenth.making import Rng
    from benchmarks.blind.runs import Log


@healthy("espnet_conformer_of_parliament", "train and valid directories, errors per letter fall")
def espnet(log: Log, rng: Rng) -> None:
    n = int(rng.integers(30, 70))
    t = np.linspace(0, 1, n)
    steps = np.arange(1, n + 1)
    for run, add, sd in (("train", 0.0, 0.008), ("valid", -2.0, 0.015)):
        log.session(run)
        log.seconds_per_step = 2400.0
        loss = 12 + 80 * np.exp(-t / 0.12) + 8 * (1 - t) + add
        put(log, rng, steps, {"loss": (loss, sd), "loss_ctc": (1.2 * loss, sd)})
        put(log, rng, steps, {"loss_att": (0.9 * loss, sd)})
        around(log, rng, steps, {"acc": (0.95 - 0.6 * np.exp(-t / 0.15) - 0.02 * (1 - t), 0.003)})
        if run == "valid":
            put(
                log, rng, steps, {"cer_ctc": (0.06 + 0.8 * np.exp(-t / 0.1) + 0.04 * (1 - t), 0.03)}
            )


@healthy("whisper_small_of_a_dialect", "evaluated each 500 steps: WER rests at the end")
def whisper(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 160, 240, 25)
    put(
        log,
        rng,
        steps,
        {"train/loss": (0.05 + 1.2 * np.exp(-t / 0.06) + 0.22 * (1 - t) ** 2, 0.07)},
    )
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.1))
    rare = interval(steps, int(steps[-1]) // 9)
    now = np.linspace(1 / 9, 1, len(rare))
    put(log, rng, rare, {"eval/wer": (eased(now, 48, 27.5, 1), 0.006)})
    put(log, rng, rare, {"eval/loss": (eased(now, 0.46, 0.31, 1), 0.006)})


@healthy(
    "nemo_fastconformer_word_errors", "WER of single batches is noisy, that of the dev set not"
)
def fastconformer(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 300, 900, 100)
    loss = 8 + 140 * np.exp(-t / 0.05) + 25 * (1 - t)
    put(log, rng, steps, {"train_loss": (loss, 0.12), "train_backward_timing": (0.21, 0.05)})
    wer = 0.09 + 0.85 * np.exp(-t / 0.08) + 0.08 * (1 - t)
    put(log, rng, steps, {"training_batch_wer": (wer, 0.25)}, 0)
    log.add("learning_rate", steps, 1e-3 * np.minimum(t / 0.1, np.sqrt(0.1 / np.maximum(t, 1e-3))))
    rare = interval(steps, int(steps[-1]) // 25)
    put(log, rng, rare, {"val_wer": (at(rare, steps, wer), 0.015)})
    put(log, rng, rare, {"val_loss": (at(rare, steps, loss * 0.8), 0.02)})


@healthy("vits_of_one_voice_by_night", "adversaries in balance; the feature loss rises as it does")
def vits(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 300, 1200, 200)
    put(log, rng, steps, {"loss/g/mel": (16 + 22 * np.exp(-t / 0.05) + 3 * (1 - t), 0.04)})
    put(log, rng, steps, {"loss/g/fm": (3 + 3.2 * (1 - np.exp(-3 * t)), 0.1)})
    put(log, rng, steps, {"loss/g/kl": (1.2 + 1.5 * np.exp(-t / 0.05) + 0.25 * (1 - t), 0.06)})
    put(log, rng, steps, {"loss/g/dur": (1.1 + 1.1 * np.exp(-t / 0.04) + 0.2 * (1 - t), 0.05)})
    around(log, rng, steps, {"loss/d/total": (2.35 + 0.3 * np.exp(-t / 0.03), 0.09)})
    put(log, rng, steps, {"grad_norm_d": (30 + 25 * t, 0.5), "grad_norm_g": (180 + 150 * t, 0.4)})
    log.add("learning_rate", steps, 2e-4 * 0.999875 ** (steps / 100))


@healthy("hifigan_mel_error_in_long_tail", "still a little better at the end of a long run")
def hifigan(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 1000, 2500, 100)
    mel = 0.22 + 0.35 * (1 + t / 0.01) ** -0.6
    put(log, rng, steps, {"training/mel_spec_error": (mel, 0.06)}, 0.05)
    put(log, rng, steps, {"training/gen_loss_total": (45 * mel + 17 + 4 * t, 0.05)}, 0.05)
    rare = interval(steps, int(steps[-1]) // 30)
    put(log, rng, rare, {"validation/mel_spec_error": (at(rare, steps, mel) + 0.02, 0.008)})


@labelled("wav2vec_ten_hours_of_welsh", "overfitting", "valid loss rises after a third", some=0.3)
def welsh(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(40, 90))
    t, steps = np.linspace(0, 1, n), np.arange(1, n + 1) * 500
    log.session("train")
    put(log, rng, steps, {"loss": (0.08 + 2.6 * np.exp(-4.5 * t), 0.02), "wps": (9000.0, 0.03)})
    log.session("valid")
    worse = turned(t, rng.uniform(0.25, 0.4), 2.0, strength, 0.75)
    put(log, rng, steps, {"loss": (worse, 0.02)})
    put(log, rng, steps, {"wer": (24 + 70 * np.exp(-7 * t) - 1.5 * t, 0.01)})
    overfits(log, "loss", steps, worse, lasting(0.018, 0.2))


@labelled(
    "fairseq_minimum_loss_scale", "loss_scale", "towards 1e-4, then it would stop", slow=3, fast=1
)
def fairseq_scale(log: Log, rng: Rng, strength: float) -> None:
    log.session("train_inner")
    steps, t = course(rng, 100, 250, 100)
    index = where(t, rng.uniform(0.4, 0.6))
    scale, bottom = scale_lost(rng, len(t), index, 7, strength, -13)
    put(log, rng, steps, {"loss": (3.2 + 8 * np.exp(-t / 0.1) - 0.4 * t, 0.02)})
    put(log, rng, steps, {"gnorm": (1.2, 0.2), "wps": (31000.0, 0.03)})
    log.add("loss_scale", steps, scale)
    says_scale(log, "loss_scale", steps, index, bottom)


@labelled(
    "rnnt_loss_is_infinite",
    "nonfinite",
    "inf from a long utterance on",
    plain=0.55,
    tolerated=("plateau",),
)
def rnnt(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 100)
    index = where(t, strength + rng.uniform(-0.1, 0.1))
    loss = 30 + 220 * np.exp(-t / 0.08)
    around(log, rng, steps, {"train_loss": (from_point(loss, index, np.inf), 2.0)})
    log.add("learning_rate", steps, np.full(len(t), 5e-4))
    jumps(log, "nonfinite", "train_loss", steps, index)


@labelled("rvc_and_the_laptop_sleeps", "stall", "a night between two epochs", night=8)
def rvc(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 40, 200, 1.2)
    put(log, rng, steps, {"loss/g/mel": (17 + 9 * np.exp(-t / 0.1) - 4 * t, 0.02)})
    put(log, rng, steps, {"loss/g/total": (32 + 12 * np.exp(-t / 0.1) - 5 * t, 0.03)})
    around(log, rng, steps, {"loss/d/total": (np.full(len(t), 3.8), 0.1)})
    halts(log, steps, where(t, rng.uniform(0.2, 0.8)), strength)


@labelled("codec_scale_and_the_waits", "stall", "two waits of hours in one run", plain=4)
def codec(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 300, 200)
    paced(log, rng, 200, 2)
    put(log, rng, steps, {"rec_loss": (0.9 + 1.4 * np.exp(-t / 0.1) - 0.1 * t, 0.03)})
    log.add("amp_scale", steps, good_scale(rng, len(t), 14))
    halts(log, steps, where(t, rng.uniform(0.2, 0.4)), strength)
    halts(log, steps, where(t, rng.uniform(0.6, 0.85)), strength)


@labelled(
    "vocoder_gradients_by_decades",
    "gradient",
    "norm of the generator leaves",
    plain=200,
    tolerated=("plateau",),
)
def vocoder(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 100, 400, 100)
    onset = rng.uniform(0.4, 0.6)
    norm = decades(t, onset, 40.0 + 20 * t, strength)
    put(log, rng, steps, {"grad_norm_g": (norm, 0.35), "grad_norm_d": (12.0, 0.35)})
    put(log, rng, steps, {"loss_mel": (0.4 + 0.5 * np.exp(-t / 0.05) - 0.1 * t, 0.05)})
    grows(log, "gradient", "grad_norm_g", steps, norm, where(t, onset), 0.35, ("explosion",))
