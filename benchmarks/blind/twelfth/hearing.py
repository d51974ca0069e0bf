"""Speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.eighth.making import at, interval, jitter, linear, noise
from benchmarks.blind.twelfth.making import (
    by_epochs,
    jumps,
    kept_scale,
    lost_scale,
    saturating,
    says_scale,
    scales,
    since,
    single,
    sinking,
    slows_at,
    worsens,
)
from benchmarks.blind.twelfth.registry import healthy, labelled

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "words_of_another_language",
    "a large recogniser on a small language: ten to twenty evaluations of the word error, with the"
    " rate to zero (openai/whisper fine-tuned, trainer_state.json)",
)
def words_of_another_language(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(10, 21))
    t, steps = shapes.times(n), shapes.steps(n, 1000)
    log.add("eval/wer", steps, sinking(t, 64, 31.5, 0.8, 0.1) + noise(rng, n, 0.6))
    log.add("eval/loss", steps, single(sinking(t, 0.52, 0.317, 0.8, 0.1) + noise(rng, n, 0.003)))
    inner = np.linspace(0, 1, 40 * n)
    fine = shapes.steps(40 * n, 25)
    log.add("train/loss", fine, np.round(jitter(rng, sinking(inner, 1.4, 0.14, 0.7), 0.1), 4))
    log.add("train/learning_rate", fine, linear(inner, 1e-5, 0.08))
    log.add("train/grad_norm", fine, single(5.2 * np.exp(noise(rng, 40 * n, 0.2))))


@healthy(
    "blanks_at_first",
    "the word error is 1 until the alignments are found and falls steeply then"
    " (SpeechBrain, CTC recipes)",
    tolerated=("plateau",),
)
def blanks_at_first(log: Log, rng: np.random.Generator) -> None:
    by_epochs(log, rng)
    n = int(rng.integers(30, 80))
    t, steps = shapes.times(n), shapes.steps(n, 1)
    found = 1 / (1 + np.exp(-(t - 0.16) / 0.025))
    wer = 1 - found * saturating(t, 0.45, 0.89, 4)
    wer = np.minimum(wer + noise(rng, n, 0.006) * found, 1)
    log.add("valid WER", steps, np.round(100 * wer, 2))
    log.add(
        "valid loss",
        steps,
        jitter(rng, 2.9 - 0.25 * (1 - found) * t - found * saturating(t, 1.1, 2.55, 4), 0.012),
    )
    log.add("train loss", steps, jitter(rng, 2.9 - found * saturating(t, 1.1, 2.6, 3.5), 0.01))


@healthy(
    "who_is_speaking",
    "equal error rate of speakers, rate cut in cycles of a triangle that gets smaller"
    " (SpeechBrain, CyclicLRScheduler)",
)
def who_is_speaking(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 160, 500)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    cycle, within = shapes.cycle(t, 4)
    rate = 1e-8 + 1e-3 * 0.5**cycle * (1 - np.abs(2 * within - 1))
    log.add("lr", steps, rate)
    log.add("train/loss", steps, jitter(rng, sinking(t, 13.5, 2.1, 0.7) * (1 + 120 * rate), 0.03))
    evals = interval(steps, int(steps[-1]) // 20)
    log.add(
        "valid/EER",
        evals,
        np.round(sinking(evals / steps[-1], 9.8, 1.12, 0.9, 0.1) + noise(rng, len(evals), 0.05), 3),
    )


@labelled(
    "peak_too_high_for_the_encoder",
    "divergence",
    "some time behind the warm-up the norm grows, the scale falls and the words are lost: the error"
    " goes back towards 1 (espnet and k2-fsa/icefall, issues)",
    tolerated=("explosion", "overfitting", "plateau"),
    clear=0.75,
    middling=0.3,
)
def peak_too_high_for_the_encoder(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 240, 900)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    first = int(n * rng.uniform(0.42, 0.55))
    lost = 1 - np.exp(-6 * since(n, first))
    norm = 2.4 * np.exp(3.2 * lost)
    scale = lost_scale(kept_scale(rng, n, 15, 2), first + n // 20, n / 70, 0)
    log.add(
        "train/tot_loss",
        steps,
        sinking(t, 3.1, 0.5, 0.7) + 1.6 * strength * lost + noise(rng, n, 0.05, 0.3),
    )
    worse = sinking(t, 3.1, 0.5, 0.7) + 1.6 * strength * lost
    worsens(log, "train/tot_loss", steps, worse, first, 0.07)
    log.add("train/grad_norm", steps, norm * np.exp(noise(rng, n, 0.15)))
    scales(log, "gradient", "train/grad_norm", steps, norm, first, 0.2, also=("explosion",))
    log.add("train/grad_scale", steps, scale)
    says_scale(log, "train/grad_scale", steps, scale, first + n // 20)
    evals = interval(steps, int(steps[-1]) // 40)
    wrong = at(evals, steps, sinking(t, 0.95, 0.28, 0.8) + 0.65 * strength * lost)
    log.add("valid/wer", evals, np.round(wrong + noise(rng, len(evals), 0.008), 4))
    turn = int(np.argmax(evals >= steps[first]))
    worsens(log, "valid/wer", evals, wrong, turn, 0.011, also=("overfitting",))


@labelled(
    "audio_decoded_on_one_core",
    "throughput",
    "from one hour on steps a second are a fifth or a half fewer; one batch of silence makes the"
    " loss leap (lhotse, data loaders)",
    clear=0.5,
    faint=0.8,
)
def audio_decoded_on_one_core(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 300, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 100)
    index, leap = int(n * rng.uniform(0.3, 0.6)), int(n * rng.uniform(0.65, 0.9))
    loss = sinking(t, 5.2, 0.9, 0.6)
    loss[leap : leap + 2] += 2.2
    tags = ("train/steps_per_sec", "train/loss")
    speed = np.where(np.arange(n) < index, 1, strength) * np.exp(noise(rng, n, 0.012))
    log.add(tags[0], steps, single(3.4 * speed))
    log.add(tags[1], steps, single(loss + noise(rng, n, 0.04)))
    jumps(log, "spike", tags[1], steps, leap, points=3)
    log.slower(int(steps[index]), 1 / strength)
    slows_at(log, tags, steps, index)
