"""Small language models from scratch: nanoGPT and the Trainer of Hugging Face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, turned
from benchmarks.blind.fourteenth.making import about, index_of, near, settling
from benchmarks.blind.fourteenth.registry import healthy, labelled
from benchmarks.blind.shapes import logistic, power_law, times, whole
from benchmarks.blind.shapes import steps as spaced
from benchmarks.blind.thirteenth.making import (
    descent,
    every,
    half_cosine,
    levels,
    over_epochs,
    overfits,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.blind.runs import Log

    Array = NDArray[np.float64]
    Steps = NDArray[np.int64]


@healthy("gpt_openwebtext_cosine", "nanoGPT on OpenWebText: falls as a power law to the end.")
def gpt_openwebtext_cosine(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 60, 300), 2000, 0)
    t = times(len(steps))
    loss = power_law(t, 10.9, 2.85 + 0.1 * rng.random())
    near(log, rng, "train/loss", steps, loss, 0.004)
    near(log, rng, "val/loss", steps, loss + 0.01, 0.004)
    log.add("lr", steps, cosine(t, 6e-4))
    near(log, rng, "mfu", steps, 38.0, 0.01)


@healthy(
    "gpt_letters_stopped_at_best",
    "nanoGPT on Shakespeare's letters, ended when validation is level.",
    tolerated=("plateau",),
)
def gpt_letters_stopped_at_best(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(14, 250, 0)
    t = times(len(steps))
    near(log, rng, "train/loss", steps, 1.1 + 3.1 * np.exp(-9 * t) - 0.08 * t, 0.006)
    near(log, rng, "val/loss", steps, 1.47 + 2.75 * np.exp(-9 * t), 0.005)
    log.add("lr", steps, cosine(t, 1e-3))


@healthy("codeparrot_three_epochs", "From scratch for three epochs: the loss drops at each start.")
def codeparrot_three_epochs(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 240, 600), 50)
    t = times(len(steps))
    loss = power_law(t, 9.5, 1.3, 0.35) - over_epochs(t, 3, 0.05)
    near(log, rng, "train/loss", steps, loss, 0.02)
    near(log, rng, "train/grad_norm", steps, settling(t, 0.3), 0.2)
    log.add("train/learning_rate", steps, cosine(t, 5e-4, end=0))
    log.add("train/epoch", steps, 3 * t)
    few = every(steps, 12)
    near(log, rng, "eval/loss", few, at(few, steps, power_law(t, 9.5, 1.28, 0.35)), 0.003)


@healthy("mamba_warm_restarts", "The loss is shaken up at each restart of the cosine, and falls.")
def mamba_warm_restarts(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 400, 900), 25)
    t = times(len(steps))
    rate = half_cosine(np.where(t < 1, (t * 4) % 1, 1.0), end=0.05)
    loss = 2.6 + 5 * descent(rate, 2500, 0.08)
    near(log, rng, "train/loss", steps, loss, 0.012)
    log.add("train/lr", steps, 8e-4 * rate)
    near(log, rng, "train/grad_norm", steps, 0.3, 0.2)


@healthy(
    "gpt_grokking_induction",
    "A late second drop when attention learns to copy.",
    tolerated=("plateau",),
)
def gpt_grokking_induction(log: Log, rng: np.random.Generator) -> None:
    steps = spaced(whole(rng, 200, 500), 20)
    t = times(len(steps))
    loss = power_law(t, 10.5, 4.0, 0.4) - logistic(t, 0, 0.9, rng.uniform(0.3, 0.5), 0.02)
    near(log, rng, "train/loss", steps, loss, 0.012)
    about(log, rng, "train/lr", steps, cosine(t, 1e-3), 0)
    few = every(steps, 20)
    near(log, rng, "val/loss", few, at(few, steps, loss) + 0.03, 0.005)


@labelled(
    "gpt_stuck_at_unigrams",
    "plateau",
    "Position embeddings are dead: after the frequencies of words nothing is learned.",
    early=0.06,
    later=0.2,
)
def gpt_stuck_at_unigrams(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 150, 500), 20)
    t = times(len(steps))
    loss = np.maximum(10.9 - 3.4 * np.clip(t / strength, 0, 1) ** 0.6, 7.5)
    near(log, rng, "train/loss", steps, loss, 0.006)
    log.add("train/lr", steps, cosine(t, 3e-4))
    near(log, rng, "train/grad_norm", steps, 0.4, 0.2)
    levels(log, "train/loss", steps, loss, index_of(t, strength), 0.045)


@labelled(
    "gpt_letters_too_long",
    "overfitting",
    "nanoGPT on Shakespeare's letters: validation turns, training goes on.",
    short=0.45,
    long=1.1,
)
def gpt_letters_too_long(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 20, 45), 250, 0)
    t = times(len(steps))
    val = turned(t, rng.uniform(0.25, 0.4), 2.7, strength, 1.47)
    near(log, rng, "train/loss", steps, 4.2 - 3.5 * (1 - np.exp(-6 * t)) - 0.5 * t, 0.006)
    near(log, rng, "val/loss", steps, val, 0.012)
    log.add("lr", steps, cosine(t, 1e-3))
    overfits(log, "val/loss", steps, val, 0.018)


@labelled(
    "small_corpus_many_epochs",
    "overfitting",
    "Ten epochs over thirty million words: the loss of the held-out text rises from the third.",
    mild=0.5,
    strong=1.2,
)
def small_corpus_many_epochs(log: Log, rng: np.random.Generator, strength: float) -> None:
    steps = spaced(whole(rng, 200, 500), 25)
    t = times(len(steps))
    loss = power_law(t, 10.5, 3.4, 0.5) - over_epochs(t, 10, 0.14)
    near(log, rng, "train/loss", steps, loss, 0.012)
    log.add("train/learning_rate", steps, cosine(t, 6e-4, end=0))
    near(log, rng, "train/grad_norm", steps, 0.5 + 0.5 * t, 0.15)
    few = every(steps, 40)
    val = turned(times(40), rng.uniform(0.25, 0.4), 3.0, strength, 3.7)
    near(log, rng, "eval/loss", few, val, 0.008)
    overfits(log, "eval/loss", few, val, 0.03)
