"""Keras: an epoch is a step, twenty of them are a run, and callbacks end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.seventh.frameworks import keras
from benchmarks.blind.seventh.making import (
    bend,
    count,
    dirt,
    grain,
    kept_until,
    places,
    reduced,
    scored,
    settle,
)
from benchmarks.blind.seventh.registry import healthy

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log


@healthy(
    "flowers_on_a_borrowed_body",
    "a frozen pretrained network with a new head: better in validation than in training because of"
    " its dropout, and done after some ten epochs (Keras, guide to transfer learning)",
    tolerated=("plateau",),
)
def flowers_on_a_borrowed_body(log: Log, rng: np.random.Generator) -> None:
    n, of = count(rng, 10, 24), count(rng, 180, 700)
    log.seconds_per_step = rng.uniform(8, 40)
    loss = settle(n, 0.92, 0.33, 4.5) * np.exp(grain(rng, n, 0.06 * dirt(rng)))
    keras(
        log,
        {
            "loss": settle(n, 1.6, 0.47, 5) * np.exp(grain(rng, n, 0.02)),
            "accuracy": settle(n, 0.52, 0.86, 5) + grain(rng, n, 0.006),
        },
        {"loss": loss, "accuracy": scored(rng, settle(n, 0.74, 0.905, 4.5), of)},
    )


@healthy(
    "digits_before_lunch",
    "MNIST in a dozen epochs: validation is next to its bound from the third on (Keras, examples"
    " mnist_convnet)",
    tolerated=("plateau",),
)
def digits_before_lunch(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 10, 15)
    log.seconds_per_step = rng.uniform(4, 20)
    keras(
        log,
        {
            "loss": bend(n, 0.36, 0.031, 14) * np.exp(grain(rng, n, 0.02)),
            "accuracy": bend(n, 0.889, 0.99, 14) + grain(rng, n, 0.0005),
        },
        {
            "loss": settle(n, 0.083, 0.027, 6) * np.exp(grain(rng, n, 0.09)),
            "accuracy": places(scored(rng, settle(n, 0.978, 0.9915, 6), 6000), 4),
        },
    )


@healthy(
    "cut_at_each_standstill",
    "a small ResNet with batch normalisation under ReduceLROnPlateau: validation is thrown about"
    " by a high rate, and each cut brings a step down and less of that (CIFAR-10 logs on GitHub)",
    tolerated=("plateau",),
)
def cut_at_each_standstill(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 40, 80)
    log.seconds_per_step = rng.uniform(30, 97)
    run = reduced(rng, n, (1.55, 0.36, 0.34), 0.16, rate=1e-3, factor=0.5, patience=3)
    train = bend(n, 1.5, 0.34, 9) * (run.level / run.level[-1]) ** 0.2
    keras(
        log,
        {
            "loss": train * np.exp(grain(rng, n, 0.006)),
            "acc": 1 - 0.36 * train + grain(rng, n, 0.002),
        },
        {"loss": places(run.seen, 4), "acc": places(np.exp(-0.36 * run.seen), 4)},
        run.rate,
    )


@healthy(
    "patience_of_eight_epochs",
    "readings of a sensor, EarlyStopping with patience: its last epochs bring nothing, since that"
    " is what it waits for (Keras, examples timeseries_classification_from_scratch)",
    tolerated=("plateau",),
)
def patience_of_eight_epochs(log: Log, rng: np.random.Generator) -> None:
    n, of = 80, count(rng, 300, 1200)
    log.seconds_per_step = rng.uniform(1, 6)
    level = settle(n, 0.68, 0.27, 12)
    seen = level * np.exp(grain(rng, n, 0.05 * dirt(rng)))
    n = max(kept_until(seen, 8), 20)
    level, seen = level[:n], seen[:n]
    keras(
        log,
        {
            "loss": (level - 0.02) * np.exp(grain(rng, n, 0.02)),
            "sparse_categorical_accuracy": 1.02 - 0.42 * level + grain(rng, n, 0.006),
        },
        {
            "loss": seen,
            "sparse_categorical_accuracy": scored(rng, 1.005 - 0.43 * level, of),
        },
        1e-3,
    )


@healthy(
    "thawed_after_ten_epochs",
    "first the head alone, then with a low rate all layers: one or two epochs after the thaw are"
    " worse, then it is better than ever (TensorFlow, tutorial on fine-tuning, 10 + 10 epochs)",
    tolerated=("plateau",),
)
def thawed_after_ten_epochs(log: Log, rng: np.random.Generator) -> None:
    a = 10
    n = a + count(rng, 10, 16)
    log.seconds_per_step = rng.uniform(15, 60)
    of = count(rng, 400, 1000)
    after = np.maximum(np.arange(n) - a, 0)
    gained = (np.arange(n) >= a) * (1 - np.exp(-after / 4))
    shock = (np.arange(n) >= a) * 0.06 * np.exp(-after / 0.7)
    loss = settle(n, 0.7, 0.34, 9) - 0.15 * gained + shock
    right = settle(n, 0.63, 0.86, 9) + 0.07 * gained - 0.5 * shock
    rate = np.where(np.arange(n) < a, 1e-4, 1e-5)
    keras(
        log,
        {
            "loss": loss * 1.05 * np.exp(grain(rng, n, 0.02)),
            "accuracy": right - 0.02 + grain(rng, n, 0.006),
        },
        {
            "loss": loss * np.exp(grain(rng, n, 0.05 * dirt(rng))),
            "accuracy": scored(rng, right, of),
        },
        rate,
    )


@healthy(
    "leaves_told_apart_without_fail",
    "an easy task: the loss of training sinks gently until four places show nothing of it, and of"
    " validation some three in a thousand are missed (PlantVillage notebooks)",
    tolerated=("plateau",),
)
def leaves_told_apart_without_fail(log: Log, rng: np.random.Generator) -> None:
    n = count(rng, 18, 36)
    log.seconds_per_step = rng.uniform(40, 120)
    train = np.geomspace(0.42, 2.5e-5, n) * np.exp(grain(rng, n, 0.12))
    keras(
        log,
        {
            "loss": places(train, 4),
            "accuracy": places(np.minimum(1 - 0.28 * train, 1), 4),
        },
        {
            "loss": settle(n, 0.19, 0.017, 9) * np.exp(grain(rng, n, 0.1 * dirt(rng))),
            "accuracy": scored(rng, settle(n, 0.94, 0.9955, 9), 2400),
        },
    )
