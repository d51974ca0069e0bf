"""Speech and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.thirteenth.making import (
    at,
    drifts,
    every,
    grows,
    jitter,
    jumps,
    noise,
    spikes,
)
from benchmarks.blind.thirteenth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "blanks_first_then_letters",
    "CTC: for a few epochs nothing but blanks at a loss of 2.9, then letters, and the word error"
    " rate leaves 1",
    tolerated=("plateau",),
)
def blanks_first_then_letters(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(40, 120))
    t, steps = shapes.times(n), shapes.steps(n, 400)
    a = rng.uniform(0.06, 0.12)
    left = np.clip((t - a) / (1 - a), 0, None)
    loss = 2.9 - 2.5 * (1 - np.exp(-left / 0.12)) + 6 * np.exp(-np.arange(n) / 0.6)
    log.add("eval/loss", steps, jitter(rng, loss, 0.02))
    log.add(
        "eval/wer",
        steps,
        np.clip(1 - 0.74 * (1 - np.exp(-left / 0.2)) + noise(rng, n, 0.006), 0, 1),
    )
    log.add("train/learning_rate", steps, 3e-4 * np.minimum(t / 0.1, (1 - t) / 0.9).clip(0))


@healthy(
    "noam_for_a_conformer",
    "ESPnet: warm-up over a third of the run, then one over the root of the step; accuracy"
    " rises, character error falls, an iteration's time is level",
    tolerated=("plateau",),
)
def noam_for_a_conformer(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(30, 90))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    warm = 0.3
    rate = np.minimum(((steps / n) / warm), (steps / n / warm) ** -0.5)
    log.add("optim0_lr0", steps, 0.0015 * rate)
    fell = np.exp(-t / 0.25)
    log.add("train/loss", steps, jitter(rng, 9 + 70 * fell, 0.012))
    log.add("valid/loss", steps, jitter(rng, 10.5 + 68 * fell, 0.018))
    log.add("valid/acc", steps, 0.93 - 0.6 * fell + noise(rng, n, 0.003))
    log.add("valid/cer_ctc", steps, jitter(rng, 0.055 + 0.8 * fell, 0.02))
    log.add("train/iter_time", steps, jitter(rng, np.full(n, 0.083), 0.06))


@healthy(
    "a_voice_from_three_hours",
    "VITS: generator, discriminator, mel and KL of one voice, each at its own level, each noisy;"
    " mel falls to the end",
    tolerated=("plateau",),
)
def a_voice_from_three_hours(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 200, 0)
    log.add(
        "loss/g/mel", steps, jitter(rng, 16.5 + 26 * np.exp(-t / 0.03) + 4 * np.exp(-t / 0.5), 0.04)
    )
    log.add("loss/g/kl", steps, jitter(rng, 1.35 + 3 * np.exp(-t / 0.02), 0.12))
    log.add("loss/g/fm", steps, jitter(rng, 4.2 - 2.5 * np.exp(-t / 0.1), 0.12))
    log.add("loss/d/total", steps, jitter(rng, 2.45 + 1.2 * np.exp(-t / 0.02), 0.05))
    log.add("grad_norm_g", steps, jitter(rng, 190 + 400 * np.exp(-t / 0.02), 0.35))
    log.add("learning_rate", steps, 2e-4 * 0.999875 ** (steps / 500))


@healthy(
    "speakers_by_a_triangle",
    "ECAPA with a cyclic rate: four triangles from 1e-8 to 1e-3, seen in the loss; equal error"
    " rate is lowest at their feet and the last is the best",
    tolerated=("plateau",),
)
def speakers_by_a_triangle(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(90, 240))
    t, steps = shapes.times(n), shapes.steps(n, 500)
    _, into = shapes.cycle(t, 4)
    rate = 1 - np.abs(2 * into - 1)
    fall = np.exp(-t / 0.2)
    log.add("train/loss", steps, jitter(rng, 1.3 + 9 * fall + 0.5 * rate * (0.4 + fall), 0.025))
    log.add("train/lr", steps, 1e-8 + 1e-3 * rate)
    log.add("valid/EER", steps, jitter(rng, 2.1 + 12 * fall + 0.7 * rate * (0.4 + fall), 0.04))


@labelled(
    "targets_longer_than_frames",
    "nonfinite",
    "CTC without zero_infinity: the loss becomes infinite where a transcript is longer than its"
    " frames, the norm is NaN one step later, and then all is (NeMo #1577)",
    clear=1.0,
)
def targets_longer_than_frames(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 800)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    a = int(n * rng.uniform(0.3, 0.7))
    loss = jitter(rng, 14 + 110 * np.exp(-t / 0.1), 0.08) * strength
    norm = jitter(rng, 9 + 30 * np.exp(-t / 0.05), 0.2)
    loss[a] = np.inf
    loss[a + 1 :] = np.nan
    norm[a:] = np.nan
    log.add("train_loss", steps, loss)
    log.add("grad_norm", steps, norm)
    log.add("learning_rate", steps, 2e-4 * np.minimum(1, t / 0.1))
    jumps(log, "nonfinite", ("train_loss", "grad_norm"), steps, a)


@labelled(
    "attention_loses_its_diagonal",
    "divergence",
    "Tacotron 2: alignment is lost at one step after a batch of long texts and never found"
    " again; mel loss stays three times as high (NVIDIA/tacotron2 #106)",
    clear=0.6,
    moderate=0.36,
)
def attention_loses_its_diagonal(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    a = int(n * rng.uniform(0.45, 0.75))
    lost = np.where(np.arange(n) >= a, strength, 0.0)
    log.add("training.loss", steps, jitter(rng, 0.3 + 1.4 * np.exp(-t / 0.06) + lost, 0.06))
    log.add("grad.norm", steps, jitter(rng, np.where(lost > 0, 0.9, 0.25), 0.25))
    log.add("learning.rate", steps, np.full(n, 1e-3))
    seen = every(steps, int(rng.integers(24, 50)))
    index = int(np.argmax(seen >= steps[a]))
    gone = np.where(np.arange(len(seen)) >= index, strength, 0.0)
    val = 0.36 + 1.2 * np.exp(-at(seen, steps, t) / 0.06) + gone
    log.add("validation.loss", seen, jitter(rng, val, 0.02))
    # Dated on the grid of the validation: either curve may be the one that is told.
    window = int(seen[max(index - 2, 0)]), int(seen[min(index + 2, len(seen) - 1)])
    tags = ("training.loss", "validation.loss")
    log.true("divergence", tags, int(seen[index]), window, also=("overfitting",))


@labelled(
    "wav2vec_uses_few_codes",
    "collapse",
    "fairseq: code perplexity of the quantizer falls from 400 to a handful and accuracy of the"
    " contrast with it; the norm of gradients grows meanwhile (fairseq #3436)",
    clear=4.0,
    moderate=20.0,
    tolerated=("plateau",),
)
def wav2vec_uses_few_codes(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 150, 500)
    t, steps = shapes.times(n), shapes.steps(n, 200)
    a = rng.uniform(0.35, 0.5)
    gone = np.clip((t - a) / 0.2, 0, 1)
    codes = (640 - 420 * (1 - np.exp(-t / 0.1))) * (strength / 250) ** gone
    log.add("train_inner/code_perplexity", steps, jitter(rng, codes, 0.02, 0.3))
    right = 0.08 + 0.42 * (1 - np.exp(-t / 0.1)) * (1 - 0.85 * gone)
    log.add("train_inner/accuracy", steps, right + noise(rng, n, 0.008))
    norm = 0.45 * 14.0 ** np.clip((t - a) / (1 - a), 0, 1)
    log.add("train_inner/gnorm", steps, jitter(rng, norm, 0.15))
    log.add("train_inner/wps", steps, jitter(rng, np.full(n, 21_700.0), 0.02))
    index = int(a * n)
    tag = "train_inner/code_perplexity"
    grows(log, "collapse", tag, steps, codes, index, 0.03, ("divergence",))
    drifts(
        log,
        "divergence",
        "train_inner/accuracy",
        steps,
        -right,
        index,
        0.01,
        ("collapse", "overfitting"),
    )
    grows(log, "gradient", "train_inner/gnorm", steps, norm, index, 0.2, ("explosion",))


@labelled(
    "codec_hiccups",
    "spike",
    "a neural codec on mixed lengths: silence of a whole batch makes the spectral loss leap for"
    " one logged point, thrice in the run",
    tolerated=("spike",),
    clear=12.0,
    moderate=4.5,
)
def codec_hiccups(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    loss = jitter(rng, 4.1 + 5 * np.exp(-t / 0.08), 0.03)
    for place in (rng.uniform(0.2, 0.4), rng.uniform(0.5, 0.65), rng.uniform(0.75, 0.93)):
        i = int(place * n)
        loss[i] += strength
        spikes(log, "gen/mel_l1", steps, i, 1)
    log.add("gen/mel_l1", steps, loss)
    log.add("gen/adv", steps, jitter(rng, np.full(n, 1.9), 0.06, 0.6))


@labelled(
    "loader_leaks_memory",
    "throughput",
    "each epoch's time of an iteration is longer than the last's, from 0.3 to over 1 second, as"
    " the loader's processes swap (pytorch #13246)",
    clear=3.5,
    moderate=1.0,
)
def loader_leaks_memory(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 200, 900)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    a = rng.uniform(0.2, 0.35)
    longer = strength * np.clip((t - a) / (1 - a), 0, None)
    took = 0.31 * (1 + longer) * np.exp(noise(rng, n, 0.04, 0.3))
    log.add("train_step_timing in s", steps, took)
    log.add("train_loss", steps, jitter(rng, 0.9 + 3 * np.exp(-t / 0.15), 0.06))
    clock = 1_772_438_400 + np.cumsum(took * 100)
    log.times = dict(zip(steps.tolist(), clock.tolist(), strict=True))
    tags = ("train_step_timing in s", "train_loss")
    drifts(log, "throughput", tags, steps, longer, int(a * n), 0.05, ("explosion",))
