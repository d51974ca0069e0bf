"""Speech heard and spoken: ESPnet, fairseq, NeMo, Whisper, Coqui."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import linear
from benchmarks.blind.fifteenth.making import epochs, nears, settled, since
from benchmarks.blind.fifteenth.registry import healthy, labelled
from benchmarks.blind.fourteenth.making import about, index_of, near, settling, turns
from benchmarks.blind.shapes import approach, logistic, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import (
    at,
    every,
    grows,
    levels,
    overfits,
    scaler,
    spikes,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("espnet-conformer-epochs", "CTC is high, then falls at once; then slow gain to the end.")
def conformer(log: Log, rng: Rng) -> None:
    n = int(rng.integers(35, 81))
    t, steps = times(n), np.arange(1, n + 1)
    known = 0.8 * logistic(t, 0, 1, 0.1, 0.02) + 0.2 * t
    for part, gap, share in (("train", 0.0, 0.012), ("valid", 4.0, 0.02)):
        log.session(part)
        nears(
            log,
            rng,
            steps,
            {
                "loss": (95 + gap - 82 * known, share),
                "loss_att": (80 + gap - 72 * known, share),
                "loss_ctc": (130 + gap - 112 * known, share),
            },
        )
        about(log, rng, "acc", steps, 0.25 + 0.68 * known - gap / 200, 0.004)
        if part == "train":
            log.add(
                "optim0_lr0", steps, 2e-3 * np.minimum(t / 0.15 + 0.01, (0.15 / (t + 1e-9)) ** 0.5)
            )
            nears(log, rng, steps, {"iter_time": (2e-4, 0.2), "train_time": (0.45, 0.03)})
        else:
            nears(log, rng, steps, {"cer": (0.72 - 0.65 * known, 0.03)})


@healthy(
    "whisper-few-hours",
    "WER of Whisper falls from the first evaluation on and is level.",
    tolerated=("plateau", "overfitting"),
)
def whisper(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 160)
    t, steps = times(n), stepping(n, 25)
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.12))
    near(log, rng, "train/grad_norm", steps, 6, 0.2)
    near(log, rng, "train/loss", steps, 0.03 + 1.1 * np.exp(-8 * t), 0.08)
    seen = every(steps, int(rng.integers(5, 10)))
    known = at(seen, steps, 1 - np.exp(-6 * t))
    about(log, rng, "eval/wer", seen, 62 - 34 * known, 0.4)
    near(log, rng, "eval/loss", seen, 0.52 - 0.22 * known, 0.01)


@healthy("wav2vec-contrasts", "Perplexities of the codebook rise and the accuracy with them.")
def wav2vec(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 900)
    t, steps = times(n), stepping(n, 200)
    known = logistic(t, 0, 1, 0.12, 0.03) * 0.8 + 0.2 * t
    log.session("train_inner")
    nears(
        log,
        rng,
        steps,
        {
            "loss": (6.6 - 4.2 * known, 0.012),
            "loss_0": (6.5 - 4.3 * known, 0.012),
            "loss_1": (0.10 - 0.03 * known, 0.02),
            "loss_2": (0.02 + 0.02 * known, 0.05),
            "prob_perplexity": (20 + 180 * known, 0.03),
            "code_perplexity": (18 + 175 * known, 0.03),
            "wps": (41000, 0.04),
            "gnorm": (0.9 * (1.2 - known), 0.15),
            "temp": (2 - 1.2 * t, 0.0001),
        },
    )
    about(log, rng, "accuracy", steps, 0.05 + 0.55 * known, 0.01)
    log.add("lr", steps, 5e-4 * np.minimum(t / 0.08, (1 - t) / 0.92).clip(0))
    log.add("loss_scale", steps, 2.0 ** (4 + np.minimum(np.floor(12 * t), 3)))


@healthy("nemo-ctc-batches", "training_batch_wer is rough, val_wer smooth, both fall.")
def nemo_ctc(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 1000)
    t, steps = times(n), stepping(n, 25)
    known = 1 - np.exp(-6 * t)
    near(log, rng, "train_loss", steps, 110 - 96 * known - 5 * t, 0.15)
    log.add(
        "training_batch_wer", steps, np.abs(0.95 - 0.72 * known - 0.08 * t + rng.normal(0, 0.05, n))
    )
    log.add("learning_rate", steps, 1e-3 * np.minimum(t / 0.1, 1) * (1 - 0.98 * t))
    near(log, rng, "train_backward_timing", steps, 0.004, 0.2)
    near(log, rng, "train_step_timing", steps, 0.35, 0.05)
    seen = every(steps, 20)
    near(log, rng, "val_loss", seen, at(seen, steps, 95 - 80 * known - 3 * t), 0.02)
    about(log, rng, "val_wer", seen, at(seen, steps, 0.9 - 0.68 * known - 0.06 * t), 0.006)


@healthy("hifigan-vocoder", "Two losses and the error of validation, which fall ever more slowly.")
def vocoder(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 900)
    t, steps = times(n), stepping(n, 100)
    known = 1 - (1 + t / 0.01) ** -0.35
    nears(
        log,
        rng,
        steps,
        {
            "training/gen_loss_total": (62 - 38 * known + 6 * t, 0.06),
            "training/mel_spec_error": (0.95 - 0.9 * known, 0.05),
        },
    )
    seen = every(steps, 20)
    near(log, rng, "validation/mel_spec_error", seen, at(seen, steps, 0.95 - 0.88 * known), 0.008)


@labelled(
    "accents-of-three-speakers",
    "overfitting",
    "WER and loss of eval rise while train is 0.",
    clear=14.0,
    medium=7.0,
)
def accents(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 200)
    t, steps = times(n), stepping(n, 25)
    near(log, rng, "train/loss", steps, 0.002 + 1.3 * np.exp(-7 * t), 0.08)
    log.add("train/learning_rate", steps, linear(t, 1e-5, 0.1))
    seen = every(steps, 20)
    best = rng.uniform(0.25, 0.35)
    wer = at(seen, steps, 26 + 40 * np.exp(-5 * t / best) + strength * since(t, best))
    about(log, rng, "eval/wer", seen, wer, 0.4)
    about(log, rng, "eval/loss", seen, wer / 70, 0.005)
    overfits(log, ("eval/wer", "eval/loss"), seen, wer, 0.45)


@labelled(
    "attention-never-aligns",
    "plateau",
    "Loss of attention stays where it was after epoch 3.",
    early=0.08,
    later=0.2,
)
def aligns(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(40, 91))
    t, steps = times(n), epochs(n)
    loss = 108 + 40 * settled(t, strength)
    nears(
        log, rng, steps, {"train/loss_att": (loss, 0.008), "valid/loss_att": (loss * 1.02, 0.012)}
    )
    about(log, rng, "valid/acc", steps, 0.32 - 0.18 * (loss - 108) / 40, 0.004)
    log.add("train/lr", steps, 1e-3 * (0.1 / (0.1 + t)) ** 0.5)
    levels(
        log,
        ("train/loss_att", "valid/loss_att", "valid/acc"),
        steps,
        loss,
        index_of(t, strength),
        1.3,
    )


@labelled(
    "transducer-leaves",
    "divergence",
    "RNN-T loss climbs from its best, on both splits.",
    steep=45.0,
    gentle=20.0,
)
def transducer(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(60, 161))
    t, steps = times(n), epochs(n)
    onset = rng.uniform(0.45, 0.6)
    loss = 24 + 90 * np.exp(-9 * t) + strength * since(t, onset)
    near(log, rng, "train/simple_loss", steps, 1.3 * loss, 0.03)
    near(log, rng, "train/pruned_loss", steps, loss, 0.03)
    near(log, rng, "valid/pruned_loss", steps, loss + 2, 0.04)
    log.add("train/learning_rate", steps, 0.045 / (1 + 8 * t) ** 0.5)
    turns(
        log,
        "divergence",
        ("train/pruned_loss", "valid/pruned_loss", "train/simple_loss"),
        steps,
        loss,
        index_of(t, onset),
        1.1,
    )


@labelled(
    "fairseq-scale-at-its-minimum",
    "loss_scale",
    "loss_scale falls to 0.0001 and stops it.",
    middle=0.5,
    late=0.7,
)
def fairseq_scale(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 500)
    t, steps = times(n), stepping(n, 100)
    made = index_of(t, strength)
    limit = np.where(t < strength, 7.6, np.maximum(7.6 - (np.arange(n) - made) / 1.6, -13.2))
    scale = np.maximum(scaler(rng, limit, 7, 30), 1e-4)
    nears(
        log,
        rng,
        steps,
        {
            "loss": (approach(t, 9.5, 4.6, 6), 0.015),
            "nll_loss": (approach(t, 8.8, 3.1, 6), 0.02),
            "ppl": (2 ** approach(t, 8.8, 3.1, 6), 0.05),
            "gnorm": (settling(t, 0.9), 0.15),
            "wps": (52000, 0.03),
            "ups": (3.1, 0.03),
        },
    )
    log.add("lr", steps, 5e-4 * np.minimum(t / 0.06, (0.06 / (t + 1e-9)) ** 0.5))
    log.add("loss_scale", steps, scale)
    gone = made + int(np.argmax(scale[made:] <= 2.0**4))
    log.true(
        "loss_scale",
        "loss_scale",
        int(steps[made]),
        (int(steps[made - 8]), int(steps[min(gone + 4, n - 1)])),
        also=("collapse",),
    )


@labelled(
    "duration-loss-explodes",
    "explosion",
    "The duration predictor grows by decades.",
    far=5.0,
    less=3.0,
)
def duration(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 50)
    onset = rng.uniform(0.4, 0.6)
    made = index_of(t, onset)
    grown = 0.8 * 10 ** (strength * since(t, onset))
    nears(
        log,
        rng,
        steps,
        {
            "TrainIterStats/loss_duration": (grown, 0.12),
            "TrainIterStats/loss_mel": (approach(t, 42, 19, 6), 0.05),
            "TrainIterStats/loss_kl": (approach(t, 2.2, 1.5, 6), 0.05),
            "TrainIterStats/loss_gen": (approach(t, 1.9, 2.3, 4), 0.06),
            "TrainIterStats/loss_feat": (approach(t, 2.0, 4.8, 4), 0.07),
            "TrainIterStats/step_time": (0.7, 0.05),
        },
    )
    grows(
        log,
        "explosion",
        "TrainIterStats/loss_duration",
        steps,
        grown,
        made,
        0.12,
        also=("divergence",),
    )


@labelled(
    "one-loud-utterance",
    "spike",
    "gnorm and loss jump at one utterance, then as before.",
    plain=1.0,
    more=2.0,
)
def loud(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 800)
    t, steps = times(n), stepping(n, 50)
    made = index_of(t, rng.uniform(0.4, 0.85))
    jump = np.where(np.arange(n) == made, strength, 0)
    near(log, rng, "train/loss", steps, approach(t, 60, 9, 7) * (1 + 2.5 * jump), 0.05)
    near(log, rng, "train/gnorm", steps, settling(t, 2.0) * (1 + 12 * jump), 0.2)
    log.add("train/lr", steps, 1e-3)
    spikes(log, ("train/loss", "train/gnorm"), steps, made, 1)


@labelled(
    "codebook-dies",
    "collapse",
    "code_perplexity falls to one: a single code is used.",
    fast=0.03,
    slow=0.12,
)
def codebook(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), stepping(n, 200)
    onset = rng.uniform(0.3, 0.5)
    made = index_of(t, onset)
    used = 1 + (290 * (1 - np.exp(-t / 0.06)) + 2) * np.exp(-np.clip((t - onset) / strength, 0, 9))
    near(log, rng, "code_perplexity", steps, used, 0.03)
    near(log, rng, "loss_0", steps, approach(t, 6.6, 5.2, 8), 0.02)
    near(log, rng, "wps", steps, 38000, 0.04)
    grows(log, "collapse", "code_perplexity", steps, used, made, 0.03)


@labelled(
    "rate-never-warms",
    "learning_rate",
    "Noam with a wrong width: the rate is 0 throughout.",
    plain=0.0,
)
def never_warms(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(40, 121))
    t, steps = times(n), stepping(n, 100)
    near(log, rng, "train/loss", steps, 310 + 0 * t, 0.02)
    log.add("train/lr", steps, strength)
    near(log, rng, "train/grad_norm", steps, 35, 0.15)
    last = int(steps[n // 5])
    log.true("learning_rate", "train/lr", int(steps[0]), (int(steps[0]), last))
    log.true("plateau", "train/loss", int(steps[0]), (int(steps[0]), last))
