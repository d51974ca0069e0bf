"""Ordinary training of language models, from nothing and from others' weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.fifth.making import (
    batches,
    evaluations,
    exponents,
    fall,
    held_out,
    linear,
    settle,
)
from benchmarks.blind.fifth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "adapter_for_a_chat",
    "instructions for an adapter: the loss falls within a tenth of the run, then slowly in the"
    " noise of batches (LLaMA-Factory, axolotl)",
    tolerated=("plateau",),
)
def adapter_for_a_chat(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 60, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    log.seconds_per_step = rng.uniform(1.5, 8)
    low = rng.uniform(0.82, 1.15)
    loss = fall(t, 1.62, low, 0.01, 0.6) * batches(rng, n, 0.05)
    log.add("train/loss", steps, np.round(loss + shapes.correlated(rng, n, 0.012, 0.8), 4))
    log.add("train/grad_norm", steps, (0.35 + 0.25 * t) * batches(rng, n, 0.15))
    log.add("train/learning_rate", steps, shapes.warmup_cosine(t, 2e-4, 0.03, 0.0))
    log.add("train/epoch", steps, np.round(3 * t, 2))
    k = int(rng.integers(6, 16))
    at = np.linspace(n // k, n - 1, k).astype(int)
    evaluations(log, steps[at], 60)
    held = fall(t[at], 1.25, low + 0.03, 0.05, 0.6) + rng.normal(0, 0.001, k)
    log.add("eval/loss", steps[at], held)
    log.add("eval/runtime", steps[at], 61 * rng.gamma(2000, 1 / 2000, k))


@healthy(
    "sentences_in_three_epochs",
    "a classifier from a pre-trained encoder: three epochs, the training's loss each hundred"
    " steps, an evaluation each half epoch (Hugging Face Trainer)",
)
def sentences_in_three_epochs(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(24, 64))
    t, steps = shapes.times(n), shapes.steps(n, 100)
    log.seconds_per_step = rng.uniform(0.1, 0.4)
    log.add("train/loss", steps, np.round(fall(t, 0.66, 0.19, 0.08, 0.7) * batches(rng, n, 0.1), 4))
    log.add("train/learning_rate", steps, linear(t, 2e-5, 0.06))
    log.add("train/grad_norm", steps, 5.5 * batches(rng, n, 0.55))
    at = np.linspace(n // 6, n - 1, 6).astype(int)
    evaluations(log, steps[at], 9)
    log.add("eval/accuracy", steps[at], fall(t[at], 0.86, 0.917, 0.3, 1) + rng.normal(0, 0.002, 6))
    log.add("eval/loss", steps[at], fall(t[at], 0.37, 0.244, 0.3, 1) + rng.normal(0, 0.004, 6))


@healthy(
    "books_letter_by_letter",
    "nanoGPT: both losses each few hundred iterations, a cosine rate, still falling at its end"
    " (karpathy/nanoGPT)",
)
def books_letter_by_letter(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 300)
    t, steps = shapes.times(n), shapes.steps(n, 500, 0)
    log.seconds_per_step = rng.uniform(0.1, 0.6)
    loss = fall(t, 10.99, 2.94, 0.004, 0.45)
    log.add("train/loss", steps, loss + rng.normal(0, 0.012, n))
    log.add("val/loss", steps, loss + 0.015 + 0.03 * t + rng.normal(0, 0.012, n))
    log.add("lr", steps, shapes.warmup_cosine(t, 6e-4, 0.02, 0.1))
    log.add("mfu", steps, np.where(np.arange(n) == 0, -100.0, 38.2 + rng.normal(0, 0.15, n)))


@healthy(
    "billions_of_tokens",
    "Megatron: a point an iteration or each ten, 5,000 to 20,000 of them; the loss scale climbs and"
    " is halved, the gradient's norm falls to a third",
)
def billions_of_tokens(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 5000, 20000)
    t, steps = shapes.times(n), shapes.steps(n, int(rng.choice([1, 10])))
    log.seconds_per_step = rng.uniform(1.5, 6)
    loss = fall(t, 10.8, 2.21, 0.0015, 0.42) + shapes.correlated(rng, n, 0.02, 0.4)
    log.add("lm loss", steps, loss)
    norm = fall(t, 6.0, 0.31, 0.002, 0.6) * batches(rng, n, 0.12)
    log.add("grad-norm", steps, norm)
    log.add("learning-rate", steps, shapes.warmup_cosine(t, 1.5e-4, 0.01, 0.1))
    log.add("loss-scale", steps, 2 ** exponents(rng, n, 18.5, n // 12, 17))
    log.add("iteration-time", steps, log.seconds_per_step * rng.gamma(1500, 1 / 1500, n))
    at = np.arange(n // 25, n, n // 25)
    held = fall(t[at], 10.8, 2.24, 0.0015, 0.42) + rng.normal(0, 0.006, len(at))
    log.add("lm loss validation", steps[at], held)
    log.add("lm loss validation ppl", steps[at], np.exp(held))
    evaluations(log, steps[at], 300)


@healthy(
    "thousand_steps_on_many_cards",
    "torchtitan: a short run with its speed, its share of peak and its memory; the first steps are"
    " slow since the model is compiled",
)
def thousand_steps_on_many_cards(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(100, 1001))
    t, steps = shapes.times(n), shapes.steps(n, 10, 1)
    log.seconds_per_step = rng.uniform(0.8, 3)
    loss = fall(t, 10.7, 3.15, 0.006, 0.55) + rng.normal(0, 0.045, n)
    log.add("loss_metrics/global_avg_loss", steps, loss)
    log.add("loss_metrics/global_max_loss", steps, loss + np.abs(rng.normal(0.35, 0.1, n)))
    log.add("grad_norm", steps, fall(t, 4.2, 0.45, 0.01, 0.7) * batches(rng, n, 0.14))
    log.add("lr", steps, linear(t, 3e-4, 0.02))
    speed = rng.gamma(4000, 1 / 4000, n)
    speed[0] *= 0.06
    log.pause(int(steps[1]), 60)
    log.add("throughput(tps)", steps, 7480 * speed)
    log.add("mfu(%)", steps, 39.1 * speed)
    log.add("memory/max_reserved(GiB)", steps, 61.7)
    log.add("memory/num_alloc_retries", steps, 0.0)


@healthy(
    "headlines_and_summaries",
    "a sequence-to-sequence model: ROUGE of a few hundred articles at each of eight to twenty"
    " evaluations (Hugging Face, run_summarization)",
    tolerated=("plateau",),
)
def headlines_and_summaries(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 200)
    t, steps = shapes.times(n), shapes.steps(n, 500)
    log.seconds_per_step = rng.uniform(0.2, 0.9)
    log.add("train/loss", steps, np.round(fall(t, 3.3, 1.87, 0.02, 0.5) * batches(rng, n, 0.03), 4))
    log.add("train/learning_rate", steps, linear(t, 5e-5, 0.0001))
    k = int(rng.integers(8, 21))
    at = np.linspace(n // k, n - 1, k).astype(int)
    evaluations(log, steps[at], 400)
    log.add("eval/loss", steps[at], fall(t[at], 2.12, 1.79, 0.15, 0.7) + rng.normal(0, 0.003, k))
    log.add("eval/rouge1", steps[at], fall(t[at], 36.5, 41.9, 0.2, 0.8) + rng.normal(0, 0.3, k))
    log.add("eval/rougeL", steps[at], fall(t[at], 25.8, 29.6, 0.2, 0.8) + rng.normal(0, 0.25, k))
    log.add("eval/gen_len", steps[at], settle(t[at], 44, 61, 3) + held_out(rng, k, 1.2))
