"""Speech that is heard and spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, counted, jitter, linear
from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, nears
from benchmarks.blind.fourteenth.making import index_of, turns
from benchmarks.blind.seventeenth.making import digits, eased, halts, says_scale, scale_lost
from benchmarks.blind.seventeenth.registry import healthy, labelled
from benchmarks.blind.shapes import cycle, ramp_after, times, whole
from benchmarks.blind.shapes import steps as every
from benchmarks.blind.sixteenth.making import bent, learning, nemo, slow_epochs
from benchmarks.blind.thirteenth.making import fades, grows, overfits

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@labelled("espnet_queue_holds_it", "stall", "The job was suspended for others", hours=16, days=80)
def espnet_queue_holds_it(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 30, 70)
    t, steps = times(n), epochs(n) + 1
    log.seconds_per_step = 1500.0
    for run, more in (("train", 0.0), ("valid", 0.05)):
        log.session(run)
        loss = learning(t, 95, 9, 7) * (1 + more)
        nears(log, rng, steps, {"loss": (loss, 0.012), "loss_ctc": (1.2 * loss, 0.014)})
        nears(log, rng, steps, {"loss_att": (0.9 * loss, 0.012)})
        log.add("acc", steps, counted(rng, np.clip(0.96 - 0.006 * loss, 0, 1), 30000))
        index = index_of(t, 0.55)
        halts(log, steps, index, strength)


@labelled(
    "codebook_is_not_used",
    "collapse",
    "The perplexity of code vectors goes from hundreds to a few",
    to_eight=1.9,
    to_one=2.8,
    tolerated=("divergence",),
)
def codebook_is_not_used(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), every(n, 100)
    onset = rng.uniform(0.25, 0.5)
    used = 620 * 10 ** (-strength * np.clip((t - onset) / 0.2, 0, 1))
    log.add("train/code_perplexity", steps, jitter(rng, used, 0.03))
    loss = learning(t, 4.7, 2.4, 6) - 1.2 * np.clip((t - onset) / 0.2, 0, 1) * (t > onset)
    log.add("train/contrastive_loss", steps, jitter(rng, np.maximum(loss, 0.8), 0.02))
    log.add("train/diversity_loss", steps, 1 - jitter(rng, used, 0.03) / 640)
    log.add("train/gumbel_temp", steps, np.maximum(2 * 0.9997 ** (steps / 10), 0.5))
    log.add("train/lr", steps, linear(t, 5e-4, 0.1))
    grows(log, "collapse", "train/code_perplexity", steps, used, index_of(t, onset), 0.03)


@labelled(
    "whisper_scaler_falls",
    "loss_scale",
    "fp16 overflows at each step from some point on",
    to_one=0,
    to_nothing=-24,
    tolerated=("plateau",),
)
def whisper_scaler_falls(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 300)
    t, steps = times(n), every(n, 25)
    index = index_of(t, rng.uniform(0.3, 0.6))
    scale, bottom = scale_lost(rng, n, index, 16, 1, round(strength))
    loss = learning(np.minimum(t, t[index]), 0.9, 0.12, 6)
    log.add("train_loss", steps, jitter(rng, loss, 0.1))
    log.add("scaler_scale", steps, scale)
    log.add("learning_rate", steps, linear(t, 1e-5, 0.1))
    says_scale(log, "scaler_scale", steps, index, bottom)


@healthy("conformer_of_nemo", "WER of a batch in the training, heavy noise, and of validation")
def conformer_of_nemo(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), every(n, 100)
    loss = learning(t, 280, 12, 14)
    log.add("train_loss", steps, jitter(rng, loss, 0.15))
    wrong = learning(t, 1.0, 0.05, 5)
    log.add("training_batch_wer", steps, counted(rng, wrong, 300))
    nemo(log, rng, steps, 2e-3 * np.minimum(t / 0.05, np.sqrt(0.05 / np.maximum(t, 0.01))))
    seldom = steps[n // 20 :: n // 20]
    log.add("val_wer", seldom, counted(rng, at(seldom, steps, wrong) + 0.02, 50000))
    log.add("val_loss", seldom, jitter(rng, at(seldom, steps, loss), 0.015))


@labelled(
    "newbob_anneals_to_nothing",
    "learning_rate",
    "NewBob halves a rate each epoch until nothing is left",
    by_eight=0.55,
    by_four=0.3,
    tolerated=("plateau",),
)
def newbob_anneals_to_nothing(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 80)
    slow_epochs(log, rng)
    t, steps = times(n), epochs(n) + 1
    halvings = np.clip((t - 0.1) / (strength - 0.1), 0, 1) * 24
    rate = 1e-3 * 0.5 ** np.floor(halvings)
    learnt = np.minimum(t, strength * 0.6) / (strength * 0.6)
    log.add("train loss", steps, jitter(rng, eased(learnt, 3.1, 1.35), 0.006))
    log.add("valid loss", steps, jitter(rng, eased(learnt, 2.8, 1.46), 0.008))
    log.add("valid WER", steps, digits(100 * counted(rng, eased(learnt, 0.82, 0.41), 30000), 2))
    log.add("lr", steps, rate)
    fades(log, "lr", steps, rate)


@labelled("vits_restarts_late", "stall", "The spot machine went and came back", hours=11, days=50)
def vits_restarts_late(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), every(n, 200)
    log.seconds_per_step = 0.6
    nears(
        log,
        rng,
        steps,
        {
            "loss/g/total": (learning(t, 52, 29, 6), 0.05),
            "loss/g/mel": (learning(t, 34, 17, 6), 0.05),
            "loss/g/kl": (1.4 + 0.5 * np.exp(-8 * t), 0.08),
            "loss/g/fm": (2.5 + 3 * t, 0.08),
            "loss/d/total": (2.75 - 0.3 * t, 0.04),
            "grad_norm_g": (160 + 200 * t, 0.3),
        },
    )
    log.add("learning_rate", steps, 2e-4 * 0.999875 ** (steps / 500))
    halts(log, steps, index_of(t, rng.uniform(0.3, 0.85)), strength)


@healthy("tacotron2_finds_alignment", "The loss falls, then once more as alignment comes")
def tacotron2_finds_alignment(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), every(n, 10)
    aligned = 1 / (1 + np.exp((0.3 - t) / 0.03))
    loss = 0.62 + 5 * np.exp(-t / 0.01) - 0.2 * aligned - 0.06 * t
    log.add("training.loss", steps, jitter(rng, loss, 0.06))
    nears(
        log, rng, steps, {"grad.norm": (0.5 + 3 * np.exp(-t / 0.02), 0.25), "duration": (1.3, 0.05)}
    )
    log.add("learning.rate", steps, 1e-3)
    seldom = steps[n // 15 :: n // 15]
    log.add("validation.loss", seldom, jitter(rng, at(seldom, steps, loss) + 0.03, 0.008))


@labelled(
    "hifigan_mel_goes_up",
    "divergence",
    "The mel error of validation rises from its best on: noise comes in",
    some=0.25,
    much=0.9,
)
def hifigan_mel_goes_up(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), every(n, 1000)
    onset = rng.uniform(0.4, 0.6)
    error = 0.24 + 0.4 * np.exp(-t / 0.08) + ramp_after(t, onset, strength)
    often = every(4 * n, 250)
    fine = at(often, steps, error)
    log.add("validation/mel_spec_error", steps, jitter(rng, error, 0.02))
    nears(
        log,
        rng,
        often,
        {
            "training/mel_spec_error": (fine, 0.05),
            "training/gen_loss_total": (20 + 45 * fine, 0.05),
        },
    )
    made = index_of(t, onset)
    tags = ("validation/mel_spec_error", "training/mel_spec_error", "training/gen_loss_total")
    turns(log, "divergence", tags, steps, error, made, 0.006, ("overfitting",))


@labelled(
    "piper_voice_of_an_hour",
    "overfitting",
    "A voice of few sentences: the loss of validation turns",
    some=0.18,
    much=0.5,
)
def piper_voice_of_an_hour(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 200)
    t, steps = times(n), 60 * (epochs(n) + 1)
    best = rng.uniform(0.3, 0.45)
    worse = bent(t, best, 1.0, 0.56, 0.56 + strength)
    log.add("val_loss", steps, jitter(rng, worse, 0.02))
    log.add("train_loss", steps, jitter(rng, learning(t, 1.05, 0.2, 5), 0.02))
    log.add("epoch", steps, epochs(n))
    overfits(log, "val_loss", steps, worse, 0.011)


@labelled(
    "singer_of_ten_minutes",
    "overfitting",
    "A converted voice: dev loss climbs while loss/mel falls",
    some=0.35,
    much=1.0,
)
def singer_of_ten_minutes(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 40, 100)
    t, steps = times(n), every(n, 400)
    worse = bent(t, rng.uniform(0.25, 0.4), 29, 21, 21 * (1 + strength))
    log.add("dev/loss_mel", steps, jitter(rng, worse, 0.025))
    often = every(8 * n, 50)
    log.add("train/loss_mel", often, jitter(rng, learning(times(8 * n), 30, 11, 5), 0.06))
    log.add("train/lr", often, 1e-4 * 0.99 ** (times(8 * n) * 60))
    overfits(log, "dev/loss_mel", steps, worse, 0.5)


@healthy(
    "keyword_spotting",
    "Fourteen epochs of a small net, level at 94 per cent at the end",
    tolerated=SURE,
)
def keyword_spotting(log: Log, rng: Rng) -> None:
    n = whole(rng, 10, 14)
    log.seconds_per_step = rng.uniform(8, 60)
    t, steps = times(n), epochs(n)
    log.add("loss", steps, digits(jitter(rng, eased(t, 1.6, 0.2, 0.95), 0.015), 4))
    log.add("accuracy", steps, digits(eased(t, 0.5, 0.945, 0.9) + rng.normal(0, 0.002, n), 4))
    log.add("val_loss", steps, digits(jitter(rng, eased(t, 1.1, 0.24, 0.9), 0.025), 4))
    log.add("val_accuracy", steps, digits(eased(t, 0.66, 0.93, 0.85) + rng.normal(0, 0.003, n), 4))


@healthy(
    "panns_with_restarts",
    "SGDR: the loss leaps at each warm restart and comes down lower each time",
)
def panns_with_restarts(log: Log, rng: Rng) -> None:
    n = 15 * whole(rng, 8, 40)
    t, steps = times(n), every(n, 500)
    _, within = cycle(np.log2(1 + 15 * t) / 4, 4)
    rate = (1 + np.cos(np.pi * within)) / 2
    loss = 0.021 + 0.03 * np.exp(-t / 0.04) + 0.006 * (1 - t) + 0.0022 * rate
    log.add("bal/bce", steps, jitter(rng, loss, 0.012))
    log.add("lr", steps, 1e-3 * rate + 1e-6)
    score = 0.36 * (1 - np.exp(-5 * t)) + 0.05 * t - 0.03 * rate
    abouts(log, rng, steps, {"test/mAP": (score, 0.002), "test/AUC": (0.9 + 0.16 * score, 0.001)})
