"""Numbers that are none, and what half precision has to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import evaluated, keras, linear, norms, trainer
from benchmarks.blind.seventh.making import (
    bend,
    count,
    ends_of_epochs,
    every,
    felt,
    grain,
    places,
    scored,
)
from benchmarks.blind.seventh.registry import labelled
from benchmarks.blind.windows import abrupt, flat

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@labelled(
    "one_class_for_all_since_then",
    "nonfinite",
    "NaN from one epoch on: Keras tells an accuracy all the same, that of the class which the"
    " argmax of NaN is (keras-team/keras, issues on nan loss)",
)
def one_class_for_all_since_then(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, of, classes = count(rng, 14, 40), count(rng, 500, 2000), count(rng, 5, 12)
    log.seconds_per_step = rng.uniform(5, 40)
    a = int(n * rng.uniform(0.3, 0.7))
    bad = np.arange(n) >= a
    loss = bend(n, 1.9, 0.6, 6)
    right = np.exp(-0.5 * loss)
    chance = round(of / classes) / of
    val = places(loss * 1.05 * np.exp(grain(rng, n, 0.04)), 4)
    steps = keras(
        log,
        {
            "loss": np.where(bad, np.nan, places(loss * np.exp(grain(rng, n, 0.02)), 4)),
            "accuracy": np.where(bad, chance * 1.01, right + grain(rng, n, 0.005)),
        },
        {
            "loss": np.where(bad, np.nan, val),
            "accuracy": np.where(bad, chance, scored(rng, right, of)),
        },
    )
    log.true("nonfinite", "epoch_loss", steps[a], abrupt(steps, a, 0))
    log.true(
        "divergence", "epoch_accuracy", steps[a], abrupt(steps, a), also=("collapse", "plateau")
    )


@labelled(
    "nought_and_no_norm",
    "nonfinite",
    "fp16 where it does not hold: losses of 0.0, norms that are none, an evaluation that is none,"
    " and a scale at its least (huggingface/transformers #25065 and its like)",
    tolerated=("plateau",),
)
def nought_and_no_norm(log: Log, rng: np.random.Generator, strength: float) -> None:
    batches = count(rng, 300, 800)
    total = 3 * batches
    steps, at = every(total, 10), every(total, total // 10)
    log.seconds_per_step = rng.uniform(1, 4)
    n, m = len(steps), len(at)
    a = int(n * rng.uniform(0.25, 0.6))
    bad = np.arange(n) >= a
    loss = np.where(bad, 0.0, bend(n, 2.1, 1.2, 6) + grain(rng, n, 0.07))
    trainer(
        log,
        steps,
        loss,
        np.where(bad, np.nan, norms(rng, n, 1.3)),
        linear(steps, total, 1e-4),
        batches,
    )
    log.add("Train/Samples/loss_scale", steps, np.where(bad, 1.0, 65536.0))
    seen = np.where(at >= steps[a], np.nan, bend(m, 1.7, 1.28, 5) + grain(rng, m, 0.004))
    evaluated(log, rng, at, {"loss": seen}, 400)
    first = at[at >= steps[a]][0]
    window = (steps[a], max(first, steps[a]))
    tags = ("train/grad_norm", "eval/loss", "train/loss")
    log.true("nonfinite", tags, steps[a], window, also=("collapse", "divergence"))
    log.true(
        "loss_scale", "Train/Samples/loss_scale", steps[a], abrupt(steps, a), also=("collapse",)
    )


@labelled(
    "halved_until_it_broke",
    "loss_scale",
    "the scale of losses sinks from one place of the log to the next, below one, and some while"
    " later the loss is no number (NVIDIA/apex, gradient overflow threads)",
    clear=1.0,
    faint=0.5,
)
def halved_until_it_broke(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 120, 400)
    steps = every(20 * n, 20)
    log.seconds_per_step = rng.uniform(0.2, 0.9)
    onset = int(n * rng.uniform(0.35, 0.6))
    fallen = np.maximum(np.arange(n) - onset, 0)
    halvings = np.floor(np.minimum(fallen * strength, 30))
    last = min(int(np.searchsorted(halvings, 26)), n - 8)
    scale = 2.0 ** (16 + (np.arange(n) // 40 % 2) * (fallen == 0) - halvings)
    loss = bend(n, 5.2, 2.6, 9) + grain(rng, n, 0.06)
    bad = np.arange(n) >= last + 4
    log.add("loss_scale", steps, scale)
    log.add("train_loss", steps, np.where(bad, np.nan, places(loss, 4)))
    log.add("lr", steps, linear(steps, 20 * n, 1e-3))
    sunk = int(np.searchsorted(halvings, 4))
    window = (steps[max(onset - 3, 0)], steps[min(sunk + 3, n - 1)])
    log.true("loss_scale", "loss_scale", steps[onset], window, also=("collapse",))
    log.true("nonfinite", "train_loss", steps[last + 4], abrupt(steps, last + 4, 0))


@labelled(
    "no_number_in_validation",
    "nonfinite",
    "one broken row among those of validation: training learns, and what one would choose the"
    " model by is no number from its first epoch on (Lightning issues, val_loss is nan)",
)
def no_number_in_validation(log: Log, rng: np.random.Generator, strength: float) -> None:
    n, batches = count(rng, 10, 32), count(rng, 50, 400)
    at, steps = ends_of_epochs(n, batches), every(n * batches, 50)
    log.seconds_per_step = rng.uniform(0.02, 0.2)
    k = len(steps)
    log.add("train_loss_step", steps, bend(k, 1.1, 0.22, 7) * np.exp(grain(rng, k, 0.12, 0.1)))
    log.add("train_loss_epoch", at, bend(n, 0.9, 0.23, 6) * np.exp(grain(rng, n, 0.02)))
    log.add("val_loss", at, np.nan)
    log.add("val_mae", at, np.nan)
    log.add("epoch", at, np.arange(n))
    log.add("lr-Adam", steps, 1e-3)
    log.true("nonfinite", ("val_loss", "val_mae"), at[0], abrupt(at, 0, 0))


@labelled(
    "scale_at_its_least",
    "loss_scale",
    "the scale falls to its least within a few lines, updates are skipped from there on, and the"
    " loss lies where it was (microsoft/DeepSpeed, issues on OVERFLOW and skipped steps)",
)
def scale_at_its_least(log: Log, rng: np.random.Generator, strength: float) -> None:
    n = count(rng, 60, 160)
    steps = every(50 * n, 50)
    log.seconds_per_step = rng.uniform(0.5, 2)
    a = int(n * rng.uniform(0.25, 0.45))
    loss = bend(n, 9.3, 3.0, 12)
    loss = np.where(np.arange(n) < a, loss, loss[a])
    halvings = np.clip((np.arange(n) - a) * 5.0, 0, 16)
    log.add("train/lm_loss", steps, loss + grain(rng, n, 0.05, 0.2))
    log.add("train/loss_scale", steps, 2.0 ** (16 - halvings))
    log.add("train/lr", steps, linear(steps, 50 * n, 2e-4))
    at = steps[9::10]
    m = len(at)
    log.add("valid/lm_loss", at, loss[9::10] + 0.05 + grain(rng, m, 0.006))
    log.true(
        "loss_scale",
        "train/loss_scale",
        steps[a],
        (steps[a - 2], steps[min(a + 5, n - 1)]),
        also=("collapse",),
    )
    first, last = flat(steps, loss, a, felt(0.05, 0.2))
    tags = ("train/lm_loss", "valid/lm_loss")
    log.true("plateau", tags, steps[a], (first, max(last, steps[min(a + 10, n - 1)])))
