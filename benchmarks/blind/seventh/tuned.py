"""Language models tuned and trained by the many: few evaluations, losses to four places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import cosine, evaluated, linear, norms, trainer
from benchmarks.blind.seventh.making import (
    bend,
    count,
    ends_of_epochs,
    every,
    grain,
    places,
    scored,
    settle,
)
from benchmarks.blind.seventh.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "sentences_sorted_in_four_passes",
    "text classification with the defaults of the Trainer: a loss every 500 steps, evaluated four"
    " or five times (transformers, run_glue.py)",
    tolerated=("plateau",),
)
def sentences_sorted_in_four_passes(log: Log, rng: np.random.Generator) -> None:
    epochs, batches, of = count(rng, 4, 5), count(rng, 2500, 4000), count(rng, 800, 1800)
    total = epochs * batches
    steps, at = every(total, 500), ends_of_epochs(epochs, batches) + 1
    log.seconds_per_step = rng.uniform(0.1, 0.3)
    n = len(steps)
    loss = bend(n, 0.52, 0.12, 3) * np.exp(grain(rng, n, 0.06))
    norm = norms(rng, n, 6.0, 0.7)
    trainer(log, steps, loss, norm, linear(steps, total, 2e-5, 0), batches)
    share = settle(epochs, 0.885, 0.918, 3)
    scores = {
        "loss": settle(epochs, 0.315, 0.272, 3) + grain(rng, epochs, 0.006),
        "accuracy": scored(rng, share, of),
        "f1": places(share - 0.004 + grain(rng, epochs, 0.003), 6),
    }
    evaluated(log, rng, at, scores, of)


@healthy(
    "adapter_for_a_chatbot",
    "LoRA on some thousand conversations in two epochs: a slow fall within a noise of batches of"
    " four, and norms that creep upward as those of adapters do (peft, QLoRA logs)",
    tolerated=("plateau",),
)
def adapter_for_a_chatbot(log: Log, rng: np.random.Generator) -> None:
    batches = count(rng, 600, 1200)
    total = 2 * batches
    steps, at = every(total, 10), every(total, total // 12)
    log.seconds_per_step = rng.uniform(3, 9)
    n, m = len(steps), len(at)
    loss = bend(n, 1.68, 1.13, 12) + grain(rng, n, 0.075, 0.2)
    norm = norms(rng, n, np.linspace(0.32, 0.42, n), 0.15)
    trainer(log, steps, loss, norm, cosine(steps, total, 2e-4), batches)
    scores = {"loss": bend(m, 1.31, 1.155, 5) + grain(rng, m, 0.004)}
    evaluated(log, rng, at, scores, 500)


@healthy(
    "whispers_of_a_small_language",
    "Whisper on ten hours of speech: the rate of word errors still falls while the loss of"
    " evaluation has turned, as it does in most of these runs (transformers, speech-recognition"
    " fine-tuning event)",
    tolerated=("overfitting", "plateau"),
)
def whispers_of_a_small_language(log: Log, rng: np.random.Generator) -> None:
    total, batches = 5000, count(rng, 420, 700)
    steps, at = every(total, 25), every(total, 500)
    log.seconds_per_step = rng.uniform(2, 5)
    n, m = len(steps), len(at)
    epoch = steps // batches
    loss = (0.03 + 0.75 * np.exp(-steps / 130) + 0.3 * 0.42**epoch) * np.exp(grain(rng, n, 0.13))
    norm = norms(rng, n, 1.5 + 3 * np.exp(-steps / 600), 0.4)
    trainer(log, steps, loss, norm, linear(steps, total, 1e-5, 0.1), batches)
    words = settle(m, 47, 30.5, 3.2) + grain(rng, m, 0.6)
    scores = {
        "loss": settle(m, 0.47, 0.395, 7)
        + 0.05 * np.linspace(0, 1, m) ** 1.4
        + grain(rng, m, 0.003),
        "wer": places(words, 4),
    }
    evaluated(log, rng, at, scores, 900)


@healthy(
    "pairs_of_answers_preferred",
    "DPO in one pass: the loss leaves ln 2 slowly, both rewards sink, and the one of what was"
    " rejected sinks more (trl, DPOTrainer)",
)
def pairs_of_answers_preferred(log: Log, rng: np.random.Generator) -> None:
    total = count(rng, 600, 1500)
    steps = every(total, 10)
    log.seconds_per_step = rng.uniform(4, 12)
    n = len(steps)
    share = 1 - np.exp(-2.2 * steps / total)
    margin = 1.1 * share + grain(rng, n, 0.13, 0.1)
    chosen = -0.7 * share + grain(rng, n, 0.1)
    trainer(
        log,
        steps,
        0.693 - 0.16 * share + grain(rng, n, 0.03, 0.1),
        norms(rng, n, 9 + 5 * share, 0.2),
        linear(steps, total, 5e-7, 0.1),
        total,
    )
    log.add("train/rewards/chosen", steps, places(chosen, 4))
    log.add("train/rewards/rejected", steps, places(chosen - margin, 4))
    log.add("train/rewards/margins", steps, places(margin, 4))
    log.add("train/rewards/accuracies", steps, scored(rng, 0.5 + 0.22 * share, 80, 0))


@healthy(
    "shakespeare_on_one_card",
    "nanoGPT: a logger that tells the iteration, both losses and mfu, which is -100 % until it is"
    " known (karpathy/nanoGPT, train.py)",
)
def shakespeare_on_one_card(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 18, 40)
    steps = np.arange(n, dtype=np.int64) * 250
    log.seconds_per_step = 0.15
    loss = bend(n, 10.9, 3.32, 60, 0.55)
    both = grain(rng, n, 0.012)
    log.add("iter", steps, steps)
    log.add("train/loss", steps, loss + both + grain(rng, n, 0.008))
    log.add("val/loss", steps, loss * 1.012 + 0.01 + both + grain(rng, n, 0.008))
    log.add("lr", steps, np.maximum(cosine(steps, 250 * n, 6e-4, 0.05), 6e-5 * (steps > 250)))
    log.add("mfu", steps, np.where(steps == 0, -100, 37 + grain(rng, n, 0.5)))


@healthy(
    "questions_two_hundred",
    "a benchmark of some two hundred questions after each fiftieth step of GRPO: a gain of ten in"
    " a hundred beneath the noise of two or three (trl, GRPOTrainer; open-r1 logs)",
    tolerated=("plateau",),
)
def questions_two_hundred(log: Log, rng: np.random.Generator) -> None:
    m, of = count(rng, 10, 20), count(rng, 150, 250)
    at = every(50 * m, 50)
    steps = every(50 * m, 5)
    log.seconds_per_step = rng.uniform(40, 90)
    n = len(steps)
    reward = settle(n, 0.42, 0.66, 2.5) + grain(rng, n, 0.045, 0.1)
    log.add("train/loss", steps, places(0.004 + 0.03 * steps / steps[-1] + grain(rng, n, 0.006), 4))
    log.add("train/reward", steps, places(reward, 4))
    log.add("train/reward_std", steps, places(0.3 + grain(rng, n, 0.03), 4))
    log.add("train/completion_length", steps, places(bend(n, 240, 420, 1) + grain(rng, n, 14), 3))
    log.add("train/kl", steps, places(0.08 * steps / steps[-1] * np.exp(grain(rng, n, 0.2)), 4))
    log.add("train/learning_rate", steps, cosine(steps, 50 * m, 1e-6, 0.1))
    log.add("eval/accuracy", at, scored(rng, settle(m, 0.31, 0.42, 3), of))
