"""Values that stop being finite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind import shapes
from benchmarks.blind.second import generators
from benchmarks.blind.second.registry import labelled
from benchmarks.blind.windows import abrupt

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "overflow_of_float32",
    "nonfinite",
    "the loss is multiplied from point to point until float32 ends: growth, inf, then NaN;"
    " who calls the growth a divergence is right too",
)
def overflow_of_float32(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 900)
    t, steps = shapes.times(n), shapes.steps(n, 20)
    onset = int(n * rng.uniform(0.35, 0.8))
    length = int(rng.integers(4, 14))
    growth = np.maximum(np.arange(n) - onset + 1, 0) * 39.0 / length
    loss = generators.hill(t, 6.5, 2.2, 0.1) * generators.batch(rng, n, 0.06)
    with np.errstate(over="ignore"):
        loss = (loss * 10 ** np.minimum(growth, 60)).astype(np.float32).astype(np.float64)
    first = int(np.flatnonzero(np.isinf(loss))[0]) if np.isinf(loss).any() else n - 1
    loss[first + 2 :] = np.nan
    if not np.isinf(loss).any():
        loss[-1] = np.inf
    log.add("reduced_train_loss", steps, loss)
    log.add("global_step", steps, steps)
    log.true(
        "nonfinite",
        "reduced_train_loss",
        steps[first],
        (steps[onset], steps[min(first + 2, n - 1)]),
        also=("divergence", "explosion"),
    )


@labelled(
    "norm_never_finite_again",
    "nonfinite",
    "the gradient norm is inf at each step from one on, so each update is skipped and the"
    " loss rests",
    tolerated=("plateau",),
)
def norm_never_finite_again(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 80, 1500)
    t, steps = shapes.times(n), shapes.steps(n, 10)
    onset = int(n * rng.uniform(0.3, 0.7))
    norm = (0.8 + 4 * np.exp(-30 * t)) * generators.skewed(rng, n, 0.25)
    norm[onset:] = rng.choice([np.inf, np.nan])
    loss = generators.hill(np.minimum(t, t[onset]), 9.3, 3.4, 0.08)
    log.add("grad_norm", steps, norm)
    log.add("loss_metrics/global_avg_loss", steps, loss + rng.normal(0, 0.05, n))
    log.true("nonfinite", "grad_norm", steps[onset], abrupt(steps, onset, 0))


@labelled(
    "metric_never_defined",
    "nonfinite",
    "one class is absent from the validation set: its AUC is NaN in all evaluations",
)
def metric_never_defined(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(8, 60))
    t, steps = shapes.times(n), shapes.steps(n, 313)
    log.add("val/auc_class_3", steps, np.nan)
    log.add("val/auc_class_1", steps, generators.hill(t, 0.6, 0.9, 0.2) + rng.normal(0, 0.006, n))
    log.add("train/bce", steps, generators.hill(t, 0.68, 0.2, 0.2) + rng.normal(0, 0.01, n))
    log.true("nonfinite", "val/auc_class_3", steps[0], abrupt(steps, 0, 0))


@labelled(
    "checkpoint_was_broken",
    "nonfinite",
    "the second session loads a checkpoint that holds NaN: all that it logs is NaN",
    tolerated=("stall",),
)
def checkpoint_was_broken(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = shapes.whole(rng, 60, 800)
    t, steps = shapes.times(n), shapes.steps(n, 50)
    a = int(n * rng.uniform(0.4, 0.8))
    loss = generators.spectral(t, 4.2, 1.1) * generators.batch(rng, n, 0.05)
    accuracy = np.clip(generators.hill(t, 0.1, 0.72, 0.2) + rng.normal(0, 0.01, n), 0, 1)
    log.add("train.loss", steps[:a], loss[:a])
    log.add("train.accuracy", steps[:a], accuracy[:a])
    log.session()
    log.add("train.loss", steps[a:], np.nan)
    log.add("train.accuracy", steps[a:], accuracy[a:] * 0 + 0.1)
    log.true("nonfinite", "train.loss", steps[a], abrupt(steps, a, 0))
    log.true(
        "divergence",
        "train.accuracy",
        steps[a],
        abrupt(steps, a, 1),
        also=("collapse", "nonfinite"),
    )


@labelled(
    "likelihood_minus_infinity",
    "nonfinite",
    "a flow gives held-out points no mass: the log-likelihood is -inf from some epoch on",
)
def likelihood_minus_infinity(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = int(rng.integers(20, 150))
    t, steps = shapes.times(n), shapes.steps(n)
    onset = int(n * rng.uniform(0.3, 0.8))
    value = generators.hill(t, -12, 2.5, 0.15) + rng.normal(0, 0.2, n)
    held_out = value - 0.4 + rng.normal(0, 0.1, n)
    held_out[onset:] = -np.inf
    log.add("train_log_prob", steps, value)
    log.add("test_log_prob", steps, held_out)
    log.true("nonfinite", "test_log_prob", steps[onset], abrupt(steps, onset, 0))
