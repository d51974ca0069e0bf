"""Speech and sound: ESPnet, fairseq, NeMo, Coqui, and vocoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at
from benchmarks.blind.fifteenth.making import SURE, epochs, nears, settled
from benchmarks.blind.fourteenth.making import about, index_of, near, scores, settling, turns
from benchmarks.blind.shapes import logistic, ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, nemo, slow_epochs
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import every, grows, jumps, levels, overfits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Rng = np.random.Generator


def _noam(t: Array) -> Array:
    return 2e-3 * np.minimum(t / 0.1 + 1e-3, np.sqrt(0.1 / np.maximum(t, 1e-3)))


def _wav2vec(log: Log, rng: Rng, n: int, loss: Array, codes: Array) -> None:
    """What fairseq writes of wav2vec 2.0."""
    at_ = steps(n, 200)
    nears(
        log,
        rng,
        at_,
        {
            "train_inner/loss": (loss, 0.012),
            "train_inner/loss_0": (loss * 0.96, 0.012),
            "train_inner/code_perplexity": (codes, 0.02),
            "train_inner/prob_perplexity": (codes * 0.98, 0.02),
            "train_inner/gnorm": (0.6, 0.15),
            "train_inner/wps": (31000, 0.03),
        },
    )
    log.add("train_inner/temp", at_, 2 * np.exp(-0.8 * times(n)))
    log.add("train_inner/lr", at_, 5e-4 * np.minimum(times(n) / 0.08, 1 - 0.95 * times(n)))


@healthy("espnet_conformer", "CTC and attention, told once an epoch")
def _espnet(log: Log, rng: Rng) -> None:
    n = whole(rng, 30, 80)
    t, at_ = times(n), epochs(n) + 1
    slow_epochs(log, rng)
    for run, gap, grain in (("train", 0.0, 0.006), ("valid", 0.1, 0.012)):
        log.session(run)
        nears(
            log,
            rng,
            at_,
            {
                "loss": (learning(t, 150, 14, 7) * (1 + gap), grain),
                "loss_ctc": (learning(t, 170, 18, 7) * (1 + gap), grain),
                "loss_att": (learning(t, 140, 12, 7) * (1 + gap), grain),
            },
        )
        about(log, rng, "acc", at_, learning(t, 0.2, 0.935 - 0.1 * gap, 7), 0.002)
        if run == "valid":
            near(log, rng, "cer_ctc", at_, learning(t, 0.9, 0.07, 7), 0.015)
        else:
            log.add("optim0_lr0", at_, _noam(t))


@healthy("wav2vec_pretraining", "the code perplexity rises, and so it should")
def _wav2vec_fine(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t = times(n)
    _wav2vec(log, rng, n, learning(t, 6.6, 2.3, 5), 30 + 280 * (1 - np.exp(-4 * t)))


@healthy("nemo_ctc_finetuned", "the word errors of batches are noisy, those of validation fall")
def _nemo_ctc(log: Log, rng: Rng) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 20)
    near(log, rng, "train_loss", at_, learning(t, 60, 12, 5), 0.12)
    about(log, rng, "training_batch_wer", at_, learning(t, 0.55, 0.18, 4), 0.05)
    nemo(log, rng, at_, 1e-4 * np.minimum(t / 0.1, 1 - 0.95 * t))
    seen = every(at_, 10)
    near(log, rng, "val_wer", seen, learning(times(10), 0.31, 0.16, 3), 0.012)
    near(log, rng, "val_loss", seen, learning(times(10), 31, 18, 3), 0.012)


@healthy(
    "vits_single_speaker",
    "the flow's KL goes its own way; mel loss falls; adversaries are level",
    tolerated=SURE,
)
def _vits(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, at_ = times(n), steps(n, 200)
    nears(
        log,
        rng,
        at_,
        {
            "loss/g/mel": (learning(t, 48, 17.5, 8), 0.03),
            "loss/g/dur": (learning(t, 2.2, 1.1, 6), 0.06),
            "loss/g/kl": (1.2 + 0.7 * (1 - np.exp(-3 * t)), 0.08),
            "loss/g/fm": (2.5 + 3 * t**0.5, 0.08),
            "loss/g/gen": (2.3, 0.06),
            "loss/d/total": (2.55, 0.03),
            "loss/g/total": (learning(t, 52, 27, 8), 0.025),
            "grad_norm_d": (8, 0.4),
            "grad_norm_g": (120, 0.4),
        },
    )
    log.add("learning_rate", at_, 2e-4 * 0.999875 ** (t * 400))


@healthy("hifigan_universal", "mel error falls for ever, the discriminators draw", tolerated=SURE)
def _hifigan(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 2000)
    t, at_ = times(n), steps(n, 100)
    near(log, rng, "training/gen_loss_total", at_, learning(t, 70, 31, 9), 0.04)
    near(log, rng, "training/mel_spec_error", at_, learning(t, 1.3, 0.32, 9), 0.05)
    seen = every(at_, 20)
    near(
        log, rng, "validation/mel_spec_error", seen, at(seen, at_, learning(t, 1.35, 0.37, 9)), 0.01
    )


@healthy(
    "tacotron_aligns",
    "level until the attention finds the diagonal, then lower at once",
    tolerated=SURE,
)
def _tacotron(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 100)
    loss = learning(t, 1.6, 0.62, 9) - logistic(t, 0, 0.22, rng.uniform(0.25, 0.4), 0.015)
    near(log, rng, "training.loss", at_, loss, 0.03)
    near(log, rng, "grad.norm", at_, 0.6, 0.3)
    log.add("learning.rate", at_, 1e-3)
    near(log, rng, "validation.loss", every(at_, 15), at(every(at_, 15), at_, loss) + 0.03, 0.01)


@healthy("keywords_on_a_phone", "35 words, a dozen epochs")
def _keywords(log: Log, rng: Rng) -> None:
    n = int(rng.integers(9, 15))
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    near(log, rng, "train/loss", at_, learning(t, 1.9, 0.28, 4), 0.02)
    near(log, rng, "valid/loss", at_, learning(t, 1.3, 0.3, 4), 0.03)
    scores(log, rng, "valid/accuracy", at_, learning(t, 0.66, 0.938, 4), 9981)


@healthy(
    "speakers_margin",
    "the margin grows, and the loss rises with it; errors fall",
    tolerated=("divergence", "overfitting", "plateau"),
    monitored=False,
)
def _speakers(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 150)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    margin = 0.2 * np.clip((t - 0.2) / 0.3, 0, 1)
    near(log, rng, "Train/aam_loss", at_, learning(t, 6.5, 1.0, 9) + 5 * margin, 0.02)
    log.add("Train/margin", at_, margin)
    near(log, rng, "Eval/EER", at_, learning(t, 0.09, 0.012, 5), 0.03)
    near(log, rng, "Eval/minDCF", at_, learning(t, 0.5, 0.11, 5), 0.03)


@labelled(
    "only_blanks",
    "plateau",
    "CTC says the blank and nothing else; the loss is level",
    clear=0.08,
)
def _blanks(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 100, 400)
    t, at_ = times(n), steps(n, 50)
    loss = 290 + 900 * settled(t, strength)
    near(log, rng, "train_loss", at_, loss, 0.03)
    near(log, rng, "grad_norm", at_, 4.0, 0.3)
    log.add("learning_rate", at_, 1e-4)
    about(log, rng, "training_batch_wer", at_, 1.0, 0.0005)
    levels(log, ("train_loss", "training_batch_wer"), at_, loss, index_of(t, strength), 9)


@labelled(
    "noam_too_steep",
    "divergence",
    "the peak of Noam's schedule is too high",
    medium=0.45,
)
def _noam_steep(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 30, 80)
    t, at_ = times(n), epochs(n) + 1
    slow_epochs(log, rng)
    onset = rng.uniform(0.3, 0.5)
    loss = learning(np.minimum(t, onset), 140, 40, 7) + ramp_after(t, onset, 60 * strength)
    right = learning(np.minimum(t, onset), 0.2, 0.8, 7) - ramp_after(t, onset, 0.4 * strength)
    near(log, rng, "loss", at_, loss, 0.012)
    about(log, rng, "acc", at_, right, 0.006)
    log.add("optim0_lr0", at_, 5 * _noam(t))
    turns(log, "divergence", ("loss", "acc"), at_, loss, index_of(t, onset), 0.8)


@labelled(
    "codebook_of_two",
    "collapse",
    "the codes of wav2vec shrink to a pair",
    medium=6.0,
    tolerated=("divergence", "plateau"),
)
def _codebook(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 600)
    t = times(n)
    onset = rng.uniform(0.35, 0.55)
    fall = np.clip((t - onset) / 0.15, 0, 1)
    codes = (40 + 200 * (1 - np.exp(-5 * t))) ** (1 - fall) * strength**fall
    _wav2vec(log, rng, n, learning(t, 6.6, 3.3, 5), codes)
    tags = ("train_inner/code_perplexity", "train_inner/prob_perplexity")
    grows(log, "collapse", tags, steps(n, 200), codes, index_of(t, onset), 0.02)


@labelled(
    "accent_by_heart",
    "overfitting",
    "forty epochs over five hours of speech",
    clear=0.6,
)
def _accent(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 20, 60)
    t, at_ = times(n), epochs(n)
    slow_epochs(log, rng)
    valid = 26 * bent(t, rng.uniform(0.2, 0.4), 2.0, 1.0, 1 + strength)
    near(log, rng, "train_loss", at_, 60 * np.exp(-4 * t) + 1.5, 0.03)
    near(log, rng, "val_loss", at_, valid, 0.025)
    overfits(log, "val_loss", at_, valid, 0.7)


@labelled(
    "voice_gradients",
    "explosion",
    "the generator's gradient norm goes by decades to its end",
    clear=4.0,
    tolerated=("gradient", "divergence"),
)
def _voice(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 200, 800)
    t, at_ = times(n), steps(n, 200)
    onset = rng.uniform(0.5, 0.7)
    norm = 90 * 10 ** (strength * np.clip((t - onset) / 0.2, 0, 1))
    near(log, rng, "loss/g/mel", at_, learning(t, 46, 19, 8), 0.04)
    near(log, rng, "grad_norm_g", at_, norm, 0.25)
    near(log, rng, "grad_norm_d", at_, 6.0, 0.3)
    log.add("learning_rate", at_, 2e-4)
    grows(
        log,
        "explosion",
        "grad_norm_g",
        at_,
        norm,
        index_of(t, onset),
        0.25,
        ("gradient",),
    )


@labelled(
    "discriminator_has_won",
    "divergence",
    "mel error of the vocoder rises from half of the run on",
    medium=0.2,
)
def _won(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 600)
    t, at_ = times(n), steps(n, 100)
    onset = rng.uniform(0.4, 0.6)
    mel = learning(np.minimum(t, onset), 1.3, 0.42, 9) + ramp_after(t, onset, strength)
    near(log, rng, "training/mel_spec_error", at_, mel, 0.05)
    near(log, rng, "training/disc_loss", at_, 2.4 - ramp_after(t, onset, 1.8), 0.06)
    near(log, rng, "grad_norm", at_, settling(t, 3.0), 0.3)
    turns(log, "divergence", "training/mel_spec_error", at_, mel, index_of(t, onset), 0.025)


@labelled(
    "asr_scale",
    "loss_scale",
    "float16 underflow: the scale is halved without end",
    clear=20.0,
    medium=12.0,
    tolerated=("plateau",),
)
def _asr_scale(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 150, 500)
    t, at_ = times(n), steps(n, 100)
    index = index_of(t, rng.uniform(0.5, 0.7))
    halvings = np.clip((np.arange(n) - index + 1) // 2, 0, strength)
    log.add("train_inner/loss_scale", at_, 2.0 ** (7 - halvings))
    near(log, rng, "train_inner/loss", at_, learning(t, 11, 4.1, 5), 0.02)
    near(log, rng, "train_inner/gnorm", at_, 1.3, 0.15)
    start = int(np.argmax(halvings > 0))
    log.true(
        "loss_scale",
        "train_inner/loss_scale",
        at_[start],
        (at_[start - 2], at_[start + 8]),
        also=("collapse",),
    )


@labelled("tts_nan", "nonfinite", "log of a duration of 0", plain=1.0)
def _tts_nan(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, at_ = times(n), steps(n, 50)
    index = index_of(t, rng.uniform(0.25, 0.8))
    gone = strength * np.log(left(t, index, np.nan))
    near(log, rng, "train/loss_duration", at_, learning(t, 2.0, 0.8, 5) + gone, 0.05)
    near(log, rng, "train/loss", at_, learning(t, 40, 22, 5) + gone, 0.03)
    near(log, rng, "train/loss_mel", at_, learning(t, 38, 21, 5) + gone, 0.03)
    jumps(log, "nonfinite", ("train/loss", "train/loss_duration", "train/loss_mel"), at_, index)
