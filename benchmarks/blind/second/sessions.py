"""Healthy runs in several event files: preempted, moved, repeated, folded, written late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "preempted_again_and_again",
    "a spot instance: eight to fifteen sessions, each from the last checkpoint, hours between some",
    tolerated=("stall",),
)
def preempted_again_and_again(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 400, 2500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    every = n // 25
    loss, rate = generators.spectral(t, 10.6, 2.4, 300), shapes.warmup_cosine(t, 2e-4)
    log.hours_between_sessions = float(rng.choice([0.02, 1.5, 6]))
    start = 0
    while start < n:
        stop = min(n, start + every + int(rng.integers(n // 25, n // 8)))
        log.add(
            "pretrain/xent",
            steps[start:stop],
            loss[start:stop] + rng.normal(0, 0.045, stop - start),
        )
        log.add("pretrain/lr", steps[start:stop], rate[start:stop])
        if stop == n:
            break
        log.session()
        start = stop // every * every


@healthy(
    "moved_to_a_faster_machine",
    "the second session runs at three times the speed with twice the batch; the loss is smoother",
    tolerated=("stall",),
)
def moved_to_a_faster_machine(log: Log, rng: np.random.Generator) -> None:
    n = shapes.whole(rng, 200, 1200)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    a = int(n * rng.uniform(0.3, 0.6))
    faster = np.arange(n) >= a
    loss = generators.hill(t, 1.4, 0.28, 0.12) * (
        1 + np.where(faster, 0.05, 0.1) * rng.normal(0, 1, n)
    )
    speed = np.where(faster, 1380, 450) * generators.skewed(rng, n, 0.02)
    for where in (slice(None, a), slice(a, None)):
        log.session()
        log.add("train/smooth_ce", steps[where], loss[where])
        log.add("train/imgs_per_sec", steps[where], speed[where])
    log.slower(int(steps[a]), 1 / 3)


@healthy(
    "five_folds_in_one_folder",
    "five folds write to one folder: each file begins at step zero with a new model",
    tolerated=("stall", "plateau"),
)
def five_folds_in_one_folder(log: Log, rng: np.random.Generator) -> None:
    n = int(rng.integers(20, 120))
    t, steps = shapes.times(n), shapes.steps(n, 1, 0)
    for fold in range(5):
        if fold:
            log.session()
        end = 0.42 + rng.normal(0, 0.02)
        log.add(
            "fold/train_bce", steps, generators.hill(t, 0.7, 0.2, 0.2) + rng.normal(0, 0.006, n)
        )
        log.add("fold/val_bce", steps, generators.hill(t, 0.7, end, 0.15) + rng.normal(0, 0.01, n))
        log.add(
            "fold/val_auroc", steps, generators.hill(t, 0.55, 0.88, 0.15) + rng.normal(0, 0.006, n)
        )


@healthy(
    "pretrained_then_tuned",
    "the run goes on with another data set: another level at once, and better than it began there",
    tolerated=("stall", "learning_rate"),
)
def pretrained_then_tuned(log: Log, rng: np.random.Generator) -> None:
    n, m = shapes.whole(rng, 150, 900), shapes.whole(rng, 60, 300)
    t, u = shapes.times(n), shapes.times(m)
    steps = shapes.steps(n + m, 20)
    first = generators.spectral(t, 8.9, 2.9, 200) + rng.normal(0, 0.04, n)
    log.add("stage/nll", steps[:n], first)
    log.add("stage/lr", steps[:n], shapes.warmup_cosine(t, 3e-4))
    log.session()
    log.add("stage/nll", steps[n:], generators.hill(u, 2.2, 1.5, 0.1) + rng.normal(0, 0.05, m))
    log.add("stage/lr", steps[n:], shapes.warmup_cosine(u, 2e-5))


@healthy(
    "evaluated_backwards",
    "a second job scores the checkpoints in a folder of its own, the latest half first and"
    " the others days later",
    tolerated=("stall",),
)
def evaluated_backwards(log: Log, rng: np.random.Generator) -> None:
    n, m = shapes.whole(rng, 200, 1000), int(rng.integers(12, 30))
    t, u = shapes.times(n), shapes.times(m)
    log.session("train")
    loss = generators.spectral(t, 9.1, 2.6, 200) + rng.normal(0, 0.05, n)
    log.add("xent", shapes.steps(n, 100), loss)
    score = generators.hill(u, 0.25, 0.61, 0.3) + rng.normal(0, 0.008, m)
    evals = shapes.steps(m, 100 * n // m)
    log.hours_between_sessions = 50
    for half in (slice(m // 2, None), slice(None, m // 2)):
        log.session("eval_harness")
        log.add("arc_challenge/acc_norm", evals[half], score[half])
        log.add("lambada/ppl", evals[half], 4 + 30 * (0.65 - score[half]) ** 1.2)


@healthy(
    "averages_begin_anew",
    "each session's running mean begins at its first batch: noisy at its start and smooth"
    " later, eight times over",
    tolerated=("stall",),
)
def averages_begin_anew(log: Log, rng: np.random.Generator) -> None:
    n, parts = shapes.whole(rng, 240, 1600), 8
    t, steps = shapes.times(n), shapes.steps(n, 10)
    loss = generators.hill(t, 5.2, 1.6, 0.12) * generators.batch(rng, n, 0.25)
    number, _ = generators.blocks(n, parts)
    for part in range(parts):
        where = number == part
        if part:
            log.session()
        log.add("tot/pruned_transducer", steps[where], shapes.moving_mean(loss[where], 200))
