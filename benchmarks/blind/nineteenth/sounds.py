"""Speech and sound: recognised, spoken, and learnt without a text."""

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
from benchmarks.blind.eighth.making import jitter, learned, linear, turned
from benchmarks.blind.nineteenth.making import drifts, grows, leaps, never_learns, turns_up
from benchmarks.blind.nineteenth.registry import healthy, labelled
from benchmarks.blind.shapes import logistic, ramp_after

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("recipe_espnet_conformer", "CTC, attention and their sum fall at their own paces")
def _(log: Log, rng: Rng) -> None:
    steps, t = epochs(log, rng, 10, 14, 40)
    for run, above, sd in (("train", 0.0, 0.006), ("valid", 2.5, 0.012)):
        log.session(run)
        ctc, att = learned(t, 180, 14, 9) + above, learned(t, 130, 9, 8) + above
        curves = {
            "loss_ctc": (ctc, sd),
            "loss_att": (att, sd),
            "loss": (0.3 * ctc + 0.7 * att, sd),
        }
        put(log, rng, steps, curves)
        around(log, rng, steps, {"acc": (learned(t, 0.35, 0.94, 8), sd / 4)})
        if run == "valid":
            put(log, rng, steps, {"cer_ctc": (learned(t, 0.7, 0.06, 8), 0.02)})


@healthy("recipe_wav2vec_learns_by_itself", "more codes come into use while the loss falls")
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 150, 500, 200)
    curves = {
        "loss": (learned(t, 6.5, 2.1, 12), 0.01),
        "loss_0": (learned(t, 6.4, 2.0, 12), 0.01),
        "loss_1": (learned(t, 0.14, 0.09, 5), 0.008),
        "code_perplexity": (logistic(t, 60, 560, 0.2, 0.06), 0.02),
        "prob_perplexity": (logistic(t, 70, 585, 0.2, 0.06), 0.015),
        "gnorm": (0.5 + 2 * np.exp(-20 * t), 0.15),
    }
    put(log, rng, steps, curves)
    around(log, rng, steps, {"accuracy": (learned(t, 0.02, 0.62, 8), 0.008)})
    log.add("temp", steps, np.maximum(2 * 0.9999 ** (t * 20000), 0.5))
    log.add("lr", steps, linear(t, 5e-4, 0.08))


@healthy(
    "lesson_ctc_first_tells_blanks", "a ledge of blanks at the start, and then it learns to write"
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 60, 200, 50)
    loss = 2.9 + 12 * np.exp(-60 * t) - logistic(t, 0, 2.35, 0.3, 0.05) - 0.25 * t
    put(log, rng, steps, {"train_loss": (loss, 0.025)})
    wer = 1.0 - logistic(t, 0, 0.62, 0.36, 0.05) - 0.1 * t
    around(log, rng, steps, {"val_wer": (wer, 0.006)})


@healthy(
    "recipe_hifigan",
    "the generator's adversarial loss rises while the mel loss falls",
    tolerated=("plateau",),
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 200, 800, 100)
    curves = {
        "training/gen_loss_total": (learned(t, 70, 27, 8), 0.05),
        "training/mel_spec_error": (learned(t, 1.2, 0.28, 8), 0.05),
        "training/disc_loss_total": (3.9 - 0.5 * t, 0.06),
        "training/adv_loss_g": (2.1 + 0.8 * t, 0.06),
    }
    put(log, rng, steps, curves)
    rare = steps[9::10]
    put(log, rng, rare, {"validation/mel_spec_error": (learned(t[9::10], 0.9, 0.33, 8), 0.012)})


@healthy(
    "recipe_nemo_conformer_bumpy_epochs",
    "files sorted by length give each epoch the shape of a saw",
)
def _(log: Log, rng: Rng) -> None:
    steps, t = course(rng, 400, 2500, 20)
    saw = 1 + 0.14 * ((t * 12) % 1 - 0.5)
    put(
        log,
        rng,
        steps,
        {
            "train_loss": (learned(t, 300, 38, 9) * saw, 0.06),
            "train_step_timing in s": (0.42, 0.05),
        },
    )
    rare = steps[len(steps) // 12 - 1 :: len(steps) // 12]
    late = t[len(steps) // 12 - 1 :: len(steps) // 12]
    put(
        log,
        rng,
        rare,
        {
            "val_wer": (learned(late, 0.6, 0.082, 4), 0.012),
            "val_loss": (learned(late, 80, 17, 4), 0.012),
        },
    )


@labelled(
    "lesson_ctc_only_blanks", "plateau", "it never leaves the ledge of blanks: each word is wrong"
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 60, 150, 100)
    loss = 2.88 * strength + 9 * np.exp(-90 * t)
    put(log, rng, steps, {"train/loss": (loss, 0.012)})
    log.add("eval/wer", steps, 1.0 + 0 * t)
    never_learns(log, ("train/loss", "eval/wer"), steps)


@labelled(
    "lesson_codebook_dies",
    "collapse",
    "two codes are left of hundreds",
    tolerated=("plateau",),
    plain=0.15,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 120, 400, 200)
    i = where(t, rng.uniform(0.3, 0.5))
    codes = 6 + decades(t, t[i], 300 * (1 - np.exp(-40 * t)) + 5, 1 / 400, t[i] + strength)
    put(
        log,
        rng,
        steps,
        {"code_perplexity": (codes, 0.03), "loss": (learned(t, 6.5, 3.9, 14), 0.01)},
    )
    log.add("lr", steps, linear(t, 5e-4, 0.08))
    grows(log, "collapse", "code_perplexity", steps, codes, i)


@labelled(
    "lesson_speaker_model_by_rote",
    "overfitting",
    "new speakers are told apart less well each epoch",
    some=0.25,
    many=0.7,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = epochs(log, rng, 10, 14, 12)
    worse = turned(t, rng.uniform(0.25, 0.4), 2.4, 2 * strength, 1.6)
    put(
        log,
        rng,
        steps,
        {"train loss": (0.15 + 5 * np.exp(-5 * t), 0.02), "valid loss": (worse, 0.02)},
    )
    turns_up(log, "valid loss", steps, worse, 0.035)


@labelled(
    "recipe_conformer_half_precision",
    "nonfinite",
    "an attention score overflows and all is NaN from there on",
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 50)
    paced(log, rng, 50, 1)
    i = where(t, rng.uniform(0.4, 0.8) * strength)
    loss = jitter(rng, learned(t, 260, 45, 9), 0.05)
    log.add("train_loss", steps, from_point(loss, i, np.nan))
    log.add("grad_norm", steps, from_point(jitter(rng, 30 + 80 * np.exp(-20 * t), 0.2), i, np.nan))
    log.add("learning_rate", steps, linear(t, 1e-3, 0.2))
    leaps(log, "nonfinite", ("train_loss", "grad_norm"), steps, i)


@labelled(
    "recipe_tts_attention_breaks",
    "divergence",
    "the decoder loses its alignment late and does not find it again",
    plain=0.8,
)
def _(log: Log, rng: Rng, strength: float) -> None:
    steps, t = course(rng, 80, 300, 500)
    i = where(t, 0.5)
    loss = learned(t, 1.9, 0.42, 9, 0.1) + ramp_after(t, 0.5, strength, 0.6)
    curves = {
        "training.loss": (loss, 0.025),
        "grad.norm": (0.5 + 2 * np.exp(-20 * t) + ramp_after(t, 0.5, 1), 0.15),
    }
    put(log, rng, steps, curves)
    put(log, rng, steps, {"validation.loss": (loss * 1.06, 0.012)})
    drifts(
        log,
        "divergence",
        ("training.loss", "validation.loss"),
        steps,
        loss,
        i,
        0.015,
        ("overfitting",),
    )
