"""Healthy runs on text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.sixth import making
from benchmarks.blind.sixth.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "assistant_in_an_evening",
    "supervised fine-tuning with the Trainer of Hugging Face: a loss every ten steps, an evaluation"
    " at the end of each epoch, still a little better each time (TRL's SFTTrainer)",
    tolerated=("plateau",),
)
def assistant_in_an_evening(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 60, 450)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = making.descent(t, rng.uniform(1.6, 2.1), rng.uniform(1.0, 1.2), 0.04 * pace, 0.7)
    log.add("train/loss", steps, loss * making.batch_factors(rng, n, 0.04))
    log.add("train/grad_norm", steps, making.norms(rng, 0.4 + 0.8 * np.exp(-t / 0.03), n))
    log.add("train/learning_rate", steps, making.cosine(t, 2e-4, 0.03))
    log.add("train/epoch", steps, 3 * (np.arange(n) + 1) / n)
    at = steps[[n // 3 - 1, 2 * n // 3 - 1, n - 1]]
    low = rng.uniform(1.05, 1.2)
    log.add("eval/loss", at, low + np.array([0.07, 0.02, 0.0]))
    log.add("eval/runtime", at, 41 * np.exp(rng.normal(0, 0.02, 3)))
    making.waits(log, at, 45)


@healthy(
    "shakespeare_and_more",
    "losses of both splits are estimated every so many iterations, and fall along the cosine"
    " (karpathy/nanoGPT, train.py)",
)
def shakespeare_and_more(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 20, 300)
    t, steps = shapes.times(n), shapes.steps(n, 1000, 0)
    curve = making.descent(t, 10.9, rng.uniform(2.9, 3.2), 0.02 * pace, 0.85)
    log.seconds_per_step = 0.24
    log.add("loss/train", steps, curve + rng.normal(0, 0.012, n))
    log.add("loss/val", steps, curve + 0.02 + rng.normal(0, 0.012, n))
    log.add("lr", steps, making.cosine(t, 6e-4, 0.01))
    making.waits(log, steps, 30)


@healthy(
    "one_of_the_nine_tasks",
    "a classifier of sentences, evaluated after each of a few epochs: the accuracy gains little and"
    " unevenly after the first (run_glue.py of Hugging Face)",
    tolerated=("plateau",),
)
def one_of_the_nine_tasks(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.integers(4, 9))
    t, evals = shapes.times(n), shapes.steps(n, 526)
    accuracy = making.right(rng, 0.905 + 0.02 * (1 - np.exp(-4 * t)), 872)
    log.add("eval/accuracy", evals, accuracy)
    log.add("eval/loss", evals, 0.29 - 0.04 * (1 - np.exp(-4 * t)) + rng.normal(0, 0.002, n))
    steps = shapes.steps(n * 5, 105)
    s = shapes.times(n * 5)
    log.add(
        "train/loss",
        steps,
        making.descent(s, 0.55, 0.17, 0.08 * pace) * making.batch_factors(rng, n * 5, 0.07),
    )
    log.add("train/learning_rate", steps, shapes.warmup_linear(s, 2e-5, 0.06))
    making.waits(log, evals, 9)


@healthy(
    "four_days_in_four_jobs",
    "a cluster ends each job after a day; the next goes on from the last checkpoint and writes a"
    " few points a second time (Megatron-LM's tags)",
)
def four_days_in_four_jobs(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 800, 5000)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = making.descent(t, 10.8, rng.uniform(2.1, 2.5), 0.02 * pace, 0.8)
    rate = making.cosine(t, 3e-4, 0.01)
    jobs = int(rng.integers(3, 6))
    ends = np.linspace(0, n, jobs + 1).astype(int)[1:]
    making.seconds_a_point(log, 10, 4 * 86400 / n)
    log.hours_between_sessions = float(rng.uniform(0.1, 5))
    first = 0
    for end in ends.tolist():
        log.session()
        at = np.arange(first, end)
        m = len(at)
        log.add("lm loss", steps[at], loss[at] * making.batch_factors(rng, m, 0.02))
        log.add("grad-norm", steps[at], making.norms(rng, 0.3 + 2 * np.exp(-60 * t[at]), m))
        log.add("learning-rate", steps[at], rate[at])
        log.add("iteration-time", steps[at], 6.1 * np.exp(rng.normal(0, 0.015, m)))
        first = end - int(rng.integers(5, n // 40))


@healthy(
    "sums_in_groups_of_eight",
    "group-relative policy optimisation: rewards climb, answers grow longer, the entropy falls and"
    " stays above a tenth (volcengine/verl, its tags)",
    tolerated=("plateau",),
)
def sums_in_groups_of_eight(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 90, 400)
    t, steps = shapes.times(n), shapes.steps(n)
    high = rng.uniform(0.68, 0.82)
    reward = making.descent(t, 0.25, high, 0.12 * pace, 0.6)
    log.seconds_per_step = float(rng.uniform(60, 300))
    log.add("critic/rewards/mean", steps, np.clip(reward + rng.normal(0, 0.025, n), 0, 1))
    log.add(
        "actor/entropy", steps, making.descent(t, 0.6, 0.22, 0.1 * pace) + rng.normal(0, 0.01, n)
    )
    log.add("actor/grad_norm", steps, making.norms(rng, 0.19, n, 0.15))
    log.add("actor/kl_loss", steps, 0.08 * t * np.exp(rng.normal(0, 0.06, n)) + 1e-4)
    log.add("response_length/mean", steps, 350 + 280 * t + making.lazy(rng, n, 15))
    every = np.arange(4, n, 5)
    score = making.right(rng, reward[every] - 0.03, 1319)
    log.add("val-core/openai/gsm8k/reward/mean@1", steps[every], score)
    making.waits(log, steps[every], 120)


@healthy(
    "preferred_in_one_epoch",
    "both rewards fall, the margin between them grows, and the loss falls from the logarithm of two"
    " (TRL's DPOTrainer, rafailov 2023)",
    tolerated=("plateau",),
)
def preferred_in_one_epoch(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 40, 320)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    margin = 1.5 * (1 - np.exp(-3 * t)) * rng.uniform(0.8, 1.2)
    chosen = -0.6 * (1 - np.exp(-3 * t)) + rng.normal(0, 0.06, n)
    log.add("train/rewards/chosen", steps, chosen)
    log.add("train/rewards/rejected", steps, chosen - margin - rng.normal(0, 0.07, n))
    log.add("train/rewards/margins", steps, margin + rng.normal(0, 0.07, n))
    log.add("train/rewards/accuracies", steps, making.right(rng, 0.52 + 0.16 * margin, 160))
    loss = np.log(2) - 0.135 * margin
    log.add("train/loss", steps, loss + rng.normal(0, 0.022, n) * np.minimum(1, 12 * t + 0.05))
    log.add("train/learning_rate", steps, making.cosine(t, 5e-7, 0.1))


@healthy(
    "subtitles_and_their_perplexity",
    "a translator under the schedule of Vaswani et al. 2017: perplexity falls, accuracy rises, the"
    " held-out ones more quietly (OpenNMT-py's tags)",
)
def subtitles_and_their_perplexity(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 150, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    nats = making.descent(t, 8.5, rng.uniform(1.5, 1.9), 0.04 * pace, 0.75)
    noisy = nats + rng.normal(0, 0.05, n)
    log.add("progress/ppl", steps, np.exp(noisy))
    log.add("progress/acc", steps, 100 * np.exp(-0.28 * noisy))
    log.add("progress/tgtper", steps, 15500 * np.exp(rng.normal(0, 0.03, n)))
    log.add(
        "progress/lr", steps, 1.4e-3 * np.minimum(t / 0.08, (np.maximum(t, 1e-3) / 0.08) ** -0.5)
    )
    every = np.arange(n // 12, n, n // 12)
    held = nats[every] + 0.06 + rng.normal(0, 0.008, len(every))
    log.add("valid/ppl", steps[every], np.exp(held))
    log.add("valid/acc", steps[every], 100 * np.exp(-0.28 * held))
    making.waits(log, steps[every], 80)


@healthy(
    "every_pair_of_sentences",
    "a correlation over held-out pairs, a few times an epoch: up fast, then a long slow gain"
    " (sentence-transformers' evaluators)",
    tolerated=("plateau",),
)
def every_pair_of_sentences(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = int(rng.integers(9, 26))
    t, evals = shapes.times(n), shapes.steps(n, 500)
    high = rng.uniform(0.8, 0.86)
    rho = making.descent(t, high - 0.14, high, 0.1 * pace, 0.7)
    log.add("eval/sts-dev_spearman_cosine", evals, rho + rng.normal(0, 0.0025, n))
    log.add("eval/sts-dev_pearson_cosine", evals, rho - 0.01 + rng.normal(0, 0.0025, n))
    steps = shapes.steps(n * 5, 100)
    loss = making.descent(shapes.times(n * 5), 1.1, 0.42, 0.06 * pace)
    log.add("train/loss", steps, loss * making.batch_factors(rng, n * 5, 0.06))
    making.waits(log, evals, 6)


@healthy(
    "two_answers_a_batch",
    "a reward model at a batch size of two logs every step: the noise of a point is as large as all"
    " that there is to gain, and the trend is seen in thousands of points",
    tolerated=("plateau",),
)
def two_answers_a_batch(log: Log, rng: np.random.Generator) -> None:
    pace = making.pace(rng)
    n = shapes.whole(rng, 4000, 20000)
    t, steps = shapes.times(n), shapes.steps(n)
    mean = making.descent(t, 0.69, 0.48, 0.08 * pace)
    log.seconds_per_step = 0.6
    log.add("loss", steps, mean * rng.gamma(2.2, 1 / 2.2, n))
    log.add("lr", steps, making.cosine(t, 1e-5, 0.03))
    every = np.arange(n // 10, n, n // 10)
    held = making.right(rng, 0.5 + 0.24 * (1 - np.exp(-4 * t[every])), 4000)
    log.add("validation_accuracy", steps[every], held)
    making.waits(log, steps[every], 200)
