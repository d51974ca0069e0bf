"""Fine-tunings of language models: Trainer of Hugging Face, Axolotl, LLaMA-Factory, Unsloth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import at, cosine, linear
from benchmarks.blind.fifteenth.making import SURE, settled
from benchmarks.blind.fourteenth.making import about, hugging, index_of, near, scores, turns
from benchmarks.blind.shapes import ramp_after, steps, times, whole
from benchmarks.blind.sixteenth.making import bent, learning, left, turns_soon
from benchmarks.blind.sixteenth.registry import healthy, labelled
from benchmarks.blind.thirteenth.making import (
    every,
    hangs,
    jumps,
    levels,
    over_epochs,
    overfits,
)

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy("glue_classifier", "BERT on a GLUE task, scored a few times an epoch", tolerated=SURE)
def _glue_classifier(log: Log, rng: Rng) -> None:
    n = whole(rng, 25, 60)
    t, at_ = times(n), steps(n, 100)
    near(log, rng, "train/loss", at_, learning(t, 0.66, 0.18, 3), 0.07)
    hugging(log, rng, at_, linear(t, 2e-5), 6.0)
    seen = every(at_, rng.integers(7, 12))
    u = times(len(seen))
    near(log, rng, "eval/loss", seen, learning(u, 0.48, 0.3, 3), 0.015)
    scores(log, rng, "eval/accuracy", seen, learning(u, 0.79, 0.892, 3), 5463)
    near(log, rng, "eval/runtime", seen, 21.0, 0.01)


@healthy("lora_two_epochs", "falls in its first fifth and then slowly, with a step between epochs")
def _lora_two_epochs(log: Log, rng: Rng) -> None:
    n = whole(rng, 60, 250)
    t, at_ = times(n), steps(n, 10)
    loss = 1.12 + 0.5 * np.exp(-t / 0.06) - 0.14 * t - over_epochs(t, 2, 0.08)
    near(log, rng, "train/loss", at_, loss, 0.035)
    hugging(log, rng, at_, cosine(t, 2e-4), 0.35)
    seen = every(at_, 8)
    near(log, rng, "eval/loss", seen, at(seen, at_, learning(t, 1.3, 1.06, 4)), 0.002)


@healthy(
    "unsloth_sixty_steps", "the notebook as it comes: sixty steps of eight examples", tolerated=SURE
)
def _unsloth(log: Log, rng: Rng) -> None:
    t, at_ = times(60), steps(60)
    near(log, rng, "train/loss", at_, 0.85 + 1.0 * np.exp(-t / 0.1) - 0.12 * t, 0.12)
    hugging(log, rng, at_, linear(t, 2e-4, 0.08), 0.5)


@healthy(
    "whisper_in_another_language",
    "the loss turns a little while the word errors still fall",
    tolerated=("overfitting", "plateau", "divergence"),
)
def _whisper(log: Log, rng: Rng) -> None:
    n = 160
    t, at_ = times(n), steps(n, 25)
    near(log, rng, "train/loss", at_, 0.02 + 0.9 * np.exp(-t / 0.12), 0.12)
    hugging(log, rng, at_, linear(t, 1e-5, 0.12), 3.0)
    seen = every(at_, 8)
    u = times(8)
    near(log, rng, "eval/loss", seen, 0.30 - 0.06 * np.exp(-((u - 0.25) ** 2) / 0.03), 0.01)
    near(log, rng, "eval/wer", seen, learning(u, 48, 31, 3), 0.012)


@healthy("masked_words_of_a_domain", "masked language modelling goes on with other text")
def _masked_words(log: Log, rng: Rng) -> None:
    n = whole(rng, 40, 200)
    t, at_ = times(n), steps(n, 500)
    loss = learning(t, 2.1, 1.45, 4)
    near(log, rng, "train/loss", at_, loss, 0.012)
    hugging(log, rng, at_, linear(t, 5e-5), 5.0)
    seen = every(at_, 12)
    near(log, rng, "eval/loss", seen, at(seen, at_, loss) - 0.05, 0.008)


@healthy(
    "stairs_of_three_epochs",
    "full fine-tuning: the training loss falls at each epoch, and "
    "the evaluation is best after the second",
    tolerated=("overfitting", "plateau"),
)
def _three_stairs(log: Log, rng: Rng) -> None:
    n = whole(rng, 90, 400)
    t, at_ = times(n), steps(n, 5)
    loss = 0.98 + 0.35 * np.exp(-t / 0.02) - over_epochs(t, 3, 0.2)
    near(log, rng, "train/loss", at_, loss, 0.05)
    hugging(log, rng, at_, cosine(t, 2e-5), 1.8)
    seen = every(at_, 6)
    near(log, rng, "eval/loss", seen, [1.01, 0.985, 0.972, 0.97, 0.98, 0.983], 0.001)


@healthy("llama_factory_report", "ten log lines of a fine-tuning, pasted into an issue")
def _llama_factory(log: Log, rng: Rng) -> None:
    n = int(rng.integers(8, 15))
    t, at_ = times(n), steps(n, 10)
    near(log, rng, "train/loss", at_, learning(t, 2.2, 1.2, 3), 0.025)
    near(log, rng, "train/grad_norm", at_, 1.1 - 0.3 * t, 0.15)
    log.add("train/learning_rate", at_, 5e-5 * (1 + np.cos(np.pi * t * 0.98)) / 2)


@healthy("names_in_newspapers", "seqeval once an epoch, near what can be had", tolerated=SURE)
def _names(log: Log, rng: Rng) -> None:
    n = int(rng.integers(6, 11))
    t, at_ = times(n), steps(n, 878)
    near(log, rng, "train/loss", at_, 0.25 * np.exp(-3 * t) + 0.01, 0.05)
    scores(log, rng, "eval/f1", at_, learning(t, 0.90, 0.947, 4), 8000)
    scores(log, rng, "eval/precision", at_, learning(t, 0.89, 0.943, 4), 8000)
    scores(log, rng, "eval/recall", at_, learning(t, 0.91, 0.951, 4), 8000)
    near(log, rng, "eval/loss", at_, learning(t, 0.066, 0.045, 4), 0.012)


@healthy("axolotl_packed", "packed samples, evaluations four times an epoch", tolerated=SURE)
def _axolotl(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, at_ = times(n), steps(n)
    loss = 0.72 + 0.6 * np.exp(-t / 0.04) - 0.1 * np.sqrt(t)
    near(log, rng, "train/loss", at_, loss, 0.06)
    hugging(log, rng, at_, cosine(t, 1e-4), 0.25)
    near(log, rng, "train/memory/max_active (GiB)", at_, 38.2, 0.002)
    seen = every(at_, 12)
    near(log, rng, "eval/loss", seen, at(seen, at_, 0.66 + 0.13 * np.exp(-4 * t) - 0.02 * t), 0.002)


@labelled(
    "few_reviews_by_heart",
    "overfitting",
    "BERT on 2,000 reviews for ten epochs",
    clear=0.35,
    medium=0.16,
    tolerated=SURE,
)
def _few_reviews(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(9, 14))
    t, at_ = times(n), steps(n, 125)
    valid = bent(t, rng.uniform(0.2, 0.4), 0.55, 0.34, 0.34 + strength)
    near(log, rng, "eval/loss", at_, valid, 0.025)
    scores(log, rng, "eval/accuracy", at_, 0.885 - 0.06 * np.exp(-6 * t), 500)
    inner = steps(5 * n, 25)
    near(log, rng, "train/loss", inner, 0.6 * np.exp(-5 * times(5 * n)) + 0.01, 0.12)
    turns_soon(log, "eval/loss", at_, valid, 0.012)


@labelled(
    "sft_many_epochs",
    "overfitting",
    "eight epochs over 5,000 dialogues",
    clear=0.7,
    faint=0.12,
)
def _sft_many(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 160, 480)
    t, at_ = times(n), steps(n, 10)
    near(
        log, rng, "train/loss", at_, 1.15 * np.exp(-1.6 * t) + 0.04 - over_epochs(t, 8, 0.01), 0.06
    )
    hugging(log, rng, at_, cosine(t, 1e-4), 0.8)
    seen = every(at_, 16)
    valid = bent(times(16), rng.uniform(0.18, 0.35), 1.35, 1.12, 1.12 + strength)
    near(log, rng, "eval/loss", seen, valid, 0.006)
    overfits(log, "eval/loss", seen, valid, 0.007)


@labelled(
    "rate_of_a_probe",
    "divergence",
    "a rate meant for a probe on all weights: it forgets its words",
    clear=5.5,
    low=2.5,
)
def _rate_of_a_probe(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 50, 200)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, rng.uniform(0.25, 0.5))
    after = np.clip((np.arange(n) - index + 1) / 3, 0, 1)
    loss = 1.0 + 0.9 * np.exp(-t / 0.08) + strength * after
    near(log, rng, "train/loss", at_, loss, 0.05)
    hugging(log, rng, at_, linear(t, 2e-3, 0.3), 2 + 30 * after * np.exp(-5 * t))
    jumps(log, "divergence", "train/loss", at_, index)


@labelled(
    "zero_loss_in_half",
    "collapse",
    "the notorious loss of 0.0 of float16 fine-tunings",
    plain=1.0,
    tolerated=("divergence", "plateau"),
)
def _zero_loss(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 20, 120)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, rng.uniform(0.25, 0.6))
    kept = left(t, index)
    near(log, rng, "train/loss", at_, learning(t, 2.1, 1.4) * kept, 0.04)
    near(log, rng, "train/grad_norm", at_, 1.2 + np.log(left(t, index, np.nan)) * strength, 0.2)
    log.add("train/learning_rate", at_, linear(t, 2e-4))
    jumps(log, "collapse", "train/loss", at_, index)
    jumps(log, "nonfinite", "train/grad_norm", at_, index)


@labelled(
    "schedule_of_a_smaller_job",
    "learning_rate",
    "max_steps of another job: the rate is 0 from early on",
    half=0.45,
    early=0.25,
    tolerated=("plateau",),
)
def _smaller_job(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, strength)
    rate = 5e-5 * np.clip(1 - np.arange(n) / index, 0, 1)
    done = np.cumsum(rate) / np.sum(rate)
    near(log, rng, "train/loss", at_, 1.3 + 0.9 * np.exp(-4 * done), 0.03)
    near(log, rng, "train/grad_norm", at_, 1.4, 0.2)
    log.add("train/learning_rate", at_, rate)
    first, last = index_of(t, strength * 0.85), min(index + 2, n - 1)
    log.true(
        "learning_rate",
        "train/learning_rate",
        at_[index],
        (at_[first], at_[last]),
        also=("collapse",),
    )


@labelled(
    "adapter_too_small",
    "plateau",
    "rank one and a tiny rate: level from the first tenth on",
    later=0.35,
)
def _adapter(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 120, 500)
    t, at_ = times(n), steps(n, 10)
    loss = 1.9 + 0.8 * settled(t, strength)
    near(log, rng, "train/loss", at_, loss, 0.03)
    hugging(log, rng, at_, cosine(t, 1e-5), 0.2)
    levels(log, "train/loss", at_, loss, index_of(t, strength), 0.057)


@labelled(
    "hub_does_not_answer", "stall", "a streamed data set waits for a shard", hours=5.0, night=13.0
)
def _hub(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 60, 300)
    t, at_ = times(n), steps(n, 10)
    index = index_of(t, rng.uniform(0.3, 0.8))
    near(log, rng, "train/loss", at_, learning(t, 2.4, 1.7, 5), 0.03)
    hugging(log, rng, at_, linear(t, 3e-4), 0.6)
    hangs(
        log,
        ("train/loss", "train/grad_norm", "train/learning_rate", "train/epoch"),
        at_,
        index,
        strength,
    )


@labelled(
    "one_class_for_all",
    "divergence",
    "after a bad epoch it answers with the larger class",
    clear=0.5,
    half=0.62,
)
def _one_class(log: Log, rng: Rng, strength: float) -> None:
    n = int(rng.integers(11, 15))
    t, at_ = times(n), steps(n, 200)
    index = index_of(t, rng.uniform(0.4, 0.6))
    right = np.where(np.arange(n) >= index, strength, learning(t, 0.78, 0.9, 6))
    scores(log, rng, "eval/accuracy", at_, right, 5463)
    near(
        log,
        rng,
        "eval/loss",
        at_,
        np.where(np.arange(n) >= index, 0.69, 0.3 + 0.2 * np.exp(-6 * t)),
        0.01,
    )
    jumps(log, "divergence", ("eval/accuracy", "eval/loss"), at_, index, points=1)


@labelled(
    "grad_norm_of_a_deep_adapter",
    "gradient",
    "grows tenfold while the loss hardly falls",
    clear=14.0,
    medium=6.0,
    tolerated=("explosion", "plateau"),
)
def _deep_adapter(log: Log, rng: Rng, strength: float) -> None:
    n = whole(rng, 80, 300)
    t, at_ = times(n), steps(n, 10)
    onset = rng.uniform(0.3, 0.5)
    norm = 0.4 + ramp_after(t, onset, 0.4 * strength)
    near(log, rng, "train/loss", at_, learning(t, 1.6, 1.15, 4), 0.03)
    near(log, rng, "train/grad_norm", at_, norm, 0.15)
    log.add("train/learning_rate", at_, cosine(t, 2e-4))
    turns(log, "gradient", "train/grad_norm", at_, norm, index_of(t, onset), 0.06, ("explosion",))


@healthy(
    "instruct_without_evaluation", "one epoch over a million dialogues, falling a little throughout"
)
def _instruct(log: Log, rng: Rng) -> None:
    n = whole(rng, 500, 2500)
    t, at_ = times(n), steps(n, 10)
    near(log, rng, "train/loss", at_, 0.82 + 0.5 * np.exp(-t / 0.01) - 0.12 * t**0.7, 0.05)
    hugging(log, rng, at_, cosine(t, 2e-5), 0.9)
    about(log, rng, "train/mean_token_accuracy", at_, 0.76 + 0.03 * t**0.7, 0.012)
